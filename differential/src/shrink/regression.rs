//! A case as a test script: what the interpreter says becomes what every engine has to say.
//!
//! Enters: a case and what the interpreter saw; leaves: a `.wast`, or why there is none. Scripts know neither the harness's
//! host functions nor fuel, so only cases that need neither can be written.

use crate::case::{Argument, Case, Step};
use crate::observe::{Observation, Outcome, Seen};
use assay_runtime::{Engine, Module, Trap};
use std::fmt::Write;

/// Writes the script of a case that `seen` is the interpreter's view of.
///
/// # Errors
/// What the case has that scripts do not.
pub fn script(case: &Case, seen: &Observation) -> Result<String, String> {
    let mut text = format!(";; {}\n", case.origin.lines().collect::<Vec<_>>().join(" "));
    let mut instances = 0;
    for (step, seen) in case.steps.iter().zip(&seen.steps) {
        let line = match step {
            Step::Instantiate { instantiate } => {
                instances += 1;
                instantiation(&module(case, *instantiate)?, instances - 1, &seen.outcome)?
            }
            Step::Call { call, instance, args } => invocation(call, *instance, args, &seen.outcome)?,
            other => return Err(format!("a script cannot {other}")),
        };
        text.push('\n');
        text.push_str(&line);
    }
    Ok(text)
}

fn module(case: &Case, index: usize) -> Result<String, String> {
    let bytes = &case.modules.get(index).ok_or("a module is missing")?.bytes;
    let engine = Engine::default();
    let imports = Module::from_binary(&engine, bytes).is_ok_and(|module| module.imports().len() > 0);
    if imports {
        return Err("a module imports what only the harness provides".to_owned());
    }
    let printed = wasmprinter::print_bytes(bytes).ok();
    let faithful = printed.filter(|text| wat::parse_str(text).is_ok_and(|again| again == *bytes));
    let body =
        faithful.and_then(|text| Some(text.trim().strip_prefix("(module")?.strip_suffix(')')?.to_owned()));
    Ok(body.unwrap_or_else(|| {
        let escaped = bytes.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _written = write!(text, "\\{byte:02x}");
            text
        });
        format!(" binary \"{escaped}\"")
    }))
}

fn instantiation(body: &str, number: usize, outcome: &Outcome) -> Result<String, String> {
    match outcome {
        Outcome::Returned(_) => Ok(format!("(module $i{number}{body})\n")),
        Outcome::Trapped { kind, .. } => Ok(format!("(assert_trap (module{body}) \"{}\")\n", kind.text())),
        other => Err(format!("an instantiation ended with: {other}")),
    }
}

fn invocation(name: &str, instance: usize, args: &[Argument], outcome: &Outcome) -> Result<String, String> {
    let mut action = format!("(invoke $i{instance} {}", quoted(name));
    for arg in args {
        action.push(' ');
        action.push_str(&constant(arg)?);
    }
    action.push(')');
    match outcome {
        Outcome::Returned(values) => {
            let values: Vec<String> = values.iter().map(expected).collect::<Result<_, _>>()?;
            Ok(format!("(assert_return {action} {})\n", values.join(" ")))
        }
        Outcome::Trapped { kind: Trap::StackOverflow, .. } => {
            Ok(format!("(assert_exhaustion {action} \"{}\")\n", Trap::StackOverflow.text()))
        }
        Outcome::Trapped { kind: Trap::OutOfFuel, .. } => Err("a call ends for lack of fuel".to_owned()),
        Outcome::Trapped { kind, .. } => Ok(format!("(assert_trap {action} \"{}\")\n", kind.text())),
        other => Err(format!("a call ended with: {other}")),
    }
}

/// A string of the text format.
fn quoted(name: &str) -> String {
    let escaped = name.bytes().fold(String::new(), |mut text, byte| {
        match byte {
            b' '..=b'~' if byte != b'"' && byte != b'\\' => text.push(char::from(byte)),
            // Writing to a string cannot fail.
            _ => drop(write!(text, "\\{byte:02x}")),
        }
        text
    });
    format!("\"{escaped}\"")
}

fn constant(arg: &Argument) -> Result<String, String> {
    Ok(match arg {
        Argument::I32(bits) => format!("(i32.const {bits:#x})"),
        Argument::I64(bits) => format!("(i64.const {bits:#x})"),
        Argument::F32(bits) => format!("(f32.const {})", single(*bits)),
        Argument::F64(bits) => format!("(f64.const {})", double(*bits)),
        Argument::V128(bits) => vector(*bits),
        Argument::Extern(None) => "(ref.null extern)".to_owned(),
        Argument::Extern(Some(number)) => format!("(ref.extern {number})"),
        Argument::Func(None) => "(ref.null func)".to_owned(),
        Argument::Func(Some(_)) => return Err("a function is an argument".to_owned()),
    })
}

fn expected(value: &Seen) -> Result<String, String> {
    Ok(match value {
        Seen::I32(bits) => format!("(i32.const {bits:#x})"),
        Seen::I64(bits) => format!("(i64.const {bits:#x})"),
        // The specification leaves the bits of a computed NaN open.
        Seen::F32(_) if value.is_nan() => "(f32.const nan:arithmetic)".to_owned(),
        Seen::F64(_) if value.is_nan() => "(f64.const nan:arithmetic)".to_owned(),
        Seen::F32(bits) => format!("(f32.const {})", single(*bits)),
        Seen::F64(bits) => format!("(f64.const {})", double(*bits)),
        Seen::V128(bits) => vector(*bits),
        Seen::Null => "(ref.null)".to_owned(),
        Seen::Func(_) | Seen::SomeFunc => "(ref.func)".to_owned(),
        Seen::Extern(Some(number)) => format!("(ref.extern {number})"),
        Seen::I31(_) => "(ref.i31)".to_owned(),
        Seen::Object(_) | Seen::Graph(_) | Seen::Unseen => {
            return Err("a result is an object, which scripts cannot tell from others".to_owned());
        }
        Seen::Extern(None) => return Err("a result is a reference that the harness did not make".to_owned()),
    })
}

fn vector(bits: u128) -> String {
    format!("(v128.const i64x2 {:#x} {:#x})", bits as u64, (bits >> 64) as u64)
}

fn single(bits: u32) -> String {
    let (sign, payload) = (if bits >> 31 == 1 { "-" } else { "" }, bits & 0x7f_ffff);
    match f32::from_bits(bits) {
        value if value.is_nan() => format!("{sign}nan:{payload:#x}"),
        value => format!("{value:?}"),
    }
}

fn double(bits: u64) -> String {
    let (sign, payload) = (if bits >> 63 == 1 { "-" } else { "" }, bits & 0xf_ffff_ffff_ffff);
    match f64::from_bits(bits) {
        value if value.is_nan() => format!("{sign}nan:{payload:#x}"),
        value => format!("{value:?}"),
    }
}
