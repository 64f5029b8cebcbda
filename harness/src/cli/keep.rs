//! Plays scenarios against a target that `--exec` keeps alive.

use crate::exec::{Death, Exec};
use crate::holdings;
use crate::profile::Profile;
use crate::runner::{Peer, Plan, survival};
use crate::scenario;
use crate::suite::{Scenario, Source};
use crate::target::Target;
use crate::verdict::{Outcome, Survival, TraceEvent, Verdict};
use std::sync::Arc;
use std::time::Duration;
use sv2_reference_pool::server::ServerHandle;

/// How long a target is watched after a scenario that did not go well.
const SUSPECT: Duration = Duration::from_millis(50);
/// How long it is watched after a scenario that was played again to find a killer.
const REPLAYED: Duration = Duration::from_millis(500);

/// A scenario that shows whether the target answers at all.
const VISIT: (&str, &str) = (
    "visit",
    "sv2t 1\ntitle \"The target answers\"\n\nconnect\nsend SetupConnection -> $setup\nexpect reply to $setup\n  | SetupConnection.Success\n  | SetupConnection.Error\n  | close\n",
);

/// Plays one scenario after another. A target that has died is started again, and the scenario that killed it has failed.
/// `send` gets every outcome once it is final, and says whether to go on.
pub(super) fn play_all(
    exec: &Exec,
    templates: Option<&ServerHandle>,
    plans: impl Iterator<Item = Plan>,
    play: impl Fn(Plan, &Target) -> Outcome,
    mut send: impl FnMut(Outcome) -> bool,
) {
    let mut keeper = Keeper { exec, templates, play, gone: None };
    // The outcome before is held back: a target may die a moment after it.
    let mut before: Option<(Plan, Outcome)> = None;
    let mut plans = plans.peekable();
    while let Some(plan) = plans.next() {
        let mut outcome = keeper.play(&plan);
        // Nothing follows the last one that could notice a death.
        let last = plans.peek().is_none().then_some(REPLAYED);
        let suspicion = is_suspicious(&outcome).then_some(SUSPECT);
        if let Some(death) = keeper.death(last.or(suspicion)) {
            outcome = keeper.blame(&plan, outcome, before.as_mut(), &death);
        } else if keeper.is_stuck(&plan, &outcome) {
            outcome = keeper.blame_hang(&plan, outcome, before.as_mut());
        }
        if let Some((_, earlier)) = before.replace((plan, outcome))
            && !send(earlier)
        {
            return;
        }
    }
    if let Some((_, last)) = before {
        send(last);
    }
}

struct Keeper<'a, P> {
    exec: &'a Exec,
    templates: Option<&'a ServerHandle>,
    play: P,
    /// Why the target is not there any more.
    gone: Option<String>,
}

impl<P: Fn(Plan, &Target) -> Outcome> Keeper<'_, P> {
    fn play(&self, plan: &Plan) -> Outcome {
        match self.gone.as_deref() {
            Some(reason) => unplayed(plan, reason),
            None => play_one(self.exec, self.templates, plan, &self.play),
        }
    }

    fn death(&self, suspicion: Option<Duration>) -> Option<Death> {
        if self.gone.is_some() { None } else { self.exec.death(suspicion) }
    }

    fn restart(&mut self) {
        let error = self.exec.restart().err();
        self.gone = error.map(|error| format!("the target died and did not come back: {error}"));
    }

    /// Finds the scenario that killed the target, marks it, and gives the outcome of the one that ran. The one before may
    /// have done it a moment earlier: then the one that ran is harmless when it is played again, and the one before is not,
    /// or the target had not said a word any more.
    fn blame(
        &mut self,
        plan: &Plan,
        mut outcome: Outcome,
        before: Option<&mut (Plan, Outcome)>,
        death: &Death,
    ) -> Outcome {
        self.restart();
        let rival = before.filter(|(_, earlier)| earlier.survival != Survival::Died && self.gone.is_none());
        let Some((earlier_plan, earlier)) = rival else {
            mark(plan, &mut outcome, death);
            return outcome;
        };
        let mut again = self.play(plan);
        if let Some(second) = self.death(Some(REPLAYED)) {
            self.restart();
            mark(plan, &mut again, &second);
            return again;
        }
        self.play(earlier_plan);
        let is_killer = match self.death(Some(REPLAYED)) {
            Some(_) => {
                self.restart();
                true
            }
            None => !was_answered(&outcome),
        };
        if is_killer {
            mark(earlier_plan, earlier, death);
            return again;
        }
        mark(plan, &mut outcome, death);
        outcome
    }

    /// Whether a target that left something unanswered answers nobody any more.
    fn is_stuck(&self, plan: &Plan, outcome: &Outcome) -> bool {
        if outcome.survival != Survival::Hung || self.gone.is_some() {
            return false;
        }
        let Ok(file) = scenario::parse(VISIT.0, VISIT.1) else { return false };
        let source = Source { name: VISIT.0.into(), path: None, text: VISIT.1.into(), file };
        let visit = Scenario { id: VISIT.0.to_owned(), row: Vec::new(), source: Arc::new(source) };
        self.play(&Plan { scenario: visit, ..plan.clone() }).survival == Survival::Hung
    }

    /// Finds the scenario that hung the target, marks it, and gives the outcome of the one that ran. Where that one was never
    /// answered, the one before may have done it.
    fn blame_hang(
        &mut self,
        plan: &Plan,
        mut outcome: Outcome,
        before: Option<&mut (Plan, Outcome)>,
    ) -> Outcome {
        self.restart();
        let rival = before.filter(|_| self.gone.is_none() && !was_answered(&outcome));
        if let Some((earlier_plan, earlier)) = rival {
            let again = self.play(earlier_plan);
            if self.is_stuck(earlier_plan, &again) {
                self.restart();
                mark_hung(earlier_plan, earlier);
            }
            outcome = self.play(plan);
            if !self.is_stuck(plan, &outcome) {
                return outcome;
            }
            self.restart();
        }
        mark_hung(plan, &mut outcome);
        outcome
    }
}

fn play_one(
    exec: &Exec,
    templates: Option<&ServerHandle>,
    plan: &Plan,
    play: &impl Fn(Plan, &Target) -> Outcome,
) -> Outcome {
    let Some(url) = exec.url() else {
        return unplayed(plan, "the target is stopped");
    };
    // After a restart the target may be elsewhere, with another key.
    let target = Target::Foreign { url, templates: templates.cloned() };
    let mut profile = Profile::clone(&plan.profile);
    let process = exec.group().filter(|group| holdings::of_group(*group).is_some());
    if process.is_some() {
        profile.capabilities.insert("statistics");
    }
    let peer = Peer { process, ..target.peer() };
    let plan = Plan { peer, profile: Arc::new(profile), ..plan.clone() };
    play(plan, &target)
}

fn unplayed(plan: &Plan, reason: &str) -> Outcome {
    let Plan { scenario, seed, .. } = plan;
    Outcome::unplayed(&scenario.id, scenario.title(), *seed, Verdict::Blocked, reason)
}

/// Whether there is any sign that the target is not well.
fn is_suspicious(outcome: &Outcome) -> bool {
    let is_well = matches!(outcome.verdict, Verdict::Pass | Verdict::PassLenient | Verdict::NotApplicable);
    outcome.survival != Survival::Alive || !is_well
}

/// Whether the target lived long enough to say anything.
fn was_answered(outcome: &Outcome) -> bool {
    outcome.trace.iter().any(|line| matches!(line.event, TraceEvent::Received { .. }))
}

/// A target that answers nobody any more is no pass either.
fn mark_hung(plan: &Plan, outcome: &mut Outcome) {
    outcome.survival = Survival::Hung;
    outcome.verdict = outcome.verdict.max(Verdict::Fail);
    outcome.reason = Some("the target answers nobody any more; it was stopped and started again".to_owned());
    let came = "it takes connections and answers nobody any more".to_owned();
    outcome.findings.retain(|finding| !survival::is_end(finding));
    outcome.findings.push(survival::end(&plan.scenario.source, came, outcome.trace.len()));
}

/// A crash is never a pass.
fn mark(plan: &Plan, outcome: &mut Outcome, death: &Death) {
    outcome.survival = Survival::Died;
    outcome.verdict = outcome.verdict.max(Verdict::Fail);
    outcome.reason = Some(format!("the target died in this scenario: {death}"));
    let came = match death.status {
        Some(status) => format!("its process ended: {status}"),
        None => "it takes no connections any more".to_owned(),
    };
    outcome.findings.retain(|finding| !survival::is_end(finding));
    outcome.findings.push(survival::end(&plan.scenario.source, came, outcome.trace.len()));
}
