//! Loads, stores, size and growth of memories.
//!
//! An access is checked against the length before it touches anything. For memory 0 with 32-bit addresses, the
//! instruction holds offset plus width, so that one sum of at most 33 bits is compared and addressed from its end;
//! every other access goes through the instance's context with checked 64-bit sums.

use super::dispatch::{Flow, Opcode, Pair, Step};
use super::machine::{HEAD, Machine, Packed, memory_at};
use super::operand::{Acc, ByModes, Cell, Imm, Mode, Slot, Source, Target, ToAcc, ToSlot};
use super::relaxed::{self, Manner, Private, Shared};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};

/// What a memory holds at an address: little-endian bytes of an integer or float.
pub(crate) trait Stored: Copy {
    /// Bytes.
    const SIZE: u32;
    /// From the bytes in memory order.
    fn from_memory(raw: Self) -> Self;
    /// Reads from a shared memory; `place` was checked.
    fn load_relaxed(place: *mut u8) -> Self;
    /// Writes to a shared memory; `place` was checked.
    fn store_relaxed(place: *mut u8, value: Self);
}

/// Implements [`Stored`] for integers.
macro_rules! stored {
    ($($integer:ident $atomic:ident;)*) => {$(
        impl Stored for $integer {
            const SIZE: u32 = size_of::<$integer>() as u32;

            #[inline(always)]
            fn from_memory(raw: Self) -> Self {
                Self::from_le(raw)
            }

            #[inline(always)]
            fn load_relaxed(place: *mut u8) -> Self {
                if !place.addr().is_multiple_of(size_of::<Self>()) {
                    return relaxed::load_bytes(place, size_of::<Self>()) as Self;
                }
                // SAFETY: aligned, and below the length of the memory (invariants 4 and 5).
                let raw = unsafe { $atomic::from_ptr(place.cast()) };
                Self::from_le(raw.load(Ordering::Relaxed))
            }

            #[inline(always)]
            fn store_relaxed(place: *mut u8, value: Self) {
                if !place.addr().is_multiple_of(size_of::<Self>()) {
                    return relaxed::store_bytes(place, value.into(), size_of::<Self>());
                }
                // SAFETY: aligned, and below the length of the memory (invariants 4 and 5).
                let raw = unsafe { $atomic::from_ptr(place.cast()) };
                raw.store(value.to_le(), Ordering::Relaxed);
            }
        }
    )*};
}

stored! {
    u8 AtomicU8;
    u16 AtomicU16;
    u32 AtomicU32;
    u64 AtomicU64;
}

/// A load operator.
pub(crate) trait LoadOperator {
    /// What is read.
    type Raw: Stored;
    /// The result.
    type Output: Cell;
    /// Extends what was read.
    fn extend(raw: Self::Raw) -> Self::Output;
}

/// A store operator.
pub(crate) trait StoreOperator {
    /// What is written.
    type Raw: Stored;
    /// The operand.
    type Input: Cell;
    /// Narrows the operand.
    fn narrow(value: Self::Input) -> Self::Raw;
}

/// Reads from memory; `place` was checked.
#[inline(always)]
pub(super) fn load<R: Stored>(place: *mut u8) -> R {
    // SAFETY: all bytes of the access lie below the memory's length (invariant 4).
    R::from_memory(unsafe { (*place.cast::<Packed<R>>()).0 })
}

/// Writes to memory; `place` was checked.
#[inline(always)]
pub(super) fn store<R: Stored>(place: *mut u8, value: R) {
    // SAFETY: all bytes of the access lie below the memory's length (invariant 4).
    unsafe { (*place.cast::<Packed<R>>()).0 = R::from_memory(value) };
}

/// The first byte of an access to memory 0 that ends at `address + offset and width`; else the effective address.
#[inline(always)]
pub(super) fn locate<R: Stored>(m: &Machine, address: u32, end_offset: u32) -> Result<*mut u8, u64> {
    let end = u64::from(address) + u64::from(end_offset);
    if end <= m.len {
        Ok(m.mem.wrapping_add(end as usize).wrapping_sub(R::SIZE as usize))
    } else {
        Err(end.wrapping_sub(u64::from(R::SIZE)))
    }
}

/// The first byte of an access to any memory; else the effective address, or the greatest one when it has 65 bits.
#[inline(always)]
pub(super) fn locate_in<R: Stored>(
    m: &Machine,
    memory: u32,
    address: u64,
    offset: u64,
) -> Result<*mut u8, u64> {
    let (base, len) = memory_at(m.vmctx(), memory);
    let start = address.saturating_add(offset);
    match start.checked_add(u64::from(R::SIZE)) {
        Some(end) if end <= len => Ok(base.wrapping_add(start as usize)),
        _ => Err(start),
    }
}

/// `[destination, offset and width, address]`, memory 0
struct Load<O, A, D>(PhantomData<(O, A, D)>);

impl<O: LoadOperator, A: Source, D: Target> Step for Load<O, A, D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let address: u32 = A::read(&m, HEAD + 2);
        match locate::<O::Raw>(&m, address, m.word(HEAD + 1)) {
            Ok(place) => {
                D::write(&mut m, O::extend(load(place)));
                m.advance(HEAD + 2 + A::words::<u32>())
            }
            Err(address) => m.out_of_bounds(address),
        }
    }
}

/// `[destination, offset and width, base, index]`, memory 0: the address is the sum, modulo 2^32
struct LoadSum<O, A, B, D>(PhantomData<(O, A, B, D)>);

impl<O: LoadOperator, A: Source, B: Source, D: Target> Step for LoadSum<O, A, B, D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let base: u32 = A::read(&m, HEAD + 2);
        let index: u32 = B::read(&m, HEAD + 2 + A::words::<u32>());
        match locate::<O::Raw>(&m, base.wrapping_add(index), m.word(HEAD + 1)) {
            Ok(place) => {
                D::write(&mut m, O::extend(load(place)));
                m.advance(HEAD + 2 + A::words::<u32>() + B::words::<u32>())
            }
            Err(address) => m.out_of_bounds(address),
        }
    }
}

/// `[offset and width, base, index, value]`, memory 0: the address is the sum, modulo 2^32
struct StoreSum<O, A, B, V>(PhantomData<(O, A, B, V)>);

impl<O: StoreOperator, A: Source, B: Source, V: Source> Step for StoreSum<O, A, B, V> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let base: u32 = A::read(&m, HEAD + 1);
        let index: u32 = B::read(&m, HEAD + 1 + A::words::<u32>());
        let behind = HEAD + 1 + A::words::<u32>() + B::words::<u32>();
        let value: O::Input = V::read(&m, behind);
        match locate::<O::Raw>(&m, base.wrapping_add(index), m.word(HEAD)) {
            Ok(place) => {
                store(place, O::narrow(value));
                m.advance(behind + V::words::<O::Input>())
            }
            Err(address) => m.out_of_bounds(address),
        }
    }
}

/// `[offset and width, address, value]`, memory 0
struct Store<O, A, V>(PhantomData<(O, A, V)>);

impl<O: StoreOperator, A: Source, V: Source> Step for Store<O, A, V> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let address: u32 = A::read(&m, HEAD + 1);
        let behind = HEAD + 1 + A::words::<u32>();
        let value: O::Input = V::read(&m, behind);
        match locate::<O::Raw>(&m, address, m.word(HEAD)) {
            Ok(place) => {
                store(place, O::narrow(value));
                m.advance(behind + V::words::<O::Input>())
            }
            Err(address) => m.out_of_bounds(address),
        }
    }
}

/// `[destination, memory, offset, offset, address]`, any memory
struct LoadFrom<O, M, D>(PhantomData<(O, M, D)>);

impl<O: LoadOperator, M: Manner, D: Target> Step for LoadFrom<O, M, D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let address = m.slot(m.word(HEAD + 4));
        match locate_in::<O::Raw>(&m, m.word(HEAD + 1), address, m.word64(HEAD + 2)) {
            Ok(place) => {
                D::write(&mut m, O::extend(M::load(place)));
                m.advance(HEAD + 5)
            }
            Err(address) => m.out_of_bounds(address),
        }
    }
}

/// `[memory, offset, offset, address, value]`, any memory
struct StoreTo<O, M>(PhantomData<(O, M)>);

impl<O: StoreOperator, M: Manner> Step for StoreTo<O, M> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let address = m.slot(m.word(HEAD + 3));
        let value: O::Input = Slot::read(&m, HEAD + 4);
        match locate_in::<O::Raw>(&m, m.word(HEAD), address, m.word64(HEAD + 1)) {
            Ok(place) => {
                M::store(place, O::narrow(value));
                m.advance(HEAD + 5)
            }
            Err(address) => m.out_of_bounds(address),
        }
    }
}

/// `[destination, memory, page size as a power of two]`
struct MemorySize<D>(PhantomData<D>);

impl<D: Target> Step for MemorySize<D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let (_, len) = memory_at(m.vmctx(), m.word(HEAD + 1));
        let pages = len >> (m.word(HEAD + 2) & 63);
        D::write(&mut m, pages);
        m.advance(HEAD + 3)
    }
}

/// `[destination, memory index, delta, whether addresses have 64 bits]`
struct MemoryGrow<D>(PhantomData<D>);

impl<D: Target> Step for MemoryGrow<D> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let delta = m.slot(m.word(HEAD + 2));
        let wide = m.word(HEAD + 3) != 0;
        // SAFETY: the context is alive and of this thread, the index is one of its module (invariants 3 and 5).
        let old = unsafe { assay_vm::memory_grow(m.vmctx(), m.word(HEAD + 1), delta) };
        let failure = if wide { u64::MAX } else { u64::from(u32::MAX) };
        let mut m = m.refresh();
        D::write(&mut m, old.unwrap_or(failure));
        m.advance(HEAD + 4)
    }
}

const fn load_pair<O: LoadOperator + 'static>(address: Mode) -> Pair {
    match address {
        Mode::Slot => Pair {
            to_acc: Opcode::of::<Load<O, Slot, ToAcc>>(),
            to_slot: Opcode::of::<Load<O, Slot, ToSlot>>(),
        },
        Mode::Acc => Pair {
            to_acc: Opcode::of::<Load<O, Acc, ToAcc>>(),
            to_slot: Opcode::of::<Load<O, Acc, ToSlot>>(),
        },
        Mode::Imm => Pair {
            to_acc: Opcode::of::<Load<O, Imm, ToAcc>>(),
            to_slot: Opcode::of::<Load<O, Imm, ToSlot>>(),
        },
    }
}

const fn store_opcode<O: StoreOperator + 'static>(address: Mode, value: Mode) -> Opcode {
    match (address, value) {
        (Mode::Slot, Mode::Slot) => Opcode::of::<Store<O, Slot, Slot>>(),
        (Mode::Slot, Mode::Acc) => Opcode::of::<Store<O, Slot, Acc>>(),
        (Mode::Slot, Mode::Imm) => Opcode::of::<Store<O, Slot, Imm>>(),
        (Mode::Acc, Mode::Slot) => Opcode::of::<Store<O, Acc, Slot>>(),
        (Mode::Acc, Mode::Acc) => Opcode::of::<Store<O, Acc, Acc>>(),
        (Mode::Acc, Mode::Imm) => Opcode::of::<Store<O, Acc, Imm>>(),
        (Mode::Imm, Mode::Slot) => Opcode::of::<Store<O, Imm, Slot>>(),
        (Mode::Imm, Mode::Acc) => Opcode::of::<Store<O, Imm, Acc>>(),
        (Mode::Imm, Mode::Imm) => Opcode::of::<Store<O, Imm, Imm>>(),
    }
}

const fn load_sum<O: LoadOperator + 'static, A: Source + 'static, B: Source + 'static>() -> Option<Pair> {
    Some(Pair {
        to_acc: Opcode::of::<LoadSum<O, A, B, ToAcc>>(),
        to_slot: Opcode::of::<LoadSum<O, A, B, ToSlot>>(),
    })
}

/// Sums have the accumulator first and an immediate second, if they have them.
const fn load_sum_pair<O: LoadOperator + 'static>(base: Mode, index: Mode) -> Option<Pair> {
    match (base, index) {
        (Mode::Slot, Mode::Slot) => load_sum::<O, Slot, Slot>(),
        (Mode::Slot, Mode::Imm) => load_sum::<O, Slot, Imm>(),
        (Mode::Acc, Mode::Slot) => load_sum::<O, Acc, Slot>(),
        (Mode::Acc, Mode::Imm) => load_sum::<O, Acc, Imm>(),
        _ => None,
    }
}

const fn store_sum<O: StoreOperator + 'static, V: Source + 'static>(
    base: Mode,
    index: Mode,
) -> Option<Opcode> {
    match (base, index) {
        (Mode::Slot, Mode::Slot) => Some(Opcode::of::<StoreSum<O, Slot, Slot, V>>()),
        (Mode::Slot, Mode::Imm) => Some(Opcode::of::<StoreSum<O, Slot, Imm, V>>()),
        (Mode::Acc, Mode::Slot) => Some(Opcode::of::<StoreSum<O, Acc, Slot, V>>()),
        (Mode::Acc, Mode::Imm) => Some(Opcode::of::<StoreSum<O, Acc, Imm, V>>()),
        _ => None,
    }
}

const fn store_sum_opcode<O: StoreOperator + 'static>(
    base: Mode,
    index: Mode,
    value: Mode,
) -> Option<Opcode> {
    match value {
        Mode::Slot => store_sum::<O, Slot>(base, index),
        Mode::Imm => store_sum::<O, Imm>(base, index),
        Mode::Acc => None,
    }
}

const fn load_pairs<O: LoadOperator + 'static>() -> [Pair; 3] {
    [load_pair::<O>(Mode::Slot), load_pair::<O>(Mode::Acc), load_pair::<O>(Mode::Imm)]
}

const fn store_opcodes<O: StoreOperator + 'static>() -> [[Opcode; 3]; 3] {
    let mut table = [[store_opcode::<O>(Mode::Slot, Mode::Slot); 3]; 3];
    let mut at = 1;
    while at < 9 {
        table[at / 3][at % 3] = store_opcode::<O>(Mode::ALL[at / 3], Mode::ALL[at % 3]);
        at += 1;
    }
    table
}

const fn load_sum_pairs<O: LoadOperator + 'static>() -> ByModes<Pair> {
    let mut table = [[None; 3]; 3];
    let mut at = 0;
    while at < 9 {
        table[at / 3][at % 3] = load_sum_pair::<O>(Mode::ALL[at / 3], Mode::ALL[at % 3]);
        at += 1;
    }
    table
}

fn load_from_pair<O: LoadOperator + 'static, M: Manner + 'static>() -> Pair {
    Pair { to_acc: Opcode::of::<LoadFrom<O, M, ToAcc>>(), to_slot: Opcode::of::<LoadFrom<O, M, ToSlot>>() }
}

/// `memory.size`
pub(crate) fn memory_size() -> Pair {
    Pair { to_acc: Opcode::of::<MemorySize<ToAcc>>(), to_slot: Opcode::of::<MemorySize<ToSlot>>() }
}

/// `memory.grow`
pub(crate) fn memory_grow() -> Pair {
    Pair { to_acc: Opcode::of::<MemoryGrow<ToAcc>>(), to_slot: Opcode::of::<MemoryGrow<ToSlot>>() }
}

/// The load operators: name, what is read, the result, how it is extended.
macro_rules! load_operators {
    ($($name:ident: $raw:ty => $output:ty = $extend:expr;)*) => {
        /// A load operator.
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        pub(crate) enum LoadOp { $($name,)* }

        impl LoadOp {
            /// Bytes of the access.
            pub(crate) fn size(self) -> u32 {
                match self { $(LoadOp::$name => <$raw as Stored>::SIZE,)* }
            }

            /// The load from memory 0.
            pub(crate) fn select(self, address: Mode) -> Pair {
                const PAIRS: &[[Pair; 3]] = &[$(load_pairs::<$name>(),)*];
                PAIRS[self as usize][address as usize]
            }

            /// The load from memory 0 at the sum of two numbers, where there is one.
            pub(crate) fn select_sum(self, base: Mode, index: Mode) -> Option<Pair> {
                const PAIRS: &[ByModes<Pair>] = &[$(load_sum_pairs::<$name>(),)*];
                PAIRS[self as usize][base as usize][index as usize]
            }

            /// The load from any memory, shared or not.
            pub(crate) fn select_any(self, shared: bool) -> Pair {
                match self {
                    $(LoadOp::$name if shared => load_from_pair::<$name, Shared>(),
                    LoadOp::$name => load_from_pair::<$name, Private>(),)*
                }
            }
        }

        $(struct $name;

        impl LoadOperator for $name {
            type Raw = $raw;
            type Output = $output;

            #[inline(always)]
            fn extend(raw: $raw) -> $output {
                let extend: fn($raw) -> $output = $extend;
                extend(raw)
            }
        })*
    };
}

/// The store operators: name, operand, what is written, how it is narrowed.
macro_rules! store_operators {
    ($($name:ident: $input:ty => $raw:ty = $narrow:expr;)*) => {
        /// A store operator.
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        pub(crate) enum StoreOp { $($name,)* }

        impl StoreOp {
            /// Bytes of the access.
            pub(crate) fn size(self) -> u32 {
                match self { $(StoreOp::$name => <$raw as Stored>::SIZE,)* }
            }

            /// The store to memory 0.
            pub(crate) fn select(self, address: Mode, value: Mode) -> Opcode {
                const OPCODES: &[[[Opcode; 3]; 3]] = &[$(store_opcodes::<$name>(),)*];
                OPCODES[self as usize][address as usize][value as usize]
            }

            /// The store to memory 0 at the sum of two numbers, where there is one.
            pub(crate) fn select_sum(self, base: Mode, index: Mode, value: Mode) -> Option<Opcode> {
                match self { $(StoreOp::$name => store_sum_opcode::<$name>(base, index, value),)* }
            }

            /// The store to any memory, shared or not.
            pub(crate) fn select_any(self, shared: bool) -> Opcode {
                match self {
                    $(StoreOp::$name if shared => Opcode::of::<StoreTo<$name, Shared>>(),
                    StoreOp::$name => Opcode::of::<StoreTo<$name, Private>>(),)*
                }
            }
        }

        $(struct $name;

        impl StoreOperator for $name {
            type Raw = $raw;
            type Input = $input;

            #[inline(always)]
            fn narrow(value: $input) -> $raw {
                let narrow: fn($input) -> $raw = $narrow;
                narrow(value)
            }
        })*
    };
}

load_operators! {
    I32Load: u32 => u32 = |raw| raw;
    I64Load: u64 => u64 = |raw| raw;
    F32Load: u32 => f32 = f32::from_bits;
    F64Load: u64 => f64 = f64::from_bits;
    I32Load8S: u8 => u32 = |raw| raw as i8 as i32 as u32;
    I32Load8U: u8 => u32 = u32::from;
    I32Load16S: u16 => u32 = |raw| raw as i16 as i32 as u32;
    I32Load16U: u16 => u32 = u32::from;
    I64Load8S: u8 => u64 = |raw| raw as i8 as i64 as u64;
    I64Load8U: u8 => u64 = u64::from;
    I64Load16S: u16 => u64 = |raw| raw as i16 as i64 as u64;
    I64Load16U: u16 => u64 = u64::from;
    I64Load32S: u32 => u64 = |raw| raw as i32 as i64 as u64;
    I64Load32U: u32 => u64 = u64::from;
}

store_operators! {
    I32Store: u32 => u32 = |value| value;
    I64Store: u64 => u64 = |value| value;
    F32Store: f32 => u32 = f32::to_bits;
    F64Store: f64 => u64 = f64::to_bits;
    I32Store8: u32 => u8 = |value| value as u8;
    I32Store16: u32 => u16 = |value| value as u16;
    I64Store8: u64 => u8 = |value| value as u8;
    I64Store16: u64 => u16 = |value| value as u16;
    I64Store32: u64 => u32 = |value| value as u32;
}
