//! One suite, many ways to play it: TCP and virtual time, one scenario at a time and eight, a network that cuts anywhere.
//! Verdicts, findings and traces are the same, byte for byte.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use sv2_conform::runner::Plan;
use sv2_conform::sim::{self, Segmentation};
use sv2_conform::suite;
use sv2_conform::target::{Target, embedded_pool, scenario_seed};
use sv2_conform::verdict::{Outcome, Verdict};

const SUITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");

/// The lines of a JSON Lines report that are about scenarios.
fn report(folder: &Path, name: &str, arguments: &[&str]) -> Vec<String> {
    let path = folder.join(name);
    let status = Command::new(env!("CARGO_BIN_EXE_sv2-conform"))
        .args(["run", SUITE, "--report", &format!("jsonl={}", path.display())])
        .args(arguments)
        .output()
        .expect("the program runs");
    assert!(status.status.success(), "{name}: {}", String::from_utf8_lossy(&status.stdout));
    let text = std::fs::read_to_string(path).expect("the report was written");
    text.lines().filter(|line| line.contains("\"event\":\"scenario\"")).map(str::to_owned).collect()
}

#[test]
fn tcp_and_virtual_time_agree_one_at_a_time_and_eight() {
    let folder = tempfile::tempdir().unwrap();
    for seed in ["0", "7"] {
        let alone = report(folder.path(), "alone", &["-j", "1", "--seed", seed]);
        assert!(alone.len() >= 80, "only {} scenarios", alone.len());
        assert_eq!(alone, report(folder.path(), "eight", &["-j", "8", "--seed", seed]));
        assert_eq!(alone, report(folder.path(), "virtual", &["--virtual-time", "--seed", seed]));
        assert_eq!(
            alone,
            report(folder.path(), "virtual-eight", &["--virtual-time", "-j", "8", "--seed", seed])
        );
    }
}

fn play_all(segmentation: Segmentation) -> Vec<Outcome> {
    let ledger = Arc::new(suite::embedded_ledger().expect("the embedded ledger is sound"));
    let suite = suite::load(&[SUITE.into()], &ledger).expect("the suite is sound");
    let fragments = Arc::new(suite.fragments);
    let profile = Arc::new(Target::Embedded.profile());
    let play = |scenario: suite::Scenario| {
        let seed = scenario_seed(3, &scenario.id);
        let node = embedded_pool(&scenario, seed).expect("the header is good");
        let (fragments, ledger, profile) =
            (Arc::clone(&fragments), Arc::clone(&ledger), Arc::clone(&profile));
        let peer = Target::Embedded.peer();
        sim::play(
            Plan { seed, scenario, fragments, ledger, profile, peer, timeout_scale: 1.0 },
            node,
            segmentation,
        )
    };
    suite.scenarios.into_iter().map(play).collect()
}

#[test]
fn where_the_network_cuts_changes_nothing() {
    let whole = play_all(Segmentation::AsWritten);
    for outcome in &whole {
        assert_eq!(outcome.verdict, Verdict::Pass, "{outcome:#?}");
    }
    for largest in [1, 7, 100] {
        for (cut, whole) in play_all(Segmentation::UpTo(largest)).iter().zip(&whole) {
            assert_eq!(cut, whole, "cut into at most {largest}");
        }
    }
}
