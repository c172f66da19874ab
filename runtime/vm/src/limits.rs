//! Who is asked before a store grows.

/// The embedder's say in growth. `owner` is the pointer that [`crate::Store::set_owner`] was given.
pub trait Limiter {
    /// Whether a memory may go from `current` to `desired` bytes.
    fn memory_growing(&mut self, owner: *mut (), current: u64, desired: u64, maximum: Option<u64>) -> bool;
    /// Whether a table may go from `current` to `desired` elements.
    fn table_growing(&mut self, owner: *mut (), current: u64, desired: u64, maximum: Option<u64>) -> bool;
    /// Whether the heap of objects may go from `current` to `desired` bytes, of at most `maximum`.
    fn gc_heap_growing(&mut self, owner: *mut (), current: u64, desired: u64, maximum: u64) -> bool;
    /// How many instances the store may hold.
    fn instances(&mut self, owner: *mut ()) -> usize;
}
