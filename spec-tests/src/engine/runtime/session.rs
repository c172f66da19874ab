//! A store of our runtime in which one script plays.
//!
//! Enters: modules, names, calls; leaves: values and failures. Imports go through the runtime's own linker, so that its
//! messages are the ones that are judged. Floats cross as bits.

use std::collections::HashMap;

use assay_runtime::{
    Engine, EngineKind, Error, Extern, ExternRef, Feature, FeatureSet, Func, Global, HeapType, Instance,
    Linker, Module, Rooted, SharedMemory, Store, Val, inspect,
};

use super::spectest;
use crate::engine::{Failure, InstanceId, ModuleId, Session, SharedExports, Stage};
use crate::value::{Hierarchy, Object, Value};

pub(super) struct RuntimeSession {
    engine: Engine,
    kinds: [EngineKind; 2],
    built: FeatureSet,
    awaited: Vec<(&'static str, Feature)>,
    store: Store<()>,
    modules: Vec<Module>,
    instances: Vec<Exporter>,
    /// Each name with those whose exports it has; there is more than one where some were added.
    registered: HashMap<String, Vec<Exporter>>,
    spectest: Option<Vec<(&'static str, Extern)>>,
    /// What can be imported; made anew when a name changes, because a linker forgets nothing.
    linker: Option<Linker<()>>,
    args: Vec<Val>,
    results: Vec<Val>,
}

/// Something with exports.
#[derive(Clone)]
enum Exporter {
    Instance(Instance),
    /// What an instance of another store exports that is shared.
    Shared(Vec<(String, SharedMemory)>),
}

impl Exporter {
    fn get_func(&self, store: &mut Store<()>, field: &str) -> Option<Func> {
        let Self::Instance(instance) = self else { return None };
        instance.get_func(store, field)
    }

    fn get_global(&self, store: &mut Store<()>, field: &str) -> Option<Global> {
        let Self::Instance(instance) = self else { return None };
        instance.get_global(store, field)
    }

    fn shared(&self, store: &mut Store<()>) -> Vec<(String, SharedMemory)> {
        match self {
            Self::Instance(instance) => {
                let exports = instance.exports(store).into_iter();
                exports.filter_map(|(name, item)| Some((name, item.into_shared_memory()?))).collect()
            }
            Self::Shared(memories) => memories.clone(),
        }
    }
}

impl RuntimeSession {
    pub(super) fn new(
        engine: &Engine,
        kinds: [EngineKind; 2],
        built: FeatureSet,
        awaited: &[(&'static str, Feature)],
    ) -> Self {
        Self {
            engine: engine.clone(),
            kinds,
            built,
            awaited: awaited.to_vec(),
            store: Store::new(engine, ()),
            modules: Vec::new(),
            instances: Vec::new(),
            registered: HashMap::new(),
            spectest: None,
            linker: None,
            args: Vec::new(),
            results: Vec::new(),
        }
    }

    fn linked(&mut self, module: &Module) -> Result<Instance, Error> {
        for import in module.imports().filter(|import| import.module() == spectest::NAME) {
            if let Some(&(_, feature)) = self.awaited.iter().find(|(name, _)| *name == import.name()) {
                return Err(Error::Unsupported { feature });
            }
        }
        if self.linker.is_none() {
            self.linker = Some(self.link()?);
        }
        match &self.linker {
            Some(linker) => linker.instantiate(&mut self.store, module),
            None => Err(Error::Usage("no linker".to_owned())),
        }
    }

    fn link(&mut self) -> Result<Linker<()>, Error> {
        let mut linker = Linker::new(&self.engine);
        if !self.registered.contains_key(spectest::NAME) {
            if self.spectest.is_none() {
                self.spectest = Some(spectest::objects(&mut self.store, self.built)?);
            }
            for (name, object) in self.spectest.iter().flatten() {
                linker.define(&self.store, spectest::NAME, name, object.clone())?;
            }
        }
        let registered = self.registered.iter();
        for (name, exporter) in registered.flat_map(|(name, all)| all.iter().map(move |one| (name, one))) {
            match exporter {
                Exporter::Instance(instance) => {
                    linker.instance(&mut self.store, name, *instance)?;
                }
                Exporter::Shared(memories) => {
                    for (field, memory) in memories {
                        linker.define(&self.store, name, field, memory.clone())?;
                    }
                }
            }
        }
        Ok(linker)
    }

    fn val(&mut self, value: Value) -> Result<Val, Failure> {
        Ok(match value {
            Value::I32(value) => Val::I32(value),
            Value::I64(value) => Val::I64(value),
            Value::F32(bits) => Val::F32(bits),
            Value::F64(bits) => Val::F64(bits),
            Value::V128(bits) => Val::V128(bits),
            Value::Null(Hierarchy::Func) => Val::FuncRef(None),
            Value::Null(Hierarchy::Extern) => Val::ExternRef(None),
            Value::Ref(Object::Extern(Some(number))) => {
                Val::ExternRef(Some(ExternRef::new(&mut self.store, number)?))
            }
            Value::Null(Hierarchy::Any) => Val::AnyRef(None),
            Value::Null(Hierarchy::Exn) => Val::ExnRef(None),
            Value::Ref(Object::Host(number)) => {
                Val::AnyRef(Some(ExternRef::new(&mut self.store, number)?.to_any()))
            }
            other => return Err(Failure::new(Stage::Unsupported, feature_of(other))),
        })
    }

    fn value(&self, val: Val) -> Result<Value, Failure> {
        Ok(match val {
            Val::I32(value) => Value::I32(value),
            Val::I64(value) => Value::I64(value),
            Val::F32(bits) => Value::F32(bits),
            Val::F64(bits) => Value::F64(bits),
            Val::V128(bits) => Value::V128(bits),
            Val::FuncRef(None) => Value::Null(Hierarchy::Func),
            Val::FuncRef(Some(_)) => Value::Ref(Object::Func),
            Val::ExternRef(None) => Value::Null(Hierarchy::Extern),
            Val::ExternRef(Some(reference)) => Value::Ref(Object::Extern(self.number(reference)?)),
            Val::AnyRef(None) => Value::Null(Hierarchy::Any),
            Val::AnyRef(Some(reference)) => Value::Ref(match reference.heap_type(&self.store)? {
                HeapType::I31 => Object::I31,
                HeapType::Any => Object::Host(self.number(reference.to_extern())?.unwrap_or(u32::MAX)),
                _ if reference.as_struct(&self.store)?.is_some() => Object::Struct,
                _ => Object::Array,
            }),
            Val::ExnRef(None) => Value::Null(Hierarchy::Exn),
            Val::ExnRef(Some(_)) => Value::Ref(Object::Exn),
        })
    }

    /// The number that the script gave to host data.
    fn number(&self, reference: Rooted<ExternRef>) -> Result<Option<u32>, Failure> {
        let store = &self.store;
        let data = reference.data(&store)?;
        Ok(data.and_then(|data| data.downcast_ref::<u32>()).copied())
    }
}

impl Session for RuntimeSession {
    fn check(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(Module::validate(&self.engine, bytes)?)
    }

    fn check_custom(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(inspect::check_custom_sections(bytes)?)
    }

    fn define(&mut self, bytes: &[u8]) -> Result<ModuleId, Failure> {
        let [kind, other] = [0, 1].map(|turn| self.kinds[(self.modules.len() + turn) % 2]);
        if kind != other && FeatureSet::built_by_jit() != FeatureSet::built_by_interp() {
            // What only one of two engines runs would be missing where it is the other's turn.
            Module::from_binary_with_engine_kind(&self.engine, other, bytes)?;
        }
        self.modules.push(Module::from_binary_with_engine_kind(&self.engine, kind, bytes)?);
        Ok(ModuleId(self.modules.len() - 1))
    }

    fn imports(&self, module: ModuleId) -> Vec<String> {
        self.modules[module.0].imports().map(|import| import.module().to_owned()).collect()
    }

    fn instantiate(&mut self, module: ModuleId) -> Result<InstanceId, Failure> {
        let module = self.modules[module.0].clone();
        let instance = if module.imports().len() == 0 {
            Instance::new(&mut self.store, &module, &[])?
        } else {
            self.linked(&module)?
        };
        self.instances.push(Exporter::Instance(instance));
        Ok(InstanceId(self.instances.len() - 1))
    }

    fn register(&mut self, name: &str, instance: InstanceId) {
        self.registered.insert(name.to_owned(), vec![self.instances[instance.0].clone()]);
        self.linker = None;
    }

    fn add(&mut self, name: &str, instance: InstanceId) {
        self.registered.entry(name.to_owned()).or_default().push(self.instances[instance.0].clone());
        self.linker = None;
    }

    fn unregister(&mut self, name: &str) {
        self.registered.remove(name);
        self.linker = None;
    }

    fn invoke(
        &mut self,
        instance: InstanceId,
        field: &str,
        args: &[Value],
        results: &mut Vec<Value>,
    ) -> Result<(), Failure> {
        let func = self.instances[instance.0].get_func(&mut self.store, field);
        let func = func
            .ok_or_else(|| Failure::new(Stage::Host, format!("there is no exported function `{field}`")))?;
        let mut vals = std::mem::take(&mut self.args);
        vals.clear();
        for &arg in args {
            vals.push(self.val(arg)?);
        }
        let count = func.ty(&self.store).results().len();
        self.results.clear();
        self.results.resize(count, Val::I32(0));
        let called = func.call(&mut self.store, &vals, &mut self.results);
        self.args = vals;
        called?;
        results.clear();
        for &val in &self.results {
            results.push(self.value(val)?);
        }
        Ok(())
    }

    fn share(&mut self, instance: InstanceId) -> Result<SharedExports, Failure> {
        Ok(Box::new(self.instances[instance.0].shared(&mut self.store)))
    }

    fn adopt(&mut self, exports: SharedExports) -> Result<InstanceId, Failure> {
        let memories = exports.downcast::<Vec<(String, SharedMemory)>>();
        let memories = memories.map_err(|_| Failure::new(Stage::Host, "exports of another engine"))?;
        self.instances.push(Exporter::Shared(*memories));
        Ok(InstanceId(self.instances.len() - 1))
    }

    fn get(&mut self, instance: InstanceId, field: &str) -> Result<Value, Failure> {
        let global = self.instances[instance.0].get_global(&mut self.store, field);
        let global = global
            .ok_or_else(|| Failure::new(Stage::Host, format!("there is no exported global `{field}`")))?;
        let val = global.get(&mut self.store);
        self.value(val)
    }
}

/// The feature without which a value cannot be passed.
fn feature_of(value: Value) -> &'static str {
    match value {
        Value::Null(Hierarchy::Exn) | Value::Ref(Object::Exn) => "exceptions",
        Value::Null(Hierarchy::Cont) | Value::Ref(Object::Cont) => "stack-switching",
        _ => "gc",
    }
}
