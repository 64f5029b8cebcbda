//! Plain text for people.

use super::{Check, CheckName, Count, Coverage, Measure, Row, section};
use crate::ledger::{Level, UncoveredClass};
use crate::verdict::Verdict;
use std::fmt::Write;

/// Checks of a clause that are named; the rest are counted.
const NAMED_CHECKS: usize = 3;

/// The counts by level and section, every clause with its verdict and its checks, and what is left with the reasons.
pub fn text(coverage: &Coverage<'_>) -> String {
    let mut text = String::new();
    sections(&mut text, coverage);
    if !coverage.robust.is_empty() {
        line(&mut text, format_args!("robustness: good sense beside the clauses, not counted"));
        coverage.robust.iter().for_each(|row| clause(&mut text, row));
        text.push('\n');
    }
    let open: Vec<_> = coverage.clauses.iter().filter(|row| !row.is_covered()).collect();
    if !open.is_empty() {
        line(&mut text, format_args!("not covered"));
        open.iter().for_each(|row| gap(&mut text, row));
        text.push('\n');
    }
    unproved(&mut text, coverage);
    levels(&mut text, coverage);
    text
}

/// What is decided and was not seen to find anything, of the levels that have to be proved.
fn unproved(text: &mut String, coverage: &Coverage<'_>) {
    let rows = coverage.clauses.iter().filter(|row| Measure::Proved.counts(row) && !row.is_proved());
    let rows: Vec<_> = rows.collect();
    if !coverage.is_proof_made || rows.is_empty() {
        return;
    }
    line(
        text,
        format_args!("covered, and not proved: no fault that breaks it is found by a check that claims it"),
    );
    for row in rows {
        let (id, level, title) = (&row.clause.id, row.clause.level.name(), &row.clause.title);
        line(text, format_args!("  {id:12} {level:8} {title}"));
        line(text, format_args!("  {:12} {:8} {}", "", "", row.unproved.unwrap_or("no reason is given")));
    }
    text.push('\n');
}

fn sections(text: &mut String, coverage: &Coverage<'_>) {
    // Some ids are of another section than their neighbours.
    let mut rows: Vec<_> = coverage.clauses.iter().map(|row| (section(row.clause), row)).collect();
    rows.sort_by(|(a, _), (b, _)| order(a).cmp(&order(b)));
    for group in rows.chunk_by(|(a, _), (b, _)| a == b) {
        let Some((section, _)) = group.first() else { continue };
        let covered = group.iter().filter(|(_, row)| row.is_covered()).count();
        line(text, format_args!("section {section}: {covered} of {}", group.len()));
        group.iter().for_each(|(_, row)| clause(text, row));
        text.push('\n');
    }
}

fn clause(text: &mut String, row: &Row<'_>) {
    let (id, level, title) = (&row.clause.id, row.clause.level.name(), &row.clause.title);
    let verdict = row.verdict.map_or("-", Verdict::name);
    let proofs: Vec<_> = row.proofs.iter().copied().collect();
    let proved = if proofs.is_empty() { String::new() } else { format!("  proved by {}", proofs.join(" ")) };
    line(text, format_args!("  {id:12} {level:8} {verdict:12} {title}{proved}"));
    let (named, rest) = row.checks.split_at(row.checks.len().min(NAMED_CHECKS));
    for check in named {
        line(text, format_args!("  {:12} {:8} {:12} {}", "", "", check.verdict.name(), name(check)));
    }
    if !rest.is_empty() {
        line(text, format_args!("  {:12} {:8} {:12} and {} more", "", "", "", rest.len()));
    }
}

fn name(check: &Check) -> String {
    match &check.name {
        CheckName::Rule(name) => format!("rule {name}, {} times", check.times),
        CheckName::Scenario(id) => {
            let lines = check.lines.iter().filter_map(|line| line.rsplit_once(':'));
            let numbers: Vec<_> = lines.map(|(_, number)| number).collect();
            if numbers.is_empty() { id.clone() } else { format!("{id}:{}", numbers.join(",")) }
        }
    }
}

fn gap(text: &mut String, row: &Row<'_>) {
    let (id, level, title) = (&row.clause.id, row.clause.level.name(), &row.clause.title);
    let Some(gap) = &row.gap else { return };
    let class = gap.class.map(|class| format!(" [{}]", UncoveredClass::name(class))).unwrap_or_default();
    line(text, format_args!("  {id:12} {level:8} {title}"));
    line(text, format_args!("  {:12} {:8} {}{class}", "", "", gap.reason));
}

fn levels(text: &mut String, coverage: &Coverage<'_>) {
    line(
        text,
        format_args!("{:12} {:>10} {:>8} {:>8} {:>8}", "level", "observable", "covered", "proved", "excused"),
    );
    let mut all = Count::default();
    for level in Level::ALL.into_iter().filter(|level| *level != Level::Robust) {
        let count = coverage.count(&[level]);
        if count.observable > 0 {
            row(text, level.name(), &count, coverage.is_proof_made);
        }
        all.observable += count.observable;
        all.covered += count.covered;
        all.proved += count.proved;
        all.excused += count.excused;
    }
    row(text, "all", &all, coverage.is_proof_made);
}

fn row(text: &mut String, name: &str, count: &Count, is_proof_made: bool) {
    let proved = if is_proof_made { count.proved.to_string() } else { "-".to_owned() };
    let Count { observable, covered, excused, .. } = count;
    line(text, format_args!("{name:12} {observable:>10} {covered:>8} {proved:>8} {excused:>8}"));
}

/// `5.3.10` comes after `5.3.2`, and extensions after the chapters.
fn order(section: &str) -> (Option<&str>, Vec<u32>) {
    let (extension, number) =
        section.rsplit_once(", ").map_or((None, section), |(ext, number)| (Some(ext), number));
    (extension, number.split('.').map(|part| part.parse().unwrap_or(0)).collect())
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(arguments);
    let length = text.trim_end_matches(' ').len();
    text.truncate(length);
    text.push('\n');
}
