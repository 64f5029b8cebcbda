//! `sv2-conform fuzz show`.

use crate::cli::{Exit, Failure, print};
use crate::fuzz::as_scenario::as_scenario;
use crate::fuzz::pool::played;
use crate::fuzz::program::{Program, minimised};
use clap::{Args, ValueEnum};
use std::io::Write;
use std::path::{Path, PathBuf};
use sv2_reference_pool::faults::Fault;

#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArgs {
    /// An input of pool_sequence, or a program as text.
    input: PathBuf,
    /// How to print it.
    #[arg(long = "as", value_enum, default_value_t = Form::Text)]
    form: Form,
    /// Makes it as small as it can be and still show what the judges find in it.
    #[arg(long)]
    least: bool,
    /// Plays it against a pool that is wrong in this way, for --least. See `list --faults`.
    #[arg(long, value_name = "ID", requires = "least", value_parser = fault)]
    fault: Vec<Fault>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// A line per operation.
    Text,
    /// A scenario that `run` plays.
    Scenario,
    /// The bytes of an input.
    Bytes,
}

/// How often a program is played to find a smaller one.
const BUDGET: usize = 20_000;

fn fault(id: &str) -> Result<Fault, String> {
    Fault::by_id(id).ok_or_else(|| "no such fault; `sv2-conform list --faults` lists them".to_owned())
}

pub(super) fn show(args: &ShowArgs) -> Result<Exit, Failure> {
    let mut program = read(&args.input)?;
    if args.least {
        program = least(&program, &args.fault)?;
    }
    match args.form {
        Form::Text => print(&program.to_string()),
        Form::Scenario => print(&as_scenario(&program, &format!("The program of {}", args.input.display())).text),
        Form::Bytes => std::io::stdout()
            .write_all(&program.to_bytes())
            .map_err(|error| Failure::usage(format!("standard output: {error}")))?,
    }
    Ok(Exit::Fine)
}

fn read(path: &Path) -> Result<Program, Failure> {
    let wrong = |what: String| Failure::usage(format!("{}: {what}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    match std::str::from_utf8(&bytes) {
        Ok(text) if text.starts_with("sv2-program") => {
            text.parse::<Program>().map_err(|error| wrong(error.to_string()))
        }
        _ => Program::from_bytes(&bytes).map_err(|error| wrong(error.to_string())),
    }
}

/// The smallest program in which the same oracle finds something.
fn least(program: &Program, faults: &[Fault]) -> Result<Program, Failure> {
    let found = |program: &Program| played(program, faults).err().unwrap_or_default();
    let first = found(program);
    let Some(finding) = first.first() else {
        return Err(Failure::usage("nothing is found in this program, so there is nothing to keep"));
    };
    let oracle = finding.oracle;
    let least = minimised(program, BUDGET, |program| found(program).iter().any(|it| it.oracle == oracle));
    for finding in found(&least) {
        eprintln!("{finding}");
    }
    Ok(least)
}
