//! Explains a difference between the interpreter and a lane: what differs first, how both came there, and the code.
//!
//! Enters: a case and the lane; leaves: text for people. The case is played as the judge plays it, then in its watched form,
//! in which every operator writes down what it left ([`crate::trace`]): the first value that differs is the operator to look
//! at. What cannot be had is said: a compiler that makes other code while it is watched may be right then, references are not
//! written down, and engines of other processes are not watched. [`text`] marks the operator in the wasm text, [`machine`] in
//! the machine code. Knows no campaign.

mod machine;
mod text;

use crate::case::Case;
use crate::compare::{Difference, compare};
use crate::judge::ends;
use crate::lanes::{Lane, Lanes};
use crate::observe::{Observation, Outcome};
use crate::play::play;
use crate::rewrite::code::{bodies, row_at};
use crate::rewrite::quiet::quiet;
use crate::rewrite::watch::{Event, Recording, Window};
use crate::trace::{record, watching_fuel};
use std::fmt::Write;

/// So many values are looked at in one play.
const WINDOW: u32 = 8192;
/// After so many plays the search ends.
const PLAYS: u32 = 40;
/// So many values are shown before the one that differs, and so many from there on.
const BEFORE: usize = 10;
const AFTER: usize = 4;

/// Explains how a lane comes to see a case in another way than the interpreter, where it does.
pub fn explain(case: &Case, lanes: &Lanes, lane: Lane) -> String {
    let mut out = String::new();
    let quieted = canonical(case);
    let found = difference(case, lanes, lane)
        .filter(|_| quieted.is_none())
        .map(|found| (case, found))
        .or_else(|| quieted.as_ref().and_then(|case| Some((case, difference(case, lanes, lane)?))));
    let Some((case, found)) = found else {
        line(
            &mut out,
            format_args!(
                "{lane} and the interpreter make the same observations here: there is no difference to explain"
            ),
        );
        return out;
    };
    let Found { difference, scout, metered } = found;
    let step = case.steps.get(difference.step).map_or_else(String::new, ToString::to_string);
    line(
        &mut out,
        format_args!("first difference: {} in step {} ({step})", difference.part.name(), difference.step),
    );
    line(&mut out, format_args!("  interp {lane}: {}", difference.detail));
    let divergence = diverge(case, lanes, lane, metered);
    let place =
        describe(&mut out, case, lane, &divergence).or_else(|| place_of_trap(case, &scout, difference.step));
    match place {
        Some((module, offset)) => show_code(&mut out, case, lanes, lane, module, offset),
        None => line(&mut out, "the operator is not known, so no code is shown"),
    }
    out
}

fn line(out: &mut String, text: impl std::fmt::Display) {
    // Writing to a string cannot fail.
    let _written = writeln!(out, "{text}");
}

/// The form of the case in which NaN bits decide nothing: its own, or one made here, where NaNs may differ at all.
fn canonical(case: &Case) -> Option<Case> {
    if !case.settings.free_nans {
        return None;
    }
    let mut case = case.clone();
    for module in &mut case.modules {
        module.canonical = module.canonical.take().or_else(|| quiet(&module.bytes));
    }
    case.has_canonical().then(|| case.canonical())
}

struct Found {
    difference: Box<Difference>,
    scout: Observation,
    metered: bool,
}

/// The difference that the judge sees.
fn difference(case: &Case, lanes: &Lanes, lane: Lane) -> Option<Found> {
    let fuel = case.settings.fuel;
    let scout = play(case, lanes.engine(Lane::Interp, true), Some(fuel));
    let metered = case.settings.metered || !ends(&scout);
    let seen = play(case, lanes.engine(lane, metered), metered.then_some(fuel));
    let difference = compare(&scout, &seen, case.settings.free_nans).err()?;
    Some(Found { difference, scout, metered })
}

/// Where the values of two watched plays part.
enum Divergence {
    /// The plays cannot be compared.
    Unwatched(&'static str),
    /// All values are equal; these are the last ones. Whether the observations still differ.
    None { last: Recording, differs: bool },
    /// This value, of both sides.
    At { interp: Around, lane: Around },
}

/// Values around a place: those before, and those from there on.
struct Around {
    first: u64,
    before: Vec<Event>,
    after: Vec<Event>,
}

impl Around {
    fn of(recording: &Recording, first: u32, at: usize) -> Self {
        let start = at.saturating_sub(BEFORE);
        Self {
            first: u64::from(first) + start as u64,
            before: recording.events.get(start..at).unwrap_or_default().to_vec(),
            after: recording.events.iter().skip(at).take(AFTER).cloned().collect(),
        }
    }
}

fn diverge(case: &Case, lanes: &Lanes, lane: Lane, metered: bool) -> Divergence {
    let mut first = 0;
    for _ in 0..PLAYS {
        let window = Window { first, len: WINDOW };
        let watch =
            |lane| record(case, lanes.engine(lane, metered), metered.then(|| watching_fuel(case)), window);
        let (Some(interp), Some(other)) = (watch(Lane::Interp), watch(lane)) else {
            return Divergence::Unwatched("a module is not valid, so nothing can be written into it");
        };
        if !ends(&interp.seen) {
            return Divergence::Unwatched(
                "the case ends for lack of fuel or stack, which watching would change",
            );
        }
        if interp.recordings.len() != other.recordings.len() {
            return Divergence::Unwatched("in one of both plays no operator of an instance left a value");
        }
        for (left, right) in interp.recordings.iter().zip(&other.recordings) {
            let same =
                left.events.iter().zip(&right.events).take_while(|(left, right)| left == right).count();
            if same < left.events.len().max(right.events.len()) {
                return Divergence::At {
                    interp: Around::of(left, first, same),
                    lane: Around::of(right, first, same),
                };
            }
        }
        let end = u64::from(first) + u64::from(WINDOW);
        if interp.recordings.iter().all(|recording| recording.count <= end) {
            let last = interp.recordings.into_iter().next_back().unwrap_or_default();
            let differs = compare(&interp.seen, &other.seen, case.settings.free_nans).is_err();
            return Divergence::None { last, differs };
        }
        first += WINDOW;
    }
    Divergence::Unwatched("the first values are equal, and there are too many to look at all of them")
}

/// Says how both sides came there; the module and the position of the operator to look at.
fn describe(out: &mut String, case: &Case, lane: Lane, divergence: &Divergence) -> Option<(usize, u32)> {
    match divergence {
        Divergence::Unwatched(reason) => {
            line(out, format_args!("values behind operators: not known; {reason}"));
            None
        }
        Divergence::None { last, differs: false } => {
            line(
                out,
                "values behind operators: both sides agree while every operator is watched, which changes the code",
            );
            show_last(out, case, last)
        }
        Divergence::None { last, differs: true } => {
            line(
                out,
                "values behind operators: all are equal; what differs is what an operator does that leaves none, as a store",
            );
            show_last(out, case, last)
        }
        Divergence::At { interp, lane: other } => {
            line(out, format_args!("values behind operators, up to the first that differs:"));
            let module = module_of(case, interp.before.iter().chain(&interp.after).chain(&other.after))?;
            let bytes = &case.modules[module].bytes;
            for (number, event) in (interp.first..).zip(&interp.before) {
                line(out, format_args!("  {number:>7}  {}", described(bytes, event)));
            }
            for (name, side) in [("interp", interp), (lane.name(), other)] {
                line(out, format_args!("  {name}:"));
                let number = interp.first + interp.before.len() as u64;
                for (number, event) in (number..).zip(&side.after) {
                    line(out, format_args!("> {number:>7}  {}", described(bytes, event)));
                }
                if side.after.is_empty() {
                    line(out, "        nothing more");
                }
            }
            let at = interp.after.first().or(other.after.first())?;
            Some((module, at.offset))
        }
    }
}

fn show_last(out: &mut String, case: &Case, last: &Recording) -> Option<(usize, u32)> {
    let kept = &last.events[last.events.len().saturating_sub(BEFORE)..];
    let module = module_of(case, kept.iter())?;
    line(out, "the last values in the interpreter:");
    let first = last.count - kept.len() as u64;
    for (number, event) in (first..).zip(kept) {
        line(out, format_args!("  {number:>7}  {}", described(&case.modules[module].bytes, event)));
    }
    kept.last().map(|event| (module, event.offset))
}

/// The module in whose code all of these positions are operators: positions of the others do not fit, as a rule.
fn module_of<'a>(case: &Case, events: impl Iterator<Item = &'a Event>) -> Option<usize> {
    let offsets: Vec<usize> = events.map(|event| event.offset as usize).collect();
    let fits = |bytes: &[u8]| {
        let bodies = bodies(bytes);
        let operators = || bodies.iter().flat_map(|body| &body.operators);
        offsets.iter().all(|&offset| operators().any(|operator| operator.range.start == offset))
    };
    case.modules.iter().position(|module| fits(&module.bytes))
}

fn described(bytes: &[u8], event: &Event) -> String {
    let mnemonic = row_at(bytes, event.offset as usize).map_or("operator", |row| row.mnemonic);
    format!("{:#07x} {mnemonic:<24} {}", event.offset, event.value)
}

/// The operator at which the interpreter trapped in a step. The module is that of the instance the step is about.
fn place_of_trap(case: &Case, scout: &Observation, step: usize) -> Option<(usize, u32)> {
    let Outcome::Trapped { place: Some((_, Some(offset))), .. } = scout.steps.get(step)?.outcome else {
        return None;
    };
    let instantiated: Vec<usize> = case.steps.iter().filter_map(crate::case::Step::module).collect();
    let step = case.steps.get(step)?;
    let of_instance = || instantiated.get(*step.instances().first()?).copied();
    let module = step.module().or_else(of_instance)?;
    Some((module, offset))
}

fn show_code(out: &mut String, case: &Case, lanes: &Lanes, lane: Lane, module: usize, offset: u32) {
    let Some(bytes) = case.modules.get(module).map(|module| &module.bytes) else { return };
    line(out, format_args!("module {module}, around {offset:#x}:"));
    out.push_str(&text::around(bytes, offset));
    let func = bodies(bytes).iter().position(|body| body.range.contains(&(offset as usize)));
    if let Some(func) = func {
        line(
            out,
            format_args!("machine code of the function in {lane}, with the positions that it comes from:"),
        );
        // What a lane needs to know about fuel stands in its code, too: the plain form is easier to read.
        out.push_str(&machine::around(lanes.engine(lane, false), bytes, func as u32, offset));
    }
}

#[cfg(test)]
mod tests;
