//! Modules in, artifacts out: the order of work, and who does it.
//!
//! Small modules are compiled by the calling thread, one function after the other. Large ones are shared among the
//! threads of rayon, the largest function first, so that the last one to finish is short. Which thread compiles what has
//! no influence on the artifact, and the error reported is always that of the first function that has one.

use crate::abi::WasmAbi;
use crate::error::{CompileError, Result};
use crate::function::CompiledFunction;
use crate::host::{self, Effort, Target};
use crate::options::CompileOptions;
use crate::plan::ModulePlan;
use crate::text::{Trampoline, assemble};
use crate::trampoline::Direction;
use crate::worker::{Job, Worker};
use assay_model::artifact::CodeArtifact;
use assay_model::index::DefinedFuncIdx;
use assay_model::layout::AbiSig;
use assay_parse::ParsedModule;
use cranelift_codegen::isa::OwnedTargetIsa;
use rustc_hash::FxHashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of code from which on a module is worth waking other threads for.
const PARALLEL_BYTES: usize = 16 << 10;

/// Bytes of code up to which the memory of a worker is kept for the next module.
const KEPT_BYTES: usize = 1 << 20;

/// A compiler for this host. Modules may be compiled from several threads at once.
pub struct Compiler {
    isa: OwnedTargetIsa,
    linear: OwnedTargetIsa,
    options: CompileOptions,
    trampolines: Mutex<FxHashMap<(Direction, AbiSig), Arc<CompiledFunction>>>,
    workers: Mutex<Vec<Worker>>,
}

impl Compiler {
    /// A compiler for the processor that this runs on.
    ///
    /// # Errors
    /// [`CompileError::Host`] when compiled code cannot run here.
    pub fn host(options: CompileOptions) -> Result<Self> {
        let isa = host::target(&options, Effort::Asked)?;
        let linear = host::target(&options, Effort::Linear)?;
        Ok(Self { isa, linear, options, trampolines: Mutex::default(), workers: Mutex::default() })
    }

    /// The options it was made with.
    pub fn options(&self) -> &CompileOptions {
        &self.options
    }

    /// What artifacts depend on besides the module.
    pub fn target(&self) -> Target {
        host::describe(&self.isa, &self.options)
    }

    /// Validates and compiles every function of a module. `bytes` is the binary it was parsed from.
    ///
    /// # Errors
    /// That of the first function that is invalid or cannot be compiled.
    pub fn compile(&self, parsed: &ParsedModule, bytes: &[u8]) -> Result<CodeArtifact> {
        let plan = ModulePlan::new(parsed, bytes, &self.options);
        let job = Job { isa: &self.isa, linear: &self.linear, plan: &plan, parsed, bytes };
        let functions = self.functions(&job).map_err(|error| match error {
            CompileError::Parse(error) => CompileError::Parse(parsed.classify(error, bytes)),
            other => other,
        })?;
        let entries = self.bridges(Direction::Entry, &plan.entry_shapes())?;
        let exits = self.bridges(Direction::Exit, &plan.exit_shapes())?;
        let mut artifact = assemble(&self.isa, &plan, &functions, entries, exits)?;
        if !self.options.address_map {
            artifact.address_map = Vec::new();
        }
        Ok(artifact)
    }

    fn functions(&self, job: &Job<'_>) -> Result<Vec<CompiledFunction>> {
        let bodies = &job.plan.model.bodies;
        let bytes: usize = bodies.iter().map(|body| body.len()).sum();
        if self.options.parallel && bytes >= PARALLEL_BYTES && bodies.len() > 1 {
            return self.in_parallel(job);
        }
        let mut worker = self.worker();
        let funcs = (0..bodies.len()).map(DefinedFuncIdx::from_index);
        let functions = funcs.map(|func| worker.function(job, func)).collect();
        if bytes <= KEPT_BYTES {
            self.keep(worker);
        }
        functions
    }

    fn in_parallel(&self, job: &Job<'_>) -> Result<Vec<CompiledFunction>> {
        let bodies = &job.plan.model.bodies;
        let mut order: Vec<usize> = (0..bodies.len()).collect();
        order.sort_by_key(|&func| std::cmp::Reverse(bodies[func].len()));
        let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(usize::MAX));
        let results = Mutex::new(Vec::with_capacity(bodies.len()));
        let work = || {
            let mut worker = Worker::default();
            let mut done = Vec::new();
            while let Some(&func) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                // Behind a function that failed, no other error counts.
                if func > failed.load(Ordering::Relaxed) {
                    continue;
                }
                let result = worker.function(job, DefinedFuncIdx::from_index(func));
                if result.is_err() {
                    failed.fetch_min(func, Ordering::Relaxed);
                }
                done.push((func, result));
            }
            results.lock().unwrap_or_else(PoisonError::into_inner).append(&mut done);
        };
        let threads = rayon::current_num_threads().min(bodies.len());
        rayon::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(|_| work());
            }
            work();
        });
        let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
        results.sort_by_key(|&(func, _)| func);
        results.into_iter().map(|(_, result)| result).collect()
    }

    fn bridges(&self, direction: Direction, shapes: &[&WasmAbi]) -> Result<Vec<Trampoline>> {
        shapes.iter().map(|abi| Ok((abi.sig.clone(), self.bridge(direction, abi)?))).collect()
    }

    fn bridge(&self, direction: Direction, abi: &WasmAbi) -> Result<Arc<CompiledFunction>> {
        let key = (direction, abi.sig.clone());
        if let Some(known) = self.trampolines.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Arc::clone(known));
        }
        let mut worker = self.worker();
        let code = Arc::new(worker.trampoline(&self.isa, &self.options, direction, abi)?);
        self.keep(worker);
        let mut known = self.trampolines.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(key, Arc::clone(&code));
        Ok(code)
    }

    fn worker(&self) -> Worker {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn keep(&self, worker: Worker) {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
    }
}
