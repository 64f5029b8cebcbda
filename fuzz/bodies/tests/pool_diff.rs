//! The reference pool beside SRI's channels: they agree, and each oracle shows a fault of the pool.

use bitcoin::Target;
use sv2_conform::fuzz::program::Program;
use sv2_fuzz_bodies::pool_diff;
use sv2_reference_pool::faults::{ChannelRules, Deviation, FAULTS, Fault, Layer};
use sv2_wire::fuzz::{Finding, Random};

/// What an oracle finds, or any, in programs that grow out of the first ones.
fn search(faults: &[Fault], wanted: Option<&str>, rounds: usize) -> Option<(Program, Finding)> {
    let seeds = (pool_diff::TARGET.seeds)();
    let mut random = Random::new(3);
    let judge = |bytes: &[u8]| {
        let program = Program::from_bytes(bytes).ok()?;
        let finding = pool_diff::played(&program, faults).err()?;
        wanted.is_none_or(|wanted| wanted == finding.oracle).then_some((program, finding))
    };
    if let Some(found) = seeds.iter().find_map(|seed| judge(&seed.bytes)) {
        return Some(found);
    }
    (0..rounds).find_map(|_| {
        let mut bytes = random.pick(&seeds)?.bytes.clone();
        for _ in 0..=random.below(4) {
            (pool_diff::TARGET.mutate)(&mut bytes, &mut random, pool_diff::TARGET.max_len);
        }
        judge(&bytes)
    })
}

#[test]
fn they_agree_save_for_the_list() {
    let rounds = std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(1500);
    if let Some((program, finding)) = search(&[], None, rounds) {
        panic!("{finding}\n{program}");
    }
}

/// Takes any hash rate: no row of the pool's table does.
struct AnyRate;

impl ChannelRules for AnyRate {
    fn is_hash_rate_refused(&mut self, _: bool) -> bool {
        false
    }
}

/// Grants a twentieth more than the formula gives, where the device takes it.
struct Generous;

impl ChannelRules for Generous {
    fn target(&mut self, right: Target, max_target: Target) -> Target {
        let mut bytes = right.to_be_bytes();
        if let Some(first) = bytes.iter_mut().find(|byte| **byte >= 20) {
            *first = first.saturating_add(*first / 20);
        }
        Target::from_be_bytes(bytes).min(max_target)
    }
}

const GENEROUS: Fault =
    Fault { id: "generous", name: "generous", make: || Deviation::Channel(Box::new(Generous)), ..ANY_RATE };

const ANY_RATE: Fault = Fault {
    id: "any-rate",
    name: "any-rate",
    layer: Layer::Channel,
    field: "OpenMiningChannel.Error",
    clauses: &[],
    trigger: "a hash rate that is no number",
    seen_in: "",
    make: || Deviation::Channel(Box::new(AnyRate)),
};

#[test]
fn every_oracle_shows_a_fault_of_the_pool() {
    let proofs = [
        ("any-rate", "opening"),
        ("max-target-ignored", "granted"),
        ("generous", "granted"),
        ("any-rate", "update"),
        ("duplicate-credited", "share"),
        ("stale-credited", "share"),
        ("target-ignored", "share"),
        ("late-credited", "share"),
        ("count-not-reset", "credit"),
    ];
    for (name, oracle) in proofs {
        let fault = FAULTS.iter().chain([&ANY_RATE, &GENEROUS]).find(|fault| fault.name == name);
        let fault = fault.unwrap_or_else(|| panic!("no fault {name}"));
        let found = search(&[*fault], Some(oracle), 3000);
        assert!(found.is_some(), "{name}: nothing found by {oracle}");
    }
}
