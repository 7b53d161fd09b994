/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Prototypes of helpers.c. Each helper wraps the one C inline function or macro
 * whose name it bears, with the same argument order, and holds no logic.
 */
#ifndef SLR_SYS_HELPERS_H
#define SLR_SYS_HELPERS_H

/* kern/time: bindgen sees the HZ of userspace, which comes first. */
static const u32 SLR_HELPER_HZ = HZ;

/* kern/net */
static const u16 SLR_HELPER_IPSKB_FORWARDED = IPSKB_FORWARDED;
static const u64 SLR_HELPER_LINK_FEATURES = NETIF_F_HW_CSUM | NETIF_F_RXCSUM |
	NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HIGHDMA | NETIF_F_GSO_SOFTWARE;

struct net *slr_helper_maybe_get_net(struct net *net);
void slr_helper_put_net(struct net *net);
void slr_helper_dev_hold(struct net_device *dev);
void slr_helper_dev_put(struct net_device *dev);
bool slr_helper_netif_is_bridge_port(const struct net_device *dev);
void slr_helper_inet_get_local_port_range(const struct net *net, int *low, int *high);
bool slr_helper_inet_is_local_reserved_port(struct net *net, unsigned short port);
void slr_helper_skb_reserve(struct sk_buff *skb, int len);
int slr_helper_skb_cow_head(struct sk_buff *skb, unsigned int headroom);
void slr_helper_skb_orphan(struct sk_buff *skb);
void slr_helper___skb_set_sw_hash(struct sk_buff *skb, u32 hash, bool is_l4);
void slr_helper_skb_dst_drop(struct sk_buff *skb);
void slr_helper_skb_dst_set_noref(struct sk_buff *skb, struct dst_entry *dst);
void slr_helper_nf_reset_ct(struct sk_buff *skb);
int slr_helper_dev_hard_header(struct sk_buff *skb, struct net_device *dev,
			       unsigned short type, const void *daddr,
			       const void *saddr, unsigned int len);
bool slr_helper_dst_hold_safe(struct dst_entry *dst);
struct dst_entry *slr_helper_dst_check(struct dst_entry *dst, u32 cookie);
u32 slr_helper_dst_mtu(const struct dst_entry *dst);
int slr_helper_dst_output(struct net *net, struct sock *sk, struct sk_buff *skb);
unsigned int slr_helper_ip_dst_mtu_maybe_forward(const struct dst_entry *dst,
						 bool forwarding);
unsigned int slr_helper_ip6_dst_mtu_maybe_forward(const struct dst_entry *dst,
						  bool forwarding);
u32 slr_helper_rt6_get_cookie(const struct rt6_info *rt);
struct neighbour *slr_helper_ip_neigh_gw4(struct net_device *dev, __be32 daddr);
struct neighbour *slr_helper_ip_neigh_gw6(struct net_device *dev,
					  const void *addr);
int slr_helper_neigh_output(struct neighbour *n, struct sk_buff *skb,
			    bool skip_cache);
bool slr_helper_xfrm_policy_check(struct sk_buff *skb, unsigned short family);
bool slr_helper_skb_has_secpath(const struct sk_buff *skb);
bool slr_helper_skb_came_encrypted(const struct sk_buff *skb,
				   unsigned short family);
bool slr_helper_dst_encrypts(const struct dst_entry *dst);
void *slr_helper_netdev_priv(const struct net_device *dev);
void slr_helper_dev_sw_netstats_rx_add(struct net_device *dev, unsigned int len);
void slr_helper_dev_sw_netstats_tx_add(struct net_device *dev, unsigned int packets,
				       unsigned int len);
struct net *slr_helper_rtnl_newlink_link_net(struct rtnl_newlink_params *params);
void slr_helper_local_bh_disable(void);
void slr_helper_local_bh_enable(void);

/* kern/sync */
void slr_helper_cond_resched(void);
void slr_helper_smp_mb(void);
void slr_helper_spin_lock_bh(spinlock_t *lock);
void slr_helper_spin_unlock_bh(spinlock_t *lock);
int slr_helper_spin_trylock_bh(spinlock_t *lock);
void slr_helper_spin_lock_nested(spinlock_t *lock, int subclass);
void slr_helper_this_cpu_add_u64(u64 *counter, u64 n);
void slr_helper_this_cpu_add_two_u64(u64 *counters, u64 first, u64 second);
void slr_helper_this_cpu_add_two_u64_each(u64 *a, u64 *b, u64 *c, u64 *d, u64 first, u64 second);
u64 *slr_helper_per_cpu_ptr_u64(u64 *base, unsigned int cpu);
bool slr_helper_cpu_possible(unsigned int cpu);

/* kern/net/genetlink */
#define SLR_HELPER_GENL_MCAST_CAP_NET_ADMIN 1 /* GENL_MCAST_CAP_NET_ADMIN, a BIT() */
int slr_helper_genl_has_listeners(const struct genl_family *family, struct net *net,
				  unsigned int group);
void slr_helper_genl_set_err(const struct genl_family *family, struct net *net, u32 group,
			     int code);
int slr_helper_genlmsg_multicast_netns(const struct genl_family *family, struct net *net,
				       struct sk_buff *skb, u32 portid, unsigned int group,
				       gfp_t flags);
void slr_helper_static_key_slow_inc(struct static_key *key);
void slr_helper_static_key_slow_dec(struct static_key *key);
int slr_helper_genlmsg_unicast(struct net *net, struct sk_buff *skb, u32 portid);
struct sk_buff *slr_helper_genlmsg_new(size_t payload, gfp_t flags);
void slr_helper_nlmsg_free(struct sk_buff *skb);
void slr_helper_genlmsg_end(struct sk_buff *skb, void *hdr);
void slr_helper_genlmsg_cancel(struct sk_buff *skb, void *hdr);
struct nlattr *slr_helper_nla_nest_start(struct sk_buff *skb, int attrtype);
int slr_helper_nla_nest_end_safe(struct sk_buff *skb, struct nlattr *start);
void slr_helper_nla_nest_cancel(struct sk_buff *skb, struct nlattr *start);
struct net *slr_helper_genl_info_net(const struct genl_info *info);
const struct genl_info *slr_helper_genl_info_dump(struct netlink_callback *cb);
void slr_helper_genl_dump_check_consistent(struct netlink_callback *cb, void *user_hdr);

/* kern/tracepoint: IPv4 addresses as IPv6 maps them. */
struct slr_helper_ends {
	u8 saddr[16];
	u8 daddr[16];
	u16 sport;
	u16 dport;
	u8 protocol;
};

void slr_helper_trace_slr_drop(const struct sk_buff *skb, u32 customer, const char *reason,
			       size_t reason_len);
void slr_helper_trace_slr_stage(u64 arrived, u32 after, u32 customer, u32 ifindex, u32 tunnel,
				const struct slr_helper_ends *ends, const char *stage,
				size_t stage_len, const char *reason, size_t reason_len);
void slr_helper_trace_slr_flow_new(u32 customer, const struct slr_helper_ends *client,
				   const struct slr_helper_ends *server, const char *state,
				   size_t state_len);
void slr_helper_trace_slr_flow_end(u32 customer, const struct slr_helper_ends *client,
				   const struct slr_helper_ends *server, const char *state,
				   size_t state_len);

#endif
