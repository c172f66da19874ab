//! Rules of the text format on which the parser library and the specification differ.
//!
//! Enters: the fields of a parsed module; leaves: the reference's words for why the text is malformed, if it is. This is the
//! one place for such differences; each rule names the assertion that needs it.

use wast::core::{ImportItems, ItemKind, MemoryKind, MemoryType, ModuleField};

/// The grammar in which a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextRules {
    /// Limits are 64-bit numbers, whatever the address type: the grammar since 64-bit memories.
    pub wide_limits: bool,
}

/// Whether the text of a module keeps `rules`.
pub(super) fn check(fields: &[ModuleField<'_>], rules: TextRules) -> Result<(), &'static str> {
    if rules.wide_limits {
        return Ok(());
    }
    // proposals/threads/memory.wast, lines 83 to 93: written before limits became 64-bit numbers.
    let narrow = |ty: &MemoryType| {
        let fits = |limit: u64| u32::try_from(limit).is_ok();
        fits(ty.limits.min) && ty.limits.max.is_none_or(fits)
    };
    if fields.iter().flat_map(memory_types).all(narrow) { Ok(()) } else { Err("i32 constant out of range") }
}

fn memory_types<'f>(field: &'f ModuleField<'_>) -> Option<&'f MemoryType> {
    match field {
        ModuleField::Memory(memory) => match &memory.kind {
            MemoryKind::Normal(ty) | MemoryKind::Import { ty, .. } => Some(ty),
            MemoryKind::Inline { .. } => None,
        },
        ModuleField::Import(import) => match &import.items {
            ImportItems::Single { sig, .. } => match &sig.kind {
                ItemKind::Memory(ty) => Some(ty),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}
