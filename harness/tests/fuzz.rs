//! `sv2-conform fuzz`: what it prints, and what it exits with.

use serde_json::Value as Json;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use sv2_conform::fuzz::targets;

fn call(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sv2-conform"));
    command.arg("fuzz").args(arguments).current_dir(folder).stdin(Stdio::null());
    let Output { status, stdout, stderr } = command.output().expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn list_names_every_target_and_oracle() {
    let (code, out, _) = call(folder().path(), &["list", "--format", "json"]);
    assert_eq!(code, Some(0));
    let Json::Array(rows) = serde_json::from_str(&out).expect("JSON") else { panic!("{out}") };
    let (_, text, _) = call(folder().path(), &["list"]);
    for (row, target) in rows.iter().zip(targets()) {
        assert_eq!(row["name"], target.name);
        assert_eq!(row["oracles"].as_array().map(Vec::len), Some(target.oracles.len()));
        assert!(text.contains(&format!("{}  {}\n", target.name, target.about)), "{text}");
    }
    assert_eq!(rows.len(), targets().count());
}

#[test]
fn every_clause_of_an_oracle_is_in_the_ledger() {
    let ledger = sv2_conform::suite::embedded_ledger().expect("the ledger");
    for target in targets() {
        for (oracle, clause) in
            target.oracles.iter().flat_map(|it| it.clauses.iter().map(move |id| (it.name, id)))
        {
            assert!(ledger.clause(clause).is_some(), "{} {oracle}: {clause}", target.name);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_campaign() {
    let run = || call(folder().path(), &["codec", "--target", "datatype", "--runs", "500", "--seed", "7"]);
    let (code, out, _) = run();
    assert_eq!(code, Some(0), "{out}");
    assert!(out.starts_with("datatype, seed 7, from "), "{out}");
    assert!(
        out.contains("of the program\n500 executions in ") && out.ends_with("/s, nothing found\n"),
        "{out}"
    );
    assert_eq!(run().1.lines().next(), out.lines().next());
}

#[test]
fn a_campaign_takes_the_time_it_is_given_and_the_corpus_that_is_there() {
    let folder = folder();
    assert_eq!(call(folder.path(), &["seed", "--target", "ext_tlv"]).0, Some(0));
    let (code, out, _) = call(folder.path(), &["codec", "--target", "ext_tlv", "--for", "50ms"]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("inputs of corpus/ext_tlv\n"), "{out}");
    let (code, _, err) = call(folder.path(), &["codec", "--target", "datatype", "--for", "50ms"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("corpus: no inputs for datatype"), "{err}");
}

#[test]
fn an_unknown_target_and_a_wrong_time_are_refused() {
    for (arguments, text) in [
        (&["codec", "--target", "frame_steam"][..], "no such target; did you mean frame_stream?"),
        (&["codec", "--target", "zzz"], "no such target; `sv2-conform fuzz list` lists them"),
        (&["codec", "--target", "datatype", "--for", "60"], "expected a number with ms, s, m or h"),
        (&["codec", "--target", "datatype", "--for", "1s", "--runs", "1"], "cannot be used with"),
        (&["replay", "nowhere"], "nowhere cannot be read"),
    ] {
        let (code, out, err) = call(folder().path(), arguments);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
        assert!(err.contains(text), "{err}");
    }
}

#[test]
fn replay_takes_the_target_from_the_folder_or_from_the_call() {
    let folder = folder();
    let path = folder.path();
    assert_eq!(call(path, &["replay"]).0, Some(2));
    std::fs::create_dir(path.join("corpus")).expect("made");
    assert_eq!(call(path, &["replay"]).0, Some(4));
    assert_eq!(call(path, &["seed", "--target", "datatype"]).0, Some(0));
    std::fs::create_dir(path.join("corpus/other")).expect("made");
    std::fs::write(path.join("corpus/other/input"), [1, 2]).expect("written");
    let (code, out, _) = call(path, &["replay"]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("other: not replayed, no target has this name"), "{out}");
    assert!(out.ends_with(" inputs of 1 targets replayed, 0 findings\n"), "{out}");
    let (code, _, err) = call(path, &["replay", "corpus/other/input"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("its folder other is no target; say which by --target"), "{err}");
    let (code, out, _) = call(path, &["replay", "--target", "datatype", "corpus/other/input"]);
    assert_eq!((code, out.as_str()), (Some(0), "1 inputs of 1 targets replayed, 0 findings\n"));
}

#[test]
fn the_dictionary_is_one_that_libfuzzer_reads() {
    let (code, out, _) = call(folder().path(), &["dictionary"]);
    assert_eq!(code, Some(0));
    assert!(out.lines().count() > 150, "{out}");
    for line in out.lines() {
        let (name, word) = line.split_once('=').expect("a name and a word");
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{line}");
        let inner = word.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).expect("a quoted word");
        assert!(!inner.is_empty() && inner.split("\\x").skip(1).all(|part| part.len() >= 2), "{line}");
    }
    assert!(out.contains("header_setupconnection="), "{out}");
    assert!(out.contains("error_code_duplicate_share="), "{out}");
}

#[test]
fn a_program_is_text_bytes_and_a_scenario_that_runs() {
    let folder = folder();
    let path = folder.path();
    assert_eq!(call(path, &["seed", "--target", "pool_sequence", "corpus"]).0, Some(0));
    let (code, text, _) = call(path, &["show", "corpus/pool_sequence/standard"]);
    assert_eq!(code, Some(0));
    assert!(text.starts_with("sv2-program 1\npool batch=1\nconnect\n"), "{text}");
    std::fs::write(path.join("program.txt"), &text).expect("a writable folder");
    assert_eq!(call(path, &["show", "program.txt"]), (Some(0), text, String::new()));
    let (code, scenario, _) = call(path, &["show", "--as", "scenario", "program.txt"]);
    assert_eq!(code, Some(0));
    std::fs::write(path.join("program.sv2t"), &scenario).expect("a writable folder");
    let mut run = Command::new(env!("CARGO_BIN_EXE_sv2-conform"));
    let run = run.args(["run", "program.sv2t"]).current_dir(path).output().expect("it starts");
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stdout));
}

#[test]
fn a_fault_is_shown_by_the_least_program() {
    let folder = folder();
    let path = folder.path();
    assert_eq!(call(path, &["seed", "--target", "pool_sequence", "corpus"]).0, Some(0));
    let input = "corpus/pool_sequence/standard";
    let (code, text, err) = call(path, &["show", "--least", "--fault", "F17", input]);
    assert_eq!(code, Some(0), "{err}");
    assert!(
        err.starts_with("share-verdict: share 1 of channel 2 is credited; it is [\"duplicate-share\"]"),
        "{err}"
    );
    let words: Vec<&str> = text.lines().skip(2).filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(words, ["connect", "setup", "open-standard", "submit", "again"], "{text}");
    let (code, _, err) = call(path, &["show", "--least", input]);
    assert_eq!(code, Some(2));
    assert!(err.contains("nothing is found in this program"), "{err}");
    let (code, _, err) = call(path, &["show", "--least", "--fault", "F999", input]);
    assert_eq!(code, Some(2));
    assert!(err.contains("no such fault"), "{err}");
}

#[test]
fn show_makes_a_program_of_a_scenario_and_tells_what_is_lost() {
    let folder = folder();
    let text =
        "sv2t 1\ntitle \"A\"\nmatrix flags in [1, 0]\n\nconnect\nchunk 1\nsetup(flags: $flags)\nblock\n";
    std::fs::write(folder.path().join("a.sv2t"), text).expect("written");
    let (code, out, err) = call(folder.path(), &["show", "--as", "program", "a.sv2t"]);
    assert_eq!(code, Some(0), "{err}");
    let program = "sv2-program 1\npool batch=1\nconnect\nsetup client=0 versions=2..2 flags=0x0\nblock\n";
    assert_eq!(out, program);
    assert_eq!(
        err,
        "a.sv2t: the first of 2 scenarios, a[flags=0]\n\
         a.sv2t: not said: line 6: chunk: a program does not say how bytes are cut into writes\n"
    );
    let (code, scenario, _) =
        call(folder.path(), &["show", "--as", "scenario", "mining/duplicate/after-template"]);
    assert_eq!(code, Some(0));
    std::fs::write(folder.path().join("again.sv2t"), &scenario).expect("written");
    let (_, once, _) = call(folder.path(), &["show", "mining/duplicate/after-template"]);
    let (_, twice, err) = call(folder.path(), &["show", "again.sv2t"]);
    assert_eq!((once.as_str(), err.as_str()), (twice.as_str(), ""));
    assert!(once.ends_with("template\nagain share=0\n"), "{once}");
    let (code, _, err) = call(folder.path(), &["show", "mining/no-such"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("mining/no-such: no such file, and no scenario of the embedded suite"), "{err}");
}
