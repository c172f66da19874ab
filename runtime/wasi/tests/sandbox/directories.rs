//! Listings: cookies that lead nowhere, small buffers, many entries, and change in between.

use crate::guest::{ALL, BYTES, CREAT, DIRECTORY, FILE, Guest, OUT, args, refused};
use crate::world::{SANDBOX, World, attempt};
use assay_wasi::Errno;

fn open(guest: &mut Guest, path: &str) -> u32 {
    guest.directory(SANDBOX, path).unwrap()
}

fn list(guest: &mut Guest, fd: u32, room: u32, cookie: u64) -> Result<u32, u32> {
    guest.call("fd_readdir", args![fd, BYTES, room, cookie, OUT])?;
    Ok(guest.u32(OUT))
}

#[test]
fn cookies_that_lead_nowhere_end_the_listing() {
    for cookie in [u64::MAX, 1 << 63, i64::MAX.cast_unsigned(), 1 << 32, 1000] {
        attempt(&format!("fd_readdir: cookie {cookie:#x}"), |guest, _| {
            let dir = open(guest, "dir");
            assert_eq!(list(guest, dir, 512, cookie), Ok(0));
            assert_eq!(guest.names(dir, 512).map(|names| names.len()), Ok(4));
            assert_eq!(list(guest, dir, 512, cookie), Ok(0));
        });
    }
    attempt("fd_readdir: a stale cookie", |guest, world| {
        let dir = open(guest, "dir");
        assert_eq!(guest.names(dir, 512).map(|names| names.len()), Ok(4));
        std::fs::remove_dir_all(world.path("sandbox/dir/nested")).unwrap();
        std::fs::remove_file(world.path("sandbox/dir/file.txt")).unwrap();
        assert!(list(guest, dir, 512, 4).is_ok());
        assert_eq!(guest.names(dir, 512), Ok(vec![".".into(), "..".into()]));
        std::fs::remove_dir(world.path("sandbox/dir")).unwrap();
        assert_eq!(list(guest, dir, 512, 0), Ok(0), "nothing is left");
    });
}

#[test]
fn every_size_of_buffer_works() {
    for room in [0, 1, 23] {
        attempt(&format!("fd_readdir: {room} bytes"), |guest, _| {
            let dir = open(guest, "dir");
            assert_eq!(list(guest, dir, room, 0), Ok(room));
            guest.put(BYTES, &[0xAA; 64]);
            assert_eq!(list(guest, dir, room, 1), Ok(room));
            assert_eq!(guest.bytes(BYTES + room, 8), vec![0xAA; 8], "nothing behind the buffer");
        });
    }
    for room in [33, 48, 64, 4096] {
        attempt(&format!("fd_readdir: everything by {room} bytes"), |guest, _| {
            let dir = open(guest, "dir");
            let names: Vec<String> = [".", "..", "file.txt", "nested"].map(String::from).into();
            assert_eq!(guest.names(dir, room), Ok(names));
        });
    }
}

/// How many entries a large directory has; all of them where the code is fast.
const MANY: u64 = if cfg!(debug_assertions) { 3000 } else { 100_000 };

#[test]
fn many_entries_are_listed_once() {
    attempt("fd_readdir: a large directory", |guest, world| {
        for number in 0..MANY {
            std::fs::write(world.path(&format!("sandbox/empty/entry-{number}")), "").unwrap();
        }
        let dir = open(guest, "empty");
        for room in [300, 4096, 1 << 20] {
            let mut names = guest.names(dir, room).unwrap();
            assert_eq!(names.len() as u64, MANY + 2);
            names.dedup();
            assert_eq!(names.len() as u64, MANY + 2);
        }
        // Cookies lead back to anywhere, in any order.
        let first = |guest: &mut Guest, cookie: u64| {
            assert_eq!(list(guest, dir, 64, cookie), Ok(64), "{cookie}");
            let name_len = guest.u32(BYTES + 16);
            (guest.u64(BYTES), guest.bytes(BYTES + 24, name_len))
        };
        let places = [MANY / 2, 1, MANY, MANY / 2, 0].map(|cookie| (cookie, first(guest, cookie)));
        for (cookie, (next, name)) in places {
            assert_eq!((next, first(guest, cookie).1), (cookie + 1, name));
        }
        assert_eq!(list(guest, dir, 512, MANY + 2), Ok(0), "the end");
        assert_eq!(list(guest, dir, 512, MANY + 3), Ok(0), "behind the end");
    });
}

#[test]
fn removal_in_between_loses_nothing_else() {
    attempt("fd_readdir: removal during the listing", |guest, world| {
        for number in 0..100 {
            std::fs::write(world.path(&format!("sandbox/empty/entry-{number}")), "").unwrap();
        }
        let dir = open(guest, "empty");
        let (mut cookie, mut seen) = (0_u64, 0);
        while list(guest, dir, 48, cookie).unwrap() > 24 {
            let name_len = guest.u32(BYTES + 16);
            let name = String::from_utf8(guest.bytes(BYTES + 24, name_len)).unwrap();
            cookie = guest.u64(BYTES);
            if name.starts_with("entry") {
                assert_eq!(guest.on_path("path_unlink_file", dir, &name), Ok(()));
                seen += 1;
            }
        }
        assert_eq!(guest.names(dir, 512), Ok(vec![".".into(), "..".into()]), "{seen} were seen");
    });
}

#[test]
fn a_listing_tells_nothing_of_the_directory_above() {
    attempt("fd_readdir: the number of `..`", |guest, world| {
        use std::os::unix::fs::MetadataExt;
        let used = list(guest, SANDBOX, 4096, 0).unwrap();
        let above = std::fs::metadata(world.path("")).unwrap().ino().to_le_bytes();
        let listing = guest.bytes(BYTES, used);
        assert!(!listing.windows(8).any(|window| window == above));
        let own = std::fs::metadata(world.path("sandbox")).unwrap().ino().to_le_bytes();
        assert!(listing.windows(8).any(|window| window == own));
    });
    attempt("fd_readdir: a name that is not UTF-8", |guest, world| {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::OsStr::from_bytes(b"\xff\xfe");
        std::fs::write(world.path("sandbox/empty").join(name), "").unwrap();
        let dir = open(guest, "empty");
        assert_eq!(guest.names(dir, 512), Ok(vec![".".into(), "..".into()]));
    });
}

#[test]
fn only_directories_are_listed() {
    attempt("fd_readdir: of a file and of a stream", |guest, _| {
        let file = guest.open(SANDBOX, "file.txt", 0, ALL).unwrap();
        refused(list(guest, file, 512, 0), &[Errno::Notdir]);
        refused(list(guest, 0, 512, 0), &[Errno::Notdir]);
        assert!(list(guest, SANDBOX, 512, 0).is_ok());
    });
    attempt("a directory is no file", |guest, _: &World| {
        refused(guest.read(SANDBOX, 1), &[Errno::Isdir]);
        refused(guest.write(SANDBOX, "x"), &[Errno::Badf]);
        refused(guest.seek(SANDBOX, 0, 0), &[Errno::Badf]);
        refused(guest.call("fd_tell", args![SANDBOX, OUT]), &[Errno::Badf]);
        refused(guest.call("fd_allocate", args![SANDBOX, 0_u64, 1_u64]), &[Errno::Badf]);
        refused(guest.call("fd_filestat_set_size", args![SANDBOX, 0_u64]), &[Errno::Badf]);
        refused(guest.open(SANDBOX, "dir", CREAT | DIRECTORY, 2), &[Errno::Inval]);
        refused(guest.open(SANDBOX, "dir", DIRECTORY, FILE), &[Errno::Isdir]);
        refused(guest.open(SANDBOX, "dir", 0, FILE), &[Errno::Isdir]);
        assert!(guest.open(SANDBOX, "dir", DIRECTORY, 2).is_ok());
    });
}
