//! What a guest was granted, and what it has made of it.

use crate::clock::Clock;
use crate::limits::WasiLimits;
use crate::random::Random;
use crate::table::Table;

/// The state of WASI for the guests of one store. [`crate::WasiCtxBuilder`] makes it.
#[derive(Debug)]
pub struct WasiCtx {
    /// Without the NUL at their ends.
    pub(crate) args: Vec<Vec<u8>>,
    /// `NAME=value`, without the NUL at their ends.
    pub(crate) env: Vec<Vec<u8>>,
    pub(crate) table: Table,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) limits: WasiLimits,
    /// Bytes that standard output and standard error still take.
    pub(crate) output_left: Option<u64>,
}
