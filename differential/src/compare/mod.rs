//! Lays two observations of one case side by side.
//!
//! Enters: two observations and the case's settings; leaves: how often each rule for legitimate differences was used, or the
//! first difference that none explains. Pure: knows no engine and no store. The rules stand in [`rule`].

pub mod rule;

use crate::observe::{Observation, Outcome, Seen, State, StepSeen, Trace};
use assay_runtime::Trap;
use rule::{Allowed, Rule};

/// A difference that no rule explains.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The step after which it was seen.
    pub step: usize,
    /// What differs.
    pub part: Part,
    /// Both sides, in words.
    pub detail: String,
}

/// What may differ.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Part {
    Outcome,
    TrapKind,
    TrapPlace,
    Result,
    Exception,
    HostCalls,
    Fuel,
    Global,
    Memory,
    Table,
    Steps,
}

impl Part {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Part::Outcome => "outcome",
            Part::TrapKind => "trap",
            Part::TrapPlace => "place of a trap",
            Part::Result => "result",
            Part::Exception => "exception",
            Part::HostCalls => "host calls",
            Part::Fuel => "fuel",
            Part::Global => "global",
            Part::Memory => "memory",
            Part::Table => "table",
            Part::Steps => "number of steps",
        }
    }
}

/// Compares what two lanes saw, the interpreter on the left. `free_nans` says whether [`Rule::NanBits`] applies.
///
/// # Errors
/// The first difference that no rule explains.
pub fn compare(left: &Observation, right: &Observation, free_nans: bool) -> Result<Allowed, Box<Difference>> {
    let mut comparison = Comparison { free_nans, allowed: Allowed::default() };
    for (step, (left, right)) in left.steps.iter().zip(&right.steps).enumerate() {
        match comparison.step(left, right) {
            Ok(Next::Go) => {}
            Ok(Next::Stop) => return Ok(comparison.allowed),
            Err((part, detail)) => return Err(Box::new(Difference { step, part, detail })),
        }
    }
    let (taken, other) = (left.steps.len(), right.steps.len());
    if taken == other {
        return Ok(comparison.allowed);
    }
    let detail = format!("{taken} steps and {other} steps");
    Err(Box::new(Difference { step: taken.min(other), part: Part::Steps, detail }))
}

struct Comparison {
    free_nans: bool,
    allowed: Allowed,
}

/// Whether what follows can be compared.
enum Next {
    Go,
    Stop,
}

type Found<T = ()> = Result<T, (Part, String)>;

fn differ<T>(part: Part, left: impl std::fmt::Display, right: impl std::fmt::Display) -> Found<T> {
    Err((part, format!("{left} ≠ {right}")))
}

impl Comparison {
    fn step(&mut self, left: &StepSeen, right: &StepSeen) -> Found<Next> {
        if rule::both_exhausted(&left.outcome, &right.outcome) {
            self.allowed.count(Rule::StackExhausted);
            return Ok(Next::Stop);
        }
        if let Err(difference) = self.outcome(&left.outcome, &right.outcome) {
            if left.heap_full || right.heap_full {
                self.allowed.count(Rule::HeapFull);
                return Ok(Next::Stop);
            }
            return Err(difference);
        }
        self.calls(&left.calls, &right.calls)?;
        self.state(&left.state, &right.state)?;
        match (left.fuel, right.fuel) {
            (Some(left), Some(right)) if left != right => differ(Part::Fuel, left, right),
            _ => Ok(Next::Go),
        }
    }

    fn outcome(&mut self, left: &Outcome, right: &Outcome) -> Found {
        match (left, right) {
            (Outcome::Returned(a), Outcome::Returned(b)) => self.values(Part::Result, "result", a, b),
            (
                Outcome::Trapped { kind, element, place, .. },
                Outcome::Trapped { kind: other_kind, element: other_element, place: other_place, accesses },
            ) => {
                if kind != other_kind || element != other_element {
                    return differ(Part::TrapKind, left, right);
                }
                if *kind == Trap::OutOfFuel || same_place(*place, *other_place) {
                    return Ok(());
                }
                if !rule::fused_load(*kind, *place, *other_place, *accesses) {
                    return differ(Part::TrapPlace, left, right);
                }
                self.allowed.count(Rule::FusedLoad);
                Ok(())
            }
            (Outcome::Threw(a), Outcome::Threw(b)) => {
                let of = std::slice::from_ref;
                self.values(Part::Exception, "exception", of(a), of(b))
            }
            // The words of a limit or a rejection may name sizes of the engine's own.
            _ if left.class() == right.class() && !matches!(left, Outcome::Panicked(_)) => Ok(()),
            _ => differ(Part::Outcome, left, right),
        }
    }

    fn calls(&mut self, left: &Trace, right: &Trace) -> Found {
        for (number, (a, b)) in left.calls.iter().zip(&right.calls).enumerate() {
            if a.import != b.import {
                return differ(
                    Part::HostCalls,
                    format_args!("call {number} of import {}", a.import),
                    format_args!("of import {}", b.import),
                );
            }
            self.values(
                Part::HostCalls,
                &format!("call {number} of import {}, argument", a.import),
                &a.args,
                &b.args,
            )?;
        }
        if left.count == right.count {
            return Ok(());
        }
        differ(Part::HostCalls, format_args!("{} calls", left.count), format_args!("{} calls", right.count))
    }

    fn state(&mut self, left: &State, right: &State) -> Found {
        self.values(Part::Global, "global", &left.globals, &right.globals)?;
        self.memories(left, right)?;
        if left.tables.len() != right.tables.len() {
            return differ(Part::Table, left.tables.len(), right.tables.len());
        }
        for (number, (a, b)) in left.tables.iter().zip(&right.tables).enumerate() {
            self.values(Part::Table, &format!("table {number}, element"), a, b)?;
        }
        Ok(())
    }

    fn memories(&mut self, left: &State, right: &State) -> Found {
        if left.memories.len() != right.memories.len() {
            return differ(Part::Memory, left.memories.len(), right.memories.len());
        }
        for (number, (a, b)) in left.memories.iter().zip(&right.memories).enumerate() {
            if a.size != b.size {
                let size = |bytes| format!("memory {number} of {bytes} bytes");
                return differ(Part::Memory, size(a.size), size(b.size));
            }
            if a.digest.or(b.digest).is_some() {
                if a.digest() == b.digest() {
                    continue;
                }
                return differ(
                    Part::Memory,
                    format_args!("memory {number} with one content"),
                    "with another",
                );
            }
            if let Some((address, a, b)) = a.first_difference(b) {
                let byte = |value| format!("memory {number} at {address:#x}: {value:#04x}");
                return differ(Part::Memory, byte(a), byte(b));
            }
        }
        Ok(())
    }

    fn values(&mut self, part: Part, what: &str, left: &[Seen], right: &[Seen]) -> Found {
        if left.len() != right.len() {
            let count = |values: &[Seen]| format!("{what}s: {}", values.len());
            return differ(part, count(left), count(right));
        }
        for (number, (a, b)) in left.iter().zip(right).enumerate() {
            if a == b {
                continue;
            }
            if !(self.free_nans && rule::same_nan_class(a, b)) {
                if let (Seen::Graph(a), Seen::Graph(b)) = (a, b)
                    && let Some((a, b)) = a.first_difference(b)
                {
                    return differ(part, format_args!("{what} {number}: {a}"), b);
                }
                return differ(part, format_args!("{what} {number}: {a}"), b);
            }
            self.allowed.count(Rule::NanBits);
        }
        Ok(())
    }
}

/// Places are compared as far as both engines know them.
fn same_place(left: Option<(u32, Option<u32>)>, right: Option<(u32, Option<u32>)>) -> bool {
    match (left, right) {
        (Some((func, offset)), Some((other_func, other_offset))) => {
            func == other_func && offset.zip(other_offset).is_none_or(|(a, b)| a == b)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests;
