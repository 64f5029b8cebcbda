//! What an installed program has with it, wherever it is run.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

fn conform(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sv2-conform"));
    command.current_dir(folder).args(arguments).env("NO_COLOR", "1").env("CLICOLOR_FORCE", "1");
    command.output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the output is text")
}

/// The ids below a folder, as `list` shows them.
fn listed(folder: &Path, arguments: &[&str]) -> BTreeSet<String> {
    let output = conform(folder, &[&["list", "--format", "json"], arguments].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let rows: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a list is JSON");
    let ids = rows.as_array().expect("a list is an array").iter();
    ids.map(|row| row["id"].as_str().expect("an id is text").to_owned()).collect()
}

#[test]
fn the_embedded_suite_is_the_folder() {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let empty = tempfile::tempdir().expect("a folder");
    let embedded = listed(empty.path(), &[]);
    assert!(embedded.len() >= 10, "only {}", embedded.len());
    assert_eq!(embedded, listed(empty.path(), &[&scenarios.display().to_string()]));
}

#[test]
fn a_scenario_is_played_in_an_empty_folder() {
    let empty = tempfile::tempdir().expect("a folder");
    let output = conform(empty.path(), &["run", "mining/share/duplicate", "--virtual-time"]);
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    assert!(std::fs::read_dir(empty.path()).expect("it is there").next().is_none(), "something was written");
}

#[test]
fn completions_name_every_command() {
    let empty = tempfile::tempdir().expect("a folder");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = conform(empty.path(), &["completions", shell]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let script = text(&output.stdout);
        for word in ["doctor", "run", "completions", "exec"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    assert_eq!(conform(empty.path(), &["completions", "cobol"]).status.code(), Some(2));
}

#[test]
fn no_color_means_no_colour() {
    let empty = tempfile::tempdir().expect("a folder");
    let broken = empty.path().join("broken.sv2t");
    std::fs::write(&broken, "sv2t 1\ntitle \"x\"\nconect\n").expect("it can be written");
    for arguments in [
        &["--help"][..],
        &["run", "--help"],
        &["run", "--nonsense"],
        &["check", "broken.sv2t"],
        &["run", "mining/share/duplicate"],
        &["doctor", "tcp://127.0.0.1:9"],
    ] {
        let output = conform(empty.path(), arguments);
        let all = text(&output.stdout) + &text(&output.stderr);
        assert!(!all.is_empty() && !all.contains('\x1b'), "{arguments:?}: {all:?}");
    }
}
