//! Modules, valid or not: everybody who reads one says the same of it, and nobody panics.

use super::thread::on_kept_thread;
use super::{LANES, module_of};
use crate::case::{Case, ModuleBytes, Settings, Step};
use crate::judge::judge;
use crate::lanes::Lane;
use assay_runtime::{Error, Module};

/// Validates, lowers and compiles a module; whether it is valid.
///
/// # Panics
/// When a lane takes what validation refuses, or the other way round.
pub fn compile(bytes: &[u8]) -> bool {
    let binary = module_of(bytes).unwrap_or(bytes.into());
    let valid = Module::validate(LANES.engine(Lane::Interp, false), &binary);
    for lane in Lane::ALL {
        let made = Module::from_binary(LANES.engine(lane, false), &binary).map(drop);
        match (&valid, &made) {
            (Ok(()), Ok(()) | Err(Error::Unsupported { .. } | Error::Limit(_))) => {}
            (Err(_), Err(_)) => {}
            _ => panic!("validation says {valid:?}, and {lane} says {made:?}"),
        }
    }
    valid.is_ok()
}

/// Makes an instance of a module in every lane, and compares what is there then; whether there was one to try.
///
/// # Panics
/// With the finding and its case.
pub fn instantiate(bytes: &[u8]) -> bool {
    let Some(binary) = module_of(bytes) else { return false };
    let settings = Settings { fuel: 1000, memory_bytes: 16 << 16, valid: false, ..Settings::default() };
    let case = Case {
        origin: "the fuzz target `instantiate`".to_owned(),
        settings,
        modules: vec![ModuleBytes { bytes: binary.into_owned(), canonical: None }],
        steps: vec![Step::Instantiate { instantiate: 0 }],
    };
    let (case, verdict) = on_kept_thread(move || {
        let verdict = judge(&case, &LANES, &Lane::ALL, || None, |_| {});
        (case, verdict)
    });
    super::play::report(&case, &verdict);
    true
}

#[cfg(test)]
mod tests {
    use super::{compile, instantiate};

    #[test]
    fn modules_are_taken_in_both_formats() {
        let text = b"(module (memory 1) (data (i32.const 0) \"x\") (func (export \"f\")))";
        assert!(compile(text) && compile(&wat::parse_bytes(text).unwrap()));
        assert!(instantiate(text) && !instantiate(b"nothing"));
        assert!(!compile(b"\0asm\x01\0\0\0\x01") && !compile(b"(module (func (i32.const 1)))"));
    }
}
