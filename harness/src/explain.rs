//! One screen about one thing: a clause, an ambiguity, a scenario, an always-on rule or a fault, by its name.

mod words;

use crate::ledger::{Ambiguity, Clause, Ledger, Level, Observable};
use crate::proof::{Effort, Kill, Prover};
use crate::scenario::syntax::Position;
use crate::suite::{Claim, Scenario, Suite};
use std::collections::BTreeSet;
use std::sync::Arc;
use sv2_reference_pool::faults::{FAULTS, Fault};
use sv2_session::rules::{RULES, RuleSpec};
use words::Page;

/// Lines of a kind that are shown; the rest are counted.
const SHOWN: usize = 8;
/// How alike a name has to be to be offered instead.
const ALIKE: f64 = 0.8;

/// What can be explained, and from what.
pub struct Explainer {
    ledger: Arc<Ledger>,
    suite: Suite,
    /// Every claim, with its scenario.
    claims: Vec<(usize, Claim)>,
}

/// A name that nothing has.
#[derive(Debug, thiserror::Error)]
#[error("{name}: no clause, ambiguity, scenario, rule or fault has this name{}", .near.as_ref().map(|near| format!("; did you mean {near}?")).unwrap_or_default())]
pub struct Unknown {
    /// The name.
    pub name: String,
    /// One that is like it.
    pub near: Option<String>,
}

impl Explainer {
    /// Explains what stands in a ledger, a suite and the table of faults.
    pub fn new(ledger: Arc<Ledger>, suite: Suite) -> Self {
        let claims = suite.scenarios.iter().enumerate().flat_map(|(index, scenario)| {
            scenario.claims(&suite.fragments).into_iter().map(move |claim| (index, claim))
        });
        let claims = claims.collect();
        Self { ledger, suite, claims }
    }

    /// The page about a name. Faults that concern it are played on virtual time.
    ///
    /// # Errors
    /// Nothing has this name.
    pub fn explain(&self, name: &str) -> Result<String, Unknown> {
        if let Some(clause) = self.ledger.clause(name) {
            return Ok(self.clause(clause));
        }
        if let Some(ambiguity) = self.ledger.ambiguity(name) {
            return Ok(self.ambiguity(ambiguity));
        }
        if let Some(fault) = FAULTS.iter().find(|fault| fault.id == name || fault.name == name) {
            return Ok(self.fault(*fault));
        }
        if let Some(rule) = RuleSpec::find(name) {
            return Ok(self.rule(rule));
        }
        let plain = name.strip_suffix(".sv2t").unwrap_or(name);
        let of_matrix = |id: &str| id.split_once('[').is_some_and(|(path, _)| path == plain);
        if let Some(index) = self.suite.scenarios.iter().position(|it| it.id == plain || of_matrix(&it.id)) {
            return Ok(self.scenario(index));
        }
        let known: Vec<_> = self.ledger.clauses().filter(|it| it.aka.iter().any(|aka| aka == name)).collect();
        if !known.is_empty() {
            let pages: Vec<_> = known.into_iter().map(|clause| self.clause(clause)).collect();
            return Ok(pages.join("\n"));
        }
        Err(Unknown { name: name.to_owned(), near: self.nearest(name) })
    }

    fn clause(&self, clause: &Clause) -> String {
        let (id, level, section) = (&clause.id, clause.level.name(), &clause.section);
        let mut page = Page::new(&format!("{id}  {level}, section {section}: {}", clause.title));
        page.item("clause", &clause.text);
        if !clause.aka.is_empty() {
            page.item("aka", &format!("{} (interoperability-tests-sv2)", clause.aka.join(", ")));
        }
        page.item("seen", seen(clause.observable));
        page.item("breach", breach(clause.level));
        for row in clause.ambiguities().into_iter().filter_map(|id| self.ledger.ambiguity(id)) {
            page.item("reading", &format!("{} {}: {}", row.id, row.title, position(row)));
        }
        let claims = self.claims.iter().filter(|(_, claim)| claim.clause == *id);
        let claims: Vec<_> = claims.map(|(_, claim)| claim).collect();
        readings(&mut page, &claims);
        let mut places: Vec<String> = claims.iter().map(|claim| place(claim)).collect();
        places.dedup();
        page.list("checks", &places, SHOWN);
        let rules = RULES.iter().filter(|rule| rule.clauses.contains(&id.as_str()));
        let rules: Vec<_> =
            rules.map(|rule| format!("{}, in every conversation: {}", rule.name, rule.doc)).collect();
        page.list("rules", &rules, SHOWN);
        if let Some(row) = self.ledger.uncovered(id) {
            page.item("open", &format!("{}: {}", row.class.name(), row.reason));
        } else if places.is_empty() && rules.is_empty() {
            page.item("checks", "none yet");
        }
        let faults: Vec<_> = FAULTS.iter().filter(|it| it.clauses.contains(&id.as_str())).copied().collect();
        let found: Vec<_> = faults.iter().map(|fault| self.found(fault, id)).collect();
        page.list("faults", &found, SHOWN);
        if let Some(row) = self.ledger.unproved(id) {
            page.item("unproved", &row.reason);
        }
        let label = if clause.observable == Observable::No { "why not" } else { "to mend" };
        page.item(label, &clause.check);
        page.text()
    }

    fn ambiguity(&self, row: &Ambiguity) -> String {
        let mut page = Page::new(&format!("{}  section {}: {}", row.id, row.section, row.title));
        page.item("text", &row.text);
        let clauses = self.ledger.clauses().filter(|clause| clause.ambiguities().contains(&row.id.as_str()));
        let clauses: Vec<_> = clauses.map(headline).collect();
        page.list("clauses", &clauses, SHOWN);
        let readings = self.claims.iter().flat_map(|(_, claim)| &claim.readings);
        let mut lines: Vec<String> = readings
            .filter(|reading| reading.ambiguity == row.id)
            .map(|reading| format!("{}:{}  {}", reading.place.file, reading.place.line(), reading.line()))
            .collect();
        lines.sort();
        lines.dedup();
        page.list("softens", &lines, SHOWN);
        page.text()
    }

    fn scenario(&self, index: usize) -> String {
        let Some(scenario) = self.suite.scenarios.get(index) else { return String::new() };
        let mut page = Page::new(&format!("{}  {}", scenario.id, scenario.title()));
        page.item("file", &scenario.source.name);
        let needs: Vec<_> = scenario.source.file.needs.iter().map(|need| need.node.as_str()).collect();
        page.some("needs", &needs.join(", "));
        page.some("tags", &scenario.tags().collect::<Vec<_>>().join(", "));
        let claims: Vec<_> =
            self.claims.iter().filter(|(at, _)| *at == index).map(|(_, claim)| claim).collect();
        let mut decided: Vec<String> = Vec::new();
        for claim in &claims {
            let Some(clause) = self.ledger.clause(&claim.clause) else { continue };
            decided.push(format!("{}:{}  {}", claim.place.file, claim.place.line(), headline(clause)));
        }
        page.list("decides", &decided, 2 * SHOWN);
        readings(&mut page, &claims);
        let ids: BTreeSet<&str> = claims.iter().map(|claim| claim.clause.as_str()).collect();
        let faults = FAULTS.iter().filter(|fault| fault.clauses.iter().any(|id| ids.contains(id)));
        let faults: Vec<_> = faults.copied().collect();
        let prover = self.prover(vec![scenario.clone()]);
        let fates = prover.few_fates(&faults, Effort::FirstKill);
        let killed: Vec<_> =
            fates.iter().filter(|fate| !fate.attributed.is_empty()).map(|fate| name(&fate.fault)).collect();
        page.list("finds", &killed, SHOWN);
        page.item("run", &format!("sv2-conform run '{}'", scenario.id));
        page.text()
    }

    fn rule(&self, rule: &RuleSpec) -> String {
        let mut page = Page::new(&format!("{}  always-on rule", rule.name));
        page.item("allowed", rule.doc);
        let clauses = rule.clauses.iter().filter_map(|id| self.ledger.clause(id));
        let clauses: Vec<_> = clauses.collect();
        page.list("decides", &clauses.iter().map(|clause| headline(clause)).collect::<Vec<_>>(), 2 * SHOWN);
        if rule.excused {
            page.item("silent", "once the client itself has sent what no client may send");
        }
        let faults = FAULTS.iter().filter(|fault| fault.clauses.iter().any(|id| rule.clauses.contains(id)));
        page.list("faults", &faults.map(name).collect::<Vec<_>>(), SHOWN);
        for clause in clauses.iter().take(SHOWN) {
            page.item("to mend", &format!("{}: {}", clause.id, clause.check));
        }
        page.text()
    }

    fn fault(&self, fault: Fault) -> String {
        let mut page = Page::new(&format!("{}  {}", fault.id, fault.name));
        page.item("where", fault.field);
        page.item("when", fault.trigger);
        page.item("seen in", fault.seen_in);
        let clauses = fault.clauses.iter().filter_map(|id| self.ledger.clause(id)).map(headline);
        page.list("breaks", &clauses.collect::<Vec<_>>(), SHOWN);
        let prover = self.prover(self.suite.scenarios.clone());
        let mut fates = prover.few_fates(&[fault], Effort::EachClause);
        if fates.iter().any(|fate| fate.attributed.is_empty()) {
            fates = prover.few_fates(&[fault], Effort::FirstKill);
        }
        let kills: Vec<_> = fates.iter().flat_map(|fate| &fate.attributed).map(killer).collect();
        page.list("found by", &kills, SHOWN);
        if kills.is_empty() {
            page.item("found by", "no line and no rule that claims what it breaks");
        }
        page.item("run", &format!("sv2-conform run --fault {}", fault.id));
        page.text()
    }

    /// Who finds by this clause that a fault breaks it.
    fn found(&self, fault: &Fault, clause: &str) -> String {
        let name = name(fault);
        // Only this clause is asked for, so that a kill by another one does not end the search.
        let at = fault.clauses.iter().position(|id| *id == clause);
        let clauses = at.and_then(|at| fault.clauses.get(at..=at)).unwrap_or_default();
        let prover = self.prover(self.suite.scenarios.clone());
        let fates = prover.few_fates(&[Fault { clauses, ..*fault }], Effort::FirstKill);
        let kill = fates.iter().flat_map(|fate| &fate.attributed).next();
        match kill.map(|kill| (kill, kill.rules.get(clause))) {
            Some((kill, Some(rule))) => {
                format!("{name} is found by the rule {rule}, first in {}", kill.scenario)
            }
            Some((kill, None)) => format!("{name} is found by {}", kill.scenario),
            None => format!("{name} is found by no line and no rule that claims this"),
        }
    }

    fn prover(&self, scenarios: Vec<Scenario>) -> Prover {
        let suite = Suite { scenarios, fragments: self.suite.fragments.clone() };
        Prover::new(suite, Arc::clone(&self.ledger), crate::snapshot::SEED)
    }

    fn nearest(&self, name: &str) -> Option<String> {
        let clauses = self.ledger.clauses().map(|it| it.id.as_str());
        let names = clauses
            .chain(self.ledger.ambiguities().map(|it| it.id.as_str()))
            .chain(self.suite.scenarios.iter().map(|it| it.id.as_str()))
            .chain(RULES.iter().map(|rule| rule.name))
            .chain(FAULTS.iter().flat_map(|fault| [fault.id, fault.name]));
        let rated = names.map(|known| (strsim::jaro_winkler(known, name), known));
        let (likeness, near) = rated.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
        (likeness > ALIKE).then(|| near.to_owned())
    }
}

/// The readings that lines tolerate beside the strict one.
fn readings(page: &mut Page, claims: &[&Claim]) {
    let mut lines: Vec<String> = Vec::new();
    for reading in claims.iter().flat_map(|claim| &claim.readings) {
        let word = match reading.position {
            Position::Lenient => "passes and is reported",
            Position::Info => "is recorded",
        };
        let line = format!("`{}` {word} ({}:{})", reading.line(), reading.place.file, reading.place.line());
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    page.list("allowed", &lines, SHOWN);
}

fn place(claim: &Claim) -> String {
    format!("{}:{}  {}", claim.place.file, claim.place.line(), claim.line())
}

fn headline(clause: &Clause) -> String {
    format!("{} {} ({}, section {})", clause.id, clause.title, clause.level.name(), clause.section)
}

fn name(fault: &Fault) -> String {
    format!("{} {}", fault.id, fault.name)
}

/// The scenario, the clauses, and the rules that decided them where no line did.
fn killer(kill: &Kill) -> String {
    let clauses: Vec<_> = kill.clauses.iter().map(String::as_str).collect();
    let rules: BTreeSet<&str> = kill.rules.values().copied().collect();
    let (word, rules) = (if rules.len() == 1 { "rule" } else { "rules" }, Vec::from_iter(rules));
    let rules = if rules.is_empty() { String::new() } else { format!(", {word} {}", rules.join(", ")) };
    format!("{} by {}{rules}", kill.scenario, clauses.join(" "))
}

fn breach(level: Level) -> &'static str {
    match level {
        Level::Must | Level::MustNot | Level::Implied => "fails",
        Level::Should | Level::ShouldNot => "passes leniently and is reported",
        Level::May => "there is none: what is done is recorded",
        Level::Robust => "good sense, not a clause: reported, and graded on the survival axis",
    }
}

fn seen(observable: Observable) -> &'static str {
    match observable {
        Observable::ServerUnderTest => "by a client of what is tested",
        Observable::ClientUnderTest => "by a server of what is tested",
        Observable::Both => "from either end of a connection",
        Observable::Codec => "on bytes alone",
        Observable::No => "by no harness on one connection",
    }
}

/// Our position, without the readings that it chooses from.
fn position(row: &Ambiguity) -> &str {
    row.text.find("Position:").and_then(|at| row.text.get(at..)).unwrap_or(&row.text)
}
