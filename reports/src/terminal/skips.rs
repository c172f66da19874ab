//! What was not run, by reason and engine: never silent.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::escape;
use crate::grouping::reason_family;
use crate::outcome::Status;
use crate::row::Row;

use super::color::Paint;
use super::grouped;

pub(super) fn push(text: &mut String, rows: &[Row], paint: Paint) {
    let mut reasons: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for row in rows {
        if let Status::Skip(reason) = &row.status {
            *reasons.entry(reason_family(reason)).or_default().entry(&row.engine).or_default() += 1;
        }
    }
    if reasons.is_empty() {
        return;
    }
    let mut reasons: Vec<_> =
        reasons.into_iter().map(|(reason, engines)| (engines.values().sum(), reason, engines)).collect();
    reasons.sort_by_key(|&(total, reason, _): &(u64, _, _)| (std::cmp::Reverse(total), reason));
    // Writing to a string cannot fail; nor below.
    let _written = writeln!(text, "{}", paint.yellow("skipped"));
    for (total, reason, engines) in reasons {
        let engines =
            engines.iter().map(|(engine, count)| format!("{} {}", escape::text(engine), grouped(*count)));
        let engines = engines.collect::<Vec<_>>().join(", ");
        let _written = writeln!(text, "{:>9}  {} ({engines})", grouped(total), escape::brief(reason, 100));
    }
    text.push('\n');
}
