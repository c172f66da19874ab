//! Makes WASI cases: from (generator version, seed, index) alone, the same on every host.
//!
//! Arguments are good, at a boundary, or hostile. The generator knows shapes, not what a call answers: that a path leads out,
//! or a descriptor has been closed, is found by chance and often enough.

mod arguments;
mod tree;

use super::case::{Arg, Call, WasiCase};
use super::signature::FUNCTIONS;
use crate::random::Random;
use arguments::Arguments;

/// Changes whenever an old (seed, index) would make another case.
pub const GENERATOR_VERSION: u64 = 2;

/// How often each function is called, where it is not 1 in the sum.
const WEIGHTS: [(&str, usize); 19] = [
    ("path_open", 40),
    ("path_filestat_get", 8),
    ("path_filestat_set_times", 6),
    ("path_create_directory", 6),
    ("path_remove_directory", 6),
    ("path_unlink_file", 6),
    ("path_rename", 10),
    ("path_link", 7),
    ("path_symlink", 8),
    ("path_readlink", 5),
    ("fd_readdir", 8),
    ("fd_read", 6),
    ("fd_write", 8),
    ("fd_pread", 4),
    ("fd_pwrite", 5),
    ("fd_close", 4),
    ("fd_renumber", 4),
    ("fd_fdstat_set_rights", 3),
    ("poll_oneoff", 3),
];

/// The case with this index.
pub fn generate(seed: u64, index: u64) -> WasiCase {
    let mut random = Random::of(&[GENERATOR_VERSION, seed, index, 0x7761_7369]);
    let random = &mut random;
    let mut case = WasiCase {
        origin: format!("generator {GENERATOR_VERSION} of WASI, seed {seed}, case {index}"),
        descriptors: if random.one_in(12) { 12 } else { 64 },
        sockets: random.one_in(6),
        ..WasiCase::default()
    };
    if random.one_in(3) {
        case.args =
            ["guest", "", "--flag=ü", "a b"][..random.below(5)].iter().map(|&arg| arg.to_owned()).collect();
        case.env = vec![("NAME".to_owned(), "value".to_owned()), ("EMPTY".to_owned(), String::new())];
        case.stdin = "typed in by somebody\n".to_owned();
    }
    (case.entries, case.mounts) = tree::tree(random);
    let mut arguments = Arguments::of(&case);
    // First something is opened that is there, so that there is something to work on.
    for _ in 0..4 {
        let args = arguments.sure_open(random);
        case.calls.push(Call { call: "path_open".to_owned(), args });
    }
    let count = 8 + random.below(24);
    for _ in 0..count {
        let function = function(random, case.sockets);
        let args = arguments.of_function(random, function);
        case.calls.push(Call { call: function.to_owned(), args });
        if function == "fd_readdir" && random.one_in(2) {
            for args in arguments.listing(random) {
                case.calls.push(Call { call: function.to_owned(), args });
            }
        }
    }
    case
}

fn function(random: &mut Random, sockets: bool) -> &'static str {
    let heavy: usize = WEIGHTS.iter().map(|&(_, weight)| weight).sum();
    let mut turn = random.below(heavy + FUNCTIONS.len());
    for (name, weight) in WEIGHTS {
        if turn < weight {
            return name;
        }
        turn -= weight;
    }
    let name = FUNCTIONS[turn % FUNCTIONS.len()].0;
    // Where there are no sockets, one kind of call to them says as much as four.
    if name.starts_with("sock_") && !sockets && !random.one_in(4) { "fd_fdstat_get" } else { name }
}

/// A number as an argument.
fn number(value: impl Into<u64>) -> Arg {
    Arg::Number(value.into())
}
