//! One of several parts of a run: which tests it has, and where the environment says which part it is.
//!
//! Enters: `hash:2/5`, or `hash` and the variables of a CI system; leaves: a [`Partition`]. By hash, whole files go to a part that
//! follows from their path alone, so that adding a file moves no other. By slice, chunks are dealt out by their expected cost, so
//! that parts take about the same time. Knows no engine.

use std::fmt;

use crate::plan::Plan;

/// More parts than this help nobody.
const MOST: u32 = 100_000;

/// How tests are dealt out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// By a hash of their file's path.
    Hash,
    /// By their expected cost.
    Slice,
}

/// A part of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// How tests are dealt out.
    pub by: By,
    /// Which part, from 1.
    pub part: u32,
    /// Of how many.
    pub of: u32,
    /// Who said so; None: the command line.
    pub origin: Option<&'static str>,
}

impl By {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hash => "hash",
            Self::Slice => "slice",
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}/{}", self.by.name(), self.part, self.of)
    }
}

impl Partition {
    /// Reads `hash:K/N`, `slice:K/N`, or `hash` and `slice` with K and N from an environment.
    ///
    /// # Errors
    ///
    /// When it is none of these, K is not among 1 to N, or no environment or more than one says them.
    pub fn parse(word: &str, environment: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let (by, numbers) = word.split_once(':').map_or((word, None), |(by, numbers)| (by, Some(numbers)));
        let by = match by {
            "hash" => By::Hash,
            "slice" => By::Slice,
            _ => return Err("choose hash:K/N or slice:K/N".to_owned()),
        };
        let Some(numbers) = numbers else { return detect(by, environment) };
        let number =
            |text: &str| text.parse::<u32>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        let (part, of) = numbers
            .split_once('/')
            .and_then(|(part, of)| Some((number(part)?, number(of)?)))
            .ok_or_else(|| format!("`{numbers}` is not K/N, such as 2/5"))?;
        Self::checked(by, part, of, None)
    }

    fn checked(by: By, part: u32, of: u32, origin: Option<&'static str>) -> Result<Self, String> {
        if part == 0 || part > of || of > MOST {
            let source = origin.map_or_else(String::new, |origin| format!(", as {origin} says"));
            return Err(format!(
                "there is no part {part} of {of}{source}: parts are counted from 1, up to {MOST}"
            ));
        }
        Ok(Self { by, part, of, origin })
    }

    /// Takes what belongs to other parts off the list of what is wanted.
    pub(crate) fn apply(self, plan: &mut Plan) {
        match self.by {
            By::Hash => plan.keep_files(|name| self.has(name)),
            By::Slice => plan.keep_share(self.part as usize - 1, self.of as usize),
        }
    }

    /// Whether a file belongs to this part, by hash.
    fn has(self, name: &str) -> bool {
        let hash = blake3::hash(name.as_bytes());
        let first = hash.as_bytes().first_chunk::<8>().expect("a digest has 32 bytes");
        u64::from_le_bytes(*first) % u64::from(self.of) == u64::from(self.part) - 1
    }
}

/// A CI system: its name, the variable with the number of the part and of the first part, the variable with how many there are.
struct System {
    name: &'static str,
    part: &'static str,
    first: First,
    of: &'static str,
}

/// What the first part is called.
enum First {
    /// This.
    Is(u32),
    /// What this variable says.
    Said(&'static str),
}

const SYSTEMS: [System; 5] = [
    System { name: "GitLab", part: "CI_NODE_INDEX", first: First::Is(1), of: "CI_NODE_TOTAL" },
    System {
        name: "Buildkite",
        part: "BUILDKITE_PARALLEL_JOB",
        first: First::Is(0),
        of: "BUILDKITE_PARALLEL_JOB_COUNT",
    },
    System { name: "CircleCI", part: "CIRCLE_NODE_INDEX", first: First::Is(0), of: "CIRCLE_NODE_TOTAL" },
    System {
        name: "Slurm",
        part: "SLURM_ARRAY_TASK_ID",
        first: First::Said("SLURM_ARRAY_TASK_MIN"),
        of: "SLURM_ARRAY_TASK_COUNT",
    },
    // Kubernetes tells a pod its index, but not how many there are: the manifest has to.
    System { name: "Kubernetes", part: "JOB_COMPLETION_INDEX", first: First::Is(0), of: "ASSAY_PARTS" },
];

fn detect(by: By, environment: impl Fn(&str) -> Option<String>) -> Result<Partition, String> {
    let present: Vec<&System> = SYSTEMS.iter().filter(|system| environment(system.part).is_some()).collect();
    let system = match present.as_slice() {
        [system] => system,
        [] => {
            let names = SYSTEMS.map(|system| format!("{} ({}, {})", system.name, system.part, system.of));
            return Err(format!(
                "no part is named, and no environment names one: {}; give {}:K/N",
                names.join(", "),
                by.name()
            ));
        }
        several => {
            let names: Vec<_> = several.iter().map(|system| system.name).collect();
            return Err(format!(
                "the environments of {} are both here; give {}:K/N",
                names.join(" and "),
                by.name()
            ));
        }
    };
    let number = |name: &str| -> Result<u32, String> {
        let value = environment(name)
            .ok_or_else(|| format!("{} sets {}, but not {name}", system.name, system.part))?;
        value.trim().parse().map_err(|_| format!("{name} is `{value}`, which is no number"))
    };
    let first = match system.first {
        First::Is(first) => first,
        First::Said(name) => number(name)?,
    };
    let part = number(system.part)?.checked_sub(first).and_then(|part| part.checked_add(1)).unwrap_or(0);
    Partition::checked(by, part, number(system.of)?, Some(system.name))
}

#[cfg(test)]
mod tests {
    use super::{By, Partition};

    fn parse(word: &str, variables: &[(&str, &str)]) -> Result<Partition, String> {
        let value =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Partition::parse(word, value)
    }

    #[test]
    fn parts_are_read() {
        let part = parse("hash:2/5", &[("CI_NODE_INDEX", "1")]).unwrap();
        assert_eq!((part.by, part.part, part.of, part.origin), (By::Hash, 2, 5, None));
        assert_eq!(parse("slice:5/5", &[]).unwrap().to_string(), "slice:5/5");
        for word in [
            "",
            "hash:",
            "hash:0/5",
            "hash:6/5",
            "hash:1",
            "hash:-1/5",
            "hash:+1/5",
            "x:1/2",
            "hash:1/2/3",
            "hash:1/999999999",
        ] {
            assert!(parse(word, &[]).is_err(), "{word}");
        }
    }

    #[test]
    fn environments_are_known() {
        for (variables, part, of, origin) in [
            (&[("CI_NODE_INDEX", "2"), ("CI_NODE_TOTAL", "3")][..], 2, 3, "GitLab"),
            (&[("BUILDKITE_PARALLEL_JOB", "0"), ("BUILDKITE_PARALLEL_JOB_COUNT", "4")], 1, 4, "Buildkite"),
            (&[("CIRCLE_NODE_INDEX", "3"), ("CIRCLE_NODE_TOTAL", "4")], 4, 4, "CircleCI"),
            (
                &[
                    ("SLURM_ARRAY_TASK_ID", "12"),
                    ("SLURM_ARRAY_TASK_MIN", "10"),
                    ("SLURM_ARRAY_TASK_COUNT", "5"),
                ],
                3,
                5,
                "Slurm",
            ),
            (&[("JOB_COMPLETION_INDEX", "7"), ("ASSAY_PARTS", "8")], 8, 8, "Kubernetes"),
        ] {
            let partition = parse("hash", variables).unwrap();
            assert_eq!((partition.part, partition.of, partition.origin), (part, of, Some(origin)));
        }
    }

    #[test]
    fn environments_that_contradict_themselves_are_refused() {
        for (variables, why) in [
            (&[][..], "no part is named"),
            (&[("CI_NODE_INDEX", "2")], "GitLab sets CI_NODE_INDEX, but not CI_NODE_TOTAL"),
            (&[("CI_NODE_INDEX", "4"), ("CI_NODE_TOTAL", "3")], "there is no part 4 of 3, as GitLab says"),
            (&[("CI_NODE_INDEX", "x"), ("CI_NODE_TOTAL", "3")], "CI_NODE_INDEX is `x`, which is no number"),
            (
                &[("CI_NODE_INDEX", "1"), ("CIRCLE_NODE_INDEX", "1")],
                "the environments of GitLab and CircleCI",
            ),
            (
                &[
                    ("SLURM_ARRAY_TASK_ID", "1"),
                    ("SLURM_ARRAY_TASK_MIN", "2"),
                    ("SLURM_ARRAY_TASK_COUNT", "5"),
                ],
                "there is no part 0",
            ),
        ] {
            let error = parse("slice", variables).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn a_file_is_in_one_part_and_stays_there() {
        let part = |name: &str| {
            (1..=7)
                .filter(|&part| Partition { by: By::Hash, part, of: 7, origin: None }.has(name))
                .collect::<Vec<_>>()
        };
        let mut sizes = [0; 7];
        for number in 0..700 {
            let parts = part(&format!("core/file_{number}.wast"));
            assert_eq!(parts.len(), 1);
            sizes[parts[0] as usize - 1] += 1;
        }
        assert!(sizes.iter().all(|size| (60..140).contains(size)), "{sizes:?}");
        // Parts of runs on other machines and of later versions have to agree on it.
        assert_eq!(part("core/i32.wast"), [PART_OF_I32]);
    }

    const PART_OF_I32: u32 = 4;
}
