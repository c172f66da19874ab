//! For tests: a module from its text to a running instance, with nothing between but `vm`.

use crate::{ARRAY_CALL, LowerOptions, lower};
use assay_model::features::FeatureSet;
use assay_model::layout::{AbiSig, VmCtxLayout};
use assay_model::module::{ImportItem, ModuleModel};
use assay_model::trap::TrapKind;
use assay_model::types::CanonicalTypes;
use assay_vm::{
    DefinedFuncs, ExternId, FuncId, Imports, InstanceId, InstanceParts, MemoryPlan, Raised, Reason, Store,
    Surroundings, TypeInfos, Value,
};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// A store with what its instances share.
pub(crate) struct Rig {
    pub(crate) store: Store,
    pub(crate) epoch: Arc<AtomicU64>,
    /// The detail of the last trap.
    pub(crate) detail: Option<u64>,
    types: CanonicalTypes,
    infos: Arc<TypeInfos>,
    options: LowerOptions,
}

/// What a call left.
pub(crate) type Outcome = Result<Vec<u64>, TrapKind>;

impl Rig {
    pub(crate) fn new(options: LowerOptions) -> Self {
        let epoch = Arc::new(AtomicU64::new(0));
        let infos = Arc::new(TypeInfos::new().unwrap());
        let store = Store::new(&epoch, &infos, 512 << 10);
        Self { store, epoch, detail: None, types: CanonicalTypes::default(), infos, options }
    }

    /// Instantiates a module with the functions it imports, in their order.
    pub(crate) fn instantiate(&mut self, text: &str, funcs: Vec<FuncId>) -> InstanceId {
        self.instantiate_with(text, Imports { funcs, ..Imports::default() })
    }

    /// Instantiates a module with what it imports.
    pub(crate) fn instantiate_with(&mut self, text: &str, imports: Imports) -> InstanceId {
        let bytes: Arc<[u8]> = wat::parse_str(text).unwrap().into();
        let features = FeatureSet::built_by_interp();
        let parsed = assay_parse::parse_for(&bytes, features, features).unwrap();
        let bytecode = Arc::new(lower(&parsed, &bytes, &self.options).unwrap());
        let model: ModuleModel = parsed.model;
        let ids = self.types.intern_module(&model.types, &model.rec_groups);
        self.infos.extend(&self.types).unwrap();
        let type_ids: Arc<[u32]> = ids.iter().map(|id| id.0).collect();
        let body = |func| bytecode.body(model.defined_func(func).unwrap());
        // SAFETY: `ARRAY_CALL` runs the code that `bytecode` keeps.
        let code = unsafe {
            DefinedFuncs::interpreted(&model, &type_ids, ARRAY_CALL, body, |ty| ty as u32, bytecode.clone())
        };
        let layout = VmCtxLayout::new(&model);
        let memories = MemoryPlan { guards: false, around: Surroundings::Plain };
        let model = Arc::new(model);
        let parts = InstanceParts { model, layout, type_ids, bytes, code, memories, token: 0 };
        self.store.instantiate(&parts, imports).unwrap()
    }

    pub(crate) fn func(&mut self, instance: InstanceId, name: &str) -> FuncId {
        let ExternId::Func(func) = self.export(instance, name) else { panic!("`{name}` is no function") };
        func
    }

    pub(crate) fn export(&mut self, instance: InstanceId, name: &str) -> ExternId {
        let model = self.store.instance_model(instance).clone();
        let export = model.exports.iter().find(|export| export.name == name).unwrap();
        self.store.instance_item(instance, export.item)
    }

    /// Calls an export with arguments as cells.
    pub(crate) fn call(&mut self, instance: InstanceId, name: &str, arguments: &[u64]) -> Outcome {
        let arguments: Vec<u128> = arguments.iter().map(|&cell| u128::from(cell)).collect();
        let results = self.call_bits(instance, name, &arguments)?;
        Ok(results.into_iter().map(|bits| bits as u64).collect())
    }

    /// Calls an export with arguments as all their bits.
    pub(crate) fn call_bits(
        &mut self,
        instance: InstanceId,
        name: &str,
        arguments: &[u128],
    ) -> Result<Vec<u128>, TrapKind> {
        self.attempt(instance, name, arguments).map_err(|raised| match raised.reason {
            Reason::Trap { kind, detail } => {
                self.detail = detail;
                kind
            }
            other => panic!("{other:?}"),
        })
    }

    /// Calls an export; whatever it is left by comes back.
    pub(crate) fn attempt(
        &mut self,
        instance: InstanceId,
        name: &str,
        arguments: &[u128],
    ) -> Result<Vec<u128>, Raised> {
        let func = self.func(instance, name);
        let model = self.store.instance_model(instance).clone();
        let export = model.exports.iter().find(|export| export.name == name).unwrap();
        let ImportItem::Func(index) = export.item else { panic!("`{name}` is no function") };
        let ty = model.func_type(index);
        let shape = AbiSig::of(ty, &|_| true);
        let mut values = vec![Value::ZERO; shape.array_len()];
        for (value, &bits) in values.iter_mut().zip(arguments) {
            *value = Value::from_bits(bits);
        }
        // SAFETY: the array has room for parameters and results, and the arguments are numbers.
        unsafe { self.store.call(func, &mut values) }?;
        Ok(values[..ty.results.len()].iter().map(|value| value.to_bits()).collect())
    }
}

/// Calls the export `run` of a module of its own, whose every allocation moves all objects.
pub(crate) fn run_moving(text: &str, arguments: &[u64]) -> Outcome {
    let mut rig = Rig::new(LowerOptions::default());
    rig.store.set_gc_zeal(true);
    let instance = rig.instantiate(text, Vec::new());
    rig.call(instance, "run", arguments)
}

/// Calls the export `run` of a module of its own.
pub(crate) fn run(text: &str, arguments: &[u64]) -> Outcome {
    let mut rig = Rig::new(LowerOptions::default());
    let instance = rig.instantiate(text, Vec::new());
    rig.call(instance, "run", arguments)
}
