use super::super::program::minimised;
use super::*;
use std::collections::BTreeSet;
use sv2_reference_pool::faults::FAULTS;
use sv2_wire::fuzz::Random;

fn programs() -> Vec<(String, Program)> {
    let seeds = super::super::seeds::programs();
    seeds.into_iter().map(|seed| (seed.name, Program::from_bytes(&seed.bytes).unwrap())).collect()
}

#[test]
fn first_programs_and_their_mutants_find_nothing() {
    let mut random = Random::new(1);
    let rounds = std::env::var("ROUNDS").ok().and_then(|it| it.parse().ok()).unwrap_or(40);
    for seed in super::super::seeds::programs() {
        let mut data = seed.bytes;
        for _ in 0..rounds {
            if let Err(finding) = run(&data) {
                let program = Program::from_bytes(&data).unwrap();
                let shows = |program: &Program| {
                    played(program, &[])
                        .is_err_and(|found| found.iter().any(|it| it.oracle == finding.oracle))
                };
                let least = minimised(&program, 5000, shows);
                panic!("{}: {finding}\n{least}\n{:?}", seed.name, played(&least, &[]));
            }
            (TARGET.mutate)(&mut data, &mut random, TARGET.max_len);
        }
    }
}

#[test]
fn the_same_program_gives_the_same_trace_and_another_one_another() {
    let mut traces = BTreeSet::new();
    for (name, program) in programs() {
        let trace = played(&program, &[]).unwrap();
        assert_eq!(played(&program, &[]), Ok(trace), "{name}");
        traces.insert(trace);
    }
    assert_eq!(traces.len(), programs().len());
}

#[test]
fn first_programs_reach_every_operation() {
    let words: BTreeSet<_> =
        programs().iter().flat_map(|(_, program)| program.ops.iter().map(|op| op.word())).collect();
    let all: BTreeSet<_> = super::super::program::Op::WORDS.iter().copied().collect();
    assert_eq!(words, all);
}

/// What a fault of the pool makes of the first programs: the oracles that fire, and of rules their names.
fn found(fault: Fault) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (_, program) in programs() {
        for finding in played(&program, &[fault]).err().unwrap_or_default() {
            names.insert(match finding.what.strip_prefix("rule ") {
                Some(rule) => format!("{} {}", finding.oracle, rule.split(' ').next().unwrap_or_default()),
                None => finding.oracle.to_owned(),
            });
        }
    }
    names
}

/// Faults of the pool, and an oracle that each makes fire on one of the first programs.
const PLANTED: &[(&str, &[&str])] = &[
    ("F05", &["session-rules channel-bit"]),
    ("F76", &["session-rules opening-target"]),
    ("F122", &["session-rules job-ids"]),
    ("F30", &["answered-once"]),
    ("F39", &["answered-once"]),
    ("F117", &["answered-once"]),
    ("F44", &["grant"]),
    ("F114", &["grant"]),
    ("F153", &["share-resolved"]),
    ("F161", &["share-resolved"]),
    ("F17", &["share-verdict"]),
    ("F18", &["share-verdict"]),
    ("F47", &["share-verdict"]),
    ("F124", &["share-verdict"]),
    ("F133", &["reject-reason"]),
    ("F20", &["conservation"]),
    ("F41", &["conservation"]),
    ("F195", &["conservation"]),
    ("F163", &["fresh-work"]),
    ("F164", &["fresh-work"]),
    ("F31", &["isolation"]),
    ("F06", &["stays-open"]),
    ("F116", &["stays-open"]),
    ("F46", &["bounded-state"]),
    ("F118", &["bounded-state"]),
    ("F121", &["bounded-state"]),
    ("F11", &["prefixes-apart"]),
];

#[test]
fn every_oracle_fires_on_a_fault_of_the_pool() {
    let mut fired = BTreeSet::new();
    if std::env::var_os("SHOW").is_some() {
        for fault in FAULTS {
            let names = std::panic::catch_unwind(|| found(*fault));
            println!("pool {} {} {names:?}", fault.id, fault.name);
        }
    }
    for (id, oracles) in PLANTED {
        let names = found(Fault::by_id(id).unwrap());
        for oracle in *oracles {
            assert!(names.contains(*oracle), "{id} makes {names:?} fire, not {oracle}");
            fired.insert(oracle.split(' ').next().unwrap());
        }
    }
    let all: BTreeSet<_> = TARGET.oracles.iter().map(|oracle| oracle.name).collect();
    assert_eq!(fired, all);
}
