//! Engines that lie on purpose, each in one way, around an engine that does not.
//!
//! A lie is told when an export is called whose name holds the word of the lie, so that a script decides where.

use assay_spec_tests::engine::{EngineUnderTest, Failure, InstanceId, ModuleId, Session, Stage};
use assay_spec_tests::value::Value;

use crate::fake::kill;

#[derive(Clone, Copy)]
enum Lie {
    DropTrap,
    FlipNan,
    WrongTrap,
    Hang,
    Segv,
    Exit,
    AcceptInvalid,
}

struct Liar {
    honest: Box<dyn EngineUnderTest>,
    lie: Lie,
}

struct LiarSession {
    honest: Box<dyn Session>,
    lie: Lie,
}

pub(crate) fn wrap(honest: Box<dyn EngineUnderTest>, lie: &str) -> Result<Box<dyn EngineUnderTest>, String> {
    let lie = match lie {
        "drop-trap" => Lie::DropTrap,
        "flip-nan" => Lie::FlipNan,
        "wrong-trap" => Lie::WrongTrap,
        "hang" => Lie::Hang,
        "segv" => Lie::Segv,
        "exit" => Lie::Exit,
        "accept-invalid" => Lie::AcceptInvalid,
        other => return Err(format!("unknown lie {other}")),
    };
    Ok(Box::new(Liar { honest, lie }))
}

impl EngineUnderTest for Liar {
    fn open(&self) -> Box<dyn Session> {
        Box::new(LiarSession { honest: self.honest.open(), lie: self.lie })
    }
}

impl Session for LiarSession {
    fn check(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let honest = self.honest.check(bytes);
        if matches!(self.lie, Lie::AcceptInvalid) { Ok(()) } else { honest }
    }

    fn check_custom(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.honest.check_custom(bytes)
    }

    fn define(&mut self, bytes: &[u8]) -> Result<ModuleId, Failure> {
        self.honest.define(bytes)
    }

    fn imports(&self, module: ModuleId) -> Vec<String> {
        self.honest.imports(module)
    }

    fn instantiate(&mut self, module: ModuleId) -> Result<InstanceId, Failure> {
        self.honest.instantiate(module)
    }

    fn register(&mut self, name: &str, instance: InstanceId) {
        self.honest.register(name, instance);
    }

    fn unregister(&mut self, name: &str) {
        self.honest.unregister(name);
    }

    fn invoke(
        &mut self,
        instance: InstanceId,
        field: &str,
        args: &[Value],
        results: &mut Vec<Value>,
    ) -> Result<(), Failure> {
        let here = field.contains("lie");
        match self.lie {
            Lie::Hang if here => std::thread::sleep(std::time::Duration::from_secs(1000)),
            Lie::Segv if here => kill("SEGV"),
            Lie::Exit if here => std::process::exit(0),
            _ => {}
        }
        let honest = self.honest.invoke(instance, field, args, results);
        match (self.lie, honest) {
            (Lie::DropTrap, Err(failure)) if here && failure.stage == Stage::Trap => {
                results.clear();
                Ok(())
            }
            (Lie::WrongTrap, Err(failure)) if here && failure.stage == Stage::Trap => {
                Err(Failure::new(Stage::Trap, "unreachable"))
            }
            (Lie::FlipNan, Ok(())) if here => {
                results.iter_mut().for_each(flip);
                Ok(())
            }
            (_, honest) => honest,
        }
    }

    fn get(&mut self, instance: InstanceId, field: &str) -> Result<Value, Failure> {
        self.honest.get(instance, field)
    }
}

/// Flips the lowest payload bit of a NaN.
fn flip(value: &mut Value) {
    match value {
        Value::F32(bits) if f32::from_bits(*bits).is_nan() => *bits ^= 1,
        Value::F64(bits) if f64::from_bits(*bits).is_nan() => *bits ^= 1,
        _ => {}
    }
}
