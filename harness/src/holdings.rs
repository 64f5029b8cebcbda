//! What a target holds: by the statistics of the embedded pool, or by what the system tells of a process.

use crate::runner::Holdings;
use serde_json::Value as Json;
use sv2_reference_pool::node::Statistics;

/// What the embedded pool holds, from the statistics of its node and the report of its service.
pub(crate) fn holdings(node: &Statistics, service: &Json) -> Holdings {
    let channels = service.get("channels").and_then(Json::as_u64);
    Holdings { memory: Some(node.held), unsent: Some(node.unsent), connections: Some(node.open), channels }
}

/// The resident memory of a process group, in bytes; nothing where the system does not tell.
pub(crate) fn of_group(group: u32) -> Option<u64> {
    let processes = std::fs::read_dir("/proc").ok()?;
    let names = processes.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let members =
        names.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()) && group_of(name) == Some(group));
    members.filter_map(|name| resident(&name)).reduce(u64::saturating_add)
}

/// The process group, from `/proc/PID/stat`: the third value behind the name, which may itself hold blanks and brackets.
fn group_of(pid: &str) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(2)?.parse().ok()
}

fn resident(pid: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_a_group_is_seen() {
        let group = group_of("self").expect("this process has a group");
        let before = of_group(group).expect("Linux tells");
        let block = std::hint::black_box(vec![1_u8; 64 << 20]);
        let with = of_group(group).expect("Linux tells");
        assert!(with > before + (32 << 20), "{before} {with}");
        drop(block);
        assert_eq!(of_group(u32::MAX), None);
    }
}
