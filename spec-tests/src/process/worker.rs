//! The worker's side: reads the chunk, plays it in each lane, announces every step before it is taken.
//!
//! Enters: jobs; leaves: answers. Engines live as long as the worker, one per lane and profile; a store lives for one chunk in
//! one lane. The text of the last file is kept, because chunks of one file often follow each other.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Instant;

use assay_runtime::text::unfold;
use assay_workers::{Progress, ServeError};

use super::{Answer, Job, Note, Played};
use crate::engine::{EngineFactory, EngineUnderTest, Gone, Lane};
use crate::features::Profile;
use crate::judge::{Absence, Judgement, Player, Threads};
use crate::script::{Buffer, Directive, TextRules, read};
use crate::suite::read_text;

/// A worker with its engines.
pub struct Worker<F> {
    factory: F,
    engines: HashMap<(Lane, &'static str), Arc<dyn EngineUnderTest>>,
    text: Option<(String, Cow<'static, str>)>,
}

impl<F: EngineFactory> Worker<F> {
    /// A worker that makes its engines with `factory`.
    pub fn new(factory: F) -> Self {
        Self { factory, engines: HashMap::new(), text: None }
    }

    /// Serves the parent until it closes the channel.
    ///
    /// # Errors
    ///
    /// When this process was not started by a parent, or cannot speak with it.
    pub fn serve(mut self) -> Result<(), ServeError> {
        assay_workers::serve(|job: Job, progress| self.answer(&job, progress))
    }

    /// Plays one job.
    pub fn answer(&mut self, job: &Job, progress: &Progress) -> Answer {
        self.play(job, progress).unwrap_or_else(Answer::Refused)
    }

    fn play(&mut self, job: &Job, progress: &Progress) -> Result<Answer, String> {
        let profile = Profile::of(&job.file);
        for lane in &job.lanes {
            if let Entry::Vacant(entry) = self.engines.entry((lane.clone(), profile.name)) {
                entry.insert(self.factory.engine(lane, profile)?.into());
            }
        }
        let text = text(&mut self.text, job)?;
        let whole = text.as_bytes();
        let text = text.get(job.bytes.0..job.bytes.1).ok_or_else(|| format!("{} has changed", job.file))?;
        let before = whole[..job.bytes.0].iter().filter(|&&byte| byte == b'\n').count() as u32;
        let rules = TextRules { wide_limits: profile.has("memory64") };
        let text = unfold(text);
        let buffer = Buffer::new(&text, rules);
        let directives = read(&buffer, job.count as usize);
        let mut played = Played::default();
        for lane in &job.lanes {
            let engine = self.engines.get(&(lane.clone(), profile.name));
            let engine = engine.ok_or_else(|| format!("no engine for {}", lane.engine))?;
            let threads = Threads::new(Arc::clone(engine), profile, rules, before);
            let lost = play_lane(engine.as_ref(), threads, profile, job, &directives, progress, &mut played);
            if let Some(gone) = lost {
                return Ok(Answer::Broke { step: played.times.len() as u32, gone });
            }
        }
        Ok(Answer::Played(played))
    }
}

fn text<'c>(cache: &'c mut Option<(String, Cow<'static, str>)>, job: &Job) -> Result<&'c str, String> {
    if cache.as_ref().is_none_or(|(name, _)| *name != job.file) {
        *cache = None;
        *cache = Some((job.file.clone(), read_text(&job.file, &job.place)?));
    }
    cache.as_ref().map(|(_, text)| text.as_ref()).ok_or_else(|| "no text".to_owned())
}

/// Plays all directives, or those before the one in which the engine is lost.
fn play_lane<'a>(
    engine: &dyn EngineUnderTest,
    threads: Threads,
    profile: &'static Profile,
    job: &Job,
    directives: &[Directive<'a>],
    progress: &Progress,
    played: &mut Played,
) -> Option<Gone> {
    // Opening a store counts as part of the lane's first step.
    progress.step(played.times.len() as u32);
    let mut session = engine.open();
    let mut player = Player::new(session.as_mut(), profile, threads);
    for (index, directive) in directives.iter().enumerate() {
        let step = played.times.len() as u32;
        if job.until.is_some_and(|until| step >= until) {
            played.push(0, Some(Note::Unreached));
        } else if job.lost.contains(&step) {
            player.lose(index, directive);
            played.push(0, Some(Note::Lost));
        } else {
            progress.step(step);
            let begun = Instant::now();
            let judgement = player.play(index, directive);
            if let Some(gone) = player.gone() {
                return Some(gone.clone());
            }
            let micros = u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX);
            played.push(micros, note(judgement));
        }
    }
    None
}

fn note(judgement: Judgement) -> Option<Note> {
    match judgement {
        Judgement::Pass => None,
        Judgement::Fail { reached, expected, actual } => Some(Note::Fail { reached, expected, actual }),
        Judgement::Skip(Absence::Feature(feature)) => Some(Note::Feature(feature)),
        Judgement::Skip(Absence::Blocked(index)) => Some(Note::Blocked(index as u32)),
    }
}
