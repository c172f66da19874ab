//! Control and parametric operators ([Control instructions](https://webassembly.github.io/spec/core/exec/instructions.html#control-instructions)).

use super::{Immediates as Im, OpRow, op};
use crate::features::Feature;

pub(super) const OPS: &[OpRow] = &[
    op(0x00, "unreachable", Im::None, "*:*").traps(),
    op(0x01, "nop", Im::None, ":"),
    op(0x02, "block", Im::Block, "*:*"),
    op(0x03, "loop", Im::Block, "*:*"),
    op(0x04, "if", Im::Block, "*i:*"),
    op(0x05, "else", Im::None, ":"),
    op(0x0b, "end", Im::None, ":"),
    op(0x0c, "br", Im::Label, "*:*"),
    op(0x0d, "br_if", Im::Label, "*i:*"),
    op(0x0e, "br_table", Im::LabelTable, "*i:*"),
    op(0x0f, "return", Im::None, "*:*"),
    op(0x10, "call", Im::Func, "*:*"),
    op(0x11, "call_indirect", Im::CallIndirect, "*a:*").traps().shares(),
    op(0x12, "return_call", Im::Func, "*:*").of(Feature::TailCall),
    op(0x13, "return_call_indirect", Im::CallIndirect, "*a:*").traps().shares().of(Feature::TailCall),
    op(0x14, "call_ref", Im::Type, "*r:*").traps().of(Feature::FunctionReferences),
    op(0x15, "return_call_ref", Im::Type, "*r:*").traps().of(Feature::FunctionReferences),
    op(0x1a, "drop", Im::None, "t:"),
    op(0x1b, "select", Im::None, "tti:t"),
    op(0x1c, "select", Im::SelectTypes, "tti:t").of(Feature::ReferenceTypes),
    op(0x20, "local.get", Im::Local, ":t"),
    op(0x21, "local.set", Im::Local, "t:"),
    op(0x22, "local.tee", Im::Local, "t:t"),
    op(0x23, "global.get", Im::Global, ":t"),
    op(0x24, "global.set", Im::Global, "t:"),
];
