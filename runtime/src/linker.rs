//! Names for imports: what is defined here can be found by every module that is instantiated.

use crate::error::{Error, MissingImport, Result};
use crate::externals::Extern;
use crate::func::{Caller, Func, IntoFunc, untyped_body};
use crate::instance::{Instance, InstancePre, check, check_shared, exactly, incompatible, missing};
use crate::module::binary;
use crate::store::{AsContext, AsContextMut, StoreOpaque};
use crate::types::FuncType;
use crate::val::Val;
use crate::{Engine, Module};
use assay_model::module::{Import, ImportItem, ModuleModel};
use assay_model::types::CanonId;
use assay_vm::HostBody;
use rustc_hash::FxHashMap;
use std::marker::PhantomData;
use std::sync::Arc;

/// Something with a name: an object of a store, or a host function that any store can have.
#[derive(Clone)]
pub(crate) enum Definition {
    Object(Extern),
    Host(Arc<HostBody>),
}

impl Definition {
    /// The object in a store.
    pub(crate) fn realize(&self, opaque: &mut StoreOpaque) -> Extern {
        match self {
            Definition::Object(item) => item.clone(),
            Definition::Host(body) => {
                Extern::Func(Func { store: opaque.id, id: opaque.vm.new_host_func(body) })
            }
        }
    }
}

/// Names for imports.
pub struct Linker<T: 'static> {
    engine: Engine,
    names: FxHashMap<String, FxHashMap<String, Definition>>,
    shadowing: bool,
    data: PhantomData<fn(T)>,
}

/// The type of an import, as text.
fn described(model: &ModuleModel, item: ImportItem) -> String {
    match item {
        ImportItem::Func(func) => model.func_type_at(model.funcs[func.index()].ty).to_string(),
        ImportItem::Table(table) => model.tables[table.index()].to_string(),
        ImportItem::Memory(memory) => model.memories[memory.index()].to_string(),
        ImportItem::Global(global) => model.globals[global.index()].to_string(),
        ImportItem::Tag(_) => "(tag)".to_owned(),
    }
}

impl<T: 'static> Clone for Linker<T> {
    fn clone(&self) -> Self {
        Self {
            engine: self.engine.clone(),
            names: self.names.clone(),
            shadowing: self.shadowing,
            data: PhantomData,
        }
    }
}

impl<T: 'static> Linker<T> {
    /// A linker without names.
    pub fn new(engine: &Engine) -> Self {
        Self { engine: engine.clone(), names: FxHashMap::default(), shadowing: false, data: PhantomData }
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether a name may be defined again (default: no).
    pub fn allow_shadowing(&mut self, allow: bool) -> &mut Self {
        self.shadowing = allow;
        self
    }

    /// Defines an object of a store.
    ///
    /// # Errors
    /// When the name is taken.
    pub fn define(
        &mut self,
        _store: impl AsContext<Data = T>,
        module: &str,
        name: &str,
        item: impl Into<Extern>,
    ) -> Result<&mut Self> {
        self.insert(module, name, Definition::Object(item.into()))
    }

    /// Defines a host function by a closure.
    ///
    /// # Errors
    /// When the name is taken.
    pub fn func_wrap<Params, Results>(
        &mut self,
        module: &str,
        name: &str,
        function: impl IntoFunc<T, Params, Results>,
    ) -> Result<&mut Self> {
        let body = function.into_body(&self.engine);
        self.insert(module, name, Definition::Host(body))
    }

    /// Defines a host function whose values are checked at each call.
    ///
    /// # Errors
    /// When the name is taken.
    pub fn func_new(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        function: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    ) -> Result<&mut Self> {
        let body = untyped_body::<T>(&self.engine, ty, function);
        self.insert(module, name, Definition::Host(body))
    }

    /// Defines every export of an instance under `module`.
    ///
    /// # Errors
    /// When a name is taken.
    pub fn instance(
        &mut self,
        mut store: impl AsContextMut<Data = T>,
        module: &str,
        instance: Instance,
    ) -> Result<&mut Self> {
        for (name, item) in instance.exports(store.as_context_mut()) {
            self.insert(module, &name, Definition::Object(item))?;
        }
        Ok(self)
    }

    /// Instantiates a module and defines its exports under `name`.
    ///
    /// # Errors
    /// As for [`Linker::instantiate`] and [`Linker::instance`].
    pub fn module(
        &mut self,
        mut store: impl AsContextMut<Data = T>,
        name: &str,
        module: &Module,
    ) -> Result<&mut Self> {
        let instance = self.instantiate(store.as_context_mut(), module)?;
        self.instance(store, name, instance)
    }

    /// Gives everything under `module` a second first name.
    ///
    /// # Errors
    /// When `module` is unknown or a name is taken.
    pub fn alias_module(&mut self, module: &str, as_module: &str) -> Result<()> {
        let unknown = || Error::Usage(format!("nothing is defined under `{module}`"));
        let names = self.names.get(module).ok_or_else(unknown)?.clone();
        for (name, item) in names {
            self.insert(as_module, &name, item)?;
        }
        Ok(())
    }

    fn insert(&mut self, module: &str, name: &str, item: Definition) -> Result<&mut Self> {
        let taken = self.names.get(module).is_some_and(|names| names.contains_key(name));
        if taken && !self.shadowing {
            return Err(Error::Usage(format!("`{module}` `{name}` is defined already")));
        }
        self.names.entry(module.to_owned()).or_default().insert(name.to_owned(), item);
        Ok(self)
    }

    /// What is defined under a name.
    pub fn get(&self, mut store: impl AsContextMut<Data = T>, module: &str, name: &str) -> Option<Extern> {
        let mut context = store.as_context_mut();
        Some(self.names.get(module)?.get(name)?.realize(context.opaque_mut()))
    }

    /// What a module, binary or text, imports under names that are not defined here. Function bodies are not looked at, so
    /// this is known long before the module is compiled.
    ///
    /// # Errors
    /// When the text does not parse, or what stands around the bodies is malformed, invalid or not built.
    pub fn missing_imports(&self, bytes: impl AsRef<[u8]>) -> Result<Vec<MissingImport>> {
        let bytes = binary(bytes.as_ref())?;
        let model = assay_parse::parse(&bytes, self.engine.config().features)?.model;
        let defined = |import: &&Import| {
            self.names.get(&import.module).is_some_and(|names| names.contains_key(&import.name))
        };
        let missing = |import: &Import| MissingImport {
            module: import.module.clone(),
            name: import.name.clone(),
            ty: described(&model, import.item),
        };
        Ok(model.imports.iter().filter(|import| !defined(import)).map(missing).collect())
    }

    /// Instantiates a module with the imports it names.
    ///
    /// # Errors
    /// [`crate::LinkError::Unknown`] with everything that is missing at once, and as for [`Instance::new`].
    pub fn instantiate(&self, mut store: impl AsContextMut<Data = T>, module: &Module) -> Result<Instance> {
        let mut context = store.as_context_mut();
        let items = self.find(module)?;
        for (import, item) in module.model().imports.iter().zip(&items) {
            self.check(Some(context.opaque_mut()), module, import, item)?;
        }
        InstancePre::<T>::new(module, items).instantiate(context)
    }

    /// Finds and matches the imports of a module once, to instantiate it often.
    ///
    /// # Errors
    /// As for [`Linker::instantiate`]. Objects of a store are matched when the module is instantiated.
    pub fn instantiate_pre(&self, module: &Module) -> Result<InstancePre<T>> {
        let items = self.find(module)?;
        for (import, item) in module.model().imports.iter().zip(&items) {
            self.check(None, module, import, item)?;
        }
        Ok(InstancePre::new(module, items))
    }

    fn find(&self, module: &Module) -> Result<Vec<Definition>> {
        let mut found = Vec::with_capacity(module.model().imports.len());
        let mut unknown = Vec::new();
        for (position, import) in module.model().imports.iter().enumerate() {
            match self.names.get(&import.module).and_then(|names| names.get(&import.name)) {
                Some(item) => found.push(item.clone()),
                None => unknown.push(position),
            }
        }
        if unknown.is_empty() { Ok(found) } else { Err(missing(module, &unknown)) }
    }

    fn check(
        &self,
        opaque: Option<&mut StoreOpaque>,
        module: &Module,
        import: &Import,
        item: &Definition,
    ) -> Result<()> {
        match (item, opaque) {
            (Definition::Object(item), Some(opaque)) => check(opaque, module, import, item),
            (Definition::Object(Extern::SharedMemory(given)), None) => check_shared(module, import, given),
            (Definition::Object(_), None) => {
                let message =
                    "a module that imports objects of a store cannot be prepared without that store";
                Err(Error::usage(message))
            }
            (Definition::Host(body), _) => self.check_host(module, import, body),
        }
    }

    fn check_host(&self, module: &Module, import: &Import, body: &HostBody) -> Result<()> {
        let types = self.engine.types();
        let given = CanonId(body.type_id());
        let actual = || types.canonical.func(given).map_or_else(String::new, ToString::to_string);
        match import.item {
            ImportItem::Func(func) => {
                let wanted = module.canonical_type(func);
                let exact = module.model().is_exact_import(import);
                if types.canonical.func_matches(given, wanted, exact) {
                    return Ok(());
                }
                let expected = types.canonical.func(wanted).map_or_else(String::new, ToString::to_string);
                Err(incompatible(import, exactly(module, import, expected), actual()))
            }
            ImportItem::Table(table) => {
                Err(incompatible(import, module.model().tables[table.index()].to_string(), actual()))
            }
            ImportItem::Memory(memory) => {
                Err(incompatible(import, module.model().memories[memory.index()].to_string(), actual()))
            }
            ImportItem::Global(global) => {
                Err(incompatible(import, module.model().globals[global.index()].to_string(), actual()))
            }
            ImportItem::Tag(_) => Err(incompatible(import, "(tag)".to_owned(), actual())),
        }
    }
}

impl<T: 'static> std::fmt::Debug for Linker<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Linker").field("modules", &self.names.keys()).finish_non_exhaustive()
    }
}
