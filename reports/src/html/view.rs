//! What the page says without its script: figures and tables, as plain values for the template.
//!
//! Enters: inputs and their matrix; leaves: a [`View`]. Foreign texts are made visible here ([`escape`]), and made harmless for
//! HTML by the template engine. Computes no verdict of its own: that of a run is its summary's.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Sources;
use super::benches::{self, BenchView};
use super::charts::TrendChart;
use super::clusters::{self, Cluster, Skipped};
use super::duels::{self, DuelView};
use super::matrix::Matrix;
use super::trends::{self, HistoryRow};
use crate::date;
use crate::escape;
use crate::faults::FaultsReport;
use crate::grouping::proposal;
use crate::header::SuiteKind;
use crate::inputs::{Campaign, Input, Inputs};
use crate::outcome::Status;
use crate::row::Row;
use crate::summary::Counts;
use crate::terminal::grouped;

/// Clusters that are shown in full.
const CLUSTERS: usize = 200;
/// Findings of a campaign that are shown.
const FINDINGS: usize = 200;

/// The page, as values.
#[derive(Debug, Serialize)]
pub(super) struct View {
    verdict: VerdictView,
    runs: Vec<RunView>,
    suites: Vec<SuiteView>,
    clusters: Vec<Cluster>,
    more_clusters: usize,
    skipped: Vec<Skipped>,
    campaigns: Vec<CampaignView>,
    faults: Vec<FaultsView>,
    benches: Vec<BenchView>,
    duels: Vec<DuelView>,
    trends: Vec<TrendChart>,
    history: Vec<HistoryRow>,
    notes: Vec<String>,
    version: &'static str,
    tests: usize,
    results: String,
}

/// What everything amounts to.
#[derive(Debug, Serialize)]
struct VerdictView {
    class: &'static str,
    title: String,
    detail: String,
}

#[derive(Debug, Serialize)]
struct RunView {
    number: usize,
    origin: String,
    digest: String,
    kind: &'static str,
    selection: String,
    shard: Option<String>,
    host: String,
    cpu: String,
    started: String,
    seconds: String,
    tool: String,
    rows: String,
    path: String,
}

/// A suite with its engines side by side.
#[derive(Debug, Serialize)]
struct SuiteView {
    number: usize,
    kind: &'static str,
    title: String,
    engines: Vec<EngineView>,
    proposals: Vec<ProposalView>,
}

/// The counts of one column.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct EngineView {
    /// The number of the column.
    pub(crate) column: usize,
    pub(crate) label: String,
    pub(crate) directives: String,
    pub(crate) files: String,
    pub(crate) counts: Vec<CountView>,
    pub(crate) levels: Vec<LevelView>,
    pub(crate) assertions: String,
    pub(crate) unexpected: u64,
    pub(crate) skip: u64,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct CountView {
    pub(crate) class: &'static str,
    pub(crate) name: &'static str,
    pub(crate) count: String,
    /// Where its part of the bar begins and how wide it is, of 1000.
    pub(crate) x: f64,
    pub(crate) width: f64,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct LevelView {
    pub(crate) name: &'static str,
    pub(crate) count: String,
    pub(crate) share: String,
}

#[derive(Debug, Serialize)]
struct ProposalView {
    name: String,
    cells: Vec<Option<CellView>>,
    files: Vec<FileView>,
}

#[derive(Debug, Serialize)]
struct FileView {
    name: String,
    number: usize,
    tests: usize,
    clean: bool,
    cells: Vec<Option<CellView>>,
}

/// What a column came to in a file or proposal.
#[derive(Debug, Serialize)]
struct CellView {
    column: usize,
    class: &'static str,
    text: String,
    title: String,
}

#[derive(Debug, Serialize)]
struct CampaignView {
    title: String,
    facts: Vec<(String, String)>,
    outcomes: Vec<(String, String, f64)>,
    rules: Vec<(String, String)>,
    skipped: Vec<(String, String)>,
    findings: Vec<FindingView>,
    more: usize,
}

#[derive(Debug, Serialize)]
struct FindingView {
    signature: String,
    detail: String,
    count: u64,
    class: &'static str,
    state: &'static str,
    case: String,
    command: Option<String>,
}

#[derive(Debug, Serialize)]
struct FaultsView {
    found: usize,
    all: usize,
    share: String,
    budget: String,
    profile: String,
    seeds: u64,
    classes: Vec<(char, usize, usize)>,
    rows: Vec<FaultRow>,
    baselines: Vec<(String, usize, usize)>,
    zero: Option<(String, u64)>,
}

#[derive(Debug, Serialize)]
struct FaultRow {
    id: String,
    class: char,
    origin: String,
    found: bool,
    found_in: String,
    cases: u64,
    seconds: Option<String>,
    oracle: String,
    bytes: Option<u64>,
}

impl View {
    pub(super) fn new(inputs: &Inputs, matrix: &Matrix<'_>, sources: &Sources<'_>) -> Self {
        let mut all = clusters::clusters(matrix, sources);
        let more_clusters = all.len().saturating_sub(CLUSTERS);
        all.truncate(CLUSTERS);
        let results: usize = inputs.runs.iter().map(|run| run.content.rows.len()).sum();
        Self {
            verdict: verdict(inputs),
            runs: inputs.runs.iter().enumerate().map(run).collect(),
            suites: (0..matrix.suites.len()).map(|number| suite(matrix, number)).collect(),
            clusters: all,
            more_clusters,
            skipped: clusters::skipped(matrix),
            campaigns: inputs.campaigns.iter().map(|input| campaign(&input.content)).collect(),
            faults: inputs.faults.iter().map(|input| faults(&input.content)).collect(),
            benches: inputs.benches.iter().map(|input| benches::bench(&input.content)).collect(),
            duels: inputs.duels.iter().map(|input| duels::view(&input.content)).collect(),
            trends: inputs.histories.iter().flat_map(|input| trends::trends(&input.content)).collect(),
            history: inputs.histories.iter().flat_map(|input| trends::latest(&input.content)).collect(),
            notes: notes(inputs),
            version: env!("CARGO_PKG_VERSION"),
            tests: matrix.tests.len(),
            results: grouped(results as u64),
        }
    }
}

fn verdict(inputs: &Inputs) -> VerdictView {
    let mut counts = Counts::default();
    inputs.runs.iter().flat_map(|run| &run.content.rows).for_each(|row| counts.add(&row.status));
    let findings: usize = inputs.campaigns.iter().map(|campaign| campaign.content.findings.len()).sum();
    let broken: usize = inputs.campaigns.iter().map(|campaign| campaign.content.unsafe_findings()).sum();
    let (bad, all) = (counts.unexpected(), counts.total());
    let worse = inputs.duels.iter().map(|duel| duel.content.verdict).find(|&one| duels::class(one) == "bad");
    let (class, title) = match (bad, findings) {
        _ if broken > 0 => ("bad", format!("{broken} safety findings")),
        (0, 0) if let Some(worse) = worse => ("bad", format!("As expected, but {}", worse.name())),
        (0, 0) if all == 0 && inputs.campaigns.is_empty() => ("none", "No results of a suite".to_owned()),
        (0, 0) => ("good", "Everything as expected".to_owned()),
        (0, found) => ("bad", format!("{found} differences")),
        (1, _) => ("bad", "1 unexpected result".to_owned()),
        (bad, _) => ("bad", format!("{} unexpected results", grouped(bad))),
    };
    let mut detail = vec![format!("{} of {} results pass", grouped(counts.pass), grouped(all))];
    let others = [
        (counts.fail, "fail"),
        (counts.wrong_reason, "wrong reason"),
        (counts.crash, "crash"),
        (counts.timeout, "timeout"),
        (counts.skip, "skipped"),
        (counts.xfail, "fail as expected"),
        (counts.xpass, "pass unexpectedly"),
    ];
    let others = others.iter().filter(|&&(count, _)| count > 0);
    detail.extend(others.map(|&(count, name)| format!("{} {name}", grouped(count))));
    VerdictView { class, title, detail: if all == 0 { String::new() } else { detail.join(" · ") } }
}

fn run((number, input): (usize, &Input<crate::Run>)) -> RunView {
    let header = &input.content.header;
    let host = &header.host;
    RunView {
        number: number + 1,
        origin: shown(&header.suite.origin),
        digest: shown(&header.suite.digest.chars().take(23).collect::<String>()),
        kind: kind(header.suite.kind),
        selection: shown(&header.selection),
        shard: header.shard.as_ref().map(|shard| format!("{}:{}/{}", shown(&shard.by), shard.part, shard.of)),
        host: shown(&format!("{} {} {}, {} processors", host.os, host.release, host.arch, host.cpus)),
        cpu: shown(&header.cpu),
        started: date::moment(header.started_unix_ms),
        seconds: format!("{:.2}", input.content.wall_ms as f64 / 1000.0),
        tool: shown(&header.tool_version),
        rows: grouped(input.content.rows.len() as u64),
        path: shown(&input.path.display().to_string()),
    }
}

fn kind(kind: SuiteKind) -> &'static str {
    match kind {
        SuiteKind::Spec => "test scripts",
        SuiteKind::Wasi => "WASI programs",
    }
}

fn suite(matrix: &Matrix<'_>, number: usize) -> SuiteView {
    let header = matrix.suites[number].header;
    let columns: Vec<usize> =
        (0..matrix.columns.len()).filter(|&at| matrix.columns[at].suite == number).collect();
    let mut groups: BTreeMap<&str, Vec<FileView>> = BTreeMap::new();
    let mut sums: BTreeMap<&str, Vec<Counts>> = BTreeMap::new();
    for (at, (file, tests)) in matrix.files.iter().zip(matrix.tests_of_files()).enumerate() {
        if file.suite != number {
            continue;
        }
        let counts: Vec<Counts> =
            columns.iter().map(|&column| count(&matrix.cells[column][tests.clone()])).collect();
        let sum = sums.entry(proposal(file.name)).or_insert_with(|| vec![Counts::default(); columns.len()]);
        sum.iter_mut().zip(&counts).for_each(|(sum, counts)| sum.merge(counts));
        groups.entry(proposal(file.name)).or_default().push(FileView {
            name: shown(file.name),
            number: at,
            tests: tests.len(),
            clean: counts.iter().all(|counts| counts.pass == counts.total()),
            cells: columns.iter().zip(&counts).map(|(&column, counts)| cell(column, counts)).collect(),
        });
    }
    let proposals = groups.into_iter().map(|(name, files)| ProposalView {
        name: shown(name),
        cells: columns.iter().zip(&sums[name]).map(|(&column, counts)| cell(column, counts)).collect(),
        files,
    });
    SuiteView {
        number: number + 1,
        kind: kind(matrix.suites[number].kind),
        title: shown(&header.suite.origin),
        engines: columns.iter().map(|&column| engine(matrix, column)).collect(),
        proposals: proposals.collect(),
    }
}

/// The columns of a matrix, each with its counts.
pub(crate) fn engine_views(matrix: &Matrix<'_>) -> Vec<EngineView> {
    (0..matrix.columns.len()).map(|column| engine(matrix, column)).collect()
}

fn engine(matrix: &Matrix<'_>, column: usize) -> EngineView {
    let rows = || matrix.cells[column].iter().flatten();
    let counts = count(&matrix.cells[column]);
    let all = counts.total();
    let mut files: Vec<&str> = rows().map(|row| &*row.file).collect();
    files.dedup();
    files.sort_unstable();
    files.dedup();
    let level = |name, holds: fn(&Row) -> bool| {
        let count = rows().filter(|row| holds(row)).count() as u64;
        LevelView { name, count: grouped(count), share: percent(count, all) }
    };
    let assertions = rows().filter(|row| row.directive.is_assertion());
    let passed = assertions.clone().filter(|row| row.status == Status::Pass).count() as u64;
    EngineView {
        column,
        label: shown(&matrix.columns[column].label),
        directives: grouped(all),
        files: grouped(files.len() as u64),
        counts: parts(&counts),
        levels: vec![
            level("outcome", |row| row.levels.outcome),
            level("stage", |row| row.levels.stage),
            level("message", |row| row.levels.message),
        ],
        assertions: format!("{} of {}", grouped(passed), grouped(assertions.count() as u64)),
        unexpected: counts.unexpected(),
        skip: counts.skip,
    }
}

/// The statuses that occur, and their parts of a bar.
fn parts(counts: &Counts) -> Vec<CountView> {
    let all = counts.total().max(1) as f64;
    let mut x = 0.0;
    let mut parts = Vec::new();
    for (class, name, count) in [
        ("pass", "pass", counts.pass),
        ("xfail", "xfail", counts.xfail),
        ("skip", "skip", counts.skip),
        ("xpass", "xpass", counts.xpass),
        ("wrong", "wrong reason", counts.wrong_reason),
        ("fail", "fail", counts.fail),
        ("timeout", "timeout", counts.timeout),
        ("crash", "crash", counts.crash),
    ] {
        if count > 0 {
            let width = count as f64 * 1000.0 / all;
            parts.push(CountView { class, name, count: grouped(count), x, width: width.max(2.0) });
            x += width;
        }
    }
    parts
}

fn count(cells: &[Option<&Row>]) -> Counts {
    let mut counts = Counts::default();
    cells.iter().flatten().for_each(|row| counts.add(&row.status));
    counts
}

fn cell(column: usize, counts: &Counts) -> Option<CellView> {
    let (all, bad) = (counts.total(), counts.unexpected());
    if all == 0 {
        return None;
    }
    let (class, text) = match () {
        () if counts.crash > 0 => ("crash", format!("{} ✕", grouped(bad))),
        () if bad > 0 && bad == counts.wrong_reason => ("wrong", format!("{} ✕", grouped(bad))),
        () if bad > 0 => ("fail", format!("{} ✕", grouped(bad))),
        () if counts.pass == all => ("pass", "✓".to_owned()),
        () if counts.pass == 0 && counts.xfail == 0 => ("skip", "–".to_owned()),
        () if counts.xfail > 0 => ("xfail", percent(counts.pass, all)),
        () => ("part", percent(counts.pass, all)),
    };
    let mut title = format!("{} of {} pass", grouped(counts.pass), grouped(all));
    let others = [
        (counts.fail, "fail"),
        (counts.wrong_reason, "wrong reason"),
        (counts.crash, "crash"),
        (counts.timeout, "time out"),
        (counts.skip, "skipped"),
        (counts.xfail, "fail as expected"),
        (counts.xpass, "pass unexpectedly"),
    ];
    for (count, name) in others.into_iter().filter(|&(count, _)| count > 0) {
        title += &format!(", {} {name}", grouped(count));
    }
    Some(CellView { column, class, text, title })
}

/// Rounded down: 100 % means all of them.
pub(crate) fn percent(count: u64, all: u64) -> String {
    let permille = (count * 1000).checked_div(all).unwrap_or(0);
    if permille == 1000 { "100 %".to_owned() } else { format!("{}.{} %", permille / 10, permille % 10) }
}

fn campaign(campaign: &Campaign) -> CampaignView {
    let steps: u64 = campaign.outcomes.values().sum();
    let pairs = |map: &BTreeMap<String, u64>| {
        map.iter().map(|(name, count)| (shown(name), grouped(*count))).collect::<Vec<_>>()
    };
    let rate = if campaign.seconds > 0.0 { campaign.cases as f64 / campaign.seconds } else { 0.0 };
    let finding = |finding: &crate::inputs::CampaignFinding| FindingView {
        signature: shown(&finding.signature),
        detail: escape::brief(&finding.detail, 2000).into_owned(),
        count: finding.count,
        class: if finding.unsafe_end { "crash" } else { "fail" },
        state: match finding.confirmed {
            Some(true) => "confirmed in a fresh process",
            Some(false) => "not the same in a fresh process",
            None => "not tried again",
        },
        case: shown(&finding.case),
        command: (!finding.repeat.is_empty()).then(|| shown(&finding.repeat)),
    };
    CampaignView {
        title: format!("Profile {}, seed {}", shown(&campaign.profile), campaign.seed),
        facts: vec![
            ("cases".into(), grouped(campaign.cases)),
            ("useful".into(), percent(campaign.useful, campaign.cases)),
            ("steps".into(), grouped(steps)),
            ("findings".into(), grouped(campaign.findings.len() as u64)),
            ("seconds".into(), format!("{:.1}", campaign.seconds)),
            ("cases a second".into(), format!("{rate:.0}")),
        ],
        outcomes: campaign
            .outcomes
            .iter()
            .map(|(name, count)| (shown(name), grouped(*count), *count as f64 * 100.0 / steps.max(1) as f64))
            .collect(),
        rules: pairs(&campaign.rules),
        skipped: pairs(&campaign.skipped),
        findings: campaign.findings.iter().take(FINDINGS).map(finding).collect(),
        more: campaign.findings.len().saturating_sub(FINDINGS),
    }
}

fn faults(report: &FaultsReport) -> FaultsView {
    let found = |faults: &[crate::FaultResult]| faults.iter().filter(|fault| fault.found).count();
    let mut classes: BTreeMap<char, (usize, usize)> = BTreeMap::new();
    for fault in &report.faults {
        let class = classes.entry(fault.class).or_default();
        class.0 += usize::from(fault.found);
        class.1 += 1;
    }
    let row = |fault: &crate::FaultResult| FaultRow {
        id: shown(&fault.id),
        class: fault.class,
        origin: shown(&fault.origin),
        found: fault.found,
        found_in: format!("{} of {}", fault.found_in, fault.seeds),
        cases: fault.cases,
        seconds: fault.seconds.map(|seconds| format!("{seconds:.1}")),
        oracle: escape::brief(fault.oracle.as_deref().unwrap_or(""), 120).into_owned(),
        bytes: fault.reduced_bytes,
    };
    let (hit, all) = (found(&report.faults), report.faults.len());
    FaultsView {
        found: hit,
        all,
        share: percent(hit as u64, all as u64),
        budget: format!("{:.0}", report.budget_seconds),
        profile: shown(&report.profile),
        seeds: report.seeds,
        classes: classes.into_iter().map(|(class, (found, all))| (class, found, all)).collect(),
        rows: report.faults.iter().map(row).collect(),
        baselines: report
            .baselines
            .iter()
            .map(|baseline| (shown(&baseline.name), found(&baseline.faults), baseline.faults.len()))
            .collect(),
        zero: report.fault_zero.as_ref().map(|zero| (grouped(zero.cases), zero.false_alarms)),
    }
}

fn notes(inputs: &Inputs) -> Vec<String> {
    let mut notes = Vec::new();
    for run in &inputs.runs {
        if let Some(shard) = &run.content.header.shard {
            let path = shown(&run.path.display().to_string());
            notes.push(format!(
                "{path} is part {} of {} only: `assay merge` joins parts and proves that none is missing",
                shard.part, shard.of
            ));
        }
    }
    for history in inputs.histories.iter().filter_map(|input| Some((&input.path, input.content.torn?))) {
        let (path, line) = history;
        notes.push(format!(
            "{}:{line}: an entry that was never finished is left out",
            shown(&path.display().to_string())
        ));
    }
    notes
}

pub(super) fn shown(text: &str) -> String {
    escape::brief(text, 300).into_owned()
}
