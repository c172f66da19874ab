//! Options in, Cranelift's description of the host out.
//!
//! Refuses hosts whose code the rest of this crate and the machine room are not built for: no other room checks again.

use crate::error::{CompileError, Result};
use crate::options::{CompileOptions, OptLevel};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable, SetError};

/// How much time a function is worth.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// What the options ask for.
    Asked,
    /// No optimization and register allocation in one pass: time that grows with the size of a function, not with its
    /// square.
    Linear,
}

/// Describes the host to the code generator.
pub(crate) fn target(options: &CompileOptions, effort: Effort) -> Result<OwnedTargetIsa> {
    check_host().map_err(CompileError::Host)?;
    let flags = shared_flags(options, effort).map_err(|error| CompileError::Internal(error.to_string()))?;
    let mut builder = cranelift_native::builder().map_err(|error| CompileError::Host(error.to_owned()))?;
    for extension in options.vectors.disabled() {
        builder.set(extension, "false").map_err(|error| CompileError::Internal(error.to_string()))?;
    }
    builder.finish(flags).map_err(|error| CompileError::Host(error.to_string()))
}

/// What compiled code depends on besides the module: it may only be loaded where its target is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The host's architecture and system.
    pub triple: String,
    /// Extensions of the processor that code may use.
    pub extensions: Vec<&'static str>,
    /// Choices that code and whoever runs it must agree about, by name.
    pub settings: Vec<(&'static str, &'static str)>,
}

/// What code for `isa` with `options` depends on.
pub(crate) fn describe(isa: &OwnedTargetIsa, options: &CompileOptions) -> Target {
    let flags = isa.isa_flags();
    let on = flags.iter().filter(|flag| flag.as_bool() == Some(true));
    let extensions = on.filter_map(|flag| flag.name.strip_prefix("has_")).collect();
    Target { triple: isa.triple().to_string(), extensions, settings: settings_of(options) }
}

/// The options that code depends on, except extensions of the processor.
fn settings_of(options: &CompileOptions) -> Vec<(&'static str, &'static str)> {
    let CompileOptions {
        opt_level,
        signals_based_traps,
        fuel,
        epoch,
        nan_canonicalization,
        spectre,
        address_map,
        // How code is made, and whether it was checked on the way, does not change it.
        verifier: _,
        parallel: _,
        vectors: _,
        // Nobody keeps the code of a judge.
        record_accesses: _,
    } = *options;
    vec![
        (
            "opt-level",
            match opt_level {
                OptLevel::None => "none",
                OptLevel::Speed => "speed",
            },
        ),
        ("signals-based-traps", switch(signals_based_traps)),
        ("fuel", switch(fuel)),
        ("epoch-interruption", switch(epoch)),
        ("nan-canonicalization", switch(nan_canonicalization)),
        ("spectre-mitigation", switch(spectre)),
        ("address-map", switch(address_map)),
    ]
}

fn switch(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn shared_flags(options: &CompileOptions, effort: Effort) -> std::result::Result<settings::Flags, SetError> {
    let mut flags = settings::builder();
    let linear = effort == Effort::Linear;
    let speed = options.opt_level == OptLevel::Speed && !linear;
    flags.set("opt_level", if speed { "speed" } else { "none" })?;
    flags.set("regalloc_algorithm", if linear { "single_pass" } else { "backtracking" })?;
    flags.set("enable_verifier", flag(options.verifier))?;
    flags.set("enable_nan_canonicalization", flag(options.nan_canonicalization))?;
    // The machine walks frame pointers: for backtraces, and to find the frame that raises.
    flags.set("preserve_frame_pointers", "true")?;
    flags.set("unwind_info", "false")?;
    // The stack limit is compared, never probed.
    flags.set("enable_probestack", "false")?;
    // Code refers to its own image only, by distance: it needs no table of addresses to be independent of its position.
    flags.set("is_pic", "false")?;
    flags.set("use_colocated_libcalls", "true")?;
    Ok(settings::Flags::new(flags))
}

fn flag(on: bool) -> &'static str {
    if on { "true" } else { "false" }
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn check_host() -> std::result::Result<(), String> {
    let features = [
        ("sse3", is_x86_feature_detected!("sse3")),
        ("ssse3", is_x86_feature_detected!("ssse3")),
        ("sse4.1", is_x86_feature_detected!("sse4.1")),
        ("sse4.2", is_x86_feature_detected!("sse4.2")),
        ("popcnt", is_x86_feature_detected!("popcnt")),
        ("cmpxchg16b", is_x86_feature_detected!("cmpxchg16b")),
    ];
    let missing: Vec<&str> = features.iter().filter(|(_, found)| !found).map(|&(name, _)| name).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("this processor lacks {}", missing.join(", "))) }
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
fn check_host() -> std::result::Result<(), String> {
    Err(format!("this host is {} on {}", std::env::consts::ARCH, std::env::consts::OS))
}
