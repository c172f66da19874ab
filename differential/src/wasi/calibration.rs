//! The harness against a hole that is known: what our attempts are worth.
//!
//! `cap-primitives` before 3.4.6 let the host follow a link at the end of a path, out of the sandbox, when the path ended with a
//! slash and `openat2` could not be used: a slash defeats `O_NOFOLLOW` (GHSA-vqjp-4c8c-hfgg). The paths of generated cases are opened with that version and
//! with the one that we use: the hole is found in the one, with and only with a slash at the end, and none in the other.

use super::case::{Arg, WasiCase};
use super::world::World;
use super::{fence, generate};
use std::fs::File;
use std::io;
use std::path::Path;

/// How many cases give their paths.
const CASES: u64 = 100;

/// Opens a path below a directory, following a link at its end or not.
type Open = fn(&File, &Path, bool) -> io::Result<File>;

fn open_now(start: &File, path: &Path, follow: bool) -> io::Result<File> {
    use cap_primitives::fs::{FollowSymlinks, OpenOptions, open};
    let follow = if follow { FollowSymlinks::Yes } else { FollowSymlinks::No };
    open(start, path, OpenOptions::new().read(true)._cap_fs_ext_follow(follow))
}

fn open_then(start: &File, path: &Path, follow: bool) -> io::Result<File> {
    use cap_primitives_old::fs::{FollowSymlinks, OpenOptions, open};
    let follow = if follow { FollowSymlinks::Yes } else { FollowSymlinks::No };
    open(start, path, OpenOptions::new().read(true)._cap_fs_ext_follow(follow))
}

/// The paths that a case opens, with whether a link at the end is followed.
fn attempts(case: &WasiCase) -> impl Iterator<Item = (String, bool)> {
    case.calls.iter().filter(|call| call.call == "path_open").filter_map(|call| match call.args.as_slice() {
        [_, Arg::Number(lookup), Arg::Text(bytes, times), ..] => {
            let path = String::from_utf8(bytes.repeat(*times as usize)).ok()?;
            Some((path, lookup & 1 != 0)).filter(|(path, _)| !path.contains('\0'))
        }
        _ => None,
    })
}

/// The attempts that come out of what is granted, and how many there were.
fn escapes(open: Open, stepwise: bool) -> (Vec<(String, bool)>, u64) {
    let attempt = move || {
        if stepwise {
            fence::refuse_openat2().unwrap();
        }
        let world = World::new().unwrap();
        let (mut escapes, mut count) = (Vec::new(), 0);
        for index in 0..CASES {
            let case = generate(2, index);
            world.build(&case).unwrap();
            let granted = world.root().join("box");
            let start = File::open(&granted).unwrap();
            for (path, follow) in attempts(&case).filter(|(path, _)| !path.contains("fifo")) {
                count += 1;
                let Ok(opened) = open(&start, Path::new(&path), follow) else { continue };
                let fd = std::os::fd::AsRawFd::as_raw_fd(&opened);
                let real = std::fs::read_link(format!("/proc/self/fd/{fd}")).unwrap();
                if !real.starts_with(&granted) {
                    escapes.push((path, follow));
                }
            }
        }
        (escapes, count)
    };
    std::thread::spawn(attempt).join().unwrap()
}

#[test]
fn a_known_hole_is_found_where_it_is_and_only_there() {
    let (holes, count) = escapes(open_then, true);
    assert!(count > 5 * CASES, "{count} attempts");
    assert!(!holes.is_empty(), "the hole of the old version is found");
    assert!(holes.iter().all(|(path, _)| path.ends_with('/')), "it is the one that is known: {holes:?}");
    println!("{} of {count} attempts get out of the old version", holes.len());
    for (open, stepwise) in [(open_then as Open, false), (open_now, true), (open_now, false)] {
        assert_eq!(escapes(open, stepwise).0, [], "stepwise: {stepwise}");
    }
}
