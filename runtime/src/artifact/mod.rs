//! Artifacts: compiled modules as bytes, and back.
//!
//! A module's binary, its code and the tables of the code enter [`write`]; what [`read`] gives back is the same, with the
//! code in memory of its own already, or the reason why not. An artifact is position-independent and says what it was made
//! by and for. What is read is checked against its digest, and nothing is allocated that the file's length does not
//! cover. This room knows neither engines nor modules: whether the bytes may be trusted is the caller's question.
//!
//! The parts follow each other without gaps, the text on a page of its own:
//! header · identity · binary (absent in entries of a cache) · tables · zeros up to the page · text.

mod error;
mod header;
mod identity;
mod reader;
mod tables;

pub use error::{ArtifactError, SettingMismatch};
pub(crate) use header::MAGIC;
pub(crate) use identity::Identity;
pub(crate) use reader::read;

use assay_model::artifact::CodeArtifact;
use header::{Header, Lengths};

/// A BLAKE3 digest.
pub(crate) type Digest = [u8; 32];

/// What an artifact holds besides the code.
#[derive(Copy, Clone, Debug)]
pub(crate) enum Subject<'a> {
    /// The module's binary.
    Binary(&'a [u8]),
    /// The key under which a cache keeps the code; whoever looks there has the binary.
    Key(&'a Digest),
}

/// Joins everything to an artifact. `text` is the code of `tables`.
pub(crate) fn write(
    identity: &Identity,
    subject: Subject<'_>,
    text: &[u8],
    tables: &CodeArtifact,
) -> Vec<u8> {
    let (binary, key) = match subject {
        Subject::Binary(binary) => (binary, [0; 32]),
        Subject::Key(key) => (&[][..], *key),
    };
    let (identity, tables) = (identity.encode(), tables::encode(tables));
    let lengths = [identity.len(), binary.len(), tables.len(), text.len()].map(|len| len as u64);
    let header = Header::new(Lengths::from(lengths), key);
    let mut bytes = Vec::with_capacity(header.len as usize);
    bytes.extend_from_slice(&header.encode());
    for part in [&identity, binary, &tables] {
        bytes.extend_from_slice(part);
    }
    bytes.resize((header.len - lengths[3]) as usize, 0);
    bytes.extend_from_slice(text);
    header::seal(&mut bytes);
    bytes
}

/// Writes the digest of what is there into the bytes of an artifact, whatever is there.
#[cfg(any(test, feature = "inspect"))]
pub(crate) fn seal(bytes: &mut [u8]) {
    if bytes.len() >= header::HEADER {
        header::seal(bytes);
    }
}

/// Whether the bytes begin like an artifact.
pub(crate) fn is_artifact(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

#[cfg(test)]
mod tests;
