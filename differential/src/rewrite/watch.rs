//! The form of a module that writes down the value behind every operator, in a memory of its own.
//!
//! Enters: a module; leaves: the same with a call behind each operator that leaves a number or a vector, and later the trace,
//! read from what an observation says of that memory. Any lane can play it, and each tells how it came to its result. What
//! it cannot tell: references, and whether a compiler would have made the same mistake with nobody watching.
//!
//! The memory is the last of its instance. It begins with the number of values so far and a mark, followed by records of
//! those whose number lies in a window.

use super::sections::{leb, signed_leb};
use super::{Additions, Counts, rewrite};
use crate::observe::{Image, Seen};
use wasm_encoder::{BlockType, Instruction as I, MemArg, MemArgTarget, ValType};

/// Which values are kept of one play: so many, beginning with this number.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Window {
    pub(crate) first: u32,
    pub(crate) len: u32,
}

impl Window {
    /// The size of a memory for it, in pages.
    fn pages(self) -> u64 {
        (u64::from(self.len * RECORD) + RECORDS).div_ceil(0x1_0000)
    }
}

/// Bytes of a record: the position of the operator, the type, and at 16 the value.
const RECORD: u32 = 32;
const RECORDS: u64 = 64;
const MARK: u32 = 0x6b72_616d;

const TYPES: [ValType; 5] = [ValType::I32, ValType::I64, ValType::F32, ValType::F64, ValType::V128];

/// A value behind an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// Position of the operator in the binary.
    pub(crate) offset: u32,
    /// What it left on the stack.
    pub(crate) value: Seen,
}

/// The values of a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recording {
    /// How many values there were in all.
    pub(crate) count: u64,
    /// Those in the window.
    pub(crate) events: Vec<Event>,
}

/// That form; `None` where the module is not valid.
pub(crate) fn watched(bytes: &[u8], window: Window) -> Option<Vec<u8>> {
    rewrite(
        bytes,
        |counts| additions(counts, window),
        |counts, site, out| {
            let helper = site.result.and_then(|ty| {
                let encoded = match ty {
                    wasmparser::ValType::I32 => ValType::I32,
                    wasmparser::ValType::I64 => ValType::I64,
                    wasmparser::ValType::F32 => ValType::F32,
                    wasmparser::ValType::F64 => ValType::F64,
                    wasmparser::ValType::V128 => ValType::V128,
                    wasmparser::ValType::Ref(_) => return None,
                };
                TYPES.iter().position(|&ty| ty == encoded)
            });
            let Some(helper) = helper else { return };
            out.push(0x41);
            out.extend(signed_leb(i64::from(site.offset.cast_signed())));
            out.push(0x10);
            out.extend(leb(u64::from(counts.functions) + helper as u64));
        },
    )
}

/// The memory, and for each type a function that writes its argument down and returns it.
fn additions(counts: Counts, window: Window) -> Additions {
    let mut additions = Additions::default();
    // Limits with a maximum.
    additions.memories.push([vec![1], leb(window.pages()), leb(window.pages())].concat());
    let at =
        |offset| MemArg { offset, align: 0, target: MemArgTarget::Memory(counts.memories), ordering: None };
    let [value, offset, number] = [0, 1, 2].map(I::LocalGet);
    let zero = I::I32Const(0);
    for (tag, ty) in TYPES.into_iter().enumerate() {
        let store = match ty {
            ValType::I32 => I::I32Store(at(RECORDS + 16)),
            ValType::I64 => I::I64Store(at(RECORDS + 16)),
            ValType::F32 => I::F32Store(at(RECORDS + 16)),
            ValType::F64 => I::F64Store(at(RECORDS + 16)),
            _ => I::V128Store(at(RECORDS + 16)),
        };
        let code = [
            // number = count; count += 1
            zero.clone(),
            zero.clone(),
            I::I32Load(at(0)),
            I::LocalTee(2),
            I::I32Const(1),
            I::I32Add,
            I::I32Store(at(0)),
            zero.clone(),
            I::I32Const(MARK.cast_signed()),
            I::I32Store(at(4)),
            // Numbers before the window wrap around, and are not below its length.
            number.clone(),
            I::I32Const(window.first.cast_signed()),
            I::I32Sub,
            I::LocalTee(2),
            I::I32Const(window.len.cast_signed()),
            I::I32LtU,
            I::If(BlockType::Empty),
            number.clone(),
            I::I32Const(RECORD.cast_signed()),
            I::I32Mul,
            I::LocalTee(2),
            offset.clone(),
            I::I32Store(at(RECORDS)),
            number.clone(),
            I::I32Const(tag as i32),
            I::I32Store(at(RECORDS + 4)),
            number.clone(),
            value.clone(),
            store,
            I::End,
            value.clone(),
        ];
        additions.add(counts, &[ty, ValType::I32], &[ty], 1, &code);
    }
    additions
}

/// What such a memory says; `None` where it is none of these. One in which nothing was ever written is none, either.
pub(crate) fn recording(memory: &Image, window: Window) -> Option<Recording> {
    let bytes = (memory.size as u64 == window.pages() << 16).then(|| memory.bytes())?;
    let word = |at: usize| bytes[at..].first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    if word(4)? != MARK {
        return None;
    }
    let count = word(0)?;
    let kept = count.saturating_sub(window.first).min(window.len);
    let events = (0..kept).map(|number| {
        let at = RECORDS as usize + (number * RECORD) as usize;
        let bits = u128::from_le_bytes(*bytes[at + 16..].first_chunk()?);
        let value = match word(at + 4)? {
            0 => Seen::I32(bits as u32),
            1 => Seen::I64(bits as u64),
            2 => Seen::F32(bits as u32),
            3 => Seen::F64(bits as u64),
            _ => Seen::V128(bits),
        };
        Some(Event { offset: word(at)?, value })
    });
    Some(Recording { count: u64::from(count), events: events.collect::<Option<_>>()? })
}
