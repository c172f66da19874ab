//! What a reference refers to: `ref.test` and `ref.cast`.
//!
//! Within the hierarchy of `any`, what came from outside by `any.convert_extern` is in `any` alone. A value of an abstract
//! type needs no look at the object but for `struct` and `array`, which the layout of its type tells apart.

use super::super::call::type_id;
use super::super::dispatch::{Flow, Opcode, Pair, Step};
use super::super::machine::{HEAD, Machine};
use super::super::operand::{Target as To, ToAcc, ToSlot};
use super::super::types::is_below;
use super::object_type;
use assay_model::layout::object::{ObjectLayout, reference};
use assay_model::trap::TrapKind;
use assay_vm::{FuncRef, StoreCtx};
use std::marker::PhantomData;

/// What a reference is tested for. Null is another question.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Nothing is it: a bottom type.
    Nothing,
    /// Everything is it: the top type of a hierarchy, or of functions.
    Everything,
    /// `eq`
    Eq,
    /// `i31`
    I31,
    /// `struct`
    Struct,
    /// `array`
    Array,
    /// A structure or array type of the module.
    Object,
    /// A function type of the module.
    Func,
    /// A structure or array type of the module, and none below it.
    ObjectExactly,
    /// A function type of the module, and none below it.
    FuncExactly,
}

/// A [`Target`], told from a reference that is not null.
trait Test {
    /// Whether the cell refers to one; `ty` is the type, where one is named.
    fn holds(m: &Machine, cell: u64, ty: u32) -> bool;
}

struct Nothing;

impl Test for Nothing {
    #[inline(always)]
    fn holds(_: &Machine, _: u64, _: u32) -> bool {
        false
    }
}

struct Everything;

impl Test for Everything {
    #[inline(always)]
    fn holds(_: &Machine, _: u64, _: u32) -> bool {
        true
    }
}

struct Eq;

impl Test for Eq {
    #[inline(always)]
    fn holds(_: &Machine, cell: u64, _: u32) -> bool {
        cell as u32 & reference::MASK != reference::HOST
    }
}

struct I31;

impl Test for I31 {
    #[inline(always)]
    fn holds(_: &Machine, cell: u64, _: u32) -> bool {
        cell as u32 & reference::I31 != 0
    }
}

struct Struct;

impl Test for Struct {
    #[inline(always)]
    fn holds(m: &Machine, cell: u64, _: u32) -> bool {
        reference::is_object(cell as u32) && !is_array(m.store(), object_type(m.store(), cell as u32))
    }
}

struct Array;

impl Test for Array {
    #[inline(always)]
    fn holds(m: &Machine, cell: u64, _: u32) -> bool {
        reference::is_object(cell as u32) && is_array(m.store(), object_type(m.store(), cell as u32))
    }
}

struct Object;

impl Test for Object {
    #[inline(always)]
    fn holds(m: &Machine, cell: u64, ty: u32) -> bool {
        let object = cell as u32;
        reference::is_object(object) && matches(m, object_type(m.store(), object), ty)
    }
}

struct ObjectExactly;

impl Test for ObjectExactly {
    #[inline(always)]
    fn holds(m: &Machine, cell: u64, ty: u32) -> bool {
        let object = cell as u32;
        reference::is_object(object) && object_type(m.store(), object) == type_id(m, ty)
    }
}

struct Func;

impl Test for Func {
    #[inline(always)]
    fn holds(m: &Machine, cell: u64, ty: u32) -> bool {
        matches(m, func_type(cell), ty)
    }
}

struct FuncExactly;

impl Test for FuncExactly {
    #[inline(always)]
    fn holds(m: &Machine, cell: u64, ty: u32) -> bool {
        func_type(cell) == type_id(m, ty)
    }
}

/// The canonical type of a function.
#[inline(always)]
fn func_type(cell: u64) -> u32 {
    let func_ref = cell as usize as *const FuncRef;
    // SAFETY: function references are null or live as long as their store, and this one is not null.
    unsafe { (*func_ref).type_id }
}

/// Whether a canonical type is one of the module's, or below it.
#[inline(always)]
fn matches(m: &Machine, found: u32, ty: u32) -> bool {
    let wanted = type_id(m, ty);
    found == wanted || is_below(m.store(), found, wanted)
}

/// Whether objects of a canonical type are arrays.
#[inline(never)]
pub(super) extern "C" fn is_array(store: *mut StoreCtx, type_id: u32) -> bool {
    // SAFETY: the store is alive and of this thread (invariants 3 and 5), the type is one of its engine.
    matches!(unsafe { assay_vm::object_layout(store, type_id) }, ObjectLayout::Array(_))
}

/// Whether the reference is of a type that null belongs to, or not.
#[inline(always)]
fn is_of<T: Test, const NULLABLE: bool>(m: &Machine, cell: u64, ty: u32) -> bool {
    if cell == 0 { NULLABLE } else { T::holds(m, cell, ty) }
}

/// `[destination, reference, type]`
struct RefTest<T, D, const NULLABLE: bool>(PhantomData<(T, D)>);

impl<T: Test, D: To, const NULLABLE: bool> Step for RefTest<T, D, NULLABLE> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let holds = is_of::<T, NULLABLE>(&m, m.slot(m.word(HEAD + 1)), m.word(HEAD + 2));
        D::write(&mut m, holds);
        m.advance(HEAD + 3)
    }
}

/// `[reference, type]`
struct RefCast<T, const NULLABLE: bool>(PhantomData<T>);

impl<T: Test, const NULLABLE: bool> Step for RefCast<T, NULLABLE> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        if is_of::<T, NULLABLE>(&m, m.slot(m.word(HEAD)), m.word(HEAD + 1)) {
            m.advance(HEAD + 2)
        } else {
            m.trap(TrapKind::CastFailure)
        }
    }
}

fn test_of<T: Test + 'static>(nullable: bool) -> Pair {
    if nullable {
        Pair {
            to_acc: Opcode::of::<RefTest<T, ToAcc, true>>(),
            to_slot: Opcode::of::<RefTest<T, ToSlot, true>>(),
        }
    } else {
        Pair {
            to_acc: Opcode::of::<RefTest<T, ToAcc, false>>(),
            to_slot: Opcode::of::<RefTest<T, ToSlot, false>>(),
        }
    }
}

fn cast_of<T: Test + 'static>(nullable: bool) -> Opcode {
    if nullable { Opcode::of::<RefCast<T, true>>() } else { Opcode::of::<RefCast<T, false>>() }
}

/// Chooses by what is tested for.
macro_rules! by_target {
    ($target:expr, $select:ident($nullable:expr)) => {
        match $target {
            Target::Nothing => $select::<Nothing>($nullable),
            Target::Everything => $select::<Everything>($nullable),
            Target::Eq => $select::<Eq>($nullable),
            Target::I31 => $select::<I31>($nullable),
            Target::Struct => $select::<Struct>($nullable),
            Target::Array => $select::<Array>($nullable),
            Target::Object => $select::<Object>($nullable),
            Target::Func => $select::<Func>($nullable),
            Target::ObjectExactly => $select::<ObjectExactly>($nullable),
            Target::FuncExactly => $select::<FuncExactly>($nullable),
        }
    };
}

/// `ref.test`
pub(crate) fn ref_test(target: Target, nullable: bool) -> Pair {
    by_target!(target, test_of(nullable))
}

/// `ref.cast`
pub(crate) fn ref_cast(target: Target, nullable: bool) -> Opcode {
    by_target!(target, cast_of(nullable))
}
