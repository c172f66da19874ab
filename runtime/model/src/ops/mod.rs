//! The operator table: one row per operator, one file per proposal.
//!
//! A row says what an operator is: its opcode, mnemonic, stack signature, whether it can trap and which objects that
//! both engines share it goes through. Generators, the differential harness and the fuel rule read it; the lowerings
//! do not need it. Rows are plain data, so that a reader can compare them with the specification's
//! [index of instructions][spec].
//!
//! [spec]: https://webassembly.github.io/spec/core/appendix/index-instructions.html

mod atomic;
mod bulk;
mod control;
mod descriptor;
mod exception;
pub mod fuel;
mod gc;
mod memory;
mod numeric;
mod reference;
mod simd;

use crate::features::Feature;

/// The immediates that follow an opcode.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the binary format's")]
pub enum Immediates {
    None,
    Block,
    Label,
    LabelTable,
    Func,
    Type,
    CallIndirect,
    SelectTypes,
    Local,
    Global,
    Table,
    TableTable,
    MemArg,
    Memory,
    MemoryMemory,
    DataMemory,
    Data,
    ElemTable,
    Elem,
    HeapType,
    /// A heap type whose references may be null: the opcode says so.
    NullableHeapType,
    /// Flags, a label, and two heap types.
    CastLabel,
    TypeField,
    /// A type and a number of elements.
    TypeCount,
    TypeData,
    TypeElem,
    TypeType,
    Tag,
    /// A block type and a list of catch clauses.
    TryTable,
    I32,
    I64,
    F32,
    F64,
    /// Sixteen bytes.
    V128,
    Lane,
    MemArgLane,
    /// Sixteen lanes.
    Shuffle,
    /// A byte that is zero.
    Fence,
}

/// An operator.
#[derive(Copy, Clone, Debug)]
pub struct OpRow {
    /// Prefix byte, 0 for none.
    pub prefix: u8,
    /// The opcode; behind a prefix the number that follows it.
    pub code: u32,
    /// Name in the text format.
    pub mnemonic: &'static str,
    /// What follows the opcode.
    pub immediates: Immediates,
    /// Stack signature, `operands:results`, with `i` i32, `I` i64, `f` f32, `F` f64, `v` v128, `r` any reference, `a` address or
    /// index type of the memory or table, `t` any value, `*` depends on immediates.
    pub signature: &'static str,
    /// Whether it can trap.
    pub may_trap: bool,
    /// Whether it goes through objects that both engines share (growth, GC heap, canonical types, queues of waiting
    /// threads), so that comparing them with each other proves nothing and an outside engine must join.
    pub shared: bool,
    /// The feature it belongs to; `None` for the first release.
    pub feature: Option<Feature>,
}

/// The operators of every file of the table.
pub fn all() -> impl Iterator<Item = &'static OpRow> {
    [
        control::OPS,
        reference::OPS,
        exception::OPS,
        exception::LEGACY,
        gc::EQUALITY,
        gc::OPS,
        descriptor::OPS,
        memory::OPS,
        numeric::OPS,
        numeric::SIGN_EXTENSION,
        numeric::SATURATING,
        numeric::WIDE,
        bulk::OPS,
        simd::MEMORY,
        simd::OPS,
        simd::RELAXED,
        atomic::OPS,
    ]
    .into_iter()
    .flatten()
}

/// The row with this opcode.
pub fn by_opcode(prefix: u8, code: u32) -> Option<&'static OpRow> {
    all().find(|row| row.prefix == prefix && row.code == code)
}

const fn op(code: u32, mnemonic: &'static str, immediates: Immediates, signature: &'static str) -> OpRow {
    OpRow { prefix: 0, code, mnemonic, immediates, signature, may_trap: false, shared: false, feature: None }
}

impl OpRow {
    const fn traps(self) -> Self {
        Self { may_trap: true, ..self }
    }

    const fn shares(self) -> Self {
        Self { shared: true, ..self }
    }

    const fn of(self, feature: Feature) -> Self {
        Self { feature: Some(feature), ..self }
    }

    const fn prefixed(self, prefix: u8) -> Self {
        Self { prefix, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::all;
    use std::collections::HashSet;

    #[test]
    fn opcodes_and_mnemonics_are_unique() {
        let mut codes = HashSet::new();
        let mut names = HashSet::new();
        for row in all() {
            assert!(codes.insert((row.prefix, row.code)), "{}", row.mnemonic);
            assert!(names.insert((row.mnemonic, row.immediates as u8)), "{}", row.mnemonic);
            assert!(row.signature.contains(':'), "{}", row.mnemonic);
        }
    }
}
