//! Random programs with exceptions in both forms: every engine does the same as the interpreter.
//!
//! A program is a tree of blocks without operands. What it does next is decided by the bits of a seed that it takes one by
//! one; what it did is a number that every step changes.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use assay_runtime::{Config, Engine, Error, Instance, Module, Store, Val};
use std::fmt::Write;
use support::engines;

/// What a label belongs to.
#[derive(Copy, Clone, PartialEq)]
enum Label {
    /// A block, or a `try` in front of its clauses: nothing to be thrown again.
    Plain,
    /// A clause of a `try`.
    Clause,
}

struct Writer {
    random: u64,
    text: String,
    labels: Vec<Label>,
    steps: u32,
    budget: u32,
}

impl Writer {
    fn below(&mut self, bound: u64) -> u64 {
        // xorshift64*
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        (self.random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.text, "{line}").unwrap();
    }

    fn step(&mut self) {
        self.steps += 1;
        let step = self.steps;
        self.line(format_args!("i32.const {step} call $step"));
    }

    fn statements(&mut self) {
        for _ in 0..1 + self.below(4) {
            self.statement();
        }
    }

    /// Runs `inner` inside of a label.
    fn inside(&mut self, label: Label, inner: impl FnOnce(&mut Self)) {
        self.labels.push(label);
        inner(self);
        self.labels.pop();
    }

    /// A label, the function's among them.
    fn any_label(&mut self) -> u64 {
        self.below(self.labels.len() as u64 + 1)
    }

    fn statement(&mut self) {
        self.step();
        let small = self.budget == 0;
        self.budget = self.budget.saturating_sub(1);
        match self.below(if small { 6 } else { 12 }) {
            0 => {
                let number = self.below(3);
                let thrown = ["throw $none", "i32.const 77 throw $one", "i32.const 5 i64.const 6 throw $two"];
                self.line(format_args!("call $bit if {} end", thrown[number as usize]));
            }
            1 => self.line(format_args!("call $callee")),
            2 => {
                let label = self.any_label();
                self.line(format_args!("call $bit br_if {label}"));
            }
            3 | 4 => {
                let clauses = self.labels.iter().rev().enumerate();
                let clauses = clauses.filter(|(_, label)| **label == Label::Clause);
                // Counted from within the `if`.
                let depths: Vec<usize> = clauses.map(|(depth, _)| depth + 1).collect();
                if !depths.is_empty() {
                    let depth = depths[self.below(depths.len() as u64) as usize];
                    self.line(format_args!("call $bit if rethrow {depth} end"));
                }
            }
            5 => {
                self.line(format_args!("local.get 0 i32.const 3 i32.add local.set 0 local.get 0 call $step"));
            }
            6 => self.block("block"),
            7 => self.table(),
            8 => {
                self.line(format_args!("try"));
                self.inside(Label::Plain, Self::statements);
                let label = self.any_label();
                self.line(format_args!("delegate {label}"));
            }
            _ => self.clauses(),
        }
    }

    fn block(&mut self, head: &str) {
        self.line(format_args!("{head}"));
        self.inside(Label::Plain, Self::statements);
        self.line(format_args!("end"));
    }

    /// A `try_table` that catches into a block around it.
    fn table(&mut self) {
        self.line(format_args!("block"));
        self.inside(Label::Plain, |this| {
            let clauses = ["(catch $none 0)", "(catch_all 0)", "(catch $none 0) (catch_all 0)"];
            let clauses = clauses[this.below(3) as usize];
            this.block(&format!("try_table {clauses}"));
        });
        self.line(format_args!("end"));
    }

    fn clauses(&mut self) {
        self.line(format_args!("try"));
        self.inside(Label::Plain, Self::statements);
        let clauses = [
            "catch $one call $step",
            "catch $none",
            "catch $two i32.wrap_i64 call $step call $step",
            "catch_all",
        ];
        for clause in clauses {
            if self.below(2) == 0 {
                self.line(format_args!("{clause}"));
                self.inside(Label::Clause, Self::statements);
            }
        }
        self.line(format_args!("end"));
    }
}

fn program(seed: u64) -> String {
    let mut writer = Writer {
        random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        text: String::new(),
        labels: Vec::new(),
        steps: 0,
        budget: 40,
    };
    writer.statements();
    // What is called calls nothing of its kind.
    let callee = std::mem::take(&mut writer.text).replace("call $callee", "call $bit call $step");
    writer.budget = 60;
    writer.statements();
    let body = writer.text;
    format!(
        "(module (tag $none) (tag $one (param i32)) (tag $two (param i32 i64))
        (type $object (struct (field i32)))
        (global $bits (mut i64) (i64.const 0)) (global $done (export \"done\") (mut i64) (i64.const 0))
        (func $step (param i32) (drop (struct.new $object (local.get 0)))
          (global.set $done (i64.add (i64.mul (global.get $done) (i64.const 31)) (i64.extend_i32_s (local.get 0)))))
        (func $bit (result i32) (i32.wrap_i64 (i64.and (global.get $bits) (i64.const 1)))
          (global.set $bits (i64.rotr (global.get $bits) (i64.const 1))))
        (func $callee (local i32) {callee})
        (func (export \"run\") (param i64) (local i32) (global.set $bits (local.get 0)) (call $body))
        (func $body (local i32) {body}))"
    )
}

/// What a program does with some seeds.
fn outcomes(engine: &Engine, text: &str) -> Vec<String> {
    let module = Module::new(engine, text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let seeds = [0, -1, 0x5555_5555_5555_5555, 0x3333_1111_7777_0f0f, 0x0123_4567_89ab_cdef, -77];
    let run = |seed: i64| {
        let mut store = Store::new(engine, ());
        store.set_fuel(100_000).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let run = instance.get_func(&mut store, "run").unwrap();
        let ended = match run.call(&mut store, &[Val::I64(seed)], &mut []) {
            Ok(()) => "returned".to_owned(),
            Err(Error::Exception(thrown)) => {
                let exception = thrown.exception().to_rooted(&mut store).unwrap();
                format!("threw {:?}", exception.fields(&mut store).unwrap())
            }
            Err(other) => panic!("{other}\n{text}"),
        };
        let done = instance.get_global(&mut store, "done").unwrap().get(&mut store);
        format!("{ended}, {done:?}, {} left", store.get_fuel().unwrap())
    };
    seeds.map(run).into()
}

#[test]
fn random_programs_with_exceptions_do_the_same_on_every_engine() {
    let configure = |zeal: bool| {
        move |config: &mut Config| {
            config.consume_fuel(true).gc_zeal(zeal);
        }
    };
    let mut lanes = engines(configure(false));
    lanes.extend(engines(configure(true)));
    let (_, oracle) = lanes.iter().find(|(name, _)| *name == "interp").cloned().unwrap();
    let mut seen = std::collections::HashSet::new();
    for seed in 0..24 {
        let text = program(seed);
        let expected = outcomes(&oracle, &text);
        for (name, engine) in &lanes {
            assert_eq!(outcomes(engine, &text), expected, "{name}, program {seed}\n{text}");
        }
        seen.extend(expected);
    }
    assert!(seen.len() > 60, "the programs differ: {}", seen.len());
}
