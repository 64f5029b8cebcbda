//! `sv2-conform fuzz show`.

use crate::cli::{Exit, Failure, print};
use crate::fuzz::as_scenario::as_scenario;
use crate::fuzz::lower::lower;
use crate::fuzz::pool::played;
use crate::fuzz::program::{Program, minimised};
use crate::ledger::Ledger;
use crate::suite::{self, Suite};
use clap::{Args, ValueEnum};
use std::io::Write;
use std::path::{Path, PathBuf};
use sv2_reference_pool::faults::Fault;

#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArgs {
    /// An input of pool_sequence, or a program as text; or a scenario, by its `.sv2t` file or its id in the embedded suite, to be
    /// made a program. What a program cannot say is told on standard error.
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
    #[value(alias = "program")]
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

pub(super) fn show(args: &ShowArgs, ledger: &Ledger) -> Result<Exit, Failure> {
    let mut program = match is_scenario(&args.input) {
        true => lowered(&args.input, ledger)?,
        false => read(&args.input)?,
    };
    if args.least {
        program = least(&program, &args.fault)?;
    }
    match args.form {
        Form::Text => print(&program.to_string()),
        Form::Scenario => {
            print(&as_scenario(&program, &format!("The program of {}", args.input.display())).text)
        }
        Form::Bytes => std::io::stdout()
            .write_all(&program.to_bytes())
            .map_err(|error| Failure::usage(format!("standard output: {error}")))?,
    }
    Ok(Exit::Fine)
}

/// What is no file may be an id.
fn is_scenario(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "sv2t") || !path.exists()
}

/// The program of a scenario; of a matrix, that of the id with its values, else of the first row.
fn lowered(path: &Path, ledger: &Ledger) -> Result<Program, Failure> {
    let name = path.display();
    let Suite { scenarios, fragments } = match path.exists() {
        true => suite::load(&[path.to_owned()], ledger)?,
        false => {
            let mut suite = suite::load_embedded(ledger)?;
            let id = path.to_string_lossy();
            let is_meant = |of: &str| of == id || of.split_once('[').is_some_and(|(stem, _)| stem == id);
            suite.scenarios.retain(|scenario| is_meant(&scenario.id));
            suite
        }
    };
    let Some(scenario) = scenarios.first() else {
        return Err(Failure::usage(format!("{name}: no such file, and no scenario of the embedded suite")));
    };
    if scenarios.len() > 1 {
        eprintln!("{name}: the first of {} scenarios, {}", scenarios.len(), scenario.id);
    }
    let lowered = lower(&scenario.source.file, &scenario.source.text, &scenario.row, &fragments);
    for lost in &lowered.lost {
        eprintln!("{name}: not said: {lost}");
    }
    Ok(lowered.program)
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
