//! Scalar loads and stores, size and growth ([Memory instructions](https://webassembly.github.io/spec/core/exec/instructions.html#memory-instructions)).

use super::{Immediates as Im, OpRow, op};

pub(super) const OPS: &[OpRow] = &[
    op(0x28, "i32.load", Im::MemArg, "a:i").traps(),
    op(0x29, "i64.load", Im::MemArg, "a:I").traps(),
    op(0x2a, "f32.load", Im::MemArg, "a:f").traps(),
    op(0x2b, "f64.load", Im::MemArg, "a:F").traps(),
    op(0x2c, "i32.load8_s", Im::MemArg, "a:i").traps(),
    op(0x2d, "i32.load8_u", Im::MemArg, "a:i").traps(),
    op(0x2e, "i32.load16_s", Im::MemArg, "a:i").traps(),
    op(0x2f, "i32.load16_u", Im::MemArg, "a:i").traps(),
    op(0x30, "i64.load8_s", Im::MemArg, "a:I").traps(),
    op(0x31, "i64.load8_u", Im::MemArg, "a:I").traps(),
    op(0x32, "i64.load16_s", Im::MemArg, "a:I").traps(),
    op(0x33, "i64.load16_u", Im::MemArg, "a:I").traps(),
    op(0x34, "i64.load32_s", Im::MemArg, "a:I").traps(),
    op(0x35, "i64.load32_u", Im::MemArg, "a:I").traps(),
    op(0x36, "i32.store", Im::MemArg, "ai:").traps(),
    op(0x37, "i64.store", Im::MemArg, "aI:").traps(),
    op(0x38, "f32.store", Im::MemArg, "af:").traps(),
    op(0x39, "f64.store", Im::MemArg, "aF:").traps(),
    op(0x3a, "i32.store8", Im::MemArg, "ai:").traps(),
    op(0x3b, "i32.store16", Im::MemArg, "ai:").traps(),
    op(0x3c, "i64.store8", Im::MemArg, "aI:").traps(),
    op(0x3d, "i64.store16", Im::MemArg, "aI:").traps(),
    op(0x3e, "i64.store32", Im::MemArg, "aI:").traps(),
    op(0x3f, "memory.size", Im::Memory, ":a"),
    op(0x40, "memory.grow", Im::Memory, "a:a").shares(),
];
