//! All fuzz targets on this machine: libFuzzer on as many cores as wanted, with a budget for each target that can be taken up
//! again, until every target has had its minutes. See `fuzz/README.md`; `fuzz/campaign` calls it.

mod blind;
mod engine;
mod log;
mod report;
mod state;

use clap::{Args, Parser, Subcommand};
use engine::{Engine, EngineError, Sanitizer};
use state::State;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use sv2_fuzz_bodies::targets;
use sv2_wire::fuzz::Target;

#[derive(Parser)]
#[command(
    name = "campaign",
    about = "Fuzzes all targets with libFuzzer, with a budget that can be taken up again"
)]
struct Cli {
    #[command(subcommand)]
    command: Campaign,
    /// Only these targets; can be given several times.
    #[arg(long, value_name = "NAME", global = true, value_parser = target)]
    target: Vec<&'static Target>,
    /// The folder that keeps found inputs and what was done.
    #[arg(long, value_name = "DIR", default_value = "fuzz/state", global = true)]
    state: PathBuf,
    /// How the targets are built.
    #[arg(long, value_enum, default_value = "address", global = true)]
    sanitizer: Sanitizer,
}

#[derive(Subcommand)]
enum Campaign {
    /// Fuzzes until every target has had its minutes, those of earlier runs counted.
    Run(RunArgs),
    /// Fuzzes without coverage, on stable Rust, each target for as long or to its first finding.
    Blind {
        /// Seconds for each target.
        #[arg(long, value_name = "N", default_value_t = 60)]
        seconds: u64,
        /// What the inputs are drawn from; equal seeds and corpora give equal inputs.
        #[arg(long, value_name = "N", default_value_t = 1)]
        seed: u64,
    },
    /// Lists the targets and what each of them watches, the oracles that need SRI's crates included.
    List,
    /// Replaces corpus/TARGET by the inputs that are needed for all of the coverage reached so far.
    Minimise,
    /// Prints the table of what was done so far.
    Report,
    /// Prints what the replay of the corpus reaches, by cargo llvm-cov.
    Coverage,
    /// Writes TARGET.dict and TARGET.options for ClusterFuzzLite into a folder, and prints the names of the targets.
    Package {
        /// The folder.
        folder: PathBuf,
    },
}

#[derive(Args)]
struct RunArgs {
    /// Minutes for each target.
    #[arg(long, value_name = "N", default_value_t = 10)]
    minutes: u64,
    /// Targets that run at the same time.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    jobs: u64,
    /// Most seconds of one run; an interrupted campaign loses no more than that.
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..))]
    slice: u64,
    /// The seed of the first run of each target; later ones count on from it.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u32,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let targets: Vec<_> = if cli.target.is_empty() { targets().collect() } else { cli.target.clone() };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize().unwrap_or(root);
    let engine = Engine { state: State::new(&root.join(&cli.state)), root, sanitizer: cli.sanitizer };
    let done = match &cli.command {
        Campaign::Run(args) => engine.build().and_then(|()| run(&engine, &targets, args)),
        Campaign::Minimise => targets.iter().try_for_each(|target| engine.minimise(target)).map(|()| true),
        Campaign::Report => {
            print!("{}", report::campaign(&targets, &engine.state, &machine(), sanitizer(cli.sanitizer)));
            Ok(true)
        }
        Campaign::Coverage => coverage(&engine),
        Campaign::Blind { seconds, seed } => {
            blind::blind(&engine, &targets, Duration::from_secs(*seconds), *seed)
        }
        Campaign::List => {
            print!("{}", sv2_conform::fuzz::list(targets));
            Ok(true)
        }
        Campaign::Package { folder } => engine::package(&targets, folder).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("campaign: {error}");
            ExitCode::from(2)
        }
    }
}

fn target(name: &str) -> Result<&'static Target, String> {
    let names = || targets().map(|target| target.name).collect::<Vec<_>>().join(", ");
    targets()
        .find(|target| target.name == name)
        .ok_or_else(|| format!("no such target; there are {}", names()))
}

/// What the threads share.
#[derive(Default)]
struct Progress {
    running: BTreeSet<&'static str>,
    /// A finding has to be looked at before its target goes on.
    stopped: BTreeSet<&'static str>,
    trouble: Option<EngineError>,
}

/// Whether no oracle objected.
fn run(engine: &Engine, targets: &[&'static Target], args: &RunArgs) -> Result<bool, EngineError> {
    let progress = Mutex::new(Progress::default());
    std::thread::scope(|scope| {
        for _ in 0..args.jobs {
            scope.spawn(|| {
                while let Some((target, seconds, seed)) = next(engine, targets, args, &progress) {
                    let run = engine.run(target, seconds, seed);
                    let mut progress = lock(&progress);
                    progress.running.remove(target.name);
                    match run {
                        Ok(run) => tell(target, &run, &mut progress),
                        Err(error) => progress.trouble = Some(error),
                    }
                }
            });
        }
    });
    let progress = progress.into_inner().unwrap_or_else(PoisonError::into_inner);
    match progress.trouble {
        Some(error) => Err(error),
        None => Ok(progress.stopped.is_empty()),
    }
}

/// The target that had the least time so far, with the seconds of its next run and the seed of it.
fn next(
    engine: &Engine,
    targets: &[&'static Target],
    args: &RunArgs,
    progress: &Mutex<Progress>,
) -> Option<(&'static Target, u64, u32)> {
    let mut progress = lock(progress);
    if progress.trouble.is_some() {
        return None;
    }
    let budget = args.minutes.saturating_mul(60);
    let free = targets
        .iter()
        .filter(|target| !progress.running.contains(target.name) && !progress.stopped.contains(target.name));
    let waiting = free.map(|target| (engine.state.total(target.name).seconds, *target));
    let (done, target) = waiting.filter(|(done, _)| *done < budget).min_by_key(|(done, _)| *done)?;
    progress.running.insert(target.name);
    // Every run has its own seed, and a campaign that is taken up again does not repeat itself.
    let seed = args.seed.wrapping_add(u32::try_from(done).unwrap_or(u32::MAX)).max(1);
    Some((target, args.slice.min(budget.saturating_sub(done)), seed))
}

fn tell(target: &'static Target, run: &engine::Run, progress: &mut Progress) {
    let rate = run.figures.executed.checked_div(run.seconds).unwrap_or(0);
    println!(
        "{:<18} {:>4} s {:>11} executions {rate:>8}/s {:>6} edges",
        target.name, run.seconds, run.figures.executed, run.figures.edges
    );
    if let Some((signature, folder)) = &run.finding {
        println!(
            "{:<18} FOUND {} {}, see {}",
            target.name,
            signature.what,
            signature.place,
            folder.display()
        );
        progress.stopped.insert(target.name);
    }
}

fn coverage(engine: &Engine) -> Result<bool, EngineError> {
    let file = engine.root.join("target/corpus-coverage.json");
    let mut command = Command::new("cargo");
    command.args(["llvm-cov", "--json", "--summary-only", "--output-path"]).arg(&file);
    command
        .args(["-p", "sv2-conform", "-p", "sv2-fuzz-bodies", "--test", "corpus"])
        .current_dir(&engine.root);
    // The table is what standard output is for.
    command.stdout(std::process::Stdio::null());
    engine::status(command, "cargo llvm-cov")?;
    let json = serde_json::from_slice(&std::fs::read(&file)?).map_err(std::io::Error::from)?;
    let table = report::coverage(&json, &engine.root.to_string_lossy());
    let odd = || std::io::Error::other(format!("{} is not what cargo llvm-cov writes", file.display()));
    print!("{}", table.ok_or_else(odd)?);
    Ok(true)
}

/// The processor, as Linux names it.
fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or_else(|| "a machine of unknown make".to_owned(), |(_, name)| name.to_owned())
}

fn sanitizer(sanitizer: Sanitizer) -> &'static str {
    match sanitizer {
        Sanitizer::Address => "AddressSanitizer",
        Sanitizer::None => "none",
    }
}

fn lock(progress: &Mutex<Progress>) -> MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}
