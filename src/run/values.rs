//! Values on the command line: read by the type of the parameter, printed by the type of the result.

use assay_runtime::{Val, ValType};

/// Reads an argument.
pub(super) fn parse(text: &str, ty: ValType) -> Result<Val, String> {
    let bad = || format!("`{text}` is not a value of type {ty}");
    match ty {
        ValType::I32 => integer(text, 32).map(|bits| Val::I32(bits as i32)).ok_or_else(bad),
        ValType::I64 => integer(text, 64).map(|bits| Val::I64(bits as i64)).ok_or_else(bad),
        ValType::F32 => text.parse::<f32>().map(|value| Val::F32(value.to_bits())).map_err(|_| bad()),
        ValType::F64 => text.parse::<f64>().map(|value| Val::F64(value.to_bits())).map_err(|_| bad()),
        ValType::Ref(_) if text == "null" => Val::default_for_ty(ty).ok_or_else(bad),
        _ => Err(format!(
            "values of type {ty} cannot be given on the command line (`null` can, for references)"
        )),
    }
}

/// A number of at most `bits` bits: decimal within the signed range, or hexadecimal bits.
fn integer(text: &str, bits: u32) -> Option<i128> {
    let max = (1i128 << (bits - 1)) - 1;
    if let Some(digits) = text.strip_prefix("0x") {
        let value = i128::from(u64::from_str_radix(digits, 16).ok()?);
        return (value < 1 << bits).then_some(value);
    }
    let value: i128 = text.parse().ok()?;
    (-max - 1..=max).contains(&value).then_some(value)
}

/// Prints a result.
pub(super) fn show(value: &Val) -> String {
    match *value {
        Val::I32(value) => value.to_string(),
        Val::I64(value) => value.to_string(),
        Val::F32(bits) => f32::from_bits(bits).to_string(),
        Val::F64(bits) => f64::from_bits(bits).to_string(),
        Val::V128(bits) => format!("{bits:#034x}"),
        Val::FuncRef(None) | Val::ExternRef(None) | Val::AnyRef(None) | Val::ExnRef(None) => {
            "null".to_owned()
        }
        Val::FuncRef(Some(_)) => "<funcref>".to_owned(),
        Val::ExternRef(Some(_)) => "<externref>".to_owned(),
        Val::AnyRef(Some(_)) => "<anyref>".to_owned(),
        Val::ExnRef(Some(_)) => "<exnref>".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn i32_of(text: &str) -> Option<i32> {
        parse(text, ValType::I32).ok()?.i32()
    }

    #[test]
    fn integers_are_checked_against_their_width() {
        assert_eq!(i32_of("-2147483648"), Some(i32::MIN));
        assert_eq!(i32_of("0xffffffff"), Some(-1));
        assert_eq!([i32_of("2147483648"), i32_of("0x100000000"), i32_of("1.0"), i32_of("")], [None; 4]);
        let wide = parse("-9223372036854775808", ValType::I64).ok();
        assert_eq!(wide.and_then(|value| value.i64()), Some(i64::MIN));
    }

    #[test]
    fn references_can_only_be_null() {
        assert!(parse("null", ValType::FUNCREF).is_ok());
        assert!(parse("7", ValType::EXTERNREF).is_err());
    }
}
