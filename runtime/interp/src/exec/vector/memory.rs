//! Vector loads and stores. Bounds are those of the bytes that an operator names: 16, 8, or one lane.

use super::super::dispatch::{Flow, Opcode, Step};
use super::super::machine::{HEAD, Machine};
use super::super::memory::{Stored, load, locate, locate_in, store};
use super::super::operand::{Acc, Imm, Mode, Slot, Source};
use super::super::relaxed::{Manner, Private, Shared};
use super::Lanes;
use crate::numeric::simd::arrange::{alone, extract, replace, splat};
use crate::numeric::simd::{I16x8, I32x4, I64x2, U8x16, U16x8, U32x4, U64x2, map};
use std::marker::PhantomData;

impl<T: Stored, const N: usize> Stored for [T; N] {
    const SIZE: u32 = T::SIZE * N as u32;

    #[inline(always)]
    fn from_memory(raw: Self) -> Self {
        map(raw, T::from_memory)
    }

    #[inline(always)]
    fn load_relaxed(place: *mut u8) -> Self {
        std::array::from_fn(|lane| T::load_relaxed(place.wrapping_add(lane * T::SIZE as usize)))
    }

    #[inline(always)]
    fn store_relaxed(place: *mut u8, value: Self) {
        let mut lane = 0;
        while lane < N {
            T::store_relaxed(place.wrapping_add(lane * T::SIZE as usize), value[lane]);
            lane += 1;
        }
    }
}

trait VectorLoad {
    type Raw: Stored;
    type Output: Lanes;
    fn extend(raw: Self::Raw) -> Self::Output;
}

trait LaneAccess {
    type Lane: Stored;
    type Vector: Lanes;
    fn extract(a: Self::Vector, lane: u32) -> Self::Lane;
    fn replace(a: Self::Vector, lane: u32, value: Self::Lane) -> Self::Vector;
}

/// `[destination, offset and width, address]`, memory 0
struct Load<O, A>(PhantomData<(O, A)>);

impl<O: VectorLoad, A: Source> Step for Load<O, A> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let address: u32 = A::read(&m, HEAD + 2);
        match locate::<O::Raw>(&m, address, m.word(HEAD + 1)) {
            Ok(place) => {
                m.set_vector(m.word(HEAD), O::extend(load(place)));
                m.advance(HEAD + 2 + A::words::<u32>())
            }
            Err(address) => m.out_of_bounds(address),
        }
    }
}

/// `[destination, memory, offset, offset, address]`, any memory
struct LoadFrom<O, M>(PhantomData<(O, M)>);

impl<O: VectorLoad, M: Manner> Step for LoadFrom<O, M> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let address = m.slot(m.word(HEAD + 4));
        match locate_in::<O::Raw>(&m, m.word(HEAD + 1), address, m.word64(HEAD + 2)) {
            Ok(place) => {
                m.set_vector(m.word(HEAD), O::extend(M::load(place)));
                m.advance(HEAD + 5)
            }
            Err(address) => m.out_of_bounds(address),
        }
    }
}

/// `[offset and width, value, address]`, memory 0
struct Store<A>(PhantomData<A>);

impl<A: Source> Step for Store<A> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let address: u32 = A::read(&m, HEAD + 2);
        let value: U64x2 = m.vector(m.word(HEAD + 1));
        match locate::<U64x2>(&m, address, m.word(HEAD)) {
            Ok(place) => {
                store(place, value);
                m.advance(HEAD + 2 + A::words::<u32>())
            }
            Err(address) => m.out_of_bounds(address),
        }
    }
}

/// `[memory, offset, offset, address, value]`, any memory
struct StoreTo<M>(PhantomData<M>);

impl<M: Manner> Step for StoreTo<M> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let address = m.slot(m.word(HEAD + 3));
        let value: U64x2 = m.vector(m.word(HEAD + 4));
        match locate_in::<U64x2>(&m, m.word(HEAD), address, m.word64(HEAD + 1)) {
            Ok(place) => {
                M::store(place, value);
                m.advance(HEAD + 5)
            }
            Err(address) => m.out_of_bounds(address),
        }
    }
}

/// `[destination, offset and width, vector, lane, address]`, memory 0
struct LoadLane<O, A>(PhantomData<(O, A)>);

impl<O: LaneAccess, A: Source> Step for LoadLane<O, A> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let address: u32 = A::read(&m, HEAD + 4);
        let vector: O::Vector = m.vector(m.word(HEAD + 2));
        match locate::<O::Lane>(&m, address, m.word(HEAD + 1)) {
            Ok(place) => {
                m.set_vector(m.word(HEAD), O::replace(vector, m.word(HEAD + 3), load(place)));
                m.advance(HEAD + 4 + A::words::<u32>())
            }
            Err(address) => m.out_of_bounds(address),
        }
    }
}

/// `[destination, memory, offset, offset, address, vector, lane]`, any memory
struct LoadLaneFrom<O, M>(PhantomData<(O, M)>);

impl<O: LaneAccess, M: Manner> Step for LoadLaneFrom<O, M> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let address = m.slot(m.word(HEAD + 4));
        let vector: O::Vector = m.vector(m.word(HEAD + 5));
        match locate_in::<O::Lane>(&m, m.word(HEAD + 1), address, m.word64(HEAD + 2)) {
            Ok(place) => {
                m.set_vector(m.word(HEAD), O::replace(vector, m.word(HEAD + 6), M::load(place)));
                m.advance(HEAD + 7)
            }
            Err(address) => m.out_of_bounds(address),
        }
    }
}

/// `[offset and width, vector, lane, address]`, memory 0
struct StoreLane<O, A>(PhantomData<(O, A)>);

impl<O: LaneAccess, A: Source> Step for StoreLane<O, A> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let address: u32 = A::read(&m, HEAD + 3);
        let vector: O::Vector = m.vector(m.word(HEAD + 1));
        match locate::<O::Lane>(&m, address, m.word(HEAD)) {
            Ok(place) => {
                store(place, O::extract(vector, m.word(HEAD + 2)));
                m.advance(HEAD + 3 + A::words::<u32>())
            }
            Err(address) => m.out_of_bounds(address),
        }
    }
}

/// `[memory, offset, offset, address, vector, lane]`, any memory
struct StoreLaneTo<O, M>(PhantomData<(O, M)>);

impl<O: LaneAccess, M: Manner> Step for StoreLaneTo<O, M> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let address = m.slot(m.word(HEAD + 3));
        let vector: O::Vector = m.vector(m.word(HEAD + 4));
        match locate_in::<O::Lane>(&m, m.word(HEAD), address, m.word64(HEAD + 1)) {
            Ok(place) => {
                M::store(place, O::extract(vector, m.word(HEAD + 5)));
                m.advance(HEAD + 6)
            }
            Err(address) => m.out_of_bounds(address),
        }
    }
}

fn load_opcode<O: VectorLoad + 'static>(address: Mode) -> Opcode {
    match address {
        Mode::Slot => Opcode::of::<Load<O, Slot>>(),
        Mode::Acc => Opcode::of::<Load<O, Acc>>(),
        Mode::Imm => Opcode::of::<Load<O, Imm>>(),
    }
}

fn load_lane_opcode<O: LaneAccess + 'static>(address: Mode) -> Opcode {
    match address {
        Mode::Slot => Opcode::of::<LoadLane<O, Slot>>(),
        Mode::Acc => Opcode::of::<LoadLane<O, Acc>>(),
        Mode::Imm => Opcode::of::<LoadLane<O, Imm>>(),
    }
}

fn store_lane_opcode<O: LaneAccess + 'static>(address: Mode) -> Opcode {
    match address {
        Mode::Slot => Opcode::of::<StoreLane<O, Slot>>(),
        Mode::Acc => Opcode::of::<StoreLane<O, Acc>>(),
        Mode::Imm => Opcode::of::<StoreLane<O, Imm>>(),
    }
}

/// `v128.store` to memory 0
pub(crate) fn vector_store(address: Mode) -> Opcode {
    match address {
        Mode::Slot => Opcode::of::<Store<Slot>>(),
        Mode::Acc => Opcode::of::<Store<Acc>>(),
        Mode::Imm => Opcode::of::<Store<Imm>>(),
    }
}

/// `v128.store` to any memory, shared or not
pub(crate) fn vector_store_any(shared: bool) -> Opcode {
    if shared { Opcode::of::<StoreTo<Shared>>() } else { Opcode::of::<StoreTo<Private>>() }
}

/// The loads: name, what is read, result, how it is extended.
macro_rules! loads {
    ($($name:ident($a:ident: $raw:ty) -> $output:ty { $meaning:expr })*) => {
        /// A load of a vector.
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        pub(crate) enum VectorLoadOp { $($name,)* }

        impl VectorLoadOp {
            /// Bytes of the access.
            pub(crate) fn size(self) -> u32 {
                match self { $(VectorLoadOp::$name => <$raw as Stored>::SIZE,)* }
            }

            /// The load from memory 0.
            pub(crate) fn select(self, address: Mode) -> Opcode {
                match self { $(VectorLoadOp::$name => load_opcode::<$name>(address),)* }
            }

            /// The load from any memory, shared or not.
            pub(crate) fn select_any(self, shared: bool) -> Opcode {
                match self {
                    $(VectorLoadOp::$name if shared => Opcode::of::<LoadFrom<$name, Shared>>(),
                    VectorLoadOp::$name => Opcode::of::<LoadFrom<$name, Private>>(),)*
                }
            }
        }

        $(struct $name;

        impl VectorLoad for $name {
            type Raw = $raw;
            type Output = $output;

            #[inline(always)]
            fn extend($a: $raw) -> $output {
                $meaning
            }
        })*
    };
}

loads! {
    V128Load(raw: U64x2) -> U64x2 { raw }
    V128Load8x8S(raw: [u8; 8]) -> I16x8 { map(raw, |lane| i16::from(lane as i8)) }
    V128Load8x8U(raw: [u8; 8]) -> U16x8 { map(raw, u16::from) }
    V128Load16x4S(raw: [u16; 4]) -> I32x4 { map(raw, |lane| i32::from(lane as i16)) }
    V128Load16x4U(raw: [u16; 4]) -> U32x4 { map(raw, u32::from) }
    V128Load32x2S(raw: [u32; 2]) -> I64x2 { map(raw, |lane| i64::from(lane as i32)) }
    V128Load32x2U(raw: [u32; 2]) -> U64x2 { map(raw, u64::from) }
    V128Load8Splat(raw: u8) -> U8x16 { splat(raw) }
    V128Load16Splat(raw: u16) -> U16x8 { splat(raw) }
    V128Load32Splat(raw: u32) -> U32x4 { splat(raw) }
    V128Load64Splat(raw: u64) -> U64x2 { splat(raw) }
    V128Load32Zero(raw: u32) -> U32x4 { alone(raw) }
    V128Load64Zero(raw: u64) -> U64x2 { alone(raw) }
}

/// The accesses to one lane: names of the load and of the store, vector, lane.
macro_rules! lanes {
    ($($load:ident $store:ident: $vector:ty, $lane:ty;)*) => {
        /// A load of one lane.
        #[expect(clippy::enum_variant_names, reason = "the names are the operators'")]
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        pub(crate) enum LoadLaneOp { $($load,)* }

        /// A store of one lane.
        #[expect(clippy::enum_variant_names, reason = "the names are the operators'")]
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        pub(crate) enum StoreLaneOp { $($store,)* }

        impl LoadLaneOp {
            /// Bytes of the access.
            pub(crate) fn size(self) -> u32 {
                match self { $(LoadLaneOp::$load => <$lane as Stored>::SIZE,)* }
            }

            /// The load from memory 0.
            pub(crate) fn select(self, address: Mode) -> Opcode {
                match self { $(LoadLaneOp::$load => load_lane_opcode::<$load>(address),)* }
            }

            /// The load from any memory, shared or not.
            pub(crate) fn select_any(self, shared: bool) -> Opcode {
                match self {
                    $(LoadLaneOp::$load if shared => Opcode::of::<LoadLaneFrom<$load, Shared>>(),
                    LoadLaneOp::$load => Opcode::of::<LoadLaneFrom<$load, Private>>(),)*
                }
            }
        }

        impl StoreLaneOp {
            /// Bytes of the access.
            pub(crate) fn size(self) -> u32 {
                match self { $(StoreLaneOp::$store => <$lane as Stored>::SIZE,)* }
            }

            /// The store to memory 0.
            pub(crate) fn select(self, address: Mode) -> Opcode {
                match self { $(StoreLaneOp::$store => store_lane_opcode::<$load>(address),)* }
            }

            /// The store to any memory, shared or not.
            pub(crate) fn select_any(self, shared: bool) -> Opcode {
                match self {
                    $(StoreLaneOp::$store if shared => Opcode::of::<StoreLaneTo<$load, Shared>>(),
                    StoreLaneOp::$store => Opcode::of::<StoreLaneTo<$load, Private>>(),)*
                }
            }
        }

        $(struct $load;

        impl LaneAccess for $load {
            type Lane = $lane;
            type Vector = $vector;

            #[inline(always)]
            fn extract(a: $vector, lane: u32) -> $lane {
                extract(a, lane)
            }

            #[inline(always)]
            fn replace(a: $vector, lane: u32, value: $lane) -> $vector {
                replace(a, lane, value)
            }
        })*
    };
}

lanes! {
    V128Load8Lane V128Store8Lane: U8x16, u8;
    V128Load16Lane V128Store16Lane: U16x8, u16;
    V128Load32Lane V128Store32Lane: U32x4, u32;
    V128Load64Lane V128Store64Lane: U64x2, u64;
}
