//! Settings of an engine.

use crate::cache::Cache;
use assay_compile::VectorExtensions;
use assay_model::features::{Feature, FeatureSet};
use assay_vm::{MemoryPlan, Surroundings};

/// Which engine runs a module.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum EngineKind {
    /// Compiled ahead of the first call.
    Jit,
    /// Interpreted.
    Interp,
}

/// How much the compiler optimises.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum OptLevel {
    /// Not at all: shortest compile time.
    None,
    /// For speed.
    Speed,
}

/// Settings of an [`crate::Engine`].
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) kind: EngineKind,
    pub(crate) opt_level: OptLevel,
    pub(crate) signals: bool,
    pub(crate) fuel: bool,
    pub(crate) epoch: bool,
    pub(crate) max_wasm_stack: usize,
    pub(crate) verifier: bool,
    pub(crate) parallel: bool,
    pub(crate) canonical_nans: bool,
    pub(crate) address_map: bool,
    pub(crate) vectors: VectorExtensions,
    pub(crate) features: FeatureSet,
    pub(crate) cache: Option<Cache>,
    pub(crate) gc_zeal: bool,
    pub(crate) max_gc_heap: u64,
    /// Set by [`crate::inspect`] alone.
    pub(crate) around: Surroundings,
    /// Whether code tells of every access to a memory. Set by [`crate::inspect`] alone.
    pub(crate) record_accesses: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

impl Config {
    /// The defaults: compiled, optimised for speed, traps by signal, every feature that both engines run.
    pub fn new() -> Self {
        Self {
            kind: EngineKind::Jit,
            opt_level: OptLevel::Speed,
            signals: true,
            fuel: false,
            epoch: false,
            max_wasm_stack: 512 << 10,
            verifier: cfg!(debug_assertions),
            parallel: true,
            canonical_nans: false,
            address_map: true,
            vectors: VectorExtensions::Host,
            features: FeatureSet::default(),
            cache: None,
            gc_zeal: false,
            max_gc_heap: 1 << 30,
            around: Surroundings::Plain,
            record_accesses: false,
        }
    }

    /// How memories are mapped.
    pub(crate) fn memory_plan(&self) -> MemoryPlan {
        MemoryPlan { guards: self.signals, around: self.around }
    }

    /// Which engine [`crate::Module::new`] prepares modules for.
    pub fn engine(&mut self, kind: EngineKind) -> &mut Self {
        self.kind = kind;
        self
    }

    /// How much the compiler optimises.
    pub fn cranelift_opt_level(&mut self, level: OptLevel) -> &mut Self {
        self.opt_level = level;
        self
    }

    /// Whether compiled code may rely on hardware faults for traps (default), or checks everything itself. It does the
    /// latter in any case where address space is too short for guarded memories (`ulimit -v`).
    pub fn signals_based_traps(&mut self, on: bool) -> &mut Self {
        self.signals = on;
        self
    }

    /// Whether every allocation in the GC heap collects, so that a reference that the collector does not know of is found at
    /// once. For tests.
    pub fn gc_zeal(&mut self, on: bool) -> &mut Self {
        self.gc_zeal = on;
        self
    }

    /// Bytes that the GC heap of a store may take, alive or not yet collected; 1 GiB unless told. While it collects, a store
    /// has as much again for copies.
    pub fn max_gc_heap(&mut self, bytes: u64) -> &mut Self {
        self.max_gc_heap = bytes;
        self
    }

    /// Whether running code consumes fuel.
    pub fn consume_fuel(&mut self, on: bool) -> &mut Self {
        self.fuel = on;
        self
    }

    /// Whether running code looks at the engine's epoch.
    pub fn epoch_interruption(&mut self, on: bool) -> &mut Self {
        self.epoch = on;
        self
    }

    /// Native stack, in bytes, that wasm code may use, as far as the thread has it. The interpreter, which keeps its frames
    /// elsewhere, gets room in proportion.
    pub fn max_wasm_stack(&mut self, bytes: usize) -> &mut Self {
        self.max_wasm_stack = bytes;
        self
    }

    /// Whether the compiler verifies its intermediate code. Off in release builds.
    pub fn cranelift_debug_verifier(&mut self, on: bool) -> &mut Self {
        self.verifier = on;
        self
    }

    /// Whether compiled code makes NaN results canonical, so that equal inputs give equal bits.
    pub fn cranelift_nan_canonicalization(&mut self, on: bool) -> &mut Self {
        self.canonical_nans = on;
        self
    }

    /// Whether compiled code knows where in the module it comes from (default). Backtraces have no offsets without.
    pub fn generate_address_map(&mut self, on: bool) -> &mut Self {
        self.address_map = on;
        self
    }

    /// Up to which vector extension of the processor compiled code may go. Less than it has is for tests.
    pub fn x86_vector_extensions(&mut self, vectors: VectorExtensions) -> &mut Self {
        self.vectors = vectors;
        self
    }

    /// Whether functions are compiled on several threads.
    pub fn parallel_compilation(&mut self, on: bool) -> &mut Self {
        self.parallel = on;
        self
    }

    /// Where code of compiled modules is kept from one process to the next; nowhere by default. Whoever can write there
    /// decides what code runs: [`Cache`] says what it checks. The interpreter has nothing to keep.
    pub fn cache(&mut self, cache: Option<Cache>) -> &mut Self {
        self.cache = cache;
        self
    }

    /// Switches a feature on or off.
    pub fn wasm_feature(&mut self, feature: Feature, on: bool) -> &mut Self {
        self.features = self.features.set(feature, on);
        self
    }

    /// Sets the features as a whole. A feature that is on but not built makes modules that need it
    /// [`crate::Error::Unsupported`] instead of invalid.
    pub fn features(&mut self, features: FeatureSet) -> &mut Self {
        self.features = features;
        self
    }
}
