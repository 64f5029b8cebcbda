//! What the steps of a scenario need, whether or not its header says so.

use super::Plan;
use crate::scenario::syntax::{Expr, ExprKind, Step, StepKind};
use std::collections::BTreeSet;
use std::time::Duration;

/// Time up to this length really passes where no clock can be moved.
pub(crate) const LONGEST_REAL_WAIT: Duration = Duration::from_secs(10);

/// The capabilities without which some step of the scenario, or of a fragment that it calls, cannot be played.
pub(crate) fn of_steps(plan: &Plan) -> BTreeSet<&'static str> {
    let (mut needs, mut called) = (BTreeSet::new(), BTreeSet::new());
    collect(plan, &plan.scenario.source.file.steps, &mut called, &mut needs);
    needs
}

fn collect<'a>(
    plan: &'a Plan,
    steps: &'a [Step],
    called: &mut BTreeSet<&'a str>,
    needs: &mut BTreeSet<&'static str>,
) {
    for step in steps {
        match &step.kind {
            StepKind::Block { .. } => _ = needs.insert("control.block"),
            StepKind::Template { .. } => _ = needs.insert("control.template"),
            StepKind::Provoke(_) => _ = needs.insert("control.messages"),
            StepKind::Measure { .. } => _ = needs.insert("statistics"),
            StepKind::Elapse { duration } if !is_short(duration) => _ = needs.insert("control.time"),
            StepKind::Corrupt(_) => _ = needs.insert("noise"),
            StepKind::Call(call) => {
                let name = call.fragment.node.as_str();
                if let (true, Some(fragment)) = (called.insert(name), plan.fragments.get(name)) {
                    collect(plan, &fragment.file.steps, called, needs);
                }
            }
            _ => {}
        }
    }
}

fn is_short(duration: &Expr) -> bool {
    matches!(duration.kind, ExprKind::Duration(duration) if duration <= LONGEST_REAL_WAIT)
}
