//! The guest's memory, as its calls see it: every access is checked, and nothing here can panic.
//!
//! A [`Place`] is a checked range for a result. Functions ask for their places before they do anything outside, so that
//! a bad out-pointer has no effect but its error.

use crate::errno::Errno;

/// The memory of the calling instance.
pub(crate) struct GuestMemory<'a>(&'a mut [u8]);

/// A checked range for `N` bytes of result.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Place<const N: usize>(usize);

/// A buffer of the guest, checked.
#[derive(Copy, Clone, Debug, Default)]
pub(crate) struct Buffer {
    pub(crate) at: usize,
    pub(crate) len: usize,
}

impl<'a> GuestMemory<'a> {
    pub(crate) fn new(bytes: &'a mut [u8]) -> Self {
        Self(bytes)
    }

    /// A buffer that lies inside.
    pub(crate) fn buffer(&self, at: u32, len: u32) -> Result<Buffer, Errno> {
        let (at, len) = (at as usize, len as usize);
        match at.checked_add(len) {
            Some(end) if end <= self.0.len() => Ok(Buffer { at, len }),
            _ => Err(Errno::Fault),
        }
    }

    /// A place for a result.
    pub(crate) fn place<const N: usize>(&self, at: u32) -> Result<Place<N>, Errno> {
        let buffer = self.buffer(at, u32::try_from(N).unwrap_or(u32::MAX))?;
        Ok(Place(buffer.at))
    }

    /// Writes a result to its place.
    pub(crate) fn fill<const N: usize>(&mut self, place: Place<N>, bytes: [u8; N]) {
        if let Some(target) = self.0.get_mut(place.0..).and_then(|rest| rest.first_chunk_mut()) {
            *target = bytes;
        }
    }

    /// Writes at the start of a buffer.
    pub(crate) fn copy_in(&mut self, buffer: Buffer, bytes: &[u8]) {
        let len = buffer.len.min(bytes.len());
        self.bytes_mut(Buffer { at: buffer.at, len }).copy_from_slice(&bytes[..len]);
    }

    /// The bytes of a buffer.
    pub(crate) fn bytes(&self, buffer: Buffer) -> &[u8] {
        self.0.get(buffer.at..buffer.at + buffer.len).unwrap_or(&[])
    }

    /// The bytes of a buffer, to write.
    pub(crate) fn bytes_mut(&mut self, buffer: Buffer) -> &mut [u8] {
        self.0.get_mut(buffer.at..buffer.at + buffer.len).unwrap_or(&mut [])
    }

    /// `N` bytes.
    pub(crate) fn read<const N: usize>(&self, at: u32) -> Result<[u8; N], Errno> {
        let rest = self.0.get(at as usize..).ok_or(Errno::Fault)?;
        rest.first_chunk().copied().ok_or(Errno::Fault)
    }
}

#[cfg(test)]
mod tests {
    use super::GuestMemory;
    use crate::errno::Errno;

    #[test]
    fn ranges_end_inside() {
        let mut bytes = [0; 64];
        let memory = GuestMemory::new(&mut bytes);
        assert!(memory.buffer(60, 4).is_ok() && memory.buffer(64, 0).is_ok());
        for (at, len) in [(60, 5), (65, 0), (u32::MAX, 1), (1, u32::MAX), (u32::MAX, u32::MAX)] {
            assert_eq!(memory.buffer(at, len).err(), Some(Errno::Fault), "{at} {len}");
        }
        assert_eq!(memory.read::<8>(57), Err(Errno::Fault));
        assert_eq!(memory.place::<8>(57).err(), Some(Errno::Fault));
    }
}
