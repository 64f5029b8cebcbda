//! Scenario texts, and plans to play them.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use sv2_conform::ledger::Ledger;
use sv2_conform::profile::Profile;
use sv2_conform::runner::{Peer, Plan};
use sv2_conform::scenario;
use sv2_conform::suite::{Scenario, Source, Suite, embedded_ledger, load_embedded};
use sv2_conform::vocabulary::Words;

pub(crate) static LEDGER: LazyLock<Arc<Ledger>> =
    LazyLock::new(|| Arc::new(embedded_ledger().expect("the embedded suite is good")));
pub(crate) static SUITE: LazyLock<Suite> =
    LazyLock::new(|| load_embedded(&LEDGER).expect("the embedded suite is good"));
static FRAGMENTS: LazyLock<Arc<BTreeMap<String, Arc<Source>>>> =
    LazyLock::new(|| Arc::new(SUITE.fragments.clone()));

/// A scenario from its steps, with the fragments of the embedded suite at hand.
pub(crate) fn scenario(steps: &str) -> Scenario {
    let text = format!("sv2t 1\ntitle \"a test\"\n{steps}");
    let words = Words::new(&LEDGER, &FRAGMENTS);
    let file = scenario::load("test.sv2t", &text, &words).unwrap_or_else(|errors| {
        panic!("{:?}\n{text}", errors.errors());
    });
    Scenario {
        id: "test".into(),
        row: Vec::new(),
        source: Arc::new(Source { name: "test.sv2t".into(), path: None, text: text.into(), file }),
    }
}

/// A plan with seed 1.
pub(crate) fn plan(scenario: Scenario, peer: Peer, profile: Profile, timeout_scale: f64) -> Plan {
    Plan {
        scenario,
        fragments: Arc::clone(&FRAGMENTS),
        ledger: Arc::clone(&LEDGER),
        profile: Arc::new(profile),
        peer,
        seed: 1,
        timeout_scale,
    }
}
