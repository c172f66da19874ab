//! The bystander: instances that share nothing with any case stay bit for bit as they are, whatever runs beside them.
//!
//! There are two of them, one for each engine, in stores of their own, made before anything else of their process. After each
//! case their memory, table and globals are compared with what they were, and a function of theirs, which reads all of these,
//! with what it gave. A write into them that leaves the same bytes is not seen, nor one into anything else that belongs to
//! nobody in the case.

use super::Escape;
use assay_runtime::inspect::{globals, memories, tables};
use assay_runtime::{Config, Engine, EngineKind, Extern, Instance, Module, Result, Store, Val};
use std::sync::{Mutex, PoisonError};

const ORACLE: &str = "bystander";

/// A page of memory with data here and there, a table of which every other place holds a function, and globals.
const MODULE: &str = r#"(module
  (memory (export "memory") 1 1)
  (data (i32.const 0) "\01\02\03\04\05\06\07\08") (data (i32.const 4000) "stand") (data (i32.const 65528) "by......")
  (table (export "table") 8 8 funcref)
  (elem (i32.const 1) $one) (elem (i32.const 3) $two) (elem (i32.const 5) $one) (elem (i32.const 7) $two)
  (global (export "a") i64 (i64.const 0x123456789abcdef0)) (global $b (export "b") (mut i32) (i32.const 77))
  (type $number (func (result i64)))
  (func $one (type $number) (i64.load (i32.const 0)))
  (func $two (type $number) (i64.load (i32.const 65528)))
  (func (export "look") (result i64) (local $at i32) (local $sum i64)
    (loop $next
      (local.set $sum (i64.add (i64.rotl (local.get $sum) (i64.const 5)) (i64.load (i32.mul (local.get $at) (i32.const 512)))))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 128))))
    (i64.add (local.get $sum) (i64.add (i64.extend_i32_u (global.get $b))
      (i64.xor (call_indirect (type $number) (i32.const 1)) (call_indirect (type $number) (i32.const 7)))))))"#;

/// Who must not notice anything.
pub(crate) struct Bystander(Mutex<[Instanced; 2]>);

/// A bystander of one engine.
struct Instanced {
    store: Store<()>,
    instance: Instance,
    before: Sight,
}

/// What can be seen of a bystander.
#[derive(PartialEq)]
struct Sight {
    memory: Vec<u8>,
    elements: Vec<bool>,
    globals: Vec<u64>,
    look: Option<i64>,
}

impl Bystander {
    /// Bystanders of both engines.
    ///
    /// # Errors
    /// When this host cannot run them.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(Mutex::new([Instanced::new(EngineKind::Jit)?, Instanced::new(EngineKind::Interp)?])))
    }

    /// Looks whether everything is as it was; what is not is so from now on.
    pub(crate) fn check(&self) -> Option<Escape> {
        let mut both = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        both.iter_mut().find_map(Instanced::check)
    }
}

impl Instanced {
    fn new(kind: EngineKind) -> Result<Self> {
        let engine = Engine::new(Config::new().engine(kind).parallel_compilation(false))?;
        let module = Module::new(&engine, MODULE)?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        let before = sight(&mut store, instance);
        Ok(Self { store, instance, before })
    }

    fn check(&mut self) -> Option<Escape> {
        let unharmed = unharmed(&mut self.store, self.instance, &self.before);
        if unharmed {
            return None;
        }
        let now = sight(&mut self.store, self.instance);
        let what = difference(&self.before, &now);
        self.before = now;
        Some(Escape::new(ORACLE, what))
    }
}

fn memory(store: &mut Store<()>, instance: Instance) -> &[u8] {
    match memories(&mut *store, instance).first() {
        Some(Extern::Memory(memory)) => memory.data(&*store),
        _ => &[],
    }
}

/// What is small enough to be looked at each time, and the memory in place.
fn unharmed(store: &mut Store<()>, instance: Instance, before: &Sight) -> bool {
    memory(store, instance) == before.memory
        && elements(store, instance) == before.elements
        && values(store, instance) == before.globals
        && look(store, instance) == before.look
}

fn sight(store: &mut Store<()>, instance: Instance) -> Sight {
    Sight {
        memory: memory(store, instance).to_vec(),
        elements: elements(store, instance),
        globals: values(store, instance),
        look: look(store, instance),
    }
}

fn elements(store: &mut Store<()>, instance: Instance) -> Vec<bool> {
    let tables = tables(&mut *store, instance);
    let mut elements = Vec::new();
    for table in tables {
        for index in 0..table.size(&mut *store) {
            let element = table.get(&mut *store, index);
            elements.push(element.is_some_and(|element| !matches!(Val::from(element), Val::FuncRef(None))));
        }
    }
    elements
}

fn values(store: &mut Store<()>, instance: Instance) -> Vec<u64> {
    let globals = globals(&mut *store, instance);
    let bits = globals.into_iter().map(|global| match global.get(&mut *store) {
        Val::I32(value) => value.cast_unsigned().into(),
        Val::I64(value) => value.cast_unsigned(),
        _ => 0,
    });
    bits.collect()
}

fn look(store: &mut Store<()>, instance: Instance) -> Option<i64> {
    let look = instance.get_func(&mut *store, "look")?;
    let mut results = [Val::I64(0)];
    look.call(&mut *store, &[], &mut results).ok()?;
    match results {
        [Val::I64(value)] => Some(value),
        _ => None,
    }
}

fn difference(before: &Sight, now: &Sight) -> String {
    if let Some(at) = before.memory.iter().zip(&now.memory).position(|(before, now)| before != now) {
        let (before, now) = (before.memory[at], now.memory[at]);
        return format!("its memory at {at:#x} was {before:#04x} and is {now:#04x}");
    }
    let parts = [
        ("its table", before.elements != now.elements),
        ("a global of its", before.globals != now.globals),
        ("what its function returns", before.look != now.look),
    ];
    let part =
        parts.into_iter().find(|(_, changed)| *changed).map_or("the size of its memory", |(part, _)| part);
    format!("{part} changed")
}

#[cfg(test)]
mod tests {
    use super::{Bystander, Extern, memories};

    #[test]
    fn a_changed_byte_is_noticed_once() {
        let bystander = Bystander::new().unwrap();
        assert_eq!(bystander.check(), None);
        {
            let mut both = bystander.0.lock().unwrap();
            let (store, instance) = {
                let one = &mut both[1];
                (&mut one.store, one.instance)
            };
            let found = memories(&mut *store, instance);
            let [Extern::Memory(memory)] = found.as_slice() else { panic!("it has a memory") };
            memory.data_mut(&mut *store)[4097] = 9;
        }
        let noticed = bystander.check().unwrap();
        assert_eq!(noticed.detail, "its memory at 0x1001 was 0x00 and is 0x09");
        assert_eq!(bystander.check(), None);
    }
}
