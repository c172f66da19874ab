//! Sections in, module model out; validated section by section on the way.

use crate::descriptors::{self, Rewritten, Supertypes};
use crate::resources::Resources;
use crate::stage::classify;
use crate::{ParseError, branch_hints, const_expr::const_expr, convert, features::wasm_features, support};
use assay_model::features::{Feature, FeatureSet};
use assay_model::index::{EscapeIdx, FuncIdx, GlobalIdx, MemoryIdx, TableIdx, TagIdx, TypeIdx};
use assay_model::module::{
    ConstOp, DataMode, DataSegment, ElemItems, ElemMode, ElemSegment, Export, FuncDecl, Import, ImportItem,
    ModuleModel,
};
use wasmparser::{
    ElementItems, ElementKind, ExternalKind, FuncToValidate, KnownCustom, Name, NameSectionReader, Parser,
    Payload, SectionLimited, TableInit, TypeRef, ValidPayload, Validator,
};

/// A module whose sections are valid and whose bodies are validated while they are read.
pub struct ParsedModule {
    /// The model.
    pub model: ModuleModel,
    pub(crate) bodies: Vec<FuncToValidate<Resources>>,
    features: FeatureSet,
}

type Result<T> = std::result::Result<T, ParseError>;

/// Decodes and validates `bytes` as a module with `features` on, for both engines.
///
/// # Errors
/// As for [`parse_for`].
pub fn parse(bytes: &[u8], features: FeatureSet) -> Result<ParsedModule> {
    parse_for(bytes, features, FeatureSet::built())
}

/// Decodes and validates `bytes` as a module with `features` on, for an engine that runs the features of `built`.
///
/// # Errors
/// [`ParseError::Rejected`] with stage and offset when the module breaks a rule; [`ParseError::Unsupported`] when it
/// is valid but needs a feature of `features` that is not in `built`.
pub fn parse_for(bytes: &[u8], features: FeatureSet, built: FeatureSet) -> Result<ParsedModule> {
    if bytes.len() > u32::MAX as usize {
        let message = "modules of 4 GiB and more are not supported".to_owned();
        return Err(ParseError::Rejected { stage: crate::Stage::Malformed, offset: 0, message, needs: None });
    }
    if !built.includes(features) {
        support::check(bytes, features, built)?;
    }
    let parsed = match decode(bytes, features, None) {
        Err(error) if descriptors::is_stricter(&error, features) => {
            // The library accepts such a module with no features, so that `support` could not ask about it.
            let feature = Feature::CustomDescriptors;
            let parsed = rewritten(bytes, features).and_then(|types| decode(bytes, features, Some(&types)));
            parsed.and_then(|parsed| {
                if built.contains(feature) { Ok(parsed) } else { Err(ParseError::Unsupported { feature }) }
            })
        }
        parsed => parsed,
    };
    parsed.map_err(|error| classify(error, bytes, features))
}

impl ParsedModule {
    /// Decides stage and remedy of an error that reading one of the module's bodies gave. `bytes` is the module.
    #[must_use]
    pub fn classify(&self, error: ParseError, bytes: &[u8]) -> ParseError {
        classify(error, bytes, self.features)
    }
}

/// The type section of a module that has one, as the validator wants it.
fn rewritten(bytes: &[u8], features: FeatureSet) -> Result<Rewritten> {
    let mut parser = Parser::new(0);
    parser.set_features(wasm_features(features));
    let mut payloads = parser.parse_all(bytes);
    let section = payloads.find_map(|payload| match payload {
        Ok(Payload::TypeSection(section)) => Some(section),
        _ => None,
    });
    let section =
        section.ok_or_else(|| ParseError::malformed(0, "a module without types has none to rewrite"))?;
    Rewritten::new(&section, bytes)
}

/// `rewritten` is the type section as the validator gets it, when that is not the module's.
fn decode(bytes: &[u8], features: FeatureSet, rewritten: Option<&Rewritten>) -> Result<ParsedModule> {
    let mut validator = Validator::new_with_features(wasm_features(features));
    let mut builder = Builder::default();
    let mut supertypes = None;
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(|error| ParseError::undecided(&error))?;
        if let (Some(rewritten), Payload::TypeSection(_)) = (rewritten, &payload) {
            supertypes = Some(types(&mut validator, &mut builder, payload, rewritten)?);
            continue;
        }
        match validator.payload(&payload).map_err(|error| ParseError::undecided(&error))? {
            ValidPayload::Func(to_validate, body) => {
                let range = body.range();
                builder.model.bodies.push(range.start as u32..range.end as u32);
                bodies.push(Resources::of(to_validate, supertypes.as_ref()));
            }
            ValidPayload::Ok | ValidPayload::End(_) | ValidPayload::Parser(_) => builder.section(payload)?,
        }
    }
    let mut model = builder.model;
    assign_escapes(&mut model);
    Ok(ParsedModule { model, bodies, features })
}

/// Takes the type section, which the validator sees as `rewritten` has it.
fn types(
    validator: &mut Validator,
    builder: &mut Builder,
    payload: Payload<'_>,
    rewritten: &Rewritten,
) -> Result<Supertypes> {
    validator.type_section(&rewritten.section()?).map_err(|error| ParseError::undecided(&error))?;
    builder.section(payload)?;
    let validated = validator.types(0);
    let validated = validated.ok_or_else(|| ParseError::malformed(0, "types outside of a module"))?;
    rewritten.check(&builder.model, &validated)
}

#[derive(Default)]
struct Builder {
    model: ModuleModel,
}

fn each<'a, T: wasmparser::FromReader<'a>>(
    section: SectionLimited<'a, T>,
    mut take: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    for item in section {
        take(item.map_err(|error| ParseError::undecided(&error))?)?;
    }
    Ok(())
}

impl Builder {
    fn section(&mut self, payload: Payload<'_>) -> Result<()> {
        let model = &mut self.model;
        match payload {
            Payload::TypeSection(section) => each(section, |group| {
                let before = model.types.len();
                for ty in group.types() {
                    model.types.push(convert::sub_type(ty)?);
                }
                model.rec_groups.push((model.types.len() - before) as u32);
                Ok(())
            }),
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    self.import(import.map_err(|error| ParseError::undecided(&error))?)?;
                }
                Ok(())
            }
            Payload::FunctionSection(section) => each(section, |ty| {
                model.funcs.push(FuncDecl { ty: TypeIdx(ty), escape: None, exact: false });
                Ok(())
            }),
            Payload::TableSection(section) => each(section, |table| {
                model.tables.push(convert::table_type(&table.ty)?);
                model.table_inits.push(match &table.init {
                    TableInit::RefNull => None,
                    TableInit::Expr(expr) => Some(const_expr(expr)?),
                });
                Ok(())
            }),
            Payload::MemorySection(section) => each(section, |ty| {
                model.memories.push(convert::memory_type(&ty));
                Ok(())
            }),
            Payload::TagSection(section) => each(section, |tag| {
                model.tags.push(TypeIdx(tag.func_type_idx));
                Ok(())
            }),
            Payload::GlobalSection(section) => each(section, |global| {
                model.globals.push(convert::global_type(&global.ty)?);
                model.global_inits.push(const_expr(&global.init_expr)?);
                Ok(())
            }),
            Payload::ExportSection(section) => each(section, |export| {
                model.exports.push(Export { name: export.name.to_owned(), item: export_item(&export) });
                Ok(())
            }),
            Payload::StartSection { func, .. } => {
                model.start = Some(FuncIdx(func));
                Ok(())
            }
            Payload::ElementSection(section) => each(section, |elem| {
                model.elems.push(elem_segment(elem)?);
                Ok(())
            }),
            Payload::DataSection(section) => each(section, |data| {
                model.data.push(data_segment(&data)?);
                Ok(())
            }),
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(names) = section.as_known() {
                    self.names(names);
                } else if section.name() == branch_hints::NAME && model.bodies.is_empty() {
                    model.branch_hints = branch_hints::decode(&section).unwrap_or_default();
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn import(&mut self, import: wasmparser::Import<'_>) -> Result<()> {
        let model = &mut self.model;
        let item = match import.ty {
            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                let exact = matches!(import.ty, TypeRef::FuncExact(_));
                model.funcs.push(FuncDecl { ty: TypeIdx(ty), escape: None, exact });
                model.imported_funcs += 1;
                ImportItem::Func(FuncIdx::from_index(model.funcs.len() - 1))
            }
            TypeRef::Table(ty) => {
                model.tables.push(convert::table_type(&ty)?);
                model.imported_tables += 1;
                ImportItem::Table(TableIdx::from_index(model.tables.len() - 1))
            }
            TypeRef::Memory(ty) => {
                model.memories.push(convert::memory_type(&ty));
                model.imported_memories += 1;
                ImportItem::Memory(MemoryIdx::from_index(model.memories.len() - 1))
            }
            TypeRef::Global(ty) => {
                model.globals.push(convert::global_type(&ty)?);
                model.imported_globals += 1;
                ImportItem::Global(GlobalIdx::from_index(model.globals.len() - 1))
            }
            TypeRef::Tag(ty) => {
                model.tags.push(TypeIdx(ty.func_type_idx));
                model.imported_tags += 1;
                ImportItem::Tag(TagIdx::from_index(model.tags.len() - 1))
            }
        };
        model.imports.push(Import { module: import.module.to_owned(), name: import.name.to_owned(), item });
        Ok(())
    }

    /// Takes what the name section offers. It is a custom section: what does not decode is left out, as the
    /// specification asks.
    fn names(&mut self, names: NameSectionReader<'_>) {
        for name in names {
            match name {
                Ok(Name::Module { name, .. }) => self.model.name = Some(name.to_owned()),
                Ok(Name::Function(map)) => {
                    let known = map.into_iter().map_while(std::result::Result::ok);
                    self.model.func_names.extend(known.map(|naming| (naming.index, naming.name.to_owned())));
                }
                Ok(_) => {}
                Err(_) => break,
            }
        }
    }
}

fn export_item(export: &wasmparser::Export<'_>) -> ImportItem {
    match export.kind {
        ExternalKind::Func | ExternalKind::FuncExact => ImportItem::Func(FuncIdx(export.index)),
        ExternalKind::Table => ImportItem::Table(TableIdx(export.index)),
        ExternalKind::Memory => ImportItem::Memory(MemoryIdx(export.index)),
        ExternalKind::Global => ImportItem::Global(GlobalIdx(export.index)),
        ExternalKind::Tag => ImportItem::Tag(TagIdx(export.index)),
    }
}

fn elem_segment(elem: wasmparser::Element<'_>) -> Result<ElemSegment> {
    let mode = match elem.kind {
        ElementKind::Passive => ElemMode::Passive,
        ElementKind::Declared => ElemMode::Declared,
        ElementKind::Active { table_index, offset_expr } => {
            ElemMode::Active { table: TableIdx(table_index.unwrap_or(0)), offset: const_expr(&offset_expr)? }
        }
    };
    let (ty, items) = match elem.items {
        ElementItems::Functions(section) => {
            let mut funcs = Vec::new();
            each(section, |func| {
                funcs.push(FuncIdx(func));
                Ok(())
            })?;
            (assay_model::types::RefType::FUNCREF, ElemItems::Funcs(funcs))
        }
        ElementItems::Expressions(ty, section) => {
            let mut exprs = Vec::new();
            each(section, |expr| {
                exprs.push(const_expr(&expr)?);
                Ok(())
            })?;
            (convert::ref_type(ty)?, ElemItems::Exprs(exprs))
        }
    };
    Ok(ElemSegment { mode, ty, items })
}

fn data_segment(data: &wasmparser::Data<'_>) -> Result<DataSegment> {
    let mode = match &data.kind {
        wasmparser::DataKind::Passive => DataMode::Passive,
        wasmparser::DataKind::Active { memory_index, offset_expr } => {
            DataMode::Active { memory: MemoryIdx(*memory_index), offset: const_expr(offset_expr)? }
        }
    };
    let end = data.range.end as u32;
    let start = end - data.data.len() as u32;
    Ok(DataSegment { mode, range: start..end })
}

/// Gives a record to each defined function of which a reference can be taken.
fn assign_escapes(model: &mut ModuleModel) {
    let mut escaping = vec![false; model.funcs.len()];
    let mut mark = |func: FuncIdx| escaping[func.index()] = true;
    for export in &model.exports {
        if let ImportItem::Func(func) = export.item {
            mark(func);
        }
    }
    for elem in &model.elems {
        match &elem.items {
            ElemItems::Funcs(funcs) => funcs.iter().copied().for_each(&mut mark),
            ElemItems::Exprs(exprs) => {
                exprs.iter().flat_map(|expr| &expr.ops).for_each(|op| mark_op(op, &mut mark));
            }
        }
    }
    let inits = model.global_inits.iter().chain(model.table_inits.iter().flatten());
    inits.flat_map(|expr| &expr.ops).for_each(|op| mark_op(op, &mut mark));
    model.start.into_iter().for_each(&mut mark);
    let mut next = 0;
    for (position, func) in model.funcs.iter_mut().enumerate().skip(model.imported_funcs as usize) {
        if escaping[position] {
            func.escape = Some(EscapeIdx(next));
            next += 1;
        }
    }
    model.escaping_funcs = next;
}

fn mark_op(op: &ConstOp, mark: &mut impl FnMut(FuncIdx)) {
    if let ConstOp::RefFunc(func) = op {
        mark(*func);
    }
}
