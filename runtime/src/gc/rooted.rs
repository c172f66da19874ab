//! Handles: where the collector finds what embedders hold.

use crate::error::{Error, Result};
use crate::store::{AsContext, AsContextMut, StoreContext, StoreContextMut, StoreId, StoreOpaque};
use assay_vm::{OwnedRootId, RootId, RootScopeId};
use std::marker::PhantomData;

pub(crate) mod sealed {
    pub trait Sealed {}
}

/// What a handle can lead to. Sealed: the set is complete.
pub trait GcRef: sealed::Sealed + 'static {}

/// A handle that is good until its scope ends: the [`RootScope`], or the call of the host function, that it was made in, or
/// else the store.
pub struct Rooted<T: GcRef> {
    pub(crate) store: StoreId,
    pub(crate) id: RootId,
    to: PhantomData<fn() -> T>,
}

/// A handle that is good as long as it, or a clone of it, is kept.
pub struct OwnedRooted<T: GcRef> {
    store: StoreId,
    id: OwnedRootId,
    to: PhantomData<fn() -> T>,
}

impl<T: GcRef> Copy for Rooted<T> {}

impl<T: GcRef> Clone for Rooted<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: GcRef> std::fmt::Debug for Rooted<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Rooted").field(&self.id).finish()
    }
}

impl<T: GcRef> Clone for OwnedRooted<T> {
    fn clone(&self) -> Self {
        Self { store: self.store, id: self.id.clone(), to: PhantomData }
    }
}

impl<T: GcRef> std::fmt::Debug for OwnedRooted<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("OwnedRooted").field(&self.id).finish()
    }
}

impl<T: GcRef> Rooted<T> {
    /// A handle for the bits of a reference that leads to a `T`.
    pub(crate) fn new(opaque: &mut StoreOpaque, bits: u32) -> Self {
        Self { store: opaque.id, id: opaque.vm.root(bits), to: PhantomData }
    }

    /// The bits of the reference.
    pub(crate) fn bits(self, opaque: &StoreOpaque) -> Result<u32> {
        opaque.check(self.store)?;
        let bits = opaque.vm.rooted(self.id);
        bits.ok_or_else(|| {
            Error::usage(
                "the scope of the handle has ended; keep what is to outlive it with `to_owned_rooted`",
            )
        })
    }

    /// The same handle, seen as one to something else that it leads to as well.
    pub(crate) fn cast<U: GcRef>(self) -> Rooted<U> {
        Rooted { store: self.store, id: self.id, to: PhantomData }
    }

    /// A handle that needs no scope.
    ///
    /// # Errors
    /// When the handle is of another store, or its scope has ended.
    pub fn to_owned_rooted(&self, mut store: impl AsContextMut) -> Result<OwnedRooted<T>> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        let bits = self.bits(opaque)?;
        Ok(OwnedRooted { store: opaque.id, id: opaque.vm.own_root(bits), to: PhantomData })
    }

    /// Whether two handles lead to the same thing.
    ///
    /// # Errors
    /// When a handle is of another store, or its scope has ended.
    pub fn ref_eq(store: impl AsContext, a: &Rooted<T>, b: &Rooted<T>) -> Result<bool> {
        let context = store.as_context();
        let opaque = context.into_opaque();
        Ok(a.bits(opaque)? == b.bits(opaque)?)
    }
}

impl<T: GcRef> OwnedRooted<T> {
    pub(crate) fn new(opaque: &mut StoreOpaque, bits: u32) -> Self {
        Self { store: opaque.id, id: opaque.vm.own_root(bits), to: PhantomData }
    }

    /// The bits of the reference.
    pub(crate) fn bits(&self, opaque: &StoreOpaque) -> Result<u32> {
        opaque.check(self.store)?;
        opaque.vm.owned_root(&self.id).ok_or_else(|| Error::usage("the handle is unknown to its store"))
    }

    /// A handle in the innermost scope.
    ///
    /// # Errors
    /// When the handle is of another store.
    pub fn to_rooted(&self, mut store: impl AsContextMut) -> Result<Rooted<T>> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        let bits = self.bits(opaque)?;
        Ok(Rooted::new(opaque, bits))
    }
}

/// A scope for handles: those made through it are void when it is dropped.
pub struct RootScope<C: AsContextMut> {
    store: C,
    scope: RootScopeId,
}

impl<C: AsContextMut> RootScope<C> {
    /// Begins a scope.
    pub fn new(store: C) -> Self {
        let scope = store.as_context().into_opaque().vm.begin_root_scope();
        Self { store, scope }
    }
}

impl<C: AsContextMut> Drop for RootScope<C> {
    fn drop(&mut self) {
        self.store.as_context_mut().opaque_mut().vm.end_root_scope(self.scope);
    }
}

impl<C: AsContextMut> AsContext for RootScope<C> {
    type Data = C::Data;

    fn as_context(&self) -> StoreContext<'_, C::Data> {
        self.store.as_context()
    }
}

impl<C: AsContextMut> AsContextMut for RootScope<C> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, C::Data> {
        self.store.as_context_mut()
    }
}
