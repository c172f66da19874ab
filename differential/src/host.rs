//! What the harness provides to imports: host functions that keep a trace, and globals, memories and tables.
//!
//! Enters: the type of an import; leaves: an object of the store. Everything that comes from here follows from the case's
//! host seed and the order of calls, so that every lane gets the same. Knows no lane.

use crate::case::Settings;
use crate::draw::{self, Draws, Kind};
use crate::keeper::{self, Keeper, Kept};
use crate::observe::{HostCall, Known, Seen, Survey, Trace};
use assay_runtime::{
    AsContextMut, Caller, Error, Extern, ExternRef, ExternType, Func, FuncType, Global, HeapType, ImportType,
    Memory, Ref, ResourceLimiter, Result, SharedMemory, Store, StoreLimits, StoreLimitsBuilder, Table, Tag,
    Val, ValType, inspect,
};
use std::collections::HashMap;

/// Bytes of objects that a store may have. How much exactly fits depends on what is still alive when garbage is collected,
/// which each lane knows in its own way.
const OBJECTS: usize = 16 << 20;

/// What the harness keeps in a store.
pub(crate) struct Host {
    draws: Draws,
    limits: Bounds,
    /// Calls of the present step.
    pub(crate) trace: Trace,
    /// Names for what is in the store.
    pub(crate) known: Known,
    /// What the host keeps for each import: see [`crate::keeper`].
    pub(crate) kept: HashMap<usize, Kept>,
}

impl Host {
    pub(crate) fn new(settings: &Settings) -> Self {
        let limits = StoreLimitsBuilder::new()
            .memory_size(settings.memory_bytes)
            .table_elements(settings.table_elements)
            .gc_heap_size(OBJECTS)
            .build();
        Self {
            draws: Draws::new(settings.host_seed, settings.host_errors),
            limits: Bounds { limits, refused: false, full: false },
            trace: Trace::default(),
            known: Known::default(),
            kept: HashMap::new(),
        }
    }

    pub(crate) fn limiter(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.limits
    }

    /// Whether the limits have refused anything so far.
    pub(crate) fn limited(&self) -> bool {
        self.limits.refused
    }

    /// Whether the heap of objects was refused any growth since this was last asked.
    pub(crate) fn take_full(&mut self) -> bool {
        std::mem::take(&mut self.limits.full)
    }
}

/// Limits that remember whether they were met.
struct Bounds {
    limits: StoreLimits,
    /// Memories and tables.
    refused: bool,
    /// The heap of objects.
    full: bool,
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

    fn gc_heap_growing(&mut self, current: usize, desired: usize, maximum: usize) -> bool {
        let allowed = self.limits.gc_heap_growing(current, desired, maximum);
        self.full |= !allowed;
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
pub(crate) fn provide(store: &mut Store<Host>, import: usize, ty: &ImportType<'_>) -> Result<Extern> {
    let draw = store.data().draws.global(import);
    Ok(match &ty.ty() {
        ExternType::Func(func) => {
            let keeper = (ty.module() == keeper::MODULE).then(|| ty.name().parse().ok()).flatten();
            function(store, import, func.clone(), keeper).into()
        }
        ExternType::Global(ty) => {
            let value = val(&mut *store, ty.content, &draw::value(kind(ty.content), draw))?;
            Global::new(store, *ty, value)?.into()
        }
        ExternType::Memory(ty) if ty.shared => SharedMemory::new(store.engine(), *ty)?.into(),
        ExternType::Memory(ty) => Memory::new(store, *ty)?.into(),
        ExternType::Table(ty) => {
            let null = inspect::zero(&*store, ValType::Ref(ty.element)).as_ref();
            Table::new(store, *ty, null.unwrap_or(Ref::Func(None)))?.into()
        }
        ExternType::Tag(ty) => {
            let tag = Tag::new(&mut *store, ty);
            let mut known = std::mem::take(&mut store.data_mut().known);
            known.tag(&mut *store, tag);
            store.data_mut().known = known;
            tag.into()
        }
    })
}

fn function(store: &mut Store<Host>, import: usize, ty: FuncType, keeper: Option<Keeper>) -> Func {
    let results: Vec<ValType> = ty.results().collect();
    Func::new(store, ty, move |mut caller: Caller<'_, Host>, params, out| {
        let mut known = std::mem::take(&mut caller.data_mut().known);
        let args = Survey::new(&mut known).values(caller.as_context_mut(), params.iter().copied());
        caller.data_mut().known = known;
        caller.data_mut().trace.push(HostCall { import, args });
        let draw = caller.data_mut().draws.call(import).ok_or_else(|| Error::host(Refusal))?;
        if let Some(keeper) = keeper {
            return keeper.act(&mut caller, import, params, out);
        }
        for (position, (slot, &ty)) in out.iter_mut().zip(&results).enumerate() {
            *slot = val(caller.as_context_mut(), ty, &draw::result(kind(ty), draw, position))?;
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

/// The value of this type that engines are to see.
fn val(store: impl AsContextMut, ty: ValType, seen: &Seen) -> Result<Val> {
    Ok(match *seen {
        Seen::I32(bits) => Val::I32(bits.cast_signed()),
        Seen::I64(bits) => Val::I64(bits.cast_signed()),
        Seen::F32(bits) => Val::F32(bits),
        Seen::F64(bits) => Val::F64(bits),
        Seen::V128(bits) => Val::V128(bits),
        Seen::Extern(Some(number)) => Val::ExternRef(Some(ExternRef::new(store, number)?)),
        _ => inspect::zero(store, ty),
    })
}
