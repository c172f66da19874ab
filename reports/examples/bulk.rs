//! How long a whole run takes to write and to read back: `cargo run --release -p assay-reports --example bulk`.

use std::time::{Duration, Instant};

use assay_reports::{
    Directive, EngineLanes, Header, Levels, ResultsWriter, Row, Status, SuiteInfo, SuiteKind, Terminal,
    read_results,
};

/// Directives of the official suite, on two engines.
const ROWS: u32 = 134_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir_in(std::env::current_dir()?)?;
    let suite =
        SuiteInfo { kind: SuiteKind::Spec, origin: "made up".into(), digest: "none".into(), files: 289 };
    let engines =
        ["jit", "interp"].map(|engine| EngineLanes { engine: engine.into(), lanes: vec!["default".into()] });
    let header = Header::new("0", engines.into(), suite, "all");
    let rows: Vec<Row> = (0..ROWS).map(row).collect();

    let (begun, cpu) = (Instant::now(), processor_ms());
    let mut writer = ResultsWriter::create(dir.path(), &header)?;
    for row in &rows {
        writer.row(row)?;
    }
    let written = begun.elapsed();
    let summary = writer.finish(Duration::from_secs(2))?;
    let (finished, used) = (begun.elapsed(), processor_ms() - cpu);
    let run = read_results(dir.path())?;
    let read = begun.elapsed();
    let text = Terminal::new(&summary, &run.rows).render();
    let rendered = begun.elapsed();

    let bytes = std::fs::metadata(dir.path().join("results.jsonl"))?.len();
    println!("{text}");
    println!("{ROWS} rows, {bytes} bytes");
    println!("write rows       {:>6.1} ms", written.as_secs_f64() * 1e3);
    println!("finish (to disk) {:>6.1} ms", (finished - written).as_secs_f64() * 1e3);
    println!("    both, on the processor {used:>6.1} ms");
    println!("read and check   {:>6.1} ms", (read - finished).as_secs_f64() * 1e3);
    println!("render           {:>6.1} ms", (rendered - read).as_secs_f64() * 1e3);
    Ok(())
}

/// Mostly passes, a third skipped, few failures: about what a run of a young engine looks like.
fn row(number: u32) -> Row {
    let (file, index) = (number / 460, number % 460);
    let engine = if number.is_multiple_of(2) { "jit" } else { "interp" };
    let mut row = Row::new(
        format!("simd_f32x4_{file}.wast"),
        index * 3,
        1,
        index,
        Directive::AssertReturn,
        engine,
        "default",
    );
    row.duration_us = u64::from(number % 97);
    (row.status, row.levels) = match number % 9_000 {
        0 => (Status::WrongReason, Levels { outcome: true, stage: true, message: false }),
        1..3_000 => (Status::Skip("feature simd".into()), Levels::NONE),
        _ => (Status::Pass, Levels::ALL),
    };
    if row.status == Status::WrongReason {
        row.expected = Some("integer overflow".into());
        row.actual = Some("integer divide by zero".into());
    }
    row
}

/// Time that this thread has spent on a processor, which other load on the machine does not lengthen.
fn processor_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) / 1e6
}
