//! Exceptions, in the standard's form ([Control instructions](https://webassembly.github.io/spec/core/exec/instructions.html#control-instructions)) and in
//! the [older one](https://github.com/WebAssembly/exception-handling/blob/main/proposals/exception-handling/legacy/Exceptions.md),
//! in which `catch`, `catch_all` and `delegate` end what stands before them in the block of a `try`.

use super::{Immediates as Im, OpRow, op};
use crate::features::Feature;

pub(super) const OPS: &[OpRow] = &[
    op(0x08, "throw", Im::Tag, "*:*").of(Feature::Exceptions).shares(),
    op(0x0a, "throw_ref", Im::None, "*r:*").of(Feature::Exceptions).shares().traps(),
    op(0x1f, "try_table", Im::TryTable, "*:*").of(Feature::Exceptions),
];

pub(super) const LEGACY: &[OpRow] = &[
    op(0x06, "try", Im::Block, "*:*").of(Feature::LegacyExceptions),
    op(0x07, "catch", Im::Tag, "*:*").of(Feature::LegacyExceptions),
    op(0x09, "rethrow", Im::Label, "*:*").of(Feature::LegacyExceptions).shares(),
    op(0x18, "delegate", Im::Label, "*:*").of(Feature::LegacyExceptions),
    op(0x19, "catch_all", Im::None, "*:*").of(Feature::LegacyExceptions),
];
