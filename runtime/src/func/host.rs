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
use assay_vm::{HostBody, HostCall, Reason, RootScopeId, Value};
use std::sync::Arc;

/// What a host function raises when its closure returns an error.
fn reason(opaque: &StoreOpaque, error: Error) -> Reason {
    match error {
        Error::Exception(thrown) => match thrown.exception.bits(opaque) {
            Ok(bits) => Reason::Exception(bits),
            Err(error) => Reason::Error(Box::new(error)),
        },
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
    let call = move |mut call: HostCall<'_>| {
        let mut access = Caller::<T>::new(call.owner(), None);
        let scope = access.as_context_mut().opaque_mut().vm.begin_root_scope();
        let outcome = call_untyped::<T>(&signature, &function, &mut call);
        let mut context = access.as_context_mut();
        let opaque = context.opaque_mut();
        let outcome = outcome.map_err(|error| reason(opaque, error));
        opaque.vm.end_root_scope(scope);
        outcome
    };
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
    let mut results: Vec<Val> = ty.results.iter().map(|&ty| Val::default_in(opaque, ty)).collect();
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
fn finish<R: WasmRet>(
    opaque: &mut StoreOpaque,
    scope: Option<RootScopeId>,
    returned: R,
    values: &mut [Value],
) -> Result<(), Reason> {
    let stored = returned.into_result().and_then(|results| results.store(&StoreCell(opaque), values));
    let stored = stored.map_err(|error| reason(opaque, error));
    if let Some(scope) = scope {
        opaque.vm.end_root_scope(scope);
    }
    stored
}

/// Whether a function takes or gives references that need handles.
fn has_refs(ty: &assay_model::types::FuncType) -> bool {
    let needs = |ty: &ValType| ty.is_ref() && *ty != ValType::FUNCREF;
    ty.params.iter().chain(&ty.results).any(needs)
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
                let refs = has_refs(&ty);
                let function = move |call: HostCall<'_>| {
                    let mut caller = Caller::<T>::new(call.owner(), None);
                    let mut context = caller.as_context_mut();
                    let opaque = context.opaque_mut();
                    let scope = refs.then(|| opaque.vm.begin_root_scope());
                    let returned = self($($name::from_cell(&mut StoreCell(opaque), Cell(call.values[$position]))),*);
                    finish(opaque, scope, returned, call.values)
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
                let refs = has_refs(&ty);
                let function = move |call: HostCall<'_>| {
                    let (owner, instance) = (call.owner(), call.caller());
                    let mut caller = Caller::<T>::new(owner, None);
                    let mut context = caller.as_context_mut();
                    let _opaque = context.opaque_mut();
                    let scope = refs.then(|| _opaque.vm.begin_root_scope());
                    $(let $name = $name::from_cell(&mut StoreCell(_opaque), Cell(call.values[$position]));)*
                    let returned = self(Caller::new(owner, instance), $($name),*);
                    let mut context = caller.as_context_mut();
                    finish(context.opaque_mut(), scope, returned, call.values)
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
