//! What is known to fail, and why: a TOML file that somebody has looked at.
//!
//! ```toml
//! [[expected]]
//! scenario = "mining/close/group"
//! verdict = "fail"
//! because = [
//!     { clauses = ["SV2-05-075"], allowed = "silence", came = "SubmitShares.Success" },
//! ]
//! reason = "closes nothing but the id that was named"
//! link = "https://..."
//! ```
//!
//! An expected scenario is played like any other, and has to fail for the same reason: `because` holds what is found, in a
//! [`kind`] that does not depend on seeds. Whoever mends the peer learns it by an unexpected pass.

mod edit;

pub use edit::{Changes, prune, update};

use crate::verdict::{Finding, Outcome, Survival, Verdict};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The file as it is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectations(BTreeMap<String, Expectation>);

/// One scenario that is known to fail.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The scenario's id.
    pub scenario: String,
    /// The verdict.
    pub verdict: Failing,
    /// How the peer comes out of it, where that is worse than a close.
    pub survival: Option<Harm>,
    /// What is found: all of it, and nothing else.
    pub because: BTreeSet<Because>,
    /// Why that is known and accepted, for people.
    pub reason: String,
    /// Where it is being mended; empty if nowhere.
    #[serde(default)]
    pub link: String,
}

/// The verdicts that can be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Failing {
    /// [`Verdict::Fail`].
    Fail,
    /// [`Verdict::Blocked`].
    Blocked,
}

/// How badly the peer came out, where it does not depend on a race how it is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Harm {
    /// [`Survival::Hung`].
    Hung,
    /// [`Survival::Died`].
    Died,
}

/// The kind of one finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Because {
    /// The clauses that it decides; none for a step that only prepares.
    #[serde(default)]
    pub clauses: Vec<String>,
    /// The [`kind`] of what would have been right.
    #[serde(default)]
    pub allowed: String,
    /// The [`kind`] of what came.
    pub came: String,
}

/// How an outcome stands to its expectation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It fails as expected.
    ExpectedFail,
    /// It passes, although it is expected to fail.
    UnexpectedPass,
    /// It fails, but not as expected.
    OtherFailure,
}

impl Standing {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::ExpectedFail => "expected-fail",
            Self::UnexpectedPass => "unexpected-pass",
            Self::OtherFailure => "other-failure",
        }
    }
}

/// Why a file of expectations cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ExpectationsError {
    /// It is no TOML, or not of this form.
    #[error("{0}")]
    Form(String),
    /// Two entries for one scenario.
    #[error("{0} stands there twice")]
    Twice(String),
    /// An entry without a reason for people.
    #[error("{0} has no reason; say why it is known to fail")]
    Unreasoned(String),
}

impl Expectations {
    /// Reads a file's text.
    ///
    /// # Errors
    /// The text is no such file.
    pub fn parse(text: &str) -> Result<Self, ExpectationsError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            #[serde(default)]
            expected: Vec<Expectation>,
        }
        let file: File = toml::from_str(text).map_err(|error| ExpectationsError::Form(error.to_string()))?;
        let mut all = BTreeMap::new();
        for mut expectation in file.expected {
            let id = expectation.scenario.clone();
            if expectation.reason.trim().is_empty() {
                return Err(ExpectationsError::Unreasoned(id));
            }
            // By hand one may write what the report says.
            expectation.because = expectation.because.into_iter().map(Because::normal).collect();
            if all.insert(id.clone(), expectation).is_some() {
                return Err(ExpectationsError::Twice(id));
            }
        }
        Ok(Self(all))
    }

    /// The expectation for a scenario.
    pub fn of(&self, id: &str) -> Option<&Expectation> {
        self.0.get(id)
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Expectation> {
        self.0.values()
    }
}

impl Expectation {
    /// What the outcome is to this expectation; none if it neither passed nor failed.
    pub fn standing(&self, outcome: &Outcome) -> Option<Standing> {
        match outcome.verdict {
            Verdict::Pass | Verdict::PassLenient => Some(Standing::UnexpectedPass),
            Verdict::Fail | Verdict::Blocked => {
                let seen = Seen::in_outcome(outcome)?;
                let is_same = (self.verdict, self.survival, &self.because)
                    == (seen.verdict, seen.survival, &seen.because);
                Some(if is_same { Standing::ExpectedFail } else { Standing::OtherFailure })
            }
            Verdict::NotApplicable | Verdict::Inconclusive | Verdict::Error => None,
        }
    }

    /// What is expected, in a line per finding.
    pub fn describe(&self) -> Vec<String> {
        let lines = self.because.iter().map(|because| {
            let Because { clauses, allowed, came } = because;
            format!("{} allowed {allowed}, came {came}", clauses.join(" ")).trim_start().to_owned()
        });
        lines.collect()
    }
}

impl Because {
    fn normal(self) -> Self {
        let mut clauses = self.clauses;
        clauses.sort();
        Self { clauses, allowed: kind(&self.allowed), came: kind(&self.came) }
    }

    fn of(finding: &Finding) -> Self {
        let Finding { clauses, allowed, came, .. } = finding;
        Self { clauses: clauses.clone(), allowed: allowed.clone(), came: came.clone() }.normal()
    }
}

/// What an outcome failed with.
struct Seen {
    verdict: Failing,
    survival: Option<Harm>,
    because: BTreeSet<Because>,
}

impl Seen {
    fn in_outcome(outcome: &Outcome) -> Option<Self> {
        let verdict = match outcome.verdict {
            Verdict::Fail => Failing::Fail,
            Verdict::Blocked => Failing::Blocked,
            _ => return None,
        };
        let survival = match outcome.survival {
            Survival::Hung => Some(Harm::Hung),
            Survival::Died => Some(Harm::Died),
            _ => None,
        };
        let heavy = outcome.findings.iter().filter(|finding| finding.verdict >= Verdict::Blocked);
        let mut because: BTreeSet<Because> = heavy.map(Because::of).collect();
        if because.is_empty() {
            let reason =
                outcome.reason.as_deref().and_then(|reason| reason.lines().next()).unwrap_or_default();
            let came = reason.to_owned();
            because.insert(Because { clauses: Vec::new(), allowed: String::new(), came }.normal());
        }
        Some(Self { verdict, survival, because })
    }
}

/// The kind of what was allowed or came: the first line without the fields of messages, and with `#` for everything that is
/// a number or a row of hex digits, so that another seed gives the same.
pub fn kind(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let line = line.split(" {").next().unwrap_or_default().trim();
    let (mut kind, mut word) = (String::new(), String::new());
    for next in line.chars().chain(['\n']) {
        if next.is_alphanumeric() {
            word.push(next);
            continue;
        }
        kind.push_str(if is_number(&word) { "#" } else { &word });
        word.clear();
        kind.push(next);
    }
    // Lists of any length are the same.
    while kind.contains("#, #") {
        kind = kind.replace("#, #", "#");
    }
    kind.trim_end().to_owned()
}

/// Whether a word is a number, or hex digits that happen to be letters.
fn is_number(word: &str) -> bool {
    const SHORTEST_HEX: usize = 8;
    word.chars().any(|next| next.is_ascii_digit())
        || (word.len() >= SHORTEST_HEX && word.chars().all(|next| next.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests;
