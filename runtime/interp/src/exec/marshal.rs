//! Between cells of a frame and value arrays: every value has an element of the array, a vector has two cells.

use super::call::{get, put};
use crate::code::{FuncCode, ModuleCode, Shape, VECTORS};
use assay_vm::Value;

/// The parameters or the results of a signature.
#[derive(Copy, Clone)]
pub(super) enum Row<'a> {
    /// So many values of one cell.
    Narrow(u32),
    /// For each value whether it is a vector.
    Mixed(&'a [bool]),
}

impl Row<'_> {
    /// Values.
    pub(super) fn len(self) -> usize {
        match self {
            Row::Narrow(count) => count as usize,
            Row::Mixed(vectors) => vectors.len(),
        }
    }

    /// Cells of all values.
    pub(super) fn cells(self) -> usize {
        (0..self.len()).map(|index| 1 + usize::from(self.is_vector(index))).sum()
    }

    fn is_vector(self, index: usize) -> bool {
        match self {
            Row::Narrow(_) => false,
            Row::Mixed(vectors) => vectors[index],
        }
    }
}

/// Parameters and results of a signature, by the two words that call instructions have for it. Inlined always: what is
/// given back in memory is written in parts and read whole, which every call of a host function would wait for.
#[inline(always)]
pub(super) fn rows(module: &ModuleCode, params: u32, results: u32) -> (Row<'_>, Row<'_>) {
    if params & VECTORS == 0 {
        return (Row::Narrow(params), Row::Narrow(results));
    }
    let Shape { params, results } = module.shape(params & !VECTORS);
    (Row::Mixed(params), Row::Mixed(results))
}

/// Parameters and results of a function.
pub(super) fn rows_of(code: &FuncCode) -> (Row<'_>, Row<'_>) {
    let Some(shape) = code.shape else {
        return (Row::Narrow(code.params), Row::Narrow(code.results));
    };
    // SAFETY: records point to the tables of their module, which are alive with them (invariant 1).
    let module = unsafe { &*code.module() };
    rows(module, VECTORS | shape, 0)
}

/// From an array to cells.
pub(super) fn spread(values: *mut Value, mut cell: *mut u64, row: Row<'_>) {
    for index in 0..row.len() {
        let place = values.wrapping_add(index);
        // SAFETY: the array is long enough (invariant 6).
        let value = unsafe { place.read() };
        put(cell, value.low());
        cell = cell.wrapping_add(1);
        if row.is_vector(index) {
            put(cell, (value.to_bits() >> 64) as u64);
            cell = cell.wrapping_add(1);
        }
    }
}

/// From cells to an array.
pub(super) fn gather(mut cell: *mut u64, values: *mut Value, row: Row<'_>) {
    for index in 0..row.len() {
        let mut bits = u128::from(get(cell));
        cell = cell.wrapping_add(1);
        if row.is_vector(index) {
            bits |= u128::from(get(cell)) << 64;
            cell = cell.wrapping_add(1);
        }
        let place = values.wrapping_add(index);
        // SAFETY: the array is long enough (invariant 6).
        unsafe { place.write(Value::from_bits(bits)) };
    }
}
