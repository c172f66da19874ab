//! Closures become host functions.

use super::caller::Caller;
use super::typed::{WasmParams, WasmResults};
use super::wasm_ty::{Cell, StoreCell, WasmTy};
use crate::Engine;
use crate::error::{Error, Result};
use crate::store::{AsContextMut, StoreOpaque};
use crate::types::FuncType;
use crate::val::Val;
use assay_model::types::ValType;
use assay_vm::{HostBody, HostCall, Reason, Value};
use std::sync::Arc;

/// What a host function raises when its closure returns an error.
fn reason(error: Error) -> Reason {
    match error {
        Error::Trap(trap) if trap.backtrace.frames.is_empty() => {
            Reason::Trap { kind: trap.kind, detail: trap.detail }
        }
        Error::Host { error, backtrace } if backtrace.frames.is_empty() => Reason::Error(error),
        other => Reason::Error(Box::new(other)),
    }
}

fn body<F>(engine: &Engine, ty: &assay_model::types::FuncType, function: F) -> Arc<HostBody>
where
    F: Fn(HostCall<'_>) -> Result<(), Reason> + Send + Sync + 'static,
{
    let (id, shape) = engine.with_types(|types| types.intern_func(ty));
    let array_len = ty.params.len().max(ty.results.len());
    Arc::new(HostBody::new(id.0, shape, array_len, function))
}

/// A body whose values are checked at each call.
pub(crate) fn untyped_body<T: 'static>(
    engine: &Engine,
    ty: FuncType,
    function: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
) -> Arc<HostBody> {
    let signature = ty.0.clone();
    let call =
        move |mut call: HostCall<'_>| call_untyped::<T>(&signature, &function, &mut call).map_err(reason);
    body(engine, &ty.0, call)
}

type Untyped<T> = dyn Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()>;

fn call_untyped<T: 'static>(
    ty: &assay_model::types::FuncType,
    function: &Untyped<T>,
    call: &mut HostCall<'_>,
) -> Result<()> {
    let (owner, instance) = (call.owner(), call.caller());
    let values = &mut *call.values;
    let mut access = Caller::<T>::new(owner, instance);
    let mut context = access.as_context_mut();
    let opaque = context.opaque_mut();
    let params: Vec<Val> =
        ty.params.iter().zip(values.iter()).map(|(&ty, &value)| Val::from_value(opaque, value, ty)).collect();
    let mut results: Vec<Val> =
        ty.results.iter().map(|&ty| Val::default_for_ty(ty).unwrap_or(Val::FuncRef(None))).collect();
    function(Caller::new(owner, instance), &params, &mut results)?;
    let mut context = access.as_context_mut();
    let opaque = context.opaque_mut();
    for ((slot, result), &ty) in values.iter_mut().zip(results).zip(&ty.results) {
        *slot = result.to_value(opaque, ty)?;
    }
    Ok(())
}

/// What a wrapped closure may return: values, or a result with values.
pub trait WasmRet {
    /// The values.
    type Values: WasmResults;

    #[doc(hidden)]
    fn into_result(self) -> Result<Self::Values>;
}

impl<R: WasmResults> WasmRet for R {
    type Values = R;

    fn into_result(self) -> Result<R> {
        Ok(self)
    }
}

impl<R: WasmResults> WasmRet for Result<R> {
    type Values = R;

    fn into_result(self) -> Result<R> {
        self
    }
}

/// A closure that can become a host function: any number of values up to twelve, with or without a [`Caller`] in
/// front, returning what [`WasmRet`] takes.
pub trait IntoFunc<T: 'static, Params, Results>: Send + Sync + 'static {
    #[doc(hidden)]
    fn into_body(self, engine: &Engine) -> Arc<HostBody>;
}

/// Writes the results of a wrapped closure.
fn finish<R: WasmRet>(opaque: &mut StoreOpaque, returned: R, values: &mut [Value]) -> Result<(), Reason> {
    let results = returned.into_result().map_err(reason)?;
    results.store(&StoreCell(opaque), values).map_err(reason)
}

/// Marks closures that take a caller first, so that the two families of implementations stay apart.
#[doc(hidden)]
pub struct WithCaller<Params>(std::marker::PhantomData<Params>);

macro_rules! closures {
    ($(($($name:ident $position:tt),*);)*) => {$(
        impl<T: 'static, F, R: WasmRet, $($name: WasmTy),*> IntoFunc<T, ($($name,)*), R> for F
        where
            F: Fn($($name),*) -> R + Send + Sync + 'static,
        {
            fn into_body(self, engine: &Engine) -> Arc<HostBody> {
                let params: Box<[ValType]> = Box::new([$($name::TYPE),*]);
                let ty = assay_model::types::FuncType { params, results: <R::Values>::types() };
                let function = move |call: HostCall<'_>| {
                    let mut caller = Caller::<T>::new(call.owner(), None);
                    let mut context = caller.as_context_mut();
                    let opaque = context.opaque_mut();
                    let returned = self($($name::from_cell(&mut StoreCell(opaque), Cell(call.values[$position]))),*);
                    finish(opaque, returned, call.values)
                };
                body(engine, &ty, function)
            }
        }

        impl<T: 'static, F, R: WasmRet, $($name: WasmTy),*> IntoFunc<T, WithCaller<($($name,)*)>, R> for F
        where
            F: Fn(Caller<'_, T>, $($name),*) -> R + Send + Sync + 'static,
        {
            #[allow(non_snake_case, clippy::allow_attributes, reason = "one local for each type parameter, if any")]
            fn into_body(self, engine: &Engine) -> Arc<HostBody> {
                let params: Box<[ValType]> = Box::new([$($name::TYPE),*]);
                let ty = assay_model::types::FuncType { params, results: <R::Values>::types() };
                let function = move |call: HostCall<'_>| {
                    let (owner, instance) = (call.owner(), call.caller());
                    let mut caller = Caller::<T>::new(owner, None);
                    let mut context = caller.as_context_mut();
                    let _opaque = context.opaque_mut();
                    $(let $name = $name::from_cell(&mut StoreCell(_opaque), Cell(call.values[$position]));)*
                    let returned = self(Caller::new(owner, instance), $($name),*);
                    let mut context = caller.as_context_mut();
                    finish(context.opaque_mut(), returned, call.values)
                };
                body(engine, &ty, function)
            }
        }
    )*};
}

closures! {
    ();
    (A 0);
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3);
    (A 0, B 1, C 2, D 3, E 4);
    (A 0, B 1, C 2, D 3, E 4, G 5);
    (A 0, B 1, C 2, D 3, E 4, G 5, H 6);
    (A 0, B 1, C 2, D 3, E 4, G 5, H 6, I 7);
    (A 0, B 1, C 2, D 3, E 4, G 5, H 6, I 7, J 8);
    (A 0, B 1, C 2, D 3, E 4, G 5, H 6, I 7, J 8, K 9);
    (A 0, B 1, C 2, D 3, E 4, G 5, H 6, I 7, J 8, K 9, L 10);
    (A 0, B 1, C 2, D 3, E 4, G 5, H 6, I 7, J 8, K 9, L 10, M 11);
}
