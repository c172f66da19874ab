//! What a guest tries in order to get out, and what it may do: by name, on both engines, with and without `openat2`.
#![allow(clippy::unwrap_used, reason = "tests")]

mod answers;
mod buffers;
mod coverage;
mod descriptors;
mod directories;
mod functions;
mod guest;
mod host_errors;
mod lane;
mod links;
mod paths;
mod polling;
mod process;
mod races;
mod rights;
mod sockets;
mod streams;
mod unstable;
mod world;
