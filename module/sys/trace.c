// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints of trace.h and what calls them, as inline functions of C are
 * called: one statement each.
 *
 * kern/tracepoint asks a tracepoint's static key before it calls any of these.
 */
#include "bindings.h"

/* Whether packets are to be recorded: for readers of `slr trace`, or for slr_stage. */
struct static_key_false slr_helper_tracing = STATIC_KEY_FALSE_INIT;

static int slr_stage_on(void)
{
	static_branch_inc(&slr_helper_tracing);
	return 0;
}

static void slr_stage_off(void)
{
	static_branch_dec(&slr_helper_tracing);
}

#define CREATE_TRACE_POINTS
#include "trace.h"

void slr_helper_trace_slr_drop(const struct sk_buff *skb, u32 customer, const char *reason,
			       size_t reason_len)
{
	trace_slr_drop(skb, customer, reason, reason_len);
}

void slr_helper_trace_slr_stage(u64 arrived, u32 after, u32 customer, u32 ifindex, u32 tunnel,
				const struct slr_helper_ends *ends, const char *stage,
				size_t stage_len, const char *reason, size_t reason_len)
{
	trace_slr_stage(arrived, after, customer, ifindex, tunnel, ends, stage, stage_len, reason,
			reason_len);
}

void slr_helper_trace_slr_flow_new(u32 customer, const struct slr_helper_ends *client,
				   const struct slr_helper_ends *server, const char *state,
				   size_t state_len)
{
	trace_slr_flow_new(customer, client, server, state, state_len);
}

void slr_helper_trace_slr_flow_end(u32 customer, const struct slr_helper_ends *client,
				   const struct slr_helper_ends *server, const char *state,
				   size_t state_len)
{
	trace_slr_flow_end(customer, client, server, state, state_len);
}
