//! The suite tested: a clean pool must raise nothing, and every fault must be found by a check that claims what it breaks.

mod idle;
mod tables;

pub use tables::{checks_table, faults_table, summary};

use crate::ledger::Ledger;
use crate::proof::{Effort, Fate, Kill, Prover};
use crate::suite::Suite;
use crate::verdict::{Outcome, Verdict};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use sv2_reference_pool::faults::Fault;
use sv2_session::rules::RULES;

/// How much is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The first seed; the others follow it.
    pub seed: u64,
    /// Seeds for the clean pool.
    pub clean_seeds: u64,
    /// Seeds for each fault; at least 1.
    pub fault_seeds: u64,
    /// Every fault meets every scenario under the first seed, rather than those that claim its clauses until one kills it.
    pub full: bool,
}

/// How a fault came out. The order is that of severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Under every seed a check found a clause broken that the fault is said to break.
    Attributed,
    /// Under some seed only other clauses were found broken.
    Incidental,
    /// Under some seed nothing was found, although it fired.
    Survived,
    /// Under some seed it changed nothing, so that the suite does not exercise what it breaks.
    NeverFired,
}

impl Standing {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Attributed => "attributed",
            Self::Incidental => "incidental",
            Self::Survived => "survived",
            Self::NeverFired => "never-fired",
        }
    }

    fn of(fate: &Fate) -> Self {
        match fate {
            fate if !fate.attributed.is_empty() => Self::Attributed,
            fate if !fate.incidental.is_empty() => Self::Incidental,
            fate if fate.fired > 0 => Self::Survived,
            _ => Self::NeverFired,
        }
    }
}

/// Something that was raised against a pool that does nothing wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FalseAlarm {
    /// The seed of the run.
    pub seed: u64,
    /// The scenario.
    pub scenario: String,
    /// What it said; anything but a pass.
    pub verdict: Verdict,
}

/// One fault over all seeds.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The fault.
    pub fault: Fault,
    /// The worst over the seeds.
    pub standing: Standing,
    /// Checks that found a clause broken which the fault breaks: ids of scenarios, and `rule NAME`.
    pub killers: BTreeSet<String>,
    /// Checks that found others.
    pub bystanders: BTreeSet<String>,
    /// The attributed kill that shows it best.
    pub shown: Option<Shown>,
}

/// Where a fault is seen: a scenario on virtual time, a seed, and how it comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The scenario's id.
    pub scenario: String,
    /// The seed of the run.
    pub seed: u64,
    /// How it came out: a failure; a pass in a lenient reading, where the fault breaks a SHOULD or good sense; or, where such
    /// a fault keeps the rest from being decided, inconclusive.
    pub verdict: Verdict,
    is_by_line: bool,
}

/// What was seen.
#[derive(Clone, Debug)]
pub struct Selftest {
    /// How much was played.
    pub extent: Extent,
    /// Against the clean pool.
    pub false_alarms: Vec<FalseAlarm>,
    /// In the order of the table of faults.
    pub trials: Vec<Trial>,
    /// All checks: scenarios and rules, with the faults that each found; of one that looks for nothing an empty list.
    pub checks: BTreeMap<String, BTreeSet<&'static str>>,
}

/// Plays it all on virtual time. `tell` is called with the name of each part before it begins.
pub fn selftest(
    suite: &Suite,
    ledger: &Arc<Ledger>,
    faults: &[Fault],
    extent: Extent,
    tell: &mut dyn FnMut(&str),
) -> Selftest {
    let prover = |seed| Prover::new(suite.clone(), Arc::clone(ledger), seed);
    let first = prover(extent.seed);
    let mut false_alarms = Vec::new();
    let mut trials: Vec<Trial> = faults.iter().map(|fault| Trial::new(*fault)).collect();
    for offset in 0..extent.clean_seeds.max(extent.fault_seeds) {
        let seed = extent.seed.wrapping_add(offset);
        let other = (offset > 0).then(|| prover(seed));
        let prover = other.as_ref().unwrap_or(&first);
        if offset < extent.clean_seeds {
            tell(&format!("the clean pool, seed {seed}"));
            false_alarms.extend(raised(&prover.clean(), seed));
        }
        if offset < extent.fault_seeds {
            tell(&format!("{} faults, seed {seed}", faults.len()));
            let effort = if extent.full && offset == 0 { Effort::All } else { Effort::FirstKill };
            let fates = prover.fates(faults, effort);
            trials.iter_mut().zip(&fates).for_each(|(trial, fate)| trial.add(fate, seed));
        }
    }
    let mut checks = checks(suite, &trials);
    let idle = checks.iter().filter(|(_, faults)| faults.is_empty()).map(|(check, _)| check.clone());
    let idle: Vec<String> = idle.collect();
    // Where every fault has met every scenario, nothing is left to be shown.
    if !extent.full {
        tell(&format!("{} checks that have found nothing yet", idle.len()));
        for (check, fault) in idle::search(&first, faults, &idle) {
            checks.entry(check).or_default().insert(fault);
        }
    }
    Selftest { extent, false_alarms, trials, checks }
}

/// What the clean pool was blamed for under a seed.
fn raised(clean: &[&Outcome], seed: u64) -> impl Iterator<Item = FalseAlarm> {
    let alarms = clean.iter().filter(|outcome| outcome.verdict != Verdict::Pass);
    alarms.map(move |outcome| FalseAlarm { seed, scenario: outcome.id.clone(), verdict: outcome.verdict })
}

impl Trial {
    fn new(fault: Fault) -> Self {
        let (killers, bystanders) = (BTreeSet::new(), BTreeSet::new());
        Self { fault, standing: Standing::Attributed, killers, bystanders, shown: None }
    }

    fn add(&mut self, fate: &Fate, seed: u64) {
        self.standing = self.standing.max(Standing::of(fate));
        self.killers.extend(fate.attributed.iter().flat_map(names));
        self.bystanders.extend(fate.incidental.iter().flat_map(names));
        let shown = fate.attributed.iter().map(|kill| Shown {
            scenario: kill.scenario.clone(),
            seed,
            verdict: kill.verdict,
            is_by_line: kill.is_by_line(),
        });
        // A failure says more than a lenient pass, that more than what ends undecided, and a line more than a rule; of equals the first.
        let clarity = [Verdict::Fail, Verdict::PassLenient];
        let rank = |shown: &Shown| {
            let clear = clarity.iter().position(|verdict| *verdict == shown.verdict);
            (clear.unwrap_or(clarity.len()), !shown.is_by_line)
        };
        self.shown = self.shown.take().into_iter().chain(shown).min_by_key(rank);
    }
}

impl Selftest {
    /// Faults of a standing.
    pub fn of(&self, standing: Standing) -> impl Iterator<Item = &Trial> {
        self.trials.iter().filter(move |trial| trial.standing == standing)
    }

    /// Checks that found no fault at all.
    pub fn checks_without_kill(&self) -> impl Iterator<Item = &str> {
        self.checks.iter().filter(|(_, faults)| faults.is_empty()).map(|(check, _)| check.as_str())
    }

    /// Checks that found no fault at all and for which the ledger gives no reason, and those that found one and have a reason
    /// all the same.
    pub fn unexplained<'a>(&'a self, ledger: &Ledger) -> Vec<&'a str> {
        let is_odd = |check: &str, is_killer: bool| is_killer == ledger.unkilled(check).is_some();
        let odd = self.checks.iter().filter(|(check, faults)| is_odd(check, !faults.is_empty()));
        odd.map(|(check, _)| check.as_str()).collect()
    }

    /// Whether the suite is as good as it says: no false alarm, and every fault attributed.
    pub fn is_clean(&self) -> bool {
        self.false_alarms.is_empty() && self.trials.iter().all(|trial| trial.standing == Standing::Attributed)
    }

    /// An object with `faults` (how many), `attributed`, `incidental`, `survived`, `never_fired` (ids), `false_alarms`,
    /// `checks_without_kill` and the `extent`.
    pub fn to_json(&self) -> Json {
        let ids = |standing| self.of(standing).map(|trial| trial.fault.id).collect::<Vec<_>>();
        let alarms = self.false_alarms.iter().map(|alarm| {
            json!({ "seed": alarm.seed, "scenario": alarm.scenario, "verdict": alarm.verdict.name() })
        });
        json!({
            "faults": self.trials.len(),
            "attributed": ids(Standing::Attributed),
            "incidental": ids(Standing::Incidental),
            "survived": ids(Standing::Survived),
            "never_fired": ids(Standing::NeverFired),
            "false_alarms": alarms.collect::<Vec<_>>(),
            "checks_without_kill": self.checks_without_kill().collect::<Vec<_>>(),
            "extent": {
                "seed": self.extent.seed,
                "clean_seeds": self.extent.clean_seeds,
                "fault_seeds": self.extent.fault_seeds,
                "full": self.extent.full,
            },
        })
    }
}

/// The checks behind a kill.
fn names(kill: &Kill) -> impl Iterator<Item = String> + '_ {
    let line = kill.is_by_line().then(|| kill.scenario.clone());
    line.into_iter().chain(kill.watchers.iter().map(|rule| idle::rule_check(rule)))
}

fn checks(suite: &Suite, trials: &[Trial]) -> BTreeMap<String, BTreeSet<&'static str>> {
    let scenarios = suite.scenarios.iter().map(|scenario| scenario.id.clone());
    let rules = RULES.iter().map(|rule| idle::rule_check(rule.name));
    let mut checks: BTreeMap<_, BTreeSet<_>> =
        scenarios.chain(rules).map(|name| (name, BTreeSet::new())).collect();
    for trial in trials {
        for name in trial.killers.union(&trial.bystanders) {
            checks.entry(name.clone()).or_default().insert(trial.fault.id);
        }
    }
    checks
}
