//! A file that appears whole or not at all.
//!
//! It is written under another name in the same folder, brought to the disk, and renamed. Until then, and after any failure,
//! nothing stands under the final name. Knows no content.

use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::error::WriteError;

/// A file on its way.
#[derive(Debug)]
pub(crate) struct AtomicFile {
    path: PathBuf,
    target: Target,
    buffer: Vec<u8>,
    failed: bool,
}

/// Where bytes go until the file is whole.
#[derive(Debug)]
enum Target {
    Temporary(NamedTempFile),
    /// A given file, which cannot be renamed: for tests of failing disks.
    #[cfg(test)]
    Given(File),
}

impl AtomicFile {
    /// Begins a file. One of that name from before is removed, so that it cannot be taken for the new one.
    pub(crate) fn begin(path: &Path) -> Result<Self, WriteError> {
        remove(path)?;
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = Builder::new()
            .prefix(".assay-")
            .suffix(".tmp")
            // As for any file that a program creates: the user's mask takes away what the user does not want.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(dir)
            .map_err(WriteError::new("create a file in", dir))?;
        Ok(Self { path: path.to_owned(), target: Target::Temporary(file), buffer: Vec::new(), failed: false })
    }

    /// Writes a whole file at once.
    pub(crate) fn whole(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
        let mut file = Self::begin(path)?;
        file.buffer().extend_from_slice(bytes);
        file.commit()
    }

    /// A file whose every write goes to `file`.
    #[cfg(test)]
    pub(crate) fn given(path: &Path, file: File) -> Self {
        Self { path: path.to_owned(), target: Target::Given(file), buffer: Vec::new(), failed: false }
    }

    /// Where bytes are collected; [`Self::flush`] writes them out.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Makes the file appear under its name.
    pub(crate) fn commit(mut self) -> Result<(), WriteError> {
        self.flush()?;
        self.file().sync_all().map_err(WriteError::new("write", &self.path))?;
        match self.target {
            Target::Temporary(file) => {
                file.persist(&self.path)
                    .map_err(|error| WriteError::new("write", &self.path)(error.error))?;
                sync_folder(&self.path)
            }
            #[cfg(test)]
            Target::Given(_) => Ok(()),
        }
    }

    /// Writes the buffer out. After a failure every further attempt fails too.
    pub(crate) fn flush(&mut self) -> Result<(), WriteError> {
        // A caller that went on after an error must not get a file with a hole.
        let written = if self.failed {
            Err(io::Error::other("an earlier write failed"))
        } else {
            let buffer = std::mem::take(&mut self.buffer);
            let written = self.file().write_all(&buffer);
            self.buffer = buffer;
            self.buffer.clear();
            written
        };
        self.failed |= written.is_err();
        written.map_err(WriteError::new("write", &self.path))
    }

    fn file(&mut self) -> &mut File {
        match &mut self.target {
            Target::Temporary(file) => file.as_file_mut(),
            #[cfg(test)]
            Target::Given(file) => file,
        }
    }
}

/// Removes a file if there is one.
pub(crate) fn remove(path: &Path) -> Result<(), WriteError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(WriteError::new("remove the earlier", path)),
    }
}

/// Brings the new name to the disk.
fn sync_folder(path: &Path) -> Result<(), WriteError> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(WriteError::new("write", dir))
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;

    use super::{AtomicFile, Target};

    #[test]
    fn a_failed_write_cannot_be_made_good_by_a_later_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut file = AtomicFile::given(&path, full);
        file.buffer().extend_from_slice(b"first");
        assert!(file.flush().is_err());
        file.target = AtomicFile::begin(&path).unwrap().target;
        assert!(matches!(file.target, Target::Temporary(_)));
        file.buffer().extend_from_slice(b"second");
        assert!(file.commit().is_err());
        assert!(!path.exists());
    }
}
