//! What the validator of bodies may ask about its module: the library's answers, and what they lack.
//!
//! Only one answer is ever another than the library's: whether a type is below another one
//! ([`crate::descriptors`] says why).

use crate::descriptors::Supertypes;
use wasmparser::types::CoreTypeId;
use wasmparser::{
    FuncToValidate, FuncType, GlobalType, HeapType, MemoryType, RefType, SubType, TableType, ValType,
    ValidatorResources, WasmModuleResources,
};

/// The module as validation of its bodies sees it.
#[derive(Clone)]
pub(crate) struct Resources {
    known: ValidatorResources,
    supertypes: Option<Supertypes>,
}

impl Resources {
    /// A body to be validated with them.
    pub(crate) fn of(
        body: FuncToValidate<ValidatorResources>,
        supertypes: Option<&Supertypes>,
    ) -> FuncToValidate<Resources> {
        let resources = Resources { known: body.resources, supertypes: supertypes.cloned() };
        FuncToValidate { resources, index: body.index, ty: body.ty, features: body.features }
    }
}

impl WasmModuleResources for Resources {
    fn is_subtype(&self, a: ValType, b: ValType) -> bool {
        if self.known.is_subtype(a, b) {
            return true;
        }
        let Some(supertypes) = &self.supertypes else { return false };
        let mut above = std::iter::successors(supertypes.above(a), |&above| supertypes.above(above));
        above.any(|above| self.known.is_subtype(above, b))
    }

    fn table_at(&self, at: u32) -> Option<TableType> {
        self.known.table_at(at)
    }

    fn memory_at(&self, at: u32) -> Option<MemoryType> {
        self.known.memory_at(at)
    }

    fn tag_at(&self, at: u32) -> Option<&FuncType> {
        self.known.tag_at(at)
    }

    fn global_at(&self, at: u32) -> Option<GlobalType> {
        self.known.global_at(at)
    }

    fn sub_type_at(&self, type_index: u32) -> Option<&SubType> {
        self.known.sub_type_at(type_index)
    }

    fn sub_type_at_id(&self, id: CoreTypeId) -> &SubType {
        self.known.sub_type_at_id(id)
    }

    fn type_id_of_function(&self, func: u32) -> Option<CoreTypeId> {
        self.known.type_id_of_function(func)
    }

    fn type_index_of_function(&self, func: u32) -> Option<u32> {
        self.known.type_index_of_function(func)
    }

    fn element_type_at(&self, at: u32) -> Option<RefType> {
        self.known.element_type_at(at)
    }

    fn is_shared(&self, ty: RefType) -> bool {
        self.known.is_shared(ty)
    }

    fn check_heap_type(&self, heap_type: &mut HeapType, offset: u64) -> Result<(), wasmparser::Error> {
        self.known.check_heap_type(heap_type, offset)
    }

    fn top_type(&self, heap_type: &HeapType) -> HeapType {
        self.known.top_type(heap_type)
    }

    fn element_count(&self) -> u32 {
        self.known.element_count()
    }

    fn data_count(&self) -> Option<u32> {
        self.known.data_count()
    }

    fn is_function_referenced(&self, func: u32) -> bool {
        self.known.is_function_referenced(func)
    }

    fn has_function_exact_type(&self, func: u32) -> bool {
        self.known.has_function_exact_type(func)
    }
}
