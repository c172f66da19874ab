//! One run in every form: each says what was found, and nothing hostile in it has any effect.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use assay_reports::{Inputs, escape, github, junit, markdown, render_html, sarif};

fn inputs() -> Inputs {
    let dir = tempfile::tempdir().unwrap();
    common::write(dir.path());
    std::fs::write(
        dir.path().join("campaign.json"),
        r#"{"schema":"assay-campaign-1","profile":"smith","seed":3,"cases":900,"useful":890,"seconds":2.5,
            "outcomes":{"returned":40},"rules":{"nan-bits":2},
            "findings":[{"signature":"jit: <b>result</b> differs","detail":"1 or 2","cases":2,"confirmation":{"state":"confirmed"},"case":"a b.toml","repeat":"assay repro 'a b.toml'"}]}"#,
    )
    .unwrap();
    Inputs::read(&[dir.path().to_owned()]).unwrap()
}

fn source(file: &str) -> Option<String> {
    (file == "i32.wast").then(|| {
        "(module)\n".repeat(4)
            + "(assert_return (invoke \"</pre>add\"))\n\n\n\n(assert_trap (invoke \"div_s\"))\n"
    })
}

/// Whether a text holds something that a terminal or a reader's eye would obey.
fn hazards(text: &str) -> Option<char> {
    text.chars().find(|&char| char != '\n' && escape::is_hazardous(char))
}

#[test]
fn the_page_says_everything_without_its_script() {
    let page = render_html(&inputs(), &|_, file| source(file));
    for shown in [
        "5 unexpected results",
        "assert_trap: expected integer overflow, got integer divide by zero",
        "(assert_trap (invoke &quot;div_s&quot;))",
        "assay spec --engine jit --filter i32.wast:9",
        "blocked by an earlier line of its file",
        "feature simd",
        "Profile smith, seed 3",
        "jit: &lt;b&gt;result&lt;&#x2f;b&gt; differs",
        "confirmed in a fresh process",
        "assay repro &#x27;a b.toml&#x27;",
        "right outcome",
        "66.6 %",
    ] {
        assert!(page.contains(shown), "`{shown}` is not in the page");
    }
    assert_eq!(hazards(&page), None);
    assert!(!page.contains("<b>result") && !page.contains("</pre>add"));
    for forbidden in ["http://", "https://", "src=", "@import", "url(", "innerHTML", "eval("] {
        assert!(!page.contains(forbidden), "`{forbidden}` is in the page");
    }
}

#[test]
fn junit_has_every_directive_once() {
    let xml = junit::render(&inputs());
    assert!(xml.contains("tests=\"13\" skipped=\"5\" failures=\"3\" errors=\"2\""), "{}", &xml[..300]);
    assert_eq!(xml.matches("<testcase ").count(), 13);
    assert_eq!(xml.matches("<skipped ").count(), 5, "four were skipped, one fails as expected");
    assert!(xml.contains("repeat: assay spec --engine jit --filter i32.wast:9"));
    assert_eq!(hazards(&xml), None);
}

#[test]
fn sarif_has_what_was_unexpected() {
    let log: serde_json::Value = serde_json::from_str(&sarif::render(&inputs())).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 6, "five results and a difference");
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let mut fingerprints = std::collections::HashSet::new();
    for result in results {
        assert_eq!(rules[result["ruleIndex"].as_u64().unwrap() as usize]["id"], result["ruleId"]);
        assert!(fingerprints.insert(result["partialFingerprints"]["assay/v1"].to_string()));
        let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.bytes().all(|byte| byte.is_ascii_graphic()) && !uri.contains(':'), "{uri}");
    }
    assert_eq!(hazards(&log.to_string()), None);
}

#[test]
fn markdown_and_annotations_keep_to_their_limits() {
    let inputs = inputs();
    let text = markdown::step_summary(&inputs, &|_, _| None, github::SUMMARY_LIMIT);
    assert!(text.starts_with("## Assay: 5 unexpected results\n"), "{text}");
    assert!(text.contains("| jit | 9 | 33.3 % | 33.3 % | 22.2 % | 3 | 4 |"), "{text}");
    assert!(text.contains("2 × jit&#58; &lt;b&gt;result&lt;/b&gt; differs"), "{text}");
    assert_eq!(hazards(&text), None);
    assert!(markdown::step_summary(&inputs, &|_, _| None, 400).len() <= 400);
    assert!(markdown::scoreboard(&inputs).contains("| engine | directives |"));
    let lines = github::annotations(&inputs);
    assert_eq!(lines.lines().count(), 6, "{lines}");
    assert!(lines.lines().all(|line| line.starts_with("::error ")), "{lines}");
    assert_eq!(hazards(&lines), None);
}
