//! SRI's crates behind the shim protocol.

use std::time::Duration;
use sv2_conform::fuzz::shim::{Bounds, Budget, judge};

#[test]
fn sris_crates_have_no_flaw() {
    let command = format!("exec '{}'", env!("CARGO_BIN_EXE_shim"));
    let bounds = Bounds { answer_within: Duration::from_secs(60), ..Bounds::default() };
    let budget = Budget { seed: 1, runs: 500, within: Duration::from_secs(300), flaws: 20 };
    let report = judge(&command, bounds, budget).expect("a shim");
    let found: Vec<_> = report.flaws.iter().map(|flaw| (&flaw.finding, &flaw.exchange)).collect();
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(report.made_up, budget.runs);
}
