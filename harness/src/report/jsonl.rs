//! JSON Lines: a header, one object per scenario, a summary.

use super::Run;
use crate::expectations::Standing;
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
        .chain(run.stale.iter().map(|id| json!({ "event": "stale-expectation", "id": id })))
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
    let expectation = run.expected.get(&outcome.id).map(|(standing, expectation)| {
        let (reason, link) = (&expectation.reason, &expectation.link);
        json!({ "standing": standing.name(), "reason": reason, "link": link })
    });
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
        "expectation": expectation,
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
    for standing in [Standing::ExpectedFail, Standing::UnexpectedPass] {
        summary.insert(standing.name().replace('-', "_"), json!(run.count_standing(standing)));
    }
    summary.insert("exit_code".to_owned(), json!(run.exit_code));
    summary.insert("seconds".to_owned(), json!(run.duration.as_secs_f64()));
    Json::Object(summary)
}
