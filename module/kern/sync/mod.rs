// SPDX-License-Identifier: GPL-2.0

//! Synchronisation: barriers, publication under RCU, deferred frees, per-CPU counters, periodic work.
//!
//! [`deferred`] owns what waits for a grace period; [`rcu_cell`] and [`rcu_hash`] publish through
//! it. Locks that softirq and process context share are in [`spinlock_bh`], branches that are not
//! taken in [`static_key`].

pub(crate) mod barrier;
pub(crate) mod deferred;
pub(crate) mod global;
pub(crate) mod percpu;
pub(crate) mod rcu_cell;
pub(crate) mod rcu_hash;
pub(crate) mod spinlock_bh;
pub(crate) mod static_key;
pub(crate) mod work;
