//! WASI cases survive being saved, and what watches over a play is seen to notice.

use super::case::{Access, Arg, Call, Entry, Mount};
use super::fence;
use super::layout::place;
use super::model::{Model, Seen};
use super::world::World;
use super::{WasiCase, generate, is_wasi_case};
use rustix::io::Errno;

#[test]
fn what_is_saved_is_loaded() {
    for index in 0..300 {
        let case = generate(5, index);
        let text = case.to_text().unwrap();
        assert!(is_wasi_case(&text));
        assert_eq!(WasiCase::from_text(&text).unwrap(), case, "{text}");
    }
}

#[test]
fn damaged_cases_are_refused() {
    let text = generate(5, 1).to_text().unwrap();
    let error = |text: String| WasiCase::from_text(&text).unwrap_err().to_string();
    assert!(error(text.replace("version = 1", "version = 2")).contains("version 2"));
    assert!(
        error(format!("{text}\n[[call]]\ncall = \"fd_close\"\nargs = []\n")).contains("takes 1 parameters")
    );
    assert!(
        error(format!("{text}\n[[call]]\ncall = \"fd_open\"\nargs = []\n")).contains("no function `fd_open`")
    );
    assert!(
        error(format!("{text}\n[[entry]]\ndirectory = \"box/../../away\"\n")).contains("no path in the tree")
    );
    assert!(!is_wasi_case("version = 1\norigin = \"a module\"\n"));
}

fn case() -> WasiCase {
    let file = |file: &str| Entry::File { file: file.to_owned(), contents: "text".to_owned() };
    let directory = |path: &str| Entry::Directory { directory: path.to_owned() };
    let mount = Mount { directory: "box".to_owned(), name: "/box".to_owned(), access: Access::ReadOnly };
    WasiCase {
        entries: vec![directory("box"), file("box/file"), directory("outside"), file("outside/file")],
        mounts: vec![mount],
        ..WasiCase::default()
    }
}

#[test]
fn the_canary_notices_whatever_happens_outside() {
    let world = World::new().unwrap();
    let case = case();
    type Disturb = fn(&std::path::Path);
    let disturbances: [(&str, Disturb); 8] = [
        ("nothing", |_| {}),
        ("something inside", |root| std::fs::write(root.join("box/new"), "").unwrap()),
        ("a file that is read", |root| drop(std::fs::read(root.join("outside/file")).unwrap())),
        ("a file that is written", |root| std::fs::write(root.join("outside/file"), "else").unwrap()),
        ("a file that is made", |root| std::fs::write(root.join("outside/new"), "").unwrap()),
        ("a file that is linked", |root| {
            std::fs::hard_link(root.join("outside/file"), root.join("box/other")).unwrap();
        }),
        ("a directory that is listed", |root| {
            assert_eq!(std::fs::read_dir(root.join("outside")).unwrap().count(), 1);
        }),
        ("a file that is gone", |root| std::fs::remove_file(root.join("outside/file")).unwrap()),
    ];
    for (number, (what, disturb)) in disturbances.into_iter().enumerate() {
        let canary = world.build(&case).unwrap();
        disturb(&world.root());
        assert_eq!(world.disturbed(&case, &canary).is_some(), number >= 2, "{what}");
    }
}

/// What the model says of a call with this answer, after which memory is as `change` leaves it.
fn judged(call: &Call, answer: u32, change: impl FnOnce(&mut [u8])) -> Result<bool, String> {
    let mut model = Model::of(&case(), std::path::Path::new("/nowhere"));
    let placed = place(call);
    let mut after = placed.memory.clone();
    change(&mut after);
    let (params, before) = (&placed.params, &placed.memory);
    let seen = Seen { function: &call.call, params, before, after: &after, answer };
    model.judge(&seen).map(|judged| judged.denied)
}

#[test]
fn the_model_refuses_wrong_answers_wrong_memory_and_wrong_sizes() {
    let call = |call: &str, args: Vec<Arg>| Call { call: call.to_owned(), args };
    let remove = call("path_unlink_file", vec![Arg::Number(3), Arg::text("file")]);
    assert_eq!(judged(&remove, 76, |_| {}), Ok(true), "denied by the mount");
    assert!(
        judged(&remove, 0, |_| {}).unwrap_err().contains("answered success, and could answer notcapable")
    );
    assert!(judged(&remove, 76, |memory| memory[0] = 0).unwrap_err().contains("memory at 0"));
    let stat =
        call("path_filestat_get", vec![Arg::Number(3), Arg::Number(0), Arg::text("file"), Arg::Out(64)]);
    let at = place(&stat).params[4] as usize;
    let record = |size: u8| {
        move |memory: &mut [u8]| {
            memory[at..at + 64].fill(0);
            (memory[at + 16], memory[at + 24], memory[at + 32]) = (4, 1, size);
        }
    };
    assert_eq!(judged(&stat, 0, record(4)), Ok(false));
    assert!(judged(&stat, 0, record(5)).is_err());
    let escape = call(
        "path_filestat_get",
        vec![Arg::Number(3), Arg::Number(0), Arg::text("../outside"), Arg::Out(64)],
    );
    assert_eq!(judged(&escape, 63, |_| {}), Ok(false));
    assert!(judged(&escape, 0, record(4)).is_err());
}

#[test]
fn fences_hold_for_their_thread_and_end_with_it() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("file"), "").unwrap();
    let inside = root.path().to_owned();
    let fenced = move || {
        fence::refuse_openat2(Errno::PERM).unwrap();
        let confined = fence::confine(std::slice::from_ref(&inside)).unwrap();
        let (near, far) = (std::fs::read(inside.join("file")), std::fs::read("/etc/passwd"));
        (fence::openat2(), confined, near.is_ok(), far.is_ok())
    };
    let (openat2, confined, near, far) = std::thread::spawn(fenced).join().unwrap();
    assert_eq!((openat2, near, far), (Err(Errno::PERM), true, !confined));
    assert!(fence::openat2().is_ok() && std::fs::read("/etc/passwd").is_ok());
}
