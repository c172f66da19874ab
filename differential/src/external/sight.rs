//! What an engine of another process can see, and the rule for the rest: it is not compared.
//!
//! Enters: an observation and an engine's capabilities; leaves: the observation as that engine could have made it. Both sides
//! of a comparison go through it, so an engine gains nothing by telling more than it said it could. Each line of the rule
//! has a row in `PROTOCOL.md`. The scope of the state is not here: the interpreter is played within it.

use super::message::{Capabilities, trap_of};
use crate::observe::{Observation, Outcome, Scope, Seen, State};
use assay_runtime::Trap;

/// The observation through an engine's eyes.
pub fn through(mut observation: Observation, engine: &Capabilities) -> Observation {
    for step in &mut observation.steps {
        outcome(&mut step.outcome, engine);
        if !engine.fuel {
            step.fuel = None;
        }
        if engine.state == Scope::Nothing {
            step.state = State::default();
        }
        if !engine.functions {
            let state = &mut step.state;
            forget_functions(&mut state.globals);
            state.tables.iter_mut().for_each(|table| forget_functions(table));
            step.calls.calls.iter_mut().for_each(|call| forget_functions(&mut call.args));
        }
    }
    observation
}

fn outcome(outcome: &mut Outcome, engine: &Capabilities) {
    match outcome {
        Outcome::Returned(values) if !engine.functions => forget_functions(values),
        Outcome::Trapped { kind, element, place, .. } => {
            *kind = first_alike(*kind, engine);
            if !engine.elements || *kind != Trap::UninitializedElement {
                *element = None;
            }
            if !engine.places {
                *place = None;
            }
        }
        _ => {}
    }
}

/// The first trap of a group that the engine does not tell apart.
fn first_alike(kind: Trap, engine: &Capabilities) -> Trap {
    let group = engine.alike.iter().find(|group| group.iter().any(|text| text == kind.text()));
    group.and_then(|group| trap_of(group.first()?)).unwrap_or(kind)
}

fn forget_functions(values: &mut [Seen]) {
    for value in values {
        if matches!(value, Seen::Func(_)) {
            *value = Seen::SomeFunc;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::through;
    use crate::compare::{Difference, Part, compare};
    use crate::external::message::Capabilities;
    use crate::observe::{HostCall, Observation, Outcome, Scope, Seen, State, StepSeen, Trace};
    use assay_runtime::Trap;
    use assay_runtime::inspect::FuncOrigin;

    fn engine(can: bool) -> Capabilities {
        let group = [Trap::UninitializedElement, Trap::IndirectCallTypeMismatch];
        let group = group.map(|kind| kind.text().to_owned()).to_vec();
        Capabilities {
            features: Vec::new(),
            fuel: can,
            limits: can,
            state: if can { Scope::All } else { Scope::Nothing },
            functions: can,
            elements: can,
            places: can,
            steps: can,
            scripts: false,
            alike: if can { Vec::new() } else { vec![group] },
        }
    }

    fn function(func: u32) -> Seen {
        Seen::Func(FuncOrigin::Instance { instance: 0, func })
    }

    fn step(outcome: Outcome) -> StepSeen {
        let calls = Trace { calls: vec![HostCall { import: 0, args: vec![function(1)] }], count: 1 };
        let state =
            State { globals: vec![Seen::I32(1)], tables: vec![vec![function(2)]], ..State::default() };
        StepSeen { outcome, calls, state, fuel: Some(5), heap_full: false }
    }

    fn truth() -> Observation {
        let kind = Trap::UninitializedElement;
        let trap = Outcome::Trapped { kind, element: Some(4), place: Some((1, Some(9))), accesses: None };
        Observation {
            steps: vec![step(Outcome::Returned(vec![function(3), Seen::I64(7)])), step(trap)],
            limited: None,
        }
    }

    /// What is reported of an engine that can do everything, and of one that can do nothing, when they say this.
    fn reports(say: impl Fn(&mut Observation)) -> [Option<Part>; 2] {
        [true, false].map(|can| {
            let mut other = truth();
            say(&mut other);
            let [left, right] = [truth(), other].map(|seen| through(seen, &engine(can)));
            compare(&left, &right, false).err().map(|difference: Box<Difference>| difference.part)
        })
    }

    fn trap(say: impl Fn(&mut Trap, &mut Option<u64>, &mut Option<(u32, Option<u32>)>)) -> [Option<Part>; 2] {
        reports(|seen| match &mut seen.steps[1].outcome {
            Outcome::Trapped { kind, element, place, .. } => say(kind, element, place),
            _ => unreachable!(),
        })
    }

    #[test]
    fn what_an_engine_cannot_see_is_not_compared() {
        assert_eq!(reports(|_| {}), [None, None]);
        assert_eq!(reports(|seen| seen.steps[0].fuel = Some(6)), [Some(Part::Fuel), None]);
        assert_eq!(reports(|seen| seen.steps[0].state.globals.clear()), [Some(Part::Global), None]);
        assert_eq!(reports(|seen| seen.steps[0].state.tables[0][0] = function(0)), [Some(Part::Table), None]);
        assert_eq!(
            reports(|seen| seen.steps[0].calls.calls[0].args[0] = function(0)),
            [Some(Part::HostCalls), None]
        );
        assert_eq!(trap(|_, element, _| *element = Some(5)), [Some(Part::TrapKind), None]);
        assert_eq!(trap(|_, _, place| *place = Some((2, None))), [Some(Part::TrapPlace), None]);
        assert_eq!(trap(|kind, _, _| *kind = Trap::IndirectCallTypeMismatch), [Some(Part::TrapKind), None]);
        let other = Outcome::Returned(vec![function(0), Seen::I64(7)]);
        assert_eq!(reports(|seen| seen.steps[0].outcome = other.clone()), [Some(Part::Result), None]);
    }

    #[test]
    fn what_it_can_see_is_compared_whatever_else_it_cannot() {
        let everybody = |part| [Some(part), Some(part)];
        let other = Outcome::Returned(vec![function(3), Seen::I64(8)]);
        assert_eq!(reports(|seen| seen.steps[0].outcome = other.clone()), everybody(Part::Result));
        let null = Outcome::Returned(vec![Seen::Null, Seen::I64(7)]);
        assert_eq!(reports(|seen| seen.steps[0].outcome = null.clone()), everybody(Part::Result));
        assert_eq!(trap(|kind, _, _| *kind = Trap::Unreachable), everybody(Part::TrapKind));
        assert_eq!(reports(|seen| seen.steps[0].calls.count = 2), everybody(Part::HostCalls));
        assert_eq!(reports(|seen| drop(seen.steps.pop())), everybody(Part::Steps));
    }
}
