//! Samples of two lanes in, ratios and their geometric means out.
//!
//! Pure. A ratio is our time per unit of work divided by the peer's, so below one is faster. Each
//! pairing of lanes has its own goal per group. Called by `report`.

use serde::Serialize;

use crate::clock::Clock;
use crate::measure::Samples;
use crate::stats;
use crate::workload::Group;

/// Which of our lanes is compared with which peer, and how far each group's mean may go.
#[derive(Clone, Copy, Debug)]
pub struct Pairing {
    /// Our lane.
    pub ours: &'static str,
    /// Its peer.
    pub peer: &'static str,
    goals: &'static [(Group, f64)],
}

/// The comparisons this project makes.
pub const PAIRINGS: &[Pairing] = &[
    Pairing {
        ours: "jit",
        peer: "wasmtime",
        goals: &[
            (Group::Execution, 1.05),
            (Group::Simd, 1.05),
            (Group::Memory64, 0.95),
            (Group::CallIndirect, 0.8),
            (Group::TailCall, 1.0),
            (Group::Gc, 1.0),
            (Group::Casts, 0.9),
            (Group::Exceptions, 1.0),
            (Group::HostCall, 1.2),
            (Group::Instantiate, 1.2),
            (Group::Compile, 1.1),
            (Group::Wasi, 1.0),
        ],
    },
    Pairing {
        ours: "interp",
        peer: "wasmi",
        goals: &[
            (Group::Execution, 1.0),
            (Group::Simd, 1.1),
            (Group::Memory64, 1.0),
            (Group::CallIndirect, 1.0),
            (Group::TailCall, 1.0),
            (Group::HostCall, 1.0),
            (Group::Instantiate, 1.0),
            (Group::Compile, 1.0),
        ],
    },
];

impl Pairing {
    /// The largest mean that is good enough; None where no goal is set.
    pub fn goal(&self, group: Group) -> Option<f64> {
        self.goals.iter().find(|(of, _)| *of == group).map(|&(_, goal)| goal)
    }
}

/// One workload, two lanes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// Our lane.
    pub ours: &'static str,
    /// Its peer.
    pub peer: &'static str,
    /// Median time over median time.
    pub median: f64,
    /// Least time over least time.
    pub min: f64,
}

/// One group, two lanes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Mean {
    /// Our lane.
    pub ours: &'static str,
    /// Its peer.
    pub peer: &'static str,
    /// The group.
    pub group: Group,
    /// How many workloads it spans.
    pub workloads: usize,
    /// Geometric mean of the medians' ratios.
    pub median: f64,
    /// Geometric mean of the minima's ratios.
    pub min: f64,
    /// The largest that is good enough, where one is set.
    pub goal: Option<f64>,
}

/// The ratios of every pairing both of whose lanes took part.
pub fn ratios(samples: &[Samples], clock: Clock) -> Vec<Ratio> {
    PAIRINGS.iter().filter_map(|pairing| ratio(pairing, samples, clock)).collect()
}

fn ratio(pairing: &Pairing, samples: &[Samples], clock: Clock) -> Option<Ratio> {
    let figures = |name: &str| {
        let lane = samples.iter().find(|lane| lane.info.name == name)?;
        Some(per_unit(lane, clock))
    };
    let (ours, peer) = (figures(pairing.ours)?, figures(pairing.peer)?);
    Some(Ratio {
        ours: pairing.ours,
        peer: pairing.peer,
        median: stats::median(&ours)? / stats::median(&peer)?,
        min: stats::minimum(&ours)? / stats::minimum(&peer)?,
    })
}

/// Nanoseconds for one unit of work, of each sample.
pub fn per_unit(samples: &Samples, clock: Clock) -> Vec<f64> {
    let pick = |took: &crate::clock::Took| match clock {
        Clock::Wall => took.wall,
        Clock::Cpu => took.cpu,
    };
    samples.took.iter().map(|took| pick(took) / f64::from(samples.amount)).collect()
}

/// One mean per pairing and group that has ratios.
pub fn means(rows: &[(Group, Vec<Ratio>)]) -> Vec<Mean> {
    let mut means = Vec::new();
    for pairing in PAIRINGS {
        for group in Group::ALL {
            means.extend(mean(pairing, group, rows));
        }
    }
    means
}

fn mean(pairing: &Pairing, group: Group, rows: &[(Group, Vec<Ratio>)]) -> Option<Mean> {
    let fitting: Vec<&Ratio> = rows
        .iter()
        .filter(|(of, _)| *of == group)
        .flat_map(|(_, ratios)| ratios)
        .filter(|ratio| ratio.ours == pairing.ours && ratio.peer == pairing.peer)
        .collect();
    let of = |pick: fn(&Ratio) -> f64| {
        stats::geometric_mean(&fitting.iter().map(|ratio| pick(ratio)).collect::<Vec<_>>())
    };
    Some(Mean {
        ours: pairing.ours,
        peer: pairing.peer,
        group,
        workloads: fitting.len(),
        median: of(|ratio| ratio.median)?,
        min: of(|ratio| ratio.min)?,
        goal: pairing.goal(group),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::clock::Took;
    use crate::engine::{Info, Kind};

    pub(crate) fn samples(name: &'static str, amount: u32, walls: &[f64]) -> Samples {
        let info = Info { name, kind: Kind::Compiled, about: "made up" };
        let took = walls.iter().map(|&wall| Took { wall, cpu: wall * 2.0 }).collect();
        Samples { info, amount, checksum: 1, took }
    }

    #[test]
    fn a_ratio_is_ours_over_the_peers_per_unit() {
        let lanes = [samples("jit", 10, &[30.0, 20.0, 40.0]), samples("wasmtime", 20, &[20.0, 40.0, 40.0])];
        let [ratio] = ratios(&lanes, Clock::Wall)[..] else { panic!("one pairing is complete") };
        assert_eq!((ratio.ours, ratio.peer), ("jit", "wasmtime"));
        assert_eq!((ratio.median, ratio.min), (3.0 / 2.0, 2.0));
    }

    #[test]
    fn means_keep_pairings_and_groups_apart() {
        let one = |median| Ratio { ours: "jit", peer: "wasmtime", median, min: median };
        let rows = [
            (Group::Execution, vec![one(2.0)]),
            (
                Group::Execution,
                vec![one(0.5), Ratio { ours: "interp", peer: "wasmi", median: 3.0, min: 3.0 }],
            ),
            (Group::Compile, vec![one(1.25)]),
        ];
        let means = means(&rows);
        let figures: Vec<_> = means.iter().map(|mean| (mean.ours, mean.group, mean.workloads)).collect();
        assert_eq!(
            figures,
            [("jit", Group::Execution, 2), ("jit", Group::Compile, 1), ("interp", Group::Execution, 1)]
        );
        assert!((means[0].median - 1.0).abs() < 1e-12);
        assert_eq!((means[0].goal, means[2].goal), (Some(1.05), Some(1.0)));
    }
}
