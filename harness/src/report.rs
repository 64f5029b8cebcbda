//! Results in, bytes out. Nothing is judged again here.

mod jsonl;
mod junit;
mod text;

pub use text::{failure, write as text};

use crate::expectations::{Expectation, Standing};
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
    /// The line that plays a scenario again, by id, for a shell.
    pub repro: BTreeMap<String, String>,
    /// How long it took.
    pub duration: Duration,
    /// How traces compare with their snapshots, by scenario; those that were not compared are not there.
    pub snapshots: BTreeMap<String, Comparison>,
    /// How outcomes stand to their expectations, by scenario; those that have none are not there.
    pub expected: BTreeMap<String, (Standing, Expectation)>,
    /// Expectations for scenarios that are no more.
    pub stale: Vec<String>,
    /// Whether what is inconclusive is told and not held against anybody.
    pub is_inconclusive_excused: bool,
    /// What the program exits with.
    pub exit_code: u8,
}

impl Run {
    /// How many scenarios had this verdict. Those that failed as expected, or passed although they are expected to fail, are
    /// counted by [`Run::count_standing`] instead.
    pub fn count(&self, verdict: Verdict) -> usize {
        let is_apart = |outcome: &&Outcome| self.apart(outcome).is_some();
        self.outcomes.iter().filter(|outcome| outcome.verdict == verdict && !is_apart(outcome)).count()
    }

    /// How many scenarios stand so to their expectations.
    pub fn count_standing(&self, standing: Standing) -> usize {
        self.outcomes.iter().filter(|outcome| self.standing(outcome) == Some(standing)).count()
    }

    /// How an outcome stands to its expectation, if there is one and it says anything.
    pub fn standing(&self, outcome: &Outcome) -> Option<Standing> {
        self.expected.get(&outcome.id).map(|(standing, _)| *standing)
    }

    /// What a report calls the outcome: its verdict, unless an expectation makes it another thing.
    pub fn label(&self, outcome: &Outcome) -> &'static str {
        self.apart(outcome).map_or_else(|| outcome.verdict.name(), Standing::name)
    }

    /// Standings that count apart from the verdict.
    fn apart(&self, outcome: &Outcome) -> Option<Standing> {
        self.standing(outcome).filter(|standing| *standing != Standing::OtherFailure)
    }
}

/// A way to write a run down.
pub struct Kind {
    /// The name in `--report NAME=PATH`.
    pub name: &'static str,
    /// What it is, for `--help`.
    pub doc: &'static str,
    /// Writes it; an error is our own fault.
    pub write: fn(&Run, &Ledger) -> Result<String, String>,
}

/// Every kind of report.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "jsonl",
        doc: "one JSON object per line, the last one a summary",
        write: |run, ledger| Ok(jsonl::write(run, ledger)),
    },
    Kind { name: "junit", doc: "JUnit XML, for the test results of a CI system", write: junit::write },
    Kind {
        name: "text",
        doc: "what stands on standard output",
        write: |run, ledger| Ok(text::write(run, ledger)),
    },
];
