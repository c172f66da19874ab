//! A scoreboard for a README or the summary of a CI step, in Markdown.
//!
//! Enters: inputs; leaves: text of a bounded size. Foreign texts stand in it as text: whatever Markdown or HTML would make
//! something of is escaped.

use std::fmt::Write;

use crate::escape;
use crate::grouping::proposal;
use crate::html::{Cluster, Matrix, Sources, clusters, engine_views};
use crate::inputs::Inputs;
use crate::summary::Counts;
use crate::terminal::grouped;

/// The name of the file in its folder.
pub const SCOREBOARD_FILE: &str = "scoreboard.md";
/// Clusters in a summary.
const CLUSTERS: usize = 20;

/// Engines and proposals as tables, without any failure in particular.
pub fn scoreboard(inputs: &Inputs) -> String {
    let matrix = Matrix::new(&inputs.runs);
    let mut text = String::new();
    for number in 0..matrix.suites.len() {
        push_suite(&mut text, &matrix, number);
    }
    push_documents(&mut text, inputs);
    text
}

/// The scoreboard, and what did not pass by cause: for the summary of a CI step.
pub fn step_summary(inputs: &Inputs, sources: &Sources<'_>, limit: usize) -> String {
    let matrix = Matrix::new(&inputs.runs);
    let clusters = clusters(&matrix, sources);
    let mut text = String::new();
    let unexpected: usize = clusters.iter().map(|cluster| cluster.count).sum();
    line(
        &mut text,
        format_args!(
            "## Assay: {}\n",
            match unexpected {
                0 => "everything as expected".to_owned(),
                1 => "1 unexpected result".to_owned(),
                some => format!("{} unexpected results", grouped(some as u64)),
            }
        ),
    );
    text += &scoreboard(inputs);
    push_clusters(&mut text, &clusters);
    cut(text, limit)
}

fn push_suite(text: &mut String, matrix: &Matrix<'_>, number: usize) {
    let engines = engine_views(matrix);
    let engines: Vec<_> =
        engines.iter().filter(|engine| matrix.columns[engine.column].suite == number).collect();
    line(text, format_args!("### {}\n", escaped(&matrix.suites[number].header.suite.origin)));
    line(
        text,
        format_args!(
            "| engine | directives | right outcome | and stage | and message | unexpected | skipped |"
        ),
    );
    line(text, format_args!("|---|--:|--:|--:|--:|--:|--:|"));
    for engine in &engines {
        let levels: Vec<&str> = engine.levels.iter().map(|level| level.share.as_str()).collect();
        line(
            text,
            format_args!(
                "| {} | {} | {} | {} | {} |",
                escaped(&engine.label),
                engine.directives,
                levels.join(" | "),
                grouped(engine.unexpected),
                grouped(engine.skip)
            ),
        );
    }
    line(text, format_args!(""));
    push_proposals(text, matrix, number);
}

fn push_proposals(text: &mut String, matrix: &Matrix<'_>, number: usize) {
    let columns: Vec<usize> =
        (0..matrix.columns.len()).filter(|&at| matrix.columns[at].suite == number).collect();
    let mut proposals: Vec<(&str, Vec<Counts>)> = Vec::new();
    for (file, tests) in
        matrix.files.iter().zip(matrix.tests_of_files()).filter(|(file, _)| file.suite == number)
    {
        let name = proposal(file.name);
        let at = proposals.iter().position(|&(other, _)| other == name).unwrap_or_else(|| {
            proposals.push((name, vec![Counts::default(); columns.len()]));
            proposals.len() - 1
        });
        for (counts, &column) in proposals[at].1.iter_mut().zip(&columns) {
            matrix.cells[column][tests.clone()].iter().flatten().for_each(|row| counts.add(&row.status));
        }
    }
    if proposals.len() < 2 {
        return;
    }
    proposals.sort_unstable_by_key(|&(name, _)| name);
    let labels: Vec<String> = columns.iter().map(|&column| escaped(&matrix.columns[column].label)).collect();
    line(text, format_args!("| proposal | {} |", labels.join(" | ")));
    line(text, format_args!("|---|{}", "--:|".repeat(labels.len())));
    for (name, counts) in proposals {
        let cells: Vec<String> = counts.iter().map(cell).collect();
        line(text, format_args!("| {} | {} |", escaped(name), cells.join(" | ")));
    }
    line(text, format_args!(""));
}

fn cell(counts: &Counts) -> String {
    match (counts.total(), counts.unexpected()) {
        (0, _) => String::new(),
        (all, 0) if counts.pass == all => "✓".to_owned(),
        (all, 0) if counts.skip == all => "skipped".to_owned(),
        (all, 0) => format!("{} of {}", grouped(counts.pass), grouped(all)),
        (all, bad) => format!("**{} of {} wrong**", grouped(bad), grouped(all)),
    }
}

fn push_documents(text: &mut String, inputs: &Inputs) {
    for campaign in inputs.campaigns.iter().map(|input| &input.content) {
        line(
            text,
            format_args!(
                "* Differential campaign, profile {}, seed {}: {} cases, {} findings",
                escaped(&campaign.profile),
                campaign.seed,
                grouped(campaign.cases),
                campaign.findings.len()
            ),
        );
        for finding in campaign.findings.iter().take(CLUSTERS) {
            line(text, format_args!("  * {} × {}", finding.count, escaped(&finding.signature)));
        }
    }
    for faults in inputs.faults.iter().map(|input| &input.content) {
        let found = faults.faults.iter().filter(|fault| fault.found).count();
        line(
            text,
            format_args!(
                "* Planted faults: {found} of {} found within {:.0} s each",
                faults.faults.len(),
                faults.budget_seconds
            ),
        );
    }
    for bench in inputs.benches.iter().map(|input| &input.content) {
        for mean in bench.means.iter().filter(|mean| mean.goal.is_some_and(|goal| mean.median > goal)) {
            line(
                text,
                format_args!(
                    "* Benchmarks: {} / {} on {} is {:.3}, above its goal of {:.2}",
                    escaped(&mean.ours),
                    escaped(&mean.peer),
                    escaped(&mean.group),
                    mean.median,
                    mean.goal.unwrap_or_default()
                ),
            );
        }
    }
    for duel in inputs.duels.iter().map(|input| &input.content) {
        let (before, after) = (escaped(&duel.before.name), escaped(&duel.after.name));
        line(text, format_args!("* Two builds in turns: {before} → {after}: {}", duel.verdict.name()));
    }
    if !text.ends_with("\n\n") {
        text.push('\n');
    }
}

fn push_clusters(text: &mut String, clusters: &[Cluster]) {
    if clusters.is_empty() {
        return;
    }
    line(text, format_args!("### By cause\n\n| results | cause | an example |\n|--:|---|---|"));
    for cluster in clusters.iter().take(CLUSTERS) {
        let example = cluster.examples.first();
        let place = example.map_or(String::new(), |example| {
            format!("{} ({})", escaped(&example.place), escaped(&example.engine))
        });
        line(
            text,
            format_args!("| {} | {} | {place} |", grouped(cluster.count as u64), escaped(&cluster.cause)),
        );
    }
    if clusters.len() > CLUSTERS {
        line(text, format_args!("\n… and {} causes more.", clusters.len() - CLUSTERS));
    }
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _written = writeln!(text, "{arguments}");
}

/// Cuts at the end of a line, and says so.
fn cut(text: String, limit: usize) -> String {
    const MARK: &str = "\n… cut here: the rest is in report.html\n";
    if text.len() <= limit {
        return text;
    }
    let room = limit.saturating_sub(MARK.len());
    let end = text.bytes().take(room).rposition(|byte| byte == b'\n').unwrap_or(0);
    format!("{}{MARK}", &text[..end])
}

/// A foreign text that means nothing to Markdown.
fn escaped(text: &str) -> String {
    let mut clean = String::new();
    for char in escape::brief(text, 200).chars() {
        match char {
            '<' => clean.push_str("&lt;"),
            '>' => clean.push_str("&gt;"),
            '&' => clean.push_str("&amp;"),
            '@' => clean.push_str("&#64;"),
            ':' => clean.push_str("&#58;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '!' | '|' | '~'
            | '$' => {
                clean.push('\\');
                clean.push(char);
            }
            char => clean.push(char),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::{cut, escaped};

    #[test]
    fn foreign_text_stays_text() {
        assert_eq!(
            escaped("a|b <img src=x> [x](http://e) `c` @all"),
            "a\\|b &lt;img src=x&gt; \\[x\\]\\(http&#58;//e\\) \\`c\\` &#64;all"
        );
        assert_eq!(escaped("\u{1b}\n"), "\\\\u\\{1b\\}\\\\n");
    }

    #[test]
    fn a_long_text_ends_with_a_line() {
        let text = "0123456789\n".repeat(100);
        let short = cut(text.clone(), 200);
        assert!(short.len() <= 200 && short.contains("0123456789\n… cut here"), "{short}");
        assert_eq!(cut(text.clone(), 5000), text);
        assert!(cut("ä".repeat(300), 100).len() <= 100);
    }
}
