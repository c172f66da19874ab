//! What an embedder can choose about generated code. Plain data; part of an artifact's fingerprint.

/// How hard the code generator tries.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum OptLevel {
    /// Straight translation.
    None,
    /// The mid-end optimizations of Cranelift.
    Speed,
}

/// Settings of a [`crate::Compiler`].
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct CompileOptions {
    /// How hard the code generator tries.
    pub opt_level: OptLevel,
    /// Whether code may rely on faults (guard pages, division, trap instructions) that the machine turns into traps.
    pub signals_based_traps: bool,
    /// Whether Cranelift's verifier checks each function. Costs more than half of the compile time again.
    pub verifier: bool,
    /// Whether code counts fuel.
    pub fuel: bool,
    /// Whether code looks at the engine's epoch.
    pub epoch: bool,
    /// Whether functions of large modules are compiled on several threads.
    pub parallel: bool,
    /// Whether arithmetic gives only the canonical NaN.
    pub nan_canonicalization: bool,
    /// Whether table indices are masked against speculative execution past a bounds check.
    pub spectre: bool,
}

impl Default for CompileOptions {
    fn default() -> Self {
        Self {
            opt_level: OptLevel::Speed,
            signals_based_traps: true,
            verifier: false,
            fuel: false,
            epoch: false,
            parallel: true,
            nan_canonicalization: false,
            spectre: true,
        }
    }
}
