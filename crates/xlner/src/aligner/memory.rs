//! How much memory this machine has.

use std::fs;

/// Half of it where nothing tells how much there is.
const UNKNOWN: u64 = 4 << 30;

/// Half of the memory, in bytes: of the machine, or of what the control group of this process may have, where that is less.
pub(super) fn half() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total(&text));
    let group = fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse().ok());
    machine.into_iter().chain(group).min().map_or(UNKNOWN, |bytes| bytes / 2)
}

/// The line `MemTotal:       24689764 kB`, in bytes.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_says_how_much_there_is() {
        assert_eq!(total("Cached: 3 kB\nMemTotal:       24689764 kB\nMemFree: 1 kB\n"), Some(24_689_764 * 1024));
        assert_eq!(total("MemFree: 1 kB\n"), None);
        assert!(half() > 0);
    }
}
