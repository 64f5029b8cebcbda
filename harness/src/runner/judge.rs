//! From a comparison to a verdict.

use super::connection::Item;
use super::eval::{Comparison, Env, members};
use super::value::Datum;
use crate::ledger::{Ledger, Level, Protocol};
use crate::scenario::syntax::{Claims, Judgement as Judged, Operator, Position, Span};
use crate::suite::Source;
use crate::verdict::{ClauseVerdict, Finding, Place, TraceLine, Verdict};
use std::sync::Arc;
use sv2_session::rules::{Judgement, Ruling, Stance};
use sv2_wire::link::LinkError;

/// Why the scenario ends before its last step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A finding that says so was recorded.
    Found,
    /// New work overtook a share: play the whole scenario again.
    Overtaken(String),
    /// The peer did not bring about what a step needs.
    Blocked(String),
    /// What the scenario assumes of the peer does not hold.
    NotApplicable(String),
    /// Could not be decided.
    Inconclusive(String),
    /// Our own fault, or the scenario's.
    Error(String),
}

impl Stop {
    /// Why, in words; empty where a finding says it.
    pub(crate) fn reason(self) -> String {
        match self {
            Self::Found => String::new(),
            Self::Overtaken(reason)
            | Self::Blocked(reason)
            | Self::NotApplicable(reason)
            | Self::Inconclusive(reason)
            | Self::Error(reason) => reason,
        }
    }
}

/// What has been said so far.
pub(crate) struct Report {
    pub(crate) findings: Vec<Finding>,
    pub(crate) clauses: Vec<ClauseVerdict>,
    pub(crate) trace: Vec<TraceLine>,
    ledger: Arc<Ledger>,
}

/// What a judgement is about: the claims of its line, or else those of its step, and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) claims: &'a Claims,
    pub(crate) step: &'a Claims,
    pub(crate) source: &'a Source,
    pub(crate) span: Span,
}

impl<'a> Line<'a> {
    pub(crate) fn of_step(claims: &'a Claims, source: &'a Source, span: Span) -> Self {
        Self { claims, step: claims, source, span }
    }

    fn clauses(&self) -> Vec<String> {
        let claims = if self.claims.checks.is_empty() { self.step } else { self.claims };
        claims.checks.iter().map(|id| id.node.clone()).collect()
    }

    fn grade(&self) -> Option<(Position, &'a str)> {
        let grade = self.claims.grade.as_ref().or(self.step.grade.as_ref())?;
        Some((grade.position, &grade.ambiguity.node))
    }

    fn place(&self) -> Place {
        let Source { name, text, .. } = self.source;
        Place { file: Arc::clone(name), text: Arc::clone(text), span: self.span }
    }
}

impl Report {
    pub(crate) fn new(ledger: Arc<Ledger>) -> Self {
        Self { findings: Vec::new(), clauses: Vec::new(), trace: Vec::new(), ledger }
    }

    /// A line held: its clauses pass.
    pub(crate) fn held(&mut self, line: Line<'_>) {
        self.decide(&line.clauses(), Verdict::Pass);
    }

    /// An arm was taken: its clauses pass, leniently if the arm is one of the readings that are only tolerated.
    pub(crate) fn took(&mut self, line: Line<'_>, strict: String, came: String) {
        let lenient = matches!(&line.claims.grade, Some(grade) if grade.position == Position::Lenient);
        if !lenient {
            return self.held(line);
        }
        self.decide(&line.clauses(), Verdict::PassLenient);
        self.say(line, Verdict::PassLenient, line.clauses(), strict, came);
    }

    /// A line cannot be judged here.
    pub(crate) fn skipped(&mut self, line: Line<'_>) {
        self.decide(&line.clauses(), Verdict::NotApplicable);
    }

    /// Unusual, and nothing that anybody has to mend.
    pub(crate) fn unusual(&mut self, line: Line<'_>, came: String) {
        self.decide(&line.clauses(), Verdict::Pass);
        self.say(line, Verdict::Pass, line.clauses(), "any code (AMB-104)".to_owned(), came);
    }

    /// A line did not hold. Whoever prepares only is blocked; whoever judges fails by the level of the clause, unless an
    /// ambiguity that the line names softens it.
    pub(crate) fn broken(&mut self, line: Line<'_>, allowed: String, came: String) -> Result<(), Stop> {
        let clauses = line.clauses();
        let softened = line.grade().map(|(position, _)| match position {
            Position::Lenient => Verdict::PassLenient,
            Position::Info => Verdict::Pass,
        });
        let mut worst = if clauses.is_empty() { softened.unwrap_or(Verdict::Blocked) } else { Verdict::Pass };
        for id in &clauses {
            let verdict = softened.unwrap_or_else(|| by_level(self.level(id)));
            self.decide(std::slice::from_ref(id), verdict);
            worst = worst.max(verdict);
        }
        self.say(line, worst, clauses, allowed, came);
        if worst >= Verdict::Blocked { Err(Stop::Found) } else { Ok(()) }
    }

    /// What came cannot be read, which a rule has reported; so the line cannot be judged. Where it does not decrypt, the line's
    /// clauses on encryption are broken all the same.
    pub(crate) fn unjudged(&mut self, line: Line<'_>, item: &Item) -> Stop {
        let Item::Broken(LinkError::Noise(error)) = item else {
            self.decide(&line.clauses(), Verdict::Blocked);
            return Stop::Found;
        };
        let (noise, others): (Vec<_>, Vec<_>) = line.clauses().into_iter().partition(|id| self.is_noise(id));
        self.decide(&others, Verdict::Blocked);
        let worst = noise.iter().map(|id| by_level(self.level(id))).max();
        for id in &noise {
            self.decide(std::slice::from_ref(id), by_level(self.level(id)));
        }
        if let Some(worst) = worst {
            self.say(line, worst, noise, "records that decrypt".to_owned(), error.to_string());
        }
        Stop::Found
    }

    /// Whether a clause is about handshake and records.
    fn is_noise(&self, id: &str) -> bool {
        self.ledger.clause(id).is_some_and(|clause| clause.protocol == Protocol::Noise)
    }

    /// A rule has judged a frame while the scenario stood at `place`. Of several breaches of the same kind the first is shown.
    pub(crate) fn ruled(&mut self, judgement: Judgement, trace_line: usize, place: Place) {
        let Judgement { rule, clauses, ruling } = judgement;
        let Ruling::Breach { came, stance } = ruling else {
            return clauses.iter().for_each(|id| self.decide_by(id, Verdict::Pass, Some(rule.name)));
        };
        let mut worst = Verdict::Pass;
        for id in clauses {
            let verdict = match stance {
                Stance::Strict => by_level(self.level(id)),
                Stance::Lenient(_) => Verdict::PassLenient,
                Stance::Info(_) => Verdict::Pass,
            };
            self.decide_by(id, verdict, Some(rule.name));
            worst = worst.max(verdict);
        }
        let same = |known: &Finding| known.rule == Some(rule.name) && known.clauses == clauses;
        if self.findings.iter().any(same) {
            return;
        }
        let ambiguity = match stance {
            Stance::Lenient(ambiguity) | Stance::Info(ambiguity) => ambiguity.map(str::to_owned),
            Stance::Strict => None,
        };
        self.findings.push(Finding {
            verdict: worst,
            clauses: clauses.iter().map(|id| (*id).to_owned()).collect(),
            rule: Some(rule.name),
            ambiguity,
            allowed: rule.doc.to_owned(),
            came,
            place,
            trace_line,
        });
    }

    /// Whether a rule was broken in a way that fails the scenario.
    pub(crate) fn is_breached(&self) -> bool {
        self.findings.iter().any(|finding| finding.rule.is_some() && finding.verdict == Verdict::Fail)
    }

    /// Takes out what a rule said about a frame where a line of the scenario said it too.
    pub(crate) fn say_once(&mut self) {
        let by_lines: Vec<(usize, Vec<String>)> = self
            .findings
            .iter()
            .filter(|finding| finding.rule.is_none())
            .map(|finding| (finding.trace_line, finding.clauses.clone()))
            .collect();
        self.findings.retain(|finding| {
            let is_said = |(line, clauses): &(usize, Vec<String>)| {
                *line == finding.trace_line && finding.clauses.iter().all(|id| clauses.contains(id))
            };
            finding.rule.is_none() || !by_lines.iter().any(is_said)
        });
    }

    /// Judges the lines below a step over what they look at. All of them are looked at, even after one that failed.
    pub(crate) fn judge(
        &mut self,
        env: &mut Env,
        judgements: &[Judged],
        subject: &dyn Fn(&str) -> Option<Datum>,
        step: &Claims,
        source: &Source,
    ) -> Result<(), Stop> {
        let mut result = Ok(());
        for judgement in judgements {
            let line = Line { claims: &judgement.claims, step, source, span: judgement.span };
            let root = &judgement.path.root.node;
            let value = subject(root).ok_or_else(|| Stop::Error(format!("nothing here is called {root}")))?;
            let value = match members(value, &judgement.path.members) {
                Err(Stop::Blocked(missing)) => {
                    let path = source.text.get(judgement.path.span.start..judgement.path.span.end);
                    let broken = self.broken(line, path.unwrap_or(root).to_owned(), missing);
                    result = result.and(broken);
                    continue;
                }
                value => value?,
            };
            let value = env.masked(value, judgement.mask.as_ref())?;
            if let Some(capture) = &judgement.capture {
                env.bind(&capture.node, value.clone());
            }
            let Some(test) = &judgement.test else { continue };
            match env.compare(&value, test.operator.node, &test.operand)? {
                Comparison::Holds => self.held(line),
                Comparison::Unknown => self.skipped(line),
                Comparison::Unusual(text) => self.unusual(line, text),
                Comparison::Fails => {
                    let wanted = source.text.get(test.operand.span.start..test.operand.span.end);
                    let looked_at = source.text.get(judgement.span.start..test.operator.span.start);
                    let root = looked_at.map_or(root.as_str(), str::trim_end);
                    let allowed =
                        format!("{root} {} {}", symbol(test.operator.node), wanted.unwrap_or_default());
                    let known = env.eval(&test.operand).map(|value| value.describe()).unwrap_or_default();
                    let allowed = match wanted {
                        Some(text) if text.starts_with('$') => format!("{allowed} ({known})"),
                        _ => allowed,
                    };
                    let broken = self.broken(line, allowed, format!("{root} is {}", value.describe()));
                    result = result.and(broken);
                }
            }
        }
        result
    }

    /// The worst of all findings.
    pub(crate) fn verdict(&self) -> Verdict {
        let found = self.findings.iter().map(|finding| finding.verdict);
        let clauses = self.clauses.iter().map(|clause| clause.verdict);
        found.chain(clauses).fold(Verdict::Pass, Verdict::max)
    }

    fn decide(&mut self, clauses: &[String], verdict: Verdict) {
        clauses.iter().for_each(|id| self.decide_by(id, verdict, None));
    }

    fn decide_by(&mut self, id: &str, verdict: Verdict, rule: Option<&'static str>) {
        match self.clauses.iter_mut().find(|clause| clause.id == id && clause.rule == rule) {
            Some(known) => known.verdict = known.verdict.max(verdict),
            None => self.clauses.push(ClauseVerdict { id: id.to_owned(), verdict, rule }),
        }
    }

    fn level(&self, id: &str) -> Level {
        self.ledger.clause(id).map_or(Level::Must, |clause| clause.level)
    }

    fn say(&mut self, line: Line<'_>, verdict: Verdict, clauses: Vec<String>, allowed: String, came: String) {
        let ambiguity = line.grade().map(|(_, id)| id.to_owned());
        let (place, trace_line) = (line.place(), self.trace.len());
        let rule = None;
        self.findings.push(Finding { verdict, clauses, rule, ambiguity, allowed, came, place, trace_line });
    }
}

/// What breaking a clause of this level means.
fn by_level(level: Level) -> Verdict {
    match level {
        Level::Must | Level::MustNot | Level::Implied => Verdict::Fail,
        Level::Should | Level::ShouldNot | Level::Robust => Verdict::PassLenient,
        Level::May => Verdict::Pass,
    }
}

/// The operator as scenarios write it.
pub(crate) fn symbol(operator: Operator) -> &'static str {
    match operator {
        Operator::Equal => "==",
        Operator::NotEqual => "!=",
        Operator::Less => "<",
        Operator::LessOrEqual => "<=",
        Operator::Greater => ">",
        Operator::GreaterOrEqual => ">=",
        Operator::Like => "~",
        Operator::In => "in",
    }
}
