//! Every scenario of the suite is played on virtual time with the snapshots' seed; its trace is compared through insta
//! with the file beside it. `INSTA_UPDATE=always cargo test --test snapshots`, or `sv2-conform review`, accepts changes.

use std::sync::Arc;
use sv2_conform::runner::Plan;
use sv2_conform::sim::{self, Segmentation};
use sv2_conform::target::{Target, embedded_pool, scenario_seed};
use sv2_conform::verdict::Verdict;
use sv2_conform::{snapshot, suite, trace};

#[test]
fn every_trace_is_that_of_its_snapshot() {
    let ledger = Arc::new(suite::embedded_ledger().unwrap());
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    let suite = suite::load(&[folder.into()], &ledger).unwrap();
    assert!(suite.scenarios.len() >= 80, "only {} scenarios", suite.scenarios.len());
    let fragments = Arc::new(suite.fragments);
    for scenario in suite.scenarios {
        let seed = scenario_seed(snapshot::SEED, &scenario.id);
        let node = embedded_pool(&scenario, seed).unwrap();
        let plan = Plan {
            seed,
            scenario: scenario.clone(),
            fragments: Arc::clone(&fragments),
            ledger: Arc::clone(&ledger),
            profile: Arc::new(Target::Embedded.profile()),
            peer: Target::Embedded.peer(),
            timeout_scale: 1.0,
        };
        let outcome = sim::play(plan, node, Segmentation::AsWritten);
        assert!(matches!(outcome.verdict, Verdict::Pass | Verdict::PassLenient), "{outcome:#?}");
        let path = scenario.source.path.as_ref().unwrap();
        let name = scenario.id.rsplit('/').next().unwrap();
        insta::with_settings!({
            snapshot_path => path.parent().unwrap(),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(name, trace::text(&outcome));
        });
    }
}
