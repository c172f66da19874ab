//! What the lowering writes, as listings.

use super::*;
use crate::lower::function::FuncLowering;
use assay_model::features::FeatureSet;

/// The code of the first function of a module.
fn listing(body: &str) -> Vec<String> {
    let bytes = wat::parse_str(format!("(module (memory 1) (func {body}))")).unwrap();
    let parsed = assay_parse::parse(&bytes, FeatureSet::built_by_interp()).unwrap();
    let layout = VmCtxLayout::new(&parsed.model);
    let structs = gc::structs(&parsed.model);
    let mut lowering = FuncLowering::new(&parsed.model, &layout, &structs, &bytes, LowerOptions::default());
    lowering.function(&parsed, &bytes, DefinedFuncIdx(0)).unwrap();
    lowering.finish().code.listing()
}

#[test]
fn results_go_straight_to_locals() {
    let code = listing("(param i32 i32) (local.set 0 (i32.add (local.get 0) (i32.const 3)))");
    assert_eq!(code, ["Binary<I32Add, Slot, Imm, ToSlot> 0 0 3", "Return 2"]);
}

#[test]
fn chains_stay_in_the_accumulator() {
    let code = listing(
        "(param i32 i32) (result i32)
         (i32.mul (i32.add (local.get 0) (local.get 1)) (i32.sub (i32.const 7) (local.get 1)))",
    );
    assert_eq!(
        code,
        [
            "Binary<I32Add, Slot, Slot, ToSlot> 4 0 1",
            "Binary<I32Sub, Imm, Slot, ToAcc> 5 7 1",
            "Binary<I32Mul, Acc, Slot, ToAcc> 4 4",
            "ReturnOne<u32, Acc> 2",
        ]
    );
}

#[test]
fn comparisons_become_branches() {
    let code = listing("(param i32) (loop $l (br_if $l (i32.ge_u (local.get 0) (i32.const 5))))");
    assert_eq!(code, ["BranchIf<I32LeU, Imm, Slot, true> 0 5 0", "Return 1"]);
    let code =
        listing("(param f64) (block $b (br_if $b (i32.eqz (f64.lt (local.get 0) (f64.const 0)))) (nop))");
    assert_eq!(code.last().unwrap(), "Return 1");
}

#[test]
fn sums_and_increments_join_the_instruction_that_uses_them() {
    let code = listing(
        "(param i32 i32) (loop $l
          (i32.store8 (i32.add (local.get 0) (local.get 1)) (i32.const 7))
          (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 100))))",
    );
    assert_eq!(
        code,
        [
            "StoreSum<I32Store8, Slot, Slot, Imm> 1 0 1 7",
            "IncrementBranchIf<I32LtU, Imm, false> -24 0 0 1 100",
            "Return 2",
        ]
    );
}

#[test]
fn a_local_that_is_still_needed_is_kept() {
    let code =
        listing("(param i32) (result i32) (local.get 0) (local.set 0 (i32.const 1)) (i32.add (local.get 0))");
    assert_eq!(
        code,
        ["Copy 3 0", "SetNarrow 0 1", "Binary<I32Add, Slot, Slot, ToAcc> 3 3 0", "ReturnOne<u32, Acc> 1",]
    );
}

#[test]
fn the_first_error_in_function_order_wins() {
    let bad = "(func (result i32))";
    let good = format!("(func {})", "(drop (i32.const 1))".repeat(4000));
    let text = format!("(module {} {bad} {good} (func (drop)) )", good.repeat(8));
    // The text is not valid, so it is only encoded.
    let bytes = wat::parse_str(&text).unwrap();
    let parsed = assay_parse::parse(&bytes, FeatureSet::built_by_interp()).unwrap();
    assert!(bytes.len() > PARALLEL);
    let expected = parsed.validate_bodies(&bytes).unwrap_err().to_string();
    for _ in 0..20 {
        assert_eq!(lower(&parsed, &bytes, &LowerOptions::default()).unwrap_err().to_string(), expected);
    }
}
