//! Precompiled modules: what embedders do with artifacts.
//!
//! Modules and bytes enter, bytes and modules leave. How an artifact looks and why one is refused stands in `artifact`.

use crate::Engine;
use crate::artifact::{self, ArtifactError, Subject};
use crate::config::EngineKind;
use crate::error::{Error, Result};
use crate::module::{self, Code, Module};
use assay_model::features::FeatureSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// What precompiled bytes hold.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Precompiled {
    /// A module, for [`Module::deserialize`].
    Module,
}

impl Engine {
    /// Compiles a binary or text to the bytes that [`Module::deserialize`] takes on an engine with the same settings.
    ///
    /// # Errors
    /// As for [`Module::new`].
    pub fn precompile_module(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        if artifact::is_artifact(bytes) {
            return Err(ArtifactError::NotExpected.into());
        }
        let binary = module::binary(bytes)?;
        let parsed = assay_parse::parse_for(&binary, self.config().features, FeatureSet::built_by_jit())?;
        let code = module::compile(self, &parsed, &binary)?;
        Ok(artifact::write(self.identity()?, Subject::Binary(&binary), &code.text, &code))
    }

    /// Whether the bytes look like those of [`Engine::precompile_module`]. They may be damaged for all that.
    pub fn detect_precompiled(bytes: &[u8]) -> Option<Precompiled> {
        artifact::is_artifact(bytes).then_some(Precompiled::Module)
    }

    /// The same for a file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn detect_precompiled_file(path: impl AsRef<Path>) -> io::Result<Option<Precompiled>> {
        let mut start = Vec::with_capacity(artifact::MAGIC.len());
        File::open(path)?.take(artifact::MAGIC.len() as u64).read_to_end(&mut start)?;
        Ok(Self::detect_precompiled(&start))
    }
}

impl Module {
    /// The compiled module as bytes, for [`Module::deserialize`] on an engine with the same settings.
    ///
    /// # Errors
    /// For modules of the interpreter: they have no code to keep.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        let no_code = || Error::usage("only compiled modules can be serialised");
        let image = self.image().ok_or_else(no_code)?;
        let identity = self.engine().identity()?;
        Ok(artifact::write(identity, Subject::Binary(&self.parts().bytes), image.text(), image.tables()))
    }

    /// A module from the bytes of [`Module::serialize`] or [`Engine::precompile_module`].
    ///
    /// # Errors
    /// [`Error::Artifact`] with the reason when the bytes are damaged, or were made by another version, for another host
    /// or with other settings.
    ///
    /// # Safety
    /// The bytes contain machine code that is run without further checks: they must come from one of these functions.
    /// Accidents are noticed; whoever changes them on purpose decides what code runs.
    #[expect(unsafe_code, reason = "the embedder vouches for machine code")]
    pub unsafe fn deserialize(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Self> {
        let mut bytes = bytes.as_ref();
        let len = bytes.len() as u64;
        Self::from_artifact(engine, &mut bytes, len)
    }

    /// The same from a file, which is read and not kept open.
    ///
    /// # Errors
    /// When the file cannot be read, and as for [`Module::deserialize`].
    ///
    /// # Safety
    /// As for [`Module::deserialize`].
    #[expect(unsafe_code, reason = "the embedder vouches for machine code")]
    pub unsafe fn deserialize_file(engine: &Engine, path: impl AsRef<Path>) -> Result<Self> {
        let open = || {
            let file = File::open(path)?;
            let len = file.metadata()?.len();
            Ok((file, len))
        };
        let (mut file, len) = open().map_err(ArtifactError::Read)?;
        Self::from_artifact(engine, &mut file, len)
    }

    fn from_artifact(engine: &Engine, source: &mut dyn Read, len: u64) -> Result<Self> {
        let contents = artifact::read(source, len, engine.identity()?)?;
        if contents.binary.is_empty() {
            return Err(ArtifactError::CacheEntry.into());
        }
        let built = FeatureSet::built_by_jit();
        let model = assay_parse::parse_for(&contents.binary, engine.config().features, built)?.model;
        let token = module::next_token();
        let image = module::place(contents.text, contents.tables, &model, token)?;
        Self::assemble(engine, EngineKind::Jit, model, contents.binary, Code::Image(image), token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = r#"(module $m (import "h" "f" (func $f (param i32))) (memory 1) (table 2 funcref)
        (func $g (export "g") (param i64) (result f64) (call $f (i32.load (i32.wrap_i64 (local.get 0)))) (f64.const 1))
        (elem (i32.const 0) $f $g) (data (i32.const 8) "data") (global (export "x") i32 (i32.const 4)))"#;

    #[test]
    #[expect(unsafe_code, reason = "what is loaded is refused")]
    fn code_of_another_module_is_refused() {
        let engine = Engine::default();
        let (binary, other) =
            (module::binary(TEXT.as_bytes()).unwrap(), assay_model::artifact::CodeArtifact::default());
        let bytes = artifact::write(engine.identity().unwrap(), Subject::Binary(&binary), &[], &other);
        // SAFETY: it is refused.
        let refused = unsafe { Module::deserialize(&engine, &bytes) }.unwrap_err();
        assert_eq!(refused.to_string(), "the precompiled module is damaged: its code is of another module");
    }

    proptest! {
        /// Bytes that get past the digest are still no reason to panic: nothing is run here.
        #[test]
        #[expect(unsafe_code, reason = "what is loaded is never run")]
        fn sealed_nonsense_does_not_panic(
            changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
            cut in 0..3_usize,
        ) {
            let engine = Engine::default();
            let mut bytes = engine.precompile_module(TEXT.as_bytes()).unwrap();
            for (place, value) in changes {
                // What stands in front of the code.
                bytes[place.index(1024)] = value;
            }
            bytes.truncate(bytes.len() - cut);
            artifact::seal(&mut bytes);
            // SAFETY: none of its code is run.
            let _either = unsafe { Module::deserialize(&engine, &bytes) };
        }
    }
}
