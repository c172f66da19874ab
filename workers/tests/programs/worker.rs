//! The worker that the tests supervise. Each job says at which step to do which wrong thing.
//!
//! It keeps copies of the channel and of the page's file from before `serve` hides them, so that it can lie with the same
//! bytes that a broken worker would produce.

use std::fs::File;
use std::io::{self, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::process::{Command, exit};
use std::thread::sleep;
use std::time::Duration;

use assay_workers::{Event, Pool, PoolConfig, Progress, Scheduler, WorkerCommand, serve};
use rustix::process::{Signal, getpid, kill_process};
use serde::{Deserialize, Serialize};

/// Where the position stands in the page.
const POSITION: u64 = 16;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Job {
    name: String,
    steps: u32,
    at: u32,
    act: String,
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("parent") => parent(),
        Some("broken") => {
            eprintln!("cannot find my shoes");
            exit(3);
        }
        Some("never-ready") => sleep(Duration::from_secs(600)),
        Some("serve") => work(),
        _ => exit(2),
    }
}

fn work() {
    let channel =
        io::stdin().as_fd().try_clone_to_owned().map(UnixStream::from).expect("standard input is open");
    let page = io::stdout().as_fd().try_clone_to_owned().map(File::from).expect("standard output is open");
    let served = serve(|job: Job, progress: &Progress| {
        for step in 0..job.steps {
            progress.step(step);
            if step == job.at {
                act(&job, progress, &channel, &page);
            }
        }
        if job.act == "payload" {
            return "x".repeat(job.at as usize);
        }
        job.name
    });
    if let Err(error) = served {
        eprintln!("{error}");
        exit(1);
    }
}

fn act(job: &Job, progress: &Progress, channel: &UnixStream, page: &File) {
    let seq = || {
        let mut position = [0; 8];
        page.read_exact_at(&mut position, POSITION).expect("the page can be read");
        (u64::from_le_bytes(position) >> 32) as u32
    };
    let lie = |seq: u32, step: u32| {
        let position = (u64::from(seq) << 32 | u64::from(step)).to_le_bytes();
        page.write_all_at(&position, POSITION).expect("the page can be written");
    };
    let say = |len: u32, seq: u32, payload: &[u8]| {
        let message = [&len.to_le_bytes()[..], &seq.to_le_bytes()[..], payload].concat();
        // The supervisor may have ended us in the middle of it.
        let _said = (&*channel).write_all(&message);
    };
    match job.act.as_str() {
        "segv" => raise(Signal::SEGV),
        "abort" => std::process::abort(),
        "hang" => sleep(Duration::from_secs(600)),
        "spin" => loop {
            std::hint::spin_loop();
        },
        "panic" => panic!("the panic of {}", job.name),
        "exit 0" => exit(0),
        "exit 7" => exit(7),
        "huge" => {
            say(u32::MAX, seq(), b"");
            (0..10_000).for_each(|_| say(u32::MAX, seq(), &[b'x'; 100_000]));
            sleep(Duration::from_secs(600));
        }
        "garbage" => {
            say(4 + 7, seq(), b"garbage");
            sleep(Duration::from_secs(600));
        }
        "binary garbage" => {
            say(1, 0, &[0xff; 64]);
            sleep(Duration::from_secs(600));
        }
        "wrong type" => {
            say(4 + 4, seq(), b"[42]");
            sleep(Duration::from_secs(600));
        }
        "answers another job" => {
            say(4 + 4, seq() + 1, b"\"ok\"");
            sleep(Duration::from_secs(600));
        }
        "works on another job" => {
            lie(seq() + 1, 0);
            sleep(Duration::from_secs(600));
        }
        "answers while working on another job" => {
            let truth = seq();
            lie(truth + 5, 0);
            say(4 + 4, truth, b"\"ok\"");
            sleep(Duration::from_secs(600));
        }
        "step out of range" => {
            progress.step(job.steps);
            sleep(Duration::from_secs(600));
        }
        "answers twice" => {
            say(4 + 4, seq(), b"\"ok\"");
            say(4 + 4, seq(), b"\"ok\"");
            sleep(Duration::from_secs(600));
        }
        "answers and mutters" => {
            let answer = [&8_u32.to_le_bytes()[..], &seq().to_le_bytes()[..], b"\"ok\"", &[1, 0]].concat();
            (&*channel).write_all(&answer).expect("the channel is open");
            sleep(Duration::from_secs(600));
        }
        "answers and leaves" => {
            say(4 + 4, seq(), b"\"ok\"");
            exit(0);
        }
        "closes the channel" => {
            channel.shutdown(Shutdown::Both).expect("the channel is open");
            sleep(Duration::from_secs(600));
        }
        "half a message" => {
            say(1000, seq(), b"\"half");
            exit(0);
        }
        "prints" => {
            println!("guest output \u{1b}[31m {}", "y".repeat(1_000_000));
            io::stdout().flush().expect("standard output leads to standard error");
            print!("no newline");
        }
        "reads input" => {
            let mut line = String::new();
            let len = io::stdin().read_line(&mut line).expect("standard input is empty, not closed");
            assert_eq!(len, 0);
        }
        "slow but alive" => (0..30).for_each(|_| {
            sleep(Duration::from_millis(20));
            progress.beat();
        }),
        "beats for ever" => loop {
            sleep(Duration::from_millis(5));
            progress.beat();
        },
        "leaves offspring" => {
            let child = Command::new("sleep").arg("600").spawn().expect("sleep exists");
            std::fs::write(&job.name, child.id().to_string()).expect("the path can be written");
            std::process::abort();
        }
        "tells its number" => {
            std::fs::write(&job.name, std::process::id().to_string()).expect("the path can be written");
            sleep(Duration::from_secs(600));
        }
        _ => {}
    }
}

/// Twice: the first one may end in the handler that looks for stack overflows.
fn raise(signal: Signal) {
    for _ in 0..10 {
        kill_process(getpid(), signal).expect("a process may signal itself");
    }
}

/// A parent to be killed: its one worker writes its process id to the path given, and hangs.
fn parent() {
    struct One(Option<Job>);
    impl Scheduler for One {
        type Job = Job;
        type Answer = String;
        fn next_job(&mut self) -> Option<Job> {
            self.0.take()
        }
        fn on_event(&mut self, _: Event<Job, String>) {}
    }
    let name = std::env::args().nth(2).expect("a path is given");
    let config = PoolConfig::new(WorkerCommand::this_program(["serve"]), 1);
    let mut pool = Pool::new(config).expect("workers start");
    let job = Job { name, steps: 1, at: 0, act: "tells its number".to_owned() };
    pool.run(&mut One(Some(job))).expect("the run goes on until we are killed");
}
