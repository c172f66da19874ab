//! A folder of cases that together cover what all cases of campaigns have covered: operator × type × outcome.
//!
//! Enters: what a campaign covered; leaves: new files in the folder, one for each case that adds a point, made as small as its
//! points allow. Cases of the folder come back into campaigns, changed ([`crate::generate`]). A file that is no case is told and
//! left alone. Only the interpreter plays here.

use super::Options;
use super::tally::Tally;
use crate::case::{Case, CaseError};
use crate::coverage::{Point, covered};
use crate::generate::Generator;
use crate::judge::has_failed;
use crate::play::play;
use crate::shrink::{Limits, reduce};
use assay_runtime::Engine;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How much work it may be to make one case small.
const LIMITS: Limits = Limits { trials: 80, time: Duration::from_secs(2) };

/// The cases of a folder.
#[derive(Debug, Default)]
pub struct Corpus {
    /// The cases, in the order of their names.
    pub cases: Vec<Case>,
    /// Files that are none, and why.
    pub unreadable: Vec<String>,
    digest: String,
}

impl Corpus {
    /// The cases of a folder; none where there is no such folder.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn load(folder: &Path) -> Result<Self, CaseError> {
        let mut corpus = Self::default();
        if !folder.exists() {
            return Ok(corpus);
        }
        let io = |error| CaseError::Io { what: "list", path: folder.to_owned(), error };
        let entries = std::fs::read_dir(folder).map_err(io)?;
        let mut paths = entries.map(|entry| Ok(entry.map_err(io)?.path())).collect::<Result<Vec<_>, _>>()?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        paths.sort();
        let mut hash = Sha256::new();
        for path in paths {
            match Case::load(&path) {
                Ok(case) => {
                    hash.update(case.to_text()?);
                    corpus.cases.push(case);
                }
                Err(error) => corpus.unreadable.push(format!("{}: {error}", path.display())),
            }
        }
        corpus.digest = hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(corpus)
    }

    /// What tells these cases from others.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

/// What came of the new points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The new files.
    pub files: Vec<PathBuf>,
    /// The points that they add.
    pub points: usize,
}

/// Saves what adds to a corpus. To be called where wasm code has room ([`crate::lanes::on_lane_thread`]).
///
/// # Errors
/// When a case cannot be made again, or a file cannot be written.
pub fn keep(options: &Options, tally: &Tally, corpus: &Corpus, folder: &Path) -> Result<Kept, CaseError> {
    let unusable = |error: assay_runtime::Error| CaseError::Malformed(error.to_string());
    let mut generator = Generator::new(options.profile, options.seed).map_err(unusable)?;
    generator.use_saved(corpus.cases.clone());
    let mut known: BTreeSet<Point> = BTreeSet::new();
    for case in &corpus.cases {
        known.extend(points(case, generator.reader()));
    }
    let outcomes =
        tally.coverage.values().flat_map(|types| types.values()).flat_map(|outcomes| outcomes.values());
    let candidates: BTreeSet<u64> = outcomes.map(|covered| covered.first).collect();
    std::fs::create_dir_all(folder).map_err(|error| CaseError::Io {
        what: "make the folder",
        path: folder.to_owned(),
        error,
    })?;
    let mut kept = Kept::default();
    for index in candidates {
        let case = generator.case(index).canonical();
        let new: BTreeSet<Point> = points(&case, generator.reader()).difference(&known).copied().collect();
        if new.is_empty() {
            continue;
        }
        let small = reduce(&case, LIMITS, |smaller| points(smaller, generator.reader()).is_superset(&new));
        let mut small = small.case;
        small.origin = format!("{}; kept for {}", case.origin, named(&new));
        known.extend(points(&small, generator.reader()));
        let path = folder.join(format!("{}-{}-{index}.toml", options.profile.name(), options.seed));
        small.save(&path)?;
        kept.points += new.len();
        kept.files.push(path);
    }
    Ok(kept)
}

/// What a case covers: nothing where a step of it asks for what is not there, as one does whose export was taken away.
fn points(case: &Case, engine: &Engine) -> BTreeSet<Point> {
    let scout = play(case, engine, Some(case.settings.fuel));
    if has_failed(&scout) {
        return BTreeSet::new();
    }
    covered(case, &scout, engine).unwrap_or_default()
}

fn named(points: &BTreeSet<Point>) -> String {
    let names = points.iter().take(5).map(|(operator, ty, outcome)| {
        let of = if ty.is_empty() { String::new() } else { format!(" {ty}") };
        format!("{operator}{of}: {outcome}")
    });
    let more = if points.len() > 5 { format!(" and {} more", points.len() - 5) } else { String::new() };
    names.collect::<Vec<_>>().join(", ") + &more
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::run_in_threads;
    use crate::generate::Profile;
    use crate::lanes::on_lane_thread;

    #[test]
    fn kept_cases_cover_what_the_campaign_covered_and_are_few() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            profile: Profile::Small,
            seed: 2,
            first: 0,
            cases: 160,
            jobs: 1,
            time: None,
            engines: Vec::new(),
            corpus: None,
        };
        let tally = run_in_threads(&options).unwrap();
        let save = |corpus: &Corpus| keep(&options, &tally, corpus, folder.path()).unwrap();
        let kept = on_lane_thread(|| save(&Corpus::default())).unwrap();
        let all = crate::campaign::summary::points(&tally.coverage) as usize;
        assert_eq!(kept.points, all, "every point is kept");
        assert!(kept.files.len() <= tally.looked_at as usize);
        std::fs::write(folder.path().join("damaged.toml"), "version = 1\n[[module").unwrap();
        let corpus = Corpus::load(folder.path()).unwrap();
        assert_eq!((corpus.cases.len(), corpus.unreadable.len()), (kept.files.len(), 1));
        let generator = Generator::new(options.profile, options.seed).unwrap();
        let loaded = || corpus.cases.iter().flat_map(|case| points(case, generator.reader())).collect();
        let known: BTreeSet<Point> = on_lane_thread(loaded).unwrap();
        for (operator, types) in &tally.coverage {
            for (ty, outcomes) in types {
                let missing = outcomes
                    .keys()
                    .find(|outcome| !known.contains(&(operator.as_str(), ty.as_str(), outcome.as_str())));
                assert_eq!(missing, None, "{operator} {ty} is covered by what was loaded");
            }
        }
        let with =
            Options { corpus: Some(folder.path().to_owned()), profile: Profile::Calls, ..options.clone() };
        let tally = run_in_threads(&with).unwrap();
        assert!(tally.generators["saved"].cases > 10, "{:?}", tally.generators);
        assert_eq!(tally.findings, []);
    }
}
