//! `sv2-conform expect`: keeps a file of what is known to fail.

use super::run::{self, RunArgs};
use super::{Exit, Failure, print, profile};
use crate::expectations::{self, Changes, Expectations, ExpectationsError};
use crate::ledger::Ledger;
use crate::verdict::Verdict;
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum ExpectCommand {
    /// Plays, and writes down every failure that the file does not expect yet; reasons, links and comments stay.
    Update(Box<ExpectArgs>),
    /// Plays, and drops the entries of scenarios that pass or are no more.
    Prune(Box<ExpectArgs>),
}

#[derive(Debug, Args)]
pub(super) struct ExpectArgs {
    /// The file of expectations; `update` makes it if there is none.
    file: PathBuf,
    #[command(flatten)]
    run: RunArgs,
}

pub(super) fn expect(command: ExpectCommand, ledger: Ledger) -> Result<Exit, Failure> {
    let (args, is_update) = match command {
        ExpectCommand::Update(args) => (*args, true),
        ExpectCommand::Prune(args) => (*args, false),
    };
    let ExpectArgs { file, mut run } = args;
    if run.expectations.is_some() {
        return Err(Failure::usage("--expectations: here the file stands before the scenarios"));
    }
    let text = match std::fs::read_to_string(&file) {
        Err(error) if is_update && error.kind() == std::io::ErrorKind::NotFound => String::new(),
        text => text.map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?,
    };
    // Only what can be read is worth a run.
    Expectations::parse(&text).map_err(|error| failure(&file, &error))?;
    profile::fill(&mut run, &ledger)?;
    let mut played = run::play(&run, ledger)?;
    if played.is_interrupted {
        eprintln!("sv2-conform: interrupted; {} is as it was", file.display());
        return played.finish();
    }
    let outcomes = &played.run.outcomes;
    let changes = match is_update {
        true => expectations::update(&text, outcomes),
        false => expectations::prune(&text, outcomes, |id| !played.is_known(id)),
    };
    let changes = changes.map_err(|error| failure(&file, &error))?;
    std::fs::write(&file, &changes.text)
        .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    let expectations = Expectations::parse(&changes.text).map_err(|error| failure(&file, &error))?;
    played.hold_against(&expectations);
    tell(&changes, &expectations, &file);
    let exit = played.finish()?;
    if exit != Exit::Fine {
        let what = if played.run.count(Verdict::Error) > 0 { "our own fault among it; " } else { "" };
        print(&format!("{what}run --expectations {} exits with {} now\n", file.display(), exit.code()));
    }
    Ok(if exit == Exit::Ours { exit } else { Exit::Fine })
}

/// Reads a file of expectations.
pub(super) fn read(file: &Path) -> Result<Expectations, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("--expectations {}: {error}", file.display())))?;
    Expectations::parse(&text).map_err(|error| failure(file, &error))
}

fn failure(file: &Path, error: &ExpectationsError) -> Failure {
    Failure::usage(format!("{}: {error}", file.display()))
}

fn tell(changes: &Changes, expectations: &Expectations, file: &Path) {
    let mut lines = Vec::new();
    lines.extend(changes.added.iter().map(|id| format!("added    {id}: its reason is to be filled in")));
    lines.extend(changes.changed.iter().map(|id| format!("changed  {id}: does its reason still hold?")));
    lines.extend(changes.removed.iter().map(|id| format!("removed  {id}")));
    lines.push(format!("{} expects {} failures", file.display(), expectations.iter().count()));
    print(&(lines.join("\n") + "\n"));
}
