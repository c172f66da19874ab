//! The functions of preview 1, one idea a file. Each takes the call and the raw arguments, checks pointers first, then
//! descriptors and rights, then acts.
//!
//! Only `linker` calls them.

pub(crate) mod args;
pub(crate) mod clock;
pub(crate) mod descriptor;
pub(crate) mod file;
pub(crate) mod io;
pub(crate) mod open;
pub(crate) mod path;
pub(crate) mod poll;
pub(crate) mod process;
pub(crate) mod readdir;
pub(crate) mod socket;
pub(crate) mod times;
