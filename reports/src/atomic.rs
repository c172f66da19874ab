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
    /// A disk that fails as it is told.
    #[cfg(test)]
    Faulty(NamedTempFile, faulty::Faults),
}

impl Target {
    /// The file that is to be renamed.
    #[cfg_attr(not(test), expect(clippy::unnecessary_wraps, reason = "disks of tests fail"))]
    fn into_file(self) -> io::Result<NamedTempFile> {
        match self {
            Self::Temporary(file) => Ok(file),
            #[cfg(test)]
            Self::Faulty(file, faults) => faults.rename(file),
        }
    }
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

    /// A file on a disk that fails as it is told.
    #[cfg(test)]
    pub(crate) fn begin_faulty(path: &Path, faults: faulty::Faults) -> Result<Self, WriteError> {
        let mut file = Self::begin(path)?;
        if let Target::Temporary(temporary) = file.target {
            file.target = Target::Faulty(temporary, faults);
        }
        Ok(file)
    }

    /// Where bytes are collected; [`Self::flush`] writes them out.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Makes the file appear under its name.
    pub(crate) fn commit(mut self) -> Result<(), WriteError> {
        self.flush()?;
        self.sync().map_err(WriteError::new("write", &self.path))?;
        let temporary = self.target.into_file().map_err(WriteError::new("write", &self.path))?;
        temporary.persist(&self.path).map_err(|error| WriteError::new("write", &self.path)(error.error))?;
        sync_folder(&self.path)
    }

    /// Writes the buffer out. After a failure every further attempt fails too.
    pub(crate) fn flush(&mut self) -> Result<(), WriteError> {
        // A caller that went on after an error must not get a file with a hole.
        let written = if self.failed {
            Err(io::Error::other("an earlier write failed"))
        } else {
            let buffer = std::mem::take(&mut self.buffer);
            let written = self.write_all(&buffer);
            self.buffer = buffer;
            self.buffer.clear();
            written
        };
        self.failed |= written.is_err();
        written.map_err(WriteError::new("write", &self.path))
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.target {
            Target::Temporary(file) => file.as_file_mut().write_all(bytes),
            #[cfg(test)]
            Target::Faulty(file, faults) => faults.on(file.as_file_mut()).write_all(bytes),
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::Temporary(file) => file.as_file_mut().sync_all(),
            #[cfg(test)]
            Target::Faulty(_, faults) => faults.sync(),
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

/// A disk that fails as it is told, for tests.
#[cfg(test)]
pub(crate) mod faulty {
    use std::fs::File;
    use std::io::{self, Write};

    use tempfile::NamedTempFile;

    /// What becomes of a write.
    #[derive(Clone, Copy, Debug)]
    pub(crate) enum Next {
        /// An error of the system, by its number.
        Fails(i32),
        /// It takes so many bytes at the most.
        Takes(usize),
    }

    /// What becomes of the rename.
    #[derive(Clone, Copy, Debug)]
    pub(crate) enum Rename {
        Works,
        /// An error of the system, by its number.
        Fails(i32),
        /// The process ends before it: what is there stays as it is.
        Killed,
    }

    /// What goes wrong.
    #[derive(Clone, Debug)]
    pub(crate) struct Faults {
        /// So many writes succeed before these, which come in this order.
        pub(crate) after: usize,
        pub(crate) writes: Vec<Next>,
        /// The error of bringing it to the disk.
        pub(crate) sync: Option<i32>,
        pub(crate) rename: Rename,
    }

    impl Faults {
        pub(super) fn on<'a>(&'a mut self, file: &'a mut File) -> impl Write + 'a {
            Disk { faults: self, file }
        }

        pub(super) fn sync(&self) -> io::Result<()> {
            self.sync.map_or(Ok(()), |number| Err(io::Error::from_raw_os_error(number)))
        }

        /// The file, if it is to be renamed.
        pub(super) fn rename(&self, file: NamedTempFile) -> io::Result<NamedTempFile> {
            match self.rename {
                Rename::Works => Ok(file),
                Rename::Fails(number) => Err(io::Error::from_raw_os_error(number)),
                Rename::Killed => {
                    let (_file, _path) = file.keep().map_err(|error| error.error)?;
                    Err(io::Error::other("killed"))
                }
            }
        }
    }

    struct Disk<'a> {
        faults: &'a mut Faults,
        file: &'a mut File,
    }

    impl Write for Disk<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.faults.after > 0 {
                self.faults.after -= 1;
                return self.file.write(bytes);
            }
            if self.faults.writes.is_empty() {
                return self.file.write(bytes);
            }
            match self.faults.writes.remove(0) {
                Next::Fails(number) => Err(io::Error::from_raw_os_error(number)),
                Next::Takes(most) => self.file.write(&bytes[..most.min(bytes.len())]),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AtomicFile;
    use super::faulty::{Faults, Next, Rename};

    #[test]
    fn a_failed_write_cannot_be_made_good_by_a_later_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        const ENOSPC: i32 = 28;
        let faults =
            Faults { after: 0, writes: vec![Next::Fails(ENOSPC)], sync: None, rename: Rename::Works };
        let mut file = AtomicFile::begin_faulty(&path, faults).unwrap();
        file.buffer().extend_from_slice(b"first");
        assert!(file.flush().is_err());
        file.buffer().extend_from_slice(b"second");
        assert!(file.commit().is_err());
        assert!(!path.exists());
    }
}
