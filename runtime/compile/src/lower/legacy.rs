//! Exceptions in their older form ([`try`](https://github.com/WebAssembly/exception-handling/blob/main/proposals/exception-handling/legacy/Exceptions.md)).
//!
//! What a `try` catches stands behind what it catches from. So everything that is thrown in front of the first clause goes to
//! its landing; each clause begins with the question whether the exception is its own, and the last one is followed by what
//! hands the exception on. A `throw` is never a branch to a clause here. What was caught stays at hand as a value until its
//! clause has ended.

use super::Lowering;
use super::frame::{Caught, FrameKind};
use crate::error::Result;
use assay_model::index::TagIdx;
use cranelift_codegen::ir::{Block, InstBuilder};
use wasmparser::BlockType;

impl Lowering<'_> {
    pub(super) fn try_(&mut self, ty: BlockType) -> Result<()> {
        let (params, results) = self.block_types(ty)?;
        self.push_frame(FrameKind::LegacyTry(None), params, results);
        Ok(())
    }

    /// Ends what stands in front of a clause, and begins the clause: of this tag, or of all.
    pub(super) fn clause(&mut self, tag: Option<TagIdx>) {
        let last = self.frames.len() - 1;
        if let FrameKind::Dead = self.frames[last].kind {
            return;
        }
        if self.reachable {
            let (after, arity) = self.target(0);
            self.jump(after, arity);
        }
        self.scratch.stack.truncate(self.frames[last].height);
        let caught = match self.frames[last].kind {
            FrameKind::LegacyTry(Some(landing)) => {
                let exception = self.arrive(landing);
                Some(Caught { exception, next: None })
            }
            FrameKind::Clause(Some(Caught { exception, next: Some(next) })) => {
                self.builder.switch_to_block(next);
                Some(Caught { exception, next: None })
            }
            // Nothing in front of the clauses lets an exception out.
            _ => None,
        };
        self.reachable = caught.is_some();
        let next = caught.and_then(|caught| self.ask(caught, tag));
        self.frames[last].kind = FrameKind::Clause(caught.map(|caught| Caught { next, ..caught }));
    }

    /// Goes on when the exception is one of the clause's, with its values; elsewhere when it is not.
    fn ask(&mut self, caught: Caught, tag: Option<TagIdx>) -> Option<Block> {
        let tag = tag?;
        let is_own = self.has_tag(caught.exception, tag);
        let (take, next) = (self.builder.create_block(), self.builder.create_block());
        self.builder.ins().brif(is_own, take, &[], next, &[]);
        self.builder.seal_block(take);
        self.builder.seal_block(next);
        self.builder.switch_to_block(take);
        self.push_values(caught.exception, tag);
        Some(next)
    }

    /// Ends a `try` whose exceptions go to what is around a label.
    pub(super) fn delegate(&mut self, depth: u32) {
        let last = self.frames.len() - 1;
        if let FrameKind::LegacyTry(Some(landing)) = self.frames[last].kind {
            // The label is counted from outside of the `try`, and what has it takes part.
            self.frames[last].kind = FrameKind::Delegate(landing, last - depth as usize);
        }
        self.end();
    }

    /// Throws again what the clause at a label has caught.
    pub(super) fn rethrow(&mut self, depth: u32) {
        let position = self.frames.len() - 1 - depth as usize;
        if let FrameKind::Clause(Some(caught)) = self.frames[position].kind {
            self.pass_on(caught.exception, self.frames.len());
        }
        self.reachable = false;
    }
}
