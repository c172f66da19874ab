//! What will run, in which pieces and in which order, before anything runs.
//!
//! Enters: files with their selection; leaves: a numbered list of directives per file, cut into chunks, the dearest first. The
//! numbers made here are what the accounts at the end are checked against. Reads forms, not their meaning.

mod cost;
mod split;

use std::ops::Range;
use std::sync::Arc;

use assay_reports::{Directive as Kind, TestId};

use crate::script;
use crate::suite::{Place, Selection, SuiteFile, Text};

/// A file with its numbered directives.
#[derive(Debug)]
pub struct PlannedFile {
    /// Its path within the suite.
    pub name: Arc<str>,
    /// Where a worker finds it.
    pub place: Place,
    /// Its directives.
    pub directives: Vec<Planned>,
    /// Why it cannot be run at all.
    pub trouble: Option<Trouble>,
}

/// One directive, as the parent knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Its line, from 1.
    pub line: u32,
    /// Its column, from 1.
    pub column: u32,
    /// Its kind.
    pub kind: Kind,
    /// Whether its result is wanted; others are played for their effects.
    pub wanted: bool,
}

/// Why a file cannot be run at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The line, from 1; 0 without one.
    pub line: u32,
    /// The column, from 1; 0 without one.
    pub column: u32,
    /// What is wrong.
    pub what: String,
}

/// Consecutive directives of a file that build on nothing before them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The number of the file in the plan.
    pub file: usize,
    /// The directives.
    pub directives: Range<usize>,
    /// Their bytes in the text.
    pub bytes: Range<usize>,
    /// What they are expected to cost, in microseconds for one engine.
    pub cost: u64,
}

/// Everything that will run.
#[derive(Debug, Default)]
pub struct Plan {
    /// The files, by path.
    pub files: Vec<PlannedFile>,
    /// The chunks, dearest first.
    pub chunks: Vec<Chunk>,
}

impl Plan {
    /// Plans the selected files.
    pub fn new<'a>(files: impl IntoIterator<Item = (&'a SuiteFile, Selection)>) -> Self {
        let mut plan = Self::default();
        for (file, selection) in files {
            plan.add(file, &selection);
        }
        plan.chunks.sort_by_key(|chunk| std::cmp::Reverse(chunk.cost));
        plan
    }

    /// The number of results that are wanted of each engine.
    pub fn wanted(&self) -> usize {
        let directives =
            self.files.iter().flat_map(|file| &file.directives).filter(|directive| directive.wanted);
        directives.count() + self.files.iter().filter(|file| file.trouble.is_some()).count()
    }

    /// Every test that is wanted.
    pub fn tests(&self) -> Vec<TestId<'_>> {
        let mut tests = Vec::new();
        for file in &self.files {
            let name = &*file.name;
            if let Some(&Trouble { line, column, .. }) = file.trouble.as_ref() {
                tests.push(TestId { file: name, index: 0, line, column, directive: Kind::File });
            }
            for (index, planned) in file.directives.iter().enumerate().filter(|(_, planned)| planned.wanted) {
                let &Planned { line, column, kind: directive, .. } = planned;
                tests.push(TestId { file: name, index: index as u32, line, column, directive });
            }
        }
        tests
    }

    /// Wants nothing of other files than these.
    pub(crate) fn keep_files(&mut self, keep: impl Fn(&str) -> bool) {
        for file in self.files.iter_mut().filter(|file| !keep(&file.name)) {
            file.trouble = None;
            file.directives.iter_mut().for_each(|directive| directive.wanted = false);
        }
    }

    /// Wants one of `of` shares of the chunks: each chunk in turn, the dearest first, goes to the share that has the least to
    /// do. Files that cannot run are dealt out one by one.
    pub(crate) fn keep_share(&mut self, share: usize, of: usize) {
        let mut loads = vec![0_u64; of];
        for chunk in &self.chunks {
            let (least, load) =
                loads.iter_mut().enumerate().min_by_key(|(_, load)| **load).expect("there is a share");
            // Whatever it costs, a chunk is work.
            *load += chunk.cost.max(1);
            if least != share {
                let directives = &mut self.files[chunk.file].directives[chunk.directives.clone()];
                directives.iter_mut().for_each(|directive| directive.wanted = false);
            }
        }
        let troubles = self.files.iter_mut().filter(|file| file.trouble.is_some()).enumerate();
        troubles.filter(|(number, _)| number % of != share).for_each(|(_, file)| file.trouble = None);
    }

    fn add(&mut self, file: &SuiteFile, selection: &Selection) {
        if *selection == Selection::None {
            return;
        }
        let mut planned = PlannedFile {
            name: file.name.as_str().into(),
            place: file.place.clone(),
            directives: Vec::new(),
            trouble: None,
        };
        match &file.text {
            Text::Utf8(text) => match script::split(text) {
                Ok(forms) => self.add_forms(&mut planned, text, &forms, selection),
                Err(error) => {
                    let what = format!("the script cannot be read: {}", error.what);
                    planned.trouble = Some(Trouble { line: error.line, column: error.column, what });
                }
            },
            Text::Foreign { offset } => {
                let what = format!("the script is not UTF-8: byte {offset}");
                planned.trouble = Some(Trouble { line: 0, column: 0, what });
            }
        }
        self.files.push(planned);
    }

    fn add_forms(
        &mut self,
        planned: &mut PlannedFile,
        text: &str,
        forms: &[script::Form<'_>],
        selection: &Selection,
    ) {
        let Some(first) = forms.first() else { return };
        let file = self.files.len();
        if !first.is_directive() {
            // Fields without a module around them: the whole text is one.
            planned.directives.push(Planned {
                line: first.line,
                column: first.column,
                kind: Kind::Module,
                wanted: true,
            });
            let cost = cost::of(&planned.name, text.len());
            self.chunks.push(Chunk { file, directives: 0..1, bytes: 0..text.len(), cost });
            return;
        }
        planned.directives.extend(forms.iter().map(|form| {
            let kind = kind_of(form);
            Planned { line: form.line, column: form.column, kind, wanted: *selection == Selection::All }
        }));
        if let Selection::Lines(lines) = selection {
            want(&mut planned.directives, lines);
        }
        let cost = cost::of(&planned.name, text.len());
        self.chunks.extend(split::chunks(file, text, forms, cost));
    }
}

/// Marks the directives that stand on the lines: for each line the last one that begins on or before it.
fn want(directives: &mut [Planned], lines: &[u32]) {
    for &line in lines {
        let before = directives.partition_point(|directive| directive.line < line);
        if directives.get(before).is_some_and(|directive| directive.line == line) {
            directives
                .iter_mut()
                .skip(before)
                .take_while(|directive| directive.line == line)
                .for_each(|d| d.wanted = true);
        } else if let Some(directive) = before.checked_sub(1).and_then(|at| directives.get_mut(at)) {
            directive.wanted = true;
        }
    }
}

fn kind_of(form: &script::Form<'_>) -> Kind {
    match (form.head, form.second) {
        ("module", "definition") => Kind::ModuleDefinition,
        ("module", "instance") => Kind::ModuleInstance,
        (head, _) => Kind::ALL.iter().copied().find(|kind| kind.name() == head).unwrap_or(Kind::File),
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{Kind, Plan};
    use crate::suite::{Place, Selection, SuiteFile, Text};

    fn file(name: &str, text: &str) -> SuiteFile {
        SuiteFile {
            name: name.to_owned(),
            place: Place::Embedded,
            text: Text::Utf8(Cow::Owned(text.to_owned())),
        }
    }

    #[test]
    fn directives_have_places_and_kinds() {
        let plan = Plan::new([(
            &file("a", "(module)\n (module instance $I $M) (assert_trap (invoke \"f\") \"\")"),
            Selection::All,
        )]);
        let directives: Vec<_> =
            plan.files[0].directives.iter().map(|d| (d.line, d.column, d.kind)).collect();
        assert_eq!(
            directives,
            [(1, 1, Kind::Module), (2, 2, Kind::ModuleInstance), (2, 26, Kind::AssertTrap)]
        );
        assert_eq!(plan.wanted(), 3);
    }

    #[test]
    fn a_module_without_its_parentheses_is_one_directive() {
        let plan = Plan::new([(&file("a", ";; x\n(func)\n(memory 0)"), Selection::All)]);
        assert_eq!(plan.wanted(), 1);
        assert_eq!(plan.chunks[0].bytes, 0..22);
    }

    #[test]
    fn a_line_selects_the_directive_that_covers_it() {
        let text = "(module\n  (func))\n(invoke \"a\") (invoke \"b\")\n";
        for (line, wanted) in
            [(1, vec![true, false, false]), (2, vec![true, false, false]), (3, vec![false, true, true])]
        {
            let plan = Plan::new([(&file("a", text), Selection::Lines(vec![line]))]);
            assert_eq!(
                plan.files[0].directives.iter().map(|d| d.wanted).collect::<Vec<_>>(),
                wanted,
                "line {line}"
            );
        }
    }

    #[test]
    fn what_cannot_be_read_is_counted_once() {
        let plan =
            Plan::new([(&file("a", "(module"), Selection::All), (&file("b", "(module)"), Selection::None)]);
        assert_eq!(plan.wanted(), 1);
        let trouble = plan.files[0].trouble.as_ref().unwrap();
        assert_eq!((trouble.line, trouble.column), (1, 1));
        assert!(plan.chunks.is_empty());
    }

    #[test]
    fn the_dearest_comes_first() {
        let plan = Plan::new([
            (&file("a", "(module)"), Selection::All),
            (&file("b", &"(module)".repeat(100)), Selection::All),
        ]);
        assert_eq!(plan.chunks[0].file, 1);
    }
}
