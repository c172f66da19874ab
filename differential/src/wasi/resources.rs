//! What a guest costs its host: open descriptors and memory, as the kernel counts them for the whole process.
//!
//! Means something only where nothing else happens in the process meanwhile.

use std::fs;

/// How much the host may give for one play, beyond what it had before: buffers for the largest transfers, and some.
const RESIDENT: u64 = 192 << 20;
/// The same for addresses, of which engines reserve more than they use. Coarse: what other cases of the process have reserved
/// before counts as had.
const ADDRESSES: u64 = 4 << 30;

/// What there was before a play.
pub(super) struct Before {
    descriptors: usize,
    resident: u64,
    addresses: u64,
}

impl Before {
    /// Looks now, and lets the peak of memory be counted from here on.
    pub(super) fn now() -> Self {
        // Without this the peak is that of the process so far, and the ceiling only higher.
        let _not_every_kernel = fs::write("/proc/self/clear_refs", "5");
        let (resident, addresses) = peaks();
        Self { descriptors: descriptors(), resident, addresses }
    }

    /// What is wrong afterwards: the name of the oracle, and words.
    pub(super) fn compare(&self) -> Option<(&'static str, String)> {
        let now = descriptors();
        if now != self.descriptors {
            return Some(("descriptors", format!("{} were open, {now} are", self.descriptors)));
        }
        let (resident, addresses) = peaks();
        if resident > self.resident + RESIDENT {
            return Some(("host memory", format!("{} KiB at the peak", resident >> 10)));
        }
        // The first play makes reservations that later ones use again.
        if addresses > self.addresses + ADDRESSES {
            return Some(("host memory", format!("{} MiB of addresses at the peak", addresses >> 20)));
        }
        None
    }
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// The peaks of resident memory and of addresses, in bytes.
fn peaks() -> (u64, u64) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.unwrap_or(0) << 10
    };
    (of("VmHWM:"), of("VmPeak:"))
}
