//! What fuzz targets call: bytes become a script that is read and played, or another input of the driver; a panic is a finding.
//!
//! No code of a script runs, so that none of them takes long: the engine is a [`Pretender`], which validates modules and
//! answers calls with their arguments. Ordinary tests call the same functions.

use std::sync::Arc;

use assay_runtime::text::unfold;
use assay_runtime::{Engine, Module};

use crate::engine::{EngineUnderTest, Failure, InstanceId, ModuleId, Session, Stage};
use crate::expectations::Expectations;
use crate::features::Profile;
use crate::judge::{Judgement, Player, Threads};
use crate::script::{Buffer, TextRules, read, split};
use crate::suite::Filter;
use crate::suite::official::Manifest;
use crate::value::Value;

/// Reads a script and plays it; how many of its directives passed, or `None` where the text is no list of forms.
pub fn script(bytes: &[u8]) -> Option<usize> {
    let text = str::from_utf8(bytes).ok()?;
    let forms = split(text).ok()?;
    let profile = Profile::of("core/fuzz.wast");
    let rules = TextRules { wide_limits: profile.has("memory64") };
    let text = unfold(text);
    let buffer = Buffer::new(&text, rules);
    let directives = read(&buffer, forms.len());
    assert_eq!(directives.len(), forms.len(), "each form is a directive");
    let engine: Arc<dyn EngineUnderTest> = Arc::new(Pretender { engine: Engine::default() });
    let mut session = engine.open();
    let mut player =
        Player::new(session.as_mut(), profile, Threads::new(Arc::clone(&engine), profile, rules, 0));
    let judgements = directives.iter().enumerate().map(|(index, directive)| player.play(index, directive));
    Some(judgements.filter(|judgement| matches!(judgement, Judgement::Pass)).count())
}

/// Reads what the driver takes from files and command lines; whether any of it was understood.
pub fn input(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else { return false };
    let expectations = Expectations::read("fuzz", text).is_ok();
    let manifest = Manifest::parse(text).is_some();
    let filter = text.lines().next().is_some_and(|word| Filter::parse(word).is_ok());
    expectations || manifest || filter
}

/// An engine that runs nothing.
struct Pretender {
    engine: Engine,
}

struct Pretended {
    engine: Engine,
    modules: usize,
    instances: usize,
}

impl EngineUnderTest for Pretender {
    fn open(&self) -> Box<dyn Session> {
        Box::new(Pretended { engine: self.engine.clone(), modules: 0, instances: 0 })
    }
}

impl Session for Pretended {
    fn check(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Module::validate(&self.engine, bytes).map_err(|error| Failure::new(Stage::Invalid, error.to_string()))
    }

    fn check_custom(&mut self, _bytes: &[u8]) -> Result<(), Failure> {
        Ok(())
    }

    fn define(&mut self, bytes: &[u8]) -> Result<ModuleId, Failure> {
        self.check(bytes)?;
        self.modules += 1;
        Ok(ModuleId(self.modules - 1))
    }

    fn imports(&self, _module: ModuleId) -> Vec<String> {
        vec!["spectest".to_owned()]
    }

    fn instantiate(&mut self, _module: ModuleId) -> Result<InstanceId, Failure> {
        self.instances += 1;
        Ok(InstanceId(self.instances - 1))
    }

    fn register(&mut self, _name: &str, _instance: InstanceId) {}

    fn unregister(&mut self, _name: &str) {}

    fn invoke(
        &mut self,
        _instance: InstanceId,
        field: &str,
        args: &[Value],
        results: &mut Vec<Value>,
    ) -> Result<(), Failure> {
        if field.len().is_multiple_of(8) {
            return Err(Failure::new(Stage::Trap, "unreachable"));
        }
        results.clear();
        results.extend(args.iter().cloned());
        Ok(())
    }

    fn get(&mut self, _instance: InstanceId, _field: &str) -> Result<Value, Failure> {
        Ok(Value::I32(666))
    }
}

#[cfg(test)]
mod tests {
    use super::{input, script};

    #[test]
    fn scripts_are_played() {
        let text = br#"(module (func (export "f")))
            (assert_return (invoke "f" (i32.const 5) (f32.const nan)) (i32.const 5) (f32.const nan:canonical))
            (assert_trap (invoke "unreachd") "unreachable")
            (assert_invalid (module (func (i32.const 1))) "type mismatch")
            (assert_return (get "g") (i32.const 1))
            (module quote "(func") (nonsense)"#;
        assert_eq!(script(text), Some(4));
        assert_eq!(script(b"(module"), None);
    }

    #[test]
    fn inputs_are_understood_or_not() {
        assert!(input(b"[[expect]]\nfile = \"a.wast\"\nline = 1\nstatus = \"fail\"\nreason = \"why\"\n"));
        assert!(input(b"a.wast") && !input(b"\xff"));
    }
}
