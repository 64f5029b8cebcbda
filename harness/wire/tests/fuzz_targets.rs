//! The fuzz targets on our own code: seeds and a few thousand mutations of them raise nothing, and rows are in order.

use std::collections::BTreeSet;
use sv2_wire::fuzz::{Random, TARGETS, Target};

fn judge(target: &Target, input: &[u8], label: &str) {
    if let Err(finding) = (target.run)(input) {
        panic!("{} {label} {}: {finding}", target.name, hex::encode(input));
    }
}

#[test]
fn seeds_raise_nothing() {
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(seeds.len() >= 10, "{} has {} seeds", target.name, seeds.len());
        for seed in &seeds {
            assert!(seed.bytes.len() <= target.max_len, "{} {} is too long", target.name, seed.name);
            judge(target, &seed.bytes, &seed.name);
        }
        let names = seeds.iter().map(|seed| &seed.name).collect::<BTreeSet<_>>();
        assert_eq!(names.len(), seeds.len(), "{}: two seeds have one name", target.name);
    }
}

#[test]
fn mutations_raise_nothing_and_stay_within_bounds() {
    for target in TARGETS {
        let seeds = (target.seeds)();
        let mut random = Random::new(1);
        for round in 0..400 {
            let mut input = random.pick(&seeds).expect("there are seeds").bytes.clone();
            for _ in 0..4 {
                (target.mutate)(&mut input, &mut random, target.max_len);
                assert!(input.len() <= target.max_len, "{}", target.name);
                judge(target, &input, &format!("round {round}"));
            }
        }
    }
}

#[test]
fn names_are_said_once() {
    let names = TARGETS.iter().map(|target| target.name).collect::<BTreeSet<_>>();
    assert_eq!(names.len(), TARGETS.len());
    for target in TARGETS {
        let oracles = target.oracles.iter().map(|oracle| oracle.name).collect::<BTreeSet<_>>();
        assert_eq!(oracles.len(), target.oracles.len(), "{}", target.name);
    }
}
