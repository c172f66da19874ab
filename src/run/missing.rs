//! Missing imports: all of them at once, by module, with what provides them.

use super::nearest::nearest;
use assay_runtime::MissingImport;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// So many missing imports are shown one by one.
const MOST_SHOWN: usize = 50;

/// What `assay run` knows of a module name.
struct Provider {
    help: String,
    names: &'static [&'static str],
}

/// Says what is missing, and for each module what to do.
pub(super) fn describe(missing: &[MissingImport], wasi: bool) -> String {
    let mut modules: BTreeMap<&str, Vec<&MissingImport>> = BTreeMap::new();
    for import in missing.iter().take(MOST_SHOWN) {
        modules.entry(&import.module).or_default().push(import);
    }
    let mut text = match missing.len() {
        1 => "unknown import:".to_owned(),
        count => format!("{count} unknown imports:"),
    };
    for (module, imports) in modules {
        // Writing to a string cannot fail.
        let _written = write!(text, "\n  from `{}`:", one_line(module));
        let provider = provider(module, wasi);
        for import in imports {
            let _written = write!(text, "\n    `{}` {}", one_line(&import.name), import.ty);
            if let Some(name) = nearest(&import.name, provider.names.iter().copied()) {
                let _written = write!(text, " (did you mean `{name}`?)");
            }
        }
        let _written = write!(text, "\n    help: {}", provider.help);
    }
    if let Some(more) = missing.len().checked_sub(MOST_SHOWN).filter(|&more| more > 0) {
        let _written = write!(text, "\n  and {more} more");
    }
    text
}

/// A name that starts no line of its own. What else is hazardous in it is escaped with the whole message.
fn one_line(name: &str) -> String {
    name.replace(['\n', '\r'], "␤")
}

fn provider(module: &str, wasi: bool) -> Provider {
    let none: &[&str] = &[];
    let (help, names) = match module {
        known if assay_wasi::MODULES.contains(&known) && wasi => {
            ("WASI preview 1 has no such function".to_owned(), assay_wasi::FUNCTIONS)
        }
        known if assay_wasi::MODULES.contains(&known) => {
            ("WASI is switched off; leave out `-S cli=n`".to_owned(), assay_wasi::FUNCTIONS)
        }
        component if component.starts_with("wasi:") => {
            let help = "this is part of WASI for components; build the module for preview 1 (for example with the target `wasm32-wasip1`)";
            (help.to_owned(), none)
        }
        "wasi" => ("threads of WASI are not supported; build the module without them".to_owned(), none),
        "env" => (
            "the linker left these undefined; define them, or provide them with `--preload env=FILE`"
                .to_owned(),
            none,
        ),
        other => match nearest(other, assay_wasi::MODULES) {
            Some(known) => (format!("did you mean the module `{known}`?"), none),
            None => (format!("provide them with `--preload {}=FILE`", one_line(other)), none),
        },
    };
    Provider { help, names }
}

#[cfg(test)]
mod tests {
    use super::describe;
    use assay_runtime::MissingImport;

    fn import(module: &str, name: &str) -> MissingImport {
        MissingImport { module: module.to_owned(), name: name.to_owned(), ty: "(func)".to_owned() }
    }

    #[test]
    fn imports_are_grouped_and_helped() {
        let missing = [
            import("env", "puts"),
            import("wasi_snapshot_preview1", "fd_wirte"),
            import("env", "gets"),
            import("wasi_snapshot_preview2", "fd_read"),
            import("wasi:cli/run", "run"),
        ];
        let text = describe(&missing, true);
        assert!(
            text.starts_with("5 unknown imports:\n  from `env`:\n    `puts` (func)\n    `gets` (func)\n"),
            "{text}"
        );
        assert!(text.contains("`fd_wirte` (func) (did you mean `fd_write`?)"), "{text}");
        assert!(text.contains("did you mean the module `wasi_snapshot_preview1`?"), "{text}");
        assert!(text.contains("--preload env=FILE") && text.contains("wasm32-wasip1"), "{text}");
        assert!(describe(&missing[1..2], false).contains("`-S cli=n`"));
    }
}
