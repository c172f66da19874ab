//! Modules: parsed, validated, and ready to be instantiated on one of the engines.

use crate::Engine;
use crate::artifact::{self, ArtifactError, Subject};
use crate::config::EngineKind;
use crate::error::{Error, Result, TextError};
use crate::externals::ExternType;
use crate::gc::TagType;
use crate::symbols::{FrameSymbol, Symbols};
use crate::text;
use crate::types::FuncType;
use assay_compile::CompileError;
use assay_interp::{Bytecode, LowerOptions};
use assay_model::artifact::CodeArtifact;
use assay_model::features::FeatureSet;
use assay_model::index::{FuncIdx, TagIdx, TypeIdx};
use assay_model::layout::{AbiSig, VmCtxLayout};
use assay_model::module::{ImportItem, ModuleModel};
use assay_model::types::{CanonId, TypeRef};
use assay_parse::ParsedModule;
use assay_vm::{CodeBuffer, CodeImage, DefinedFuncs, InstanceParts};
use rustc_hash::FxHashMap;
use std::any::Any;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// A cheap handle to a module.
#[derive(Clone)]
pub struct Module(Arc<ModuleInner>);

struct ModuleInner {
    engine: Engine,
    kind: EngineKind,
    parts: InstanceParts,
    image: Option<Arc<CodeImage>>,
    exports: FxHashMap<String, ImportItem>,
    /// What the debug information says, once somebody has asked.
    symbols: OnceLock<Option<Symbols>>,
}

/// An import of a module.
#[derive(Clone, Debug)]
pub struct ImportType<'a> {
    module: &'a str,
    name: &'a str,
    ty: ExternType,
    exact: bool,
}

/// An export of a module.
#[derive(Clone, Debug)]
pub struct ExportType<'a> {
    name: &'a str,
    ty: ExternType,
}

impl ImportType<'_> {
    /// First name.
    pub fn module(&self) -> &str {
        self.module
    }

    /// Second name.
    pub fn name(&self) -> &str {
        self.name
    }

    /// What is asked for.
    pub fn ty(&self) -> ExternType {
        self.ty.clone()
    }

    /// Whether it is asked for exactly: a function of a type below is none (custom descriptors).
    pub fn is_exact(&self) -> bool {
        self.exact
    }
}

impl ExportType<'_> {
    /// The name.
    pub fn name(&self) -> &str {
        self.name
    }

    /// What is exported.
    pub fn ty(&self) -> ExternType {
        self.ty.clone()
    }
}

/// What the code of a module is made from.
pub(crate) enum Code {
    Image(Arc<CodeImage>),
    Bytecode(Arc<Bytecode>),
}

impl Module {
    /// A module from a binary, or from text.
    ///
    /// # Errors
    /// When the text does not parse, or the module is malformed, invalid or needs what is not built.
    pub fn new(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Self> {
        Self::with_engine_kind(engine, engine.config().kind, bytes)
    }

    /// A module from a binary, or from text, for the given kind of engine: one [`Engine`] may hold modules of both,
    /// and their instances link with each other.
    ///
    /// # Errors
    /// As for [`Module::new`].
    pub fn with_engine_kind(engine: &Engine, kind: EngineKind, bytes: impl AsRef<[u8]>) -> Result<Self> {
        let bytes = binary(bytes.as_ref())?;
        Self::from_bytes(engine, kind, &bytes)
    }

    /// A module from a binary only.
    ///
    /// # Errors
    /// When the module is malformed, invalid or needs what is not built.
    pub fn from_binary(engine: &Engine, bytes: &[u8]) -> Result<Self> {
        Self::from_bytes(engine, engine.config().kind, bytes)
    }

    /// A module from a binary only, for the given kind of engine.
    ///
    /// # Errors
    /// As for [`Module::from_binary`].
    pub fn from_binary_with_engine_kind(engine: &Engine, kind: EngineKind, bytes: &[u8]) -> Result<Self> {
        Self::from_bytes(engine, kind, bytes)
    }

    /// A module from a file, binary or text.
    ///
    /// # Errors
    /// When the file cannot be read, and as for [`Module::new`].
    pub fn from_file(engine: &Engine, path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let read = std::fs::read(path);
        let bytes =
            read.map_err(|error| Error::Usage(format!("failed to read `{}`: {error}", path.display())))?;
        Self::new(engine, bytes)
    }

    /// Checks a binary without preparing it.
    ///
    /// # Errors
    /// When the module is malformed, invalid or needs what is not built.
    pub fn validate(engine: &Engine, bytes: &[u8]) -> Result<()> {
        let parsed = assay_parse::parse(bytes, engine.config().features)?;
        Ok(parsed.validate_bodies(bytes)?)
    }

    fn from_bytes(engine: &Engine, kind: EngineKind, bytes: &[u8]) -> Result<Self> {
        if artifact::is_artifact(bytes) {
            return Err(ArtifactError::NotExpected.into());
        }
        let built = match kind {
            EngineKind::Jit => FeatureSet::built_by_jit(),
            EngineKind::Interp => FeatureSet::built_by_interp(),
        };
        let parsed = assay_parse::parse_for(bytes, engine.config().features, built)?;
        let token = next_token();
        let code = match kind {
            EngineKind::Jit => Code::Image(image(engine, &parsed, bytes, token)?),
            EngineKind::Interp => Code::Bytecode(lower(engine, &parsed, bytes)?),
        };
        Self::assemble(engine, kind, parsed.model, bytes.into(), code, token)
    }

    pub(crate) fn assemble(
        engine: &Engine,
        kind: EngineKind,
        mut model: ModuleModel,
        bytes: Arc<[u8]>,
        code: Code,
        token: u64,
    ) -> Result<Self> {
        let type_ids = engine.intern_module(&mut model)?;
        let image = match &code {
            Code::Image(image) => Some(Arc::clone(image)),
            Code::Bytecode(_) => None,
        };
        let parts = InstanceParts {
            layout: VmCtxLayout::new(&model),
            code: defined_funcs(engine, &model, &type_ids, code)?,
            type_ids,
            bytes,
            memories: engine.config().memory_plan(),
            token,
            model: Arc::new(model),
        };
        let exports = parts.model.exports.iter().map(|export| (export.name.clone(), export.item)).collect();
        let engine = engine.clone();
        let symbols = OnceLock::new();
        Ok(Self(Arc::new(ModuleInner { engine, kind, parts, image, exports, symbols })))
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// Which kind of engine runs it.
    pub fn engine_kind(&self) -> EngineKind {
        self.0.kind
    }

    /// Its name, from the name section.
    pub fn name(&self) -> Option<&str> {
        self.model().name.as_deref()
    }

    /// Its imports, in order.
    pub fn imports(&self) -> impl ExactSizeIterator<Item = ImportType<'_>> {
        self.model().imports.iter().map(|import| ImportType {
            module: &import.module,
            name: &import.name,
            ty: self.item_type(import.item),
            exact: self.model().is_exact_import(import),
        })
    }

    /// Its exports, in order.
    pub fn exports(&self) -> impl ExactSizeIterator<Item = ExportType<'_>> {
        let exports = self.model().exports.iter();
        exports.map(|export| ExportType { name: &export.name, ty: self.item_type(export.item) })
    }

    /// The export with this name.
    pub fn get_export(&self, name: &str) -> Option<ExternType> {
        self.0.exports.get(name).map(|&item| self.item_type(item))
    }

    /// The code, of a compiled module.
    pub(crate) fn image(&self) -> Option<&CodeImage> {
        self.0.image.as_deref()
    }

    pub(crate) fn model(&self) -> &ModuleModel {
        &self.0.parts.model
    }

    pub(crate) fn parts(&self) -> &InstanceParts {
        &self.0.parts
    }

    /// What the debug information says of a position in the binary.
    pub(crate) fn symbols(&self, offset: u32) -> Vec<FrameSymbol> {
        let symbols = self.0.symbols.get_or_init(|| Symbols::of(&self.0.parts.bytes));
        symbols.as_ref().map_or(Vec::new(), |symbols| symbols.at(offset))
    }

    pub(crate) fn token(&self) -> u64 {
        self.0.parts.token
    }

    pub(crate) fn export_item(&self, name: &str) -> Option<ImportItem> {
        self.0.exports.get(name).copied()
    }

    /// The canonical type of a function.
    pub(crate) fn canonical_type(&self, func: FuncIdx) -> CanonId {
        CanonId(self.0.parts.type_ids[self.model().funcs[func.index()].ty.index()])
    }

    /// The canonical type of a tag.
    pub(crate) fn canonical_tag(&self, tag: TagIdx) -> CanonId {
        CanonId(self.0.parts.type_ids[self.model().tags[tag.index()].index()])
    }

    fn item_type(&self, item: ImportItem) -> ExternType {
        let model = self.model();
        match item {
            ImportItem::Func(func) => {
                let types = self.0.engine.types();
                let ty =
                    types.canonical.func(self.canonical_type(func)).expect("functions have function types");
                ExternType::Func(FuncType(ty.clone()))
            }
            ImportItem::Table(table) => ExternType::Table(model.tables[table.index()]),
            ImportItem::Memory(memory) => ExternType::Memory(model.memories[memory.index()]),
            ImportItem::Global(global) => ExternType::Global(model.globals[global.index()]),
            ImportItem::Tag(tag) => {
                let types = self.0.engine.types();
                let ty = types.canonical.func(self.canonical_tag(tag)).expect("tags have function types");
                ExternType::Tag(TagType::new(FuncType(ty.clone())))
            }
        }
    }
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Module")
            .field("name", &self.name())
            .field("engine", &self.0.kind)
            .finish_non_exhaustive()
    }
}

pub(crate) fn next_token() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The binary itself, or the one that the text describes.
pub(crate) fn binary(bytes: &[u8]) -> Result<std::borrow::Cow<'_, [u8]>> {
    if bytes.starts_with(b"\0asm") {
        return Ok(bytes.into());
    }
    // A malformed binary, or what is none at all, must not be reported as bad text.
    if bytes.contains(&0) || artifact::is_artifact(bytes) {
        return Ok(bytes.into());
    }
    let parsed = match std::str::from_utf8(bytes) {
        Ok(text) => wat::parse_str(text::unfold(text)).map(Into::into),
        // The parser says what is wrong with it.
        Err(_) => wat::parse_bytes(bytes),
    };
    parsed.map_err(|error| Error::Text(TextError { message: error.to_string() }))
}

/// The code of a module in memory: from the cache, if there is one that has it, else compiled.
fn image(engine: &Engine, parsed: &ParsedModule, bytes: &[u8], token: u64) -> Result<Arc<CodeImage>> {
    let Some(cache) = &engine.config().cache else {
        return load(compile(engine, parsed, bytes)?, parsed.model.imported_funcs, token);
    };
    let identity = engine.identity()?;
    let key = cache.key(identity, bytes);
    let cached = cache.load(&key, identity);
    let image = cached.and_then(|(text, tables)| place(text, tables, &parsed.model, token).ok());
    if let Some(image) = image {
        return Ok(image);
    }
    let code = compile(engine, parsed, bytes)?;
    cache.store(&key, &artifact::write(identity, Subject::Key(&key), &code.text, &code));
    load(code, parsed.model.imported_funcs, token)
}

/// Validates and compiles the bodies of a module.
pub(crate) fn compile(engine: &Engine, parsed: &ParsedModule, bytes: &[u8]) -> Result<CodeArtifact> {
    engine.compiler()?.compile(parsed, bytes).map_err(|error| match error {
        CompileError::Parse(error) => error.into(),
        other => Error::Limit(other.to_string()),
    })
}

fn load(artifact: CodeArtifact, imported_funcs: u32, token: u64) -> Result<Arc<CodeImage>> {
    let image = CodeImage::load(artifact, imported_funcs, token);
    image.map_err(|error| Error::Limit(format!("failed to place code in memory: {error}")))
}

/// Makes the code of an artifact executable, if it can be the code of this module.
pub(crate) fn place(
    text: CodeBuffer,
    tables: CodeArtifact,
    model: &ModuleModel,
    token: u64,
) -> Result<Arc<CodeImage>, ArtifactError> {
    if tables.functions.len() != model.bodies.len() {
        return Err(ArtifactError::Damaged("its code is of another module"));
    }
    Ok(CodeImage::publish(text, tables, model.imported_funcs, token)?)
}

fn lower(engine: &Engine, parsed: &ParsedModule, bytes: &[u8]) -> Result<Arc<Bytecode>> {
    let config = engine.config();
    let options = LowerOptions { fuel: config.fuel, epoch: config.epoch, accesses: config.record_accesses };
    Ok(Arc::new(assay_interp::lower(parsed, bytes, &options)?))
}

#[expect(unsafe_code, reason = "the machine trusts that an engine can run its own code")]
fn defined_funcs(engine: &Engine, model: &ModuleModel, type_ids: &[u32], code: Code) -> Result<DefinedFuncs> {
    let is_func = |reference: TypeRef| match reference {
        TypeRef::Module(index) => model.types[index.index()].composite.as_func().is_some(),
        _ => false,
    };
    let shape_of = |ty: usize| AbiSig::of(model.func_type_at(TypeIdx::from_index(ty)), &is_func);
    match code {
        Code::Image(image) => engine.with_types(|types| {
            let funcs =
                DefinedFuncs::compiled(model, type_ids, &image, &shape_of, |shape| types.shape_number(shape));
            funcs.map_err(|_| ArtifactError::Damaged("it lacks a trampoline").into())
        }),
        Code::Bytecode(bytecode) => engine.with_types(|types| {
            let mut numbers: FxHashMap<usize, u32> = FxHashMap::default();
            for func in model.funcs.iter().filter(|func| func.escape.is_some()) {
                let ty = func.ty.index();
                numbers.entry(ty).or_insert_with(|| types.shape_number(&shape_of(ty)));
            }
            let body = |func| {
                let defined = model.defined_func(func).expect("only defined functions have records");
                bytecode.body(defined)
            };
            let keep = Arc::clone(&bytecode) as Arc<dyn Any + Send + Sync>;
            let shape = |ty| numbers[&ty];
            // SAFETY: the interpreter's entry runs the interpreter's code, which `keep` keeps.
            Ok(unsafe {
                DefinedFuncs::interpreted(model, type_ids, assay_interp::ARRAY_CALL, body, shape, keep)
            })
        }),
    }
}
