//! References that are not function references: handles for them, and the objects they lead to.
//!
//! The collector moves objects, so embedders never hold a reference itself: a [`Rooted`] is good until its scope ends, an
//! [`OwnedRooted`] as long as it is kept. Handles of another store, or of a scope that has ended, are errors.

mod any;
mod array;
mod exception;
mod object;
mod rooted;
mod structure;
mod types;

pub(crate) use any::heap_type_of;
pub use any::{AnyRef, EqRef, ExternRef, I31};
pub use array::ArrayRef;
pub use exception::{ExnRef, Tag, TagType, ThrownException};
pub use object::GcStats;
pub use rooted::{GcRef, OwnedRooted, RootScope, Rooted};
pub use structure::StructRef;
pub use types::{ArrayType, StructType};
