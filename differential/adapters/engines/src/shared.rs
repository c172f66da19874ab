//! What both engines need, and no engine has to know.

use assay_differential::external::message::{Ended, Fault};
use assay_differential::external::serve::{Peer, serve_with};
use assay_differential::lanes::on_lane_thread;
use assay_spec_tests::engine::{Failure, Stage};
use assay_spec_tests::external::serve::{Scripted, Server};
use wasmparser::{Parser, Payload, TypeRef};

/// Why a host function failed: the case wants it so.
#[derive(Debug)]
pub(crate) struct Refusal;

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the host function refuses")
    }
}

impl std::error::Error for Refusal {}

/// A value that the host made, by its number.
pub(crate) struct Numbered(pub(crate) u64);

/// Speaks with the peer, and with the engine that plays scripts, on standard input and output until it ends.
pub(crate) fn speak<S: Scripted>(
    make: impl FnOnce() -> Result<Box<dyn Peer>, String> + Send,
    scripts: impl FnOnce() -> S + Send,
) -> Result<(), String> {
    let spoken = on_lane_thread(|| {
        let mut peer = make()?;
        let mut scripts = Server::new(scripts());
        let mut scripts = |op: &str, line: &serde_json::Value| {
            Some(scripts.answer(op, line)?.map_err(|fault| Fault::of(&fault.code, fault.message)))
        };
        serve_with(std::io::stdin().lock(), std::io::stdout().lock(), peer.as_mut(), Some(&mut scripts))
            .map_err(|error| error.to_string())
    });
    spoken.map_err(|error| error.to_string())?
}

/// The names of exports, in their order in the binary, which engines do not keep.
pub(crate) fn export_names(wasm: &[u8]) -> Vec<String> {
    let payloads = Parser::new(0).parse_all(wasm).map_while(Result::ok);
    let exports = payloads.filter_map(|payload| match payload {
        Payload::ExportSection(reader) => Some(reader.into_iter().map_while(Result::ok)),
        _ => None,
    });
    exports.flatten().map(|export| export.name.to_owned()).collect()
}

/// Kinds of imports.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Import {
    Func,
    Global,
    Memory,
    Table,
    Tag,
}

/// The kinds of imports, in their order in the binary, which engines do not keep: some list them kind by kind.
pub(crate) fn import_kinds(wasm: &[u8]) -> Vec<Import> {
    let payloads = Parser::new(0).parse_all(wasm).map_while(Result::ok);
    let imports = payloads.filter_map(|payload| match payload {
        Payload::ImportSection(reader) => Some(reader.into_imports().map_while(Result::ok)),
        _ => None,
    });
    let kind = |ty| match ty {
        TypeRef::Func(_) | TypeRef::FuncExact(_) => Import::Func,
        TypeRef::Global(_) => Import::Global,
        TypeRef::Memory(_) => Import::Memory,
        TypeRef::Table(_) => Import::Table,
        TypeRef::Tag(_) => Import::Tag,
    };
    imports.flatten().map(|import| kind(import.ty)).collect()
}

/// A module that is refused: for what the engine lacks, by the words of its validator, or for what is wrong with it.
pub(crate) fn refused(message: String) -> Ended {
    let lacking = ["enabled", "required", "not supported", "unsupported", "exceeds implementation", "limit"];
    if lacking.iter().any(|word| message.contains(word)) {
        Ended::Unsupported(message)
    } else {
        Ended::Rejected(message)
    }
}

/// The key of a feature, and what switches it on or off.
pub(crate) type Switch<C> = (&'static str, fn(&mut C, bool) -> &mut C);

/// Switches every feature of an engine on or off, as a script asks; what it asks for and there is no switch for is left.
pub(crate) fn split_features<C>(features: &[String], switches: &[Switch<C>], config: &mut C) -> Vec<String> {
    for (key, switch) in switches {
        switch(config, features.iter().any(|feature| feature == key));
    }
    features.iter().filter(|feature| switches.iter().all(|(key, _)| key != feature)).cloned().collect()
}

/// How a step ended, as a failure of a script; `text` are the engine's own words.
pub(crate) fn failure_of(ended: Ended, text: String) -> Failure {
    match ended {
        Ended::Trapped { trap, .. } if trap == "call stack exhausted" => {
            Failure::new(Stage::Exhaustion, trap)
        }
        Ended::Trapped { trap, .. } => Failure::new(Stage::Trap, trap),
        _ => Failure::new(Stage::Host, text),
    }
}
