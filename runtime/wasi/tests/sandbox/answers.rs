//! The same mistake with every function that can be called with it: numbers that are not open, places that are not there,
//! names that are no text, rights that were given up, and things that have no position.

use crate::guest::{Answer, BYTES, DIRECTORY, FILE, Guest, MEMORY, OUT, PATH, READ, args, refused};
use crate::world::{SANDBOX, World, attempt, attempt_with};
use assay_wasi::Errno;
use std::os::unix::net::UnixStream;

/// A function on a descriptor.
type OnDescriptor = fn(&mut Guest, u32) -> Answer;
/// A function on a path at a place, below the granted directory or another descriptor.
type OnPath = fn(&mut Guest, u32, (u32, u32)) -> Answer;

const ON_FILES: [(&str, OnDescriptor); 12] = [
    ("fd_advise", |guest, fd| guest.call("fd_advise", args![fd, 0_u64, 0_u64, 0_u32])),
    ("fd_allocate", |guest, fd| guest.call("fd_allocate", args![fd, 0_u64, 9_u64])),
    ("fd_datasync", |guest, fd| guest.call("fd_datasync", args![fd])),
    ("fd_sync", |guest, fd| guest.call("fd_sync", args![fd])),
    ("fd_fdstat_set_flags", |guest, fd| guest.call("fd_fdstat_set_flags", args![fd, 0_u32])),
    ("fd_filestat_get", |guest, fd| guest.call("fd_filestat_get", args![fd, OUT])),
    ("fd_filestat_set_size", |guest, fd| guest.call("fd_filestat_set_size", args![fd, 9_u64])),
    ("fd_filestat_set_times", |guest, fd| {
        guest.call("fd_filestat_set_times", args![fd, 1_u64, 1_u64, 5_u32])
    }),
    ("fd_pread", |guest, fd| {
        let (list, count) = guest.list(&[(BYTES, 4)]);
        guest.call("fd_pread", args![fd, list, count, 0_u64, OUT])
    }),
    ("fd_pwrite", |guest, fd| {
        let (list, count) = guest.list(&[(BYTES, 4)]);
        guest.call("fd_pwrite", args![fd, list, count, 0_u64, OUT])
    }),
    ("fd_seek", |guest, fd| guest.seek(fd, 1, 0).map(drop)),
    ("fd_tell", |guest, fd| guest.call("fd_tell", args![fd, OUT])),
];

const ON_PATHS: [(&str, &str, OnPath); 9] = [
    ("path_create_directory", "new", |guest, fd, (at, len)| {
        guest.call("path_create_directory", args![fd, at, len])
    }),
    ("path_filestat_get", "file.txt", |guest, fd, (at, len)| {
        guest.call("path_filestat_get", args![fd, 0_u32, at, len, OUT])
    }),
    ("path_filestat_set_times", "file.txt", |guest, fd, (at, len)| {
        guest.call("path_filestat_set_times", args![fd, 0_u32, at, len, 1_u64, 1_u64, 5_u32])
    }),
    ("path_link", "file.txt", |guest, fd, (at, len)| {
        let (new, new_len) = guest.path(crate::guest::OTHER_PATH, "new");
        guest.call("path_link", args![fd, 0_u32, at, len, SANDBOX, new, new_len])
    }),
    ("path_readlink", "to-file", |guest, fd, (at, len)| {
        guest.call("path_readlink", args![fd, at, len, BYTES, 99_u32, OUT])
    }),
    ("path_remove_directory", "empty", |guest, fd, (at, len)| {
        guest.call("path_remove_directory", args![fd, at, len])
    }),
    ("path_rename", "file.txt", |guest, fd, (at, len)| {
        let (new, new_len) = guest.path(crate::guest::OTHER_PATH, "new");
        guest.call("path_rename", args![fd, at, len, SANDBOX, new, new_len])
    }),
    ("path_symlink", "new", |guest, fd, (at, len)| {
        let (text, text_len) = guest.path(crate::guest::OTHER_PATH, "text");
        guest.call("path_symlink", args![text, text_len, fd, at, len])
    }),
    ("path_unlink_file", "file.txt", |guest, fd, (at, len)| {
        guest.call("path_unlink_file", args![fd, at, len])
    }),
];

#[test]
fn descriptors_are_checked_by_every_function() {
    for (name, call) in ON_FILES {
        attempt(&format!("{name}: not open, without rights, not a file"), |guest, _| {
            refused(call(guest, 99), &[Errno::Badf]);
            let file = guest.open(SANDBOX, "file.txt", 0, FILE).unwrap();
            assert_eq!(call(guest, file), Ok(()));
            assert_eq!(guest.call("fd_fdstat_set_rights", args![file, 0_u64, 0_u64]), Ok(()));
            refused(call(guest, file), &[Errno::Notcapable]);
            if ["fd_advise", "fd_allocate", "fd_filestat_set_size", "fd_tell"].contains(&name) {
                refused(call(guest, 0), &[Errno::Spipe]);
            }
        });
    }
    attempt("fd_pwrite: to a stream", |guest, _| {
        let (list, count) = guest.list(&[(BYTES, 4)]);
        refused(guest.call("fd_pwrite", args![1_u32, list, count, 0_u64, OUT]), &[Errno::Spipe]);
        assert_eq!(guest.call("fd_write", args![1_u32, list, count, OUT]), Ok(()));
    });
    attempt("rights and names of what is not open", |guest, _| {
        refused(guest.call("fd_fdstat_set_rights", args![99_u32, 0_u64, 0_u64]), &[Errno::Badf]);
        refused(guest.call("fd_prestat_dir_name", args![99_u32, PATH, 8_u32]), &[Errno::Badf]);
        assert_eq!(guest.call("fd_prestat_dir_name", args![SANDBOX, PATH, 8_u32]), Ok(()));
    });
    attempt("path_readlink without its right", |guest, _| {
        let dir = guest.open(SANDBOX, ".", DIRECTORY, 1 << 13).unwrap();
        refused(guest.readlink(dir, "to-file", 99), &[Errno::Notcapable]);
        assert!(guest.readlink(SANDBOX, "to-file", 99).is_ok());
    });
}

#[test]
fn paths_are_checked_by_every_function() {
    for (name, allowed, call) in ON_PATHS {
        attempt(&format!("{name}: not open, not there, not text"), |guest, _| {
            let path = guest.path(PATH, allowed);
            refused(call(guest, 99, path), &[Errno::Badf]);
            refused(call(guest, SANDBOX, (MEMORY - 2, 3)), &[Errno::Fault]);
            let bytes = guest.path(PATH, b"\xff\xfe");
            refused(call(guest, SANDBOX, bytes), &[Errno::Ilseq]);
            let path = guest.path(PATH, allowed);
            assert_eq!(call(guest, SANDBOX, path), Ok(()));
        });
    }
}

#[test]
fn transfers_are_checked_by_every_function() {
    let socket = |_: &World| {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut builder = assay_wasi::WasiCtxBuilder::new();
        builder.preopened_socket(ours).preopened_socket(theirs);
        builder
    };
    let receive = |guest: &mut Guest, out: u32| {
        let (list, count) = guest.list(&[(BYTES, 4)]);
        guest.call("sock_recv", args![3_u32, list, count, 0_u32, out, OUT + 4])
    };
    let send = |guest: &mut Guest, fd: u32, len: u32, out: u32| {
        let (list, count) = guest.list(&[(BYTES, len)]);
        guest.call("sock_send", args![fd, list, count, 0_u32, out])
    };
    attempt_with("sockets: nothing there, no room, bad places", socket, |guest, _| {
        assert_eq!(guest.call("fd_fdstat_set_flags", args![3_u32, 4_u32]), Ok(()));
        refused(receive(guest, OUT), &[Errno::Again]);
        refused(receive(guest, MEMORY), &[Errno::Fault]);
        refused(send(guest, 4, 4, MEMORY), &[Errno::Fault]);
        assert_eq!(send(guest, 4, 4, OUT), Ok(()));
        assert_eq!(receive(guest, OUT), Ok(()));
        while send(guest, 3, 1 << 20, OUT).is_ok() {}
        refused(send(guest, 3, 1 << 20, OUT), &[Errno::Again]);
        refused(guest.write(3, vec![0; 1 << 20]), &[Errno::Again]);
    });
    attempt_with("sockets: rights given up", socket, |guest, _| {
        assert_eq!(send(guest, 4, 4, OUT), Ok(()));
        assert_eq!(guest.call("fd_fdstat_set_rights", args![3_u32, 0_u64, 0_u64]), Ok(()));
        refused(receive(guest, OUT), &[Errno::Notcapable]);
        refused(send(guest, 3, 4, OUT), &[Errno::Notcapable]);
        refused(guest.call("sock_shutdown", args![3_u32, 3_u32]), &[Errno::Notcapable]);
    });
    attempt("fd_pread: bad place for the result", |guest, _| {
        let file = guest.open(SANDBOX, "file.txt", 0, FILE).unwrap();
        let (list, count) = guest.list(&[(BYTES, 4)]);
        refused(guest.call("fd_pread", args![file, list, count, 0_u64, MEMORY]), &[Errno::Fault]);
        assert_eq!(guest.call("fd_pread", args![file, list, count, 0_u64, OUT]), Ok(()));
        let reader = guest.open(SANDBOX, "file.txt", 0, READ).unwrap();
        refused(guest.call("fd_pread", args![reader, list, count, 0_u64, OUT]), &[Errno::Notcapable]);
    });
}
