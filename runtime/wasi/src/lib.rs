//! WASI preview 1: what a guest may have of the world outside.
//!
//! A [`WasiCtxBuilder`] names what is granted (directories, streams, sockets, arguments, clocks, randomness), the
//! [`WasiCtx`] it builds keeps it, and [`add_to_linker`] defines the functions of `wasi_snapshot_preview1` and of
//! `wasi_unstable`, its predecessor with older record layouts.
//!
//! What stays true: a guest reaches what it was granted and nothing else; an out-pointer is checked before anything
//! happens outside; whatever waits or takes long obeys the engine's epoch; how much the host gives for one call is
//! bounded by [`WasiLimits`]. This crate knows the runtime by its public API only, and nothing of engines.
//!
//! ```
//! use assay_runtime::{Engine, Linker, Module, Store};
//! use assay_wasi::{MemoryOutputPipe, WasiCtx, WasiCtxBuilder};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::default();
//! let module = Module::new(
//!     &engine,
//!     r#"(module
//!         (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
//!         (memory (export "memory") 1)
//!         (data (i32.const 0) "\08\00\00\00\06\00\00\00hello\n")
//!         (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))))"#,
//! )?;
//! let mut linker = Linker::<WasiCtx>::new(&engine);
//! assay_wasi::add_to_linker(&mut linker, |wasi| wasi)?;
//! let stdout = MemoryOutputPipe::new(4096);
//! let mut store = Store::new(&engine, WasiCtxBuilder::new().stdout(stdout.clone()).build()?);
//! let instance = linker.instantiate(&mut store, &module)?;
//! instance.get_typed_func::<(), ()>(&mut store, "_start")?.call(&mut store, ())?;
//! assert_eq!(stdout.contents(), b"hello\n");
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

mod builder;
mod call;
mod clock;
mod ctx;
mod descriptor;
mod errno;
mod fault;
mod functions;
mod layout;
mod limits;
mod linker;
mod memory;
mod path;
mod permitted;
mod perms;
mod pipe;
mod random;
mod rights;
mod table;
mod terminal;
mod transfer;
mod wait;

pub use builder::{BuildError, InputStream, OutputStream, PreopenError, WasiCtxBuilder};
pub use call::I32Exit;
pub use ctx::WasiCtx;
pub use errno::Errno;
pub use limits::WasiLimits;
pub use linker::{FUNCTIONS, MODULES, add_to_linker};
pub use permitted::{errnos, permitted};
pub use perms::{DirPerms, FilePerms};
pub use pipe::{MemoryInputPipe, MemoryOutputPipe};
