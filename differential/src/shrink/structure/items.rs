//! A module without some of its items, and with less in its segments.
//!
//! Enters: a binary, an index space and a range of it; leaves: the binary without these items, and without sections that are
//! empty or custom; what stands behind them is numbered anew. Where something still names one of them, there is no such
//! binary. Validates nothing.

use crate::rewrite::sections::Sections;
use std::ops::Range;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, DataSection, ElementSection, Elements, ExportSection, FunctionSection, GlobalSection,
    ImportSection, MemorySection, Module, TableSection, TagSection, TypeSection,
};
use wasmparser::{Parser, TypeRef};

/// What a module has lists of.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Space {
    Export,
    Element,
    Data,
    Function,
    Global,
    Table,
    Memory,
    Tag,
    Type,
}

impl Space {
    /// All of them, those that name others before those that are named.
    pub(super) const ALL: [Space; 9] = [
        Space::Export,
        Space::Element,
        Space::Data,
        Space::Function,
        Space::Global,
        Space::Table,
        Space::Memory,
        Space::Tag,
        Space::Type,
    ];
}

/// What is left out of a module.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// Items of an index space.
    Items(Space, Range<u32>),
    /// Bytes of a data segment.
    Bytes(u32, Range<usize>),
    /// Elements of an element segment.
    Elements(u32, Range<usize>),
    /// The section with the function that is called first.
    Start,
}

/// The section of the function that is called first.
const START: u8 = 8;

/// The module without a part; `None` when something names the part, or the module cannot be read.
pub(super) fn without(bytes: &[u8], part: Part) -> Option<Vec<u8>> {
    let start = matches!(part, Part::Start);
    let (bytes, _) = Walk::over(bytes, part)?;
    let mut sections = Sections::read(&bytes)?;
    sections.retain(|number, contents| number != 0 && contents != [0] && !(start && number == START));
    Some(sections.bytes())
}

/// How many items an index space has, imported ones among them.
pub(super) fn count(bytes: &[u8], space: Space) -> u32 {
    Walk::over(bytes, Part::Items(space, 0..0)).map_or(0, |(_, walk)| walk.met)
}

/// How much there is in each segment of a kind: bytes of data, or elements.
pub(super) fn lengths(bytes: &[u8], space: Space) -> Vec<usize> {
    let part = if space == Space::Data { Part::Bytes(0, 0..0) } else { Part::Elements(0, 0..0) };
    Walk::over(bytes, part).map_or_else(Vec::new, |(_, walk)| walk.lengths)
}

/// Something names what is gone.
struct Named;

type Done<T = ()> = Result<T, Error<Named>>;

/// One way through a module, on which it is written again.
struct Walk {
    part: Part,
    /// How many items of the space were met.
    met: u32,
    /// How many functions are imported, whose bodies are elsewhere.
    imported: u32,
    /// How long the segments are.
    lengths: Vec<usize>,
}

impl Walk {
    fn over(bytes: &[u8], part: Part) -> Option<(Vec<u8>, Self)> {
        let mut walk = Self { part, met: 0, imported: 0, lengths: Vec::new() };
        let mut module = Module::new();
        walk.parse_core_module(&mut module, Parser::new(0), bytes).ok()?;
        Some((module.finish(), walk))
    }

    /// Meets the next item of a space: whether it stays.
    fn keeps(&mut self, space: Space) -> bool {
        let Part::Items(of, range) = &self.part else { return true };
        if *of != space {
            return true;
        }
        self.met += 1;
        !range.contains(&(self.met - 1))
    }

    /// The number that an item has from now on.
    fn renumbered(&self, space: Space, index: u32) -> Done<u32> {
        match &self.part {
            Part::Items(of, range) if *of == space && range.contains(&index) => Err(Error::UserError(Named)),
            Part::Items(of, range) if *of == space && index >= range.end => {
                Ok(index - (range.end - range.start))
            }
            _ => Ok(index),
        }
    }

    /// What is left out of the next segment of this length.
    fn left_out(&mut self, space: Space, len: usize) -> Range<usize> {
        let (segment, range) = match &self.part {
            Part::Bytes(segment, range) if space == Space::Data => (*segment, range.clone()),
            Part::Elements(segment, range) if space == Space::Element => (*segment, range.clone()),
            _ => return 0..0,
        };
        let number = self.lengths.len();
        self.lengths.push(len);
        let here = number == segment as usize && range.end <= len;
        if here { range } else { 0..0 }
    }
}

/// A list without what stands at these places.
fn cut<T: Clone>(list: &[T], places: &Range<usize>) -> Vec<T> {
    [&list[..places.start], &list[places.end..]].concat()
}

impl Reencode for Walk {
    type Error = Named;

    fn type_index(&mut self, index: u32) -> Done<u32> {
        self.renumbered(Space::Type, index)
    }

    fn function_index(&mut self, index: u32) -> Done<u32> {
        self.renumbered(Space::Function, index)
    }

    fn table_index(&mut self, index: u32) -> Done<u32> {
        self.renumbered(Space::Table, index)
    }

    fn memory_index(&mut self, index: u32) -> Done<u32> {
        self.renumbered(Space::Memory, index)
    }

    fn global_index(&mut self, index: u32) -> Done<u32> {
        self.renumbered(Space::Global, index)
    }

    fn tag_index(&mut self, index: u32) -> Done<u32> {
        self.renumbered(Space::Tag, index)
    }

    fn element_index(&mut self, index: u32) -> Done<u32> {
        self.renumbered(Space::Element, index)
    }

    fn data_index(&mut self, index: u32) -> Done<u32> {
        self.renumbered(Space::Data, index)
    }

    fn data_count(&mut self, count: u32) -> Done<u32> {
        match &self.part {
            Part::Items(Space::Data, range) => Ok(count - (range.end.min(count) - range.start.min(count))),
            _ => Ok(count),
        }
    }

    fn parse_custom_section(&mut self, _: &mut Module, _: wasmparser::CustomSectionReader<'_>) -> Done {
        Ok(())
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Done {
        for group in section {
            let group = group?;
            let explicit = group.is_explicit_rec_group();
            let kept: Vec<_> = group.into_types().filter(|_| self.keeps(Space::Type)).collect();
            let kept = kept.into_iter().map(|ty| self.sub_type(ty)).collect::<Done<Vec<_>>>()?;
            match kept.as_slice() {
                [] => {}
                [one] if !explicit => types.ty().subtype(one),
                _ => types.ty().rec(kept),
            }
        }
        Ok(())
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Done {
        for import in section.into_imports() {
            let import = import?;
            let space = match import.ty {
                TypeRef::Func(_) | TypeRef::FuncExact(_) => Space::Function,
                TypeRef::Table(_) => Space::Table,
                TypeRef::Memory(_) => Space::Memory,
                TypeRef::Global(_) => Space::Global,
                TypeRef::Tag(_) => Space::Tag,
            };
            self.imported += u32::from(space == Space::Function);
            if self.keeps(space) {
                self.parse_import(imports, import)?;
            }
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Done {
        for ty in section {
            let ty = ty?;
            if self.keeps(Space::Function) {
                functions.function(self.type_index(ty)?);
            }
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Done {
        for (index, body) in (self.imported..).zip(section) {
            let gone = matches!(&self.part, Part::Items(Space::Function, range) if range.contains(&index));
            if !gone {
                self.parse_function_body(code, body?)?;
            }
        }
        Ok(())
    }

    fn parse_table_section(
        &mut self,
        tables: &mut TableSection,
        section: wasmparser::TableSectionReader<'_>,
    ) -> Done {
        for table in section {
            let table = table?;
            if self.keeps(Space::Table) {
                self.parse_table(tables, table)?;
            }
        }
        Ok(())
    }

    fn parse_memory_section(
        &mut self,
        memories: &mut MemorySection,
        section: wasmparser::MemorySectionReader<'_>,
    ) -> Done {
        for memory in section {
            let memory = memory?;
            if self.keeps(Space::Memory) {
                memories.memory(self.memory_type(memory)?);
            }
        }
        Ok(())
    }

    fn parse_tag_section(
        &mut self,
        tags: &mut TagSection,
        section: wasmparser::TagSectionReader<'_>,
    ) -> Done {
        for tag in section {
            let tag = tag?;
            if self.keeps(Space::Tag) {
                tags.tag(self.tag_type(tag)?);
            }
        }
        Ok(())
    }

    fn parse_global(&mut self, globals: &mut GlobalSection, global: wasmparser::Global<'_>) -> Done {
        if self.keeps(Space::Global) { utils::parse_global(self, globals, global) } else { Ok(()) }
    }

    fn parse_export(&mut self, exports: &mut ExportSection, export: wasmparser::Export<'_>) -> Done {
        if self.keeps(Space::Export) { utils::parse_export(self, exports, export) } else { Ok(()) }
    }

    fn parse_element(&mut self, elements: &mut ElementSection, element: wasmparser::Element<'_>) -> Done {
        if self.keeps(Space::Element) { utils::parse_element(self, elements, element) } else { Ok(()) }
    }

    fn element_items<'a>(&mut self, items: wasmparser::ElementItems<'a>) -> Done<Elements<'a>> {
        Ok(match utils::element_items(self, items)? {
            Elements::Functions(list) => {
                let left_out = self.left_out(Space::Element, list.len());
                Elements::Functions(cut(&list, &left_out).into())
            }
            Elements::Expressions(ty, list) => {
                let left_out = self.left_out(Space::Element, list.len());
                Elements::Expressions(ty, cut(&list, &left_out).into())
            }
        })
    }

    fn parse_data(&mut self, data: &mut DataSection, datum: wasmparser::Data<'_>) -> Done {
        if !self.keeps(Space::Data) {
            return Ok(());
        }
        let left_out = self.left_out(Space::Data, datum.data.len());
        let left = cut(datum.data, &left_out);
        utils::parse_data(self, data, wasmparser::Data { data: &left, ..datum })
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, Space, count, lengths, without};

    const TEXT: &str = r#"(module
        (rec (type $a (struct (field (ref null $b)))) (type $b (array i8)))
        (type $f (func)) (type $no (func (param i64))) (type $tagged (func (param i32)))
        (rec (type $unused (struct (field i31ref))) (type $item (array i64)))
        (import "m" "f" (func $imported (type $f)))
        (import "m" "g" (global i32))
        (table 3 funcref) (memory 1) (tag) (tag $t (type $tagged))
        (global $g (ref null $a) (ref.null $a))
        (func $unused) (func $one (export "one") (throw $t (i32.const 0))) (func $two (call $one))
        (start $imported)
        (elem (i32.const 0) $one $two $one)
        (data "abc") (data (i32.const 5) "defg"))"#;

    fn text(part: Part) -> Option<String> {
        let bytes = wat::parse_str(TEXT).unwrap();
        let left = without(&bytes, part)?;
        wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::all())
            .validate_all(&left)
            .unwrap();
        Some(wasmprinter::print_bytes(&left).unwrap())
    }

    #[test]
    fn items_are_counted() {
        let bytes = wat::parse_str(TEXT).unwrap();
        let counts = Space::ALL.map(|space| count(&bytes, space));
        assert_eq!(counts, [1, 1, 2, 4, 2, 1, 1, 2, 7]);
        assert_eq!(lengths(&bytes, Space::Data), [3, 4]);
        assert_eq!(lengths(&bytes, Space::Element), [3]);
    }

    #[test]
    fn what_nobody_names_goes_and_what_is_behind_moves_up() {
        let left = text(Part::Items(Space::Function, 1..2)).unwrap();
        assert!(left.contains("call 1") && left.contains("func 1 2 1"), "{left}");
        let left = text(Part::Items(Space::Tag, 0..1)).unwrap();
        assert!(left.contains("throw 0"), "{left}");
        assert!(text(Part::Items(Space::Export, 0..1)).unwrap().matches("export").count() == 0);
        assert!(text(Part::Items(Space::Data, 0..1)).unwrap().contains("defg"));
        let left = text(Part::Items(Space::Type, 3..4)).unwrap();
        assert!(left.contains("(tag (;1;) (type 3) (param i32))"), "{left}");
        assert!(!text(Part::Items(Space::Type, 5..6)).unwrap().contains("i31"));
        assert!(!text(Part::Start).unwrap().contains("start"));
        for named in [
            Part::Items(Space::Function, 2..3),
            Part::Items(Space::Function, 0..2),
            Part::Items(Space::Tag, 1..2),
            Part::Items(Space::Type, 1..2),
            Part::Items(Space::Table, 0..1),
        ] {
            assert_eq!(text(named.clone()), None, "{named:?}");
        }
    }

    #[test]
    fn segments_get_shorter() {
        assert!(text(Part::Bytes(1, 1..3)).unwrap().contains("\"dg\""));
        assert!(text(Part::Elements(0, 0..2)).unwrap().contains("func 2)"));
    }
}
