//! The model's descriptors and their rights, with the specification's bits.

use super::tree::Node;
use crate::wasi::case::Access;

pub(super) const DATASYNC: u64 = 1 << 0;
pub(super) const READ: u64 = 1 << 1;
pub(super) const SEEK: u64 = 1 << 2;
pub(super) const SET_FLAGS: u64 = 1 << 3;
pub(super) const SYNC: u64 = 1 << 4;
pub(super) const TELL: u64 = 1 << 5;
pub(super) const WRITE: u64 = 1 << 6;
pub(super) const ADVISE: u64 = 1 << 7;
pub(super) const ALLOCATE: u64 = 1 << 8;
pub(super) const CREATE_DIRECTORY: u64 = 1 << 9;
pub(super) const CREATE_FILE: u64 = 1 << 10;
pub(super) const LINK_SOURCE: u64 = 1 << 11;
pub(super) const LINK_TARGET: u64 = 1 << 12;
pub(super) const OPEN: u64 = 1 << 13;
pub(super) const READDIR: u64 = 1 << 14;
pub(super) const READLINK: u64 = 1 << 15;
pub(super) const RENAME_SOURCE: u64 = 1 << 16;
pub(super) const RENAME_TARGET: u64 = 1 << 17;
pub(super) const PATH_STAT: u64 = 1 << 18;
pub(super) const PATH_SET_SIZE: u64 = 1 << 19;
pub(super) const PATH_SET_TIMES: u64 = 1 << 20;
pub(super) const STAT: u64 = 1 << 21;
pub(super) const SET_SIZE: u64 = 1 << 22;
pub(super) const SET_TIMES: u64 = 1 << 23;
pub(super) const SYMLINK: u64 = 1 << 24;
pub(super) const REMOVE_DIRECTORY: u64 = 1 << 25;
pub(super) const UNLINK: u64 = 1 << 26;
pub(super) const POLL: u64 = 1 << 27;
pub(super) const SHUTDOWN: u64 = 1 << 28;
pub(super) const ACCEPT: u64 = 1 << 29;

/// What a file can have.
pub(super) const FILE: u64 = DATASYNC
    | READ
    | SEEK
    | SET_FLAGS
    | SYNC
    | TELL
    | WRITE
    | ADVISE
    | ALLOCATE
    | STAT
    | SET_SIZE
    | SET_TIMES
    | POLL;

/// What a directory can have.
pub(super) const DIRECTORY: u64 = SET_FLAGS
    | SYNC
    | DATASYNC
    | CREATE_DIRECTORY
    | CREATE_FILE
    | LINK_SOURCE
    | LINK_TARGET
    | OPEN
    | READDIR
    | READLINK
    | RENAME_SOURCE
    | RENAME_TARGET
    | PATH_STAT
    | PATH_SET_SIZE
    | PATH_SET_TIMES
    | STAT
    | SET_TIMES
    | SYMLINK
    | REMOVE_DIRECTORY
    | UNLINK;

/// What decides how a file is opened: to ask for it where it is not passed on is refused. Whether anything else that is asked
/// for in vain is refused or not given is the implementation's choice.
pub(super) const DECIDING: u64 = READ | WRITE | ALLOCATE;

/// What changes a file through its descriptor.
const FILE_CHANGE: u64 = WRITE | ALLOCATE | SET_SIZE | SET_TIMES;
/// What changes a directory, or lets files get other names.
const DIRECTORY_CHANGE: u64 = CREATE_DIRECTORY
    | CREATE_FILE
    | LINK_SOURCE
    | LINK_TARGET
    | RENAME_SOURCE
    | RENAME_TARGET
    | SYMLINK
    | REMOVE_DIRECTORY
    | UNLINK;

/// What a granted directory has, and what it passes on.
pub(super) fn granted(access: Access) -> (u64, u64) {
    let times = PATH_SET_TIMES | SET_TIMES;
    let fixed_files = PATH_SET_SIZE | times | LINK_SOURCE | RENAME_SOURCE;
    let fixed_directories = DIRECTORY_CHANGE | times;
    let (directories, files) = match access {
        Access::ReadWrite => (DIRECTORY, FILE),
        Access::ReadOnly => (DIRECTORY & !fixed_directories & !fixed_files, FILE & !FILE_CHANGE),
        Access::WriteFiles => (DIRECTORY & !fixed_directories, FILE),
        Access::WriteDirectories => (DIRECTORY & !fixed_files, FILE & !FILE_CHANGE),
    };
    (directories, directories | files)
}

/// What is behind a descriptor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Behind {
    /// Standard input: what is left of it.
    Input(Vec<u8>),
    /// Standard output or standard error: how much it still takes.
    Output(usize),
    /// A node of the tree, and the position in it.
    Node(Node, u64),
    /// A socket: what waits to be read.
    Socket(Vec<u8>),
    /// A socket at which so many connections wait.
    Listener(usize),
}

/// A descriptor.
#[derive(Clone, Debug)]
pub(super) struct Descriptor {
    pub(super) behind: Behind,
    pub(super) base: u64,
    pub(super) inheriting: u64,
    pub(super) flags: u64,
    /// The guest's name of a granted directory.
    pub(super) preopen: Option<String>,
    /// What the last listing from the start showed, by cookie, while nothing has changed since.
    pub(super) listing: Option<Listing>,
}

/// A listing.
#[derive(Clone, Debug)]
pub(super) struct Listing {
    /// The state of the directory.
    pub(super) changes: u64,
    /// Cookies and names in order.
    pub(super) seen: Vec<(u64, String)>,
    /// Whether that is all.
    pub(super) complete: bool,
}

impl Descriptor {
    pub(super) fn new(behind: Behind, base: u64, inheriting: u64) -> Self {
        Self { behind, base, inheriting, flags: 0, preopen: None, listing: None }
    }

    pub(super) fn node(&self) -> Option<Node> {
        match self.behind {
            Behind::Node(node, _) => Some(node),
            _ => None,
        }
    }
}
