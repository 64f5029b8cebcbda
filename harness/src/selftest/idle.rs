//! Checks that have found nothing in the trials, each before faults of its own. A trial ends with the first kill, so that many a
//! good check has no turn in it.

use super::names;
use crate::proof::{Kill, Prover, in_parallel};
use std::collections::BTreeSet;
use sv2_reference_pool::faults::Fault;
use sv2_session::rules::{RULES, RuleSpec};

/// What was found: the check, and the fault.
pub(super) type Found = (String, &'static str);

/// Shows faults to each idle check until it finds one: to a scenario all, those that break what it claims first; to a rule, in
/// every scenario, those that break a clause of the rule.
pub(super) fn search(prover: &Prover, faults: &[Fault], idle: &[String]) -> Vec<Found> {
    let is_idle = |name: &str| idle.iter().any(|check| check == name);
    let scenarios = prover.suite().scenarios.iter().enumerate();
    let scenarios: Vec<usize> =
        scenarios.filter(|(_, scenario)| is_idle(&scenario.id)).map(|(index, _)| index).collect();
    let of_scenarios = in_parallel(&scenarios, |index| prover.first_kill(*index, faults, Kill::is_by_line));
    let found: Vec<Found> = of_scenarios
        .into_iter()
        .flatten()
        .flat_map(|(fault, kill)| names(&kill).map(|name| (name, fault.id)).collect::<Vec<_>>())
        .collect();
    let known: BTreeSet<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    let is_open = |rule: &&RuleSpec| {
        let name = rule_check(rule.name);
        is_idle(&name) && !known.contains(name.as_str())
    };
    let rules: Vec<&RuleSpec> = RULES.iter().filter(is_open).collect();
    let of_rules = in_parallel(&rules, |rule| of_rule(prover, faults, rule));
    let of_rules: Vec<Found> = of_rules.into_iter().flatten().collect();
    found.into_iter().chain(of_rules).collect()
}

fn of_rule(prover: &Prover, faults: &[Fault], rule: &RuleSpec) -> Option<Found> {
    let breaks = |fault: &&Fault| fault.clauses.iter().any(|clause| rule.clauses.contains(clause));
    let faults: Vec<Fault> = faults.iter().filter(breaks).copied().collect();
    (0..prover.suite().scenarios.len()).find_map(|index| {
        let (fault, _) = prover.first_kill(index, &faults, |kill| kill.watchers.contains(rule.name))?;
        Some((rule_check(rule.name), fault.id))
    })
}

/// How a rule is called among the checks.
pub(super) fn rule_check(name: &str) -> String {
    format!("rule {name}")
}
