//! What can be asked of any step.

use super::{ExprKind, Ident, Step, StepKind, StepName};
use std::time::Duration;

/// An `elapse` up to this length really takes its time where no clock can be moved; a longer one makes its scenario slow.
pub(crate) const LONGEST_REAL_WAIT: Duration = Duration::from_secs(10);

impl StepKind {
    /// The word that the step begins with: its verb, or the fragment that it calls.
    #[must_use]
    pub fn verb(&self) -> &str {
        match self {
            Self::Connect { .. } => "connect",
            Self::Handshake(_) => "handshake",
            Self::Send(_) => "send",
            Self::Raw { .. } => "raw",
            Self::Corrupt(_) => "corrupt",
            Self::Expect(_) => "expect",
            Self::AwaitJob(_) | Self::AwaitJobs(_) => "await",
            Self::Never(_) => "never",
            Self::Mine(_) => "mine",
            Self::Submit(_) => "submit",
            Self::Settle(_) => "settle",
            Self::Assert(_) | Self::Disjoint(_) => "assert",
            Self::Assume { .. } => "assume",
            Self::Alive { .. } => "alive",
            Self::Block { .. } => "block",
            Self::Template { .. } => "template",
            Self::Provoke(_) => "provoke",
            Self::Measure { .. } => "measure",
            Self::Elapse { .. } => "elapse",
            Self::Chunk { .. } => "chunk",
            Self::Coalesce => "coalesce",
            Self::Flush => "flush",
            Self::StopReading => "stop-reading",
            Self::ReadAgain => "read-again",
            Self::Close => "close",
            Self::Reset => "reset",
            Self::HalfClose => "half-close",
            Self::Reconnect => "reconnect",
            Self::Call(call) => &call.fragment.node,
        }
    }

    /// Whether time passes here that nobody waits for without being asked.
    #[must_use]
    pub fn is_long_wait(&self) -> bool {
        let Self::Elapse { duration } = self else { return false };
        !matches!(duration.kind, ExprKind::Duration(duration) if duration <= LONGEST_REAL_WAIT)
    }

    /// The names that the step, its arms and its judged lines bind.
    #[must_use]
    pub fn captures(&self) -> Vec<&Ident> {
        match self {
            Self::Handshake(it) => it
                .capture
                .iter()
                .chain(it.judgements.iter().filter_map(|line| line.capture.as_ref()))
                .collect(),
            Self::Expect(it) => it
                .arms
                .iter()
                .flat_map(|arm| {
                    arm.capture.iter().chain(arm.judgements.iter().filter_map(|line| line.capture.as_ref()))
                })
                .collect(),
            Self::Settle(it) => it.judgements.iter().filter_map(|line| line.capture.as_ref()).collect(),
            Self::Send(it) => it.capture.iter().collect(),
            Self::AwaitJob(it) => vec![&it.capture],
            Self::Measure { capture } => vec![capture],
            Self::AwaitJobs(it) => it.captures.iter().collect(),
            Self::Mine(it) => it.capture.iter().collect(),
            Self::Submit(it) => it.capture.iter().collect(),
            Self::Block { capture } | Self::Template { capture } => capture.iter().collect(),
            Self::Call(it) => it.results.iter().collect(),
            _ => Vec::new(),
        }
    }
}

impl StepName {
    /// The index of the first of `steps` that is meant.
    #[must_use]
    pub fn find(&self, steps: &[Step]) -> Option<usize> {
        steps.iter().position(|step| match self {
            Self::Verb(verb) => step.kind.verb() == verb,
            Self::Capture(name) => step.kind.captures().iter().any(|capture| capture.node == *name),
        })
    }
}
