//! The program itself: exit codes, texts, reports.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::Value as Json;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const KEYS: [&str; 12] = [
    "event",
    "pass",
    "pass_lenient",
    "fail",
    "inconclusive",
    "not_applicable",
    "blocked",
    "error",
    "expected_fail",
    "unexpected_pass",
    "exit_code",
    "seconds",
];
const PASSING: &str = "connect\nsetup()\nalive checks SV2-03-060\n";
const FAILING: &str = "connect\nexpect close within 100ms checks SV2-04-022\n";

fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sv2-conform"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command
}

/// What the program exits with and says when it is called in a folder with these scenarios.
fn call(files: &[(&str, &str)], arguments: &[&str]) -> (i32, String, String) {
    let folder = folder(files);
    ended(program(folder.path(), arguments).output().unwrap())
}

fn ended(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, steps) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let header = if steps.starts_with("fragment") { "" } else { "title \"a test\"\n" };
        std::fs::write(path, format!("sv2t 1\n{header}{steps}")).unwrap();
    }
    folder
}

/// A usage error: nothing on standard output, all of these texts on standard error, which does not say that we panicked.
#[track_caller]
fn refused(files: &[(&str, &str)], arguments: &[&str], texts: &[&str]) {
    let (code, out, err) = call(files, arguments);
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    for text in texts {
        assert!(err.contains(text), "expected {text:?} in\n{err}");
    }
    assert!(!err.contains("panicked"), "{err}");
}

fn last_line(path: &Path) -> Json {
    serde_json::from_str(std::fs::read_to_string(path).unwrap().lines().last().unwrap()).unwrap()
}

#[test]
fn without_paths_the_embedded_suite_is_played() {
    let (code, out, err) = call(&[], &["run", "--virtual-time", "--seed", "1"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let (_, list, _) = call(&[], &["list"]);
    let ids: Vec<&str> = list.lines().map(|line| line.split("  ").next().unwrap()).collect();
    assert!(ids.len() > 5);
    assert!(ids.iter().all(|id| out.contains(id)), "{out}");
    assert!(out.trim_end().ends_with("seed 1"), "{out}");
}

#[test]
fn a_failing_scenario_exits_with_1_and_shows_the_line_the_clause_and_how_to_repeat_it() {
    let files = [("good.sv2t", PASSING), ("bad.sv2t", FAILING)];
    let (code, out, _) = call(&files, &["run", ".", "--virtual-time", "--seed", "5"]);
    assert_eq!(code, 1);
    let texts =
        ["pass           good", "fail           bad", "^^^^^^", "SV2-04-022 (", "--seed 5", "bad.sv2t:4:1"];
    for text in texts {
        assert!(out.contains(text), "expected {text:?} in\n{out}");
    }
}

#[test]
fn inconclusive_and_blocked_exit_with_3_and_not_applicable_with_4() {
    let blocked = ("a.sv2t", "connect\nexpect close within 100ms\n");
    let (code, out, _) = call(&[blocked], &["run", "a.sv2t", "--virtual-time"]);
    assert_eq!(code, 3, "{out}");
    assert!(out.contains("blocked"));

    let hopeless = "connect\nsetup(flags: REQUIRES_STANDARD_JOBS)\nopen-standard() -> $chan\nawait job on $chan -> $job\nmine $job\n  hash <= 0\n";
    let (code, out, _) = call(&[("a.sv2t", hopeless)], &["run", "a.sv2t", "--virtual-time"]);
    assert_eq!(code, 3, "{out}");
    assert!(out.contains("inconclusive") && out.contains("a larger budget"));

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("stratum2+tcp://{}", listener.local_addr().unwrap());
    let (code, out, _) = call(&[("a.sv2t", "connect\nblock\n")], &["run", "a.sv2t", "--target", &target]);
    assert_eq!(code, 4, "{out}");
    assert!(out.contains("does not have control.block; see --serve-templates"), "{out}");
}

#[test]
fn what_is_not_there_is_named() {
    refused(&[], &["run", "nowhere/at/all"], &["nowhere/at/all: no such file or folder"]);
    refused(&[], &["run", "mining/share/acepted"], &["did you mean mining/share/accepted?"]);
    refused(&[], &["run", "zzz"], &["`sv2-conform list` shows the ids"]);
    refused(&[], &["run", "."], &["no .sv2t file in this folder"]);
}

#[test]
fn a_folder_of_the_embedded_suite_can_be_named() {
    let (code, out, _) = call(&[], &["list", "mining/share"]);
    assert_eq!(code, 0);
    assert!(out.lines().count() > 2 && out.lines().all(|line| line.starts_with("mining/share/")), "{out}");
}

#[test]
fn a_file_that_is_no_text_names_the_byte() {
    let folder = folder(&[]);
    std::fs::write(folder.path().join("a.sv2t"), b"sv2t 1\n\xff").unwrap();
    let (code, _, err) = ended(program(folder.path(), &["run", "a.sv2t"]).output().unwrap());
    assert_eq!(code, 2);
    assert!(err.contains("a.sv2t: not UTF-8 at byte 7"), "{err}");
}

#[test]
fn errors_in_scenarios_have_carets_and_hints() {
    refused(
        &[("a.sv2t", "conect\n")],
        &["run", "a.sv2t"],
        &["a.sv2t:3:1", "did you mean `connect`?", "conect"],
    );
    let clause = [("a.sv2t", "connect\nalive checks SV2-03-06\n")];
    refused(&clause, &["check", "a.sv2t"], &["unknown clause `SV2-03-06`", "did you mean", "──"]);
    let two = [("a.sv2t", "conect\n"), ("b.sv2t", "alve\n")];
    refused(&two, &["check", "."], &["a.sv2t", "b.sv2t"]);
}

#[test]
fn fragments_that_never_end_are_refused_before_anything_runs() {
    let own = ("fragments/a.sv2t", "fragment again()\nagain()\n");
    refused(
        &[own, ("x.sv2t", "again()\n")],
        &["run", "."],
        &["the fragment `again` calls itself", "a.sv2t:3:1"],
    );
    let ring = [
        ("fragments/a.sv2t", "fragment a()\nb()\n"),
        ("fragments/b.sv2t", "fragment b()\nc()\n"),
        ("fragments/c.sv2t", "fragment c()\nconnect\na()\n"),
        ("x.sv2t", "connect\n"),
    ];
    refused(
        &ring,
        &["check", "."],
        &["`a` calls itself through `b`, `c`", "`c` calls itself through `a`, `b`"],
    );
    // To call the same one twice, or a chain, is no circle.
    let chain = [ring[1], ("fragments/c.sv2t", "fragment c()\nsetup()\n"), ("x.sv2t", "connect\nb()\nb()\n")];
    let (code, out, err) = call(&chain, &["check", "."]);
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("1 scenarios and "), "{out}");
}

#[test]
fn a_folder_of_ones_own_brings_its_own_fragments() {
    let files = [
        ("suite.toml", ""),
        (
            "fragments/hello.sv2t",
            "fragment hello() -> $x\nsend SetupConnection -> $s\nexpect SetupConnection.Success reply to $s -> $x\n",
        ),
        ("deep/down/a.sv2t", "connect\nhello() -> $x\nassert $x.used_version == 2 checks SV2-03-071\n"),
    ];
    for path in [".", "deep", "deep/down/a.sv2t"] {
        let (code, out, err) = call(&files, &["run", path, "--virtual-time"]);
        assert_eq!(code, 0, "{out}{err}");
        assert!(out.contains("pass           deep/down/a  a test"), "{out}");
        assert!(out.contains("\n1 pass against"), "{out}");
    }
    let replacing =
        [("fragments/setup.sv2t", "fragment setup(flags: 0)\nconnect\n"), ("a.sv2t", "setup()\n")];
    refused(&replacing, &["run", ".", "mining/share"], &["replaces the fragment setup"]);
}

#[test]
fn check_counts_what_is_fine() {
    let (code, out, err) = call(&[("a.sv2t", PASSING), ("b.sv2t", FAILING)], &["check", "."]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("2 scenarios and "), "{out}");
}

#[test]
fn targets_that_cannot_be_meant_are_refused() {
    refused(&[], &["run", "--target", "http://127.0.0.1"], &["--target http://127.0.0.1"]);
    let key = "9auqWEzQDVyd2oe1JVGFLMLHZtCo2FFqZwtKA5gd9xbuEu7PH73";
    refused(&[], &["run", "--target", &format!("stratum2+tcp://127.0.0.1:3333/{key}")], &["--target"]);
    refused(&[], &["run", "--target", "tcp://192.0.2.1:3333"], &["--i-may-test-this"]);
    refused(&[], &["run", "--target", "tcp://localhost.example:3333"], &["--i-may-test-this"]);
}

#[test]
fn a_target_that_does_not_listen_is_not_ready() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, out, err) = call(&[], &["run", "--target", &format!("tcp://{address}")]);
    assert_eq!((code, out.as_str()), (5, ""));
    assert!(err.contains("is the target running"), "{err}");
}

/// The line behind the wait tells that the wait may be played, without anybody waiting.
#[test]
fn long_waits_on_a_foreign_pool_have_to_be_asked_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("tcp://{}", listener.local_addr().unwrap());
    let text = "connect tcp\nassume 1 == 2\nelapse 11m\nalive checks ROB-01\n";
    let files = [("wait.sv2t", text)];
    let run = |filter: &[&str]| {
        let arguments = [&["run", "wait.sv2t", "--target", &url], filter].concat();
        let (code, out, err) = call(&files, &arguments);
        assert_eq!(code, 4, "{out}{err}");
        out
    };
    for unasked in [&[][..], &["-E", "*"], &["-E", "* & !tag(fast)"]] {
        let out = run(unasked);
        assert!(out.contains("control.time; -E 'tag(slow)'"), "{out}");
    }
    let out = run(&["-E", "tag(slow)"]);
    assert!(out.contains("assume 1 == 2") && !out.contains("control.time"), "{out}");
}

#[test]
fn reports_that_cannot_be_written_are_refused_at_the_start() {
    refused(&[], &["run", "--report", "jsonl=no/such/folder/x"], &["no/such/folder/x cannot be written"]);
    refused(&[], &["run", "--report", "papyrus=x"], &["no kind papyrus", "jsonl ("]);
    refused(&[], &["run", "--report", "x"], &["expected KIND=PATH"]);
}

#[test]
fn a_mistake_elsewhere_leaves_an_earlier_report_alone() {
    let folder = folder(&[]);
    let report = folder.path().join("kept.jsonl");
    std::fs::write(&report, "kept").unwrap();
    let arguments = ["run", "nowhere", "--report", "jsonl=kept.jsonl"];
    assert_eq!(program(folder.path(), &arguments).output().unwrap().status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(report).unwrap(), "kept");
}

#[test]
fn factors_of_time_are_bounded() {
    for factor in ["0", "-1", "nan", "inf", "1e300"] {
        let argument = format!("--timeout-scale={factor}");
        refused(&[], &["run", &argument], &["a factor is above 0 and at most 1000"]);
    }
    refused(&[], &["run", "--timeout-scale", "slow"], &["--timeout-scale"]);
}

#[test]
fn templates_cannot_be_served_where_somebody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let target = format!("tcp://{address}");
    refused(
        &[],
        &["run", "--target", &target, "--serve-templates", &address],
        &["--serve-templates", &address],
    );
}

#[test]
fn the_list_is_an_array_for_machines() {
    let (code, out, _) = call(&[], &["list", "--format", "json"]);
    assert_eq!(code, 0);
    let list: Json = serde_json::from_str(&out).unwrap();
    for row in list.as_array().unwrap() {
        let keys: Vec<_> = row.as_object().unwrap().keys().take(3).collect();
        assert_eq!(keys, ["id", "title", "checks"]);
        assert!(!row["checks"].as_array().unwrap().is_empty(), "{row}");
    }
}

#[test]
fn the_last_line_of_jsonl_is_the_summary() {
    let folder = folder(&[("good.sv2t", PASSING), ("bad.sv2t", FAILING)]);
    let arguments = ["run", ".", "--virtual-time", "--report", "jsonl=run.jsonl", "--report", "text=run.txt"];
    let (code, out, _) = ended(program(folder.path(), &arguments).output().unwrap());
    let summary = last_line(&folder.path().join("run.jsonl"));
    assert_eq!(summary.as_object().unwrap().keys().collect::<Vec<_>>(), KEYS);
    assert_eq!((&summary["event"], &summary["exit_code"]), (&"summary".into(), &code.into()));
    assert_eq!((&summary["pass"], &summary["fail"]), (&1.into(), &1.into()));
    assert_eq!(std::fs::read_to_string(folder.path().join("run.txt")).unwrap(), out);
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    for arguments in [&["list"][..], &["list", "--format", "json"], &["run", "--virtual-time"], &["check"]] {
        let folder = folder(&[]);
        let mut child =
            program(folder.path(), arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!(err, "", "{arguments:?}");
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}");
    }
}

/// Interrupts the program once it waits for a target that takes connections and says nothing.
#[cfg(unix)]
#[test]
fn an_interrupt_ends_with_130_and_a_report_of_what_was_done() {
    let folder = folder(&[
        ("a.sv2t", "assert 1 == 1 checks SV2-03-060\n"),
        ("b.sv2t", "connect tcp\nexpect close within 1m\n"),
    ]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("stratum2+tcp://{}", listener.local_addr().unwrap());
    let arguments = ["run", ".", "--target", &target, "--report", "jsonl=run.jsonl"];
    let mut child = program(folder.path(), &arguments).stdout(Stdio::piped()).spawn().unwrap();
    // The first connection asks whether the target is ready, the second one is the scenario's.
    let probe = listener.accept().unwrap();
    let waiting = listener.accept().unwrap();
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("pass           a")));
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop((probe, waiting));
    let summary = last_line(&folder.path().join("run.jsonl"));
    assert_eq!(
        (&summary["event"], &summary["exit_code"], &summary["pass"]),
        (&"summary".into(), &130.into(), &1.into())
    );
}

#[test]
fn a_mistake_in_a_file_of_several_scenarios_is_shown_once() {
    let files = [("a.sv2t", "matrix n in [1, 2, 3]\nconnect\nalive checks SV2-03-06\n")];
    let (code, _, err) = call(&files, &["check", "a.sv2t"]);
    assert_eq!(code, 2);
    assert_eq!(err.matches("unknown clause").count(), 1, "{err}");
}
