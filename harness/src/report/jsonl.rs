//! JSON Lines: a header, one object per scenario, a summary.

use super::Run;
use crate::ledger::Ledger;
use crate::snapshot::Comparison;
use crate::verdict::{Finding, Outcome, TraceEvent, TraceLine, Verdict};
use serde_json::{Map, Value as Json, json};

pub(super) fn write(run: &Run, _ledger: &Ledger) -> String {
    let header = json!({
        "event": "run",
        "tool": concat!("sv2-conform ", env!("CARGO_PKG_VERSION")),
        "target": run.target,
        "seed": run.seed.to_string(),
    });
    let lines = std::iter::once(header)
        .chain(run.outcomes.iter().map(|outcome| scenario(outcome, run)))
        .chain([summary(run)]);
    lines.map(|line| format!("{line}\n")).collect()
}

fn scenario(outcome: &Outcome, run: &Run) -> Json {
    let snapshot = run.snapshots.get(&outcome.id).map(|comparison| match comparison {
        Comparison::Same => "same",
        Comparison::Changed(_) => "changed",
        Comparison::Missing => "missing",
    });
    let clauses = outcome
        .clauses
        .iter()
        .map(|clause| json!({ "id": clause.id, "verdict": clause.verdict.name(), "rule": clause.rule }));
    json!({
        "event": "scenario",
        "id": outcome.id,
        "title": outcome.title,
        "verdict": outcome.verdict.name(),
        "survival": outcome.survival.name(),
        "reason": outcome.reason,
        "clauses": clauses.collect::<Vec<_>>(),
        "findings": outcome.findings.iter().map(finding).collect::<Vec<_>>(),
        "snapshot": snapshot,
        "trace": outcome.trace.iter().map(trace_line).collect::<Vec<_>>(),
        "seed": outcome.seed.to_string(),
        "tries": outcome.tries,
    })
}

fn finding(finding: &Finding) -> Json {
    json!({
        "verdict": finding.verdict.name(),
        "clauses": finding.clauses,
        "rule": finding.rule,
        "ambiguity": finding.ambiguity,
        "allowed": finding.allowed,
        "came": finding.came,
        "file": *finding.place.file,
        "line": finding.place.line(),
        "trace_line": finding.trace_line,
    })
}

fn trace_line(line: &TraceLine) -> Json {
    let frame = match &line.event {
        TraceEvent::Sent { frame, .. } | TraceEvent::Received { frame, .. } => Some(hex::encode(frame)),
        TraceEvent::Note(_) => None,
    };
    json!({ "text": line.to_string(), "frame": frame })
}

fn summary(run: &Run) -> Json {
    let mut summary = Map::new();
    summary.insert("event".to_owned(), json!("summary"));
    for verdict in Verdict::ALL {
        summary.insert(verdict.name().replace('-', "_"), json!(run.count(verdict)));
    }
    // Nothing is expected to fail as long as there are no expectations.
    summary.insert("expected_fail".to_owned(), json!(0));
    summary.insert("unexpected_pass".to_owned(), json!(0));
    summary.insert("exit_code".to_owned(), json!(run.exit_code));
    summary.insert("seconds".to_owned(), json!(run.duration.as_secs_f64()));
    Json::Object(summary)
}
