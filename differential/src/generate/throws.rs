//! Programs with exceptions: thrown, caught, thrown again and let out, through calls of every kind, the host and other
//! instances; in some modules in both forms that exceptions have.
//!
//! Tags have values of all kinds, several of them the same, and clauses of all four kinds stand in every order. Exceptions
//! are kept in locals, globals, a table and at the host, and thrown from there; traps in between are caught by nobody. Locals
//! are written in front of what throws and read behind it, and objects are made everywhere, so that collections find what
//! exceptions carry. A guest imports tags, some of them twice, and functions that throw them. Enters: a random stream; leaves:
//! modules and a script.

use super::words::constant;
use crate::case::{Argument, Binding, Step};
use crate::random::Random;
use std::fmt::Write;

/// Functions of a module.
const FUNCTIONS: usize = 3;
/// Elements of a table.
const SIZE: usize = 6;

/// What every module imports from the host.
const HOST: [&str; 6] = [
    "\"host\" \"note\" (func $note (param i32 i64) (result i64))",
    "\"host\" \"fresh\" (func $fresh (result externref))",
    "\"keeper\" \"keep\" (func $keep (param exnref) (result exnref))",
    "\"keeper\" \"throw\" (func $again (param exnref))",
    "\"keeper\" \"call\" (func $callback (param funcref))",
    "\"keeper\" \"collect\" (func $collect)",
];

/// What a guest imports from an owner, behind that, and in front of the tags.
const SHARED: [(&str, &str); 4] = [
    ("i0", "(func $o0 (type $fn))"),
    ("i1", "(func $o1 (type $fn))"),
    ("gn", "(global $gn (mut exnref))"),
    ("tab", "(table $tab 6 funcref)"),
];

/// Modules and script.
pub(super) fn case(random: &mut Random) -> (Vec<Vec<u8>>, Vec<Step>) {
    let tags = tags(random);
    let mut modules = vec![module(&tags, None, random)];
    let mut steps = vec![Step::Instantiate { instantiate: 0 }];
    if random.one_in(2) {
        // The tags that are imported, by what they are at the owner: some twice.
        let imported = (0..tags.len()).map(|at| random.below(if at < 2 { 2 } else { tags.len() }));
        let imported: Vec<usize> = imported.collect();
        modules.push(module(&tags, Some(&imported), random));
        let names = SHARED.iter().map(|(name, _)| (*name).to_owned());
        let names = names.chain(imported.iter().map(|tag| format!("t{tag}")));
        let bind = |(at, export)| Binding { import: HOST.len() + at, instance: 0, export };
        steps.push(Step::Link { link: 1, with: names.enumerate().map(bind).collect() });
    }
    let instances = steps.len();
    for _ in 0..4 + random.below(5) {
        let instance = random.below(instances);
        let arg = if random.one_in(4) { random.next() as u32 } else { random.below(9) as u32 };
        let call = format!("f{}", random.below(FUNCTIONS));
        steps.push(Step::Call { call, instance, args: vec![Argument::I32(arg)] });
    }
    (modules, steps)
}

/// What the exceptions of each tag carry. The first carries what functions return, the second the same.
fn tags(random: &mut Random) -> Vec<Vec<char>> {
    let mut tags = vec![vec!['i'], vec!['i'], Vec::new()];
    for _ in 0..2 + random.below(3) {
        let signature = match random.below(4) {
            0 => random.pick(&tags).clone(),
            1 => {
                // What changes places is noticed only where the types allow it.
                let ty = *random.pick(&TYPES);
                vec![ty, ty, *random.pick(&TYPES)]
            }
            _ => (0..1 + random.below(4)).map(|_| *random.pick(&TYPES)).collect(),
        };
        tags.push(signature);
    }
    tags
}

/// Types of values, by their letters.
const TYPES: [char; 9] = ['i', 'i', 'I', 'v', 'f', 'F', 'x', 'a', 'n'];

fn word(ty: char) -> &'static str {
    match ty {
        'i' => "i32",
        'I' => "i64",
        'v' => "v128",
        'f' => "f32",
        'F' => "f64",
        'x' => "externref",
        'a' => "anyref",
        _ => "exnref",
    }
}

fn module(tags: &[Vec<char>], imported: Option<&[usize]>, random: &mut Random) -> Vec<u8> {
    let tags = match imported {
        None => tags.to_vec(),
        Some(imported) => imported.iter().map(|&tag| tags[tag].clone()).collect(),
    };
    let guest = imported.is_some();
    let older = random.one_in(3);
    let mut writer = Writer::new(tags, guest, older, random);
    writer.module();
    wat::parse_str(&writer.text).unwrap_or_default()
}

struct Writer<'a> {
    tags: Vec<Vec<char>>,
    guest: bool,
    random: &'a mut Random,
    text: String,
    labels: usize,
    /// Whether there are exceptions in their older form, too.
    older: bool,
    /// The labels around, from outside in.
    around: Vec<String>,
    /// Those of them whose clauses are around.
    caught: Vec<String>,
}

impl<'a> Writer<'a> {
    fn new(tags: Vec<Vec<char>>, guest: bool, older: bool, random: &'a mut Random) -> Self {
        let text = String::with_capacity(16_384);
        Self { tags, guest, random, text, labels: 0, older, around: Vec::new(), caught: Vec::new() }
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _written = self.text.write_fmt(text);
    }

    fn module(&mut self) {
        self.text.push_str(
            "(module (type $fn (func (param i32) (result i32)))
             (type $o (struct (field anyref) (field (mut i32)) (field exnref)))\n",
        );
        for import in HOST {
            self.put(format_args!("(import {import})\n"));
        }
        if self.guest {
            for (name, ty) in SHARED {
                self.put(format_args!("(import \"owner\" \"{name}\" {ty})\n"));
            }
        }
        self.declare_tags();
        if !self.guest {
            self.text.push_str(
                "(global $gn (export \"gn\") (mut exnref) (ref.null exn)) (table $tab (export \"tab\") 6 funcref)
                 (export \"i0\" (func $i0)) (export \"i1\" (func $i1))\n",
            );
        }
        self.text.push_str(
            "(global $budget (mut i32) (i32.const 0)) (global $sum (mut i64) (i64.const 0)) (table $tn 4 exnref)
             (global $ga (mut anyref) (ref.null any)) (elem declare func $thrower $i0 $i1 $i2)\n",
        );
        if self.guest {
            self.text.push_str("(elem (table $tab) (i32.const 3) func $i0 $i1)\n");
        } else {
            self.text.push_str("(elem (table $tab) (i32.const 0) func $i0 $i1 $i2 $i0)\n");
        }
        self.thrower();
        for number in 0..FUNCTIONS {
            self.function(number);
            self.shell(number);
            self.entrance(number);
        }
        self.text.push(')');
    }

    fn declare_tags(&mut self) {
        for (number, signature) in self.tags.clone().into_iter().enumerate() {
            let words: String = signature.iter().map(|&ty| format!(" {}", word(ty))).collect();
            if self.guest {
                self.put(format_args!("(import \"owner\" \"t{number}\" (tag $t{number} (param{words})))\n"));
            } else {
                self.put(format_args!("(tag $t{number} (export \"t{number}\") (param{words}))\n"));
            }
        }
        if self.guest {
            // Its own: as another one, and nobody else's.
            self.text.push_str("(tag $own (export \"own\") (param i32))\n");
            self.tags.push(vec!['i']);
        }
    }

    /// The name of a tag.
    fn tag(&self, number: usize) -> String {
        if self.guest && number + 1 == self.tags.len() { "$own".to_owned() } else { format!("$t{number}") }
    }

    /// What the host calls.
    fn thrower(&mut self) {
        let throw = self.throw_constant();
        self.put(format_args!(
            "(func $thrower (local $i i32) (local $h i32) (local $I i64) (local $v v128) (local $a anyref)
             (local $n exnref) (local $x externref) (global.set $sum (i64.add (global.get $sum) (i64.const 1)))
             {throw})\n"
        ));
    }

    fn entrance(&mut self, number: usize) {
        let budget = 3 + self.random.below(14);
        let name = if self.random.one_in(2) { "i" } else { "shell" };
        self.put(format_args!(
            "(func (export \"f{number}\") (param i32) (result i32)
             (global.set $budget (i32.const {budget})) (call ${name}{number} (local.get 0)))\n"
        ));
    }

    /// A function around another one that returns what is caught.
    fn shell(&mut self, number: usize) {
        let other = if self.random.one_in(2) { "(catch $t1 0)" } else { "" };
        self.put(format_args!(
            "(func $shell{number} (type $fn) (local $kept i32) (local.set $kept (local.get 0))
             (try_table (result i32) (catch $t0 0) {other} (call $i{number} (local.get $kept))))\n"
        ));
    }

    fn function(&mut self, number: usize) {
        self.put(format_args!(
            "(func $i{number} (type $fn) (local $h i32) (local $i i32) (local $I i64) (local $v v128)
             (local $f f32) (local $F f64) (local $x externref) (local $a anyref) (local $n exnref)
             (global.set $budget (i32.sub (global.get $budget) (i32.const 1)))
             (if (i32.lt_s (global.get $budget) (i32.const 0)) (then (return (i32.const 0))))\n"
        ));
        let depth = if self.random.one_in(6) { 3 } else { 1 + self.random.below(2) };
        for _ in 0..1 + self.random.below(3) {
            let statement = match self.random.below(3) {
                0 => self.statement(depth),
                _ => self.attempt(depth),
            };
            self.text.push_str(&statement);
            self.text.push('\n');
        }
        let tail = match self.random.below(5) {
            0 => format!("(return_call $i{} {})", self.random.below(FUNCTIONS), self.value('i')),
            1 => format!("(return_call_indirect $tab (type $fn) {} {})", self.value('i'), self.index()),
            _ => String::new(),
        };
        let result = self.value('i');
        self.put(format_args!("{tail} (i32.add (local.get $h) {result}))\n"));
    }

    /// A new label.
    fn label(&mut self) -> String {
        self.labels += 1;
        format!("$l{}", self.labels)
    }

    /// Code that may throw, with handlers.
    fn attempt(&mut self, depth: usize) -> String {
        let out = self.label();
        self.around.push(out.clone());
        let text = if self.older && self.random.one_in(2) {
            self.older_attempt(depth, &out)
        } else {
            self.try_table(depth, &out)
        };
        self.around.pop();
        text
    }

    /// A `try` in the block `out`: with clauses, or one that passes on what is thrown in it.
    fn older_attempt(&mut self, depth: usize, out: &str) -> String {
        let label = self.label();
        let value = if self.random.one_in(3) { Some(self.value('i')) } else { None };
        let (open, result, last) = match &value {
            Some(value) => ("(local.set $i", "(result i32)", value.as_str()),
            None => ("(block", "", ""),
        };
        self.around.push(label.clone());
        let body = self.body(depth, out);
        self.around.pop();
        let mut text = format!("(block {out} {open} try {label} {result} {body} {last}");
        if self.random.one_in(4) {
            // The block that it is in is always there.
            let passed_to = self.random.pick(&self.around).clone();
            let _written = write!(text, " delegate {passed_to}))");
            return text;
        }
        self.around.push(label.clone());
        self.caught.push(label);
        for _ in 0..self.random.below(4) {
            let number = self.random.below(self.tags.len());
            let types = self.tags[number].clone();
            let sets: String = types.iter().rev().map(|ty| format!("(local.set ${ty}) ")).collect();
            let handler = self.handler(depth, &types);
            let _written = write!(text, " catch {} {sets}{handler} {last}", self.tag(number));
        }
        if self.random.one_in(3) {
            let handler = self.handler(depth, &[]);
            let _written = write!(text, " catch_all {handler} {last}");
        }
        self.caught.pop();
        self.around.pop();
        text + " end))"
    }

    /// A `try_table` in the block `out`.
    fn try_table(&mut self, depth: usize, out: &str) -> String {
        // The first clause has the innermost block.
        let (mut clauses, mut open, mut close) = (String::new(), String::new(), String::new());
        let count = self.random.below(5);
        for position in 1..=count {
            let Clause { text, block } = self.clause(position == count, out);
            clauses.push_str(&text);
            let Some((label, types)) = block else { continue };
            let words: String = types.iter().map(|&ty| format!(" {}", word(ty))).collect();
            let sets: String = types.iter().rev().map(|ty| format!("(local.set ${ty}) ")).collect();
            open = format!("(block {label} (result{words}) {open}");
            let handler = self.handler(depth, &types);
            let _written = write!(close, ") {sets}{handler} (br {out})");
        }
        let body = self.body(depth, out);
        let inner = if self.random.one_in(3) {
            let value = self.value('i');
            format!("(local.set $i (try_table (result i32) {clauses} {body} {value}))")
        } else {
            format!("(try_table {clauses} {body})")
        };
        format!("(block {out} {open}{inner} (br {out}){close})")
    }

    /// A clause of a `try_table`, with the block that it needs.
    fn clause(&mut self, last: bool, out: &str) -> Clause {
        let number = self.random.below(self.tags.len());
        let (tag, mut types) = (self.tag(number), self.tags[number].clone());
        let label = self.label();
        let kind =
            if last && self.random.one_in(3) { self.random.below(3) } else { 3 + self.random.below(7) };
        let text = match kind {
            0 => return Clause { text: format!(" (catch_all {out})"), block: None },
            1 | 2 => {
                types = vec!['n'];
                format!(" (catch_all_ref {label})")
            }
            3..=6 => format!(" (catch {tag} {label})"),
            _ => {
                types.push('n');
                format!(" (catch_ref {tag} {label})")
            }
        };
        Clause { text, block: Some((label, types)) }
    }

    /// What is done with an exception that was caught: its values stand in locals.
    fn handler(&mut self, depth: usize, types: &[char]) -> String {
        let mut text = String::new();
        for &ty in types {
            text.push_str(&look(ty));
        }
        if !self.caught.is_empty() && self.random.one_in(4) {
            let label = self.random.pick(&self.caught).clone();
            return format!("{text}(if {} (then (rethrow {label})))", self.condition());
        }
        let more = match self.random.below(10) {
            0 => "(if (i32.eqz (ref.is_null (local.get $n))) (then (throw_ref (local.get $n))))".to_owned(),
            1 => "(global.set $gn (local.get $n))".to_owned(),
            2 => "(table.set $tn (i32.const 1) (local.get $n))".to_owned(),
            3 => self.throw(),
            4 if depth > 0 => self.attempt(depth - 1),
            5 => "(local.set $n (call $keep (local.get $n)))".to_owned(),
            6 => "(call $again (local.get $n))".to_owned(),
            _ if depth > 0 => self.statement(depth - 1),
            _ => String::new(),
        };
        text + &more
    }

    /// What stands inside of a `try_table`.
    fn body(&mut self, depth: usize, out: &str) -> String {
        let mut text = String::new();
        for _ in 0..1 + self.random.below(3) {
            let statement = match self.random.below(16) {
                0..=2 if depth > 0 => self.attempt(depth - 1),
                3..=5 => self.maybe_throw(),
                6 => format!("(br_if {out} {})", self.condition()),
                7 => {
                    let value = self.value('i');
                    format!("(if {} (then (return {value})))", self.condition())
                }
                8 => format!(
                    "(if {} (then (return_call $i{} {})))",
                    self.condition(),
                    self.random.below(FUNCTIONS),
                    self.value('i')
                ),
                _ => self.statement(depth),
            };
            text.push_str(&statement);
            text.push(' ');
        }
        if self.random.one_in(3) {
            text.push_str(&self.throw());
        }
        text
    }

    fn statement(&mut self, depth: usize) -> String {
        match self.random.below(if depth == 0 { 15 } else { 19 }) {
            0..=2 => {
                let call = self.call();
                format!("(local.set $h (i32.add (i32.mul (local.get $h) (i32.const 31)) {call}))")
            }
            3 | 4 => {
                let ty = *self.random.pick(&TYPES);
                format!("(local.set ${ty} {})", self.value(ty))
            }
            5 => self.maybe_throw(),
            6 => {
                let (a, b) = (self.value('i'), self.value('I'));
                format!("(local.set $I (call $note {a} {b}))")
            }
            7 => "(call $callback (ref.func $thrower))".to_owned(),
            8 => "(call $collect)".to_owned(),
            9 => format!("(call $again {})", self.value('n')),
            10 => self.trap(),
            11 => {
                let value = self.value('a');
                format!(
                    "(global.set $ga {value}) (global.set $sum (i64.add (global.get $sum) (local.get $I)))"
                )
            }
            12 => format!("(local.set $n {})", self.value('n')),
            13 => {
                let value = self.value('n');
                format!("(if {} (then (throw_ref {value})))", self.condition())
            }
            14 => {
                let ty = *self.random.pick(&TYPES);
                look(ty)
            }
            15 => {
                let inner = self.statement(depth - 1);
                format!("(if {} (then {inner}))", self.condition())
            }
            16 => {
                let (count, inner) = (1 + self.random.below(4), self.attempt(depth - 1));
                let next = self.label();
                format!(
                    "(local.set $i (i32.const {count})) (loop {next} {inner}
                     (br_if {next} (i32.and (i32.gt_s (local.tee $i (i32.sub (local.get $i) (i32.const 1))) (i32.const 0))
                       (i32.gt_s (global.get $budget) (i32.const 0))))
                     (global.set $budget (i32.sub (global.get $budget) (i32.const 1))))"
                )
            }
            _ => self.attempt(depth - 1),
        }
    }

    fn trap(&mut self) -> String {
        let trap = match self.random.below(5) {
            0 => "(local.set $i (i32.div_u (local.get $i) (i32.const 0)))",
            1 => "(unreachable)",
            2 => "(throw_ref (ref.null exn))",
            3 => "(local.set $i (struct.get $o 1 (ref.null $o)))",
            _ => "(drop (ref.cast (ref $o) (local.get $a)))",
        };
        let often = *self.random.pick(&["(i32.const 7)", "(i32.const 15)"]);
        format!("(if (i32.eq (i32.and (local.get 0) {often}) (i32.const 5)) (then {trap}))")
    }

    /// True now and then.
    fn condition(&mut self) -> String {
        match self.random.below(4) {
            0 => format!("(i32.and (local.get 0) (i32.const {}))", 1 << self.random.below(4)),
            1 => format!("(i32.and (local.get $h) (i32.const {}))", 1 << self.random.below(4)),
            2 => format!("(i32.and (global.get $budget) (i32.const {}))", 1 + self.random.below(2)),
            _ => format!("(i32.const {})", self.random.below(2)),
        }
    }

    fn maybe_throw(&mut self) -> String {
        format!("(if {} (then {}))", self.condition(), self.throw())
    }

    fn throw(&mut self) -> String {
        let number = self.random.below(self.tags.len());
        let values: String =
            self.tags[number].clone().into_iter().map(|ty| format!(" {}", self.value(ty))).collect();
        format!("(throw {}{values})", self.tag(number))
    }

    fn throw_constant(&mut self) -> String {
        let number = self.random.below(self.tags.len());
        let values: String =
            self.tags[number].clone().into_iter().map(|ty| format!(" {}", self.simple(ty))).collect();
        format!("(throw {}{values})", self.tag(number))
    }

    /// A call of some function, in one of the ways.
    fn call(&mut self) -> String {
        let (arg, own) = (self.value('i'), self.random.below(FUNCTIONS));
        match self.random.below(8) {
            0 | 1 if self.guest => format!("(call $o{} {arg})", self.random.below(2)),
            0..=2 => format!("(call $i{own} {arg})"),
            3 => format!("(call $shell{own} {arg})"),
            4 | 5 => format!("(call_indirect $tab (type $fn) {arg} {})", self.index()),
            _ => format!("(call_ref $fn {arg} (ref.func $i{own}))"),
        }
    }

    fn index(&mut self) -> String {
        let bound = if self.random.one_in(20) { SIZE + 1 } else { 4 };
        format!("(i32.const {})", self.random.below(bound))
    }

    /// A value that needs no locals.
    fn simple(&mut self, ty: char) -> String {
        match ty {
            'x' => "(call $fresh)".to_owned(),
            'a' => {
                let number = constant('i', self.random);
                match self.random.below(3) {
                    0 => format!("(ref.i31 {number})"),
                    1 => format!("(struct.new $o (global.get $ga) {number} (global.get $gn))"),
                    _ => "(global.get $ga)".to_owned(),
                }
            }
            'n' => (*self.random.pick(&["(global.get $gn)", "(table.get $tn (i32.const 1))"])).to_owned(),
            _ => constant(ty, self.random),
        }
    }

    fn value(&mut self, ty: char) -> String {
        match (self.random.below(6), ty) {
            (0..=2, _) => format!("(local.get ${ty})"),
            (3, 'i') => "(local.get 0)".to_owned(),
            (4, 'i') => format!("(i32.add (local.get $i) (i32.const {}))", self.random.below(9)),
            (3, 'I') => "(i64.add (local.get $I) (global.get $sum))".to_owned(),
            (3 | 4, 'a') => "(struct.new $o (local.get $a) (local.get $i) (local.get $n))".to_owned(),
            (3, 'v') => "(i32x4.add (local.get $v) (i32x4.splat (local.get $i)))".to_owned(),
            _ => self.simple(ty),
        }
    }
}

struct Clause {
    text: String,
    /// The label, and what arrives there.
    block: Option<(String, Vec<char>)>,
}

/// Mixes a local into what the function returns.
fn look(ty: char) -> String {
    let number = match ty {
        'i' => "(local.get $i)",
        'I' => "(i32.wrap_i64 (local.get $I))",
        'v' => "(i32x4.extract_lane 2 (local.get $v))",
        'f' => "(i32.reinterpret_f32 (local.get $f))",
        'F' => "(i32.wrap_i64 (i64.shr_u (i64.reinterpret_f64 (local.get $F)) (i64.const 32)))",
        'x' => "(ref.is_null (local.get $x))",
        'a' => "(ref.test (ref i31) (local.get $a))",
        _ => "(ref.is_null (local.get $n))",
    };
    format!("(local.set $h (i32.add (i32.mul (local.get $h) (i32.const 31)) {number}))")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_is_one_of_the_text_format() {
        let mut missing =
            vec![" try ", " catch ", " catch_all ", " delegate ", "(rethrow ", "(catch_all_ref "];
        for seed in 0..100 {
            let mut random = Random::of(&[seed]);
            let tags = tags(&mut random);
            for imported in [None, Some(&[0, 0, 1][..])] {
                let own = imported
                    .map_or(tags.clone(), |imported| imported.iter().map(|_| tags[0].clone()).collect());
                let mut writer = Writer::new(own, imported.is_some(), seed % 2 == 0, &mut random);
                writer.module();
                missing.retain(|word| !writer.text.contains(word));
                let binary = wat::parse_str(&writer.text);
                let binary = binary.unwrap_or_else(|error| panic!("{error}\n{}", writer.text));
                let mut validator = wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::all());
                if let Err(error) = validator.validate_all(&binary) {
                    panic!("{error}\n{}", wasmprinter::print_bytes(&binary).unwrap());
                }
            }
        }
        assert!(missing.is_empty(), "{missing:?}");
    }
}
