//! Every scenario of the suite, on TCP and on virtual time: all pass, and nothing but the clock differs.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/plans.rs"]
mod plans;

use libtest_mimic::{Arguments, Failed, Trial};
use plans::{LEDGER, embedded, on_tcp, on_virtual_time};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use sv2_conform::sim::Segmentation;
use sv2_conform::suite::{Scenario, load};
use sv2_conform::target::scenario_seed;
use sv2_conform::verdict::{Outcome, TraceEvent, TraceLine, Verdict};

const RUN_SEEDS: [u64; 2] = [1, 0xfeed];
const CUTS: [Segmentation; 4] =
    [Segmentation::AsWritten, Segmentation::UpTo(1), Segmentation::UpTo(7), Segmentation::UpTo(997)];

fn main() -> ExitCode {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios"));
    let suite = load(&[folder], &LEDGER).unwrap_or_else(|error| panic!("{error:?}"));
    let mut trials: Vec<Trial> = suite.scenarios.into_iter().map(trial).collect();
    assert!(!trials.is_empty(), "a suite without scenarios passes for the wrong reason");
    trials.push(Trial::test("no_share_is_found_twice", no_share_is_found_twice));
    trials.push(Trial::test("jobs_and_order_change_nothing", jobs_and_order_change_nothing));
    trials.push(Trial::test("a_difference_would_be_seen", a_difference_would_be_seen));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Under these seeds two drawn nonces lie in front of one solution.
fn no_share_is_found_twice() -> Result<(), Failed> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/mining/share"));
    let suite = load(&[folder], &LEDGER).map_err(|error| format!("{error:?}"))?;
    for (seed, name) in [(313, "sum-keeps-target[batch=4]"), (332, "sum-below-one")] {
        let scenario = suite.scenarios.iter().find(|scenario| scenario.id.ends_with(name));
        let scenario = scenario.ok_or_else(|| format!("no scenario {name}"))?;
        passes(&on_virtual_time(
            embedded(scenario, scenario_seed(seed, &scenario.id)),
            Segmentation::AsWritten,
        ))?;
    }
    Ok(())
}

fn trial(scenario: Scenario) -> Trial {
    Trial::test(scenario.id.clone(), move || {
        for seed in RUN_SEEDS.map(|seed| scenario_seed(seed, &scenario.id)) {
            let over_tcp = on_tcp(embedded(&scenario, seed));
            passes(&over_tcp)?;
            for cut in CUTS {
                let in_memory = on_virtual_time(embedded(&scenario, seed), cut);
                same(&over_tcp, &in_memory).map_err(|difference| format!("{cut:?}: {difference}"))?;
            }
        }
        Ok(())
    })
}

/// The reference pool keeps every clause that it is judged by, and a scenario that judges nothing proves nothing.
fn passes(outcome: &Outcome) -> Result<(), Failed> {
    if outcome.verdict != Verdict::Pass || outcome.clauses.is_empty() || outcome.tries != 1 {
        return Err(format!("{outcome:#?}").into());
    }
    Ok(())
}

fn same(a: &Outcome, b: &Outcome) -> Result<(), String> {
    let lines = a.trace.len().max(b.trace.len());
    if let Some(line) = (0..lines).find(|line| a.trace.get(*line) != b.trace.get(*line)) {
        return Err(format!("line {line}\n{:?}\n{:?}", a.trace.get(line), b.trace.get(line)));
    }
    if a != b {
        return Err(format!("{a:#?}\n{b:#?}"));
    }
    Ok(())
}

/// The comparison itself can fail: another seed gives another trace, a failing scenario does not pass.
fn a_difference_would_be_seen() -> Result<(), Failed> {
    let scenario = plans::SUITE.scenarios.iter().find(|scenario| scenario.id == "mining/share/accepted");
    let scenario = scenario.ok_or("mining/share/accepted is gone")?;
    let [one, other] = [1, 2].map(|seed| on_virtual_time(embedded(scenario, seed), Segmentation::AsWritten));
    let ours = |line: &TraceLine| matches!(line.event, TraceEvent::Sent { .. });
    assert!(one.trace.iter().any(ours) && same(&one, &one).is_ok());
    assert!(same(&one, &other).is_err());

    let text = scenario.source.text.replace("credited == 3", "credited == 4");
    let steps = text.find("\nconnect").and_then(|start| text.get(start..)).ok_or("no connect")?;
    let wrong = plans::scenario(steps);
    let outcome = on_virtual_time(embedded(&wrong, 1), Segmentation::AsWritten);
    assert_eq!(outcome.verdict, Verdict::Fail);
    assert!(passes(&outcome).is_err());
    Ok(())
}

/// The report of a run, without what the clock says.
fn report(seed: &str, arguments: &[&str]) -> Result<Vec<String>, Failed> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("run.jsonl");
    let output = Command::new(env!("CARGO_BIN_EXE_sv2-conform"))
        .args(["run", "--seed", seed, "--report", &format!("jsonl={}", path.display())])
        .args(arguments)
        .current_dir(&folder)
        .output()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let text = std::fs::read_to_string(path)?;
    Ok(text.lines().map(|line| line.split(",\"seconds\"").next().unwrap_or(line).to_owned()).collect())
}

fn jobs_and_order_change_nothing() -> Result<(), Failed> {
    let alone = report("7", &["-j1"])?;
    assert!(alone.len() >= 80, "only {} lines", alone.len());
    assert_eq!(alone, report("7", &["-j8"])?);
    assert_eq!(alone, report("7", &["--virtual-time", "-j1"])?);
    assert_eq!(alone, report("7", &["--virtual-time", "-j8"])?);
    assert_eq!(report("0", &["-j8"])?, report("0", &["--virtual-time", "-j8"])?);
    // Half of the suite, named backwards: the same lines as in the whole.
    let ids: Vec<&str> = plans::SUITE.scenarios.iter().rev().step_by(2).map(|it| it.id.as_str()).collect();
    let some = report("7", &ids)?;
    let scenarios: Vec<_> = some.iter().filter(|line| line.contains("\"event\":\"scenario\"")).collect();
    assert_eq!(scenarios.len(), ids.len());
    for line in scenarios {
        assert!(alone.contains(line), "{line}");
    }
    Ok(())
}
