//! Paths of the guest: read, bounded and checked for what no path may be.
//!
//! Where a path leads is decided by `cap-std`, which never lets it out of its directory.

use crate::errno::Errno;
use crate::memory::GuestMemory;

/// Reads a path. It is not empty, not absolute, within the limit, without NUL, and UTF-8.
pub(crate) fn read(memory: &GuestMemory<'_>, at: u32, len: u32, limit: usize) -> Result<String, Errno> {
    let path = text(memory, at, len, limit)?;
    if path.starts_with('/') { Err(Errno::Perm) } else { Ok(path) }
}

/// Reads the text of a symbolic link, which may be anything that `read` takes, or absolute.
pub(crate) fn text(memory: &GuestMemory<'_>, at: u32, len: u32, limit: usize) -> Result<String, Errno> {
    let bytes = memory.bytes(memory.buffer(at, len)?);
    if bytes.len() > limit {
        return Err(Errno::Nametoolong);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Errno::Ilseq)?;
    if text.is_empty() {
        return Err(Errno::Noent);
    }
    if text.contains('\0') {
        return Err(Errno::Inval);
    }
    Ok(text.to_owned())
}

/// Whether a path means a directory by its end, so that a link there is followed whatever was asked for.
pub(crate) fn names_directory(path: &str) -> bool {
    path.ends_with('/') || path.ends_with("/.")
}

/// A path without the slashes at its end, where they mean only that it names a directory.
pub(crate) fn without_trailing_slashes(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() { path } else { trimmed }
}

#[cfg(test)]
mod tests {
    use super::{read, without_trailing_slashes};
    use crate::errno::Errno;
    use crate::memory::GuestMemory;

    fn of(bytes: &[u8], limit: usize) -> Result<String, Errno> {
        let mut bytes = bytes.to_vec();
        let len = u32::try_from(bytes.len()).unwrap();
        read(&GuestMemory::new(&mut bytes), 0, len, limit)
    }

    #[test]
    fn what_no_path_may_be_is_refused() {
        assert_eq!(of(b"a/../b", 6), Ok("a/../b".to_owned()));
        assert_eq!(of(b"a/../b", 5), Err(Errno::Nametoolong));
        assert_eq!(of(b"", 9), Err(Errno::Noent));
        assert_eq!(of(b"/a", 9), Err(Errno::Perm));
        assert_eq!(of(b"a\0b", 9), Err(Errno::Inval));
        for invalid in [&b"\xff"[..], b"\xc0\xaf", b"\xed\xa0\x80"] {
            assert_eq!(of(invalid, 9), Err(Errno::Ilseq));
        }
    }

    #[test]
    fn slashes_at_the_end_go() {
        assert_eq!(without_trailing_slashes("a/b//"), "a/b");
        assert_eq!(without_trailing_slashes("a/."), "a/.");
    }
}
