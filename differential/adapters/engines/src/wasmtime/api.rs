//! What wasmtime calls in its own way.

use super::machine::Host;
use crate::shared::{Import, Numbered, Refusal};
use assay_differential::draw::Kind;
use assay_differential::external::message::Ended;
use assay_differential::observe::{Seen, State};
use wasmtime::{
    AsContext, AsContextMut, Config, ExternRef, Global, HeapType, Memory, Ref, Table, Trap, V128, ValType,
};
pub(super) use wasmtime::{
    Caller, Engine, Error, Extern, ExternType, Func, FuncType, Instance, Module, Store, StoreLimits,
    StoreLimitsBuilder, Val,
};

pub(super) const NAME: &str = "wasmtime";
pub(super) const VERSION: &str = "48.0.8";
pub(super) const FEATURES: &[&str] = &[
    "simd",
    "relaxed-simd",
    "tail-call",
    "multi-memory",
    "memory64",
    "extended-const",
    "custom-page-sizes",
    "wide-arithmetic",
    "function-references",
];
/// It has one trap for whatever a table is asked beyond its end, and one for null references of every type.
pub(super) const ALIKE: &[&[&str]] =
    &[&["out of bounds table access", "undefined element"], &["null reference", "null function reference"]];

pub(super) fn engine() -> Result<Engine, String> {
    let mut config = Config::new();
    config
        .wasm_custom_page_sizes(true)
        .wasm_wide_arithmetic(true)
        .wasm_function_references(true)
        // What a shared memory holds can only be read by unsafe code.
        .wasm_threads(false)
        .wasm_memory64(true)
        .max_wasm_stack(1 << 20);
    Engine::new(&config).map_err(|error| error.to_string())
}

pub(super) fn module(engine: &Engine, wasm: &[u8]) -> Result<Module, String> {
    Module::from_binary(engine, wasm).map_err(|error| format!("{error:#}"))
}

fn kind(ty: &ValType) -> Kind {
    match ty {
        ValType::I32 => Kind::I32,
        ValType::I64 => Kind::I64,
        ValType::F32 => Kind::F32,
        ValType::F64 => Kind::F64,
        ValType::V128 => Kind::V128,
        ValType::Ref(ty) if matches!(ty.heap_type(), HeapType::Extern) => Kind::Extern,
        ValType::Ref(_) => Kind::Other,
    }
}

pub(super) fn results(ty: &FuncType) -> Vec<Val> {
    ty.results().map(|ty| Val::default_for_ty(&ty).unwrap_or(Val::I32(0))).collect()
}

pub(super) fn result_kinds(ty: &FuncType) -> Vec<Kind> {
    ty.results().map(|ty| kind(&ty)).collect()
}

pub(super) fn import_kind(ty: &ExternType) -> Import {
    match ty {
        ExternType::Func(_) => Import::Func,
        ExternType::Global(_) => Import::Global,
        ExternType::Memory(_) => Import::Memory,
        ExternType::Table(_) => Import::Table,
        ExternType::Tag(_) => Import::Tag,
    }
}

pub(super) fn null_extern() -> Val {
    Val::ExternRef(None)
}

pub(super) fn func(func: Option<Func>) -> Val {
    Val::FuncRef(func)
}

/// The value with these bits, or with this number.
pub(super) fn val(store: impl AsContextMut, seen: &Seen) -> Result<Val, Error> {
    Ok(match *seen {
        Seen::I32(bits) => Val::I32(bits.cast_signed()),
        Seen::I64(bits) => Val::I64(bits.cast_signed()),
        Seen::F32(bits) => Val::F32(bits),
        Seen::F64(bits) => Val::F64(bits),
        Seen::V128(bits) => Val::V128(V128::from(bits)),
        Seen::Extern(Some(number)) => Val::ExternRef(Some(ExternRef::new(store, Numbered(number))?)),
        _ => func(None),
    })
}

pub(super) fn seen<T: 'static>(store: &impl AsContext<Data = T>, value: &Val) -> Seen {
    match value {
        Val::I32(value) => Seen::I32(value.cast_unsigned()),
        Val::I64(value) => Seen::I64(value.cast_unsigned()),
        Val::F32(bits) => Seen::F32(*bits),
        Val::F64(bits) => Seen::F64(*bits),
        Val::V128(value) => Seen::V128(value.as_u128()),
        Val::FuncRef(Some(_)) => Seen::SomeFunc,
        Val::ExternRef(Some(value)) => {
            let data = value.data(store.as_context()).ok().flatten();
            let number = data.and_then(|data| data.downcast_ref::<Numbered>());
            Seen::Extern(number.map(|Numbered(number)| *number))
        }
        _ => Seen::Null,
    }
}

pub(super) fn of_ref(value: Ref) -> Val {
    value.into()
}

/// The value as an element of a table.
pub(super) fn to_ref(value: Val) -> Option<Ref> {
    value.ref_()
}

/// The null reference that a table can hold.
pub(super) fn null_element(table: &Table, store: &Store<Host>) -> Ref {
    Ref::null(table.ty(store).element().heap_type())
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
                Seen::Null => Val::default_for_ty(ty.content())
                    .ok_or_else(|| Error::msg("no such value is limited here"))?,
                seen => val(&mut *store, &seen)?,
            };
            Global::new(store, ty.clone(), value)?.into()
        }
        ExternType::Memory(ty) => Memory::new(store, ty.clone())?.into(),
        ExternType::Table(ty) => {
            let null = Ref::null(ty.element().heap_type());
            Table::new(store, ty.clone(), null)?.into()
        }
        ExternType::Func(_) | ExternType::Tag(_) => return Err(Error::msg("such imports are limited here")),
    })
}

/// Objects of other kinds: without threads there are no shared memories, and tags hold nothing.
pub(super) fn look(_item: &Extern, _state: &mut State) {}

pub(super) fn refusal() -> Error {
    Error::from(Refusal)
}

pub(super) fn ended(error: &Error) -> Ended {
    if error.downcast_ref::<Refusal>().is_some() {
        return Ended::HostError;
    }
    let trap = match error.downcast_ref::<Trap>() {
        Some(Trap::UnreachableCodeReached) => "unreachable",
        Some(Trap::MemoryOutOfBounds) => "out of bounds memory access",
        Some(Trap::TableOutOfBounds) => "out of bounds table access",
        Some(Trap::IndirectCallToNull) => "uninitialized element",
        Some(Trap::IntegerDivisionByZero) => "integer divide by zero",
        Some(Trap::IntegerOverflow) => "integer overflow",
        Some(Trap::BadConversionToInteger) => "invalid conversion to integer",
        Some(Trap::StackOverflow) => "call stack exhausted",
        Some(Trap::BadSignature) => "indirect call type mismatch",
        Some(Trap::NullReference) => "null reference",
        Some(Trap::CastFailure) => "cast failure",
        Some(Trap::ArrayOutOfBounds) => "out of bounds array access",
        Some(Trap::HeapMisaligned) => "unaligned atomic",
        Some(Trap::AtomicWaitNonSharedMemory) => "expected shared memory",
        _ => return limited(error),
    };
    Ended::Trapped { trap: trap.to_owned(), element: None, func: None, offset: None }
}

fn limited(error: &Error) -> Ended {
    let message = format!("{error:#}");
    if message.contains("limit") { Ended::Limited(message) } else { Ended::Refused(message) }
}
