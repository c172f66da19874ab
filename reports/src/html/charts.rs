//! Figures to places: what the template draws as vector graphics.
//!
//! Enters: ratios and series; leaves: coordinates in user units, and the words beside them. Draws nothing; knows no colours but
//! the classes that name what a mark means.

use std::f64::consts::{FRAC_1_SQRT_2, SQRT_2};

use serde::Serialize;

/// Bars on both sides of a line: below it is better.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RatioChart {
    pub(super) title: String,
    pub(super) height: usize,
    pub(super) ticks: Vec<Tick>,
    pub(super) bars: Vec<Bar>,
}

/// A mark on an axis.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: String,
}

/// One bar.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Bar {
    pub(super) y: usize,
    pub(super) label: String,
    pub(super) heading: bool,
    pub(super) x: f64,
    pub(super) width: f64,
    pub(super) class: &'static str,
    pub(super) value: String,
}

/// What a bar is to show.
pub(super) struct Ratio {
    pub(super) label: String,
    pub(super) heading: bool,
    pub(super) ratio: f64,
    pub(super) goal: Option<f64>,
}

/// Where bars begin and end.
const LEFT: f64 = 240.0;
const RIGHT: f64 = 700.0;
/// The height of a bar with the space around it.
const STEP: usize = 22;

/// A chart of ratios, on a logarithmic axis whose middle is one.
pub(super) fn ratios(title: String, ratios: &[Ratio]) -> RatioChart {
    let usable = |ratio: f64| ratio.is_finite() && ratio > 0.0;
    let far =
        ratios.iter().map(|one| one.ratio).filter(|&ratio| usable(ratio)).map(|ratio| ratio.log2().abs());
    let reach = far.fold(0.5_f64, f64::max).min(6.0) * 1.08;
    let at = |ratio: f64| {
        let share = (ratio.log2() / reach).clamp(-1.0, 1.0);
        round(LEFT + (RIGHT - LEFT) * (share + 1.0) / 2.0)
    };
    let bar = |(place, one): (usize, &Ratio)| {
        let end = if usable(one.ratio) { at(one.ratio) } else { at(1.0) };
        let (from, to) = (end.min(at(1.0)), end.max(at(1.0)));
        let class = match one.goal {
            Some(goal) if one.ratio > goal => "worse",
            Some(_) => "better",
            None if one.ratio > 1.0 => "slower",
            None => "faster",
        };
        let value = if usable(one.ratio) { format!("{:.3}", one.ratio) } else { "none".to_owned() };
        let (label, heading) = (one.label.clone(), one.heading);
        Bar {
            y: 26 + place * STEP,
            label,
            heading,
            x: from,
            width: round((to - from).max(1.0)),
            class,
            value,
        }
    };
    let marks = [0.0625, 0.125, 0.25, 0.5, FRAC_1_SQRT_2, 1.0, SQRT_2, 2.0, 4.0, 8.0, 16.0];
    let fits = |mark: &f64| mark.log2().abs() <= reach && (reach < 1.2 || mark.log2().fract() == 0.0);
    let tick = |mark: f64| Tick { at: at(mark), label: format!("{}", round(mark)) };
    RatioChart {
        title,
        height: 34 + ratios.len() * STEP,
        ticks: marks.into_iter().filter(fits).map(tick).collect(),
        bars: ratios.iter().enumerate().map(bar).collect(),
    }
}

/// Lines over time.
#[derive(Clone, Debug, Serialize)]
pub(super) struct TrendChart {
    pub(super) title: String,
    pub(super) unit: &'static str,
    pub(super) ticks: Vec<Tick>,
    pub(super) dates: Vec<Tick>,
    pub(super) lines: Vec<Line>,
}

/// A line of a trend.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) class: usize,
    /// As the attribute `points` wants it; gaps begin another one.
    pub(super) pieces: Vec<String>,
    pub(super) dots: Vec<Dot>,
    pub(super) last: String,
    /// Where its name stands.
    pub(super) label_y: f64,
}

/// A value.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Dot {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) what: String,
}

/// A named series; there is None where a moment has no value.
pub(super) type Series = (String, Vec<Option<f64>>);

const TOP: f64 = 16.0;
const BOTTOM: f64 = 170.0;
const FIRST: f64 = 60.0;
const LAST: f64 = 640.0;

/// A chart of series over the moments of a history.
pub(super) fn trend(title: &str, unit: &'static str, moments: &[String], series: Vec<Series>) -> TrendChart {
    let values = || series.iter().flat_map(|(_, values)| values.iter().flatten().copied());
    let (low, high) =
        values().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
    let (low, high) = if low > high { (0.0, 1.0) } else { (low, high) };
    let room = ((high - low) * 0.1).max(high.abs() * 0.01).max(1e-9);
    let (low, high) = (if low >= 0.0 { (low - room).max(0.0) } else { low - room }, high + room);
    let x = |at: usize| {
        let share = if moments.len() < 2 { 0.5 } else { at as f64 / (moments.len() - 1) as f64 };
        round(FIRST + (LAST - FIRST) * share)
    };
    let y = |value: f64| round(BOTTOM - (BOTTOM - TOP) * (value - low) / (high - low));
    let line = |(class, (name, values)): (usize, Series)| {
        let mut pieces = vec![String::new()];
        let mut dots = Vec::new();
        for (at, value) in values.iter().enumerate() {
            let Some(value) = *value else {
                pieces.push(String::new());
                continue;
            };
            let piece = pieces.last_mut().expect("there is always a last piece");
            piece.push_str(&format!("{},{} ", x(at), y(value)));
            dots.push(Dot {
                x: x(at),
                y: y(value),
                what: format!("{name}: {}{unit}, {}", number(value), moments[at]),
            });
        }
        pieces.retain(|piece| piece.split(' ').count() > 2);
        let last = values.iter().flatten().next_back();
        Line {
            class: class % 6,
            pieces,
            last: last.map_or(String::new(), |&value| format!("{}{unit}", number(value))),
            label_y: last.map_or(BOTTOM, |&value| y(value)),
            dots,
            name,
        }
    };
    let ticks = (0..=3).map(|step| low + (high - low) * f64::from(step) / 3.0);
    let ticks = ticks.map(|value| Tick { at: y(value), label: format!("{}{unit}", number(value)) });
    let ends = [0, moments.len().saturating_sub(1)];
    let dates = ends.iter().filter_map(|&at| Some(Tick { at: x(at), label: moments.get(at)?.clone() }));
    let mut chart = TrendChart {
        title: title.to_owned(),
        unit,
        ticks: ticks.collect(),
        dates: dates.collect(),
        lines: series.into_iter().enumerate().map(line).collect(),
    };
    chart.dates.dedup_by(|a, b| a.label == b.label);
    part_labels(&mut chart.lines);
    chart
}

/// Moves the names of lines apart that end near each other.
fn part_labels(lines: &mut [Line]) {
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by(|&a, &b| lines[a].label_y.total_cmp(&lines[b].label_y));
    let mut free = TOP;
    for at in order {
        lines[at].label_y = lines[at].label_y.max(free);
        free = lines[at].label_y + 14.0;
    }
}

fn number(value: f64) -> String {
    if value.abs() >= 1000.0 || value.fract() == 0.0 {
        format!("{value:.0}")
    } else if value.abs() >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.3}")
    }
}

fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::{Ratio, ratios, trend};

    #[test]
    fn bars_stand_on_their_side_of_one() {
        let one = |ratio, goal| Ratio { label: "x".into(), heading: false, ratio, goal };
        let chart =
            ratios("t".into(), &[one(0.5, None), one(2.0, None), one(1.04, Some(1.05)), one(f64::NAN, None)]);
        let middle = 470.0;
        assert!(chart.bars[0].x < middle && chart.bars[0].x + chart.bars[0].width <= middle + 0.1);
        assert!((chart.bars[1].x - middle).abs() < 0.1);
        assert_eq!((chart.bars[2].class, chart.bars[3].value.as_str()), ("better", "none"));
        assert!(chart.bars.iter().all(|bar| bar.width.is_finite()));
    }

    #[test]
    fn a_gap_parts_a_line() {
        let moments: Vec<String> = (0..5).map(|day| format!("day {day}")).collect();
        let chart = trend(
            "t",
            " %",
            &moments,
            vec![("a".into(), vec![Some(1.0), Some(2.0), None, Some(3.0), Some(3.0)])],
        );
        assert_eq!((chart.lines[0].pieces.len(), chart.lines[0].dots.len()), (2, 4));
        assert_eq!(chart.lines[0].last, "3 %");
        let one = trend("t", "", &moments[..1], vec![("a".into(), vec![Some(1.0)])]);
        assert!(one.lines[0].pieces.is_empty() && one.lines[0].dots.len() == 1);
        assert!(trend("t", "", &[], Vec::new()).dates.is_empty());
    }
}
