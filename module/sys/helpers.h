/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Prototypes of helpers.c. Each helper wraps the one C inline function or macro
 * whose name it bears, with the same argument order, and holds no logic.
 */
#ifndef SLR_SYS_HELPERS_H
#define SLR_SYS_HELPERS_H

void *slr_helper_net_generic(const struct net *net, unsigned int id);

#endif
