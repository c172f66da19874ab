//! An engine that is no engine: what modules and calls do follows from the words in them.
//!
//! For tests of the driver alone; a module is recognised by strings in its bytes, a call by the name of its export.

use assay_spec_tests::engine::{EngineUnderTest, Failure, InstanceId, ModuleId, Session, Stage};
use assay_spec_tests::value::Value;

pub(crate) struct Fake;

#[derive(Default)]
struct FakeSession {
    modules: Vec<Vec<u8>>,
    registered: Vec<String>,
    calls: i32,
}

impl EngineUnderTest for Fake {
    fn open(&self) -> Box<dyn Session> {
        Box::new(FakeSession::default())
    }
}

fn says(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

impl Session for FakeSession {
    fn check(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if says(bytes, "MALFORMED") {
            return Err(Failure::new(Stage::Malformed, "unexpected end"));
        }
        if says(bytes, "INVALID") {
            return Err(Failure::new(Stage::Invalid, "type mismatch"));
        }
        Ok(())
    }

    fn check_custom(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if says(bytes, "BAD_CUSTOM") { Err(Failure::new(Stage::Invalid, "invalid target")) } else { Ok(()) }
    }

    fn define(&mut self, bytes: &[u8]) -> Result<ModuleId, Failure> {
        self.check(bytes)?;
        if says(bytes, "VECTORS") {
            return Err(Failure::new(Stage::Unsupported, "simd"));
        }
        self.modules.push(bytes.to_owned());
        Ok(ModuleId(self.modules.len() - 1))
    }

    fn imports(&self, module: ModuleId) -> Vec<String> {
        let bytes = &self.modules[module.0];
        let from = |name: &&str| says(bytes, &format!("from {name}."));
        let mut imports: Vec<String> = ["vectors", "M"].into_iter().filter(from).map(str::to_owned).collect();
        if says(bytes, "\u{1}S\u{1}m") {
            imports.push("S".to_owned());
        }
        imports
    }

    fn instantiate(&mut self, module: ModuleId) -> Result<InstanceId, Failure> {
        let missing = |name: &String| !self.registered.contains(name);
        if self.imports(module).iter().any(missing) {
            return Err(Failure::new(Stage::Unlinkable, "unknown import: M.f"));
        }
        if says(&self.modules[module.0], "CRASH") {
            kill("SEGV");
        }
        Ok(InstanceId(module.0))
    }

    fn register(&mut self, name: &str, _instance: InstanceId) {
        self.registered.push(name.to_owned());
    }

    fn unregister(&mut self, name: &str) {
        self.registered.retain(|other| other != name);
    }

    fn invoke(
        &mut self,
        _: InstanceId,
        field: &str,
        args: &[Value],
        results: &mut Vec<Value>,
    ) -> Result<(), Failure> {
        self.calls += 1;
        results.clear();
        match field.trim_end_matches("-lie") {
            "id" => results.extend_from_slice(args),
            "calls" => results.push(Value::I32(self.calls)),
            "nan" => results.push(Value::F32(0x7fc0_0000)),
            "overflow" => return Err(Failure::new(Stage::Trap, "integer overflow")),
            "runaway" => return Err(Failure::new(Stage::Exhaustion, "call stack exhausted")),
            "throw" => return Err(Failure::new(Stage::Exception, "uncaught exception")),
            "segv" => kill("SEGV"),
            "exit" => std::process::exit(0),
            "panic" => panic!("the engine has a bug"),
            "hang" => std::thread::sleep(std::time::Duration::from_secs(1000)),
            _ => return Err(Failure::new(Stage::Host, format!("no export {field}"))),
        }
        Ok(())
    }

    fn get(&mut self, _: InstanceId, _: &str) -> Result<Value, Failure> {
        Ok(Value::I64(42))
    }
}

/// Ends this process by a signal. Repeated, because the first one may only take a handler away.
pub(crate) fn kill(signal: &str) -> ! {
    let command = format!("kill -{signal} $PPID");
    loop {
        drop(std::process::Command::new("sh").args(["-c", &command]).status());
    }
}
