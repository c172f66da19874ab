//! Fewer and smaller modules.

use super::Search;
use crate::case::{Case, ModuleBytes, Step};
use wasm_shrink::WasmShrink;

/// So many attempts in a row that make nothing smaller end the search in a module.
const ATTEMPTS: u32 = 400;

/// Takes away the modules that no step makes an instance of.
pub(super) fn unused<F: FnMut(&Case) -> bool>(search: &mut Search<Case, F>) {
    for index in (0..search.best.modules.len()).rev() {
        let names = |step: &Step| step.module() == Some(index);
        if search.best.steps.iter().any(names) {
            continue;
        }
        let mut candidate = search.best.clone();
        candidate.modules.remove(index);
        for step in &mut candidate.steps {
            let without = step.renumbered(|module| module - usize::from(module > index), Some);
            *step = without.unwrap_or_else(|| step.clone());
        }
        search.try_case(candidate);
    }
}

/// Makes each valid module smaller. A second form of it is given up: it would have to follow every change.
pub(super) fn each<F: FnMut(&Case) -> bool>(search: &mut Search<Case, F>) {
    for index in 0..search.best.modules.len() {
        let bytes = search.best.modules[index].bytes.clone();
        let shrink = WasmShrink::default().attempts(ATTEMPTS).allow_empty(true);
        // Ends with an error when the limits are met, or the module is not valid; what was found by then is kept.
        let _ended = shrink.run(bytes, |smaller| {
            if search.is_over() {
                return Err(std::io::Error::other("the limits of the reduction are met").into());
            }
            let current = &search.best.modules[index].bytes;
            if smaller == current.as_slice() {
                return Ok(true);
            }
            let mut candidate = search.best.clone();
            candidate.modules[index] = ModuleBytes { bytes: smaller.to_vec(), canonical: None };
            let larger = smaller.len() > current.len();
            let best = search.best.clone();
            let same = search.try_case(candidate);
            if larger {
                search.best = best;
            }
            Ok(same)
        });
    }
}
