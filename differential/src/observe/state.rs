//! The state of all instances: globals, memories and tables, exported or not, and what was provided to imports.
//!
//! Memories are kept as the chunks that are not all zero, which makes small of large memories, and comparison exact. What
//! another process says of a memory is a digest of the same chunks.

use super::{Known, Seen, Survey};
use assay_runtime::{AsContextMut, Extern, Global, Instance, RootScope, Table, inspect};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// How much of the state is looked at.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Nothing.
    Nothing,
    /// What was provided to imports, and what instances export.
    Exported,
    /// What was provided to imports, and whatever instances have, exported or not.
    All,
}

/// Everything that can be written, in a fixed order: provided objects first, then instance by instance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Values of globals.
    pub globals: Vec<Seen>,
    /// Contents of memories.
    pub memories: Vec<Image>,
    /// Elements of tables.
    pub tables: Vec<Vec<Seen>>,
}

/// The contents of a memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// Size in bytes.
    pub size: usize,
    /// Chunks that are not all zero, by number. Empty where only the digest is known.
    pub chunks: Vec<(usize, Box<[u8]>)>,
    /// The digest of the chunks, where that is all there is.
    pub digest: Option<Digest>,
}

/// SHA-256 over every chunk that is not all zero: its number as eight bytes, lowest first, then its bytes.
pub type Digest = [u8; 32];

const CHUNK: usize = 2048;
static ZEROS: [u8; CHUNK] = [0; CHUNK];

impl Image {
    /// The image of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let chunks = bytes.chunks(CHUNK).enumerate().filter(|(_, chunk)| **chunk != ZEROS[..chunk.len()]);
        let chunks = chunks.map(|(number, chunk)| (number, chunk.into())).collect();
        Self { size: bytes.len(), chunks, digest: None }
    }

    /// The image of a memory of which another process says this.
    pub fn of_digest(size: usize, digest: Digest) -> Self {
        Self { size, chunks: Vec::new(), digest: Some(digest) }
    }

    /// The digest of the contents.
    pub fn digest(&self) -> Digest {
        self.digest.unwrap_or_else(|| {
            let mut hash = Sha256::new();
            for (number, bytes) in &self.chunks {
                hash.update((*number as u64).to_le_bytes());
                hash.update(bytes);
            }
            hash.finalize().into()
        })
    }

    /// The contents; zeros where only the digest is known.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.size];
        for (number, chunk) in &self.chunks {
            bytes[number * CHUNK..][..chunk.len()].copy_from_slice(chunk);
        }
        bytes
    }

    /// The first address at which two images differ, with both bytes. `None` when they are equal as far as both reach.
    pub fn first_difference(&self, other: &Self) -> Option<(usize, u8, u8)> {
        let numbers = self.chunks.iter().chain(&other.chunks).map(|(number, _)| *number);
        numbers.filter_map(|number| self.difference_in(other, number)).min_by_key(|(address, ..)| *address)
    }

    fn difference_in(&self, other: &Self, number: usize) -> Option<(usize, u8, u8)> {
        let (left, right) = (self.chunk(number), other.chunk(number));
        let at = left.iter().zip(right).position(|(left, right)| left != right)?;
        Some((number * CHUNK + at, left[at], right[at]))
    }

    fn chunk(&self, number: usize) -> &[u8] {
        let found = self.chunks.iter().find(|(own, _)| *own == number);
        found.map_or(&ZEROS[..], |(_, bytes)| bytes)
    }
}

/// The state of these objects and instances, as far as `scope` says. Objects are numbered through all globals and tables, so
/// that it shows which of them lead to the same one.
pub(crate) fn snapshot(
    store: impl AsContextMut,
    known: &mut Known,
    provided: &[Extern],
    instances: &[Option<Instance>],
    scope: Scope,
) -> State {
    if scope == Scope::Nothing {
        return State::default();
    }
    let mut taking =
        Taking { state: State::default(), survey: Survey::new(known), store: RootScope::new(store) };
    for item in provided {
        taking.add(item);
    }
    for &instance in instances.iter().flatten() {
        match scope {
            Scope::All => taking.add_all(instance),
            Scope::Exported | Scope::Nothing => {
                for (_, item) in instance.exports(&mut taking.store) {
                    taking.add(&item);
                }
            }
        }
    }
    taking.state
}

/// A state that is being taken.
struct Taking<'a, C: AsContextMut> {
    state: State,
    survey: Survey<'a>,
    store: RootScope<C>,
}

impl<C: AsContextMut> Taking<'_, C> {
    fn add_all(&mut self, instance: Instance) {
        for global in inspect::globals(&mut self.store, instance) {
            self.add_global(global);
        }
        for memory in inspect::memories(&mut self.store, instance) {
            self.add(&memory);
        }
        for table in inspect::tables(&mut self.store, instance) {
            self.add_table(table);
        }
    }

    fn add(&mut self, item: &Extern) {
        match item {
            Extern::Global(global) => self.add_global(*global),
            Extern::Memory(memory) => {
                self.state.memories.push(Image::of(memory.data(&self.store)));
            }
            Extern::SharedMemory(memory) => {
                let mut bytes = vec![0; memory.data_size()];
                // So many bytes are there for ever.
                if memory.read(0, &mut bytes).is_ok() {
                    self.state.memories.push(Image::of(&bytes));
                }
            }
            Extern::Table(table) => self.add_table(*table),
            Extern::Func(_) | Extern::Tag(_) => {}
        }
    }

    fn add_global(&mut self, global: Global) {
        let value = global.get(&mut self.store);
        self.state.globals.push(self.survey.value(&mut self.store, value));
    }

    fn add_table(&mut self, table: Table) {
        let size = table.size(&mut self.store);
        let mut elements = Vec::new();
        for index in 0..size {
            if let Some(element) = table.get(&mut self.store, index) {
                elements.push(self.survey.value(&mut self.store, element.into()));
            }
        }
        self.state.tables.push(elements);
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, Image};

    #[test]
    fn images_keep_what_is_not_zero() {
        let mut bytes = vec![0; 3 * CHUNK + 5];
        bytes[2 * CHUNK] = 1;
        let image = Image::of(&bytes);
        assert_eq!((image.size, image.chunks.len()), (3 * CHUNK + 5, 1));
        assert_eq!(image, Image::of(&bytes));
    }

    #[test]
    fn the_first_difference_is_found_wherever_it_is() {
        let mut left = vec![0; 3 * CHUNK + 5];
        left[CHUNK + 7] = 4;
        let mut right = left.clone();
        right[3 * CHUNK + 4] = 9;
        right[CHUNK + 8] = 5;
        let (left, right) = (Image::of(&left), Image::of(&right));
        assert_eq!(left.first_difference(&right), Some((CHUNK + 8, 0, 5)));
        assert_eq!(right.first_difference(&left), Some((CHUNK + 8, 5, 0)));
        assert_eq!(left.first_difference(&left), None);
    }

    #[test]
    fn digests_are_those_that_the_protocol_describes() {
        let mut bytes = vec![0; 2 * CHUNK + 1];
        bytes[2 * CHUNK] = 9;
        // SHA-256 of 02 00 00 00 00 00 00 00 09.
        let digest: String = Image::of(&bytes).digest().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, "ce58b1ea7629930789be6d360c8d7ddc32bd84fc2165293f9788207b85481c47");
        bytes[2 * CHUNK] = 0;
        let zeros = Image::of(&bytes).digest();
        assert_eq!(zeros, Image::of(&[]).digest(), "the size is told apart from the contents");
        assert_eq!(Image::of_digest(7, zeros).digest(), zeros);
    }
}
