// SPDX-License-Identifier: GPL-2.0

//! Coarse and fine clocks.
//!
//! C headers: [`include/linux/jiffies.h`](srctree/include/linux/jiffies.h),
//! [`include/linux/timekeeping.h`](srctree/include/linux/timekeeping.h)

use crate::sys::bindings;

/// Ticks of [`Tick`] in a second. Not `kernel::bindings::HZ`, which is what userspace is told.
pub(crate) const HZ: u32 = bindings::SLR_HELPER_HZ;

/// A moment in ticks since an arbitrary start: the lower half of jiffies.
///
/// It wraps around (after 49 days at 1000 ticks a second, 198 at 250), so two of them compare
/// rightly only if less than half of that apart. A wait of weeks needs another clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(crate) struct Tick(u32);

impl Tick {
    /// Returns the present moment; costs one load.
    ///
    /// # Context
    ///
    /// Any.
    #[inline]
    pub(crate) fn now() -> Self {
        // SAFETY: `jiffies` is a word that the tick updates; the C side reads it the same way,
        // through a volatile access that the compiler can neither tear nor keep.
        let jiffies = unsafe { core::ptr::addr_of!(kernel::bindings::jiffies).read_volatile() };
        Tick(jiffies as u32)
    }

    /// Makes a moment of the number that [`raw`](Self::raw) gave, to keep it in an atomic.
    #[inline]
    pub(crate) const fn from_raw(ticks: u32) -> Self {
        Tick(ticks)
    }

    /// Returns the number of ticks.
    #[inline]
    pub(crate) const fn raw(self) -> u32 {
        self.0
    }

    /// Returns the ticks from `earlier` to this moment, 0 if `earlier` is in fact later.
    #[inline]
    pub(crate) const fn since(self, earlier: Tick) -> u32 {
        let difference = self.0.wrapping_sub(earlier.0);
        if difference as i32 > 0 {
            difference
        } else {
            0
        }
    }

    /// Returns the moment `ticks` later.
    #[inline]
    pub(crate) const fn after(self, ticks: u32) -> Tick {
        Tick(self.0.wrapping_add(ticks))
    }

    /// Whether this moment is `deadline` or later.
    #[inline]
    pub(crate) const fn reached(self, deadline: Tick) -> bool {
        self.0.wrapping_sub(deadline.0) as i32 >= 0
    }
}

/// Converts milliseconds to ticks, rounded up so that a wait is never too short.
#[inline]
pub(crate) const fn ticks_from_ms(ms: u32) -> u32 {
    let ticks = (ms as u64 * HZ as u64).div_ceil(1000);
    if ticks > u32::MAX as u64 {
        u32::MAX
    } else {
        ticks as u32
    }
}

/// Converts ticks to milliseconds.
#[inline]
pub(crate) const fn ms_from_ticks(ticks: u32) -> u64 {
    ticks as u64 * 1000 / HZ as u64
}

/// Returns microseconds since boot, for measuring round trips. Reads a hardware clock: tens of
/// cycles, so not for every packet.
///
/// # Context
///
/// Any but NMI.
#[inline]
pub(crate) fn monotonic_us() -> u64 {
    monotonic_ns() / 1000
}

/// Returns nanoseconds since boot. Costs as much as [`monotonic_us`].
///
/// # Context
///
/// Any but NMI.
#[inline]
pub(crate) fn monotonic_ns() -> u64 {
    // SAFETY: `ktime_get` has no requirements once timekeeping runs, as it does when modules load.
    let ns = unsafe { bindings::ktime_get() };
    ns.unsigned_abs()
}

/// Returns the seconds since boot, those asleep not counted, the first being 1. Costs a load.
///
/// # Context
///
/// Any.
#[inline]
pub(crate) fn seconds() -> u32 {
    // SAFETY: As in `Tick::now`.
    let jiffies = unsafe { core::ptr::addr_of!(kernel::bindings::jiffies).read_volatile() };
    let since_boot = jiffies.wrapping_sub(INITIAL_JIFFIES);
    // 32 bits of seconds are 136 years.
    (since_boot.wrapping_add(HZ as usize) / HZ as usize) as u32
}

/// What jiffies begin with: five minutes before the lower half of 64 bits wraps.
///
/// C counterpart: `INITIAL_JIFFIES`.
const INITIAL_JIFFIES: usize = 0u32.wrapping_sub(300 * HZ) as usize;

// Fewer bits of jiffies wrap around while flows live.
const _: () = assert!(usize::BITS == 64);
