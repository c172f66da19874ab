//! Plays a WASI case in its lanes and says what came of it.
//!
//! Enters: a case; leaves: a [`Verdict`]. In a campaign a case is played on both engines, on one of them without `openat2`,
//! which in turn; a single case is played in all four ways. A call that was refused for want of a right is evidence only if
//! it comes through where the right is there, so the calls up to it are played again with everything granted. Plays without
//! `openat2` happen in a process of their own, if the bench has one.

use super::apart::Apart;
use super::case::{Access, WasiCase};
use super::errno;
use super::play::{Lane, Played, Players, finding, play};
use super::resources::Before;
use super::world::World;
use crate::judge::Finding;
use assay_workers::WorkerCommand;
use std::cell::RefCell;

/// What came of a case.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Whether it could show something: at least three calls succeeded.
    pub useful: bool,
    /// What each call came to in the first lane, in a few classes.
    pub outcomes: Vec<&'static str>,
    /// Each function that was called, and what it answered.
    pub answers: Vec<(String, u32)>,
    /// Refusals for want of a right.
    pub denials: Denials,
    /// What could not be looked at on this host.
    pub skipped: Vec<&'static str>,
    /// What is wrong.
    pub finding: Option<Finding>,
}

/// Refusals for want of a right, and whether they are evidence.
#[derive(Clone, Debug, Default)]
pub struct Denials {
    /// The functions that were denied, as far as they were tried again.
    pub tried: Vec<String>,
    /// Those of them that came through where everything is granted.
    pub proved: Vec<String>,
}

/// What is needed to play: engines and a world.
pub struct Bench {
    players: Players,
    world: World,
    alone: bool,
    canary: bool,
    stepwise: Stepwise,
}

/// Who plays without `openat2`.
enum Stepwise {
    /// A thread of this process, to which it is refused.
    Thread,
    /// This process, which has none.
    Here,
    /// Another process, which has none.
    Apart(Box<RefCell<Apart>>),
}

/// Plays a saved case in every lane, on a bench that `make` makes when it is needed.
///
/// # Errors
/// When the text is no case, or it cannot be played on this host.
pub fn judge_text(
    bench: &mut Option<Bench>,
    make: impl FnOnce() -> Result<Bench, String>,
    text: &str,
    announce: impl FnMut(Lane),
) -> Result<Verdict, String> {
    let case = WasiCase::from_text(text).map_err(|error| error.to_string())?;
    let made = bench.take().map_or_else(make, Ok)?;
    let verdict = made.judge(&case, &Lane::ALL, 0, announce)?;
    // Engines that panicked, and descriptors that are left, are not for the next case.
    *bench = verdict.finding.is_none().then_some(made);
    Ok(verdict)
}

impl Bench {
    /// A bench. `alone`: nothing else happens in this process, so that what it costs can be measured.
    ///
    /// # Errors
    /// When this host cannot run an engine, or has no place for a tree.
    pub fn new(alone: bool) -> Result<Self, String> {
        Self::made(alone, Stepwise::Thread)
    }

    /// A bench in a process that has no `openat2`, and does nothing else.
    pub(super) fn without_openat2() -> Result<Self, String> {
        Self::made(true, Stepwise::Here)
    }

    /// The same bench, for which this command plays without `openat2`: it starts a process that is to
    /// [`serve_apart`](super::serve_apart). `None` leaves everything here.
    ///
    /// # Errors
    /// When the process cannot be started, or cannot play.
    pub fn with_apart(mut self, command: Option<WorkerCommand>) -> Result<Self, String> {
        if let Some(command) = command {
            self.stepwise = Stepwise::Apart(Box::new(RefCell::new(Apart::new(command)?)));
            self.play(&WasiCase::default(), Lane::JitStepwise)?;
        }
        Ok(self)
    }

    fn made(alone: bool, stepwise: Stepwise) -> Result<Self, String> {
        let players = Players::new().map_err(|error| error.to_string())?;
        let world = World::new().map_err(|error| format!("failed to make a folder: {error}"))?;
        let bench = Self { players, world, alone, canary: true, stepwise };
        // What is made once is there before anything is counted.
        for lane in Lane::ALL {
            bench.play(&WasiCase::default(), lane)?;
        }
        Ok(bench)
    }

    /// The same bench, which does not look at what lies outside: to show what only that sees.
    #[must_use]
    pub fn without_canary(self) -> Self {
        Self { canary: false, ..self }
    }

    /// Plays a case of a campaign: on both engines, and in one of them without `openat2`. `announce` hears of each play.
    ///
    /// # Errors
    /// When it cannot be played on this host.
    pub fn judge_in_turn(
        &self,
        case: &WasiCase,
        index: u64,
        announce: impl FnMut(Lane),
    ) -> Result<Verdict, String> {
        let [one, other, third, fourth] = Lane::ALL;
        let lanes = if index.is_multiple_of(2) { [one, other] } else { [third, fourth] };
        self.judge(case, &lanes, index, announce)
    }

    /// Plays a case in these lanes, which are not none. `turn` says which of the calls that were denied is tried again.
    ///
    /// # Errors
    /// When it cannot be played on this host.
    pub fn judge(
        &self,
        case: &WasiCase,
        lanes: &[Lane],
        turn: u64,
        mut announce: impl FnMut(Lane),
    ) -> Result<Verdict, String> {
        let mut verdict = Verdict::default();
        let mut first: Option<Played> = None;
        for &lane in lanes {
            announce(lane);
            let mut played = self.play(case, lane)?;
            if !played.confined {
                verdict.skipped.push("a kernel without Landlock");
            }
            if verdict.finding.is_none() {
                verdict.finding = played.finding.take();
            }
            match &first {
                Some(first) if verdict.finding.is_none() => {
                    verdict.finding = difference(case, (lanes[0], first), (lane, &played));
                }
                Some(_) => {}
                None => first = Some(played),
            }
            if verdict.finding.is_some() {
                break;
            }
        }
        let Some(first) = first else { return Ok(verdict) };
        verdict.useful = first.answers.iter().filter(|&&answer| answer == errno::SUCCESS).count() >= 3;
        verdict.outcomes = first.answers.iter().map(|&answer| class(answer)).collect();
        let functions = case.calls.iter().map(|call| call.call.clone());
        verdict.answers = functions.zip(first.answers.iter().copied()).collect();
        if verdict.finding.is_none() && !first.denied.is_empty() {
            let number = first.denied[(turn % first.denied.len() as u64) as usize];
            self.try_again(case, &first, number, lanes[0], &mut verdict)?;
        }
        Ok(verdict)
    }

    /// Plays the calls up to one that was denied with everything granted. Calls that were refused before it did nothing, and
    /// are left out, so that it finds the tree as it was.
    fn try_again(
        &self,
        case: &WasiCase,
        first: &Played,
        number: usize,
        lane: Lane,
        verdict: &mut Verdict,
    ) -> Result<(), String> {
        let mut twin = case.clone();
        twin.mounts.iter_mut().for_each(|mount| mount.access = Access::ReadWrite);
        let came_through = |at: usize| at == number || first.answers[at] == errno::SUCCESS;
        let calls = case.calls.iter().take(number + 1).enumerate();
        twin.calls = calls.filter(|(at, _)| came_through(*at)).map(|(_, call)| call.clone()).collect();
        let mut again = self.play(&twin, lane)?;
        let function = case.calls[number].call.clone();
        if again.answers.last() == Some(&errno::SUCCESS) && again.answers.len() == twin.calls.len() {
            verdict.denials.proved.push(function.clone());
        }
        verdict.denials.tried.push(function);
        verdict.finding = again.finding.take();
        Ok(())
    }

    /// Plays a case in one lane, and looks at everything that has to be as it was.
    pub(super) fn play(&self, case: &WasiCase, lane: Lane) -> Result<Played, String> {
        if let (Stepwise::Apart(apart), true) = (&self.stepwise, lane.is_stepwise()) {
            return apart.borrow_mut().play(case, lane);
        }
        let has_openat2 = !matches!(self.stepwise, Stepwise::Here);
        let canary = self.world.build(case).map_err(|error| format!("failed to make the tree: {error}"))?;
        let environment: Vec<_> = std::env::vars_os().collect();
        let before = self.alone.then(Before::now);
        let mut played = play(case, (&self.world, &self.players), lane, has_openat2)?;
        let escape = |oracle: &str, detail| Some(finding(&format!("escape: {oracle}"), lane, detail));
        let mut seen = None;
        if let Some(words) = self.world.disturbed(case, &canary).filter(|_| self.canary) {
            seen = escape("canary tree", words);
        } else if let Some((oracle, words)) = before.and_then(|before| before.compare()) {
            seen = escape(oracle, words);
        } else if std::env::vars_os().ne(environment) {
            seen = escape("environment", "a variable has changed".to_owned());
        } else if let (None, Some(expected)) = (&played.finding, &played.expected) {
            let contents =
                self.world.contents().map_err(|error| format!("failed to read the tree: {error}"))?;
            let paths = expected.keys().chain(contents.keys());
            let wrong = paths.into_iter().find(|path| expected.get(*path) != contents.get(*path));
            seen = wrong.map(|path| {
                let words =
                    |map: &super::world::Contents| map.get(path).map_or("nothing", String::as_str).to_owned();
                let detail = format!("{path:?} is {}, and should be {}", words(&contents), words(expected));
                finding("wasi: tree", lane, detail)
            });
        }
        // An escape says more than what the call answered.
        played.finding = seen.or(played.finding);
        Ok(played)
    }
}

/// What differs between two plays of a case.
fn difference(
    case: &WasiCase,
    (first_lane, first): (Lane, &Played),
    (lane, other): (Lane, &Played),
) -> Option<Finding> {
    // Which of several reasons a refusal names may depend on who resolves the path; the model has seen that each is one.
    let refused = |answer: u32| !matches!(answer, errno::SUCCESS | errno::INTERRUPTED);
    let differ = |one: u32, two: u32| one != two && !(refused(one) && refused(two));
    let stepwise = first_lane.is_stepwise() != lane.is_stepwise();
    let pairs = first.answers.iter().zip(&other.answers).map(|(&one, &two)| (one, two));
    let parted = pairs.clone().position(|(one, two)| stepwise && differ(one, two) && gives_up(one, two));
    let together = parted.unwrap_or(usize::MAX);
    if let Some((number, (one, two))) =
        pairs.enumerate().take(together).find(|(_, (one, two))| differ(*one, *two))
    {
        let call = case.calls.get(number).map_or_else(String::new, ToString::to_string);
        let detail = format!("call {number}, {call}: {} and {}", errno::name(one), errno::name(two));
        return Some(finding("wasi: lanes differ in an answer", lane, detail));
    }
    let digests = first.digests.iter().zip(&other.digests).take(together);
    let number = digests.into_iter().position(|(one, two)| one != two)?;
    let call = case.calls.get(number).map_or_else(String::new, ToString::to_string);
    Some(finding("wasi: lanes differ in memory", lane, format!("call {number}, {call}")))
}

/// Whether one of two answers is that the path goes through too many links. How many are too many is for whoever resolves
/// paths to say: the kernel and the steps that stand in for `openat2` stop at about forty, and not at the same one. The model
/// permits both answers behind a few links, and holds each lane to its own from there on.
fn gives_up(one: u32, two: u32) -> bool {
    one == errno::LOOP || two == errno::LOOP
}

/// What an answer is counted as.
fn class(answer: u32) -> &'static str {
    match answer {
        errno::SUCCESS => "wasi: success",
        errno::INTERRUPTED => "wasi: interrupted",
        errno::NOTCAPABLE => "wasi: denied",
        errno::FAULT => "wasi: bad pointer",
        _ => "wasi: refused",
    }
}
