//! Fuzzing without coverage, on stable Rust and in this process: inputs of the corpus, changed by the target's own mutations.

use crate::engine::{Engine, EngineError};
use crate::log::Signature;
use std::time::{Duration, Instant};
use sv2_conform::fuzz::blind::Blind;
use sv2_conform::fuzz::corpus::Corpus;
use sv2_conform::fuzz::judge;
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

fn one(
    engine: &Engine,
    target: &'static Target,
    mut blind: Blind,
    time: Duration,
) -> Result<bool, EngineError> {
    let begun = Instant::now();
    let (mut count, mut input) = (0u64, Vec::new());
    while begun.elapsed() < time {
        blind.next_into(&mut input);
        count = count.saturating_add(1);
        if let Err(finding) = judge(target, &input) {
            let signature = Signature { what: finding.oracle.to_owned(), place: String::new() };
            let (folder, _) = engine.state.keep(target.name, &signature, &input, &finding.to_string())?;
            println!("{:<18} FOUND {finding}\n  after {count} inputs, see {}", target.name, folder.display());
            return Ok(false);
        }
    }
    println!("{:<18} {:>4} s {count:>11} executions, nothing found", target.name, begun.elapsed().as_secs());
    Ok(true)
}

/// Every target and what it watches, as `sv2-conform fuzz list` has it.
pub(crate) fn list(targets: &[&'static Target]) -> String {
    let mut text = String::new();
    for target in targets {
        text.push_str(&format!("{}  {}\n", target.name, target.about));
        for oracle in target.oracles {
            text.push_str(&format!("  {:<16} {}\n", oracle.name, oracle.about));
        }
    }
    text
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

    #[test]
    fn what_sri_adds_is_listed() {
        let targets: Vec<_> = sv2_fuzz_bodies::targets().collect();
        let text = list(&targets);
        assert_eq!(text.lines().filter(|line| line.starts_with("datatype  ")).count(), 1);
        assert!(text.contains("  sri_share "), "{text}");
    }
}
