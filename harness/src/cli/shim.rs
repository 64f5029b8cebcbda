//! `sv2-conform fuzz codec --shim`.

use super::repro::quoted;
use super::{Exit, Failure, print};
use crate::fuzz::shim::{Bounds, Budget, Flaw, Report, ShimError, judge};
use std::time::Duration;

/// What is asked of a shim.
pub(super) struct ShimRun<'a> {
    /// The command line.
    pub(super) command: &'a str,
    /// Seed of the inputs that are made up.
    pub(super) seed: u64,
    /// How many of them.
    pub(super) runs: u64,
    /// Bound on the whole.
    pub(super) within: Duration,
    /// Bound on one answer.
    pub(super) answer_within: Duration,
}

/// Most flaws in one report.
const MOST: usize = 20;

pub(super) fn shim(run: &ShimRun<'_>) -> Result<Exit, Failure> {
    let bounds = Bounds { answer_within: run.answer_within, ..Bounds::default() };
    let budget = Budget { seed: run.seed, runs: run.runs, within: run.within, flaws: MOST };
    let report = judge(run.command, bounds, budget).map_err(failure)?;
    print(&text(run, &report));
    Ok(if report.flaws.is_empty() { Exit::Fine } else { Exit::Failed })
}

fn failure(error: ShimError) -> Failure {
    let exit = match error {
        ShimError::Spawn { .. } => Exit::Ours,
        ShimError::NeverAnswered { .. } => Exit::NotReady,
    };
    Failure { exit, text: error.to_string() }
}

fn text(run: &ShimRun<'_>, report: &Report) -> String {
    let mut text = String::new();
    for (index, flaw) in report.flaws.iter().enumerate() {
        text.push_str(&describe(index, flaw, run.command));
    }
    if report.is_given_up {
        text.push_str("the shim broke so often that it was given up\n");
    }
    let found = match report.flaws.len() {
        0 => "nothing wrong".to_owned(),
        1 => "1 kind of flaw".to_owned(),
        count => format!("{count} kinds of flaws"),
    };
    let Report { given, made_up, asked, .. } = report;
    text.push_str(&format!(
        "{found}: {given} vectors and boundary values, {made_up} inputs made up (seed {}), {asked} requests\n",
        run.seed
    ));
    text
}

/// Longer lines are cut: nobody reads them.
const LONG: usize = 4096;

fn describe(index: usize, flaw: &Flaw, command: &str) -> String {
    let mut text = format!("{}. {}\n", index.saturating_add(1), flaw.finding);
    let mut line = |name: &str, value: &str| text.push_str(&format!("   {name:<10}{value}\n"));
    let short = |value: &str| match value.get(..LONG) {
        Some(head) if value.len() > LONG => format!("{head}.. ({} bytes)", value.len()),
        _ => value.to_owned(),
    };
    if let Some(oracle) = flaw.oracle {
        line("must hold", oracle.about);
        if !oracle.clauses.is_empty() {
            line("clauses", &oracle.clauses.join(" "));
        }
    }
    let asked = &flaw.exchange.asked;
    line("input", &flaw.input);
    line("asked", &short(asked));
    line("answered", &short(flaw.exchange.answered.as_deref().unwrap_or("(nothing)")));
    match asked.len() <= LONG {
        true => line("again", &format!("printf '%s\\n' '{asked}' | {command}")),
        false => line("again", &format!("sv2-conform fuzz codec --shim {} --runs 0", quoted(command))),
    }
    text.push('\n');
    text
}
