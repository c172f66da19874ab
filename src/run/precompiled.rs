//! Precompiled modules on the command line: loaded if the user says so, or refused with what to do.

use super::Failure;
use assay_runtime::{ArtifactError, Engine, Error, Module};
use std::path::Path;

/// Loads a precompiled module from a file, or from `bytes` where the file cannot be read twice.
pub(super) fn load(engine: &Engine, file: &Path, bytes: &[u8], allowed: bool) -> Result<Module, Failure> {
    let path = file.display();
    if !allowed {
        return Err(Failure::usage(format!(
            "`{path}` is a precompiled module: it holds machine code, which runs unchecked and with all of your rights\n\
             help: if you trust where it comes from, run it with `--allow-precompiled`"
        )));
    }
    read(engine, file, bytes).map_err(|error| {
        let help = match &error {
            Error::Artifact(reason) => remedy(reason),
            _ => String::new(),
        };
        Failure::unexpected(format!("failed to load `{path}`: {error}{help}"))
    })
}

#[expect(unsafe_code, reason = "the user vouches for the file with `--allow-precompiled`")]
fn read(engine: &Engine, file: &Path, bytes: &[u8]) -> Result<Module, Error> {
    if file.is_file() {
        // SAFETY: the user says that `assay compile` made the file and that nobody has changed it since.
        return unsafe { Module::deserialize_file(engine, file) };
    }
    // SAFETY: as above.
    unsafe { Module::deserialize(engine, bytes) }
}

/// What to do about a refused module.
fn remedy(reason: &ArtifactError) -> String {
    match reason {
        ArtifactError::Settings(mismatches) => {
            let options: Vec<String> =
                mismatches.iter().map(|setting| format!("`{}`", option(&setting.name))).collect();
            let options = options.join(", ");
            format!("\nhelp: give `assay compile` and `assay run` the same settings: {options}")
        }
        ArtifactError::Features { off } => {
            let options: Vec<String> = off.iter().map(|feature| format!("`-W {feature}=y`")).collect();
            format!("\nhelp: switch it on with {}, or compile it without", options.join(", "))
        }
        ArtifactError::NotAnArtifact | ArtifactError::CacheEntry | ArtifactError::Read(_) => String::new(),
        _ => "\nhelp: compile it again here, with `assay compile`".to_owned(),
    }
}

/// The option that decides about a setting of compiled code.
fn option(name: &str) -> String {
    match name {
        "opt-level" | "signals-based-traps" => format!("-O {name}"),
        "fuel" => "-W fuel".to_owned(),
        "epoch-interruption" => "-W timeout".to_owned(),
        "address-map" => format!("-D {name}"),
        _ => name.to_owned(),
    }
}
