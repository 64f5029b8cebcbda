//! Fuzzing without coverage, on stable Rust and in this process: inputs of the corpus, changed by the target's own mutations.

use crate::engine::{Engine, EngineError};
use crate::log::Signature;
use std::time::Duration;
use sv2_conform::fuzz::blind::{Blind, Found, Limits, Outcome};
use sv2_conform::fuzz::corpus::Corpus;
use sv2_wire::fuzz::Target;

/// Fuzzes each target for a while or to its first finding, which is kept. Whether no oracle objected.
pub(crate) fn blind(
    engine: &Engine,
    targets: &[&'static Target],
    time: Duration,
    seed: u64,
) -> Result<bool, EngineError> {
    let corpus = Corpus::load(&engine.root.join("corpus")).map_err(std::io::Error::other)?;
    let mut is_fine = true;
    for target in targets {
        let inputs = corpus.inputs(target.name).map_err(std::io::Error::other)?;
        let inputs = inputs.into_iter().map(|input| input.bytes).collect();
        is_fine &= one(engine, target, Blind::new(target, inputs, seed), time)?;
    }
    Ok(is_fine)
}

fn one(engine: &Engine, target: &'static Target, blind: Blind, time: Duration) -> Result<bool, EngineError> {
    let Outcome { executions, took, found } = blind.run(Limits { runs: None, time: Some(time) });
    let Some(Found { input, finding, place }) = found else {
        println!("{:<18} {:>4} s {executions:>11} executions, nothing found", target.name, took.as_secs());
        return Ok(true);
    };
    let signature = Signature { what: finding.oracle.to_owned(), place: place.unwrap_or_default() };
    let (folder, _) = engine.state.keep(target.name, &signature, &input, &finding.to_string())?;
    println!("{:<18} FOUND {finding}\n  after {executions} inputs, see {}", target.name, folder.display());
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Sanitizer;
    use crate::state::State;
    use sv2_wire::fuzz::{Finding, Oracle};

    const NEVER: Oracle =
        Oracle { name: "never", about: "no input has more than twelve bytes", clauses: &[] };

    fn short(data: &[u8]) -> Result<(), Finding> {
        if data.len() > 12 { Err(NEVER.found(data.len().to_string())) } else { Ok(()) }
    }

    /// `datatype`, judged otherwise.
    static SHORT: Target = Target { oracles: &[NEVER], run: short, ..sv2_wire::fuzz::datatype::TARGET };

    #[test]
    fn a_finding_is_kept_and_ends_its_target() {
        let folder = tempfile::tempdir().unwrap();
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let engine = Engine { state: State::new(folder.path()), root, sanitizer: Sanitizer::None };
        assert!(!blind(&engine, &[&SHORT], Duration::from_secs(60), 1).unwrap());
        assert_eq!(engine.state.findings("datatype"), 1);
        let found = std::fs::read_dir(folder.path().join("findings")).unwrap().next().unwrap().unwrap();
        assert!(std::fs::read(found.path().join("input")).unwrap().len() > 12);
        assert!(blind(&engine, &[&SHORT], Duration::ZERO, 1).unwrap());
    }

    /// Panics at one of two places, by what the input begins with.
    fn breaks(data: &[u8]) -> Result<(), Finding> {
        assert!(data.first().is_none_or(|first| first % 2 == 0), "odd");
        panic!("even");
    }

    static BREAKS: Target = Target { run: breaks, ..sv2_wire::fuzz::datatype::TARGET };

    #[test]
    fn each_place_of_a_panic_has_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let root = std::path::PathBuf::new();
        let engine = Engine { state: State::new(folder.path()), root, sanitizer: Sanitizer::None };
        for (input, folders) in [(1, 1), (3, 1), (2, 2)] {
            let blind = Blind::new(&BREAKS, vec![vec![input]], 1);
            assert!(!one(&engine, &BREAKS, blind, Duration::from_secs(60)).unwrap());
            assert_eq!(engine.state.findings("datatype"), folders, "{input}");
        }
    }

    #[test]
    fn what_sri_adds_is_listed() {
        let text = sv2_conform::fuzz::list(sv2_fuzz_bodies::targets());
        assert_eq!(text.lines().filter(|line| line.starts_with("datatype  ")).count(), 1);
        assert!(text.contains("  sri_share "), "{text}");
    }
}
