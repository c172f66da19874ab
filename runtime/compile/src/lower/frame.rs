//! The control stack: one frame per block that is being translated.
//!
//! The block behind a frame's `end` is made when the first branch needs it; without one, code simply goes on.

use cranelift_codegen::ir::{Block, Type, Value};

/// Types of block parameters or results.
#[derive(Copy, Clone)]
pub(super) enum Types<'a> {
    One([Type; 1]),
    Many(&'a [Type]),
}

impl Types<'_> {
    pub(super) const NONE: Types<'static> = Types::Many(&[]);

    pub(super) fn as_slice(&self) -> &[Type] {
        match self {
            Types::One(ty) => ty,
            Types::Many(types) => types,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.as_slice().len()
    }
}

/// What opened a frame.
pub(super) enum FrameKind {
    /// The function itself.
    Function,
    /// `block`, or an `if` behind its `else`.
    Block,
    /// `loop`, with the block that branches go to.
    Loop(Block),
    /// `if` before its `else`: the block of the other side, the operands that side starts with, and whether it is hinted
    /// to be the common one.
    If(Block, Vec<Value>, Option<bool>),
    /// Anything opened in unreachable code. It gives no code at all.
    Dead,
}

/// A block of the control stack.
pub(super) struct Frame<'a> {
    pub(super) kind: FrameKind,
    pub(super) params: Types<'a>,
    pub(super) results: Types<'a>,
    /// Height of the operand stack below the parameters.
    pub(super) height: usize,
    /// The block behind `end`, once a branch goes there.
    pub(super) after: Option<Block>,
}

impl<'a> Frame<'a> {
    pub(super) fn function(results: &'a [Type]) -> Self {
        Self {
            kind: FrameKind::Function,
            params: Types::NONE,
            results: Types::Many(results),
            height: 0,
            after: None,
        }
    }

    pub(super) fn dead() -> Self {
        Self { kind: FrameKind::Dead, params: Types::NONE, results: Types::NONE, height: 0, after: None }
    }
}
