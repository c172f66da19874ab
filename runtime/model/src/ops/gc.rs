//! Structures, arrays, `i31` and casts ([Aggregate reference instructions](https://webassembly.github.io/spec/core/exec/instructions.html#aggregate-reference-instructions)).

use super::{Immediates as Im, OpRow, op};
use crate::features::Feature;

const fn gc(code: u32, mnemonic: &'static str, immediates: Im, signature: &'static str) -> OpRow {
    op(code, mnemonic, immediates, signature).prefixed(0xfb).of(Feature::Gc)
}

pub(super) const EQUALITY: &[OpRow] = &[op(0xd3, "ref.eq", Im::None, "rr:i").of(Feature::Gc)];

pub(super) const OPS: &[OpRow] = &[
    gc(0x00, "struct.new", Im::Type, "*:r").shares().traps(),
    gc(0x01, "struct.new_default", Im::Type, ":r").shares().traps(),
    gc(0x02, "struct.get", Im::TypeField, "r:t").traps(),
    gc(0x03, "struct.get_s", Im::TypeField, "r:i").traps(),
    gc(0x04, "struct.get_u", Im::TypeField, "r:i").traps(),
    gc(0x05, "struct.set", Im::TypeField, "rt:").traps(),
    gc(0x06, "array.new", Im::Type, "ti:r").shares().traps(),
    gc(0x07, "array.new_default", Im::Type, "i:r").shares().traps(),
    gc(0x08, "array.new_fixed", Im::TypeCount, "*:r").shares().traps(),
    gc(0x09, "array.new_data", Im::TypeData, "ii:r").shares().traps(),
    gc(0x0a, "array.new_elem", Im::TypeElem, "ii:r").shares().traps(),
    gc(0x0b, "array.get", Im::Type, "ri:t").traps(),
    gc(0x0c, "array.get_s", Im::Type, "ri:i").traps(),
    gc(0x0d, "array.get_u", Im::Type, "ri:i").traps(),
    gc(0x0e, "array.set", Im::Type, "rit:").traps(),
    gc(0x0f, "array.len", Im::None, "r:i").traps(),
    gc(0x10, "array.fill", Im::Type, "riti:").traps(),
    gc(0x11, "array.copy", Im::TypeType, "ririi:").traps(),
    gc(0x12, "array.init_data", Im::TypeData, "riii:").traps(),
    gc(0x13, "array.init_elem", Im::TypeElem, "riii:").traps(),
    gc(0x14, "ref.test", Im::HeapType, "r:i"),
    gc(0x15, "ref.test", Im::NullableHeapType, "r:i"),
    gc(0x16, "ref.cast", Im::HeapType, "r:r").traps(),
    gc(0x17, "ref.cast", Im::NullableHeapType, "r:r").traps(),
    gc(0x18, "br_on_cast", Im::CastLabel, "*r:*"),
    gc(0x19, "br_on_cast_fail", Im::CastLabel, "*r:*"),
    gc(0x1a, "any.convert_extern", Im::None, "r:r"),
    gc(0x1b, "extern.convert_any", Im::None, "r:r"),
    gc(0x1c, "ref.i31", Im::None, "i:r"),
    gc(0x1d, "i31.get_s", Im::None, "r:i").traps(),
    gc(0x1e, "i31.get_u", Im::None, "r:i").traps(),
];
