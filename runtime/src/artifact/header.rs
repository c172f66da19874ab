//! The fixed part of an artifact: what it is, how long its parts are, and the digest over everything.
//!
//! Lengths enter and leave as numbers whose sum was checked; the text's place follows from them.

use super::{ArtifactError, Digest};

/// How every artifact begins. Not text, and damaged by whoever takes it for text.
pub(crate) const MAGIC: [u8; 8] = *b"\x93assay\r\n";

/// The version of this format.
const FORMAT: u64 = 1;

/// The text begins at a multiple of this, so that it can be mapped.
const PAGE: u64 = 4096;

/// The longest artifact that is read.
const MOST_BYTES: u64 = 4 << 30;

/// Where the key stands: behind the magic and the numbers.
const KEY_AT: usize = 8 + 7 * 8;

/// Where the digest stands, at the header's end.
const DIGEST_AT: usize = KEY_AT + 32;

/// Bytes of the header.
pub(super) const HEADER: usize = DIGEST_AT + 32;

/// Bytes of the parts.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Lengths {
    pub(super) identity: u64,
    pub(super) binary: u64,
    pub(super) tables: u64,
    pub(super) text: u64,
}

impl From<[u64; 4]> for Lengths {
    fn from([identity, binary, tables, text]: [u64; 4]) -> Self {
        Self { identity, binary, tables, text }
    }
}

/// The header.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Bytes of the whole artifact.
    pub(super) len: u64,
    pub(super) lengths: Lengths,
    /// Bytes between tables and text.
    pub(super) padding: u64,
    /// The key in a cache; zero in complete artifacts.
    pub(super) key: Digest,
    pub(super) digest: Digest,
}

impl Header {
    /// The header of parts with these lengths, without their digest.
    pub(super) fn new(lengths: Lengths, key: Digest) -> Self {
        let before = HEADER as u64 + lengths.identity + lengths.binary + lengths.tables;
        let padding = before.next_multiple_of(PAGE) - before;
        Self { len: before + padding + lengths.text, lengths, padding, key, digest: [0; 32] }
    }

    /// The bytes of the header.
    pub(super) fn encode(&self) -> [u8; HEADER] {
        let Lengths { identity, binary, tables, text } = self.lengths;
        let numbers = [FORMAT, self.len, identity, binary, tables, self.padding, text];
        let mut bytes = [0; HEADER];
        let (magic, rest) = bytes.split_at_mut(MAGIC.len());
        magic.copy_from_slice(&MAGIC);
        for (place, number) in rest.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes[KEY_AT..DIGEST_AT].copy_from_slice(&self.key);
        bytes[DIGEST_AT..].copy_from_slice(&self.digest);
        bytes
    }

    /// The header in these bytes, the first of `available` ones.
    pub(super) fn decode(bytes: &[u8; HEADER], available: u64) -> Result<Self, ArtifactError> {
        let (magic, rest) = bytes.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(ArtifactError::NotAnArtifact);
        }
        let mut numbers = [0; 7];
        for (number, place) in numbers.iter_mut().zip(rest.chunks_exact(8)) {
            *number = place.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte));
        }
        let [format, len, identity, binary, tables, padding, text] = numbers;
        if format != FORMAT {
            return Err(ArtifactError::Format { made_in: format, read_here: FORMAT });
        }
        if available < len {
            return Err(ArtifactError::Truncated { found: available, expected: len });
        }
        if available > len {
            return Err(ArtifactError::TooLong { found: available, expected: len });
        }
        // With each part shorter than the whole, nothing overflows.
        if len > MOST_BYTES || [identity, binary, tables, text].iter().any(|&part| part > len) {
            return Err(ArtifactError::Damaged("its parts are longer than the whole"));
        }
        let (key, digest) = (digest_at(bytes, KEY_AT), digest_at(bytes, DIGEST_AT));
        let header = Self { digest, ..Self::new(Lengths { identity, binary, tables, text }, key) };
        if header.len != len || header.padding != padding {
            return Err(ArtifactError::Damaged("its parts do not add up to its length"));
        }
        Ok(header)
    }

    /// The part of the header that the digest covers.
    pub(super) fn covered(bytes: &[u8; HEADER]) -> &[u8] {
        &bytes[..DIGEST_AT]
    }
}

fn digest_at(header: &[u8; HEADER], place: usize) -> Digest {
    let mut digest = [0; 32];
    digest.copy_from_slice(&header[place..place + 32]);
    digest
}

/// Writes the digest of a whole artifact into its header.
pub(super) fn seal(bytes: &mut [u8]) {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&bytes[..DIGEST_AT]).update(&bytes[HEADER..]);
    bytes[DIGEST_AT..HEADER].copy_from_slice(hasher.finalize().as_bytes());
}
