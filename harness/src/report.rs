//! Results in, bytes out. Nothing is judged again here.

mod jsonl;
mod text;

pub use text::failure;

use crate::ledger::Ledger;
use crate::snapshot::Comparison;
use crate::verdict::{Outcome, Verdict};
use std::collections::BTreeMap;
use std::time::Duration;

/// Everything about a run.
#[derive(Clone, Debug)]
pub struct Run {
    /// Outcomes in the order of their ids.
    pub outcomes: Vec<Outcome>,
    /// The seed of the run.
    pub seed: u64,
    /// What was tested, in words.
    pub target: String,
    /// What has to be added to a repro line to reach the same target.
    pub target_arguments: String,
    /// How long it took.
    pub duration: Duration,
    /// How traces compare with their snapshots, by scenario; those that were not compared are not there.
    pub snapshots: BTreeMap<String, Comparison>,
    /// What the program exits with.
    pub exit_code: u8,
}

impl Run {
    /// How many scenarios had this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.verdict == verdict).count()
    }
}

/// A way to write a run down.
pub struct Kind {
    /// The name in `--report NAME=PATH`.
    pub name: &'static str,
    /// What it is, for `--help`.
    pub doc: &'static str,
    /// Writes it.
    pub write: fn(&Run, &Ledger) -> String,
}

/// Every kind of report.
pub const KINDS: &[Kind] = &[
    Kind { name: "jsonl", doc: "one JSON object per line, the last one a summary", write: jsonl::write },
    Kind { name: "text", doc: "what stands on standard output", write: text::write },
];
