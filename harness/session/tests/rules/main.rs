//! Every rule has a trace that keeps it and traces that break it: a rule that is switched off, or gone blind, fails here.

mod accounts;
mod anything;
mod channels;
mod corners;
mod frames;
mod jobs;
mod memory;
mod notation;
mod occasions;
mod setup;

use notation::{breaches, judged};
use std::collections::BTreeSet;
use sv2_session::rules::{RULES, RuleSpec, Ruling};
use sv2_session::{Conversation, Moment, Setup, Watch};
use sv2_wire::frame::Frame;
use sv2_wire::{Message, SetupConnection};

/// Traces of one rule, which may have more elsewhere.
pub(crate) struct Traces {
    pub(crate) rule: &'static str,
    /// Nothing is to be said against these.
    pub(crate) keeps: &'static [&'static str],
    /// What is said against each, all of it: rule, stance and clauses, joined by `;`. And the trace.
    pub(crate) breaks: &'static [(&'static str, &'static str)],
}

/// Clauses that permit something and that nobody can break.
const PERMISSIONS: &[&str] = &["SV2-05-098"];

fn all() -> impl Iterator<Item = &'static Traces> {
    let main = [frames::TRACES, setup::TRACES, channels::TRACES, jobs::TRACES, accounts::TRACES];
    main.into_iter().chain(corners::TABLES).flatten()
}

fn traces_of(rule: &RuleSpec) -> Vec<&'static Traces> {
    all().filter(|traces| traces.rule == rule.name).collect()
}

#[test]
fn every_trace_is_of_a_rule() {
    for traces in all() {
        assert!(RuleSpec::find(traces.rule).is_some(), "{} is no rule", traces.rule);
    }
    let names: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), RULES.len(), "two rules of one name");
}

#[test]
fn every_rule_is_kept_by_its_trace() {
    for rule in RULES {
        let mut kept: BTreeSet<&str> = BTreeSet::new();
        for trace in traces_of(rule).iter().flat_map(|traces| traces.keeps) {
            let said = judged(trace, |_| true);
            assert_eq!(breaches(&said), [""; 0], "{}: {trace}", rule.name);
            let own = said.iter().filter(|judgement| judgement.rule == rule);
            kept.extend(own.flat_map(|judgement| judgement.clauses));
        }
        assert!(!kept.is_empty(), "{} says nothing about what keeps it", rule.name);
    }
}

#[test]
fn every_rule_is_broken_by_its_traces_in_each_of_its_clauses() {
    for rule in RULES {
        let mut broken: BTreeSet<&&str> = BTreeSet::new();
        for (expected, trace) in traces_of(rule).iter().flat_map(|traces| traces.breaks) {
            let said = judged(trace, |_| true);
            let wanted: Vec<&str> = expected.split(';').map(str::trim).collect();
            assert_eq!(breaches(&said), wanted, "{}: {trace}", rule.name);
            let is_own = |line: &&&str| line.starts_with(&format!("{} ", rule.name));
            assert!(wanted.iter().any(|line| is_own(&line)), "{} is not among {wanted:?}", rule.name);
            let own =
                said.iter().filter(|judgement| judgement.rule == rule && judgement.ruling != Ruling::Kept);
            broken.extend(own.flat_map(|judgement| judgement.clauses));
            let others: Vec<&str> = wanted.iter().filter(|line| !is_own(line)).copied().collect();
            let without = judged(trace, |other| other != rule);
            assert_eq!(breaches(&without), others, "{} is switched off: {trace}", rule.name);
        }
        let claimed: BTreeSet<_> = rule.clauses.iter().filter(|id| !PERMISSIONS.contains(id)).collect();
        assert_eq!(broken, claimed, "{} breaks other clauses than it claims", rule.name);
    }
}

#[test]
fn a_watch_shows_its_model_and_its_rules() {
    let mut all = Conversation::with(|_| false);
    let mut watch = Watch::with(0, |rule| rule.name == "nbits");
    let ask = Message::from(SetupConnection { flags: 5, ..Default::default() });
    watch.sent(&Frame::of(&ask).expect("small"), Moment::default(), &mut all);
    assert_eq!(watch.session().setup(), Setup::Asked { flags: 5 });
    assert!(format!("{watch:?}").contains("rules: [nbits]"));
}

#[test]
fn rules_have_names() {
    assert_eq!(RuleSpec::find("nbits").map(|rule| rule.name), Some("nbits"));
    assert_eq!(RuleSpec::find("no-such-rule"), None);
}
