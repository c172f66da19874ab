//! What a compiler produces: position-independent code with everything the machine must know about it.
//!
//! All offsets are into `text`. Calls inside the text are resolved; everything else is reached through the instance's
//! context, so the text can be placed anywhere and never changes.

use crate::layout::AbiSig;
use crate::trap::TrapKind;
use serde::{Deserialize, Serialize};

/// The code of a module.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CodeArtifact {
    /// Machine code and constants.
    #[serde(with = "serde_bytes")]
    pub text: Vec<u8>,
    /// Each defined function, in index order.
    pub functions: Vec<CodeRange>,
    /// Host to wasm, one for each shape among the module's escaping functions:
    /// `extern "C" fn(ctx, wasm_call, values)`.
    pub entry_trampolines: Vec<(AbiSig, CodeRange)>,
    /// Wasm to `array_call`, one for each shape among the module's types: compiled convention, `ctx` is a `FuncRef`.
    pub exit_trampolines: Vec<(AbiSig, CodeRange)>,
    /// Instructions that may fault, by offset.
    pub traps: Vec<TrapSite>,
    /// Where code comes from: `(offset, position in the binary)`, by offset; each entry reaches up to the next.
    pub address_map: Vec<(u32, u32)>,
    /// Calls during which references stand in the caller's frame, by offset.
    pub stack_maps: Vec<StackMap>,
    /// Where the references of [`Self::stack_maps`] stand, as distances from the stack pointer during the call.
    pub stack_slots: Vec<u32>,
    /// Calls inside of a `try_table`, by offset.
    pub handlers: Vec<Handler>,
}

/// A call during which references stand in the caller's frame.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackMap {
    /// Where the call returns to.
    pub offset: u32,
    /// Bytes from the stack pointer during the call to the frame pointer.
    pub frame_size: u32,
    /// The first of its slots.
    pub first: u32,
    /// How many slots it has.
    pub count: u32,
}

/// A call inside of a `try_table`: where an exception that the callee lets out goes on.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handler {
    /// Where the call returns to.
    pub offset: u32,
    /// Bytes from the stack pointer during the call to the frame pointer.
    pub frame_size: u32,
    /// The code that takes the exception.
    pub landing: u32,
}

/// A piece of the text.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeRange {
    /// First byte.
    pub start: u32,
    /// Bytes.
    pub len: u32,
}

/// An instruction that may fault, and what its fault means.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrapSite {
    /// Offset of the instruction.
    pub offset: u32,
    /// The trap.
    pub kind: TrapKind,
}

impl CodeArtifact {
    /// The trap of the instruction at `offset`.
    pub fn trap_at(&self, offset: u32) -> Option<TrapKind> {
        let found = self.traps.binary_search_by_key(&offset, |site| site.offset);
        found.ok().map(|position| self.traps[position].kind)
    }

    /// The references in the frame that makes the call which returns to `offset`: frame size, and slots.
    pub fn stack_map_at(&self, offset: u32) -> Option<(u32, &[u32])> {
        let found = self.stack_maps.binary_search_by_key(&offset, |map| map.offset).ok()?;
        let StackMap { frame_size, first, count, .. } = self.stack_maps[found];
        let slots = self.stack_slots.get(first as usize..first as usize + count as usize)?;
        Some((frame_size, slots))
    }

    /// Where an exception goes on that comes out of the call which returns to `offset`.
    pub fn handler_at(&self, offset: u32) -> Option<Handler> {
        let found = self.handlers.binary_search_by_key(&offset, |handler| handler.offset);
        found.ok().map(|position| self.handlers[position])
    }

    /// The position in the binary that the code at `offset` comes from.
    pub fn wasm_offset(&self, offset: u32) -> Option<u32> {
        let after = self.address_map.partition_point(|&(start, _)| start <= offset);
        let (_, position) = *self.address_map.get(after.checked_sub(1)?)?;
        (position != u32::MAX).then_some(position)
    }
}
