//! cargo-fuzz and the libFuzzer programs that it builds, run as processes.

use crate::log::{Figures, Signature, figures, signature};
use crate::state::State;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use sv2_conform::suite::embedded_ledger;
use sv2_wire::fuzz::Target;

/// Seconds after which one input counts as a hang.
const HANG: u32 = 10;
/// Most memory of a run, in MiB.
const MEMORY: u32 = 2048;
/// Seconds that are spent on making a finding's input shorter.
const SHORTENING: u32 = 20;

/// How the programs are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Sanitizer {
    /// AddressSanitizer.
    Address,
    /// None: faster, and blind to what only a sanitizer sees.
    None,
}

/// Where things are.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    /// The project's top level.
    pub(crate) root: PathBuf,
    pub(crate) state: State,
    pub(crate) sanitizer: Sanitizer,
}

/// One run of one target.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) seconds: u64,
    pub(crate) figures: Figures,
    /// What ended it early, and the folder where its input is kept.
    pub(crate) finding: Option<(Signature, PathBuf)>,
}

/// A program is missing, failed, or said nothing: our own trouble, never a finding.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    #[error(
        "{program} cannot be run: {error}; `cargo install cargo-fuzz` and a nightly toolchain are needed"
    )]
    Start { program: String, error: std::io::Error },
    #[error("{program} failed with {status}")]
    Failed { program: String, status: std::process::ExitStatus },
    #[error("{target} ended with {status} and no finding; the end of what it said:\n{said}")]
    Odd { target: String, status: std::process::ExitStatus, said: String },
    #[error(transparent)]
    Ledger(#[from] sv2_conform::ledger::LedgerError),
    #[error(transparent)]
    File(#[from] std::io::Error),
}

impl Engine {
    /// Builds the programs of all targets.
    pub(crate) fn build(&self) -> Result<(), EngineError> {
        let sanitizer = if self.sanitizer == Sanitizer::Address { "address" } else { "none" };
        let mut command = Command::new("cargo");
        command.args(["+nightly", "fuzz", "build", "--sanitizer", sanitizer]).current_dir(&self.root);
        status(command, "cargo +nightly fuzz build")
    }

    /// Fuzzes a target for so many seconds, from the inputs of the repository and of earlier runs.
    pub(crate) fn run(&self, target: &Target, seconds: u64, seed: u32) -> Result<Run, EngineError> {
        self.state.create(target.name)?;
        std::fs::write(self.state.dictionary(), dictionary()?)?;
        let artifacts = self.state.artifacts(target.name);
        let mut command = self.program(target);
        command
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-seed={seed}"))
            .arg(format!("-dict={}", self.state.dictionary().display()))
            .arg(format!("-artifact_prefix={}/", artifacts.display()))
            .arg("-print_final_stats=1")
            .arg(self.state.corpus(target.name));
        let kept = self.root.join("corpus").join(target.name);
        if kept.is_dir() {
            command.arg(kept);
        }
        let begin = Instant::now();
        let (is_fine, status, log) = said(command, target.name)?;
        let seconds = begin.elapsed().as_secs().max(1);
        let figures = figures(&log);
        self.state.record(target.name, seconds, figures, seed)?;
        let finding = match signature(target.name, &log) {
            Some(signature) => Some(self.keep(target, signature, &log)?),
            None if is_fine => None,
            None => {
                let said = log.lines().rev().take(12).collect::<Vec<_>>().into_iter().rev();
                let said = said.collect::<Vec<_>>().join("\n");
                return Err(EngineError::Odd { target: target.name.to_owned(), status, said });
            }
        };
        Ok(Run { seconds, figures, finding })
    }

    /// Puts the inputs that are needed for all of the coverage, and no others, in place of those of the repository.
    pub(crate) fn minimise(&self, target: &Target) -> Result<(), EngineError> {
        let kept = self.root.join("corpus").join(target.name);
        let fresh = self.root.join("corpus").join(format!(".{}.new", target.name));
        let _ = std::fs::remove_dir_all(&fresh);
        std::fs::create_dir_all(&fresh)?;
        std::fs::create_dir_all(self.state.corpus(target.name))?;
        let mut command = self.program(target);
        command.arg("-merge=1").arg(&fresh).arg(&kept).arg(self.state.corpus(target.name));
        let (is_fine, status, log) = said(command, target.name)?;
        if !is_fine {
            let said = log.lines().rev().take(3).collect::<Vec<_>>().join("\n");
            return Err(EngineError::Odd { target: target.name.to_owned(), status, said });
        }
        std::fs::remove_dir_all(&kept)?;
        Ok(std::fs::rename(&fresh, &kept)?)
    }

    /// Shortens the newest artifact and keeps it.
    fn keep(
        &self,
        target: &Target,
        signature: Signature,
        log: &str,
    ) -> Result<(Signature, PathBuf), EngineError> {
        let written =
            log.lines().find_map(|line| line.split_once("Test unit written to ")).map(|(_, path)| path);
        let path = written.map(PathBuf::from).unwrap_or_default();
        let mut input = std::fs::read(&path).unwrap_or_default();
        let shorter = path.with_extension("short");
        let mut command = self.program(target);
        command
            .arg("-minimize_crash=1")
            .arg(format!("-max_total_time={SHORTENING}"))
            .arg(format!("-exact_artifact_path={}", shorter.display()))
            .arg(&path);
        let _ = said(command, target.name)?;
        if let Ok(short) = std::fs::read(&shorter)
            && self.signature_of(target, &shorter)? == Some(signature.clone())
        {
            input = short;
        }
        let (folder, _) = self.state.keep(target.name, &signature, &input, log)?;
        Ok((signature, folder))
    }

    /// What one input does, on its own.
    fn signature_of(&self, target: &Target, input: &Path) -> Result<Option<Signature>, EngineError> {
        let mut command = self.program(target);
        command.arg(input);
        Ok(signature(target.name, &said(command, target.name)?.2))
    }

    fn program(&self, target: &Target) -> Command {
        let built = self.root.join("fuzz/target/x86_64-unknown-linux-gnu/release").join(target.name);
        let mut command = Command::new(built);
        command
            .arg(format!("-max_len={}", target.max_len))
            .arg(format!("-timeout={HANG}"))
            .arg(format!("-rss_limit_mb={MEMORY}"))
            .current_dir(&self.root);
        command
    }
}

/// The words of all messages and the ledger's error codes, as libFuzzer reads them.
fn dictionary() -> Result<String, EngineError> {
    Ok(sv2_conform::fuzz::dictionary(&embedded_ledger()?))
}

/// Writes what libFuzzer is to be told of each target, as ClusterFuzzLite and OSS-Fuzz look for it.
pub(crate) fn package(targets: &[&Target], folder: &Path) -> Result<(), EngineError> {
    let dictionary = dictionary()?;
    for target in targets {
        let file = |suffix: &str| folder.join(format!("{}.{suffix}", target.name));
        std::fs::write(file("dict"), &dictionary)?;
        let options = format!("[libfuzzer]\nmax_len = {}\ntimeout = {HANG}\n", target.max_len);
        std::fs::write(file("options"), options)?;
        println!("{}", target.name);
    }
    Ok(())
}

/// Runs a program whose output is for the user.
pub(crate) fn status(mut command: Command, name: &str) -> Result<(), EngineError> {
    let status = command.status().map_err(|error| EngineError::Start { program: name.to_owned(), error })?;
    let program = name.to_owned();
    if status.success() { Ok(()) } else { Err(EngineError::Failed { program, status }) }
}

/// Runs a program and hands back whether it ended well, how it ended, and what it said on standard error.
fn said(mut command: Command, name: &str) -> Result<(bool, std::process::ExitStatus, String), EngineError> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let output = command.output().map_err(|error| EngineError::Start { program: name.to_owned(), error })?;
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok((output.status.success(), output.status, log))
}
