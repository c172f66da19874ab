//! Exceptions in their older form: `try`, whose clauses stand in its own block, and who gets what they do not catch.
//!
//! While a `try` is open it is a handler without clauses, known by its number alone; its clauses are written down at its end,
//! when all of them are known, and so is the handler that a `delegate` names in their place. A caught exception is a value that
//! no operator of the clause sees, below all others of the clause: so `rethrow` finds it, and the collector does too.

use super::{BlockKinds, Frame, FrameKind, FuncLowering, Kind, Operand, Result, Value};
use crate::code::Clause;
use crate::exec::exception;
use assay_model::index::TagIdx;
use assay_parse::wasmparser::BlockType;

impl Frame {
    /// The handler around the block, where the block is one itself.
    fn around(&self) -> Option<Option<super::HandlerId>> {
        match self.kind {
            FrameKind::Try { outer } | FrameKind::Legacy { outer, .. } => Some(outer),
            _ => None,
        }
    }
}

impl FuncLowering<'_> {
    /// `try`
    pub(super) fn try_(&mut self, ty: BlockType) -> Result<()> {
        self.charge();
        self.stack.settle_all();
        let outer = self.handler;
        let (handler, _) = self.stack.code.handler(outer, &[]);
        self.enter_handler(Some(handler));
        let clauses = self.clauses.len();
        self.open_frame(FrameKind::Legacy { handler, outer, clauses, caught: false }, ty)
    }

    /// `catch` of a tag, or `catch_all`
    pub(super) fn catch(&mut self, tag: Option<u32>) {
        self.leave_for_end();
        let height = self.frame().height;
        if let FrameKind::Legacy { outer, ref mut caught, .. } = self.frame().kind {
            *caught = true;
            self.enter_handler(outer);
        }
        self.restack(height, BlockKinds::Empty, true);
        let reference = Some(self.stack.next_slot());
        self.stack.push(Kind::Ref, Value::Temp);
        let slot = self.stack.next_slot();
        let values = tag.map_or(&[][..], |tag| &self.exception_type(tag).params);
        for &ty in values {
            self.stack.push(Kind::of(ty, self.module), Value::Temp);
        }
        self.stack.settle_all();
        let tag = tag.map(|tag| self.layout.tag(TagIdx(tag)));
        self.clauses.push(Clause { tag, reference, slot, landing: self.stack.code.here() });
    }

    /// The block of a `try` ends. Whether values of it stand above the exception that it caught.
    pub(super) fn end_try(&mut self) -> bool {
        let FrameKind::Legacy { handler, outer, clauses, caught } = self.frame().kind else { return false };
        self.enter_handler(outer);
        if caught {
            let clauses = self.clauses.split_off(clauses);
            self.stack.code.complete_handler(handler, outer, &clauses);
        }
        caught
    }

    /// `delegate`: ends a `try` without clauses. Exceptions go on as if they were thrown where the block at `depth`, counted from
    /// outside of the `try`, has its label: to the block itself where it catches any, else to what is around it.
    pub(super) fn delegate(&mut self, depth: u32) {
        let within = self.frame_index(depth + 1) + 1;
        if let FrameKind::Legacy { handler, .. } = self.frame().kind {
            let asked = self.frames[within..].iter().find_map(Frame::around).flatten();
            self.stack.code.complete_handler(handler, asked, &[]);
        }
        self.end();
    }

    /// `rethrow` of what the clause of the block at `depth` has caught
    pub(super) fn rethrow(&mut self, depth: u32) {
        self.charge();
        let caught = self.frames[self.frame_index(depth)].height;
        let reference = Operand::Slot(self.stack.entries[caught].slot);
        self.emit_trapping(exception::throw_ref(), &[reference]);
        self.die();
    }
}
