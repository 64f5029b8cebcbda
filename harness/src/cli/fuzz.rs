//! `sv2-conform fuzz`.

use super::shim::{ShimRun, shim};
use super::{Exit, Failure, print};
use crate::fuzz;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub(super) enum FuzzCommand {
    /// Lists the fuzz targets and what each of them watches.
    List(ListArgs),
    /// Judges another implementation's codec behind a shim.
    Codec(CodecArgs),
}

#[derive(Debug, Args)]
pub(super) struct CodecArgs {
    /// Command line of a shim: it reads requests and writes answers, a line each (see fuzz/README.md).
    #[arg(long, value_name = "COMMAND")]
    shim: String,
    /// Seed of the inputs that are made up.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many inputs to make up behind the vectors and the boundary values.
    #[arg(long, default_value_t = 10_000)]
    runs: u64,
    /// Seconds that a shim may take for an answer.
    #[arg(long, default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    answer_within: u64,
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

pub(super) fn fuzz(command: &FuzzCommand) -> Result<Exit, Failure> {
    match command {
        FuzzCommand::List(args) => Ok(list(args)),
        FuzzCommand::Codec(args) => shim(&ShimRun {
            command: &args.shim,
            seed: args.seed,
            runs: args.runs,
            within: Duration::from_secs(3600),
            answer_within: Duration::from_secs(args.answer_within),
        }),
    }
}

fn list(args: &ListArgs) -> Exit {
    match args.format {
        Format::Text => {
            let mut text = String::new();
            for target in fuzz::targets() {
                text.push_str(&format!("{}  {}\n", target.name, target.about));
                for oracle in target.oracles {
                    text.push_str(&format!("  {:<12} {}\n", oracle.name, oracle.about));
                }
            }
            print(&text);
        }
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
