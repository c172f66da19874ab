//! The functions by name, for guests to import.
//!
//! One row a function: its name, its parameters as the guest passes them, and what runs. Both versions of the interface
//! get every row; `sock_accept` is younger than the older one, and harmless there.

use crate::call::{Call, Outcome};
use crate::ctx::WasiCtx;
use crate::errno::Errno;
use crate::functions::{
    args, clock, descriptor, file, io, open, path, poll, process, readdir, socket, times,
};
use crate::layout::Version;
use crate::memory::GuestMemory;
use crate::permitted::permitted;
use crate::wait::Wait;
use assay_runtime::{AsContext, AsContextMut, Caller, Error, Extern, Linker, Result};

/// The module names under which [`add_to_linker`] defines functions.
pub const MODULES: [&str; 2] = ["wasi_snapshot_preview1", "wasi_unstable"];

/// Defines every function of WASI preview 1, under both names that modules import it by. `get` finds the [`WasiCtx`] in
/// the data of a store.
///
/// # Errors
/// When a name is taken.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    get: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
) -> Result<()> {
    define(linker, MODULES[0], Version::Preview1, get)?;
    define(linker, MODULES[1], Version::Unstable, get)
}

/// Runs one call: finds the guest's memory and what it was granted, and turns the outcome into what the guest gets.
fn run<T: 'static>(
    mut caller: Caller<'_, T>,
    version: Version,
    name: &str,
    get: impl Fn(&mut T) -> &mut WasiCtx,
    function: impl FnOnce(&mut Call<'_>) -> Outcome,
) -> Result<u32> {
    let wait = Wait::new(caller.as_context().interruption());
    let memory = caller.get_export("memory");
    let mut store = caller.as_context_mut();
    let (bytes, data) = match memory {
        Some(Extern::Memory(memory)) => memory.data_and_store_mut(&mut store),
        Some(Extern::SharedMemory(_)) => {
            return Err(Error::host("WASI does not work on memories that are shared between threads"));
        }
        // Without a memory there are no pointers, and every use of one is refused.
        _ => (&mut [][..], store.data_mut()),
    };
    let mut call = Call { memory: GuestMemory::new(bytes), ctx: get(data), wait, version };
    let Err(refusal) = function(&mut call) else { return Ok(Errno::Success.raw().into()) };
    let errno = refusal.raise()?;
    let errno = if permitted(name, errno) { errno } else { Errno::Io };
    Ok(errno.raw().into())
}

macro_rules! functions {
    ($($name:ident: $path:path, ($($argument:ident: $ty:ty),*);)*) => {
        /// The names of the functions.
        pub const FUNCTIONS: &[&str] = &[$(stringify!($name)),*, "proc_exit"];

        fn define<T: 'static>(
            linker: &mut Linker<T>,
            module: &str,
            version: Version,
            get: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
        ) -> Result<()> {
            $(linker.func_wrap(
                module,
                stringify!($name),
                move |caller: Caller<'_, T>, $($argument: $ty),*| {
                    run(caller, version, stringify!($name), get, |call| $path(call, $($argument),*))
                },
            )?;)*
            linker.func_wrap(module, "proc_exit", move |caller: Caller<'_, T>, code: u32| -> Result<()> {
                run(caller, version, "proc_exit", get, |call| process::proc_exit(call, code)).map(drop)
            })?;
            Ok(())
        }
    };
}

functions! {
    args_get: args::args_get, (list: u32, strings: u32);
    args_sizes_get: args::args_sizes_get, (count: u32, size: u32);
    clock_res_get: clock::clock_res_get, (id: u32, resolution: u32);
    clock_time_get: clock::clock_time_get, (id: u32, precision: u64, time: u32);
    environ_get: args::environ_get, (list: u32, strings: u32);
    environ_sizes_get: args::environ_sizes_get, (count: u32, size: u32);
    fd_advise: file::fd_advise, (fd: u32, offset: u64, len: u64, advice: u32);
    fd_allocate: file::fd_allocate, (fd: u32, offset: u64, len: u64);
    fd_close: descriptor::fd_close, (fd: u32);
    fd_datasync: file::fd_datasync, (fd: u32);
    fd_fdstat_get: descriptor::fd_fdstat_get, (fd: u32, stat: u32);
    fd_fdstat_set_flags: descriptor::fd_fdstat_set_flags, (fd: u32, flags: u32);
    fd_fdstat_set_rights: descriptor::fd_fdstat_set_rights, (fd: u32, base: u64, inheriting: u64);
    fd_filestat_get: file::fd_filestat_get, (fd: u32, stat: u32);
    fd_filestat_set_size: file::fd_filestat_set_size, (fd: u32, size: u64);
    fd_filestat_set_times: times::fd_filestat_set_times, (fd: u32, access: u64, modification: u64, flags: u32);
    fd_pread: io::fd_pread, (fd: u32, list: u32, count: u32, offset: u64, read: u32);
    fd_prestat_dir_name: descriptor::fd_prestat_dir_name, (fd: u32, path: u32, len: u32);
    fd_prestat_get: descriptor::fd_prestat_get, (fd: u32, prestat: u32);
    fd_pwrite: io::fd_pwrite, (fd: u32, list: u32, count: u32, offset: u64, written: u32);
    fd_read: io::fd_read, (fd: u32, list: u32, count: u32, read: u32);
    fd_readdir: readdir::fd_readdir, (fd: u32, buffer: u32, len: u32, cookie: u64, used: u32);
    fd_renumber: descriptor::fd_renumber, (from: u32, to: u32);
    fd_seek: file::fd_seek, (fd: u32, offset: i64, whence: u32, position: u32);
    fd_sync: file::fd_sync, (fd: u32);
    fd_tell: file::fd_tell, (fd: u32, position: u32);
    fd_write: io::fd_write, (fd: u32, list: u32, count: u32, written: u32);
    path_create_directory: path::path_create_directory, (fd: u32, path: u32, len: u32);
    path_filestat_get: path::path_filestat_get, (fd: u32, lookup: u32, path: u32, len: u32, stat: u32);
    path_filestat_set_times: times::path_filestat_set_times, (fd: u32, lookup: u32, path: u32, len: u32, access: u64, modification: u64, flags: u32);
    path_link: path::path_link, (old_fd: u32, lookup: u32, old: u32, old_len: u32, new_fd: u32, new: u32, new_len: u32);
    path_open: open::path_open, (fd: u32, lookup: u32, path: u32, len: u32, oflags: u32, base: u64, inheriting: u64, fdflags: u32, opened: u32);
    path_readlink: path::path_readlink, (fd: u32, path: u32, len: u32, buffer: u32, buffer_len: u32, used: u32);
    path_remove_directory: path::path_remove_directory, (fd: u32, path: u32, len: u32);
    path_rename: path::path_rename, (old_fd: u32, old: u32, old_len: u32, new_fd: u32, new: u32, new_len: u32);
    path_symlink: path::path_symlink, (text: u32, text_len: u32, fd: u32, path: u32, len: u32);
    path_unlink_file: path::path_unlink_file, (fd: u32, path: u32, len: u32);
    poll_oneoff: poll::poll_oneoff, (subscriptions: u32, events: u32, count: u32, occurred: u32);
    proc_raise: process::proc_raise, (signal: u32);
    random_get: process::random_get, (at: u32, len: u32);
    sched_yield: process::sched_yield, ();
    sock_accept: socket::sock_accept, (fd: u32, flags: u32, accepted: u32);
    sock_recv: socket::sock_recv, (fd: u32, list: u32, count: u32, flags: u32, received: u32, out_flags: u32);
    sock_send: socket::sock_send, (fd: u32, list: u32, count: u32, flags: u32, sent: u32);
    sock_shutdown: socket::sock_shutdown, (fd: u32, how: u32);
}
