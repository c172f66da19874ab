//! Values at which operators change their mind.
//!
//! Shift counts and powers of two, the ends of every integer width as they stand in wider ones, and floats at the ends of
//! what converts to an integer; NaNs quiet and signalling, of both signs. Vectors have such values in their lanes.

use crate::random::Random;

/// Bits of `i32` values.
pub const I32: [u64; 30] = [
    0,
    1,
    2,
    3,
    7,
    8,
    15,
    16,
    31,
    32,
    33,
    63,
    64,
    127,
    128,
    255,
    256,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    0xfff8,
    0x7fff_fffe,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_0001,
    0xffff_ff80,
    0xffff_8000,
    0xffff_fffe,
    0xffff_ffff,
];

/// Bits of `i64` values.
pub const I64: [u64; 28] = [
    0,
    1,
    2,
    31,
    32,
    33,
    63,
    64,
    65,
    127,
    128,
    255,
    0x8000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    0x001f_ffff_ffff_ffff,
    0x0020_0000_0000_0001,
    0x7fff_ffff_ffff_fffe,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0x8000_0000_0000_0001,
    0xffff_ffff_0000_0000,
    0xffff_ffff_7fff_ffff,
    0xffff_ffff_8000_0000,
    0xffff_ffff_ffff_fffe,
    0xffff_ffff_ffff_ffff,
];

/// Bits of `f32` values: zeros, ones, subnormals, halves, the ends of i32, u32, i64 and u64, infinities, NaNs.
pub const F32: [u64; 30] = [
    0,
    0x8000_0000,
    0x3f80_0000,
    0xbf80_0000,
    1,
    0x8000_0001,
    0x007f_ffff,
    0x0080_0000,
    0x3f00_0000,
    0xbf00_0000,
    0x3fc0_0000,
    0x4020_0000,
    0xbf7f_ffff,
    0x4b00_0001,
    0x4eff_ffff,
    0x4f00_0000,
    0xcf00_0000,
    0xcf00_0001,
    0x4f80_0000,
    0x4f7f_ffff,
    0x5f00_0000,
    0x5f80_0000,
    0xdf00_0000,
    0x7f7f_ffff,
    0x7f80_0000,
    0xff80_0000,
    0x7fc0_0000,
    0xffc0_0000,
    0x7fa0_0000,
    0xff80_0001,
];

/// Bits of `f64` values: as for `f32`, and what the narrower float rounds to its ends.
pub const F64: [u64; 32] = [
    0,
    0x8000_0000_0000_0000,
    0x3ff0_0000_0000_0000,
    0xbff0_0000_0000_0000,
    1,
    0x8000_0000_0000_0001,
    0x000f_ffff_ffff_ffff,
    0x0010_0000_0000_0000,
    0x3fe0_0000_0000_0000,
    0xbfe0_0000_0000_0000,
    0x3ff8_0000_0000_0000,
    0x4004_0000_0000_0000,
    0xbfef_ffff_ffff_ffff,
    0x4330_0000_0000_0001,
    0x41df_ffff_ffc0_0000,
    0x41e0_0000_0000_0000,
    0xc1e0_0000_0000_0000,
    0xc1e0_0000_0020_0000,
    0x41ef_ffff_ffe0_0000,
    0x41f0_0000_0000_0000,
    0x43df_ffff_ffff_ffff,
    0x43e0_0000_0000_0000,
    0xc3e0_0000_0000_0000,
    0x43f0_0000_0000_0000,
    0x47ef_ffff_f000_0000,
    0x36a0_0000_0000_0000,
    0x7fef_ffff_ffff_ffff,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0x7ff8_0000_0000_0000,
    0xfff8_0000_0000_0000,
    0x7ff4_0000_0000_0001,
];

/// Bits of a vector: lanes of one width with boundary values, all the same or each its own, or any bits.
pub fn v128(random: &mut Random) -> u128 {
    let (width, values): (u32, &[u64]) = match random.below(7) {
        0 => (8, &I32),
        1 => (16, &I32),
        2 => (32, &I32),
        3 => (64, &I64),
        4 => (32, &F32),
        5 => (64, &F64),
        _ => return u128::from(random.next()) << 64 | u128::from(random.next()),
    };
    let same = random.one_in(3).then(|| *random.pick(values));
    let mask = u64::MAX >> (64 - width);
    (0..128 / width).fold(0, |bits, lane| {
        let value = same.unwrap_or_else(|| *random.pick(values)) & mask;
        bits | u128::from(value) << (lane * width)
    })
}
