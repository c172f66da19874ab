//! Type hierarchies for programs with objects: structures below structures, arrays of every kind of element, and decoys.
//!
//! Enters: a random stream; leaves: a [`World`] of types and its text, which several modules of a case have in common.
//! Structure 0 is above most others, has only fields with defaults, and begins with `next`, a number and something internal,
//! so that lists and trees of any of them can be built and walked. A decoy is written like structure 0 and is another type.

use super::described::{self, Described};
use crate::random::Random;
use std::fmt::Write;

/// What a reference leads to.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Heap {
    Any,
    Eq,
    I31,
    /// Any structure.
    Structs,
    /// Any array.
    Arrays,
    Struct(usize),
    Array(usize),
    Func,
    /// The function type of the world.
    Entry,
    Extern,
}

/// What a field or an element holds. References in fields may be null.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    I8,
    I16,
    I32,
    I64,
    F32,
    F64,
    V128,
    Ref(Heap),
    /// A reference that is never null: there is no default.
    Solid(Heap),
}

/// A field.
#[derive(Copy, Clone, Debug)]
pub(super) struct Field {
    pub(super) storage: Storage,
    pub(super) mutable: bool,
}

/// A structure type.
#[derive(Clone, Debug)]
pub(super) struct Struct {
    pub(super) parent: Option<usize>,
    pub(super) last: bool,
    pub(super) fields: Vec<Field>,
}

/// The types.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) structs: Vec<Struct>,
    /// The elements of array types, all of which can be written.
    pub(super) arrays: Vec<Storage>,
    /// Structures with descriptors, if there are any.
    pub(super) described: Vec<Described>,
    /// The text of them.
    pub(super) text: String,
}

/// What may be cast to and is never there: structure 0 in a group of its own, and in one that is longer.
pub(super) const DECOYS: usize = 2;

impl Heap {
    /// The word for it.
    pub(super) fn word(self) -> String {
        let word = match self {
            Self::Any => "any",
            Self::Eq => "eq",
            Self::I31 => "i31",
            Self::Structs => "struct",
            Self::Arrays => "array",
            Self::Struct(number) => return format!("$s{number}"),
            Self::Array(number) => return format!("$a{number}"),
            Self::Func => "func",
            Self::Entry => "$fn",
            Self::Extern => "extern",
        };
        word.to_owned()
    }
}

impl Storage {
    fn word(self) -> String {
        let word = match self {
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::V128 => "v128",
            Self::Ref(heap) => return format!("(ref null {})", heap.word()),
            Self::Solid(heap) => return format!("(ref {})", heap.word()),
        };
        word.to_owned()
    }

    /// What it is as an operand.
    pub(super) fn unpacked(self) -> String {
        match self {
            Self::I8 | Self::I16 => "i32".to_owned(),
            other => other.word(),
        }
    }

    /// What an operator that reads it is called.
    pub(super) fn getters(self) -> &'static [&'static str] {
        match self {
            Self::I8 | Self::I16 => &["get_s", "get_u"],
            _ => &["get"],
        }
    }
}

impl World {
    /// Types.
    pub(super) fn new(random: &mut Random) -> Self {
        let arrays = arrays(random);
        let mut world = Self { structs: Vec::new(), arrays, described: Vec::new(), text: String::new() };
        let first = [Storage::Ref(Heap::Struct(0)), Storage::I32, Storage::Ref(Heap::Any)];
        let mutable = |storage| Field { storage, mutable: true };
        let mut fields: Vec<Field> = first.into_iter().map(mutable).collect();
        fields.extend((0..random.below(3)).map(|_| Field { storage: plain(random), mutable: true }));
        world.structs.push(Struct { parent: None, last: false, fields });
        // Now and then a line that is longer than what a compiler looks up at once.
        let deep = random.one_in(4);
        let count = if deep { 9 + random.below(3) } else { 3 + random.below(4) };
        for number in 1..count {
            let open: Vec<usize> = (0..number).filter(|&other| !world.structs[other].last).collect();
            let parent = match random.below(8) {
                0 => None,
                1..=2 if !deep => Some(*random.pick(&open)),
                _ => open.last().copied(),
            };
            let mut fields = parent.map_or_else(Vec::new, |parent| world.structs[parent].fields.clone());
            for _ in 0..1 + random.below(4) {
                let field = world.field(number, random);
                fields.push(field);
            }
            let last = random.one_in(if deep { 20 } else { 3 });
            world.structs.push(Struct { parent, last, fields });
        }
        world.described = described::line(random);
        world.write();
        world
    }

    fn field(&self, structs: usize, random: &mut Random) -> Field {
        let storage = match random.below(12) {
            0..=5 => plain(random),
            6 => Storage::Ref(Heap::Struct(random.below(structs))),
            7 => Storage::Ref(Heap::Array(random.below(self.arrays.len()))),
            8 => Storage::Ref(Heap::Entry),
            9 => *random.pick(&[Storage::Solid(Heap::I31), Storage::Solid(Heap::Struct(0))]),
            _ => {
                let heaps =
                    [Heap::Any, Heap::Eq, Heap::I31, Heap::Structs, Heap::Arrays, Heap::Func, Heap::Extern];
                Storage::Ref(*random.pick(&heaps))
            }
        };
        Field { storage, mutable: !random.one_in(4) }
    }

    fn write(&mut self) {
        let mut text = String::from("(rec (type $fn (func (param (ref null $s0) i32) (result i32)))\n");
        let mut put = |arguments: std::fmt::Arguments<'_>| {
            // Writing to a string cannot fail.
            let _written = text.write_fmt(arguments);
        };
        for (number, ty) in self.structs.iter().enumerate() {
            let last = if ty.last { " final" } else { "" };
            let parent = ty.parent.map_or_else(String::new, |parent| format!(" $s{parent}"));
            put(format_args!("(type $s{number} (sub{last}{parent} {}))\n", body(&ty.fields)));
        }
        for (number, element) in self.arrays.iter().enumerate() {
            put(format_args!("(type $a{number} (array (mut {})))\n", element.word()));
        }
        put(format_args!(")\n(type $other (func (param i32) (result i32)))\n"));
        for decoy in 0..DECOYS {
            let own = body(&self.structs[0].fields).replace("$s0)", &format!("$decoy{decoy})"));
            let more = if decoy == 0 { "" } else { "(type (struct))" };
            put(format_args!("(rec (type $decoy{decoy} (sub {own})) {more})\n"));
        }
        if !self.described.is_empty() {
            text += &described::types(&self.described);
        }
        self.text = text;
    }

    /// Whether an object of this structure can be made of nothing.
    pub(super) fn has_default(&self, number: usize) -> bool {
        self.structs[number].fields.iter().all(|field| !matches!(field.storage, Storage::Solid(_)))
    }

    /// A structure and those below it.
    pub(super) fn below(&self, number: usize) -> Vec<usize> {
        let is_below = |mut at: usize| loop {
            match self.structs[at].parent {
                _ if at == number => return true,
                Some(parent) => at = parent,
                None => return false,
            }
        };
        (0..self.structs.len()).filter(|&at| is_below(at)).collect()
    }

    /// Fields of structures that hold this: structure and number.
    pub(super) fn holders(&self, wanted: Storage) -> Vec<(usize, usize)> {
        let fields = |(number, ty): (usize, &Struct)| {
            let fields = ty.fields.iter().enumerate().filter(|(_, field)| field.storage == wanted);
            fields.map(|(at, _)| (number, at)).collect::<Vec<_>>()
        };
        self.structs.iter().enumerate().flat_map(fields).collect()
    }

    /// Arrays with such elements.
    pub(super) fn arrays_of(&self, wanted: Storage) -> Vec<usize> {
        (0..self.arrays.len()).filter(|&number| self.arrays[number] == wanted).collect()
    }
}

fn body(fields: &[Field]) -> String {
    let field = |field: &Field| match field.mutable {
        true => format!(" (field (mut {}))", field.storage.word()),
        false => format!(" (field {})", field.storage.word()),
    };
    format!("(struct{})", fields.iter().map(field).collect::<String>())
}

fn plain(random: &mut Random) -> Storage {
    let plain = [Storage::I8, Storage::I16, Storage::I32, Storage::I64, Storage::F32, Storage::F64];
    match random.below(8) {
        0 => Storage::V128,
        1 | 2 => *random.pick(&[Storage::I8, Storage::I16]),
        _ => *random.pick(&plain),
    }
}

/// Elements: always packed ones, structures and something internal, and some of the rest.
fn arrays(random: &mut Random) -> Vec<Storage> {
    let mut arrays = vec![Storage::I8, Storage::Ref(Heap::Struct(0)), Storage::Ref(Heap::Any)];
    let rest = [
        Storage::I16,
        Storage::I32,
        Storage::I64,
        Storage::F32,
        Storage::F64,
        Storage::V128,
        Storage::Ref(Heap::Array(0)),
        Storage::Ref(Heap::Array(2)),
        Storage::Ref(Heap::Func),
        Storage::Ref(Heap::Extern),
        Storage::Ref(Heap::I31),
        Storage::Ref(Heap::Entry),
    ];
    arrays.extend((0..3).map(|_| *random.pick(&rest)));
    arrays
}
