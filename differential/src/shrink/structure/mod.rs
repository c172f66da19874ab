//! Smaller modules of every kind, those with objects and exceptions among them: parts are taken away by their structure.
//!
//! Enters: a search whose best case has a valid module; leaves: the same search, whose module has less. Items of index spaces go
//! where nothing names them ([`items`]), bodies become traps, and pieces of bodies become zeros and nulls ([`body`],
//! [`stack`]). Every candidate is valid, and keeps the types of functions, globals and tables that it keeps. What was tried in
//! vain is not tried again in the next round.

mod body;
mod items;
mod stack;

use super::Search;
use crate::case::{Case, ModuleBytes};
use crate::rewrite::sections::{CODE, Sections};
use assay_runtime::{Config, Engine, Module};
use body::Body;
use items::{Part, Space};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use wasm_encoder::{Encode, Function};

/// What does not depend on the case.
pub(super) struct Structure {
    engine: Engine,
    /// Candidates that did not have the finding, or were not valid.
    vain: HashSet<u64>,
}

impl Structure {
    /// `None` when there is nobody to say what is valid.
    pub(super) fn new() -> Option<Self> {
        Some(Self { engine: Engine::new(&Config::new()).ok()?, vain: HashSet::new() })
    }

    /// Makes each valid module of the best case smaller.
    pub(super) fn reduce<F: FnMut(&Case) -> bool>(&mut self, search: &mut Search<Case, F>) {
        for index in 0..search.best.modules.len() {
            if Module::validate(&self.engine, &search.best.modules[index].bytes).is_ok() {
                let mut one = One { structure: self, search, index };
                one.items();
                one.traps();
                one.bodies();
                one.segments();
                one.items();
            }
        }
    }
}

/// One module of the best case.
struct One<'a, F> {
    structure: &'a mut Structure,
    search: &'a mut Search<Case, F>,
    index: usize,
}

impl<F: FnMut(&Case) -> bool> One<'_, F> {
    fn bytes(&self) -> &[u8] {
        &self.search.best.modules[self.index].bytes
    }

    /// Tries other bytes. A second form of the module is given up: it would have to follow every change.
    fn attempt(&mut self, bytes: Vec<u8>) -> bool {
        if bytes == self.bytes() || self.search.is_over() {
            return false;
        }
        let mut candidate = self.search.best.clone();
        candidate.modules[self.index] = ModuleBytes { bytes, canonical: None };
        let key = digest(&candidate);
        if self.structure.vain.contains(&key) {
            return false;
        }
        let valid = Module::validate(&self.structure.engine, &candidate.modules[self.index].bytes).is_ok();
        let better = valid && self.search.try_case(candidate);
        if !better {
            self.structure.vain.insert(key);
        }
        better
    }

    fn without(&mut self, part: Part) -> bool {
        items::without(self.bytes(), part).is_some_and(|bytes| self.attempt(bytes))
    }

    /// Takes the function away that is called first, and items of each kind.
    fn items(&mut self) {
        self.without(Part::Start);
        for space in Space::ALL {
            let count = |one: &Self| items::count(one.bytes(), space) as usize;
            self.halves(count, |one, range| {
                one.without(Part::Items(space, range.start as u32..range.end as u32));
            });
        }
    }

    /// Shortens segments.
    fn segments(&mut self) {
        type Shorter = fn(u32, Range<usize>) -> Part;
        for (space, shorter) in [(Space::Data, Part::Bytes as Shorter), (Space::Element, Part::Elements)] {
            for segment in 0..items::lengths(self.bytes(), space).len() {
                let count =
                    |one: &Self| items::lengths(one.bytes(), space).get(segment).copied().unwrap_or(0);
                self.halves(count, |one, range| {
                    one.without(shorter(segment as u32, range));
                });
            }
        }
    }

    /// Asks to take ranges of something away that there is so much of: halves first, then smaller ones, from the end on.
    fn halves(&mut self, count: impl Fn(&Self) -> usize, take: impl Fn(&mut Self, Range<usize>)) {
        let mut size = count(self);
        while size > 0 {
            let mut end = count(self);
            while end > 0 && !self.search.is_over() {
                let start = end.saturating_sub(size);
                take(self, start..end);
                end = start.min(count(self));
            }
            size /= 2;
        }
    }

    /// Makes traps of bodies, many at once.
    fn traps(&mut self) {
        let Some(count) = Bodies::of(self.bytes()).map(|bodies| bodies.list.len()) else { return };
        self.halves(
            |_| count,
            |one, range| {
                let Some(mut bodies) = Bodies::of(one.bytes()) else { return };
                bodies.list[range].fill(encoded(&body::trap()));
                one.attempt(bodies.bytes());
            },
        );
    }

    /// Makes each body smaller, the last one first: those that are called stand in front more often.
    fn bodies(&mut self) {
        let Some(count) = Bodies::of(self.bytes()).map(|bodies| bodies.list.len()) else { return };
        for number in (0..count).rev() {
            self.body(number);
        }
    }

    fn body(&mut self, number: usize) {
        let trap = encoded(&body::trap());
        if Bodies::of(self.bytes()).is_none_or(|bodies| bodies.list[number] == trap) {
            return;
        }
        let Some(len) = Body::of(self.bytes(), number).map(|body| body.len()) else { return };
        let mut size = len;
        while size > 0 && !self.search.is_over() {
            self.pieces(number, size);
            size = if size > body::SLIDING { size / 2 } else { size - 1 };
        }
        let bytes = self.bytes().to_vec();
        if let Some(smaller) = Body::of(&bytes, number).and_then(|body| body.without_locals()) {
            self.exchange(number, &smaller);
        }
    }

    /// Tries to do without each piece of this size. What stands behind a piece that is gone was tried before.
    fn pieces(&mut self, number: usize, size: usize) {
        let mut limit = usize::MAX;
        loop {
            let bytes = self.bytes().to_vec();
            let Some(body) = Body::of(&bytes, number) else { return };
            let gone = body.pieces(size, limit).into_iter().find(|piece| {
                let possible = body.without(piece);
                possible.iter().any(|function| self.exchange(number, function))
            });
            let left = Body::of(self.bytes(), number).map(|left| left.len());
            let (Some(gone), Some(left)) = (gone, left) else { return };
            limit = (gone.end + left).saturating_sub(body.len());
        }
    }

    fn exchange(&mut self, number: usize, function: &Function) -> bool {
        let Some(mut bodies) = Bodies::of(self.bytes()) else { return false };
        bodies.list[number] = encoded(function);
        self.attempt(bodies.bytes())
    }
}

/// What tells a candidate from others.
fn digest(case: &Case) -> u64 {
    let mut hasher = DefaultHasher::new();
    case.modules.iter().for_each(|module| module.bytes.hash(&mut hasher));
    format!("{:?} {:?}", case.steps, case.settings).hash(&mut hasher);
    hasher.finish()
}

/// A body with its length.
fn encoded(function: &Function) -> Vec<u8> {
    let mut bytes = Vec::new();
    function.encode(&mut bytes);
    bytes
}

/// A module, and its bodies with their lengths.
struct Bodies {
    sections: Sections,
    list: Vec<Vec<u8>>,
}

impl Bodies {
    /// `None` when there are none.
    fn of(bytes: &[u8]) -> Option<Self> {
        let sections = Sections::read(bytes)?;
        Some(Self { list: sections.sized_items(CODE)?, sections })
    }

    fn bytes(mut self) -> Vec<u8> {
        self.sections.set_items(CODE, &self.list);
        self.sections.bytes()
    }
}

#[cfg(test)]
mod tests;
