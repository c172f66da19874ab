//! Numbers of signals to their names, as Linux on x86-64 and aarch64 numbers them. Used wherever a cause of death is shown.

/// The name of a signal, such as `SIGSEGV`; `None` for numbers without one (real-time signals among them).
pub fn signal_name(number: i32) -> Option<&'static str> {
    const NAMES: [&str; 32] = [
        "",
        "SIGHUP",
        "SIGINT",
        "SIGQUIT",
        "SIGILL",
        "SIGTRAP",
        "SIGABRT",
        "SIGBUS",
        "SIGFPE",
        "SIGKILL",
        "SIGUSR1",
        "SIGSEGV",
        "SIGUSR2",
        "SIGPIPE",
        "SIGALRM",
        "SIGTERM",
        "SIGSTKFLT",
        "SIGCHLD",
        "SIGCONT",
        "SIGSTOP",
        "SIGTSTP",
        "SIGTTIN",
        "SIGTTOU",
        "SIGURG",
        "SIGXCPU",
        "SIGXFSZ",
        "SIGVTALRM",
        "SIGPROF",
        "SIGWINCH",
        "SIGIO",
        "SIGPWR",
        "SIGSYS",
    ];
    let index = usize::try_from(number).ok().filter(|&index| index > 0)?;
    NAMES.get(index).copied()
}

#[cfg(test)]
mod tests {
    use super::signal_name;

    #[test]
    fn names_stand_at_their_numbers() {
        for (number, name) in
            [(4, "SIGILL"), (6, "SIGABRT"), (7, "SIGBUS"), (9, "SIGKILL"), (11, "SIGSEGV"), (31, "SIGSYS")]
        {
            assert_eq!(signal_name(number), Some(name));
        }
        for number in [-1, 0, 32, 64, i32::MAX] {
            assert_eq!(signal_name(number), None);
        }
    }
}
