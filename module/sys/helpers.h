/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Prototypes of helpers.c. Each helper wraps the one C inline function or macro
 * whose name it bears, with the same argument order, and holds no logic.
 */
#ifndef SLR_SYS_HELPERS_H
#define SLR_SYS_HELPERS_H

void *slr_helper_net_generic(const struct net *net, unsigned int id);

/* kern/sync */
void slr_helper_cond_resched(void);
void slr_helper_spin_lock_bh(spinlock_t *lock);
void slr_helper_spin_unlock_bh(spinlock_t *lock);
int slr_helper_spin_trylock_bh(spinlock_t *lock);
void slr_helper_spin_lock_nested(spinlock_t *lock, int subclass);
void slr_helper_this_cpu_add_u64(u64 *counter, u64 n);
u64 *slr_helper_per_cpu_ptr_u64(u64 *base, unsigned int cpu);
bool slr_helper_cpu_possible(unsigned int cpu);

#endif
