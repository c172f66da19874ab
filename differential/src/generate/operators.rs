//! Small modules around one operator of the operator table, taken in turn, inside of expressions over boundary values.
//!
//! Expressions are random trees of rows of the table: what the table does not have is not generated, and what it gains is.
//! Between them stand the shapes that code generators fuse, and those that runtimes get wrong ([`super::shapes`]): address
//! arithmetic, constants on either side, comparison and branch, selection as minimum and maximum, addresses around the end of
//! memory, memories that grow. Enters: a random stream; leaves: a module.

use super::assemble::{Assembly, MemoryShape, Signature};
use super::code::{Code, Leaf, edge, plain, quieten};
use super::shapes::{self, Ground, PAGE};
use super::{Generated, Nans, words};
use crate::random::Random;
use assay_model::ops::{self, OpRow};
use assay_runtime::FeatureSet;
use std::sync::LazyLock;

/// Rows that stand in expressions: numbers and vectors in and out, and immediates that can be made up.
pub(super) static ROWS: LazyLock<Vec<&'static OpRow>> = LazyLock::new(|| {
    let usable = |row: &&OpRow| {
        let signature = row.signature;
        let values =
            signature.chars().all(|letter| "iIfFva:".contains(letter)) && !signature.starts_with(':');
        let known = row.feature.is_none_or(|feature| FeatureSet::built().contains(feature));
        values && known && plain(row)
    };
    ops::all().filter(usable).collect()
});

/// Rows with exactly one result, by its type in the order of [`TYPES`].
static BY_RESULT: LazyLock<[Vec<&'static OpRow>; 5]> = LazyLock::new(|| {
    TYPES.map(|ty| ROWS.iter().copied().filter(|row| results(row).chars().eq([ty])).collect())
});

/// Types of values; a local and a global of each stand in every module, in this order.
pub(super) const TYPES: [char; 5] = ['i', 'I', 'f', 'F', 'v'];

/// Pages of the memory, and the address at which it ends.
const PAGES: u64 = 1;
pub(super) const END: u64 = PAGES << 16;

/// The operands of a row.
pub(super) fn operands(row: &OpRow) -> &'static str {
    row.signature.split_once(':').map_or(row.signature, |(operands, _)| operands)
}

/// The results of a row.
pub(super) fn results(row: &OpRow) -> &'static str {
    row.signature.split_once(':').map_or("", |(_, results)| results)
}

/// The operands that are not any value: how long to wait (nobody notifies, so that what waits in a shared memory waits until
/// its time is up), how many bytes to move, how many pages to grow by.
pub(super) fn given(row: &OpRow, operand: usize, ground: Ground, random: &mut Random) -> Option<Leaf> {
    let index = ground.index();
    let length = |random: &mut Random| match random.below(8) {
        0 => edge(index, random),
        1 => 0,
        2 => u128::from(END) - random.below(70) as u128,
        _ => random.below(70) as u128,
    };
    match (row.mnemonic, operand) {
        ("memory.atomic.wait32" | "memory.atomic.wait64", 2) => {
            Some(Leaf::Constant('I', random.below(1000) as u128))
        }
        ("memory.fill" | "memory.copy", 2) => Some(Leaf::Constant(index, length(random))),
        ("memory.grow", 0) => Some(Leaf::Constant(index, ground.growth(random))),
        _ => None,
    }
}

/// The memory, and what it holds at first: any bytes at the beginning, ends of small integers at the end.
/// Often shared where the operator is one for that; if not, now and then with pages of one byte.
pub(super) fn memory(assembly: &mut Assembly, row: &OpRow, random: &mut Random) -> Ground {
    let atomic = row.mnemonic.contains("atomic");
    let wide = random.one_in(4);
    let shared = if atomic { !random.one_in(3) } else { random.one_in(6) };
    let page = if !shared && random.one_in(5) { 0 } else { PAGE };
    let pages = PAGES << (PAGE - page);
    assembly.memory(MemoryShape { wide, shared, page, pages, most: 3 * pages });
    assembly.data(0, &random.bytes(64));
    assembly.data(END - 8, &[0x80, 0, 0xff, 0x7f, 1, 0xfe, 0x80, 0xff]);
    Ground { wide, page }
}

/// A static offset: mostly small, now and then around the end of memory or far beyond.
pub(super) fn offset(random: &mut Random) -> u64 {
    match random.below(12) {
        0..=5 => 0,
        6..=9 => random.below(80) as u64,
        10 => END - 12 + random.below(16) as u64,
        _ => *random.pick(&[0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fff8, 0xffff_ffff]),
    }
}

/// A module with functions around the operator whose turn it is.
pub(super) fn module(turn: u64, random: &mut Random, nans: Nans) -> Generated {
    let focus = ROWS[(turn % ROWS.len() as u64) as usize];
    let mut assembly = Assembly::default();
    let note = assembly.import("note", &TYPES, &['I']);
    let ground = memory(&mut assembly, focus, random);
    for ty in TYPES {
        assembly.global(ty, edge(ty, random));
    }
    let mut writer = Writer {
        ground,
        random,
        nans,
        note,
        grower: None,
        code: Code::default(),
        floats: false,
        functions: Vec::new(),
    };
    if writer.random.one_in(3) {
        let mut code = Code::default();
        shapes::grow(&mut code, writer.random, ground);
        let signature = Signature { params: &[], results: &[], locals: &[] };
        writer.grower = Some(assembly.function(None, signature, &code));
    }
    for number in 0..2 + writer.random.below(2) {
        let (params, result) = writer.function(focus);
        let signature = Signature { params: &params, results: &[result], locals: &LOCALS };
        let code = std::mem::take(&mut writer.code);
        let index = assembly.function(Some(&format!("f{number}")), signature, &code);
        writer.functions.push(Function { index, params, result });
    }
    let free_nans = writer.floats;
    Generated { bytes: assembly.finish(), free_nans }
}

/// Locals behind the parameters: one of each type, and a counter.
const LOCALS: [char; 6] = ['i', 'I', 'f', 'F', 'v', 'i'];
/// Which of them counts turns.
const TURNS: usize = 5;

struct Function {
    index: u32,
    params: Vec<char>,
    result: char,
}

struct Writer<'a> {
    random: &'a mut Random,
    nans: Nans,
    /// The host function.
    note: u32,
    /// A function that grows the memory.
    grower: Option<u32>,
    /// The function that is being written.
    code: Code,
    /// What the memory is like.
    ground: Ground,
    /// Whether NaNs can arise.
    floats: bool,
    /// The functions so far.
    functions: Vec<Function>,
}

/// What an expression may use.
struct Scope {
    params: Vec<char>,
}

impl Scope {
    /// The local of this type.
    fn local(&self, ty: char) -> u32 {
        self.behind(TYPES.iter().position(|&own| own == ty).unwrap_or(0))
    }

    fn behind(&self, number: usize) -> u32 {
        (self.params.len() + number) as u32
    }
}

/// The global of this type.
fn global(ty: char) -> u32 {
    TYPES.iter().position(|&own| own == ty).unwrap_or(0) as u32
}

impl Writer<'_> {
    /// Writes a function; its parameters and its result.
    fn function(&mut self, focus: &'static OpRow) -> (Vec<char>, char) {
        let count = 1 + self.random.below(4);
        let params: Vec<char> = (0..count).map(|_| *self.random.pick(&TYPES)).collect();
        let result = *self.random.pick(&TYPES);
        let scope = Scope { params: params.clone() };
        self.focused(focus, &scope);
        for _ in 0..1 + self.random.below(3) {
            self.statement(&scope, 2);
        }
        self.expression(result, 3, &scope);
        (params, result)
    }

    /// The operator whose turn it is, its result kept where it is compared.
    fn focused(&mut self, row: &'static OpRow, scope: &Scope) {
        self.apply(row, 1, scope);
        let results = results(row);
        // What comes behind the first result lies above it.
        for ty in results.chars().skip(1).collect::<Vec<_>>().into_iter().rev() {
            self.code.set(scope.local(ty));
        }
        if let Some(first) = results.chars().next() {
            // An address has the width of the memory's.
            let first = if first == 'a' { self.ground.index() } else { first };
            self.code.global_set(global(first));
        }
    }

    fn statement(&mut self, scope: &Scope, depth: usize) {
        let ty = *self.random.pick(&TYPES);
        match self.random.below(if depth == 0 { 7 } else { 11 }) {
            0 => {
                self.expression(ty, 3, scope);
                self.code.set(scope.local(ty));
            }
            1 => {
                self.expression(ty, 3, scope);
                self.code.global_set(global(ty));
            }
            2 => {
                shapes::growth(&mut self.code, self.random, self.ground, self.grower);
                self.code.global_set(global(self.ground.index())).set(scope.local('i'));
            }
            3 => {
                let (a, b) = (self.local(ty, scope), self.local(ty, scope));
                shapes::extremum(&mut self.code, self.random, ty, (a, b));
                self.code.global_set(global(ty));
            }
            4 => {
                let number = self.pick('i', scope);
                let number = |code: &mut Code| {
                    code.leaf(number);
                };
                shapes::switch(&mut self.code, self.random, scope.local('i'), number);
            }
            5 | 6 => {
                self.address(scope);
                self.expression(ty, 2, scope);
                let store = if ty == 'v' { "v128.store" } else { STORES[global(ty) as usize] };
                self.code.op(store).unsigned(0).unsigned(0);
            }
            7 | 8 => {
                self.expression('i', 2, scope);
                self.code.open("if", None);
                self.statement(scope, depth - 1);
                self.code.op("else");
                self.statement(scope, depth - 1);
                self.code.op("end");
            }
            9 => self.repetition(scope),
            _ => {
                for ty in TYPES {
                    self.expression(ty, 1, scope);
                }
                self.code.call(self.note).set(scope.local('I'));
            }
        }
    }

    /// A statement a few times over, until a condition holds.
    fn repetition(&mut self, scope: &Scope) {
        let turns = scope.behind(TURNS);
        let count = 1 + self.random.below(6);
        self.code.constant('i', count as u128).set(turns).open("block", None).open("loop", None);
        self.statement(scope, 0);
        self.expression('i', 1, scope);
        self.code.branch("br_if", 1);
        self.code.get(turns).constant('i', 1).op("i32.sub").tee(turns).branch("br_if", 0);
        self.code.op("end").op("end");
    }

    fn expression(&mut self, ty: char, depth: usize, scope: &Scope) {
        if depth == 0 {
            return self.leaf(ty, scope);
        }
        match self.random.below(13) {
            0 => self.leaf(ty, scope),
            1 => {
                self.expression(ty, depth - 1, scope);
                self.expression(ty, depth - 1, scope);
                self.expression('i', depth - 1, scope);
                self.code.op("select");
            }
            2 => {
                self.expression('i', depth - 1, scope);
                self.code.open("if", Some(ty));
                self.expression(ty, depth - 1, scope);
                self.code.op("else");
                self.expression(ty, depth - 1, scope);
                self.code.op("end");
            }
            3 => {
                self.expression(ty, depth - 1, scope);
                self.code.tee(scope.local(ty));
            }
            4 => {
                let (a, b) = (self.pick(ty, scope), self.pick(ty, scope));
                shapes::extremum(&mut self.code, self.random, ty, (a, b));
            }
            5 => self.call(ty, depth, scope),
            6 => shapes::load_at_the_end(&mut self.code, self.random, self.ground, ty),
            _ => {
                let row = *self.random.pick(&BY_RESULT[global(ty) as usize]);
                self.apply(row, depth - 1, scope);
            }
        }
    }

    /// A call of an earlier function, which cannot call back.
    fn call(&mut self, ty: char, depth: usize, scope: &Scope) {
        let fitting: Vec<usize> =
            (0..self.functions.len()).filter(|&at| self.functions[at].result == ty).collect();
        if fitting.is_empty() {
            return self.leaf(ty, scope);
        }
        let number = *self.random.pick(&fitting);
        let (index, params) = (self.functions[number].index, self.functions[number].params.clone());
        for ty in params {
            self.expression(ty, depth.min(1), scope);
        }
        self.code.call(index);
    }

    fn apply(&mut self, row: &'static OpRow, depth: usize, scope: &Scope) {
        for (position, ty) in operands(row).chars().enumerate() {
            match given(row, position, self.ground, self.random) {
                Some(leaf) => drop(self.code.leaf(leaf)),
                None if ty == 'a' => self.address(scope),
                None if self.random.one_in(4) => drop(self.code.constant(ty, edge(ty, self.random))),
                None => self.expression(ty, depth, scope),
            }
        }
        let offset = offset(self.random);
        self.code.row(row).immediates(row, offset, self.random);
        let Some(shape) = words::quieted(row.mnemonic) else { return };
        self.floats = true;
        if self.nans == Nans::Canonical {
            let ty = results(row).chars().next().unwrap_or('v');
            quieten(&mut self.code, shape, scope.local(ty));
        }
    }

    /// An address of the memory's width: the wide ones are sometimes such that only their upper half says that they are out
    /// of bounds.
    fn address(&mut self, scope: &Scope) {
        if self.random.one_in(6) {
            let leaf = self.pick('i', scope);
            let leaf = |code: &mut Code| {
                code.leaf(leaf);
            };
            return shapes::address(&mut self.code, self.random, self.ground, leaf);
        }
        if !self.ground.wide {
            return self.narrow_address(scope);
        }
        match self.random.below(24) {
            0 => self.leaf('I', scope),
            1 => {
                self.narrow_address(scope);
                self.code.op("i64.extend_i32_u").constant('I', 1 << 32).op("i64.or");
            }
            2 => {
                self.narrow_address(scope);
                self.code.op("i64.extend_i32_s");
            }
            _ => {
                self.narrow_address(scope);
                self.code.op("i64.extend_i32_u");
            }
        }
    }

    /// An address: mostly inside, now and then around the end, seldom anywhere.
    fn narrow_address(&mut self, scope: &Scope) {
        match self.random.below(16) {
            0 => self.leaf('i', scope),
            1 => {
                let address = END - 16 + self.random.below(32) as u64;
                self.code.constant('i', address.into());
            }
            2 => drop(self.code.constant('i', 0xffff_fffc)),
            3..=5 => {
                self.leaf('i', scope);
                let addend = self.random.below(64) as u128;
                self.code.constant('i', 0xfff).op("i32.and").constant('i', addend).op("i32.add");
            }
            6..=8 => {
                self.leaf('i', scope);
                let shift = self.random.below(4) as u128;
                self.code.constant('i', 0x3ff).op("i32.and").constant('i', shift).op("i32.shl");
            }
            9 => {
                self.leaf('I', scope);
                self.code.constant('I', 0xfff8).op("i64.and").op("i32.wrap_i64");
            }
            10 => {
                let address = self.random.below(64) as u128;
                self.code.constant(self.ground.index(), address).op("i32.load16_u").unsigned(1).unsigned(0);
            }
            _ => {
                self.expression('i', 1, scope);
                let mask = *self.random.pick(&[0xff, 0x7ff8, 0xffff]);
                self.code.constant('i', mask).op("i32.and");
            }
        }
    }

    fn leaf(&mut self, ty: char, scope: &Scope) {
        let leaf = self.pick(ty, scope);
        self.code.leaf(leaf);
    }

    /// A parameter or local.
    fn local(&mut self, ty: char, scope: &Scope) -> Leaf {
        let params = (0..scope.params.len()).filter(|&at| scope.params[at] == ty);
        let locals: Vec<u32> = params.map(|at| at as u32).chain([scope.local(ty)]).collect();
        Leaf::Local(*self.random.pick(&locals))
    }

    fn pick(&mut self, ty: char, scope: &Scope) -> Leaf {
        let fitting: Vec<usize> = (0..scope.params.len()).filter(|&at| scope.params[at] == ty).collect();
        match self.random.below(6) {
            0..=2 if !fitting.is_empty() => Leaf::Local(*self.random.pick(&fitting) as u32),
            3 => Leaf::Local(scope.local(ty)),
            4 => Leaf::Global(global(ty)),
            _ => Leaf::Constant(ty, edge(ty, self.random)),
        }
    }
}

/// The plain stores, in the order of [`TYPES`].
const STORES: [&str; 5] = ["i32.store", "i64.store", "f32.store", "f64.store", "v128.store"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_numeric_operator_has_its_turn() {
        for mnemonic in
            ["i32.div_s", "f32.copysign", "i64.store32", "i8x16.shuffle", "v128.load16_lane", "i64.add128"]
        {
            assert!(ROWS.iter().any(|row| row.mnemonic == mnemonic), "{mnemonic}");
        }
    }

    #[test]
    fn memories_are_shared_now_and_then_and_no_wait_is_long() {
        let turn = ROWS.iter().position(|row| row.mnemonic == "memory.atomic.wait64").unwrap() as u64;
        let mut shared = 0;
        for seed in 0..40 {
            let made = module(turn, &mut Random::of(&[seed]), Nans::Free);
            let text = wasmprinter::print_bytes(made.bytes).unwrap();
            shared += usize::from(text.contains(" shared)"));
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            for pair in lines.windows(2).filter(|pair| pair[1].starts_with("memory.atomic.wait")) {
                let timeout =
                    pair[0].strip_prefix("i64.const ").and_then(|number| number.parse::<u64>().ok());
                assert!(timeout.is_some_and(|nanoseconds| nanoseconds < 1000), "{pair:?}");
            }
        }
        assert!((10..38).contains(&shared), "{shared} of 40");
    }

    #[test]
    fn every_turn_makes_a_module_that_has_the_operator() {
        for turn in 0..ROWS.len() as u64 {
            let mut stream = Random::of(&[turn]);
            for nans in [Nans::Free, Nans::Canonical] {
                let text = wasmprinter::print_bytes(module(turn, &mut stream.clone(), nans).bytes).unwrap();
                let mnemonic = ROWS[turn as usize].mnemonic;
                assert!(text.contains(mnemonic), "{mnemonic} is missing in\n{text}");
            }
            stream.next();
        }
    }
}
