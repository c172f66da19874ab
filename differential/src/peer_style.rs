//! How others look: weaker ways to judge a case, which show what our own are worth.
//!
//! Enters: a case and the lanes; leaves: a [`Verdict`]. Only the measurement of planted faults uses this. The ways are those
//! that published harnesses have: [`Eyes::NoTraps`] compares the results and exports of cases in which nothing traps, and
//! floats as floats; [`Eyes::OneCall`] looks at everything, but calls each export once, with zeros.

use crate::case::{Argument, Case, Step};
use crate::judge::{Finding, Verdict, judge};
use crate::lanes::{Lane, Lanes};
use crate::observe::{Image, Observation, Outcome, Scope, Seen};
use crate::play::play_within;
use std::collections::HashSet;

/// How cases are looked at.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum Eyes {
    /// As everywhere else.
    #[default]
    Ours,
    /// Cases that trap are dropped. Of the others, results, exported globals and exported memories are compared: floats by
    /// `==`, any NaN with any NaN, references by whether they are null.
    NoTraps,
    /// Each export is called once, with zeros.
    OneCall,
}

impl Eyes {
    /// Every weaker way.
    pub const BASELINES: [Eyes; 2] = [Eyes::NoTraps, Eyes::OneCall];

    /// Its name in reports and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Eyes::Ours => "ours",
            Eyes::NoTraps => "no-traps",
            Eyes::OneCall => "one-call",
        }
    }
}

impl std::str::FromStr for Eyes {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let all = [Eyes::Ours, Eyes::NoTraps, Eyes::OneCall];
        all.into_iter()
            .find(|eyes| eyes.name() == name)
            .ok_or_else(|| format!("no such way to look: `{name}`"))
    }
}

/// Plays a case in these lanes and looks at it with these eyes. The other arguments are those of [`judge`].
pub fn judge_with(
    eyes: Eyes,
    case: &Case,
    lanes: &Lanes,
    selection: &[Lane],
    canonical: impl FnOnce() -> Option<Case>,
    mut announce: impl FnMut(Lane),
) -> Verdict {
    match eyes {
        Eyes::Ours => judge(case, lanes, selection, canonical, announce),
        Eyes::OneCall => {
            let shorten = || canonical().map(|case| one_call_each(&case));
            judge(&one_call_each(case), lanes, selection, shorten, announce)
        }
        Eyes::NoTraps => {
            let mut verdict = without_traps(case, lanes, selection, &mut announce);
            let explained = verdict.finding.is_some()
                && canonical().is_some_and(|canonical| {
                    without_traps(&canonical, lanes, selection, &mut announce).finding.is_none()
                });
            verdict.finding = verdict.finding.filter(|_| !explained);
            verdict
        }
    }
}

/// The case with the first call of each export alone, all arguments zero.
fn one_call_each(case: &Case) -> Case {
    let mut called = HashSet::new();
    let mut short = Case { steps: Vec::new(), ..case.clone() };
    for step in &case.steps {
        match step {
            Step::Call { call, instance, args } => {
                if called.insert((call.clone(), *instance)) {
                    let args = args.iter().map(Argument::zero).collect();
                    short.steps.push(Step::Call { call: call.clone(), instance: *instance, args });
                }
            }
            other => short.steps.push(other.clone()),
        }
    }
    short
}

fn without_traps(case: &Case, lanes: &Lanes, selection: &[Lane], announce: &mut dyn FnMut(Lane)) -> Verdict {
    let mut play = |lane, fuel| {
        announce(lane);
        play_within(case, lanes.engine(lane, fuel), fuel.then_some(case.settings.fuel), Scope::Exported)
    };
    let scout = play(Lane::Interp, true);
    let outcomes = scout.steps.iter().map(|step| step.outcome.class()).collect();
    let mut verdict = Verdict { outcomes, ..Verdict::default() };
    if !scout.steps.iter().all(|step| matches!(step.outcome, Outcome::Returned(_))) {
        return verdict;
    }
    verdict.useful = true;
    for &lane in selection.iter().filter(|&&lane| lane != Lane::Interp) {
        if let Some(what) = differs(&scout, &play(lane, false)) {
            let class = format!("{lane}: {what} differs");
            let detail = "seen without traps".to_owned();
            verdict.finding = Some(Finding { signature: class.clone(), class, detail });
            break;
        }
    }
    verdict
}

/// What differs, for those who look at this alone.
fn differs(left: &Observation, right: &Observation) -> Option<&'static str> {
    if left.steps.len() != right.steps.len() {
        return Some("outcome");
    }
    left.steps.iter().zip(&right.steps).find_map(|(left, right)| {
        let (Outcome::Returned(a), Outcome::Returned(b)) = (&left.outcome, &right.outcome) else {
            return Some("outcome");
        };
        let images = |left: &[Image], right: &[Image]| left == right;
        if !alike(a, b) {
            Some("result")
        } else if !alike(&left.state.globals, &right.state.globals) {
            Some("global")
        } else {
            (!images(&left.state.memories, &right.state.memories)).then_some("memory")
        }
    })
}

fn alike(left: &[Seen], right: &[Seen]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
}

fn same(left: &Seen, right: &Seen) -> bool {
    match (left, right) {
        (Seen::F32(a), Seen::F32(b)) => {
            let (a, b) = (f32::from_bits(*a), f32::from_bits(*b));
            a == b || (a.is_nan() && b.is_nan())
        }
        (Seen::F64(a), Seen::F64(b)) => {
            let (a, b) = (f64::from_bits(*a), f64::from_bits(*b));
            a == b || (a.is_nan() && b.is_nan())
        }
        (Seen::Func(_) | Seen::SomeFunc, Seen::Func(_) | Seen::SomeFunc) => true,
        _ => left == right,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::StepSeen;

    fn saw(values: Vec<Seen>) -> Observation {
        let step = StepSeen {
            outcome: Outcome::Returned(values),
            calls: Default::default(),
            state: Default::default(),
            fuel: None,
            heap_full: false,
        };
        Observation { steps: vec![step], limited: None }
    }

    #[test]
    fn signs_of_zero_and_bits_of_nans_are_not_seen() {
        let zeros = [saw(vec![Seen::F64(0)]), saw(vec![Seen::F64(1 << 63)])];
        assert_eq!(differs(&zeros[0], &zeros[1]), None);
        let nans = [saw(vec![Seen::F32(0x7fc0_0000)]), saw(vec![Seen::F32(0xffff_ffff)])];
        assert_eq!(differs(&nans[0], &nans[1]), None);
        let ones = [saw(vec![Seen::F32(0x3f80_0000)]), saw(vec![Seen::F32(0x3f80_0001)])];
        assert_eq!(differs(&ones[0], &ones[1]), Some("result"));
    }

    #[test]
    fn each_export_is_called_once_with_zeros() {
        let call = |call: &str, value| Step::Call { call: call.into(), instance: 0, args: vec![value] };
        let case = Case {
            origin: String::new(),
            settings: Default::default(),
            modules: Vec::new(),
            steps: vec![
                Step::Instantiate { instantiate: 0 },
                call("a", Argument::I64(7)),
                call("b", Argument::F32(7)),
                call("a", Argument::I64(8)),
            ],
        };
        let expected =
            [Step::Instantiate { instantiate: 0 }, call("a", Argument::I64(0)), call("b", Argument::F32(0))];
        assert_eq!(one_call_each(&case).steps, expected);
    }

    #[test]
    fn ways_to_look_have_names() {
        for eyes in Eyes::BASELINES {
            assert_eq!(eyes.name().parse(), Ok(eyes));
        }
        assert!("closed".parse::<Eyes>().is_err());
    }
}
