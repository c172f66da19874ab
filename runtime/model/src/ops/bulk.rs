//! Bulk operators on memories and tables ([Memory instructions](https://webassembly.github.io/spec/core/exec/instructions.html#memory-instructions)).

use super::{Immediates as Im, OpRow, op};
use crate::features::Feature;

pub(super) const OPS: &[OpRow] = &[
    op(0x08, "memory.init", Im::DataMemory, "aii:").traps().of(Feature::BulkMemory).prefixed(0xfc),
    op(0x09, "data.drop", Im::Data, ":").of(Feature::BulkMemory).prefixed(0xfc),
    op(0x0a, "memory.copy", Im::MemoryMemory, "aaa:").traps().of(Feature::BulkMemory).prefixed(0xfc),
    op(0x0b, "memory.fill", Im::Memory, "aia:").traps().of(Feature::BulkMemory).prefixed(0xfc),
    op(0x0c, "table.init", Im::ElemTable, "aii:").traps().of(Feature::BulkMemory).prefixed(0xfc),
    op(0x0d, "elem.drop", Im::Elem, ":").of(Feature::BulkMemory).prefixed(0xfc),
    op(0x0e, "table.copy", Im::TableTable, "aaa:").traps().of(Feature::BulkMemory).prefixed(0xfc),
];
