//! Messages of the validator, made fit to be read: on one line, and with the number of a limit where they lack it.
//!
//! Enters: a message of wasmparser; leaves: one of ours. Its other limits carry their numbers already. The numbers are
//! those of the [JavaScript API][spec], on which the engines of the web agree.
//!
//! [spec]: https://webassembly.github.io/spec/js-api/#limits

const LIMITS: &[(&str, &str)] = &[
    ("locals exceed maximum", "a function can have at most 50000 locals, parameters included"),
    ("function params size is out of bounds", "a function can have at most 1000 parameters"),
    ("function returns size is out of bounds", "a function can have at most 1000 results"),
    ("string size out of bounds", "a name can have at most 100000 bytes"),
    ("br_table size is out of bounds", "a br_table can have at most 7654321 labels"),
    ("struct fields size is out of bounds", "a structure can have at most 10000 fields"),
    ("catches size is out of bounds", "a try_table can have at most 10000 clauses"),
    ("rec group types size is out of bounds", "a recursion group can have at most 1000000 types"),
];

/// The message on one line, with the limit where it is about one.
pub(crate) fn named(message: &str) -> String {
    let message = &message.split_whitespace().collect::<Vec<_>>().join(" ");
    match LIMITS.iter().find(|(text, _)| message.contains(text)) {
        Some((_, limit)) => format!("{message} ({limit})"),
        None => message.clone(),
    }
}
