//! The parser library's directives to ours, one arm per kind.
//!
//! Enters: `wast` types; leaves: none of them. Judges nothing; what this driver does not play becomes
//! [`Directive::Foreign`] with the name of its feature.

use wast::core::{AbstractHeapType, HeapType, NanPattern, V128Const, V128Pattern, WastArgCore, WastRetCore};
use wast::token::{F32, F64, Id};
use wast::{QuoteWat, WastArg, WastDirective, WastExecute, WastInvoke, WastRet, Wat};

use super::rules::TextRules;
use super::{Action, Call, Directive, Refusal, Source};
use crate::matcher::{Float, LanePattern, Pattern, RefPattern};
use crate::value::{Hierarchy, Object, Value};

/// Why a directive is not played.
type Foreign = &'static str;

/// One directive.
pub(super) fn lower(directive: WastDirective<'_>, rules: TextRules) -> Directive<'_> {
    try_lower(directive, rules).unwrap_or_else(|feature| Directive::Foreign { feature })
}

fn try_lower(directive: WastDirective<'_>, rules: TextRules) -> Result<Directive<'_>, Foreign> {
    let refused =
        |at, module, message| Directive::Refused { at, source: Source::new(module, rules), message };
    Ok(match directive {
        WastDirective::Module(wat) => {
            Directive::Module { name: name(wat.name()), source: Source::new(wat, rules) }
        }
        WastDirective::ModuleDefinition(wat) => {
            Directive::Definition { name: name(wat.name()), source: Source::new(wat, rules) }
        }
        WastDirective::ModuleInstance { instance, module, .. } => {
            Directive::Instance { name: name(instance), module: name(module) }
        }
        WastDirective::Register { name: registered, module, .. } => {
            Directive::Register { name: registered, instance: name(module) }
        }
        WastDirective::Invoke(invoke) => Directive::Invoke(call(invoke)?),
        WastDirective::AssertReturn { exec, results, .. } => {
            Directive::Return { action: action(exec, rules)?, results: patterns(results)? }
        }
        WastDirective::AssertTrap { exec, message, .. } => {
            Directive::Trap { action: action(exec, rules)?, message }
        }
        WastDirective::AssertExhaustion { call: invoke, message, .. } => {
            Directive::Exhaustion { call: call(invoke)?, message }
        }
        WastDirective::AssertException { exec, .. } => Directive::Exception { action: action(exec, rules)? },
        WastDirective::AssertMalformed { module, message, .. } => {
            refused(Refusal::Malformed, module, message)
        }
        WastDirective::AssertInvalid { module, message, .. } => refused(Refusal::Invalid, module, message),
        WastDirective::AssertUnlinkable { module, message, .. } => {
            refused(Refusal::Unlinkable, QuoteWat::Wat(module), message)
        }
        WastDirective::AssertMalformedCustom { module, message, .. } => {
            refused(Refusal::MalformedCustom, module, message)
        }
        WastDirective::AssertInvalidCustom { module, message, .. } => {
            refused(Refusal::InvalidCustom, module, message)
        }
        WastDirective::AssertSuspension { .. } => return Err("stack-switching"),
        // Where it stands and who waits for it is for `read` to say.
        WastDirective::Thread(thread) => Directive::Thread {
            name: thread.name.name(),
            shared: name(thread.shared_module),
            text: "",
            line: 0,
            awaited: false,
        },
        WastDirective::Wait { thread, .. } => Directive::Wait { thread: thread.name() },
    })
}

fn name(id: Option<Id<'_>>) -> Option<&str> {
    id.map(|id| id.name())
}

fn action(exec: WastExecute<'_>, rules: TextRules) -> Result<Action<'_>, Foreign> {
    Ok(match exec {
        WastExecute::Invoke(invoke) => Action::Call(call(invoke)?),
        WastExecute::Get { module, global, .. } => Action::Get { instance: name(module), field: global },
        WastExecute::Wat(wat @ Wat::Module(_)) => Action::Module(Source::new(QuoteWat::Wat(wat), rules)),
        WastExecute::Wat(Wat::Component(_)) => return Err("component-model"),
    })
}

fn call(invoke: WastInvoke<'_>) -> Result<Call<'_>, Foreign> {
    let args = invoke.args.into_iter().map(arg).collect::<Result<_, _>>()?;
    Ok(Call { instance: name(invoke.module), field: invoke.name, args })
}

fn arg(arg: WastArg<'_>) -> Result<Value, Foreign> {
    let WastArg::Core(arg) = arg else { return Err("component-model") };
    Ok(match arg {
        WastArgCore::I32(value) => Value::I32(value),
        WastArgCore::I64(value) => Value::I64(value),
        WastArgCore::F32(value) => Value::F32(value.bits),
        WastArgCore::F64(value) => Value::F64(value.bits),
        WastArgCore::V128(value) => Value::V128(bits(&value)),
        WastArgCore::RefNull(heap) => Value::Null(hierarchy(&heap)),
        WastArgCore::RefExtern(number) => Value::Ref(Object::Extern(Some(number))),
        WastArgCore::RefHost(number) => Value::Ref(Object::Host(number)),
    })
}

fn patterns(results: Vec<WastRet<'_>>) -> Result<Vec<Pattern>, Foreign> {
    let core = |result| match result {
        WastRet::Core(result) => pattern(result),
        _ => Err("component-model"),
    };
    results.into_iter().map(core).collect()
}

fn pattern(result: WastRetCore<'_>) -> Result<Pattern, Foreign> {
    Ok(match result {
        WastRetCore::I32(value) => Pattern::I32(value),
        WastRetCore::I64(value) => Pattern::I64(value),
        WastRetCore::F32(value) => Pattern::F32(float32(value)),
        WastRetCore::F64(value) => Pattern::F64(float64(value)),
        WastRetCore::V128(value) => Pattern::V128(lanes(value)),
        WastRetCore::RefNull(heap) => Pattern::Ref(RefPattern::Null(heap.as_ref().map(hierarchy))),
        WastRetCore::RefExtern(number) => Pattern::Ref(RefPattern::Extern(number)),
        WastRetCore::RefHost(number) => Pattern::Ref(RefPattern::Host(number)),
        WastRetCore::RefFunc(_) => Pattern::Ref(RefPattern::Func),
        WastRetCore::RefAny => Pattern::Ref(RefPattern::Any),
        WastRetCore::RefEq => Pattern::Ref(RefPattern::Eq),
        WastRetCore::RefArray => Pattern::Ref(RefPattern::Array),
        WastRetCore::RefStruct => Pattern::Ref(RefPattern::Struct),
        WastRetCore::RefI31 => Pattern::Ref(RefPattern::I31),
        WastRetCore::RefI31Shared => return Err("shared-everything-threads"),
        WastRetCore::Either(alternatives) => {
            Pattern::Either(alternatives.into_iter().map(pattern).collect::<Result<_, _>>()?)
        }
    })
}

fn float32(value: NanPattern<F32>) -> Float<u32> {
    match value {
        NanPattern::CanonicalNan => Float::Canonical,
        NanPattern::ArithmeticNan => Float::Arithmetic,
        NanPattern::Value(value) => Float::Bits(value.bits),
    }
}

fn float64(value: NanPattern<F64>) -> Float<u64> {
    match value {
        NanPattern::CanonicalNan => Float::Canonical,
        NanPattern::ArithmeticNan => Float::Arithmetic,
        NanPattern::Value(value) => Float::Bits(value.bits),
    }
}

fn lanes(value: V128Pattern) -> LanePattern {
    match value {
        V128Pattern::I8x16(lanes) => LanePattern::Bits(bits(&V128Const::I8x16(lanes))),
        V128Pattern::I16x8(lanes) => LanePattern::Bits(bits(&V128Const::I16x8(lanes))),
        V128Pattern::I32x4(lanes) => LanePattern::Bits(bits(&V128Const::I32x4(lanes))),
        V128Pattern::I64x2(lanes) => LanePattern::Bits(bits(&V128Const::I64x2(lanes))),
        V128Pattern::F32x4(lanes) => LanePattern::F32(lanes.map(float32)),
        V128Pattern::F64x2(lanes) => LanePattern::F64(lanes.map(float64)),
    }
}

fn bits(value: &V128Const) -> u128 {
    u128::from_le_bytes(value.to_le_bytes())
}

/// The hierarchy of a null. A type index names a function, structure or array type; scripts use it for functions only.
fn hierarchy(heap: &HeapType<'_>) -> Hierarchy {
    let HeapType::Abstract { ty, .. } = heap else { return Hierarchy::Func };
    match ty {
        AbstractHeapType::Func | AbstractHeapType::NoFunc => Hierarchy::Func,
        AbstractHeapType::Extern | AbstractHeapType::NoExtern => Hierarchy::Extern,
        AbstractHeapType::Exn | AbstractHeapType::NoExn => Hierarchy::Exn,
        AbstractHeapType::Cont | AbstractHeapType::NoCont => Hierarchy::Cont,
        AbstractHeapType::Any
        | AbstractHeapType::Eq
        | AbstractHeapType::Struct
        | AbstractHeapType::Array
        | AbstractHeapType::I31
        | AbstractHeapType::None => Hierarchy::Any,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Action, Buffer, Directive, TextRules, read};
    use crate::matcher::{Float, LanePattern, Pattern};
    use crate::value::{Hierarchy, Object, Value};

    #[test]
    fn literals_keep_their_bits() {
        let text = "(assert_return (invoke \"f\" (f32.const -nan:0x200000) (f64.const nan) (v128.const i8x16 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -1) \
                    (ref.null extern) (ref.extern 3)) (f32.const nan:arithmetic) (v128.const f32x4 nan:canonical 1 nan:0x1 0))";
        let buffer = Buffer::new(text, TextRules { wide_limits: true });
        let directives = read(&buffer, 1);
        let Directive::Return { action: Action::Call(call), results } = &directives[0] else { panic!() };
        assert_eq!(
            call.args,
            [
                Value::F32(0xffa0_0000),
                Value::F64(0x7ff8_0000_0000_0000),
                Value::V128(0xff << 120 | 1),
                Value::Null(Hierarchy::Extern),
                Value::Ref(Object::Extern(Some(3))),
            ]
        );
        let lanes =
            [Float::Canonical, Float::Bits(1.0_f32.to_bits()), Float::Bits(0x7f80_0001), Float::Bits(0)];
        assert_eq!(*results, [Pattern::F32(Float::Arithmetic), Pattern::V128(LanePattern::F32(lanes))]);
    }
}
