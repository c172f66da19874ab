//! Where references to objects stand in frames, for a collector that moves what they lead to.
//!
//! The lowering says for each function which locals are references, and for each instruction that objects may move in
//! which operands below it are. Operands are written down as lists that share their ends, as the operand stack grows and
//! shrinks at one end: an instruction costs one entry, however deep the stack is. Functions and instructions without
//! references have no entry. This room knows slots, not types.

use assay_model::index::FuncIdx;

/// No further root.
const END: u32 = u32::MAX;

/// The uppermost operand of a list of operands that are references.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct RootId(u32);

/// An operand that is a reference.
#[derive(Copy, Clone, Debug)]
struct Root {
    slot: u32,
    /// The next one below, or [`END`].
    below: u32,
}

/// Locals that follow each other, all of them references.
#[derive(Copy, Clone, Debug)]
struct Locals {
    func: FuncIdx,
    slot: u32,
    count: u32,
}

/// The references in the frames of functions.
#[derive(Default)]
pub(crate) struct Roots {
    /// By function.
    locals: Vec<Locals>,
    /// By first word of the instruction.
    safepoints: Vec<(u32, RootId)>,
    roots: Vec<Root>,
}

impl Roots {
    /// A list of operands: one on top of others.
    pub(super) fn root(&mut self, slot: u32, below: Option<RootId>) -> RootId {
        let id = RootId(self.roots.len() as u32);
        self.roots.push(Root { slot, below: below.map_or(END, |RootId(below)| below) });
        id
    }

    /// Objects may move in the instruction at `word` while these operands stand in their slots.
    pub(super) fn safepoint(&mut self, word: u32, roots: RootId) {
        self.safepoints.push((word, roots));
    }

    /// The local at `slot` of a function is a reference. Slots come in their order, functions one behind the other.
    pub(super) fn local(&mut self, func: FuncIdx, slot: u32) {
        match self.locals.last_mut() {
            Some(run) if run.func == func && run.slot + run.count == slot => run.count += 1,
            _ => self.locals.push(Locals { func, slot, count: 1 }),
        }
    }

    /// Puts the references of other functions behind these; their code begins at `start`.
    pub(super) fn append(&mut self, other: Roots, start: u32) {
        let first = self.roots.len() as u32;
        let shift = |below: u32| if below == END { END } else { below + first };
        self.roots.extend(other.roots.into_iter().map(|root| Root { below: shift(root.below), ..root }));
        let safepoints = other.safepoints.into_iter();
        self.safepoints.extend(safepoints.map(|(word, RootId(root))| (word + start, RootId(root + first))));
        self.locals.extend(other.locals);
    }

    /// Shows the slots with references of a frame of `func` that waits in the instruction at `word`.
    pub(crate) fn visit(&self, func: FuncIdx, word: u32, mut visit: impl FnMut(u32)) {
        let first = self.locals.partition_point(|run| run.func < func);
        for run in self.locals[first..].iter().take_while(|run| run.func == func) {
            (run.slot..run.slot + run.count).for_each(&mut visit);
        }
        let Ok(found) = self.safepoints.binary_search_by_key(&word, |&(word, _)| word) else { return };
        let (_, RootId(mut at)) = self.safepoints[found];
        while at != END {
            let Root { slot, below } = self.roots[at as usize];
            visit(slot);
            at = below;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Roots;
    use assay_model::index::FuncIdx;

    fn slots(roots: &Roots, func: u32, word: u32) -> Vec<u32> {
        let mut slots = Vec::new();
        roots.visit(FuncIdx(func), word, |slot| slots.push(slot));
        slots
    }

    fn piece(func: u32) -> Roots {
        let mut roots = Roots::default();
        [0, 1, 4].into_iter().for_each(|slot| roots.local(FuncIdx(func), slot));
        let low = roots.root(8, None);
        let high = roots.root(9, Some(low));
        roots.safepoint(5, high);
        roots.safepoint(12, low);
        roots
    }

    #[test]
    fn frames_show_their_locals_and_the_operands_of_the_instruction() {
        let mut roots = piece(3);
        roots.append(piece(4), 100);
        for (func, start) in [(3, 0), (4, 100)] {
            assert_eq!(slots(&roots, func, start + 5), [0, 1, 4, 9, 8]);
            assert_eq!(slots(&roots, func, start + 12), [0, 1, 4, 8]);
            assert_eq!(slots(&roots, func, start + 6), [0, 1, 4]);
        }
        assert_eq!(slots(&roots, 5, 7), []);
    }
}
