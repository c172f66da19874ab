//! Permissions of a preopened directory, as embedders give them.

use crate::rights::Rights;

/// What may be done with the directories below a preopened one.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct DirPerms(u8);

/// What may be done with the files below a preopened directory.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct FilePerms(u8);

impl DirPerms {
    /// Entries may be listed, looked up and opened.
    pub const READ: Self = Self(1);
    /// Entries may be made, renamed and removed, and their times set.
    pub const MUTATE: Self = Self(2);

    /// Everything.
    pub const fn all() -> Self {
        Self(3)
    }
}

impl FilePerms {
    /// Files may be read.
    pub const READ: Self = Self(1);
    /// Files may be written.
    pub const WRITE: Self = Self(2);

    /// Everything.
    pub const fn all() -> Self {
        Self(3)
    }
}

impl std::ops::BitOr for DirPerms {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl std::ops::BitOr for FilePerms {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The rights of a preopened directory.
pub(crate) struct Granted {
    /// Those it has itself.
    pub(crate) base: Rights,
    /// Those it passes on.
    pub(crate) inheriting: Rights,
    /// Those that may be asked for below it, in vain.
    pub(crate) withheld: Rights,
}

/// The rights that permissions come to.
pub(crate) fn granted(dir: DirPerms, file: FilePerms) -> Granted {
    let mut base = Rights::DIRECTORY;
    if dir.0 & DirPerms::READ.0 == 0 {
        base = base.without(Rights::FD_READDIR.and(Rights::PATH_READLINK).and(Rights::PATH_FILESTAT_GET));
    }
    if dir.0 & DirPerms::MUTATE.0 == 0 {
        base = base.without(Rights::DIRECTORY_CHANGE);
        base = base.without(Rights::PATH_FILESTAT_SET_TIMES.and(Rights::FD_FILESTAT_SET_TIMES));
    }
    if file.0 & FilePerms::WRITE.0 == 0 {
        // A second name, or another time stamp, is a change of the file as well.
        base = base.without(Rights::PATH_FILESTAT_SET_SIZE.and(Rights::PATH_FILESTAT_SET_TIMES));
        base = base.without(Rights::FD_FILESTAT_SET_TIMES);
        base = base.without(Rights::PATH_LINK_SOURCE.and(Rights::PATH_RENAME_SOURCE));
    }
    let mut files = Rights::FILE;
    if file.0 & FilePerms::READ.0 == 0 {
        files = files.without(Rights::FD_READ);
    }
    if file.0 & FilePerms::WRITE.0 == 0 {
        files = files.without(Rights::FILE_CHANGE);
    }
    let inheriting = base.and(files);
    let withheld = Rights::DIRECTORY.and(Rights::FILE).without(inheriting).without(Rights::ACCESS);
    Granted { base, inheriting, withheld }
}

#[cfg(test)]
mod tests {
    use super::{DirPerms, FilePerms, granted};
    use crate::rights::Rights;

    #[test]
    fn read_only_leaves_nothing_that_changes() {
        let granted = granted(DirPerms::READ, FilePerms::READ);
        let (base, inheriting) = (granted.base, granted.inheriting);
        let change = Rights::FILE_CHANGE.and(Rights::DIRECTORY_CHANGE).and(Rights::PATH_FILESTAT_SET_SIZE);
        let change = change.and(Rights::PATH_FILESTAT_SET_TIMES);
        assert_eq!((base.within(change), inheriting.within(change)), (Rights::NONE, Rights::NONE));
        assert!(inheriting.contains(Rights::FD_READ.and(Rights::PATH_OPEN)));
        assert!(granted.withheld.contains(change.without(Rights::ACCESS)));
    }

    #[test]
    fn nothing_is_withheld_that_opens_files_differently_or_is_passed_on() {
        for dir in [DirPerms::READ, DirPerms::MUTATE, DirPerms::all()] {
            for file in [FilePerms::READ, FilePerms::WRITE, FilePerms::all()] {
                let granted = granted(dir, file);
                assert!(!granted.withheld.intersects(Rights::ACCESS.and(granted.inheriting)));
            }
        }
    }

    #[test]
    fn files_that_cannot_be_written_cannot_be_moved_to_where_they_can() {
        let base = granted(DirPerms::all(), FilePerms::READ).base;
        assert!(!base.intersects(Rights::PATH_LINK_SOURCE.and(Rights::PATH_RENAME_SOURCE)));
    }
}
