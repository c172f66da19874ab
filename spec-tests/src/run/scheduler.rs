//! Hands out chunks and follows what becomes of them, until each of their directives is accounted for.
//!
//! Enters: events of the pool; leaves: rows into the sink. A step that takes its worker with it is passed over in the next
//! attempt, which replays what comes before it; attempts are bounded. Knows how workers are lost, not what directives mean.

use std::collections::VecDeque;

use assay_reports::Status;
use assay_workers::{Event, Loss, Lost, Place, Running, Scheduler};

use super::rows::{self, Casualty};
use super::sink::Sink;
use super::{Options, RunError};
use crate::engine::{Fall, Gone};
use crate::plan::{Chunk, Plan, PlannedFile};
use crate::process::{Answer, Job, Played};

/// Losses in one chunk after which what lies behind the last one is given up.
const MAX_LOSSES: usize = 16;
/// Characters of a lost worker's last words that results keep.
const LAST_WORDS: usize = 400;

/// The chunks of a plan under way.
pub(super) struct Chunks<'r, 'o> {
    plan: &'r Plan,
    options: &'r Options,
    sink: &'r mut Sink<'o>,
    fresh: VecDeque<usize>,
    again: VecDeque<usize>,
    states: Vec<State>,
    refusal: Option<String>,
}

/// What is known of a chunk.
#[derive(Default)]
struct State {
    casualties: Vec<Casualty>,
    until: Option<u32>,
    /// Whether a worker was lost outside any step.
    stumbled: bool,
    settled: bool,
}

impl<'r, 'o> Chunks<'r, 'o> {
    pub(super) fn new(plan: &'r Plan, options: &'r Options, sink: &'r mut Sink<'o>) -> Self {
        let fresh = (0..plan.chunks.len()).filter(|&chunk| is_wanted(plan, chunk)).collect();
        let states = plan.chunks.iter().map(|_| State::default()).collect();
        Self { plan, options, sink, fresh, again: VecDeque::new(), states, refusal: None }
    }

    /// Accounts for what was never played.
    pub(super) fn finish(mut self) -> Result<(), RunError> {
        if let Some(refusal) = self.refusal.take() {
            return Err(RunError::Worker(refusal));
        }
        let open: Vec<usize> = (0..self.states.len()).filter(|&chunk| !self.states[chunk].settled).collect();
        for chunk in open.into_iter().filter(|&chunk| is_wanted(self.plan, chunk)) {
            self.sink.cut_short = true;
            self.give_up(chunk, "not run: stopped at the first unexpected result");
        }
        Ok(())
    }

    fn parts(&self, chunk: usize) -> (&'r PlannedFile, &'r Chunk) {
        let chunk = &self.plan.chunks[chunk];
        (&self.plan.files[chunk.file], chunk)
    }

    fn job(&self, number: usize) -> Job {
        let (file, chunk) = self.parts(number);
        let state = &self.states[number];
        Job {
            chunk: number,
            file: file.name.to_string(),
            place: file.place.clone(),
            bytes: (chunk.bytes.start, chunk.bytes.end),
            count: chunk.directives.len() as u32,
            lanes: self.options.lanes.clone(),
            lost: state.casualties.iter().map(|casualty| casualty.step).collect(),
            until: state.until,
        }
    }

    fn settle(&mut self, number: usize, played: &Played) {
        let (file, chunk) = self.parts(number);
        let casualties = std::mem::take(&mut self.states[number].casualties);
        let sink = &mut *self.sink;
        match rows::played(file, chunk, &self.options.lanes, played, &casualties, |row| sink.take(row)) {
            Ok(()) => self.states[number].settled = true,
            Err(what) => self.refuse(format!("{}: the worker's answer does not add up: {what}", file.name)),
        }
    }

    fn give_up(&mut self, number: usize, reason: &str) {
        let (file, chunk) = self.parts(number);
        let casualties = std::mem::take(&mut self.states[number].casualties);
        let sink = &mut *self.sink;
        rows::unplayed(file, chunk, &self.options.lanes, &casualties, reason, |row| sink.take(row));
        self.states[number].settled = true;
    }

    fn refuse(&mut self, why: String) {
        self.refusal.get_or_insert(why);
    }

    /// A worker was lost with a chunk: blames a step, and tries again behind it.
    fn lose(&mut self, job: &Job, lost: &Downfall) {
        let number = job.chunk;
        let steps = job.count * job.lanes.len() as u32;
        let state = &mut self.states[number];
        let Some(step) = blamed(lost, steps) else {
            if std::mem::replace(&mut state.stumbled, true) {
                self.blame_chunk(job, lost, steps);
            } else {
                self.again.push_back(number);
            }
            return;
        };
        let known = state.casualties.iter().any(|casualty| casualty.step == step);
        if known || state.until.is_some() {
            return self.blame_chunk(job, lost, steps);
        }
        state.casualties.push(lost.casualty(step));
        if state.casualties.len() >= MAX_LOSSES {
            state.until = Some(step + 1);
        }
        self.again.push_back(number);
    }

    /// The chunk cannot be played to its end: its loss is put down to the first step that has no other blame, or the last.
    fn blame_chunk(&mut self, job: &Job, lost: &Downfall, steps: u32) {
        let casualties = &mut self.states[job.chunk].casualties;
        let free = |step: &u32| casualties.iter().all(|casualty| casualty.step != *step);
        let step = if lost.at == Place::After { (0..steps).rev().find(free) } else { (0..steps).find(free) };
        casualties.extend(step.map(|step| lost.casualty(step)));
        let line = self.line_of(job.chunk, step.unwrap_or(0));
        self.give_up(job.chunk, &format!("blocked by line {line}"));
    }

    fn line_of(&self, number: usize, step: u32) -> u32 {
        let (file, chunk) = self.parts(number);
        let directive = chunk.directives.start + step as usize % chunk.directives.len().max(1);
        file.directives.get(directive).map_or(0, |planned| planned.line)
    }
}

impl Scheduler for Chunks<'_, '_> {
    type Job = Job;
    type Answer = Answer;

    fn next_job(&mut self) -> Option<Job> {
        let number = self.again.pop_front().or_else(|| self.fresh.pop_front())?;
        Some(self.job(number))
    }

    fn on_event(&mut self, event: Event<Job, Answer>) {
        match event {
            Event::Finished { job, answer: Answer::Played(played), .. } => self.settle(job.chunk, &played),
            Event::Finished { answer: Answer::Refused(why), .. } => self.refuse(why),
            Event::Finished { job, answer: Answer::Broke { step, gone }, .. } => {
                self.lose(&job, &Downfall::of_engine(step, gone));
            }
            Event::Lost(lost) => self.lose(&lost.job, &Downfall::of_worker(&lost)),
            Event::IdleLost { .. } | Event::Abandoned { .. } => {}
        }
    }

    fn steps(&self, job: &Job) -> Option<u32> {
        Some(job.count * job.lanes.len() as u32)
    }

    fn on_tick(&mut self, running: &[Running<'_, Job>]) {
        let slowest = running.iter().max_by_key(|running| running.elapsed);
        self.sink.tell(slowest.map(|running| running.job.file.as_str()));
    }

    fn stop(&self) -> bool {
        self.refusal.is_some()
            || self.sink.is_broken()
            || self.options.fail_fast && self.sink.has_unexpected()
    }
}

fn is_wanted(plan: &Plan, chunk: usize) -> bool {
    let chunk = &plan.chunks[chunk];
    plan.files[chunk.file].directives[chunk.directives.clone()].iter().any(|directive| directive.wanted)
}

/// The step that a loss is put down to, when the worker was in one.
fn blamed(lost: &Downfall, steps: u32) -> Option<u32> {
    lost.at.step().filter(|&step| step < steps)
}

/// How a worker, or the engine of another process that it spoke with, was lost.
struct Downfall {
    at: Place,
    status: Status,
    note: Option<String>,
}

impl Downfall {
    fn of_worker(lost: &Lost<Job>) -> Self {
        let status = match &lost.loss {
            Loss::TimedOut { .. } => Status::Timeout,
            Loss::Died(_) | Loss::Misbehaved(_) => Status::Crash(detail(&lost.loss).into()),
        };
        let note = match (&lost.loss, last_words(&lost.stderr)) {
            (_, Some(words)) => Some(words),
            (Loss::TimedOut { .. }, None) => Some(lost.loss.to_string()),
            (_, None) => None,
        };
        Self { at: lost.at, status, note }
    }

    fn of_engine(step: u32, gone: Gone) -> Self {
        let status = match gone.fall {
            Fall::Timeout => Status::Timeout,
            Fall::Crash(how) => Status::Crash(how.into()),
        };
        Self { at: Place::Step(step), status, note: last_words(&gone.words) }
    }

    fn casualty(&self, step: u32) -> Casualty {
        Casualty { step, status: self.status.clone(), note: self.note.clone() }
    }
}

/// What a lost worker had to say: its panic if there was one, else the end of its words.
fn last_words(stderr: &str) -> Option<String> {
    let words = stderr.trim();
    if words.is_empty() {
        return None;
    }
    if let Some(panic) = words.find("panicked at ") {
        return Some(words[panic..].chars().take(LAST_WORDS).collect());
    }
    let start = words.char_indices().rev().nth(LAST_WORDS - 1).map_or(0, |(at, _)| at);
    Some(words[start..].to_owned())
}

fn detail(loss: &Loss) -> String {
    match loss {
        Loss::Died(cause) => cause.to_string(),
        other => other.to_string(),
    }
}
