//! `sv2-conform coverage --spec`: which parts of the ledger a newer edition of the specification makes stale.

use super::{Exit, Failure, print};
use crate::ledger::Ledger;
use crate::ledger::spec::{Change, ChangeKind, SpecIndex, is_chapter};
use crate::suite::{Suite, read_text};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// Compares a checkout with the edition that the ledger is from. With `write` the index of the checkout is written there.
pub(super) fn compare(
    folder: &Path,
    write: Option<&Path>,
    suite: &Suite,
    ledger: &Ledger,
) -> Result<Exit, Failure> {
    let newer = index(folder)?;
    if let Some(path) = write {
        std::fs::write(path, newer.to_toml())
            .map_err(|error| Failure::usage(format!("{} cannot be written: {error}", path.display())))?;
    }
    let known = ledger.spec();
    let changes = known.changes(&newer);
    let edition = |index: &SpecIndex| format!("{} of {}", index.commit.get(..7).unwrap_or("?"), index.date);
    if changes.is_empty() {
        print(&format!("{} has the sections of {}\n", edition(&newer), edition(known)));
        return Ok(Exit::Fine);
    }
    let mut text = format!("{} against {}\n", edition(&newer), edition(known));
    let mut stale = BTreeSet::new();
    for change in &changes {
        text.push_str(&report(change, ledger, &mut stale));
    }
    let claims = |ids: &BTreeSet<&str>| {
        let scenarios = suite.scenarios.iter().filter(|scenario| {
            scenario.claims(&suite.fragments).iter().any(|claim| ids.contains(claim.clause.as_str()))
        });
        scenarios.map(|scenario| scenario.id.as_str()).collect::<Vec<_>>()
    };
    let scenarios = claims(&stale);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "\nscenarios that claim them");
    for id in &scenarios {
        let _ = writeln!(text, "  {id}");
    }
    let (sections, clauses) = (changes.len(), stale.len());
    let _ = writeln!(
        text,
        "\n{sections} sections, {clauses} clauses and {} scenarios to be read again; CONTRIBUTING.md says how",
        scenarios.len()
    );
    print(&text);
    Ok(Exit::Failed)
}

fn report<'a>(change: &Change, ledger: &'a Ledger, stale: &mut BTreeSet<&'a str>) -> String {
    let Change { file, section, kind } = change;
    let mut text = format!("\n{file} {section}  {}\n", kind.name());
    if *kind == ChangeKind::Added {
        text.push_str("  no clause is from it yet\n");
    }
    for clause in ledger.clauses().filter(|clause| ledger.spec().touches(change, clause)) {
        stale.insert(&clause.id);
        let _ = writeln!(text, "  {} {} {}", clause.id, clause.level.name(), clause.title);
    }
    for ambiguity in ledger.ambiguities().filter(|ambiguity| change.concerns(ambiguity)) {
        let _ = writeln!(text, "  {} {}", ambiguity.id, ambiguity.title);
    }
    text
}

/// Reads the chapters of a checkout; commit and day are those that git tells.
fn index(folder: &Path) -> Result<SpecIndex, Failure> {
    let mut texts = Vec::new();
    for below in ["", "extensions"] {
        let path = folder.join(below);
        let unreadable = |error| Failure::usage(format!("--spec {}: {error}", path.display()));
        let entries = match std::fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(_) if !below.is_empty() => continue,
            Err(error) => return Err(unreadable(error)),
        };
        for entry in entries {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let name = if below.is_empty() { name } else { format!("{below}/{name}") };
            if is_chapter(&name) {
                texts.push((name, read_text(&entry.path())?));
            }
        }
    }
    if texts.is_empty() {
        let text = format!("--spec {}: no chapter such as 05-Mining-Protocol.md in it", folder.display());
        return Err(Failure::usage(text));
    }
    let files = texts.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    Ok(SpecIndex::of(&git(folder, "%H"), &git(folder, "%cs"), files))
}

/// What git says about the newest commit of a folder that is the root of a checkout; `unknown` elsewhere.
fn git(folder: &Path, format: &str) -> String {
    let format = format!("--format={format}");
    let output = folder
        .join(".git")
        .exists()
        .then(|| Command::new("git").arg("-C").arg(folder).args(["log", "-1", &format]).output().ok());
    let text = output.flatten().filter(|output| output.status.success());
    let text = text.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.filter(|text| !text.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}
