//! The engine: settings, canonical types and the compiler, shared by modules and stores.

use crate::artifact::Identity;
use crate::config::{Config, EngineKind, OptLevel};
use crate::error::{Error, Result};
use assay_compile::{CompileOptions, Compiler};
use assay_model::features::FeatureSet;
use assay_model::layout::AbiSig;
use assay_model::module::ModuleModel;
use assay_model::types::{CanonId, CanonicalTypes, FuncType, TypeRef};
use assay_vm::{TooManyTypes, TypeInfos};
use rustc_hash::FxHashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard};

/// Canonical types that modules leave to embedders.
const ROOM_FOR_EMBEDDERS: usize = 4096;

/// A cheap handle to an engine.
///
/// An engine keeps the types of its modules for as long as it lives, equal ones once: four million of them where address space
/// is not short. A module that brings more is refused ([`Error::Limit`](crate::Error::Limit)). Whoever loads ever new modules
/// from strangers makes a new engine now and then.
#[derive(Clone)]
pub struct Engine(Arc<EngineInner>);

struct EngineInner {
    config: Config,
    types: RwLock<TypeTable>,
    /// What code knows of the canonical types.
    type_infos: Arc<TypeInfos>,
    compiler: OnceLock<std::result::Result<Compiler, String>>,
    identity: OnceLock<Identity>,
    epoch: Arc<AtomicU64>,
}

/// Canonical types and machine shapes of an engine.
#[derive(Default)]
pub(crate) struct TypeTable {
    pub(crate) canonical: CanonicalTypes,
    shapes: FxHashMap<AbiSig, u32>,
}

impl TypeTable {
    /// The machine shape of a canonical function type.
    pub(crate) fn shape(&self, ty: &FuncType) -> AbiSig {
        let is_func = |reference: TypeRef| match reference {
            TypeRef::Canonical(id) => self.canonical.func(id).is_some(),
            _ => false,
        };
        AbiSig::of(ty, &is_func)
    }

    /// The engine's number for a shape.
    pub(crate) fn shape_number(&mut self, shape: &AbiSig) -> u32 {
        if let Some(&number) = self.shapes.get(shape) {
            return number;
        }
        let number = u32::try_from(self.shapes.len()).expect("fewer than 2^32 shapes fit into memory");
        self.shapes.insert(shape.clone(), number);
        number
    }

    /// The canonical number and shape of a function type whose references are canonical.
    pub(crate) fn intern_func(&mut self, ty: &FuncType) -> (CanonId, u32) {
        let id = self.canonical.intern_func(ty);
        let shape = self.shape(ty);
        (id, self.shape_number(&shape))
    }
}

impl Default for Engine {
    /// An engine with the default settings.
    ///
    /// # Panics
    /// Never: the default settings are valid on every supported host.
    fn default() -> Self {
        Self::new(&Config::new()).expect("the default settings are valid")
    }
}

impl Engine {
    /// An engine with these settings.
    ///
    /// # Errors
    /// When the settings contradict each other or the host.
    pub fn new(config: &Config) -> Result<Self> {
        let mut config = config.clone();
        config.signals &= assay_vm::room_for_guards() && config.around == assay_vm::Surroundings::Plain;
        if config.signals {
            assay_vm::install_signal_handlers();
        }
        let kind = config.kind;
        let type_infos = TypeInfos::new();
        let type_infos =
            type_infos.map_err(|error| Error::Limit(format!("no address space for types: {error}")))?;
        type_infos.make_room(ROOM_FOR_EMBEDDERS).map_err(|full| Error::Limit(full.to_string()))?;
        let engine = Self(Arc::new(EngineInner {
            config,
            types: RwLock::default(),
            type_infos: Arc::new(type_infos),
            compiler: OnceLock::new(),
            identity: OnceLock::new(),
            epoch: Arc::new(AtomicU64::new(0)),
        }));
        if kind == EngineKind::Jit {
            engine.compiler()?;
        }
        Ok(engine)
    }

    /// The settings, as far as the host allows them.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Moves the epoch on by one, which interrupts code whose deadline that is. Safe to call from any thread and from
    /// signal handlers.
    pub fn increment_epoch(&self) {
        self.0.epoch.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether both handles are of one engine.
    pub fn same(a: &Engine, b: &Engine) -> bool {
        Arc::ptr_eq(&a.0, &b.0)
    }

    pub(crate) fn epoch(&self) -> &Arc<AtomicU64> {
        &self.0.epoch
    }

    pub(crate) fn types(&self) -> RwLockReadGuard<'_, TypeTable> {
        self.0.types.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn type_infos(&self) -> &Arc<TypeInfos> {
        &self.0.type_infos
    }

    /// Changes the table, and tells code of the types that are new.
    ///
    /// # Panics
    /// When an embedder defines more than [`ROOM_FOR_EMBEDDERS`] types of its own: modules leave room for so many.
    pub(crate) fn with_types<R>(&self, change: impl FnOnce(&mut TypeTable) -> R) -> R {
        let mut types = self.0.types.write().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut types);
        self.0.type_infos.extend(&types.canonical).expect("modules leave room for the embedder's types");
        changed
    }

    /// The compiler, made when it is first asked for.
    pub(crate) fn compiler(&self) -> Result<&Compiler> {
        let config = &self.0.config;
        let made = self.0.compiler.get_or_init(|| {
            let options = CompileOptions {
                opt_level: match config.opt_level {
                    OptLevel::None => assay_compile::OptLevel::None,
                    OptLevel::Speed => assay_compile::OptLevel::Speed,
                },
                signals_based_traps: config.signals,
                verifier: config.verifier,
                fuel: config.fuel,
                epoch: config.epoch,
                parallel: config.parallel,
                nan_canonicalization: config.canonical_nans,
                vectors: config.vectors,
                address_map: config.address_map,
                record_accesses: config.record_accesses,
                ..CompileOptions::default()
            };
            Compiler::host(options).map_err(|error| error.to_string())
        });
        made.as_ref().map_err(|message| Error::Usage(message.clone()))
    }

    /// The features that modules may use.
    pub fn features(&self) -> FeatureSet {
        self.0.config.features
    }

    /// What code that this engine compiles depends on: the processor's extensions that it may use, and the choices that
    /// were made, as far as the host allows them.
    ///
    /// # Errors
    /// When this host cannot run compiled code.
    pub fn target(&self) -> Result<assay_compile::Target> {
        Ok(self.compiler()?.target())
    }

    /// What compiled modules of this engine are made by and for.
    pub(crate) fn identity(&self) -> Result<&Identity> {
        let compiler = self.compiler()?;
        Ok(self.0.identity.get_or_init(|| Identity::new(&compiler.target(), self.0.config.features)))
    }

    /// Gives the types of a module canonical numbers and rewrites references in its tables and globals to them.
    ///
    /// # Errors
    /// When the engine has no room for its types.
    pub(crate) fn intern_module(&self, model: &mut ModuleModel) -> Result<Arc<[u32]>> {
        let ids = self.with_types(|types| {
            // Behind the lock, so that nobody else takes the room.
            self.0.type_infos.make_room(model.types.len() + ROOM_FOR_EMBEDDERS)?;
            Ok(types.canonical.intern_module(&model.types, &model.rec_groups))
        });
        let ids = ids.map_err(|full: TooManyTypes| Error::Limit(full.to_string()))?;
        let mut rename = |reference: TypeRef| match reference {
            TypeRef::Module(index) => TypeRef::Canonical(ids[index.index()]),
            other => other,
        };
        for table in &mut model.tables {
            table.element = table.element.map_refs(&mut rename);
        }
        for global in &mut model.globals {
            global.content = global.content.map_refs(&mut rename);
        }
        Ok(ids.iter().map(|id| id.0).collect())
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("config", &self.0.config).finish_non_exhaustive()
    }
}
