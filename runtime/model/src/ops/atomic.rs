//! Atomic operators, waiting and notifying ([threads proposal](https://github.com/WebAssembly/threads)).
//!
//! All are sequentially consistent. The address is index plus offset; each operator traps in this order: with
//! `UnalignedAtomic` when the address is no multiple of the width, with `ExpectedSharedMemory` when a wait meets a memory
//! that is not shared, with `MemoryOutOfBounds` when the access ends outside. Widths of waits are those of their names;
//! a notification has one of 4 bytes. Unshared memories take all other operators.

use super::{Immediates as Im, OpRow, op};
use crate::features::Feature;

pub(super) const OPS: &[OpRow] = &[
    op(0x00, "memory.atomic.notify", Im::MemArg, "ai:i").traps().shares().of(Feature::Threads).prefixed(0xfe),
    op(0x01, "memory.atomic.wait32", Im::MemArg, "aiI:i")
        .traps()
        .shares()
        .of(Feature::Threads)
        .prefixed(0xfe),
    op(0x02, "memory.atomic.wait64", Im::MemArg, "aII:i")
        .traps()
        .shares()
        .of(Feature::Threads)
        .prefixed(0xfe),
    op(0x03, "atomic.fence", Im::Fence, ":").of(Feature::Threads).prefixed(0xfe),
    op(0x10, "i32.atomic.load", Im::MemArg, "a:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x11, "i64.atomic.load", Im::MemArg, "a:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x12, "i32.atomic.load8_u", Im::MemArg, "a:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x13, "i32.atomic.load16_u", Im::MemArg, "a:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x14, "i64.atomic.load8_u", Im::MemArg, "a:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x15, "i64.atomic.load16_u", Im::MemArg, "a:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x16, "i64.atomic.load32_u", Im::MemArg, "a:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x17, "i32.atomic.store", Im::MemArg, "ai:").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x18, "i64.atomic.store", Im::MemArg, "aI:").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x19, "i32.atomic.store8", Im::MemArg, "ai:").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x1a, "i32.atomic.store16", Im::MemArg, "ai:").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x1b, "i64.atomic.store8", Im::MemArg, "aI:").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x1c, "i64.atomic.store16", Im::MemArg, "aI:").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x1d, "i64.atomic.store32", Im::MemArg, "aI:").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x1e, "i32.atomic.rmw.add", Im::MemArg, "ai:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x1f, "i64.atomic.rmw.add", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x20, "i32.atomic.rmw8.add_u", Im::MemArg, "ai:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x21, "i32.atomic.rmw16.add_u", Im::MemArg, "ai:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x22, "i64.atomic.rmw8.add_u", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x23, "i64.atomic.rmw16.add_u", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x24, "i64.atomic.rmw32.add_u", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x25, "i32.atomic.rmw.sub", Im::MemArg, "ai:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x26, "i64.atomic.rmw.sub", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x27, "i32.atomic.rmw8.sub_u", Im::MemArg, "ai:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x28, "i32.atomic.rmw16.sub_u", Im::MemArg, "ai:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x29, "i64.atomic.rmw8.sub_u", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x2a, "i64.atomic.rmw16.sub_u", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x2b, "i64.atomic.rmw32.sub_u", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x2c, "i32.atomic.rmw.and", Im::MemArg, "ai:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x2d, "i64.atomic.rmw.and", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x2e, "i32.atomic.rmw8.and_u", Im::MemArg, "ai:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x2f, "i32.atomic.rmw16.and_u", Im::MemArg, "ai:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x30, "i64.atomic.rmw8.and_u", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x31, "i64.atomic.rmw16.and_u", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x32, "i64.atomic.rmw32.and_u", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x33, "i32.atomic.rmw.or", Im::MemArg, "ai:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x34, "i64.atomic.rmw.or", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x35, "i32.atomic.rmw8.or_u", Im::MemArg, "ai:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x36, "i32.atomic.rmw16.or_u", Im::MemArg, "ai:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x37, "i64.atomic.rmw8.or_u", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x38, "i64.atomic.rmw16.or_u", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x39, "i64.atomic.rmw32.or_u", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x3a, "i32.atomic.rmw.xor", Im::MemArg, "ai:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x3b, "i64.atomic.rmw.xor", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x3c, "i32.atomic.rmw8.xor_u", Im::MemArg, "ai:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x3d, "i32.atomic.rmw16.xor_u", Im::MemArg, "ai:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x3e, "i64.atomic.rmw8.xor_u", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x3f, "i64.atomic.rmw16.xor_u", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x40, "i64.atomic.rmw32.xor_u", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x41, "i32.atomic.rmw.xchg", Im::MemArg, "ai:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x42, "i64.atomic.rmw.xchg", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x43, "i32.atomic.rmw8.xchg_u", Im::MemArg, "ai:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x44, "i32.atomic.rmw16.xchg_u", Im::MemArg, "ai:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x45, "i64.atomic.rmw8.xchg_u", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x46, "i64.atomic.rmw16.xchg_u", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x47, "i64.atomic.rmw32.xchg_u", Im::MemArg, "aI:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x48, "i32.atomic.rmw.cmpxchg", Im::MemArg, "aii:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x49, "i64.atomic.rmw.cmpxchg", Im::MemArg, "aII:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x4a, "i32.atomic.rmw8.cmpxchg_u", Im::MemArg, "aii:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x4b, "i32.atomic.rmw16.cmpxchg_u", Im::MemArg, "aii:i").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x4c, "i64.atomic.rmw8.cmpxchg_u", Im::MemArg, "aII:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x4d, "i64.atomic.rmw16.cmpxchg_u", Im::MemArg, "aII:I").traps().of(Feature::Threads).prefixed(0xfe),
    op(0x4e, "i64.atomic.rmw32.cmpxchg_u", Im::MemArg, "aII:I").traps().of(Feature::Threads).prefixed(0xfe),
];
