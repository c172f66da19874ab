//! The driver as a whole, with worker processes: every directive is accounted for, as what it is.
//!
//! Scripts stand in `tests/scripts`; where a line ends in a comment of the form `;; status` or `;; status: word`, that is what
//! the driver has to say of it, and lines without one have to pass.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use assay_reports::{Directive, Levels, Row, Status, read_results};
use assay_spec_tests::engine::Lane;
use assay_spec_tests::partition::Partition;
use assay_spec_tests::run::{Options, Report, RunError, run};
use assay_spec_tests::suite::Choice;
use assay_workers::WorkerCommand;

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts")
}

fn options(script: &str, engines: &[&str], out: &Path) -> Options {
    Options {
        suite: Choice::Paths(vec![scripts().join(script)]),
        filters: Vec::new(),
        lanes: engines.iter().map(|engine| Lane::of(engine)).collect(),
        jobs: 2,
        fail_fast: false,
        timeout: Duration::from_secs(3),
        expectations: None,
        out: out.to_owned(),
        worker: WorkerCommand::new(env!("CARGO_BIN_EXE_assay-spec-test-worker"), [""; 0]),
        repeat: Vec::new(),
        partition: None,
        tool_version: "test".to_owned(),
    }
}

/// A finished run, with every row of its results file.
struct Run {
    report: Report,
    rows: Vec<Row>,
}

fn play(options: &Options) -> Run {
    let report = run(options, &mut ()).unwrap();
    let results = read_results(&options.out.join("results.jsonl")).unwrap();
    Run { report, rows: results.rows }
}

fn play_script(script: &str, engines: &[&str]) -> Run {
    let out = tempfile::tempdir().unwrap();
    play(&options(script, engines, out.path()))
}

/// `status` or `status: word`, as the rows say it.
fn said(row: &Row) -> (String, String) {
    let word = match (&row.status, row.levels) {
        (Status::Skip(reason) | Status::Crash(reason), _) => reason.to_string(),
        (Status::WrongReason, Levels { stage: false, .. }) => "stage".to_owned(),
        (Status::WrongReason, _) => "message".to_owned(),
        _ => String::new(),
    };
    (row.status.name().to_owned(), word)
}

/// Holds the rows of one engine against the comments of a script.
fn check_against_comments(script: &str, engine: &str, rows: &[Row]) {
    let text = std::fs::read_to_string(scripts().join(script)).unwrap();
    let mut by_line: HashMap<u32, &Row> = HashMap::new();
    for row in rows.iter().filter(|row| &*row.engine == engine) {
        assert!(by_line.insert(row.line, row).is_none(), "{script}:{} is accounted for twice", row.line);
    }
    let mut directives = 0;
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| line.starts_with('(')) {
        directives += 1;
        let row = by_line.get(&number).unwrap_or_else(|| panic!("{script}:{number} is not accounted for"));
        assert_eq!(row.index, directives - 1, "{script}:{number}");
        let (status, word) = said(row);
        let comment = line.split_once(";;").map_or("pass", |(_, comment)| comment.trim());
        let (expected, expected_word) = comment.split_once(": ").unwrap_or((comment, ""));
        assert_eq!(status, expected, "{script}:{number}: {row:?}");
        assert!(word.contains(expected_word), "{script}:{number}: {row:?}");
    }
    assert_eq!(by_line.len(), directives as usize);
}

#[test]
fn every_kind_of_directive_is_played() {
    let run = play_script("steps.wast", &["fake"]);
    check_against_comments("steps.wast", "fake", &run.rows);
    assert!(run.report.rows.is_empty());
    assert_eq!(run.report.summary.verdict().exit_code(), 0);
    let counts = &run.report.summary.engines["fake"];
    assert_eq!((counts.directives, counts.assertions, counts.message), (19, 12, 19));
}

#[test]
fn what_is_wrong_is_told_from_what_is_wrong_for_another_reason() {
    let run = play_script("wrong.wast", &["fake"]);
    check_against_comments("wrong.wast", "fake", &run.rows);
    assert_eq!(run.report.summary.verdict().exit_code(), 1);
    let counts = &run.report.summary.engines["fake"];
    assert_eq!((counts.outcome, counts.stage, counts.message), (10, 3, 1));
    let first = run.rows.iter().find(|row| row.line == 3).unwrap();
    assert_eq!(first.expected.as_deref(), Some("(i32.const 2)"));
    assert_eq!(first.actual.as_deref(), Some("(i32.const 1)"));
}

#[test]
fn threads_have_rows_and_whoever_waits_for_one_says_how_it_went() {
    let run = play_script("threads.wast", &["fake"]);
    check_against_comments("threads.wast", "fake", &run.rows);
    let actual = |line: u32| run.rows.iter().find(|row| row.line == line).unwrap().actual.as_deref().unwrap();
    assert_eq!(actual(13), "line 6: (i32.const 1)");
    assert!(actual(8).starts_with("line 8: trap: integer overflow"), "{}", actual(8));
    assert!(actual(15).contains("there is no thread $Nobody"), "{}", actual(15));
}

#[test]
fn absence_spreads_to_dependants_only() {
    let run = play_script("dependants.wast", &["fake"]);
    check_against_comments("dependants.wast", "fake", &run.rows);
}

#[test]
fn a_crash_costs_one_directive_and_state_is_replayed() {
    // In both lanes, so that losses in the second one replay the first.
    let out = tempfile::tempdir().unwrap();
    let mut options = options("crashes.wast", &["fake"], out.path());
    let mut second = Lane::of("fake");
    second.name = "again".to_owned();
    options.lanes.push(second);
    let run = play(&options);
    for lane in ["default", "again"] {
        let rows: Vec<Row> = run.rows.iter().filter(|row| &*row.lane == lane).cloned().collect();
        check_against_comments("crashes.wast", "fake", &rows);
        let status = |line| rows.iter().find(|row| row.line == line).unwrap().status.to_string();
        assert_eq!(status(4), "crash(SIGSEGV)");
        assert_eq!(status(6), "crash(exit code 0)");
        assert_eq!(status(7), "crash(exit code 101)");
        let note = rows.iter().find(|row| row.line == 7).unwrap().note.clone().unwrap();
        assert!(note.contains("the engine has a bug"), "{note}");
    }
    assert_eq!(run.report.summary.engines["fake"].counts.crash, 8);
}

#[test]
fn liars_are_caught_at_the_lie_and_nowhere_else() {
    catch_liars("lies.wast", "fake");
}

#[test]
fn lies_of_a_real_engine_are_caught_too() {
    catch_liars("machine_lies.wast", "interp");
}

fn catch_liars(script: &str, honest: &str) {
    let expected = [
        ("drop-trap", vec![(6, "fail")]),
        ("flip-nan", vec![(5, "fail"), (7, "fail")]),
        ("wrong-trap", vec![(6, "wrong-reason")]),
        ("hang", vec![(5, "timeout"), (6, "timeout"), (7, "timeout")]),
        ("segv", vec![(5, "crash(SIGSEGV)"), (6, "crash(SIGSEGV)"), (7, "crash(SIGSEGV)")]),
        ("exit", vec![(5, "crash(exit code 0)"), (6, "crash(exit code 0)"), (7, "crash(exit code 0)")]),
        ("accept-invalid", vec![(10, "fail")]),
    ];
    let engines: Vec<String> = expected.iter().map(|(lie, _)| format!("{honest}:{lie}")).collect();
    let engines: Vec<&str> = engines.iter().map(String::as_str).collect();
    let run = play_script(script, &engines);
    for ((lie, expected), engine) in expected.iter().zip(engines) {
        let rows: Vec<&Row> = run.rows.iter().filter(|row| *row.engine == *engine).collect();
        assert_eq!(rows.len(), 9, "{lie}");
        let wrong = rows.iter().filter(|row| row.status != Status::Pass);
        let mut caught: Vec<(u32, String)> = wrong.map(|row| (row.line, row.status.to_string())).collect();
        caught.sort();
        let caught: Vec<(u32, &str)> = caught.iter().map(|(line, status)| (*line, status.as_str())).collect();
        assert_eq!(caught, *expected, "{lie}");
    }
}

#[test]
fn too_many_losses_end_the_attempts_but_not_the_account() {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("many.wast");
    std::fs::write(&script, format!("(module)\n{}", "(invoke \"exit\")\n(invoke \"id\")\n".repeat(40)))
        .unwrap();
    let mut options = options("", &["fake"], dir.path());
    options.suite = Choice::Paths(vec![script]);
    let run = play(&options);
    let count = |name: &str| run.rows.iter().filter(|row| row.status.name() == name).count();
    assert_eq!((run.rows.len(), count("crash"), count("pass"), count("skip")), (81, 16, 16, 49));
}

#[test]
fn a_worker_that_never_gets_to_a_step_leaves_no_hole() {
    let run = play_script("steps.wast", &["stillborn"]);
    assert_eq!(run.rows.len(), 19);
    let mut said: Vec<String> = run.rows.iter().map(|row| row.status.to_string()).collect();
    assert_eq!(said.remove(0), "crash(exit code 3)");
    assert!(said.iter().all(|status| status == "skip(blocked by line 2)"), "{said:?}");
}

#[test]
fn an_engine_that_does_not_start_is_an_error_of_the_run() {
    let out = tempfile::tempdir().unwrap();
    let error = run(&options("steps.wast", &["none"], out.path()), &mut ()).unwrap_err();
    assert_eq!((error.exit_code(), error.to_string().as_str()), (70, "there is no engine `none`"));
    assert!(!out.path().join("results.jsonl").exists());
}

#[test]
fn fail_fast_accounts_for_what_it_leaves_out() {
    let out = tempfile::tempdir().unwrap();
    let mut options = options("", &["fake"], out.path());
    options.suite = Choice::Folder(scripts());
    options.fail_fast = true;
    options.jobs = 1;
    options.filters = vec!["wrong".to_owned(), "steps".to_owned()];
    let run = play(&options);
    assert_eq!(run.rows.len(), 21 + 19);
    // The script that fails is the longer one and comes first.
    let left_out = run.rows.iter().filter(|row| &*row.file == "steps.wast");
    assert!(left_out.clone().count() == 19 && left_out.clone().all(|row| row.status.name() == "skip"));
}

#[test]
fn a_line_selects_one_directive_and_its_state_is_there() {
    let out = tempfile::tempdir().unwrap();
    let mut options = options("", &["fake"], out.path());
    options.suite = Choice::Folder(scripts());
    options.filters = vec!["crashes.wast:5".to_owned()];
    let run = play(&options);
    assert_eq!(run.rows.len(), 1);
    assert_eq!((run.rows[0].line, &run.rows[0].status), (5, &Status::Pass));
}

#[test]
fn expectations_are_per_directive_and_must_be_met() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options("", &["fake"], dir.path());
    options.suite = Choice::Folder(scripts());
    options.filters = vec!["steps".to_owned(), "wrong.wast:3".to_owned()];
    let path = dir.path().join("expect.toml");
    let entry = |file: &str, line: u32| {
        format!("[[expect]]\nfile = \"{file}\"\nline = {line}\nstatus = \"fail\"\nreason = \"known\"\n")
    };
    std::fs::write(&path, entry("wrong.wast", 3) + &entry("steps.wast", 2) + &entry("steps.wast", 999))
        .unwrap();
    options.expectations = Some(path);
    let run = play(&options);
    let mut shown: Vec<String> = run
        .report
        .rows
        .iter()
        .map(|row| format!("{}:{} {}", row.file.rsplit('/').next().unwrap(), row.line, row.status))
        .collect();
    shown.sort();
    assert_eq!(shown, ["expect.toml:11 fail", "steps.wast:2 xpass", "wrong.wast:3 xfail"]);
}

#[test]
fn files_that_are_no_scripts_are_results_with_a_place() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("open.wast"), "(module)\n  (module").unwrap();
    std::fs::write(dir.path().join("bytes.wast"), b"(module)\xff").unwrap();
    std::fs::write(dir.path().join("empty.wast"), "").unwrap();
    let mut options = options("", &["fake"], dir.path());
    options.suite = Choice::Folder(dir.path().to_owned());
    let run = play(&options);
    let mut rows: Vec<_> =
        run.rows.iter().map(|row| (&*row.file, row.line, row.column, row.directive)).collect();
    rows.sort_unstable_by_key(|row| row.0);
    assert_eq!(rows, [("bytes.wast", 0, 0, Directive::File), ("open.wast", 2, 3, Directive::File)]);
    assert_eq!(run.report.summary.verdict().exit_code(), 1);
}

#[test]
fn nothing_to_run_is_an_error_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let mut options = options("", &["fake"], &out);
    options.suite = Choice::Folder(dir.path().to_owned());
    let code =
        |options: &Options| run(options, &mut ()).map_err(|error: RunError| error.exit_code()).unwrap_err();
    assert_eq!(code(&options), 4);
    options.suite = Choice::Folder(scripts());
    options.filters = vec!["nothing has this name".to_owned()];
    assert_eq!(code(&options), 4);
    options.filters = vec!["a:0".to_owned()];
    assert_eq!(code(&options), 2);
    options.filters.clear();
    options.suite = Choice::Folder(dir.path().join("missing"));
    assert_eq!(code(&options), 2);
}

#[test]
fn parts_together_are_the_whole() {
    let whole = tempfile::tempdir().unwrap();
    let everything = |out: &Path| Options {
        suite: Choice::Folder(scripts()),
        timeout: Duration::from_secs(10),
        ..options("", &["jit", "interp"], out)
    };
    let mut rows = play(&everything(whole.path())).rows;
    rows.sort_by(Row::report_order);
    for by in ["hash", "slice"] {
        let parts = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = (1..=3).map(|part| parts.path().join(part.to_string())).collect();
        for (number, out) in paths.iter().enumerate() {
            let partition = Partition::parse(&format!("{by}:{}/3", number + 1), |_| None).unwrap();
            run(&Options { partition: Some(partition), ..everything(out) }, &mut ()).unwrap();
        }
        let mut merged = assay_reports::merge(&paths).unwrap();
        // Times, and what a lost worker said last, are not the same twice.
        let timeless = |row: &mut Row| (row.duration_us, row.note) = (0, None);
        merged.rows.iter_mut().for_each(timeless);
        rows.iter_mut().for_each(timeless);
        assert_eq!(merged.rows.len(), rows.len(), "{by}");
        for (merged, row) in merged.rows.iter().zip(&rows) {
            assert_eq!(merged, row, "{by}");
        }
        assert!(assay_reports::merge(&paths[1..]).is_err());
    }
}
