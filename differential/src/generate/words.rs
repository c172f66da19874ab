//! The words of the text format for types, constants and operators that make NaNs.
//!
//! Types are the letters of the operator table's signatures.

use super::edges;
use crate::random::Random;

/// The keyword of a type; an address of unknown width counts as the narrow one.
pub(super) fn name(ty: char) -> &'static str {
    match ty {
        'i' | 'a' => "i32",
        'I' => "i64",
        'f' => "f32",
        'F' => "f64",
        _ => "v128",
    }
}

/// A boundary value. Floats are made from bits by a `const` that keeps them.
pub(super) fn constant(ty: char, random: &mut Random) -> String {
    match ty {
        'i' => format!("(i32.const {})", random.pick(&edges::I32)),
        'I' => format!("(i64.const {})", random.pick(&edges::I64)),
        'f' => format!("(f32.const {})", f32_text(*random.pick(&edges::F32) as u32)),
        'F' => format!("(f64.const {})", f64_text(*random.pick(&edges::F64))),
        _ => {
            let bits = edges::v128(random);
            format!("(v128.const i64x2 {:#x} {:#x})", bits as u64, (bits >> 64) as u64)
        }
    }
}

/// Whether an operator makes NaNs whose bits are the engine's choice: the type of a scalar, or the shape of a vector.
pub(crate) fn quieted(mnemonic: &str) -> Option<&'static str> {
    let (ty, operator) = mnemonic.split_once('.')?;
    let arithmetic = ["add", "sub", "mul", "div", "sqrt", "ceil", "floor", "trunc", "nearest", "min", "max"];
    let resized = ["demote_f64", "promote_f32", "demote_f64x2_zero", "promote_low_f32x4"];
    let relaxed = ["relaxed_madd", "relaxed_nmadd", "relaxed_min", "relaxed_max"];
    let makes = [&arithmetic[..], &resized, &relaxed].iter().any(|names| names.contains(&operator));
    ["f32", "f64", "f32x4", "f64x2"].into_iter().find(|&shape| makes && shape == ty)
}

/// How many lanes an operator with a lane immediate chooses from.
pub(super) fn lanes(mnemonic: &str) -> usize {
    let lanes = [("i8x16", 16), ("i16x8", 8), ("32x4", 4), ("64x2", 2)];
    let widths = [("8_lane", 16), ("16_lane", 8), ("32_lane", 4), ("64_lane", 2)];
    let shape = mnemonic.split_once('.').map_or(mnemonic, |(shape, _)| shape);
    let by_shape = lanes.iter().find(|(name, _)| shape.ends_with(name));
    let by_width = || widths.iter().rev().find(|(name, _)| mnemonic.ends_with(name));
    by_shape.or_else(by_width).map_or(1, |&(_, count)| count)
}

fn f32_text(bits: u32) -> String {
    let value = f32::from_bits(bits);
    let sign = if value.is_sign_negative() { "-" } else { "" };
    match bits & 0x007f_ffff {
        payload if value.is_nan() => format!("{sign}nan:{payload:#x}"),
        _ if value.is_infinite() => format!("{sign}inf"),
        _ => format!("{value:e}"),
    }
}

fn f64_text(bits: u64) -> String {
    let value = f64::from_bits(bits);
    let sign = if value.is_sign_negative() { "-" } else { "" };
    match bits & 0x000f_ffff_ffff_ffff {
        payload if value.is_nan() => format!("{sign}nan:{payload:#x}"),
        _ if value.is_infinite() => format!("{sign}inf"),
        _ => format!("{value:e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_keep_their_bits() {
        for &bits in &edges::F32 {
            let text = format!("(module (func (drop (f32.const {}))))", f32_text(bits as u32));
            let bytes = wat::parse_str(&text).unwrap();
            assert!(bytes.windows(4).any(|window| window == (bits as u32).to_le_bytes()), "{bits:#x}");
        }
        for &bits in &edges::F64 {
            let text = format!("(module (func (drop (f64.const {}))))", f64_text(bits));
            let bytes = wat::parse_str(&text).unwrap();
            assert!(bytes.windows(8).any(|window| window == bits.to_le_bytes()), "{bits:#x}");
        }
    }

    #[test]
    fn lanes_are_those_of_the_shape() {
        for (mnemonic, count) in [
            ("i8x16.extract_lane_s", 16),
            ("i16x8.replace_lane", 8),
            ("f32x4.extract_lane", 4),
            ("i64x2.replace_lane", 2),
            ("v128.load8_lane", 16),
            ("v128.store64_lane", 2),
        ] {
            assert_eq!(lanes(mnemonic), count, "{mnemonic}");
        }
    }

    #[test]
    fn arithmetic_makes_nans_and_moving_bits_does_not() {
        let quieted_as = [("f32.add", "f32"), ("f64x2.relaxed_madd", "f64x2"), ("f32.demote_f64", "f32")];
        for (mnemonic, shape) in quieted_as {
            assert_eq!(quieted(mnemonic), Some(shape));
        }
        for mnemonic in
            ["f32.neg", "f64.copysign", "f32x4.pmin", "i32.add", "f64x2.replace_lane", "i64x2.add"]
        {
            assert_eq!(quieted(mnemonic), None, "{mnemonic}");
        }
    }
}
