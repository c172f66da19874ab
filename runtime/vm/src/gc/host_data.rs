//! Host data that references may lead to (`externref`): kept until no reference to it is left.

use assay_model::layout::object::reference;
use std::any::Any;

/// Entries that are made without a thought of collecting.
const PLENTY: usize = 1 << 14;

/// The most entries: their numbers fit a reference.
const MOST: usize = 1 << (32 - reference::HOST_SHIFT);

/// The data of a store.
#[derive(Default)]
pub(crate) struct HostData {
    entries: Vec<Option<Box<dyn Any + Send + Sync>>>,
    free: Vec<u32>,
    marks: Vec<bool>,
    /// How many entries were in use after the last collection.
    kept: usize,
}

impl HostData {
    /// Keeps `data`; the reference to it. `None` when there are too many.
    pub(crate) fn insert(&mut self, data: Box<dyn Any + Send + Sync>) -> Option<u32> {
        let number = match self.free.pop() {
            Some(number) => number,
            None if self.entries.len() < MOST => {
                self.entries.push(None);
                self.entries.len() as u32 - 1
            }
            None => return None,
        };
        self.entries[number as usize] = Some(data);
        Some(number << reference::HOST_SHIFT | reference::HOST)
    }

    /// The data behind a reference; `None` when it is no reference to host data.
    pub(crate) fn get(&self, bits: u32) -> Option<&(dyn Any + Send + Sync)> {
        if bits & reference::MASK != reference::HOST {
            return None;
        }
        self.entries.get((bits >> reference::HOST_SHIFT) as usize)?.as_deref()
    }

    /// The same, to change.
    pub(crate) fn get_mut(&mut self, bits: u32) -> Option<&mut (dyn Any + Send + Sync + 'static)> {
        if bits & reference::MASK != reference::HOST {
            return None;
        }
        self.entries.get_mut((bits >> reference::HOST_SHIFT) as usize)?.as_deref_mut()
    }

    /// Whether so much was added since the last collection that another one is worth its time.
    pub(crate) fn wants_collection(&self) -> bool {
        self.free.is_empty() && self.entries.len() >= self.kept.saturating_mul(2).max(PLENTY)
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// Begins a collection: nothing is known to be in use.
    pub(crate) fn unmark(&mut self) {
        self.marks.clear();
        self.marks.resize(self.entries.len(), false);
    }

    /// A reference to host data was found.
    pub(crate) fn mark(&mut self, bits: u32) {
        if let Some(mark) = self.marks.get_mut((bits >> reference::HOST_SHIFT) as usize) {
            *mark = true;
        }
    }

    /// Ends a collection: what was not found is given back, to be dropped where the embedder's code may run.
    #[must_use]
    pub(crate) fn sweep(&mut self) -> Vec<Box<dyn Any + Send + Sync>> {
        let mut dropped = Vec::new();
        for ((entry, marked), number) in self.entries.iter_mut().zip(&self.marks).zip(0..) {
            if !marked && let Some(data) = entry.take() {
                dropped.push(data);
                self.free.push(number);
            }
        }
        self.kept = self.len();
        dropped
    }
}

impl std::fmt::Debug for HostData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostData").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_found_goes_and_its_number_comes_again() {
        let mut data = HostData::default();
        let kept = data.insert(Box::new(1u8)).unwrap();
        let lost = data.insert(Box::new(2u8)).unwrap();
        data.unmark();
        data.mark(kept);
        assert_eq!((data.sweep().len(), data.len()), (1, 1));
        assert!(data.get(lost).is_none());
        assert!(data.get(kept).unwrap().is::<u8>());
        assert_eq!(data.insert(Box::new(3u8)), Some(lost));
        assert!(data.get(0).is_none() && data.get(8).is_none());
    }
}
