//! A suite that cannot fail proves nothing. Every fault of the reference pool has to be found by a line or a
//! rule that claims a clause which the fault breaks; the clean pool has to raise nothing, whatever the seed.

use std::sync::Arc;
use sv2_conform::proof::{Effort, Prover};
use sv2_conform::suite;
use sv2_conform::verdict::Verdict;
use sv2_reference_pool::faults::FAULTS;

/// Seeds for the clean pool; `CLEAN_SEEDS` in the environment asks for more.
const CLEAN_SEEDS: u64 = 5;

fn prover(seed: u64) -> Prover {
    let ledger = Arc::new(suite::embedded_ledger().expect("the embedded ledger is sound"));
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    let suite = suite::load(&[folder.into()], &ledger).expect("the suite is sound");
    Prover::new(suite, ledger, seed)
}

/// `FAULTS` in the environment names the ids of some faults, for who wants to look at these only.
#[test]
fn every_fault_is_found_by_a_line_or_a_rule_that_claims_its_clause() {
    let prover = prover(1);
    let only = std::env::var("FAULTS").unwrap_or_default();
    let faults = FAULTS.iter().filter(|fault| only.is_empty() || only.contains(fault.id));
    let faults: Vec<_> = faults.copied().collect();
    let fates = prover.fates(&faults, Effort::FirstKill);
    let wrong: Vec<_> = fates
        .iter()
        .filter(|fate| fate.attributed.is_empty())
        .map(|fate| {
            let incidental: Vec<_> = fate.incidental.iter().take(3).collect();
            format!("{:?} (breaks {:?}): {incidental:?}", fate.fault, fate.fault.clauses)
        })
        .collect();
    assert!(wrong.is_empty(), "not found: {wrong:#?}");
}

#[test]
fn the_clean_pool_raises_nothing() {
    let seeds = std::env::var("CLEAN_SEEDS").map_or(CLEAN_SEEDS, |text| text.parse().unwrap());
    for seed in 0..seeds {
        for outcome in prover(seed).clean() {
            assert_eq!(outcome.verdict, Verdict::Pass, "seed {seed}: {outcome:#?}");
        }
    }
}
