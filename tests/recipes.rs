//! The recipes for CI systems, their shell executed as those systems would.
//!
//! A stand-in for `assay` writes down what it was asked, has the real program judge whether such a command exists, and ends
//! with the code it was told. A stand-in for `cargo` builds nothing. What is tested is the recipe: which commands it gives, what it
//! keeps for the next run, and which code it ends with.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

fn recipe(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes").join(name)).unwrap()
}

/// The commands of a list behind a key, as GitLab runs them: one shell, ended by the first that fails.
fn gitlab(job: &str) -> String {
    let text = recipe("gitlab/check.yml");
    let job = text.split(&format!("\n{job}:\n")).nth(1).unwrap();
    let script = job.split("  script:\n").nth(1).unwrap();
    let lines = script.lines().take_while(|line| line.starts_with("    "));
    lines.filter_map(|line| line.trim_start().strip_prefix("- ")).map(|line| format!("{line}\n")).collect()
}

/// The block of the step with this name, and the one-line steps behind it that keep something for the next run.
fn github() -> (String, String) {
    let text = recipe("github/check.yml");
    let block = text.split("- name: Check\n        run: |\n").nth(1).unwrap();
    let check =
        block.lines().take_while(|line| line.starts_with("          ")).map(str::trim).collect::<Vec<_>>();
    let keep =
        text.lines().filter_map(|line| line.trim().strip_prefix("run: ")).find(|line| *line != "|").unwrap();
    (check.join("\n"), keep.to_owned())
}

/// A checkout in which the stand-ins are.
struct Checkout(TempDir);

impl Checkout {
    fn new() -> Self {
        let this = Self(tempfile::tempdir().unwrap());
        this.program("bin/cargo", "#!/bin/sh\nexit 0\n");
        let assay = format!(
            "#!/bin/sh\necho \"$@\" >> asked\n{real} \"$@\" --help > /dev/null || exit 2\nmkdir -p check && echo \"$CODE\" > check/verdict\nexit \"$CODE\"\n",
            real = env!("CARGO_BIN_EXE_assay")
        );
        this.program("target/release/assay", &assay);
        this.program("target/faults/release/assay", "#!/bin/sh\nexit 0\n");
        this
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn program(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs a script whose `assay` ends with this code, on a branch: the script's own code, and what it asked for last.
    fn run(&self, script: &str, code: i32, branch: &str) -> (i32, String) {
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        let status = Command::new("sh")
            .args(["-e", "-u", "-c", script])
            .current_dir(self.0.path())
            .env("PATH", path)
            .env("CODE", code.to_string())
            .env("CI_COMMIT_BRANCH", branch)
            .env("CI_DEFAULT_BRANCH", "main")
            .status()
            .unwrap();
        let asked = std::fs::read_to_string(self.path("asked")).unwrap();
        (status.code().unwrap(), asked.lines().last().unwrap().to_owned())
    }

    /// The verdict that the next run will find as its baseline.
    fn kept(&self) -> Option<String> {
        let build = self.path("baseline/assay").exists();
        let verdict = std::fs::read_to_string(self.path("baseline/check/verdict")).ok();
        assert_eq!(build, verdict.is_some(), "the build and what it came to are kept together");
        verdict.map(|verdict| verdict.trim().to_owned())
    }
}

const FIRST: &str = "check --time 60s --faults target/faults/release/assay --out check";
const LATER: &str = "check --time 60s --faults target/faults/release/assay --out check --baseline baseline/check --bench-against baseline/assay";

#[test]
fn gitlab_keeps_what_the_default_branch_came_to() {
    let (checkout, script) = (Checkout::new(), gitlab("check"));
    assert_eq!(checkout.run(&script, 0, "feature"), (0, FIRST.to_owned()));
    assert_eq!(checkout.kept(), None, "another branch leaves no baseline");
    assert_eq!(checkout.run(&script, 3, "main"), (3, FIRST.to_owned()));
    assert_eq!(checkout.kept(), None, "nor does a verdict against the change");
    assert_eq!(checkout.run(&script, 0, "main"), (0, FIRST.to_owned()));
    assert_eq!(checkout.kept().as_deref(), Some("0"));
    assert_eq!(checkout.run(&script, 6, "main"), (6, LATER.to_owned()));
    assert_eq!(checkout.kept().as_deref(), Some("0"), "the baseline stays that of the last good run");
}

#[test]
fn github_checks_against_what_was_kept() {
    let (checkout, (check, keep)) = (Checkout::new(), github());
    assert_eq!(
        checkout.run(&check, 3, "main"),
        (3, FIRST.to_owned()),
        "the code of the verdict is that of the step"
    );
    assert_eq!(checkout.run(&check, 0, "main"), (0, FIRST.to_owned()));
    assert_eq!(checkout.run(&keep, 0, "main").0, 0);
    assert_eq!(checkout.kept().as_deref(), Some("0"));
    assert_eq!(checkout.run(&check, 0, "main"), (0, LATER.to_owned()));
}

#[test]
fn every_command_in_a_recipe_exists() {
    let mut seen = 0;
    for name in [
        "github/check.yml",
        "github/conformance.yml",
        "gitlab/check.yml",
        "gitlab/conformance.yml",
        "kubernetes/job.yaml",
        "slurm/array.sh",
        "slurm/loopback.sh",
    ] {
        for (command, flags) in commands(&recipe(name)) {
            let output =
                Command::new(env!("CARGO_BIN_EXE_assay")).args([&command, "--help"]).output().unwrap();
            assert!(output.status.success(), "{name}: `assay {command}`");
            let help = String::from_utf8(output.stdout).unwrap();
            for flag in flags {
                assert!(
                    help.contains(&format!("{flag} ")) || help.contains(&format!("{flag}\n")),
                    "{name}: assay {command} {flag}"
                );
            }
            seen += 1;
        }
    }
    assert!(seen >= 12, "only {seen} commands were recognised");
}

/// The subcommands that a text gives to a program called `assay`, each with its long flags up to the command's end.
fn commands(text: &str) -> Vec<(String, Vec<String>)> {
    let joined = text.replace("\\\n", " ").replace("\",\"", " ").replace("\", \"", " ");
    let lines = joined.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines
        .flat_map(|line| line.split(['|', ';', '&']))
        .filter_map(|part| {
            let mut words = part.split_whitespace().map(|word| word.trim_matches(['"', '\'', '[', ']', ',']));
            words.find(|word| *word == "assay" || word.ends_with("/assay") || *word == "$assay")?;
            let command = words
                .next()
                .filter(|word| !word.is_empty() && word.chars().all(|letter| letter.is_ascii_lowercase()))?;
            let flags = words.filter(|word| word.starts_with("--")).map(str::to_owned).collect();
            Some((command.to_owned(), flags))
        })
        .collect()
}
