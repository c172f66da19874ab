//! Peak memory of commands: runs each several times in turns and prints the least and median peak.
//!
//! A child's peak starts at the size of the process it was split from, so this program stays tiny and
//! says that floor. Usage: `peak-rss [--rounds N] -- COMMAND… [-- COMMAND…]…`.
#![deny(unsafe_code)]

use std::process::{Command, ExitCode, Stdio};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((rounds, commands)) = parse(&arguments) else {
        eprintln!("usage: peak-rss [--rounds N] -- COMMAND... [-- COMMAND...]...");
        return ExitCode::from(2);
    };
    let mut peaks = vec![Vec::new(); commands.len()];
    for _ in 0..rounds {
        for (command, peaks) in commands.iter().zip(&mut peaks) {
            match peak_of(command) {
                Ok(peak) => peaks.push(peak),
                Err(message) => {
                    eprintln!("error: {}: {message}", command.join(" "));
                    return ExitCode::from(1);
                }
            }
        }
    }
    let floor = peak_of(&["true".to_owned()]).unwrap_or(0);
    println!("floor (this program's child `true`): {floor} KiB");
    for (command, mut peaks) in commands.iter().zip(peaks) {
        peaks.sort_unstable();
        println!(
            "{:>8} KiB least {:>8} KiB median   {}",
            peaks[0],
            peaks[peaks.len() / 2],
            command.join(" ")
        );
    }
    ExitCode::SUCCESS
}

/// The number of rounds and the commands, each begun by `--`.
fn parse(arguments: &[String]) -> Option<(usize, Vec<Vec<String>>)> {
    let mut parts = arguments.split(|argument| argument == "--");
    let rounds = match parts.next()? {
        [] => 9,
        [flag, number] if flag == "--rounds" => number.parse().ok().filter(|&rounds| rounds > 0)?,
        _ => return None,
    };
    let commands: Vec<_> = parts.map(<[String]>::to_vec).collect();
    (!commands.is_empty() && commands.iter().all(|command| !command.is_empty())).then_some((rounds, commands))
}

/// Runs the command, which must succeed, and returns its peak resident size in KiB.
#[expect(unsafe_code, reason = "wait4 is the one call that tells a single child's peak")]
fn peak_of(command: &[String]) -> Result<i64, String> {
    let child = Command::new(&command[0])
        .args(&command[1..])
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let (mut status, mut usage) = (0, std::mem::MaybeUninit::<libc::rusage>::zeroed());
    // SAFETY: the child is ours and not yet waited for; both pointers are to live, writable places of
    // the types that wait4(2) asks for.
    let waited = unsafe { libc::wait4(child.id().cast_signed(), &mut status, 0, usage.as_mut_ptr()) };
    if waited < 0 {
        return Err(std::io::Error::last_os_error().to_string());
    }
    if !(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0) {
        return Err(format!("ended with wait status {status:#x}"));
    }
    // SAFETY: all fields of rusage are integers, for which zero is a value; wait4 filled them.
    let usage = unsafe { usage.assume_init() };
    Ok(usage.ru_maxrss)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn commands_are_split_at_double_dashes() {
        let (rounds, commands) = parse(&words("--rounds 3 -- a b -- c")).unwrap_or_default();
        assert_eq!((rounds, commands), (3, vec![words("a b"), words("c")]));
        assert!(parse(&words("--rounds 0 -- a")).is_none());
        assert!(parse(&words("a b")).is_none());
        assert!(parse(&words("-- a --")).is_none());
    }

    #[test]
    fn a_failing_command_has_no_peak() {
        assert!(peak_of(&words("true")).is_ok_and(|peak| peak > 0));
        assert!(peak_of(&words("false")).is_err());
    }
}
