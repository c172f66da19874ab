//! What a descriptor of the guest stands for.

use crate::errno::Errno;
use crate::pipe::{MemoryInputPipe, MemoryOutputPipe};
use crate::rights::Rights;
use crate::terminal::Filter;
use cap_std::fs::Dir;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use std::io;
use std::sync::Mutex;

/// Kinds of files, with the specification's numbers.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum FileType {
    Unknown = 0,
    BlockDevice = 1,
    CharacterDevice = 2,
    Directory = 3,
    RegularFile = 4,
    SocketDgram = 5,
    SocketStream = 6,
    SymbolicLink = 7,
}

impl From<rustix::fs::FileType> for FileType {
    fn from(host: rustix::fs::FileType) -> Self {
        use rustix::fs::FileType as Host;
        match host {
            Host::RegularFile => Self::RegularFile,
            Host::Directory => Self::Directory,
            Host::Symlink => Self::SymbolicLink,
            Host::CharacterDevice => Self::CharacterDevice,
            Host::BlockDevice => Self::BlockDevice,
            Host::Socket => Self::SocketStream,
            _ => Self::Unknown,
        }
    }
}

/// Flags of a descriptor, with the specification's bits.
pub(crate) mod fdflags {
    pub(crate) const APPEND: u16 = 1 << 0;
    pub(crate) const DSYNC: u16 = 1 << 1;
    pub(crate) const NONBLOCK: u16 = 1 << 2;
    pub(crate) const RSYNC: u16 = 1 << 3;
    pub(crate) const SYNC: u16 = 1 << 4;
    pub(crate) const ALL: u16 = 31;
    /// Those that are decided when a file is opened.
    pub(crate) const FIXED: u16 = DSYNC | RSYNC | SYNC;
}

/// A descriptor of the guest.
#[derive(Debug)]
pub(crate) struct Descriptor {
    pub(crate) kind: Kind,
    /// What may be done with it.
    pub(crate) base: Rights,
    /// What descriptors opened through it may get.
    pub(crate) inheriting: Rights,
    /// What the embedder's grant withholds of that: those descriptors do without it, even if it is asked for.
    pub(crate) withheld: Rights,
    /// As the guest sees them. `NONBLOCK` is ours alone: descriptors of the host are shared with other processes, whose
    /// flags are not for a guest to change.
    pub(crate) flags: u16,
}

/// What is behind a descriptor.
#[derive(Debug)]
pub(crate) enum Kind {
    File(HostFile),
    Directory(Directory),
    Socket(Socket),
    Input(MemoryInputPipe),
    Output(MemoryOutputPipe),
    /// Ends at once, and swallows everything.
    Null,
}

/// A file of the host: something with a path, or a standard stream.
#[derive(Debug)]
pub(crate) struct HostFile {
    pub(crate) fd: OwnedFd,
    pub(crate) filetype: FileType,
    /// A standard stream: it has no identity that a guest could learn.
    pub(crate) standard: bool,
    /// What goes to a terminal, so that it shows what a guest writes and does nothing else.
    pub(crate) terminal: Option<Mutex<Filter>>,
}

/// A socket that the embedder granted, or one accepted through it.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) fd: OwnedFd,
    pub(crate) filetype: FileType,
}

/// A directory.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) dir: Dir,
    /// The guest's name for a preopened directory.
    pub(crate) preopen: Option<String>,
    pub(crate) listing: Option<Listing>,
}

/// A directory that is being listed. The guest's cookies are positions: the cookie of the entry at position `n` leads
/// to the one after it.
pub(crate) struct Listing {
    pub(crate) entries: rustix::fs::Dir,
    /// The position of the entry that comes next.
    pub(crate) position: u64,
    /// What the kernel calls the positions behind the entries seen so far, by position.
    pub(crate) offsets: Vec<i64>,
}

impl std::fmt::Debug for Listing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listing").field("position", &self.position).finish_non_exhaustive()
    }
}

impl HostFile {
    /// Something that a path led to.
    pub(crate) fn opened(fd: OwnedFd, filetype: FileType) -> Self {
        Self { fd, filetype, standard: false, terminal: None }
    }

    /// A standard stream with the host's descriptor behind it.
    pub(crate) fn standard(fd: OwnedFd) -> io::Result<Self> {
        let stat = rustix::fs::fstat(&fd)?;
        let filetype = rustix::fs::FileType::from_raw_mode(stat.st_mode).into();
        Ok(Self { fd, filetype, standard: true, terminal: None })
    }

    /// Whether reading and writing never waits for somebody else.
    pub(crate) fn is_regular(&self) -> bool {
        matches!(self.filetype, FileType::RegularFile | FileType::BlockDevice)
    }
}

impl Descriptor {
    /// The descriptor of the host behind it, for waiting. None where nothing ever waits.
    pub(crate) fn waitable(&self) -> Option<BorrowedFd<'_>> {
        match &self.kind {
            Kind::File(file) if !file.is_regular() => Some(file.fd.as_fd()),
            Kind::Socket(socket) => Some(socket.fd.as_fd()),
            _ => None,
        }
    }

    /// What kind of file it is.
    pub(crate) fn filetype(&self) -> FileType {
        match &self.kind {
            Kind::File(file) => file.filetype,
            Kind::Socket(socket) => socket.filetype,
            Kind::Directory(_) => FileType::Directory,
            Kind::Input(_) | Kind::Output(_) | Kind::Null => FileType::Unknown,
        }
    }

    /// The file of the host, for functions that only files have.
    pub(crate) fn file(&self, needed: Rights) -> Result<&HostFile, Errno> {
        match &self.kind {
            Kind::File(file) => self.base.require(needed).map(|()| file),
            Kind::Directory(_) => Err(Errno::Badf),
            Kind::Socket(_) | Kind::Input(_) | Kind::Output(_) | Kind::Null => Err(Errno::Spipe),
        }
    }

    /// The directory, for functions that only directories have.
    pub(crate) fn directory(&self, needed: Rights) -> Result<&Directory, Errno> {
        match &self.kind {
            Kind::Directory(directory) => self.base.require(needed).map(|()| directory),
            _ => Err(Errno::Notdir),
        }
    }

    /// The socket, for functions that only sockets have.
    pub(crate) fn socket(&self, needed: Rights) -> Result<&Socket, Errno> {
        match &self.kind {
            Kind::Socket(socket) => self.base.require(needed).map(|()| socket),
            _ => Err(Errno::Notsock),
        }
    }

    /// Refuses rights that a descriptor opened through this one cannot have. What the grant withholds counts as passed
    /// on here: standard libraries ask for every right on every file, also where nothing may be changed.
    pub(crate) fn check_passed_on(&self, asked: Rights) -> Result<(), Errno> {
        self.inheriting.and(self.withheld).require(asked)
    }

    pub(crate) fn is_nonblocking(&self) -> bool {
        self.flags & fdflags::NONBLOCK != 0
    }
}
