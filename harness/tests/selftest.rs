//! `sv2-conform selftest`: what it calls a fault that is found, one that is not, and one that never fires.

use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::process::{Command, Output};
use std::sync::Arc;
use sv2_conform::proof::Prover;
use sv2_conform::suite;
use sv2_conform::verdict::Verdict;
use sv2_reference_pool::faults::FAULTS;

fn selftest(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sv2-conform"));
    command.arg("selftest").args(arguments).output().expect("the program starts")
}

fn json(output: &Output) -> Json {
    serde_json::from_slice(&output.stdout).expect("one object")
}

#[test]
fn a_fault_that_a_claiming_check_finds_is_attributed() {
    let output = selftest(&[
        "mining/share",
        "--clean-seeds",
        "2",
        "--fault-seeds",
        "2",
        "--fault",
        "F17",
        "--format",
        "json",
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let seen = json(&output);
    assert_eq!(seen["faults"], 1);
    assert_eq!(seen["attributed"], serde_json::json!(["F17"]));
    for empty in ["incidental", "survived", "never_fired", "false_alarms"] {
        assert_eq!(seen[empty], serde_json::json!([]), "{empty}");
    }
    let idle = seen["checks_without_kill"].as_array().expect("a list");
    assert!(!idle.contains(&"mining/share/duplicate".into()), "{idle:?}");
    assert!(idle.contains(&"mining/share/accepted".into()), "{idle:?}");
}

#[test]
fn a_suite_that_does_not_look_fails_its_own_test() {
    // Nothing in this family submits a share twice.
    let output = selftest(&["common/framing", "--clean-seeds", "0", "--fault", "F17", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(json(&output)["never_fired"], serde_json::json!(["F17"]));
    let text =
        String::from_utf8(selftest(&["common/framing", "--clean-seeds", "0", "--fault", "F17"]).stdout);
    let text = text.expect("text");
    assert!(text.contains("never-fired    F17"), "{text}");
    assert!(
        text.contains("1 faults over 5 seeds: 0 attributed, 0 incidental, 0 survived, 1 never fired"),
        "{text}"
    );
}

#[test]
fn the_matrix_is_written_both_ways_with_the_line_that_shows_each_fault() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("selftest");
    let arguments = [
        "mining/duplicate",
        "--clean-seeds",
        "1",
        "--fault",
        "F17",
        "--full",
        "--write",
        path.to_str().expect("UTF-8"),
    ];
    assert_eq!(selftest(&arguments).status.code(), Some(0));
    let read = |name: &str| std::fs::read_to_string(path.join(name)).expect("it was written");
    let faults = read("faults.md");
    assert!(
        faults.contains("| F17 duplicate-credited | SV2-05-112 | stratum#2096 | attributed |"),
        "{faults}"
    );
    let line = faults.lines().find(|line| line.starts_with("| F17")).expect("a row");
    assert!(line.ends_with(" | fail |"), "{line}");
    let shown = line.rsplit('`').nth(1).expect("a command");
    let words: Vec<_> = shown.split(' ').skip(1).map(|word| word.trim_matches('\'')).collect();
    let output = Command::new(env!("CARGO_BIN_EXE_sv2-conform"))
        .args(&words)
        .args(["--snapshots", "off"])
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(1), "the line of the row shows the fault: {shown}");
    assert!(read("checks.md").contains(" | F17 |"));
    assert!(read("result.json").contains("\"full\": true"));
}

/// The report that is kept is that of this suite. Where a scenario is changed or renamed, `sv2-conform selftest --full --write
/// reports/selftest` makes it anew.
#[test]
fn each_line_of_the_report_shows_its_fault() {
    let report = include_str!("../../reports/selftest/faults.md");
    let ledger = Arc::new(suite::embedded_ledger().expect("the embedded ledger is sound"));
    let suite = suite::load_embedded(&ledger).expect("the suite is sound");
    let rows: Vec<Vec<&str>> = report
        .lines()
        .filter(|line| line.starts_with("| F"))
        .map(|line| line.trim_matches(['|', ' ']).split(" | ").collect())
        .collect();
    assert_eq!(rows.len(), FAULTS.len(), "a row per fault");
    let mut provers: BTreeMap<u64, Prover> = BTreeMap::new();
    for row in rows {
        let [fault, .., command, verdict] = row.as_slice() else { panic!("{row:?}") };
        let fault = FAULTS.iter().find(|known| fault.starts_with(&format!("{} ", known.id)));
        let words: Vec<&str> = command.trim_matches('`').split(' ').collect();
        let (id, seed) = match words.as_slice() {
            ["sv2-conform", "run", id, "--fault", _, "--virtual-time"] => (id, 0),
            ["sv2-conform", "run", id, "--fault", _, "--seed", seed, "--virtual-time"] => {
                (id, seed.parse().expect("a seed"))
            }
            _ => panic!("{command}"),
        };
        let prover =
            provers.entry(seed).or_insert_with(|| Prover::new(suite.clone(), Arc::clone(&ledger), seed));
        let id = id.trim_matches('\'');
        let scenario = suite.scenarios.iter().find(|scenario| scenario.id == id).expect(command);
        let outcome = prover.play(scenario, &[*fault.expect("a fault")]);
        assert_eq!(outcome.verdict.name(), *verdict, "{command}");
        assert_ne!(outcome.verdict, Verdict::Pass, "{command}");
    }
}

#[test]
fn an_unknown_fault_is_a_mistake_of_the_caller() {
    let output = selftest(&["--fault", "F999"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("list --faults"));
}
