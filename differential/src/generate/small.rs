//! Modules of one function around one operator of the operator table, taken in turn: over parameters, boundary values, and
//! both. As small as a module can be that shows what the operator does, so that there can be very many.
//!
//! The first half keeps to addresses inside of memory; the second, behind a branch, does not. Every result is kept in a global
//! of its own. Enters: a random stream; leaves: a module.

use super::assemble::{Assembly, Signature};
use super::code::{Code, Leaf, edge, quieten, width};
use super::operators::{END, ROWS, TYPES, given, memory, offset, operands, results};
use super::shapes::{self, Ground, PAGE};
use super::{Generated, Nans, words};
use crate::random::Random;
use assay_model::ops::{Immediates, OpRow};

/// A module around the operator whose turn it is.
pub(super) fn module(turn: u64, random: &mut Random, nans: Nans) -> Generated {
    let row = ROWS[(turn % ROWS.len() as u64) as usize];
    let mut assembly = Assembly::default();
    let mut ground = Ground { wide: false, page: PAGE };
    let fed = random.one_in(3);
    if fed || needs_memory(row) {
        ground = memory(&mut assembly, row, random);
    }
    let own = |ty| if ty == 'a' { ground.index() } else { ty };
    let mut params: Vec<char> = operands(row).chars().map(own).collect();
    // Which half is taken.
    params.push('i');
    let results: Vec<char> = results(row).chars().map(own).collect();
    let mut writer =
        Writer { row, ground, fed, random, nans, params, results, code: Code::default(), kept: Vec::new() };
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

struct Writer<'a> {
    row: &'static OpRow,
    ground: Ground,
    /// Whether operands are read from memory.
    fed: bool,
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
        self.company();
        let half = self.params.len() as u32 - 1;
        self.code.get(half).constant('i', 1).op("i32.and").open("if", None);
        for _ in 0..2 {
            self.application(From::Anywhere);
            self.keep();
        }
        self.code.op("end");
        self.application(From::Params);
    }

    /// What stands beside some operators: growth between accesses, a choice between what was compared.
    fn company(&mut self) {
        if needs_memory(self.row) && self.random.one_in(3) {
            shapes::growth(&mut self.code, self.random, self.ground, None);
            self.keep_as(&['i', self.ground.index()]);
        }
        let operator = self.row.mnemonic.split_once('.').map_or("", |(_, operator)| operator);
        let compares = ["lt", "gt", "le", "ge"].iter().any(|start| operator.starts_with(start));
        if compares && matches!(self.params[..], [a, b, 'i'] if a == b) {
            let (a, b) = (Leaf::Local(0), Leaf::Local(1));
            shapes::extremum(&mut self.code, self.random, self.params[0], (a, b));
            self.keep_as(&[self.params[0]]);
        }
    }

    /// The operator, applied.
    fn application(&mut self, from: From) {
        let offset = match from {
            From::Anywhere => offset(self.random),
            From::Inside | From::Params => 8 * self.random.below(3) as u64,
        };
        for (position, ty) in operands(self.row).chars().enumerate() {
            match given(self.row, position, self.ground, self.random) {
                Some(leaf) => drop(self.code.leaf(leaf)),
                None if ty == 'a' && from != From::Anywhere => self.inside(position, offset),
                None if ty == 'a' && self.random.one_in(3) => self.shaped(position),
                None => self.operand(position, from),
            }
        }
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
        if self.fed && from != From::Params && self.random.one_in(2) {
            return shapes::load_at_the_end(&mut self.code, self.random, self.ground, ty);
        }
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

    /// An address by arithmetic over a parameter.
    fn shaped(&mut self, position: usize) {
        let wide = self.ground.wide;
        let leaf = |code: &mut Code| {
            code.get(position as u32);
            if wide {
                code.op("i32.wrap_i64");
            }
        };
        shapes::address(&mut self.code, self.random, self.ground, leaf);
    }

    /// An address in the memory, most of the time at such a distance from its end that the access fits.
    fn inside(&mut self, position: usize, offset: u64) {
        let ty = self.params[position];
        let accesses = matches!(self.row.immediates, Immediates::MemArg | Immediates::MemArgLane);
        if accesses && self.row.prefix != 0xfe && self.random.one_in(4) {
            let bytes = width(self.row.mnemonic) + offset as u32;
            return shapes::from_the_end(&mut self.code, self.random, self.ground, bytes);
        }
        // What is aligned stays so: atomic operators trap elsewhere.
        let masks = [0x30, 0x7ff0, u128::from(END) - 64];
        let mask = if self.random.one_in(16) { 0xffff } else { *self.random.pick(&masks) };
        let word = if ty == 'I' { "i64.and" } else { "i32.and" };
        self.code.get(position as u32).constant(ty, mask).op(word);
    }

    /// Moves results into globals.
    fn keep(&mut self) {
        self.keep_as(&self.results.clone());
    }

    /// Moves results of these types into globals.
    fn keep_as(&mut self, types: &[char]) {
        for &ty in types.iter().rev() {
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
