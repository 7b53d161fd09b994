// SPDX-License-Identifier: GPL-2.0

//! What the attributes of an operation or a nest must look like.
//!
//! Everything is built at compile time and checked there:
//!
//! ```ignore
//! static HOP: [AttrPolicy; 3] = policy(&[
//!     (hop::NAME, AttrPolicy::string(15)),
//!     (hop::WEIGHT, AttrPolicy::u32().range::<1, 65535>()),
//! ]);
//! static PATH: [AttrPolicy; 3] = policy(&[
//!     (path::ADDRESS, AttrPolicy::binary(4, 16)),
//!     (path::HOP, AttrPolicy::nested(&HOP)),
//! ]);
//! ```

use crate::sys::bindings::{
    self, nla_policy, nla_policy__bindgen_ty_1 as Limit,
    nla_policy__bindgen_ty_1__bindgen_ty_1 as MinMax,
};
use core::mem::{align_of, offset_of, size_of};

/// The attributes that may occur, by their number; number 0 does not exist.
///
/// An empty policy refuses all attributes.
pub(crate) type Policy = &'static [AttrPolicy];

/// Makes a table of `N` from (number, policy) pairs: `N - 1` is the highest number.
///
/// Numbers without a policy are refused. To be evaluated at compile time, where a number that is 0,
/// too high or given twice is an error.
pub(crate) const fn policy<const N: usize>(attributes: &[(u16, AttrPolicy)]) -> [AttrPolicy; N] {
    let mut table = [AttrPolicy::UNKNOWN; N];
    let mut i = 0;
    while i < attributes.len() {
        let (number, attribute) = attributes[i];
        assert!(number != 0 && (number as usize) < N);
        assert!(table[number as usize].0.type_ == AttrPolicy::UNKNOWN.0.type_);
        table[number as usize] = attribute;
        i += 1;
    }
    table
}

/// The least and the greatest value of an integer.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    /// The least value allowed.
    pub(crate) min: u64,
    /// The greatest value allowed.
    pub(crate) max: u64,
}

// `AttrPolicy::range` hands a `Range` to C as this struct.
const _: () = {
    use bindings::netlink_range_validation as C;
    assert!(size_of::<Range>() == size_of::<C>() && align_of::<Range>() == align_of::<C>());
    assert!(offset_of!(Range, min) == offset_of!(C, min));
    assert!(offset_of!(Range, max) == offset_of!(C, max));
};

/// What one attribute must look like (`struct nla_policy`).
///
/// # Invariants
///
/// The union member that `type` and `validation_type` select is valid; a pointer in it points to
/// static data: for nests, to a table whose greatest index is `len`.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(crate) struct AttrPolicy(nla_policy);

// SAFETY: Immutable, and what it points to is static and immutable.
unsafe impl Send for AttrPolicy {}
// SAFETY: As above.
unsafe impl Sync for AttrPolicy {}

impl AttrPolicy {
    /// What no attribute satisfies: strict validation refuses the unspecified type.
    const UNKNOWN: Self = Self::of(bindings::NLA_UNSPEC, 0);

    // INVARIANT: Without a validation type, and for other types than nests, no pointer is used.
    const fn of(kind: u32, len: u16) -> Self {
        Self(nla_policy {
            type_: kind as u8,
            validation_type: bindings::nla_policy_validation_NLA_VALIDATE_NONE as u8,
            len,
            __bindgen_anon_1: Limit {
                nested_policy: core::ptr::null(),
            },
        })
    }

    /// An unsigned integer of 8 bits.
    pub(crate) const fn u8() -> Self {
        Self::of(bindings::NLA_U8, 0)
    }

    /// An unsigned integer of 16 bits.
    pub(crate) const fn u16() -> Self {
        Self::of(bindings::NLA_U16, 0)
    }

    /// An unsigned integer of 32 bits.
    pub(crate) const fn u32() -> Self {
        Self::of(bindings::NLA_U32, 0)
    }

    /// An unsigned integer of 64 bits.
    pub(crate) const fn u64() -> Self {
        Self::of(bindings::NLA_U64, 0)
    }

    /// An unsigned integer of 32 or 64 bits (`uint` in specifications).
    pub(crate) const fn uint() -> Self {
        Self::of(bindings::NLA_UINT, 0)
    }

    /// A 16-bit integer in network order.
    pub(crate) const fn be16() -> Self {
        Self::of(bindings::NLA_BE16, 0)
    }

    /// A 32-bit integer in network order.
    pub(crate) const fn be32() -> Self {
        Self::of(bindings::NLA_BE32, 0)
    }

    /// No value: it is there or not.
    pub(crate) const fn flag() -> Self {
        Self::of(bindings::NLA_FLAG, 0)
    }

    /// A NUL-terminated string of at most `max` bytes before the NUL.
    pub(crate) const fn string(max: u16) -> Self {
        Self::of(bindings::NLA_NUL_STRING, max)
    }

    /// From `min` to `max` bytes.
    pub(crate) const fn binary(min: u16, max: u16) -> Self {
        assert!(min <= max && max <= i16::MAX as u16);
        let mut this = Self::of(bindings::NLA_BINARY, 0);
        this.0.validation_type = bindings::nla_policy_validation_NLA_VALIDATE_RANGE as u8;
        this.0.__bindgen_anon_1 = Limit {
            __bindgen_anon_1: MinMax {
                min: min as i16,
                max: max as i16,
            },
        };
        this
    }

    /// Exactly `len` bytes.
    pub(crate) const fn exact_len(len: u16) -> Self {
        Self::binary(len, len)
    }

    /// A 32-bit value and a mask of the bits it sets, within `valid`.
    pub(crate) const fn bitfield32(valid: u32) -> Self {
        let mut this = Self::of(bindings::NLA_BITFIELD32, 0);
        this.0.__bindgen_anon_1 = Limit {
            bitfield32_valid: valid,
        };
        this
    }

    /// Attributes of `policy`.
    pub(crate) const fn nested(policy: Policy) -> Self {
        Self::nest(bindings::NLA_NESTED, policy)
    }

    /// Any number of attributes, of any number, that each hold attributes of `policy`.
    pub(crate) const fn nested_array(policy: Policy) -> Self {
        Self::nest(bindings::NLA_NESTED_ARRAY, policy)
    }

    const fn nest(kind: u32, policy: Policy) -> Self {
        assert!(!policy.is_empty() && policy.len() <= u16::MAX as usize);
        let mut this = Self::of(kind, (policy.len() - 1) as u16);
        // INVARIANT: `AttrPolicy` is a transparent `nla_policy`, and the table is static.
        this.0.__bindgen_anon_1 = Limit {
            nested_policy: policy.as_ptr().cast(),
        };
        this
    }

    const fn is_unsigned(&self) -> bool {
        matches!(
            self.0.type_ as u32,
            bindings::NLA_U8
                | bindings::NLA_U16
                | bindings::NLA_U32
                | bindings::NLA_U64
                | bindings::NLA_UINT
                | bindings::NLA_BE16
                | bindings::NLA_BE32
        )
    }

    /// An integer from `MIN` to `MAX`.
    pub(crate) const fn range<const MIN: u64, const MAX: u64>(mut self) -> Self {
        struct Limits<const MIN: u64, const MAX: u64>;
        impl<const MIN: u64, const MAX: u64> Limits<MIN, MAX> {
            const RANGE: &'static Range = &Range { min: MIN, max: MAX };
        }
        assert!(self.is_unsigned() && MIN <= MAX);
        self.0.validation_type = bindings::nla_policy_validation_NLA_VALIDATE_RANGE_PTR as u8;
        // INVARIANT: Static, and laid out as C expects (checked at `Range`).
        self.0.__bindgen_anon_1 = Limit {
            range: core::ptr::from_ref(Limits::<MIN, MAX>::RANGE).cast(),
        };
        self
    }

    /// An integer of `MIN` or more.
    pub(crate) const fn min<const MIN: u64>(self) -> Self {
        self.range::<MIN, { u64::MAX }>()
    }

    /// An integer of at most `MAX`.
    pub(crate) const fn max<const MAX: u64>(self) -> Self {
        self.range::<0, MAX>()
    }

    /// An integer with no bits beyond `mask`.
    pub(crate) const fn mask(mut self, mask: u32) -> Self {
        assert!(self.is_unsigned());
        self.0.validation_type = bindings::nla_policy_validation_NLA_VALIDATE_MASK as u8;
        self.0.__bindgen_anon_1 = Limit { mask };
        self
    }

    /// The table as C wants it: greatest number and entries. Null refuses everything.
    pub(super) fn table(policy: Policy) -> (u32, *const nla_policy) {
        match policy.len() {
            0 | 1 => (0, core::ptr::null()),
            len => (len as u32 - 1, policy.as_ptr().cast()),
        }
    }
}
