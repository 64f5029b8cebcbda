//! Plays scenarios against a target that `--exec` keeps alive.

use crate::exec::{Death, Exec};
use crate::runner::Plan;
use crate::scenario::syntax::Span;
use crate::target::Target;
use crate::verdict::{Finding, Outcome, Place, Survival, TraceEvent, Verdict};
use std::sync::Arc;
use sv2_reference_pool::server::ServerHandle;

/// Plays one scenario after another. A target that has died is started again, and the scenario that ran has failed; where
/// the target had not said anything in it yet, it is played again to tell whether the one before is to blame. `send` gets every outcome once it is final, and says whether to go on.
pub(super) fn play_all(
    exec: &Exec,
    templates: Option<&ServerHandle>,
    mut plans: impl Iterator<Item = Plan>,
    play: impl Fn(Plan, &Target) -> Outcome,
    mut send: impl FnMut(Outcome) -> bool,
) {
    let mut gone: Option<String> = None;
    // The outcome before is held back: a target may die a moment after it.
    let mut before: Option<(Plan, Outcome)> = None;
    let mut undecided: Option<Death> = None;
    let mut next = plans.next();
    while let Some(plan) = next {
        let mut outcome = match gone.as_deref() {
            Some(reason) => unplayed(&plan, reason),
            None => play_one(exec, templates, &plan, &play),
        };
        let death = if gone.is_some() { None } else { exec.death(is_suspicious(&outcome)) };
        let is_second_try = undecided.is_some();
        if let Some(death) = death {
            gone =
                exec.restart().err().map(|error| format!("the target died and did not come back: {error}"));
            let has_rival = before.as_ref().is_some_and(|(_, earlier)| earlier.survival != Survival::Died);
            if has_rival && !is_second_try && !was_answered(&outcome) && gone.is_none() {
                undecided = Some(death);
                next = Some(plan);
                continue;
            }
            mark(&plan, &mut outcome, &death, "the target died in this scenario");
        } else if let (Some(death), Some((plan, earlier))) = (&undecided, &mut before) {
            mark(
                plan,
                earlier,
                death,
                "the target died right after this scenario; the next one, played again, is harmless",
            );
        }
        undecided = None;
        if let Some((_, earlier)) = before.replace((plan, outcome))
            && !send(earlier)
        {
            return;
        }
        next = plans.next();
    }
    if let Some((plan, mut last)) = before {
        if let Some(death) = exec.death(true).filter(|_| gone.is_none()) {
            mark(&plan, &mut last, &death, "the target died in this scenario");
        }
        send(last);
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
    let plan = Plan { peer: target.peer(), profile: Arc::new(target.profile()), ..plan.clone() };
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

/// A crash is never a pass.
fn mark(plan: &Plan, outcome: &mut Outcome, death: &Death, how: &str) {
    let source = &plan.scenario.source;
    let start = source.text.find("title").unwrap_or_default();
    let length = source.text.get(start..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
    outcome.survival = Survival::Died;
    outcome.verdict = outcome.verdict.max(Verdict::Fail);
    outcome.reason = Some(format!("{how}: {death}"));
    outcome.findings.push(Finding {
        verdict: Verdict::Fail,
        clauses: Vec::new(),
        ambiguity: None,
        allowed: "anything but the end of the target".to_owned(),
        came: match death.status {
            Some(status) => format!("its process ended: {status}"),
            None => "it takes no connections any more".to_owned(),
        },
        place: Place {
            file: Arc::clone(&source.name),
            text: Arc::clone(&source.text),
            span: Span { start, end: start.saturating_add(length) },
        },
        trace_line: outcome.trace.len(),
    });
}
