use super::explain;
use crate::case::{Case, ModuleBytes, Settings, Step};
use crate::lanes::{Lane, Lanes, on_lane_thread};

fn case(text: &str) -> Case {
    let steps = vec![
        Step::Instantiate { instantiate: 0 },
        Step::Call { call: "f".to_owned(), instance: 0, args: Vec::new() },
    ];
    let modules = vec![ModuleBytes { bytes: wat::parse_str(text).unwrap(), canonical: None }];
    Case { origin: String::new(), settings: Settings::default(), modules, steps }
}

#[test]
fn where_all_agree_there_is_nothing_to_explain() {
    let lanes = Lanes::new().unwrap();
    let case = case(r#"(module (func (export "f") (result f32) (f32.sqrt (f32.const -1))))"#);
    let said = on_lane_thread(|| explain(&case, &lanes, Lane::JitSpeed)).unwrap();
    assert!(said.contains("there is no difference"), "{said}");
}

#[test]
fn operators_are_marked_in_text_and_code() {
    let lanes = Lanes::new().unwrap();
    let text = r#"(module (func (export "f") (result i32) (i32.load (i32.const 7))) (memory 1))"#;
    let bytes = wat::parse_str(text).unwrap();
    let offset = super::bodies(&bytes)[0].operators[1].range.start as u32;
    let marked = |text: String| {
        text.lines().filter(|line| line.starts_with('>')).map(str::to_owned).collect::<Vec<_>>()
    };
    let lines = marked(super::text::around(&bytes, offset));
    assert!(lines.len() == 1 && lines[0].ends_with("i32.load"), "{lines:?}");
    let engine = lanes.engine(Lane::JitNone, false);
    let lines = marked(super::machine::around(engine, &bytes, 0, offset));
    assert!(!lines.is_empty());
    #[cfg(target_arch = "x86_64")]
    assert!(lines.iter().any(|line| line.contains("mov")), "{lines:?}");
    let interpreted = super::machine::around(lanes.engine(Lane::Interp, false), &bytes, 0, offset);
    assert!(interpreted.contains("interpreted"));
}
