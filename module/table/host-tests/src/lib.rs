// SPDX-License-Identifier: GPL-2.0

//! Host build of `module/table/trie.rs`, for its tests.

#![forbid(unsafe_code)]
#![allow(dead_code)]

#[path = "../../trie.rs"]
mod trie;

#[cfg(test)]
mod trie_test;
