//! A repository at a revision, by the program `git`.
//!
//! Enters: a URL and a revision; leaves: a work tree with the folders in which scripts may stand, byte for byte. Only the
//! commit that is asked for is transferred where the server allows it. What an interrupted attempt left is used again;
//! where that does not work, everything begins anew, once.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::FetchError;

/// The folders that are checked out: of the specification, of the mirror, and of the suite in its own layout.
const FOLDERS: &str = "/test/core/\n/test/custom/\n/test/legacy/\n/core/\n/custom/\n/legacy/\n/proposals/\n";

/// Settings that keep content as it is, start no program of the repository, and end a connection that stands still.
const SETTINGS: [&str; 9] = [
    "core.autocrlf=false",
    "core.eol=lf",
    "core.symlinks=false",
    "core.hooksPath=/dev/null",
    "core.sparseCheckout=true",
    "core.sparseCheckoutCone=false",
    "advice.detachedHead=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=60",
];

/// What servers say when they do not give out a commit by its number, or by part of it.
const NOT_BY_NUMBER: [&str; 4] =
    ["couldn't find remote ref", "not our ref", "unadvertised object", "does not support shallow"];

/// Makes `tree` the work tree of the repository at `url` at `revision`.
pub(super) fn check_out(url: &str, revision: &str, tree: &Path) -> Result<(), FetchError> {
    let again = tree.exists();
    match attempt(url, revision, tree) {
        Err(FetchError::Git { .. }) if again => {
            fs::remove_dir_all(tree).map_err(FetchError::io("remove", tree))?;
            attempt(url, revision, tree)
        }
        done => done,
    }
}

fn attempt(url: &str, revision: &str, tree: &Path) -> Result<(), FetchError> {
    fs::create_dir_all(tree).map_err(FetchError::io("create", tree))?;
    let git = Git { tree, url };
    git.run("prepare for", &["init", "--quiet"])?;
    let info = tree.join(".git/info");
    let patterns = info.join("sparse-checkout");
    fs::create_dir_all(&info).map_err(FetchError::io("create", &info))?;
    fs::write(&patterns, FOLDERS).map_err(FetchError::io("write", &patterns))?;
    git.run("prepare for", &["config", "remote.origin.url", url])?;
    let commit = git.fetch(revision)?;
    git.run("check out", &["checkout", "--quiet", "--force", "--detach", &commit])
}

struct Git<'a> {
    tree: &'a Path,
    url: &'a str,
}

impl Git<'_> {
    /// Fetches a revision; leaves the name of its commit.
    fn fetch(&self, revision: &str) -> Result<String, FetchError> {
        const FETCH: [&str; 5] = ["fetch", "--quiet", "--no-tags", "--force", "--filter=blob:none"];
        let one = [&FETCH[..], &["--depth=1", "origin", revision]].concat();
        let name = match self.run("fetch from", &one) {
            Ok(()) => "FETCH_HEAD",
            Err(FetchError::Git { said, .. }) if NOT_BY_NUMBER.iter().any(|text| said.contains(text)) => {
                let all = ["origin", "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];
                self.run("fetch from", &[&FETCH[..], &all[..]].concat())?;
                revision
            }
            Err(error) => return Err(error),
        };
        let commit = format!("{name}^{{commit}}");
        let found = self.output("find the revision in", &["rev-parse", "--verify", "--quiet", &commit]);
        found.map_err(|error| match error {
            FetchError::Git { what, place, .. } => {
                FetchError::Git { what, place, said: format!("there is no revision `{revision}`") }
            }
            error => error,
        })
    }

    fn run(&self, what: &'static str, arguments: &[&str]) -> Result<(), FetchError> {
        self.output(what, arguments).map(drop)
    }

    fn output(&self, what: &'static str, arguments: &[&str]) -> Result<String, FetchError> {
        let mut command = Command::new("git");
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        // Variables that a git hook sets would lead elsewhere.
        for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"] {
            command.env_remove(variable);
        }
        command.args(arguments).current_dir(self.tree).stdin(Stdio::null());
        command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0");
        let output = command.output().map_err(FetchError::NoGit)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let said = if said.is_empty() { output.status.to_string() } else { said };
        Err(FetchError::Git { what, place: self.url.to_owned(), said })
    }
}
