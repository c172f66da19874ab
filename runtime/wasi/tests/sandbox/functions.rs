//! What the functions do when all is well, and what they check.

use crate::guest::{
    ALL, BYTES, CREAT, EXCL, FILE, MEMORY, OUT, PATH, READ, SEEK, TELL, TRUNC, WRITE, args, refused,
};
use crate::world::{READONLY, SANDBOX, attempt};
use assay_wasi::{Errno, FUNCTIONS};

#[test]
fn there_are_forty_six() {
    let names: std::collections::BTreeSet<_> = FUNCTIONS.iter().collect();
    assert_eq!(names.len(), 46);
}

#[test]
fn files() {
    attempt("files: write, seek, read, truncate", |guest, world| {
        let file = guest.open(SANDBOX, "new", CREAT | EXCL, FILE).unwrap();
        refused(guest.open(SANDBOX, "new", CREAT | EXCL, FILE), &[Errno::Exist]);
        assert_eq!(guest.write(file, "0123456789"), Ok(10));
        assert_eq!((guest.seek(file, 2, 0), guest.read(file, 3)), (Ok(2), Ok(b"234".to_vec())));
        assert_eq!(guest.call("fd_tell", args![file, OUT]).map(|()| guest.u64(OUT)), Ok(5));
        let (list, count) = guest.list(&[(BYTES, 2), (BYTES + 2, 2)]);
        assert_eq!(guest.call("fd_pread", args![file, list, count, 6_u64, OUT]), Ok(()));
        assert_eq!((guest.u32(OUT), guest.bytes(BYTES, 4)), (4, b"6789".to_vec()));
        guest.put(BYTES, b"abcd");
        assert_eq!(guest.call("fd_pwrite", args![file, list, count, 8_u64, OUT]), Ok(()));
        assert_eq!(guest.seek(file, 0, 1), Ok(5), "positions are not moved");
        assert_eq!(guest.call("fd_filestat_set_size", args![file, 11_u64]), Ok(()));
        assert_eq!(guest.call("fd_allocate", args![file, 0_u64, 13_u64]), Ok(()));
        assert_eq!(guest.call("fd_advise", args![file, 0_u64, 0_u64, 3_u32]), Ok(()));
        refused(guest.call("fd_advise", args![file, 0_u64, 0_u64, 6_u32]), &[Errno::Inval]);
        refused(guest.call("fd_advise", args![file, u64::MAX, 0_u64, 0_u32]), &[Errno::Inval]);
        assert_eq!(
            (guest.call("fd_sync", args![file]), guest.call("fd_datasync", args![file])),
            (Ok(()), Ok(()))
        );
        assert_eq!(std::fs::read(world.path("sandbox/new")).unwrap(), b"01234567abc\0\0");
        let emptied = guest.open(SANDBOX, "new", TRUNC, READ).unwrap();
        assert_eq!(guest.read(emptied, 9), Ok(Vec::new()));
    });
    attempt("files: append", |guest, world| {
        let file = guest.open_with(SANDBOX, 0, "file.txt", 0, (FILE, FILE), 1).unwrap();
        assert_eq!(guest.fdstat(file).map(|stat| (stat.0, stat.1)), Ok((4, 1)));
        assert_eq!(
            (guest.write(file, "+"), guest.seek(file, 0, 0), guest.write(file, "+")),
            (Ok(1), Ok(0), Ok(1))
        );
        assert_eq!(guest.call("fd_fdstat_set_flags", args![file, 0_u32]), Ok(()));
        assert_eq!((guest.seek(file, 0, 0), guest.write(file, "I")), (Ok(0), Ok(1)));
        assert_eq!(std::fs::read(world.path("sandbox/file.txt")).unwrap(), b"Inside++");
        refused(guest.call("fd_fdstat_set_flags", args![file, 16_u32]), &[Errno::Notsup]);
        refused(guest.call("fd_fdstat_set_flags", args![file, 32_u32]), &[Errno::Inval]);
    });
    attempt("files: written through", |guest, _| {
        let file = guest.open_with(SANDBOX, 0, "file.txt", 0, (FILE, FILE), 2 | 8 | 16).unwrap();
        assert_eq!((guest.fdstat(file).map(|stat| stat.1), guest.write(file, "x")), (Ok(26), Ok(1)));
        refused(guest.open_with(SANDBOX, 0, "file.txt", 0, (FILE, FILE), 32), &[Errno::Inval]);
        refused(guest.open_with(SANDBOX, 2, "file.txt", 0, (FILE, FILE), 0), &[Errno::Inval]);
        refused(guest.open_with(SANDBOX, 0, "file.txt", 16, (FILE, FILE), 0), &[Errno::Inval]);
    });
    attempt("files: only what is asked for", |guest, _| {
        let file = guest.open(SANDBOX, "file.txt", 0, READ | SEEK | TELL).unwrap();
        assert_eq!(guest.fdstat(file), Ok((4, 0, READ | SEEK | TELL, READ | SEEK | TELL)));
        refused(guest.write(file, "x"), &[Errno::Notcapable]);
        let writer = guest.open(SANDBOX, "file.txt", 0, WRITE | 1 << 21).unwrap();
        refused(guest.read(writer, 1), &[Errno::Notcapable]);
        refused(guest.seek(writer, 0, 0), &[Errno::Notcapable]);
        let everything = guest.open(SANDBOX, "file.txt", 0, ALL).unwrap();
        assert_eq!(guest.fdstat(everything).map(|stat| stat.2), Ok(FILE));
        assert_eq!(guest.call("fd_filestat_get", args![writer, OUT]), Ok(()));
        assert_eq!((guest.bytes(OUT + 16, 1), guest.u64(OUT + 24), guest.u64(OUT + 32)), (vec![4], 1, 6));
    });
    attempt(
        "files: a file that cannot be written is opened to read when it may be created",
        |guest, world| {
            let path = world.path("sandbox/file.txt");
            let mut permissions = std::fs::metadata(&path).unwrap().permissions();
            permissions.set_readonly(true);
            std::fs::set_permissions(&path, permissions).unwrap();
            let file = guest.open(SANDBOX, "file.txt", CREAT, READ).unwrap();
            assert_eq!(guest.read(file, 9), Ok(b"inside".to_vec()));
        },
    );
}

#[test]
fn times() {
    attempt("times: set by descriptor and by path", |guest, _| {
        let file = guest.open(SANDBOX, "file.txt", 0, FILE).unwrap();
        let second = 1_000_000_000_u64;
        assert_eq!(
            guest.call("fd_filestat_set_times", args![file, 5 * second, 7 * second + 3, 5_u32]),
            Ok(())
        );
        let times = |guest: &mut crate::guest::Guest, lookup, path: &str| {
            guest.stat(SANDBOX, lookup, path).unwrap();
            (guest.u64(OUT + 40), guest.u64(OUT + 48))
        };
        assert_eq!(times(guest, 1, "file.txt"), (5 * second, 7 * second + 3));
        assert_eq!(guest.set_times(SANDBOX, 0, "to-file"), Ok(()));
        assert_eq!(times(guest, 0, "to-file"), (1 << 40, 1 << 40));
        assert_eq!(times(guest, 0, "file.txt"), (5 * second, 7 * second + 3), "only the link's");
        assert_eq!(guest.set_times(SANDBOX, 1, "to-file"), Ok(()));
        assert_eq!(times(guest, 0, "file.txt"), (1 << 40, 1 << 40));
        for lookup in [0_u32, 1] {
            // Nothing is to be set, of nothing.
            let (at, len) = guest.path(PATH, "missing");
            let answer =
                guest.call("path_filestat_set_times", args![SANDBOX, lookup, at, len, 0_u64, 0_u64, 0_u32]);
            refused(answer, &[Errno::Noent]);
        }
        assert_eq!(guest.set_times(SANDBOX, 0, "dir/nested/"), Ok(()));
        assert_eq!(times(guest, 0, "dir/nested"), (1 << 40, 1 << 40));
        assert_eq!(guest.call("fd_filestat_set_times", args![file, 0_u64, 0_u64, 2_u32]), Ok(()));
        assert!(times(guest, 1, "file.txt").0 > 1 << 60, "now");
        assert_eq!(times(guest, 1, "file.txt").1, 1 << 40, "as it was");
        for flags in [3_u32, 12, 15, 16, u32::MAX] {
            refused(guest.call("fd_filestat_set_times", args![file, 1_u64, 1_u64, flags]), &[Errno::Inval]);
        }
        assert_eq!(guest.call("fd_filestat_set_times", args![SANDBOX, 1_u64, 1_u64, 5_u32]), Ok(()));
        refused(guest.call("fd_filestat_set_times", args![0_u32, 1_u64, 1_u64, 5_u32]), &[Errno::Notcapable]);
    });
}

#[test]
fn names() {
    attempt("names: make, rename, link, remove", |guest, _| {
        assert_eq!(guest.on_path("path_create_directory", SANDBOX, "a"), Ok(()));
        refused(guest.on_path("path_create_directory", SANDBOX, "a"), &[Errno::Exist]);
        assert_eq!(guest.two_paths("path_rename", (SANDBOX, "file.txt"), (SANDBOX, "a/b")), Ok(()));
        assert_eq!(guest.two_paths("path_link", (SANDBOX, "a/b"), (SANDBOX, "c")), Ok(()));
        refused(guest.two_paths("path_link", (SANDBOX, "a/b"), (SANDBOX, "c")), &[Errno::Exist]);
        assert_eq!(guest.contents(SANDBOX, "c"), Ok(b"inside".to_vec()));
        refused(guest.on_path("path_remove_directory", SANDBOX, "a"), &[Errno::Notempty]);
        refused(guest.on_path("path_unlink_file", SANDBOX, "a"), &[Errno::Isdir]);
        refused(guest.on_path("path_remove_directory", SANDBOX, "c"), &[Errno::Notdir]);
        refused(guest.two_paths("path_rename", (SANDBOX, "a"), (SANDBOX, "dir")), &[Errno::Notempty]);
        refused(guest.two_paths("path_rename", (SANDBOX, "c"), (SANDBOX, "dir")), &[Errno::Isdir]);
        refused(guest.two_paths("path_rename", (SANDBOX, "a"), (SANDBOX, "c")), &[Errno::Notdir]);
        assert_eq!(guest.on_path("path_unlink_file", SANDBOX, "a/b"), Ok(()));
        assert_eq!(guest.on_path("path_remove_directory", SANDBOX, "a"), Ok(()));
        assert_eq!(guest.symlink("c", SANDBOX, "s"), Ok(()));
        refused(guest.symlink("c", SANDBOX, "s"), &[Errno::Exist]);
        assert_eq!(guest.readlink(SANDBOX, "s", 9), Ok(b"c".to_vec()));
        guest.stat(SANDBOX, 0, "s").unwrap();
        assert_eq!(guest.bytes(OUT + 16, 1), vec![7]);
        for (name, path) in [("path_unlink_file", "missing"), ("path_remove_directory", "missing")] {
            refused(guest.on_path(name, SANDBOX, path), &[Errno::Noent]);
        }
        refused(guest.open(SANDBOX, "c/d", 0, READ), &[Errno::Notdir]);
        refused(guest.open(1, "c", 0, READ), &[Errno::Notdir]);
        refused(guest.open(77, "c", 0, READ), &[Errno::Badf]);
    });
    attempt("names: of granted directories", |guest, _| {
        assert_eq!(guest.call("fd_prestat_get", args![READONLY, OUT]), Ok(()));
        assert_eq!(guest.bytes(OUT, 8), vec![0, 0, 0, 0, 9, 0, 0, 0]);
        refused(guest.call("fd_prestat_dir_name", args![READONLY, OUT, 8_u32]), &[Errno::Nametoolong]);
        assert_eq!(guest.call("fd_prestat_dir_name", args![READONLY, OUT, 99_u32]), Ok(()));
        assert_eq!(guest.bytes(OUT, 9), b"/readonly");
        refused(guest.call("fd_prestat_dir_name", args![READONLY, MEMORY - 8, 9_u32]), &[Errno::Fault]);
        for fd in [0_u32, 1, 2, 5] {
            refused(guest.call("fd_prestat_get", args![fd, OUT]), &[Errno::Badf]);
        }
        let dir = guest.directory(SANDBOX, "dir").unwrap();
        refused(guest.call("fd_prestat_get", args![dir, OUT]), &[Errno::Badf]);
    });
    attempt("names: a directory that vanishes", |guest, world| {
        let dir = guest.directory(SANDBOX, "empty").unwrap();
        std::fs::remove_dir(world.path("sandbox/empty")).unwrap();
        refused(guest.open(dir, "x", CREAT, READ), &[Errno::Noent]);
        refused(guest.on_path("path_create_directory", dir, "x"), &[Errno::Noent]);
        assert_eq!(guest.close(dir), Ok(()));
    });
}

#[test]
fn clocks_and_chance() {
    attempt("clocks: run", |guest, _| {
        for id in [0_u32, 1] {
            assert_eq!(guest.call("clock_res_get", args![id, OUT]), Ok(()));
            assert!(guest.u64(OUT) > 0);
            guest.call("clock_time_get", args![id, 1_u64, OUT]).unwrap();
            let before = guest.u64(OUT);
            std::thread::sleep(std::time::Duration::from_millis(2));
            guest.call("clock_time_get", args![id, 1_u64, OUT]).unwrap();
            assert!(guest.u64(OUT) >= before + 1_000_000);
        }
        for (id, errno) in
            [(2_u32, Errno::Notsup), (3, Errno::Notsup), (4, Errno::Inval), (u32::MAX, Errno::Inval)]
        {
            refused(guest.call("clock_time_get", args![id, 0_u64, OUT]), &[errno]);
            refused(guest.call("clock_res_get", args![id, OUT]), &[errno]);
        }
        assert_eq!(guest.call("sched_yield", args![]), Ok(()));
        refused(guest.call("clock_res_get", args![0_u32, MEMORY - 7]), &[Errno::Fault]);
    });
}
