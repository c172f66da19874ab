//! Fuel and epochs: what is charged, and where code stops.

use crate::LowerOptions;
use crate::exec::testing::Rig;
use assay_model::trap::TrapKind;
use std::sync::atomic::Ordering;

const LOOP: &str = r#"(module (func (export "run") (param i32) (result i32)
    (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (local.get 0))
    (func (export "trap") (drop (i32.add (i32.const 1) (i32.const 2))) (unreachable))
    (func (export "div") (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
    (func $f (export "calls") (nop) (call $g)) (func $g)
    (func (export "branches") (param i32) (result i32)
      (if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.add (i32.const 1) (i32.const 1))))))"#;

/// Fuel that a call takes.
fn used(name: &str, arguments: &[u64]) -> i64 {
    let mut rig = Rig::new(LowerOptions { fuel: true, ..LowerOptions::default() });
    let instance = rig.instantiate(LOOP, Vec::new());
    rig.store.set_fuel(1000);
    let _ = rig.call(instance, name, arguments);
    1000 - rig.store.fuel()
}

#[test]
fn segments_are_charged_when_they_end() {
    // Five operators a round, one behind the loop.
    assert_eq!(used("run", &[1]), 6);
    assert_eq!(used("run", &[10]), 51);
    // Three before the trap; a division that traps ends no segment.
    assert_eq!(used("trap", &[]), 3);
    assert_eq!((used("div", &[1]), used("div", &[0])), (3, 0));
    assert_eq!(used("calls", &[]), 1);
    // The condition and the branch, then one arm.
    assert_eq!((used("branches", &[1]), used("branches", &[0])), (3, 5));
}

#[test]
fn loops_stop_when_the_fuel_is_used_up() {
    let mut rig = Rig::new(LowerOptions { fuel: true, ..LowerOptions::default() });
    let instance = rig.instantiate(LOOP, Vec::new());
    rig.store.set_fuel(20);
    assert_eq!(rig.call(instance, "run", &[1000]), Err(TrapKind::OutOfFuel));
    // The fifth round takes it below zero, and the head of the loop sees that.
    assert_eq!(rig.store.fuel(), -5);
    assert_eq!(rig.call(instance, "calls", &[]), Err(TrapKind::OutOfFuel));
    assert_eq!(rig.store.fuel(), -5);
}

#[test]
fn code_stops_when_the_epoch_reaches_the_deadline() {
    let mut rig = Rig::new(LowerOptions { epoch: true, ..LowerOptions::default() });
    let instance = rig.instantiate(LOOP, Vec::new());
    rig.store.set_epoch_deadline(1);
    assert_eq!(rig.call(instance, "run", &[10]), Ok(vec![0]));
    rig.epoch.store(1, Ordering::Relaxed);
    assert_eq!(rig.call(instance, "run", &[10]), Err(TrapKind::Interrupt));
}

#[test]
fn without_the_options_nothing_is_watched() {
    let mut rig = Rig::new(LowerOptions::default());
    let instance = rig.instantiate(LOOP, Vec::new());
    rig.store.set_fuel(-1);
    assert_eq!(rig.call(instance, "run", &[100]), Ok(vec![0]));
    assert_eq!(rig.store.fuel(), -1);
}
