//! The kinds of directives of a test script, by the names they have in the text format.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! directives {
    ($($variant:ident = $name:literal $note:literal,)*) => {
        /// What kind of directive a row is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Directive {
            $(#[doc = $note] #[serde(rename = $name)] $variant,)*
        }

        impl Directive {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in reports.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

directives! {
    File = "file" "No directive: the file as a whole, when it cannot be read or parsed.",
    Module = "module" "A module, instantiated.",
    ModuleDefinition = "module_definition" "A module, validated and compiled only.",
    ModuleInstance = "module_instance" "An instance of a module definition.",
    Register = "register" "An instance gets a name for imports.",
    Invoke = "invoke" "A call without a demand on its results.",
    Get = "get" "A global is read.",
    AssertReturn = "assert_return" "An action returns these values.",
    AssertTrap = "assert_trap" "An action or an instantiation traps.",
    AssertExhaustion = "assert_exhaustion" "A call exhausts the stack.",
    AssertException = "assert_exception" "A call ends in an exception.",
    AssertSuspension = "assert_suspension" "A call suspends without a handler.",
    AssertInvalid = "assert_invalid" "A module does not validate.",
    AssertMalformed = "assert_malformed" "A module cannot be decoded or parsed.",
    AssertUnlinkable = "assert_unlinkable" "A module's imports do not match.",
    AssertInvalidCustom = "assert_invalid_custom" "A custom section does not validate.",
    AssertMalformedCustom = "assert_malformed_custom" "A custom section or annotation cannot be read.",
    Thread = "thread" "A thread is started.",
    Wait = "wait" "A thread is waited for.",
}

impl Directive {
    /// Whether it asserts something, as opposed to setting the scene.
    pub fn is_assertion(self) -> bool {
        self.name().starts_with("assert_")
    }
}

impl fmt::Display for Directive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
