//! Expressions of programs with objects: numbers, references of every kind, new objects, casts.
//!
//! Most references are made so that what follows does not trap; one in some is not.

use super::super::words::constant;
use super::types::{DECOYS, Heap, Storage};
use super::{BYTES, ELEMENTS, FUNCTIONS, SIZE, Writer};
use std::fmt::Write;

impl Writer<'_> {
    /// An index or a length around a bound: mostly below it.
    pub(super) fn index(&mut self, bound: usize) -> String {
        let near = [bound, bound + 1, bound.saturating_sub(1)];
        let number = match self.random.below(48) {
            0 => *self.random.pick(&near) as i64,
            1 => *self.random.pick(&[-1, -2, i64::from(i32::MAX), i64::from(i32::MIN), -(bound as i64)]),
            2 | 3 => return format!("(i32.and (local.get 1) (i32.const {}))", bound.max(1) - 1),
            _ => self.random.below(bound.max(1)) as i64,
        };
        format!("(i32.const {number})")
    }

    /// A value for a field, an element or an operand.
    pub(super) fn value(&mut self, storage: Storage, depth: usize) -> String {
        let letter = match storage {
            Storage::I8 | Storage::I16 | Storage::I32 => return self.int(depth),
            Storage::Ref(heap) => return self.reference(heap, depth),
            Storage::Solid(Heap::I31) => return format!("(ref.i31 {})", self.int(depth.saturating_sub(1))),
            Storage::Solid(_) => return self.object(0, depth.saturating_sub(1)),
            Storage::I64 => 'I',
            Storage::F32 => 'f',
            Storage::F64 => 'F',
            Storage::V128 => 'v',
        };
        match self.random.below(6) {
            0..=2 if depth > 0 => self.read(storage, depth).unwrap_or_else(|| constant(letter, self.random)),
            3 if letter == 'I' => "(local.get $I)".to_owned(),
            3 if letter == 'v' => "(local.get $v)".to_owned(),
            _ => constant(letter, self.random),
        }
    }

    /// A field or an element with this in it.
    fn read(&mut self, storage: Storage, depth: usize) -> Option<String> {
        let (fields, arrays) = (self.world.holders(storage), self.world.arrays_of(storage));
        let getter = *self.random.pick(storage.getters());
        if !arrays.is_empty() && (fields.is_empty() || self.random.one_in(2)) {
            let array = *self.random.pick(&arrays);
            let length = 1 + self.random.below(6);
            let from = self.array_of(array, length, depth - 1);
            if self.random.one_in(16) {
                return Some(format!("(array.{getter} $a{array} {from} {})", self.index(length)));
            }
            // Whatever array that is: an index within it, or nothing is read.
            let (solid, index) = (solid(array, &from), self.random.below(length));
            let none = match storage {
                Storage::Ref(heap) => format!("(ref.null {})", heap.word()),
                Storage::I64 => constant('I', self.random),
                Storage::F32 => constant('f', self.random),
                Storage::F64 => constant('F', self.random),
                Storage::V128 => constant('v', self.random),
                _ => constant('i', self.random),
            };
            return Some(format!(
                "(if (result {}) (i32.gt_u (array.len (local.tee $l{array} {solid})) (i32.const {index}))
                 (then (array.{getter} $a{array} (local.get $l{array}) (i32.const {index}))) (else {none}))",
                storage.unpacked()
            ));
        }
        if fields.is_empty() {
            return None;
        }
        let (ty, at) = *self.random.pick(&fields);
        let object = self.object(ty, depth - 1);
        Some(format!("(struct.{getter} $s{ty} {at} {object})"))
    }

    /// A number.
    pub(super) fn int(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.random.below(6) {
                0 => "(local.get $i)".to_owned(),
                1 => "(local.get 1)".to_owned(),
                2 => "(local.get $h)".to_owned(),
                3 => format!("(i32.const {})", self.random.below(9)),
                _ => constant('i', self.random),
            };
        }
        let inner = depth - 1;
        match self.random.below(14) {
            0..=4 => {
                let storage = *self.random.pick(&[Storage::I8, Storage::I16, Storage::I32]);
                self.read(storage, depth).unwrap_or_else(|| constant('i', self.random))
            }
            5 => {
                let sign = *self.random.pick(&["s", "u"]);
                let value = if self.random.one_in(3) {
                    let i31 = self.reference(Heap::I31, inner);
                    format!("(block (result (ref i31)) (br_on_non_null 0 {i31}) (ref.i31 (i32.const 3)))")
                } else {
                    format!("(ref.i31 {})", self.int(inner))
                };
                format!("(i31.get_{sign} {value})")
            }
            6 => {
                let heap = *self.random.pick(&[Heap::Any, Heap::Extern, Heap::Func, Heap::Struct(0)]);
                format!("(ref.is_null {})", self.reference(heap, inner))
            }
            7 | 8 => {
                let (target, null) = (self.target(), if self.random.one_in(2) { "null " } else { "" });
                let from = if self.random.one_in(2) { Heap::Any } else { Heap::Struct(0) };
                let from =
                    if target.starts_with('$') && !target.starts_with("$a") { from } else { Heap::Any };
                format!("(ref.test (ref {null}{target}) {})", self.reference(from, depth))
            }
            9 if self.random.one_in(3) => {
                let target = *self.random.pick(&["eq", "any", "i31", "struct", "$s0"]);
                format!("(ref.test (ref {target}) (any.convert_extern {}))", self.reference(Heap::Extern, 0))
            }
            9 => {
                let target = *self.random.pick(&["$fn", "$other", "nofunc", "func"]);
                format!("(ref.test (ref {target}) {})", self.reference(Heap::Func, inner))
            }
            10 => {
                if self.random.one_in(4) {
                    // Numbers of which a part is the same.
                    let (number, bit) = (self.int(0), self.random.below(32));
                    let other = format!("(i32.xor {number} (i32.const {}))", (1_u32 << bit).cast_signed());
                    return format!("(ref.eq (ref.i31 {number}) (ref.i31 {other}))");
                }
                let (first, second) = (self.reference(Heap::Eq, depth), self.reference(Heap::Eq, depth));
                format!("(ref.eq {first} {second})")
            }
            11 => {
                let array = self.random.below(self.world.arrays.len());
                let length = self.random.below(6);
                let from = self.array_of(array, length, inner);
                let from = if self.random.one_in(8) { from } else { solid(array, &from) };
                format!("(array.len {from})")
            }
            12 => format!("(i32.xor {} {})", self.int(inner), self.int(inner)),
            _ => self.int(0),
        }
    }

    /// What something internal may be cast to.
    pub(super) fn target(&mut self) -> String {
        match self.random.below(10) {
            0..=4 => format!("$s{}", self.random.below(self.world.structs.len())),
            5 => format!("$a{}", self.random.below(self.world.arrays.len())),
            6 => format!("$decoy{}", self.random.below(DECOYS)),
            _ => (*self.random.pick(&["i31", "eq", "struct", "array", "none", "any"])).to_owned(),
        }
    }

    /// An object of a structure type or one below it; never null, unless it traps.
    pub(super) fn object(&mut self, ty: usize, depth: usize) -> String {
        let below = self.world.below(ty);
        match self.random.below(8) {
            0 if self.random.one_in(4) => {
                format!("(ref.as_non_null {})", self.reference(Heap::Struct(ty), depth))
            }
            0..=2 if depth > 0 => {
                let other = self.fresh(ty, 0);
                let any = self.reference(Heap::Struct(ty), depth - 1);
                format!("(block (result (ref $s{ty})) (br_on_non_null 0 {any}) {other})")
            }
            3 | 4 => {
                let from = *self.random.pick(&["(local.get $a)", "(local.get $e)", "(global.get $ga)"]);
                let from = if below.len() > 1 && self.world.below(0).contains(&ty) && self.random.one_in(2) {
                    "(local.get $s)"
                } else {
                    from
                };
                self.cast_or(ty, from)
            }
            _ => {
                let ty = *self.random.pick(&below);
                self.fresh(ty, depth)
            }
        }
    }

    /// A cast, where it succeeds, or else something new; seldom the bare cast.
    fn cast_or(&mut self, ty: usize, from: &str) -> String {
        let cast = format!("(ref.cast (ref $s{ty}) {from})");
        if self.random.one_in(24) {
            return cast;
        }
        let other = self.fresh(ty, 0);
        format!("(if (result (ref $s{ty})) (ref.test (ref $s{ty}) {from}) (then {cast}) (else {other}))")
    }

    /// A new object of exactly this type.
    fn fresh(&mut self, ty: usize, depth: usize) -> String {
        if self.world.has_default(ty) && (depth == 0 || self.random.one_in(3)) {
            return format!("(struct.new_default $s{ty})");
        }
        let fields: Vec<Storage> = self.world.structs[ty].fields.iter().map(|field| field.storage).collect();
        let mut text = format!("(struct.new $s{ty}");
        for storage in fields {
            let value = match (depth, storage) {
                (0, Storage::Ref(heap)) => format!("(ref.null {})", heap.word()),
                (0, Storage::Solid(Heap::I31)) => "(ref.i31 (i32.const -1))".to_owned(),
                (0, Storage::Solid(_)) => "(struct.new_default $s0)".to_owned(),
                _ => self.value(storage, depth.saturating_sub(1)),
            };
            let _written = write!(text, " {value}");
        }
        text + ")"
    }

    /// An array of about this length; seldom null.
    pub(super) fn array_of(&mut self, number: usize, length: usize, depth: usize) -> String {
        let element = self.world.arrays[number];
        let exact = format!("(i32.const {length})");
        match self.random.below(10) {
            0 => format!("(local.get $l{number})"),
            1 => format!("(array.new_default $a{number} {})", self.length(length)),
            2 | 3 => {
                let value = self.value(element, depth.min(1));
                format!("(array.new $a{number} {value} {exact})")
            }
            4 => {
                let from = self.index(ELEMENTS);
                let count =
                    if self.random.one_in(8) { self.length(length) } else { "(i32.const 2)".to_owned() };
                if let Storage::Ref(_) = element {
                    return format!("(array.new_elem $a{number} $e{number} {from} {count})");
                }
                let from = if self.random.one_in(10) { self.index(BYTES) } else { from };
                format!("(array.new_data $a{number} $d {from} {count})")
            }
            5 | 6 => format!("(array.new_default $a{number} {exact})"),
            _ => self.full_array(number, length),
        }
    }

    /// A new array of exactly this length.
    pub(super) fn full_array(&mut self, number: usize, length: usize) -> String {
        let element = self.world.arrays[number];
        match self.random.below(4) {
            0 => format!("(array.new $a{number} {} (i32.const {length}))", self.value(element, 1)),
            1 if self.random.one_in(2) => format!("(array.new_default $a{number} (i32.const {length}))"),
            _ => {
                let values: String = (0..length).map(|_| self.value(element, 0)).collect();
                format!("(array.new_fixed $a{number} {length} {values})")
            }
        }
    }

    /// A length: small, or such that no heap has room for it.
    fn length(&mut self, about: usize) -> String {
        match self.random.below(20) {
            0 => format!(
                "(i32.const {})",
                *self.random.pick(&[-1, i32::MIN, 0x2000_0000, 0x4000_0001, 0x1fff_ffff])
            ),
            _ => format!("(i32.const {about})"),
        }
    }

    /// A reference that may be null.
    pub(super) fn reference(&mut self, heap: Heap, depth: usize) -> String {
        if self.random.one_in(14) {
            return format!("(ref.null {})", heap.word());
        }
        if depth > 0
            && self.random.one_in(4)
            && let Some(read) = self.read(Storage::Ref(heap), depth)
        {
            return read;
        }
        let inner = depth.saturating_sub(1);
        match heap {
            Heap::Any => self.internal(depth),
            Heap::Eq => match self.random.below(4) {
                0 => "(local.get $e)".to_owned(),
                1 => "(local.get $s)".to_owned(),
                2 => format!("(ref.i31 {})", self.int(inner)),
                _ => self.object_or_array(depth),
            },
            Heap::I31 => format!("(ref.i31 {})", self.int(inner)),
            Heap::Structs => {
                let ty = self.random.below(self.world.structs.len());
                self.object(ty, inner)
            }
            Heap::Arrays => {
                let array = self.random.below(self.world.arrays.len());
                let length = self.random.below(5);
                self.array_of(array, length, inner)
            }
            Heap::Struct(0) => match self.random.below(8) {
                0 => "(local.get 0)".to_owned(),
                1 | 2 => "(local.get $s)".to_owned(),
                3 => (*self.random.pick(&["(global.get $gs)", "(global.get $ci)"])).to_owned(),
                4 => format!("(table.get $ts {})", self.index(SIZE)),
                5 => format!("(call $tree (i32.const {}))", self.random.below(4)),
                _ => self.object(0, inner),
            },
            Heap::Struct(ty) => self.object(ty, inner),
            Heap::Array(array) => match self.random.below(3) {
                0 => format!("(local.get $l{array})"),
                _ => {
                    let length = self.random.below(7);
                    self.array_of(array, length, inner)
                }
            },
            Heap::Func => match self.random.below(5) {
                0 => "(local.get $f)".to_owned(),
                1 => "(ref.func $tree)".to_owned(),
                2 => format!("(table.get $tf {})", self.index(SIZE)),
                _ => format!("(ref.func $i{})", self.random.below(FUNCTIONS)),
            },
            Heap::Entry => match self.random.below(4) {
                0 => "(local.get $r)".to_owned(),
                1 if self.random.one_in(3) => {
                    format!("(ref.cast (ref null $fn) {})", self.reference(Heap::Func, inner))
                }
                _ => format!("(ref.func $i{})", self.random.below(FUNCTIONS)),
            },
            Heap::Extern => match self.random.below(6) {
                0 => "(local.get $x)".to_owned(),
                1 => "(global.get $gx)".to_owned(),
                2 | 3 => "(call $fresh)".to_owned(),
                _ => format!("(extern.convert_any {})", self.reference(Heap::Any, inner)),
            },
        }
    }

    /// Something internal.
    fn internal(&mut self, depth: usize) -> String {
        let inner = depth.saturating_sub(1);
        match self.random.below(12) {
            0 => "(local.get $a)".to_owned(),
            1 => "(local.get $e)".to_owned(),
            2 => "(local.get $s)".to_owned(),
            3 => (*self.random.pick(&["(global.get $ga)", "(global.get $ca)"])).to_owned(),
            4 => format!("(table.get $ta {})", self.index(SIZE)),
            5 => format!("(ref.i31 {})", self.int(inner)),
            6 => format!("(any.convert_extern {})", self.reference(Heap::Extern, inner)),
            7 => format!("(local.get $l{})", self.random.below(self.world.arrays.len())),
            _ => self.object_or_array(depth),
        }
    }

    fn object_or_array(&mut self, depth: usize) -> String {
        let inner = depth.saturating_sub(1);
        if self.random.one_in(3) {
            let (array, length) = (self.random.below(self.world.arrays.len()), self.random.below(5));
            return self.array_of(array, length, inner);
        }
        let ty = self.random.below(self.world.structs.len());
        self.object(ty, inner)
    }

    /// A call of a function of the world's type, in one of the ways: a number.
    pub(super) fn call(&mut self) -> String {
        let (object, int) = (self.reference(Heap::Struct(0), 2), self.int(1));
        let own = format!("$i{}", self.random.below(FUNCTIONS));
        match self.random.below(4) {
            0 if self.guest => {
                let other = *self.random.pick(&["$o0", "$o1"]);
                format!("(call {other} {object} {int})")
            }
            0 | 1 => format!("(call {own} {object} {int})"),
            _ => {
                let entry = match self.read(Storage::Ref(Heap::Entry), 2) {
                    Some(read) => read,
                    None => self.reference(Heap::Entry, 1),
                };
                let entry = match self.random.below(8) {
                    0 => entry,
                    _ => format!("(block (result (ref $fn)) (br_on_non_null 0 {entry}) (ref.func {own}))"),
                };
                format!("(call_ref $fn {object} {int} {entry})")
            }
        }
    }
}

/// An array that may be null, or else an empty one.
fn solid(number: usize, array: &str) -> String {
    format!(
        "(block (result (ref $a{number})) (br_on_non_null 0 {array}) (array.new_default $a{number} (i32.const 0)))"
    )
}
