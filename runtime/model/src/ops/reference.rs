//! References and tables ([Reference instructions](https://webassembly.github.io/spec/core/exec/instructions.html#reference-instructions)).

use super::{Immediates as Im, OpRow, op};
use crate::features::Feature;

pub(super) const OPS: &[OpRow] = &[
    op(0x25, "table.get", Im::Table, "a:r").of(Feature::ReferenceTypes).traps(),
    op(0x26, "table.set", Im::Table, "ar:").of(Feature::ReferenceTypes).traps(),
    op(0xd0, "ref.null", Im::HeapType, ":r").of(Feature::ReferenceTypes),
    op(0xd1, "ref.is_null", Im::None, "r:i").of(Feature::ReferenceTypes),
    op(0xd2, "ref.func", Im::Func, ":r").of(Feature::ReferenceTypes),
    op(0xd4, "ref.as_non_null", Im::None, "r:r").traps().of(Feature::FunctionReferences),
    op(0xd5, "br_on_null", Im::Label, "*r:*").of(Feature::FunctionReferences),
    op(0xd6, "br_on_non_null", Im::Label, "*r:*").of(Feature::FunctionReferences),
    op(0x0f, "table.grow", Im::Table, "ra:a").shares().of(Feature::ReferenceTypes).prefixed(0xfc),
    op(0x10, "table.size", Im::Table, ":a").of(Feature::ReferenceTypes).prefixed(0xfc),
    op(0x11, "table.fill", Im::Table, "ara:").traps().of(Feature::ReferenceTypes).prefixed(0xfc),
];
