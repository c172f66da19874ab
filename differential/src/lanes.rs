//! The lanes: the ways in which our runtime can run a module, which all have to agree.
//!
//! Four are for the comparison of values. Others watch for escapes, as [`crate::oracle`] says, and are compared as well; two
//! collect garbage at every allocation, and in one modules of both engines link with each other.
//! Each lane is an engine with settings of its own, made once for a thread and shared by all of its cases; modules and stores
//! are fresh for every case. Wasm code gets so much stack that fuel runs out first: how deep a lane can recurse is then no
//! difference, and an endless recursion ends in the same place everywhere. Knows no case.

use crate::oracle::Bystander;
use assay_runtime::inspect::{self, Surroundings};
use assay_runtime::{Config, Engine, EngineKind, OptLevel, Result};

/// The stack that wasm code of a lane may use, in bytes: room for a call by every operator that the fuel of a generated case
/// pays for, with two kilobytes each.
const WASM_STACK: usize = 48 << 20;

/// Bytes of objects that the heap of a store has room for. What is larger by itself traps in every lane alike; what is refused
/// below that, by [`crate::host`], may have room in another lane.
const GC_HEAP: u64 = 64 << 20;

/// The stack, in bytes, of a thread on which lanes play: that of wasm code, and as much as the host's code around it needs.
pub const THREAD_STACK: usize = 64 << 20;

/// Runs `play` on a thread of its own, with [`THREAD_STACK`].
///
/// # Errors
/// When the system gives no thread.
///
/// # Panics
/// When `play` does.
pub fn on_lane_thread<T: Send>(play: impl FnOnce() -> T + Send) -> std::io::Result<T> {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("lanes".to_owned()).stack_size(THREAD_STACK);
        let played = builder.spawn_scoped(scope, play)?.join();
        Ok(played.unwrap_or_else(|payload| std::panic::resume_unwind(payload)))
    })
}

/// What every engine has that plays cases, whatever else it is set to.
pub fn configure(config: &mut Config, metered: bool) {
    config.parallel_compilation(false).consume_fuel(metered).max_wasm_stack(WASM_STACK);
    config.max_gc_heap(GC_HEAP);
}

/// What the interpreter has that plays a case first: nothing but that of [`Lane::Interp`] with fuel.
pub fn configure_scout(config: &mut Config) {
    configure(config, true);
    config.engine(EngineKind::Interp);
}

/// A way to run a module.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// The interpreter: the lane that the others are compared with.
    Interp,
    /// Compiled without optimisation.
    JitNone,
    /// Compiled for speed.
    JitSpeed,
    /// Compiled for speed, with explicit checks in place of hardware faults.
    JitChecked,
    /// As [`Lane::JitChecked`], with memories that end where an inaccessible page begins.
    Tight,
    /// As [`Lane::JitChecked`], with memories, tables and contexts between canaries.
    Canary,
    /// Compiled for speed, and telling the address of every access; the interpreter does so beside it.
    Shadow,
    /// Compiled for speed, in a process as good as new, and again where something else has run before.
    Reuse,
    /// Compiled for speed, with an eye on the code itself.
    Code,
    /// Compiled for speed, with a collection at every allocation.
    Zeal,
    /// Interpreted, with a collection at every allocation.
    InterpZeal,
    /// Modules compiled for speed and interpreted in turns.
    Mixed,
}

impl Lane {
    /// Every lane; the first is the one that the others are compared with.
    pub const EVERY: [Lane; 12] = [
        Lane::Interp,
        Lane::JitNone,
        Lane::JitSpeed,
        Lane::JitChecked,
        Lane::Tight,
        Lane::Canary,
        Lane::Shadow,
        Lane::Reuse,
        Lane::Code,
        Lane::Zeal,
        Lane::InterpZeal,
        Lane::Mixed,
    ];

    /// All lanes that compare values and nothing else.
    pub const ALL: [Lane; 4] = [Lane::Interp, Lane::JitNone, Lane::JitSpeed, Lane::JitChecked];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Lane::Interp => "interp",
            Lane::JitNone => "jit-none",
            Lane::JitSpeed => "jit-speed",
            Lane::JitChecked => "jit-no-signals",
            Lane::Tight => "jit-tight",
            Lane::Canary => "jit-canary",
            Lane::Shadow => "jit-shadow",
            Lane::Reuse => "jit-reuse",
            Lane::Code => "jit-code",
            Lane::Zeal => "jit-zeal",
            Lane::InterpZeal => "interp-zeal",
            Lane::Mixed => "mixed",
        }
    }

    fn config(self, metered: bool) -> Config {
        let mut config = Config::new();
        configure(&mut config, metered);
        match self {
            Lane::Interp => config.engine(EngineKind::Interp),
            Lane::JitNone => config.cranelift_opt_level(OptLevel::None),
            Lane::JitSpeed | Lane::Reuse | Lane::Code | Lane::Mixed => {
                config.cranelift_opt_level(OptLevel::Speed)
            }
            Lane::Zeal => config.cranelift_opt_level(OptLevel::Speed).gc_zeal(true),
            Lane::InterpZeal => config.engine(EngineKind::Interp).gc_zeal(true),
            Lane::JitChecked => config.cranelift_opt_level(OptLevel::Speed).signals_based_traps(false),
            Lane::Tight => inspect::surround(&mut config, Surroundings::Tight).signals_based_traps(false),
            Lane::Canary => inspect::surround(&mut config, Surroundings::Canaries).signals_based_traps(false),
            Lane::Shadow => inspect::record_accesses(&mut config),
        };
        config
    }
}

impl std::fmt::Display for Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The engines of all lanes, with and without fuel.
pub struct Lanes {
    metered: Vec<Engine>,
    plain: Vec<Engine>,
    /// The interpreter beside [`Lane::Shadow`], with fuel and without.
    beside: (Engine, Engine),
    bystander: Option<Bystander>,
}

impl Lanes {
    /// Makes the engines.
    ///
    /// # Errors
    /// When this host cannot run one of them.
    pub fn new() -> Result<Self> {
        // Made first: it is there before anything else, and stays.
        let bystander = Some(Bystander::new()?);
        let engines = |metered| {
            Lane::EVERY.iter().map(|lane| Engine::new(&lane.config(metered))).collect::<Result<_>>()
        };
        let beside = |metered| Engine::new(inspect::record_accesses(&mut Lane::Interp.config(metered)));
        let beside = (beside(true)?, beside(false)?);
        Ok(Self { metered: engines(true)?, plain: engines(false)?, beside, bystander })
    }

    /// The same without the bystander, to see what it is worth.
    #[must_use]
    pub fn without_bystander(self) -> Self {
        Self { bystander: None, ..self }
    }

    /// Who must not notice anything.
    pub(crate) fn bystander(&self) -> Option<&Bystander> {
        self.bystander.as_ref()
    }

    /// The interpreter that tells of its accesses.
    pub(crate) fn beside(&self, metered: bool) -> &Engine {
        if metered { &self.beside.0 } else { &self.beside.1 }
    }

    /// The engine of a lane.
    pub fn engine(&self, lane: Lane, metered: bool) -> &Engine {
        let engines = if metered { &self.metered } else { &self.plain };
        &engines[lane as usize]
    }
}
