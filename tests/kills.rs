//! Runs whose workers are killed, and runs and joins whose disk is full: what is left is whole and true, or not there.
//! `ASSAY_KILLS=1000` is what a release is tested with.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use assay_reports::{Row, Run, Status, read_history, read_results};
use rustix::process::{Pid, Signal, kill_process};

/// How many workers are killed.
fn kills() -> usize {
    std::env::var("ASSAY_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(25)
}

/// Eight files whose directives take some milliseconds each. In each file the last one is wrong.
fn suite(dir: &Path, directives: usize) {
    let loops = "(module (func (export \"f\") (param i32) (result i32)
      (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (local.get 0)))\n";
    let right = "(assert_return (invoke \"f\" (i32.const 300000)) (i32.const 0))\n";
    let wrong = "(assert_return (invoke \"f\" (i32.const 1)) (i32.const 1))\n";
    std::fs::create_dir(dir.join("suite")).unwrap();
    for number in 0..8 {
        let text = loops.to_owned() + &right.repeat(directives) + wrong;
        std::fs::write(dir.join(format!("suite/{number}.wast")), text).unwrap();
    }
}

/// The children of a process.
fn children(process: u32) -> Vec<Pid> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let children = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    let ids: String = children.collect();
    ids.split_whitespace().filter_map(|id| Pid::from_raw(id.parse().ok()?)).collect()
}

/// Runs the suite and kills its workers, one after another, until it ends or so many were killed. The exit code, and how many were.
fn killed_run(dir: &Path, most: usize) -> (Option<i32>, usize) {
    let mut run = Command::new(env!("CARGO_BIN_EXE_assay"))
        .current_dir(dir)
        .args(["spec", "--suite", "suite", "--jobs", "2", "--out", "out"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut killed = 0;
    loop {
        if let Some(status) = run.try_wait().unwrap() {
            return (status.code(), killed);
        }
        // At all stages of a worker's life.
        std::thread::sleep(Duration::from_millis(25 + (killed as u64 * 13) % 60));
        let workers = children(run.id());
        if let Some(worker) = workers.get(killed % workers.len().max(1)).filter(|_| killed < most) {
            // One that has ended by itself is not counted.
            killed += usize::from(kill_process(*worker, Signal::KILL).is_ok());
        }
    }
}

#[test]
fn workers_that_are_killed_never_make_a_wrong_report() {
    let dir = tempfile::tempdir().unwrap();
    let (dir, directives) = (dir.path(), 40);
    suite(dir, directives);
    let (mut killed, mut crashes, mut runs, mut whole) = (0, 0, 0, 0);
    while killed < kills() {
        let (code, now) = killed_run(dir, kills() - killed);
        killed += now;
        runs += 1;
        assert!(runs < 20 + kills(), "workers end before they can be killed");
        if code == Some(70) {
            // Three in a row that were killed before they were ready: the run says so, and has no results.
            assert!(read_results(&dir.join("out")).is_err());
            continue;
        }
        whole += 1;
        assert_eq!(code, Some(1), "there is always something wrong");
        let run = read_results(&dir.join("out")).unwrap();
        assert_eq!(run.rows.len(), 2 * 8 * (directives + 2), "every directive has its row");
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for row in &run.rows {
            *seen.entry(row.status.name().to_owned()).or_default() += 1;
            let wrong = row.line as usize == directives + 3;
            assert!(!(wrong && row.status == Status::Pass), "{row:?}");
            assert!(wrong || !matches!(row.status, Status::Fail | Status::WrongReason), "{row:?}");
        }
        crashes += seen.get("crash").copied().unwrap_or_default();
    }
    println!(
        "{killed} workers killed in {runs} runs, {whole} of which were whole, with {crashes} crashes in them"
    );
    assert!(
        whole > 0 && crashes > 0 && crashes <= killed,
        "{whole} of {runs} runs, {crashes} crashes of {killed}"
    );
}

/// What a run came to, without what it took.
fn results(run: &Run) -> Vec<(String, u32, String, String)> {
    let row = |row: &Row| (row.file.to_string(), row.line, row.engine.to_string(), row.status.to_string());
    let mut rows: Vec<_> = run.rows.iter().map(row).collect();
    rows.sort();
    rows
}

/// Runs `assay` with files of at most so many half KiB; either the system ends it at the limit, or it is told.
fn limited(dir: &Path, blocks: usize, told: bool, words: &str) -> bool {
    let trap = if told { "trap '' XFSZ;" } else { "" };
    let script = format!("ulimit -f {blocks}; {trap} exec {} {words}", env!("CARGO_BIN_EXE_assay"));
    let mut command = Command::new("sh");
    command.current_dir(dir).args(["-c", &script]).stdout(Stdio::null()).stderr(Stdio::null());
    let status = command.status().unwrap();
    // What is wrong in the suite is no failure of the disk.
    matches!(status.code(), Some(0 | 1))
}

#[test]
fn a_limit_on_files_never_makes_a_wrong_report() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    suite(dir, 3);
    let read = |name: &str| read_results(&dir.join(name)).unwrap();
    let (whole, before) = (|| read("whole"), || read("before"));
    assert!(limited(dir, 1 << 20, true, "spec --suite suite --out whole"));
    assert!(limited(dir, 1 << 20, true, "spec --suite suite --filter 1.wast --out before"));
    for part in ["1", "2"] {
        assert!(limited(
            dir,
            1 << 20,
            true,
            &format!("spec --suite suite --partition hash:{part}/2 --out {part}")
        ));
    }
    let (mut good, mut bad) = (0, 0);
    for told in [false, true] {
        for blocks in [0, 1, 2, 5, 10, 20, 40, 80, 1 << 20] {
            for words in ["spec --suite suite --out out", "merge 1 2 --out out"] {
                // What stood there is of another run.
                assert!(limited(dir, 1 << 20, true, "spec --suite suite --filter 1.wast --out out"));
                let done = limited(dir, blocks, told, words);
                match read_results(&dir.join("out")) {
                    Ok(run) if done => assert_eq!(results(&run), results(&whole()), "{words}: {blocks}"),
                    // It ended before it touched anything, or when everything was written but the summary.
                    Ok(run) => assert!([results(&before()), results(&whole())].contains(&results(&run))),
                    Err(_) => assert!(!done, "{words}: {blocks}: success without results"),
                }
                *(if done { &mut good } else { &mut bad }) += 1;
            }
        }
    }
    assert!(good >= 4 && bad >= 8, "{good} {bad}");
}

#[test]
fn a_limit_on_files_never_makes_a_wrong_history() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    suite(dir, 3);
    assert!(limited(dir, 1 << 20, true, "spec --suite suite --out out"));
    let history = dir.join("report/history.jsonl");
    let words = "report out --out report --history --label x";
    assert!(limited(dir, 1 << 20, true, words));
    let mut entries = 1;
    for told in [false, true] {
        for blocks in [0, 1, 2, 3, 4] {
            limited(dir, blocks, told, words);
            let now = read_history(&history).unwrap();
            assert!(now.entries.len() == entries || now.entries.len() == entries + 1, "{blocks}");
            assert!(limited(dir, 1 << 20, true, words), "what was torn is no obstacle");
            let mended = read_history(&history).unwrap();
            assert_eq!((mended.entries.len(), mended.torn), (now.entries.len() + 1, None));
            entries = mended.entries.len();
        }
    }
}
