//! Modules of one function around one operator of the operator table, taken in turn: over parameters, boundary values, and
//! both. As small as a module can be that shows what the operator does, so that there can be very many.
//!
//! The first half keeps to addresses inside of memory; the second, behind a branch, does not. Every result is kept in a global
//! of its own. Enters: a random stream; leaves: a module.

use super::assemble::{Assembly, Signature};
use super::code::{Code, Leaf, edge, quieten};
use super::operators::{END, ROWS, TYPES, given, memory, offset, operands, results};
use super::{Generated, Nans, words};
use crate::random::Random;
use assay_model::ops::{Immediates, OpRow};

/// A module around the operator whose turn it is.
pub(super) fn module(turn: u64, random: &mut Random, nans: Nans) -> Generated {
    let row = ROWS[(turn % ROWS.len() as u64) as usize];
    let mut assembly = Assembly::default();
    let wide = random.one_in(4);
    if needs_memory(row) {
        memory(&mut assembly, row, wide, random);
    }
    let mut params: Vec<char> = operands(row).chars().map(|ty| widened(ty, wide)).collect();
    // Which half is taken.
    params.push('i');
    let results: Vec<char> = results(row).chars().map(|ty| widened(ty, wide)).collect();
    let mut writer =
        Writer { row, wide, random, nans, params, results, code: Code::default(), kept: Vec::new() };
    writer.body();
    let Writer { params, results, code, kept, .. } = writer;
    for ty in kept {
        assembly.global(ty, 0);
    }
    let locals = TYPES;
    assembly.function(Some("f"), Signature { params: &params, results: &results, locals: &locals }, &code);
    Generated { bytes: assembly.finish(), free_nans: words::quieted(row.mnemonic).is_some() }
}

fn needs_memory(row: &OpRow) -> bool {
    use Immediates as Im;
    matches!(row.immediates, Im::MemArg | Im::MemArgLane | Im::Memory | Im::MemoryMemory)
}

/// An address has the width of the memory's.
fn widened(ty: char, wide: bool) -> char {
    match ty {
        'a' if wide => 'I',
        'a' => 'i',
        _ => ty,
    }
}

struct Writer<'a> {
    row: &'static OpRow,
    wide: bool,
    random: &'a mut Random,
    nans: Nans,
    params: Vec<char>,
    results: Vec<char>,
    code: Code,
    /// The types of the globals.
    kept: Vec<char>,
}

/// Where operands come from.
#[derive(Copy, Clone, PartialEq, Eq)]
enum From {
    /// Parameters alone.
    Params,
    /// Parameters and constants, addresses inside of memory.
    Inside,
    /// Parameters and constants as they come.
    Anywhere,
}

impl Writer<'_> {
    fn body(&mut self) {
        // So many that a call counts as useful.
        let count = if operands(self.row).len() < 2 { 5 } else { 4 };
        for _ in 0..count {
            self.application(From::Inside);
            self.keep();
        }
        let half = self.params.len() as u32 - 1;
        self.code.get(half).constant('i', 1).op("i32.and").open("if", None);
        for _ in 0..2 {
            self.application(From::Anywhere);
            self.keep();
        }
        self.code.op("end");
        self.application(From::Params);
    }

    /// The operator, applied.
    fn application(&mut self, from: From) {
        for (position, ty) in operands(self.row).chars().enumerate() {
            match given(self.row, position, self.wide, self.random) {
                Some(leaf) => drop(self.code.leaf(leaf)),
                None if ty == 'a' && from != From::Anywhere => self.inside(position),
                None => self.operand(position, from),
            }
        }
        let offset = match from {
            From::Anywhere => offset(self.random),
            From::Inside | From::Params => 8 * self.random.below(3) as u64,
        };
        self.code.row(self.row).immediates(self.row, offset, self.random);
        if self.nans == Nans::Free {
            return;
        }
        if let (Some(shape), Some(&ty)) = (words::quieted(self.row.mnemonic), self.results.first()) {
            let local = TYPES.iter().position(|&own| own == ty).unwrap_or(0) + self.params.len();
            quieten(&mut self.code, shape, local as u32);
        }
    }

    fn operand(&mut self, position: usize, from: From) {
        let ty = self.params[position];
        let same: Vec<usize> = (0..self.params.len()).filter(|&at| self.params[at] == ty).collect();
        let leaf = match self.random.below(8) {
            _ if from == From::Params => Leaf::Local(position as u32),
            0..3 => Leaf::Local(position as u32),
            3 => Leaf::Local(*self.random.pick(&same) as u32),
            4 if !self.kept.is_empty() => self.result(ty),
            _ => Leaf::Constant(ty, edge(ty, self.random)),
        };
        self.code.leaf(leaf);
    }

    /// An earlier result of this type, if there is one.
    fn result(&mut self, ty: char) -> Leaf {
        let fitting: Vec<usize> = (0..self.kept.len()).filter(|&at| self.kept[at] == ty).collect();
        if fitting.is_empty() {
            return Leaf::Constant(ty, edge(ty, self.random));
        }
        Leaf::Global(*self.random.pick(&fitting) as u32)
    }

    /// An address in the memory, most of the time at such a distance from its end that the access fits.
    fn inside(&mut self, position: usize) {
        let ty = self.params[position];
        // What is aligned stays so: atomic operators trap elsewhere.
        let masks = [0x30, 0x7ff0, u128::from(END) - 64];
        let mask = if self.random.one_in(16) { 0xffff } else { *self.random.pick(&masks) };
        let word = if ty == 'I' { "i64.and" } else { "i32.and" };
        self.code.get(position as u32).constant(ty, mask).op(word);
    }

    /// Moves results into globals.
    fn keep(&mut self) {
        for ty in self.results.clone().into_iter().rev() {
            self.code.global_set(self.kept.len() as u32);
            self.kept.push(ty);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_turn_makes_a_small_module_that_has_the_operator() {
        for turn in 0..ROWS.len() as u64 {
            for nans in [Nans::Free, Nans::Canonical] {
                let bytes = module(turn, &mut Random::of(&[turn]), nans).bytes;
                assert!(bytes.len() < 900, "{} bytes", bytes.len());
                let text = wasmprinter::print_bytes(bytes).unwrap();
                let mnemonic = ROWS[turn as usize].mnemonic;
                assert!(text.contains(mnemonic), "{mnemonic} is missing in\n{text}");
            }
        }
    }
}
