// SPDX-License-Identifier: GPL-2.0

//! A stand-in for the part of the kernel crate that `trie` uses, on the host.
//!
//! [`alloc::fail_after`] makes a later allocation of this thread fail, which the kernel does only
//! when it is short of memory; [`alloc::live`] counts what has been made and not yet freed.

#![allow(clippy::new_without_default, clippy::result_unit_err)]

pub mod alloc {
    use std::cell::Cell;

    thread_local! {
        static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
        static LIVE: Cell<usize> = const { Cell::new(0) };
    }

    /// Lets `n` more allocations of this thread succeed; `None` lets all.
    pub fn fail_after(n: Option<usize>) {
        LEFT.with(|left| left.set(n));
    }

    /// How many allocations of this thread live.
    pub fn live() -> usize {
        LIVE.with(Cell::get)
    }

    pub(crate) fn take() -> Result<(), AllocError> {
        LEFT.with(|left| match left.get() {
            Some(0) => Err(AllocError),
            Some(n) => {
                left.set(Some(n - 1));
                Ok(())
            }
            None => Ok(()),
        })?;
        LIVE.with(|live| live.set(live.get() + 1));
        Ok(())
    }

    pub(crate) fn give_back() {
        LIVE.with(|live| live.set(live.get() - 1));
    }

    #[derive(Debug, PartialEq, Eq, Clone, Copy)]
    pub struct AllocError;

    #[derive(Clone, Copy)]
    pub struct Flags;

    pub mod flags {
        pub const GFP_KERNEL: super::Flags = super::Flags;
    }

    /// A box that says when it has no memory.
    pub struct KBox<T> {
        item: Option<Box<T>>,
    }

    impl<T> KBox<T> {
        pub fn new(item: T, _: Flags) -> Result<Self, AllocError> {
            take()?;
            let item = Some(Box::new(item));
            Ok(KBox { item })
        }

        pub fn into_inner(mut this: Self) -> T {
            *this.item.take().unwrap()
        }
    }

    impl<T> std::ops::Deref for KBox<T> {
        type Target = T;

        fn deref(&self) -> &T {
            self.item.as_ref().unwrap()
        }
    }

    impl<T> std::ops::DerefMut for KBox<T> {
        fn deref_mut(&mut self) -> &mut T {
            self.item.as_mut().unwrap()
        }
    }

    impl<T> Drop for KBox<T> {
        fn drop(&mut self) {
            give_back();
        }
    }

    /// A vector that says when it has no memory.
    pub struct KVec<T> {
        items: Vec<T>,
        /// Elements that fit without another allocation; 0 has none.
        room: usize,
    }

    impl<T> KVec<T> {
        pub fn with_capacity(room: usize, _: Flags) -> Result<Self, AllocError> {
            if room > 0 {
                take()?;
            }
            Ok(KVec {
                items: Vec::new(),
                room,
            })
        }

        pub const fn new() -> Self {
            KVec {
                items: Vec::new(),
                room: 0,
            }
        }

        pub fn reserve(&mut self, more: usize, _: Flags) -> Result<(), AllocError> {
            if self.items.len() + more > self.room {
                take()?;
                if self.room > 0 {
                    give_back();
                }
                self.room = (self.room * 2).max(self.items.len() + more);
            }
            Ok(())
        }

        pub fn push(&mut self, item: T, flags: Flags) -> Result<(), AllocError> {
            self.reserve(1, flags)?;
            self.items.push(item);
            Ok(())
        }

        pub fn insert_within_capacity(&mut self, at: usize, item: T) -> Result<(), T> {
            assert!(self.items.len() < self.room);
            self.items.insert(at, item);
            Ok(())
        }

        pub fn remove(&mut self, at: usize) -> Result<T, ()> {
            if at < self.items.len() {
                return Ok(self.items.remove(at));
            }
            Err(())
        }
    }

    impl<T> IntoIterator for KVec<T> {
        type Item = T;
        type IntoIter = std::vec::IntoIter<T>;

        fn into_iter(mut self) -> Self::IntoIter {
            std::mem::take(&mut self.items).into_iter()
        }
    }

    impl<T> std::ops::Deref for KVec<T> {
        type Target = [T];

        fn deref(&self) -> &[T] {
            &self.items
        }
    }

    impl<T> std::ops::DerefMut for KVec<T> {
        fn deref_mut(&mut self) -> &mut [T] {
            &mut self.items
        }
    }

    impl<T> Drop for KVec<T> {
        fn drop(&mut self) {
            if self.room > 0 {
                give_back();
            }
        }
    }
}

pub mod sync {
    use crate::alloc::{give_back, take, AllocError, Flags};

    struct Counted<T>(T);

    impl<T> Drop for Counted<T> {
        fn drop(&mut self) {
            give_back();
        }
    }

    /// A shared value that says when there is no memory for it.
    pub struct Arc<T>(std::sync::Arc<Counted<T>>);

    impl<T> Arc<T> {
        pub fn new(value: T, _: Flags) -> Result<Self, AllocError> {
            take()?;
            Ok(Arc(std::sync::Arc::new(Counted(value))))
        }

        pub fn ptr_eq(this: &Self, other: &Self) -> bool {
            std::sync::Arc::ptr_eq(&this.0, &other.0)
        }
    }

    impl<T> Clone for Arc<T> {
        fn clone(&self) -> Self {
            Arc(self.0.clone())
        }
    }

    impl<T> std::ops::Deref for Arc<T> {
        type Target = T;

        fn deref(&self) -> &T {
            &self.0 .0
        }
    }
}
