//! `assay engine --stdio`, as a peer meets it that speaks well, and one that does not.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

struct Peer {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Peer {
    fn new(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
        command.args(["engine", "--stdio"]).args(arguments);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Self { process, input, output: BufReader::new(output) }
    }

    /// What is answered to a line.
    fn ask(&mut self, line: impl AsRef<[u8]>) -> String {
        self.input.write_all(line.as_ref()).unwrap();
        self.input.write_all(b"\n").unwrap();
        let mut reply = String::new();
        self.output.read_line(&mut reply).unwrap();
        reply.trim_end().to_owned()
    }

    /// Ends the conversation; the exit code.
    fn end(mut self) -> Option<i32> {
        drop(self.input);
        self.process.wait().unwrap().code()
    }
}

/// A module as the protocol has it.
fn module(text: &str) -> String {
    let bytes = wat::parse_str(text).unwrap();
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(r#"{{"id":2,"op":"module","wasm":"{digits}"}}"#)
}

const BEGIN: &str = r#"{"id":1,"op":"begin","fuel":1000,"host_seed":"0x7","host_errors":false,"memory_bytes":131072,"table_elements":10}"#;
const INSTANTIATE: &str = r#"{"id":3,"op":"instantiate","module":0}"#;
const DONE: &str = r#""calls":{"count":0,"first":[]},"fuel":"#;

const MODULE: &str = r#"(module
    (import "host" "f" (func $f (param f32 externref) (result i64)))
    (memory (export "memory") 1) (table (export "table") 3 funcref)
    (global $hidden (mut f64) (f64.const -nan:0x4))
    (global (export "g") v128 (v128.const i64x2 1 2))
    (elem (i32.const 2) func $through)
    (func $through (export "through") (param externref) (result i64 f32)
        (i32.store8 (i32.const 0) (i32.const 9))
        (call $f (f32.const nan:0x200001) (local.get 0)) (f32.const -0))
    (func (export "trap") (drop (i32.load (i32.const 65533)))))"#;

#[test]
fn a_case_is_played_line_by_line() {
    for arguments in [&["--engine", "interp"][..], &["--engine", "jit"], &["-O", "opt-level=0"]] {
        let mut peer = Peer::new(arguments);
        let greeting = peer.ask(r#"{"id":0,"op":"hello","protocol":1}"#);
        assert!(greeting.starts_with(r#"{"id":0,"ok":{"protocol":1,"engine":"assay","#), "{greeting}");
        assert_eq!(peer.ask(BEGIN), r#"{"id":1,"ok":{}}"#);
        assert_eq!(peer.ask(module(MODULE)), r#"{"id":2,"ok":{"outcome":{"returned":[]}}}"#);
        let made = peer.ask(INSTANTIATE);
        assert!(
            made.starts_with(&format!(r#"{{"id":3,"ok":{{"outcome":{{"returned":[]}},{DONE}"#)),
            "{made}"
        );
        let called = peer.ask(r#"{"id":4,"op":"invoke","instance":0,"name":"through","args":["extern 12"]}"#);
        let results = r#"{"id":4,"ok":{"outcome":{"returned":["i64 0x"#;
        let calls = r#","f32 0x80000000"]},"calls":{"count":1,"first":[{"import":0,"args":["f32 0x7fa00001","extern 12"]}]},"fuel":"#;
        assert!(called.starts_with(results) && called.contains(calls), "{called}");
        let trapped = peer.ask(r#"{"id":5,"op":"invoke","instance":0,"name":"trap"}"#);
        let trap =
            r#"{"id":5,"ok":{"outcome":{"trapped":{"trap":"out of bounds memory access","func":2,"offset":"#;
        assert!(trapped.starts_with(trap), "{trapped}");
        let global = peer.ask(r#"{"id":6,"op":"get","instance":0,"name":"g"}"#);
        assert_eq!(global, r#"{"id":6,"ok":{"value":"v128 0x20000000000000001"}}"#);
        let all = peer.ask(r#"{"id":7,"op":"state","scope":"all"}"#);
        let digest = "96b4ced0cff8fdad79ee55ae05161b1fdab629dca009d308d068a033a62fec9e";
        let rest = format!(
            r#""memories":[{{"size":65536,"sha256":"{digest}"}}],"tables":[[[2,"null"],[1,"func 0 1"]]]}}}}"#
        );
        let globals = r#"{"id":7,"ok":{"globals":["f64 0xfff0000000000004","v128 0x20000000000000001"],"#;
        assert_eq!(all, format!("{globals}{rest}"));
        let exported = peer.ask(r#"{"id":7,"op":"state","scope":"exported"}"#);
        assert_eq!(exported, all.replace(r#""f64 0xfff0000000000004","#, ""));
        assert_eq!(peer.end(), Some(0));
    }
}

#[test]
fn fuel_is_counted_where_it_is_asked_for() {
    let mut peer = Peer::new(&["--engine", "jit"]);
    let endless = module(r#"(module (func (export "loop") (loop (br 0))))"#);
    peer.ask(BEGIN);
    peer.ask(&endless);
    peer.ask(INSTANTIATE);
    let spent = peer.ask(r#"{"id":4,"op":"invoke","instance":0,"name":"loop"}"#);
    assert!(spent.contains("all fuel consumed"), "{spent}");
    peer.ask(BEGIN.replace(r#""fuel":1000,"#, ""));
    peer.ask(module("(module)"));
    let made = peer.ask(INSTANTIATE);
    assert!(made.contains("returned") && !made.contains("fuel"), "{made}");
}

#[test]
fn limits_hold() {
    let mut peer = Peer::new(&[]);
    peer.ask(BEGIN);
    peer.ask(module("(module (memory 3))"));
    let refused = peer.ask(INSTANTIATE);
    assert!(refused.contains(r#"{"outcome":{"limited":"#), "{refused}");
    let skipped = peer.ask(r#"{"id":4,"op":"invoke","instance":0,"name":"f"}"#);
    assert!(skipped.contains(r#"{"outcome":"skipped""#), "{skipped}");
}

#[test]
fn nonsense_is_answered_and_costs_nothing() {
    let mut peer = Peer::new(&[]);
    let deep = "[".repeat(100_000);
    for (line, start) in [
        (&b""[..], r#"{"id":null,"error":{"code":"malformed","#),
        (b"{", r#"{"id":null,"error":{"code":"malformed","#),
        (b"\xff\x00\xfe", r#"{"id":null,"error":{"code":"malformed","#),
        (deep.as_bytes(), r#"{"id":null,"error":{"code":"malformed","#),
        (b"[1]", r#"{"id":null,"error":{"code":"malformed","#),
        (br#"{"op":"hello"}"#, r#"{"id":null,"error":{"code":"malformed","#),
        (br#"{"id":-1,"op":"hello"}"#, r#"{"id":null,"error":{"code":"malformed","#),
        (br#"{"id":5}"#, r#"{"id":5,"error":{"code":"malformed","#),
        (br#"{"id":5,"op":"hello"}"#, r#"{"id":5,"error":{"code":"malformed","#),
        (br#"{"id":5,"op":"hello","protocol":2}"#, r#"{"id":5,"error":{"code":"version","#),
        (br#"{"id":5,"op":"explode"}"#, r#"{"id":5,"error":{"code":"unknown-op","#),
        (br#"{"id":5,"op":"state","scope":"all"}"#, r#"{"id":5,"error":{"code":"not-begun","#),
        (br#"{"id":5,"op":"module","wasm":"0"}"#, r#"{"id":5,"error":{"code":"malformed","#),
        (BEGIN.as_bytes(), r#"{"id":1,"ok":{}}"#),
        (br#"{"id":5,"op":"instantiate","module":0}"#, r#"{"id":5,"error":{"code":"not-found","#),
        (br#"{"id":5,"op":"instantiate","module":-1}"#, r#"{"id":5,"error":{"code":"malformed","#),
        (br#"{"id":5,"op":"module","wasm":"00"}"#, r#"{"id":5,"ok":{"outcome":{"rejected":"#),
        (br#"{"id":5,"op":"instantiate","module":0}"#, r#"{"id":5,"ok":{"outcome":{"rejected":"#),
        (br#"{"id":5,"op":"get","instance":0,"name":"g"}"#, r#"{"id":5,"error":{"code":"not-found","#),
        (
            br#"{"id":5,"op":"invoke","instance":0,"name":"f","args":["i32 1.5"]}"#,
            r#"{"id":5,"error":{"code":"malformed","#,
        ),
        (br#"{"id":5,"op":"invoke","instance":1,"name":"f"}"#, r#"{"id":5,"error":{"code":"not-found","#),
    ] {
        let reply = peer.ask(line);
        assert!(
            reply.starts_with(start),
            "{}: {reply}",
            String::from_utf8_lossy(&line[..line.len().min(80)])
        );
    }
    peer.ask(BEGIN);
    peer.ask(module(r#"(module (func (export "f") (param i32)))"#));
    peer.ask(INSTANTIATE);
    for (args, outcome) in [
        ("", "refused"),
        (r#""i64 1""#, "refused"),
        (r#""i32 1","i32 2""#, "refused"),
        (r#""func 7 f""#, "refused"),
        (r#""i32 1""#, "returned"),
    ] {
        let reply = peer.ask(format!(r#"{{"id":6,"op":"invoke","instance":0,"name":"f","args":[{args}]}}"#));
        assert!(
            reply.starts_with(&format!(r#"{{"id":6,"ok":{{"outcome":{{"{outcome}":"#)),
            "{args}: {reply}"
        );
    }
    assert_eq!(peer.end(), Some(0));
}

#[test]
fn a_line_without_end_is_not_kept() {
    let mut peer = Peer::new(&[]);
    let block = vec![b' '; 1 << 20];
    for _ in 0..65 {
        peer.input.write_all(&block).unwrap();
    }
    let reply = peer.ask("");
    assert!(reply.starts_with(r#"{"id":null,"error":{"code":"too-long","#), "{reply}");
    assert!(peer.ask(r#"{"id":1,"op":"hello","protocol":1}"#).starts_with(r#"{"id":1,"ok":"#));
    assert_eq!(peer.end(), Some(0));
}

#[test]
fn settings_that_the_protocol_has_are_refused() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    let output = command.args(["engine", "--stdio", "-W", "fuel=7"]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let output = Command::new(env!("CARGO_BIN_EXE_assay")).arg("engine").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

/// `assay diff` in a folder: the exit code, and what was said.
fn diff(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    let output =
        command.arg("diff").args(arguments).current_dir(folder).stdin(Stdio::null()).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn diff_compares_with_engines_of_other_processes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::write(path.join("m.wat"), MODULE).unwrap();
    let honest = format!("cmd:'{}' engine --stdio", env!("CARGO_BIN_EXE_assay"));
    let lying =
        format!("cmd:sh -c \"'{}' engine --stdio | sed -u s/0x80000000/0x0/\"", env!("CARGO_BIN_EXE_assay"));
    let (code, text) = diff(path, &["m.wat", "--engine", &honest, "--engine", &honest]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("\n14 lanes agree on "), "{text}");
    let (code, text) = diff(path, &["m.wat", "--engine", &honest, "--engine", &lying]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("result differs") && text.contains("0x80000000"), "{text}");
    let (code, text) = diff(path, &["--cases", "40", "--engine", &honest]);
    assert_eq!(code, Some(0), "{text}");
    let broken = honest.replace("'", "") + " | sed";
    for engine in ["cmd:/nonexistent/engine", "cmd:true", "cmd:", "jit", &broken] {
        let (code, text) = diff(path, &["--cases", "1", "--engine", engine]);
        assert_eq!(code, Some(2), "{engine}: {text}");
    }
}

#[test]
fn a_finding_of_another_engine_is_repeated_with_that_engine() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let dies = format!(
        "{}; read l; exit 4",
        r#"read l; echo '{"id":0,"ok":{"protocol":1,"engine":"x","version":"0","capabilities":{"features":[],"fuel":true,"limits":true,"state":"all","functions":true,"elements":true,"places":true,"alike":[]}}}'"#
    );
    std::fs::write(path.join("engine.sh"), dies).unwrap();
    let (code, text) = diff(path, &["--cases", "1", "--engine", "cmd:sh engine.sh"]);
    assert_eq!(code, Some(1), "{text}");
    let command = "assay diff assay-out/default-1-0.toml --engine 'cmd:sh engine.sh'";
    assert!(text.contains("cmd:sh engine.sh: died: exit code 4") && text.contains(command), "{text}");
    let (code, again) = diff(path, &["assay-out/default-1-0.toml", "--engine", "cmd:sh engine.sh"]);
    assert!(code == Some(1) && again.contains("died: exit code 4"), "{again}");
}
