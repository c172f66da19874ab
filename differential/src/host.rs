//! What the harness provides to imports: host functions that keep a trace, and globals, memories and tables.
//!
//! Enters: the type of an import; leaves: an object of the store. Everything that comes from here follows from the case's
//! host seed and the order of calls, so that every lane gets the same. Knows no lane.

use crate::case::Settings;
use crate::draw::{self, Draws, Kind};
use crate::observe::{HostCall, Seen, Trace};
use assay_runtime::{
    AsContextMut, Caller, Error, Extern, ExternRef, ExternType, Func, FuncType, Global, HeapType, Memory,
    Ref, ResourceLimiter, Result, SharedMemory, Store, StoreLimits, StoreLimitsBuilder, Table, Tag, Val,
    ValType,
};

/// What the harness keeps in a store.
pub(crate) struct Host {
    draws: Draws,
    limits: Bounds,
    /// Calls of the present step.
    pub(crate) trace: Trace,
}

impl Host {
    pub(crate) fn new(settings: &Settings) -> Self {
        let limits = StoreLimitsBuilder::new()
            .memory_size(settings.memory_bytes)
            .table_elements(settings.table_elements)
            .build();
        Self {
            draws: Draws::new(settings.host_seed, settings.host_errors),
            limits: Bounds { limits, refused: false },
            trace: Trace::default(),
        }
    }

    pub(crate) fn limiter(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.limits
    }

    /// Whether the limits have refused anything so far.
    pub(crate) fn limited(&self) -> bool {
        self.limits.refused
    }
}

/// Limits that remember whether they were met.
struct Bounds {
    limits: StoreLimits,
    refused: bool,
}

impl ResourceLimiter for Bounds {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> bool {
        let allowed = self.limits.memory_growing(current, desired, maximum);
        self.refused |= !allowed;
        allowed
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> bool {
        let allowed = self.limits.table_growing(current, desired, maximum);
        self.refused |= !allowed;
        allowed
    }

    fn instances(&self) -> usize {
        self.limits.instances()
    }
}

/// The error that host functions return where the case wants it.
#[derive(Debug, thiserror::Error)]
#[error("the host function refuses")]
struct Refusal;

/// Something of this type.
pub(crate) fn provide(store: &mut Store<Host>, import: usize, ty: &ExternType) -> Result<Extern> {
    let draw = store.data().draws.global(import);
    Ok(match ty {
        ExternType::Func(ty) => function(store, import, ty.clone()).into(),
        ExternType::Global(ty) => {
            let value = val(&mut *store, kind(ty.content), &draw::value(kind(ty.content), draw))?;
            Global::new(store, *ty, value)?.into()
        }
        ExternType::Memory(ty) if ty.shared => SharedMemory::new(store.engine(), *ty)?.into(),
        ExternType::Memory(ty) => Memory::new(store, *ty)?.into(),
        ExternType::Table(ty) => {
            let null = if ty.element.heap == HeapType::Extern { Ref::Extern(None) } else { Ref::Func(None) };
            Table::new(store, *ty, null)?.into()
        }
        ExternType::Tag(ty) => Tag::new(store, ty).into(),
    })
}

fn function(store: &mut Store<Host>, import: usize, ty: FuncType) -> Func {
    let results: Vec<Kind> = ty.results().map(kind).collect();
    Func::new(store, ty, move |mut caller: Caller<'_, Host>, params, out| {
        let args = params.iter().map(|&value| Seen::of(value, caller.as_context_mut())).collect();
        caller.data_mut().trace.push(HostCall { import, args });
        let draw = caller.data_mut().draws.call(import).ok_or_else(|| Error::host(Refusal))?;
        for (position, (slot, &kind)) in out.iter_mut().zip(&results).enumerate() {
            *slot = val(caller.as_context_mut(), kind, &draw::result(kind, draw, position))?;
        }
        Ok(())
    })
}

fn kind(ty: ValType) -> Kind {
    match ty {
        ValType::I32 => Kind::I32,
        ValType::I64 => Kind::I64,
        ValType::F32 => Kind::F32,
        ValType::F64 => Kind::F64,
        ValType::V128 => Kind::V128,
        ValType::Ref(ty) if ty.heap == HeapType::Extern => Kind::Extern,
        ValType::Ref(_) => Kind::Other,
    }
}

/// The value of this kind that engines are to see.
fn val(store: impl AsContextMut, kind: Kind, seen: &Seen) -> Result<Val> {
    Ok(match *seen {
        Seen::I32(bits) => Val::I32(bits.cast_signed()),
        Seen::I64(bits) => Val::I64(bits.cast_signed()),
        Seen::F32(bits) => Val::F32(bits),
        Seen::F64(bits) => Val::F64(bits),
        Seen::V128(bits) => Val::V128(bits),
        Seen::Extern(Some(number)) => Val::ExternRef(Some(ExternRef::new(store, number)?)),
        _ if kind == Kind::Extern => Val::ExternRef(None),
        _ => Val::FuncRef(None),
    })
}
