//! Which exceptions are caught where: for each place of the code the innermost `try_table` or `try` around it, with its
//! clauses.
//!
//! The lowering opens and closes regions in the order of the code; a region ends where the next one begins. Code without
//! either has none. This room knows places, not exceptions.

use std::ops::Range;

/// A `try_table` or `try`.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct HandlerId(u32);

/// A clause of the code that is being written.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClauseId(u32);

/// A clause of a `try_table` or `try`.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clause {
    /// Where the tag's identity stands in the context; none catches everything.
    pub(crate) tag: Option<u32>,
    /// The slot of the reference to the exception, where it is handed over.
    pub(crate) reference: Option<u32>,
    /// The slot of the first of the exception's values.
    pub(crate) slot: u32,
    /// The word where the code goes on.
    pub(crate) landing: u32,
}

#[derive(Clone, Debug)]
struct Handler {
    outer: Option<HandlerId>,
    clauses: Range<u32>,
}

/// The handlers of functions.
#[derive(Default)]
pub(crate) struct Handlers {
    /// By first word: the innermost handler from there on.
    regions: Vec<(u32, Option<HandlerId>)>,
    handlers: Vec<Handler>,
    clauses: Vec<Clause>,
}

impl Handlers {
    /// A handler within another one. The places where its clauses go on are not known yet.
    pub(super) fn handler(&mut self, outer: Option<HandlerId>, clauses: &[Clause]) -> HandlerId {
        let handler = Handler { outer, clauses: self.listed(clauses) };
        self.handlers.push(handler);
        HandlerId(self.handlers.len() as u32 - 1)
    }

    /// What became of a handler that was opened without clauses: its clauses, and who is asked behind them.
    pub(super) fn complete(
        &mut self,
        HandlerId(handler): HandlerId,
        outer: Option<HandlerId>,
        clauses: &[Clause],
    ) {
        self.handlers[handler as usize] = Handler { outer, clauses: self.listed(clauses) };
    }

    fn listed(&mut self, clauses: &[Clause]) -> Range<u32> {
        let first = self.clauses.len() as u32;
        self.clauses.extend_from_slice(clauses);
        first..self.clauses.len() as u32
    }

    /// The clauses of a handler.
    pub(super) fn clauses_of(&self, HandlerId(handler): HandlerId) -> impl Iterator<Item = ClauseId> + use<> {
        self.handlers[handler as usize].clauses.clone().map(ClauseId)
    }

    /// From `word` on this is the innermost handler.
    pub(super) fn region(&mut self, word: u32, handler: Option<HandlerId>) {
        self.regions.push((word, handler));
    }

    /// Where the code goes on from a clause.
    pub(super) fn land(&mut self, ClauseId(clause): ClauseId, word: u32) {
        self.clauses[clause as usize].landing = word;
    }

    /// Puts the handlers of other functions behind these; their code begins at `start`.
    pub(super) fn append(&mut self, other: Handlers, start: u32) {
        let (handlers, clauses) = (self.handlers.len() as u32, self.clauses.len() as u32);
        let shift = |id: Option<HandlerId>| id.map(|HandlerId(id)| HandlerId(id + handlers));
        self.regions.extend(other.regions.into_iter().map(|(word, id)| (word + start, shift(id))));
        let handler = |Handler { outer, clauses: Range { start, end } }| Handler {
            outer: shift(outer),
            clauses: start + clauses..end + clauses,
        };
        self.handlers.extend(other.handlers.into_iter().map(handler));
        let landing = |clause: Clause| Clause { landing: clause.landing + start, ..clause };
        self.clauses.extend(other.clauses.into_iter().map(landing));
    }

    /// The clauses that the instruction with this word stands in, in the order in which they are asked.
    pub(crate) fn around(&self, word: u32) -> impl Iterator<Item = &Clause> {
        let behind = self.regions.partition_point(|&(start, _)| start <= word);
        let innermost = behind.checked_sub(1).and_then(|region| self.regions[region].1);
        let handler = |HandlerId(id): HandlerId| &self.handlers[id as usize];
        let handlers = std::iter::successors(innermost.map(handler), move |inner| inner.outer.map(handler));
        handlers
            .flat_map(|Handler { clauses, .. }| &self.clauses[clauses.start as usize..clauses.end as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::{Clause, Handlers};

    fn clause(slot: u32) -> Clause {
        Clause { tag: None, reference: None, slot, landing: 0 }
    }

    fn piece() -> Handlers {
        let mut handlers = Handlers::default();
        let outer = handlers.handler(None, &[clause(1), clause(2)]);
        handlers.region(10, Some(outer));
        let inner = handlers.handler(Some(outer), &[clause(3)]);
        handlers.region(20, Some(inner));
        handlers.region(30, Some(outer));
        handlers.region(40, None);
        let last = handlers.clauses_of(outer).last().unwrap();
        handlers.land(last, 50);
        handlers
    }

    #[test]
    fn inner_clauses_come_first() {
        let mut handlers = piece();
        handlers.append(piece(), 100);
        for start in [0, 100] {
            let slots =
                |word| -> Vec<u32> { handlers.around(start + word).map(|clause| clause.slot).collect() };
            assert_eq!(slots(9), []);
            assert_eq!(slots(10), [1, 2]);
            assert_eq!(slots(29), [3, 1, 2]);
            assert_eq!(slots(39), [1, 2]);
            assert_eq!(slots(40), []);
            assert_eq!(handlers.around(start + 10).last().unwrap().landing, start + 50);
        }
    }
    #[test]
    fn what_is_said_late_counts_everywhere() {
        let mut handlers = Handlers::default();
        let [outer, middle, inner] = [None, Some(0), Some(1)].map(|outer| {
            let handler = handlers.handler(outer.map(super::HandlerId), &[]);
            handlers.region(10 * (handler.0 + 1), Some(handler));
            handler
        });
        // The one in the middle passes on to nobody, the inner one past it to the outer one.
        handlers.complete(inner, Some(outer), &[clause(3)]);
        handlers.complete(middle, None, &[]);
        handlers.complete(outer, None, &[clause(1), clause(2)]);
        let slots = |word| -> Vec<u32> { handlers.around(word).map(|clause| clause.slot).collect() };
        assert_eq!([slots(10), slots(20), slots(30)], [vec![1, 2], vec![], vec![3, 1, 2]]);
    }
}
