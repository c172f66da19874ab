//! The functions of preview 1 and the types of their parameters, as the specification has them: written down here once more,
//! so that what the runtime links is held against it.
//!
//! Leaves: a module that exports every function by its own name, and does nothing but call it.

use std::fmt::Write;

/// The pages of the guest's memory.
pub(super) const PAGES: u32 = 2;
/// The bytes of it.
pub(super) const MEMORY: u32 = PAGES << 16;

/// Every function with its parameters: `i` has 32 bits, `I` has 64. All but `proc_exit` answer with 32.
#[rustfmt::skip]
pub const FUNCTIONS: [(&str, &str); 46] = [
    ("args_get", "ii"), ("args_sizes_get", "ii"), ("clock_res_get", "ii"), ("clock_time_get", "iIi"),
    ("environ_get", "ii"), ("environ_sizes_get", "ii"), ("fd_advise", "iIIi"), ("fd_allocate", "iII"),
    ("fd_close", "i"), ("fd_datasync", "i"), ("fd_fdstat_get", "ii"), ("fd_fdstat_set_flags", "ii"),
    ("fd_fdstat_set_rights", "iII"), ("fd_filestat_get", "ii"), ("fd_filestat_set_size", "iI"),
    ("fd_filestat_set_times", "iIIi"), ("fd_pread", "iiiIi"), ("fd_prestat_dir_name", "iii"),
    ("fd_prestat_get", "ii"), ("fd_pwrite", "iiiIi"), ("fd_read", "iiii"), ("fd_readdir", "iiiIi"),
    ("fd_renumber", "ii"), ("fd_seek", "iIii"), ("fd_sync", "i"), ("fd_tell", "ii"), ("fd_write", "iiii"),
    ("path_create_directory", "iii"), ("path_filestat_get", "iiiii"),
    ("path_filestat_set_times", "iiiiIIi"), ("path_link", "iiiiiii"), ("path_open", "iiiiiIIii"),
    ("path_readlink", "iiiiii"), ("path_remove_directory", "iii"), ("path_rename", "iiiiii"),
    ("path_symlink", "iiiii"), ("path_unlink_file", "iii"), ("poll_oneoff", "iiii"), ("proc_exit", "i"),
    ("proc_raise", "i"), ("random_get", "ii"), ("sched_yield", ""), ("sock_accept", "iii"),
    ("sock_recv", "iiiiii"), ("sock_send", "iiiii"), ("sock_shutdown", "ii"),
];

/// The parameters of a function.
pub(super) fn parameters(function: &str) -> Option<&'static str> {
    FUNCTIONS.iter().find(|(name, _)| *name == function).map(|&(_, parameters)| parameters)
}

/// The guest, in text: a function for each function, and a memory.
pub(super) fn guest() -> String {
    let mut imports = String::new();
    let mut functions = String::new();
    for (name, parameters) in FUNCTIONS {
        let types: String =
            parameters.chars().map(|letter| if letter == 'i' { " i32" } else { " i64" }).collect();
        let gets: String = (0..parameters.len()).map(|index| format!("(local.get {index})")).collect();
        let result = if name == "proc_exit" { "" } else { "(result i32)" };
        // Writing to a string cannot fail.
        let _ = writeln!(
            imports,
            "(import \"wasi_snapshot_preview1\" \"{name}\" (func ${name} (param{types}) {result}))"
        );
        let _ =
            writeln!(functions, "(func (export \"{name}\") (param{types}) {result} (call ${name} {gets}))");
    }
    format!("(module\n{imports}(memory (export \"memory\") {PAGES} {PAGES})\n{functions})")
}
