//! What wasmi calls in its own way when it plays scripts: features, values, failures.

use assay_spec_tests::engine::{Failure, Stage};
use assay_spec_tests::value::{Hierarchy, Object, Value};
use wasmi::errors::{ErrorKind, InstantiationError};
use wasmi::{Config, Engine, Error, ExternRef, F32, F64, Nullable, Store, V128, Val};

use super::api;
use crate::shared::{Numbered, Switch, failure_of, split_features};

/// The features it has.
const SWITCHES: [Switch<Config>; 14] = [
    ("mutable-globals", Config::wasm_mutable_global),
    ("sign-extension", Config::wasm_sign_extension),
    ("saturating-float-to-int", Config::wasm_saturating_float_to_int),
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
];

/// An engine with these features, and those of them that it lacks.
pub(super) fn engine(features: &[String]) -> Result<(Engine, Vec<String>), String> {
    let mut config = Config::default();
    let lacking = split_features(features, &SWITCHES, &mut config);
    Ok((Engine::new(&config), lacking))
}

/// The value of a script.
pub(super) fn val(store: &mut Store<()>, value: Value) -> Result<Val, Failure> {
    Ok(match value {
        Value::I32(value) => Val::I32(value),
        Value::I64(value) => Val::I64(value),
        Value::F32(bits) => Val::F32(F32::from_bits(bits)),
        Value::F64(bits) => Val::F64(F64::from_bits(bits)),
        Value::V128(bits) => Val::V128(V128::from(bits)),
        Value::Null(Hierarchy::Func) => Val::FuncRef(Nullable::Null),
        Value::Null(Hierarchy::Extern) => Val::ExternRef(Nullable::Null),
        Value::Ref(Object::Extern(Some(number))) => {
            Val::ExternRef(Nullable::Val(ExternRef::new(store, Numbered(number.into()))))
        }
        _ => return Err(Failure::new(Stage::Unsupported, "gc")),
    })
}

/// A value as scripts see it.
pub(super) fn value(store: &mut Store<()>, val: &Val) -> Result<Value, Failure> {
    Ok(match val {
        Val::I32(value) => Value::I32(*value),
        Val::I64(value) => Value::I64(*value),
        Val::F32(value) => Value::F32(value.to_bits()),
        Val::F64(value) => Value::F64(value.to_bits()),
        Val::V128(value) => Value::V128(value.as_u128()),
        Val::FuncRef(Nullable::Null) => Value::Null(Hierarchy::Func),
        Val::FuncRef(Nullable::Val(_)) => Value::Ref(Object::Func),
        Val::ExternRef(Nullable::Null) => Value::Null(Hierarchy::Extern),
        Val::ExternRef(Nullable::Val(value)) => {
            let number = value.data(&*store).downcast_ref::<Numbered>();
            Value::Ref(Object::Extern(number.and_then(|Numbered(number)| (*number).try_into().ok())))
        }
    })
}

/// Why a call gave no results.
pub(super) fn failed(error: &Error) -> Failure {
    failure_of(api::ended(error), error.to_string())
}

/// Why there is no instance.
pub(super) fn not_made(error: &Error) -> Failure {
    match error.kind() {
        ErrorKind::Instantiation(InstantiationError::ElementSegmentDoesNotFit { .. }) => {
            Failure::new(Stage::Trap, "out of bounds table access")
        }
        ErrorKind::Instantiation(_) => {
            Failure::new(Stage::Unlinkable, format!("incompatible import type: {error}"))
        }
        _ => failed(error),
    }
}
