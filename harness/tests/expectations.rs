//! A file of what is known to fail, from its making to its end: update, run, mend the pool, prune.

use std::path::Path;
use std::process::{Command, Stdio};

const FILE: &str = "known.toml";
const DUPLICATE: &str = "mining/share/duplicate";

struct Called {
    code: i32,
    out: String,
    errors: String,
}

fn conform(folder: &Path, arguments: &[&str]) -> Called {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sv2-conform"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    let output = command.output().expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Called {
        code: output.status.code().expect("it exits by itself"),
        out: text(&output.stdout),
        errors: text(&output.stderr),
    }
}

/// Plays the share scenarios with the file, and a report of each kind.
fn run(folder: &Path, arguments: &[&str]) -> Called {
    let fixed =
        ["run", "mining/share", "--virtual-time", "--expectations", FILE, "--report", "jsonl=r.jsonl"];
    conform(folder, &[&fixed[..], &["--report", "junit=r.xml"], arguments].concat())
}

fn keep(folder: &Path, how: &str, arguments: &[&str]) -> Called {
    conform(folder, &[&["expect", how, FILE, "mining/share", "--virtual-time"], arguments].concat())
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn write(folder: &Path, text: &str) {
    std::fs::write(folder.join(FILE), text).expect("the folder can be written");
}

fn lines(folder: &Path) -> Vec<serde_json::Value> {
    let text = read(folder, "r.jsonl");
    text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

/// A count of the summary.
fn count(folder: &Path, key: &str) -> u64 {
    lines(folder).last().and_then(|line| line[key].as_u64()).expect("the summary has it")
}

#[track_caller]
fn exits(called: &Called, code: i32, parts: &[&str]) {
    assert_eq!(called.code, code, "{}\n{}", called.out, called.errors);
    for part in parts {
        assert!(called.out.contains(part), "expected {part:?} in\n{}", called.out);
    }
}

#[test]
fn the_whole_way_of_an_expectation() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    exits(&keep(folder, "update", &["--fault", "F17"]), 0, &["added    mining/share/duplicate"]);

    // Somebody looks at it, and says why.
    let text = read(folder, FILE);
    let (before, after) = text.split_once("reason = \"to be filled in").expect("a placeholder");
    let after = after.split_once('\n').map_or("", |(_, rest)| rest);
    write(folder, &format!("{before}# asked in June\nreason = \"pays twice\"\n{after}"));
    let known = run(folder, &["--fault", "F17"]);
    exits(&known, 0, &["expected-fail  mining/share/duplicate", "pays twice"]);
    assert!(!known.out.contains("FAIL"), "a known failure fills the screen: {}", known.out);
    let expected = count(folder, "expected_fail");
    assert!(expected >= 1);
    assert_eq!([count(folder, "fail"), count(folder, "unexpected_pass"), count(folder, "exit_code")], [0; 3]);
    let line = lines(folder).into_iter().find(|line| line["id"] == DUPLICATE).expect("it was played");
    assert_eq!(
        (&line["verdict"], &line["expectation"]["standing"]),
        (&"fail".into(), &"expected-fail".into())
    );
    assert!(read(folder, "r.xml").contains("<skipped message=\"pays twice\" type=\"expected-fail\""));

    // The same again, and the file is the same, comments and all.
    let once = read(folder, FILE);
    exits(&keep(folder, "update", &["--fault", "F17"]), 0, &["known.toml expects"]);
    assert_eq!(read(folder, FILE), once);

    // The pool fails, and not as it used to: nobody looked at that.
    let other = run(folder, &["--fault", "F04"]);
    exits(&other, 1, &["FAIL  mining/share/duplicate", "  expected another failure: SV2-05-1"]);
    assert!(count(folder, "fail") > expected && count(folder, "expected_fail") == 0);

    // The pool is mended: that is worth knowing, and not a pass.
    let mended = run(folder, &[]);
    exits(&mended, 6, &["unexpected-pass mining/share/duplicate", "expect prune"]);
    assert_eq!([count(folder, "unexpected_pass"), count(folder, "fail")], [expected, 0]);
    assert!(read(folder, "r.xml").contains("type=\"unexpected-pass\""));
    exits(&keep(folder, "prune", &[]), 0, &["removed  mining/share/duplicate"]);
    assert!(!read(folder, FILE).contains("[[expected]]"), "{}", read(folder, FILE));
    exits(&run(folder, &[]), 0, &[]);
    exits(&run(folder, &["--fault", "F17"]), 1, &["FAIL  mining/share/duplicate"]);
}

#[test]
fn an_entry_is_stale_when_its_scenario_is_no_more_and_not_when_it_is_not_played() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let entry = |id: &str| {
        format!(
            "[[expected]]\nscenario = \"{id}\"\nverdict = \"fail\"\nbecause = [{{ came = \"x\" }}]\nreason = \"r\"\n"
        )
    };
    write(folder, &entry("common/setup/empty-strings"));
    exits(&run(folder, &[]), 0, &[]);
    write(folder, &entry("mining/share/duplicated"));
    exits(&run(folder, &[]), 6, &["mining/share/duplicated", "no such scenario"]);
    assert!(read(folder, "r.xml").contains("mining/share/duplicated"));
    exits(&keep(folder, "prune", &[]), 0, &["removed  mining/share/duplicated"]);
    exits(&run(folder, &[]), 0, &[]);

    // A folder of somebody's own: other files in it count, other rows of a file that was read do not.
    std::fs::create_dir(folder.join("own")).expect("the folder can be written");
    for name in ["a", "b"] {
        let text = "sv2t 1\ntitle \"t\"\nmatrix id in [1, 2]\n\nconnect\nsetup()\nalive  checks SV2-03-060\n";
        std::fs::write(folder.join(format!("own/{name}.sv2t")), text).expect("the folder can be written");
    }
    let own = ["run", "own/a.sv2t", "--virtual-time", "--expectations", FILE];
    write(folder, &entry("b[id=1]"));
    exits(&conform(folder, &own), 0, &[]);
    write(folder, &entry("a[id=3]"));
    exits(&conform(folder, &own), 6, &["a[id=3]"]);
    write(folder, &entry("a[id=2]"));
    exits(&conform(folder, &own), 6, &["unexpected-pass a[id=2]"]);
}

#[test]
fn a_file_that_cannot_be_used_is_refused_before_anything_is_played() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for called in [run(folder, &[]), keep(folder, "prune", &[])] {
        assert_eq!((called.code, called.out.as_str()), (2, ""), "{}", called.errors);
        assert!(called.errors.contains("known.toml"), "{}", called.errors);
    }
    write(folder, "[[expected]]\nscenario = \"a\"\nverdikt = \"fail\"\n");
    for called in [run(folder, &[]), keep(folder, "update", &[]), keep(folder, "prune", &[])] {
        assert_eq!((called.code, called.out.as_str()), (2, ""), "{}", called.errors);
        assert!(called.errors.contains("verdikt"), "{}", called.errors);
    }
    let twice = keep(folder, "update", &["--expectations", FILE]);
    assert_eq!(twice.code, 2, "{}", twice.errors);
    assert!(read(folder, FILE).contains("verdikt"), "the file was touched");
}
