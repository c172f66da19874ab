//! Objects with descriptors: made with one of their type's descriptors or with none, asked for it, and cast by it.
//!
//! A world has these types or has not. They stand in a group of their own: a line of structures, each with its descriptor's
//! type, some of which have descriptors themselves. Each instance has two descriptors of each type, so that it shows which of
//! them an object has, and not only of which type. Enters: a random stream; leaves: the text of types, globals and statements.

use super::types::Heap;
use super::{Writer, hash};
use crate::random::Random;
use std::fmt::Write;

/// A structure that has a descriptor, and the descriptor.
#[derive(Clone, Debug)]
pub(super) struct Described {
    below: Option<usize>,
    /// The number of fields of the object: of those of [`FIELDS`] so many.
    fields: usize,
    /// The same of the descriptor.
    own: usize,
    /// Whether the descriptor has one in turn.
    twice: bool,
}

/// Fields of objects and of descriptors, and a value for each.
const FIELDS: [(&str, &str); 5] = [
    ("i32", "(i32.const 9)"),
    ("anyref", "(ref.null any)"),
    ("i8", "(i32.const -3)"),
    ("(ref null $d0)", "(ref.null $d0)"),
    ("i64", "(i64.const 0x1_2345_6789)"),
];

/// The line of types, in a third of all worlds.
pub(super) fn line(random: &mut Random) -> Vec<Described> {
    if !random.one_in(3) {
        return Vec::new();
    }
    let twice = random.one_in(3);
    let mut line: Vec<Described> = Vec::new();
    for number in 0..2 + random.below(2) {
        let below = (number > 0 && !random.one_in(4)).then(|| random.below(number));
        let least = below.map_or((1, 1), |above| (line[above].fields, line[above].own));
        let mut more = |least: usize| (least + random.below(3)).min(FIELDS.len());
        line.push(Described { below, fields: more(least.0), own: more(least.1), twice });
    }
    line
}

/// The text of the types: `$d` the structures, `$v` their descriptors, `$m` the descriptors of these.
pub(super) fn types(line: &[Described]) -> String {
    let mut text = String::from("(rec");
    for (number, ty) in line.iter().enumerate() {
        let above = |letter: char| ty.below.map_or_else(String::new, |above| format!(" ${letter}{above}"));
        let (object, descriptor) = (body(ty.fields), body(ty.own));
        let (parent, above_it) = (above('d'), above('v'));
        let twice = if ty.twice { format!("(descriptor $m{number})") } else { String::new() };
        let _written = write!(
            text,
            " (type $d{number} (sub{parent} (descriptor $v{number}) {object}))
             (type $v{number} (sub{above_it} (describes $d{number}) {twice} {descriptor}))"
        );
        if ty.twice {
            let above = above('m');
            let _written =
                write!(text, " (type $m{number} (sub{above} (describes $v{number}) (struct (field i32))))");
        }
    }
    text + ")\n"
}

fn body(fields: usize) -> String {
    let field = |(ty, _): &(&str, &str)| format!(" (field (mut {ty}))");
    format!("(struct{})", FIELDS[..fields].iter().map(field).collect::<String>())
}

impl Writer<'_> {
    /// Two descriptors of each type.
    pub(super) fn descriptors(&mut self) {
        for (number, ty) in self.world.described.iter().enumerate() {
            let values: String = FIELDS[1..ty.own].iter().map(|(_, value)| format!(" {value}")).collect();
            for (which, first) in [("a", 17), ("b", 23)] {
                let (operator, of_it) = match ty.twice {
                    true => ("struct.new_desc", format!(" (struct.new $m{number} (i32.const {number}))")),
                    false => ("struct.new", String::new()),
                };
                self.put(format_args!(
                    "(global $v{number}{which} (ref (exact $v{number}))
                     ({operator} $v{number} (i32.const {first}){values}{of_it}))\n"
                ));
            }
        }
    }

    /// Something that is done to an object with a descriptor, or with it.
    pub(super) fn with_descriptors(&mut self) -> String {
        let number = self.random.below(self.world.described.len());
        let made = match self.random.below(9) {
            0 | 1 => self.new_described(number),
            2 => format!("(ref.get_desc $d{number} {})", self.described(number)),
            3 if self.world.described[number].twice => {
                format!("(ref.get_desc $v{number} (ref.get_desc $d{number} {}))", self.described(number))
            }
            3 | 4 => return self.write_described(number),
            5 | 6 => return self.branch_by_descriptor(number),
            7 => {
                let (exact, from) = (self.maybe_exact(number, 'd'), self.any_described());
                return hash(&format!("(ref.test (ref {exact}) {from})"));
            }
            _ => {
                let letter = *self.random.pick(&['d', 'v']);
                let target = self.maybe_exact(number, letter);
                let any = self.any_described();
                let plain = if self.random.one_in(3) { "(exact $s0)" } else { target.as_str() };
                return hash(&format!("(ref.test (ref null {plain}) {any})"));
            }
        };
        let shown = self.show("(local.get $a)");
        format!("(local.set $a {made}){shown}")
    }

    fn maybe_exact(&mut self, number: usize, letter: char) -> String {
        match self.random.one_in(2) {
            true => format!("(exact ${letter}{number})"),
            false => format!("${letter}{number}"),
        }
    }

    /// A new object; seldom with no descriptor, which traps.
    fn new_described(&mut self, number: usize) -> String {
        let descriptor = self.descriptor(number);
        if self.random.one_in(3) {
            return format!("(struct.new_default_desc $d{number} {descriptor})");
        }
        let mut text = format!("(struct.new_desc $d{number}");
        for at in 0..self.world.described[number].fields {
            let _written = write!(text, " {}", self.described_value(at));
        }
        format!("{text} {descriptor})")
    }

    fn described_value(&mut self, at: usize) -> String {
        match FIELDS[at] {
            ("anyref", _) => self.reference(Heap::Any, 1),
            ("i32" | "i8", _) => self.int(1),
            ("i64", _) => "(local.get $I)".to_owned(),
            (_, null) if self.random.one_in(2) => null.to_owned(),
            _ => self.described(0),
        }
    }

    /// A descriptor of exactly this type: one of the instance's, a new one, or seldom none.
    fn descriptor(&mut self, number: usize) -> String {
        let which = *self.random.pick(&["a", "b"]);
        match self.random.below(30) {
            0 => "(ref.null none)".to_owned(),
            1..=6 if self.world.described[number].twice => {
                format!("(struct.new_default_desc $v{number} (struct.new_default $m{number}))")
            }
            1..=6 => format!("(struct.new_default $v{number})"),
            _ => format!("(global.get $v{number}{which})"),
        }
    }

    /// An object of this type, or one below it.
    fn described(&mut self, number: usize) -> String {
        let from = self.any_described();
        let which = *self.random.pick(&["a", "b"]);
        let other = format!("(struct.new_default_desc $d{number} (global.get $v{number}{which}))");
        match self.random.below(24) {
            0 => format!("(ref.cast (ref $d{number}) {from})"),
            1..=12 => format!(
                "(if (result (ref $d{number})) (ref.test (ref $d{number}) {from})
                 (then (ref.cast (ref $d{number}) {from})) (else {other}))"
            ),
            _ => other,
        }
    }

    /// Where such objects are.
    fn any_described(&mut self) -> String {
        match self.random.below(6) {
            0 => "(global.get $ga)".to_owned(),
            1 => format!("(table.get $ta (i32.const {}))", self.random.below(super::SIZE)),
            2 => self.reference(Heap::Any, 1),
            _ => "(local.get $a)".to_owned(),
        }
    }

    /// Writes a field of an object or of its descriptor, and reads one.
    fn write_described(&mut self, number: usize) -> String {
        let ty = &self.world.described[number];
        let (letter, fields) = if self.random.one_in(2) { ('d', ty.fields) } else { ('v', ty.own) };
        let object = match letter {
            'd' => self.described(number),
            _ => format!("(ref.get_desc $d{number} {})", self.described(number)),
        };
        let at = self.random.below(fields);
        let value = self.described_value(at);
        let shown = self.show("(local.get $a)");
        let cast = format!("(ref.cast (ref ${letter}{number}) (local.get $a))");
        let read = hash(&format!("(struct.get ${letter}{number} 0 {cast})"));
        format!("(local.set $a {object}) (struct.set ${letter}{number} {at} {cast} {value}) {read}{shown}")
    }

    /// A branch, or seldom a cast, that depends on which descriptor something has.
    fn branch_by_descriptor(&mut self, number: usize) -> String {
        let null = if self.random.one_in(2) { "null " } else { "" };
        let target = format!("(ref {null}{})", self.maybe_exact(number, 'd'));
        // Every other time, something that may well have this descriptor.
        let (fresh, any) = match self.random.one_in(2) {
            true => (format!("(local.set $a {}) ", self.new_described(number)), "(local.get $a)".to_owned()),
            false => (String::new(), self.any_described()),
        };
        let descriptor = self.descriptor(number);
        let (hit, miss) = (hash("(i32.const 11)"), hash("(i32.const 5)"));
        let branch = match self.random.below(16) {
            0 => format!("(local.set $a (ref.cast_desc_eq {target} {any} {descriptor}))"),
            1..=8 => format!(
                "(block $out (local.set $a (block $hit (result anyref)
                 (local.set $a (br_on_cast_desc_eq $hit anyref {target} {any} {descriptor})) {miss} (br $out))) {hit})"
            ),
            _ => format!(
                "(local.set $a (block $miss (result anyref)
                 (br_on_cast_desc_eq_fail $miss anyref {target} {any} {descriptor}) {hit}))"
            ),
        };
        fresh + &branch
    }
}
