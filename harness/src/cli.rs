//! The command line: what can be asked, and what the program exits with.

mod run;
mod select;

use crate::ledger::Ledger;
use crate::report;
use crate::scenario::diagnostic::ScenarioErrors;
use crate::suite::{self, SuiteError};
use clap::{Args, Parser, Subcommand, ValueEnum};
use miette::{GraphicalReportHandler, GraphicalTheme};
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;

/// What the program exits with. The first that applies wins, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Ctrl-C; a partial report was written.
    Interrupted,
    /// Our own fault.
    Ours,
    /// The call, or a file that it names, is wrong.
    Usage,
    /// The target did not become ready.
    NotReady,
    /// A scenario failed.
    Failed,
    /// Something could not be decided.
    Undecided,
    /// Nothing was selected, or nothing was applicable.
    Nothing,
    /// All is well.
    Fine,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Interrupted => 130,
            Self::Ours => 70,
            Self::Usage => 2,
            Self::NotReady => 5,
            Self::Failed => 1,
            Self::Undecided => 3,
            Self::Nothing => 4,
            Self::Fine => 0,
        }
    }
}

/// Why a command ended before it did its work.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Failure {
    /// What to exit with.
    pub exit: Exit,
    /// What is wrong, where, and what to do.
    pub text: String,
}

impl Failure {
    fn usage(text: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, text: text.into() }
    }

    fn ours(text: impl Into<String>) -> Self {
        Self { exit: Exit::Ours, text: text.into() }
    }
}

impl From<SuiteError> for Failure {
    fn from(error: SuiteError) -> Self {
        match error {
            SuiteError::Scenarios(files) => Self::usage(render(&files)),
            SuiteError::Ledger(error) => Self::ours(error.to_string()),
            other => Self::usage(other.to_string()),
        }
    }
}

/// Tells whether a Stratum V2 implementation speaks the protocol.
#[derive(Debug, Parser)]
#[command(name = "sv2-conform", version, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Plays scenarios against the embedded reference pool, or against any pool.
    Run(run::RunArgs),
    /// Lists scenarios, without playing them.
    List(ListArgs),
    /// Parses scenarios and checks every name in them, without playing them.
    Check(CheckArgs),
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Files, folders, or ids of the embedded suite; without any, the embedded suite.
    paths: Vec<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ListFormat {
    /// One line per scenario.
    Text,
    /// An array of objects with `id`, `title` and `checks`.
    Json,
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// Files, folders, or ids of the embedded suite; without any, the embedded suite.
    paths: Vec<PathBuf>,
}

/// Does what the command line asks.
///
/// # Errors
/// What keeps the command from its work; what it found is no error.
pub fn main(cli: Cli) -> Result<Exit, Failure> {
    let ledger = suite::embedded_ledger().map_err(|error| Failure::ours(error.to_string()))?;
    match cli.command {
        Command::Run(args) => run::run(args, ledger),
        Command::List(args) => list(&args, &ledger),
        Command::Check(args) => check(&args, &ledger),
    }
}

fn list(args: &ListArgs, ledger: &Ledger) -> Result<Exit, Failure> {
    let suite = select::suite(&args.paths, ledger)?;
    match args.format {
        ListFormat::Text => {
            let lines = suite.scenarios.iter().map(|it| format!("{}  {}\n", it.id, it.title()));
            print(&lines.collect::<String>());
        }
        ListFormat::Json => {
            let rows = suite.scenarios.iter().map(|scenario| {
                json!({ "id": scenario.id, "title": scenario.title(), "checks": scenario.checks() })
            });
            print(&format!("{:#}\n", rows.collect::<serde_json::Value>()));
        }
    }
    Ok(if suite.scenarios.is_empty() { Exit::Nothing } else { Exit::Fine })
}

fn check(args: &CheckArgs, ledger: &Ledger) -> Result<Exit, Failure> {
    let suite = select::suite(&args.paths, ledger)?;
    print(&format!("{} scenarios and {} fragments are fine\n", suite.scenarios.len(), suite.fragments.len()));
    Ok(Exit::Fine)
}

/// Writes to standard output. A reader that has gone away, as `head` does, is no fault of ours.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// The kinds of reports, for `--help`.
fn report_kinds() -> String {
    let kinds = report::KINDS.iter().map(|kind| format!("{} ({})", kind.name, kind.doc));
    kinds.collect::<Vec<_>>().join(", ")
}

fn render(files: &[ScenarioErrors]) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(110);
    let mut text = String::new();
    for file in files {
        // Writing to a string cannot fail.
        let _ = handler.render_report(&mut text, file);
    }
    text
}
