//! Bytes in, the parts of an artifact out: each is read to where it stays, and all of them go through the digest.

use super::header::{HEADER, Header};
use super::{ArtifactError, Digest, Identity, tables};
use assay_model::artifact::CodeArtifact;
use assay_vm::CodeBuffer;
use std::io::Read;
use std::sync::Arc;

/// An artifact that is whole and right for this host and these settings.
pub(crate) struct Contents {
    /// The module's binary; empty in entries of a cache.
    pub(crate) binary: Arc<[u8]>,
    /// The key in a cache; zero in complete artifacts.
    pub(crate) key: Digest,
    /// The code.
    pub(crate) text: CodeBuffer,
    /// What is known about the code, without text.
    pub(crate) tables: CodeArtifact,
}

/// Reads an artifact of `len` bytes, to be run by an engine with the identity `here`.
pub(crate) fn read(source: &mut dyn Read, len: u64, here: &Identity) -> Result<Contents, ArtifactError> {
    let header = header(source, len)?;
    let mut parts = Parts { source, hasher: blake3::Hasher::new() };
    parts.hasher.update(Header::covered(&header.encode()));
    let identity = parts.take(vec![0; size(header.lengths.identity)])?;
    let mut binary: Arc<[u8]> = std::iter::repeat_n(0, size(header.lengths.binary)).collect();
    parts.fill(Arc::get_mut(&mut binary).expect("nobody else knows it yet"))?;
    let tables = parts.take(vec![0; size(header.lengths.tables)])?;
    parts.take(vec![0; size(header.padding)])?;
    let mut text = CodeBuffer::new(size(header.lengths.text))?;
    parts.fill(text.bytes_mut())?;
    if *parts.hasher.finalize().as_bytes() != header.digest {
        return Err(ArtifactError::Damaged("its digest differs"));
    }
    Identity::decode(&identity)?.suits(here)?;
    Ok(Contents { binary, key: header.key, text, tables: tables::decode(&tables)? })
}

fn header(source: &mut dyn Read, len: u64) -> Result<Header, ArtifactError> {
    let mut bytes = Vec::with_capacity(HEADER);
    source.take(HEADER as u64).read_to_end(&mut bytes)?;
    match <&[u8; HEADER]>::try_from(bytes.as_slice()) {
        Ok(header) => Header::decode(header, len),
        Err(_) if super::is_artifact(&bytes) => {
            Err(ArtifactError::Truncated { found: bytes.len() as u64, expected: HEADER as u64 })
        }
        Err(_) => Err(ArtifactError::NotAnArtifact),
    }
}

/// A length that the header was checked to have room for.
fn size(len: u64) -> usize {
    usize::try_from(len).expect("no part is longer than 4 GiB")
}

/// The rest of an artifact, part by part.
struct Parts<'a> {
    source: &'a mut dyn Read,
    hasher: blake3::Hasher,
}

impl Parts<'_> {
    fn fill(&mut self, part: &mut [u8]) -> Result<(), ArtifactError> {
        self.source.read_exact(part)?;
        self.hasher.update(part);
        Ok(())
    }

    fn take(&mut self, mut part: Vec<u8>) -> Result<Vec<u8>, ArtifactError> {
        self.fill(&mut part)?;
        Ok(part)
    }
}
