//! Snapshots of traces: what the conversation looked like when somebody last looked at it and agreed.
//!
//! A snapshot stands beside its scenario, as `<name>.snap`, in the format of the insta crate: the tests of this project
//! compare through insta, `run --snapshots` compares here, and both mean the same file. A new or changed trace is written
//! as `<name>.snap.new` until `sv2-conform review` accepts or rejects it.

use crate::suite::{self, Scenario};
use crate::verdict::{Outcome, Verdict};
use similar::TextDiff;
use std::path::{Path, PathBuf};

/// The seed that snapshots hold for.
pub const SEED: u64 = 0;

/// What stands before the trace in a snapshot file, as insta writes it.
const FRONT_MATTER: &str = "---\nsource: harness/tests/snapshots.rs\nexpression: trace\n---\n";

/// What a run does with snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// Compare, and report a difference.
    Check,
    /// Compare, and write what is new or changed as `.snap.new`, to be reviewed.
    New,
    /// Replace what is changed and write what is new, without asking.
    Update,
    /// Nothing.
    Off,
}

/// How a trace compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// As in the snapshot.
    Same,
    /// Another one; the text shows the lines that differ.
    Changed(String),
    /// There is no snapshot.
    Missing,
}

/// Where snapshots are, and what to do with them.
#[derive(Clone, Debug)]
pub struct Snapshots {
    /// What to do.
    pub mode: Mode,
    /// The folder below which snapshots stand by their scenario's id; without it, beside the scenarios.
    pub folder: Option<PathBuf>,
}

impl Snapshots {
    /// Compares the trace of a scenario that passed with its snapshot, and does what the mode says.
    ///
    /// # Errors
    /// A snapshot cannot be written.
    pub fn compare(&self, scenario: &Scenario, outcome: &Outcome) -> Result<Option<Comparison>, String> {
        let is_worth_keeping = matches!(outcome.verdict, Verdict::Pass | Verdict::PassLenient);
        if self.mode == Mode::Off || !is_worth_keeping {
            return Ok(None);
        }
        let trace = crate::trace::text(outcome);
        let path = self.path(scenario);
        let known = match &path {
            Some(path) => std::fs::read_to_string(path).ok(),
            None => suite::embedded_text(&format!("{}.snap", scenario.id)).map(str::to_owned),
        };
        let comparison = match known.as_deref().map(body) {
            Some(known) if known.trim_end() == trace.trim_end() => Comparison::Same,
            Some(known) => Comparison::Changed(difference(known, &trace)),
            None => Comparison::Missing,
        };
        if let (Some(path), false) = (path, comparison == Comparison::Same) {
            match self.mode {
                Mode::New => write(&pending(&path), &trace)?,
                Mode::Update => write(&path, &trace)?,
                Mode::Check | Mode::Off => {}
            }
        }
        Ok(Some(comparison))
    }

    /// The snapshot's file; none for a scenario of the embedded suite.
    fn path(&self, scenario: &Scenario) -> Option<PathBuf> {
        if let Some(folder) = &self.folder {
            return Some(folder.join(format!("{}.snap", scenario.id)));
        }
        let file = scenario.source.path.as_ref()?;
        let name = scenario.id.rsplit('/').next()?;
        Some(file.with_file_name(format!("{name}.snap")))
    }
}

/// A snapshot that waits for a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Where the accepted snapshot stands, or would.
    pub path: PathBuf,
    /// The lines that differ.
    pub difference: String,
}

/// All snapshots below a folder that wait for a review.
///
/// # Errors
/// A folder or file cannot be read.
pub fn pending_below(folder: &Path) -> Result<Vec<Pending>, String> {
    let problem = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries: Vec<_> =
        entries.map_err(|error| problem(folder, error))?.iter().map(std::fs::DirEntry::path).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            found.extend(pending_below(&entry)?);
        } else if entry.to_string_lossy().ends_with(".snap.new") {
            let new = std::fs::read_to_string(&entry).map_err(|error| problem(&entry, error))?;
            let path = entry.with_extension("");
            let old = std::fs::read_to_string(&path).unwrap_or_default();
            found.push(Pending { difference: difference(body(&old), body(&new)), path });
        }
    }
    Ok(found)
}

impl Pending {
    /// Makes the new trace the snapshot.
    ///
    /// # Errors
    /// The file cannot be moved.
    pub fn accept(&self) -> Result<(), String> {
        std::fs::rename(pending(&self.path), &self.path).map_err(|error| self.problem(&error))
    }

    /// Drops the new trace.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn reject(&self) -> Result<(), String> {
        std::fs::remove_file(pending(&self.path)).map_err(|error| self.problem(&error))
    }

    fn problem(&self, error: &std::io::Error) -> String {
        format!("{}: {error}", pending(&self.path).display())
    }
}

fn pending(path: &Path) -> PathBuf {
    path.with_extension("snap.new")
}

/// The trace in a snapshot file: what stands behind the front matter.
fn body(text: &str) -> &str {
    let rest = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n"));
    rest.map_or(text, |(_, body)| body)
}

fn write(path: &Path, trace: &str) -> Result<(), String> {
    let text = format!("{FRONT_MATTER}{}\n", trace.trim_end());
    let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    made.and_then(|()| std::fs::write(path, text)).map_err(|error| format!("{}: {error}", path.display()))
}

fn difference(old: &str, new: &str) -> String {
    let [old, new] = [old, new].map(|text| format!("{}\n", text.trim_end()));
    let diff = TextDiff::from_lines(&old, &new);
    diff.unified_diff().context_radius(2).header("snapshot", "trace").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_is_no_part_of_the_trace() {
        assert_eq!(body(&format!("{FRONT_MATTER}connection 1\n")), "connection 1\n");
        assert_eq!(body("connection 1\n"), "connection 1\n");
    }

    #[test]
    fn a_difference_names_the_field() {
        let old = "connection 1\n< SetupConnection.Success\n    used_version: 2\n    flags: 0\n";
        let text = difference(old, &old.replace("flags: 0", "flags: 1"));
        assert!(text.contains("-    flags: 0\n+    flags: 1"), "{text}");
    }

    #[test]
    fn what_is_pending_is_accepted_or_rejected() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.snap");
        write(&path, "old").unwrap();
        write(&pending(&path), "new").unwrap();
        let found = pending_below(folder.path()).unwrap();
        assert_eq!(found.len(), 1);
        found[0].accept().unwrap();
        assert_eq!(body(&std::fs::read_to_string(&path).unwrap()), "new\n");
        write(&pending(&path), "newer").unwrap();
        pending_below(folder.path()).unwrap()[0].reject().unwrap();
        assert_eq!(pending_below(folder.path()).unwrap(), []);
        assert_eq!(body(&std::fs::read_to_string(&path).unwrap()), "new\n");
    }
}
