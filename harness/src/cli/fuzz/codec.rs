//! `sv2-conform fuzz codec`.

use super::tell;
use crate::cli::shim::{ShimRun, shim};
use crate::cli::{Exit, Failure, print};
use crate::fuzz::blind::{Blind, Found, Limits, Outcome};
use crate::fuzz::corpus::{Corpus, MANIFEST};
use clap::Args;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::time::Duration;
use sv2_wire::fuzz::{Finding, Target};

/// How long a campaign takes that is not told.
const DEFAULT_TIME: Duration = Duration::from_secs(60);
/// Inputs that a shim gets that is not told how many, and how long it may take for any number of them.
const SHIM_RUNS: u64 = 10_000;
const SHIM_TIME: Duration = Duration::from_secs(3600);

#[derive(Debug, Args)]
pub(in crate::cli) struct CodecArgs {
    /// The target; `sv2-conform fuzz list` lists them.
    #[arg(long, value_name = "NAME", value_parser = super::target, required_unless_present = "shim")]
    target: Option<&'static Target>,
    /// Instead of a target: the command line of a shim, behind which another implementation's codec is judged. It reads requests
    /// and writes answers, a line each (see fuzz/README.md).
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["target", "corpus", "save"])]
    shim: Option<String>,
    /// Seconds that a shim may take for an answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    answer_within: u64,
    /// How long, such as 60s, 10m or 2h; 60s for a target unless --runs is given.
    #[arg(long = "for", value_name = "TIME", value_parser = duration, conflicts_with = "runs")]
    time: Option<Duration>,
    /// How many inputs; 10000 for a shim unless --for is given, behind the vectors and the boundary values.
    #[arg(long, value_name = "N")]
    runs: Option<u64>,
    /// Where the inputs are drawn from.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The folder of corpora; without one, the inputs that the program brings along.
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// Where to keep an input that raises a finding.
    #[arg(long, value_name = "DIR", default_value = "fuzz-findings")]
    save: PathBuf,
}

pub(super) fn codec(args: &CodecArgs) -> Result<Exit, Failure> {
    match (&args.shim, args.target) {
        (Some(command), _) => shim(&ShimRun {
            command,
            seed: args.seed,
            runs: args.runs.unwrap_or_else(|| if args.time.is_some() { u64::MAX } else { SHIM_RUNS }),
            within: args.time.unwrap_or(SHIM_TIME),
            answer_within: Duration::from_secs(args.answer_within),
        }),
        (None, Some(target)) => campaign_of(args, target),
        (None, None) => Err(Failure::usage("expected --target or --shim")),
    }
}

fn campaign_of(args: &CodecArgs, target: &'static Target) -> Result<Exit, Failure> {
    let (inputs, source) = inputs(args, target)?;
    print(&format!("{}, seed {}, from {} inputs {source}\n", target.name, args.seed, inputs.len()));
    let time = if args.runs.is_some() { None } else { Some(args.time.unwrap_or(DEFAULT_TIME)) };
    let blind = Blind::new(target, inputs, args.seed);
    let Outcome { executions, took, found } = blind.run(Limits { runs: args.runs, time });
    let seconds = took.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate is for people")]
    let rate = executions as f64 / seconds.max(1e-9);
    let figures = format!("{executions} executions in {seconds:.1} s, {rate:.0}/s");
    let Some(Found { input, finding, .. }) = found else {
        print(&format!("{figures}, nothing found\n"));
        return Ok(Exit::Fine);
    };
    let path = save(&args.save, target, &input, &finding)?;
    let (bytes, path) = (input.len(), path.display());
    print(&format!(
        "{figures}\n\n{}  input: {path} ({bytes} bytes)\n  again: sv2-conform fuzz replay {path}\n",
        tell(target, &finding)
    ));
    Ok(Exit::Failed)
}

/// The inputs to begin with, and where they are from.
fn inputs(args: &CodecArgs, target: &Target) -> Result<(Vec<Vec<u8>>, String), Failure> {
    let here = Path::new("corpus");
    let root = match &args.corpus {
        Some(root) => root.as_path(),
        None if here.join(MANIFEST).exists() => here,
        None => {
            let seeds = (target.seeds)().into_iter().map(|seed| seed.bytes);
            return Ok((seeds.collect(), "of the program".to_owned()));
        }
    };
    let inputs = Corpus::load(root)?.inputs(target.name)?;
    if inputs.is_empty() {
        return Err(Failure::usage(format!("{}: no inputs for {}", root.display(), target.name)));
    }
    let source = format!("of {}", root.join(target.name).display());
    Ok((inputs.into_iter().map(|input| input.bytes).collect(), source))
}

/// Keeps an input under a name that is the same for the same input.
fn save(root: &Path, target: &Target, input: &[u8], finding: &Finding) -> Result<PathBuf, Failure> {
    let digest = hex::encode(Sha256::digest(input));
    let name = format!("{}-{}", finding.oracle, digest.get(..16).unwrap_or(&digest));
    let folder = root.join(target.name);
    let path = folder.join(name);
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(&path, input))
        .map_err(|error| Failure::usage(format!("{} cannot be written: {error}", path.display())))?;
    Ok(path)
}

/// A time with its unit: 500ms, 60s, 10m, 2h.
fn duration(text: &str) -> Result<Duration, String> {
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let millis = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err("expected a number with ms, s, m or h behind it, such as 60s".to_owned()),
    };
    let number = number.parse::<u64>().map_err(|_| "expected a number in front of the unit".to_owned())?;
    number.checked_mul(millis).map(Duration::from_millis).ok_or_else(|| "too long".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sv2_wire::fuzz::{ANSWERS, datatype::TARGET};

    #[test]
    fn times_have_units() {
        assert_eq!(duration("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7200)));
        assert_eq!(duration("5ms"), Ok(Duration::from_millis(5)));
        for wrong in ["60", "s", "", "1 s", "99999999999999999999s", "18446744073709551615h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    static ODD: Target =
        Target { run: |data| if data.len() > 3 { Err(ANSWERS.found("too long")) } else { Ok(()) }, ..TARGET };

    #[test]
    fn a_finding_keeps_its_input_and_fails() {
        let folder = tempfile::tempdir().unwrap();
        let args = CodecArgs {
            target: Some(&ODD),
            shim: None,
            answer_within: 1,
            time: None,
            runs: Some(100_000),
            seed: 1,
            corpus: None,
            save: folder.path().to_owned(),
        };
        assert_eq!(codec(&args).unwrap(), Exit::Failed);
        let kept = std::fs::read_dir(folder.path().join(ODD.name)).unwrap();
        let paths = kept.map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
        let [path] = paths.as_slice() else { panic!("{paths:?}") };
        assert!(path.file_name().unwrap().to_string_lossy().starts_with("answers-"), "{path:?}");
        assert!((ODD.run)(&std::fs::read(path).unwrap()).is_err());
    }
}
