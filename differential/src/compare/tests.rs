//! Lies that are planted in an observation are each reported as what they are; truths are not.

use super::rule::Rule;
use super::{Part, compare};
use crate::observe::{HostCall, Image, Observation, Outcome, Seen, State, StepSeen, Trace};
use assay_runtime::Trap;
use assay_runtime::inspect::FuncOrigin;

const SIGNALLING: u32 = 0x7fa0_0001;
const QUIET: u32 = 0xffc0_0000;

fn step(outcome: Outcome) -> StepSeen {
    let memory: Vec<u8> = (0..=255).cycle().take(0x1_0000).collect();
    StepSeen {
        outcome,
        calls: Trace { calls: vec![HostCall { import: 1, args: vec![Seen::I32(7)] }], count: 1 },
        state: State {
            globals: vec![Seen::I64(1), Seen::F64(0)],
            memories: vec![Image::of(&memory)],
            tables: vec![vec![Seen::Null, Seen::Func(FuncOrigin::Instance { instance: 0, func: 3 })]],
        },
        fuel: Some(90),
        heap_full: false,
    }
}

fn truth() -> Observation {
    let trap = Outcome::Trapped {
        kind: Trap::MemoryOutOfBounds,
        element: None,
        place: Some((2, Some(0x40))),
        accesses: None,
    };
    Observation {
        steps: vec![step(Outcome::Returned(vec![Seen::I32(1), Seen::F32(QUIET)])), step(trap)],
        limited: None,
    }
}

/// What is reported when one side tells this lie.
fn report(lie: impl FnOnce(&mut Observation)) -> Option<(usize, Part)> {
    let mut liar = truth();
    lie(&mut liar);
    let found = compare(&truth(), &liar, true).err().map(|difference| (difference.step, difference.part));
    let mirrored = compare(&liar, &truth(), true).err().map(|difference| (difference.step, difference.part));
    assert_eq!(found, mirrored, "the order of the lanes does not matter");
    found
}

#[test]
fn equal_observations_are_equal() {
    assert_eq!(report(|_| {}), None);
}

#[test]
fn a_flipped_result_bit_is_a_difference() {
    let lie = |seen: &mut Observation| {
        seen.steps[0].outcome = Outcome::Returned(vec![Seen::I32(3), Seen::F32(QUIET)]);
    };
    assert_eq!(report(lie), Some((0, Part::Result)));
}

#[test]
fn a_missing_result_is_a_difference() {
    let lie = |seen: &mut Observation| seen.steps[0].outcome = Outcome::Returned(vec![Seen::I32(1)]);
    assert_eq!(report(lie), Some((0, Part::Result)));
}

#[test]
fn zeros_of_two_signs_differ() {
    let lie = |seen: &mut Observation| seen.steps[1].state.globals[1] = Seen::F64(1 << 63);
    assert_eq!(report(lie), Some((1, Part::Global)));
}

#[test]
fn another_trap_is_a_difference() {
    let lie = |seen: &mut Observation| {
        seen.steps[1].outcome = Outcome::Trapped {
            kind: Trap::Unreachable,
            element: None,
            place: Some((2, Some(0x40))),
            accesses: None,
        };
    };
    assert_eq!(report(lie), Some((1, Part::TrapKind)));
}

#[test]
fn another_element_of_a_trap_is_a_difference() {
    let trap =
        |element| Outcome::Trapped { kind: Trap::UninitializedElement, element, place: None, accesses: None };
    let seen = |element| Observation { steps: vec![step(trap(element))], limited: None };
    let difference = compare(&seen(Some(3)), &seen(Some(4)), true).unwrap_err();
    assert_eq!(difference.part, Part::TrapKind);
    assert_eq!(difference.detail, "trapped: uninitialized element 3 ≠ trapped: uninitialized element 4");
}

#[test]
fn another_place_of_a_trap_is_a_difference() {
    let place = |place| {
        move |seen: &mut Observation| {
            seen.steps[1].outcome =
                Outcome::Trapped { kind: Trap::MemoryOutOfBounds, element: None, place, accesses: None };
        }
    };
    assert_eq!(report(place(Some((3, Some(0x40))))), Some((1, Part::TrapPlace)));
    assert_eq!(report(place(Some((2, None)))), None, "an engine may not know the offset");
}

#[test]
fn a_dropped_trap_is_a_difference() {
    let lie = |seen: &mut Observation| seen.steps[1].outcome = Outcome::Returned(vec![]);
    assert_eq!(report(lie), Some((1, Part::Outcome)));
}

#[test]
fn a_changed_byte_of_memory_is_a_difference() {
    let lie = |seen: &mut Observation| seen.steps[1].state.memories[0].chunks[3].1[17] ^= 0x40;
    assert_eq!(report(lie), Some((1, Part::Memory)));
    let zeroed = |seen: &mut Observation| drop(seen.steps[1].state.memories[0].chunks.remove(5));
    assert_eq!(report(zeroed), Some((1, Part::Memory)));
    let grown = |seen: &mut Observation| seen.steps[1].state.memories[0].size += 0x1_0000;
    assert_eq!(report(grown), Some((1, Part::Memory)));
}

#[test]
fn a_changed_table_entry_is_a_difference() {
    let other = |seen: &mut Observation| {
        seen.steps[0].state.tables[0][1] = Seen::Func(FuncOrigin::Instance { instance: 0, func: 4 });
    };
    assert_eq!(report(other), Some((0, Part::Table)));
    assert_eq!(report(|seen| seen.steps[0].state.tables[0].push(Seen::Null)), Some((0, Part::Table)));
}

#[test]
fn a_changed_global_is_a_difference() {
    assert_eq!(report(|seen| seen.steps[0].state.globals[0] = Seen::I64(2)), Some((0, Part::Global)));
}

#[test]
fn a_missing_host_call_is_a_difference() {
    assert_eq!(report(|seen| seen.steps[1].calls = Trace::default()), Some((1, Part::HostCalls)));
    assert_eq!(
        report(|seen| seen.steps[1].calls.count = 2),
        Some((1, Part::HostCalls)),
        "one behind the kept ones"
    );
    assert_eq!(report(|seen| seen.steps[1].calls.calls[0].import = 0), Some((1, Part::HostCalls)));
    assert_eq!(
        report(|seen| seen.steps[1].calls.calls[0].args[0] = Seen::I32(8)),
        Some((1, Part::HostCalls))
    );
}

#[test]
fn fuel_is_compared_where_both_count_it() {
    assert_eq!(report(|seen| seen.steps[0].fuel = Some(89)), Some((0, Part::Fuel)));
    assert_eq!(report(|seen| seen.steps[0].fuel = None), None);
}

#[test]
fn a_case_ends_where_the_heap_of_one_lane_is_full() {
    let too_large = || Outcome::Trapped {
        kind: Trap::AllocationTooLarge,
        element: None,
        place: Some((0, Some(7))),
        accesses: None,
    };
    let full = |seen: &mut Observation| {
        seen.steps[0] = StepSeen { heap_full: true, ..step(too_large()) };
        seen.steps[1].fuel = Some(1);
    };
    assert_eq!(report(full), None);
    assert_eq!(
        report(|seen| seen.steps[0] = step(too_large())),
        Some((0, Part::Outcome)),
        "too large for any"
    );
    let (mut one, mut other) = (truth(), truth());
    full(&mut one);
    assert_eq!(compare(&one, &truth(), false).unwrap().uses(Rule::HeapFull), 1);
    full(&mut other);
    other.steps[1].fuel = None;
    assert_eq!(compare(&one, &other, false).unwrap().uses(Rule::HeapFull), 0, "full at the same place");
}

#[test]
fn a_panic_is_equal_to_nothing() {
    let panicked = || Observation { steps: vec![step(Outcome::Panicked("here".into()))], limited: None };
    assert_eq!(compare(&panicked(), &panicked(), true).unwrap_err().part, Part::Outcome);
    assert_eq!(report(|seen| drop(seen.steps.pop())), Some((1, Part::Steps)));
}

#[test]
fn nans_are_equal_by_class_where_they_may_differ() {
    let returned =
        |bits| Observation { steps: vec![step(Outcome::Returned(vec![Seen::F32(bits)]))], limited: None };
    let allowed = compare(&returned(QUIET), &returned(SIGNALLING), true).unwrap();
    assert_eq!(allowed.uses(Rule::NanBits), 1);
    let strict = compare(&returned(QUIET), &returned(SIGNALLING), false).unwrap_err();
    assert_eq!(strict.part, Part::Result);
    assert!(compare(&returned(QUIET), &returned(0x7f80_0000), true).is_err(), "infinity is no NaN");
    let equal = compare(&returned(QUIET), &returned(QUIET), true).unwrap();
    assert_eq!(equal.uses(Rule::NanBits), 0, "equal bits need no rule");
}

#[test]
fn a_nan_is_no_number_of_the_same_bits() {
    let returned = |value| Observation { steps: vec![step(Outcome::Returned(vec![value]))], limited: None };
    assert!(compare(&returned(Seen::F32(QUIET)), &returned(Seen::I32(QUIET)), true).is_err());
    let wide = Seen::F64(f64::NAN.to_bits());
    assert!(compare(&returned(Seen::F32(QUIET)), &returned(wide), true).is_err());
}

#[test]
fn lanes_that_are_nan_in_one_shape_are_equal() {
    let returned =
        |bits| Observation { steps: vec![step(Outcome::Returned(vec![Seen::V128(bits)]))], limited: None };
    let compared =
        |left, right| compare(&returned(left), &returned(right), true).map(|found| found.uses(Rule::NanBits));
    let (quiet, other) = (u128::from(QUIET), u128::from(QUIET ^ (1 << 31)));
    assert_eq!(compared(quiet << 32 | 5, other << 32 | 5).unwrap(), 1);
    assert!(compared(quiet << 32 | 5, other << 32 | 6).is_err(), "another lane differs");
    let (wide, payload) = (u128::from(f64::NAN.to_bits()), u128::from(f64::NAN.to_bits() | 1));
    assert_eq!(compared(wide << 64, payload << 64).unwrap(), 1, "seen as lanes of 64 bits");
    assert!(compared(quiet << 96 | payload, other << 96 | wide).is_err(), "no one shape explains both");
}

#[test]
fn exhausted_stacks_end_the_comparison_and_are_counted() {
    let overflow =
        || step(Outcome::Trapped { kind: Trap::StackOverflow, element: None, place: None, accesses: None });
    let mut deep = truth();
    deep.steps[0] = overflow();
    deep.steps[0].state.globals.clear();
    let mut both = truth();
    both.steps[0] = overflow();
    let allowed = compare(&both, &deep, true).unwrap();
    assert_eq!(allowed.uses(Rule::StackExhausted), 1);
    assert!(compare(&truth(), &deep, true).is_err(), "one alone does not run out");
    assert!(compare(&deep, &truth(), true).is_err(), "nor the other");
}

#[test]
fn a_load_may_trap_where_its_value_is_used() {
    let at = |kind, offset, accesses| {
        let outcome = Outcome::Trapped { kind, element: None, place: Some((2, Some(offset))), accesses };
        Observation { steps: vec![step(outcome)], limited: None }
    };
    let out = |offset, accesses| at(Trap::MemoryOutOfBounds, offset, accesses);
    for accesses in [Some(true), Some(false), None] {
        let allowed = compare(&out(0x40, Some(true)), &out(0x44, accesses), true).unwrap();
        assert_eq!(allowed.uses(Rule::FusedLoad), 1);
    }
    let late = compare(&out(0x44, Some(true)), &out(0x40, Some(false)), true).unwrap();
    assert_eq!(late.uses(Rule::FusedLoad), 1, "what is computed late stands before the load");
    for accesses in [Some(true), None] {
        let before = compare(&out(0x44, Some(true)), &out(0x40, accesses), true);
        assert!(before.is_err(), "another access is blamed");
    }
    let division = compare(
        &at(Trap::IntegerOverflow, 0x40, Some(false)),
        &at(Trap::IntegerOverflow, 0x44, Some(false)),
        true,
    );
    assert!(division.is_err(), "only loads are fused");
}
