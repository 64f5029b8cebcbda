//! What a campaign keeps between its runs: below `fuzz/state/`, a folder for each target, and one for each finding.

use crate::log::{Figures, Signature};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder of a campaign.
#[derive(Clone, Debug)]
pub(crate) struct State {
    root: PathBuf,
}

/// All runs of one target together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Total {
    /// Seconds of fuzzing.
    pub(crate) seconds: u64,
    /// Inputs judged, and the most edges and features that a run reached.
    pub(crate) figures: Figures,
}

impl State {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The inputs that a target's runs found, beside those that are kept in the repository.
    pub(crate) fn corpus(&self, target: &str) -> PathBuf {
        self.root.join(target).join("corpus")
    }

    /// Where libFuzzer puts what made it stop.
    pub(crate) fn artifacts(&self, target: &str) -> PathBuf {
        self.root.join(target).join("artifacts")
    }

    /// The dictionary of all targets.
    pub(crate) fn dictionary(&self) -> PathBuf {
        self.root.join("sv2.dict")
    }

    pub(crate) fn create(&self, target: &str) -> std::io::Result<()> {
        std::fs::create_dir_all(self.corpus(target))?;
        std::fs::create_dir_all(self.artifacts(target))
    }

    /// What all runs of a target come to; a line that is not ours counts nothing.
    pub(crate) fn total(&self, target: &str) -> Total {
        let rows = std::fs::read_to_string(self.runs(target)).unwrap_or_default();
        rows.lines().filter_map(row).fold(Total::default(), |sum, (seconds, figures)| Total {
            seconds: sum.seconds.saturating_add(seconds),
            figures: Figures {
                executed: sum.figures.executed.saturating_add(figures.executed),
                edges: sum.figures.edges.max(figures.edges),
                features: sum.figures.features.max(figures.features),
            },
        })
    }

    /// Adds a run.
    pub(crate) fn record(
        &self,
        target: &str,
        seconds: u64,
        figures: Figures,
        seed: u32,
    ) -> std::io::Result<()> {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(self.runs(target))?;
        let Figures { executed, edges, features } = figures;
        writeln!(file, "{seconds}\t{executed}\t{edges}\t{features}\t{seed}")
    }

    /// Keeps an input that an oracle objected to, once for each signature. Gives its folder, and whether it is new.
    pub(crate) fn keep(
        &self,
        target: &str,
        signature: &Signature,
        input: &[u8],
        log: &str,
    ) -> std::io::Result<(PathBuf, bool)> {
        let key = format!("{target}\n{}\n{}", signature.what, signature.place);
        let digest = hex::encode(Sha256::digest(key.as_bytes()));
        let name = format!("{target}-{}-{}", signature.what, digest.get(..8).unwrap_or_default());
        let folder = self.root.join("findings").join(name);
        let kept = folder.join("input");
        let is_new = !folder.exists();
        std::fs::create_dir_all(&folder)?;
        // The shortest of those that show the same thing is the one to look at.
        if is_new || std::fs::metadata(&kept).is_ok_and(|known| known.len() > input.len() as u64) {
            std::fs::write(kept, input)?;
            std::fs::write(folder.join("log.txt"), log)?;
        }
        Ok((folder, is_new))
    }

    /// How many different findings of a target are kept.
    pub(crate) fn findings(&self, target: &str) -> usize {
        let entries = std::fs::read_dir(self.root.join("findings")).into_iter().flatten().flatten();
        let prefix = format!("{target}-");
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix)).count()
    }

    fn runs(&self, target: &str) -> PathBuf {
        self.root.join(target).join("runs.tsv")
    }
}

fn row(line: &str) -> Option<(u64, Figures)> {
    let mut fields = line.split('\t').map(|field| field.parse::<u64>().ok());
    let mut next = || fields.next().flatten();
    Some((next()?, Figures { executed: next()?, edges: next()?, features: next()? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_add_up_and_coverage_is_the_best() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::new(folder.path());
        assert_eq!(state.total("datatype"), Total::default());
        state.create("datatype").unwrap();
        state.record("datatype", 60, Figures { executed: 100, edges: 7, features: 9 }, 1).unwrap();
        state.record("datatype", 30, Figures { executed: 11, edges: 5, features: 12 }, 2).unwrap();
        let figures = Figures { executed: 111, edges: 7, features: 12 };
        assert_eq!(state.total("datatype"), Total { seconds: 90, figures });
    }

    #[test]
    fn one_signature_is_kept_once_with_its_shortest_input() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::new(folder.path());
        let same = Signature { what: "rechunk".to_owned(), place: String::new() };
        let (first, is_new) = state.keep("frame_stream", &same, b"longer", "log").unwrap();
        assert!(is_new);
        let (second, is_new) = state.keep("frame_stream", &same, b"short", "log").unwrap();
        assert!(!is_new && first == second);
        assert_eq!(std::fs::read(first.join("input")).unwrap(), b"short");
        let other = Signature { what: "panic".to_owned(), place: "a.rs:1:1".to_owned() };
        assert!(state.keep("frame_stream", &other, b"x", "log").unwrap().1);
        assert_eq!(state.findings("frame_stream"), 2);
        assert_eq!(state.findings("frame"), 0);
    }
}
