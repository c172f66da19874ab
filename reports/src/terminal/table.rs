//! The counts, one column per engine, with the three levels of strictness side by side.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use crate::escape;
use crate::summary::{EngineSummary, Summary};

use super::grouped;

/// A line of the table: its title, and what it shows of an engine.
type Line = (&'static str, fn(&EngineSummary) -> String);

const LINES: [Line; 15] = [
    ("files", |engine| grouped(engine.files)),
    ("directives", |engine| grouped(engine.directives)),
    ("pass", |engine| grouped(engine.counts.pass)),
    ("fail", |engine| grouped(engine.counts.fail)),
    ("wrong reason", |engine| grouped(engine.counts.wrong_reason)),
    ("crash", |engine| grouped(engine.counts.crash)),
    ("timeout", |engine| grouped(engine.counts.timeout)),
    ("skip", |engine| grouped(engine.counts.skip)),
    ("xfail", |engine| grouped(engine.counts.xfail)),
    ("xpass", |engine| grouped(engine.counts.xpass)),
    ("right outcome", |engine| share(engine.outcome, engine)),
    ("and right stage", |engine| share(engine.stage, engine)),
    ("and right message", |engine| share(engine.message, engine)),
    ("assertions passed", |engine| {
        format!("{} of {}", grouped(engine.assertions_passed), grouped(engine.assertions))
    }),
    ("seconds busy", |engine| format!("{:.2}", engine.busy_seconds)),
];

pub(super) fn push(text: &mut String, summary: &Summary) {
    let mut table = Table::new();
    let style = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
    table.load_style(style).set_content_arrangement(ContentArrangement::Disabled);
    let names = summary.engines.keys().map(|name| escape::text(name).into_owned());
    table.set_header(std::iter::once(String::new()).chain(names));
    for (title, show) in LINES {
        table.add_row(std::iter::once(title.to_owned()).chain(summary.engines.values().map(show)));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    text.push_str(&table.trim_fmt());
    text.push('\n');
}

/// A count and its share of all directives. Rounded down: 100.0 % means all of them.
fn share(count: u64, engine: &EngineSummary) -> String {
    let permille = (count * 1000).checked_div(engine.directives).unwrap_or(0);
    format!("{} ({}.{} %)", grouped(count), permille / 10, permille % 10)
}
