//! Error numbers: what a function answers when it does not succeed, and what host errors become.
//!
//! Which function may give which of them stands in `permitted`.

use std::io;

/// An error number of preview 1.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the specification's")]
#[repr(u16)]
pub enum Errno {
    Success = 0,
    TooBig = 1,
    Acces = 2,
    Addrinuse = 3,
    Addrnotavail = 4,
    Afnosupport = 5,
    Again = 6,
    Already = 7,
    Badf = 8,
    Badmsg = 9,
    Busy = 10,
    Canceled = 11,
    Child = 12,
    Connaborted = 13,
    Connrefused = 14,
    Connreset = 15,
    Deadlk = 16,
    Destaddrreq = 17,
    Dom = 18,
    Dquot = 19,
    Exist = 20,
    Fault = 21,
    Fbig = 22,
    Hostunreach = 23,
    Idrm = 24,
    Ilseq = 25,
    Inprogress = 26,
    Intr = 27,
    Inval = 28,
    Io = 29,
    Isconn = 30,
    Isdir = 31,
    Loop = 32,
    Mfile = 33,
    Mlink = 34,
    Msgsize = 35,
    Multihop = 36,
    Nametoolong = 37,
    Netdown = 38,
    Netreset = 39,
    Netunreach = 40,
    Nfile = 41,
    Nobufs = 42,
    Nodev = 43,
    Noent = 44,
    Noexec = 45,
    Nolck = 46,
    Nolink = 47,
    Nomem = 48,
    Nomsg = 49,
    Noprotoopt = 50,
    Nospc = 51,
    Nosys = 52,
    Notconn = 53,
    Notdir = 54,
    Notempty = 55,
    Notrecoverable = 56,
    Notsock = 57,
    Notsup = 58,
    Notty = 59,
    Nxio = 60,
    Overflow = 61,
    Ownerdead = 62,
    Perm = 63,
    Pipe = 64,
    Proto = 65,
    Protonosupport = 66,
    Prototype = 67,
    Range = 68,
    Rofs = 69,
    Spipe = 70,
    Srch = 71,
    Stale = 72,
    Timedout = 73,
    Txtbsy = 74,
    Xdev = 75,
    Notcapable = 76,
}

impl Errno {
    /// The number.
    pub fn raw(self) -> u16 {
        self as u16
    }
}

impl From<rustix::io::Errno> for Errno {
    fn from(host: rustix::io::Errno) -> Self {
        use rustix::io::Errno as Host;
        match host {
            Host::TOOBIG => Self::TooBig,
            Host::ACCESS => Self::Acces,
            Host::AGAIN => Self::Again,
            Host::BADF => Self::Badf,
            Host::BUSY => Self::Busy,
            Host::CONNABORTED => Self::Connaborted,
            Host::CONNREFUSED => Self::Connrefused,
            Host::CONNRESET => Self::Connreset,
            Host::DQUOT => Self::Dquot,
            Host::EXIST => Self::Exist,
            Host::FAULT => Self::Fault,
            Host::FBIG => Self::Fbig,
            Host::ILSEQ => Self::Ilseq,
            Host::INTR => Self::Intr,
            Host::INVAL => Self::Inval,
            Host::ISDIR => Self::Isdir,
            Host::LOOP => Self::Loop,
            Host::MFILE => Self::Mfile,
            Host::MLINK => Self::Mlink,
            Host::MSGSIZE => Self::Msgsize,
            Host::NAMETOOLONG => Self::Nametoolong,
            Host::NFILE => Self::Nfile,
            Host::NOBUFS => Self::Nobufs,
            Host::NODEV => Self::Nodev,
            Host::NOENT => Self::Noent,
            Host::NOMEM => Self::Nomem,
            Host::NOSPC => Self::Nospc,
            Host::NOTCONN => Self::Notconn,
            Host::NOTDIR => Self::Notdir,
            Host::NOTEMPTY => Self::Notempty,
            Host::NOTSOCK => Self::Notsock,
            Host::NOTSUP | Host::NOSYS => Self::Notsup,
            Host::NXIO => Self::Nxio,
            Host::OVERFLOW => Self::Overflow,
            Host::PERM => Self::Perm,
            Host::PIPE => Self::Pipe,
            Host::ROFS => Self::Rofs,
            Host::SPIPE => Self::Spipe,
            Host::STALE => Self::Stale,
            Host::TIMEDOUT => Self::Timedout,
            Host::TXTBSY => Self::Txtbsy,
            Host::XDEV => Self::Xdev,
            _ => Self::Io,
        }
    }
}

impl From<io::Error> for Errno {
    fn from(error: io::Error) -> Self {
        if let Some(host) = rustix::io::Errno::from_io_error(&error) {
            return host.into();
        }
        match error.kind() {
            // How `cap-std` says that a path led out of its directory.
            io::ErrorKind::PermissionDenied => Self::Perm,
            io::ErrorKind::NotFound => Self::Noent,
            io::ErrorKind::InvalidInput => Self::Inval,
            io::ErrorKind::NotADirectory => Self::Notdir,
            _ => Self::Io,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Errno;
    use std::io;

    #[test]
    fn host_errors_keep_their_meaning() {
        let of = |raw| Errno::from(io::Error::from_raw_os_error(raw));
        assert_eq!([of(2), of(28), of(39)], [Errno::Noent, Errno::Nospc, Errno::Notempty]);
        assert_eq!(of(517), Errno::Io);
        assert_eq!(Errno::from(io::Error::new(io::ErrorKind::PermissionDenied, "outside")), Errno::Perm);
    }

    #[test]
    fn numbers_are_those_of_the_specification() {
        assert_eq!([Errno::Badf.raw(), Errno::Inval.raw(), Errno::Notcapable.raw()], [8, 28, 76]);
    }
}
