//! `coverage` and `explain`: what a run says about the specification, as the command line shows it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::Value as Json;
use std::path::Path;
use std::process::Command;
use sv2_conform::ledger::{Level, Observable};
use sv2_conform::suite;
use tempfile::TempDir;

fn call(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_sv2-conform")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A folder with one scenario, `t.sv2t`.
fn scenario(steps: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.sv2t");
    std::fs::write(&path, format!("sv2t 1\ntitle \"t\"\n{steps}")).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

fn coverage(arguments: &[&str]) -> Json {
    let (code, out, err) = call(&[&["coverage", "--format", "json"], arguments].concat());
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

fn row<'a>(coverage: &'a Json, list: &str, id: &str) -> Option<&'a Json> {
    coverage[list].as_array().unwrap().iter().find(|row| row["id"] == id)
}

const SETUP: &str = "connect\nsetup()\nalive  checks SV2-03-060\n";

#[test]
fn a_claim_that_was_decided_covers_its_clause_and_no_other() {
    let (_folder, path) = scenario(SETUP);
    let coverage = coverage(&[&path]);
    assert!(coverage["observable"].as_u64().unwrap() >= 248, "clauses are added and not taken away");
    let clause = row(&coverage, "clauses", "SV2-03-060").unwrap();
    assert_eq!((&clause["verdict"], &clause["covered"]), (&Json::from("pass"), &Json::from(true)));
    let check = clause["checks"].as_array().unwrap().iter().find(|check| check["scenario"] == "t").unwrap();
    assert!(check["lines"][0].as_str().unwrap().ends_with("t.sv2t:5"), "{check}");
    assert!(row(&coverage, "uncovered", "SV2-03-060").is_none());
    let open = row(&coverage, "uncovered", "SV2-05-112").unwrap();
    assert_eq!(open["reason"], "no check of this run claims it");
    assert_eq!(coverage["proof_made"], false, "some files only");
}

#[test]
fn a_claim_that_was_not_reached_covers_nothing_and_says_why() {
    let (_folder, path) = scenario("connect\nexpect Reconnect within 10ms\nalive  checks SV2-05-112\n");
    let never = coverage(&[&path]);
    assert!(row(&never, "uncovered", "SV2-05-112").is_some());
    let report = tempfile::NamedTempFile::new().unwrap();
    let event = r#"{"event":"scenario","id":"a","reason":"no block came","clauses":[{"id":"SV2-05-112","verdict":"inconclusive"}]}"#;
    std::fs::write(report.path(), event).unwrap();
    let undecided = coverage(&["--from", report.path().to_str().unwrap()]);
    assert_eq!(
        row(&undecided, "uncovered", "SV2-05-112").unwrap()["reason"],
        "a was inconclusive: no block came"
    );
}

#[test]
fn rows_of_good_sense_stand_apart() {
    let (_folder, path) = scenario("connect\nsetup()\nalive  checks ROB-07\n");
    let coverage = coverage(&[&path]);
    assert_eq!(row(&coverage, "robust", "ROB-07").unwrap()["verdict"], "pass");
    assert!(row(&coverage, "clauses", "ROB-07").is_none());
    assert!(coverage["by_level"].get("ROBUST").is_none());
}

#[test]
fn the_whole_suite_is_counted_and_proved_by_faults() {
    let coverage = coverage(&[]);
    let number = |name: &str| coverage[name].as_u64().unwrap();
    let open = coverage["uncovered"].as_array().unwrap().len() as u64;
    assert_eq!(number("covered") + open, number("observable"));
    assert!(number("proved") > 0 && number("proved") <= number("covered"));
    let sum = |name: &str| -> u64 {
        coverage["by_level"].as_object().unwrap().values().map(|level| level[name].as_u64().unwrap()).sum()
    };
    assert_eq!((sum("observable"), sum("covered")), (number("observable"), number("covered")));
    let proofs = &row(&coverage, "clauses", "SV2-05-112").unwrap()["proved_by"];
    assert!(proofs.as_array().unwrap().contains(&Json::from("F17")), "{proofs}");
}

#[test]
fn a_report_of_a_run_gives_what_the_run_gives() {
    let (folder, path) = scenario(SETUP);
    let report = folder.path().join("r.jsonl");
    let argument = format!("jsonl={}", report.display());
    assert_eq!(call(&["run", &path, "--virtual-time", "--report", &argument]).0, 0);
    let from = coverage(&["--from", report.to_str().unwrap(), &path]);
    assert_eq!(from, coverage(&[&path]));
}

#[test]
fn a_missed_gate_exits_1_and_names_the_clauses() {
    let (_folder, path) = scenario(SETUP);
    let (code, _, err) = call(&["coverage", &path, "--gate", "must=100"]);
    assert_eq!(code, 1);
    assert!(err.contains("gate missed: must is") && err.contains("SV2-05-018"), "{err}");
    assert!(!err.contains("SV2-03-060"), "{err}");
    assert_eq!(call(&["coverage", &path, "--gate", "must=0.1,implied=0"]).0, 0);
    let (code, _, err) = call(&["coverage", "--gate", "most=1"]);
    assert_eq!(code, 2);
    assert!(err.contains("there are must, implied"), "{err}");
}

#[test]
fn what_is_no_report_is_a_usage_error() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "{}\n").unwrap();
    for path in [file.path().to_str().unwrap(), "/nowhere/r.jsonl"] {
        let (code, out, err) = call(&["coverage", "--from", path]);
        assert_eq!((code, out.as_str()), (2, ""));
        assert!(err.contains(path), "{err}");
    }
}

#[test]
fn every_row_says_how_it_is_decided_and_knows_its_section() {
    let ledger = suite::embedded_ledger().unwrap();
    for clause in ledger.clauses() {
        assert!(!clause.check.trim().is_empty(), "{}", clause.id);
        if clause.observable == Observable::No {
            assert!(clause.check.len() > 10, "{} has to say why nobody can see it", clause.id);
        }
        let has_section = ledger.spec().sections.keys().any(|file| {
            let change = |section: &String| sv2_conform::ledger::spec::Change {
                file: file.clone(),
                section: section.clone(),
                kind: sv2_conform::ledger::spec::ChangeKind::Changed,
            };
            ledger.spec().sections[file].keys().any(|section| ledger.spec().touches(&change(section), clause))
        });
        assert!(
            has_section || clause.level == Level::Robust,
            "{}: {} is no section",
            clause.id,
            clause.section
        );
    }
}

/// Of the 103 rows of the catalogue three have no clause: the first extended job (M-NEMJ-1, M-NEMJ-2: section 5.3.16 has
/// no such rule, AMB-35), and a client's return after a close by the server (M-CC-2, which decides nothing).
#[test]
fn the_other_catalogue_is_mapped() {
    let ledger = suite::embedded_ledger().unwrap();
    let known: std::collections::BTreeSet<&String> =
        ledger.clauses().flat_map(|clause| &clause.aka).collect();
    assert_eq!(known.len(), 100);
    assert!(!known.contains(&"M-CC-2".to_owned()));
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

#[test]
fn a_newer_edition_names_what_became_stale() {
    let edition = tempfile::tempdir().unwrap();
    let folder = edition.path().to_str().unwrap();
    write(
        edition.path(),
        "05-Mining-Protocol.md",
        "# 5. Mining Protocol\n\n### 5.3.14 `SubmitShares.Error`\nnew words\n",
    );
    write(edition.path(), "extensions/0x0001-x.md", "## 1. Overview\n");
    write(edition.path(), "README.md", "# 5. no chapter\n");
    let (code, out, _) = call(&["coverage", "--spec", folder]);
    assert_eq!(code, 1);
    for text in [
        "05-Mining-Protocol.md 5.3.14  changed\n",
        "  SV2-05-112 IMPLIED Duplicate share not credited twice\n",
        "  AMB-43 Duplicate shares\n",
        "05-Mining-Protocol.md 5.3.13  removed\n",
        "extensions/0x0001-x.md 1  added\n",
        "\n  mining/share/duplicate\n",
        "to be read again",
    ] {
        assert!(out.contains(text), "{text}: {out}");
    }
    assert!(!out.contains("README"));
    let empty = tempfile::tempdir().unwrap();
    let (code, _, err) = call(&["coverage", "--spec", empty.path().to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(err.contains("no chapter such as"), "{err}");
}

#[test]
fn the_index_of_an_edition_is_written_and_then_agrees_with_itself() {
    let edition = tempfile::tempdir().unwrap();
    write(edition.path(), "05-Mining-Protocol.md", "# 5. Mining Protocol\ntext\n");
    let (folder, file) = (edition.path().to_str().unwrap(), edition.path().join("spec.toml"));
    call(&["coverage", "--spec", folder, "--write", file.to_str().unwrap()]);
    let text = std::fs::read_to_string(file).unwrap();
    let ledger = sv2_conform::ledger::Ledger::read([("spec.toml", text.as_str())]).unwrap();
    assert_eq!(ledger.spec().sections["05-Mining-Protocol.md"].len(), 1);
    assert_eq!(ledger.spec().commit, "unknown", "no git there");
}

#[test]
fn things_are_explained_on_one_screen() {
    for (name, texts) in [
        (
            "SV2-05-112",
            &[
                "IMPLIED, section 5.3.14",
                "AMB-43",
                "mining/share/duplicate.sv2t:",
                "F17 duplicate-credited is found by",
                "to mend",
            ][..],
        ),
        ("AMB-43", &["SV2-05-112", "mining/share/duplicate.sv2t:"]),
        ("ROB-01", &["ROBUST", "survival axis", "to mend"]),
        ("SV2-10-001", &["why not"]),
        ("mining/share/duplicate", &["SV2-05-112", "sv2-conform run 'mining/share/duplicate'"]),
        ("F17", &["SV2-05-112", "stratum#2096", "found by"]),
        ("duplicate-credited", &["F17"]),
        ("M-SSS-5", &["SV2-05-112"]),
        ("F05", &["SV2-08-002", "found by", "rule channel-bit"]),
        ("SV2-08-002", &["F05 channel-bit-clear is found by the rule channel-bit"]),
        ("channel-bit", &["always-on rule", "SV2-08-002", "to mend"]),
    ] {
        let (code, out, err) = call(&["explain", name]);
        assert_eq!(code, 0, "{err}");
        assert!(out.lines().count() <= 45 && out.lines().all(|line| line.chars().count() <= 130), "{out}");
        for text in texts {
            assert!(out.contains(text), "{name}: {text}: {out}");
        }
    }
    let (code, out, err) = call(&["explain", "mining/share/duplicat"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("did you mean mining/share/duplicate?"), "{err}");
}
