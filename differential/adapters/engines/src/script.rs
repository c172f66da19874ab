//! An engine that plays scripts: a store, and what a script has made in it.
//!
//! Compiled twice, once inside each engine's module, whose `values` says what the two call differently. Modules are linked
//! here by names, because what is not there is then told in the words of the suite by both.

use std::collections::HashMap;

use assay_spec_tests::engine::{Failure, InstanceId, ModuleId, Session, Stage};
use assay_spec_tests::external::serve::Scripted;
use assay_spec_tests::value::Value;

use super::api::{self, Engine, Extern, Instance, Module, Store};
use super::values;

/// The engines, one for each set of features, with the features that it lacks.
#[derive(Default)]
pub(super) struct Scripts(HashMap<Vec<String>, (Engine, Vec<String>)>);

struct Script {
    engine: Engine,
    store: Store<()>,
    modules: Vec<Module>,
    instances: Vec<Instance>,
    registered: HashMap<String, HashMap<String, Extern>>,
}

impl Scripted for Scripts {
    fn open(&mut self, features: &[String]) -> Result<(Box<dyn Session>, Vec<String>), String> {
        if !self.0.contains_key(features) {
            self.0.insert(features.to_vec(), values::engine(features)?);
        }
        let (engine, lacking) = &self.0[features];
        let script = Script {
            engine: engine.clone(),
            store: Store::new(engine, ()),
            modules: Vec::new(),
            instances: Vec::new(),
            registered: HashMap::new(),
        };
        Ok((Box::new(script), lacking.clone()))
    }
}

impl Script {
    fn exports(&mut self, instance: InstanceId) -> HashMap<String, Extern> {
        let exports = self.instances[instance.0].exports(&mut self.store);
        exports.map(|export| (export.name().to_owned(), export.into_extern())).collect()
    }
}

impl Session for Script {
    fn check(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let checked = Module::validate(&self.engine, bytes);
        checked.map_err(|error| Failure::new(Stage::Rejected, format!("{error:#}")))
    }

    fn check_custom(&mut self, _bytes: &[u8]) -> Result<(), Failure> {
        Err(Failure::new(Stage::Unsupported, "custom-annotations"))
    }

    fn define(&mut self, bytes: &[u8]) -> Result<ModuleId, Failure> {
        let module = api::module(&self.engine, bytes).map_err(|text| Failure::new(Stage::Rejected, text))?;
        self.modules.push(module);
        Ok(ModuleId(self.modules.len() - 1))
    }

    fn imports(&self, module: ModuleId) -> Vec<String> {
        self.modules[module.0].imports().map(|import| import.module().to_owned()).collect()
    }

    fn instantiate(&mut self, module: ModuleId) -> Result<InstanceId, Failure> {
        let module = &self.modules[module.0];
        let mut imports = Vec::new();
        for import in module.imports() {
            let exports = self.registered.get(import.module());
            let item = exports.and_then(|exports| exports.get(import.name())).cloned();
            imports.push(item.ok_or_else(|| {
                let text = format!("unknown import: {}.{}", import.module(), import.name());
                Failure::new(Stage::Unlinkable, text)
            })?);
        }
        let made = Instance::new(&mut self.store, module, &imports);
        self.instances.push(made.map_err(|error| values::not_made(&error))?);
        Ok(InstanceId(self.instances.len() - 1))
    }

    fn register(&mut self, name: &str, instance: InstanceId) {
        let exports = self.exports(instance);
        self.registered.insert(name.to_owned(), exports);
    }

    fn add(&mut self, name: &str, instance: InstanceId) {
        let exports = self.exports(instance);
        self.registered.entry(name.to_owned()).or_default().extend(exports);
    }

    fn unregister(&mut self, name: &str) {
        self.registered.remove(name);
    }

    fn invoke(
        &mut self,
        instance: InstanceId,
        field: &str,
        args: &[Value],
        results: &mut Vec<Value>,
    ) -> Result<(), Failure> {
        let func = self.instances[instance.0].get_func(&mut self.store, field);
        let func = func.ok_or_else(|| missing("function", field))?;
        let mut params = Vec::with_capacity(args.len());
        for &arg in args {
            params.push(values::val(&mut self.store, arg)?);
        }
        let mut vals = api::results(&func.ty(&self.store));
        func.call(&mut self.store, &params, &mut vals).map_err(|error| values::failed(&error))?;
        results.clear();
        for val in &vals {
            results.push(values::value(&mut self.store, val)?);
        }
        Ok(())
    }

    fn get(&mut self, instance: InstanceId, field: &str) -> Result<Value, Failure> {
        let global = self.instances[instance.0].get_global(&mut self.store, field);
        let val = global.ok_or_else(|| missing("global", field))?.get(&mut self.store);
        values::value(&mut self.store, &val)
    }
}

fn missing(what: &str, field: &str) -> Failure {
    Failure::new(Stage::Host, format!("there is no exported {what} `{field}`"))
}
