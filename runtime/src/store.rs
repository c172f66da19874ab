//! The store of an embedder: the machine's store, and the embedder's data.

use crate::error::{Error, FrameInfo, MemoryAccess, Result, TrapError, WasmBacktrace};
use crate::gc::{OwnedRooted, ThrownException};
use crate::limits::{LimiterHook, ResourceLimiter};
use crate::{Engine, Module};
use assay_model::trap::TrapKind;
use assay_vm::{Frame, Raised, Reason};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The number of a store in this process, so that a handle is never used with another one.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoreId(u64);

/// What a store holds whatever the type of its data.
pub(crate) struct StoreOpaque {
    pub(crate) vm: assay_vm::Store,
    pub(crate) id: StoreId,
    pub(crate) engine: Engine,
    /// Modules with instances here, by token: backtraces name their functions.
    modules: FxHashMap<u64, Module>,
}

/// The store behind a [`Store`], at one address for its whole life.
pub(crate) struct StoreInner<T: 'static> {
    pub(crate) opaque: StoreOpaque,
    pub(crate) data: T,
}

/// Instances and their objects, with the embedder's data.
pub struct Store<T: 'static> {
    inner: Box<StoreInner<T>>,
}

/// Tells whether the epoch has reached the deadline that a store had when it was asked for this.
///
/// Compiled and interpreted code looks by itself; a host function that waits has to look now and then, and return
/// [`crate::Trap::Interrupt`].
#[derive(Clone, Debug)]
pub struct Interruption {
    epoch: Arc<AtomicU64>,
    deadline: u64,
}

impl Interruption {
    /// Whether the deadline has been reached.
    pub fn is_due(&self) -> bool {
        self.epoch.load(Ordering::Relaxed) >= self.deadline
    }
}

/// Shared access to a store.
pub struct StoreContext<'a, T: 'static>(pub(crate) &'a StoreInner<T>);

/// Exclusive access to a store.
pub struct StoreContextMut<'a, T: 'static>(pub(crate) &'a mut StoreInner<T>);

impl<T: 'static> Store<T> {
    /// An empty store.
    pub fn new(engine: &Engine, data: T) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mut vm =
            assay_vm::Store::new(engine.epoch(), engine.type_infos(), engine.config().max_wasm_stack);
        vm.set_gc_zeal(engine.config().gc_zeal);
        vm.set_gc_limit(engine.config().max_gc_heap);
        let id = StoreId(NEXT.fetch_add(1, Ordering::Relaxed));
        let opaque = StoreOpaque { vm, id, engine: engine.clone(), modules: FxHashMap::default() };
        let mut inner = Box::new(StoreInner { opaque, data });
        let owner = (&raw mut *inner).cast();
        inner.opaque.vm.set_owner(owner);
        Self { inner }
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.inner.opaque.engine
    }

    /// The embedder's data.
    pub fn data(&self) -> &T {
        &self.inner.data
    }

    /// The embedder's data, to change.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.inner.data
    }

    /// Takes the store apart.
    pub fn into_data(self) -> T {
        self.inner.data
    }

    /// Sets who is asked before memories, tables and instances are added.
    pub fn limiter(
        &mut self,
        limiter: impl (Fn(&mut T) -> &mut dyn ResourceLimiter) + Send + Sync + 'static,
    ) {
        self.inner.opaque.vm.set_limiter(Box::new(LimiterHook::<T>::new(Box::new(limiter))));
    }

    /// Sets the fuel left.
    ///
    /// # Errors
    /// When the engine does not count fuel.
    pub fn set_fuel(&mut self, fuel: u64) -> Result<()> {
        self.as_context_mut().set_fuel(fuel)
    }

    /// The fuel left.
    ///
    /// # Errors
    /// When the engine does not count fuel.
    pub fn get_fuel(&self) -> Result<u64> {
        self.as_context().get_fuel()
    }

    /// Interrupts code when the epoch has moved on by `ticks` from now.
    pub fn set_epoch_deadline(&mut self, ticks: u64) {
        self.as_context_mut().set_epoch_deadline(ticks);
    }
}

impl<T: 'static> StoreContext<'_, T> {
    /// The embedder's data.
    pub fn data(&self) -> &T {
        &self.0.data
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.0.opaque.engine
    }

    /// The fuel left.
    ///
    /// # Errors
    /// When the engine does not count fuel.
    pub fn get_fuel(&self) -> Result<u64> {
        fuel_counted(&self.0.opaque.engine)?;
        Ok(u64::try_from(self.0.opaque.vm.fuel()).unwrap_or(0))
    }
}

impl<T: 'static> StoreContext<'_, T> {
    /// When code of this store is to be interrupted, for host functions that wait. `None` when the engine does not look
    /// at its epoch.
    pub fn interruption(&self) -> Option<Interruption> {
        let opaque = &self.0.opaque;
        let epoch = opaque.engine.config().epoch.then(|| opaque.engine.epoch())?;
        Some(Interruption { epoch: Arc::clone(epoch), deadline: opaque.vm.epoch_deadline() })
    }
}

impl<'a, T: 'static> StoreContext<'a, T> {
    pub(crate) fn into_opaque(self) -> &'a StoreOpaque {
        &self.0.opaque
    }
}

impl<T: 'static> StoreContextMut<'_, T> {
    /// The embedder's data.
    pub fn data(&self) -> &T {
        &self.0.data
    }

    /// The embedder's data, to change.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.0.data
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.0.opaque.engine
    }

    /// Sets the fuel left.
    ///
    /// # Errors
    /// When the engine does not count fuel.
    pub fn set_fuel(&mut self, fuel: u64) -> Result<()> {
        fuel_counted(&self.0.opaque.engine)?;
        self.0.opaque.vm.set_fuel(i64::try_from(fuel).unwrap_or(i64::MAX));
        Ok(())
    }

    /// Interrupts code when the epoch has moved on by `ticks` from now.
    pub fn set_epoch_deadline(&mut self, ticks: u64) {
        let now = self.0.opaque.engine.epoch().load(Ordering::Relaxed);
        self.0.opaque.vm.set_epoch_deadline(now.saturating_add(ticks));
    }

    pub(crate) fn opaque_mut(&mut self) -> &mut StoreOpaque {
        &mut self.0.opaque
    }
}

impl<'a, T: 'static> StoreContextMut<'a, T> {
    pub(crate) fn into_opaque_mut(self) -> &'a mut StoreOpaque {
        &mut self.0.opaque
    }
}

fn fuel_counted(engine: &Engine) -> Result<()> {
    let message = "the engine does not count fuel; switch it on with `Config::consume_fuel`";
    if engine.config().fuel { Ok(()) } else { Err(Error::usage(message)) }
}

impl StoreOpaque {
    /// Refuses handles of other stores.
    pub(crate) fn check(&self, id: StoreId) -> Result<()> {
        if self.id == id { Ok(()) } else { Err(Error::usage("the object belongs to another store")) }
    }

    pub(crate) fn remember(&mut self, module: &Module) {
        self.modules.entry(module.token()).or_insert_with(|| module.clone());
    }

    /// The module of an instance of this store.
    pub(crate) fn module(&self, token: u64) -> &Module {
        self.modules.get(&token).expect("modules are remembered before they are instantiated")
    }

    /// What a call raised, as embedders see it. A panic of a host function goes on from here.
    pub(crate) fn raised(&mut self, raised: Raised) -> Error {
        let backtrace = self.backtrace(&raised);
        match raised.reason {
            Reason::Trap { kind, detail } => {
                let innermost = raised.frames.first().filter(|_| kind == TrapKind::MemoryOutOfBounds);
                let access = innermost.and_then(|frame| self.access(frame));
                Error::Trap(Box::new(TrapError { kind, detail, access, backtrace }))
            }
            Reason::Error(error) => match error.downcast::<Error>() {
                Ok(error) => with_backtrace(*error, backtrace),
                Err(error) => Error::Host { error, backtrace },
            },
            Reason::Exception(bits) => {
                let exception = OwnedRooted::new(self, bits);
                Error::Exception(Box::new(ThrownException { exception, backtrace }))
            }
            Reason::Panic(panic) => std::panic::resume_unwind(panic),
        }
    }

    fn backtrace(&self, raised: &Raised) -> WasmBacktrace {
        let frames = raised.frames.iter().map(|frame| self.frame(frame)).collect();
        WasmBacktrace { frames, omitted: raised.omitted }
    }

    fn frame(&self, &Frame { module, func, offset }: &Frame) -> FrameInfo {
        let module = self.modules.get(&module);
        let unnamed = || format!("<func {}>", func.0);
        FrameInfo {
            module: module.and_then(|module| module.model().name.clone()),
            func_index: func.0,
            func_name: module.map_or_else(unnamed, |module| module.model().display_name(func)),
            offset,
            symbols: module.zip(offset).map_or(Vec::new(), |(module, offset)| module.symbols(offset)),
        }
    }

    /// What the operator at which a frame stands accesses. Frames do not say whose they are, so the memory is known where
    /// the module has one instance here.
    fn access(&self, frame: &Frame) -> Option<MemoryAccess> {
        let module = self.modules.get(&frame.module)?;
        let access = assay_parse::access_at(&module.parts().bytes, frame.offset?)?;
        let mut instances = self.vm.instances_of(frame.module);
        let only = instances.next().filter(|_| instances.next().is_none());
        let memory = only.and_then(|only| self.vm.instance_objects(only).0.get(access.memory as usize));
        Some(MemoryAccess {
            width: access.width,
            memory_len: memory.map(|&memory| self.vm.memory_len(memory)),
        })
    }
}

/// An error of our own type that a host function passed on keeps its kind and gains the frames.
fn with_backtrace(error: Error, outer: WasmBacktrace) -> Error {
    let join = |mut inner: WasmBacktrace| {
        inner.frames.extend(outer.frames.iter().cloned());
        inner.omitted += outer.omitted;
        inner
    };
    match error {
        Error::Trap(mut trap) => {
            trap.backtrace = join(std::mem::take(&mut trap.backtrace));
            Error::Trap(trap)
        }
        Error::Host { error, backtrace } => Error::Host { error, backtrace: join(backtrace) },
        other => other,
    }
}

/// Whatever gives shared access to a store.
pub trait AsContext {
    /// The embedder's data.
    type Data: 'static;

    /// The access.
    fn as_context(&self) -> StoreContext<'_, Self::Data>;
}

/// Whatever gives exclusive access to a store.
pub trait AsContextMut: AsContext {
    /// The access.
    fn as_context_mut(&mut self) -> StoreContextMut<'_, Self::Data>;
}

impl<T: 'static> AsContext for Store<T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext(&self.inner)
    }
}

impl<T: 'static> AsContextMut for Store<T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        StoreContextMut(&mut self.inner)
    }
}

impl<T: 'static> AsContext for StoreContext<'_, T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext(self.0)
    }
}

impl<T: 'static> AsContext for StoreContextMut<'_, T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext(self.0)
    }
}

impl<T: 'static> AsContextMut for StoreContextMut<'_, T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        StoreContextMut(self.0)
    }
}

impl<C: AsContext> AsContext for &C {
    type Data = C::Data;

    fn as_context(&self) -> StoreContext<'_, C::Data> {
        C::as_context(self)
    }
}

impl<C: AsContext> AsContext for &mut C {
    type Data = C::Data;

    fn as_context(&self) -> StoreContext<'_, C::Data> {
        C::as_context(self)
    }
}

impl<C: AsContextMut> AsContextMut for &mut C {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, C::Data> {
        C::as_context_mut(self)
    }
}

impl<T: std::fmt::Debug + 'static> std::fmt::Debug for Store<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("data", &self.inner.data).finish_non_exhaustive()
    }
}
