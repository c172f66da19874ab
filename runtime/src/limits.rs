//! Limits on what a store may take from its host.

use crate::store::StoreInner;
use assay_vm::Limiter;

/// Decides whether a store may grow. Sizes are bytes for memories and the GC heap, and elements for tables.
pub trait ResourceLimiter {
    /// Whether a memory may grow.
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> bool;

    /// Whether a table may grow.
    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> bool;

    /// Whether the heap of objects may grow; `maximum` is [`Config::max_gc_heap`](crate::Config::max_gc_heap). It is asked for more
    /// than is needed at once, and then for just that. While it collects, a store has as much again for copies. Where nothing
    /// more is allowed and a collection makes no room, an allocation traps.
    fn gc_heap_growing(&mut self, current: usize, desired: usize, maximum: usize) -> bool {
        let _ = (current, desired, maximum);
        true
    }

    /// How many instances the store may hold.
    fn instances(&self) -> usize {
        10_000
    }
}

/// Fixed limits.
#[derive(Clone, Debug)]
pub struct StoreLimits {
    memory_size: Option<usize>,
    table_elements: Option<usize>,
    gc_heap_size: Option<usize>,
    instances: usize,
}

impl Default for StoreLimits {
    fn default() -> Self {
        StoreLimitsBuilder::new().build()
    }
}

/// Builds [`StoreLimits`].
#[derive(Clone, Debug)]
pub struct StoreLimitsBuilder(StoreLimits);

impl Default for StoreLimitsBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl StoreLimitsBuilder {
    /// No limit but on instances.
    pub fn new() -> Self {
        Self(StoreLimits { memory_size: None, table_elements: None, gc_heap_size: None, instances: 10_000 })
    }

    /// The largest size of a memory in bytes.
    #[must_use]
    pub fn memory_size(mut self, bytes: usize) -> Self {
        self.0.memory_size = Some(bytes);
        self
    }

    /// The largest number of elements of a table.
    #[must_use]
    pub fn table_elements(mut self, elements: usize) -> Self {
        self.0.table_elements = Some(elements);
        self
    }

    /// The largest size of the GC heap in bytes, alive or not yet collected.
    #[must_use]
    pub fn gc_heap_size(mut self, bytes: usize) -> Self {
        self.0.gc_heap_size = Some(bytes);
        self
    }

    /// The largest number of instances.
    #[must_use]
    pub fn instances(mut self, instances: usize) -> Self {
        self.0.instances = instances;
        self
    }

    /// The limits.
    pub fn build(self) -> StoreLimits {
        self.0
    }
}

impl ResourceLimiter for StoreLimits {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> bool {
        self.memory_size.is_none_or(|limit| desired <= limit)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> bool {
        self.table_elements.is_none_or(|limit| desired <= limit)
    }

    fn gc_heap_growing(&mut self, _current: usize, desired: usize, _maximum: usize) -> bool {
        self.gc_heap_size.is_none_or(|limit| desired <= limit)
    }

    fn instances(&self) -> usize {
        self.instances
    }
}

type Choose<T> = Box<dyn (Fn(&mut T) -> &mut dyn ResourceLimiter) + Send + Sync>;

/// Leads the machine's questions to the limiter in the embedder's data.
pub(crate) struct LimiterHook<T: 'static> {
    choose: Choose<T>,
}

impl<T: 'static> LimiterHook<T> {
    pub(crate) fn new(choose: Choose<T>) -> Self {
        Self { choose }
    }

    fn with<R>(&self, owner: *mut (), ask: impl FnOnce(&mut dyn ResourceLimiter) -> R) -> R {
        let data = owner_data::<T>(owner);
        ask((self.choose)(data))
    }
}

#[expect(unsafe_code, reason = "the machine carries the owner as an untyped pointer")]
fn owner_data<'a, T: 'static>(owner: *mut ()) -> &'a mut T {
    // SAFETY: hooks with this `T` are set by `Store<T>::limiter` only, on the machine's store whose owner is that
    // `StoreInner<T>`, which lives at one address; while the machine asks, nobody else uses the data.
    let inner = unsafe { &raw mut (*owner.cast::<StoreInner<T>>()).data };
    // SAFETY: as above.
    unsafe { &mut *inner }
}

fn size(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

impl<T: 'static> Limiter for LimiterHook<T> {
    fn memory_growing(&mut self, owner: *mut (), current: u64, desired: u64, maximum: Option<u64>) -> bool {
        self.with(owner, |limiter| limiter.memory_growing(size(current), size(desired), maximum.map(size)))
    }

    fn table_growing(&mut self, owner: *mut (), current: u64, desired: u64, maximum: Option<u64>) -> bool {
        self.with(owner, |limiter| limiter.table_growing(size(current), size(desired), maximum.map(size)))
    }

    fn gc_heap_growing(&mut self, owner: *mut (), current: u64, desired: u64, maximum: u64) -> bool {
        self.with(owner, |limiter| limiter.gc_heap_growing(size(current), size(desired), size(maximum)))
    }

    fn instances(&mut self, owner: *mut ()) -> usize {
        self.with(owner, |limiter| limiter.instances())
    }
}
