//! The matrix as Markdown, both ways.

use super::{Selftest, Shown, Standing};
use crate::ledger::Ledger;
use std::fmt::Write;
use sv2_reference_pool::faults::Fault;

/// How many checks are named for a fault; further ones are counted.
const NAMED: usize = 6;

/// Faults by check: one row per fault, with where it really happened, who finds it, and the line that shows it.
pub fn faults_table(selftest: &Selftest) -> String {
    let mut text = format!("# Faults, and the checks that find them\n\n{}\n", summary(selftest));
    text.push_str("| fault | breaks | seen in | standing | found by | see it | shows |\n|---|---|---|---|---|---|---|\n");
    for trial in &selftest.trials {
        let fault = &trial.fault;
        let mut found: Vec<&str> = trial.killers.iter().take(NAMED).map(String::as_str).collect();
        let further = format!("and {} more", trial.killers.len().saturating_sub(NAMED));
        if trial.killers.len() > NAMED {
            found.push(&further);
        }
        let (line, verdict) = match &trial.shown {
            Some(shown) => (format!("`{}`", command(shown, fault)), shown.verdict.name()),
            None => (String::new(), ""),
        };
        let _ = writeln!(
            text,
            "| {} {} | {} | {} | {} | {} | {line} | {verdict} |",
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

/// The line that shows a fault as it was seen.
fn command(shown: &Shown, fault: &Fault) -> String {
    let seed = if shown.seed == 0 { String::new() } else { format!(" --seed {}", shown.seed) };
    format!("sv2-conform run '{}' --fault {}{seed} --virtual-time", shown.scenario, fault.id)
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
