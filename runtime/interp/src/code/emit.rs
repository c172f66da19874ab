//! Writing the code of functions, one behind the other.

use crate::exec::Opcode;
use assay_model::index::DefinedFuncIdx;

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
    #[cfg(test)]
    names: std::collections::BTreeMap<u32, String>,
}

/// Code that was written.
pub(crate) struct Finished {
    pub(crate) words: Box<[u32]>,
    pub(crate) positions: Box<[Position]>,
    /// Direct calls: their first word and the callee.
    pub(crate) calls: Vec<(u32, DefinedFuncIdx)>,
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
    }

    /// The finished parts.
    pub(crate) fn finish(self) -> Finished {
        Finished { words: self.words.into(), positions: self.positions.into(), calls: self.calls }
    }
}
