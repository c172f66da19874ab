//! What wasmi calls in its own way.

use super::machine::Host;
use crate::shared::{Import, Numbered, Refusal};
use assay_differential::draw::Kind;
use assay_differential::external::message::Ended;
use assay_differential::observe::{Seen, State};
use wasmi::errors::HostError;
use wasmi::{
    AsContext, AsContextMut, Config, ExternRef, F32, F64, Global, Memory, Nullable, Ref, RefType, Table,
    TableType, TrapCode, V128, ValType,
};
pub(super) use wasmi::{
    Caller, Engine, Error, Extern, ExternType, Func, FuncType, Instance, Module, Store, StoreLimits,
    StoreLimitsBuilder, Val,
};

pub(super) const NAME: &str = "wasmi";
pub(super) const VERSION: &str = "2.0.0";
pub(super) const FEATURES: &[&str] = &[
    "simd",
    "relaxed-simd",
    "tail-call",
    "multi-memory",
    "memory64",
    "extended-const",
    "custom-page-sizes",
    "wide-arithmetic",
];
/// It has one trap for whatever a table is asked beyond its end.
pub(super) const ALIKE: &[&[&str]] = &[&["out of bounds table access", "undefined element"]];

impl HostError for Refusal {}

pub(super) fn engine() -> Result<Engine, String> {
    let mut config = Config::default();
    config.wasm_custom_page_sizes(true).wasm_wide_arithmetic(true).wasm_simd(true).wasm_relaxed_simd(true);
    Ok(Engine::new(&config))
}

pub(super) fn module(engine: &Engine, wasm: &[u8]) -> Result<Module, String> {
    Module::new(engine, wasm).map_err(|error| error.to_string())
}

fn kind(ty: ValType) -> Kind {
    match ty {
        ValType::I32 => Kind::I32,
        ValType::I64 => Kind::I64,
        ValType::F32 => Kind::F32,
        ValType::F64 => Kind::F64,
        ValType::V128 => Kind::V128,
        ValType::ExternRef => Kind::Extern,
        ValType::FuncRef => Kind::Other,
    }
}

pub(super) fn results(ty: &FuncType) -> Vec<Val> {
    ty.results().iter().map(|&ty| Val::default_for_ty(ty)).collect()
}

pub(super) fn result_kinds(ty: &FuncType) -> Vec<Kind> {
    ty.results().iter().map(|&ty| kind(ty)).collect()
}

pub(super) fn import_kind(ty: &ExternType) -> Import {
    match ty {
        ExternType::Func(_) => Import::Func,
        ExternType::Global(_) => Import::Global,
        ExternType::Memory(_) => Import::Memory,
        ExternType::Table(_) => Import::Table,
    }
}

pub(super) fn null_extern() -> Val {
    Val::ExternRef(Nullable::Null)
}

pub(super) fn func(func: Option<Func>) -> Val {
    Val::FuncRef(func.map_or(Nullable::Null, Nullable::Val))
}

/// The value with these bits, or with this number.
pub(super) fn val(store: impl AsContextMut, seen: &Seen) -> Result<Val, Error> {
    Ok(match *seen {
        Seen::I32(bits) => Val::I32(bits.cast_signed()),
        Seen::I64(bits) => Val::I64(bits.cast_signed()),
        Seen::F32(bits) => Val::F32(F32::from_bits(bits)),
        Seen::F64(bits) => Val::F64(F64::from_bits(bits)),
        Seen::V128(bits) => Val::V128(V128::from(bits)),
        Seen::Extern(Some(number)) => Val::ExternRef(Nullable::Val(ExternRef::new(store, Numbered(number)))),
        _ => func(None),
    })
}

pub(super) fn seen<T: 'static>(store: &impl AsContext<Data = T>, value: &Val) -> Seen {
    match value {
        Val::I32(value) => Seen::I32(value.cast_unsigned()),
        Val::I64(value) => Seen::I64(value.cast_unsigned()),
        Val::F32(value) => Seen::F32(value.to_bits()),
        Val::F64(value) => Seen::F64(value.to_bits()),
        Val::V128(value) => Seen::V128(value.as_u128()),
        Val::FuncRef(Nullable::Null) | Val::ExternRef(Nullable::Null) => Seen::Null,
        Val::FuncRef(Nullable::Val(_)) => Seen::SomeFunc,
        Val::ExternRef(Nullable::Val(value)) => {
            let number = value.data(store.as_context()).downcast_ref::<Numbered>();
            Seen::Extern(number.map(|Numbered(number)| *number))
        }
    }
}

pub(super) fn of_ref(value: Ref) -> Val {
    value.into()
}

/// The value as an element of a table.
pub(super) fn to_ref(value: Val) -> Option<Ref> {
    match value {
        Val::FuncRef(func) => Some(Ref::Func(func)),
        Val::ExternRef(data) => Some(Ref::Extern(data)),
        _ => None,
    }
}

/// The null reference that a table can hold.
pub(super) fn null_element(table: &Table, store: &Store<Host>) -> Ref {
    null_of(&table.ty(store))
}

fn null_of(ty: &TableType) -> Ref {
    match ty.element() {
        RefType::Func => Ref::Func(Nullable::Null),
        RefType::Extern => Ref::Extern(Nullable::Null),
    }
}

/// What an import that is no function gets.
pub(super) fn object(
    store: &mut Store<Host>,
    ty: &ExternType,
    draw: impl Fn(Kind) -> Seen,
) -> Result<Extern, Error> {
    Ok(match ty {
        ExternType::Global(ty) => {
            let value = match draw(kind(ty.content())) {
                Seen::Null => Val::default_for_ty(ty.content()),
                seen => val(&mut *store, &seen)?,
            };
            Global::new(store, value, ty.mutability()).into()
        }
        ExternType::Memory(ty) => Memory::new(store, *ty)?.into(),
        ExternType::Table(ty) => Table::new(store, *ty, null_of(ty))?.into(),
        ExternType::Func(_) => return Err(Error::new("functions are provided elsewhere")),
    })
}

/// Objects of other kinds: there are none.
pub(super) fn look(_item: &Extern, _state: &mut State) {}

pub(super) fn refusal() -> Error {
    Error::host(Refusal)
}

pub(super) fn ended(error: &Error) -> Ended {
    if error.downcast_ref::<Refusal>().is_some() {
        return Ended::HostError;
    }
    let trap = match error.as_trap_code() {
        Some(TrapCode::UnreachableCodeReached) => "unreachable",
        Some(TrapCode::MemoryOutOfBounds) => "out of bounds memory access",
        Some(TrapCode::TableOutOfBounds) => "out of bounds table access",
        Some(TrapCode::IndirectCallToNull) => "uninitialized element",
        Some(TrapCode::IntegerDivisionByZero) => "integer divide by zero",
        Some(TrapCode::IntegerOverflow) => "integer overflow",
        Some(TrapCode::BadConversionToInteger) => "invalid conversion to integer",
        Some(TrapCode::StackOverflow) => "call stack exhausted",
        Some(TrapCode::BadSignature) => "indirect call type mismatch",
        Some(TrapCode::OutOfFuel) => "all fuel consumed by WebAssembly",
        _ => return limited(error),
    };
    Ended::Trapped { trap: trap.to_owned(), element: None, func: None, offset: None }
}

fn limited(error: &Error) -> Ended {
    let message = error.to_string();
    let limits = ["limit", "out of system memory", "memory out of bounds", "table grow"];
    if limits.iter().any(|word| message.contains(word)) {
        Ended::Limited(message)
    } else {
        Ended::Refused(message)
    }
}
