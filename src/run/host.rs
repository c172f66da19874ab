//! What the guest is granted, from the command line.

use super::mount::{self, Mount};
use super::options::System;
use super::{Args, Failure};
use assay_runtime::{ResourceLimiter, StoreLimits};
use assay_wasi::{DirPerms, FilePerms, WasiCtx, WasiCtxBuilder, WasiLimits};

/// The data of the store.
pub(super) struct Host {
    pub(super) wasi: WasiCtx,
    pub(super) limits: StoreLimits,
}

impl Host {
    pub(super) fn limiter(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.limits
    }
}

/// Grants what the command line says.
pub(super) fn grant(args: &Args, system: &System) -> Result<WasiCtx, Failure> {
    let usage = |error: &dyn std::fmt::Display| Failure::usage(error.to_string());
    let mut builder = WasiCtxBuilder::new();
    builder.inherit_stdio().arg(program_name(args)).args(args.guest_args()?).limits(limits(system));
    builder.raw_terminal(system.raw_terminal);
    if system.inherit_env {
        builder.inherit_env();
    }
    for variable in &args.env {
        let (name, value) = environment(variable)?;
        builder.env(name, value);
    }
    for mount in mounts(args)? {
        let (dir, file) = if mount.read_only {
            (DirPerms::READ, FilePerms::READ)
        } else {
            (DirPerms::all(), FilePerms::all())
        };
        let granted = builder.preopened_dir(&mount.host, &mount.guest, dir, file);
        granted.map_err(|error| usage(&error))?;
    }
    for address in &system.listen {
        let listener = std::net::TcpListener::bind(address);
        builder.preopened_socket(
            listener.map_err(|error| usage(&format!("failed to listen on `{address}`: {error}")))?,
        );
    }
    if let Some(nanos) = system.fixed_clock {
        builder.fixed_clock(nanos);
    }
    if let Some(seed) = system.seed {
        builder.seeded_random(seed);
    }
    builder.build().map_err(|error| usage(&error))
}

/// The guest's name for itself.
fn program_name(args: &Args) -> String {
    let file =
        || args.module().file_name().unwrap_or(args.module().as_os_str()).to_string_lossy().into_owned();
    args.argv0.clone().unwrap_or_else(file)
}

fn limits(system: &System) -> WasiLimits {
    let mut limits = WasiLimits::new();
    if let Some(count) = system.max_descriptors {
        limits = limits.descriptors(count);
    }
    if let Some(bytes) = system.max_output {
        limits = limits.output(bytes);
    }
    if let Some(bytes) = system.max_file_size {
        limits = limits.file_size(bytes);
    }
    limits
}

/// Reads the argument of an option that grants a directory.
type Read = fn(&str) -> Result<Mount, String>;

fn mounts(args: &Args) -> Result<Vec<Mount>, Failure> {
    let groups: [(&str, &[String], Read); 3] = [
        ("--dir", &args.dir, mount::dir),
        ("--mapdir", &args.mapdir, mount::mapdir),
        ("--volume", &args.volume, mount::volume),
    ];
    let mut mounts: Vec<Mount> = Vec::new();
    for (option, texts, read) in groups {
        for text in texts {
            let mount =
                read(text).map_err(|reason| Failure::usage(format!("`{option} {text}`: {reason}")))?;
            if let Some(twice) = mounts.iter().find(|other| other.guest == mount.guest) {
                let (first, second, guest) = (&twice.host, &mount.host, &mount.guest);
                let message = format!("`{first}` and `{second}` cannot both be `{guest}` for the guest");
                return Err(Failure::usage(message));
            }
            mounts.push(mount);
        }
    }
    Ok(mounts)
}

/// `NAME=VALUE`, or `NAME` for the value that we have ourselves.
fn environment(variable: &str) -> Result<(String, String), Failure> {
    if let Some((name, value)) = variable.split_once('=') {
        return Ok((name.to_owned(), value.to_owned()));
    }
    let value = std::env::var(variable);
    let value = value.map_err(|error| {
        Failure::usage(format!("`--env {variable}`: {error}; `--env {variable}=VALUE` sets a value"))
    })?;
    Ok((variable.to_owned(), value))
}
