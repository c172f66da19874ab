//! The control stack: one frame per block that is being translated.
//!
//! The block behind a frame's `end` is made when the first branch needs it; without one, code simply goes on.

use assay_model::index::TagIdx;
use assay_model::layout::AbiKind;
use cranelift_codegen::ir::{Block, Value};

/// Types of block parameters or results.
#[derive(Copy, Clone)]
pub(super) enum Types<'a> {
    One([AbiKind; 1]),
    Many(&'a [AbiKind]),
}

impl Types<'_> {
    pub(super) const NONE: Types<'static> = Types::Many(&[]);

    pub(super) fn as_slice(&self) -> &[AbiKind] {
        match self {
            Types::One(kind) => kind,
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
    /// `try_table`.
    Try(Box<Try>),
    /// `try` in front of its clauses, with the place where exceptions arrive, as in [`Try`].
    LegacyTry(Option<Block>),
    /// `try` in one of its clauses, unless nothing arrives there.
    Clause(Option<Caught>),
    /// `try` that ends: where exceptions arrive, and the height of the control stack below which they are handed on.
    Delegate(Block, usize),
    /// Anything opened in unreachable code. It gives no code at all.
    Dead,
}

/// What a `try_table` catches.
pub(super) struct Try {
    /// In order; the first that fits takes the exception.
    pub(super) clauses: Vec<Clause>,
    /// Where exceptions arrive, once something inside may let one out.
    pub(super) landing: Option<Block>,
}

/// What a clause of a `try` has caught.
#[derive(Copy, Clone)]
pub(super) struct Caught {
    pub(super) exception: Value,
    /// Where it is for the clauses behind this one, which is not for all tags.
    pub(super) next: Option<Block>,
}

/// A clause of a `try_table`.
#[derive(Copy, Clone)]
pub(super) struct Clause {
    /// The tag that is caught; every one where there is none.
    pub(super) tag: Option<TagIdx>,
    /// Whether the target takes the exception, too.
    pub(super) takes_exception: bool,
    /// The label, counted from outside of the `try_table`.
    pub(super) depth: u32,
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
    pub(super) fn function(results: &'a [AbiKind]) -> Self {
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
