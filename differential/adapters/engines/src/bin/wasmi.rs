//! wasmi as a peer of the engine protocol (differential/PROTOCOL.md), on standard input and output.

use std::process::ExitCode;

fn main() -> ExitCode {
    match assay_adapters::wasmi::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
