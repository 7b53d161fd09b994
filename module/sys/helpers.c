// SPDX-License-Identifier: GPL-2.0
/*
 * Out-of-line copies of C inline functions and macros that Rust cannot call.
 * One statement each, same argument order as the original, no logic here.
 */
#include "bindings.h"

void *slr_helper_net_generic(const struct net *net, unsigned int id)
{
	return net_generic(net, id);
}
