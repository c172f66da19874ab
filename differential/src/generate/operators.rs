//! Small modules around one operator of the operator table, taken in turn, inside of expressions over boundary values.
//!
//! Expressions are random trees of rows of the table: what the table does not have is not generated, and what it gains is.
//! Between them stand the shapes that code generators fuse: address arithmetic, constants on either side, comparison and
//! branch, selection as minimum and maximum, addresses around the end of memory. Enters: a random stream; leaves: a module.

use super::words::{self, name};
use super::{Generated, Nans};
use crate::random::Random;
use assay_model::ops::{self, Immediates, OpRow};
use assay_runtime::FeatureSet;
use std::fmt::Write;
use std::sync::LazyLock;

/// Rows that stand in expressions: numbers and vectors in, at most one out, and immediates that can be made up.
static ROWS: LazyLock<Vec<&'static OpRow>> = LazyLock::new(|| {
    let usable = |row: &&OpRow| {
        let signature = row.signature;
        let plain = signature.chars().all(|letter| "iIfFva:".contains(letter)) && !signature.starts_with(':');
        let known = row.feature.is_none_or(|feature| FeatureSet::built().contains(feature));
        plain && known && immediates(row, &mut Random::of(&[])).is_some()
    };
    ops::all().filter(usable).collect()
});

const TYPES: [char; 5] = ['i', 'I', 'f', 'F', 'v'];

/// Pages of the memory, and the address at which it ends.
const PAGES: u32 = 1;
const END: u64 = (PAGES as u64) << 16;

/// Which operand of a waiting operator says how long, in nanoseconds.
const TIMEOUT: usize = 2;

/// A module with functions around the operator whose turn it is.
pub(super) fn module(turn: u64, random: &mut Random, nans: Nans) -> Generated {
    let focus = ROWS[(turn % ROWS.len() as u64) as usize];
    let mut writer = Writer {
        wide: random.one_in(4),
        random,
        nans,
        text: String::with_capacity(8192),
        floats: false,
        functions: Vec::new(),
    };
    writer.module(focus);
    let bytes = wat::parse_str(&writer.text).unwrap_or_default();
    Generated { bytes, free_nans: writer.floats }
}

struct Writer<'a> {
    random: &'a mut Random,
    nans: Nans,
    text: String,
    /// Whether addresses have 64 bits.
    wide: bool,
    /// Whether NaNs can arise.
    floats: bool,
    /// Parameters and result of the functions so far.
    functions: Vec<(Vec<char>, char)>,
}

/// What an expression may use.
struct Scope {
    params: Vec<char>,
}

impl Writer<'_> {
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _written = self.text.write_fmt(text);
    }

    fn module(&mut self, focus: &'static OpRow) {
        self.text.push_str(
            "(module (import \"host\" \"note\" (func $note (param i32 i64 f32 f64 v128) (result i64)))\n",
        );
        let index = if self.wide { "i64" } else { "i32" };
        let shared = if self.random.one_in(4) { " shared" } else { "" };
        self.put(format_args!(
            "(memory (export \"memory\") {index} {PAGES} 3{shared}) (data ({index}.const 0) \""
        ));
        for byte in self.random.bytes(64) {
            self.put(format_args!("\\{byte:02x}"));
        }
        self.put(format_args!(
            "\") (data ({index}.const {}) \"\\80\\00\\ff\\7f\\01\\fe\\80\\ff\")\n",
            END - 8
        ));
        for ty in TYPES {
            let constant = words::constant(ty, self.random);
            let keyword = name(ty);
            self.put(format_args!("(global $g_{keyword} (mut {keyword}) {constant})\n"));
        }
        if self.nans == Nans::Canonical {
            self.text.push_str(words::QUIET);
        }
        let count = 2 + self.random.below(2);
        for _ in 0..count {
            self.function(focus);
        }
        self.text.push(')');
    }

    fn function(&mut self, focus: &'static OpRow) {
        let count = 1 + self.random.below(4);
        let params: Vec<char> = (0..count).map(|_| *self.random.pick(&TYPES)).collect();
        let result = *self.random.pick(&TYPES);
        let number = self.functions.len();
        self.put(format_args!("(func $f{number} (export \"f{number}\")"));
        for &param in &params {
            self.put(format_args!(" (param {})", name(param)));
        }
        let keyword = name(result);
        self.put(format_args!(
            " (result {keyword}) (local $l_i32 i32) (local $l_i64 i64) (local $l_f32 f32)"
        ));
        self.text.push_str(" (local $l_f64 f64) (local $l_v128 v128) (local $turns i32)\n");
        let scope = Scope { params: params.clone() };
        self.focused(focus, &scope);
        for _ in 0..1 + self.random.below(3) {
            self.statement(&scope, 2);
        }
        let value = self.expression(result, 3, &scope);
        self.put(format_args!("{value})\n"));
        self.functions.push((params, result));
    }

    /// The operator whose turn it is, its result kept where it is compared.
    fn focused(&mut self, row: &'static OpRow, scope: &Scope) {
        let applied = self.apply(row, 1, scope);
        let mut results = row.signature.split_once(':').map_or("", |(_, results)| results).chars();
        let Some(first) = results.next() else {
            self.put(format_args!("{applied}\n"));
            return;
        };
        // What comes behind the first result lies above it.
        let above: String = results.rev().map(|ty| format!("(local.set $l_{})", name(ty))).collect();
        self.put(format_args!("{applied} {above} (global.set $g_{})\n", name(first)));
    }

    fn statement(&mut self, scope: &Scope, depth: usize) {
        let ty = *self.random.pick(&TYPES);
        let keyword = name(ty);
        match self.random.below(if depth == 0 { 4 } else { 8 }) {
            0 | 1 => {
                let value = self.expression(ty, 3, scope);
                self.put(format_args!("(local.set $l_{keyword} {value})\n"));
            }
            2 => {
                let value = self.expression(ty, 3, scope);
                self.put(format_args!("(global.set $g_{keyword} {value})\n"));
            }
            3 => {
                let (address, value) = (self.address(scope), self.expression(ty, 2, scope));
                self.put(format_args!("({keyword}.store {address} {value})\n"));
            }
            4 | 5 => {
                let condition = self.expression('i', 2, scope);
                self.put(format_args!("(if {condition} (then\n"));
                self.statement(scope, depth - 1);
                self.text.push_str(") (else\n");
                self.statement(scope, depth - 1);
                self.text.push_str("))\n");
            }
            6 => {
                let turns = 1 + self.random.below(6);
                self.put(format_args!("(local.set $turns (i32.const {turns})) (block (loop\n"));
                self.statement(scope, 0);
                let condition = self.expression('i', 1, scope);
                self.put(format_args!("(br_if 1 {condition}) (br_if 0 (local.tee $turns (i32.sub (local.get $turns) (i32.const 1))))))\n"));
            }
            _ => {
                let args = TYPES.map(|ty| self.expression(ty, 1, scope)).join(" ");
                self.put(format_args!("(local.set $l_i64 (call $note {args}))\n"));
            }
        }
    }

    fn expression(&mut self, ty: char, depth: usize, scope: &Scope) -> String {
        if depth == 0 {
            return self.leaf(ty, scope);
        }
        let keyword = name(ty);
        match self.random.below(12) {
            0 => self.leaf(ty, scope),
            1 => {
                let condition = self.expression('i', depth - 1, scope);
                let (a, b) = (self.expression(ty, depth - 1, scope), self.expression(ty, depth - 1, scope));
                format!("(select {a} {b} {condition})")
            }
            2 => {
                let condition = self.expression('i', depth - 1, scope);
                let (a, b) = (self.expression(ty, depth - 1, scope), self.expression(ty, depth - 1, scope));
                format!("(if (result {keyword}) {condition} (then {a}) (else {b}))")
            }
            3 => {
                let value = self.expression(ty, depth - 1, scope);
                format!("(local.tee $l_{keyword} {value})")
            }
            4 => self.extremum(ty, scope),
            5 => self.call(ty, depth, scope),
            _ => {
                let fits =
                    |row: &&OpRow| row.signature.split_once(':').is_some_and(|(_, results)| is(results, ty));
                let rows: Vec<&'static OpRow> = ROWS.iter().copied().filter(fits).collect();
                let row = *self.random.pick(&rows);
                self.apply(row, depth - 1, scope)
            }
        }
    }

    /// Minimum or maximum, as compilers of other languages write it.
    fn extremum(&mut self, ty: char, scope: &Scope) -> String {
        let (a, b) = (self.leaf(ty, scope), self.leaf(ty, scope));
        let keyword = name(ty);
        if ty == 'v' {
            let shape = self.random.pick(&["i8x16", "i16x8", "i32x4", "f32x4", "f64x2"]);
            return format!(
                "(v128.bitselect {a} {b} ({shape}.{}",
                if shape.starts_with('f') { "lt" } else { "gt_s" }
            ) + &format!(" {a} {b}))");
        }
        let integer = matches!(ty, 'i' | 'I');
        let comparison = *self.random.pick(if integer {
            &["lt_s", "lt_u", "gt_s", "ge_u"]
        } else {
            &["lt", "le", "gt", "ge"]
        });
        format!("(select {a} {b} ({keyword}.{comparison} {a} {b}))")
    }

    /// A call of an earlier function, which cannot call back.
    fn call(&mut self, ty: char, depth: usize, scope: &Scope) -> String {
        let fitting: Vec<usize> =
            (0..self.functions.len()).filter(|&at| self.functions[at].1 == ty).collect();
        if fitting.is_empty() {
            return self.leaf(ty, scope);
        }
        let number = *self.random.pick(&fitting);
        let params = self.functions[number].0.clone();
        let args: Vec<String> = params.iter().map(|&ty| self.expression(ty, depth.min(1), scope)).collect();
        format!("(call $f{number} {})", args.join(" "))
    }

    fn apply(&mut self, row: &'static OpRow, depth: usize, scope: &Scope) -> String {
        let operands = row.signature.split_once(':').map_or(row.signature, |(operands, _)| operands);
        let mut args = String::new();
        for (position, ty) in operands.chars().enumerate() {
            let operand = match ty {
                // Nobody notifies: what waits in a shared memory waits until its time is up.
                _ if position == TIMEOUT && row.mnemonic.starts_with("memory.atomic.wait") => {
                    format!("(i64.const {})", self.random.below(1000))
                }
                'a' => self.address(scope),
                _ if self.random.one_in(4) => words::constant(ty, self.random),
                _ => self.expression(ty, depth, scope),
            };
            args.push(' ');
            args.push_str(&operand);
        }
        let offset = match row.immediates {
            Immediates::MemArg | Immediates::MemArgLane => self.offset(),
            _ => String::new(),
        };
        let immediates = immediates(row, self.random).unwrap_or_default();
        let applied = format!("({}{offset}{immediates}{args})", row.mnemonic);
        let Some(shape) = words::quieted(row.mnemonic) else { return applied };
        self.floats = true;
        match self.nans {
            Nans::Free => applied,
            Nans::Canonical => format!("(call $quiet_{shape} {applied})"),
        }
    }

    /// An address of the memory's width: the wide ones are sometimes such that only their upper half says that they are out
    /// of bounds.
    fn address(&mut self, scope: &Scope) -> String {
        let narrow = self.narrow_address(scope);
        if !self.wide {
            return narrow;
        }
        match self.random.below(24) {
            0 => self.leaf('I', scope),
            1 => format!("(i64.or (i64.extend_i32_u {narrow}) (i64.const 0x100000000))"),
            2 => format!("(i64.extend_i32_s {narrow})"),
            _ => format!("(i64.extend_i32_u {narrow})"),
        }
    }

    /// An address: mostly inside, now and then around the end, seldom anywhere.
    fn narrow_address(&mut self, scope: &Scope) -> String {
        match self.random.below(16) {
            0 => self.leaf('i', scope),
            1 => format!("(i32.const {})", END - 16 + self.random.below(32) as u64),
            2 => "(i32.const -4)".to_owned(),
            3..=5 => {
                let (value, addend) = (self.leaf('i', scope), self.random.below(64));
                format!("(i32.add (i32.and {value} (i32.const 0xfff)) (i32.const {addend}))")
            }
            6..=8 => {
                let (value, shift) = (self.leaf('i', scope), self.random.below(4));
                format!("(i32.shl (i32.and {value} (i32.const 0x3ff)) (i32.const {shift}))")
            }
            9 => {
                let value = self.leaf('I', scope);
                format!("(i32.wrap_i64 (i64.and {value} (i64.const 0xfff8)))")
            }
            10 => {
                let index = if self.wide { "i64" } else { "i32" };
                format!("(i32.load16_u ({index}.const {}))", self.random.below(64))
            }
            _ => {
                let value = self.expression('i', 1, scope);
                format!("(i32.and {value} (i32.const {}))", self.random.pick(&["0xff", "0x7ff8", "0xffff"]))
            }
        }
    }

    fn offset(&mut self) -> String {
        match self.random.below(12) {
            0..=5 => String::new(),
            6..=9 => format!(" offset={}", self.random.below(80)),
            10 => format!(" offset={}", END - 12 + self.random.below(16) as u64),
            _ => {
                let far = [0x1_0000_u64, 0x7fff_ffff, 0x8000_0000, 0xffff_fff8, 0xffff_ffff];
                format!(" offset={}", self.random.pick(&far))
            }
        }
    }

    fn leaf(&mut self, ty: char, scope: &Scope) -> String {
        let keyword = name(ty);
        let fitting: Vec<usize> = (0..scope.params.len()).filter(|&at| scope.params[at] == ty).collect();
        match self.random.below(6) {
            0..=2 if !fitting.is_empty() => format!("(local.get {})", self.random.pick(&fitting)),
            3 => format!("(local.get $l_{keyword})"),
            4 => format!("(global.get $g_{keyword})"),
            _ => words::constant(ty, self.random),
        }
    }
}

/// Whether this is the one result.
fn is(results: &str, ty: char) -> bool {
    results.len() == 1 && results.starts_with(ty)
}

/// Immediates behind the offset; `None` for operators whose immediates name something of the module.
fn immediates(row: &OpRow, random: &mut Random) -> Option<String> {
    Some(match row.immediates {
        Immediates::None | Immediates::MemArg => String::new(),
        Immediates::Lane | Immediates::MemArgLane => format!(" {}", random.below(words::lanes(row.mnemonic))),
        Immediates::Shuffle => (0..16).map(|_| format!(" {}", random.below(32))).collect(),
        _ => return None,
    })
}

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
        assert!((3..30).contains(&shared), "{shared} of 40");
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
