//! The feature table: one row per proposal. It feeds `Config`, the command-line keys, the suite's feature sets, the
//! generators' profiles and the documentation; nothing else in the project lists proposals.

use serde::{Deserialize, Serialize};

/// How far a feature has come.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Built {
    /// Both engines run it.
    Both,
    /// The JIT runs it, the interpreter does not yet.
    Jit,
    /// The interpreter runs it, the JIT does not yet.
    Interp,
    /// Validated, not yet run by the engines.
    NotYet,
}

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident, $key:literal, $standard:literal, $built:ident;)*) => {
        /// A proposal that can be switched on and off.
        #[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum Feature {
            $($(#[$doc])* $name,)*
        }

        impl Feature {
            /// Every feature, in table order.
            pub const ALL: &'static [Feature] = &[$(Feature::$name,)*];

            /// The key of the feature on the command line and in reports.
            pub fn key(self) -> &'static str {
                match self { $(Feature::$name => $key,)* }
            }

            /// The release of the specification the feature belongs to, or `proposal`.
            pub fn standard(self) -> &'static str {
                match self { $(Feature::$name => $standard,)* }
            }

            /// How far the feature has come.
            pub fn built(self) -> Built {
                match self { $(Feature::$name => Built::$built,)* }
            }
        }
    };
}

features! {
    /// Imported and exported mutable globals.
    MutableGlobals, "mutable-globals", "2.0", Both;
    /// Conversions that saturate.
    SaturatingFloatToInt, "saturating-float-to-int", "2.0", Both;
    /// Sign-extension operators.
    SignExtension, "sign-extension", "2.0", Both;
    /// Several results, block parameters.
    MultiValue, "multi-value", "2.0", Both;
    /// Bulk memory and table operators.
    BulkMemory, "bulk-memory", "2.0", Both;
    /// `funcref` and `externref`, many tables.
    ReferenceTypes, "reference-types", "2.0", Both;
    /// Fixed-width vectors.
    Simd, "simd", "2.0", Both;
    /// Arithmetic in constant expressions.
    ExtendedConst, "extended-const", "3.0", Both;
    /// Vectors with implementation-defined results.
    RelaxedSimd, "relaxed-simd", "3.0", Both;
    /// Tail calls.
    TailCall, "tail-call", "3.0", Both;
    /// More than one memory.
    MultiMemory, "multi-memory", "3.0", Both;
    /// 64-bit memories and tables.
    Memory64, "memory64", "3.0", Both;
    /// Typed function references.
    FunctionReferences, "function-references", "3.0", Both;
    /// Garbage-collected structures and arrays.
    Gc, "gc", "3.0", Both;
    /// Exceptions with `try_table`.
    Exceptions, "exceptions", "3.0", Both;
    /// Shared memories and atomics.
    Threads, "threads", "proposal", Both;
    /// Pages of one byte.
    CustomPageSizes, "custom-page-sizes", "proposal", Both;
    /// 128-bit arithmetic in pairs of `i64`.
    WideArithmetic, "wide-arithmetic", "proposal", Both;
    /// Custom descriptors and exact types.
    CustomDescriptors, "custom-descriptors", "proposal", Both;
    /// Exceptions in the older form.
    LegacyExceptions, "legacy-exceptions", "proposal", Both;
    /// Stack switching.
    StackSwitching, "stack-switching", "proposal", NotYet;
}

impl std::fmt::Display for Feature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.key())
    }
}

impl std::str::FromStr for Feature {
    type Err = String;

    fn from_str(key: &str) -> Result<Self, Self::Err> {
        let found = Feature::ALL.iter().find(|feature| feature.key() == key);
        found.copied().ok_or_else(|| format!("unknown feature `{key}`"))
    }
}

/// A set of features.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FeatureSet(u64);

impl FeatureSet {
    /// No feature: the first release of WebAssembly, without mutable globals.
    pub const EMPTY: FeatureSet = FeatureSet(0);

    /// Every feature of the table.
    pub fn all() -> Self {
        Feature::ALL.iter().fold(Self::EMPTY, |set, &feature| set.with(feature))
    }

    /// The features that both engines run.
    pub fn built() -> Self {
        Self::those(|built| built == Built::Both)
    }

    /// The features that the JIT runs.
    pub fn built_by_jit() -> Self {
        Self::those(|built| matches!(built, Built::Both | Built::Jit))
    }

    /// The features that the interpreter runs.
    pub fn built_by_interp() -> Self {
        Self::those(|built| matches!(built, Built::Both | Built::Interp))
    }

    fn those(wanted: impl Fn(Built) -> bool) -> Self {
        let built = Feature::ALL.iter().filter(|feature| wanted(feature.built()));
        built.fold(Self::EMPTY, |set, &feature| set.with(feature))
    }

    /// This set and `feature`.
    #[must_use]
    pub fn with(self, feature: Feature) -> Self {
        Self(self.0 | 1 << feature as u8)
    }

    /// This set without `feature`.
    #[must_use]
    pub fn without(self, feature: Feature) -> Self {
        Self(self.0 & !(1 << feature as u8))
    }

    /// This set with `feature` on or off.
    #[must_use]
    pub fn set(self, feature: Feature, on: bool) -> Self {
        if on { self.with(feature) } else { self.without(feature) }
    }

    /// What both sets have.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether `feature` is in the set.
    pub fn contains(self, feature: Feature) -> bool {
        self.0 & 1 << feature as u8 != 0
    }

    /// Whether every feature of `other` is in the set.
    pub fn includes(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// The features of the set, in table order.
    pub fn iter(self) -> impl Iterator<Item = Feature> {
        Feature::ALL.iter().copied().filter(move |&feature| self.contains(feature))
    }
}

impl Default for FeatureSet {
    /// The features that both engines run.
    fn default() -> Self {
        Self::built()
    }
}

#[cfg(test)]
mod tests {
    use super::{Feature, FeatureSet};

    #[test]
    fn keys_are_unique_and_parse() {
        for &feature in Feature::ALL {
            assert_eq!(feature.key().parse(), Ok(feature));
        }
        assert!("simd128".parse::<Feature>().is_err());
    }

    #[test]
    fn sets_add_and_remove() {
        let set = FeatureSet::EMPTY.with(Feature::Simd).with(Feature::Gc);
        assert!(set.contains(Feature::Simd) && !set.contains(Feature::Threads));
        assert_eq!(set.without(Feature::Simd).iter().collect::<Vec<_>>(), [Feature::Gc]);
        assert!(FeatureSet::all().includes(set) && !set.includes(FeatureSet::all()));
    }
}
