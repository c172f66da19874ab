//! Modules that move elements and bytes: tables, segments and memories, copied, filled, grown, dropped and overrun.
//!
//! Every operator of that kind stands in them, with places and lengths around the ends of what they touch, and calls through
//! the tables in between, also in tail position. A module has its memory, tables and budget itself, or imports them together
//! with functions from one that has ([`super::linked`]). Integers only, so that every bit is compared. Enters: a random stream;
//! leaves: a module's text, and the script of a case with one.

use crate::case::{Argument, Binding, Step};
use crate::random::Random;
use std::fmt::Write;

/// Where a module has its memory, tables and budget from.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// They are its own.
    Owner,
    /// From an instance of the other kind.
    Guest,
}

/// Functions of a module, all of one type.
pub(super) const FUNCTIONS: usize = 4;

/// Elements of the tables at first, and at the most.
const TABLES: [(&str, usize, usize); 3] = [("a", 8, 20), ("b", 6, 12), ("x", 5, 9)];

/// The table that every module has to itself, behind those that it may import.
const OWN: (&str, usize, usize) = ("own", 7, 15);

/// Elements and bytes of the segments.
const ELEMENTS: usize = 5;
const BYTES: usize = 24;

/// What a guest imports, behind the host's function, by the names under which an owner exports it.
pub(super) const SHARED: [&str; 8] = ["m", "a", "b", "x", "budget", "g", "i0", "i1"];

/// A module.
pub(super) fn module(role: Role, random: &mut Random) -> Vec<u8> {
    let mut writer = Writer { random, text: String::with_capacity(8192) };
    writer.module(role);
    wat::parse_str(&writer.text).unwrap_or_default()
}

/// How a guest's imports are bound to an instance of an owner.
pub(super) fn bindings(instance: usize) -> Vec<Binding> {
    let bind = |(at, name): (usize, &&str)| Binding { import: at + 1, instance, export: (*name).to_owned() };
    SHARED.iter().enumerate().map(bind).collect()
}

/// One module, and calls and acts of the host in turn.
pub(super) fn case(random: &mut Random) -> (Vec<Vec<u8>>, Vec<Step>) {
    let mut steps = vec![Step::Instantiate { instantiate: 0 }];
    for _ in 0..5 + random.below(5) {
        steps.push(act(0, random));
    }
    (vec![module(Role::Owner, random)], steps)
}

/// Something that the host does with an instance: calls it, most of the time.
pub(super) fn act(instance: usize, random: &mut Random) -> Step {
    let (table, size, most) = if random.one_in(4) { OWN } else { *random.pick(&TABLES) };
    let name = table.to_owned();
    match random.below(16) {
        0 => {
            let at = *random.pick(&[0, 8, 65_530, 65_536, 1 << 33]);
            let bytes = (0..1 + random.below(8)).map(|_| random.next() as u8).collect();
            Step::Write { write: "m".to_owned(), instance, at, bytes }
        }
        1 => Step::Set { set: "g".to_owned(), instance, value: Argument::I64(random.next() % 99) },
        2 => Step::Set { set: "k".to_owned(), instance, value: Argument::I32(1) },
        3 | 4 => {
            let at = random.below(most + 1).min(size + 1) as u64;
            let value = match table {
                "x" => Argument::Extern((!random.one_in(3)).then(|| random.next() % 1000)),
                _ if random.one_in(5) => Argument::Func(None),
                _ => Argument::Func(Some((instance, format!("i{}", random.below(FUNCTIONS))))),
            };
            Step::Put { put: name, instance, at, value }
        }
        5 => Step::Grow { grow: "m".to_owned(), instance, by: random.below(3) as u64 },
        6 => Step::Grow { grow: name, instance, by: random.below(5) as u64 },
        _ => {
            let arg = |random: &mut Random| {
                Argument::I32(if random.one_in(6) { random.next() as u32 } else { random.below(12) as u32 })
            };
            let args = vec![arg(random), arg(random)];
            Step::Call { call: format!("f{}", random.below(FUNCTIONS)), instance, args }
        }
    }
}

struct Writer<'a> {
    random: &'a mut Random,
    text: String,
}

impl Writer<'_> {
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _written = self.text.write_fmt(text);
    }

    fn module(&mut self, role: Role) {
        self.text.push_str("(module (type $t (func (param i32 i32) (result i32)))\n");
        self.text.push_str("(import \"host\" \"note\" (func $note (param i32 i64) (result i64)))\n");
        if role == Role::Owner && self.random.one_in(2) {
            self.text.push_str("(import \"host\" \"t\" (table 3 funcref))\n");
        }
        self.shared(role);
        let (name, size, most) = OWN;
        self.put(format_args!("(table ${name} (export \"{name}\") {size} {most} funcref)\n"));
        self.segments(role);
        self.text.push_str("(global $k (export \"k\") i32 (i32.const 3))\n");
        for number in 0..FUNCTIONS {
            self.put(format_args!("(func $i{number} (export \"i{number}\") (type $t) (local $n i64)\n"));
            self.text.push_str("(global.set $budget (i32.sub (global.get $budget) (i32.const 1)))\n");
            self.text.push_str(
                "(if (i32.lt_s (global.get $budget) (i32.const 0)) (then (return (i32.const -1))))\n",
            );
            for _ in 0..2 + self.random.below(4) {
                self.statement(role);
            }
            self.ending(role);
            self.text.push_str(")\n");
            let budget = 5 + self.random.below(30);
            self.put(format_args!(
                "(func (export \"f{number}\") (type $t) (global.set $budget (i32.const {budget}))"
            ));
            self.put(format_args!(" (call $i{number} (local.get 0) (local.get 1)))\n"));
        }
        self.text.push(')');
    }

    fn shared(&mut self, role: Role) {
        let owner = role == Role::Owner;
        let imported = |name: &str| format!("(import \"owner\" \"{name}\" ");
        let close = if owner { "" } else { ")" };
        let open = |name: &str, what: &str| match role {
            Role::Owner => format!("({what} ${name} (export \"{name}\")"),
            Role::Guest => format!("{}({what} ${name}", imported(name)),
        };
        let exported = |name: &str, what: &str| match role {
            Role::Owner => String::new(),
            Role::Guest => format!("(export \"{name}\" ({what} ${name}))"),
        };
        let mut behind = String::new();
        self.put(format_args!("{} 1 4){close}\n", open("m", "memory")));
        behind.push_str(&exported("m", "memory"));
        for (name, size, most) in TABLES {
            let ty = if name == "x" { "externref" } else { "funcref" };
            self.put(format_args!("{} {size} {most} {ty}){close}\n", open(name, "table")));
            behind.push_str(&exported(name, "table"));
        }
        for (name, ty) in [("budget", "i32"), ("g", "i64")] {
            let value = if owner { format!(" ({ty}.const 7)") } else { String::new() };
            self.put(format_args!("{} (mut {ty}){value}){close}\n", open(name, "global")));
            behind.push_str(&exported(name, "global"));
        }
        if !owner {
            for number in 0..2 {
                self.put(format_args!(
                    "(import \"owner\" \"i{number}\" (func $of_owner{number} (type $t)))\n"
                ));
            }
        }
        self.text.push_str(&behind);
    }

    /// Segments of every kind; those of a guest hold functions of its owner, too.
    fn segments(&mut self, role: Role) {
        let active = self.random.below(3);
        self.put(format_args!("(elem (table $a) (i32.const {active}) func $i0 $i1 $i2 $i3 $i1)\n"));
        self.text
            .push_str("(elem (table $b) (i32.const 0) funcref (ref.func $i3) (ref.func $i0) (ref.func $i2)");
        self.text.push_str(" (ref.null func))\n");
        self.text.push_str("(elem $passive func");
        for _ in 0..ELEMENTS {
            match self.random.below(FUNCTIONS + 2) {
                number if number < FUNCTIONS => self.put(format_args!(" $i{number}")),
                number if role == Role::Guest => self.put(format_args!(" $of_owner{}", number - FUNCTIONS)),
                _ => self.text.push_str(" $note"),
            }
        }
        self.text.push_str(")\n(elem $mixed funcref (ref.null func) (ref.func $i1) (ref.null func))\n");
        self.text.push_str("(elem $externs externref (ref.null extern) (ref.null extern))\n");
        self.put(format_args!("(data $bytes \"{}\") (data $none \"\")\n", "\\a5\\01".repeat(BYTES / 2)));
        if role == Role::Guest {
            self.text.push_str("(elem declare func $of_owner0 $of_owner1)\n");
        }
        let end = 65_534 - self.random.below(9);
        self.put(format_args!("(data (i32.const {end}) \"\\ff\\80\")\n"));
    }

    fn table(&mut self) -> (&'static str, usize) {
        let (name, size, _) = *self.random.pick(&[TABLES[0], TABLES[1], OWN]);
        (name, size)
    }

    fn statement(&mut self, role: Role) {
        let (table, size) = self.table();
        let other = self.table().0;
        let statement = match self.random.below(22) {
            0 => {
                let (to, from, length) = (self.place(size), self.place(ELEMENTS), self.length(ELEMENTS));
                let segment = *self.random.pick(&["$passive", "$passive", "$mixed"]);
                format!("(table.init ${table} {segment} {to} {from} {length})")
            }
            1 => {
                let (to, from, length) = (self.place(size), self.place(size), self.length(4));
                format!("(table.copy ${table} ${other} {to} {from} {length})")
            }
            2 => {
                let (to, length) = self.rest_of(table, size);
                format!("(table.copy ${table} ${table} {to} (i32.const 0) {length})")
            }
            3 if self.random.one_in(2) => {
                let ((to, length), func) = (self.rest_of(table, size), self.func(role));
                format!("(table.fill ${table} {to} {func} {length})")
            }
            3 => {
                let (to, length, func) = (self.place(size), self.length(4), self.func(role));
                format!("(table.fill ${table} {to} {func} {length})")
            }
            4 => format!(
                "(local.set 1 (table.grow ${table} {} (i32.const {})))",
                self.func(role),
                self.random.below(4)
            ),
            5 | 6 => format!("(table.set ${table} {} {})", self.place(size), self.func(role)),
            7 => format!("(elem.drop {})", self.random.pick(&["$passive", "$mixed", "$externs"])),
            8 => {
                let (to, from, length) = (self.place(5), self.place(2), self.length(2));
                format!("(table.init $x $externs {to} {from} {length})")
            }
            9 => format!("(table.copy $x $x {} {} {})", self.place(5), self.place(5), self.length(3)),
            10 => format!(
                "(local.set 1 (table.grow $x (ref.null extern) (i32.const {})))",
                self.random.below(3)
            ),
            11 | 12 => {
                let (to, from, length) = (self.address(), self.place(BYTES), self.length(BYTES));
                let segment = *self.random.pick(&["$bytes", "$bytes", "$none"]);
                format!("(memory.init {segment} {to} {from} {length})")
            }
            13 => format!("(data.drop {})", self.random.pick(&["$bytes", "$none"])),
            14 => format!("(memory.copy {} {} {})", self.address(), self.address(), self.length(40)),
            15 => format!("(memory.fill {} (local.get 0) {})", self.address(), self.length(40)),
            16 => format!("(local.set 1 (memory.grow (i32.const {})))", self.random.below(3)),
            17 => format!("(i64.store {} (global.get $g))", self.address()),
            18 => format!("(global.set $g (i64.add (global.get $g) (i64.load {})))", self.address()),
            19 => {
                format!("(local.set $n (call $note (table.size ${table}) (i64.extend_i32_u (memory.size))))")
            }
            20 => format!("(local.set 1 (ref.is_null (table.get ${table} {})))", self.place(size)),
            _ => {
                let call = self.call(role, "call");
                format!("(local.set 0 {call})")
            }
        };
        self.text.push_str(&statement);
        self.text.push('\n');
    }

    fn ending(&mut self, role: Role) {
        let ending = match self.random.below(4) {
            0 => "(return (i32.add (local.get 0) (local.get 1)))".to_owned(),
            1 => "(i32.xor (i32.wrap_i64 (global.get $g)) (table.size $a))".to_owned(),
            _ => self.call(role, "return_call"),
        };
        self.text.push_str(&ending);
    }

    fn call(&mut self, role: Role, word: &str) -> String {
        let (table, size) = self.table();
        let args = "(local.get 1) (i32.const 2)";
        match self.random.below(4) {
            0 if role == Role::Guest => format!("({word} $of_owner{} {args})", self.random.below(2)),
            0 => format!("({word} $i{} {args})", self.random.below(FUNCTIONS)),
            _ => format!("({word}_indirect ${table} (type $t) {args} {})", self.place(size)),
        }
    }

    fn func(&mut self, role: Role) -> String {
        match self.random.below(6) {
            0 if self.random.one_in(2) => "(ref.null func)".to_owned(),
            1 if role == Role::Guest => format!("(ref.func $of_owner{})", self.random.below(2)),
            2 => format!("(table.get $a {})", self.place(8)),
            _ => format!("(ref.func $i{})", self.random.below(FUNCTIONS)),
        }
    }

    /// A place among so many: in the first half of them, with room behind it, most of the time. A function that traps in every
    /// other statement would show little of what comes behind.
    fn place(&mut self, count: usize) -> String {
        match self.random.below(48) {
            0 | 1 => format!("(i32.const {})", count + self.random.below(2)),
            2 => "(i32.const -1)".to_owned(),
            3..=5 => format!("(i32.const {})", self.random.below(count)),
            6..=14 => format!("(i32.and (local.get {}) (i32.const 1))", self.random.below(2)),
            _ => format!("(i32.const {})", self.random.below(count.div_ceil(2))),
        }
    }

    /// A place in a table, and the length of what lies between it and the end that the table has now.
    fn rest_of(&mut self, table: &str, size: usize) -> (String, String) {
        let place = self.random.below(size);
        let length = format!("(i32.sub (table.size ${table}) (i32.const {place}))");
        (format!("(i32.const {place})"), length)
    }

    fn length(&mut self, most: usize) -> String {
        match self.random.below(32) {
            0 => format!("(i32.const {})", most + 1),
            1 => "(local.get 0)".to_owned(),
            2..=4 => "(i32.const 0)".to_owned(),
            _ => format!("(i32.const {})", 1 + self.random.below(most.min(2))),
        }
    }

    fn address(&mut self) -> String {
        match self.random.below(24) {
            0 => format!("(i32.const {})", 65_536 - self.random.below(40)),
            1 => "(i32.mul (local.get 0) (i32.const 8191))".to_owned(),
            2..=5 => {
                let distance = 8 + self.random.below(40);
                format!("(i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const {distance}))")
            }
            _ => format!("(i32.const {})", self.random.below(100)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_runtime::{Engine, Module};

    #[test]
    fn every_operator_of_its_kind_is_made_and_every_module_is_one() {
        let mut all = String::new();
        for seed in 0..80 {
            let role = if seed % 2 == 0 { Role::Owner } else { Role::Guest };
            let bytes = module(role, &mut Random::of(&[seed]));
            assert!(!bytes.is_empty(), "seed {seed} makes no module");
            Module::validate(&Engine::default(), &bytes).unwrap();
            all += &wasmprinter::print_bytes(bytes).unwrap();
        }
        for operator in [
            "table.init",
            "table.copy",
            "table.fill",
            "table.grow",
            "table.set",
            "table.get",
            "table.size",
            "elem.drop",
            "memory.init",
            "memory.copy",
            "memory.fill",
            "memory.grow",
            "data.drop",
            "call_indirect",
            "return_call_indirect",
            "return_call $",
        ] {
            assert!(all.contains(operator), "{operator} is missing");
        }
    }
}
