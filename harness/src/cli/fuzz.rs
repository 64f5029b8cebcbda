//! `sv2-conform fuzz`.

mod codec;
mod replay;
mod show;

use super::{Exit, Failure, print};
use crate::fuzz;
use crate::fuzz::corpus::{self, CorpusError};
use crate::ledger::Ledger;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use std::path::PathBuf;
use sv2_wire::fuzz::{Finding, Target};

#[derive(Debug, Subcommand)]
pub(super) enum FuzzCommand {
    /// Lists the fuzz targets and what each of them watches.
    List(ListArgs),
    /// Fuzzes a target without coverage, on stable Rust, or another implementation's codec behind a shim, until something is
    /// found or the time is over.
    Codec(codec::CodecArgs),
    /// Judges the inputs of a corpus, or single ones.
    Replay(replay::ReplayArgs),
    /// Prints an input of pool_sequence, or a scenario, as a program or as a scenario, and makes it smaller.
    Show(show::ShowArgs),
    /// Writes the inputs to begin with, a folder per target.
    Seed(SeedArgs),
    /// Prints a dictionary for libFuzzer or AFL, made from the tables of messages, flags, lengths and error codes.
    Dictionary,
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A line per target, and an indented one per oracle.
    Text,
    /// An array of objects with `name`, `about`, `format`, `max_len` and `oracles`.
    Json,
}

#[derive(Debug, Args)]
pub(super) struct SeedArgs {
    /// The folder of corpora.
    #[arg(default_value = "corpus")]
    folder: PathBuf,
    /// Only these targets; can be given several times.
    #[arg(long, value_name = "NAME", value_parser = target)]
    target: Vec<&'static Target>,
}

pub(super) fn fuzz(command: &FuzzCommand, ledger: &Ledger) -> Result<Exit, Failure> {
    match command {
        FuzzCommand::List(args) => Ok(list(args)),
        FuzzCommand::Codec(args) => codec::codec(args),
        FuzzCommand::Replay(args) => replay::replay(args),
        FuzzCommand::Show(args) => show::show(args, ledger),
        FuzzCommand::Seed(args) => seed(args),
        FuzzCommand::Dictionary => Ok(words(ledger)),
    }
}

impl From<CorpusError> for Failure {
    fn from(error: CorpusError) -> Self {
        Self::usage(error.to_string())
    }
}

/// The target of a name, for the command line.
fn target(name: &str) -> Result<&'static Target, String> {
    fuzz::target(name).ok_or_else(|| {
        let near = fuzz::targets().map(|target| (strsim::jaro_winkler(target.name, name), target.name));
        match near.max_by(|(one, _), (other, _)| one.total_cmp(other)) {
            Some((likeness, near)) if likeness > 0.8 => format!("no such target; did you mean {near}?"),
            _ => "no such target; `sv2-conform fuzz list` lists them".to_owned(),
        }
    })
}

fn list(args: &ListArgs) -> Exit {
    match args.format {
        Format::Text => print(&fuzz::list(fuzz::targets())),
        Format::Json => {
            let rows = fuzz::targets().map(|target| {
                let oracles = target.oracles.iter().map(
                    |oracle| json!({"name": oracle.name, "about": oracle.about, "clauses": oracle.clauses}),
                );
                json!({
                    "name": target.name,
                    "about": target.about,
                    "format": target.format,
                    "max_len": target.max_len,
                    "oracles": oracles.collect::<serde_json::Value>(),
                })
            });
            print(&format!("{:#}\n", rows.collect::<serde_json::Value>()));
        }
    }
    Exit::Fine
}

fn seed(args: &SeedArgs) -> Result<Exit, Failure> {
    let all = fuzz::targets().collect::<Vec<_>>();
    let targets = if args.target.is_empty() { &all } else { &args.target };
    let written = corpus::seed(&args.folder, targets, corpus::PACKAGE)?;
    print(&format!("{written} inputs of {} targets are in {}\n", targets.len(), args.folder.display()));
    Ok(Exit::Fine)
}

fn words(ledger: &Ledger) -> Exit {
    print(&fuzz::dictionary(ledger));
    Exit::Fine
}

/// A finding in words: which oracle of which target, what it demands, where that stands, and what came.
fn tell(target: &Target, finding: &Finding) -> String {
    let oracle = target.oracle(finding.oracle);
    let about = oracle.map_or_else(
        || match finding.oracle {
            fuzz::HANG => "every input gets its verdict in time",
            _ => "no input makes the program panic",
        },
        |oracle| oracle.about,
    );
    let clauses = oracle.map(|oracle| oracle.clauses.join(" ")).filter(|clauses| !clauses.is_empty());
    let clauses = clauses.map(|clauses| format!(" ({clauses})")).unwrap_or_default();
    format!("{} {}: {about}{clauses}\n  {}\n", target.name, finding.oracle, finding.what)
}
