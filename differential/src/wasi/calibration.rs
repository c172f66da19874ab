//! The harness against a hole that is known: what our attempts are worth.
//!
//! `cap-primitives` before 3.4.6 let the host follow a link at the end of a path, out of the sandbox, when the path ended with a
//! slash and `openat2` could not be used: a slash defeats `O_NOFOLLOW` (GHSA-vqjp-4c8c-hfgg). The paths of generated cases are opened with that version and
//! with the one that we use: the hole is found in the one, with and only with a slash at the end, and none in the other.

use super::case::{Arg, WasiCase};
use super::world::World;
use super::{fence, generate};
use rustix::io::Errno;
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

/// What came of the attempts of all cases.
#[derive(Default)]
struct Attempts {
    count: u64,
    /// Those that opened something.
    opened: u64,
    /// Those that came out of what is granted.
    escapes: Vec<(String, bool)>,
}

/// Makes the attempts of all cases, in a thread to which `openat2` is refused or not.
fn attempted(open: Open, stepwise: bool) -> Attempts {
    let attempt = move || {
        if stepwise {
            fence::refuse_openat2(Errno::PERM).unwrap();
        }
        let world = World::new().unwrap();
        let mut seen = Attempts::default();
        for index in 0..CASES {
            let case = generate(2, index);
            world.build(&case).unwrap();
            let granted = world.root().join("box");
            let start = File::open(&granted).unwrap();
            for (path, follow) in attempts(&case).filter(|(path, _)| !path.contains("fifo")) {
                seen.count += 1;
                let Ok(opened) = open(&start, Path::new(&path), follow) else { continue };
                seen.opened += 1;
                let fd = std::os::fd::AsRawFd::as_raw_fd(&opened);
                let real = std::fs::read_link(format!("/proc/self/fd/{fd}")).unwrap();
                if !real.starts_with(&granted) {
                    seen.escapes.push((path, follow));
                }
            }
        }
        seen
    };
    std::thread::spawn(attempt).join().unwrap()
}

#[test]
fn a_known_hole_is_found_where_it_is_and_only_there() {
    let Attempts { escapes: holes, count, .. } = attempted(open_then, true);
    assert!(count > 5 * CASES, "{count} attempts");
    assert!(!holes.is_empty(), "the hole of the old version is found");
    assert!(holes.iter().all(|(path, _)| path.ends_with('/')), "it is the one that is known: {holes:?}");
    println!("{} of {count} attempts get out of the old version", holes.len());
    for (open, stepwise) in [(open_then as Open, false), (open_now, true), (open_now, false)] {
        assert_eq!(attempted(open, stepwise).escapes, [], "stepwise: {stepwise}");
    }
}

/// What is set in the process of this test's own.
const APART: &str = "ASSAY_TEST_WITHOUT_OPENAT2";

/// The call answers as on old kernels, in a process of its own: the known hole is in what stands in for it, so that is what
/// played; with the version that we use, paths work and nothing comes out.
#[test]
fn where_the_call_does_not_exist_its_stand_in_plays() {
    if std::env::var_os(APART).is_some() {
        fence::refuse_openat2(Errno::NOSYS).unwrap();
        assert_eq!(fence::openat2(), Err(Errno::NOSYS));
        let (then, now) = (attempted(open_then, false), attempted(open_now, false));
        println!(
            "then {} holes, now {:?}, {} of {} opened",
            then.escapes.len(),
            now.escapes,
            now.opened,
            now.count
        );
        return;
    }
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    let name = "wasi::calibration::where_the_call_does_not_exist_its_stand_in_plays";
    let output = command.args(["--exact", name, "--nocapture"]).env(APART, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let line = said.lines().find_map(|line| Some(line.split_once("then ")?.1)).unwrap();
    let number = |word: &str| -> u64 { word.parse().unwrap() };
    let (holes, rest) = line.split_once(" holes, now [], ").expect("none comes out now");
    let (opened, count) = rest.trim_end_matches(" opened").split_once(" of ").unwrap();
    let with = attempted(open_now, false);
    assert!(number(holes) > 0, "{line}");
    assert_eq!(
        (number(opened), number(count)),
        (with.opened, with.count),
        "as many paths work as with the call"
    );
    assert!(with.opened > CASES, "{} of {}", with.opened, with.count);
}
