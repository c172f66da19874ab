//! Silent functions: those that no exception leaves, whatever they are called with.
//!
//! A function is silent when it throws nothing itself, and calls by name and only silent functions: whoever is called through a
//! table, by a reference or from outside may throw. A call of a silent one inside of a `try_table` is a plain call. Enters: a
//! model and the bytes of its bodies, which need not be valid; one that does not decode is not silent. Called when the first
//! such call is compiled, and once for a module.

use assay_model::index::FuncIdx;
use assay_model::module::ModuleModel;
use wasmparser::{BinaryReader, FunctionBody, Operator};

/// Which functions of a module are silent.
pub(crate) struct Silent {
    /// By defined function.
    silent: Vec<bool>,
}

/// What a body does that bears on exceptions.
enum Body {
    /// It may throw.
    Loud,
    /// It calls these defined functions, and nobody else.
    Calls(Vec<usize>),
}

impl Silent {
    pub(crate) fn of_module(model: &ModuleModel, bytes: &[u8]) -> Self {
        let mut silent = vec![true; model.bodies.len()];
        let mut callers: Vec<Vec<usize>> = vec![Vec::new(); model.bodies.len()];
        let mut loud = Vec::new();
        for (func, range) in model.bodies.iter().enumerate() {
            match read(model, bytes, range.start as usize..range.end as usize).unwrap_or(Body::Loud) {
                Body::Loud => loud.push(func),
                Body::Calls(callees) => callees.into_iter().for_each(|callee| callers[callee].push(func)),
            }
        }
        // Whoever calls one that may throw may throw.
        while let Some(func) = loud.pop() {
            if std::mem::replace(&mut silent[func], false) {
                loud.append(&mut callers[func]);
            }
        }
        Self { silent }
    }

    /// Whether no exception comes out of a call of this function.
    pub(crate) fn contains(&self, model: &ModuleModel, func: FuncIdx) -> bool {
        model.defined_func(func).is_some_and(|func| self.silent[func.index()])
    }
}

fn read(model: &ModuleModel, bytes: &[u8], range: std::ops::Range<usize>) -> Option<Body> {
    let reader = BinaryReader::new(bytes.get(range.clone())?, range.start as u64);
    let mut callees = Vec::new();
    for operator in FunctionBody::new(reader).get_operators_reader().ok()? {
        match operator.ok()? {
            Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                let callee = model.defined_func(FuncIdx(function_index)).map(|callee| callee.index());
                // Nobody has looked yet whether the index is one.
                match callee.filter(|&callee| callee < model.bodies.len()) {
                    Some(callee) => callees.push(callee),
                    None => return Some(Body::Loud),
                }
            }
            Operator::Throw { .. }
            | Operator::ThrowRef
            | Operator::Rethrow { .. }
            | Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. } => return Some(Body::Loud),
            _ => {}
        }
    }
    callees.sort_unstable();
    callees.dedup();
    Some(Body::Calls(callees))
}

#[cfg(test)]
mod tests {
    use super::Silent;
    use assay_model::index::FuncIdx;

    #[test]
    fn who_may_throw_and_who_calls_them_is_not_silent() {
        let text = r#"(module
            (import "" "host" (func $host))
            (tag $e)
            (type $f (func))
            (table 1 funcref)
            (func $plain)
            (func $throws (throw $e))
            (func $calls (call $plain))
            (func $loops (call $mutual))
            (func $mutual (call $loops) (call $calls))
            (func $passes (call $deeper))
            (func $deeper (call $throws))
            (func $host_too (call $host))
            (func $table (call_indirect (type $f) (i32.const 0)))
            (func $catches (try_table (catch_all 0) (call $throws)))
            (func $tail (return_call $plain)))"#;
        let bytes = wat::parse_str(text).unwrap();
        let parsed = assay_parse::parse(&bytes, assay_model::features::FeatureSet::default()).unwrap();
        let silent = Silent::of_module(&parsed.model, &bytes);
        let found: Vec<u32> = (0..12).filter(|&func| silent.contains(&parsed.model, FuncIdx(func))).collect();
        assert_eq!(found, [1, 3, 4, 5, 11]);
    }
}
