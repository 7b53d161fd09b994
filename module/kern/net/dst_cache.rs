// SPDX-License-Identifier: GPL-2.0

//! A place for one route, to be looked up once and used by many packets.
//!
//! Unlike `struct dst_cache`, which has a place for each CPU, this is small enough to be in every
//! one of a million objects. Readers take no reference: a route that is replaced is given back by
//! `dst_release`, which frees it a grace period later.

use super::route::{Dst, Route};
use crate::sys::bindings;
use core::{
    ptr::{null_mut, NonNull},
    sync::atomic::{fence, AtomicPtr, AtomicU32, Ordering},
};
use kernel::sync::rcu;

/// How a cache remembers a route's cookie.
pub(crate) trait Cookie: Default {
    /// Returns the cookie.
    fn load(&self) -> u32;
    /// Remembers the cookie.
    fn store(&self, cookie: u32);
}

/// IPv4 routes have no cookie, and none takes no room.
impl Cookie for () {
    #[inline]
    fn load(&self) -> u32 {
        0
    }

    #[inline]
    fn store(&self, _cookie: u32) {}
}

impl Cookie for AtomicU32 {
    #[inline]
    fn load(&self) -> u32 {
        self.load(Ordering::Relaxed)
    }

    #[inline]
    fn store(&self, cookie: u32) {
        self.store(cookie, Ordering::Relaxed);
    }
}

/// A place for one route of either family.
///
/// Drop it where no packet can find it any more, that is after a grace period, and before the
/// `exit` of the namespace returns, as every [`Dst`].
///
/// # Invariants
///
/// `dst` without its lowest bit is null or a route of which this object owns one reference. While
/// that bit is set, one CPU is in [`store`](Self::store), and only it changes the two words.
#[derive(Default)]
pub(crate) struct DstCache<C: Cookie> {
    dst: AtomicPtr<bindings::dst_entry>,
    cookie: C,
}

/// A place for one IPv4 route: 8 bytes.
pub(crate) type DstCache4 = DstCache<()>;

/// A place for one IPv6 route: 12 bytes of use.
pub(crate) type DstCache6 = DstCache<AtomicU32>;

const _: () = assert!(core::mem::size_of::<DstCache4>() == 8);

/// Marks a cache that is being stored to; routes are aligned to more than this.
const BUSY: usize = 1;

impl<C: Cookie> DstCache<C> {
    /// Makes an empty cache.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Returns the route, if there is one and the routing tables would still give it.
    ///
    /// # Context
    ///
    /// Any where RCU may be read.
    #[inline(always)]
    pub(crate) fn get<'g>(&self, rcu: &'g rcu::Guard) -> Option<&'g Route> {
        let dst = self.dst.load(Ordering::Acquire);
        let cookie = self.cookie.load();
        if dst.is_null() || dst.addr() & BUSY != 0 {
            return None;
        }
        if core::mem::size_of::<C>() != 0 {
            // A store between the two loads changes the first word before the second (`store`), so
            // if the first is as it was, the cookie is this route's. If the same route was stored
            // again in between, the cookie is one of its two, each of which the check below takes
            // for what it is.
            fence(Ordering::Acquire);
            if self.dst.load(Ordering::Relaxed) != dst {
                return None;
            }
        }
        // SAFETY: By the invariant we owned a reference when we read the word. `store` and `drop`
        // give it back by `dst_release`, and the route is freed no sooner than a grace period
        // after that, which the guard holds up for `'g`.
        let route = unsafe { Route::from_raw(dst) };
        route.is_valid(cookie, rcu).then_some(route)
    }

    /// Returns the route that there is, for who has just asked [`get`](Self::get) and wants it for
    /// the same packet: whether the routing tables would still give it is not asked again.
    #[inline(always)]
    pub(crate) fn peek<'g>(&self, _rcu: &'g rcu::Guard) -> Option<&'g Route> {
        let dst = self.dst.load(Ordering::Acquire);
        if dst.is_null() || dst.addr() & BUSY != 0 {
            return None;
        }
        // SAFETY: As in `get`.
        Some(unsafe { Route::from_raw(dst) })
    }

    /// Keeps a route in place of the one there was. If another CPU stores at the same moment, its
    /// route, which is as fresh, stays and this one is given back.
    ///
    /// # Context
    ///
    /// Any; does not wait.
    pub(crate) fn store(&self, dst: Dst) {
        self.replace(dst.cookie(), Some(dst));
    }

    /// Forgets the route.
    ///
    /// # Context
    ///
    /// Any; does not wait.
    pub(crate) fn clear(&self) {
        self.replace(0, None);
    }

    fn replace(&self, cookie: u32, dst: Option<Dst>) {
        let old = self.dst.load(Ordering::Relaxed);
        let busy = old.map_addr(|addr| addr | BUSY);
        if old == busy
            || self
                .dst
                .compare_exchange(old, busy, Ordering::Acquire, Ordering::Relaxed)
                .is_err()
        {
            return;
        }
        // Orders the mark before the cookie, for `get`.
        fence(Ordering::Release);
        self.cookie.store(cookie);
        // INVARIANT: The cache takes over the new reference, and we the old one.
        self.dst
            .store(dst.map_or(null_mut(), Dst::into_raw), Ordering::Release);
        // SAFETY: By the invariant the cache owned a reference to the old route, which is ours now
        // that no other CPU could change the word in between.
        drop(NonNull::new(old).map(|old| unsafe { Dst::from_raw(old) }));
    }
}

impl<C: Cookie> Drop for DstCache<C> {
    fn drop(&mut self) {
        // No CPU is in `store`, since we have `&mut self`, so the word is plain.
        // SAFETY: By the invariant the cache owns a reference, and it is not used after this.
        drop(NonNull::new(*self.dst.get_mut()).map(|dst| unsafe { Dst::from_raw(dst) }));
    }
}
