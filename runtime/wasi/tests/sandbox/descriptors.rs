//! Descriptors: numbers, limits, and files that would keep a host waiting.

use crate::guest::{CREAT, DIRECTORY, FILE, READ, WRITE, args, refused};
use crate::world::{READONLY, SANDBOX, World, attempt, attempt_with};
use assay_wasi::{Errno, WasiLimits};
use rustix::fs::{FileType, Mode, mknodat};
use std::os::unix::net::UnixListener;

#[test]
fn renumbering_takes_open_numbers_only() {
    for (form, from, to) in [
        ("a closed number", 77, SANDBOX),
        ("to a closed number", SANDBOX, 77),
        ("a huge number", u32::MAX, SANDBOX),
        ("to a huge number", SANDBOX, u32::MAX),
        ("to the sign bit", SANDBOX, 1 << 31),
    ] {
        attempt(&format!("fd_renumber: {form}"), |guest, _| {
            refused(guest.call("fd_renumber", args![from, to]), &[Errno::Badf]);
            assert_eq!(guest.contents(SANDBOX, "file.txt"), Ok(b"inside".to_vec()));
            let file = guest.open(SANDBOX, "file.txt", 0, READ).unwrap();
            assert_eq!(guest.call("fd_renumber", args![file, READONLY]), Ok(()));
        });
    }
    attempt("fd_renumber: onto itself", |guest, _| {
        assert_eq!(guest.call("fd_renumber", args![SANDBOX, SANDBOX]), Ok(()));
        assert_eq!(guest.contents(SANDBOX, "file.txt"), Ok(b"inside".to_vec()));
    });
    attempt("fd_renumber: onto a granted directory", |guest, _| {
        let file = guest.open(SANDBOX, "file.txt", 0, READ).unwrap();
        assert_eq!(guest.call("fd_renumber", args![file, READONLY]), Ok(()));
        refused(guest.close(file), &[Errno::Badf]);
        assert_eq!(guest.read(READONLY, 6), Ok(b"inside".to_vec()));
        refused(guest.call("fd_prestat_get", args![READONLY, 0_u32]), &[Errno::Badf]);
        refused(guest.open(READONLY, "file.txt", 0, READ), &[Errno::Notdir]);
    });
    attempt("fd_renumber: a read-only directory onto a writable one", |guest, _| {
        assert_eq!(guest.call("fd_renumber", args![READONLY, SANDBOX]), Ok(()));
        refused(guest.open(SANDBOX, "file.txt", 0, WRITE), &[Errno::Notcapable]);
        assert_eq!(guest.contents(SANDBOX, "file.txt"), Ok(b"fixed".to_vec()));
    });
    attempt("fd_renumber: 20,000 times", |guest, _| {
        let (mut from, mut to) = (guest.open(SANDBOX, "file.txt", 0, READ).unwrap(), 0);
        for _ in 0..10_000 {
            to = guest.open(SANDBOX, "dir/file.txt", 0, READ).unwrap();
            assert_eq!(guest.call("fd_renumber", args![from, to]), Ok(()));
            std::mem::swap(&mut from, &mut to);
        }
        assert_eq!(guest.close(from), Ok(()));
        refused(guest.close(to), &[Errno::Badf]);
    });
}

#[test]
fn what_is_closed_is_gone() {
    for fd in [0, 1, 2, SANDBOX, READONLY] {
        attempt(&format!("fd_close: {fd}"), |guest, _| {
            assert!(guest.fdstat(fd).is_ok());
            assert_eq!(guest.close(fd), Ok(()));
            refused(guest.close(fd), &[Errno::Badf]);
            refused(guest.fdstat(fd), &[Errno::Badf]);
            refused(guest.open(fd, "file.txt", 0, READ), &[Errno::Badf]);
            refused(guest.read(fd, 1), &[Errno::Badf]);
        });
    }
    attempt("numbers of standard streams are not given to files", |guest, _| {
        assert_eq!(guest.close(1), Ok(()));
        assert!(guest.open(SANDBOX, "file.txt", 0, READ).unwrap() > 2);
        refused(guest.write(1, "lost"), &[Errno::Badf]);
    });
    for fd in [5, 1000, u32::MAX, 1 << 31] {
        attempt(&format!("a number that was never open: {fd}"), |guest, _| {
            refused(guest.close(fd), &[Errno::Badf]);
            refused(guest.read(fd, 1), &[Errno::Badf]);
            refused(guest.write(fd, "x"), &[Errno::Badf]);
            refused(guest.seek(fd, 0, 0), &[Errno::Badf]);
            refused(guest.names(fd, 64), &[Errno::Badf]);
        });
    }
}

#[test]
fn descriptors_are_limited() {
    let few = |world: &World| {
        let mut builder = world.builder();
        builder.limits(WasiLimits::new().descriptors(20));
        builder
    };
    attempt_with("path_open until the limit", few, |guest, world| {
        let mut open = Vec::new();
        let refusal = loop {
            match guest.open(SANDBOX, "file.txt", 0, READ) {
                Ok(fd) => open.push(fd),
                refusal => break refusal,
            }
        };
        refused(refusal, &[Errno::Mfile]);
        assert_eq!(open.len(), 15);
        refused(guest.open(SANDBOX, "new", CREAT, FILE), &[Errno::Mfile]);
        assert!(!world.path("sandbox/new").exists());
        assert_eq!(guest.close(open[3]), Ok(()));
        assert_eq!(guest.open(SANDBOX, "file.txt", 0, READ), Ok(open[3]));
    });
}

#[test]
fn special_files_keep_nobody_waiting() {
    let special = |world: &World| {
        let dir = rustix::fs::open(world.path("sandbox"), rustix::fs::OFlags::PATH, Mode::empty()).unwrap();
        mknodat(&dir, "fifo", FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        drop(UnixListener::bind(world.path("sandbox/socket")).unwrap());
        world.builder()
    };
    attempt_with("fifo: open to read, without a writer", special, |guest, _| {
        let fifo = guest.open(SANDBOX, "fifo", 0, READ).unwrap();
        // Without a writer there is nothing to come.
        assert_eq!(guest.read(fifo, 10), Ok(Vec::new()));
    });
    attempt_with("fifo: open to write, without a reader", special, |guest, _| {
        refused(guest.open(SANDBOX, "fifo", 0, WRITE), &[Errno::Nxio]);
        let _reader = guest.open(SANDBOX, "fifo", 0, READ).unwrap();
        assert!(guest.open(SANDBOX, "fifo", 0, WRITE).is_ok());
    });
    attempt_with("fifo: set times", special, |guest, _| {
        assert_eq!(guest.set_times(SANDBOX, 1, "fifo"), Ok(()));
        assert_eq!(guest.set_times(SANDBOX, 0, "fifo"), Ok(()));
    });
    attempt_with("fifo: write and read", special, |guest, _| {
        let reader = guest.open(SANDBOX, "fifo", 0, READ).unwrap();
        let writer = guest.open(SANDBOX, "fifo", 0, WRITE).unwrap();
        assert_eq!(guest.write(writer, "through"), Ok(7));
        assert_eq!(guest.read(reader, 99), Ok(b"through".to_vec()));
    });
    attempt_with("fifo: as a directory", special, |guest, _| {
        refused(guest.open(SANDBOX, "fifo", DIRECTORY, READ), &[Errno::Notdir]);
        assert!(guest.open(SANDBOX, "dir", DIRECTORY, READ).is_ok());
    });
    attempt_with("socket file: open", special, |guest, _| {
        refused(guest.open(SANDBOX, "socket", 0, READ), &[Errno::Nxio]);
        assert!(guest.stat(SANDBOX, 0, "socket").is_ok());
    });
}
