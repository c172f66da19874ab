//! Reuse: a case sees what it would see in a process of its own, whatever ran before.
//!
//! The case is played with everything forgotten that is kept for reuse. Then a tenant fills memories of the same kinds and the
//! value stack with a pattern and leaves, and the case is played again: both observations are one, bit for bit. There are two
//! tenants, since what is kept is cleared in two ways: one writes to a few pages, one to many. They are always the same, so
//! that a finding needs no other case. The interpreter does all of it, too: the value stack is its. Code memory is not reused. What the allocator gives out again (tables, contexts) is part of it as far as the
//! allocator hands out what the tenant left.

use super::Escape;
use crate::case::Case;
use crate::compare::compare;
use crate::observe::{Observation, Scope};
use crate::play::{Player, Watch, play_watched};
use assay_runtime::inspect::{forget_reservations, memory_types};
use assay_runtime::{
    Engine, EngineKind, Instance, Memory, MemoryType, Module, Ref, RefType, Result, Store, Table, TableType,
    Val,
};

const ORACLE: &str = "reuse";

/// What a tenant leaves behind.
const LITTER: u8 = 0xa5;

/// What a tenant fills of a memory: few enough bytes to be cleared page by page, and more.
const FILLED: [usize; 2] = [8 << 12, GROWN];

/// The tenants make memories so large, where their type allows it: a little more than is cleared page by page.
const GROWN: usize = (1 << 20) + (1 << 16);

/// Memories that a tenant makes at the most.
const MEMORIES: usize = 8;

/// Plays a case in a process as good as new, and behind a tenant, on each engine. The observation is the first engine's.
pub(super) fn play(case: &Case, engines: [&Engine; 2], fuel: Option<u64>) -> (Observation, Option<Escape>) {
    let [(seen, escape), (_, beside)] = engines.map(|engine| play_on(case, engine, fuel));
    (seen, escape.or(beside))
}

fn play_on(case: &Case, engine: &Engine, fuel: Option<u64>) -> (Observation, Option<Escape>) {
    let mut types = Types::default();
    forget_reservations();
    let fresh = play_watched(case, engine, fuel, Scope::All, &mut types);
    let escape = FILLED.into_iter().find_map(|filled| {
        forget_reservations();
        // A tenant that gets no room leaves nothing behind.
        let _ = litter(engine, &types.0, filled, fuel.is_some());
        let again = play_watched(case, engine, fuel, Scope::All, &mut ());
        let difference = compare(&fresh, &again, false).err()?;
        let (step, part) = (difference.step, difference.part.name());
        let detail = format_args!("step {step}: {part}: fresh and reused: {}", difference.detail);
        Some(Escape::new(ORACLE, detail))
    });
    // Whatever is wrong, it is not for the next case.
    forget_reservations();
    (fresh, escape)
}

/// The types of the memories of a case.
#[derive(Default)]
struct Types(Vec<MemoryType>);

impl Watch for Types {
    fn loaded(&mut self, player: &mut Player) {
        self.0 = player.accepted().flat_map(memory_types).filter(|ty| !ty.shared).take(MEMORIES).collect();
    }
}

/// Fills memories of these types, a table and the value stack, and leaves.
fn litter(engine: &Engine, types: &[MemoryType], filled: usize, metered: bool) -> Result<()> {
    let mut store = Store::new(engine, ());
    for &ty in types {
        let memory = Memory::new(&mut store, ty)?;
        let missing = GROWN.saturating_sub(memory.data_size(&store)) as u64 / ty.page_size();
        // The type may not allow it.
        let _ = memory.grow(&mut store, missing);
        let bytes = memory.data_mut(&mut store);
        let filled = bytes.len().min(filled);
        bytes[..filled].fill(LITTER);
    }
    Table::new(&mut store, TableType::new(RefType::FUNCREF, 1000, None), Ref::Func(None))?;
    let module = Module::with_engine_kind(engine, EngineKind::Interp, DIVER)?;
    if metered {
        store.set_fuel(u64::from(u32::MAX))?;
    }
    let diver = Instance::new(&mut store, &module, &[])?;
    if let Some(dive) = diver.get_func(&mut store, "dive") {
        dive.call(&mut store, &[Val::I32(500)], &mut [])?;
    }
    Ok(())
}

/// Fills frames of the value stack.
const DIVER: &str = r#"(module (func $dive (export "dive") (param i32) (local i64 i64 i64 i64 i64 i64 i64 i64)
  (local.set 1 (i64.const 0xa5a5a5a5a5a5a5a5)) (local.set 2 (local.get 1)) (local.set 3 (local.get 1))
  (local.set 4 (local.get 1)) (local.set 5 (local.get 1)) (local.set 6 (local.get 1)) (local.set 7 (local.get 1))
  (if (local.get 0) (then (call $dive (i32.sub (local.get 0) (i32.const 1)))))))"#;
