//! Plain text for people.

use super::Run;
use crate::expectations::Standing;
use crate::ledger::Ledger;
use crate::snapshot::Comparison;
use crate::verdict::{Finding, Outcome, Place, Survival, Verdict};
use std::fmt::Write;

/// Lines of the trace that are shown before a finding.
const TRACE_BEFORE: usize = 6;
/// Columns that a line of the trace may take.
const TRACE_COLUMNS: usize = 160;

/// What stands on standard output.
pub fn write(run: &Run, ledger: &Ledger) -> String {
    let mut text = String::new();
    for outcome in &run.outcomes {
        let label = run.label(outcome);
        line(&mut text, format_args!("{label:14} {}  {}", outcome.id, outcome.title));
        if let Some((Standing::ExpectedFail, known)) = run.expected.get(&outcome.id) {
            let known = format!("{}  {}", known.reason, known.link);
            line(&mut text, format_args!("{:14} {}", "", known.trim_end()));
        } else if let Some(reason) = outcome.reason.as_deref().and_then(|reason| reason.lines().next()) {
            line(&mut text, format_args!("{:14} {reason}", ""));
        }
    }
    for outcome in run.outcomes.iter().filter(|outcome| is_worth_showing(outcome, run)) {
        text.push('\n');
        text.push_str(&failure(outcome, run, ledger));
    }
    for (id, comparison) in &run.snapshots {
        if let Comparison::Changed(difference) = comparison {
            line(&mut text, format_args!("\nSNAPSHOT CHANGED  {id}\n{difference}"));
            line(
                &mut text,
                format_args!(
                    "  to look at it: sv2-conform run {id} --snapshots new, then sv2-conform review"
                ),
            );
        }
    }
    outdated(&mut text, run);
    text.push('\n');
    let standings = [Standing::ExpectedFail, Standing::UnexpectedPass];
    let standings = standings.into_iter().map(|standing| (standing.name(), run.count_standing(standing)));
    let counts = Verdict::ALL.iter().map(|verdict| (verdict.name(), run.count(*verdict)));
    let counts: Vec<_> = counts
        .chain(standings)
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    let (target, seconds) = (&run.target, run.duration.as_secs_f64());
    line(
        &mut text,
        format_args!("{} against {target} in {seconds:.2} s, seed {}", counts.join(", "), run.seed),
    );
    text
}

/// All that a reader needs to believe, understand and repeat a scenario that did not pass; about one screen.
pub fn failure(outcome: &Outcome, run: &Run, ledger: &Ledger) -> String {
    let mut text = String::new();
    let survival = match outcome.survival {
        Survival::Alive => String::new(),
        other => format!("  [{}]", other.name()),
    };
    let verdict = outcome.verdict.name().to_uppercase();
    line(&mut text, format_args!("{verdict}  {}  {}{survival}", outcome.id, outcome.title));
    let mut traced = None;
    for finding in outcome.findings.iter().filter(|finding| finding.verdict != Verdict::Pass) {
        show(&mut text, finding, ledger);
        // What was found at one place in the trace is shown with it once.
        if traced.replace(finding.trace_line) != Some(finding.trace_line) {
            show_trace(&mut text, finding, outcome);
        }
    }
    let needs_reason = outcome.findings.is_empty() || outcome.survival >= Survival::Hung;
    for reason in outcome.reason.iter().filter(|_| needs_reason).flat_map(|reason| reason.lines()) {
        line(&mut text, format_args!("  {reason}"));
    }
    if let Some((Standing::OtherFailure, known)) = run.expected.get(&outcome.id) {
        for described in known.describe() {
            line(&mut text, format_args!("  expected another failure: {described}"));
        }
    }
    if let Some(repro) = run.repro.get(&outcome.id) {
        line(&mut text, format_args!("  repro    {repro}"));
    }
    text
}

fn is_worth_showing(outcome: &Outcome, run: &Run) -> bool {
    let is_known = run.standing(outcome).is_some_and(|standing| standing != Standing::OtherFailure);
    !is_known && !matches!(outcome.verdict, Verdict::Pass | Verdict::NotApplicable)
}

/// What is no longer as the file of expectations has it.
fn outdated(text: &mut String, run: &Run) {
    for outcome in &run.outcomes {
        if run.standing(outcome) == Some(Standing::UnexpectedPass) {
            line(text, format_args!("\nUNEXPECTED PASS  {}  {}", outcome.id, outcome.title));
            line(text, format_args!("  it was expected to fail: sv2-conform expect prune drops what passes"));
        }
    }
    for id in &run.stale {
        line(text, format_args!("\nSTALE EXPECTATION  {id}"));
        line(text, format_args!("  no such scenario: sv2-conform expect prune drops it"));
    }
}

fn show(text: &mut String, finding: &Finding, ledger: &Ledger) {
    snippet(text, &finding.place);
    line(text, format_args!("  allowed  {}", finding.allowed));
    line(text, format_args!("  came     {}", cut(&finding.came)));
    if let Some(rule) = finding.rule {
        line(text, format_args!("  rule     {rule}"));
    }
    for clause in finding.clauses.iter().filter_map(|id| ledger.clause(id)) {
        let (id, level, section) = (&clause.id, clause.level.name(), &clause.section);
        line(text, format_args!("  clause   {id} ({level}, section {section}): {}", clause.text));
    }
    if let Some(ambiguity) = finding.ambiguity.as_deref().and_then(|id| ledger.ambiguity(id)) {
        line(text, format_args!("  reading  {}: {}", ambiguity.id, ambiguity.title));
    }
}

fn show_trace(text: &mut String, finding: &Finding, outcome: &Outcome) {
    let upto = finding.trace_line.min(outcome.trace.len());
    let from = upto.saturating_sub(TRACE_BEFORE);
    for (number, traced) in outcome.trace.iter().enumerate().take(upto).skip(from) {
        let label = if number == from { "trace" } else { "" };
        line(text, format_args!("  {label:8} {}", cut(&traced.to_string())));
    }
}

/// The line of the scenario, with carets under what is meant.
fn snippet(text: &mut String, place: &Place) {
    let number = place.line();
    let start =
        place.text.get(..place.span.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let Some(source) = place.text.get(start..).and_then(|rest| rest.lines().next()) else { return };
    let column = place.text.get(start..place.span.start).map_or(0, |before| before.chars().count());
    let marked = place.text.get(place.span.start..place.span.end).unwrap_or_default();
    let width = marked.lines().next().unwrap_or_default().trim_end().chars().count().max(1);
    line(text, format_args!("  --> {}:{number}:{}", place.file, column + 1));
    line(text, format_args!("  {number:4} | {source}"));
    line(text, format_args!("       | {}{}", " ".repeat(column), "^".repeat(width)));
}

/// The beginning of a line that would be too long for a screen.
pub(super) fn cut(text: &str) -> String {
    if text.chars().count() <= TRACE_COLUMNS {
        return text.to_owned();
    }
    let kept: String = text.chars().take(TRACE_COLUMNS - 1).collect();
    format!("{kept}…")
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(arguments);
    text.push('\n');
}
