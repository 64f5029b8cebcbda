//! What is said about a peer. Nothing here decides; it only says.

use crate::scenario::syntax::Span;
use std::sync::Arc;

/// How a scenario, or a clause within it, went. The order is that of severity: the worst is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The target lacks what the scenario needs.
    NotApplicable,
    /// Kept.
    Pass,
    /// Kept in one of the readings that the specification leaves open, or a SHOULD was missed.
    PassLenient,
    /// Could not be decided; the reason says what would decide it.
    Inconclusive,
    /// A step that only prepares did not work out, so the judging ones were not reached.
    Blocked,
    /// Not kept.
    Fail,
    /// Our own fault.
    Error,
}

impl Verdict {
    /// All verdicts, in the order of the summary.
    pub const ALL: [Self; 7] = [
        Self::Pass,
        Self::PassLenient,
        Self::Fail,
        Self::Inconclusive,
        Self::NotApplicable,
        Self::Blocked,
        Self::Error,
    ];

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::PassLenient => "pass-lenient",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
            Self::NotApplicable => "not-applicable",
            Self::Blocked => "blocked",
            Self::Error => "error",
        }
    }
}

/// How the peer came out of a scenario: the second axis, graded beside every verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Survival {
    /// Every connection was still open, or was closed by us.
    Alive,
    /// The peer closed a connection with an orderly end of stream.
    ClosedClean,
    /// The peer reset a connection.
    ClosedRude,
    /// The peer left something unanswered that it had to answer.
    Hung,
    /// The peer accepted no new connection afterwards.
    Died,
}

impl Survival {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::ClosedClean => "closed-clean",
            Self::ClosedRude => "closed-rude",
            Self::Hung => "hung",
            Self::Died => "died",
        }
    }
}

/// A place in a scenario or fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file's name, for people.
    pub file: Arc<str>,
    /// The file's text.
    pub text: Arc<str>,
    /// The bytes.
    pub span: Span,
}

impl Place {
    /// The line that the place begins on, counted from 1.
    pub fn line(&self) -> usize {
        let before = self.text.get(..self.span.start).unwrap_or_default();
        before.matches('\n').count() + 1
    }
}

/// One thing to be said about a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How it weighs.
    pub verdict: Verdict,
    /// The clauses that it decides; none for a step that only prepares.
    pub clauses: Vec<String>,
    /// The always-on rule that says so; none where a line of the scenario does.
    pub rule: Option<&'static str>,
    /// The ambiguity that softens it.
    pub ambiguity: Option<String>,
    /// What would have been right.
    pub allowed: String,
    /// What came instead.
    pub came: String,
    /// The line that says so; of a rule, the step at which the frame was read.
    pub place: Place,
    /// How many lines the trace had when it was found, so that the last of them is what it is about.
    pub trace_line: usize,
}

/// How one clause went in one scenario: the worst of all lines that claim it, or of all frames that a rule judged by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClauseVerdict {
    /// The clause's id.
    pub id: String,
    /// How it went.
    pub verdict: Verdict,
    /// The always-on rule that decided it; none where lines of the scenario did. Both may be there.
    pub rule: Option<&'static str>,
}

/// Everything about one scenario that was played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The scenario's id.
    pub id: String,
    /// The scenario's title.
    pub title: String,
    /// The worst of all findings; pass if there are none.
    pub verdict: Verdict,
    /// How the peer came out of it.
    pub survival: Survival,
    /// Why it is not applicable, inconclusive, blocked or an error, in one sentence.
    pub reason: Option<String>,
    /// Everything to be said, in the order in which it was found.
    pub findings: Vec<Finding>,
    /// Clauses with a verdict, in the order in which they were first decided.
    pub clauses: Vec<ClauseVerdict>,
    /// Messages in the order in which the scenario used them; without time and ciphertext.
    pub trace: Vec<TraceLine>,
    /// What all of its randomness came from: drawn from the seed of the run and the id. To play it again the run's seed is
    /// given, as the repro line of a report does.
    pub seed: u64,
    /// How often it was played because a share had been overtaken by new work.
    pub tries: u32,
}

impl Outcome {
    /// The outcome of a scenario that was not played to its end, and why.
    pub fn unplayed(id: &str, title: &str, seed: u64, verdict: Verdict, reason: &str) -> Self {
        Self {
            id: id.to_owned(),
            title: title.to_owned(),
            verdict,
            survival: Survival::Alive,
            reason: Some(reason.to_owned()),
            findings: Vec::new(),
            clauses: Vec::new(),
            trace: Vec::new(),
            seed,
            tries: 1,
        }
    }
}

/// One line of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceLine {
    /// Which connection, counted from 0 in the order of connecting.
    pub number: usize,
    /// Name of the connection; empty for one without.
    pub connection: String,
    /// What happened.
    pub event: TraceEvent,
}

/// What a line of a trace tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TraceEvent {
    /// A frame from us: its bytes before encryption, and the message in them.
    Sent {
        /// Header and payload.
        frame: Vec<u8>,
        /// Name and JSON view, or what the bytes are.
        text: String,
    },
    /// A frame from the peer.
    Received {
        /// Header and payload.
        frame: Vec<u8>,
        /// Name and JSON view, or why the bytes do not decode.
        text: String,
    },
    /// Anything else: connected, handshake, closed, a trigger.
    Note(String),
}

impl std::fmt::Display for TraceLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.connection.is_empty() {
            write!(f, "{} ", self.connection)?;
        }
        match &self.event {
            TraceEvent::Sent { text, .. } => write!(f, "> {text}"),
            TraceEvent::Received { text, .. } => write!(f, "< {text}"),
            TraceEvent::Note(text) => write!(f, "= {text}"),
        }
    }
}
