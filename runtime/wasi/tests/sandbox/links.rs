//! Links: symbolic ones that lead out, loops, chains, and hard links.

use crate::guest::{CREAT, DIRECTORY, EXCL, FILE, Guest, READ, TRUNC, refused};
use crate::world::{READONLY, SANDBOX, attempt, attempt_with};
use assay_wasi::{DirPerms, Errno, FilePerms, WasiCtxBuilder};
use std::os::unix::fs::symlink;

/// Links at the end of a path that lead out when they are followed.
const LEADING_OUT: [&str; 7] = ["out", "out-dir", "out-missing", "absolute", "up", "root", "out-through-dir"];

#[test]
fn links_that_lead_out_are_not_followed() {
    for link in LEADING_OUT {
        attempt(&format!("path_open to read: through `{link}`"), |guest, _| {
            refused(guest.open(SANDBOX, link, 0, READ), &[Errno::Perm]);
            assert!(guest.open(SANDBOX, "to-file", 0, READ).is_ok());
        });
        attempt(&format!("path_open to create: through `{link}`"), |guest, _| {
            refused(guest.open(SANDBOX, link, CREAT, FILE), &[Errno::Perm]);
            assert!(guest.open(SANDBOX, "dangling", CREAT, FILE).is_ok());
        });
        attempt(&format!("path_open to truncate: through `{link}`"), |guest, _| {
            refused(guest.open(SANDBOX, link, TRUNC, FILE), &[Errno::Perm]);
            assert!(guest.open(SANDBOX, "to-file", TRUNC, FILE).is_ok());
        });
        attempt(&format!("path_open of a directory: through `{link}`"), |guest, _| {
            refused(guest.open(SANDBOX, link, DIRECTORY, READ), &[Errno::Perm]);
            assert!(guest.open(SANDBOX, "to-dir", DIRECTORY, READ).is_ok());
        });
        attempt(&format!("path_filestat_get: through `{link}`"), |guest, _| {
            refused(guest.stat(SANDBOX, 1, link), &[Errno::Perm]);
            assert!(guest.stat(SANDBOX, 1, "to-file").is_ok());
        });
        attempt(&format!("path_filestat_set_times: through `{link}`"), |guest, _| {
            refused(guest.set_times(SANDBOX, 1, link), &[Errno::Perm]);
            assert!(guest.set_times(SANDBOX, 1, "to-file").is_ok());
        });
    }
}

#[test]
fn a_slash_at_the_end_follows_no_link_out() {
    for link in LEADING_OUT {
        for end in ["/", "//", "/."] {
            attempt(&format!("without following: `{link}{end}`"), |guest, _| {
                let path = format!("{link}{end}");
                let open =
                    |guest: &mut Guest, path: &str| guest.open_with(SANDBOX, 0, path, 0, (READ, READ), 0);
                let errnos = [Errno::Perm, Errno::Noent, Errno::Notdir, Errno::Loop, Errno::Isdir];
                refused(open(guest, &path), &errnos);
                refused(guest.stat(SANDBOX, 0, &path), &errnos);
                refused(guest.set_times(SANDBOX, 0, &path), &errnos);
                refused(guest.on_path("path_unlink_file", SANDBOX, &path), &errnos);
                refused(
                    guest.on_path("path_create_directory", SANDBOX, &path),
                    &[errnos[0], errnos[1], errnos[2], Errno::Exist],
                );
                assert!(open(guest, "dir/").is_ok());
                assert!(guest.stat(SANDBOX, 0, "dir/").is_ok());
            });
        }
    }
}

#[test]
fn links_without_an_end_are_loops() {
    for link in ["loop-a", "loop-b", "self"] {
        attempt(&format!("loop: `{link}`"), |guest, _| {
            refused(guest.open(SANDBOX, link, 0, READ), &[Errno::Loop]);
            refused(guest.stat(SANDBOX, 1, link), &[Errno::Loop]);
            refused(guest.open(SANDBOX, format!("{link}/file.txt"), 0, READ), &[Errno::Loop]);
            assert!(guest.stat(SANDBOX, 0, link).is_ok());
        });
    }
    attempt("chain of 45 links", |guest, world| {
        for number in 0..45 {
            let target = if number == 0 { "file.txt".to_owned() } else { format!("chain-{}", number - 1) };
            symlink(target, world.path(&format!("sandbox/chain-{number}"))).unwrap();
        }
        refused(guest.open(SANDBOX, "chain-44", 0, READ), &[Errno::Loop]);
        assert!(guest.open(SANDBOX, "chain-20", 0, READ).is_ok());
    });
}

#[test]
fn links_are_not_followed_unasked() {
    for link in ["to-file", "to-dir", "out", "dangling"] {
        attempt(&format!("path_open without following: `{link}`"), |guest, _| {
            let open = |guest: &mut Guest, path: &str| guest.open_with(SANDBOX, 0, path, 0, (READ, READ), 0);
            refused(open(guest, link), &[Errno::Loop]);
            assert!(open(guest, "file.txt").is_ok());
        });
        attempt(&format!("path_open to create anew: `{link}`"), |guest, _| {
            refused(guest.open(SANDBOX, link, CREAT | EXCL, FILE), &[Errno::Exist]);
            assert!(guest.open(SANDBOX, "new", CREAT | EXCL, FILE).is_ok());
        });
    }
}

#[test]
fn symlinks_of_the_guest_lead_nowhere_new() {
    attempt("path_symlink to an absolute path", |guest, _| {
        refused(guest.symlink("/etc/passwd", SANDBOX, "made"), &[Errno::Perm]);
        assert_eq!(guest.symlink("file.txt", SANDBOX, "made"), Ok(()));
    });
    attempt("path_symlink to the outside, then through it", |guest, _| {
        assert_eq!(guest.symlink("../outside/secret.txt", SANDBOX, "made"), Ok(()));
        refused(guest.open(SANDBOX, "made", 0, READ), &[Errno::Perm]);
        refused(guest.stat(SANDBOX, 1, "made"), &[Errno::Perm]);
        assert_eq!(guest.symlink("dir/file.txt", SANDBOX, "made-inside"), Ok(()));
        assert!(guest.open(SANDBOX, "made-inside", 0, READ).is_ok());
    });
    attempt("a directory moved below a link that climbs", |guest, _| {
        assert_eq!(guest.symlink("../../file.txt", SANDBOX, "dir/nested/climb"), Ok(()));
        assert!(guest.open(SANDBOX, "dir/nested/climb", 0, READ).is_ok());
        assert_eq!(guest.two_paths("path_rename", (SANDBOX, "dir/nested"), (SANDBOX, "n")), Ok(()));
        refused(guest.open(SANDBOX, "n/climb", 0, READ), &[Errno::Perm]);
    });
    attempt("path_symlink with a text that is no path", |guest, _| {
        refused(guest.symlink("", SANDBOX, "made"), &[Errno::Noent]);
        refused(guest.symlink("a\0b", SANDBOX, "made"), &[Errno::Inval]);
        refused(guest.symlink(b"\xff", SANDBOX, "made"), &[Errno::Ilseq]);
        assert_eq!(guest.symlink("x", SANDBOX, "made"), Ok(()));
    });
    attempt("through a second directory", |guest, _| {
        let inside = guest.directory(SANDBOX, "dir").unwrap();
        assert_eq!(guest.symlink("../file.txt", inside, "climb"), Ok(()));
        refused(guest.open(inside, "climb", 0, READ), &[Errno::Perm]);
        assert!(guest.open(SANDBOX, "dir/climb", 0, READ).is_ok());
    });
}

#[test]
fn readlink_tells_only_what_is_inside() {
    attempt("path_readlink of an absolute link", |guest, _| {
        refused(guest.readlink(SANDBOX, "absolute", 99), &[Errno::Perm]);
        refused(guest.readlink(SANDBOX, "root", 99), &[Errno::Perm]);
        assert_eq!(guest.readlink(SANDBOX, "to-file", 99), Ok(b"file.txt".to_vec()));
    });
    attempt("path_readlink into short buffers", |guest, _| {
        assert_eq!(guest.readlink(SANDBOX, "to-file", 0), Ok(Vec::new()));
        assert_eq!(guest.readlink(SANDBOX, "to-file", 4), Ok(b"file".to_vec()));
        refused(guest.readlink(SANDBOX, "file.txt", 99), &[Errno::Inval]);
    });
}

#[test]
fn hard_links_stay_inside_and_give_no_rights() {
    attempt("path_link follows no link", |guest, _| {
        let (old, old_len) = guest.path(crate::guest::PATH, "out");
        let (new, new_len) = guest.path(crate::guest::OTHER_PATH, "linked");
        let args = crate::guest::args![SANDBOX, 1_u32, old, old_len, SANDBOX, new, new_len];
        refused(guest.call("path_link", args), &[Errno::Inval]);
        assert_eq!(guest.two_paths("path_link", (SANDBOX, "file.txt"), (SANDBOX, "linked")), Ok(()));
    });
    attempt("path_link of a link that leads out", |guest, _| {
        assert_eq!(guest.two_paths("path_link", (SANDBOX, "out"), (SANDBOX, "linked")), Ok(()));
        refused(guest.open(SANDBOX, "linked", 0, READ), &[Errno::Perm]);
    });
    attempt("path_link of a directory", |guest, _| {
        refused(
            guest.two_paths("path_link", (SANDBOX, "dir"), (SANDBOX, "linked")),
            &[Errno::Perm, Errno::Acces],
        );
        assert_eq!(guest.two_paths("path_link", (SANDBOX, "file.txt"), (SANDBOX, "linked")), Ok(()));
    });
    for name in ["path_link", "path_rename"] {
        attempt(&format!("{name} out of the read-only directory"), |guest, _| {
            refused(guest.two_paths(name, (READONLY, "file.txt"), (SANDBOX, "got")), &[Errno::Notcapable]);
            assert_eq!(guest.two_paths(name, (SANDBOX, "file.txt"), (SANDBOX, "got")), Ok(()));
        });
        attempt(&format!("{name} into the read-only directory"), |guest, _| {
            refused(guest.two_paths(name, (SANDBOX, "file.txt"), (READONLY, "put")), &[Errno::Notcapable]);
            assert_eq!(guest.two_paths(name, (SANDBOX, "file.txt"), (SANDBOX, "put")), Ok(()));
        });
    }
}

fn grant(world: &crate::world::World, path: &str) -> WasiCtxBuilder {
    let mut builder = WasiCtxBuilder::new();
    builder.preopened_dir(world.path(path), "/", DirPerms::all(), FilePerms::all()).unwrap();
    builder
}

#[test]
fn a_granted_directory_may_be_reached_by_a_link() {
    let through_link = |world: &crate::world::World| {
        symlink("dir", world.path("sandbox/granted")).unwrap();
        grant(world, "sandbox/granted")
    };
    attempt_with("a preopened directory that is itself a link", through_link, |guest, _| {
        assert_eq!(guest.contents(SANDBOX, "file.txt"), Ok(b"inside".to_vec()));
        refused(guest.open(SANDBOX, "../file.txt", 0, READ), &[Errno::Perm]);
    });
}

#[test]
fn magic_links_of_proc_lead_nowhere() {
    for link in
        ["root/etc/passwd", "cwd/Cargo.toml", "cwd", "root", "exe", "fd/0", "fd/1", "task/../root/etc"]
    {
        let proc = |_: &crate::world::World| {
            let mut builder = WasiCtxBuilder::new();
            builder.preopened_dir("/proc/self", "/proc", DirPerms::READ, FilePerms::READ).unwrap();
            builder
        };
        attempt_with(&format!("magic link: {link}"), proc, |guest, _| {
            refused(guest.open(SANDBOX, link, 0, READ), &[Errno::Perm, Errno::Loop, Errno::Noent]);
            assert!(guest.open(SANDBOX, "status", 0, READ).is_ok());
        });
    }
    attempt_with(
        "magic link: readlink",
        |_| {
            let mut builder = WasiCtxBuilder::new();
            builder.preopened_dir("/proc/self", "/proc", DirPerms::READ, FilePerms::READ).unwrap();
            builder
        },
        |guest, _| {
            refused(guest.readlink(SANDBOX, "cwd", 99), &[Errno::Perm]);
            refused(guest.readlink(SANDBOX, "exe", 99), &[Errno::Perm]);
        },
    );
}
