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

    /// The position in the binary that the code at `offset` comes from.
    pub fn wasm_offset(&self, offset: u32) -> Option<u32> {
        let after = self.address_map.partition_point(|&(start, _)| start <= offset);
        let (_, position) = *self.address_map.get(after.checked_sub(1)?)?;
        (position != u32::MAX).then_some(position)
    }
}
