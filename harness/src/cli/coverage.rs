//! `sv2-conform coverage`.

use super::{Exit, Failure, print, select, spec};
use crate::coverage::{self, Coverage, Gate, Record};
use crate::ledger::Ledger;
use crate::proof::{Effort, Fate, Prover};
use crate::snapshot;
use crate::suite::{Suite, read_text};
use crate::verdict::Verdict;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::sync::Arc;
use sv2_reference_pool::faults::FAULTS;

#[derive(Debug, Args)]
pub(super) struct CoverageArgs {
    /// Files, folders, or ids of the embedded suite; without any, the embedded suite.
    paths: Vec<PathBuf>,
    #[command(flatten)]
    selection: select::Selection,
    /// Take the run from this file, written by `run --report jsonl=FILE` against any target, instead of playing against
    /// the embedded pool on virtual time.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["seed"])]
    from: Option<PathBuf>,
    /// The seed of all randomness.
    #[arg(long, value_name = "N", default_value_t = snapshot::SEED)]
    seed: u64,
    /// Percent that have to be reached: covered of must (MUST, MUST NOT), implied, should (SHOULD, SHOULD NOT) and may;
    /// proved of the covered of must and implied. A missed gate exits 1.
    #[arg(long, value_name = "must=N,...")]
    gate: Option<Gate>,
    /// Whether the faults of the reference pool are played, to see which checks find them.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Proof::Auto)]
    proof: Proof,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Compare the sections of the specification in this checkout with those that the ledger is from, and name the
    /// clauses, scenarios and ambiguities to be read again. Plays nothing.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["from", "gate", "proof", "format"])]
    spec: Option<PathBuf>,
    /// With --spec: write the index of that checkout into this file.
    #[arg(long, value_name = "FILE", requires = "spec")]
    write: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Proof {
    /// When the whole suite is played.
    Auto,
    /// Yes.
    Yes,
    /// No.
    No,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Counts, clauses with their verdicts and checks, and what is not covered with the reasons.
    Text,
    /// One object with `observable`, `covered`, `proved`, `excused`, `by_level`, `by_section`, `uncovered`, `clauses` and
    /// `robust`.
    Json,
}

pub(super) fn coverage(args: &CoverageArgs, ledger: Ledger) -> Result<Exit, Failure> {
    let mut suite = select::suite(&args.paths, &ledger)?;
    args.selection.narrow(&mut suite);
    if let Some(folder) = &args.spec {
        return spec::compare(folder, args.write.as_deref(), &suite, &ledger);
    }
    if suite.scenarios.is_empty() {
        return Ok(Exit::Nothing);
    }
    let ledger = Arc::new(ledger);
    let (records, fates) = match &args.from {
        Some(path) => {
            let text = read_text(path)?;
            let records = coverage::records(&text)
                .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
            let is_wanted = args.proof == Proof::Yes || args.gate.as_ref().is_some_and(Gate::needs_proof);
            let fates = is_wanted.then(|| fates(&prover(&suite, &ledger, args.seed)));
            (records, fates)
        }
        None => play(args, &suite, &ledger)?,
    };
    let coverage = Coverage::of(&ledger, &suite, &records, fates.as_deref());
    match args.format {
        Format::Text => print(&coverage::text(&coverage)),
        Format::Json => print(&format!("{:#}\n", coverage.to_json())),
    }
    Ok(judge(args, &coverage, &ledger))
}

/// Plays the suite on the clean pool, and faults where they are wanted.
fn play(
    args: &CoverageArgs,
    suite: &Suite,
    ledger: &Arc<Ledger>,
) -> Result<(Vec<Record>, Option<Vec<Fate>>), Failure> {
    let prover = prover(suite, ledger, args.seed);
    let clean = prover.clean();
    if let Some(error) = clean.iter().find(|outcome| outcome.verdict == Verdict::Error) {
        let reason = error.reason.as_deref().unwrap_or_default();
        return Err(Failure::ours(format!("{}: {reason}", error.id)));
    }
    let is_proof_made = match args.proof {
        Proof::Auto => args.paths.is_empty() || args.gate.as_ref().is_some_and(Gate::needs_proof),
        Proof::Yes => true,
        Proof::No => false,
    };
    let fates = is_proof_made.then(|| fates(&prover));
    Ok((clean.into_iter().map(Record::from).collect(), fates))
}

fn prover(suite: &Suite, ledger: &Arc<Ledger>, seed: u64) -> Prover {
    Prover::new(suite.clone(), Arc::clone(ledger), seed)
}

fn fates(prover: &Prover) -> Vec<Fate> {
    prover.fates(FAULTS, Effort::EachClause)
}

/// Says on standard error what is missed.
fn judge(args: &CoverageArgs, coverage: &Coverage<'_>, ledger: &Ledger) -> Exit {
    let mut exit = Exit::Fine;
    // What one pool shows another may not: the reasons are those of the embedded one.
    let obsolete = if args.from.is_none() { coverage.obsolete_reasons(ledger) } else { Vec::new() };
    if !obsolete.is_empty() {
        eprintln!(
            "covered or proved, and still listed in requirements/uncovered.toml: {}",
            obsolete.join(", ")
        );
        exit = Exit::Failed;
    }
    for missed in args.gate.iter().flat_map(|gate| gate.missed(coverage)) {
        let (name, wanted, reached) = (missed.measure.name(), missed.wanted, missed.reached);
        let (count, ids) = (missed.clauses.len(), missed.clauses.join(" "));
        eprintln!("gate missed: {name} is {reached:.1} %, {wanted} % are asked; {count} lack it: {ids}");
        exit = Exit::Failed;
    }
    exit
}
