/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints, for perf, bpftrace and the files in /sys/kernel/tracing. What
 * they tell is in Documentation/trace.md.
 *
 * IPv4 addresses are those that IPv6 maps them to, so that there is one field
 * for both. Names come from Rust and end without a zero.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM slr

#if !defined(SLR_SYS_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define SLR_SYS_TRACE_H

#include <linux/tracepoint.h>
#include "bindings.h"

TRACE_EVENT(slr_drop,
	TP_PROTO(const struct sk_buff *skb, u32 customer, const char *reason, size_t reason_len),
	TP_ARGS(skb, customer, reason, reason_len),

	TP_STRUCT__entry(
		__field(const void *, skbaddr)
		__field(u32, customer)
		__field(int, ifindex)
		__field(u32, len)
		__field(u16, protocol)
		__string_len(reason, reason, reason_len)
	),

	TP_fast_assign(
		__entry->skbaddr = skb;
		__entry->customer = customer;
		__entry->ifindex = skb->dev ? skb->dev->ifindex : 0;
		__entry->len = skb->len;
		__entry->protocol = ntohs(skb->protocol);
		__assign_str(reason);
	),

	TP_printk("reason=%s customer=%u ifindex=%d len=%u protocol=0x%04x skbaddr=%p",
		  __get_str(reason), __entry->customer, __entry->ifindex, __entry->len,
		  __entry->protocol, __entry->skbaddr)
);

/* What `slr trace` shows; steps of one packet have the same time of arrival. */
TRACE_EVENT_FN(slr_stage,
	TP_PROTO(u64 arrived, u32 after, u32 customer, u32 ifindex, u32 tunnel,
		 const struct slr_helper_ends *ends, const char *stage, size_t stage_len,
		 const char *reason, size_t reason_len),
	TP_ARGS(arrived, after, customer, ifindex, tunnel, ends, stage, stage_len, reason,
		reason_len),

	TP_STRUCT__entry(
		__field(u64, arrived)
		__field(u32, after)
		__field(u32, customer)
		__field(u32, ifindex)
		__field(u32, tunnel)
		__array(u8, saddr, 16)
		__array(u8, daddr, 16)
		__field(u16, sport)
		__field(u16, dport)
		__field(u8, protocol)
		__string_len(stage, stage, stage_len)
		__string_len(reason, reason, reason_len)
	),

	TP_fast_assign(
		__entry->arrived = arrived;
		__entry->after = after;
		__entry->customer = customer;
		__entry->ifindex = ifindex;
		__entry->tunnel = tunnel;
		memcpy(__entry->saddr, ends->saddr, 16);
		memcpy(__entry->daddr, ends->daddr, 16);
		__entry->sport = ends->sport;
		__entry->dport = ends->dport;
		__entry->protocol = ends->protocol;
		__assign_str(stage);
		__assign_str(reason);
	),

	TP_printk("stage=%s customer=%u tunnel=%u ifindex=%u protocol=%u saddr=%pI6c sport=%u daddr=%pI6c dport=%u reason=%s arrived=%llu after=%u",
		  __get_str(stage), __entry->customer, __entry->tunnel, __entry->ifindex,
		  __entry->protocol, __entry->saddr, __entry->sport, __entry->daddr,
		  __entry->dport, __get_str(reason), __entry->arrived, __entry->after),

	slr_stage_on, slr_stage_off
);

DECLARE_EVENT_CLASS(slr_flow,
	TP_PROTO(u32 customer, const struct slr_helper_ends *client,
		 const struct slr_helper_ends *server, const char *state, size_t state_len),
	TP_ARGS(customer, client, server, state, state_len),

	TP_STRUCT__entry(
		__field(u32, customer)
		__field(u8, protocol)
		__array(u8, client, 16)
		__field(u16, client_port)
		__array(u8, service, 16)
		__field(u16, service_port)
		__array(u8, server, 16)
		__field(u16, server_port)
		__array(u8, source, 16)
		__field(u16, source_port)
		__string_len(state, state, state_len)
	),

	TP_fast_assign(
		__entry->customer = customer;
		__entry->protocol = client->protocol;
		memcpy(__entry->client, client->saddr, 16);
		__entry->client_port = client->sport;
		memcpy(__entry->service, client->daddr, 16);
		__entry->service_port = client->dport;
		memcpy(__entry->server, server->saddr, 16);
		__entry->server_port = server->sport;
		memcpy(__entry->source, server->daddr, 16);
		__entry->source_port = server->dport;
		__assign_str(state);
	),

	TP_printk("state=%s customer=%u protocol=%u client=%pI6c client_port=%u service=%pI6c service_port=%u server=%pI6c server_port=%u source=%pI6c source_port=%u",
		  __get_str(state), __entry->customer, __entry->protocol, __entry->client,
		  __entry->client_port, __entry->service, __entry->service_port,
		  __entry->server, __entry->server_port, __entry->source,
		  __entry->source_port)
);

DEFINE_EVENT(slr_flow, slr_flow_new,
	TP_PROTO(u32 customer, const struct slr_helper_ends *client,
		 const struct slr_helper_ends *server, const char *state, size_t state_len),
	TP_ARGS(customer, client, server, state, state_len)
);

DEFINE_EVENT(slr_flow, slr_flow_end,
	TP_PROTO(u32 customer, const struct slr_helper_ends *client,
		 const struct slr_helper_ends *server, const char *state, size_t state_len),
	TP_ARGS(customer, client, server, state, state_len)
);

#endif

/* Kbuild gives -I for this folder. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
