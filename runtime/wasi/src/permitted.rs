//! Which error numbers a function may give: one table, because preview 1 never wrote one.
//!
//! A number that a function does not have here (from an unusual file system, say) reaches the guest as `io`, so the
//! table is what guests can rely on.

use crate::errno::Errno;

type Group = &'static [Errno];

/// What every other error of the host becomes.
const FAILED: Group = &[Errno::Io];
const POINTER: Group = &[Errno::Fault];
const ARGUMENT: Group = &[Errno::Inval];
/// A number that is not open.
const NUMBER: Group = &[Errno::Badf];
const DESCRIPTOR: Group = &[Errno::Badf, Errno::Notcapable];
/// A path that leads nowhere, out of its directory, or is none.
const LOOKUP: Group = &[
    Errno::Noent,
    Errno::Notdir,
    Errno::Loop,
    Errno::Nametoolong,
    Errno::Ilseq,
    Errno::Inval,
    Errno::Acces,
    Errno::Perm,
    Errno::Nomem,
    Errno::Io,
    Errno::Stale,
];
/// A change that the host's file system does not take.
const STORAGE: Group = &[
    Errno::Io,
    Errno::Nospc,
    Errno::Dquot,
    Errno::Rofs,
    Errno::Fbig,
    Errno::Nomem,
    Errno::Perm,
    Errno::Acces,
    Errno::Stale,
    Errno::Busy,
    Errno::Txtbsy,
    Errno::Inval,
    Errno::Notsup,
];
const OPENING: Group =
    &[Errno::Mfile, Errno::Nfile, Errno::Nxio, Errno::Nodev, Errno::Isdir, Errno::Exist, Errno::Overflow];
const NAMES: Group =
    &[Errno::Exist, Errno::Notempty, Errno::Isdir, Errno::Mlink, Errno::Xdev, Errno::Notcapable];
/// What has a position is always ready.
const POSITIONED: Group = &[Errno::Io, Errno::Nomem, Errno::Inval, Errno::Nxio, Errno::Overflow];
const STREAM: Group = &[Errno::Again, Errno::Io, Errno::Nomem, Errno::Inval, Errno::Nxio, Errno::Overflow];
const CONNECTION: Group = &[
    Errno::Connreset,
    Errno::Connaborted,
    Errno::Connrefused,
    Errno::Notconn,
    Errno::Timedout,
    Errno::Nobufs,
    Errno::Msgsize,
];
const NOT_A_FILE: Group = &[Errno::Badf, Errno::Spipe];
const NOT_A_SOCKET: Group = &[Errno::Notsock];

/// The table.
#[rustfmt::skip]
const TABLE: [(&str, &[Group]); 46] = [
    ("args_get", &[POINTER, &[Errno::Overflow]]),
    ("args_sizes_get", &[POINTER, &[Errno::Overflow]]),
    ("clock_res_get", &[POINTER, ARGUMENT, &[Errno::Notsup]]),
    ("clock_time_get", &[POINTER, ARGUMENT, &[Errno::Notsup]]),
    ("environ_get", &[POINTER, &[Errno::Overflow]]),
    ("environ_sizes_get", &[POINTER, &[Errno::Overflow]]),
    ("fd_advise", &[ARGUMENT, DESCRIPTOR, NOT_A_FILE, FAILED]),
    ("fd_allocate", &[ARGUMENT, DESCRIPTOR, NOT_A_FILE, STORAGE, &[Errno::Nodev]]),
    ("fd_close", &[NUMBER]),
    ("fd_datasync", &[ARGUMENT, DESCRIPTOR, STORAGE]),
    ("fd_fdstat_get", &[POINTER, NUMBER]),
    ("fd_fdstat_set_flags", &[ARGUMENT, DESCRIPTOR, FAILED, &[Errno::Notsup, Errno::Perm]]),
    ("fd_fdstat_set_rights", &[DESCRIPTOR]),
    ("fd_filestat_get", &[POINTER, DESCRIPTOR, &[Errno::Io, Errno::Stale]]),
    ("fd_filestat_set_size", &[ARGUMENT, DESCRIPTOR, NOT_A_FILE, STORAGE]),
    ("fd_filestat_set_times", &[ARGUMENT, DESCRIPTOR, STORAGE]),
    ("fd_pread", &[POINTER, ARGUMENT, DESCRIPTOR, POSITIONED, &[Errno::Isdir, Errno::Spipe]]),
    ("fd_prestat_dir_name", &[POINTER, NUMBER, &[Errno::Nametoolong]]),
    ("fd_prestat_get", &[POINTER, NUMBER, &[Errno::Overflow]]),
    ("fd_pwrite", &[POINTER, ARGUMENT, DESCRIPTOR, POSITIONED, STORAGE, &[Errno::Spipe, Errno::Pipe]]),
    ("fd_read", &[POINTER, ARGUMENT, DESCRIPTOR, STREAM, CONNECTION, &[Errno::Isdir]]),
    ("fd_readdir", &[POINTER, DESCRIPTOR, &[Errno::Notdir, Errno::Noent, Errno::Io, Errno::Nomem, Errno::Mfile, Errno::Nfile, Errno::Acces, Errno::Stale]]),
    ("fd_renumber", &[NUMBER]),
    ("fd_seek", &[POINTER, ARGUMENT, DESCRIPTOR, NOT_A_FILE, FAILED, &[Errno::Overflow, Errno::Nxio]]),
    ("fd_sync", &[ARGUMENT, DESCRIPTOR, STORAGE]),
    ("fd_tell", &[POINTER, DESCRIPTOR, NOT_A_FILE, FAILED, &[Errno::Overflow]]),
    ("fd_write", &[POINTER, ARGUMENT, DESCRIPTOR, STREAM, STORAGE, CONNECTION, &[Errno::Pipe]]),
    ("path_create_directory", &[POINTER, DESCRIPTOR, LOOKUP, STORAGE, &[Errno::Exist, Errno::Mlink]]),
    ("path_filestat_get", &[POINTER, DESCRIPTOR, LOOKUP, &[Errno::Overflow]]),
    ("path_filestat_set_times", &[POINTER, DESCRIPTOR, LOOKUP, STORAGE, &[Errno::Mfile, Errno::Nfile]]),
    ("path_link", &[POINTER, DESCRIPTOR, LOOKUP, STORAGE, NAMES]),
    ("path_open", &[POINTER, DESCRIPTOR, LOOKUP, STORAGE, OPENING]),
    ("path_readlink", &[POINTER, DESCRIPTOR, LOOKUP]),
    ("path_remove_directory", &[POINTER, DESCRIPTOR, LOOKUP, STORAGE, NAMES]),
    ("path_rename", &[POINTER, DESCRIPTOR, LOOKUP, STORAGE, NAMES]),
    ("path_symlink", &[POINTER, DESCRIPTOR, LOOKUP, STORAGE, &[Errno::Exist]]),
    ("path_unlink_file", &[POINTER, DESCRIPTOR, LOOKUP, STORAGE, &[Errno::Isdir]]),
    ("poll_oneoff", &[POINTER, ARGUMENT, FAILED, &[Errno::Nomem]]),
    ("proc_exit", &[]),
    ("proc_raise", &[ARGUMENT, &[Errno::Notsup]]),
    ("random_get", &[POINTER, FAILED]),
    ("sched_yield", &[]),
    ("sock_accept", &[POINTER, ARGUMENT, DESCRIPTOR, NOT_A_SOCKET, STREAM, CONNECTION, &[Errno::Mfile, Errno::Nfile, Errno::Notsup, Errno::Perm]]),
    ("sock_recv", &[POINTER, ARGUMENT, DESCRIPTOR, NOT_A_SOCKET, STREAM, CONNECTION]),
    ("sock_send", &[POINTER, ARGUMENT, DESCRIPTOR, NOT_A_SOCKET, STREAM, CONNECTION, &[Errno::Pipe]]),
    ("sock_shutdown", &[ARGUMENT, DESCRIPTOR, NOT_A_SOCKET, FAILED, &[Errno::Notconn]]),
];

/// Whether a function may answer with this error number. `Success` is no error number.
pub fn permitted(function: &str, errno: Errno) -> bool {
    let row = TABLE.binary_search_by_key(&function, |&(name, _)| name);
    row.is_ok_and(|row| TABLE[row].1.iter().any(|group| group.contains(&errno)))
}

/// The error numbers that a function may answer with.
pub fn errnos(function: &str) -> impl Iterator<Item = Errno> {
    let row = TABLE.binary_search_by_key(&function, |&(name, _)| name);
    let groups = row.map_or(&[][..], |row| TABLE[row].1);
    groups.iter().flat_map(|group| group.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::{TABLE, errnos, permitted};
    use crate::errno::Errno;

    #[test]
    fn the_table_has_a_row_for_every_function_in_order() {
        let names: Vec<_> = TABLE.iter().map(|&(name, _)| name).collect();
        assert!(names.is_sorted());
        for name in crate::FUNCTIONS {
            assert!(names.contains(name), "{name}");
        }
        assert_eq!(names.len(), crate::FUNCTIONS.len());
    }

    #[test]
    fn rows_are_found() {
        assert!(permitted("fd_close", Errno::Badf) && !permitted("fd_close", Errno::Fault));
        assert!(errnos("fd_close").eq([Errno::Badf]) && errnos("unknown").next().is_none());
        assert!(!permitted("fd_close", Errno::Success) && !permitted("unknown", Errno::Badf));
    }
}
