//! What a host function knows of the call that reached it.

use crate::Engine;
use crate::externals::Extern;
use crate::store::{AsContext, AsContextMut, StoreContext, StoreContextMut, StoreInner};
use assay_vm::InstanceId;

/// The store and the instance that called a host function.
pub struct Caller<'a, T: 'static> {
    store: StoreContextMut<'a, T>,
    instance: Option<InstanceId>,
}

impl<'a, T: 'static> Caller<'a, T> {
    /// The caller behind a call of the machine's.
    #[inline]
    #[expect(unsafe_code, reason = "the machine carries the owner as an untyped pointer")]
    pub(super) fn new(owner: *mut (), instance: Option<InstanceId>) -> Self {
        // SAFETY: bodies with this `T` are only added to stores `Store<T>` (`Func`, `Linker<T>` and `AsContextMut`
        // tie the types together), whose owner is that `StoreInner<T>`; while the host function runs, it is the only
        // one to use the store.
        let inner = unsafe { &mut *owner.cast::<StoreInner<T>>() };
        Self { store: StoreContextMut(inner), instance }
    }

    /// An export of the calling instance. `None` when there is no such export, or when the function was reached by a
    /// reference that no instance imported.
    pub fn get_export(&mut self, name: &str) -> Option<Extern> {
        let instance = self.instance?;
        let opaque = self.store.opaque_mut();
        let item = opaque.module(opaque.vm.instance_token(instance)).export_item(name)?;
        let id = opaque.vm.instance_item(instance, item);
        Some(Extern::from_id(opaque, id))
    }

    /// The embedder's data.
    pub fn data(&self) -> &T {
        self.store.data()
    }

    /// The embedder's data, to change.
    pub fn data_mut(&mut self) -> &mut T {
        self.store.data_mut()
    }

    /// Collects garbage now.
    pub fn gc(&mut self) {
        self.store.gc();
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        self.store.engine()
    }
}

impl<T: 'static> AsContext for Caller<'_, T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        self.store.as_context()
    }
}

impl<T: 'static> AsContextMut for Caller<'_, T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        self.store.as_context_mut()
    }
}
