//! Names and lines of the source for positions in a module, from its DWARF sections.
//!
//! Enters: a module's bytes, later positions. Leaves: functions, files and lines, innermost first. The debug information
//! is read when the first backtrace asks, and never for a module without any. It is foreign data: what makes no sense in it
//! is left out, and more of it than can be afforded is not read at all.

use addr2line::{Context, Frame};
use gimli::{Dwarf, EndianArcSlice, EndianReader, LittleEndian, SectionId};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of the largest section that is read: lines take many times as much memory once they are decoded.
const MOST_BYTES: usize = 64 << 20;

/// Symbols of one position at the most.
const MOST_SYMBOLS: usize = 32;

type Reader = EndianArcSlice<LittleEndian>;

/// What the debug information says of a frame: the function itself, or one that was inlined there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameSymbol {
    pub(crate) name: Option<String>,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
}

impl FrameSymbol {
    /// The function's name, as the source has it.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The file.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The line, from 1 on.
    pub fn line(&self) -> Option<u32> {
        self.line
    }

    /// The column, from 1 on.
    pub fn column(&self) -> Option<u32> {
        self.column
    }
}

impl fmt::Display for FrameSymbol {
    /// `file:line:column`, as far as they are known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file().unwrap_or("<unknown file>"))?;
        let Some(line) = self.line else { return Ok(()) };
        write!(f, ":{line}")?;
        self.column.map_or(Ok(()), |column| write!(f, ":{column}"))
    }
}

/// The debug information of a module.
pub(crate) struct Symbols {
    /// Positions count from here.
    code: u32,
    context: Mutex<Context<Reader>>,
}

impl Symbols {
    /// Reads the debug information of a module, if it carries any that can be read.
    pub(crate) fn of(bytes: &Arc<[u8]>) -> Option<Self> {
        let found = assay_parse::debug_sections(bytes)?;
        let whole = EndianReader::new(Arc::clone(bytes), LittleEndian);
        let section = |id: SectionId| {
            let named = found.sections.iter().find(|(name, _)| name == id.name());
            let range = named.map_or(0..0, |(_, range)| range.clone());
            if range.len() > MOST_BYTES { Err(()) } else { Ok(whole.range(range)) }
        };
        let context = Context::from_dwarf(Dwarf::load(section).ok()?).ok()?;
        Some(Self { code: found.code, context: Mutex::new(context) })
    }

    /// What is known of this position in the binary, innermost first.
    pub(crate) fn at(&self, offset: u32) -> Vec<FrameSymbol> {
        let Some(position) = offset.checked_sub(self.code) else { return Vec::new() };
        let context = self.context.lock().unwrap_or_else(PoisonError::into_inner);
        let mut symbols = Vec::new();
        if let Ok(mut frames) = context.find_frames(position.into()).skip_all_loads() {
            while let Ok(Some(frame)) = frames.next()
                && symbols.len() < MOST_SYMBOLS
            {
                symbols.push(symbol(&frame));
            }
        }
        symbols
    }
}

fn symbol(frame: &Frame<'_, Reader>) -> FrameSymbol {
    let name = frame.function.as_ref().and_then(|function| Some(function.demangle().ok()?.into_owned()));
    let place = frame.location.as_ref();
    FrameSymbol {
        name,
        file: place.and_then(|place| place.file).map(str::to_owned),
        line: place.and_then(|place| place.line).filter(|&line| line > 0),
        column: place.and_then(|place| place.column).filter(|&column| column > 0),
    }
}

/// The name of a function as its source has it, where it was encoded for a linker.
pub(crate) fn demangled(name: &str) -> String {
    addr2line::demangle_auto(name.into(), None).into_owned()
}
