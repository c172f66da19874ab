//! Functions of a store: called by the embedder, or provided by it.

mod caller;
mod host;
mod typed;
mod wasm_ty;

pub use caller::Caller;
pub use host::{IntoFunc, WasmRet};
pub use typed::{TypedFunc, WasmParams, WasmResults};
pub use wasm_ty::WasmTy;

pub(crate) use host::untyped_body;

use crate::error::{Error, Result};
use crate::store::{AsContext, AsContextMut, StoreId, StoreOpaque};
use crate::types::FuncType;
use crate::val::Val;
use assay_model::types::CanonId;
use assay_vm::{FuncId, Value};

/// A handle to a function.
#[derive(Copy, Clone, Debug)]
pub struct Func {
    pub(crate) store: StoreId,
    pub(crate) id: FuncId,
}

impl Func {
    /// A host function whose values are checked at each call.
    pub fn new<T: 'static>(
        mut store: impl AsContextMut<Data = T>,
        ty: FuncType,
        function: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        let body = untyped_body::<T>(&opaque.engine, ty, function);
        Self { store: opaque.id, id: opaque.vm.new_host_func(&body) }
    }

    /// A host function whose type is that of a closure.
    pub fn wrap<T: 'static, Params, Results>(
        mut store: impl AsContextMut<Data = T>,
        function: impl IntoFunc<T, Params, Results>,
    ) -> Self {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        let body = function.into_body(&opaque.engine);
        Self { store: opaque.id, id: opaque.vm.new_host_func(&body) }
    }

    /// Its type.
    ///
    /// # Panics
    /// When it belongs to another store.
    pub fn ty(&self, store: impl AsContext) -> FuncType {
        let context = store.as_context();
        let opaque = context.into_opaque();
        opaque.check(self.store).expect("the function belongs to this store");
        self.ty_in(opaque)
    }

    pub(crate) fn ty_in(&self, opaque: &StoreOpaque) -> FuncType {
        let types = opaque.engine.types();
        let id = CanonId(opaque.vm.func_type(self.id));
        FuncType(types.canonical.func(id).expect("functions have function types").clone())
    }

    /// Calls it with arguments in `params`; results go to `results`.
    ///
    /// # Errors
    /// When number or types of the values are wrong, and whatever the call raises.
    pub fn call(&self, mut store: impl AsContextMut, params: &[Val], results: &mut [Val]) -> Result<()> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        opaque.check(self.store)?;
        let ty = self.ty_in(opaque).0;
        check_count("argument", ty.params.len(), params.len())?;
        check_count("result", ty.results.len(), results.len())?;
        let mut values = vec![Value::ZERO; ty.params.len().max(ty.results.len())];
        for ((slot, param), &ty) in values.iter_mut().zip(params).zip(&ty.params) {
            *slot = param.to_value(opaque, ty)?;
        }
        self.call_values(opaque, &mut values)?;
        for ((result, &value), &ty) in results.iter_mut().zip(&values).zip(&ty.results) {
            *result = Val::from_value(opaque, value, ty);
        }
        Ok(())
    }

    /// A handle for calls with Rust types.
    ///
    /// # Errors
    /// When the types differ from the function's.
    pub fn typed<P: WasmParams, R: WasmResults>(&self, store: impl AsContext) -> Result<TypedFunc<P, R>> {
        let context = store.as_context();
        let opaque = context.into_opaque();
        opaque.check(self.store)?;
        TypedFunc::new(*self, &self.ty_in(opaque))
    }

    /// Calls with values that have the right number and types.
    #[expect(unsafe_code, reason = "the machine trusts number and types of the values")]
    pub(crate) fn call_values(&self, opaque: &mut StoreOpaque, values: &mut [Value]) -> Result<()> {
        // SAFETY: both callers size the array by the function's type and convert each argument to its type, which
        // checks the store of references.
        let outcome = unsafe { opaque.vm.call(self.id, values) };
        outcome.map_err(|raised| opaque.raised(raised))
    }

    /// The function as code has it.
    pub(crate) fn to_value(self, opaque: &StoreOpaque) -> Result<Value> {
        opaque.check(self.store)?;
        Ok(opaque.vm.func_value(self.id))
    }

    pub(crate) fn from_value(opaque: &mut StoreOpaque, value: Value) -> Option<Self> {
        let id = opaque.vm.func_from_value(value)?;
        Some(Self { store: opaque.id, id })
    }
}

fn check_count(what: &str, expected: usize, given: usize) -> Result<()> {
    if expected == given {
        return Ok(());
    }
    let plural = if expected == 1 { "" } else { "s" };
    Err(Error::Usage(format!("the function has {expected} {what}{plural}, but {given} were given")))
}
