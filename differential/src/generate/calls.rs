//! Modules of functions that call each other in every way there is: by name, through tables that change and one that does
//! not, by reference, in tail position, and the host.
//!
//! Tables and references are written between the calls, types fit mostly but not always, and a budget that every function
//! draws on ends what would go on for ever. One function of each type only computes, so that a compiler may write it out
//! where it is called. Integers and vectors only, so that every bit is compared. Enters: a random stream; leaves: a module.

use super::Generated;
use super::words::{constant, name};
use crate::random::Random;
use std::fmt::Write;

/// Types of parameters and results.
const TYPES: [char; 3] = ['i', 'I', 'v'];

/// Elements of the constant table `$fixed` and of the table `$moving` at first.
const SIZE: usize = 8;
/// The most that the latter may have.
const MOST: usize = 24;

/// A module.
pub(super) fn module(random: &mut Random) -> Generated {
    let mut writer = Writer {
        random,
        text: String::with_capacity(8192),
        types: Vec::new(),
        functions: Vec::new(),
        computing: 0,
        tables: Vec::new(),
    };
    writer.module();
    let bytes = wat::parse_str(&writer.text).unwrap_or_default();
    Generated { bytes, free_nans: false }
}

struct FuncType {
    params: Vec<char>,
    results: Vec<char>,
}

struct Writer<'a> {
    random: &'a mut Random,
    text: String,
    types: Vec<FuncType>,
    /// The type of each function.
    functions: Vec<usize>,
    /// The first of the functions that only compute.
    computing: usize,
    /// What `$fixed` holds, and `$moving` at first.
    tables: Vec<Vec<Option<usize>>>,
}

impl Writer<'_> {
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _written = self.text.write_fmt(text);
    }

    fn module(&mut self) {
        self.text.push_str("(module (import \"host\" \"note\" (func $note (param i32 i64) (result i64)))\n");
        self.declare_types();
        let count = 1 + self.random.below(3);
        self.functions = (0..count).map(|_| self.random.below(self.types.len())).collect();
        // A function of every type, so that there is something to refer to.
        self.functions.extend(0..self.types.len());
        self.computing = self.functions.len();
        self.functions.extend(0..self.types.len());
        self.declare_tables();
        for number in 0..self.functions.len() {
            self.function(number);
            self.entrance(number);
        }
        self.text.push(')');
    }

    /// Types with one of two lists of results, so that tail calls find others with the same.
    fn declare_types(&mut self) {
        let shapes = [self.list(1, 2), self.list(0, 3)];
        for number in 0..2 + self.random.below(2) {
            let (params, results) = (self.list(0, 5), self.random.pick(&shapes).clone());
            self.put(format_args!("(type $t{number} (func"));
            self.put(format_args!(" (param{}) (result{})))\n", words(&params), words(&results)));
            self.types.push(FuncType { params, results });
        }
    }

    fn list(&mut self, least: usize, most: usize) -> Vec<char> {
        let count = least + self.random.below(most - least + 1);
        (0..count).map(|_| *self.random.pick(&TYPES)).collect()
    }

    fn declare_tables(&mut self) {
        for (table, size) in [("$fixed", format!("{SIZE}")), ("$moving", format!("{SIZE} {MOST}"))] {
            self.put(format_args!(
                "(table {table} {size} funcref) (elem (table {table}) (i32.const 0) funcref"
            ));
            let items: Vec<Option<usize>> = (0..SIZE).map(|_| self.item()).collect();
            for item in &items {
                match item {
                    Some(number) => self.put(format_args!(" (ref.func $f{number})")),
                    None => self.text.push_str(" (ref.null func)"),
                }
            }
            self.text.push_str(")\n");
            self.tables.push(items);
        }
        let ty = self.functions[0];
        self.put(format_args!("(table $typed 4 (ref null $t{ty}) (ref.func $f0))\n(elem $passive func"));
        for number in 0..self.functions.len() {
            self.put(format_args!(" $f{number}"));
        }
        self.text.push_str(" $note)\n(global $budget (mut i32) (i32.const 0))\n");
        self.text
            .push_str("(global $kept (mut funcref) (ref.null func)) (global $sum (mut i64) (i64.const 0))\n");
    }

    /// A function for a table: seldom none.
    fn item(&mut self) -> Option<usize> {
        (!self.random.one_in(10)).then(|| self.random.below(self.functions.len()))
    }

    /// The exported way into a function: renews the budget.
    fn entrance(&mut self, number: usize) {
        let ty = self.functions[number];
        let budget = 10 + self.random.below(60);
        self.put(format_args!("(func (export \"f{number}\") (type $t{ty})"));
        self.put(format_args!(" (global.set $budget (i32.const {budget})) (call $f{number}"));
        for param in 0..self.types[ty].params.len() {
            self.put(format_args!(" (local.get {param})"));
        }
        self.text.push_str("))\n");
    }

    fn function(&mut self, number: usize) {
        let ty = self.functions[number];
        self.put(format_args!(
            "(func $f{number} (type $t{ty}) (local $i i32) (local $I i64) (local $v v128)"
        ));
        self.text.push_str(" (local $r funcref)");
        if number >= self.computing {
            return self.computation(ty);
        }
        for ty in 0..self.types.len() {
            self.put(format_args!(" (local $r{ty} (ref null $t{ty}))"));
        }
        for ty in (0..self.types.len()).filter(|_| !self.random.one_in(4)).collect::<Vec<_>>() {
            let func = self.one_of(ty);
            self.put(format_args!(" (local.set $r{ty} (ref.func $f{func}))"));
        }
        self.text.push_str("\n(global.set $budget (i32.sub (global.get $budget) (i32.const 1)))\n");
        let values = self.results(ty);
        self.put(format_args!(
            "(if (i32.lt_s (global.get $budget) (i32.const 0)) (then (return{values})))\n"
        ));
        for _ in 0..1 + self.random.below(4) {
            self.statement(ty, 2);
        }
        self.ending(ty);
        self.text.push_str(")\n");
    }

    /// The rest of a function that only computes: locals and a global are written, nothing is called and nothing traps.
    fn computation(&mut self, ty: usize) {
        for _ in 0..self.random.below(3) {
            let local = *self.random.pick(&TYPES);
            let value = self.value(ty, local);
            self.put(format_args!(" (local.set ${local} {value})"));
        }
        if self.random.one_in(4) {
            let value = self.value(ty, 'I');
            self.put(format_args!(" (global.set $sum {value})"));
        }
        let values = self.results(ty);
        self.put(format_args!("{values})\n"));
    }

    /// The function's last act: values, or another function's.
    fn ending(&mut self, ty: usize) {
        let results = self.types[ty].results.clone();
        let same: Vec<usize> =
            (0..self.types.len()).filter(|&other| self.types[other].results == results).collect();
        let callee = *self.random.pick(&same);
        if self.random.one_in(3) {
            let values = self.results(ty);
            self.put(format_args!("(return{values})"));
        } else {
            let call = self.call(ty, callee, "return_call");
            self.text.push_str(&call);
        }
    }

    fn statement(&mut self, own: usize, depth: usize) {
        let statement = match self.random.below(if depth == 0 { 10 } else { 13 }) {
            0..=3 => {
                let ty = self.random.below(self.types.len());
                let call = self.call(own, ty, "call");
                let kept: String =
                    self.types[ty].results.iter().rev().map(|ty| format!(" (local.set ${ty})")).collect();
                format!("{call}{kept}")
            }
            4 => {
                let (index, func) = (self.index(), self.func());
                format!("(table.set $moving {index} {func})")
            }
            5 => self.bulk(own),
            6 => format!("(local.set $r {}) (global.set $kept (local.get $r))", self.func()),
            7 => {
                let ty = self.random.below(self.types.len());
                format!("(local.set $r{ty} {})", self.typed(ty))
            }
            8 => {
                let (a, b) = (self.value(own, 'i'), self.value(own, 'I'));
                format!("(local.set $I (call $note {a} {b}))")
            }
            9 => {
                let (ty, value) = (*self.random.pick(&TYPES), self.value(own, 'I'));
                format!("(local.set ${ty} {}) (global.set $sum {value})", self.value(own, ty))
            }
            10 => self.nested("(if COND (then", "))", own, depth),
            11 => {
                let ty = self.random.below(self.types.len());
                let value = self.typed(ty);
                let word = *self.random.pick(&["br_on_null 0", "br_on_non_null 0"]);
                // What falls through a `br_on_null`, and what arrives by `br_on_non_null`, is the reference.
                if word == "br_on_null 0" {
                    self.nested(&format!("(block (local.set $r{ty} (br_on_null 0 {value}))"), ")", own, depth)
                } else {
                    let open = format!(
                        "(local.set $r{ty} (block (result (ref null $t{ty})) (br_on_non_null 0 {value})"
                    );
                    self.nested(&open, &format!(" (local.get $r{ty})))"), own, depth)
                }
            }
            _ => self.nested("(block (br_if 0 COND)", ")", own, depth),
        };
        self.text.push_str(&statement);
        self.text.push('\n');
    }

    /// A statement inside of something.
    fn nested(&mut self, open: &str, close: &str, own: usize, depth: usize) -> String {
        let condition = self.value(own, 'i');
        let outer = std::mem::take(&mut self.text);
        self.statement(own, depth - 1);
        let inner = std::mem::replace(&mut self.text, outer);
        format!("{} {inner}{close}", open.replace("COND", &condition))
    }

    /// A call of some function of a type, in one of the ways; `word` is `call` or `return_call`.
    fn call(&mut self, own: usize, ty: usize, word: &str) -> String {
        let mut args = String::new();
        for param in self.types[ty].params.clone() {
            let value = self.value(own, param);
            args.push_str(&value);
        }
        match self.random.below(5) {
            0 => format!("({word} $f{} {args})", self.one_of(ty)),
            1 | 2 => format!("({word}_indirect $fixed (type $t{ty}) {args} {})", self.index_of(0, ty)),
            3 => format!("({word}_indirect $moving (type $t{ty}) {args} {})", self.index_of(1, ty)),
            _ => format!("({word}_ref $t{ty} {args} {})", self.typed(ty)),
        }
    }

    /// A function of this type: there is one.
    fn one_of(&mut self, ty: usize) -> usize {
        let fitting: Vec<usize> =
            (0..self.functions.len()).filter(|&number| self.functions[number] == ty).collect();
        *self.random.pick(&fitting)
    }

    /// An index into a table, mostly one where a function of this type stands, at least at first.
    fn index_of(&mut self, table: usize, ty: usize) -> String {
        let holds = |item: &Option<usize>| item.is_some_and(|number| self.functions[number] == ty);
        let fitting: Vec<usize> = (0..SIZE).filter(|&index| holds(&self.tables[table][index])).collect();
        if fitting.is_empty() || self.random.one_in(8) {
            return self.index();
        }
        format!("(i32.const {})", self.random.pick(&fitting))
    }

    /// An index: mostly of an element.
    fn index(&mut self) -> String {
        match self.random.below(24) {
            0 => format!("(i32.const {})", SIZE + self.random.below(3)),
            1 => "(i32.const -1)".to_owned(),
            2..=7 => format!("(i32.and (local.get $i) (i32.const {}))", SIZE - 1),
            _ => format!("(i32.const {})", self.random.below(SIZE)),
        }
    }

    fn bulk(&mut self, own: usize) -> String {
        let (func, length) = (self.func(), self.random.below(3));
        let (to, from) = (self.index(), self.random.below(4));
        match self.random.below(5) {
            0 => format!("(local.set $i (table.grow $moving {func} (i32.const {length})))"),
            1 if self.random.one_in(2) => {
                let from = self.random.below(SIZE);
                let length = format!("(i32.sub (table.size $moving) (i32.const {from}))");
                format!("(table.fill $moving (i32.const {from}) {func} {length})")
            }
            1 => format!("(table.fill $moving {to} {func} (i32.const {length}))"),
            2 => format!("(table.copy $moving $fixed {to} (i32.const {from}) (i32.const {length}))"),
            3 => format!("(table.init $moving $passive {to} (i32.const {from}) (i32.const {length}))"),
            _ => {
                let ty = self.functions[0];
                let value = self.typed(ty);
                let index = self.value(own, 'i');
                format!("(table.set $typed (i32.and {index} (i32.const 3)) {value})")
            }
        }
    }

    /// A reference to any function.
    fn func(&mut self) -> String {
        match self.random.below(8) {
            0 => "(ref.null func)".to_owned(),
            1 => "(local.get $r)".to_owned(),
            2 => "(global.get $kept)".to_owned(),
            3 => "(ref.func $note)".to_owned(),
            4 => format!("(table.get $fixed {})", self.index()),
            _ => format!("(ref.func $f{})", self.random.below(self.functions.len())),
        }
    }

    /// A reference to a function of this type, or null.
    fn typed(&mut self, ty: usize) -> String {
        match self.random.below(16) {
            0 => format!("(ref.null $t{ty})"),
            1 | 2 => format!("(local.get $r{ty})"),
            3 => format!("(ref.as_non_null (local.get $r{ty}))"),
            4 if ty == self.functions[0] => "(table.get $typed (i32.const 1))".to_owned(),
            _ => format!("(ref.func $f{})", self.one_of(ty)),
        }
    }

    fn results(&mut self, ty: usize) -> String {
        let results = self.types[ty].results.clone();
        results.into_iter().map(|result| format!(" {}", self.value(ty, result))).collect()
    }

    /// A value: a parameter, a local, a constant, or a little of each.
    fn value(&mut self, own: usize, ty: char) -> String {
        let params = &self.types[own].params;
        let fitting: Vec<usize> = (0..params.len()).filter(|&at| params[at] == ty).collect();
        match self.random.below(8) {
            0 | 1 if !fitting.is_empty() => format!("(local.get {})", self.random.pick(&fitting)),
            2 | 3 => format!("(local.get ${ty})"),
            4 => match ty {
                'i' => "(ref.is_null (local.get $r))".to_owned(),
                'I' => "(global.get $sum)".to_owned(),
                _ => "(i64x2.splat (global.get $sum))".to_owned(),
            },
            5 | 6 => {
                let (a, b) = (constant(ty, self.random), format!("(local.get ${ty})"));
                let shape = if ty == 'v' { "i32x4" } else { name(ty) };
                let operator = *self.random.pick(&["add", "sub", "mul"]);
                format!("({shape}.{operator} {a} {b})")
            }
            _ => constant(ty, self.random),
        }
    }
}

fn words(types: &[char]) -> String {
    types.iter().map(|&ty| format!(" {}", name(ty))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_call_is_made_and_every_module_is_one() {
        let mut all = String::new();
        for seed in 0..60 {
            let made = module(&mut Random::of(&[seed]));
            assert!(!made.bytes.is_empty(), "seed {seed} makes no module");
            all += &wasmprinter::print_bytes(made.bytes).unwrap();
        }
        for operator in [
            "call $f",
            "call_indirect",
            "call_ref",
            "return_call $f",
            "return_call_indirect",
            "return_call_ref",
            "table.grow",
            "table.copy",
            "table.init",
            "table.fill",
            "br_on_null",
            "br_on_non_null",
            "ref.as_non_null",
        ] {
            assert!(all.contains(operator), "{operator} is missing");
        }
    }
}
