//! Every scenario of the suite is played on virtual time with the snapshots' seed; its trace is compared through insta
//! with the file beside it. `INSTA_UPDATE=always cargo test --test snapshots`, or `sv2-conform review`, accepts changes.

#[path = "support/plans.rs"]
mod plans;

use plans::{LEDGER, embedded, on_virtual_time};
use sv2_conform::sim::Segmentation;
use sv2_conform::target::scenario_seed;
use sv2_conform::verdict::Verdict;
use sv2_conform::{snapshot, suite, trace};

#[test]
fn every_trace_is_that_of_its_snapshot() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    let suite = suite::load(&[folder.into()], &LEDGER).unwrap();
    assert!(suite.scenarios.len() >= 80, "only {} scenarios", suite.scenarios.len());
    for scenario in suite.scenarios {
        let plan = embedded(&scenario, scenario_seed(snapshot::SEED, &scenario.id));
        let outcome = on_virtual_time(plan, Segmentation::AsWritten);
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
