//! `--dir HOST[::GUEST[::ro]]`: directories for the guest, with mistakes named instead of guessed at.

use std::path::Path;

/// A directory to grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    pub(super) host: String,
    pub(super) guest: String,
    pub(super) read_only: bool,
}

/// Reads the argument of `--dir`.
pub(super) fn dir(text: &str) -> Result<Mount, String> {
    let parts: Vec<&str> = text.split("::").collect();
    let (host, guest, read_only) = match parts.as_slice() {
        [host] => (*host, *host, false),
        [host, guest] => (*host, *guest, false),
        [host, guest, "ro"] => (*host, *guest, true),
        [host, guest, "rw"] => (*host, *guest, false),
        [host, guest, suffix] => {
            return Err(format!(
                "unknown suffix `{suffix}`; `{host}::{guest}::ro` grants the directory read-only, `{host}::{guest}` to read and write"
            ));
        }
        _ => return Err("expected HOST, HOST::GUEST or HOST::GUEST::ro".to_owned()),
    };
    if host.is_empty() || guest.is_empty() {
        return Err("expected HOST, HOST::GUEST or HOST::GUEST::ro".to_owned());
    }
    // Other runtimes separate by one colon; a directory of that name would be a surprise.
    if parts.len() == 1
        && !Path::new(host).exists()
        && let Some((host, guest)) = host.split_once(':')
    {
        let guest = guest.strip_suffix(":ro").map_or(guest.to_owned(), |guest| format!("{guest}::ro"));
        return Err(format!("there is no directory `{text}`; did you mean `--dir {host}::{guest}`?"));
    }
    Ok(Mount { host: host.to_owned(), guest: guest.to_owned(), read_only })
}

/// Reads the argument of `--mapdir`, which other runtimes write guest first.
pub(super) fn mapdir(text: &str) -> Result<Mount, String> {
    let (guest, host) =
        text.split_once("::").or_else(|| text.split_once(':')).ok_or("expected GUEST::HOST")?;
    dir(&format!("{host}::{guest}"))
}

/// Reads the argument of `--volume`: `HOST:GUEST`, and `:ro` behind it.
pub(super) fn volume(text: &str) -> Result<Mount, String> {
    let (host, guest) = text.split_once(':').ok_or("expected HOST:GUEST")?;
    let guest = guest.strip_suffix(":ro").map_or(guest.to_owned(), |guest| format!("{guest}::ro"));
    dir(&format!("{host}::{guest}"))
}

#[cfg(test)]
mod tests {
    use super::{Mount, dir, mapdir, volume};

    fn mount(host: &str, guest: &str, read_only: bool) -> Result<Mount, String> {
        Ok(Mount { host: host.to_owned(), guest: guest.to_owned(), read_only })
    }

    #[test]
    fn mounts_have_up_to_three_parts() {
        assert_eq!(dir("."), mount(".", ".", false));
        assert_eq!(dir("data::/sandbox"), mount("data", "/sandbox", false));
        assert_eq!(dir("data::/sandbox::ro"), mount("data", "/sandbox", true));
        assert_eq!(mapdir("/sandbox::data"), mount("data", "/sandbox", false));
        assert_eq!(volume("data:/sandbox:ro"), mount("data", "/sandbox", true));
    }

    #[test]
    fn mistakes_are_named() {
        assert!(dir("data::/x::r0").unwrap_err().contains("`data::/x::ro`"));
        assert!(dir("no-such-data:/x").unwrap_err().contains("`--dir no-such-data::/x`"));
        assert!(dir("no-such-data:/x:ro").unwrap_err().contains("`--dir no-such-data::/x::ro`"));
        for text in ["", "::", "a::", "::b", "a::b::ro::d"] {
            assert!(dir(text).is_err(), "{text}");
        }
    }
}
