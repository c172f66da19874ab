//! The machine state and the only ways to touch it.
//!
//! The methods are safe to call because a [`Machine`] exists only inside this room, made in `enter` with a state that
//! holds the invariants, and because every method keeps them when it is used with words of the present instruction.

use super::call::DEEPEN;
use super::dispatch::{Flow, Handler};
use super::unwind::{self, UNWIND};
use crate::code::FuncCode;
use assay_model::trap::TrapKind;
use assay_vm::{Activation, MemoryDef, StoreCtx, VmCtx};
use std::sync::atomic::Ordering;

/// Words of a handler's address.
pub(super) const HEAD: usize = 2;

/// A number that need not be aligned. Reading it as a field, and not by `read_unaligned`, takes the address of no
/// local in any build, which a handler could not afford.
#[derive(Copy, Clone)]
#[repr(C, packed)]
pub(super) struct Packed<T>(pub(super) T);

/// What an activation keeps outside of registers.
#[repr(C)]
pub(crate) struct Exec {
    /// Its place among the activations of the store. Stands first: the collector comes with its address.
    pub(super) activation: Activation,
    /// The instance whose code runs.
    pub(super) vmctx: *mut VmCtx,
    /// The end of the value stack, as far as it is open.
    pub(super) stack_end: *mut u64,
    /// The instruction that another one runs for.
    pub(super) again: *const u32,
    /// The store.
    pub(super) store: *mut StoreCtx,
    /// A function of the module whose code runs: the way to its tables of positions.
    pub(super) code: *const FuncCode,
    /// The instruction that the interpreter was last left in by a call, an allocation or an exception.
    pub(super) ip: *const u32,
    /// The frame of that instruction; where an exception was caught, the frame that goes on.
    pub(super) fp: *mut u64,
}

/// The state that travels from handler to handler.
#[derive(Copy, Clone)]
pub(crate) struct Machine {
    pub(super) ctx: *mut Exec,
    pub(super) ip: *const u32,
    pub(super) fp: *mut u64,
    pub(super) mem: *mut u8,
    pub(super) len: u64,
    /// Accumulator of integers and references.
    pub(super) acc: u64,
    pub(super) acc_f32: f32,
    pub(super) acc_f64: f64,
}

impl Machine {
    /// The handler of the instruction at `ip`.
    #[inline(always)]
    pub(super) fn handler(&self) -> Handler {
        let address = self.word64(0);
        // SAFETY: the first words of an instruction are a handler's address (invariant 1).
        unsafe { std::mem::transmute::<usize, Handler>(address as usize) }
    }

    /// The word at `at` of the instruction.
    #[inline(always)]
    pub(super) fn word(&self, at: usize) -> u32 {
        let place = self.ip.wrapping_add(at);
        // SAFETY: the word belongs to the instruction (invariant 1).
        unsafe { place.read() }
    }

    /// The two words from `at` on, as one number.
    #[inline(always)]
    pub(super) fn word64(&self, at: usize) -> u64 {
        let place = self.ip.wrapping_add(at).cast::<Packed<u64>>();
        // SAFETY: the words belong to the instruction (invariant 1).
        unsafe { (*place).0 }
    }

    /// The address of a cell.
    #[inline(always)]
    pub(super) fn cell(&self, slot: u32) -> *mut u64 {
        self.fp.wrapping_add(slot as usize)
    }

    /// The value of a cell.
    #[inline(always)]
    pub(super) fn slot(&self, slot: u32) -> u64 {
        let cell = self.cell(slot);
        // SAFETY: the slot belongs to the frame (invariant 2).
        unsafe { cell.read() }
    }

    /// Sets a cell.
    #[inline(always)]
    pub(super) fn set_slot(&self, slot: u32, value: u64) {
        let cell = self.cell(slot);
        // SAFETY: the slot belongs to the frame (invariant 2).
        unsafe { cell.write(value) };
    }

    /// Goes on behind the present instruction, which has `words` words.
    #[inline(always)]
    pub(super) fn advance(self, words: usize) -> Flow {
        Flow::Next(Self { ip: self.ip.wrapping_add(words), ..self })
    }

    /// Goes on at the target of the branch word at `at`: bytes from the start of the present instruction.
    #[inline(always)]
    pub(super) fn branch(self, at: usize) -> Flow {
        let bytes = self.word(at) as i32 as isize;
        Flow::Next(Self { ip: self.ip.wrapping_byte_offset(bytes), ..self })
    }

    /// Ends the activation by a trap of the present instruction.
    #[inline(always)]
    pub(super) fn trap(self, kind: TrapKind) -> Flow {
        Flow::Exit(unwind::trap(self.ctx, self.ip, self.fp, kind))
    }

    /// The present instruction finds too little of the value stack open: it changed nothing yet, and runs again when there
    /// is more.
    #[inline(always)]
    pub(super) fn deepen(self) -> Flow {
        self.divert(&DEEPEN)
    }

    /// Runs other code, of one instruction, for the present instruction. A jump, so that callers need no frame for it.
    #[inline(always)]
    pub(super) fn divert(self, code: &'static [Handler; 1]) -> Flow {
        // SAFETY: the activation's record is alive (invariant 3).
        unsafe { (*self.ctx).again = self.ip };
        Flow::Next(Machine { ip: code.as_ptr().cast(), ..self })
    }

    /// The machine at the instruction that was diverted from.
    #[inline(always)]
    pub(super) fn diverted(self) -> Self {
        // SAFETY: the activation's record is alive (invariant 3).
        Self { ip: unsafe { (*self.ctx).again }, ..self }
    }

    /// Notes where the interpreter is left: whoever runs now may move objects, or raise an exception.
    #[inline(always)]
    pub(super) fn publish(self) {
        // SAFETY: the activation's record is alive (invariant 3).
        unsafe { (*self.ctx).ip = self.ip };
        // SAFETY: as above.
        unsafe { (*self.ctx).fp = self.fp };
    }

    /// The present instruction, which was noted, was left by what it called: goes on where that is caught, or ends the
    /// activation. A jump, so that callers need no frame for it.
    #[inline(always)]
    pub(super) fn unwind(self) -> Flow {
        Flow::Next(Machine { ip: UNWIND.as_ptr().cast(), ..self })
    }

    /// Ends the activation by an access out of bounds of the present instruction.
    #[inline(always)]
    pub(super) fn out_of_bounds(self, address: u64) -> Flow {
        Flow::Exit(unwind::out_of_bounds(self.ctx, self.ip, self.fp, address))
    }

    /// The context of the running instance.
    #[inline(always)]
    pub(super) fn vmctx(&self) -> *mut VmCtx {
        // SAFETY: the activation's record is alive (invariant 3).
        unsafe { (*self.ctx).vmctx }
    }

    /// The store.
    #[inline(always)]
    pub(super) fn store(&self) -> *mut StoreCtx {
        // SAFETY: the activation's record is alive (invariant 3).
        unsafe { (*self.ctx).store }
    }

    /// The end of the value stack, as far as it is open.
    #[inline(always)]
    pub(super) fn stack_end(&self) -> *mut u64 {
        // SAFETY: the activation's record is alive (invariant 3).
        unsafe { (*self.ctx).stack_end }
    }

    /// A field of the instance's context, by its offset.
    #[inline(always)]
    pub(super) fn field<T>(&self, offset: u32) -> *mut T {
        self.vmctx().wrapping_byte_add(offset as usize).cast()
    }

    /// Takes base and length of memory 0 anew.
    #[inline(always)]
    pub(super) fn refresh(self) -> Self {
        let (mem, len) = memory_zero(self.ctx);
        Self { mem, len, ..self }
    }
}

/// Base and length of memory 0 of the running instance; an empty memory when there is none.
#[inline(always)]
pub(super) fn memory_zero(ctx: *mut Exec) -> (*mut u8, u64) {
    // SAFETY: the activation's record is alive (invariant 3).
    let code = unsafe { (*ctx).code };
    // SAFETY: code is alive as long as its instance (invariant 1).
    let offset = unsafe { (*code).memory_zero };
    // SAFETY: as for `code`.
    let vmctx = unsafe { (*ctx).vmctx };
    if offset == 0 {
        return (std::ptr::null_mut(), 0);
    }
    memory_at(vmctx, offset)
}

/// Base and length of the memory whose slot stands at `offset` of the context.
#[inline(always)]
pub(super) fn memory_at(vmctx: *mut VmCtx, offset: u32) -> (*mut u8, u64) {
    let slot = vmctx.wrapping_byte_add(offset as usize).cast::<(*mut u8, *const MemoryDef)>();
    let base = slot.cast::<*mut u8>();
    let def =
        slot.wrapping_byte_add(assay_model::layout::memory_slot::DEF as usize).cast::<*const MemoryDef>();
    // SAFETY: memory slots hold the base first (invariant 3).
    let base = unsafe { base.read() };
    // SAFETY: and the definition second (invariant 3).
    let def = unsafe { def.read() };
    // SAFETY: definitions live as long as their store.
    let len = unsafe { &(*def).len };
    (base, len.load(Ordering::Relaxed))
}
