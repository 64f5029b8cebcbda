//! A pool behind a gate: the README's snippet as it stands there, JUnit reports, and repro lines that reproduce.

use quick_junit::{Report, TestCaseStatus};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const README: &str = include_str!("../../README.md");

/// The folder with the programs of this workspace; the pool is built unless it is there and new.
fn programs() -> PathBuf {
    let conform = Path::new(env!("CARGO_BIN_EXE_sv2-conform"));
    let folder = conform.parent().expect("a program stands in a folder").to_owned();
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "-p", "sv2-reference-pool", "--bin", "sv2-reference-pool"]);
    if folder.ends_with("release") {
        build.arg("--release");
    }
    let status = build.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cargo starts");
    assert!(status.success(), "the reference pool does not build");
    folder
}

/// Runs a script in a folder, with the workspace's programs, and those in the folder's own `bin`, at hand.
fn shell(folder: &Path, shell: &str, script: &str, programs: &Path) -> Output {
    let path = std::env::var("PATH").expect("there is a PATH");
    let path = format!("{}:{}:{path}", folder.join("bin").display(), programs.display());
    let mut command = Command::new(shell);
    command.args(["-e", "-c", script]).current_dir(folder).env("PATH", path).stdin(Stdio::null());
    command.output().expect("the shell starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The fenced blocks of a language in the README's section on gates.
fn snippets(language: &str) -> Vec<String> {
    let section = README.split("### Gate a CI\n").nth(1).expect("the README has such a section");
    let section =
        section.split("\n## ").next().and_then(|rest| rest.split("\n### ").next()).unwrap_or_default();
    let fence = format!("```{language}\n");
    let blocks = section.split(fence.as_str()).skip(1);
    blocks.filter_map(|rest| Some(rest.split("\n```").next()?.to_owned())).collect()
}

/// The commands of a workflow's steps, as its runner would give them to bash.
fn steps(workflow: &str) -> Vec<String> {
    let mut steps = Vec::new();
    let mut lines = workflow.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((before, command)) = line.split_once("run: ") else { continue };
        let depth = before.len();
        if command != "|" {
            steps.push(command.to_owned());
            continue;
        }
        let mut script = String::new();
        while let Some(line) = lines.next_if(|line| line.len() - line.trim_start().len() >= depth) {
            script.push_str(line.trim_start());
            script.push('\n');
        }
        steps.push(script);
    }
    steps
}

/// A folder where `my-pool` is the reference pool with these arguments.
fn with_pool(arguments: &str, programs: &Path) -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let bin = folder.path().join("bin");
    std::fs::create_dir(&bin).expect("the folder can be written");
    let pool = programs.join("sv2-reference-pool");
    let script = format!("#!/bin/sh\nexec '{}' {arguments} \"$@\"\n", pool.display());
    std::fs::write(bin.join("my-pool"), script).expect("the folder can be written");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(bin.join("my-pool"), mode).expect("the file is ours");
    folder
}

fn junit(path: &Path) -> Report {
    let xml = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    roxmltree::Document::parse(&xml).expect("the report is XML");
    Report::deserialize_from_str(&xml).expect("the report is JUnit")
}

/// Names of the cases that failed, with what the report says of them.
fn failures(report: &Report) -> Vec<(String, String)> {
    let cases = report.test_suites.iter().flat_map(|suite| &suite.test_cases);
    let failed = cases.filter_map(|case| match &case.status {
        TestCaseStatus::NonSuccess { description, .. } => {
            let name = format!("{}.{}", case.classname.as_ref()?.as_str(), case.name.as_str());
            Some((name, description.as_ref()?.as_str().to_owned()))
        }
        _ => None,
    });
    failed.collect()
}

#[cfg(unix)]
#[test]
fn the_snippet_of_the_readme_lets_a_good_pool_pass_and_holds_a_faulty_one() {
    let programs = programs();
    let (plain, workflow) = (snippets("sh"), snippets("yaml"));
    let ([plain], [workflow]) = (plain.as_slice(), workflow.as_slice()) else {
        panic!("one snippet for a shell and one for a workflow: {plain:?} {workflow:?}");
    };
    let steps = steps(workflow);
    let [step] = steps.as_slice() else { panic!("one step that runs: {steps:?}") };
    assert!(workflow.contains("path: sv2-conform.xml") && plain.contains("junit=sv2-conform.xml"));
    for (name, script) in [("sh", plain), ("bash", step)] {
        for (arguments, code) in [("", 0), ("--fault F17", 1)] {
            let folder = with_pool(arguments, &programs);
            let output = shell(folder.path(), name, script, &programs);
            let all = text(&output.stdout) + &text(&output.stderr);
            assert_eq!(output.status.code(), Some(code), "{name} {arguments}: {all}");
            let report = junit(&folder.path().join("sv2-conform.xml"));
            let failed = failures(&report);
            assert!(report.tests >= 80 && report.errors == 0, "{name} {arguments}: {} tests", report.tests);
            assert_eq!(failed.is_empty(), code == 0, "{name} {arguments}: {failed:?}");
            let duplicate = failed.iter().find(|(name, _)| name == "mining.share.duplicate");
            assert_eq!(duplicate.is_some(), code == 1, "{failed:?}");
            for part in
                duplicate.iter().flat_map(|_| ["clause   SV2-05-1", "allowed", "came", "repro", "-->"])
            {
                assert!(duplicate.is_some_and(|(_, screen)| screen.contains(part)), "{part}: {failed:?}");
            }
        }
    }
}

/// A failure of a report on standard output, from its headline to its repro line.
fn screen<'a>(out: &'a str, headline: &str) -> &'a str {
    let start = out.find(headline).unwrap_or_else(|| panic!("no {headline} in\n{out}"));
    let rest = &out[start..];
    let end = rest.find("  repro ").unwrap_or_else(|| panic!("no repro line in\n{rest}"));
    let line = rest[end..].find('\n').map_or(rest.len(), |length| end + length);
    &rest[..line]
}

#[cfg(unix)]
#[test]
fn the_printed_line_reproduces_from_a_folder_of_somebody_else() {
    let programs = programs();
    let folder = tempfile::tempdir().expect("a folder");
    let deep = folder.path().join("our checks/deep (2)");
    std::fs::create_dir_all(&deep).expect("the folder can be written");
    let scenario = "sv2t 1\ntitle \"An impossible reply\"\nmatrix id in [1, 2]\n\nconnect\nsetup(flags: REQUIRES_STANDARD_JOBS)\n\
        open-standard() -> $chan\nawait job on $chan -> $job\nmine $job -> $share\nsubmit $share\nsettle $chan\n  \
        credited == 5 + $id  checks SV2-05-097\n";
    std::fs::write(deep.join("impossible.sv2t"), scenario).expect("the folder can be written");
    let pool =
        "--exec 'sv2-reference-pool --listen 127.0.0.1:0 --plaintext' --ready 'line=(?<target>tcp://\\S+)'";
    for options in ["--seed 77 --virtual-time", "--fault F16 --timeout-scale 2", pool] {
        let first = shell(folder.path(), "sh", &format!("sv2-conform run 'our checks' {options}"), &programs);
        let out = text(&first.stdout);
        assert_eq!(first.status.code(), Some(1), "{options}: {out}{}", text(&first.stderr));
        let headline = "FAIL  deep (2)/impossible[id=2]";
        let told = screen(&out, headline);
        let (_, line) = told.rsplit_once("  repro ").expect("the last line");
        let again = shell(folder.path(), "sh", line.trim(), &programs);
        let repeated = text(&again.stdout);
        assert_eq!(again.status.code(), Some(1), "{line}: {repeated}{}", text(&again.stderr));
        let repeated_screen = screen(&repeated, headline);
        if options == pool {
            // A real pool's jobs have the time of day in them.
            let without_frames = |screen: &str| {
                let is_frame = |line: &&str| line.starts_with("  trace") || line.starts_with("         ");
                screen.lines().filter(|line| !is_frame(line)).map(str::to_owned).collect::<Vec<_>>()
            };
            assert_eq!(without_frames(repeated_screen), without_frames(told), "{line}");
        } else {
            assert_eq!(repeated_screen, told, "{line}");
        }
        assert!(repeated.contains("\n1 fail against"), "more than one was played: {repeated}");
    }
}
