//! Shims that are right, wrong, dead, deaf and loud.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use sv2_conform::fuzz::shim::{Bounds, Budget, Report, ShimError, judge};

const BOUNDS: Bounds = Bounds { answer_within: Duration::from_secs(60), answer_len: 64 << 20, restarts: 2 };
const BUDGET: Budget = Budget { seed: 1, runs: 60, within: Duration::from_secs(300), flaws: 20 };

/// The command line of the shim in Python, if there is a Python.
fn python(bug: Option<&str>) -> Option<String> {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("SKIPPED: no python3 on this machine, the shim in Python was not run");
        return None;
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/shims/shim.py");
    let bug = bug.map(|bug| format!(" --bug {bug}")).unwrap_or_default();
    Some(format!("exec python3 '{}'{bug}", path.display()))
}

/// Oracle and text of what is found first.
fn first(report: &Report) -> (&str, &str) {
    let finding = &report.flaws.first().expect("a flaw").finding;
    (finding.oracle, &finding.what)
}

#[test]
fn a_codec_written_from_the_specification_has_no_flaw() {
    let Some(command) = python(None) else { return };
    let report = judge(&command, BOUNDS, BUDGET).expect("a shim");
    let found: Vec<_> = report.flaws.iter().map(|flaw| &flaw.finding).collect();
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(report.made_up, BUDGET.runs);
    assert!(report.given > 200, "{}", report.given);
}

#[test]
fn planted_bugs_are_found_and_named() {
    let bugs = [
        ("u24-big-endian", "length", "frame header.msg_length at offset 0"),
        ("swap-ntime-nonce", "values", "SubmitSharesStandard.nonce, U32 x\"efbeadde\": read as 1700000001"),
        ("any-bit-bool", "values", "NewExtendedMiningJob.version_rolling_allowed, BOOL"),
        ("long-b0-32", "layout", "OpenStandardMiningChannel.Success.extranonce_prefix at offset 40"),
    ];
    for (bug, oracle, what) in bugs {
        let Some(command) = python(Some(bug)) else { return };
        let report = judge(&command, BOUNDS, Budget { runs: 0, flaws: 1, ..BUDGET }).expect("a shim");
        let (found_by, found) = first(&report);
        assert_eq!(found_by, oracle, "{bug}: {found}");
        assert!(found.starts_with(what), "{bug}: {found}");
        let exchange = &report.flaws[0].exchange;
        assert!(exchange.asked.starts_with("frame ") || exchange.asked.starts_with("message "), "{bug}");
        assert!(exchange.answered.is_some(), "{bug}");
    }
}

#[test]
fn a_shim_that_breaks_later_is_told_from_a_codec_that_is_wrong() {
    let bounds = Bounds { answer_within: Duration::from_secs(2), restarts: 1, ..BOUNDS };
    let breaks = [
        ("die", "ended without an answer (exit status: 3)"),
        ("hang", "gave no answer within 2s"),
        ("flood", "floods: a line of more than"),
    ];
    for (bug, how) in breaks {
        let Some(command) = python(Some(bug)) else { return };
        let bounds = Bounds { answer_len: 1 << 20, ..bounds };
        let report = judge(&command, bounds, Budget { runs: 0, ..BUDGET }).expect("it answered at first");
        let broken: Vec<_> = report.flaws.iter().filter(|flaw| flaw.finding.oracle == "answers").collect();
        assert!(broken.iter().any(|flaw| flaw.finding.what.starts_with(how)), "{bug}: {broken:?}");
        assert_eq!(report.flaws.len(), broken.len(), "{bug}: the codec itself is right");
        assert!(report.is_given_up, "{bug}");
    }
}

#[test]
fn there_is_nothing_to_judge_in_what_never_answers() {
    let bounds = Bounds { answer_within: Duration::from_millis(300), restarts: 1, ..BOUNDS };
    let commands = [
        ("exit 4", "exit status: 4"),
        ("exec sleep 60", "gave no answer within 300ms"),
        ("exec yes incomplete", "floods: behind its answer"),
        ("exec no-such-program-at-all", "exit status: 127"),
    ];
    for (command, how) in commands {
        match judge(command, bounds, BUDGET) {
            Err(ShimError::NeverAnswered { how: found, .. }) => {
                assert!(found.contains(how), "{command}: {found}")
            }
            other => panic!("{command}: {other:?}"),
        }
    }
}

#[test]
fn what_is_no_answer_is_the_shims_fault() {
    let report = judge("exec cat", BOUNDS, Budget { runs: 0, flaws: 1, ..BUDGET }).expect("cat answers");
    let (oracle, what) = first(&report);
    assert_eq!(oracle, "answers");
    assert!(what.starts_with("answered what is no answer: \"frame 0000"), "{what}");
}
