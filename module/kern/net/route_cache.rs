// SPDX-License-Identifier: GPL-2.0

//! What the routing tables have said of late, to be asked again in vain no more.
//!
//! A lookup costs a packet more than all else that becomes of it: rules, tables, the next hop's own
//! route. Where there is an object to keep the answer in, such as a flow, a
//! [`DstCache`](super::dst_cache::DstCache) is better. This is for packets that are forwarded
//! without one: a fixed number of places, each for one question as a whole and the route that
//! answers it, as long as the tables would still give that. What has no place is looked up.
//!
//! Readers take no lock and no reference: a route that is replaced is given back by `dst_release`,
//! which frees it a grace period later.

use super::route::{Dst, Lookup4, Lookup6, Route};
use crate::sys::bindings;
use core::{
    ptr::{null_mut, NonNull},
    sync::atomic::{fence, AtomicPtr, AtomicU32, AtomicU64, Ordering},
};
use kernel::{alloc::AllocError, prelude::*, sync::rcu};

/// How many questions there is room for.
const PLACES: usize = 1 << PLACE_BITS;
const PLACE_BITS: u32 = 11;

/// The routes that answered the last IPv4 lookups.
pub(crate) type RouteCache4 = RouteCache<{ Lookup4::WORDS }>;

/// The routes that answered the last IPv6 lookups.
pub(crate) type RouteCache6 = RouteCache<{ Lookup6::WORDS }>;

/// Answers of the routing tables to questions of so many words.
///
/// Drop or [`clear`](Self::clear) it before the `exit` of the namespace returns, as every [`Dst`].
pub(crate) struct RouteCache<const WORDS: usize> {
    places: KVVec<Place<WORDS>>,
}

/// One question and its answer.
///
/// # Invariants
///
/// `dst` is null or a route of which this object owns one reference. While `version` is odd one
/// CPU is in [`replace`](Self::replace), and only it changes the other words.
struct Place<const WORDS: usize> {
    version: AtomicU32,
    cookie: AtomicU32,
    dst: AtomicPtr<bindings::dst_entry>,
    question: [AtomicU64; WORDS],
}

impl<const WORDS: usize> Place<WORDS> {
    /// Returns the answer and its cookie, if it is one to this question.
    #[inline(always)]
    fn find(&self, question: &[u64; WORDS]) -> Option<(NonNull<bindings::dst_entry>, u32)> {
        let version = self.version.load(Ordering::Acquire);
        let dst = self.dst.load(Ordering::Relaxed);
        let cookie = self.cookie.load(Ordering::Relaxed);
        let kept = self.question.iter().zip(question);
        let differs = kept.fold(0, |differs, (kept, asked)| {
            differs | kept.load(Ordering::Relaxed) ^ asked
        });
        // Orders the loads above before the next one: if the version is as it was, and even, nobody
        // has changed the words in between.
        fence(Ordering::Acquire);
        let is_whole = version & 1 == 0 && self.version.load(Ordering::Relaxed) == version;
        match is_whole && differs == 0 {
            true => Some((NonNull::new(dst)?, cookie)),
            false => None,
        }
    }

    /// Keeps another answer. If another CPU does at the same moment, its answer stays.
    fn replace(&self, question: &[u64; WORDS], dst: Option<Dst>) {
        let version = self.version.load(Ordering::Relaxed);
        let busy = version | 1;
        if version == busy
            || self
                .version
                .compare_exchange(version, busy, Ordering::Acquire, Ordering::Relaxed)
                .is_err()
        {
            return;
        }
        // Orders the odd version before the words, for `find`.
        fence(Ordering::Release);
        self.cookie.store(
            dst.as_ref().map_or(0, |dst| dst.cookie()),
            Ordering::Relaxed,
        );
        for (kept, asked) in self.question.iter().zip(question) {
            kept.store(*asked, Ordering::Relaxed);
        }
        // INVARIANT: The place takes over the new reference, and we the old one.
        let new = dst.map_or(null_mut(), Dst::into_raw);
        let old = self.dst.swap(new, Ordering::Relaxed);
        self.version.store(busy.wrapping_add(1), Ordering::Release);
        // SAFETY: By the invariant the place owned a reference to the old route, which is ours now
        // that no other CPU could change the word in between.
        drop(NonNull::new(old).map(|old| unsafe { Dst::from_raw(old) }));
    }
}

impl<const WORDS: usize> Drop for Place<WORDS> {
    fn drop(&mut self) {
        // SAFETY: By the invariant the place owns a reference, and it is not used after this.
        drop(NonNull::new(*self.dst.get_mut()).map(|dst| unsafe { Dst::from_raw(dst) }));
    }
}

impl<const WORDS: usize> RouteCache<WORDS> {
    /// Makes an empty cache. Context: process, may sleep.
    pub(crate) fn new() -> Result<Self, AllocError> {
        let mut places = KVVec::with_capacity(PLACES, GFP_KERNEL | __GFP_NOWARN)?;
        for _ in 0..PLACES {
            let place = Place {
                version: AtomicU32::new(0),
                cookie: AtomicU32::new(0),
                dst: AtomicPtr::new(null_mut()),
                question: [const { AtomicU64::new(0) }; WORDS],
            };
            places.push_within_capacity(place).map_err(|_| AllocError)?;
        }
        Ok(RouteCache { places })
    }

    /// The place that a question has, if any. What shares it costs a lookup and no more, so it need
    /// not be hard to guess.
    #[inline(always)]
    fn place(&self, question: &[u64; WORDS]) -> Option<&Place<WORDS>> {
        let hash = question.iter().fold(0u64, |hash, word| {
            (hash.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        });
        let index = hash >> 64u32.wrapping_sub(PLACE_BITS);
        self.places.get(index as usize)
    }

    /// Returns the route that a lookup gave, if it is known and the routing tables would still give
    /// it.
    ///
    /// # Context
    ///
    /// Any where RCU may be read.
    #[inline(always)]
    pub(crate) fn get<'g>(
        &self,
        question: &[u64; WORDS],
        rcu: &'g rcu::Guard,
    ) -> Option<&'g Route> {
        let (dst, cookie) = self.place(question)?.find(question)?;
        // SAFETY: By the invariant the place owned a reference when the word was read. `replace` and
        // `drop` give it back by `dst_release`, and the route is freed no sooner than a grace
        // period after that, which the guard holds up for `'g`.
        let route = unsafe { Route::from_raw(dst.as_ptr()) };
        route.is_valid(cookie, rcu).then_some(route)
    }

    /// Keeps the answer to a question.
    ///
    /// # Context
    ///
    /// Any; does not wait.
    pub(crate) fn store(&self, question: &[u64; WORDS], dst: Dst) {
        if let Some(place) = self.place(question) {
            place.replace(question, Some(dst));
        }
    }

    /// Forgets all. What others store meanwhile may stay.
    ///
    /// # Context
    ///
    /// Any; does not wait.
    pub(crate) fn clear(&self) {
        for place in self.places.iter() {
            place.replace(&[0; WORDS], None);
        }
    }
}
