//! Races: the host changes what a path means while a guest follows it.
//!
//! A short while in every run; `ASSAY_RACE=1h` (or `90s`, `10m`) lets the races of one process last so long together:
//!
//! ```text
//! ASSAY_RACE=1h cargo test --release -p assay-wasi --test sandbox races -- --test-threads=1
//! ASSAY_RACE=1h ASSAY_WASI_LANE=without-openat2 cargo test --release -p assay-wasi --test sandbox races -- --test-threads=1
//! ```

use crate::guest::{CREAT, FILE, Guest, READ};
use crate::world::{SANDBOX, World, attempt};
use rustix::fs::{RenameFlags, renameat_with};
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How many races there are, each on both engines.
const RACES: u32 = 4 * 2;

/// How long each race lasts.
fn duration() -> Duration {
    match std::env::var("ASSAY_RACE") {
        Ok(text) => together(&text).expect("ASSAY_RACE is a number with s, m or h") / RACES,
        Err(_) => Duration::from_millis(300),
    }
}

fn together(text: &str) -> Option<Duration> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => return None,
    };
    Some(Duration::from_secs(text[..text.len() - 1].parse::<u64>().ok()? * unit))
}

#[test]
fn durations_are_read() {
    let all = ["1h", "90s", "10m", "10", "m", "h1"].map(together);
    let seconds = all.map(|duration| duration.map(|duration| duration.as_secs()));
    assert_eq!(seconds, [Some(3600), Some(90), Some(600), None, None, None]);
}

/// Lets the guest act again and again while `disturb` does.
fn race(disturb: impl Fn() + Sync, mut act: impl FnMut()) {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                disturb();
            }
        });
        let start = Instant::now();
        while start.elapsed() < duration() {
            act();
        }
        stop.store(true, Ordering::Relaxed);
    });
}

/// Reads a path; it must never hold what is outside.
fn read(guest: &mut Guest, path: &str) -> bool {
    let Ok(file) = guest.open(SANDBOX, path, 0, READ) else { return false };
    let bytes = guest.read(file, 64).unwrap();
    guest.close(file).unwrap();
    assert_ne!(bytes, b"secret", "the guest has read what is outside");
    true
}

fn prepare(world: &World) {
    std::fs::create_dir(world.path("sandbox/flip")).unwrap();
    std::fs::write(world.path("sandbox/flip/secret.txt"), "inside").unwrap();
    symlink(world.path("outside"), world.path("sandbox/flop")).unwrap();
}

#[test]
fn a_directory_that_becomes_a_link() {
    attempt("race: directory and link exchanged while opening", |guest, world| {
        prepare(world);
        let (flip, flop) = (world.path("sandbox/flip"), world.path("sandbox/flop"));
        let exchange = || {
            let cwd = rustix::fs::CWD;
            renameat_with(cwd, &flip, cwd, &flop, RenameFlags::EXCHANGE).unwrap();
        };
        let mut opened = 0;
        race(exchange, || opened += u32::from(read(guest, "flip/secret.txt")));
        assert!(opened > 0, "the guest gets in sometimes");
    });
    attempt("race: directory and link exchanged while creating and removing", |guest, world| {
        prepare(world);
        let (flip, flop) = (world.path("sandbox/flip"), world.path("sandbox/flop"));
        let exchange = || {
            let cwd = rustix::fs::CWD;
            renameat_with(cwd, &flip, cwd, &flop, RenameFlags::EXCHANGE).unwrap();
        };
        let mut created = 0;
        race(exchange, || {
            if let Ok(file) = guest.open(SANDBOX, "flip/new", CREAT, FILE) {
                created += 1;
                guest.write(file, "made").unwrap();
                guest.close(file).unwrap();
            }
            let _ = guest.on_path("path_unlink_file", SANDBOX, "flip/new");
            let _ = guest.on_path("path_create_directory", SANDBOX, "flip/made");
            let _ = guest.two_paths("path_rename", (SANDBOX, "flip/made"), (SANDBOX, "flip/moved"));
            let _ = guest.on_path("path_remove_directory", SANDBOX, "flip/moved");
            let _ = guest.set_times(SANDBOX, 1, "flip/secret.txt");
            let _ = guest.set_times(SANDBOX, 0, "flip/secret.txt");
            let _ = guest.symlink("x", SANDBOX, "flip/link");
            let _ = guest.on_path("path_unlink_file", SANDBOX, "flip/link");
        });
        assert!(created > 0, "the guest gets in sometimes");
    });
}

#[test]
fn a_file_that_becomes_a_link() {
    attempt("race: file and link exchanged while opening without following", |guest, world| {
        std::fs::write(world.path("sandbox/flip"), "inside").unwrap();
        symlink(world.path("outside/secret.txt"), world.path("sandbox/flop")).unwrap();
        let (flip, flop) = (world.path("sandbox/flip"), world.path("sandbox/flop"));
        let exchange = || {
            let cwd = rustix::fs::CWD;
            renameat_with(cwd, &flip, cwd, &flop, RenameFlags::EXCHANGE).unwrap();
        };
        let mut opened = 0;
        race(exchange, || {
            for lookup in [0, 1] {
                let Ok(file) = guest.open_with(SANDBOX, lookup, "flip", 0, (READ, READ), 0) else { continue };
                assert_eq!(guest.read(file, 64), Ok(b"inside".to_vec()));
                guest.close(file).unwrap();
                opened += 1;
            }
        });
        assert!(opened > 0);
    });
}

#[test]
fn an_ancestor_that_leaves() {
    attempt("race: a directory moved out between two components", |guest, world| {
        let (inside, away) = (world.path("sandbox/dir/nested"), world.path("outside-moved"));
        std::fs::create_dir_all(inside.join("a/b")).unwrap();
        let wander = || {
            std::fs::rename(inside.join("a"), &away).unwrap();
            std::fs::rename(&away, inside.join("a")).unwrap();
        };
        race(wander, || {
            read(guest, "dir/nested/a/b/../../../../../outside/secret.txt");
            read(guest, "dir/nested/a/b/../../../outside/secret.txt");
            read(guest, "dir/nested/a/../../../outside/secret.txt");
            read(guest, "dir/nested/a/b/../../deep.txt");
        });
    });
}
