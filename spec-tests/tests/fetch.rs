//! Fetching a suite from repositories that the test makes: what arrives, what does not, and what is left in between.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use assay_spec_tests::suite::official::{
    Cache, FetchError, Fetched, Manifest, Origins, Progress, check, fetch,
};
use sha2::{Digest, Sha256};

const CORE: (&str, &str) = ("core/i32.wast", "(module)\n");
const SIMD: (&str, &str) = ("core/simd/simd_lane.wast", "(module (func))\r\n");
const CUSTOM: (&str, &str) = ("custom/name/name_annot.wast", "(module (@name \"M\"))\n");
const THREADS: (&str, &str) = ("proposals/threads/atomic.wast", "(module (memory 1 1 shared))\n");
const FILES: [(&str, &str); 4] = [CORE, SIMD, CUSTOM, THREADS];

/// A suite of four files, an empty cache, and two repositories.
struct World {
    dir: tempfile::TempDir,
    manifest: Manifest,
}

impl World {
    fn new() -> Self {
        let mut text = String::new();
        for (path, content) in FILES {
            let digest = Sha256::digest(content);
            digest.iter().for_each(|byte| write!(text, "{byte:02x}").unwrap());
            writeln!(text, "  {path}").unwrap();
        }
        let world = Self { dir: tempfile::tempdir().unwrap(), manifest: Manifest::parse(&text).unwrap() };
        let spec = [CORE, SIMD, CUSTOM].map(|(path, content)| (format!("test/{path}"), content));
        world.commit("spec", &spec.each_ref().map(|(path, content)| (path.as_str(), *content)));
        world.commit("testsuite", &[THREADS, ("proposals/threads/readme.md", "not a script")]);
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn cache(&self) -> Cache {
        Cache::at(self.path("cache"))
    }

    /// Commits files to a repository; leaves the commit.
    fn commit(&self, repository: &str, files: &[(&str, &str)]) -> String {
        let tree = self.path(repository);
        fs::create_dir_all(&tree).unwrap();
        git(&tree, &["init", "--quiet", "--initial-branch=main"]);
        // As on the server where the suite is published.
        git(&tree, &["config", "uploadpack.allowFilter", "true"]);
        write_all(&tree, files);
        git(&tree, &["add", "--all"]);
        git(&tree, &["commit", "--quiet", "--message=files"]);
        git(&tree, &["rev-parse", "HEAD"])
    }

    fn fetch_from(&self, from: &[&str], rev: &[&str]) -> Result<Fetched, FetchError> {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        fetch(&self.manifest, &self.cache(), &Origins::parse(&owned(from), &owned(rev))?, &mut Silent)
    }

    /// Fetches from the two repositories at these revisions.
    fn fetch(&self, spec: &str, testsuite: &str) -> Result<Fetched, FetchError> {
        let from = ["spec", "testsuite"].map(|name| format!("{name}={}", self.path(name).display()));
        let rev = [format!("spec={spec}"), format!("testsuite={testsuite}")];
        self.fetch_from(&from.each_ref().map(String::as_str), &rev.each_ref().map(String::as_str))
    }

    fn installed(&self) -> Option<PathBuf> {
        self.cache().suite(&self.manifest)
    }
}

struct Silent;

impl Progress for Silent {
    fn advanced(&mut self, done: usize, of: usize, _doing: &str) {
        assert!(done <= of && of == FILES.len());
    }
}

fn write_all(folder: &Path, files: &[(&str, &str)]) {
    for (path, content) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

fn git(tree: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.current_dir(tree).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    command.args(["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "core.autocrlf=false"]);
    let output = command.args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn the_suite_arrives_whole_and_alone() {
    let world = World::new();
    assert_eq!(world.installed(), None);
    let fetched = world.fetch("main", "HEAD").unwrap();
    assert_eq!((fetched.files, Some(&fetched.folder)), (4, world.installed().as_ref()));
    for (path, content) in FILES {
        assert_eq!(fs::read_to_string(fetched.folder.join(path)).unwrap(), content);
    }
    assert!(!fetched.folder.join("proposals/threads/readme.md").exists());
    assert!(check(&world.manifest, &fetched.folder).unwrap().is_empty());
    let names = fs::read_dir(world.path("cache")).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.count(), 2, "the suite, and the lock");
    assert_eq!(world.fetch("main", "HEAD").unwrap().files, 0);
}

#[test]
fn a_pinned_commit_is_found_behind_newer_ones_by_part_of_its_number() {
    let world = World::new();
    let commit = git(&world.path("spec"), &["rev-parse", "HEAD"]);
    world.commit("spec", &[("test/core/i32.wast", "(module) ;; newer\n")]);
    assert_eq!(world.fetch(&commit[..8], "main").unwrap().files, 4);
    fs::remove_dir_all(world.path("cache")).unwrap();
    assert_eq!(world.fetch(&commit, "main").unwrap().files, 4);
}

#[test]
fn another_version_is_not_installed_and_what_was_right_is_kept() {
    let world = World::new();
    let commit = git(&world.path("spec"), &["rev-parse", "HEAD"]);
    fs::remove_file(world.path("spec/test/custom/name/name_annot.wast")).unwrap();
    world.commit("spec", &[("test/core/i32.wast", "(module) ;; newer\n")]);
    let error = world.fetch("main", "main").unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, FetchError::Foreign { .. }));
    for part in ["1 missing: custom/name/name_annot.wast", "1 changed: core/i32.wast", "/spec at main "] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(world.installed(), None);
    assert_eq!(world.fetch(&commit, "main").unwrap().files, 3, "one of four was kept");
}

#[test]
fn an_interrupted_fetch_goes_on_where_it_stopped() {
    let world = World::new();
    // The second repository cannot be reached.
    let from =
        [format!("spec={}", world.path("spec").display()), "testsuite=file:///no/such/place".to_owned()];
    let error = world.fetch_from(&from.each_ref().map(String::as_str), &["spec=main"]).unwrap_err();
    assert!(error.to_string().starts_with("cannot fetch from file:///no/such/place: "), "{error}");
    assert_eq!(world.installed(), None);
    // The process died in the middle of a file, and git in the middle of an update.
    let part = fs::read_dir(world.path("cache")).unwrap().map(|entry| entry.unwrap().path());
    let part = part.into_iter().find(|path| path.extension().is_some_and(|ext| ext == "part")).unwrap();
    fs::write(part.join("files/core/i32.wast"), "(mod").unwrap();
    fs::write(part.join("files/core/i32.whole"), "(mod").unwrap();
    fs::write(part.join("spec/.git/index.lock"), "").unwrap();
    let fetched = world.fetch("main", "main").unwrap();
    assert_eq!(fetched.files, 2, "the torn file and that of the second repository");
    assert!(check(&world.manifest, &fetched.folder).unwrap().is_empty());
}

#[test]
fn a_damaged_suite_is_repaired() {
    let world = World::new();
    let folder = world.fetch("main", "main").unwrap().folder;
    fs::write(folder.join("core/i32.wast"), "(module) ;; mine\n").unwrap();
    fs::write(folder.join("core/mine.wast"), "(module)\n").unwrap();
    let findings = check(&world.manifest, &folder).unwrap();
    assert_eq!((findings.changed.len(), findings.foreign.len()), (1, 1));
    assert_eq!(world.fetch("main", "main").unwrap().files, 1);
    assert!(check(&world.manifest, &folder).unwrap().is_empty());
    assert!(!folder.join("core/mine.wast").exists());
}

#[test]
fn a_folder_or_one_repository_can_hold_the_whole_suite() {
    let world = World::new();
    let place = world.path("whole").display().to_string();
    write_all(&world.path("whole"), &FILES);
    assert_eq!(world.fetch_from(&[&place], &[]).unwrap().files, 4);
    fs::remove_dir_all(world.path("cache")).unwrap();
    let commit = world.commit("whole", &FILES);
    assert_eq!(world.fetch_from(&[&place], &[&commit]).unwrap().files, 4);
    fs::remove_dir_all(world.path("cache")).unwrap();
    assert_eq!(world.fetch_from(&[&place], &[]).unwrap().files, 4);
}

#[test]
fn what_git_says_reaches_the_user() {
    let world = World::new();
    let error = world.fetch("no-such-branch", "main").unwrap_err().to_string();
    assert!(error.contains("cannot find the revision in ") && error.contains("`no-such-branch`"), "{error}");
}

#[test]
fn two_at_a_time_are_one_too_many() {
    let world = World::new();
    fs::create_dir_all(world.path("cache")).unwrap();
    let lock = fs::File::create(world.path("cache/suite.lock")).unwrap();
    lock.lock().unwrap();
    let error = world.fetch("main", "main").unwrap_err();
    assert!(matches!(error, FetchError::Busy { .. }), "{error}");
    drop(lock);
    assert_eq!(world.fetch("main", "main").unwrap().files, 4);
}
