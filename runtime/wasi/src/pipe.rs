//! Streams in memory, for embedders that want to see what a guest writes and decide what it reads.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes for a guest to read.
#[derive(Clone, Debug)]
pub struct MemoryInputPipe(Arc<Mutex<Input>>);

#[derive(Debug)]
struct Input {
    bytes: Vec<u8>,
    read: usize,
}

/// A place for what a guest writes, up to a capacity. Clones share it.
#[derive(Clone, Debug)]
pub struct MemoryOutputPipe(Arc<Mutex<Output>>);

#[derive(Debug)]
struct Output {
    bytes: Vec<u8>,
    capacity: usize,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MemoryInputPipe {
    /// A stream of these bytes, and then its end.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Arc::new(Mutex::new(Input { bytes: bytes.into(), read: 0 })))
    }

    /// Copies the next bytes out.
    pub(crate) fn read(&self, target: &mut [u8]) -> usize {
        let mut input = locked(&self.0);
        let count = target.len().min(input.bytes.len() - input.read);
        target[..count].copy_from_slice(&input.bytes[input.read..][..count]);
        input.read += count;
        count
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> usize {
        let input = locked(&self.0);
        input.bytes.len() - input.read
    }
}

impl MemoryOutputPipe {
    /// An empty stream that takes `capacity` bytes. What comes then is refused as by a pipe whose reader has gone.
    pub fn new(capacity: usize) -> Self {
        Self(Arc::new(Mutex::new(Output { bytes: Vec::new(), capacity })))
    }

    /// What has been written.
    pub fn contents(&self) -> Vec<u8> {
        locked(&self.0).bytes.clone()
    }

    /// Appends as much as there is room for.
    pub(crate) fn write(&self, bytes: &[u8]) -> usize {
        let mut output = locked(&self.0);
        let count = bytes.len().min(output.capacity - output.bytes.len());
        output.bytes.extend_from_slice(&bytes[..count]);
        count
    }
}

#[cfg(test)]
mod tests {
    use super::{MemoryInputPipe, MemoryOutputPipe};

    #[test]
    fn input_ends_and_output_is_bounded() {
        let input = MemoryInputPipe::new("abc");
        let mut buffer = [0; 2];
        assert_eq!((input.read(&mut buffer), input.left()), (2, 1));
        assert_eq!((input.read(&mut buffer), input.read(&mut buffer)), (1, 0));
        let output = MemoryOutputPipe::new(4);
        assert_eq!((output.write(b"abc"), output.write(b"def"), output.write(b"g")), (3, 1, 0));
        assert_eq!(output.contents(), b"abcd");
    }
}
