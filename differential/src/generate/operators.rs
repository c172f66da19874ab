//! Small modules around one operator of the operator table, taken in turn, inside of expressions over boundary values.
//!
//! Expressions are random trees of rows of the table: what the table does not have is not generated, and what it gains is.
//! Between them stand the shapes that code generators fuse: address arithmetic, constants on either side, comparison and
//! branch, selection as minimum and maximum, addresses around the end of memory. Enters: a random stream; leaves: a module.

use super::{Generated, Nans, edges};
use crate::random::Random;
use assay_model::ops::{self, Immediates, OpRow};
use assay_runtime::FeatureSet;
use std::fmt::Write;
use std::sync::LazyLock;

/// Rows that stand in expressions: numbers in, at most one number out, no immediates but those of a memory access.
static ROWS: LazyLock<Vec<&'static OpRow>> = LazyLock::new(|| {
    let usable = |row: &&OpRow| {
        let signature = row.signature;
        let plain = signature.chars().all(|letter| "iIfFa:".contains(letter)) && !signature.starts_with(':');
        let known = row.feature.is_none_or(|feature| FeatureSet::built().contains(feature));
        plain && known && matches!(row.immediates, Immediates::None | Immediates::MemArg)
    };
    ops::all().filter(usable).collect()
});

const TYPES: [char; 4] = ['i', 'I', 'f', 'F'];

/// Pages of the memory, and the address at which it ends.
const PAGES: u32 = 1;
const END: u64 = (PAGES as u64) << 16;

/// A module with functions around the operator whose turn it is.
pub(super) fn module(turn: u64, random: &mut Random, nans: Nans) -> Generated {
    let focus = ROWS[(turn % ROWS.len() as u64) as usize];
    let mut writer =
        Writer { random, nans, text: String::with_capacity(8192), floats: false, functions: Vec::new() };
    writer.module(focus);
    let bytes = wat::parse_str(&writer.text).unwrap_or_default();
    Generated { bytes, free_nans: writer.floats }
}

struct Writer<'a> {
    random: &'a mut Random,
    nans: Nans,
    text: String,
    /// Whether NaNs can arise.
    floats: bool,
    /// Parameters and result of the functions so far.
    functions: Vec<(Vec<char>, char)>,
}

/// What an expression may use.
struct Scope {
    params: Vec<char>,
}

fn name(ty: char) -> &'static str {
    match ty {
        'i' | 'a' => "i32",
        'I' => "i64",
        'f' => "f32",
        _ => "f64",
    }
}

impl Writer<'_> {
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _written = self.text.write_fmt(text);
    }

    fn module(&mut self, focus: &'static OpRow) {
        self.text.push_str(
            "(module (import \"host\" \"note\" (func $note (param i32 i64 f32 f64) (result i64)))\n",
        );
        self.put(format_args!("(memory (export \"memory\") {PAGES} 3) (data (i32.const 0) \""));
        for byte in self.random.bytes(64) {
            self.put(format_args!("\\{byte:02x}"));
        }
        self.put(format_args!("\") (data (i32.const {}) \"\\80\\00\\ff\\7f\\01\\fe\\80\\ff\")\n", END - 8));
        for ty in TYPES {
            let constant = self.constant(ty);
            let keyword = name(ty);
            self.put(format_args!("(global $g_{keyword} (mut {keyword}) {constant})\n"));
        }
        if self.nans == Nans::Canonical {
            self.text.push_str(
                "(func $quiet_f32 (param f32) (result f32)
                (select (f32.const nan) (local.get 0) (f32.ne (local.get 0) (local.get 0))))
                (func $quiet_f64 (param f64) (result f64)
                (select (f64.const nan) (local.get 0) (f64.ne (local.get 0) (local.get 0))))\n",
            );
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
        self.text.push_str(" (local $l_f64 f64) (local $turns i32)\n");
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
        match row.signature.chars().last() {
            Some(':') | None => self.put(format_args!("{applied}\n")),
            Some(result) => {
                let keyword = name(result);
                self.put(format_args!("(global.set $g_{keyword} {applied})\n"));
            }
        }
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
                let rows: Vec<&'static OpRow> =
                    ROWS.iter().copied().filter(|row| row.signature.ends_with(ty)).collect();
                let row = *self.random.pick(&rows);
                self.apply(row, depth - 1, scope)
            }
        }
    }

    /// Minimum or maximum, as compilers of other languages write it.
    fn extremum(&mut self, ty: char, scope: &Scope) -> String {
        let (a, b) = (self.leaf(ty, scope), self.leaf(ty, scope));
        let keyword = name(ty);
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
        let (operands, result) = row.signature.split_once(':').unwrap_or((row.signature, ""));
        let mut args = String::new();
        for ty in operands.chars() {
            let operand = match ty {
                'a' => self.address(scope),
                _ if self.random.one_in(4) => self.constant(ty),
                _ => self.expression(ty, depth, scope),
            };
            args.push(' ');
            args.push_str(&operand);
        }
        let offset = match row.immediates {
            Immediates::MemArg => self.offset(),
            _ => String::new(),
        };
        let applied = format!("({}{offset}{args})", row.mnemonic);
        if !makes_nans(row.mnemonic) {
            return applied;
        }
        self.floats = true;
        match self.nans {
            Nans::Free => applied,
            Nans::Canonical => {
                format!("(call $quiet_{} {applied})", name(result.chars().next().unwrap_or('F')))
            }
        }
    }

    /// An address: mostly inside, now and then around the end, seldom anywhere.
    fn address(&mut self, scope: &Scope) -> String {
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
            10 => format!("(i32.load16_u (i32.const {}))", self.random.below(64)),
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
            _ => self.constant(ty),
        }
    }

    /// A boundary value. Floats are made from bits by a `const` that keeps them.
    fn constant(&mut self, ty: char) -> String {
        match ty {
            'i' => format!("(i32.const {})", self.random.pick(&edges::I32)),
            'I' => format!("(i64.const {})", self.random.pick(&edges::I64)),
            'f' => format!("(f32.const {})", f32_text(*self.random.pick(&edges::F32) as u32)),
            _ => format!("(f64.const {})", f64_text(*self.random.pick(&edges::F64))),
        }
    }
}

/// Whether NaN bits of the result are the engine's choice.
fn makes_nans(mnemonic: &str) -> bool {
    let Some((ty @ ("f32" | "f64"), operator)) = mnemonic.split_once('.') else { return false };
    let arithmetic = ["add", "sub", "mul", "div", "sqrt", "ceil", "floor", "trunc", "nearest", "min", "max"];
    let resized = if ty == "f32" { "demote_f64" } else { "promote_f32" };
    arithmetic.contains(&operator) || operator == resized
}

fn f32_text(bits: u32) -> String {
    let value = f32::from_bits(bits);
    let sign = if value.is_sign_negative() { "-" } else { "" };
    match bits & 0x007f_ffff {
        payload if value.is_nan() => format!("{sign}nan:{payload:#x}"),
        _ if value.is_infinite() => format!("{sign}inf"),
        _ => format!("{value:e}"),
    }
}

fn f64_text(bits: u64) -> String {
    let value = f64::from_bits(bits);
    let sign = if value.is_sign_negative() { "-" } else { "" };
    match bits & 0x000f_ffff_ffff_ffff {
        payload if value.is_nan() => format!("{sign}nan:{payload:#x}"),
        _ if value.is_infinite() => format!("{sign}inf"),
        _ => format!("{value:e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_numeric_operator_has_its_turn() {
        for mnemonic in
            ["i32.div_s", "i64.rotr", "f32.copysign", "i64.trunc_sat_f64_u", "i64.extend32_s", "i64.store32"]
        {
            assert!(ROWS.iter().any(|row| row.mnemonic == mnemonic), "{mnemonic}");
        }
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

    #[test]
    fn constants_keep_their_bits() {
        for &bits in &edges::F32 {
            let text = format!("(module (func (drop (f32.const {}))))", f32_text(bits as u32));
            let bytes = wat::parse_str(&text).unwrap();
            assert!(bytes.windows(4).any(|window| window == (bits as u32).to_le_bytes()), "{bits:#x}");
        }
        for &bits in &edges::F64 {
            let text = format!("(module (func (drop (f64.const {}))))", f64_text(bits));
            let bytes = wat::parse_str(&text).unwrap();
            assert!(bytes.windows(8).any(|window| window == bits.to_le_bytes()), "{bits:#x}");
        }
    }
}
