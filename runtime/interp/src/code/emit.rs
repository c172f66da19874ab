//! Writing the code of functions, one behind the other.

use super::handlers::{Clause, ClauseId, HandlerId, Handlers};
use super::roots::{RootId, Roots};
use crate::exec::Opcode;
use assay_model::index::{DefinedFuncIdx, FuncIdx};

/// An instruction and its position in the binary.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    /// The instruction's first word.
    pub(crate) word: u32,
    /// The operator's offset.
    pub(crate) offset: u32,
}

/// Code that is being written.
#[derive(Default)]
pub(crate) struct Emitter {
    words: Vec<u32>,
    positions: Vec<Position>,
    /// Direct calls: their first word and the callee.
    calls: Vec<(u32, DefinedFuncIdx)>,
    roots: Roots,
    handlers: Handlers,
    #[cfg(test)]
    names: std::collections::BTreeMap<u32, String>,
}

/// Code that was written.
pub(crate) struct Finished {
    pub(crate) words: Box<[u32]>,
    pub(crate) positions: Box<[Position]>,
    /// Direct calls: their first word and the callee.
    pub(crate) calls: Vec<(u32, DefinedFuncIdx)>,
    pub(crate) roots: Roots,
    pub(crate) handlers: Handlers,
}

impl Emitter {
    /// Where the next instruction will stand.
    pub(crate) fn here(&self) -> u32 {
        self.words.len() as u32
    }

    /// Begins an instruction.
    pub(crate) fn op(&mut self, opcode: Opcode) -> u32 {
        let at = self.here();
        self.word64(opcode.address());
        self.note(at, opcode);
        at
    }

    /// Adds an operand word.
    pub(crate) fn word(&mut self, word: u32) {
        self.words.push(word);
    }

    /// Adds a number of two words.
    pub(crate) fn word64(&mut self, number: u64) {
        self.words.extend([number as u32, (number >> 32) as u32]);
    }

    /// Notes the position of the instruction at `word`, for traps.
    pub(crate) fn position(&mut self, word: u32, offset: u32) {
        self.positions.push(Position { word, offset });
    }

    /// Notes a direct call whose words are filled in by the linker.
    pub(crate) fn direct_call(&mut self, at: u32, callee: DefinedFuncIdx) {
        self.calls.push((at, callee));
    }

    /// A list of operands that are references: one in `slot` on top of others.
    pub(crate) fn root(&mut self, slot: u32, below: Option<RootId>) -> RootId {
        self.roots.root(slot, below)
    }

    /// Objects may move in the instruction at `at` while these operands stand in their slots.
    pub(crate) fn safepoint(&mut self, at: u32, roots: Option<RootId>) {
        if let Some(roots) = roots {
            self.roots.safepoint(at, roots);
        }
    }

    /// The local at `slot` of the function is a reference.
    pub(crate) fn reference_local(&mut self, func: FuncIdx, slot: u32) {
        self.roots.local(func, slot);
    }

    /// A handler within another one, and its clauses, which do not go on anywhere yet.
    pub(crate) fn handler(
        &mut self,
        outer: Option<HandlerId>,
        clauses: &[Clause],
    ) -> (HandlerId, impl Iterator<Item = ClauseId> + use<>) {
        let handler = self.handlers.handler(outer, clauses);
        (handler, self.handlers.clauses_of(handler))
    }

    /// What became of a handler that was opened without clauses.
    pub(crate) fn complete_handler(
        &mut self,
        handler: HandlerId,
        outer: Option<HandlerId>,
        clauses: &[Clause],
    ) {
        self.handlers.complete(handler, outer, clauses);
    }

    /// From here on this is the innermost handler.
    pub(crate) fn region(&mut self, handler: Option<HandlerId>) {
        self.handlers.region(self.here(), handler);
    }

    /// Where the code goes on from a clause.
    pub(crate) fn land(&mut self, clause: ClauseId, word: u32) {
        self.handlers.land(clause, word);
    }

    /// Replaces the opcode of the instruction at `at`; the words keep their places.
    pub(crate) fn patch_op(&mut self, at: u32, opcode: Opcode) {
        let address = opcode.address();
        self.patch(at, address as u32);
        self.patch(at + 1, (address >> 32) as u32);
        self.note(at, opcode);
    }

    /// Replaces a word.
    pub(crate) fn patch(&mut self, at: u32, word: u32) {
        self.words[at as usize] = word;
    }

    /// Takes back everything from the instruction at `at` on.
    pub(crate) fn truncate(&mut self, at: u32) {
        self.words.truncate(at as usize);
        while self.positions.last().is_some_and(|position| position.word >= at) {
            self.positions.pop();
        }
        #[cfg(test)]
        self.names.retain(|&word, _| word < at);
    }

    #[cfg(test)]
    fn note(&mut self, at: u32, opcode: Opcode) {
        self.names.insert(at, opcode.name());
    }

    #[cfg(not(test))]
    fn note(&mut self, _: u32, _: Opcode) {}

    /// The instructions with their words behind the handler, for tests.
    #[cfg(test)]
    pub(crate) fn listing(&self) -> Vec<String> {
        let starts: Vec<u32> = self.names.keys().copied().collect();
        let ends = starts.iter().skip(1).copied().chain([self.here()]);
        let line = |(start, end): (&u32, u32)| {
            let operands = &self.words[*start as usize + 2..end as usize];
            operands.iter().fold(self.names[start].clone(), |line, &word| format!("{line} {}", word as i32))
        };
        starts.iter().zip(ends).map(line).collect()
    }

    /// Puts other code behind this one.
    pub(crate) fn append(&mut self, mut other: Emitter) {
        if self.words.is_empty() {
            *self = other;
            return;
        }
        let start = self.here();
        self.words.append(&mut other.words);
        let shift = |position: Position| Position { word: position.word + start, ..position };
        self.positions.extend(other.positions.into_iter().map(shift));
        self.calls.extend(other.calls.into_iter().map(|(at, callee)| (start + at, callee)));
        self.roots.append(other.roots, start);
        self.handlers.append(other.handlers, start);
    }

    /// The finished parts.
    pub(crate) fn finish(self) -> Finished {
        let Self { words, positions, calls, roots, handlers, .. } = self;
        Finished { words: words.into(), positions: positions.into(), calls, roots, handlers }
    }
}
