//! `sv2-conform selftest`.

use super::{Exit, Failure, print, select};
use crate::ledger::Ledger;
use crate::selftest::{self, Extent, Selftest, Standing, checks_table, faults_table};
use crate::snapshot;
use clap::{Args, ValueEnum};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use sv2_reference_pool::faults::{FAULTS, Fault};

#[derive(Debug, Args)]
pub(super) struct SelftestArgs {
    /// Files, folders, or ids of the embedded suite; without any, the embedded suite.
    paths: Vec<PathBuf>,
    #[command(flatten)]
    selection: select::Selection,
    /// Seeds under which the clean pool must raise nothing.
    #[arg(long, value_name = "N", default_value_t = 50)]
    clean_seeds: u64,
    /// Seeds under which each fault must be found.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    fault_seeds: u64,
    /// The first seed.
    #[arg(long, value_name = "N", default_value_t = snapshot::SEED)]
    seed: u64,
    /// Only these faults; can be given several times.
    #[arg(long, value_name = "ID", value_parser = fault)]
    fault: Vec<Fault>,
    /// Show every fault to every scenario under the first seed, not only until a check finds it.
    #[arg(long)]
    full: bool,
    /// Write faults.md, checks.md and result.json into this folder.
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Counts, and what is not as it should be.
    Text,
    /// One object with `faults`, `attributed`, `incidental`, `survived`, `never_fired`, `false_alarms` and
    /// `checks_without_kill`.
    Json,
}

fn fault(id: &str) -> Result<Fault, String> {
    Fault::by_id(id).ok_or_else(|| "no such fault; `sv2-conform list --faults` lists them".to_owned())
}

pub(super) fn selftest(args: &SelftestArgs, ledger: Ledger) -> Result<Exit, Failure> {
    let mut suite = select::suite(&args.paths, &ledger)?;
    args.selection.narrow(&mut suite);
    if suite.scenarios.is_empty() {
        return Ok(Exit::Nothing);
    }
    if let Some(folder) = &args.write {
        std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    }
    let faults = if args.fault.is_empty() { FAULTS } else { &args.fault };
    let extent = Extent {
        seed: args.seed,
        clean_seeds: args.clean_seeds,
        fault_seeds: args.fault_seeds,
        full: args.full,
    };
    let is_terminal = std::io::stderr().is_terminal();
    let mut tell = |part: &str| {
        if is_terminal {
            eprintln!("{part}");
        }
    };
    let ledger = Arc::new(ledger);
    let seen = selftest::selftest(&suite, &ledger, faults, extent, &mut tell);
    if let Some(folder) = &args.write {
        write(folder, &seen, &ledger)?;
    }
    match args.format {
        Format::Text => print(&text(&seen)),
        Format::Json => print(&format!("{:#}\n", seen.to_json())),
    }
    // Part of the suite or of the faults says nothing about who finds what.
    let is_whole = args.fault.is_empty() && args.paths.is_empty() && args.selection.is_everything();
    let unexplained = if is_whole { seen.unexplained(&ledger) } else { Vec::new() };
    for check in &unexplained {
        eprintln!(
            "{check}: finds no fault and has no reason in requirements/unkilled.toml, or the other way round"
        );
    }
    Ok(if seen.is_clean() && unexplained.is_empty() { Exit::Fine } else { Exit::Failed })
}

fn write(folder: &Path, seen: &Selftest, ledger: &Ledger) -> Result<(), Failure> {
    let files = [
        ("faults.md", faults_table(seen)),
        ("checks.md", checks_table(seen, ledger)),
        ("result.json", format!("{:#}\n", seen.to_json())),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| unwritable(&path, &error))?;
    }
    Ok(())
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("{} cannot be written: {error}", path.display()))
}

fn text(seen: &Selftest) -> String {
    let mut lines = Vec::new();
    for alarm in &seen.false_alarms {
        let (verdict, scenario, seed) = (alarm.verdict.name(), &alarm.scenario, alarm.seed);
        lines.push(format!("false alarm    {verdict} {scenario} --seed {seed}"));
    }
    for trial in seen.trials.iter().filter(|trial| trial.standing != Standing::Attributed) {
        let found = trial.bystanders.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        lines.push(format!(
            "{:<14} {} {}, breaks {}{}{found}",
            trial.standing.name(),
            trial.fault.id,
            trial.fault.name,
            trial.fault.clauses.join(" "),
            if found.is_empty() { "" } else { "; found instead by " },
        ));
    }
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.push(selftest::summary(seen));
    lines.join("\n")
}
