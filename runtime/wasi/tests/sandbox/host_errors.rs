//! Errors of the host, one after another: each system call behind a function is made to fail with each error number, and
//! the guest gets what the table of error numbers says.
//!
//! A seccomp filter answers the calls, for a thread of its own each time, because no filter can be taken back.

use crate::guest::{Answer, BYTES, DIRECTORY, FILE, Guest, OUT, READ, args};
use crate::lane;
use crate::world::{SANDBOX, World, attempt_with};
use assay_runtime::Val;
use assay_wasi::{Errno, WasiCtxBuilder, permitted};
use rustix::io::Errno as Host;
use std::io::Write;
use std::os::unix::net::{UnixListener, UnixStream};

/// What the host may answer, and what that is for a guest.
const ERRORS: [(Host, Errno); 36] = [
    (Host::TOOBIG, Errno::TooBig),
    (Host::ACCESS, Errno::Acces),
    (Host::BUSY, Errno::Busy),
    (Host::CONNABORTED, Errno::Connaborted),
    (Host::CONNREFUSED, Errno::Connrefused),
    (Host::CONNRESET, Errno::Connreset),
    (Host::DQUOT, Errno::Dquot),
    (Host::EXIST, Errno::Exist),
    (Host::FBIG, Errno::Fbig),
    (Host::INVAL, Errno::Inval),
    (Host::IO, Errno::Io),
    (Host::ISDIR, Errno::Isdir),
    (Host::LOOP, Errno::Loop),
    (Host::MFILE, Errno::Mfile),
    (Host::MLINK, Errno::Mlink),
    (Host::MSGSIZE, Errno::Msgsize),
    (Host::NAMETOOLONG, Errno::Nametoolong),
    (Host::NFILE, Errno::Nfile),
    (Host::NOBUFS, Errno::Nobufs),
    (Host::NODEV, Errno::Nodev),
    (Host::NOENT, Errno::Noent),
    (Host::NOMEM, Errno::Nomem),
    (Host::NOSPC, Errno::Nospc),
    (Host::NOTCONN, Errno::Notconn),
    (Host::NOTDIR, Errno::Notdir),
    (Host::NOTEMPTY, Errno::Notempty),
    (Host::NXIO, Errno::Nxio),
    (Host::OVERFLOW, Errno::Overflow),
    (Host::PERM, Errno::Perm),
    (Host::PIPE, Errno::Pipe),
    (Host::ROFS, Errno::Rofs),
    (Host::STALE, Errno::Stale),
    (Host::TIMEDOUT, Errno::Timedout),
    (Host::TXTBSY, Errno::Txtbsy),
    (Host::XDEV, Errno::Xdev),
    (Host::OPNOTSUPP, Errno::Notsup),
];

/// Numbers of system calls on x86-64.
mod call {
    pub(super) const READ: i64 = 0;
    pub(super) const WRITE: i64 = 1;
    pub(super) const FSTAT: i64 = 5;
    pub(super) const POLL: i64 = 7;
    pub(super) const LSEEK: i64 = 8;
    pub(super) const PREAD: i64 = 17;
    pub(super) const PWRITE: i64 = 18;
    pub(super) const SENDTO: i64 = 44;
    pub(super) const RECVFROM: i64 = 45;
    pub(super) const SHUTDOWN: i64 = 48;
    pub(super) const FCNTL: i64 = 72;
    pub(super) const FSYNC: i64 = 74;
    pub(super) const FDATASYNC: i64 = 75;
    pub(super) const FTRUNCATE: i64 = 77;
    pub(super) const GETDENTS: i64 = 217;
    pub(super) const FADVISE: i64 = 221;
    pub(super) const OPENAT: i64 = 257;
    pub(super) const MKDIRAT: i64 = 258;
    pub(super) const NEWFSTATAT: i64 = 262;
    pub(super) const UNLINKAT: i64 = 263;
    pub(super) const RENAMEAT: i64 = 264;
    pub(super) const LINKAT: i64 = 265;
    pub(super) const SYMLINKAT: i64 = 266;
    pub(super) const READLINKAT: i64 = 267;
    pub(super) const PPOLL: i64 = 271;
    pub(super) const UTIMENSAT: i64 = 280;
    pub(super) const FALLOCATE: i64 = 285;
    pub(super) const ACCEPT: i64 = 288;
    pub(super) const RENAMEAT2: i64 = 316;
    pub(super) const GETRANDOM: i64 = 318;
    pub(super) const STATX: i64 = 332;
    pub(super) const OPENAT2: i64 = 437;
}

/// A function, the calls of the host behind it, and how to call it; with descriptors of a file and of two sockets.
struct Case {
    function: &'static str,
    calls: &'static [i64],
    act: fn(&mut Guest, &Opened) -> Answer,
}

/// What is open before the host begins to fail.
struct Opened {
    file: u32,
    dir: u32,
    socket: u32,
    listener: u32,
}

fn case(function: &'static str, calls: &'static [i64], act: fn(&mut Guest, &Opened) -> Answer) -> Case {
    Case { function, calls, act }
}

fn transfer(guest: &mut Guest, name: &str, fd: u32, more: &[Val]) -> Answer {
    let (list, count) = guest.list(&[(BYTES, 4)]);
    let mut values = args![fd, list, count].to_vec();
    values.extend_from_slice(more);
    guest.call(name, &values)
}

fn cases() -> Vec<Case> {
    use call::*;
    vec![
        case("fd_advise", &[FADVISE], |guest, open| {
            guest.call("fd_advise", args![open.file, 0_u64, 0_u64, 0_u32])
        }),
        case("fd_allocate", &[FALLOCATE], |guest, open| {
            guest.call("fd_allocate", args![open.file, 0_u64, 9_u64])
        }),
        case("fd_datasync", &[FDATASYNC], |guest, open| guest.call("fd_datasync", args![open.file])),
        case("fd_sync", &[FSYNC], |guest, open| guest.call("fd_sync", args![open.file])),
        case("fd_fdstat_set_flags", &[FCNTL], |guest, open| {
            guest.call("fd_fdstat_set_flags", args![open.file, 1_u32])
        }),
        case("fd_filestat_get", &[FSTAT, NEWFSTATAT], |guest, open| {
            guest.call("fd_filestat_get", args![open.file, OUT])
        }),
        case("fd_filestat_set_size", &[FTRUNCATE], |guest, open| {
            guest.call("fd_filestat_set_size", args![open.file, 9_u64])
        }),
        case("fd_filestat_set_times", &[UTIMENSAT], |guest, open| {
            guest.call("fd_filestat_set_times", args![open.file, 1_u64, 1_u64, 5_u32])
        }),
        case("fd_pread", &[PREAD], |guest, open| transfer(guest, "fd_pread", open.file, args![0_u64, OUT])),
        case("fd_pwrite", &[PWRITE], |guest, open| {
            transfer(guest, "fd_pwrite", open.file, args![0_u64, OUT])
        }),
        case("fd_read", &[READ], |guest, open| transfer(guest, "fd_read", open.file, args![OUT])),
        case("fd_read", &[RECVFROM], |guest, open| transfer(guest, "fd_read", open.socket, args![OUT])),
        case("fd_write", &[WRITE], |guest, open| transfer(guest, "fd_write", open.file, args![OUT])),
        case("fd_write", &[SENDTO], |guest, open| transfer(guest, "fd_write", open.socket, args![OUT])),
        case("fd_readdir", &[GETDENTS], |guest, open| guest.names(open.dir, 512).map(drop)),
        case("fd_readdir", &[OPENAT], |guest, open| guest.names(open.dir, 512).map(drop)),
        case("fd_seek", &[LSEEK], |guest, open| guest.seek(open.file, 0, 0).map(drop)),
        case("fd_tell", &[LSEEK], |guest, open| guest.call("fd_tell", args![open.file, OUT])),
        case("path_create_directory", &[MKDIRAT], |guest, _| {
            guest.on_path("path_create_directory", SANDBOX, "new")
        }),
        case("path_filestat_get", &[OPENAT2, OPENAT, NEWFSTATAT, STATX], |guest, _| {
            guest.stat(SANDBOX, 1, "file.txt").map(drop)
        }),
        case("path_filestat_set_times", &[UTIMENSAT], |guest, _| guest.set_times(SANDBOX, 1, "file.txt")),
        case("path_filestat_set_times", &[OPENAT2, OPENAT], |guest, _| {
            guest.set_times(SANDBOX, 1, "file.txt")
        }),
        case("path_link", &[LINKAT], |guest, _| {
            guest.two_paths("path_link", (SANDBOX, "file.txt"), (SANDBOX, "new"))
        }),
        case("path_open", &[OPENAT2, OPENAT], |guest, _| guest.open(SANDBOX, "file.txt", 0, FILE).map(drop)),
        case("path_readlink", &[READLINKAT], |guest, _| guest.readlink(SANDBOX, "to-file", 99).map(drop)),
        case("path_remove_directory", &[UNLINKAT], |guest, _| {
            guest.on_path("path_remove_directory", SANDBOX, "empty")
        }),
        case("path_rename", &[RENAMEAT, RENAMEAT2], |guest, _| {
            guest.two_paths("path_rename", (SANDBOX, "file.txt"), (SANDBOX, "new"))
        }),
        case("path_symlink", &[SYMLINKAT], |guest, _| guest.symlink("text", SANDBOX, "new")),
        case("path_unlink_file", &[UNLINKAT], |guest, _| {
            guest.on_path("path_unlink_file", SANDBOX, "file.txt")
        }),
        case("poll_oneoff", &[POLL, PPOLL], |guest, open| {
            let mut subscription = [0; 48];
            subscription[8] = 1;
            subscription[16..20].copy_from_slice(&open.socket.to_le_bytes());
            guest.put(BYTES, &subscription);
            guest.call("poll_oneoff", args![BYTES, BYTES + 4096, 1_u32, OUT])
        }),
        case("random_get", &[GETRANDOM], |guest, _| guest.call("random_get", args![OUT, 8_u32])),
        case("sock_accept", &[ACCEPT], |guest, open| {
            guest.call("sock_accept", args![open.listener, 0_u32, OUT])
        }),
        case("sock_recv", &[RECVFROM], |guest, open| {
            transfer(guest, "sock_recv", open.socket, args![0_u32, OUT, OUT + 4])
        }),
        case("sock_send", &[SENDTO], |guest, open| {
            transfer(guest, "sock_send", open.socket, args![0_u32, OUT])
        }),
        case("sock_shutdown", &[SHUTDOWN], |guest, open| {
            guest.call("sock_shutdown", args![open.socket, 3_u32])
        }),
    ]
}

/// Something to receive, and somebody to accept, so that nothing waits. The other ends are the guest's as well.
fn with_sockets(world: &World) -> WasiCtxBuilder {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    theirs.write_all(b"waiting").unwrap();
    let path = world.path("sandbox/socket");
    let listener = UnixListener::bind(&path).unwrap();
    let client = UnixStream::connect(&path).unwrap();
    let mut builder = world.builder();
    builder.preopened_socket(ours).preopened_socket(listener);
    builder.preopened_socket(theirs).preopened_socket(client);
    builder
}

#[test]
fn errors_of_the_host_arrive_as_the_table_says() {
    for Case { function, calls, act } in cases() {
        attempt_with(&format!("host errors: {function} by {calls:?}"), with_sockets, |guest, _| {
            let opened = Opened {
                file: guest.open(SANDBOX, "file.txt", 0, FILE).unwrap(),
                dir: guest.open(SANDBOX, "dir", DIRECTORY, READ | 1 << 14).unwrap(),
                socket: 5,
                listener: 6,
            };
            for (host, errno) in ERRORS {
                // This one means that a path led out, and this one that a listing has ended.
                let meant = (calls.contains(&call::OPENAT2) && host == Host::XDEV)
                    || (calls.contains(&call::GETDENTS) && host == Host::NOENT);
                if meant {
                    continue;
                }
                let answer = lane::failing(calls, host, || act(guest, &opened));
                // Where paths are resolved step by step, these two are answers to a step and not the last word.
                let step = calls.contains(&call::OPENAT2) && [Host::LOOP, Host::NOTDIR].contains(&host);
                if step && lane::is_without_openat2() {
                    assert!(answer.is_err(), "{function} by {calls:?}: {host:?}");
                    continue;
                }
                let expected = if permitted(function, errno) { errno } else { Errno::Io };
                assert_eq!(answer, Err(expected.raw().into()), "{function} by {calls:?}: {host:?}");
            }
            assert_eq!(act(guest, &opened), Ok(()), "{function} without an error of the host");
        });
    }
}
