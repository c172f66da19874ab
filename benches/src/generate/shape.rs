//! What the generated functions have in common: signatures, callees, the layout of memory and globals.

use wasm_encoder::{InstructionSink, ValType};

use super::random::Random;

/// The first functions call nothing; all others call only these, so that every call chain ends soon.
pub(super) const LEAVES: usize = 64;
/// Mutable globals of type i32; the first is a shadow stack pointer.
pub(super) const GLOBALS: usize = 6;
/// Where the shadow stack begins; it grows down, integers live between it and zero.
pub(super) const STACK_TOP: i32 = 48 * 1024;
/// Keeps an integer's address below the shadow stack's top, whatever its low bits.
pub(super) const INTEGER_MASK: i32 = 0x7ff8;
/// Floats live apart, so that no integer is ever read from the bits of a NaN.
pub(super) const FLOAT_BASE: u64 = 64 * 1024;

/// The types a generated function works with.
pub(super) const TYPES: [ValType; 3] = [ValType::I32, ValType::I64, ValType::F64];

pub(super) struct Signature {
    pub(super) params: Vec<ValType>,
    pub(super) result: ValType,
}

/// A handful of signatures, shared by all functions as in real modules.
pub(super) fn signatures(random: &mut Random) -> Vec<Signature> {
    (0..16)
        .map(|_| {
            let params = (0..1 + random.below(5)).map(|_| any_type(random)).collect();
            Signature { params, result: any_type(random) }
        })
        .collect()
}

/// Mostly i32, as C and Rust compile to.
pub(super) fn any_type(random: &mut Random) -> ValType {
    TYPES[[0, 0, 0, 0, 0, 1, 1, 1, 2, 2][random.below(10)]]
}

/// What a function may call: the kinds (indices of signatures) of the leaves, by their index.
pub(super) struct Callees<'a>(&'a [usize]);

impl<'a> Callees<'a> {
    pub(super) fn new(kinds: &'a [usize]) -> Self {
        Callees(kinds)
    }

    /// Some leaf: its function index, which is also its slot in the table, and its kind.
    pub(super) fn pick(&self, random: &mut Random) -> (u32, usize) {
        let index = random.below(self.0.len());
        (index as u32, self.0[index])
    }
}

/// Pushes a local of type i32 as a value of the wanted type.
pub(super) fn from_i32(code: &mut InstructionSink<'_>, local: u32, wanted: ValType) {
    code.local_get(local);
    match wanted {
        ValType::I64 => code.i64_extend_i32_s(),
        ValType::F64 => code.f64_convert_i32_s(),
        _ => code,
    };
}

/// Turns the value on the stack into an i64 in which no NaN shows its bits.
pub(super) fn into_i64(code: &mut InstructionSink<'_>, given: ValType) {
    match given {
        ValType::I32 => code.i64_extend_i32_s(),
        ValType::F64 => code.i64_trunc_sat_f64_s(),
        _ => code,
    };
}
