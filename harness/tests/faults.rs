//! A suite that cannot fail proves nothing. Every fault of the reference pool has to be found by a line that claims a
//! clause which the fault breaks; the clean pool has to raise nothing, whatever the seed.

use std::collections::BTreeSet;
use std::sync::Arc;
use sv2_conform::profile::Profile;
use sv2_conform::runner::Plan;
use sv2_conform::sim::{self, Segmentation};
use sv2_conform::suite::{self, Suite};
use sv2_conform::target::{Target, faulty_pool, scenario_seed};
use sv2_conform::verdict::{Outcome, Verdict};
use sv2_conform::{ledger::Ledger, suite::Scenario};
use sv2_reference_pool::faults::{FAULTS, Fault};

/// Faults that no scenario can show: they wait for rules that watch every frame of every connection.
/// F14 shows only in the order of frames that may come at any time.
const WAIT_FOR_RULES: &[&str] = &["F14"];

/// Seeds for the clean pool; `CLEAN_SEEDS` in the environment asks for more.
const CLEAN_SEEDS: u64 = 5;

fn load() -> (Suite, Arc<Ledger>) {
    let ledger = Arc::new(suite::embedded_ledger().expect("the embedded ledger is sound"));
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    (suite::load(&[folder.into()], &ledger).expect("the suite is sound"), ledger)
}

fn play(scenario: &Scenario, suite: &Suite, ledger: &Arc<Ledger>, seed: u64, faults: &[Fault]) -> Outcome {
    let seed = scenario_seed(seed, &scenario.id);
    let node = faulty_pool(scenario, seed, faults).expect("the header is good");
    let plan = Plan {
        seed,
        scenario: scenario.clone(),
        fragments: Arc::new(suite.fragments.clone()),
        ledger: Arc::clone(ledger),
        profile: Arc::new(Profile { faults: faults.to_vec(), ..Target::Embedded.profile() }),
        peer: Target::Embedded.peer(),
        timeout_scale: 1.0,
    };
    sim::play(plan, node, Segmentation::AsWritten)
}

/// The clauses that a scenario found to be broken, or bent in a way that is only tolerated.
fn broken(outcome: &Outcome) -> BTreeSet<&str> {
    let raised = |verdict| matches!(verdict, Verdict::Fail | Verdict::PassLenient);
    let failed = outcome.clauses.iter().filter(|clause| raised(clause.verdict));
    failed.map(|clause| clause.id.as_str()).collect()
}

#[test]
fn every_fault_is_found_by_a_line_that_claims_its_clause() {
    let (suite, ledger) = load();
    let mut survivors = Vec::new();
    for fault in FAULTS {
        let is_killed = suite.scenarios.iter().any(|scenario| {
            let outcome = play(scenario, &suite, &ledger, 1, &[*fault]);
            broken(&outcome).iter().any(|id| fault.clauses.contains(id))
        });
        if is_killed == WAIT_FOR_RULES.contains(&fault.id) {
            survivors.push(format!("{fault:?} (breaks {:?})", fault.clauses));
        }
    }
    assert!(survivors.is_empty(), "found although listed, or not found: {survivors:#?}");
}

#[test]
fn the_clean_pool_raises_nothing() {
    let (suite, ledger) = load();
    let seeds = std::env::var("CLEAN_SEEDS").map_or(CLEAN_SEEDS, |text| text.parse().unwrap());
    for seed in 0..seeds {
        for scenario in &suite.scenarios {
            let outcome = play(scenario, &suite, &ledger, seed, &[]);
            assert_eq!(outcome.verdict, Verdict::Pass, "seed {seed}: {outcome:#?}");
        }
    }
}
