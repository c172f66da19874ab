//! The heap as the embedder uses it: objects, host data, handles, settings.
//!
//! What enters and leaves are the bits of references. They are good until the next allocation or call; whoever keeps one
//! longer makes a handle of it.

use super::{GcStats, MayCollect, OwnedRootId, RootId, RootScopeId};
use crate::store::{Store, TagId};
use crate::value::Value;
use assay_model::layout::AbiKind;
use assay_model::layout::object::{EXCEPTION_TAG, FieldSlot, Slot, header};
use std::any::Any;

impl Store {
    /// Keeps host data as long as references to it are found; the reference. `None` when there is too much.
    pub fn new_host_data(&mut self, data: Box<dyn Any + Send + Sync>) -> Option<u32> {
        let state = self.state_mut();
        if state.gc.host_data.wants_collection() {
            state.collect();
        }
        state.gc.host_data.insert(data)
    }

    /// The host data behind a reference; `None` when it leads to none.
    pub fn host_data(&self, bits: u32) -> Option<&(dyn Any + Send + Sync)> {
        self.state().gc.host_data.get(bits)
    }

    /// The host data behind a reference, to change.
    pub fn host_data_mut(&mut self, bits: u32) -> Option<&mut (dyn Any + Send + Sync + 'static)> {
        self.state_mut().gc.host_data.get_mut(bits)
    }

    /// Allocates an object of a canonical type with `length` elements (0 where it is no array). Its body is zero. `None`
    /// when the heap is full.
    pub fn new_object(&mut self, type_id: u32, length: u32) -> Option<u32> {
        self.state_mut().allocate_object(type_id, length, MayCollect::Yes)
    }

    /// The descriptor of a structure whose type has one.
    pub fn object_descriptor(&self, structure: u32) -> u32 {
        self.state().read_object(structure, DESCRIPTOR).as_ref32()
    }

    /// Gives a new structure its descriptor. Whoever makes one of a type with a descriptor does so at once.
    pub fn describe_object(&mut self, structure: u32, descriptor: u32) {
        self.state_mut().write_object(structure, DESCRIPTOR, Value::from_ref(descriptor));
    }

    /// Allocates an exception. Its values are zero. `None` when the heap is full.
    pub fn new_exception(&mut self, tag: TagId) -> Option<u32> {
        let state = self.state_mut();
        let identity = &raw const *state.tags[tag.index()];
        let type_id = state.tags[tag.index()].type_id;
        let exception = state.allocate_object(type_id, 0, MayCollect::Yes)?;
        state.write_object(exception, TAG, Value::from_bits(identity as usize as u128));
        Some(exception)
    }

    /// The tag of an exception.
    ///
    /// # Panics
    /// When the reference does not lead to an exception of this store.
    pub fn exception_tag(&self, exception: u32) -> TagId {
        let state = self.state();
        let identity = state.read_object(exception, TAG).low() as usize;
        let mut tags = state.tags.iter();
        let found = tags.position(|tag| &raw const **tag as usize == identity);
        TagId(found.expect("tags live as long as their store") as u32)
    }

    /// The canonical type of an object; `None` for null, `i31` and host data.
    pub fn object_type(&self, bits: u32) -> Option<u32> {
        self.state().object_type(bits)
    }

    /// The number of elements of an array.
    pub fn array_len(&self, array: u32) -> u32 {
        self.state().array_len(array)
    }

    /// Reads a field of a structure, a value of an exception or an element of an array; packed integers with zeros in
    /// front. `None` past the end.
    pub fn object_get(&self, object: u32, index: u32) -> Option<Value> {
        let state = self.state();
        Some(state.read_object(object, state.object_slot(object, index)?))
    }

    /// Writes a field, value or element; packed integers are cut. `None` past the end.
    pub fn object_set(&mut self, object: u32, index: u32, value: Value) -> Option<()> {
        let state = self.state_mut();
        let slot = state.object_slot(object, index)?;
        state.write_object(object, slot, value);
        Some(())
    }

    /// A handle for a reference, until the innermost scope ends.
    pub fn root(&mut self, bits: u32) -> RootId {
        self.state_mut().gc.handles.root(bits)
    }

    /// The reference of a handle; `None` when its scope has ended.
    pub fn rooted(&self, id: RootId) -> Option<u32> {
        self.state().gc.handles.get(id)
    }

    /// Begins a scope for handles.
    pub fn begin_root_scope(&self) -> RootScopeId {
        self.state().gc.handles.scope()
    }

    /// Ends a scope: the handles made in it are void.
    pub fn end_root_scope(&mut self, scope: RootScopeId) {
        self.state_mut().gc.handles.end_scope(scope);
    }

    /// A handle for a reference that needs no scope.
    pub fn own_root(&mut self, bits: u32) -> OwnedRootId {
        self.state_mut().gc.handles.own(bits)
    }

    /// The reference of an owned handle; `None` when it is of another store.
    pub fn owned_root(&self, id: &OwnedRootId) -> Option<u32> {
        self.state().gc.handles.get_owned(id)
    }

    /// Collects now.
    pub fn collect_garbage(&mut self) {
        self.state_mut().collect();
        let dropped = std::mem::take(&mut self.state_mut().gc.dropped);
        drop(dropped);
    }

    /// Chooses whether every allocation collects.
    pub fn set_gc_zeal(&mut self, zeal: bool) {
        self.state_mut().choose_gc_zeal(zeal);
    }

    /// Sets how many bytes objects may take at the most, alive or not yet collected.
    pub fn set_gc_limit(&mut self, bytes: u64) {
        self.state_mut().gc.most = u32::try_from(bytes).unwrap_or(u32::MAX);
    }

    /// What the collector has done so far.
    pub fn gc_stats(&self) -> GcStats {
        self.state().gc.stats
    }

    /// Bytes of objects, alive or not yet collected.
    pub fn gc_heap_used(&self) -> u32 {
        self.state().gc_heap_used()
    }

    /// How many host data are kept.
    pub fn host_data_len(&self) -> usize {
        self.state().gc.host_data.len()
    }
}

/// Where an exception keeps its tag, as a slot of the width of a pointer.
const TAG: FieldSlot = FieldSlot { offset: EXCEPTION_TAG, slot: Slot::Val(AbiKind::I64) };

/// Where a structure keeps its descriptor.
const DESCRIPTOR: FieldSlot = FieldSlot { offset: header::DESCRIPTOR, slot: Slot::Val(AbiKind::Ref) };
