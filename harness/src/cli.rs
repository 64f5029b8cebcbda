//! The command line: what can be asked, and what the program exits with.

mod coverage;
mod doctor;
mod expect;
mod explain;
mod filter;
mod fmt;
mod fuzz;
mod gate;
mod interrupt;
mod keep;
mod launch;
mod lint;
mod play;
mod profile;
mod progress;
mod repro;
mod review;
mod run;
mod select;
mod selftest;
mod shim;
mod spec;
mod style;
mod templates;

use crate::ledger::Ledger;
use crate::report;
use crate::scenario::diagnostic::ScenarioErrors;
use crate::suite::{self, SuiteError};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use miette::{GraphicalReportHandler, GraphicalTheme};
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;
use sv2_reference_pool::faults::FAULTS;

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
    /// What is expected to fail passes, or is no more.
    ExpectationsStale,
    /// A trace is not that of its snapshot.
    SnapshotChanged,
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
            Self::ExpectationsStale => 6,
            Self::SnapshotChanged => 7,
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
    Run(Box<run::RunArgs>),
    /// Keeps a file of what is known to fail, for `run --expectations`.
    #[command(subcommand)]
    Expect(expect::ExpectCommand),
    /// Says which clauses of the specification a run decides, and which checks are proved to be able to fail.
    Coverage(coverage::CoverageArgs),
    /// Tests the suite itself: a clean pool raises nothing, and every fault is found by a check that claims what it breaks.
    Selftest(selftest::SelftestArgs),
    /// Says on one screen what a clause, an ambiguity, a scenario, a rule or a fault is about, and what decides or finds it.
    Explain(explain::ExplainArgs),
    /// Visits a pool step by step and explains the first trouble.
    Doctor(doctor::DoctorArgs),
    /// Drafts, shows and checks profiles: what a pool can do, and how it is to be treated.
    Profile(profile::ProfileArgs),
    /// Lists scenarios, without playing them.
    List(ListArgs),
    /// Parses scenarios and checks every name in them, without playing them.
    Check(CheckArgs),
    /// Accepts or rejects traces that `run --snapshots new` found to be new or changed.
    Review(review::ReviewArgs),
    /// Puts scenarios and fragments into their canonical form, and lists those that were not.
    Fmt(fmt::FmtArgs),
    /// Fuzzes codecs and the reference pool on stable Rust, and replays corpora.
    #[command(subcommand)]
    Fuzz(fuzz::FuzzCommand),
    /// Prints a script that completes this command line in a shell.
    Completions(CompletionsArgs),
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Files, folders, or ids of the embedded suite; without any, the embedded suite.
    paths: Vec<PathBuf>,
    #[command(flatten)]
    selection: select::Selection,
    /// List the faults that the embedded pool can be given instead.
    #[arg(long, conflicts_with = "paths")]
    faults: bool,
    /// List the profiles that the program brings along instead.
    #[arg(long, conflicts_with_all = ["paths", "faults"])]
    profiles: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ListFormat {
    /// One line per scenario.
    Text,
    /// An array of objects with `id`, `title`, `checks`, `tags` and `exclusive`.
    Json,
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// Files, folders, or ids of the embedded suite; without any, the embedded suite.
    paths: Vec<PathBuf>,
    /// What else is an error.
    #[arg(long, value_enum, value_name = "WHAT")]
    deny: Option<Deny>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Deny {
    /// What is allowed and probably not meant.
    Warnings,
}

#[derive(Debug, Args)]
struct CompletionsArgs {
    /// The shell.
    shell: clap_complete::Shell,
}

/// Does what the command line asks.
///
/// # Errors
/// What keeps the command from its work; what it found is no error.
pub fn main(cli: Cli) -> Result<Exit, Failure> {
    let ledger = suite::embedded_ledger().map_err(|error| Failure::ours(error.to_string()))?;
    match cli.command {
        Command::Run(args) => run::run(*args, ledger),
        Command::Expect(command) => expect::expect(command, ledger),
        Command::Coverage(args) => coverage::coverage(&args, ledger),
        Command::Selftest(args) => selftest::selftest(&args, ledger),
        Command::Explain(args) => explain::explain(&args, ledger),
        Command::Doctor(args) => doctor::run(args, &ledger),
        Command::Profile(args) => profile::run(args, ledger),
        Command::List(args) => list(&args, &ledger),
        Command::Check(args) => check(&args, &ledger),
        Command::Review(args) => review::review(&args),
        Command::Fmt(args) => fmt::fmt(&args),
        Command::Fuzz(command) => fuzz::fuzz(&command, &ledger),
        Command::Completions(args) => completions(&args),
    }
}

fn list(args: &ListArgs, ledger: &Ledger) -> Result<Exit, Failure> {
    if args.faults {
        return Ok(list_faults(args.format));
    }
    if args.profiles {
        return profile::list(args.format, ledger);
    }
    let mut suite = select::suite(&args.paths, ledger)?;
    args.selection.narrow(&mut suite);
    match args.format {
        ListFormat::Text => {
            let lines = suite.scenarios.iter().map(|it| format!("{}  {}\n", it.id, it.title()));
            print(&lines.collect::<String>());
        }
        ListFormat::Json => {
            let rows = suite.scenarios.iter().map(|scenario| {
                json!({
                    "id": scenario.id,
                    "title": scenario.title(),
                    "checks": scenario.checks(),
                    "tags": scenario.tags().collect::<Vec<_>>(),
                    "exclusive": scenario.is_exclusive(),
                })
            });
            print(&format!("{:#}\n", rows.collect::<serde_json::Value>()));
        }
    }
    Ok(if suite.scenarios.is_empty() { Exit::Nothing } else { Exit::Fine })
}

fn list_faults(format: ListFormat) -> Exit {
    match format {
        ListFormat::Text => {
            let lines = FAULTS.iter().map(|fault| {
                let clauses = fault.clauses.join(" ");
                format!("{}  {}  {}  breaks {clauses}\n", fault.id, fault.name, fault.field)
            });
            print(&lines.collect::<String>());
        }
        ListFormat::Json => {
            let rows = FAULTS.iter().map(|fault| {
                json!({
                    "id": fault.id,
                    "name": fault.name,
                    "layer": format!("{:?}", fault.layer).to_lowercase(),
                    "field": fault.field,
                    "clauses": fault.clauses,
                    "trigger": fault.trigger,
                    "seen_in": fault.seen_in,
                })
            });
            print(&format!("{:#}\n", rows.collect::<serde_json::Value>()));
        }
    }
    Exit::Fine
}

fn check(args: &CheckArgs, ledger: &Ledger) -> Result<Exit, Failure> {
    let suite = select::suite(&args.paths, ledger)?;
    let remarks = lint::remarks(&suite);
    for remark in &remarks {
        print(&format!("{}\n", remark.text));
    }
    if remarks.iter().any(|remark| !remark.is_warning || args.deny.is_some()) {
        return Ok(Exit::Usage);
    }
    print(&format!("{} scenarios and {} fragments are fine\n", suite.scenarios.len(), suite.fragments.len()));
    Ok(Exit::Fine)
}

fn completions(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "sv2-conform", &mut script);
    print(&String::from_utf8_lossy(&script));
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
