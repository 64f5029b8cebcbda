//! What the steps of a scenario need, whether or not its header says so.

use super::Plan;
use crate::scenario::syntax::{Step, StepKind};
use std::collections::BTreeSet;

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
            kind if kind.is_long_wait() => _ = needs.insert("control.time"),
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
