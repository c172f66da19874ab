//! Canonical types: equal recursion groups get equal numbers, whichever module they come from.
//!
//! Iso-recursive equality ([Type equivalence][spec]) becomes equality of numbers: a group is rewritten so that it
//! names its own members by position and everything else by canonical number, and is then looked up in a hash map.
//! The engine owns one such table behind a lock; numbers live as long as it does.
//!
//! [spec]: https://webassembly.github.io/spec/core/valid/matching.html

use super::{CompositeType, FuncType, SubType, TypeRef};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// The engine-wide number of a type.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CanonId(pub u32);

/// The table of canonical types.
#[derive(Debug, Default)]
pub struct CanonicalTypes {
    types: Vec<SubType>,
    /// For each type its supertypes, itself last.
    ancestry: Vec<Box<[CanonId]>>,
    groups: FxHashMap<Box<[SubType]>, CanonId>,
}

impl CanonicalTypes {
    /// The canonical numbers of all types of a module, in index order. `groups` holds the lengths of the recursion
    /// groups, in order, and adds up to `types.len()`; references between types are by module index.
    pub fn intern_module(&mut self, types: &[SubType], groups: &[u32]) -> Vec<CanonId> {
        let mut ids: Vec<CanonId> = Vec::with_capacity(types.len());
        for &len in groups {
            let start = ids.len() as u32;
            let mut rename = |reference: TypeRef| match reference {
                TypeRef::Module(index) if index.0 >= start => TypeRef::Group(index.0 - start),
                TypeRef::Module(index) => TypeRef::Canonical(ids[index.index()]),
                other => other,
            };
            let members = &types[start as usize..(start + len) as usize];
            let group: Box<[SubType]> = members.iter().map(|ty| ty.map_refs(&mut rename)).collect();
            let first = self.intern_group(group);
            ids.extend((0..len).map(|position| CanonId(first.0 + position)));
        }
        ids
    }

    /// The canonical number of a plain function type whose references are canonical already.
    pub fn intern_func(&mut self, ty: &FuncType) -> CanonId {
        self.intern_group(Box::new([SubType::plain_func(ty.clone())]))
    }

    /// The canonical number of a type of its own whose references are canonical already.
    pub fn intern_type(&mut self, ty: SubType) -> CanonId {
        self.intern_group(Box::new([ty]))
    }

    /// Whether a type that is defined as `composite`, with nothing that describes it, may be declared below `supertype`
    /// ([Subtypes][spec]). References are canonical.
    ///
    /// [spec]: https://webassembly.github.io/spec/core/valid/types.html#sub-types
    pub fn may_extend(&self, supertype: Option<TypeRef>, composite: &CompositeType) -> bool {
        let Some(TypeRef::Canonical(id)) = supertype else { return supertype.is_none() };
        let above = self.get(id);
        let described = above.descriptor.is_some() || above.describes.is_some();
        !above.is_final && !described && self.composite_matches(composite, &above.composite)
    }

    /// Whether the type with this number may be declared below its supertype: what validation asks, for one type.
    ///
    /// What a type has above it shows in its descriptor: where the supertype has one, the type has one below it. A
    /// descriptor's supertype describes the supertype of what the descriptor describes.
    pub fn extends_validly(&self, id: CanonId) -> bool {
        let ty = self.get(id);
        let Some(TypeRef::Canonical(above)) = ty.supertype else { return ty.supertype.is_none() };
        let (above, own) = (self.get(above), ty);
        let directly_below = |own: Option<TypeRef>, above: Option<TypeRef>| match own {
            Some(TypeRef::Canonical(own)) => above.is_some() && self.get(own).supertype == above,
            _ => above.is_none(),
        };
        !above.is_final
            && self.composite_matches(&own.composite, &above.composite)
            && (above.descriptor.is_none() || directly_below(own.descriptor, above.descriptor))
            && directly_below(own.describes, above.describes)
    }

    fn intern_group(&mut self, group: Box<[SubType]>) -> CanonId {
        if let Some(&first) = self.groups.get(&group) {
            return first;
        }
        let first = CanonId(self.types.len() as u32);
        for member in &group {
            let mut resolve = |reference: TypeRef| match reference {
                TypeRef::Group(position) => TypeRef::Canonical(CanonId(first.0 + position)),
                other => other,
            };
            let resolved = member.map_refs(&mut resolve);
            self.push(resolved);
        }
        self.groups.insert(group, first);
        first
    }

    fn push(&mut self, ty: SubType) {
        let id = CanonId(self.types.len() as u32);
        let mut line = match ty.supertype {
            Some(TypeRef::Canonical(parent)) => self.ancestry[parent.0 as usize].to_vec(),
            _ => Vec::new(),
        };
        line.push(id);
        self.ancestry.push(line.into());
        self.types.push(ty);
    }

    /// The type with this number; its references are canonical.
    pub fn get(&self, id: CanonId) -> &SubType {
        &self.types[id.0 as usize]
    }

    /// The function type with this number, when it is one.
    pub fn func(&self, id: CanonId) -> Option<&FuncType> {
        match &self.get(id).composite {
            CompositeType::Func(ty) => Some(ty),
            _ => None,
        }
    }

    /// Whether `sub` is `sup` or declared below it.
    pub fn is_subtype(&self, sub: CanonId, sup: CanonId) -> bool {
        let line = &self.ancestry[sub.0 as usize];
        let depth = self.ancestry[sup.0 as usize].len() - 1;
        line.get(depth) == Some(&sup)
    }

    /// The supertypes of a type from the topmost on, itself last.
    pub fn supertypes(&self, id: CanonId) -> &[CanonId] {
        &self.ancestry[id.0 as usize]
    }

    /// How many types there are.
    pub fn len(&self) -> usize {
        self.types.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::TypeIdx;
    use crate::types::{HeapType, RefType, ValType};

    fn reference(index: u32) -> ValType {
        ValType::Ref(RefType { nullable: true, heap: HeapType::Concrete(TypeRef::Module(TypeIdx(index))) })
    }

    fn func(params: &[ValType], results: &[ValType]) -> SubType {
        SubType::plain_func(FuncType::new(params, results))
    }

    #[test]
    fn equal_types_of_two_modules_share_a_number() {
        let mut table = CanonicalTypes::default();
        let a = table.intern_module(&[func(&[ValType::I32], &[]), func(&[], &[])], &[1, 1]);
        let b = table.intern_module(&[func(&[], &[]), func(&[ValType::I32], &[])], &[1, 1]);
        assert_eq!((a[0], a[1]), (b[1], b[0]));
        assert_ne!(a[0], a[1]);
    }

    #[test]
    fn recursive_types_are_equal_only_within_equal_groups() {
        let mut table = CanonicalTypes::default();
        let alone = table.intern_module(&[func(&[reference(0)], &[])], &[1]);
        let again = table.intern_module(&[func(&[], &[]), func(&[reference(1)], &[])], &[1, 1]);
        let paired = table.intern_module(&[func(&[reference(0)], &[]), func(&[], &[])], &[2]);
        assert_eq!(alone[0], again[1]);
        assert_ne!(alone[0], paired[0]);
    }

    #[test]
    fn descriptors_are_part_of_a_type() {
        let mut table = CanonicalTypes::default();
        let member = |descriptor: Option<u32>, describes: Option<u32>| SubType {
            descriptor: descriptor.map(|index| TypeRef::Module(TypeIdx(index))),
            describes: describes.map(|index| TypeRef::Module(TypeIdx(index))),
            ..SubType::plain(CompositeType::Struct([].into()))
        };
        let with = table.intern_module(&[member(Some(1), None), member(None, Some(0))], &[2]);
        let again = table.intern_module(&[member(Some(1), None), member(None, Some(0))], &[2]);
        let without = table.intern_module(&[member(None, None), member(None, None)], &[2]);
        assert_eq!(with, again);
        assert_ne!(with, without);
        assert_eq!(table.get(with[0]).descriptor, Some(TypeRef::Canonical(with[1])));
        assert!(!table.may_extend(Some(TypeRef::Canonical(with[0])), &table.get(with[0]).composite));
    }

    #[test]
    fn exact_types_stand_below_theirs_and_above_bottoms() {
        use HeapType::{Concrete, Exact, NoFunc, None, Struct};
        let mut table = CanonicalTypes::default();
        let open = SubType { is_final: false, ..SubType::plain(CompositeType::Struct([].into())) };
        let below = SubType { supertype: Some(TypeRef::Module(TypeIdx(0))), ..open.clone() };
        let ids = table.intern_module(&[open, below], &[1, 1]);
        let (sup, sub) = (TypeRef::Canonical(ids[0]), TypeRef::Canonical(ids[1]));
        for (heap, above) in [
            (Exact(sub), Concrete(sub)),
            (Exact(sub), Concrete(sup)),
            (Exact(sub), Exact(sub)),
            (Exact(sub), Struct),
            (None, Exact(sub)),
        ] {
            assert!(table.heap_matches(heap, above), "{heap} below {above}");
        }
        for (heap, above) in [
            (Exact(sub), Exact(sup)),
            (Concrete(sub), Exact(sub)),
            (Struct, Exact(sub)),
            (NoFunc, Exact(sub)),
        ] {
            assert!(!table.heap_matches(heap, above), "{heap} not below {above}");
        }
    }

    #[test]
    fn declared_subtypes_are_found_by_depth() {
        let mut table = CanonicalTypes::default();
        let open = SubType { is_final: false, ..func(&[], &[]) };
        let below =
            SubType { supertype: Some(TypeRef::Module(TypeIdx(0))), is_final: false, ..func(&[], &[]) };
        let ids = table.intern_module(&[open, below], &[1, 1]);
        assert!(table.is_subtype(ids[1], ids[0]) && table.is_subtype(ids[0], ids[0]));
        assert!(!table.is_subtype(ids[0], ids[1]));
    }
}
