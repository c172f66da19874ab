//! What the harness provides to imports: host functions that keep a trace, and globals, memories and tables.
//!
//! Enters: the type of an import; leaves: an object of the store. Everything that comes from here follows from the case's
//! host seed and the order of calls, so that every lane gets the same. Knows no lane.

use crate::case::Settings;
use crate::observe::{HostCall, Seen, Trace};
use crate::random::{Random, mix};
use assay_runtime::{
    AsContextMut, Caller, Error, Extern, ExternRef, ExternType, Func, FuncType, Global, HeapType, Memory,
    Ref, ResourceLimiter, Result, SharedMemory, Store, StoreLimits, StoreLimitsBuilder, Table, Val, ValType,
};

/// What the harness keeps in a store.
pub(crate) struct Host {
    seed: u64,
    errors: bool,
    limits: Bounds,
    calls: u64,
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
            seed: settings.host_seed,
            errors: settings.host_errors,
            limits: Bounds { limits, refused: false },
            calls: 0,
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

    /// A number for this call of an import.
    fn draw(&mut self, import: usize) -> u64 {
        self.calls += 1;
        mix(self.seed ^ mix(self.calls) ^ import as u64)
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

/// One host call in so many fails, where the case wants errors.
const ERROR_RATE: u64 = 24;

/// Something of this type.
pub(crate) fn provide(store: &mut Store<Host>, import: usize, ty: &ExternType) -> Result<Extern> {
    let draw = mix(store.data().seed ^ mix(import as u64 + 1));
    Ok(match ty {
        ExternType::Func(ty) => function(store, import, ty.clone()).into(),
        ExternType::Global(ty) => {
            let value = value(&mut *store, ty.content, draw)?;
            Global::new(store, *ty, value)?.into()
        }
        ExternType::Memory(ty) if ty.shared => SharedMemory::new(store.engine(), *ty)?.into(),
        ExternType::Memory(ty) => Memory::new(store, *ty)?.into(),
        ExternType::Table(ty) => {
            let null = if ty.element.heap == HeapType::Extern { Ref::Extern(None) } else { Ref::Func(None) };
            Table::new(store, *ty, null)?.into()
        }
    })
}

fn function(store: &mut Store<Host>, import: usize, ty: FuncType) -> Func {
    let results: Vec<ValType> = ty.results().collect();
    Func::new(store, ty, move |mut caller: Caller<'_, Host>, params, out| {
        let args = params.iter().map(|&value| Seen::of(value, caller.as_context_mut())).collect();
        caller.data_mut().trace.push(HostCall { import, args });
        let draw = caller.data_mut().draw(import);
        if caller.data().errors && draw.is_multiple_of(ERROR_RATE) {
            return Err(Error::host(Refusal));
        }
        for (position, (slot, &ty)) in out.iter_mut().zip(&results).enumerate() {
            *slot = value(caller.as_context_mut(), ty, mix(draw ^ position as u64))?;
        }
        Ok(())
    })
}

/// A value of a type, often one at which operators change their mind.
fn value(store: impl AsContextMut, ty: ValType, draw: u64) -> Result<Val> {
    let edge = |edges: &[u64], any: u64| match draw % 3 {
        0 => any,
        _ => edges[(draw / 3) as usize % edges.len()],
    };
    let any = mix(draw);
    Ok(match ty {
        ValType::I32 => Val::I32(edge(&crate::generate::edges::I32, any) as i32),
        ValType::I64 => Val::I64(edge(&crate::generate::edges::I64, any) as i64),
        ValType::F32 => Val::F32(edge(&crate::generate::edges::F32, any) as u32),
        ValType::F64 => Val::F64(edge(&crate::generate::edges::F64, any)),
        ValType::V128 => Val::V128(crate::generate::edges::v128(&mut Random::of(&[draw]))),
        ValType::Ref(ty) if ty.heap == HeapType::Extern && !draw.is_multiple_of(4) => {
            Val::ExternRef(Some(ExternRef::new(store, draw % 1000)?))
        }
        ValType::Ref(ty) if ty.heap == HeapType::Extern => Val::ExternRef(None),
        ValType::Ref(_) => Val::FuncRef(None),
    })
}
