//! Why something has no check, no proof or no kill, in words.

use serde::Deserialize;

/// Why no check decides a clause that a pool shows: a row of `uncovered.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uncovered {
    /// The clause.
    pub id: String,
    /// What kind of reason it is.
    pub class: UncoveredClass,
    /// The reason, in words that an author of the specification would accept.
    pub reason: String,
}

/// Why no fault of the reference pool proves a clause that a check decides: a row of `uncovered.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unproved {
    /// The clause.
    pub id: String,
    /// The reason.
    pub reason: String,
}

/// Kinds of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UncoveredClass {
    /// Whoever keeps the clause and whoever breaks it send the same bytes to a mining client. Not counted by the gate.
    Unobservable,
    /// A target is conceivable that shows it, and none of those that we have does. Counted as not covered.
    NoOccasion,
}

impl UncoveredClass {
    /// The name in files and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unobservable => "unobservable",
            Self::NoOccasion => "no-occasion",
        }
    }
}

/// Why a check finds none of the reference pool's faults: a row of `unkilled.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unkilled {
    /// The id of a scenario, or `rule NAME`.
    pub check: String,
    /// The reason.
    pub reason: String,
}
