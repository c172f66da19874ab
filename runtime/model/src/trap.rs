//! Why code stopped: one row per trap, with its stable code and the text that the reference interpreter prints.
//!
//! Compilers write the code into trap tables, the machine reports it, the facade shows it. The texts are what the
//! official suite asserts ([Traps][spec]).
//!
//! [spec]: https://webassembly.github.io/spec/core/intro/overview.html#trap

use serde::{Deserialize, Serialize};

macro_rules! traps {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal;)*) => {
        /// The reason of a trap. `as u8` is the code in trap tables.
        #[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum TrapKind {
            $($(#[$doc])* $name = $code,)*
        }

        impl TrapKind {
            /// Every trap, in the order of the codes.
            pub const ALL: &'static [TrapKind] = &[$(TrapKind::$name,)*];

            /// The text that the reference interpreter prints for this trap.
            pub fn text(self) -> &'static str {
                match self {
                    $(TrapKind::$name => $text,)*
                }
            }

            /// The trap with this code.
            pub fn from_code(code: u8) -> Option<TrapKind> {
                match code {
                    $($code => Some(TrapKind::$name),)*
                    _ => None,
                }
            }
        }
    };
}

traps! {
    /// `unreachable` was executed.
    Unreachable = 1, "unreachable";
    /// A load, store or bulk operator reached past the end of a memory.
    MemoryOutOfBounds = 2, "out of bounds memory access";
    /// A table operator reached past the end of a table or an element segment.
    TableOutOfBounds = 3, "out of bounds table access";
    /// `call_indirect` with an index past the end of the table.
    UndefinedElement = 4, "undefined element";
    /// `call_indirect` met a null element. The index is the trap's payload.
    UninitializedElement = 5, "uninitialized element";
    /// `call_indirect` met a function of another type.
    IndirectCallTypeMismatch = 6, "indirect call type mismatch";
    /// An integer result is not representable.
    IntegerOverflow = 7, "integer overflow";
    /// Integer division or remainder by zero.
    IntegerDivideByZero = 8, "integer divide by zero";
    /// A NaN was converted to an integer.
    InvalidConversionToInteger = 9, "invalid conversion to integer";
    /// The call stack is used up.
    StackOverflow = 10, "call stack exhausted";
    /// A null reference was used (`ref.as_non_null`, `call_ref` and the like).
    NullReference = 11, "null reference";
    /// A null function reference was called.
    NullFunctionReference = 12, "null function reference";
    /// A null structure was accessed.
    NullStructureReference = 13, "null structure reference";
    /// A null array was accessed.
    NullArrayReference = 14, "null array reference";
    /// A null i31 was read.
    NullI31Reference = 15, "null i31 reference";
    /// A null exception was thrown.
    NullExceptionReference = 16, "null exception reference";
    /// An array access past the end.
    ArrayOutOfBounds = 17, "out of bounds array access";
    /// `ref.cast` failed.
    CastFailure = 18, "cast failure";
    /// An atomic operator met an unaligned address.
    UnalignedAtomic = 19, "unaligned atomic";
    /// `memory.atomic.wait` on a memory that is not shared.
    ExpectedSharedMemory = 20, "expected shared memory";
    /// Storage for an object could not be had.
    AllocationTooLarge = 21, "allocation size too large";
    /// The fuel is used up.
    OutOfFuel = 22, "all fuel consumed by WebAssembly";
    /// The epoch deadline has passed.
    Interrupt = 23, "interrupt";
    /// A null descriptor was used.
    NullDescriptorReference = 24, "null descriptor reference";
    /// A cast met a structure that another one describes.
    DescriptorCastFailure = 25, "descriptor cast failure";
}

impl std::fmt::Display for TrapKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::TrapKind;

    #[test]
    fn codes_round_trip() {
        for &kind in TrapKind::ALL {
            assert_eq!(TrapKind::from_code(kind as u8), Some(kind));
        }
        assert_eq!(TrapKind::from_code(0), None);
        assert_eq!(TrapKind::from_code(255), None);
    }
}
