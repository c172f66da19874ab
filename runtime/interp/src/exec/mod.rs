//! Running linked code: the machine state, the handlers, and the ways in and out of an activation.
//!
//! What enters is a function reference of kind `INTERPRETED` with a value array ([`ARRAY_CALL`]), or a request of the
//! lowering for the handler of an instruction; what leaves are results or a raised trap. The room knows neither
//! operators nor validation: what an instruction reads stands in its words. It holds the only unsafe code of the
//! interpreter, in small helpers; the handlers are written with those.
//!
//! # Invariants
//! The SAFETY comments of this room cite these by number.
//!
//! 1. *Code.* `ip` points to the first word of an instruction of linked code that is alive as long as its instance.
//!    Operand words stand behind the handler's address, in the number that the handler reads; branch words lead to
//!    other instructions of the same function. The lowering is the only writer, and it takes handler and operand
//!    layout from the same table.
//! 2. *Frame.* `fp` points to a frame inside the value stack with all the cells that slot words of its function name.
//!    The caller of a function checks that before the first instruction runs. Frames overlap only where a caller's
//!    argument slots are the callee's first slots.
//! 3. *Context.* `ctx` points to the [`Exec`] of the running activation, which outlives the run. `Exec::vmctx` is the
//!    context of the instance whose code runs, laid out as its module says; offsets into it come from that layout.
//! 4. *Memory.* `mem` and `len` are base and length of memory 0 of that instance; all bytes below `len` may be read
//!    and written. Whatever can grow the memory or switch the instance takes both anew.
//! 5. *One thread.* A store runs on one thread; no Rust reference to cells, memories or tables lives across an
//!    instruction. Only shared memories are used by other threads too, and by all with atomic accesses; their length is
//!    read for each access.
//! 6. *Arrays.* A value array holds at least as many values as the callee has parameters or results.
//! 7. *Objects.* A reference is null, an `i31`, host data, or leads to an object of the store's heap that is laid out as its
//!    header says. Where objects may move, every reference of a running frame stands in a cell that the tables of its
//!    module name, no accumulator has one, and [`Exec`](machine::Exec) knows the instruction and the frame.
#![expect(unsafe_code, reason = "the machine state is raw: code, frames and memories are reached by address")]

pub(crate) mod access;
pub(crate) mod atomic;
pub(crate) mod bulk;
pub(crate) mod call;
pub(crate) mod control;
mod dispatch;
mod enter;
pub(crate) mod exception;
mod frames;
pub(crate) mod gc;
pub(crate) mod global;
mod machine;
mod marshal;
pub(crate) mod memory;
pub(crate) mod moves;
pub(crate) mod numeric;
pub(crate) mod operand;
pub(crate) mod reference;
mod relaxed;
mod roots;
pub(crate) mod tail_call;
mod types;
mod unwind;
pub(crate) mod vector;
pub(crate) mod wide;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub(crate) use dispatch::{Opcode, Pair};
pub use enter::ARRAY_CALL;
