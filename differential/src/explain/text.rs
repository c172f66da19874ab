//! The wasm text around an operator, with the positions of lines, the operator marked.

use std::fmt::Write;

/// So many lines are shown on both sides of the marked one.
const AROUND: usize = 14;

/// The lines around the operator at this position.
pub(super) fn around(bytes: &[u8], offset: u32) -> String {
    let mut storage = String::new();
    let Ok(lines) = wasmprinter::Config::new().offsets_and_lines(bytes, &mut storage) else {
        return "  the module cannot be printed\n".to_owned();
    };
    let lines: Vec<_> = lines.collect();
    let marked = lines.iter().position(|(position, _)| *position == Some(u64::from(offset)));
    let middle = marked.unwrap_or(0);
    let mut out = String::new();
    for (number, (position, text)) in lines.iter().enumerate().skip(middle.saturating_sub(AROUND)) {
        if number > middle + AROUND {
            break;
        }
        let mark = if Some(number) == marked { '>' } else { ' ' };
        let position = position.map_or(String::new(), |position| format!("{position:#07x}"));
        // Writing to a string cannot fail.
        let _written = writeln!(out, "{mark} {position:>9}  {}", text.trim_end());
    }
    out
}
