//! Types of structures and arrays as embedders use them.

use crate::Engine;
use crate::error::{Error, Result};
use assay_model::types::{CanonId, CompositeType, FieldType, HeapType, SubType, TypeRef};

/// The type of a structure, canonical in its engine.
#[derive(Clone, Debug)]
pub struct StructType {
    engine: Engine,
    pub(crate) id: CanonId,
}

/// The type of an array, canonical in its engine.
#[derive(Clone, Debug)]
pub struct ArrayType {
    engine: Engine,
    pub(crate) id: CanonId,
}

/// The canonical number of a type. References in it are engine-wide.
fn intern(
    engine: &Engine,
    is_final: bool,
    supertype: Option<CanonId>,
    composite: CompositeType,
) -> Result<CanonId> {
    let supertype = supertype.map(TypeRef::Canonical);
    let ty = SubType { is_final, supertype, ..SubType::plain(composite) };
    let interned = engine.with_types(|types| {
        let fits = types.canonical.may_extend(supertype, &ty.composite);
        fits.then(|| types.canonical.intern_type(ty))
    });
    interned.ok_or_else(|| {
        Error::usage("the type does not match its supertype, or the supertype is final or has a descriptor")
    })
}

impl StructType {
    /// A final type with these fields and no supertype.
    ///
    /// # Errors
    /// None yet.
    pub fn new(engine: &Engine, fields: impl IntoIterator<Item = FieldType>) -> Result<Self> {
        Self::with_finality_and_supertype(engine, true, None, fields)
    }

    /// A type below another one.
    ///
    /// # Errors
    /// When the supertype is final, describes or is described, or its fields are not the first of these.
    pub fn with_finality_and_supertype(
        engine: &Engine,
        is_final: bool,
        supertype: Option<&Self>,
        fields: impl IntoIterator<Item = FieldType>,
    ) -> Result<Self> {
        let composite = CompositeType::Struct(fields.into_iter().collect());
        let id = intern(engine, is_final, supertype.map(|ty| ty.id), composite)?;
        Ok(Self { engine: engine.clone(), id })
    }

    /// The type with this number, when it is one of a structure.
    pub(crate) fn from_id(engine: &Engine, id: CanonId) -> Option<Self> {
        let is_struct = matches!(engine.types().canonical.get(id).composite, CompositeType::Struct(_));
        is_struct.then(|| Self { engine: engine.clone(), id })
    }

    /// The fields.
    pub fn fields(&self) -> Vec<FieldType> {
        match &self.engine.types().canonical.get(self.id).composite {
            CompositeType::Struct(fields) => fields.to_vec(),
            _ => Vec::new(),
        }
    }

    /// The type of what describes these structures (custom descriptors). Types with one come from modules.
    pub fn descriptor(&self) -> Option<Self> {
        let descriptor = self.engine.types().canonical.get(self.id).descriptor;
        self.of_group(descriptor)
    }

    /// The type of what these structures describe.
    pub fn describes(&self) -> Option<Self> {
        let describes = self.engine.types().canonical.get(self.id).describes;
        self.of_group(describes)
    }

    fn of_group(&self, reference: Option<TypeRef>) -> Option<Self> {
        let Some(TypeRef::Canonical(id)) = reference else { return None };
        Some(Self { engine: self.engine.clone(), id })
    }

    /// The type as a heap type.
    pub fn heap_type(&self) -> HeapType {
        HeapType::Concrete(TypeRef::Canonical(self.id))
    }

    /// The type as a heap type to which no subtype belongs.
    pub fn exact_heap_type(&self) -> HeapType {
        HeapType::Exact(TypeRef::Canonical(self.id))
    }

    pub(crate) fn check_engine(&self, engine: &Engine) -> Result<()> {
        let same = Engine::same(&self.engine, engine);
        if same { Ok(()) } else { Err(Error::usage("the type belongs to another engine")) }
    }
}

impl ArrayType {
    /// A final type with elements of `field` and no supertype.
    pub fn new(engine: &Engine, field: FieldType) -> Self {
        let plain = SubType::plain(CompositeType::Array(field));
        let id = engine.with_types(|types| types.canonical.intern_type(plain));
        Self { engine: engine.clone(), id }
    }

    /// A type below another one.
    ///
    /// # Errors
    /// When the supertype is final, or its elements do not match.
    pub fn with_finality_and_supertype(
        engine: &Engine,
        is_final: bool,
        supertype: Option<&Self>,
        field: FieldType,
    ) -> Result<Self> {
        let id = intern(engine, is_final, supertype.map(|ty| ty.id), CompositeType::Array(field))?;
        Ok(Self { engine: engine.clone(), id })
    }

    /// The type with this number, when it is one of an array.
    pub(crate) fn from_id(engine: &Engine, id: CanonId) -> Option<Self> {
        let is_array = matches!(engine.types().canonical.get(id).composite, CompositeType::Array(_));
        is_array.then(|| Self { engine: engine.clone(), id })
    }

    /// The elements.
    ///
    /// # Panics
    /// Never: the type is one of an array.
    pub fn field_type(&self) -> FieldType {
        match self.engine.types().canonical.get(self.id).composite {
            CompositeType::Array(field) => field,
            _ => unreachable!("array types are types of arrays"),
        }
    }

    /// The type as a heap type.
    pub fn heap_type(&self) -> HeapType {
        HeapType::Concrete(TypeRef::Canonical(self.id))
    }

    pub(crate) fn check_engine(&self, engine: &Engine) -> Result<()> {
        let same = Engine::same(&self.engine, engine);
        if same { Ok(()) } else { Err(Error::usage("the type belongs to another engine")) }
    }
}
