//! The form of a module in which NaN bits decide nothing: every NaN is made canonical where it arises.
//!
//! Enters: a module; leaves: the same with a call behind each operator that makes NaNs. Generators that write text do this
//! while they write; this is for modules that come from elsewhere.

use super::sections::leb;
use super::{Additions, Counts, rewrite};
use crate::generate::quieted;
use wasm_encoder::{Instruction as I, ValType};

/// A shape of floats: what operators call it, its type, the canonical NaN, what finds NaNs, and what chooses.
type Shape = (&'static str, ValType, I<'static>, I<'static>, I<'static>);

fn shapes() -> [Shape; 4] {
    let (narrow, wide) = (0x7fc0_0000_u32, 0x7ff8_0000_0000_0000_u64);
    let narrow_lanes = (0..4).fold(0, |bits: u128, _| bits << 32 | u128::from(narrow)).cast_signed();
    let wide_lanes = (u128::from(wide) << 64 | u128::from(wide)).cast_signed();
    [
        ("f32", ValType::F32, I::F32Const(f32::from_bits(narrow).into()), I::F32Ne, I::Select),
        ("f64", ValType::F64, I::F64Const(f64::from_bits(wide).into()), I::F64Ne, I::Select),
        ("f32x4", ValType::V128, I::V128Const(narrow_lanes), I::F32x4Ne, I::V128Bitselect),
        ("f64x2", ValType::V128, I::V128Const(wide_lanes), I::F64x2Ne, I::V128Bitselect),
    ]
}

/// That form; `None` where the module is not valid.
pub(crate) fn quiet(bytes: &[u8]) -> Option<Vec<u8>> {
    let names = shapes().map(|shape| shape.0);
    rewrite(bytes, additions, |counts, site, out| {
        let shape = site.row.and_then(|row| quieted(row.mnemonic));
        let Some(helper) = names.iter().position(|&name| Some(name) == shape) else { return };
        out.push(0x10);
        out.extend(leb(u64::from(counts.functions) + helper as u64));
    })
}

/// A function for each shape.
fn additions(counts: Counts) -> Additions {
    let mut additions = Additions::default();
    for (_, ty, nan, differs, choose) in shapes() {
        let value = I::LocalGet(0);
        let code = [nan, value.clone(), value.clone(), value, differs, choose];
        additions.add(counts, &[ty], &[ty], 0, &code);
    }
    additions
}

#[cfg(test)]
mod tests {
    use super::quiet;
    use crate::case::{Case, ModuleBytes, Settings, Step};
    use crate::lanes::{Lane, Lanes, on_lane_thread};
    use crate::observe::{Outcome, Seen};
    use crate::play::play;

    #[test]
    fn nans_of_every_shape_are_made_canonical() {
        let text = r#"(module (func (export "f") (result i32 i64 v128 v128)
            (i32.reinterpret_f32 (f32.sqrt (f32.const -1)))
            (i64.reinterpret_f64 (f64.add (f64.const -nan:0x8000000000001) (f64.const 1)))
            (f32x4.sub (v128.const f32x4 1 inf 3 nan:0x600000) (v128.const f32x4 1 inf 4 0))
            (f64x2.max (v128.const f64x2 -nan:0x8000000000007 5) (v128.const f64x2 1 4))))"#;
        let bytes = quiet(&wat::parse_str(text).unwrap()).unwrap();
        let steps = vec![
            Step::Instantiate { instantiate: 0 },
            Step::Call { call: "f".to_owned(), instance: 0, args: Vec::new() },
        ];
        let modules = vec![ModuleBytes { bytes, canonical: None }];
        let case = Case { origin: String::new(), settings: Settings::default(), modules, steps };
        let lanes = Lanes::new().unwrap();
        let seen = on_lane_thread(|| play(&case, lanes.engine(Lane::Interp, false), None)).unwrap();
        let five = 0x4014_u128 << 112;
        let expected = vec![
            Seen::I32(0x7fc0_0000),
            Seen::I64(0x7ff8 << 48),
            Seen::V128(0x7fc0_0000_bf80_0000_7fc0_0000_0000_0000),
            Seen::V128(five | 0x7ff8 << 48),
        ];
        assert_eq!(seen.steps[1].outcome, Outcome::Returned(expected));
        assert!(quiet(b"\0asm\x01\0\0\0\x03\x02\x01\x07").is_none());
    }
}
