//! Descriptors: numbers, limits, and files that would keep a host waiting.

use crate::guest::{BYTES, CREAT, DIRECTORY, FILE, OUT, READ, SEEK, WRITE, args, refused};
use crate::world::{READONLY, SANDBOX, World, attempt, attempt_with, open_descriptors};
use assay_wasi::{DirPerms, Errno, FilePerms, WasiCtxBuilder, WasiLimits};
use rustix::fs::{FileType, Mode, mknodat};
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

/// A million where the code is fast. The size must not matter.
const RENUMBERINGS: u32 = if cfg!(debug_assertions) { 20_000 } else { 1_000_000 };

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
    attempt("fd_renumber: again and again", |guest, _| {
        let (mut from, mut to) = (guest.open(SANDBOX, "file.txt", 0, READ).unwrap(), 0);
        let open = open_descriptors();
        for round in 0..RENUMBERINGS {
            if round % (RENUMBERINGS / 4) == 0 && crate::lane::enter() {
                assert_eq!(open_descriptors(), open, "the host's descriptors");
            }
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
    attempt_with("fifo: read and write at a position", special, |guest, _| {
        let fifo = guest.open(SANDBOX, "fifo", 0, READ | WRITE | SEEK).unwrap();
        guest.put(BYTES, b"text");
        let (list, count) = guest.list(&[(BYTES, 4)]);
        for name in ["fd_pwrite", "fd_pread"] {
            refused(guest.call(name, args![fifo, list, count, 1_u64, OUT]), &[Errno::Spipe]);
        }
        guest.call("fd_write", args![fifo, list, count, OUT]).unwrap();
        assert_eq!(guest.read(fifo, 10), Ok(b"text".to_vec()));
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
    attempt("a descriptor whose directory has gone", |guest, world| {
        let dir = guest.directory(SANDBOX, "dir").unwrap();
        let file = guest.open(dir, "file.txt", 0, READ).unwrap();
        std::fs::rename(world.path("sandbox"), world.path("elsewhere")).unwrap();
        assert_eq!(guest.contents(dir, "file.txt"), Ok(b"inside".to_vec()), "moved, but still the same");
        std::fs::remove_dir_all(world.path("elsewhere")).unwrap();
        refused(guest.open(dir, "file.txt", 0, READ), &[Errno::Noent]);
        refused(guest.open(SANDBOX, "new", CREAT, FILE), &[Errno::Noent]);
        refused(guest.on_path("path_create_directory", SANDBOX, "new"), &[Errno::Noent]);
        refused(guest.stat(SANDBOX, 1, "file.txt"), &[Errno::Noent]);
        assert_eq!(guest.names(SANDBOX, 512), Ok(Vec::new()));
        assert_eq!(guest.read(file, 6), Ok(b"inside".to_vec()), "what is open stays");
        std::fs::create_dir(world.path("sandbox")).unwrap();
    });
    attempt_with("socket file: open", special, |guest, _| {
        refused(guest.open(SANDBOX, "socket", 0, READ), &[Errno::Nxio]);
        assert!(guest.stat(SANDBOX, 0, "socket").is_ok());
    });
}

/// The host's own devices, for as long as nothing is written to them that they keep.
fn devices(_: &World) -> WasiCtxBuilder {
    let mut builder = WasiCtxBuilder::new();
    builder.preopened_dir("/dev", "/dev", DirPerms::READ, FilePerms::all()).unwrap();
    builder
}

#[test]
fn devices_keep_nobody_waiting() {
    attempt_with("device: without an end", devices, |guest, _| {
        let zero = guest.open(SANDBOX, "zero", 0, READ | WRITE).unwrap();
        assert_eq!(guest.fdstat(zero).map(|stat| stat.0), Ok(2));
        guest.put(BYTES, &[7; 64]);
        assert_eq!(guest.read(zero, 64), Ok(vec![0; 64]));
        assert_eq!(guest.read(zero, 1 << 20).map(|bytes| bytes.len()), Ok(1 << 20));
        assert_eq!(guest.write(zero, "swallowed"), Ok(9));
    });
    attempt_with("device: always full", devices, |guest, _| {
        let full = guest.open(SANDBOX, "full", 0, WRITE).unwrap();
        refused(guest.write(full, "x"), &[Errno::Nospc]);
        let null = guest.open(SANDBOX, "null", 0, WRITE).unwrap();
        assert_eq!(guest.write(null, "x"), Ok(1));
    });
    attempt_with("device: always empty", devices, |guest, _| {
        let null = guest.open(SANDBOX, "null", 0, READ | WRITE).unwrap();
        assert_eq!((guest.read(null, 9), guest.write(null, "gone")), (Ok(Vec::new()), Ok(4)));
    });
    attempt_with("device: is no directory", devices, |guest, _| {
        refused(guest.open(SANDBOX, "zero", DIRECTORY, READ), &[Errno::Notdir]);
        refused(guest.open(SANDBOX, "zero/x", 0, READ), &[Errno::Notdir]);
        assert!(guest.stat(SANDBOX, 1, "zero").is_ok());
    });
    attempt_with(
        "device: made inside of a granted directory",
        |world| {
            let dir =
                rustix::fs::open(world.path("sandbox"), rustix::fs::OFlags::PATH, Mode::empty()).unwrap();
            // A console that nobody has, a disk that is not there, and an endless supply.
            let nodes = [
                ("zero", FileType::CharacterDevice, (1, 5)),
                ("serial", FileType::CharacterDevice, (4, 127)),
                ("nothing", FileType::CharacterDevice, (250, 250)),
                ("disk", FileType::BlockDevice, (7, 250)),
            ];
            for (name, kind, (major, minor)) in nodes {
                let device = rustix::fs::makedev(major, minor);
                if let Err(error) = mknodat(&dir, name, kind, Mode::from_raw_mode(0o600), device) {
                    println!("NOTICE: skipped, devices cannot be made here ({error})");
                    break;
                }
            }
            world.builder()
        },
        |guest, world| {
            if !world.path("sandbox/disk").exists() {
                return;
            }
            let start = Instant::now();
            for name in ["serial", "nothing", "disk"] {
                let _ = guest.open(SANDBOX, name, 0, READ).map(|fd| guest.close(fd));
                let _ = guest.open(SANDBOX, name, 0, FILE).map(|fd| guest.close(fd));
                assert!(guest.stat(SANDBOX, 1, name).is_ok());
            }
            match guest.open(SANDBOX, "zero", 0, READ) {
                Ok(zero) => assert_eq!(guest.read(zero, 64), Ok(vec![0; 64])),
                // Where the file system has no devices.
                refusal => refused(refusal, &[Errno::Acces]),
            }
            assert!(start.elapsed() < Duration::from_secs(5));
        },
    );
}
