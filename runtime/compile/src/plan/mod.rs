//! Decisions about a module that need no code generator: how calls, memories, tables and globals are reached.
//!
//! A [`ModulePlan`] is made once per module and read by every worker. Nothing here emits code, and nothing here depends
//! on the order in which functions are compiled.

mod choice;
mod dispatch;
mod global;
mod leaf;
mod memory;
mod module;
mod region;
mod silent;
mod table;

pub(crate) use choice::{Arm, Choices};
pub(crate) use dispatch::{Dispatch, Dispatches, NOTHING};
pub(crate) use global::{GlobalPlace, GlobalPlan};
pub(crate) use leaf::{Leaf, Leaves};
pub(crate) use memory::{Check, MemoryPlan};
pub(crate) use module::ModulePlan;
pub(crate) use region::{MOST_REGIONS, Region};
pub(crate) use table::TablePlan;
