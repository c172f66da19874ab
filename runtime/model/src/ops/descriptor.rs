//! Structures with descriptors ([Custom descriptors](https://github.com/WebAssembly/custom-descriptors/blob/main/proposals/custom-descriptors/Overview.md)).

use super::{Immediates as Im, OpRow, op};
use crate::features::Feature;

const fn descriptor(code: u32, mnemonic: &'static str, immediates: Im, signature: &'static str) -> OpRow {
    op(code, mnemonic, immediates, signature).prefixed(0xfb).of(Feature::CustomDescriptors).traps()
}

pub(super) const OPS: &[OpRow] = &[
    descriptor(0x20, "struct.new_desc", Im::Type, "*:r").shares(),
    descriptor(0x21, "struct.new_default_desc", Im::Type, "r:r").shares(),
    descriptor(0x22, "ref.get_desc", Im::Type, "r:r"),
    descriptor(0x23, "ref.cast_desc_eq", Im::HeapType, "rr:r"),
    descriptor(0x24, "ref.cast_desc_eq", Im::NullableHeapType, "rr:r"),
    descriptor(0x25, "br_on_cast_desc_eq", Im::CastLabel, "*rr:*"),
    descriptor(0x26, "br_on_cast_desc_eq_fail", Im::CastLabel, "*rr:*"),
];
