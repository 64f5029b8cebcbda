//! The matrix as Markdown, both ways.

use super::{Selftest, Standing};
use crate::ledger::Ledger;
use std::fmt::Write;

/// How many checks are named for a fault; further ones are counted.
const NAMED: usize = 6;

/// Faults by check: one row per fault, with where it really happened, who finds it, and the line that shows it.
pub fn faults_table(selftest: &Selftest) -> String {
    let mut text = format!("# Faults, and the checks that find them\n\n{}\n", summary(selftest));
    text.push_str("| fault | breaks | seen in | standing | found by | see it |\n|---|---|---|---|---|---|\n");
    for trial in &selftest.trials {
        let fault = &trial.fault;
        let mut found: Vec<&str> = trial.killers.iter().take(NAMED).map(String::as_str).collect();
        let further = format!("and {} more", trial.killers.len().saturating_sub(NAMED));
        if trial.killers.len() > NAMED {
            found.push(&further);
        }
        let shown = trial.killers.iter().find(|name| !name.starts_with("rule "));
        let line = shown.map_or_else(
            || format!("`sv2-conform run --fault {}`", fault.id),
            |id| format!("`sv2-conform run '{id}' --fault {}`", fault.id),
        );
        let _ = writeln!(
            text,
            "| {} {} | {} | {} | {} | {} | {line} |",
            fault.id,
            fault.name,
            fault.clauses.join(" "),
            fault.seen_in,
            trial.standing.name(),
            found.join("<br>"),
        );
    }
    text
}

/// Checks by fault: one row per scenario and rule; for one that found nothing, why it cannot, where the ledger says so.
pub fn checks_table(selftest: &Selftest, ledger: &Ledger) -> String {
    let mut text = format!("# Checks, and the faults that they find\n\n{}\n", summary(selftest));
    text.push_str("| check | finds |\n|---|---|\n");
    for (check, faults) in &selftest.checks {
        let faults: Vec<_> = faults.iter().copied().collect();
        let reason = ledger.unkilled(check).map_or("nothing yet", |row| row.reason.as_str());
        let found = if faults.is_empty() { reason.to_owned() } else { faults.join(" ") };
        let _ = writeln!(text, "| {check} | {found} |");
    }
    text
}

/// Counts, in a sentence or two.
pub fn summary(selftest: &Selftest) -> String {
    let count = |standing| selftest.of(standing).count();
    let extent = &selftest.extent;
    format!(
        "{} faults over {} seeds: {} attributed, {} incidental, {} survived, {} never fired. The clean pool over {} seeds: {} false \
         alarms. First seed {}, {}.\n",
        selftest.trials.len(),
        extent.fault_seeds,
        count(Standing::Attributed),
        count(Standing::Incidental),
        count(Standing::Survived),
        count(Standing::NeverFired),
        extent.clean_seeds,
        selftest.false_alarms.len(),
        extent.seed,
        if extent.full { "every fault before every scenario under it" } else { "each fault until a kill" },
    )
}
