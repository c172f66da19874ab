//! What depends on the operating system and the processor: mappings, the entry stub, signals.
//!
//! Linux on x86-64 for now. Another host gets files of its own beside these, with the same functions.
#![expect(
    unsafe_code,
    reason = "system calls, stubs in assembler and signal contexts are what this room is for"
)]

mod map;
mod signals;
mod spare;
mod stub;
mod thread_stack;
mod touched;

pub(crate) use map::{Mapping, page_size};
pub use signals::install_signal_handlers;
pub(crate) use signals::{clear_running, set_running};
pub use spare::forget_reservations;
pub(crate) use spare::{RESIDENT, Reservation, Use, reserve};
pub(crate) use stub::{
    ENTRY_FRAME, allocate_stub, array_new_data_stub, array_new_elem_stub, enter, leave, raise_stub, resume,
    throw_stub,
};
pub(crate) use thread_stack::{lowest_usable, stack_pointer};
