//! What a step of GitHub Actions shows: annotations at files, and a summary, within the limits of the service.
//!
//! Enters: inputs; leaves: lines for standard output, and Markdown. The service shows ten errors and ten warnings of a step, and
//! takes a summary of one mebibyte; more would be dropped without a word, so the last annotation says what was left out.

use crate::escape;
use crate::grouping::cause;
use crate::inputs::Inputs;
use crate::row::Row;

/// Annotations of one kind that a step may have.
const ANNOTATIONS: usize = 10;
/// The size of a step's summary.
pub const SUMMARY_LIMIT: usize = 1 << 20;

/// The lines that make annotations: one for each cause, the first result of it.
pub fn annotations(inputs: &Inputs) -> String {
    let mut causes: Vec<(String, &Row, usize)> = Vec::new();
    for row in inputs.runs.iter().flat_map(|run| &run.content.rows).filter(|row| row.status.is_unexpected()) {
        let cause = cause(row);
        match causes.iter_mut().find(|(other, ..)| *other == cause) {
            Some((.., count)) => *count += 1,
            None => causes.push((cause, row, 1)),
        }
    }
    causes.sort_by_key(|&(.., count)| std::cmp::Reverse(count));
    let findings = inputs.campaigns.iter().flat_map(|campaign| &campaign.content.findings);
    let differences = findings.map(|finding| {
        let title = if finding.unsafe_end { "safety" } else { "difference" };
        command(title, None, &format!("{}: {}", finding.signature, finding.detail))
    });
    let mut lines: Vec<String> = differences.collect();
    lines.extend(causes.iter().map(|(cause, row, count)| {
        let more = if *count > 1 { format!(" (and {} more)", count - 1) } else { String::new() };
        let title = format!("{} on {}", row.status.name(), row.engine);
        command(&title, Some((&row.file, row.line, row.column)), &format!("{cause}{more}"))
    }));
    let hidden = lines.len().saturating_sub(ANNOTATIONS);
    if hidden > 0 {
        lines.truncate(ANNOTATIONS - 1);
        lines.push(command(
            "more",
            None,
            &format!("{} causes more; see the summary and report.html", hidden + 1),
        ));
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

/// One workflow command. Whatever could end it or begin another one is escaped.
fn command(title: &str, place: Option<(&str, u32, u32)>, message: &str) -> String {
    let place = place.map_or_else(String::new, |(file, line, column)| {
        format!("file={},line={},col={},", property(file), line.max(1), column.max(1))
    });
    format!("::error {place}title={}::{}", property(title), data(&escape::brief(message, 1000)))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(&escape::text(text)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{annotations, command};
    use crate::inputs::{Input, Inputs};
    use crate::results::Run;
    use crate::{Directive, Header, Row, Status, SuiteInfo, SuiteKind};

    #[test]
    fn a_text_cannot_become_a_command() {
        let line = command("a,b:c", Some(("x,line=9::y\n", 0, 0)), "one\n::set-env name=x::y\r%0A");
        assert_eq!(
            line,
            "::error file=x%2Cline=9%3A%3Ay\\n,line=1,col=1,title=a%2Cb%3Ac::one\\n::set-env name=x::y\\r%250A"
        );
    }

    #[test]
    fn there_are_ten_at_most_and_the_last_says_so() {
        let suite = SuiteInfo { kind: SuiteKind::Spec, origin: "x".into(), digest: "d".into(), files: 1 };
        let header = Header::new("0", Vec::new(), suite, "all");
        let row = |number: u32| {
            let mut row = Row::new("a.wast", number, 1, number, Directive::AssertTrap, "jit", "default");
            row.status = Status::Fail;
            row.actual = Some("x".repeat((number % 14) as usize));
            row
        };
        let run = Run { header, rows: (0..28).map(row).collect(), wall_ms: 0 };
        let inputs = Inputs { runs: vec![Input { path: "x".into(), content: run }], ..Inputs::default() };
        let text = annotations(&inputs);
        assert_eq!(text.lines().count(), 10);
        assert!(text.lines().all(|line| line.starts_with("::error ")), "{text}");
        assert!(
            text.lines().next_back().unwrap().ends_with("::5 causes more; see the summary and report.html"),
            "{text}"
        );
        assert!(text.contains(" (and 1 more)"), "{text}");
    }
}
