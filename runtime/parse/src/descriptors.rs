//! Where the library's validator is stricter than the specification of [custom descriptors][spec], and what is done about it.
//!
//! A type with a descriptor may stand below one without, and of a type and its descriptor one may be final and the other not;
//! the validator refuses both. So when it does, the module is validated once more, with a type section that has what it asks
//! for ([`Rewritten`]): such types have no supertype, and such pairs are not final. What the validator does not see then is
//! checked here, by the model's own canonical types; the supertypes are given back to the validator of bodies, as the one
//! question that they answer ([`crate::resources`]). Bodies ask nothing about finality.
//!
//! Fewer supertypes let less through, as long as they make no two types equal, which is checked, too. So what is accepted is
//! valid; what is refused although it is valid are modules in which a constant expression, a segment or a field needs such a
//! supertype, or in which two types differ by nothing else.
//!
//! [spec]: https://github.com/WebAssembly/custom-descriptors/blob/main/proposals/custom-descriptors/Overview.md

use crate::ParseError;
use assay_model::features::{Feature, FeatureSet};
use assay_model::module::ModuleModel;
use assay_model::types::{CanonicalTypes, TypeRef};
use std::collections::HashMap;
use std::sync::Arc;
use wasmparser::types::{CoreTypeId, TypesRef};
use wasmparser::{BinaryReader, PackedIndex, SectionLimited, TypeSectionReader, UnpackedIndex};

/// The rules.
const STRICTER: [&str; 2] = [
    "sub type with descriptor must have super type with descriptor",
    "descriptor and described type must have the same finality",
];

/// As for all supertypes ([`wasmparser`] has the same limit).
const MAX_DEPTH: u32 = 63;

/// Whether this verdict is about one of the rules.
pub(crate) fn is_stricter(error: &ParseError, features: FeatureSet) -> bool {
    let ParseError::Rejected { message, .. } = error else { return false };
    features.contains(Feature::CustomDescriptors) && STRICTER.iter().any(|rule| message.contains(rule))
}

/// A type section as the validator wants it.
pub(crate) struct Rewritten {
    bytes: Vec<u8>,
    offset: u64,
    /// The types that have lost their supertypes, by index, in order.
    alone: Vec<u32>,
}

type Result<T> = std::result::Result<T, ParseError>;

/// What the section says of a type, as far as it is needed here.
struct Declared {
    offset: u64,
    is_final: bool,
    /// The only one: more are refused.
    supertype: Option<u32>,
    descriptor: Option<u32>,
    describes: Option<u32>,
}

impl Rewritten {
    /// The section without what the validator refuses.
    pub(crate) fn new(section: &TypeSectionReader<'_>, module: &[u8]) -> Result<Self> {
        let declared = declared(section)?;
        let (alone, open) = (alone(&declared), opened(&declared));
        let bytes = rewrite(section, module, &declared, &alone, &open)?;
        Ok(Self { bytes, offset: section.range().start, alone })
    }

    /// The section as the validator gets it. Offsets are nearly those of the module.
    pub(crate) fn section(&self) -> Result<TypeSectionReader<'_>> {
        let reader = BinaryReader::new(&self.bytes, self.offset);
        SectionLimited::new(reader).map_err(|error| ParseError::undecided(&error))
    }

    /// Checks what the validator has not seen of the types in `model`, and gives the supertypes back. `validated` has the
    /// types of the section without them.
    pub(crate) fn check(&self, model: &ModuleModel, validated: &TypesRef<'_>) -> Result<Supertypes> {
        check_lines(model).map_err(|message| self.invalid(message))?;
        let mut canonical = CanonicalTypes::default();
        let ids = canonical.intern_module(&model.types, &model.rec_groups);
        if !ids.iter().all(|&id| canonical.extends_validly(id)) {
            return Err(self.invalid("sub type must match super type"));
        }
        let mut same = HashMap::new();
        let mut above: HashMap<CoreTypeId, CoreTypeId> = HashMap::new();
        for (index, &id) in ids.iter().enumerate() {
            let core = validated.core_type_at_in_module(index as u32);
            if *same.entry(core).or_insert(id) != id {
                return Err(self.invalid(
                    "implementation limit: types that differ only by finality, or by supertypes without a descriptor",
                ));
            }
            let Some(TypeRef::Module(supertype)) = model.types[index].supertype else { continue };
            let supertype = validated.core_type_at_in_module(supertype.0);
            let alone = self.alone.binary_search(&(index as u32)).is_ok();
            let next = if alone { Some(supertype) } else { above.get(&supertype).copied() };
            above.extend(next.map(|next| (core, next)));
        }
        Ok(Supertypes(Arc::new(above)))
    }

    fn invalid(&self, message: &str) -> ParseError {
        ParseError::invalid(self.offset, message)
    }
}

/// What a type section declares, by type index.
fn declared(section: &TypeSectionReader<'_>) -> Result<Vec<Declared>> {
    let mut declared = Vec::new();
    let index = |index: PackedIndex| match index.unpack() {
        UnpackedIndex::Module(index) => Some(index),
        _ => None,
    };
    for group in section.clone() {
        let group = group.map_err(|error| ParseError::undecided(&error))?;
        declared.extend(group.into_types_and_offsets().map(|(offset, ty)| Declared {
            offset,
            is_final: ty.is_final,
            supertype: if let [only] = ty.supertype_idxs[..] { index(only) } else { None },
            descriptor: ty.composite_type.descriptor_idx.and_then(index),
            describes: ty.composite_type.describes_idx.and_then(index),
        }));
    }
    Ok(declared)
}

/// The types that must lose their supertypes, in order.
fn alone(declared: &[Declared]) -> Vec<u32> {
    let mut alone = vec![false; declared.len()];
    // A supertype that is nowhere declared counts as one without, and is refused later.
    let has_descriptor = |index: u32| declared.get(index as usize).is_some_and(|ty| ty.descriptor.is_some());
    for (index, ty) in (0u32..).zip(declared) {
        if ty.descriptor.is_none() || ty.supertype.is_none_or(has_descriptor) {
            continue;
        }
        // What it describes must not ask for the supertype of its descriptor either, and so on.
        let mut next = Some(index);
        while let Some(index) = next {
            // Behind one that was seen before, all were.
            if std::mem::replace(&mut alone[index as usize], true) {
                break;
            }
            let describes = declared[index as usize].describes.filter(|&described| described < index);
            next = describes.filter(|&described| declared[described as usize].supertype.is_some());
        }
    }
    (0u32..).zip(alone).filter(|&(_, alone)| alone).map(|(index, _)| index).collect()
}

/// Which types are not final, or are in one line of descriptors with one that is not.
fn opened(declared: &[Declared]) -> Vec<bool> {
    let mut open: Vec<bool> = declared.iter().map(|ty| !ty.is_final).collect();
    let mut join = |index: usize| {
        let descriptor = declared[index].descriptor.map(|descriptor| descriptor as usize);
        if let Some(descriptor) = descriptor.filter(|&descriptor| descriptor < open.len()) {
            let either = open[index] || open[descriptor];
            (open[index], open[descriptor]) = (either, either);
        }
    };
    // A descriptor stands behind what it describes, so that once up and once down reaches the whole line.
    (0..declared.len()).for_each(&mut join);
    (0..declared.len()).rev().for_each(&mut join);
    open
}

/// First bytes of a type that has a list of supertypes.
const SUB: u8 = 0x50;
const SUB_FINAL: u8 = 0x4f;

/// The bytes of a section in which some types have no supertypes, and some are not final that were.
fn rewrite(
    section: &TypeSectionReader<'_>,
    module: &[u8],
    declared: &[Declared],
    alone: &[u32],
    open: &[bool],
) -> Result<Vec<u8>> {
    let range = section.range();
    let (mut kept, end) = (range.start as usize, range.end as usize);
    let mut bytes = Vec::with_capacity(end - kept);
    let mut alone = alone.iter().copied().peekable();
    for ((index, ty), &open) in (0u32..).zip(declared).zip(open) {
        let alone = alone.next_if_eq(&index).is_some();
        if !alone && open != ty.is_final {
            continue;
        }
        let start = ty.offset as usize;
        bytes.extend_from_slice(&module[kept..start]);
        bytes.push(if open { SUB } else { SUB_FINAL });
        kept = start;
        if matches!(module[start], SUB | SUB_FINAL) {
            kept += 1;
        }
        if alone || kept == start {
            bytes.push(0);
        }
        if alone {
            kept = end_of_list(module, kept).map_err(|error| ParseError::undecided(&error))?;
        }
    }
    bytes.extend_from_slice(&module[kept..end]);
    Ok(bytes)
}

/// Where a list of indices that begins at `start` ends.
fn end_of_list(module: &[u8], start: usize) -> wasmparser::Result<usize> {
    let mut reader = BinaryReader::new(&module[start..], start as u64);
    for _ in 0..reader.read_var_u32()? {
        reader.read_var_u32()?;
    }
    Ok(reader.original_position() as usize)
}

/// Whether supertypes stand in front of their subtypes, and in no longer lines than is allowed.
fn check_lines(model: &ModuleModel) -> std::result::Result<(), &'static str> {
    let mut depths: Vec<u32> = Vec::with_capacity(model.types.len());
    for ty in &model.types {
        let depth = match ty.supertype {
            Some(TypeRef::Module(above)) => {
                let above = depths.get(above.index());
                1 + above.ok_or("supertypes must be defined before subtypes")?
            }
            _ => 0,
        };
        if depth > MAX_DEPTH {
            return Err("sub type hierarchy too deep");
        }
        depths.push(depth);
    }
    Ok(())
}

/// The nearest supertype, of a type or of those above it, that the validator does not know.
#[derive(Clone, Debug)]
pub(crate) struct Supertypes(Arc<HashMap<CoreTypeId, CoreTypeId>>);

impl Supertypes {
    /// The next type above a reference type that the validator cannot find by itself.
    pub(crate) fn above(&self, ty: wasmparser::ValType) -> Option<wasmparser::ValType> {
        use wasmparser::{HeapType, RefType, ValType};
        let ValType::Ref(reference) = ty else { return None };
        let (HeapType::Concrete(UnpackedIndex::Id(id)) | HeapType::Exact(UnpackedIndex::Id(id))) =
            reference.heap_type()
        else {
            return None;
        };
        let above = UnpackedIndex::Id(*self.0.get(&id)?);
        RefType::new(reference.is_nullable(), HeapType::Concrete(above)).map(ValType::Ref)
    }
}
