//! Rights: what is read-only stays so, and rights only shrink.

use crate::guest::{ALL, CREAT, DIRECTORY, FILE, Guest, READ, SEEK, TRUNC, WRITE, args, refused};
use crate::world::{READONLY, SANDBOX, World, attempt, attempt_with};
use assay_wasi::{DirPerms, Errno, FilePerms, WasiCtxBuilder};

type Change = fn(&mut Guest, u32) -> Result<(), u32>;

/// What changes something, with the descriptor of a directory that holds `file.txt` and `dir`.
const CHANGES: [(&str, Change); 14] = [
    ("create", |guest, fd| guest.open(fd, "new", CREAT, READ).map(drop)),
    ("create to write", |guest, fd| guest.open(fd, "new", CREAT, FILE).map(drop)),
    ("truncate", |guest, fd| guest.open(fd, "file.txt", TRUNC, READ).map(drop)),
    ("open to write", |guest, fd| guest.open(fd, "file.txt", 0, WRITE).map(drop)),
    ("open to allocate", |guest, fd| guest.open(fd, "file.txt", 0, 1 << 8).map(drop)),
    ("open to set the size", |guest, fd| {
        let file = guest.open(fd, "file.txt", 0, 1 << 22)?;
        guest.call("fd_filestat_set_size", args![file, 2_u64])
    }),
    ("make a directory", |guest, fd| guest.on_path("path_create_directory", fd, "new")),
    ("remove a directory", |guest, fd| {
        guest.on_path("path_remove_directory", fd, if fd == READONLY { "dir" } else { "empty" })
    }),
    ("unlink", |guest, fd| guest.on_path("path_unlink_file", fd, "file.txt")),
    ("rename", |guest, fd| guest.two_paths("path_rename", (fd, "file.txt"), (fd, "new"))),
    ("hard link", |guest, fd| guest.two_paths("path_link", (fd, "file.txt"), (fd, "new"))),
    ("symlink", |guest, fd| guest.symlink("file.txt", fd, "new")),
    ("set times", |guest, fd| guest.set_times(fd, 1, "file.txt")),
    ("set times of a link", |guest, fd| guest.set_times(fd, 0, "file.txt")),
];

#[test]
fn a_read_only_directory_takes_no_change() {
    for (name, change) in CHANGES {
        attempt(&format!("read-only: {name}"), |guest, _| {
            refused(change(guest, READONLY), &[Errno::Notcapable]);
            assert_eq!(change(guest, SANDBOX), Ok(()));
        });
        attempt(&format!("read-only, a directory below: {name}"), |guest, _| {
            let below = guest.open_with(READONLY, 1, ".", DIRECTORY, (ALL & !FILE, ALL), 0).unwrap();
            refused(change(guest, below), &[Errno::Notcapable]);
            assert_eq!(change(guest, SANDBOX), Ok(()));
        });
    }
}

#[test]
fn a_read_only_file_takes_no_change() {
    let changes: [(&str, Change); 5] = [
        ("fd_write", |guest, fd| guest.write(fd, "x").map(drop)),
        ("fd_pwrite", |guest, fd| {
            let (list, count) = guest.list(&[(0, 1)]);
            guest.call("fd_pwrite", args![fd, list, count, 0_u64, crate::guest::OUT])
        }),
        ("fd_allocate", |guest, fd| guest.call("fd_allocate", args![fd, 0_u64, 100_u64])),
        ("fd_filestat_set_size", |guest, fd| guest.call("fd_filestat_set_size", args![fd, 0_u64])),
        ("fd_filestat_set_times", |guest, fd| {
            guest.call("fd_filestat_set_times", args![fd, 1_u64, 1_u64, 5_u32])
        }),
    ];
    for (name, change) in changes {
        attempt(&format!("read-only file: {name}"), |guest, _| {
            let fixed = guest.open(READONLY, "file.txt", 0, FILE & !(WRITE | 1 << 8 | 1 << 22)).unwrap();
            refused(change(guest, fixed), &[Errno::Notcapable]);
            let file = guest.open(SANDBOX, "file.txt", 0, FILE).unwrap();
            assert_eq!(change(guest, file), Ok(()));
        });
    }
}

#[test]
fn reading_a_read_only_directory_works() {
    attempt("read-only: everything that reads", |guest, _| {
        assert_eq!(guest.contents(READONLY, "file.txt"), Ok(b"fixed".to_vec()));
        assert!(guest.stat(READONLY, 1, "dir/file.txt").is_ok());
        let listing = guest.open(READONLY, "dir", DIRECTORY, ALL & !FILE).unwrap();
        assert_eq!(guest.names(listing, 512), Ok(vec![".".into(), "..".into(), "file.txt".into()]));
        // Standard libraries ask for all that a file can have but writing.
        let file = guest.open(READONLY, "file.txt", 0, ALL & !(WRITE | 1 << 8 | 1 << 22)).unwrap();
        let (_, _, base, _) = guest.fdstat(file).unwrap();
        assert_eq!(base & (WRITE | 1 << 8 | 1 << 22 | 1 << 23), 0);
    });
}

/// What standard libraries ask for, given what the directory says that it passes on: base and inheriting rights.
type Library = fn(reads: bool, writes: bool, passed_on: u64) -> (u64, u64);

/// In C: everything that the mode does not exclude, of what the directory passes on.
fn wasi_libc(reads: bool, writes: bool, passed_on: u64) -> (u64, u64) {
    let writing = 1 | WRITE | 1 << 8 | 1 << 22;
    let reading = READ | 1 << 14;
    let mut base = !(writing | reading);
    base |= if reads { reading } else { 0 };
    base |= if writes { writing } else { 0 };
    (base & passed_on, passed_on)
}

/// In Rust: a fixed set for each mode, with everything that a path can have.
fn rust(reads: bool, writes: bool, _: u64) -> (u64, u64) {
    let mut base = 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 21 | 1 << 23 | 1 << 27;
    base |=
        0x0000_3e00 | 1 << 15 | 1 << 16 | 1 << 17 | 1 << 18 | 1 << 19 | 1 << 20 | 1 << 24 | 1 << 25 | 1 << 26;
    base |= if reads { READ | 1 << 14 } else { 0 };
    base |= if writes { 1 | WRITE | 1 << 8 | 1 << 22 } else { 0 };
    (base, !0)
}

/// In Go: what a file can have, without what the mode excludes; to set the size is not excluded.
fn go(reads: bool, writes: bool, _: u64) -> (u64, u64) {
    let mut base = FILE;
    base &= if reads { !0 } else { !READ };
    base &= if writes { !0 } else { !(1 | WRITE | 1 << 8) };
    (base, FILE)
}

#[test]
fn what_standard_libraries_ask_for_is_enough_for_them() {
    let libraries: [(&str, Library); 3] = [("C", wasi_libc), ("Rust", rust), ("Go", go)];
    for (name, library) in libraries {
        attempt(&format!("path_open as {name} calls it"), |guest, _| {
            for (fd, bytes) in [(SANDBOX, "inside"), (READONLY, "fixed")] {
                let (_, _, _, passed_on) = guest.fdstat(fd).unwrap();
                let file = guest.open_with(fd, 1, "file.txt", 0, library(true, false, passed_on), 0).unwrap();
                assert_eq!(guest.read(file, 64), Ok(bytes.into()));
                assert_eq!(guest.seek(file, 0, 0), Ok(0));
                for oflags in [DIRECTORY, 0] {
                    let rights = library(true, false, passed_on);
                    let dir = guest.open_with(fd, 1, "dir", oflags, rights, 0).unwrap();
                    let (_, _, got, _) = guest.fdstat(dir).unwrap();
                    assert_eq!(got & (1 << 8 | 1 << 22), 0, "a directory has no size to set");
                }
                let (_, _, got, _) = guest.fdstat(file).unwrap();
                assert_eq!(got & !passed_on, 0, "nothing is widened");
            }
            let (_, _, _, passed_on) = guest.fdstat(SANDBOX).unwrap();
            let rights = library(true, true, passed_on);
            let file = guest.open_with(SANDBOX, 1, "new", CREAT, rights, 0).unwrap();
            assert_eq!(guest.write(file, "kept"), Ok(4));
            let (_, _, _, passed_on) = guest.fdstat(READONLY).unwrap();
            let rights = library(true, true, passed_on);
            let written = guest.open_with(READONLY, 1, "file.txt", 0, rights, 0);
            refused(written.and_then(|file| guest.write(file, "x")), &[Errno::Notcapable]);
        });
    }
}

#[test]
fn rights_are_never_widened() {
    attempt("fd_fdstat_set_rights widens", |guest, _| {
        let file = guest.open(SANDBOX, "file.txt", 0, READ | SEEK).unwrap();
        refused(
            guest.call("fd_fdstat_set_rights", args![file, READ | SEEK | WRITE, 0_u64]),
            &[Errno::Notcapable],
        );
        refused(guest.call("fd_fdstat_set_rights", args![file, READ, ALL]), &[Errno::Notcapable]);
        refused(guest.call("fd_fdstat_set_rights", args![file, u64::MAX, u64::MAX]), &[Errno::Notcapable]);
        assert_eq!(guest.call("fd_fdstat_set_rights", args![file, READ, 0_u64]), Ok(()));
        refused(guest.seek(file, 0, 0), &[Errno::Notcapable]);
        assert_eq!(guest.read(file, 6), Ok(b"inside".to_vec()));
    });
    attempt("path_open asks for more than is passed on", |guest, _| {
        let dir = guest.open_with(SANDBOX, 1, "dir", DIRECTORY, (1 << 13, READ | SEEK), 0).unwrap();
        refused(guest.open(dir, "file.txt", 0, READ | WRITE), &[Errno::Notcapable]);
        let file = guest.open_with(dir, 1, "file.txt", 0, (READ, ALL), 0).unwrap();
        assert_eq!(guest.fdstat(file).map(|stat| (stat.2, stat.3)), Ok((READ, READ | SEEK)));
    });
    for bit in 0..64 {
        attempt(&format!("path_open asks for right {bit}, which is not passed on"), |guest, _| {
            let right = 1_u64 << bit;
            let dir = guest.open_with(SANDBOX, 1, "dir", DIRECTORY, (1 << 13, ALL & !right), 0).unwrap();
            refused(guest.open(dir, "file.txt", 0, right), &[Errno::Notcapable]);
            refused(guest.open(dir, "nested", DIRECTORY, right), &[Errno::Notcapable]);
            refused(guest.open(dir, "file.txt", 0, FILE | right), &[Errno::Notcapable]);
            assert!(guest.open(dir, "file.txt", 0, FILE & !right).is_ok());
            // What nobody passes on is not even passed on by what is granted.
            assert_eq!(guest.open(SANDBOX, "file.txt", 0, FILE | right).is_ok(), ALL & right != 0);
        });
    }
    attempt("what is given up is not withheld but gone", |guest, _| {
        let times = 1 << 23;
        assert!(guest.open(READONLY, "file.txt", 0, READ | times).is_ok());
        let (_, _, base, inheriting) = guest.fdstat(READONLY).unwrap();
        assert_eq!(guest.call("fd_fdstat_set_rights", args![READONLY, base, inheriting]), Ok(()));
        refused(guest.open(READONLY, "file.txt", 0, READ | times), &[Errno::Notcapable]);
        assert!(guest.open(READONLY, "file.txt", 0, READ).is_ok());
    });
    attempt("rights given up are gone below", |guest, _| {
        let (_, _, base, inheriting) = guest.fdstat(SANDBOX).unwrap();
        let kept = inheriting & !WRITE;
        assert_eq!(guest.call("fd_fdstat_set_rights", args![SANDBOX, base, kept]), Ok(()));
        refused(guest.open(SANDBOX, "file.txt", 0, WRITE), &[Errno::Notcapable]);
        let again = guest.open_with(SANDBOX, 1, ".", DIRECTORY, (base, ALL), 0).unwrap();
        refused(guest.open(again, "file.txt", 0, WRITE), &[Errno::Notcapable]);
        assert!(guest.open(again, "file.txt", 0, READ).is_ok());
    });
    for (right, name) in
        [(9, "path_create_directory"), (25, "path_remove_directory"), (26, "path_unlink_file")]
    {
        attempt(&format!("{name} without its right"), |guest, _| {
            let target = if right == 26 { "file.txt" } else { "empty" };
            if right == 9 {
                assert_eq!(guest.on_path("path_remove_directory", SANDBOX, target), Ok(()));
            }
            let (_, _, base, inheriting) = guest.fdstat(SANDBOX).unwrap();
            let kept = guest.open_with(SANDBOX, 1, ".", DIRECTORY, (base & !(1 << right), inheriting), 0);
            refused(guest.on_path(name, kept.unwrap(), target), &[Errno::Notcapable]);
            assert_eq!(guest.on_path(name, SANDBOX, target), Ok(()));
        });
    }
}

#[test]
fn overlapping_directories_keep_their_own_rights() {
    let overlapping = |world: &World| {
        let mut builder = world.builder();
        let nested = world.path("sandbox/dir");
        builder.preopened_dir(nested, "/nested", DirPerms::READ, FilePerms::READ).unwrap();
        builder
    };
    attempt_with("a read-only directory inside of a writable one", overlapping, |guest, _| {
        refused(guest.open(5, "file.txt", 0, WRITE), &[Errno::Notcapable]);
        refused(guest.on_path("path_unlink_file", 5, "file.txt"), &[Errno::Notcapable]);
        assert!(guest.open(SANDBOX, "dir/file.txt", 0, WRITE).is_ok());
    });
    attempt_with("the same file through both", overlapping, |guest, _| {
        let fixed = guest.open(5, "file.txt", 0, READ).unwrap();
        let free = guest.open(SANDBOX, "dir/file.txt", 0, FILE).unwrap();
        refused(guest.write(fixed, "x"), &[Errno::Notcapable]);
        assert_eq!(guest.write(free, "wr"), Ok(2));
        assert_eq!(guest.read(fixed, 6), Ok(b"wrside".to_vec()));
    });
    attempt_with("a name given by one for the other", overlapping, |guest, _| {
        refused(guest.two_paths("path_rename", (5, "file.txt"), (SANDBOX, "got")), &[Errno::Notcapable]);
        refused(guest.two_paths("path_link", (5, "file.txt"), (SANDBOX, "got")), &[Errno::Notcapable]);
        assert_eq!(guest.two_paths("path_link", (SANDBOX, "dir/file.txt"), (SANDBOX, "got")), Ok(()));
    });
    let fixed_files = |world: &World| {
        let mut builder = world.builder();
        builder.preopened_dir(world.path("sandbox/dir"), "/n", DirPerms::all(), FilePerms::READ).unwrap();
        builder
    };
    attempt_with("files that may not be written, in a directory that may", fixed_files, |guest, _| {
        for (name, change) in
            CHANGES.iter().filter(|(name, _)| name.starts_with("open") || *name == "truncate")
        {
            refused(change(guest, 5), &[Errno::Notcapable]);
            assert_eq!(change(guest, SANDBOX), Ok(()), "{name}");
        }
        refused(guest.set_times(5, 1, "file.txt"), &[Errno::Notcapable]);
        let file = guest.open(5, "file.txt", 0, FILE & !(WRITE | 1 << 8 | 1 << 22)).unwrap();
        refused(guest.call("fd_filestat_set_times", args![file, 1_u64, 1_u64, 5_u32]), &[Errno::Notcapable]);
        refused(guest.two_paths("path_link", (5, "file.txt"), (SANDBOX, "got")), &[Errno::Notcapable]);
        assert_eq!(guest.on_path("path_create_directory", 5, "made"), Ok(()));
    });
    let fixed_names = |world: &World| {
        let mut builder = world.builder();
        builder.preopened_dir(world.path("sandbox/dir"), "/n", DirPerms::READ, FilePerms::all()).unwrap();
        builder
    };
    attempt_with("names that may not change, of files that may", fixed_names, |guest, _| {
        refused(guest.two_paths("path_rename", (5, "file.txt"), (SANDBOX, "got")), &[Errno::Notcapable]);
        refused(guest.two_paths("path_link", (5, "file.txt"), (SANDBOX, "got")), &[Errno::Notcapable]);
        refused(guest.on_path("path_unlink_file", 5, "file.txt"), &[Errno::Notcapable]);
        refused(guest.set_times(5, 1, "file.txt"), &[Errno::Notcapable]);
        let file = guest.open(5, "file.txt", 0, FILE).unwrap();
        assert_eq!(guest.write(file, "x"), Ok(1));
        assert_eq!(guest.two_paths("path_link", (SANDBOX, "dir/file.txt"), (SANDBOX, "got")), Ok(()));
    });
    attempt("a name with more rights than the old one", |guest, _| {
        let (_, _, base, inheriting) = guest.fdstat(SANDBOX).unwrap();
        let less = guest.open_with(SANDBOX, 1, ".", DIRECTORY, (base, inheriting & !WRITE), 0).unwrap();
        for name in ["path_link", "path_rename"] {
            refused(guest.two_paths(name, (less, "file.txt"), (SANDBOX, "got")), &[Errno::Notcapable]);
        }
        assert_eq!(guest.two_paths("path_link", (less, "file.txt"), (less, "linked")), Ok(()));
        assert_eq!(guest.two_paths("path_rename", (SANDBOX, "file.txt"), (less, "moved")), Ok(()));
    });
    let unlisted = |world: &World| {
        let mut builder = WasiCtxBuilder::new();
        builder.preopened_dir(world.path("sandbox"), "/", DirPerms::MUTATE, FilePerms::all()).unwrap();
        builder
    };
    attempt_with("a directory that may not be listed", unlisted, |guest, _| {
        refused(guest.names(SANDBOX, 512), &[Errno::Notcapable]);
        refused(guest.stat(SANDBOX, 1, "file.txt"), &[Errno::Notcapable]);
        assert_eq!(guest.on_path("path_create_directory", SANDBOX, "made"), Ok(()));
    });
}
