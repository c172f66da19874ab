//! The fake engine, or one of ours, as an engine of another process.

use assay_runtime::{Config, Engine, EngineKind};
use assay_spec_tests::engine::{EngineUnderTest, RuntimeScripts, Session};
use assay_spec_tests::external::serve::{Scripted, Server};
use serde_json::{Value, json};

use crate::fake::Fake;

struct FakeScripts;

impl Scripted for FakeScripts {
    fn open(&mut self, _features: &[String]) -> Result<(Box<dyn Session>, Vec<String>), String> {
        Ok((Fake.open(), Vec::new()))
    }
}

/// Answers every line until there are no more.
pub(crate) fn serve(engine: &str) {
    match engine {
        "interp" => answer(Server::new(RuntimeScripts::new(EngineKind::Interp, |features| {
            let mut config = Config::new();
            config.engine(EngineKind::Interp).features(features);
            Engine::new(&config).map_err(|error| error.to_string())
        }))),
        _ => answer(Server::new(FakeScripts)),
    }
}

fn answer(mut server: Server<impl Scripted>) {
    for line in std::io::stdin().lines() {
        let line: Value = serde_json::from_str(&line.expect("a line")).expect("a question");
        let op = line["op"].as_str().expect("an operation");
        let answer = match server.answer(op, &line) {
            Some(answer) => answer,
            None if op == "hello" => Ok(json!({
                "protocol": 1, "engine": "fake", "version": "0", "capabilities": {"scripts": true},
            })),
            None => panic!("{op}"),
        };
        let reply = match answer {
            Ok(answer) => json!({"id": line["id"], "ok": answer}),
            Err(fault) => json!({"id": line["id"], "error": fault}),
        };
        println!("{reply}");
    }
}
