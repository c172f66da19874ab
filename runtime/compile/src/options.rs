//! What an embedder can choose about generated code. Plain data; what code depends on is part of its [`crate::Target`].

/// How hard the code generator tries.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum OptLevel {
    /// Straight translation.
    None,
    /// The mid-end optimizations of Cranelift.
    Speed,
}

/// Up to which vector extension of x86-64 code may go, as far as the host has it.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum VectorExtensions {
    /// SSE4.1, which every supported host has.
    Sse41,
    /// AVX with 128-bit integers and floats.
    Avx,
    /// AVX2 and FMA.
    Avx2,
    /// Everything, AVX-512 included.
    Host,
}

impl VectorExtensions {
    /// Every choice, the smallest first.
    pub const ALL: [Self; 4] = [Self::Sse41, Self::Avx, Self::Avx2, Self::Host];

    /// The code generator's flags beyond this choice.
    pub(crate) fn disabled(self) -> &'static [&'static str] {
        const BEYOND: [&str; 11] = [
            "has_sse42",
            "has_avx",
            "has_avx2",
            "has_fma",
            "has_avx_vnni",
            "has_avx512f",
            "has_avx512vl",
            "has_avx512dq",
            "has_avx512bitalg",
            "has_avx512vbmi",
            "has_avx512vnni",
        ];
        match self {
            Self::Sse41 => &BEYOND,
            Self::Avx => &BEYOND[2..],
            Self::Avx2 => &BEYOND[4..],
            Self::Host => &[],
        }
    }
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
    /// Whether it is known from which position in the binary code comes.
    pub address_map: bool,
    /// Whether code tells the machine the address of every access to a memory before it makes it. For judges.
    pub record_accesses: bool,
    /// Up to which vector extension of the processor code may go. Less than the host has is for tests.
    pub vectors: VectorExtensions,
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
            address_map: true,
            record_accesses: false,
            vectors: VectorExtensions::Host,
        }
    }
}
