//! `assay spec --watch`: the same run again whenever a script or an engine has changed.
//!
//! Enters: what is watched, and the command line without `--watch`; leaves: runs, each a process of its own, so that a program that
//! was built anew is the one that runs. Changes that come together are one; a run that is overtaken by a change is ended. `q` and
//! Enter end it all, as ctrl-c does. Knows no results.

use std::ffi::OsString;
use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use assay_reports::{escape, exit};
use notify::event::ModifyKind;
use notify::{Event, EventKind, RecursiveMode, Watcher};

/// Changes that follow each other so fast are one change.
const TOGETHER: Duration = Duration::from_millis(200);
/// What a run still has when somebody wants to end: one that is about to say what it found may do so.
const GRACE: Duration = Duration::from_secs(1);
/// How often a run is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// What is watched.
pub(crate) struct Watched {
    /// Scripts, and folders of them.
    pub(crate) scripts: Vec<PathBuf>,
    /// Programs: this one, and engines.
    pub(crate) programs: Vec<PathBuf>,
}

/// What happened.
enum News {
    Changed,
    Quit,
}

/// How a run ended.
enum Ended {
    With(u8),
    Overtaken,
    /// Somebody wants no more; how the run ended, if it did by itself.
    Quit(Option<u8>),
}

/// Runs this program with these words again and again, until somebody wants no more. The exit code is that of the last run; one
/// that is cut off tells nothing.
pub(crate) fn watch(watched: Watched, words: &[OsString]) -> Result<ExitCode, String> {
    let program = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let (sender, news) = channel();
    let _watcher = watcher(watched, sender.clone())?;
    std::thread::spawn(move || listen(&sender));
    loop {
        if std::io::stdout().is_terminal() {
            // Clear, and to the upper left.
            print!("\x1b[2J\x1b[H");
        }
        let ended = match Command::new(&program).args(words).spawn() {
            Ok(mut run) => wait(&mut run, &news)?,
            // It is being built.
            Err(error) => {
                eprintln!("cannot start {}: {error}", escape::text(&program.to_string_lossy()));
                Ended::With(exit::INTERNAL)
            }
        };
        match ended {
            Ended::Quit(last) => return Ok(last.unwrap_or(exit::INCOMPLETE).into()),
            Ended::Overtaken => {}
            Ended::With(code) => {
                eprintln!("watching; q and Enter to end");
                match news.recv() {
                    Ok(News::Changed) => {}
                    Ok(News::Quit) | Err(_) => return Ok(code.into()),
                }
            }
        }
        if settle(&news) {
            return Ok(exit::INCOMPLETE.into());
        }
    }
}

/// Waits until no change follows; whether somebody wants to end meanwhile.
fn settle(news: &Receiver<News>) -> bool {
    loop {
        match news.recv_timeout(TOGETHER) {
            Ok(News::Changed) => {}
            Ok(News::Quit) => return true,
            Err(_) => return false,
        }
    }
}

/// Waits for a run, or for what comes before its end.
fn wait(run: &mut Child, news: &Receiver<News>) -> Result<Ended, String> {
    loop {
        if let Some(code) = ended(run)? {
            return Ok(Ended::With(code));
        }
        match news.recv_timeout(LOOK) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(News::Changed) => {
                end(run)?;
                return Ok(Ended::Overtaken);
            }
            Ok(News::Quit) | Err(RecvTimeoutError::Disconnected) => return Ok(Ended::Quit(let_end(run)?)),
        }
    }
}

/// The exit code of a run that has ended.
fn ended(run: &mut Child) -> Result<Option<u8>, String> {
    let status = run.try_wait().map_err(|error| format!("cannot wait for the run: {error}"))?;
    let code = |status: ExitStatus| status.code().and_then(|code| u8::try_from(code).ok());
    Ok(status.map(|status| code(status).unwrap_or(exit::INTERNAL)))
}

/// Lets a run come to its end, for a while; its exit code if it does.
fn let_end(run: &mut Child) -> Result<Option<u8>, String> {
    let begun = Instant::now();
    while begun.elapsed() < GRACE {
        if let Some(code) = ended(run)? {
            return Ok(Some(code));
        }
        std::thread::sleep(LOOK);
    }
    end(run)?;
    Ok(None)
}

fn end(run: &mut Child) -> Result<(), String> {
    // One that has ended meanwhile cannot be killed and need not be.
    let _killed = run.kill();
    run.wait().map(drop).map_err(|error| format!("cannot wait for the run: {error}"))
}

/// Sends news of changes for as long as what it returns lives.
fn watcher(watched: Watched, sender: Sender<News>) -> Result<impl Watcher, String> {
    let folders = watched.folders();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // What could not be told may have been a change. Nobody listens when the end has come.
        let news = event.map_or(true, |event| watched.concerns(&event));
        if news {
            let _sent = sender.send(News::Changed);
        }
    })
    .map_err(|error| format!("cannot watch: {error}"))?;
    for (folder, mode) in folders {
        watcher
            .watch(&folder, mode)
            .map_err(|error| format!("cannot watch {}: {error}", folder.display()))?;
    }
    Ok(watcher)
}

impl Watched {
    /// Folders, because a file that is written anew is often another file of the same name.
    fn folders(&self) -> Vec<(PathBuf, RecursiveMode)> {
        let above = |file: &Path| match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let scripts = self.scripts.iter().map(|path| match path.is_dir() {
            true => (path.clone(), RecursiveMode::Recursive),
            false => (above(path), RecursiveMode::NonRecursive),
        });
        let programs = self.programs.iter().map(|path| (above(path), RecursiveMode::NonRecursive));
        scripts.chain(programs).collect()
    }

    /// Whether a script or a program is another one now. Reading one, as every run does, is no change.
    fn concerns(&self, event: &Event) -> bool {
        let changes = match event.kind {
            EventKind::Create(_) | EventKind::Remove(_) => true,
            EventKind::Modify(kind) => !matches!(kind, ModifyKind::Metadata(_)),
            _ => false,
        };
        let is_program =
            |path: &Path| self.programs.iter().any(|program| program.file_name() == path.file_name());
        changes
            && event
                .paths
                .iter()
                .any(|path| path.extension().is_some_and(|end| end == "wast") || is_program(path))
    }
}

/// Waits for somebody who wants to end. A standard input that ends is nobody.
fn listen(sender: &Sender<News>) {
    let lines = std::io::stdin().lock().lines().map_while(Result::ok);
    if lines.into_iter().any(|line| line.trim() == "q") {
        let _sent = sender.send(News::Quit);
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use notify::event::{AccessKind, CreateKind, DataChange, MetadataKind, ModifyKind};
    use notify::{Event, EventKind};

    use super::Watched;

    #[test]
    fn scripts_and_programs_are_changes_and_reading_is_none() {
        let watched = Watched { scripts: vec!["suite".into()], programs: vec!["/x/assay".into()] };
        let concerns = |kind, path: &str| watched.concerns(&Event::new(kind).add_path(PathBuf::from(path)));
        let written = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        assert!(concerns(written, "suite/a.wast") && concerns(written, "/x/assay"));
        assert!(concerns(EventKind::Create(CreateKind::File), "suite/b.wast"));
        assert!(!concerns(written, "suite/assay-out/results.jsonl"));
        assert!(!concerns(EventKind::Access(AccessKind::Any), "suite/a.wast"));
        assert!(!concerns(EventKind::Modify(ModifyKind::Metadata(MetadataKind::AccessTime)), "suite/a.wast"));
    }
}
