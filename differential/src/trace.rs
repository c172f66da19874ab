//! The values behind operators, as a lane computed them.
//!
//! Enters: a case and an engine; leaves: what each instance wrote down, in order. The case is played in the form that
//! [`watched`] makes, so an engine that optimises sees other code than without: its mistake may not be made then. Fuel is
//! counted for the watching, too, so there should be much of it ([`watching_fuel`]).

use crate::case::{Case, ModuleBytes};
use crate::observe::{Observation, State};
use crate::play::play;
use crate::rewrite::watch::{Recording, Window, recording, watched};
use assay_runtime::Engine;

/// What watching costs, at the most, for each unit of fuel.
const FUEL_FACTOR: u64 = 40;

/// A play that was watched.
#[derive(Debug)]
pub(crate) struct Traced {
    /// What each instance wrote down; those that computed nothing are missing.
    pub(crate) recordings: Vec<Recording>,
    /// The play, with positions of the watched form.
    pub(crate) seen: Observation,
}

/// The fuel for each step of a case that is watched to its end.
pub(crate) fn watching_fuel(case: &Case) -> u64 {
    case.settings.fuel.saturating_mul(FUEL_FACTOR)
}

/// Plays a case in its watched form, with this fuel for each step where the engine counts it; `None` where a module is not valid.
pub(crate) fn record(case: &Case, engine: &Engine, fuel: Option<u64>, window: Window) -> Option<Traced> {
    let mut case = case.clone();
    for module in &mut case.modules {
        *module = ModuleBytes { bytes: watched(&module.bytes, window)?, canonical: None };
    }
    let seen = play(&case, engine, fuel);
    let last = seen.steps.iter().rev().map(|step| &step.state).find(|state| **state != State::default());
    let memories = last.map_or(&[][..], |state| &state.memories);
    let recordings = memories.iter().filter_map(|memory| recording(memory, window)).collect();
    Some(Traced { recordings, seen })
}

#[cfg(test)]
mod tests {
    use super::record;
    use crate::case::{Argument, Case, ModuleBytes, Settings, Step};
    use crate::lanes::{Lane, Lanes, on_lane_thread};
    use crate::observe::Seen;
    use crate::rewrite::code::row_at;
    use crate::rewrite::watch::Window;

    fn case() -> Case {
        let text = r#"(module (import "h" "f" (func $h (param i64) (result i64))) (memory 1)
            (func (export "f") (param i32) (result i32 i64)
                (if (result i32) (local.get 0)
                    (then (i32.load8_u (i32.const 70000)))
                    (else (i32.add (i32.const 1) (i32.const 2))))
                (v128.store (i32.const 0) (v128.const i64x2 1 2))
                (i64.extend_i32_u (call $twice (i32.const 21))))
            (func $twice (param i32) (result i32) (return (i32.mul (local.get 0) (i32.const 2)))))"#;
        let call = |arg| Step::Call { call: "f".to_owned(), instance: 0, args: vec![Argument::I32(arg)] };
        let modules = vec![ModuleBytes { bytes: wat::parse_str(text).unwrap(), canonical: None }];
        Case {
            origin: String::new(),
            settings: Settings::default(),
            modules,
            steps: vec![Step::Instantiate { instantiate: 0 }, call(0), call(1)],
        }
    }

    #[test]
    fn every_lane_writes_down_what_each_operator_leaves() {
        let case = case();
        let lanes = Lanes::new().unwrap();
        for lane in Lane::ALL {
            let window = Window { first: 0, len: 100 };
            let traced =
                on_lane_thread(|| record(&case, lanes.engine(lane, false), None, window)).unwrap().unwrap();
            let [recording] = &traced.recordings[..] else { panic!("{:?}", traced.seen) };
            let name = |offset| row_at(&case.modules[0].bytes, offset as usize).unwrap().mnemonic;
            let events: Vec<_> =
                recording.events.iter().map(|event| (name(event.offset), event.value.clone())).collect();
            let vector = Seen::V128(2 << 64 | 1);
            let first = [
                ("local.get", Seen::I32(0)),
                ("i32.const", Seen::I32(1)),
                ("i32.const", Seen::I32(2)),
                ("i32.add", Seen::I32(3)),
                ("end", Seen::I32(3)),
                ("i32.const", Seen::I32(0)),
                ("v128.const", vector),
                ("i32.const", Seen::I32(21)),
                ("local.get", Seen::I32(21)),
                ("i32.const", Seen::I32(2)),
                ("i32.mul", Seen::I32(42)),
                ("call", Seen::I32(42)),
                ("i64.extend_i32_u", Seen::I64(42)),
            ];
            assert_eq!(events[..first.len()], first, "{lane}");
            assert_eq!(events[first.len()..], [("local.get", Seen::I32(1)), ("i32.const", Seen::I32(70000))]);
        }
    }

    #[test]
    fn a_window_shows_the_middle() {
        let lanes = Lanes::new().unwrap();
        let traced = |first| {
            let window = Window { first, len: 3 };
            on_lane_thread(|| record(&case(), lanes.engine(Lane::Interp, false), None, window))
                .unwrap()
                .unwrap()
        };
        let [start, middle] = [0, 2].map(|first| traced(first).recordings.remove(0));
        assert_eq!((start.count, middle.count), (15, 15));
        assert_eq!(start.events[2..], middle.events[..1]);
        assert_eq!(middle.events.len(), 3);
    }
}
