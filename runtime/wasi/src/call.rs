//! One call of a guest: its memory, what it was granted, and how it may wait; and the ways a call ends.

use crate::ctx::WasiCtx;
use crate::errno::Errno;
use crate::layout::Version;
use crate::memory::GuestMemory;
use crate::wait::Wait;
use assay_runtime::Trap;

/// The error with which `proc_exit` unwinds the guest: find it with [`assay_runtime::Error::downcast_ref`].
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("exited with code {0}")]
pub struct I32Exit(pub i32);

/// What a function of WASI works on.
pub(crate) struct Call<'a> {
    pub(crate) memory: GuestMemory<'a>,
    pub(crate) ctx: &'a mut WasiCtx,
    pub(crate) wait: Wait,
    pub(crate) version: Version,
}

/// Why a call does not succeed.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The guest gets an error number.
    Errno(Errno),
    /// The time limit was reached while we waited.
    Interrupted,
    /// The guest asked to end.
    Exit(i32),
}

/// What a function of WASI comes to.
pub(crate) type Outcome<T = ()> = Result<T, Refusal>;

impl Refusal {
    /// The error that unwinds the guest; or its error number.
    pub(crate) fn raise(self) -> Result<Errno, assay_runtime::Error> {
        match self {
            Self::Errno(errno) => Ok(errno),
            Self::Interrupted => Err(Trap::Interrupt.into()),
            Self::Exit(code) => Err(assay_runtime::Error::host(I32Exit(code))),
        }
    }
}

impl From<Errno> for Refusal {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

impl From<rustix::io::Errno> for Refusal {
    fn from(errno: rustix::io::Errno) -> Self {
        Self::Errno(errno.into())
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        Self::Errno(error.into())
    }
}
