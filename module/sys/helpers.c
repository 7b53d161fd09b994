// SPDX-License-Identifier: GPL-2.0
/*
 * Out-of-line copies of C inline functions and macros that Rust cannot call.
 * One statement each, same argument order as the original, no logic here.
 */
#include "bindings.h"

struct net *slr_helper_maybe_get_net(struct net *net)
{
	return maybe_get_net(net);
}

void slr_helper_put_net(struct net *net)
{
	put_net(net);
}

void slr_helper_dev_hold(struct net_device *dev)
{
	dev_hold(dev);
}

void slr_helper_dev_put(struct net_device *dev)
{
	dev_put(dev);
}

bool slr_helper_netif_is_bridge_port(const struct net_device *dev)
{
	return netif_is_bridge_port(dev);
}

void slr_helper_inet_get_local_port_range(const struct net *net, int *low, int *high)
{
	inet_get_local_port_range(net, low, high);
}

bool slr_helper_inet_is_local_reserved_port(struct net *net, unsigned short port)
{
	return inet_is_local_reserved_port(net, port);
}

void slr_helper_skb_reserve(struct sk_buff *skb, int len)
{
	skb_reserve(skb, len);
}

int slr_helper_skb_cow_head(struct sk_buff *skb, unsigned int headroom)
{
	return skb_cow_head(skb, headroom);
}

void slr_helper___skb_set_sw_hash(struct sk_buff *skb, u32 hash, bool is_l4)
{
	__skb_set_sw_hash(skb, hash, is_l4);
}

void slr_helper_skb_orphan(struct sk_buff *skb)
{
	skb_orphan(skb);
}

void slr_helper_skb_dst_drop(struct sk_buff *skb)
{
	skb_dst_drop(skb);
}

void slr_helper_skb_dst_set_noref(struct sk_buff *skb, struct dst_entry *dst)
{
	skb_dst_set_noref(skb, dst);
}

void slr_helper_nf_reset_ct(struct sk_buff *skb)
{
	nf_reset_ct(skb);
}

int slr_helper_dev_hard_header(struct sk_buff *skb, struct net_device *dev,
			       unsigned short type, const void *daddr,
			       const void *saddr, unsigned int len)
{
	return dev_hard_header(skb, dev, type, daddr, saddr, len);
}

bool slr_helper_dst_hold_safe(struct dst_entry *dst)
{
	return dst_hold_safe(dst);
}

struct dst_entry *slr_helper_dst_check(struct dst_entry *dst, u32 cookie)
{
	return dst_check(dst, cookie);
}

u32 slr_helper_dst_mtu(const struct dst_entry *dst)
{
	return dst_mtu(dst);
}

int slr_helper_dst_output(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	return dst_output(net, sk, skb);
}

unsigned int slr_helper_ip_dst_mtu_maybe_forward(const struct dst_entry *dst,
						 bool forwarding)
{
	return ip_dst_mtu_maybe_forward(dst, forwarding);
}

unsigned int slr_helper_ip6_dst_mtu_maybe_forward(const struct dst_entry *dst,
						  bool forwarding)
{
	return ip6_dst_mtu_maybe_forward(dst, forwarding);
}

u32 slr_helper_rt6_get_cookie(const struct rt6_info *rt)
{
	return rt6_get_cookie(rt);
}

struct neighbour *slr_helper_ip_neigh_gw4(struct net_device *dev, __be32 daddr)
{
	return ip_neigh_gw4(dev, daddr);
}

struct neighbour *slr_helper_ip_neigh_gw6(struct net_device *dev,
					  const void *addr)
{
	return ip_neigh_gw6(dev, addr);
}

int slr_helper_neigh_output(struct neighbour *n, struct sk_buff *skb,
			    bool skip_cache)
{
	return neigh_output(n, skb, skip_cache);
}

bool slr_helper_xfrm_policy_check(struct sk_buff *skb, unsigned short family)
{
	return xfrm_policy_check(NULL, XFRM_POLICY_IN, skb, family);
}

#ifdef CONFIG_XFRM
/* In transport mode the association says nothing of the source by itself, and
 * another peer's must not vouch for it.
 */
static bool esp_is_with(const struct xfrm_state *x, const struct sk_buff *skb,
			unsigned short family)
{
	if (x->id.proto != IPPROTO_ESP)
		return false;
	if (x->props.mode != XFRM_MODE_TRANSPORT)
		return true;
	if (x->props.family != family)
		return false;
	if (family == AF_INET)
		return x->props.saddr.a4 == ip_hdr(skb)->saddr;
	return ipv6_addr_equal(&x->props.saddr.in6, &ipv6_hdr(skb)->saddr);
}
#endif

bool slr_helper_skb_has_secpath(const struct sk_buff *skb)
{
	return secpath_exists(skb);
}

bool slr_helper_skb_came_encrypted(const struct sk_buff *skb,
				   unsigned short family)
{
#ifdef CONFIG_XFRM
	const struct sec_path *sp = skb_sec_path(skb);
	int i;

	for (i = 0; sp && i < sp->len; i++)
		if (esp_is_with(sp->xvec[i], skb, family))
			return true;
#endif
	return false;
}

bool slr_helper_dst_encrypts(const struct dst_entry *dst)
{
#ifdef CONFIG_XFRM
	for (; dst && dst->xfrm; dst = xfrm_dst_child(dst))
		if (dst->xfrm->id.proto == IPPROTO_ESP)
			return true;
#endif
	return false;
}

void *slr_helper_netdev_priv(const struct net_device *dev)
{
	return netdev_priv(dev);
}

void slr_helper_dev_sw_netstats_rx_add(struct net_device *dev, unsigned int len)
{
	dev_sw_netstats_rx_add(dev, len);
}

void slr_helper_dev_sw_netstats_tx_add(struct net_device *dev, unsigned int packets,
				       unsigned int len)
{
	dev_sw_netstats_tx_add(dev, packets, len);
}

struct net *slr_helper_rtnl_newlink_link_net(struct rtnl_newlink_params *params)
{
	return rtnl_newlink_link_net(params);
}

void slr_helper_local_bh_disable(void)
{
	local_bh_disable();
}

void slr_helper_local_bh_enable(void)
{
	local_bh_enable();
}

void slr_helper_cond_resched(void)
{
	cond_resched();
}

void slr_helper_smp_mb(void)
{
	smp_mb();
}

void slr_helper_spin_lock_bh(spinlock_t *lock)
{
	spin_lock_bh(lock);
}

void slr_helper_spin_unlock_bh(spinlock_t *lock)
{
	spin_unlock_bh(lock);
}

int slr_helper_spin_trylock_bh(spinlock_t *lock)
{
	return spin_trylock_bh(lock);
}

void slr_helper_spin_lock_nested(spinlock_t *lock, int subclass)
{
	spin_lock_nested(lock, subclass);
}

/*
 * User-Mode Linux has x86's instructions but no segment for what each CPU has. The generic addition
 * turns interrupts off and on instead, which takes two system calls there. Measurements are all
 * that it is for: a count that an interrupt spoils does no harm.
 */
#ifdef CONFIG_UML
#undef this_cpu_add
#define this_cpu_add raw_cpu_add
#endif

void slr_helper_this_cpu_add_u64(u64 *counter, u64 n)
{
	this_cpu_add(*(u64 __percpu *)(unsigned long)counter, n);
}

void slr_helper_this_cpu_add_two_u64(u64 *counters, u64 first, u64 second)
{
	this_cpu_add(*(u64 __percpu *)(unsigned long)counters, first);
	this_cpu_add(*(u64 __percpu *)(unsigned long)(counters + 1), second);
}

void slr_helper_this_cpu_add_two_u64_each(u64 *a, u64 *b, u64 *c, u64 *d, u64 first, u64 second)
{
	slr_helper_this_cpu_add_two_u64(a, first, second);
	slr_helper_this_cpu_add_two_u64(b, first, second);
	slr_helper_this_cpu_add_two_u64(c, first, second);
	slr_helper_this_cpu_add_two_u64(d, first, second);
}

u64 *slr_helper_per_cpu_ptr_u64(u64 *base, unsigned int cpu)
{
	return per_cpu_ptr((u64 __percpu *)(unsigned long)base, cpu);
}

bool slr_helper_cpu_possible(unsigned int cpu)
{
	return cpu_possible(cpu);
}

static_assert(SLR_HELPER_GENL_MCAST_CAP_NET_ADMIN == GENL_MCAST_CAP_NET_ADMIN);

int slr_helper_genl_has_listeners(const struct genl_family *family, struct net *net,
				  unsigned int group)
{
	return genl_has_listeners(family, net, group);
}

void slr_helper_genl_set_err(const struct genl_family *family, struct net *net, u32 group,
			     int code)
{
	genl_set_err(family, net, 0, group, code);
}

int slr_helper_genlmsg_multicast_netns(const struct genl_family *family, struct net *net,
				       struct sk_buff *skb, u32 portid, unsigned int group,
				       gfp_t flags)
{
	return genlmsg_multicast_netns(family, net, skb, portid, group, flags);
}

void slr_helper_static_key_slow_inc(struct static_key *key)
{
	static_key_slow_inc(key);
}

void slr_helper_static_key_slow_dec(struct static_key *key)
{
	static_key_slow_dec(key);
}

int slr_helper_genlmsg_unicast(struct net *net, struct sk_buff *skb, u32 portid)
{
	return genlmsg_unicast(net, skb, portid);
}

struct sk_buff *slr_helper_genlmsg_new(size_t payload, gfp_t flags)
{
	return genlmsg_new(payload, flags);
}

void slr_helper_nlmsg_free(struct sk_buff *skb)
{
	nlmsg_free(skb);
}

void slr_helper_genlmsg_end(struct sk_buff *skb, void *hdr)
{
	genlmsg_end(skb, hdr);
}

void slr_helper_genlmsg_cancel(struct sk_buff *skb, void *hdr)
{
	genlmsg_cancel(skb, hdr);
}

struct nlattr *slr_helper_nla_nest_start(struct sk_buff *skb, int attrtype)
{
	return nla_nest_start(skb, attrtype);
}

int slr_helper_nla_nest_end_safe(struct sk_buff *skb, struct nlattr *start)
{
	return nla_nest_end_safe(skb, start);
}

void slr_helper_nla_nest_cancel(struct sk_buff *skb, struct nlattr *start)
{
	nla_nest_cancel(skb, start);
}

struct net *slr_helper_genl_info_net(const struct genl_info *info)
{
	return genl_info_net(info);
}

const struct genl_info *slr_helper_genl_info_dump(struct netlink_callback *cb)
{
	return genl_info_dump(cb);
}

void slr_helper_genl_dump_check_consistent(struct netlink_callback *cb, void *user_hdr)
{
	genl_dump_check_consistent(cb, user_hdr);
}

/* The module! macro of this kernel does not know a version. */
MODULE_VERSION(SLR_VERSION);
