//! Atomic operators ([threads proposal](https://github.com/WebAssembly/threads)): sequentially consistent accesses to
//! any memory, waiting and notifying.
//!
//! Values are whole cells: what is narrower than its type is extended with zeros and cut, which is the same for both
//! integer types. Each operator looks at the alignment of the address first, then, when it waits, for a shared memory,
//! and then at the bounds. Words of all: `[destination?, memory, offset, offset, address, operands…]`.

use super::dispatch::{Flow, Opcode, Pair, Step};
use super::machine::{HEAD, Machine};
use super::memory::{Stored, locate_in};
use super::operand::{Target, ToAcc, ToSlot};
use assay_model::trap::TrapKind;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::SeqCst, fence};

// An atomic sum cannot change the order of its bytes on the way.
const _: () = assert!(cfg!(target_endian = "little"));

/// What is accessed at a time. Places were checked: aligned and in bounds.
trait Unit: Stored + Into<u64> {
    fn cut(cell: u64) -> Self;
    fn load(place: *mut u8) -> Self;
    fn store(place: *mut u8, value: Self);
    fn add(place: *mut u8, value: Self) -> Self;
    fn sub(place: *mut u8, value: Self) -> Self;
    fn and(place: *mut u8, value: Self) -> Self;
    fn or(place: *mut u8, value: Self) -> Self;
    fn xor(place: *mut u8, value: Self) -> Self;
    fn exchange(place: *mut u8, value: Self) -> Self;
    fn compare_exchange(place: *mut u8, expected: Self, value: Self) -> Self;
}

macro_rules! units {
    ($($integer:ident $atomic:ident $place:ident;)*) => {$(
        fn $place<'a>(place: *mut u8) -> &'a $atomic {
            // SAFETY: the place is aligned and below the length of its memory, which does not shrink (invariant 4);
            // whoever shares it uses atomics too (invariant 5).
            unsafe { $atomic::from_ptr(place.cast()) }
        }

        impl Unit for $integer {
            #[inline(always)]
            fn cut(cell: u64) -> Self {
                cell as $integer
            }

            #[inline(always)]
            fn load(place: *mut u8) -> Self {
                $place(place).load(SeqCst)
            }

            #[inline(always)]
            fn store(place: *mut u8, value: Self) {
                $place(place).store(value, SeqCst);
            }

            #[inline(always)]
            fn add(place: *mut u8, value: Self) -> Self {
                $place(place).fetch_add(value, SeqCst)
            }

            #[inline(always)]
            fn sub(place: *mut u8, value: Self) -> Self {
                $place(place).fetch_sub(value, SeqCst)
            }

            #[inline(always)]
            fn and(place: *mut u8, value: Self) -> Self {
                $place(place).fetch_and(value, SeqCst)
            }

            #[inline(always)]
            fn or(place: *mut u8, value: Self) -> Self {
                $place(place).fetch_or(value, SeqCst)
            }

            #[inline(always)]
            fn xor(place: *mut u8, value: Self) -> Self {
                $place(place).fetch_xor(value, SeqCst)
            }

            #[inline(always)]
            fn exchange(place: *mut u8, value: Self) -> Self {
                $place(place).swap(value, SeqCst)
            }

            #[inline(always)]
            fn compare_exchange(place: *mut u8, expected: Self, value: Self) -> Self {
                let outcome = $place(place).compare_exchange(expected, value, SeqCst, SeqCst);
                outcome.unwrap_or_else(|found| found)
            }
        }
    )*};
}

units! {
    u8 AtomicU8 byte;
    u16 AtomicU16 half;
    u32 AtomicU32 word;
    u64 AtomicU64 double;
}

/// The address whose words stand from `at` on: memory, offset, offset, address.
#[inline(always)]
fn address(m: &Machine, at: usize) -> (u64, u64) {
    (m.slot(m.word(at + 3)), m.word64(at + 1))
}

/// Whether the effective address is no multiple of the unit's size, also when it has 65 bits.
#[inline(always)]
fn misaligned<U: Unit>((address, offset): (u64, u64)) -> bool {
    !address.wrapping_add(offset).is_multiple_of(u64::from(U::SIZE))
}

/// The place of an access whose words stand from `at` on; else how it ends.
#[inline(always)]
fn place<U: Unit>(m: Machine, at: usize) -> Result<*mut u8, Flow> {
    let (address, offset) = address(&m, at);
    if misaligned::<U>((address, offset)) {
        return Err(m.trap(TrapKind::UnalignedAtomic));
    }
    locate_in::<U>(&m, m.word(at), address, offset).map_err(|address| m.out_of_bounds(address))
}

struct Load<U, D>(PhantomData<(U, D)>);

impl<U: Unit, D: Target> Step for Load<U, D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        match place::<U>(m, HEAD + 1) {
            Ok(place) => {
                D::write::<u64>(&mut m, U::load(place).into());
                m.advance(HEAD + 5)
            }
            Err(exit) => exit,
        }
    }
}

struct Store<U>(PhantomData<U>);

impl<U: Unit> Step for Store<U> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        match place::<U>(m, HEAD) {
            Ok(place) => {
                U::store(place, U::cut(m.slot(m.word(HEAD + 4))));
                m.advance(HEAD + 5)
            }
            Err(exit) => exit,
        }
    }
}

/// A change of what stands in memory, which gives what stood there.
trait Change {
    fn apply<U: Unit>(place: *mut u8, value: U) -> U;
}

struct Modify<C, U, D>(PhantomData<(C, U, D)>);

impl<C: Change, U: Unit, D: Target> Step for Modify<C, U, D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        match place::<U>(m, HEAD + 1) {
            Ok(place) => {
                let before = C::apply(place, U::cut(m.slot(m.word(HEAD + 5))));
                D::write::<u64>(&mut m, before.into());
                m.advance(HEAD + 6)
            }
            Err(exit) => exit,
        }
    }
}

struct CompareExchange<U, D>(PhantomData<(U, D)>);

impl<U: Unit, D: Target> Step for CompareExchange<U, D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        match place::<U>(m, HEAD + 1) {
            Ok(place) => {
                let expected = U::cut(m.slot(m.word(HEAD + 5)));
                let before = U::compare_exchange(place, expected, U::cut(m.slot(m.word(HEAD + 6))));
                D::write::<u64>(&mut m, before.into());
                m.advance(HEAD + 7)
            }
            Err(exit) => exit,
        }
    }
}

/// `[destination, memory, offset, offset, address, expected, timeout, memory index, whether it is shared]`
struct Wait<U, D>(PhantomData<(U, D)>);

/// A unit on which threads wait.
trait Waited: Unit {
    /// Waits at a place that was checked.
    fn wait(m: &Machine, memory: u32, address: u64, expected: Self, timeout: i64) -> Result<u32, TrapKind>;
}

impl Waited for u32 {
    #[inline(always)]
    fn wait(m: &Machine, memory: u32, address: u64, expected: Self, timeout: i64) -> Result<u32, TrapKind> {
        // SAFETY: the context is alive and of this thread, the index is one of its module (invariants 3 and 5).
        unsafe { assay_vm::wait32(m.vmctx(), memory, address, expected, timeout) }
    }
}

impl Waited for u64 {
    #[inline(always)]
    fn wait(m: &Machine, memory: u32, address: u64, expected: Self, timeout: i64) -> Result<u32, TrapKind> {
        // SAFETY: as for 32 bits.
        unsafe { assay_vm::wait64(m.vmctx(), memory, address, expected, timeout) }
    }
}

impl<U: Waited, D: Target> Step for Wait<U, D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let (address, offset) = address(&m, HEAD + 1);
        if !misaligned::<U>((address, offset)) && m.word(HEAD + 8) == 0 {
            return m.trap(TrapKind::ExpectedSharedMemory);
        }
        if let Err(exit) = place::<U>(m, HEAD + 1) {
            return exit;
        }
        let expected = U::cut(m.slot(m.word(HEAD + 5)));
        let timeout = m.slot(m.word(HEAD + 6)) as i64;
        match U::wait(&m, m.word(HEAD + 7), address + offset, expected, timeout) {
            Ok(result) => {
                D::write(&mut m, result);
                m.advance(HEAD + 9)
            }
            Err(kind) => m.trap(kind),
        }
    }
}

/// `[destination, memory, offset, offset, address, count, memory index]`
struct Notify<D>(PhantomData<D>);

impl<D: Target> Step for Notify<D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        if let Err(exit) = place::<u32>(m, HEAD + 1) {
            return exit;
        }
        let (address, offset) = address(&m, HEAD + 1);
        let count = m.slot(m.word(HEAD + 5)) as u32;
        // SAFETY: the context is alive and of this thread, the index is one of its module (invariants 3 and 5).
        let woken = unsafe { assay_vm::notify(m.vmctx(), m.word(HEAD + 6), address + offset, count) };
        D::write(&mut m, woken);
        m.advance(HEAD + 7)
    }
}

/// `[]`
struct Fence;

impl Step for Fence {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        fence(SeqCst);
        m.advance(HEAD)
    }
}

/// How many bits of memory an operator works on.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    /// 8
    Byte,
    /// 16
    Half,
    /// 32
    Word,
    /// 64
    Double,
}

/// An operator that reads, modifies and writes.
macro_rules! changes {
    ($($name:ident $apply:ident;)*) => {
        /// An operator that reads, modifies and writes.
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        pub(crate) enum ChangeOp { $(#[doc = stringify!($apply)] $name,)* }

        impl ChangeOp {
            /// The instruction for a width.
            pub(crate) fn select(self, width: Width) -> Pair {
                match self { $(ChangeOp::$name => modify::<$name>(width),)* }
            }
        }

        $(struct $name;

        impl Change for $name {
            #[inline(always)]
            fn apply<U: Unit>(place: *mut u8, value: U) -> U {
                U::$apply(place, value)
            }
        })*
    };
}

changes! {
    Add add;
    Sub sub;
    And and;
    Or or;
    Xor xor;
    Exchange exchange;
}

fn modify_unit<C: Change + 'static, U: Unit + 'static>() -> Pair {
    Pair { to_acc: Opcode::of::<Modify<C, U, ToAcc>>(), to_slot: Opcode::of::<Modify<C, U, ToSlot>>() }
}

fn modify<C: Change + 'static>(width: Width) -> Pair {
    match width {
        Width::Byte => modify_unit::<C, u8>(),
        Width::Half => modify_unit::<C, u16>(),
        Width::Word => modify_unit::<C, u32>(),
        Width::Double => modify_unit::<C, u64>(),
    }
}

fn load_unit<U: Unit + 'static>() -> Pair {
    Pair { to_acc: Opcode::of::<Load<U, ToAcc>>(), to_slot: Opcode::of::<Load<U, ToSlot>>() }
}

/// An atomic load.
pub(crate) fn load(width: Width) -> Pair {
    match width {
        Width::Byte => load_unit::<u8>(),
        Width::Half => load_unit::<u16>(),
        Width::Word => load_unit::<u32>(),
        Width::Double => load_unit::<u64>(),
    }
}

/// An atomic store.
pub(crate) fn store(width: Width) -> Opcode {
    match width {
        Width::Byte => Opcode::of::<Store<u8>>(),
        Width::Half => Opcode::of::<Store<u16>>(),
        Width::Word => Opcode::of::<Store<u32>>(),
        Width::Double => Opcode::of::<Store<u64>>(),
    }
}

fn compare_exchange_unit<U: Unit + 'static>() -> Pair {
    Pair {
        to_acc: Opcode::of::<CompareExchange<U, ToAcc>>(),
        to_slot: Opcode::of::<CompareExchange<U, ToSlot>>(),
    }
}

/// `cmpxchg`
pub(crate) fn compare_exchange(width: Width) -> Pair {
    match width {
        Width::Byte => compare_exchange_unit::<u8>(),
        Width::Half => compare_exchange_unit::<u16>(),
        Width::Word => compare_exchange_unit::<u32>(),
        Width::Double => compare_exchange_unit::<u64>(),
    }
}

/// `memory.atomic.wait32`
pub(crate) fn wait32() -> Pair {
    Pair { to_acc: Opcode::of::<Wait<u32, ToAcc>>(), to_slot: Opcode::of::<Wait<u32, ToSlot>>() }
}

/// `memory.atomic.wait64`
pub(crate) fn wait64() -> Pair {
    Pair { to_acc: Opcode::of::<Wait<u64, ToAcc>>(), to_slot: Opcode::of::<Wait<u64, ToSlot>>() }
}

/// `memory.atomic.notify`
pub(crate) fn notify() -> Pair {
    Pair { to_acc: Opcode::of::<Notify<ToAcc>>(), to_slot: Opcode::of::<Notify<ToSlot>>() }
}

/// `atomic.fence`
pub(crate) fn atomic_fence() -> Opcode {
    Opcode::of::<Fence>()
}
