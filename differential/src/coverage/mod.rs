//! What cases really executed: operator × type × outcome, by the interpreter.
//!
//! Enters: a case and what the interpreter saw of it; leaves: the points that were covered. The modules are [`read`] by the
//! operator table and played once more with [`mark`]s, which tell the straight-line code that was run through; where a trap
//! ended a run tells the first observation. What is not certain does not count: behind the last mark of a function that a trap
//! left, only the operators up to the trap. Knows no generator and no campaign.

mod mark;
mod read;

use crate::case::Case;
#[cfg(test)]
use crate::case::ModuleBytes;
use crate::observe::{Observation, Outcome, Seen};
use crate::play::{Player, guarded};
use assay_model::ops::OpRow;
use assay_runtime::Engine;
use mark::Segment;
use read::{Function, Operator, ROWS, Reading};
use std::collections::BTreeSet;

/// An operator, the type it works on where its name does not say it, and what came of it: `ok`, or the text of a trap.
pub type Point = (&'static str, &'static str, &'static str);

/// An operator in a module.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Place {
    /// Where it begins.
    pub(crate) at: usize,
    /// Where the next one begins.
    pub(crate) end: usize,
    /// What it is.
    pub(crate) row: &'static OpRow,
}

/// The operators of a module that can be read, each with a next one.
pub(crate) fn places(bytes: &[u8]) -> Vec<Place> {
    let functions = read::read(bytes).map_or_else(Vec::new, |reading| reading.functions);
    let pairs = functions.iter().flat_map(|function| function.operators.windows(2));
    pairs.map(|pair| Place { at: pair[0].at, end: pair[1].at, row: ROWS[pair[0].row as usize] }).collect()
}

/// What came of an operator that ran to its end.
pub const OK: &str = "ok";

/// A module with marks gets so many times the fuel: marks cost two operators for each segment, of which some cost nothing else.
const FUEL_FACTOR: u64 = 16;

/// The points that a case covers; `None` where a module of it cannot be read.
///
/// `engine` counts fuel, and is the one that saw `scout`.
pub fn covered(case: &Case, scout: &Observation, engine: &Engine) -> Option<BTreeSet<Point>> {
    let readings: Vec<Reading> =
        case.modules.iter().map(|module| read::read(&module.bytes)).collect::<Option<_>>()?;
    let marked =
        case.modules.iter().zip(&readings).map(|(module, reading)| mark::mark(&module.bytes, reading));
    let (modules, segments): (Vec<Vec<u8>>, Vec<Vec<Segment>>) =
        marked.collect::<Option<Vec<_>>>()?.into_iter().unzip();
    let mut points = BTreeSet::new();
    for (module, values) in played(case, &modules, engine)? {
        let (reading, segments) = (readings.get(module)?, segments.get(module)?);
        let first = reading.globals as usize;
        let marks: Vec<bool> = values.iter().skip(first).map(|value| *value == Seen::I32(1)).collect();
        count(reading, segments, &marks, scout, &mut points);
    }
    for step in &scout.steps {
        let Outcome::Trapped { kind, place: Some((func, Some(offset))), .. } = &step.outcome else {
            continue;
        };
        trapped(&readings, *func, *offset as usize, kind.text(), &mut points);
    }
    Some(points)
}

/// Plays a case with other modules. For each instance that was made its module, and the values of its globals at the end.
fn played(case: &Case, modules: &[Vec<u8>], engine: &Engine) -> Option<Vec<(usize, Vec<Seen>)>> {
    guarded(|| {
        let fuel = case.settings.fuel.saturating_mul(FUEL_FACTOR);
        let mut player = Player::new(engine, &case.settings, Some(fuel));
        for module in modules {
            player.load(module);
        }
        let mut made = Vec::new();
        for step in &case.steps {
            player.take(step);
            made.extend(step.module());
        }
        let globals = made.into_iter().enumerate().map(|(number, module)| (module, player.globals(number)));
        globals.filter_map(|(module, values)| Some((module, values?))).collect()
    })
    .ok()
}

fn count(
    reading: &Reading,
    segments: &[Segment],
    marks: &[bool],
    scout: &Observation,
    points: &mut BTreeSet<Point>,
) {
    for (number, segment) in
        segments.iter().enumerate().filter(|(number, _)| marks.get(*number) == Some(&true))
    {
        let operators = &reading.functions[segment.function].operators;
        points.extend(operators[segment.from..segment.last].iter().map(|operator| point(operator, OK)));
        let last = &operators[segment.last];
        let next = segments.get(number + 1).filter(|next| next.function == segment.function);
        let came_back = next.is_some() && marks.get(number + 1) == Some(&true);
        let place = (reading.imported + segment.function as u32, last.at);
        if came_back || goes_on(last) || (leaves(last) && !traps_at(scout, place)) {
            points.insert(point(last, OK));
        }
    }
}

/// Whether an operator at the end of a segment has surely done its work when the mark in front of it is set: calls may not come
/// back, and some trap.
fn goes_on(operator: &Operator) -> bool {
    let row = ROWS[operator.row as usize];
    !row.may_trap && !calls(operator)
}

fn calls(operator: &Operator) -> bool {
    ["call", "call_indirect", "call_ref"].contains(&ROWS[operator.row as usize].mnemonic)
}

/// Whether it leaves its function for another one: nothing comes behind it, so it did its work unless it trapped itself.
fn leaves(operator: &Operator) -> bool {
    let mnemonic = ROWS[operator.row as usize].mnemonic;
    mnemonic.starts_with("return_call") || mnemonic.starts_with("throw")
}

/// Whether a trap was seen at this place of some module.
fn traps_at(scout: &Observation, (func, at): (u32, usize)) -> bool {
    scout.steps.iter().any(|step| {
        matches!(step.outcome, Outcome::Trapped { place: Some((other, Some(offset))), .. }
            if (other, offset as usize) == (func, at))
    })
}

/// The operators up to a trap, in the module where there is an operator at that place. In more than one, nobody knows which.
fn trapped(readings: &[Reading], func: u32, offset: usize, kind: &'static str, points: &mut BTreeSet<Point>) {
    let here = |reading: &Reading| {
        let function = func.checked_sub(reading.imported)?;
        Some((function as usize, position(reading.functions.get(function as usize)?, offset)?))
    };
    let mut places = readings.iter().filter_map(|reading| Some((reading, here(reading)?)));
    let (Some((reading, (function, at))), None) = (places.next(), places.next()) else { return };
    let operators = &reading.functions[function].operators;
    let from = operators[..at].iter().rposition(|operator| operator.ends).map_or(0, |before| before + 1);
    points.extend(operators[from..at].iter().map(|operator| point(operator, OK)));
    // Behind a call there is no label: who is there came back from it.
    let call = from.checked_sub(1).map(|before| &operators[before]).filter(|before| calls(before));
    points.extend(call.map(|call| point(call, OK)));
    points.insert(point(&operators[at], kind));
}

fn position(function: &Function, offset: usize) -> Option<usize> {
    function.operators.binary_search_by_key(&offset, |operator| operator.at).ok()
}

fn point(operator: &Operator, outcome: &'static str) -> Point {
    (ROWS[operator.row as usize].mnemonic, operator.ty, outcome)
}

/// The case with modules that have marks, for tests and for people who wonder.
#[cfg(test)]
fn marked(case: &Case) -> Option<Case> {
    let module = |module: &ModuleBytes| {
        let (bytes, _) = mark::mark(&module.bytes, &read::read(&module.bytes)?)?;
        Some(ModuleBytes { bytes, canonical: None })
    };
    let modules = case.modules.iter().map(module).collect::<Option<_>>()?;
    Some(Case { modules, ..case.clone() })
}

#[cfg(test)]
mod tests;
