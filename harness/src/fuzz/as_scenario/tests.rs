use super::*;
use crate::ledger::Ledger;
use crate::runner::Plan;
use crate::scenario;
use crate::sim::{Segmentation, play};
use crate::suite::{Scenario, Source, embedded_ledger, load_embedded};
use crate::target::{Target, embedded_pool};
use crate::verdict::{Outcome, Verdict};
use crate::vocabulary::Words;
use std::sync::{Arc, LazyLock};
use sv2_wire::fuzz::Random;

type Fragments = Arc<BTreeMap<String, Arc<Source>>>;

static EMBEDDED: LazyLock<(Arc<Ledger>, Fragments)> = LazyLock::new(|| {
    let ledger = embedded_ledger().unwrap();
    let fragments = load_embedded(&ledger).unwrap().fragments;
    (Arc::new(ledger), Arc::new(fragments))
});

fn played(text: &str) -> Outcome {
    let (ledger, fragments) = &*EMBEDDED;
    let file = scenario::load("program", text, &Words::new(ledger, fragments)).unwrap_or_else(|errors| {
        panic!("{:?}\n{text}", errors.errors());
    });
    let source = Arc::new(Source { name: "program".into(), path: None, text: text.into(), file });
    let scenario = Scenario { id: "program".into(), row: Vec::new(), source };
    let target = Target::Embedded;
    let pool = embedded_pool(&scenario, 5).unwrap();
    let plan = Plan {
        scenario,
        fragments: Arc::clone(fragments),
        ledger: Arc::clone(ledger),
        profile: Arc::new(target.profile()),
        peer: target.peer(),
        seed: 5,
        timeout_scale: 1.0,
    };
    play(plan, pool, Segmentation::AsWritten)
}

#[test]
fn first_programs_are_scenarios_that_the_clean_pool_passes() {
    for seed in super::super::seeds::programs() {
        let program = Program::from_bytes(&seed.bytes).unwrap();
        let text = as_scenario(&program, &seed.name).text;
        let outcome = played(&text);
        // Where acknowledgements come in batches, a block may come before that of a share, and nothing can be said about it;
        // and whether a pool that has closed a connection still takes new ones is asked through Noise.
        let is_open = program.settings.batch > 1 || speaks_bytes(&program);
        let is_undecided = is_open && outcome.verdict == Verdict::Inconclusive;
        let reason = (&outcome.reason, &outcome.findings);
        assert!(outcome.verdict == Verdict::Pass || is_undecided, "{}: {reason:?}\n{text}", seed.name);
    }
}

#[test]
fn mutants_are_scenarios_that_parse() {
    let (ledger, fragments) = &*EMBEDDED;
    let (mut random, words) = (Random::new(2), Words::new(ledger, fragments));
    for seed in super::super::seeds::programs() {
        let mut data = seed.bytes;
        for _ in 0..10 {
            super::super::seeds::mutate(&mut data, &mut random, 1024);
            let text = as_scenario(&Program::from_bytes(&data).unwrap(), "a mutant").text;
            let loaded = scenario::load("mutant", &text, &words);
            assert!(loaded.is_ok(), "{:?}\n{text}", loaded.map(|_| ()).unwrap_err().errors());
        }
    }
}
