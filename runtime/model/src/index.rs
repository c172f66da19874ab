//! Index spaces of a module, one type each, so that mixing two is a compile error.
//!
//! `FuncIdx`, `TableIdx`, … count imports first, as the specification does ([Indices][spec]); the `Defined…` forms
//! count only what the module defines itself.
//!
//! [spec]: https://webassembly.github.io/spec/core/syntax/modules.html#indices

use serde::{Deserialize, Serialize};

macro_rules! index_space {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u32);

        impl $name {
            /// The index as a position in a slice.
            pub fn index(self) -> usize {
                self.0 as usize
            }

            /// The index of position `position` of a slice. Validation bounds every space far below `u32::MAX`.
            pub fn from_index(position: usize) -> Self {
                Self(u32::try_from(position).expect("index spaces are bounded by validation"))
            }
        }
    )*};
}

index_space! {
    /// A type of the module.
    TypeIdx;
    /// A function, imports first.
    FuncIdx;
    /// A function that the module defines.
    DefinedFuncIdx;
    /// A table, imports first.
    TableIdx;
    /// A table that the module defines.
    DefinedTableIdx;
    /// A memory, imports first.
    MemoryIdx;
    /// A memory that the module defines.
    DefinedMemoryIdx;
    /// A global, imports first.
    GlobalIdx;
    /// A global that the module defines.
    DefinedGlobalIdx;
    /// A tag, imports first.
    TagIdx;
    /// An element segment.
    ElemIdx;
    /// A data segment.
    DataIdx;
    /// A function record in the instance's context: functions whose reference can be seen outside direct calls.
    EscapeIdx;
}
