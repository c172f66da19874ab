//! What accesses to memories were made: told by code that was made for it, asked for by a judge.
//!
//! Enters: accesses, from both engines, as each of them sees its own; leaves: the list of one thread, which begins anew
//! whenever it is taken. Only code with a compile option tells anything; all other code knows nothing of this.
#![expect(unsafe_code, reason = "called by code with raw contexts")]

use crate::ctx::VmCtx;
use crate::engine_api as api;
use crate::memory::Memory;
use crate::store::MemoryId;
use std::cell::RefCell;

/// So many accesses are kept; the others are counted.
const WINDOW: usize = 4096;

/// An access to a memory.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The operator, by its position in the binary.
    pub operator: u32,
    /// The memory, in the order in which the store has got to know them; `None` when the address belongs to none that the
    /// instance can reach.
    pub memory: Option<u32>,
    /// The first byte, from the start of the memory; without a memory, the host's address.
    pub address: u64,
    /// Bytes.
    pub width: u32,
    /// Whether the memory has all of them.
    pub inside: bool,
}

/// Accesses in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accesses {
    /// The first ones.
    pub list: Vec<Access>,
    /// How many there were.
    pub count: u64,
}

thread_local! {
    static RECORD: RefCell<Accesses> = const { RefCell::new(Accesses { list: Vec::new(), count: 0 }) };
}

/// Takes the accesses that code of this thread has told of since the last time.
pub fn take_accesses() -> Accesses {
    RECORD.take()
}

fn note(access: Access) {
    RECORD.with_borrow_mut(|record| {
        record.count += 1;
        if record.list.len() < WINDOW {
            record.list.push(access);
        }
    });
}

/// Notes an access of `width` bytes from `address` on to a memory of the context's instance, which its bounds may refuse.
///
/// # Safety
/// The context is alive and its store is used by this thread (invariants 1 and 2), and the memory is one of its module
/// (invariant 3).
pub unsafe fn note_access(vmctx: *mut VmCtx, memory: u32, address: u64, width: u32, operator: u32) {
    // SAFETY: by the caller's promise.
    let found = unsafe { api::memories(vmctx) }.nth(memory as usize);
    let Some((MemoryId(id), memory)) = found else { return };
    note(Access { operator, memory: Some(id), address, width, inside: holds(memory, address, width) });
}

/// Whether a memory has all bytes of an access.
fn holds(memory: &Memory, address: u64, width: u32) -> bool {
    address.checked_add(u64::from(width)).is_some_and(|end| end <= memory.len())
}

/// `Builtin::Access`.
pub(crate) unsafe extern "C" fn access(vmctx: *mut VmCtx, address: usize, width: u32, operator: u32) {
    // SAFETY: called with the caller's own context.
    let mut known = unsafe { api::memories(vmctx) };
    let place = known.find_map(|(MemoryId(id), memory)| Some((id, memory, memory.distance(address)?)));
    note(match place {
        Some((id, memory, address)) => {
            Access { operator, memory: Some(id), address, width, inside: holds(memory, address, width) }
        }
        None => Access { operator, memory: None, address: address as u64, width, inside: false },
    });
}
