//! Tags and exceptions ([Exception instances](https://webassembly.github.io/spec/core/exec/runtime.html#exception-instances)).

use super::object::{filled, from_slot};
use super::rooted::sealed::Sealed;
use super::{GcRef, OwnedRooted, Rooted};
use crate::error::{Error, Result, WasmBacktrace};
use crate::store::{AsContext, AsContextMut, StoreId, StoreOpaque};
use crate::types::FuncType;
use crate::val::Val;
use assay_model::types::{CanonId, StorageType};
use assay_vm::TagId;

/// What an `exnref` leads to.
#[derive(Debug)]
pub enum ExnRef {}

impl Sealed for ExnRef {}
impl GcRef for ExnRef {}

/// The type of a tag: what an exception with it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagType(pub(crate) FuncType);

impl TagType {
    /// The type of tags whose exceptions carry the parameters of `ty`.
    pub fn new(ty: FuncType) -> Self {
        Self(ty)
    }

    /// The type, as that of a function.
    pub fn ty(&self) -> &FuncType {
        &self.0
    }
}

impl std::fmt::Display for TagType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(tag")?;
        for (position, ty) in self.0.params().enumerate() {
            write!(f, "{} {ty}", if position == 0 { " (param" } else { "" })?;
        }
        f.write_str(if self.0.params().len() == 0 { ")" } else { "))" })
    }
}

/// A handle to a tag.
#[derive(Copy, Clone, Debug)]
pub struct Tag {
    pub(crate) store: StoreId,
    pub(crate) id: TagId,
}

impl Tag {
    /// A new tag, which no other one equals.
    pub fn new(mut store: impl AsContextMut, ty: &TagType) -> Self {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        let (id, _) = opaque.engine.with_types(|types| types.intern_func(&ty.0.0));
        Self { store: opaque.id, id: opaque.vm.new_tag(id.0) }
    }

    /// Its type.
    ///
    /// # Panics
    /// When it belongs to another store.
    pub fn ty(&self, store: impl AsContext) -> TagType {
        let context = store.as_context();
        let opaque = context.into_opaque();
        opaque.check(self.store).expect("the tag belongs to this store");
        self.ty_in(opaque)
    }

    pub(crate) fn ty_in(&self, opaque: &StoreOpaque) -> TagType {
        let types = opaque.engine.types();
        let id = CanonId(opaque.vm.tag_type(self.id));
        TagType(FuncType(types.canonical.func(id).expect("tags have function types").clone()))
    }

    /// Whether two handles are of the same tag.
    pub fn eq(a: &Tag, b: &Tag, _store: impl AsContext) -> bool {
        a.store == b.store && a.id == b.id
    }
}

impl ExnRef {
    /// A new exception. Return [`ThrownException::new`] of it from a host function to throw it.
    ///
    /// # Errors
    /// When number or types of the values are wrong, a handle is of another store, or the heap is full.
    pub fn new(mut store: impl AsContextMut, tag: &Tag, values: &[Val]) -> Result<Rooted<ExnRef>> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        opaque.check(tag.store)?;
        let ty = tag.ty_in(opaque).0;
        if ty.params().len() != values.len() {
            let message =
                format!("the tag has {} values, but {} were given", ty.params().len(), values.len());
            return Err(Error::Usage(message));
        }
        let values: Vec<_> =
            values.iter().zip(ty.params()).map(|(&value, ty)| (value, StorageType::Val(ty))).collect();
        filled(opaque, &values, |opaque| opaque.vm.new_exception(tag.id))
    }
}

impl Rooted<ExnRef> {
    /// Its tag.
    ///
    /// # Errors
    /// When the handle is of another store, or its scope has ended.
    pub fn tag(&self, store: impl AsContext) -> Result<Tag> {
        let context = store.as_context();
        let opaque = context.into_opaque();
        let bits = self.bits(opaque)?;
        Ok(Tag { store: opaque.id, id: opaque.vm.exception_tag(bits) })
    }

    /// What it carries, in order.
    ///
    /// # Errors
    /// When the handle is of another store, or its scope has ended.
    pub fn fields(&self, mut store: impl AsContextMut) -> Result<Vec<Val>> {
        let ty = self.tag(&store)?.ty(&store).0;
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        let mut values = Vec::new();
        for (index, ty) in (0..).zip(ty.params()) {
            let bits = self.bits(opaque)?;
            let value = opaque.vm.object_get(bits, index);
            let value = value.ok_or_else(|| Error::usage("the exception has no such value"))?;
            values.push(from_slot(opaque, value, StorageType::Val(ty)));
        }
        Ok(values)
    }
}

/// An exception on its way: thrown by a host function, or let out by everything that was called.
#[derive(Clone, Debug)]
pub struct ThrownException {
    pub(crate) exception: OwnedRooted<ExnRef>,
    pub(crate) backtrace: WasmBacktrace,
}

impl ThrownException {
    /// The error for a host function to return that throws `exception`.
    ///
    /// # Errors
    /// When the handle is of another store, or its scope has ended.
    #[expect(clippy::new_ret_no_self, reason = "what is made is the error that throws it")]
    pub fn new(mut store: impl AsContextMut, exception: &Rooted<ExnRef>) -> Result<Error> {
        let exception = exception.to_owned_rooted(&mut store)?;
        Ok(Error::Exception(Box::new(Self { exception, backtrace: WasmBacktrace::default() })))
    }

    /// The exception.
    pub fn exception(&self) -> &OwnedRooted<ExnRef> {
        &self.exception
    }

    /// The wasm frames that it came through, innermost first.
    pub fn backtrace(&self) -> &WasmBacktrace {
        &self.backtrace
    }
}

impl std::fmt::Display for ThrownException {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("uncaught exception")
    }
}

impl std::error::Error for ThrownException {}
