//! Every way in which a worker can fail is reported as what it is, and every other job is answered exactly once.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use assay_workers::{
    Cause, Event, Fault, Limit, Loss, Place, Pool, PoolConfig, PoolError, Running, Scheduler, Tally,
    WorkerCommand,
};
use serde::{Deserialize, Serialize};

const WORKER: &str = env!("CARGO_BIN_EXE_assay-test-worker");
const BYSTANDERS: u32 = 12;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Job {
    name: String,
    steps: u32,
    at: u32,
    act: String,
}

impl Job {
    fn new(act: &str, at: u32) -> Self {
        Self { name: act.to_owned(), steps: 5, at, act: act.to_owned() }
    }
}

/// What became of one job.
#[derive(Clone, Debug, PartialEq)]
enum Fate {
    Answered(String),
    Lost(Place, Loss),
    Abandoned,
}

/// Hands out a list of jobs and keeps the books.
#[derive(Default)]
struct Books {
    waiting: Vec<Job>,
    fates: BTreeMap<String, Vec<Fate>>,
    stderr: BTreeMap<String, String>,
    idle_losses: Vec<Loss>,
    seen: Vec<(String, Place)>,
    stop_after: Option<usize>,
}

impl Scheduler for Books {
    type Job = Job;
    type Answer = String;

    fn next_job(&mut self) -> Option<Job> {
        self.waiting.pop()
    }

    fn steps(&self, job: &Job) -> Option<u32> {
        Some(job.steps)
    }

    fn on_event(&mut self, event: Event<Job, String>) {
        let (job, fate) = match event {
            Event::Finished { job, answer, .. } => (job, Fate::Answered(answer)),
            Event::Lost(lost) => {
                self.stderr.insert(lost.job.name.clone(), lost.stderr);
                (lost.job, Fate::Lost(lost.at, lost.loss))
            }
            Event::Abandoned { job } => (job, Fate::Abandoned),
            Event::IdleLost { loss, .. } => return self.idle_losses.push(loss),
        };
        self.fates.entry(job.name).or_default().push(fate);
    }

    fn on_tick(&mut self, running: &[Running<'_, Job>]) {
        self.seen.extend(running.iter().map(|running| (running.job.name.clone(), running.at)));
    }

    fn stop(&self) -> bool {
        self.stop_after.is_some_and(|ticks| self.seen.len() > ticks)
    }
}

fn config(workers: usize) -> PoolConfig {
    let mut config = PoolConfig::new(WorkerCommand::new(WORKER, ["serve"]), workers);
    config.step_timeout = Duration::from_millis(400);
    config.max_frame = 1 << 20;
    config
}

/// Runs one bad job among bystanders; checks the books of the bystanders and the tally.
fn run_among_bystanders(bad: Job, config: PoolConfig) -> Books {
    let mut books = Books::default();
    for number in 0..BYSTANDERS {
        if number == BYSTANDERS / 2 {
            books.waiting.push(bad.clone());
        }
        books.waiting.push(Job { name: format!("bystander {number}"), steps: 3, at: 9, act: String::new() });
    }
    let tally = Pool::new(config).unwrap().run(&mut books).unwrap();
    assert_eq!(tally.jobs, u64::from(BYSTANDERS) + 1);
    assert_eq!(tally.finished + tally.lost, tally.jobs);
    assert_eq!(tally.abandoned, 0);
    for number in 0..BYSTANDERS {
        let name = format!("bystander {number}");
        assert_eq!(books.fates.remove(&name), Some(vec![Fate::Answered(name)]));
    }
    assert_eq!(books.fates.keys().collect::<Vec<_>>(), [&bad.name], "nothing else was reported");
    books
}

fn fate_of(bad: Job) -> Fate {
    let name = bad.name.clone();
    let mut fates = run_among_bystanders(bad, config(2)).fates.remove(&name).unwrap();
    assert_eq!(fates.len(), 1, "{fates:?}");
    fates.remove(0)
}

fn died(step: u32, cause: Cause) -> Fate {
    Fate::Lost(Place::Step(step), Loss::Died(cause))
}

fn misbehaved(step: u32, fault: Fault) -> Fate {
    Fate::Lost(Place::Step(step), Loss::Misbehaved(fault))
}

#[test]
fn a_crash_is_reported_with_its_step_and_signal() {
    for step in [0, 2, 4] {
        assert_eq!(fate_of(Job::new("segv", step)), died(step, Cause::Signal(11)));
        assert_eq!(fate_of(Job::new("abort", step)), died(step, Cause::Signal(6)));
    }
}

#[test]
fn a_silent_exit_is_a_death_whatever_its_code() {
    assert_eq!(fate_of(Job::new("exit 0", 1)), died(1, Cause::Exited(0)));
    assert_eq!(fate_of(Job::new("exit 7", 1)), died(1, Cause::Exited(7)));
    assert_eq!(fate_of(Job::new("half a message", 1)), died(1, Cause::Exited(0)));
}

#[test]
fn a_panic_is_a_death_with_its_message() {
    // To tell where it came from takes a panic its time.
    let config = PoolConfig { step_timeout: Duration::from_secs(20), ..config(2) };
    let books = run_among_bystanders(Job::new("panic", 3), config);
    assert_eq!(books.fates["panic"], [died(3, Cause::Exited(101))]);
    assert!(books.stderr["panic"].contains("the panic of panic"), "{:?}", books.stderr);
}

#[test]
fn a_hang_is_a_timeout_within_its_limit() {
    for act in ["hang", "spin"] {
        let Fate::Lost(Place::Step(2), Loss::TimedOut { after, limit: Limit::Step }) =
            fate_of(Job::new(act, 2))
        else {
            panic!("{act} is a timeout at step 2");
        };
        assert!(after >= Duration::from_millis(400) && after < Duration::from_millis(700), "{after:?}");
    }
}

#[test]
fn signs_of_life_extend_a_step_but_not_a_job() {
    assert_eq!(fate_of(Job::new("slow but alive", 2)), Fate::Answered("slow but alive".to_owned()));
    let mut config = config(2);
    config.job_timeout = Some(Duration::from_millis(600));
    let books = run_among_bystanders(Job::new("beats for ever", 2), config);
    let [Fate::Lost(Place::Step(2), Loss::TimedOut { limit: Limit::Job, .. })] =
        books.fates["beats for ever"][..]
    else {
        panic!("{:?}", books.fates);
    };
}

#[test]
fn a_flood_is_stopped_at_the_announced_length() {
    let limit = 1 << 20;
    let fate = fate_of(Job::new("huge", 1));
    assert_eq!(fate, misbehaved(1, Fault::FrameTooLarge { len: u32::MAX.into(), limit }));
    // An honest but oversized answer is the same thing, seen behind the last step.
    let bad = Job { name: "payload".to_owned(), steps: 1, at: 2 << 20, act: "payload".to_owned() };
    let len = (2 << 20) + 2 + 4;
    assert_eq!(fate_of(bad), Fate::Lost(Place::After, Loss::Misbehaved(Fault::FrameTooLarge { len, limit })));
}

#[test]
fn garbage_is_called_garbage() {
    for act in ["garbage", "binary garbage", "wrong type"] {
        let fate = fate_of(Job::new(act, 1));
        assert!(
            matches!(fate, Fate::Lost(Place::Step(1), Loss::Misbehaved(Fault::Garbage(_)))),
            "{act}: {fate:?}"
        );
    }
}

#[test]
fn lies_about_the_job_are_noticed() {
    let fate = fate_of(Job::new("answers another job", 1));
    let Fate::Lost(Place::Step(1), Loss::Misbehaved(Fault::WrongJob { expected, named })) = fate else {
        panic!("{fate:?}");
    };
    assert_eq!(named, expected + 1);
    for (act, distance) in [("works on another job", 1), ("answers while working on another job", 5)] {
        let fate = fate_of(Job::new(act, 1));
        let Fate::Lost(Place::Before, Loss::Misbehaved(Fault::WrongJob { expected, named })) = fate else {
            panic!("{act}: {fate:?}");
        };
        assert_eq!(named, expected + distance, "{act}");
    }
}

#[test]
fn a_step_that_does_not_exist_is_a_lie() {
    let fate = fate_of(Job::new("step out of range", 1));
    assert_eq!(fate, misbehaved(5, Fault::StepOutOfRange { step: 5, steps: 5 }));
}

#[test]
fn a_closed_channel_is_not_a_death() {
    assert_eq!(fate_of(Job::new("closes the channel", 1)), misbehaved(1, Fault::ChannelClosed));
}

#[test]
fn what_follows_an_answer_is_blamed_on_no_job() {
    for _ in 0..5 {
        let books = run_among_bystanders(Job::new("answers twice", 1), config(1));
        assert_eq!(books.fates["answers twice"], [Fate::Answered("ok".to_owned())]);
        assert!(matches!(books.idle_losses[..], [Loss::Misbehaved(Fault::Unasked | Fault::WrongJob { .. })]));
        let books = run_among_bystanders(Job::new("answers and mutters", 1), config(1));
        assert_eq!(books.fates["answers and mutters"], [Fate::Answered("ok".to_owned())]);
        assert_eq!(books.idle_losses, [Loss::Misbehaved(Fault::Unasked)]);
        let books = run_among_bystanders(Job::new("answers and leaves", 1), config(1));
        assert_eq!(books.fates["answers and leaves"], [Fate::Answered("ok".to_owned())]);
        assert_eq!(books.idle_losses, [Loss::Died(Cause::Exited(0))]);
    }
}

#[test]
fn guest_output_cannot_touch_the_channel() {
    assert_eq!(fate_of(Job::new("prints", 1)), Fate::Answered("prints".to_owned()));
    assert_eq!(fate_of(Job::new("reads input", 1)), Fate::Answered("reads input".to_owned()));
}

#[test]
fn offspring_of_a_worker_ends_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pid");
    let mut bad = Job::new("leaves offspring", 0);
    bad.name = path.to_str().unwrap().to_owned();
    assert_eq!(fate_of(bad), died(0, Cause::Signal(6)));
    wait_until_gone(&std::fs::read_to_string(path).unwrap());
}

#[test]
fn workers_die_with_their_parent() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pid");
    let mut parent = Command::new(WORKER).arg("parent").arg(&path).stdin(Stdio::null()).spawn().unwrap();
    let worker = wait_for_text(&path);
    assert!(is_alive(&worker));
    parent.kill().unwrap();
    parent.wait().unwrap();
    wait_until_gone(&worker);
}

#[test]
fn a_dropped_pool_leaves_nobody_behind() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pid");
    let mut job = Job::new("tells its number", 0);
    job.name = path.to_str().unwrap().to_owned();
    let mut books = Books { waiting: vec![job], stop_after: Some(0), ..Books::default() };
    let mut pool = Pool::new(config(3)).unwrap();
    let tally = pool.run(&mut books).unwrap();
    assert_eq!(tally, Tally { jobs: 1, abandoned: 1, ..Tally::default() });
    assert_eq!(books.fates.into_values().collect::<Vec<_>>(), [[Fate::Abandoned]]);
    if let Ok(worker) = std::fs::read_to_string(&path) {
        wait_until_gone(&worker);
    }
    let begun = Instant::now();
    drop(pool);
    assert!(begun.elapsed() < Duration::from_millis(400), "idle workers leave when asked");
}

#[test]
fn a_scheduler_can_go_on_behind_the_step_that_crashed() {
    /// Runs one job until no step is left that crashes.
    struct Resume {
        waiting: Option<Job>,
        crashed: Vec<u32>,
        answers: u32,
    }
    impl Scheduler for Resume {
        type Job = Job;
        type Answer = String;
        fn next_job(&mut self) -> Option<Job> {
            self.waiting.take()
        }
        fn on_event(&mut self, event: Event<Job, String>) {
            match event {
                Event::Lost(lost) => {
                    self.crashed.push(lost.at.step().unwrap());
                    self.waiting = Some(Job { at: lost.job.at + 1, ..lost.job });
                }
                Event::Finished { .. } => self.answers += 1,
                other => panic!("{other:?}"),
            }
        }
    }
    let mut resume = Resume { waiting: Some(Job::new("abort", 0)), crashed: Vec::new(), answers: 0 };
    let tally = Pool::new(config(1)).unwrap().run(&mut resume).unwrap();
    assert_eq!((resume.crashed, resume.answers), (vec![0, 1, 2, 3, 4], 1));
    assert_eq!(tally, Tally { jobs: 6, finished: 1, lost: 5, abandoned: 0, started: 5 });
}

#[test]
fn a_worker_that_never_gets_ready_is_an_error_with_its_words() {
    let mut pool_config = config(3);
    pool_config.command = WorkerCommand::new(WORKER, ["broken"]);
    let mut books = Books { waiting: vec![Job::new("", 0); 3], ..Books::default() };
    let mut pool = Pool::new(pool_config).unwrap();
    // Their last words come before their first jobs, and must not be forgotten over them.
    std::thread::sleep(Duration::from_millis(300));
    let error = pool.run(&mut books).unwrap_err();
    assert!(matches!(error, PoolError::NeverReady { .. }));
    let text = error.to_string();
    assert!(text.contains("exit code 3") && text.contains("cannot find my shoes"), "{text}");

    let mut pool_config = config(1);
    pool_config.command = WorkerCommand::new(WORKER, ["never-ready"]);
    pool_config.start_timeout = Duration::from_millis(100);
    let mut books = Books { waiting: vec![Job::new("", 0)], ..Books::default() };
    let error = Pool::new(pool_config).unwrap().run(&mut books).unwrap_err();
    assert!(error.to_string().contains("takes too long"), "{error}");
}

#[test]
fn a_missing_program_is_an_error_that_names_it() {
    let error = Pool::new(PoolConfig::new(WorkerCommand::new("/no/such/worker", [""; 0]), 1)).unwrap_err();
    assert!(error.to_string().contains("/no/such/worker"), "{error}");
}

#[test]
fn a_worker_called_by_hand_says_so() {
    let output = Command::new(WORKER).arg("serve").stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("not started by a worker pool"));
}

#[test]
fn large_jobs_and_answers_pass_and_the_pool_can_be_used_again() {
    let mut pool_config = config(2);
    pool_config.max_frame = 32 << 20;
    pool_config.step_timeout = Duration::from_secs(20);
    let mut pool = Pool::new(pool_config).unwrap();
    for _ in 0..2 {
        let name = "n".repeat(3 << 20);
        let mut books =
            Books { waiting: vec![Job { name: name.clone(), ..Job::new("", 9) }; 4], ..Books::default() };
        let tally = pool.run(&mut books).unwrap();
        assert_eq!(tally, Tally { jobs: 4, finished: 4, ..Tally::default() });
        assert_eq!(books.fates[&name], vec![Fate::Answered(name.clone()); 4]);
    }
    let mut pool = Pool::new(config(1)).unwrap();
    let mut books =
        Books { waiting: vec![Job { name: "n".repeat(3 << 20), ..Job::new("", 9) }], ..Books::default() };
    assert!(matches!(pool.run(&mut books), Err(PoolError::JobTooLarge { .. })));
}

#[test]
fn progress_is_shown_while_a_job_runs() {
    let books = run_among_bystanders(Job::new("slow but alive", 3), config(2));
    assert!(books.seen.contains(&("slow but alive".to_owned(), Place::Step(3))), "{:?}", books.seen);
}

fn is_alive(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn wait_for_text(path: &Path) -> String {
    wait_until(|| std::fs::read_to_string(path).ok().filter(|text| !text.is_empty()))
}

fn wait_until_gone(pid: &str) {
    wait_until(|| (!is_alive(pid)).then_some(()));
}

fn wait_until<T>(mut check: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(value) = check() {
            return value;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "it never happens");
        std::thread::sleep(Duration::from_millis(2));
    }
}
