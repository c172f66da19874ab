//! The supervisor: gives jobs to workers, listens to them, looks at their pages, ends and replaces those that fail.
//!
//! Enters: a scheduler; leaves: its events, one per job. Kept true: a slot holds a task or not, and a task leaves its slot
//! in exactly one place (`settle`), as exactly one event; jobs that their worker had not begun go back in line instead. One
//! thread, one `poll` over all workers; nothing here blocks on a worker. Knows no job's meaning.

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::child::{Child, Heard};
use crate::config::PoolConfig;
use crate::error::{PoolError, pool_io};
use crate::event::{Event, Fault, Loss, Lost, Place, Running, Scheduler, Tally};
use crate::frame::{self, Frame};
use crate::watch::{Clock, Watch};

/// So many workers in a row that do not get ready are a broken program, not an accident.
const FAILED_STARTS: u32 = 3;
/// So often a job goes to another worker after one was lost that had not begun with it.
const RETRIES: u32 = 2;

/// A set of worker processes, started once and used for many jobs.
///
/// Workers die with the thread that started them, which is why a pool stays on its thread. Dropping it ends them.
#[derive(Debug)]
pub struct Pool {
    config: PoolConfig,
    children: Vec<Option<Child>>,
    next_seq: u32,
    stays_here: PhantomData<Rc<()>>,
}

impl Pool {
    /// Starts the workers. They get ready while the caller goes on.
    ///
    /// # Errors
    ///
    /// When a worker cannot be started at all.
    pub fn new(config: PoolConfig) -> Result<Self, PoolError> {
        let children = (0..config.workers.max(1)).map(|_| Child::spawn(&config).map(Some));
        let children = children.collect::<Result<_, _>>()?;
        Ok(Self { config, children, next_seq: 1, stays_here: PhantomData })
    }

    /// Runs jobs until the scheduler has no more and every worker is idle. May be called again.
    ///
    /// # Errors
    ///
    /// When workers cannot be started or supervised, or a job cannot be sent. Jobs without an event are then undecided.
    pub fn run<S: Scheduler>(&mut self, scheduler: &mut S) -> Result<Tally, PoolError> {
        let result = Run::new(self, scheduler).until_the_end();
        if result.is_err() {
            self.children.iter_mut().for_each(|child| *child = None);
        }
        result
    }

    fn sequence(&mut self) -> u32 {
        let seq = self.next_seq;
        self.next_seq = self.next_seq.checked_add(1).unwrap_or(1);
        seq
    }
}

/// A job in the hands of a worker.
struct Task<J> {
    job: J,
    seq: u32,
    steps: Option<u32>,
    begun: Instant,
    watch: Watch,
    /// How often it was handed out before, to workers that were lost without having begun it.
    tries: u32,
}

/// One call of [`Pool::run`].
struct Run<'a, S: Scheduler> {
    pool: &'a mut Pool,
    scheduler: &'a mut S,
    tasks: Vec<Option<Task<S::Job>>>,
    /// Time that a worker, not ready yet, has taken so far.
    starting: Vec<Duration>,
    /// Jobs whose worker was lost before it began with them, and how often that happened.
    again: VecDeque<(S::Job, u32)>,
    failed_starts: u32,
    clock: Clock,
    last_tick: Instant,
    scratch: Vec<u8>,
    tally: Tally,
}

/// What `poll` said about one worker.
#[derive(Clone, Copy, Default)]
struct Ready {
    readable: bool,
    writable: bool,
    ended: bool,
    stderr: bool,
}

impl<'a, S: Scheduler> Run<'a, S> {
    fn new(pool: &'a mut Pool, scheduler: &'a mut S) -> Self {
        let slots = pool.children.len();
        let clock = Clock::new(pool.config.tick());
        Self {
            pool,
            scheduler,
            tasks: (0..slots).map(|_| None).collect(),
            starting: vec![Duration::ZERO; slots],
            again: VecDeque::new(),
            failed_starts: 0,
            clock,
            last_tick: Instant::now(),
            scratch: Vec::new(),
            tally: Tally::default(),
        }
    }

    fn until_the_end(mut self) -> Result<Tally, PoolError> {
        loop {
            if self.scheduler.stop() {
                self.abandon();
                return Ok(self.tally);
            }
            self.assign()?;
            if self.tasks.iter().all(Option::is_none) {
                return Ok(self.tally);
            }
            let ready = self.wait()?;
            let passed = self.clock.lap();
            for (slot, ready) in ready.into_iter().enumerate() {
                self.listen(slot, ready)?;
                self.look(slot, passed)?;
            }
            self.tick();
        }
    }

    /// Hands out jobs to idle slots, starting workers where they are missing.
    fn assign(&mut self) -> Result<(), PoolError> {
        for slot in 0..self.tasks.len() {
            if self.tasks[slot].is_some() {
                continue;
            }
            let Some((job, tries)) = self.next_job() else { return Ok(()) };
            if self.pool.children[slot].is_none() {
                self.pool.children[slot] = Some(Child::spawn(&self.pool.config)?);
                self.starting[slot] = Duration::ZERO;
                self.tally.started += 1;
            }
            self.hand_out(slot, job, tries)?;
        }
        Ok(())
    }

    fn next_job(&mut self) -> Option<(S::Job, u32)> {
        self.again.pop_front().or_else(|| {
            let job = self.scheduler.next_job()?;
            self.tally.jobs += 1;
            Some((job, 0))
        })
    }

    fn hand_out(&mut self, slot: usize, job: S::Job, tries: u32) -> Result<(), PoolError> {
        let seq = self.pool.sequence();
        let message = frame::encode(seq, &job).map_err(PoolError::Encode)?;
        let limit = self.pool.config.max_frame;
        if message.len() > limit as usize {
            return Err(PoolError::JobTooLarge { len: message.len(), limit });
        }
        let steps = self.scheduler.steps(&job);
        let child = self.pool.children[slot].as_mut().expect("a slot gets its worker before its job");
        if child.page().is_ready() {
            // What it wrote while getting ready is kept until it is: it may be all that explains why it never is.
            child.tail.clear();
        }
        let watch = Watch::new(child.page().sight());
        child.send(message);
        self.tasks[slot] = Some(Task { job, seq, steps, begun: Instant::now(), watch, tries });
        Ok(())
    }

    /// Sleeps until a worker has something to say, or until the next look is due.
    fn wait(&self) -> Result<Vec<Ready>, PoolError> {
        let mut fds = Vec::new();
        let mut owners = Vec::new();
        for (slot, child) in self.pool.children.iter().enumerate() {
            let Some(child) = child else { continue };
            let [channel, ended] = child.fds();
            let stderr = child.tail.fd().map(|fd| (fd, PollFlags::IN));
            for (source, (fd, flags)) in [channel, ended].into_iter().chain(stderr).enumerate() {
                fds.push(PollFd::from_borrowed_fd(fd, flags));
                owners.push((slot, source));
            }
        }
        let tick = self.pool.config.tick();
        let timeout = Timespec { tv_sec: tick.as_secs() as i64, tv_nsec: tick.subsec_nanos().into() };
        let mut ready = vec![Ready::default(); self.tasks.len()];
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(ready),
            Err(error) => return Err(pool_io("wait for the workers")(error)),
        }
        for ((slot, source), fd) in owners.into_iter().zip(&fds) {
            let flags = fd.revents();
            match source {
                0 => {
                    ready[slot].readable = flags.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR);
                    ready[slot].writable = flags.contains(PollFlags::OUT);
                }
                1 => ready[slot].ended = !flags.is_empty(),
                _ => ready[slot].stderr = !flags.is_empty(),
            }
        }
        Ok(ready)
    }

    /// Takes in what a worker has to say. Its last words count before its end does.
    fn listen(&mut self, slot: usize, ready: Ready) -> Result<(), PoolError> {
        let Some(child) = &mut self.pool.children[slot] else { return Ok(()) };
        if ready.stderr {
            child.tail.drain();
        }
        if ready.writable {
            child.flush();
        }
        if (ready.readable || ready.writable)
            && let Some(task) = &mut self.tasks[slot]
        {
            task.watch.hear();
        }
        if !(ready.readable || ready.ended) {
            return Ok(());
        }
        loop {
            let Some(child) = &mut self.pool.children[slot] else { return Ok(()) };
            let heard = child.hear(&mut self.scratch);
            if let Err(fault) = self.take_messages(slot) {
                return self.dismiss(slot, Loss::Misbehaved(fault));
            }
            match heard {
                Heard::Bytes if ready.ended => {}
                Heard::Bytes => return Ok(()),
                Heard::Nothing if ready.ended => return self.bury(slot),
                Heard::Nothing => return Ok(()),
                Heard::End => return self.bury(slot),
            }
        }
    }

    fn take_messages(&mut self, slot: usize) -> Result<(), Fault> {
        loop {
            let Some(child) = &mut self.pool.children[slot] else { return Ok(()) };
            if self.tasks[slot].is_none() && !child.inbox.is_empty() {
                return Err(Fault::Unasked);
            }
            let Some(frame) = child.inbox.take(self.pool.config.max_frame)? else { return Ok(()) };
            self.take_answer(slot, frame)?;
        }
    }

    fn take_answer(&mut self, slot: usize, frame: Frame) -> Result<(), Fault> {
        let (Some(child), Some(task)) = (&self.pool.children[slot], &self.tasks[slot]) else {
            return Err(Fault::Unasked);
        };
        let announced = child.page().sight().seq;
        for named in [frame.seq, announced] {
            if named != task.seq {
                return Err(Fault::WrongJob { expected: task.seq, named });
            }
        }
        let answer =
            serde_json::from_slice(&frame.payload).map_err(|error| Fault::Garbage(error.to_string()))?;
        self.failed_starts = 0;
        self.settle(slot, |task| Event::Finished { job: task.job, answer, elapsed: task.begun.elapsed() });
        Ok(())
    }

    /// Looks at a worker's page: limits and lies.
    fn look(&mut self, slot: usize, passed: Duration) -> Result<(), PoolError> {
        let Some(child) = &self.pool.children[slot] else { return Ok(()) };
        if !child.page().is_ready() {
            self.starting[slot] += passed;
            let overrun = self.starting[slot] >= self.pool.config.start_timeout;
            return if overrun { self.fail_start(slot, "it takes too long") } else { Ok(()) };
        }
        let Some(task) = &mut self.tasks[slot] else { return Ok(()) };
        let sight = child.page().sight();
        let begun = !task.watch.is_first(sight);
        task.watch.look(sight, passed);
        if let Some((after, limit)) = task.watch.overrun(&self.pool.config) {
            return self.dismiss(slot, Loss::TimedOut { after, limit });
        }
        // Before it begins, the page still tells of the job before this one.
        if sight.seq != task.seq && begun {
            let fault = Fault::WrongJob { expected: task.seq, named: sight.seq };
            return self.dismiss(slot, Loss::Misbehaved(fault));
        }
        match (sight.at, task.steps) {
            (Place::Step(step), Some(steps)) if sight.seq == task.seq && step >= steps => {
                self.dismiss(slot, Loss::Misbehaved(Fault::StepOutOfRange { step, steps }))
            }
            _ => Ok(()),
        }
    }

    /// The process has ended, or at least its channel has.
    fn bury(&mut self, slot: usize) -> Result<(), PoolError> {
        let Some(child) = &mut self.pool.children[slot] else { return Ok(()) };
        if !child.ends_by_itself() {
            return self.dismiss(slot, Loss::Misbehaved(Fault::ChannelClosed));
        }
        let ready = child.page().is_ready();
        let cause = child.finish().map_err(pool_io("wait for a worker"))?;
        if ready { self.lose(slot, Loss::Died(cause)) } else { self.fail_start(slot, &cause.to_string()) }
    }

    /// Ends a worker that broke a limit or a rule.
    fn dismiss(&mut self, slot: usize, loss: Loss) -> Result<(), PoolError> {
        if let Some(child) = &mut self.pool.children[slot] {
            child.finish().map_err(pool_io("end a worker"))?;
        }
        self.lose(slot, loss)
    }

    /// A worker is gone: reports it, with its job if it had begun one. What a worker does after its last answer must not be
    /// blamed on a job that was already on its way to it.
    fn lose(&mut self, slot: usize, loss: Loss) -> Result<(), PoolError> {
        let Some(mut child) = self.pool.children[slot].take() else { return Ok(()) };
        let stderr = child.tail.text();
        let sight = child.page().sight();
        let untouched = |task: &mut Task<_>| {
            task.watch.is_first(sight) && task.tries < RETRIES && !matches!(loss, Loss::TimedOut { .. })
        };
        let spared = self.tasks[slot].take_if(untouched).map(|task| (task.job, task.tries + 1));
        if self.tasks[slot].is_none() {
            self.again.extend(spared);
            self.scheduler.on_event(Event::IdleLost { loss, stderr });
            return Ok(());
        }
        self.settle(slot, |task| {
            let at = if sight.seq == task.seq { sight.at } else { Place::Before };
            Event::Lost(Lost { job: task.job, at, loss, stderr, elapsed: task.begun.elapsed() })
        });
        Ok(())
    }

    /// A worker never got ready: its job waits for another one, unless that happens too often.
    fn fail_start(&mut self, slot: usize, reason: &str) -> Result<(), PoolError> {
        let Some(mut child) = self.pool.children[slot].take() else { return Ok(()) };
        child.finish().map_err(pool_io("end a worker"))?;
        self.failed_starts += 1;
        if self.failed_starts >= FAILED_STARTS {
            let program = self.pool.config.command.program.clone();
            return Err(PoolError::NeverReady {
                program,
                reason: reason.to_owned(),
                stderr: child.tail.text(),
            });
        }
        self.again.extend(self.tasks[slot].take().map(|task| (task.job, task.tries)));
        Ok(())
    }

    /// The one door through which a task leaves its slot for good.
    fn settle(&mut self, slot: usize, event: impl FnOnce(Task<S::Job>) -> Event<S::Job, S::Answer>) {
        let Some(task) = self.tasks[slot].take() else { return };
        let event = event(task);
        match &event {
            Event::Finished { .. } => self.tally.finished += 1,
            Event::Lost(_) => self.tally.lost += 1,
            Event::Abandoned { .. } => self.tally.abandoned += 1,
            Event::IdleLost { .. } => {}
        }
        self.scheduler.on_event(event);
    }

    fn abandon(&mut self) {
        for slot in 0..self.tasks.len() {
            if self.tasks[slot].is_none() {
                continue;
            }
            if let Some(mut child) = self.pool.children[slot].take() {
                // A failure means that the process is gone, which is what is wanted.
                let _ended = child.finish();
            }
            self.settle(slot, |task| Event::Abandoned { job: task.job });
        }
        for (job, _) in self.again.drain(..) {
            self.tally.abandoned += 1;
            self.scheduler.on_event(Event::Abandoned { job });
        }
    }

    /// Shows the scheduler what is going on, at most once per tick.
    fn tick(&mut self) {
        if self.last_tick.elapsed() < self.pool.config.tick() {
            return;
        }
        self.last_tick = Instant::now();
        let children = &self.pool.children;
        let running = self.tasks.iter().zip(children).enumerate().filter_map(|(worker, (task, child))| {
            let (task, sight) = (task.as_ref()?, child.as_ref()?.page().sight());
            let at = if sight.seq == task.seq { sight.at } else { Place::Before };
            Some(Running { worker, job: &task.job, at, elapsed: task.begun.elapsed() })
        });
        self.scheduler.on_tick(&running.collect::<Vec<_>>());
    }
}
