//! The one rule on which the library's validator is stricter than the specification, and what is done about it.
//!
//! A type with a descriptor may stand below one without ([custom descriptors][spec]); the validator refuses that. So when it
//! does, the module is validated once more, with a type section in which such types have no supertype at all. What the
//! section lacks then is checked here, by the model's own canonical types; the supertypes are given back to the validator of
//! bodies, as the one question that they answer ([`Resources`]). A type section with fewer supertypes lets less through, as
//! long as it makes no two types equal, which is checked, too. So what is accepted is valid; what is refused although it is
//! valid are modules in which a constant expression, a segment or a field needs such a supertype, or in which two types
//! differ by nothing else.
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

/// The rule.
const STRICTER: &str = "sub type with descriptor must have super type with descriptor";

/// As for all supertypes ([`wasmparser`] has the same limit).
const MAX_DEPTH: u32 = 63;

/// Whether this verdict is about the rule.
pub(crate) fn is_stricter(error: &ParseError, features: FeatureSet) -> bool {
    let about = matches!(error, ParseError::Rejected { message, .. } if message.contains(STRICTER));
    about && features.contains(Feature::CustomDescriptors)
}

/// A type section without some supertypes.
pub(crate) struct Detached {
    bytes: Vec<u8>,
    offset: u64,
    /// The types that have lost theirs, by index, in order.
    types: Vec<u32>,
}

type Result<T> = std::result::Result<T, ParseError>;

/// What the section says of a type, as far as it is needed here.
struct Declared {
    offset: u64,
    /// The only one: more are refused.
    supertype: Option<u32>,
    descriptor: bool,
    describes: Option<u32>,
}

impl Detached {
    /// The section without the supertypes that the validator refuses.
    pub(crate) fn new(section: &TypeSectionReader<'_>, module: &[u8]) -> Result<Self> {
        let declared = declared(section)?;
        let mut types = Vec::new();
        // A supertype that is nowhere declared counts as one without, and is refused later.
        let has_descriptor = |index: u32| declared.get(index as usize).is_some_and(|ty| ty.descriptor);
        for (index, ty) in (0u32..).zip(&declared) {
            if !ty.descriptor || ty.supertype.is_none_or(has_descriptor) {
                continue;
            }
            // What it describes must not ask for the supertype of its descriptor either, and so on.
            let mut next = Some(index);
            while let Some(index) = next {
                types.push(index);
                let describes = declared[index as usize].describes.filter(|&described| described < index);
                next = describes.filter(|&described| declared[described as usize].supertype.is_some());
            }
        }
        types.sort_unstable();
        types.dedup();
        let starts = types.iter().map(|&index| declared[index as usize].offset);
        Ok(Self { bytes: without(section, module, starts)?, offset: section.range().start, types })
    }

    /// The section as the validator gets it. Offsets are nearly those of the module.
    pub(crate) fn section(&self) -> Result<TypeSectionReader<'_>> {
        let reader = BinaryReader::new(&self.bytes, self.offset);
        SectionLimited::new(reader).map_err(|error| ParseError::undecided(&error))
    }

    /// Checks what the validator has not seen of the types in `model`, and gives the supertypes back. `validated` has the
    /// types of the section without them.
    pub(crate) fn check(&self, model: &ModuleModel, validated: &TypesRef<'_>) -> Result<Supertypes> {
        check_depths(model).ok_or_else(|| self.invalid("sub type hierarchy too deep"))?;
        let mut canonical = CanonicalTypes::default();
        let ids = canonical.intern_module(&model.types, &model.rec_groups);
        if !self.types.iter().all(|&index| canonical.extends_validly(ids[index as usize])) {
            return Err(self.invalid("sub type must match super type"));
        }
        let mut same = HashMap::new();
        let mut above: HashMap<CoreTypeId, CoreTypeId> = HashMap::new();
        for (index, &id) in ids.iter().enumerate() {
            let core = validated.core_type_at_in_module(index as u32);
            if *same.entry(core).or_insert(id) != id {
                return Err(self.invalid(
                    "implementation limit: types that differ only by supertypes without a descriptor",
                ));
            }
            let Some(TypeRef::Module(supertype)) = model.types[index].supertype else { continue };
            let supertype = validated.core_type_at_in_module(supertype.0);
            let detached = self.types.binary_search(&(index as u32)).is_ok();
            let next = if detached { Some(supertype) } else { above.get(&supertype).copied() };
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
            supertype: if let [only] = ty.supertype_idxs[..] { index(only) } else { None },
            descriptor: ty.composite_type.descriptor_idx.is_some(),
            describes: ty.composite_type.describes_idx.and_then(index),
        }));
    }
    Ok(declared)
}

/// The bytes of a section in which the types that begin at `starts` have no supertypes.
fn without(
    section: &TypeSectionReader<'_>,
    module: &[u8],
    starts: impl Iterator<Item = u64>,
) -> Result<Vec<u8>> {
    let range = section.range();
    let mut bytes = Vec::with_capacity((range.end - range.start) as usize);
    let mut kept = range.start as usize;
    for start in starts {
        // `sub` or `sub final`, and a list of supertypes. A type without has no such list.
        let list = start as usize + 1;
        let mut reader = BinaryReader::new(&module[list..range.end as usize], list as u64);
        let mut supertypes = || {
            for _ in 0..reader.read_var_u32()? {
                reader.read_var_u32()?;
            }
            Ok(reader.original_position() as usize)
        };
        let end = supertypes().map_err(|error| ParseError::undecided(&error))?;
        bytes.extend_from_slice(&module[kept..list]);
        bytes.push(0);
        kept = end;
    }
    bytes.extend_from_slice(&module[kept..range.end as usize]);
    Ok(bytes)
}

/// Whether supertypes stand in front of their subtypes, and in no longer lines than is allowed.
fn check_depths(model: &ModuleModel) -> Option<()> {
    let mut depths: Vec<u32> = Vec::with_capacity(model.types.len());
    for ty in &model.types {
        let depth = match ty.supertype {
            Some(TypeRef::Module(above)) => depths.get(above.index())? + 1,
            _ => 0,
        };
        depths.push(if depth <= MAX_DEPTH { depth } else { return None });
    }
    Some(())
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
