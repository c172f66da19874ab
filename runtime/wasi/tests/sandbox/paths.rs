//! Paths that lead out, and paths that are none.

use crate::guest::{Answer, CREAT, DIRECTORY, FILE, Guest, READ, TRUNC, args, refused};
use crate::world::{SANDBOX, World, attempt};
use assay_wasi::Errno;
use std::time::{Duration, Instant};

/// Something done to a path.
type Operation = fn(&mut Guest, &str) -> Answer;

/// Every way to use a path, with an allowed path for which it succeeds.
const OPERATIONS: [(&str, &str, Operation); 17] = [
    ("path_open to read", "dir/file.txt", |guest, path| guest.open(SANDBOX, path, 0, READ).map(drop)),
    ("path_open to create", "dir/new", |guest, path| guest.open(SANDBOX, path, CREAT, FILE).map(drop)),
    ("path_open to truncate", "dir/file.txt", |guest, path| guest.open(SANDBOX, path, TRUNC, FILE).map(drop)),
    ("path_open of a directory", "dir/nested", |guest, path| {
        guest.open(SANDBOX, path, DIRECTORY, READ).map(drop)
    }),
    ("path_create_directory", "dir/new", |guest, path| guest.on_path("path_create_directory", SANDBOX, path)),
    ("path_remove_directory", "dir/../empty", |guest, path| {
        guest.on_path("path_remove_directory", SANDBOX, path)
    }),
    ("path_unlink_file", "dir/file.txt", |guest, path| guest.on_path("path_unlink_file", SANDBOX, path)),
    ("path_filestat_get", "dir/file.txt", |guest, path| guest.stat(SANDBOX, 0, path).map(drop)),
    ("path_filestat_get with links", "to-file", |guest, path| guest.stat(SANDBOX, 1, path).map(drop)),
    ("path_filestat_set_times", "dir/file.txt", |guest, path| guest.set_times(SANDBOX, 0, path)),
    ("path_filestat_set_times with links", "to-file", |guest, path| guest.set_times(SANDBOX, 1, path)),
    ("path_readlink", "dir/../to-file", |guest, path| guest.readlink(SANDBOX, path, 99).map(drop)),
    ("path_link from", "dir/file.txt", |guest, path| {
        guest.two_paths("path_link", (SANDBOX, path), (SANDBOX, "linked"))
    }),
    ("path_link to", "dir/linked", |guest, path| {
        guest.two_paths("path_link", (SANDBOX, "file.txt"), (SANDBOX, path))
    }),
    ("path_rename from", "dir/file.txt", |guest, path| {
        guest.two_paths("path_rename", (SANDBOX, path), (SANDBOX, "renamed"))
    }),
    ("path_rename to", "dir/renamed", |guest, path| {
        guest.two_paths("path_rename", (SANDBOX, "file.txt"), (SANDBOX, path))
    }),
    ("path_symlink", "dir/symlink", |guest, path| guest.symlink("file.txt", SANDBOX, path)),
];

/// Makes the operation in one world where it is allowed, and tries it in another where it is not.
fn denied(
    operation: &(&str, &str, Operation),
    form: &str,
    path: impl Fn(&World) -> String,
    errnos: &[Errno],
) {
    let &(name, allowed, operate) = operation;
    attempt(&format!("{name}: {form}"), |guest, world| {
        refused(operate(guest, &path(world)), errnos);
        assert_eq!(operate(guest, allowed), Ok(()), "{name} of {allowed}");
    });
}

const OUT: [(&str, &str); 14] = [
    ("parent", "../outside/secret.txt"),
    ("parent after dot", "./../outside/secret.txt"),
    ("parent in the middle", "dir/../../outside/secret.txt"),
    ("parent behind slashes", "dir//..//..//outside/secret.txt"),
    ("parents beyond the depth", "dir/nested/../../../../../../../../etc/passwd"),
    ("out and in again", "../sandbox/file.txt"),
    ("out of a missing directory", "../missing/file"),
    ("link to a directory outside", "out-dir/secret.txt"),
    ("link outside after a parent", "dir/../out-dir/secret.txt"),
    ("parent behind a link outside", "out-dir/../outside/secret.txt"),
    ("link to the parent", "up/outside/secret.txt"),
    ("link to the root", "root/etc/passwd"),
    ("chain of links", "to-dir/../up/outside/secret.txt"),
    ("dots", "././dir/./../.././outside/secret.txt"),
];

#[test]
fn no_path_leads_out() {
    for operation in &OPERATIONS {
        for (form, path) in OUT {
            denied(operation, form, |_| path.to_owned(), &[Errno::Perm]);
        }
    }
}

#[test]
fn absolute_paths_are_refused() {
    for operation in &OPERATIONS {
        let outside = |world: &World| world.path("outside/secret.txt").to_str().unwrap().to_owned();
        denied(operation, "absolute", outside, &[Errno::Perm]);
        let inside = |world: &World| world.path("sandbox/file.txt").to_str().unwrap().to_owned();
        denied(operation, "absolute, though inside", inside, &[Errno::Perm]);
    }
}

#[test]
fn what_is_no_path_is_refused() {
    let long = "n".repeat(256);
    let beyond = "a/".repeat(2048) + "b";
    for operation in &OPERATIONS {
        denied(operation, "empty", |_| String::new(), &[Errno::Noent]);
        denied(operation, "embedded NUL", |_| "dir/file.txt\0/../x".to_owned(), &[Errno::Inval]);
        denied(operation, "name of 256 bytes", |_| long.clone(), &[Errno::Nametoolong]);
        denied(operation, "path of 4,097 bytes", |_| beyond.clone(), &[Errno::Nametoolong]);
    }
}

#[test]
fn names_of_255_bytes_and_unusual_characters_work() {
    let names = ["n".repeat(255), "line\nbreak".to_owned(), "ünï ¢ødé 🦀".to_owned(), "\u{202e}x".to_owned()];
    for name in names {
        attempt(&format!("a file named {:.12}", name.escape_debug().to_string()), |guest, _| {
            let file = guest.open(SANDBOX, &name, CREAT, FILE).unwrap();
            assert_eq!(guest.write(file, "kept"), Ok(4));
            assert_eq!(guest.contents(SANDBOX, &name), Ok(b"kept".to_vec()));
        });
    }
}

#[test]
fn bytes_that_are_not_utf8_are_refused() {
    for (form, bytes) in [
        ("lone byte", &b"dir/\xff"[..]),
        ("overlong slash", b"dir\xc0\xaf..\xc0\xaffile.txt"),
        ("overlong dot", b"\xc0\xae\xc0\xae/outside"),
        ("surrogate", b"dir/\xed\xa0\x80"),
        ("cut off", b"dir/\xf0\x9f\xa6"),
    ] {
        attempt(&format!("path_open: {form}"), |guest, _| {
            refused(guest.open(SANDBOX, bytes, CREAT, FILE), &[Errno::Ilseq]);
            refused(guest.on_path("path_create_directory", SANDBOX, bytes), &[Errno::Ilseq]);
        });
    }
}

#[test]
fn slashes_and_dots_at_the_end_mean_a_directory() {
    for end in ["/", "///", "/.", "/./"] {
        attempt(&format!("path_open: file with {end} at the end"), |guest, _| {
            refused(guest.open(SANDBOX, format!("file.txt{end}"), 0, READ), &[Errno::Notdir]);
            refused(guest.open(SANDBOX, format!("to-file{end}"), 0, READ), &[Errno::Notdir]);
            assert!(guest.open(SANDBOX, format!("dir{end}"), 0, READ).is_ok());
            assert!(guest.open(SANDBOX, format!("to-dir{end}"), 0, READ).is_ok());
        });
        attempt(&format!("path_unlink_file: file with {end} at the end"), |guest, _| {
            refused(
                guest.on_path("path_unlink_file", SANDBOX, format!("file.txt{end}")),
                &[Errno::Notdir, Errno::Isdir],
            );
            assert_eq!(guest.contents(SANDBOX, "file.txt"), Ok(b"inside".to_vec()));
            assert_eq!(guest.on_path("path_unlink_file", SANDBOX, "file.txt"), Ok(()));
        });
        attempt(&format!("path_open: create with {end} at the end"), |guest, world| {
            let errnos = [Errno::Isdir, Errno::Notdir, Errno::Noent, Errno::Inval];
            refused(guest.open(SANDBOX, format!("new{end}"), CREAT, FILE), &errnos);
            assert!(!world.path("sandbox/new").exists());
            assert!(guest.open(SANDBOX, "new", CREAT, FILE).is_ok());
        });
    }
    attempt("path_remove_directory: slashes at the end", |guest, _| {
        refused(guest.on_path("path_remove_directory", SANDBOX, "file.txt/"), &[Errno::Notdir]);
        refused(guest.on_path("path_remove_directory", SANDBOX, "to-dir/"), &[Errno::Notdir]);
        assert_eq!(guest.on_path("path_remove_directory", SANDBOX, "empty//"), Ok(()));
    });
    attempt("path_rename: slashes at the end", |guest, _| {
        refused(
            guest.two_paths("path_rename", (SANDBOX, "file.txt"), (SANDBOX, "renamed/")),
            &[Errno::Notdir],
        );
        refused(
            guest.two_paths("path_rename", (SANDBOX, "file.txt/"), (SANDBOX, "renamed")),
            &[Errno::Notdir],
        );
        assert_eq!(guest.two_paths("path_rename", (SANDBOX, "empty/"), (SANDBOX, "renamed/")), Ok(()));
    });
}

#[test]
fn very_long_paths_take_bounded_time() {
    for (form, path) in [("a million bytes", "a".repeat(1 << 20)), ("parents", "dir/../".repeat(100_000))] {
        attempt(&format!("path_open: {form}"), |guest, _| {
            let start = Instant::now();
            refused(guest.open(SANDBOX, &path, CREAT, FILE), &[Errno::Nametoolong]);
            assert!(start.elapsed() < Duration::from_secs(1));
            assert!(guest.open(SANDBOX, "dir/../".repeat(500) + "file.txt", 0, READ).is_ok());
        });
    }
}

#[test]
fn a_path_outside_of_memory_is_refused() {
    for (at, len) in [(u32::MAX, 1_u32), (u32::MAX - 3, 8), (crate::guest::MEMORY, 1), (0, u32::MAX)] {
        attempt(&format!("path_create_directory: path at {at:#x}, {len:#x} bytes"), |guest, _| {
            refused(guest.call("path_create_directory", args![SANDBOX, at, len]), &[Errno::Fault]);
            let end = crate::guest::MEMORY - 3;
            guest.put(end, b"new");
            assert_eq!(guest.call("path_create_directory", args![SANDBOX, end, 3_u32]), Ok(()));
        });
    }
}
