// SPDX-License-Identifier: GPL-2.0

//! Host build of `module/table/trie`, for its tests.

#![forbid(unsafe_code)]
#![allow(dead_code, unused_imports)]

#[path = "../../trie/mod.rs"]
mod trie;

#[cfg(test)]
mod trie_test;
