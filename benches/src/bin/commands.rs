//! Time and peak memory of commands: runs each often, in turns, and prints the least and the median of both.
//!
//! Every other round goes through the commands backwards, so that a drift of the machine hits all alike. A child's peak
//! starts at the size of the process it was split from, so this program stays tiny and says that floor. Ratios are to
//! the last command. Usage: `commands [--rounds N] -- COMMAND… [-- COMMAND…]…`.
#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Duration;

use assay_benches::child;

/// A command that takes longer is none to be repeated.
const LIMIT: Duration = Duration::from_secs(600);

/// What one run of a command took.
#[derive(Copy, Clone)]
struct Cost {
    milliseconds: f64,
    peak_kib: f64,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((rounds, commands)) = parse(&arguments) else {
        eprintln!("usage: commands [--rounds N] -- COMMAND... [-- COMMAND...]...");
        return ExitCode::from(2);
    };
    match take_turns(rounds, &commands) {
        Ok(costs) => {
            print(&commands, &costs);
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(1)
        }
    }
}

/// The costs of each command, after one run that does not count.
fn take_turns(rounds: usize, commands: &[Vec<String>]) -> Result<Vec<Vec<Cost>>, String> {
    let mut costs = vec![Vec::new(); commands.len()];
    for round in 0..=rounds {
        let mut order: Vec<usize> = (0..commands.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for index in order {
            let command = &commands[index];
            let cost = cost_of(command).map_err(|message| format!("{}: {message}", command.join(" ")))?;
            if round > 0 {
                costs[index].push(cost);
            }
        }
    }
    Ok(costs)
}

fn print(commands: &[Vec<String>], costs: &[Vec<Cost>]) {
    let floor = cost_of(&["true".to_owned()]).map_or(0.0, |cost| cost.peak_kib);
    println!("floor of any peak (this program's child `true`): {floor} KiB");
    println!("ms least   median  ratio    KiB least   median  ratio   command");
    let figures = |pick: fn(&Cost) -> f64| -> Vec<(f64, f64)> {
        costs.iter().map(|costs| least_and_median(costs.iter().map(pick).collect())).collect()
    };
    let (times, peaks) = (figures(|cost| cost.milliseconds), figures(|cost| cost.peak_kib));
    for (index, command) in commands.iter().enumerate() {
        let ratio = |figures: &[(f64, f64)]| figures[index].1 / figures[figures.len() - 1].1;
        println!(
            "{:>8.2} {:>8.2} {:>6.3}    {:>9.0} {:>8.0} {:>6.3}   {}",
            times[index].0,
            times[index].1,
            ratio(&times),
            peaks[index].0,
            peaks[index].1,
            ratio(&peaks),
            command.join(" ")
        );
    }
}

fn least_and_median(mut figures: Vec<f64>) -> (f64, f64) {
    figures.sort_unstable_by(f64::total_cmp);
    (figures[0], figures[figures.len() / 2])
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

/// Runs the command, which must succeed.
fn cost_of(command: &[String]) -> Result<Cost, String> {
    let (cost, _said) = child::run(command, LIMIT)?;
    Ok(Cost { milliseconds: cost.wall_ns / 1e6, peak_kib: cost.peak_bytes / 1024.0 })
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
    fn a_failing_command_has_no_figures() {
        let cost = cost_of(&words("sleep 0.02")).unwrap_or(Cost { milliseconds: 0.0, peak_kib: 0.0 });
        assert!(cost.milliseconds >= 20.0 && cost.peak_kib > 0.0);
        assert!(take_turns(1, &[words("true"), words("false")]).is_err());
    }

    #[test]
    fn every_round_counts_but_the_first() {
        let costs = take_turns(3, &[words("true"), words("true")]).unwrap_or_default();
        assert_eq!(costs.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3]);
        assert_eq!(least_and_median(vec![3.0, 1.0, 2.0]), (1.0, 2.0));
    }
}
