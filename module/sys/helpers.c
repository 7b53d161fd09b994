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

void slr_helper_cond_resched(void)
{
	cond_resched();
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

void slr_helper_this_cpu_add_u64(u64 *counter, u64 n)
{
	this_cpu_add(*(u64 __percpu *)counter, n);
}

u64 *slr_helper_per_cpu_ptr_u64(u64 *base, unsigned int cpu)
{
	return per_cpu_ptr((u64 __percpu *)base, cpu);
}

bool slr_helper_cpu_possible(unsigned int cpu)
{
	return cpu_possible(cpu);
}
