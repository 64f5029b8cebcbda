//! `sv2-conform run`.

use super::interrupt::Interrupt;
use super::launch::{self, Stopper};
use super::{Exit, Failure, expect, play, print, profile, report_kinds, repro, select};
use crate::expectations::{Expectations, Standing};
use crate::ledger::Ledger;
use crate::report::{self, Kind, Run};
use crate::snapshot::{self, Comparison, Mode, Snapshots};
use crate::suite::{self, Scenario, Suite};
use crate::target::Target;
use crate::verdict::{Outcome, Verdict};
use clap::{Args, ValueEnum};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use sv2_reference_pool::faults::{FAULTS, Fault};

/// The largest `--timeout-scale`.
const LARGEST_SCALE: f64 = 1000.0;

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// Files, folders, or ids of the embedded suite; without any, the embedded suite.
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) selection: select::Selection,
    #[command(flatten)]
    pub(super) choice: profile::Choice,
    /// The pool to test: stratum2+tcp://HOST:PORT/KEY, without KEY to accept any certificate, tcp://HOST:PORT for
    /// plaintext. Without it, the embedded reference pool.
    #[arg(long, value_name = "URL")]
    pub(super) target: Option<String>,
    /// Start the pool with this command line, start it again after a death, and stop it at the end.
    #[arg(long, value_name = "CMD")]
    pub(super) exec: Option<String>,
    /// When the started pool can be tested: tcp (it takes connections at --target), or line=REGEX (it has printed such a
    /// line; a group (?<target>...) in it gives the URL instead of --target).
    #[arg(long, value_name = "HOW")]
    pub(super) ready: Option<String>,
    /// Serve templates on this address, for a target that takes them from a template provider. The target is started
    /// afterwards, and its new blocks are ours to make.
    #[arg(long, value_name = "ADDR")]
    pub(super) serve_templates: Option<SocketAddr>,
    /// Seconds to wait until the target accepts connections; with --exec 30 unless said otherwise.
    #[arg(long, value_name = "SECONDS")]
    pub(super) ready_within: Option<u64>,
    /// A target that is not on this machine is tested only with this flag: its owner has to agree.
    #[arg(long)]
    pub(super) i_may_test_this: bool,
    /// Scenarios at a time. Targets that others have started get one at a time.
    #[arg(short, long, value_name = "N", default_value_t = default_jobs())]
    pub(super) jobs: usize,
    /// The seed of all randomness. Without it 0 on the embedded pool, as the snapshots have it; else one is drawn and
    /// printed.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Factor on every bound of waiting, for slow machines.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    pub(super) timeout_scale: f64,
    /// Play on virtual time, in memory, instead of over TCP; embedded pool only.
    #[arg(long, conflicts_with_all = ["target", "exec"])]
    pub(super) virtual_time: bool,
    /// What to do with the snapshots of traces: by default they are checked on the embedded pool, with the default seed.
    #[arg(long, value_enum, value_name = "MODE")]
    snapshots: Option<Mode>,
    /// Folder of the snapshots, by scenario id; without it they stand beside the scenarios.
    #[arg(long, value_name = "DIR")]
    snapshot_dir: Option<PathBuf>,
    /// Make the embedded pool wrong on purpose, by the id of a fault; may be repeated. `sv2-conform list --faults` shows
    /// them.
    #[arg(long, value_name = "ID", value_parser = fault, conflicts_with_all = ["target", "exec"])]
    pub(super) fault: Vec<Fault>,
    /// What is known to fail, as `sv2-conform expect update` writes it: such failures do not count, as long as they are the
    /// same. What passes nevertheless exits with 6.
    #[arg(long, value_name = "FILE")]
    pub(super) expectations: Option<PathBuf>,
    /// Whether what could not be decided makes the run exit with 3; JUnit reports have it as an error or as skipped.
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Inconclusive::Fail)]
    inconclusive: Inconclusive,
    /// Write a report; may be repeated.
    #[arg(long, value_name = "KIND=PATH", long_help = format!("Write a report; may be repeated. Kinds: {}", report_kinds()))]
    report: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Inconclusive {
    /// The run exits with 3.
    Fail,
    /// It is only told.
    Warn,
}

impl RunArgs {
    pub(super) fn is_embedded(&self) -> bool {
        self.target.is_none() && self.exec.is_none()
    }
}

pub(super) fn run(mut args: RunArgs, ledger: Ledger) -> Result<Exit, Failure> {
    profile::fill(&mut args, &ledger)?;
    let expectations = args.expectations.as_deref().map(expect::read).transpose()?;
    let mut played = play(&args, ledger)?;
    if let Some(expectations) = expectations {
        played.hold_against(&expectations);
    }
    let exit = played.finish()?;
    print(&report::text(&played.run, &played.ledger));
    Ok(exit)
}

/// What was played, and where it is to be told.
pub(super) struct Played {
    pub(super) run: Run,
    pub(super) ledger: Arc<Ledger>,
    /// Whether Ctrl-C came before the end.
    pub(super) is_interrupted: bool,
    reports: Vec<(&'static Kind, PathBuf, File)>,
    /// All that was loaded, whether it was selected or not, and from where.
    loaded: Suite,
    paths: Vec<PathBuf>,
}

impl Played {
    /// Whether a scenario of this id is there, played or not.
    pub(super) fn is_known(&self, id: &str) -> bool {
        suite::is_known(id, &self.loaded, &self.paths)
    }

    /// Notes how the outcomes stand to what is expected.
    pub(super) fn hold_against(&mut self, expectations: &Expectations) {
        let standings = self.run.outcomes.iter().filter_map(|outcome| {
            let expectation = expectations.of(&outcome.id)?;
            Some((outcome.id.clone(), (expectation.standing(outcome)?, expectation.clone())))
        });
        let expected = standings.collect();
        let ids = expectations.iter().map(|expectation| &expectation.scenario);
        let stale = ids.filter(|id| !self.is_known(id)).cloned().collect();
        (self.run.expected, self.run.stale) = (expected, stale);
    }

    /// Writes the reports, and gives what the program exits with.
    pub(super) fn finish(&mut self) -> Result<Exit, Failure> {
        let exit = if self.is_interrupted { Exit::Interrupted } else { exit(&self.run) };
        self.run.exit_code = exit.code();
        for (kind, path, file) in &mut self.reports {
            let text = (kind.write)(&self.run, &self.ledger);
            let written =
                text.and_then(|text| file.write_all(text.as_bytes()).map_err(|error| error.to_string()));
            written.map_err(|error| Failure::ours(format!("{}: {error}", path.display())))?;
        }
        Ok(exit)
    }
}

/// Plays what was selected.
pub(super) fn play(args: &RunArgs, ledger: Ledger) -> Result<Played, Failure> {
    let default_seed = || if args.is_embedded() { snapshot::SEED } else { drawn_seed() };
    let seed = args.seed.unwrap_or_else(default_seed);
    let snapshots = snapshots(args, seed)?;
    check_options(args)?;
    let loaded = select::suite(&args.paths, &ledger)?;
    let mut suite = loaded.clone();
    args.selection.narrow(&mut suite);
    // Only now, so that a mistake on the command line costs nobody an earlier report.
    let reports = open_reports(&args.report)?;
    let (target, exec, interrupt) = match &args.exec {
        Some(line) => {
            let interrupt = Interrupt::listen()?;
            let (target, exec) = launch::start(line, args, seed, &interrupt)?;
            (target, Some(exec), interrupt)
        }
        None => (launch::find(args, seed)?, None, Interrupt::listen()?),
    };
    let stopper = exec.clone().map(Stopper);
    let started = Instant::now();
    let ledger = Arc::new(ledger);
    let scenarios = suite.scenarios.clone();
    let (outcomes, is_interrupted) = play::all(args, suite, (&target, exec), interrupt, seed, &ledger)?;
    drop(stopper);
    let snapshots = compare(&snapshots, &scenarios, &outcomes)?;
    let run = Run {
        outcomes,
        seed,
        target: match &target {
            Target::Embedded => "the embedded pool".to_owned(),
            Target::Foreign { url, .. } => url.to_string(),
        },
        repro: repro::lines(args, &scenarios, seed),
        duration: started.elapsed(),
        snapshots,
        expected: BTreeMap::new(),
        stale: Vec::new(),
        is_inconclusive_excused: args.inconclusive == Inconclusive::Warn,
        exit_code: 0,
    };
    Ok(Played { run, ledger, is_interrupted, reports, loaded, paths: args.paths.clone() })
}

/// A factor on bounds of waiting, if it is one that makes sense.
pub(super) fn checked_scale(scale: f64) -> Result<f64, Failure> {
    if scale > 0.0 && scale <= LARGEST_SCALE {
        return Ok(scale);
    }
    Err(Failure::usage(format!("--timeout-scale {scale}: a factor is above 0 and at most {LARGEST_SCALE}")))
}

/// What the parser of the command line cannot know.
fn check_options(args: &RunArgs) -> Result<(), Failure> {
    checked_scale(args.timeout_scale)?;
    if args.is_embedded() && args.serve_templates.is_some() {
        return Err(Failure::usage(
            "--serve-templates: for a target that takes them; give --target or --exec",
        ));
    }
    Ok(())
}

/// What the outcomes amount to.
fn exit(run: &Run) -> Exit {
    let any = |verdict| run.count(verdict) > 0;
    if any(Verdict::Error) {
        Exit::Ours
    } else if any(Verdict::Fail) {
        Exit::Failed
    } else if run.count_standing(Standing::UnexpectedPass) > 0 || !run.stale.is_empty() {
        Exit::ExpectationsStale
    } else if run.snapshots.values().any(|comparison| matches!(comparison, Comparison::Changed(_))) {
        Exit::SnapshotChanged
    } else if any(Verdict::Blocked) || (any(Verdict::Inconclusive) && !run.is_inconclusive_excused) {
        Exit::Undecided
    } else if run.outcomes.iter().all(|outcome| outcome.verdict == Verdict::NotApplicable) {
        Exit::Nothing
    } else {
        Exit::Fine
    }
}

/// Snapshots hold for one seed and for the embedded pool; asked for elsewhere they need a folder of their own.
fn snapshots(args: &RunArgs, seed: u64) -> Result<Snapshots, Failure> {
    let hold_here = args.is_embedded() && args.fault.is_empty() && seed == snapshot::SEED;
    let default = if hold_here { Mode::Check } else { Mode::Off };
    let mode = args.snapshots.unwrap_or(default);
    if mode != Mode::Off && !hold_here && args.snapshot_dir.is_none() {
        return Err(Failure::usage(format!(
            "--snapshots: those beside the scenarios hold for the embedded pool and seed {}; for others give --snapshot-dir",
            snapshot::SEED
        )));
    }
    Ok(Snapshots { mode, folder: args.snapshot_dir.clone() })
}

fn compare(
    snapshots: &Snapshots,
    scenarios: &[Scenario],
    outcomes: &[Outcome],
) -> Result<BTreeMap<String, Comparison>, Failure> {
    let mut compared = BTreeMap::new();
    for outcome in outcomes {
        let Some(scenario) = scenarios.iter().find(|scenario| scenario.id == outcome.id) else { continue };
        if let Some(comparison) = snapshots.compare(scenario, outcome).map_err(Failure::ours)? {
            compared.insert(outcome.id.clone(), comparison);
        }
    }
    Ok(compared)
}

/// Creates the reports at the start, so that a path that cannot be written is found before the work is done.
fn open_reports(arguments: &[String]) -> Result<Vec<(&'static Kind, PathBuf, File)>, Failure> {
    let mut reports = Vec::new();
    for argument in arguments {
        let (name, path) = argument.split_once('=').ok_or_else(|| {
            Failure::usage(format!("--report {argument}: expected KIND=PATH, such as jsonl=out.jsonl"))
        })?;
        let kind = report::KINDS.iter().find(|kind| kind.name == name).ok_or_else(|| {
            Failure::usage(format!("--report {argument}: no kind {name}; there are {}", report_kinds()))
        })?;
        let file = File::create(path).map_err(|error| {
            Failure::usage(format!("--report {argument}: {path} cannot be written: {error}"))
        })?;
        reports.push((kind, PathBuf::from(path), file));
    }
    Ok(reports)
}

fn fault(id: &str) -> Result<Fault, String> {
    let known = FAULTS.iter().map(|fault| fault.id).collect::<Vec<_>>().join(", ");
    Fault::by_id(id).ok_or_else(|| format!("there is no such fault; there are {known}"))
}

fn default_jobs() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A seed from the system's own randomness, by way of the standard library's hasher keys.
pub(super) fn drawn_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0u8)
}
