//! What wasmtime calls in its own way when it plays scripts: features, values, failures.

use assay_spec_tests::engine::{Failure, Stage};
use assay_spec_tests::value::{Hierarchy, Object, Value};
use wasmtime::{AnyRef, Config, Engine, Error, ExternRef, Rooted, Store, ThrownException, V128, Val};

use super::api;
use crate::shared::{Numbered, Switch, failure_of, split_features};

/// The features it has. What can be switched off is off unless a script asks for it.
const SWITCHES: [Switch<Config>; 18] = [
    ("mutable-globals", |config, _| config),
    ("sign-extension", |config, _| config),
    ("saturating-float-to-int", |config, _| config),
    ("multi-value", Config::wasm_multi_value),
    ("multi-memory", Config::wasm_multi_memory),
    ("bulk-memory", Config::wasm_bulk_memory),
    ("reference-types", Config::wasm_reference_types),
    ("tail-call", Config::wasm_tail_call),
    ("extended-const", Config::wasm_extended_const),
    ("custom-page-sizes", Config::wasm_custom_page_sizes),
    ("memory64", Config::wasm_memory64),
    ("wide-arithmetic", Config::wasm_wide_arithmetic),
    ("simd", Config::wasm_simd),
    ("relaxed-simd", Config::wasm_relaxed_simd),
    ("function-references", Config::wasm_function_references),
    ("gc", Config::wasm_gc),
    ("exceptions", Config::wasm_exceptions),
    ("threads", |config, on| config.wasm_threads(on).shared_memory(on)),
];

/// An engine with these features, and those of them that it lacks.
pub(super) fn engine(features: &[String]) -> Result<(Engine, Vec<String>), String> {
    let mut config = Config::new();
    let lacking = split_features(features, &SWITCHES, &mut config);
    // Files run side by side already, and modules of the suite are small.
    config.parallel_compilation(false);
    let engine = Engine::new(&config).map_err(|error| format!("{error:#}"))?;
    Ok((engine, lacking))
}

/// The value of a script.
pub(super) fn val(store: &mut Store<()>, value: Value) -> Result<Val, Failure> {
    let made = |error: Error| Failure::new(Stage::Host, format!("{error:#}"));
    Ok(match value {
        Value::I32(value) => Val::I32(value),
        Value::I64(value) => Val::I64(value),
        Value::F32(bits) => Val::F32(bits),
        Value::F64(bits) => Val::F64(bits),
        Value::V128(bits) => Val::V128(V128::from(bits)),
        Value::Null(Hierarchy::Func) => Val::FuncRef(None),
        Value::Null(Hierarchy::Extern) => Val::ExternRef(None),
        Value::Null(Hierarchy::Any) => Val::AnyRef(None),
        Value::Null(Hierarchy::Exn) => Val::ExnRef(None),
        Value::Ref(Object::Extern(Some(number))) => {
            Val::ExternRef(Some(numbered(store, number).map_err(made)?))
        }
        Value::Ref(Object::Host(number)) => {
            let outer = numbered(store, number).map_err(made)?;
            Val::AnyRef(Some(AnyRef::convert_extern(store, outer).map_err(made)?))
        }
        _ => return Err(Failure::new(Stage::Unsupported, "stack-switching")),
    })
}

fn numbered(store: &mut Store<()>, number: u32) -> Result<Rooted<ExternRef>, Error> {
    ExternRef::new(store, Numbered(number.into()))
}

/// A value as scripts see it.
pub(super) fn value(store: &mut Store<()>, val: &Val) -> Result<Value, Failure> {
    let seen = |error: Error| Failure::new(Stage::Host, format!("{error:#}"));
    Ok(match val {
        Val::I32(value) => Value::I32(*value),
        Val::I64(value) => Value::I64(*value),
        Val::F32(bits) => Value::F32(*bits),
        Val::F64(bits) => Value::F64(*bits),
        Val::V128(value) => Value::V128(value.as_u128()),
        Val::FuncRef(None) => Value::Null(Hierarchy::Func),
        Val::FuncRef(Some(_)) => Value::Ref(Object::Func),
        Val::ExternRef(None) => Value::Null(Hierarchy::Extern),
        Val::ExternRef(Some(outer)) => Value::Ref(Object::Extern(number(store, *outer).map_err(seen)?)),
        Val::AnyRef(None) => Value::Null(Hierarchy::Any),
        Val::AnyRef(Some(inner)) => Value::Ref(object(store, *inner).map_err(seen)?),
        Val::ExnRef(None) => Value::Null(Hierarchy::Exn),
        Val::ExnRef(Some(_)) => Value::Ref(Object::Exn),
        Val::ContRef(_) => Value::Null(Hierarchy::Cont),
    })
}

/// The number of a value of the host's.
fn number(store: &Store<()>, outer: Rooted<ExternRef>) -> Result<Option<u32>, Error> {
    let data = outer.data(store)?.and_then(|data| data.downcast_ref::<Numbered>());
    Ok(data.and_then(|Numbered(number)| (*number).try_into().ok()))
}

fn object(store: &mut Store<()>, inner: Rooted<AnyRef>) -> Result<Object, Error> {
    if inner.is_i31(&*store)? {
        return Ok(Object::I31);
    }
    if inner.is_struct(&*store)? {
        return Ok(Object::Struct);
    }
    if inner.is_array(&*store)? {
        return Ok(Object::Array);
    }
    let outer = ExternRef::convert_any(&mut *store, inner)?;
    Ok(Object::Host(number(store, outer)?.unwrap_or(u32::MAX)))
}

/// Why a call gave no results.
pub(super) fn failed(error: &Error) -> Failure {
    if error.is::<ThrownException>() {
        return Failure::new(Stage::Exception, "uncaught exception");
    }
    failure_of(api::ended(error), format!("{error:#}"))
}

/// Why there is no instance.
pub(super) fn not_made(error: &Error) -> Failure {
    let failure = failed(error);
    if failure.stage == Stage::Host && failure.text.contains("incompatible") {
        return Failure::new(Stage::Unlinkable, format!("incompatible import type: {}", failure.text));
    }
    failure
}
