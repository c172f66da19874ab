//! Programs with objects: lists, trees and cycles of structures and arrays, cast, copied, compared and kept everywhere.
//!
//! Every operator on structures, arrays, `i31` and types stands in them, with places and lengths around the ends of arrays and
//! of 32 bits; objects live in locals, globals, tables, fields and at the host across calls and collections; functions are
//! called through fields. Some worlds have types with descriptors. Some cases have a second module with the same types, which shares globals, tables and functions
//! with an instance of the first. Numbers are moved and compared, never computed as floats. Enters: a random stream; leaves:
//! modules and a script.

mod described;
mod types;
mod values;

use crate::case::{Argument, Binding, Step};
use crate::random::Random;
use std::fmt::Write;
use types::{Heap, Storage, World};

/// Functions of a module.
const FUNCTIONS: usize = 2;
/// Elements of a table.
const SIZE: usize = 5;
/// Bytes of the data segment.
const BYTES: usize = 40;
/// Elements of an element segment.
const ELEMENTS: usize = 5;

/// What every module imports from the host.
const HOST: [&str; 7] = [
    "\"host\" \"note\" (func $note (param i32 anyref) (result i32))",
    "\"host\" \"fresh\" (func $fresh (result externref))",
    "\"keeper\" \"keep0\" (func $keep (param anyref) (result anyref))",
    "\"keeper\" \"keep1\" (func $keeps (param (ref null $s0)) (result (ref null $s0)))",
    "\"keeper\" \"keep2\" (func $keepx (param externref) (result externref))",
    "\"keeper\" \"collect\" (func $collect)",
    "\"keeper\" \"call\" (func $callback (param funcref))",
];

/// What a guest imports from an owner, behind that: name and type.
const SHARED: [(&str, &str); 7] = [
    ("ga", "(global $ga (mut anyref))"),
    ("gs", "(global $gs (mut (ref null $s0)))"),
    ("gx", "(global $gx (mut externref))"),
    ("ta", "(table $ta 5 9 anyref)"),
    ("ts", "(table $ts 5 9 (ref null $s0))"),
    ("i0", "(func $o0 (type $fn))"),
    ("i1", "(func $o1 (type $fn))"),
];

/// The same, where it is the owner's own.
const OWN: &str = "(global $ga (export \"ga\") (mut anyref) (ref.null any))
    (global $gs (export \"gs\") (mut (ref null $s0)) (ref.null $s0))
    (global $gx (export \"gx\") (mut externref) (ref.null extern))
    (table $ta (export \"ta\") 5 9 anyref) (table $ts (export \"ts\") 5 9 (ref null $s0))
    (export \"i0\" (func $i0)) (export \"i1\" (func $i1))\n";

/// Modules and script.
pub(super) fn case(random: &mut Random) -> (Vec<Vec<u8>>, Vec<Step>) {
    let world = World::new(random);
    let mut modules = vec![module(&world, false, random)];
    let mut steps = vec![Step::Instantiate { instantiate: 0 }];
    let linked = random.one_in(3);
    if linked {
        modules.push(module(&world, true, random));
        let bind = |(at, (name, _)): (usize, &(&str, &str))| {
            let export = (*name).to_owned();
            Binding { import: HOST.len() + at, instance: 0, export }
        };
        steps.push(Step::Link { link: 1, with: SHARED.iter().enumerate().map(bind).collect() });
    }
    let instances = steps.len();
    for _ in 0..3 + random.below(4) {
        let instance = random.below(instances);
        steps.push(match random.below(12) {
            0 => Step::Grow { grow: "ta".to_owned(), instance: 0, by: random.below(3) as u64 },
            _ => {
                let arg = |random: &mut Random| {
                    Argument::I32(if random.one_in(4) {
                        random.next() as u32
                    } else {
                        random.below(9) as u32
                    })
                };
                let args = vec![arg(random), arg(random)];
                Step::Call { call: format!("f{}", random.below(FUNCTIONS)), instance, args }
            }
        });
    }
    (modules, steps)
}

fn module(world: &World, guest: bool, random: &mut Random) -> Vec<u8> {
    let mut writer = Writer { world, random, guest, text: String::with_capacity(16_384) };
    writer.module();
    wat::parse_str(&writer.text).unwrap_or_default()
}

struct Writer<'a> {
    world: &'a World,
    random: &'a mut Random,
    guest: bool,
    text: String,
}

impl Writer<'_> {
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _written = self.text.write_fmt(text);
    }

    fn module(&mut self) {
        self.text.push_str("(module ");
        self.text.push_str(&self.world.text);
        for import in HOST {
            self.put(format_args!("(import {import})\n"));
        }
        self.shared();
        self.put(format_args!("(global $budget (mut i32) (i32.const 0)) (table $tf {SIZE} funcref)\n"));
        // What they refer to moves, although they do not change.
        let constant = self.constant(Heap::Any);
        self.put(format_args!(
            "(global $ci (ref $s0) (struct.new_default $s0)) (global $ca anyref {constant})\n"
        ));
        self.descriptors();
        self.segments();
        self.helpers();
        for number in 0..FUNCTIONS {
            self.function(number);
            self.entrance(number);
        }
        self.text.push(')');
    }

    fn shared(&mut self) {
        if !self.guest {
            return self.text.push_str(OWN);
        }
        for (name, ty) in SHARED {
            self.put(format_args!("(import \"owner\" \"{name}\" {ty})\n"));
        }
    }

    fn segments(&mut self) {
        let bytes: String = self.random.bytes(BYTES).iter().map(|byte| format!("\\{byte:02x}")).collect();
        self.put(format_args!("(data $d \"{bytes}\")\n(elem declare func $i0 $i1 $tree $made)\n"));
        for (number, element) in self.world.arrays.clone().into_iter().enumerate() {
            let Storage::Ref(heap) = element else { continue };
            self.put(format_args!("(elem $e{number} (ref null {})", heap.word()));
            for _ in 0..ELEMENTS {
                let item = self.constant(heap);
                self.put(format_args!(" (item {item})"));
            }
            self.text.push_str(")\n");
        }
    }

    /// A constant expression for a reference.
    fn constant(&mut self, heap: Heap) -> String {
        let number = self.random.next() as i32;
        let i31 = format!("(ref.i31 (i32.const {number}))");
        match (self.random.below(5), heap) {
            (0, _) => format!("(ref.null {})", heap.word()),
            (1 | 2, Heap::Any | Heap::Eq) | (_, Heap::I31) => i31,
            (_, Heap::Any | Heap::Eq | Heap::Structs) => "(struct.new_default $s0)".to_owned(),
            (_, Heap::Struct(number)) if self.world.has_default(number) => {
                format!("(struct.new_default $s{number})")
            }
            (_, Heap::Arrays) => format!("(array.new_default $a0 (i32.const {}))", self.random.below(5)),
            (_, Heap::Array(number)) => {
                format!("(array.new_default $a{number} (i32.const {}))", self.random.below(5))
            }
            (_, Heap::Func | Heap::Entry) => format!("(ref.func $i{})", self.random.below(FUNCTIONS)),
            (_, Heap::Extern) => format!("(extern.convert_any {i31})"),
            (_, Heap::Struct(_)) => format!("(ref.null {})", heap.word()),
        }
    }

    /// A tree, a walk along a list, and one along a part of an array.
    fn helpers(&mut self) {
        let below = self.world.below(0);
        let leaf = *self.random.pick(&below);
        let node = if self.world.has_default(leaf) { leaf } else { 0 };
        self.put(format_args!(
            "(func $tree (param i32) (result (ref null $s0)) (local $n (ref null $s{node}))
             (if (i32.le_s (local.get 0) (i32.const 0)) (then (return (ref.null $s0))))
             (local.set $n (struct.new_default $s{node}))
             (struct.set $s{node} 2 (local.get $n) (call $tree (i32.sub (local.get 0) (i32.const 1))))
             (struct.set $s{node} 0 (local.get $n) (call $tree (i32.sub (local.get 0) (i32.const 2))))
             (struct.set $s{node} 1 (local.get $n) (local.get 0))
             (local.get $n))\n"
        ));
        self.text.push_str(
            "(func $walk (param (ref null $s0)) (result i32) (local $h i32) (local $n i32)
             (block $end (loop $next
               (local.set $h (i32.add (i32.mul (local.get $h) (i32.const 31))
                 (struct.get $s0 1 (br_on_null $end (local.get 0)))))
               (local.set 0 (struct.get $s0 0 (local.get 0)))
               (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 20)))))
             (local.get $h))
             (func $made (global.set $gs (struct.new_default $s0))
               (struct.set $s0 1 (global.get $gs) (i32.const 77)))\n",
        );
    }

    fn entrance(&mut self, number: usize) {
        let budget = 2 + self.random.below(8);
        let first = match self.random.below(4) {
            0 => "(ref.null $s0)",
            1 => "(global.get $gs)",
            2 => "(call $tree (i32.and (local.get 1) (i32.const 3)))",
            _ => "(struct.new_default $s0)",
        };
        self.put(format_args!(
            "(func (export \"f{number}\") (param i32 i32) (result i32 anyref)
             (global.set $budget (i32.const {budget})) (call $i{number} {first} (local.get 0))
             (global.get $ga))\n"
        ));
    }

    fn function(&mut self, number: usize) {
        self.put(format_args!(
            "(func $i{number} (type $fn) (local $h i32) (local $i i32) (local $I i64) (local $v v128)
             (local $a anyref) (local $e eqref) (local $s (ref null $s0)) (local $f funcref)
             (local $r (ref null $fn)) (local $x externref)"
        ));
        for array in 0..self.world.arrays.len() {
            self.put(format_args!(" (local $l{array} (ref null $a{array}))"));
        }
        self.text.push_str(
            "\n(global.set $budget (i32.sub (global.get $budget) (i32.const 1)))
             (if (i32.lt_s (global.get $budget) (i32.const 0)) (then (return (i32.const 0))))\n",
        );
        for _ in 0..2 + self.random.below(4) {
            let statement = self.statement(2);
            self.text.push_str(&statement);
            self.text.push('\n');
        }
        let result = self.int(2);
        self.put(format_args!("(i32.add (local.get $h) {result}))\n"));
    }

    fn statement(&mut self, depth: usize) -> String {
        if !self.world.described.is_empty() && self.random.one_in(4) {
            return self.with_descriptors();
        }
        match self.random.below(if depth == 0 { 23 } else { 27 }) {
            0 | 1 => self.list(),
            2 => {
                let tree = format!("(call $tree (i32.const {}))", 1 + self.random.below(4));
                format!("(local.set $s {tree})")
            }
            3 => format!("(local.set $a {})", self.reference(Heap::Any, 2)),
            4 => format!("(local.set $e {})", self.reference(Heap::Eq, 2)),
            5 => format!("(local.set $s {})", self.reference(Heap::Struct(0), 2)),
            6 => {
                let array = self.random.below(self.world.arrays.len());
                format!("(local.set $l{array} {})", self.reference(Heap::Array(array), 2))
            }
            7 => match self.random.below(3) {
                0 => format!("(local.set $f {})", self.reference(Heap::Func, 2)),
                1 => format!("(local.set $r {})", self.reference(Heap::Entry, 2)),
                _ => format!("(local.set $x {})", self.reference(Heap::Extern, 2)),
            },
            8 => self.keep_somewhere(),
            9 => self.write_field(),
            10 => self.write_element(),
            11 | 12 => self.bulk(),
            13 => self.cast_branch(),
            14 => {
                let (int, any) = (self.int(2), self.reference(Heap::Any, 1));
                format!("(local.set $i (call $note {int} {any}))")
            }
            15 => self.at_the_host(),
            16 | 17 => {
                let call = self.call();
                hash(&call)
            }
            18 => hash("(call $walk (local.get $s))"),
            19 => {
                let long = self.value(Storage::I64, 2);
                let vector = self.value(Storage::V128, 2);
                format!("(local.set $I {long}) (local.set $v {vector})")
            }
            20 => self.sum(),
            21 => {
                let int = self.int(3);
                hash(&int)
            }
            22 => self.held(),
            23 => {
                let (condition, inner) = (self.int(1), self.statement(depth - 1));
                format!("(if {condition} (then {inner}))")
            }
            24 => {
                let (condition, inner) = (self.int(1), self.statement(depth - 1));
                format!("(block (br_if 0 {condition}) {inner})")
            }
            25 => {
                let (first, second) = (self.statement(depth - 1), self.statement(depth - 1));
                format!("(if {} (then {first}) (else {second}))", self.int(1))
            }
            _ => {
                let (any, inner) = (self.reference(Heap::Any, 1), self.statement(depth - 1));
                format!("(block (drop (br_on_null 0 {any})) {inner})")
            }
        }
    }

    /// A list of objects of one type, built in a loop; sometimes its end leads back.
    fn list(&mut self) -> String {
        let below = self.world.below(0);
        let ty = *self.random.pick(&below);
        let mut object = format!("(struct.new $s{ty} (local.get $s)");
        let fields: Vec<Storage> = self.world.structs[ty].fields.iter().map(|field| field.storage).collect();
        for &storage in &fields[1..] {
            let value = self.value(storage, 1);
            object.push(' ');
            object.push_str(&value);
        }
        let count = 1 + self.random.below(8);
        let ring = match self.random.below(4) {
            0 => "(struct.set $s0 0 (local.get $s) (local.get $s))",
            1 => "(struct.set $s0 2 (local.get $s) (struct.get $s0 0 (local.get $s)))",
            _ => "",
        };
        format!(
            "(local.set $i (i32.const {count})) (loop (local.set $s {object}))
             (br_if 0 (i32.gt_s (local.tee $i (i32.sub (local.get $i) (i32.const 1))) (i32.const 0)))) {ring}"
        )
    }

    fn keep_somewhere(&mut self) -> String {
        let index = self.index(SIZE);
        match self.random.below(8) {
            0 | 1 => format!("(global.set $ga {})", self.reference(Heap::Any, 2)),
            2 => format!("(global.set $gs {})", self.reference(Heap::Struct(0), 2)),
            3 => format!("(global.set $gx {})", self.reference(Heap::Extern, 2)),
            4 => format!("(table.set $tf {index} {})", self.reference(Heap::Func, 1)),
            5 => format!("(table.set $ta {index} {})", self.reference(Heap::Any, 2)),
            6 => format!("(table.set $ts {index} {})", self.reference(Heap::Struct(0), 2)),
            _ => {
                let any = self.reference(Heap::Any, 1);
                let length = self.index(2);
                match self.random.below(3) {
                    0 => hash(&format!("(table.grow $ta {any} (i32.const 1))")),
                    1 => format!("(table.fill $ta {index} {any} {length})"),
                    _ => format!("(table.copy $ta $ts {index} {} {length})", self.index(SIZE)),
                }
            }
        }
    }

    fn at_the_host(&mut self) -> String {
        match self.random.below(5) {
            0 => format!("(local.set $a (call $keep {}))", self.reference(Heap::Any, 2)),
            1 => format!("(local.set $s (call $keeps {}))", self.reference(Heap::Struct(0), 2)),
            2 => format!("(local.set $x (call $keepx {}))", self.reference(Heap::Extern, 2)),
            3 if self.random.one_in(2) => self.litter(),
            3 => "(call $collect)".to_owned(),
            _ => "(call $callback (ref.func $made))".to_owned(),
        }
    }

    fn write_field(&mut self) -> String {
        let ty = self.random.below(self.world.structs.len());
        let fields = &self.world.structs[ty].fields;
        let written: Vec<usize> = (0..fields.len()).filter(|&at| fields[at].mutable).collect();
        if written.is_empty() {
            return String::new();
        }
        let at = *self.random.pick(&written);
        let storage = fields[at].storage;
        let (object, value) = (self.object(ty, 2), self.value(storage, 2));
        // The object stays where something sees it.
        let kept = if self.world.below(0).contains(&ty) { "$s" } else { "$e" };
        let object = format!("(local.set {kept} {object})");
        let cast = format!("(ref.cast (ref $s{ty}) (local.get {kept}))");
        match self.random.below(16) {
            0 => format!("(struct.set $s0 1 (local.get $s) {})", self.int(1)),
            1 => format!("(struct.set $s{ty} {at} (ref.null $s{ty}) {value})"),
            _ => {
                let shown = self.show(&format!("(local.get {kept})"));
                format!("{object} (struct.set $s{ty} {at} {cast} {value}){shown}")
            }
        }
    }

    fn write_element(&mut self) -> String {
        let array = self.random.below(self.world.arrays.len());
        let length = 1 + self.random.below(7);
        let (index, value) = (self.index(length), self.value(self.world.arrays[array], 2));
        let (fresh, shown) = (self.full_array(array, length), self.show(&format!("(local.get $l{array})")));
        format!(
            "(local.set $l{array} {fresh}) (array.set $a{array} (local.get $l{array}) {index} {value}){shown}"
        )
    }

    fn bulk(&mut self) -> String {
        let number = self.random.below(self.world.arrays.len());
        let element = self.world.arrays[number];
        let length = 2 + self.random.below(10);
        let mut text = String::new();
        if self.random.below(16) > 0 {
            let fresh = self.full_array(number, length);
            let _written = write!(text, "(local.set $l{number} {fresh}) ");
        }
        let array = format!("(local.get $l{number})");
        let (to, from, count) = self.ranges(length);
        let is_ref = matches!(element, Storage::Ref(_));
        let operation = match self.random.below(6) {
            0 | 1 => format!("(array.copy $a{number} $a{number} {array} {to} {array} {from} {count})"),
            2 => {
                let value = self.value(element, 1);
                format!("(array.fill $a{number} {array} {to} {value} {count})")
            }
            3 | 4 if is_ref => {
                format!(
                    "(array.init_elem $a{number} $e{number} {array} {to} {} {count})",
                    self.index(ELEMENTS)
                )
            }
            3 | 4 => {
                let from = self.index(BYTES);
                format!("(array.init_data $a{number} $d {array} {to} {from} {count})")
            }
            _ => {
                // From structures to anything internal: the elements of the one are elements of the other.
                let source = self.full_array(1, length);
                let target = self.full_array(2, length);
                let drop = self.random.one_in(6);
                let dropped = if drop { "(elem.drop $e1) (data.drop $d) " } else { "" };
                format!(
                    "{dropped}(local.set $l2 {target}) (array.copy $a2 $a1 (local.get $l2) {to} {source} {from} {count})"
                )
            }
        };
        text + &operation + &self.show(&array)
    }

    /// Where a range goes to in something of this length, where it comes from, and how long it is: every other time, two that
    /// overlap, the one behind or in front of the other.
    fn ranges(&mut self, length: usize) -> (String, String, String) {
        if self.random.one_in(2) {
            return (self.index(length), self.index(length), self.index(length / 2 + 1));
        }
        let low = self.random.below(length - 1);
        let high = low + 1 + self.random.below((length - low - 1).min(2));
        let count = 1 + self.random.below(length - high);
        let (to, from) = if self.random.one_in(3) { (low, high) } else { (high, low) };
        let number = |number: usize| format!("(i32.const {number})");
        (number(to), number(from), number(count))
    }

    /// A reference that was read, and is in no local and nowhere else while garbage is made and collected.
    fn held(&mut self) -> String {
        let read = match self.random.below(4) {
            0 => "(struct.get $s0 0 (call $tree (i32.const 3)))".to_owned(),
            1 => "(struct.get $s0 2 (call $tree (i32.const 4)))".to_owned(),
            2 => {
                let (length, number) = (1 + self.random.below(5), 1 + self.random.below(2));
                let at = self.random.below(length);
                format!("(array.get $a{number} {} (i32.const {at}))", self.full_array(number, length))
            }
            _ => self.reference(Heap::Any, 2),
        };
        let both = "(drop (struct.new_default $s0)) (call $collect) (drop (call $tree (i32.const 4)))";
        let garbage = match self.random.below(4) {
            0 => format!("(drop (call $tree (i32.const {})))", 3 + self.random.below(3)),
            1 => self.statement(0) + both,
            _ => both.to_owned(),
        };
        // What is put into a local is one that collectors look at, from the beginning on.
        let held = format!("(block (result anyref) {read} {garbage})");
        match self.random.below(4) {
            0 => format!("(local.set $a {held})") + &self.show("(local.get $a)"),
            1 => format!("(global.set $ga {held})"),
            _ => format!("(table.set $ta (i32.const {}) {held})", self.random.below(SIZE)),
        }
    }

    /// Puts something where every lane is asked for it, most of the time.
    fn show(&mut self, any: &str) -> String {
        match self.random.below(4) {
            0 => String::new(),
            1 => format!(" (global.set $ga {any})"),
            _ => format!(" (table.set $ta (i32.const {}) {any})", self.random.below(SIZE)),
        }
    }

    /// Garbage, collected twice, so that what is made next stands where something was.
    fn litter(&mut self) -> String {
        let below = self.world.below(0);
        let fitting: Vec<usize> = below.into_iter().filter(|&ty| self.world.has_default(ty)).collect();
        let ty = *self.random.pick(&fitting);
        let again = "(drop (call $tree (i32.const 5))) (call $collect)";
        let list = self.list();
        format!(
            "{list} (local.set $s (ref.null $s0)) (call $collect) {again} {again}
             (global.set $gs (struct.new_default $s{ty}))"
        )
    }

    /// Elements of an array of numbers, one by one.
    fn sum(&mut self) -> String {
        let packed: Vec<usize> = (0..self.world.arrays.len())
            .filter(|&array| matches!(self.world.arrays[array], Storage::I8 | Storage::I16 | Storage::I32))
            .collect();
        let array = *self.random.pick(&packed);
        let getters = self.world.arrays[array].getters();
        let getter = *self.random.pick(getters);
        let past = if self.random.one_in(12) { "le_u" } else { "lt_u" };
        format!(
            "(local.set $i (i32.const 0)) (block $done (loop $next
             (br_if $done (i32.eqz (i32.{past} (local.get $i) (array.len (br_on_null $done (local.get $l{array}))))))
             {} (local.set $i (i32.add (local.get $i) (i32.const 1)))
             (br_if $next (i32.lt_u (local.get $i) (i32.const 40)))))",
            hash(&format!("(array.{getter} $a{array} (local.get $l{array}) (local.get $i))"))
        )
    }

    /// A branch that depends on the type of something.
    fn cast_branch(&mut self) -> String {
        let (target, null) = (self.target(), if self.random.one_in(2) { "null " } else { "" });
        let any = self.reference(Heap::Any, 2);
        let (hit, miss) = (hash("(i32.const 11)"), hash("(i32.const 5)"));
        if self.random.one_in(2) {
            format!(
                "(block $out (local.set $a (block $hit (result (ref null {target}))
                 (local.set $a (br_on_cast $hit anyref (ref {null}{target}) {any})) {miss} (br $out))) {hit})"
            )
        } else {
            format!(
                "(local.set $a (block $miss (result anyref)
                 (br_on_cast_fail $miss anyref (ref {null}{target}) {any}) {hit}))"
            )
        }
    }
}

/// Mixes a number into what the function returns.
fn hash(int: &str) -> String {
    format!("(local.set $h (i32.add (i32.mul (local.get $h) (i32.const 31)) {int}))")
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmparser::{Validator, WasmFeatures};

    #[test]
    fn every_module_is_one_of_the_text_format() {
        for seed in 0..100 {
            let mut random = Random::of(&[seed]);
            let world = World::new(&mut random);
            for guest in [false, true] {
                let mut writer = Writer { world: &world, random: &mut random, guest, text: String::new() };
                writer.module();
                let binary = wat::parse_str(&writer.text);
                let binary = binary.unwrap_or_else(|error| panic!("{error}\n{}", writer.text));
                let mut validator = Validator::new_with_features(WasmFeatures::all());
                if let Err(error) = validator.validate_all(&binary) {
                    panic!("{error}\n{}", wasmprinter::print_bytes(&binary).unwrap());
                }
            }
        }
    }
}
