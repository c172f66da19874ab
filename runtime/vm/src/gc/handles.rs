//! References that the embedder holds. The collector finds and updates them here; what the embedder has are places.
//!
//! Handles of a scope go with it, last in, first out; owned ones go when their last token is dropped, which needs no
//! store. A handle says which making of its place it means, so one that outlived its scope is an error and never another
//! object.

use assay_model::fault::{Fault, planted};
use std::sync::Arc;

/// A handle that lives until its scope ends.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct RootId {
    place: u32,
    making: u32,
}

/// A handle that lives as long as it, or a clone of it.
#[derive(Clone, Debug)]
pub struct OwnedRootId {
    place: u32,
    /// The store has the other one.
    token: Arc<()>,
}

/// Where a scope began.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct RootScopeId(u32);

/// The handles of a store.
#[derive(Debug, Default)]
pub(crate) struct Handles {
    scoped: Vec<(u32, u32)>,
    makings: u32,
    owned: Vec<Option<(u32, Arc<()>)>>,
    free: Vec<u32>,
    /// Owned handles after the last look at their tokens.
    kept: usize,
}

impl Handles {
    /// A handle for a reference, in the innermost scope.
    pub(crate) fn root(&mut self, bits: u32) -> RootId {
        let place = u32::try_from(self.scoped.len()).expect("handles of a store fit into memory");
        self.makings = self.makings.wrapping_add(1);
        self.scoped.push((bits, self.makings));
        RootId { place, making: self.makings }
    }

    /// The reference of a handle; `None` when its scope has ended.
    pub(crate) fn get(&self, id: RootId) -> Option<u32> {
        let &(bits, making) = self.scoped.get(id.place as usize)?;
        (making == id.making).then_some(bits)
    }

    /// Begins a scope.
    pub(crate) fn scope(&self) -> RootScopeId {
        RootScopeId(self.scoped.len() as u32)
    }

    /// Ends a scope: its handles are void.
    pub(crate) fn end_scope(&mut self, scope: RootScopeId) {
        self.scoped.truncate(scope.0 as usize);
    }

    /// An owned handle for a reference.
    pub(crate) fn own(&mut self, bits: u32) -> OwnedRootId {
        if self.free.is_empty() && self.owned.len() >= self.kept * 2 + 16 {
            self.drop_unowned();
        }
        let token = Arc::new(());
        let entry = Some((bits, Arc::clone(&token)));
        let place = match self.free.pop() {
            Some(place) => {
                self.owned[place as usize] = entry;
                place
            }
            None => {
                self.owned.push(entry);
                u32::try_from(self.owned.len() - 1).expect("handles of a store fit into memory")
            }
        };
        OwnedRootId { place, token }
    }

    /// The reference of an owned handle; `None` when it is not of this store.
    pub(crate) fn get_owned(&self, id: &OwnedRootId) -> Option<u32> {
        let (bits, token) = self.owned.get(id.place as usize)?.as_ref()?;
        Arc::ptr_eq(token, &id.token).then_some(*bits)
    }

    fn drop_unowned(&mut self) {
        for (entry, place) in self.owned.iter_mut().zip(0..) {
            if entry.take_if(|(_, token)| Arc::strong_count(token) == 1).is_some() {
                self.free.push(place);
            }
        }
        self.kept = self.owned.len() - self.free.len();
    }

    /// Shows every reference that is still held.
    pub(crate) fn visit(&mut self, visit: &mut dyn FnMut(&mut u32)) {
        self.drop_unowned();
        self.scoped.iter_mut().for_each(|(bits, _)| visit(bits));
        if !planted(Fault::HandlesNotForwarded) {
            self.owned.iter_mut().flatten().for_each(|(bits, _)| visit(bits));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_outside_of_its_scope_is_void_for_ever() {
        let mut handles = Handles::default();
        let outer = handles.root(8);
        let scope = handles.scope();
        let inner = handles.root(16);
        assert_eq!((handles.get(outer), handles.get(inner)), (Some(8), Some(16)));
        handles.end_scope(scope);
        let next = handles.root(24);
        assert_eq!((handles.get(inner), handles.get(next)), (None, Some(24)));
    }

    #[test]
    fn owned_handles_go_with_their_last_clone() {
        let mut handles = Handles::default();
        let first = handles.own(8);
        let clone = first.clone();
        drop(first);
        handles.visit(&mut |bits| *bits += 8);
        assert_eq!(handles.get_owned(&clone), Some(16));
        drop(clone);
        let mut seen = 0;
        handles.visit(&mut |_| seen += 1);
        assert_eq!(seen, 0);
    }
}
