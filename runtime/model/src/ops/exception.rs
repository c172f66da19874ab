//! Exceptions ([Control instructions](https://webassembly.github.io/spec/core/exec/instructions.html#control-instructions)).

use super::{Immediates as Im, OpRow, op};
use crate::features::Feature;

pub(super) const OPS: &[OpRow] = &[
    op(0x08, "throw", Im::Tag, "*:*").of(Feature::Exceptions).shares(),
    op(0x0a, "throw_ref", Im::None, "*r:*").of(Feature::Exceptions).shares().traps(),
    op(0x1f, "try_table", Im::TryTable, "*:*").of(Feature::Exceptions),
];
