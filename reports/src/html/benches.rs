//! Benchmarks: bars for ratios, tables of times, and what collections cost.
//!
//! Enters: a document of the benchmarks; leaves: values for the template. Judges nothing but against the goals that the document
//! carries.

use std::collections::BTreeSet;

use serde::Serialize;

use super::charts::{self, RatioChart, Series, TrendChart};
use super::view::shown;
use crate::inputs::{Bench, BenchMean, Collection, Workload};

#[derive(Debug, Serialize)]
pub(super) struct BenchView {
    title: String,
    about: Vec<(String, String)>,
    means: Vec<MeanView>,
    charts: Vec<RatioChart>,
    rows: Vec<BenchRow>,
    lanes: Vec<String>,
    collector: Option<CollectorView>,
}

#[derive(Debug, Serialize)]
struct MeanView {
    pair: String,
    group: String,
    workloads: u64,
    ratio: String,
    goal: String,
    class: &'static str,
}

#[derive(Debug, Serialize)]
struct BenchRow {
    name: String,
    group: String,
    times: Vec<Option<(String, String)>>,
}

/// What collections cost over sizes of the heap.
#[derive(Debug, Serialize)]
struct CollectorView {
    charts: Vec<TrendChart>,
    sizes: Vec<String>,
    rows: Vec<CollectorRow>,
}

/// An engine: what each size came to.
#[derive(Debug, Serialize)]
struct CollectorRow {
    lane: String,
    cells: Vec<Option<CollectorCell>>,
}

#[derive(Debug, Serialize)]
struct CollectorCell {
    pause: String,
    longest: String,
    throughput: String,
}

pub(super) fn bench(bench: &Bench) -> BenchView {
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for ratio in bench.workloads.iter().flat_map(|workload| &workload.ratios) {
        if !pairs.contains(&(&ratio.ours, &ratio.peer)) {
            pairs.push((&ratio.ours, &ratio.peer));
        }
    }
    let mean = |mean: &BenchMean| MeanView {
        pair: shown(&format!("{} / {}", mean.ours, mean.peer)),
        group: shown(&mean.group),
        workloads: mean.workloads,
        ratio: format!("{:.3}", mean.median),
        goal: mean.goal.map_or_else(|| "–".to_owned(), |goal| format!("{goal:.2}")),
        class: match mean.goal {
            Some(goal) if mean.median > goal => "worse",
            Some(_) => "better",
            None => "",
        },
    };
    let row = |workload: &Workload| BenchRow {
        name: shown(&workload.name),
        group: shown(&workload.group),
        times: bench
            .lanes
            .iter()
            .map(|lane| {
                let result = workload.results.iter().find(|result| result.lane == lane.name)?;
                Some((time(result.median_ns), format!("± {:.1} %", result.spread * 100.0)))
            })
            .collect(),
    };
    BenchView {
        title: format!(
            "Version {}, {} clock, {} rounds, {}",
            shown(&bench.version),
            shown(&bench.clock),
            bench.rounds,
            shown(&bench.host.cpu)
        ),
        about: bench.lanes.iter().map(|lane| (shown(&lane.name), shown(&lane.about))).collect(),
        means: bench.means.iter().map(mean).collect(),
        charts: pairs.into_iter().map(|pair| ratio_chart(bench, pair)).collect(),
        rows: bench.workloads.iter().map(row).collect(),
        lanes: bench.lanes.iter().map(|lane| shown(&lane.name)).collect(),
        collector: collector(&bench.collector),
    }
}

/// Means and workloads of one pair, group by group.
fn ratio_chart(bench: &Bench, (ours, peer): (&str, &str)) -> RatioChart {
    let mut bars = Vec::new();
    let mut groups: Vec<&str> = Vec::new();
    bench.workloads.iter().for_each(|workload| {
        if !groups.contains(&workload.group.as_str()) {
            groups.push(&workload.group);
        }
    });
    for group in groups {
        let is_ours = |mean: &&BenchMean| mean.ours == ours && mean.peer == peer && mean.group == group;
        let mean = bench.means.iter().find(is_ours);
        if let Some(mean) = mean {
            bars.push(charts::Ratio {
                label: shown(group),
                heading: true,
                ratio: mean.median,
                goal: mean.goal,
            });
        }
        for workload in bench.workloads.iter().filter(|workload| workload.group == group) {
            for ratio in workload.ratios.iter().filter(|ratio| ratio.ours == ours && ratio.peer == peer) {
                bars.push(charts::Ratio {
                    label: shown(&workload.name),
                    heading: false,
                    ratio: ratio.median,
                    goal: None,
                });
            }
        }
    }
    charts::ratios(shown(&format!("{ours} to {peer}: time over time, less is faster")), &bars)
}

fn time(ns: f64) -> String {
    match ns {
        ns if ns < 1e3 => format!("{ns:.1} ns"),
        ns if ns < 1e6 => format!("{:.2} µs", ns / 1e3),
        ns if ns < 1e9 => format!("{:.2} ms", ns / 1e6),
        ns => format!("{:.2} s", ns / 1e9),
    }
}

/// Pauses and throughput, with one line for each engine; none where nothing was measured.
fn collector(measured: &[Collection]) -> Option<CollectorView> {
    let sizes: BTreeSet<u64> = measured.iter().map(|one| one.live_bytes).collect();
    let lanes: BTreeSet<&str> = measured.iter().map(|one| one.lane.as_str()).collect();
    let at = |lane: &str, size: u64| measured.iter().find(|one| one.lane == lane && one.live_bytes == size);
    let names: Vec<String> = sizes.iter().map(|&size| bytes(size)).collect();
    let series = |value: &dyn Fn(&Collection) -> f64| -> Vec<Series> {
        let of = |lane: &&str| {
            let values =
                sizes.iter().map(|&size| at(lane, size).map(value).filter(|value| value.is_finite()));
            (shown(lane), values.collect())
        };
        lanes.iter().map(of).collect()
    };
    let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let pause = series(&|one| one.pause_ns / 1e3 / mebibytes(one.live_bytes));
    let throughput = series(&|one| one.bytes_per_second / f64::from(1 << 20));
    let cell = |one: &Collection| CollectorCell {
        pause: time(one.pause_ns),
        longest: time(one.longest_pause_ns),
        throughput: format!("{:.0} MiB/s", one.bytes_per_second / f64::from(1 << 20)),
    };
    let row = |lane: &&str| CollectorRow {
        lane: shown(lane),
        cells: sizes.iter().map(|&size| at(lane, size).map(cell)).collect(),
    };
    (!measured.is_empty()).then(|| CollectorView {
        charts: vec![
            charts::trend("Pause for each MiB that lives", " µs", &names, pause),
            charts::trend("MiB allocated in a second while so much lives", "", &names, throughput),
        ],
        rows: lanes.iter().map(row).collect(),
        sizes: names,
    })
}

fn bytes(bytes: u64) -> String {
    match bytes {
        0..0x4000_0000 => format!("{} MiB", bytes >> 20),
        _ => format!("{} GiB", bytes >> 30),
    }
}

#[cfg(test)]
mod tests {
    use super::{Collection, collector};

    #[test]
    fn what_was_not_measured_leaves_a_gap() {
        let one = |lane: &str, mebibytes: u64| Collection {
            lane: lane.into(),
            live_bytes: mebibytes << 20,
            pause_ns: 2e6,
            longest_pause_ns: 3e6,
            bytes_per_second: f64::from(1 << 30),
        };
        let view = collector(&[one("a", 1024), one("a", 1), one("b", 1), one("b", 0)]).unwrap();
        assert_eq!(view.sizes, ["0 MiB", "1 MiB", "1 GiB"]);
        let cells = |row: usize| view.rows[row].cells.iter().map(Option::is_some).collect::<Vec<_>>();
        assert_eq!((cells(0), cells(1)), (vec![false, true, true], vec![true, true, false]));
        // Two milliseconds for one MiB; no time can be told for none.
        assert!(view.charts[0].lines[1].dots.iter().all(|dot| dot.what == "b: 2000 µs, 1 MiB"));
        assert!(collector(&[]).is_none());
    }
}
