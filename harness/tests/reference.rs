//! The examples of the language reference that say ` ```sv2t run [VERDICT] ` are played against the embedded pool: on
//! virtual time, over a network that keeps writes and over one that cuts them anywhere, and over TCP. Without a verdict they pass.

#[path = "support/plans.rs"]
mod plans;

use plans::{on_tcp, on_virtual_time};
use std::path::Path;
use sv2_conform::runner::Plan;
use sv2_conform::sim::Segmentation;
use sv2_conform::suite::{Scenario, Suite, SuiteError, embedded_ledger, load};
use sv2_conform::target::scenario_seed;

/// An example: where it stands, its text, what comes of it.
struct Example {
    line: usize,
    text: String,
    verdict: String,
}

fn examples() -> Vec<Example> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/README.md");
    let reference = std::fs::read_to_string(path).expect("the reference exists");
    let mut lines = reference.lines().enumerate();
    let mut examples = Vec::new();
    while let Some((line, fence)) = lines.next() {
        let Some(verdict) = fence.strip_prefix("```sv2t run") else { continue };
        let body: Vec<&str> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        let body = body.join("\n");
        let header = if body.starts_with("sv2t 1") { "" } else { "sv2t 1\ntitle \"example\"\n" };
        let verdict = if verdict.is_empty() { "pass" } else { verdict.trim() };
        examples.push(Example {
            line: line + 1,
            text: format!("{header}{body}\n"),
            verdict: verdict.to_owned(),
        });
    }
    examples
}

fn suite_of(example: &Example) -> Suite {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let file = folder.path().join(format!("line-{}.sv2t", example.line));
    std::fs::write(&file, &example.text).expect("it can be written");
    let ledger = embedded_ledger().expect("the ledger is good");
    load(&[file], &ledger).unwrap_or_else(|error| panic!("README.md:{}: {error:?}", example.line))
}

/// A plan; the fragments of an example are those of the embedded suite.
fn plan(scenario: &Scenario) -> Plan {
    plans::embedded(scenario, scenario_seed(1, &scenario.id))
}

#[test]
fn examples_come_out_as_the_reference_says() {
    let examples = examples();
    assert!(examples.len() >= 20, "only {} examples", examples.len());
    let mut wrong = Vec::new();
    for example in &examples {
        let suite = suite_of(example);
        for scenario in &suite.scenarios {
            let whole = on_virtual_time(plan(scenario), Segmentation::AsWritten);
            let cut = on_virtual_time(plan(scenario), Segmentation::UpTo(7));
            let driven = on_tcp(plan(scenario));
            for outcome in [&whole, &cut, &driven] {
                if outcome.verdict.name() != example.verdict {
                    let found = outcome.findings.iter().map(|it| (&it.allowed, &it.came, it.place.line()));
                    let found: Vec<_> = found.collect();
                    let (verdict, reason) = (outcome.verdict.name(), &outcome.reason);
                    let (line, id, text) = (example.line, &scenario.id, &example.text);
                    wrong.push(format!("README.md:{line} {id}: {verdict} {reason:?} {found:#?}\n{text}"));
                }
            }
            assert_eq!(whole.trace, cut.trace, "README.md:{}: the network's cuts show", example.line);
            assert_eq!(whole.trace, driven.trace, "README.md:{}: the driver shows", example.line);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The rows of a matrix are scenarios of their own, with seeds of their own.
#[test]
fn rows_of_a_matrix_have_ids_and_seeds_of_their_own() {
    let all = examples();
    let example = all.iter().find(|example| example.text.contains("\nmatrix rate")).expect("there is one");
    let suite = suite_of(example);
    let ids: Vec<&str> = suite.scenarios.iter().map(|scenario| scenario.id.as_str()).collect();
    assert_eq!(ids.len(), 6, "{ids:?}");
    assert!(ids[0].ends_with("[id=0,rate=0.0]"), "{ids:?}");
    let sent = |scenario: &Scenario| on_virtual_time(plan(scenario), Segmentation::AsWritten).trace;
    assert_ne!(sent(&suite.scenarios[0]), sent(&suite.scenarios[5]));
    assert_ne!(plan(&suite.scenarios[0]).seed, plan(&suite.scenarios[5]).seed);
}

/// Every verb's section has an example that is played, and its verbs stand in one.
#[test]
fn every_verb_is_played() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/README.md");
    let reference = std::fs::read_to_string(path).expect("the reference exists");
    let (_, verbs) = reference.split_once("\n## Verbs\n").expect("there is a section of verbs");
    let (verbs, _) = verbs.split_once("\n## ").expect("it ends");
    let sections: Vec<&str> = verbs.split("\n### ").skip(1).collect();
    assert!(sections.len() >= 15, "only {} sections", sections.len());
    let played = examples().into_iter().map(|example| format!("\n{}", example.text)).collect::<String>();
    for section in sections {
        let title = section.lines().next().unwrap_or_default();
        assert!(section.contains("\n```sv2t run"), "{title} has no example that is played");
        for verb in title.split(", ") {
            assert!(played.contains(&format!("\n{verb}")), "{verb} is not played");
        }
    }
}

/// The table of settings in the reference is the one that the program has.
#[test]
fn settings_of_the_pool_stand_in_the_reference() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/README.md");
    let reference = std::fs::read_to_string(path).expect("the reference exists");
    for setting in sv2_conform::profile::POOL_SETTINGS {
        assert!(reference.contains(&format!("\n| `{}` | ", setting.name)), "{}", setting.name);
    }
}

#[test]
fn a_setting_that_is_given_the_wrong_kind_is_refused() {
    let ledger = embedded_ledger().expect("the ledger is good");
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    for (setting, problem) in [
        ("certificate: old", "takes one of expired, future, valid"),
        ("certificate: 1", "takes one of"),
        ("ack-batch: true", "takes a number"),
        ("ack-batch: many", "takes a number"),
        ("ack-bach: 1", "unknown pool setting"),
    ] {
        let file = folder.path().join("wrong.sv2t");
        std::fs::write(&file, format!("sv2t 1\ntitle \"t\"\npool({setting})\nconnect\n"))
            .expect("it can be written");
        let Err(SuiteError::Scenarios(errors)) = load(&[file], &ledger) else { panic!("{setting} is taken") };
        let text: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert!(text.concat().contains(problem), "{setting}: {text:?}");
    }
}
