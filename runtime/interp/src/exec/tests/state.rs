//! Memories, tables, globals and bulk operators: bounds, growth, overlap, and what a trap leaves untouched.

use crate::LowerOptions;
use crate::exec::testing::{Rig, run};
use assay_model::trap::TrapKind;

const OUT: Result<Vec<u64>, TrapKind> = Err(TrapKind::MemoryOutOfBounds);

#[test]
fn accesses_end_at_the_last_byte() {
    let load = r#"(module (memory 1) (func (export "run") (param i32) (result i32) (i32.load offset=4 (local.get 0))))"#;
    assert_eq!(run(load, &[65_528]), Ok(vec![0]));
    assert_eq!(run(load, &[65_529]), OUT);
    assert_eq!(run(load, &[u64::from(u32::MAX)]), OUT);
    let byte =
        r#"(module (memory 1) (func (export "run") (param i32) (result i32) (i32.load8_u (local.get 0))))"#;
    assert_eq!(run(byte, &[65_535]), Ok(vec![0]));
    assert_eq!(run(byte, &[65_536]), OUT);
}

#[test]
fn a_trap_tells_the_effective_address() {
    let text = r#"(module (memory 1) (memory $far i64 1)
        (func (export "load") (param i32 i64) (result i64) (i64.load offset=4 (local.get 0)))
        (func (export "sum") (param i32 i64) (i32.store8 offset=4 (i32.add (local.get 0) (i32.const 2)) (i32.const 7)))
        (func (export "vector") (param i32 i64) (v128.store32_lane offset=4 3 (local.get 0) (v128.const i64x2 0 0)))
        (func (export "far") (param i32 i64) (result i32) (i32.load16_u $far offset=4 (local.get 1))))"#;
    let mut rig = Rig::new(LowerOptions::default());
    let instance = rig.instantiate(text, Vec::new());
    let mut address = |name: &str, index: u64| {
        assert_eq!(rig.call(instance, name, &[index & 0xffff_ffff, index]), OUT, "{name} {index:#x}");
        rig.detail
    };
    assert_eq!(address("load", 65_530), Some(65_534));
    assert_eq!(address("load", 0xffff_ffff), Some(0x1_0000_0003));
    assert_eq!(address("sum", 65_530), Some(65_536));
    assert_eq!(address("vector", 65_530), Some(65_534));
    assert_eq!(address("far", 65_531), Some(65_535));
    assert_eq!(address("far", u64::MAX), Some(u64::MAX));
}

#[test]
fn offsets_near_the_end_of_the_address_space_do_not_wrap() {
    for offset in [0xffff_fffcu32, 0xffff_fff8, 0xffff_ffff, 0xffff_fff0] {
        let text = format!(
            r#"(module (memory 1) (func (export "run") (param i32) (result i64)
              (i64.store offset={offset} (local.get 0) (i64.const 1)) (i64.load offset={offset} (local.get 0))))"#
        );
        assert_eq!(run(&text, &[0]), OUT);
        assert_eq!(run(&text, &[64]), OUT);
    }
}

#[test]
fn sums_as_addresses_wrap_before_the_offset_is_added() {
    let text = r#"(module (memory 1) (data (i32.const 8) "\2a") (func (export "run") (param i32) (result i32)
        (i32.store8 offset=16 (i32.add (local.get 0) (i32.const -10)) (i32.const 7))
        (i32.add (i32.load8_u offset=8 (i32.add (local.get 0) (i32.const -10)))
          (i32.load8_u offset=16 (i32.add (local.get 0) (i32.const -10))))))"#;
    assert_eq!(run(text, &[10]), Ok(vec![49]));
    assert_eq!(run(text, &[9]), OUT);
}

#[test]
fn a_store_out_of_bounds_writes_nothing() {
    let text = r#"(module (memory 1) (func (export "store") (param i32) (i64.store (local.get 0) (i64.const -1)))
        (func (export "run") (result i64) (i64.load (i32.const 65528))))"#;
    let mut rig = Rig::new(LowerOptions::default());
    let instance = rig.instantiate(text, Vec::new());
    assert_eq!(rig.call(instance, "store", &[65_529]), OUT);
    assert_eq!(rig.call(instance, "run", &[]), Ok(vec![0]));
}

#[test]
fn grown_memory_can_be_used_at_once() {
    let text = r#"(module (memory 1 3)
        (func $grow (result i32) (memory.grow (i32.const 1)))
        (func (export "run") (result i32 i32 i32 i32 i32)
          (memory.size) (call $grow) (i32.store (i32.const 131068) (i32.const 42)) (i32.load (i32.const 131068))
          (memory.grow (i32.const 2)) (memory.size)))"#;
    assert_eq!(run(text, &[]), Ok(vec![1, 1, 42, u64::from(u32::MAX), 2]));
}

#[test]
fn bulk_operators_check_before_they_write() {
    let text = |op: &str| {
        format!(
            r#"(module (memory 1) (data $d "abcd") (func (export "run") (param $d i32) (param $s i32) (param $n i32) (result i32)
              ({op} (local.get $d) (local.get $s) (local.get $n)) (i32.load (i32.const 0))))"#
        )
    };
    let abcd = u64::from(u32::from_le_bytes(*b"abcd"));
    assert_eq!(run(&text("memory.init $d"), &[0, 0, 4]), Ok(vec![abcd]));
    assert_eq!(run(&text("memory.init $d"), &[0, 1, 4]), OUT);
    assert_eq!(run(&text("memory.init $d"), &[65_533, 0, 4]), OUT);
    assert_eq!(run(&text("memory.init $d"), &[65_536, 4, 0]), Ok(vec![0]));
    assert_eq!(run(&text("memory.init $d"), &[65_537, 4, 0]), OUT);
    assert_eq!(run(&text("memory.fill"), &[1, 0x1ff, 2]), Ok(vec![0x00ff_ff00]));
    assert_eq!(run(&text("memory.fill"), &[65_535, 1, 2]), OUT);
    assert_eq!(run(&text("memory.fill"), &[u64::from(u32::MAX), 1, u64::from(u32::MAX)]), OUT);
    assert_eq!(run(&text("memory.copy"), &[0, 65_535, 2]), OUT);
    assert_eq!(run(&text("memory.copy"), &[65_536, 65_536, 0]), Ok(vec![0]));
}

#[test]
fn overlapping_copies_read_before_they_write() {
    let text = r#"(module (memory 1) (data (i32.const 0) "\01\02\03\04\05\06\07\08")
        (func (export "run") (param i32 i32) (result i64)
          (memory.copy (local.get 0) (local.get 1) (i32.const 6)) (i64.load (i32.const 0))))"#;
    assert_eq!(run(text, &[2, 0]), Ok(vec![0x0605_0403_0201_0201]));
    assert_eq!(run(text, &[0, 2]), Ok(vec![0x0807_0807_0605_0403]));
}

#[test]
fn dropped_segments_are_empty() {
    let text = r#"(module (memory 1) (table 2 funcref) (data $d "abcd") (elem $e funcref (ref.null func))
        (func (export "run") (param i32 i32) (result i32) (data.drop $d) (elem.drop $e)
          (memory.init $d (i32.const 0) (i32.const 0) (local.get 0))
          (table.init $e (i32.const 0) (i32.const 0) (local.get 1)) (i32.const 1)))"#;
    assert_eq!(run(text, &[0, 0]), Ok(vec![1]));
    assert_eq!(run(text, &[1, 0]), OUT);
    assert_eq!(run(text, &[0, 1]), Err(TrapKind::TableOutOfBounds));
}

const TABLES: &str = r#"(module
    (table $t 3 10 funcref) (table $u 2 externref) (elem $e func $f $g)
    (func $f (result i32) (i32.const 1)) (func $g (result i32) (i32.const 2))
    (type $r (func (result i32)))
    (func $is (param i32) (result i32) (ref.is_null (table.get $t (local.get 0))))
    (func (export "run") (param i32) (result i32 i32 i32 i32 i32 i32)
      (table.init $t $e (i32.const 1) (i32.const 0) (i32.const 2))
      (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 2))
      (call_indirect $t (type $r) (i32.const 0))
      (call_indirect $t (type $r) (i32.const 1))
      (table.set $t (i32.const 2) (ref.null func))
      (call $is (i32.const 2))
      (table.grow $t (ref.func $g) (local.get 0))
      (table.size $t)
      (table.fill $t (i32.const 0) (ref.null func) (i32.const 1))
      (call $is (i32.const 0))))"#;

#[test]
fn tables_are_filled_copied_and_grown() {
    assert_eq!(run(TABLES, &[2]), Ok(vec![1, 2, 1, 3, 5, 1]));
    assert_eq!(run(TABLES, &[8]), Ok(vec![1, 2, 1, u64::from(u32::MAX), 3, 1]));
}

#[test]
fn table_accesses_end_at_the_last_element() {
    let text = r#"(module (table 2 externref) (func (export "run") (param i32 i32 i32) (result i32)
        (table.set (local.get 0) (table.get (local.get 1)))
        (table.fill (local.get 2) (ref.null extern) (i32.const 1)) (i32.const 1)))"#;
    let out = Err(TrapKind::TableOutOfBounds);
    assert_eq!(run(text, &[1, 1, 1]), Ok(vec![1]));
    assert_eq!(run(text, &[2, 1, 1]), out);
    assert_eq!(run(text, &[1, 2, 1]), out);
    assert_eq!(run(text, &[1, 1, 2]), out);
}

#[test]
fn globals_of_every_type_keep_their_bits() {
    let text = r#"(module (global $i (mut i32) (i32.const -1)) (global $l (mut i64) (i64.const -2))
        (global $f (mut f32) (f32.const nan:0x200001)) (global $d (mut f64) (f64.const -0))
        (global $r (mut externref) (ref.null extern))
        (func (export "run") (result i32 i64 f32 f64 i32)
          (global.set $i (i32.add (global.get $i) (i32.const -1)))
          (global.set $l (i64.const 0x123456789a)) (global.set $d (f64.neg (global.get $d)))
          (global.set $f (global.get $f))
          (global.get $i) (global.get $l) (global.get $f) (global.get $d) (ref.is_null (global.get $r))))"#;
    assert_eq!(run(text, &[]), Ok(vec![u64::from(u32::MAX - 1), 0x12_3456_789a, 0x7fa0_0001, 0, 1]));
}
