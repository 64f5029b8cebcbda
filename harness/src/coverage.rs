//! Clause by check by verdict: what a run says about the specification, and what it leaves unsaid.
//!
//! A clause is *covered* when a judging line or an always-on rule decided it in the run: pass, pass-lenient or fail. It is
//! *proved* when it also found a fault of the reference pool that breaks it ([`crate::proof`]).

mod gate;
mod record;
mod text;

pub use gate::{Gate, Measure, Missed};
pub use record::{Record, RecordError, Said, records};
pub use text::text;

use crate::ledger::{Clause, Ledger, Level, UncoveredClass};
use crate::proof::Fate;
use crate::suite::Suite;
use crate::verdict::Verdict;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// What a run says about every clause that a mining client can see, and about the rows that are no clauses.
#[derive(Debug)]
pub struct Coverage<'a> {
    /// The clauses, by id.
    pub clauses: Vec<Row<'a>>,
    /// Rows of level ROBUST, by id: outside of all counts and gates.
    pub robust: Vec<Row<'a>>,
    /// Whether faults were played; without them nothing is proved, and that says nothing.
    pub is_proof_made: bool,
}

/// One clause in a run.
#[derive(Debug)]
pub struct Row<'a> {
    /// The clause.
    pub clause: &'a Clause,
    /// Who had something to say about it, by name.
    pub checks: Vec<Check>,
    /// The worst verdict that was decided; none when nothing decided it.
    pub verdict: Option<Verdict>,
    /// Ids of the faults that break it and were found by a check that claims it.
    pub proofs: BTreeSet<&'static str>,
    /// Why nothing decided it.
    pub gap: Option<Gap>,
    /// Why no fault proves it, where the ledger says so.
    pub unproved: Option<&'a str>,
}

/// A check of a clause in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// A scenario, or a rule that watched it.
    pub name: CheckName,
    /// Where its lines claim the clause, as `file:line`; empty for a rule and for lines that are not at hand.
    pub lines: Vec<String>,
    /// What it said.
    pub verdict: Verdict,
    /// How many conversations said so; more than one for rules only.
    pub times: usize,
}

/// What decides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckName {
    /// Lines of the scenario with this id.
    Scenario(String),
    /// The always-on rule of this name.
    Rule(String),
}

/// Why nothing decided a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The reason, in one sentence.
    pub reason: String,
    /// What kind of reason `uncovered.toml` gives, if it gives one.
    pub class: Option<UncoveredClass>,
}

/// Counts of some of the clauses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Clauses that a mining client can see.
    pub observable: usize,
    /// Of those, decided in the run.
    pub covered: usize,
    /// Of those, proved.
    pub proved: usize,
    /// Not decided, and said to be of no trace on the wire by `uncovered.toml`: not counted by the gate.
    pub excused: usize,
}

impl Row<'_> {
    /// Whether the run decided it.
    pub fn is_covered(&self) -> bool {
        self.verdict.is_some()
    }

    /// Whether the gate leaves it out: no run can decide it, for a reason that is on record.
    pub fn is_excused(&self) -> bool {
        self.gap.as_ref().is_some_and(|gap| gap.class == Some(UncoveredClass::Unobservable))
    }

    /// Whether it was decided and found a fault that breaks it.
    pub fn is_proved(&self) -> bool {
        self.is_covered() && !self.proofs.is_empty()
    }
}

impl<'a> Coverage<'a> {
    /// Puts together what a run said. `suite` gives the lines of scenarios where it has them; `fates` are the faults that
    /// were played, if any were.
    pub fn of(ledger: &'a Ledger, suite: &Suite, records: &[Record], fates: Option<&[Fate]>) -> Self {
        let lines = lines(suite);
        let checks = checks(records, &lines);
        let mut proofs: BTreeMap<&str, BTreeSet<&'static str>> = BTreeMap::new();
        for fate in fates.unwrap_or_default() {
            for id in fate.fault.clauses.iter().filter(|id| fate.proved().contains(*id)) {
                proofs.entry(id).or_default().insert(fate.fault.id);
            }
        }
        let row = |clause: &'a Clause| {
            let checks = checks.get(clause.id.as_str()).cloned().unwrap_or_default();
            let verdict =
                checks.iter().map(|check| check.verdict).filter(|verdict| is_decided(*verdict)).max();
            let gap = verdict.is_none().then(|| gap(ledger, clause, &checks, records));
            let proofs = proofs.get(clause.id.as_str()).cloned().unwrap_or_default();
            let unproved = ledger.unproved(&clause.id).map(|row| row.reason.as_str());
            Row { clause, checks, verdict, proofs, gap, unproved }
        };
        let robust = ledger.clauses().filter(|clause| clause.level == Level::Robust);
        Self {
            clauses: ledger.clauses().filter(|clause| clause.is_shown_by_pool()).map(row).collect(),
            robust: robust.map(row).collect(),
            is_proof_made: fates.is_some(),
        }
    }

    /// Counts of the clauses of some levels.
    pub fn count(&self, levels: &[Level]) -> Count {
        count(self.clauses.iter().filter(|row| levels.contains(&row.clause.level)))
    }

    /// Clauses that were decided, or proved, and for which `uncovered.toml` still gives a reason why they are not.
    pub fn obsolete_reasons(&self, ledger: &Ledger) -> Vec<&'a str> {
        let listed = self.clauses.iter().filter(|row| {
            (row.is_covered() && ledger.uncovered(&row.clause.id).is_some())
                || (row.is_proved() && row.unproved.is_some())
        });
        listed.map(|row| row.clause.id.as_str()).collect()
    }

    /// The machine's view.
    pub fn to_json(&self) -> Json {
        let all = count(self.clauses.iter());
        let by_level = Level::ALL.iter().filter(|level| **level != Level::Robust);
        let by_level = by_level.map(|level| (level.name().to_owned(), count_json(&self.count(&[*level]))));
        let mut sections: BTreeMap<&str, Vec<&Row<'_>>> = BTreeMap::new();
        for row in &self.clauses {
            sections.entry(row.clause.section.as_str()).or_default().push(row);
        }
        let by_section = sections
            .into_iter()
            .map(|(section, rows)| (section.to_owned(), count_json(&count(rows.into_iter()))));
        json!({
            "observable": all.observable,
            "covered": all.covered,
            "proved": all.proved,
            "excused": all.excused,
            "proof_made": self.is_proof_made,
            "by_level": by_level.collect::<serde_json::Map<_, _>>(),
            "by_section": by_section.collect::<serde_json::Map<_, _>>(),
            "uncovered": self.clauses.iter().filter_map(uncovered_json).collect::<Vec<_>>(),
            "clauses": self.clauses.iter().map(row_json).collect::<Vec<_>>(),
            "robust": self.robust.iter().map(row_json).collect::<Vec<_>>(),
        })
    }
}

fn count<'a>(rows: impl Iterator<Item = &'a Row<'a>>) -> Count {
    rows.fold(Count::default(), |count, row| Count {
        observable: count.observable + 1,
        covered: count.covered + usize::from(row.is_covered()),
        proved: count.proved + usize::from(row.is_proved()),
        excused: count.excused + usize::from(row.is_excused()),
    })
}

/// The section of a clause; those of extensions have numbers of their own, so that the extension stands in front.
fn section(clause: &Clause) -> String {
    match clause.id.strip_prefix("EXT-").and_then(|rest| rest.split_once('-')) {
        Some((extension, _)) => format!("extension 0x{extension}, {}", clause.section),
        None => clause.section.clone(),
    }
}

/// Whether a verdict says that a clause is kept or that it is not.
fn is_decided(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Pass | Verdict::PassLenient | Verdict::Fail)
}

/// By scenario and clause, where lines claim it.
fn lines(suite: &Suite) -> BTreeMap<(&str, String), Vec<String>> {
    let mut lines: BTreeMap<(&str, String), Vec<String>> = BTreeMap::new();
    for scenario in &suite.scenarios {
        for claim in scenario.claims(&suite.fragments) {
            let place = format!("{}:{}", claim.place.file, claim.place.line());
            let known = lines.entry((&scenario.id, claim.clause)).or_default();
            if !known.contains(&place) {
                known.push(place);
            }
        }
    }
    lines
}

/// By clause, who said what in the run.
fn checks(records: &[Record], lines: &BTreeMap<(&str, String), Vec<String>>) -> BTreeMap<String, Vec<Check>> {
    let mut found: BTreeMap<(String, CheckName), Check> = BTreeMap::new();
    for (record, said) in records.iter().flat_map(|record| record.said.iter().map(move |said| (record, said)))
    {
        let name = match &said.rule {
            Some(rule) => CheckName::Rule(rule.clone()),
            None => CheckName::Scenario(record.scenario.clone()),
        };
        let lines = match name {
            CheckName::Scenario(_) => lines.get(&(record.scenario.as_str(), said.clause.clone())),
            CheckName::Rule(_) => None,
        };
        let check = found.entry((said.clause.clone(), name.clone())).or_insert_with(|| Check {
            name,
            lines: lines.cloned().unwrap_or_default(),
            verdict: said.verdict,
            times: 0,
        });
        check.times += 1;
        check.verdict = heavier(check.verdict, said.verdict);
    }
    let mut checks: BTreeMap<String, Vec<Check>> = BTreeMap::new();
    for ((clause, _), check) in found {
        checks.entry(clause).or_default().push(check);
    }
    checks
}

/// What a rule says about several conversations: what is decided counts before what is not, then the worst.
fn heavier(one: Verdict, other: Verdict) -> Verdict {
    match (is_decided(one), is_decided(other)) {
        (true, false) => one,
        (false, true) => other,
        _ => one.max(other),
    }
}

fn gap(ledger: &Ledger, clause: &Clause, checks: &[Check], records: &[Record]) -> Gap {
    if let Some(row) = ledger.uncovered(&clause.id) {
        return Gap { reason: row.reason.clone(), class: Some(row.class) };
    }
    let Some(check) = checks.iter().max_by_key(|check| check.verdict) else {
        return Gap { reason: "no check of this run claims it".to_owned(), class: None };
    };
    let (CheckName::Scenario(name) | CheckName::Rule(name)) = &check.name;
    let record = records.iter().find(|record| record.scenario == *name);
    let why = record.and_then(|record| record.reason.as_deref()?.lines().next()).unwrap_or_default();
    let colon = if why.is_empty() { "" } else { ": " };
    Gap { reason: format!("{name} was {}{colon}{why}", check.verdict.name()), class: None }
}

fn count_json(count: &Count) -> Json {
    json!({
        "observable": count.observable,
        "covered": count.covered,
        "proved": count.proved,
        "excused": count.excused,
    })
}

fn row_json(row: &Row<'_>) -> Json {
    let checks = row.checks.iter().map(|check| {
        let (kind, name) = match &check.name {
            CheckName::Scenario(name) => ("scenario", name),
            CheckName::Rule(name) => ("rule", name),
        };
        json!({ kind: name, "lines": check.lines, "verdict": check.verdict.name(), "times": check.times })
    });
    json!({
        "id": row.clause.id,
        "level": row.clause.level.name(),
        "section": row.clause.section,
        "title": row.clause.title,
        "verdict": row.verdict.map(Verdict::name),
        "covered": row.is_covered(),
        "proved_by": row.proofs,
        "unproved": row.unproved,
        "checks": checks.collect::<Vec<_>>(),
    })
}

fn uncovered_json(row: &Row<'_>) -> Option<Json> {
    let gap = row.gap.as_ref()?;
    Some(json!({
        "id": row.clause.id,
        "level": row.clause.level.name(),
        "section": row.clause.section,
        "title": row.clause.title,
        "reason": gap.reason,
        "class": gap.class.map(UncoveredClass::name),
    }))
}
