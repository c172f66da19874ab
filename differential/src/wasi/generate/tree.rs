//! Trees: a few directories and files with ordinary and hostile names, links to everywhere, and what is granted of it.

use crate::random::Random;
use crate::wasi::case::{Access, Entry, Mount, ROOT};

/// Names that programs have trouble with.
const HOSTILE: [&str; 8] = ["new\nline", "ünï", " ", "-rf", "...", "a\\b", "\u{1b}[31m", "%2e%2e"];

/// Where links lead, beside to each other. The last ones lead out.
const TARGETS: [&str; 16] = [
    "file.txt",
    "dir",
    "dir/",
    "dir/file.txt",
    "./dir/../file.txt",
    "nowhere",
    "self",
    "loop-b",
    "loop-a",
    "..",
    "../outside",
    "../outside/secret.txt",
    "../outside/new.txt",
    "dir/../../outside/secret.txt",
    "/",
    "{root}/outside/secret.txt",
];

/// The tree and the mounts.
pub(super) fn tree(random: &mut Random) -> (Vec<Entry>, Vec<Mount>) {
    let mut entries = Vec::new();
    let directory = |path: String| Entry::Directory { directory: path };
    let file = |path: String, contents: &str| Entry::File { file: path, contents: contents.to_owned() };
    entries.push(directory("outside".to_owned()));
    entries.push(file("outside/secret.txt".to_owned(), "secret"));
    entries.push(directory("outside/dir".to_owned()));
    entries.push(Entry::Link { link: "outside/back".to_owned(), target: "../box".to_owned() });
    for top in ["box", "fixed"] {
        entries.push(directory(top.to_owned()));
        entries.push(file(format!("{top}/file.txt"), "inside of it"));
        entries.push(directory(format!("{top}/dir")));
        entries.push(file(format!("{top}/dir/file.txt"), "further inside"));
        if random.one_in(2) {
            entries.push(directory(format!("{top}/dir/nested")));
            entries.push(file(format!("{top}/dir/nested/deep.txt"), ""));
        }
        if random.one_in(2) {
            entries.push(directory(format!("{top}/empty")));
        }
        links(random, top, &mut entries);
        if random.one_in(3) {
            let name = random.pick(&HOSTILE);
            entries.push(file(format!("{top}/{name}"), "hostile"));
        }
        if random.one_in(8) {
            entries.push(file(format!("{top}/{}", "n".repeat(255)), "long"));
        }
        if random.one_in(12) {
            entries.push(Entry::Fifo { fifo: format!("{top}/fifo") });
        }
        if random.one_in(4) {
            let target = format!("{top}/file.txt");
            entries.push(Entry::HardLink { hard_link: format!("{top}/dir/same.txt"), target });
        }
    }
    (entries, mounts(random))
}

fn links(random: &mut Random, top: &str, entries: &mut Vec<Entry>) {
    let mut link = |name: &str, target: &str| {
        entries.push(Entry::Link { link: format!("{top}/{name}"), target: target.to_owned() });
    };
    link("to-file", "file.txt");
    link("to-dir", "dir");
    link("out", "../outside");
    for name in ["to-a", "to-b", "dir/to-c"] {
        if random.one_in(2) {
            link(name, TARGETS[random.below(TARGETS.len())]);
        }
    }
    if random.one_in(4) {
        link("loop-a", "loop-b");
        link("loop-b", "loop-a");
    }
    if random.one_in(4) {
        link("absolute", &format!("{ROOT}/outside"));
    }
    if random.one_in(10) {
        link("chain-0", "file.txt");
        for step in 1..45 {
            link(&format!("chain-{step}"), &format!("chain-{}", step - 1));
        }
    }
}

/// What is granted: one directory with everything and one with less; sometimes one below or above another.
fn mounts(random: &mut Random) -> Vec<Mount> {
    let less = [Access::ReadOnly, Access::ReadOnly, Access::WriteFiles, Access::WriteDirectories];
    let mount = |directory: &str, access| {
        let (directory, name) = (directory.to_owned(), format!("/{directory}"));
        Mount { directory, name, access }
    };
    let mut mounts = vec![mount("box", Access::ReadWrite), mount("fixed", *random.pick(&less))];
    match random.below(8) {
        0 => mounts.push(mount("box", Access::ReadOnly)),
        1 => mounts.push(mount("box/dir", *random.pick(&less))),
        2 => mounts.push(mount("fixed/dir", Access::ReadWrite)),
        3 => mounts.swap(0, 1),
        _ => {}
    }
    mounts
}
