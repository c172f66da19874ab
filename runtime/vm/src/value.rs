//! A value in an argument array or a global cell: 16 bytes, low bytes first, the rest zero.

use crate::ctx::FuncRef;

/// A 16-byte cell.
#[derive(Copy, Clone, Default, PartialEq, Eq)]
#[repr(C, align(16))]
pub struct Value([u8; 16]);

impl Value {
    /// All bytes zero: zero of every number type, null of every reference type.
    pub const ZERO: Value = Value([0; 16]);

    /// A cell with these bits.
    pub fn from_bits(bits: u128) -> Self {
        Self(bits.to_le_bytes())
    }

    /// All 128 bits.
    pub fn to_bits(self) -> u128 {
        u128::from_le_bytes(self.0)
    }

    /// The low 64 bits.
    pub fn low(self) -> u64 {
        self.to_bits() as u64
    }

    /// An `i32`.
    pub fn from_i32(value: i32) -> Self {
        Self::from_bits(u128::from(value as u32))
    }

    /// The cell as an `i32`.
    pub fn as_i32(self) -> i32 {
        self.to_bits() as i32
    }

    /// An `i64`.
    pub fn from_i64(value: i64) -> Self {
        Self::from_bits(u128::from(value as u64))
    }

    /// The cell as an `i64`.
    pub fn as_i64(self) -> i64 {
        self.to_bits() as i64
    }

    /// An `f32`, by its bits.
    pub fn from_f32_bits(bits: u32) -> Self {
        Self::from_bits(u128::from(bits))
    }

    /// The bits of the cell as an `f32`.
    pub fn as_f32_bits(self) -> u32 {
        self.to_bits() as u32
    }

    /// An `f64`, by its bits.
    pub fn from_f64_bits(bits: u64) -> Self {
        Self::from_bits(u128::from(bits))
    }

    /// The bits of the cell as an `f64`.
    pub fn as_f64_bits(self) -> u64 {
        self.low()
    }

    /// A function reference; null for none.
    pub fn from_func(func: *mut FuncRef) -> Self {
        Self::from_bits(func as usize as u128)
    }

    /// The cell as a function reference.
    pub fn as_func(self) -> *mut FuncRef {
        self.low() as usize as *mut FuncRef
    }

    /// A reference to host data or into the GC heap; 0 is null.
    pub fn from_ref(reference: u32) -> Self {
        Self::from_bits(u128::from(reference))
    }

    /// The cell as such a reference.
    pub fn as_ref32(self) -> u32 {
        self.to_bits() as u32
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Value({:#x})", self.to_bits())
    }
}
