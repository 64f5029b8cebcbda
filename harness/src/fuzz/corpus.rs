//! Corpora: a folder of inputs per target, what MANIFEST.toml says of them, and their replay.

use super::judge;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use sv2_wire::fuzz::{Finding, Target};

/// The file that says where inputs come from.
pub const MANIFEST: &str = "MANIFEST.toml";
/// The folder of inputs that once raised a finding, a folder per target.
pub const REGRESSIONS: &str = "regressions";
/// The package whose tests replay the targets of [`super::targets`].
pub const PACKAGE: &str = env!("CARGO_PKG_NAME");

/// What MANIFEST.toml says of one target's inputs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Version of the layout of the inputs: [`Target::format`].
    pub format: u32,
    /// Where they come from.
    pub source: String,
    /// Under what they may be passed on.
    pub licence: String,
    /// The package whose tests replay them.
    pub replayed_by: String,
}

/// A folder of corpora.
#[derive(Clone, Debug)]
pub struct Corpus {
    root: PathBuf,
    manifest: BTreeMap<String, Entry>,
}

/// One input of a corpus.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its file.
    pub path: PathBuf,
    /// The input.
    pub bytes: Vec<u8>,
}

/// A corpus that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// A file or folder.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// MANIFEST.toml is not what it has to be.
    #[error("{path}: {text}")]
    Manifest {
        /// Its path.
        path: String,
        /// What is wrong.
        text: String,
    },
}

impl Corpus {
    /// Reads the manifest of a folder.
    ///
    /// # Errors
    /// There is none, or it is not what it has to be.
    pub fn load(root: &Path) -> Result<Self, CorpusError> {
        let path = root.join(MANIFEST);
        let text = std::fs::read_to_string(&path).map_err(|error| file_error(&path, error))?;
        let manifest = toml::from_str(&text).map_err(|error| manifest_error(&path, &error))?;
        Ok(Self { root: root.to_owned(), manifest })
    }

    /// What the manifest says of a target.
    pub fn entry(&self, target: &str) -> Option<&Entry> {
        self.manifest.get(target)
    }

    /// All inputs of a target, those that once raised a finding last, each part in the order of the file names.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn inputs(&self, target: &str) -> Result<Vec<Input>, CorpusError> {
        let mut inputs = read_folder(&self.root.join(target))?;
        inputs.extend(read_folder(&self.root.join(REGRESSIONS).join(target))?);
        Ok(inputs)
    }

    /// Where the targets that a package replays, the manifest and the folders do not agree, in words. Nothing if all is well.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub fn disagreements(&self, targets: &[&Target], package: &str) -> Result<Vec<String>, CorpusError> {
        let mut wrong = Vec::new();
        let folders = folders(&self.root)?;
        for target in targets {
            let name = target.name;
            match self.manifest.get(name) {
                None => wrong.push(format!(
                    "target {name} has no row in {MANIFEST}; `sv2-conform fuzz seed` writes it"
                )),
                Some(row) if row.format != target.format => {
                    let (old, new) = (row.format, target.format);
                    wrong.push(format!(
                        "{name}: the inputs are of format {old}, the target reads format {new}"
                    ));
                }
                Some(row) if row.replayed_by != package => {
                    wrong.push(format!("{name}: replayed by {package}, {MANIFEST} says {}", row.replayed_by));
                }
                Some(row) if row.source.is_empty() || row.licence.is_empty() => {
                    wrong.push(format!("{name}: source and licence have to be said"));
                }
                Some(_) => {}
            }
            if read_folder(&self.root.join(name))?.is_empty() {
                wrong.push(format!("target {name} has no corpus"));
            }
        }
        let known = targets.iter().map(|target| target.name).collect::<BTreeSet<_>>();
        for (name, row) in &self.manifest {
            if row.replayed_by == package && !known.contains(name.as_str()) {
                wrong.push(format!("{MANIFEST} has a row {name}, and there is no such target"));
            }
        }
        for folder in &folders {
            if !self.manifest.contains_key(folder) {
                wrong.push(format!("folder {folder} has no row in {MANIFEST}, and no target"));
            }
        }
        Ok(wrong)
    }

    /// Judges all inputs of a target, and hands back how many there were and those that raise a finding.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn replay(&self, target: &Target) -> Result<(usize, Vec<(PathBuf, Finding)>), CorpusError> {
        let inputs = self.inputs(target.name)?;
        let count = inputs.len();
        let judged = inputs
            .into_iter()
            .filter_map(|input| judge(target, &input.bytes).err().map(|finding| (input.path, finding)));
        Ok((count, judged.collect()))
    }
}

/// Writes the first inputs of targets into their folders, and rows for those that the manifest lacks. Files that are
/// there already stay, save those of the same name. Hands back how many files were written.
///
/// # Errors
/// Something cannot be written, or the manifest is not what it has to be.
pub fn seed(root: &Path, targets: &[&Target], package: &str) -> Result<usize, CorpusError> {
    let mut written = 0usize;
    for target in targets {
        let folder = root.join(target.name);
        std::fs::create_dir_all(&folder).map_err(|error| file_error(&folder, error))?;
        for seed in (target.seeds)() {
            let path = folder.join(&seed.name);
            std::fs::write(&path, &seed.bytes).map_err(|error| file_error(&path, error))?;
            written = written.saturating_add(1);
        }
    }
    let path = root.join(MANIFEST);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(file_error(&path, error)),
    };
    let mut document =
        text.parse::<toml_edit::DocumentMut>().map_err(|error| manifest_error(&path, &error))?;
    for target in targets {
        let row = document.entry(target.name).or_insert_with(|| toml_edit::Item::Table(row(package)));
        if let Some(row) = row.as_table_mut() {
            row.insert("format", toml_edit::value(i64::from(target.format)));
        }
    }
    let head = if text.is_empty() { HEAD } else { "" };
    std::fs::write(&path, format!("{head}{document}")).map_err(|error| file_error(&path, error))?;
    Ok(written)
}

const HEAD: &str = "# Where the inputs below come from: a row per target, named as its folder. `format` is the version of the layout of its\n\
    # inputs, `replayed_by` the package whose tests replay them. Inputs that once raised a finding are in regressions/<target>/.\n\n";

fn row(package: &str) -> toml_edit::Table {
    let mut row = toml_edit::Table::new();
    row.insert("format", toml_edit::value(0));
    row.insert("source", toml_edit::value("sv2-conform fuzz seed: the vectors and tables of this project"));
    row.insert("licence", toml_edit::value("MIT OR Apache-2.0"));
    row.insert("replayed_by", toml_edit::value(package));
    row
}

/// The files of a folder in the order of their names; none if there is no such folder.
fn read_folder(folder: &Path) -> Result<Vec<Input>, CorpusError> {
    let mut inputs = Vec::new();
    for path in entries(folder)? {
        if path.is_file() {
            let bytes = std::fs::read(&path).map_err(|error| file_error(&path, error))?;
            inputs.push(Input { path, bytes });
        }
    }
    Ok(inputs)
}

/// The targets that have a folder, of first inputs or of regressions.
fn folders(root: &Path) -> Result<BTreeSet<String>, CorpusError> {
    let mut names = BTreeSet::new();
    for path in entries(root)?.into_iter().chain(entries(&root.join(REGRESSIONS))?) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() && name != REGRESSIONS && !name.starts_with('.') {
            names.insert(name);
        }
    }
    Ok(names)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, CorpusError> {
    let listed = match std::fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(file_error(folder, error)),
    };
    let paths = listed.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths.collect::<Result<Vec<_>, _>>().map_err(|error| file_error(folder, error))?;
    paths.sort();
    Ok(paths)
}

fn file_error(path: &Path, error: std::io::Error) -> CorpusError {
    CorpusError::File { path: path.display().to_string(), error }
}

fn manifest_error(path: &Path, error: &dyn std::fmt::Display) -> CorpusError {
    CorpusError::Manifest { path: path.display().to_string(), text: error.to_string() }
}
