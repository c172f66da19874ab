//! Objects of the collector's heap as plain data: graphs that are equal when they are isomorphic.
//!
//! Objects get numbers in the order in which they are come upon, from the roots in their order and from each object field by
//! field, breadth first. Two heaps in which the same steps lead to the same things so give the same numbers, wherever the
//! objects stand, and cycles end at a number. A [`Survey`] looks at the roots of one moment; what is beyond its bounds is
//! said to be there and no more.

use super::Seen;
use assay_runtime::inspect::{self, func_origin};
use assay_runtime::{
    AnyRef, ArrayRef, AsContextMut, ExnRef, ExternRef, HeapType, Rooted, StructRef, Tag, Val,
};
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

/// Objects that a survey looks at.
const MOST_OBJECTS: usize = 1500;
/// Fields and elements that a survey looks at.
const MOST_FIELDS: usize = 6000;

/// What is come upon at a root for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// The number of the first object, to which the root leads.
    pub first: usize,
    /// The objects, in the order of their numbers.
    pub objects: Vec<Object>,
}

/// A structure, an array or an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its type, or its tag.
    pub ty: Arc<str>,
    /// How many fields or elements it has.
    pub len: usize,
    /// Those that were looked at, behind what describes it, if something does. Packed integers have their width.
    pub fields: Vec<Seen>,
}

impl Graph {
    /// The first object that differs, on both sides, in words.
    pub fn first_difference(&self, other: &Self) -> Option<(String, String)> {
        let objects = self.objects.iter().zip(&other.objects);
        let at = objects.clone().position(|(a, b)| a != b);
        let number = |graph: &Self, at: usize| format!("object {}: {}", graph.first + at, graph.objects[at]);
        if let Some(at) = at {
            return Some((number(self, at), number(other, at)));
        }
        let count = |graph: &Self| format!("{} objects from number {}", graph.objects.len(), graph.first);
        (self != other).then(|| (count(self), count(other)))
    }
}

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "object {} =", self.first)?;
        self.objects.iter().take(3).try_for_each(|object| write!(f, " {object}"))?;
        match self.objects.len() {
            0..=3 => Ok(()),
            more => write!(f, " and {} more", more - 3),
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} {{", self.ty, self.len)?;
        for (position, field) in self.fields.iter().take(24).enumerate() {
            write!(f, "{}{field}", if position == 0 { "" } else { ", " })?;
        }
        f.write_str(if self.fields.len() > 24 { ", …}" } else { "}" })
    }
}

/// What a store is known to have, for as long as it is played with: names that do not change from step to step.
#[derive(Default)]
pub(crate) struct Known {
    /// Tags, by the order in which they were met.
    tags: Vec<Tag>,
    /// Types as text, by their number in the engine.
    types: HashMap<HeapType, Arc<str>>,
}

impl Known {
    /// The number of a tag.
    pub(crate) fn tag(&mut self, store: impl AsContextMut, tag: Tag) -> usize {
        let known = self.tags.iter().position(|known| Tag::eq(known, &tag, &store));
        known.unwrap_or_else(|| {
            self.tags.push(tag);
            self.tags.len() - 1
        })
    }

    fn ty(&mut self, store: impl AsContextMut, heap: HeapType) -> Arc<str> {
        let text = || inspect::type_text(store.as_context().engine(), heap, 1).into();
        Arc::clone(self.types.entry(heap).or_insert_with(text))
    }
}

/// A look at what some roots lead to.
pub(crate) struct Survey<'a> {
    known: &'a mut Known,
    numbers: HashMap<u32, usize>,
    fields: usize,
}

/// Something with fields.
enum Thing {
    Struct(Rooted<StructRef>),
    Array(Rooted<ArrayRef>),
    Exception(Rooted<ExnRef>),
}

/// A value that was looked at, or an object that is still to be.
enum Found {
    Seen(Seen),
    Object(u32, Thing),
}

impl<'a> Survey<'a> {
    pub(crate) fn new(known: &'a mut Known) -> Self {
        Self { known, numbers: HashMap::new(), fields: 0 }
    }

    /// What a root is, with everything that was not come upon before.
    pub(crate) fn value(&mut self, mut store: impl AsContextMut, value: Val) -> Seen {
        let (place, thing) = match found(&mut store, value) {
            Found::Seen(seen) => return seen,
            Found::Object(place, thing) => (place, thing),
        };
        let mut queue = VecDeque::new();
        let first = match self.meet(place, thing, &mut queue) {
            Seen::Object(first) if !queue.is_empty() => first,
            known => return known,
        };
        let mut objects = Vec::new();
        while let Some(thing) = queue.pop_front() {
            objects.push(self.object(&mut store, &thing, &mut queue));
        }
        Seen::Graph(Graph { first, objects })
    }

    /// All of these values.
    pub(crate) fn values(
        &mut self,
        mut store: impl AsContextMut,
        values: impl IntoIterator<Item = Val>,
    ) -> Vec<Seen> {
        values.into_iter().map(|value| self.value(&mut store, value)).collect()
    }

    /// The number of an object, which waits in the queue if it had none.
    fn meet(&mut self, place: u32, thing: Thing, queue: &mut VecDeque<Thing>) -> Seen {
        let number = self.numbers.len();
        match self.numbers.get(&place) {
            Some(&known) => Seen::Object(known),
            None if number == MOST_OBJECTS => Seen::Unseen,
            None => {
                self.numbers.insert(place, number);
                queue.push_back(thing);
                Seen::Object(number)
            }
        }
    }

    fn object(&mut self, mut store: impl AsContextMut, thing: &Thing, queue: &mut VecDeque<Thing>) -> Object {
        let (ty, len, values) = self.contents(&mut store, thing).expect("handles of this scope are good");
        let mut fields = Vec::with_capacity(values.len());
        for value in values {
            fields.push(match found(&mut store, value) {
                Found::Seen(seen) => seen,
                Found::Object(place, thing) => self.meet(place, thing, queue),
            });
        }
        Object { ty, len, fields }
    }

    fn contents(
        &mut self,
        mut store: impl AsContextMut,
        thing: &Thing,
    ) -> assay_runtime::Result<(Arc<str>, usize, Vec<Val>)> {
        Ok(match thing {
            Thing::Struct(object) => {
                let heap = object.ty(&store)?.heap_type();
                let descriptor = object.descriptor(&mut store)?;
                let mut values = object.fields(&mut store)?;
                let len = values.len();
                self.fields += len;
                values.splice(..0, descriptor.map(|descriptor| Val::AnyRef(Some(descriptor.to_anyref()))));
                (self.known.ty(&mut store, heap), len, values)
            }
            Thing::Array(array) => {
                let ty = array.ty(&store)?;
                let len = array.len(&store)?;
                let looked_at = (len as usize).min(MOST_FIELDS.saturating_sub(self.fields));
                self.fields += looked_at;
                let values = (0..looked_at as u32).map(|index| array.get(&mut store, index));
                let values = values.collect::<Result<Vec<_>, _>>()?;
                (self.known.ty(&mut store, ty.heap_type()), len as usize, values)
            }
            Thing::Exception(exception) => {
                let tag = exception.tag(&store)?;
                let values = exception.fields(&mut store)?;
                self.fields += values.len();
                let number = self.known.tag(&mut store, tag);
                (format!("exception of tag {number}").into(), values.len(), values)
            }
        })
    }
}

/// What a value is, without looking into objects.
fn found(mut store: impl AsContextMut, value: Val) -> Found {
    Found::Seen(match value {
        Val::I32(value) => Seen::I32(value.cast_unsigned()),
        Val::I64(value) => Seen::I64(value.cast_unsigned()),
        Val::F32(bits) => Seen::F32(bits),
        Val::F64(bits) => Seen::F64(bits),
        Val::V128(bits) => Seen::V128(bits),
        Val::FuncRef(None) | Val::ExternRef(None) | Val::AnyRef(None) | Val::ExnRef(None) => Seen::Null,
        Val::FuncRef(Some(func)) => Seen::Func(func_origin(store.as_context_mut(), func)),
        Val::ExternRef(Some(external)) => return external_found(store, external),
        Val::AnyRef(Some(internal)) => return internal_found(store, internal),
        Val::ExnRef(Some(exception)) => {
            let place = inspect::identity(&store, &exception).expect("the handle is of this scope");
            return Found::Object(place, Thing::Exception(exception));
        }
    })
}

fn external_found(mut store: impl AsContextMut, external: Rooted<ExternRef>) -> Found {
    let context = store.as_context_mut();
    match external.data(&context).expect("the handle is of this scope") {
        Some(data) => Found::Seen(Seen::Extern(data.downcast_ref::<u64>().copied())),
        None => internal_found(store, external.to_any()),
    }
}

fn internal_found(store: impl AsContextMut, internal: Rooted<AnyRef>) -> Found {
    let looked_at = || -> assay_runtime::Result<_> {
        if let Some(number) = internal.as_i31(&store)? {
            return Ok(Found::Seen(Seen::I31(number.get_u32())));
        }
        let place = inspect::identity(&store, &internal)?;
        if let Some(object) = internal.as_struct(&store)? {
            return Ok(Found::Object(place, Thing::Struct(object)));
        }
        Ok(match internal.as_array(&store)? {
            Some(array) => Found::Object(place, Thing::Array(array)),
            None => {
                let context = store.as_context();
                let external = internal.to_extern();
                let data = external.data(&context)?;
                Found::Seen(Seen::Extern(data.and_then(|data| data.downcast_ref::<u64>().copied())))
            }
        })
    };
    looked_at().expect("the handle is of this scope")
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_runtime::{Config, Engine, Instance, Module, Store};

    /// What the globals of a module hold once `make` was called.
    fn held(make: &str, zeal: bool) -> Vec<Seen> {
        let text = format!(
            r#"(module
              (type $n (struct (field $next (mut (ref null $n))) (field (mut i8)) (field (mut anyref))))
              (type $a (array (mut i16)))
              (tag $t (param i32 anyref)) (tag $u (param i32 anyref))
              (global $g (mut anyref) (ref.null any)) (global $h (mut anyref) (ref.null any))
              (global $e (mut exnref) (ref.null exn))
              (func (export "make") (local $n (ref null $n)) (local $m (ref null $n)) {make}))"#
        );
        let engine = Engine::new(Config::new().gc_zeal(zeal)).unwrap();
        let mut store = Store::new(&engine, ());
        let module = Module::new(&engine, text).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let make = instance.get_func(&mut store, "make").unwrap();
        make.call(&mut store, &[], &mut []).unwrap();
        let globals = inspect::globals(&mut store, instance);
        let values: Vec<Val> = globals.into_iter().map(|global| global.get(&mut store)).collect();
        Survey::new(&mut Known::default()).values(&mut store, values)
    }

    const RING: &str =
        "(local.set $n (struct.new $n (ref.null $n) (i32.const 0x1ff) (ref.i31 (i32.const -1))))
        (local.set $m (struct.new $n (local.get $n) (i32.const 2) (local.get $n)))
        (struct.set $n $next (local.get $n) (local.get $m)) (global.set $g (local.get $n))";

    #[test]
    fn graphs_are_equal_when_they_are_isomorphic() {
        let ring = held(&format!("{RING} (global.set $h (local.get $m))"), false);
        let Seen::Graph(graph) = &ring[0] else { panic!("{ring:?}") };
        assert_eq!((graph.first, graph.objects.len()), (0, 2));
        assert_eq!(graph.objects[0].fields, [Seen::Object(1), Seen::I32(0xff), Seen::I31(0x7fff_ffff)]);
        assert_eq!(graph.objects[1].fields, [Seen::Object(0), Seen::I32(2), Seen::Object(0)]);
        assert_eq!(ring[1..], [Seen::Object(1), Seen::Null]);
        // Elsewhere in the heap, and moved by collections.
        let elsewhere = format!("(drop (struct.new_default $n)) {RING} (global.set $h (local.get $m))");
        assert_eq!(held(&elsewhere, true), ring);
        assert_ne!(held(&format!("{RING} (global.set $h (local.get $n))"), false), ring);
        // A list as long as the ring is round is no ring.
        let list = RING.replace("(struct.set $n $next (local.get $n) (local.get $m))", "");
        assert_ne!(held(&format!("{list} (global.set $h (local.get $m))"), false), ring);
    }

    #[test]
    fn types_lengths_and_tags_are_told_apart() {
        let array = |make: &str| held(&format!("(global.set $g {make})"), false).remove(0);
        let zeros = array("(array.new $a (i32.const 0) (i32.const 3))");
        assert_eq!(zeros, array("(array.new_default $a (i32.const 3))"));
        assert_ne!(zeros, array("(array.new_default $a (i32.const 4))"));
        let long = array("(array.new_default $a (i32.const 100000))");
        let Seen::Graph(graph) = &long else { panic!("{long:?}") };
        assert_eq!((graph.objects[0].len, graph.objects[0].fields.len()), (100_000, MOST_FIELDS));
        let caught = |tag: &str| {
            let thrown = format!("(try_table (catch_all_ref $c) (throw {tag} (i32.const 4) (ref.null any)))");
            held(&format!("(global.set $e (block $c (result exnref) {thrown} (unreachable)))"), false)
                .remove(2)
        };
        let Seen::Graph(graph) = caught("$t") else { panic!("an exception") };
        assert_eq!(&*graph.objects[0].ty, "exception of tag 0");
        assert_eq!(graph.objects[0].fields, [Seen::I32(4), Seen::Null]);
    }
}
