//! Where scenarios come from: the embedded suite, or files and folders on disk.

mod calls;
mod claims;

use crate::ledger::{Ledger, LedgerError};
use crate::scenario;
use crate::scenario::check::{Vocabulary, check};
use crate::scenario::diagnostic::ScenarioErrors;
use crate::scenario::syntax::{Claims, File, FileKind, Judgement, StepKind};
use crate::vocabulary::Words;
use include_dir::{Dir, include_dir};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The suite as it was when this program was built.
static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// Extension of scenario and fragment files.
const EXTENSION: &str = "sv2t";
/// The file that marks the root of a suite.
const ROOT_MARK: &str = "suite.toml";
/// The folder of fragments below the root.
const FRAGMENTS: &str = "fragments";

mod matrix;

pub use claims::{Claim, Reading};
pub use matrix::Cell;

/// A parsed and checked file, with the text that its spans point into.
#[derive(Clone, Debug)]
pub struct Source {
    /// What diagnostics call the file.
    pub name: Arc<str>,
    /// Where the file is; none in the embedded suite.
    pub path: Option<PathBuf>,
    /// The text.
    pub text: Arc<str>,
    /// The tree.
    pub file: File,
}

/// The tag of scenarios that take long where no clock can be moved. Those that let more than 10 s pass have it by
/// themselves.
pub const SLOW: &str = "slow";

/// One scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Path below the root of its suite, without extension, and the values of the matrix: `path[name=value,..]`.
    pub id: String,
    /// The file.
    pub source: Arc<Source>,
    /// The values of the matrix, one for each of its lines.
    pub row: Vec<Cell>,
}

impl Scenario {
    /// What the scenario proves, in one sentence.
    pub fn title(&self) -> &str {
        match &self.source.file.kind {
            FileKind::Scenario { title } => &title.node,
            FileKind::Fragment(signature) => &signature.name.node,
        }
    }

    /// The words behind `tags`.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        let file = &self.source.file;
        let own = file.tags.iter().map(|tag| tag.node.as_str());
        let is_slow = file.steps.iter().any(|step| step.kind.is_long_wait());
        let is_said = file.tags.iter().any(|tag| tag.node == SLOW);
        own.chain((is_slow && !is_said).then_some(SLOW))
    }

    /// Whether it must not run beside another scenario.
    pub fn is_exclusive(&self) -> bool {
        self.source.file.exclusive.is_some()
    }

    /// The clauses that the scenario's lines claim, each once, in the order of the lines.
    pub fn checks(&self) -> Vec<String> {
        let mut checks: Vec<String> = Vec::new();
        for claims in self.source.file.steps.iter().flat_map(|step| claims_of(&step.kind)) {
            for id in &claims.checks {
                if !checks.contains(&id.node) {
                    checks.push(id.node.clone());
                }
            }
        }
        checks
    }
}

/// Every place of a step that can claim a clause.
fn claims_of(kind: &StepKind) -> Vec<&Claims> {
    match kind {
        StepKind::Handshake(handshake) => [vec![&handshake.claims], of_lines(&handshake.judgements)].concat(),
        StepKind::Expect(expect) => {
            let arms =
                expect.arms.iter().flat_map(|arm| [vec![&arm.claims], of_lines(&arm.judgements)].concat());
            std::iter::once(&expect.claims).chain(arms).collect()
        }
        StepKind::Settle(settle) => of_lines(&settle.judgements),
        StepKind::Assert(assert) => vec![&assert.claims],
        StepKind::Disjoint(disjoint) => vec![&disjoint.claims],
        StepKind::Never(never) => vec![&never.claims],
        StepKind::Alive { claims } => vec![claims],
        _ => Vec::new(),
    }
}

fn of_lines(judgements: &[Judgement]) -> Vec<&Claims> {
    judgements.iter().map(|judgement| &judgement.claims).collect()
}

/// Scenarios, and the fragments that they call.
#[derive(Clone, Debug, Default)]
pub struct Suite {
    /// In the order of their ids.
    pub scenarios: Vec<Scenario>,
    /// Fragments by name: those of the suite's own root before the embedded ones.
    pub fragments: BTreeMap<String, Arc<Source>>,
}

/// Why a suite cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// There is no such file or folder.
    #[error("{0}: no such file or folder")]
    Missing(PathBuf),
    /// The folder has no scenario in it.
    #[error("{0}: no .{EXTENSION} file in this folder or below it")]
    Empty(PathBuf),
    /// A file cannot be read.
    #[error("{path}: {problem}")]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        problem: std::io::Error,
    },
    /// A file is not text.
    #[error("{path}: not UTF-8 at byte {offset}; scenarios are UTF-8 text")]
    NotText {
        /// The file.
        path: PathBuf,
        /// The first byte that is not.
        offset: usize,
    },
    /// Files that do not parse, or that name what does not exist.
    #[error("{} of the files cannot be used", .0.len())]
    Scenarios(Vec<ScenarioErrors>),
    /// The embedded ledger is broken.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// A file that was read and not parsed yet.
struct Raw {
    id: String,
    path: Option<PathBuf>,
    name: String,
    text: String,
}

/// Reads the embedded ledger.
///
/// # Errors
/// The build has a broken ledger.
pub fn embedded_ledger() -> Result<Ledger, LedgerError> {
    let files = EMBEDDED.get_dir("requirements").into_iter().flat_map(Dir::files);
    let texts = files.filter_map(|file| Some((file.path().to_str()?, file.contents_utf8()?)));
    Ledger::read(texts.filter(|(name, _)| name.ends_with(".toml")))
}

/// The text of a file of the embedded suite, by its path below the root.
pub fn embedded_text(path: &str) -> Option<&'static str> {
    EMBEDDED.get_file(path)?.contents_utf8()
}

/// The files of a folder of the embedded suite: their paths below the root, and their texts.
pub fn embedded_files(folder: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let files = EMBEDDED.get_dir(folder).into_iter().flat_map(Dir::files);
    files.filter_map(|file| Some((file.path().to_str()?, file.contents_utf8()?)))
}

/// Loads the embedded suite.
///
/// # Errors
/// [`SuiteError::Scenarios`] when the build has a broken scenario.
pub fn load_embedded(ledger: &Ledger) -> Result<Suite, SuiteError> {
    let mut raw = Vec::new();
    collect_embedded(&EMBEDDED, &mut raw);
    assemble(raw, Vec::new(), ledger)
}

/// Loads files and folders. A folder is searched through; a scenario's id is its path below the nearest folder above
/// it that holds `suite.toml`, else below the folder that was given.
///
/// # Errors
/// A path is missing, empty or unreadable, or files do not parse.
pub fn load(paths: &[PathBuf], ledger: &Ledger) -> Result<Suite, SuiteError> {
    let (mut chosen, mut library) = (Vec::new(), Vec::new());
    for path in paths {
        if !path.exists() {
            return Err(SuiteError::Missing(path.clone()));
        }
        let root = root_of(path);
        let mut files = Vec::new();
        collect_files(path, &mut files)?;
        if files.is_empty() {
            return Err(SuiteError::Empty(path.clone()));
        }
        let folder = root.join(FRAGMENTS);
        let is_inside = path.canonicalize().is_ok_and(|path| folder.starts_with(path));
        let mut fragments = Vec::new();
        if folder.is_dir() && !is_inside {
            collect_files(&folder, &mut fragments)?;
        }
        for (files, into) in [(&files, &mut chosen), (&fragments, &mut library)] {
            for file in files {
                into.push(read(file, &root)?);
            }
        }
    }
    assemble(chosen, library, ledger)
}

/// Whether a scenario of this id is there: in what was loaded from these paths, in the embedded suite, or in a file of their
/// roots that was not asked for.
pub fn is_known(id: &str, loaded: &Suite, paths: &[PathBuf]) -> bool {
    let stem = |id: &str| id.split('[').next().map(str::to_owned);
    if loaded.scenarios.iter().any(|scenario| scenario.id == id) {
        return true;
    }
    let Some(path) = stem(id) else { return false };
    if loaded.scenarios.iter().any(|scenario| stem(&scenario.id).as_ref() == Some(&path)) {
        return false;
    }
    let file = format!("{path}.{EXTENSION}");
    let is_below = |given: &PathBuf| given.exists() && root_of(given).join(&file).is_file();
    embedded_text(&file).is_some() || paths.iter().any(is_below)
}

/// The scenario and fragment files that paths name: files as they are, folders searched through.
///
/// # Errors
/// A path is missing or unreadable, or a folder has no such file.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, SuiteError> {
    let mut all = Vec::new();
    for path in paths {
        if !path.exists() {
            return Err(SuiteError::Missing(path.clone()));
        }
        let known = all.len();
        collect_files(path, &mut all)?;
        if all.len() == known {
            return Err(SuiteError::Empty(path.clone()));
        }
    }
    all.sort();
    all.dedup();
    Ok(all)
}

/// Reads a file of text.
///
/// # Errors
/// It cannot be read, or is not UTF-8.
pub fn read_text(path: &Path) -> Result<String, SuiteError> {
    let bytes =
        std::fs::read(path).map_err(|problem| SuiteError::Unreadable { path: path.to_owned(), problem })?;
    String::from_utf8(bytes).map_err(|error| SuiteError::NotText {
        path: path.to_owned(),
        offset: error.utf8_error().valid_up_to(),
    })
}

/// Parses and checks what was chosen, with the fragments of a library and those of the embedded suite at hand.
fn assemble(chosen: Vec<Raw>, library: Vec<Raw>, ledger: &Ledger) -> Result<Suite, SuiteError> {
    let mut at_hand = Vec::new();
    if let Some(folder) = EMBEDDED.get_dir(FRAGMENTS) {
        collect_embedded(folder, &mut at_hand);
    }
    at_hand.extend(library);
    let at_hand = at_hand.into_iter().map(|raw| (raw, false));
    let (mut errors, mut played, mut fragments) = (Vec::new(), Vec::new(), BTreeMap::new());
    // Later fragments replace earlier ones of the same name: the suite's own come last.
    for (raw, is_chosen) in at_hand.chain(chosen.into_iter().map(|raw| (raw, true))) {
        match parse(raw) {
            Ok((id, source)) => match &source.file.kind {
                FileKind::Fragment(signature) => _ = fragments.insert(signature.name.node.clone(), source),
                FileKind::Scenario { .. } if is_chosen => played.push((id, source)),
                FileKind::Scenario { .. } => {}
            },
            Err(error) => errors.push(error),
        }
    }
    errors.extend(calls::circles(&fragments));
    let words = Words::new(ledger, &fragments);
    // A fragment of the embedded suite that nobody calls here need not fit the fragments that are brought along.
    let own = fragments.values().filter(|fragment| fragment.path.is_some()).map(|fragment| &**fragment);
    let reached = calls::reached(played.iter().map(|(_, source)| &**source).chain(own), &fragments);
    let is_used = |(name, fragment): &(&String, &Arc<Source>)| {
        fragment.path.is_some() || reached.contains(name.as_str())
    };
    let used = fragments.iter().filter(is_used).map(|(_, fragment)| fragment);
    let sources = used.chain(played.iter().map(|(_, source)| source));
    errors.extend(sources.filter_map(|source| problems(source, &words)));
    if !errors.is_empty() {
        return Err(SuiteError::Scenarios(errors));
    }
    let rows = played.iter().flat_map(|(id, source)| matrix::rows(id, source));
    let mut scenarios: Vec<Scenario> = rows.collect();
    scenarios.sort_by(|a, b| a.id.cmp(&b.id));
    scenarios.dedup_by(|a, b| a.id == b.id && a.source.name == b.source.name);
    Ok(Suite { scenarios, fragments })
}

fn parse(raw: Raw) -> Result<(String, Arc<Source>), ScenarioErrors> {
    let file = scenario::parse(&raw.name, &raw.text)?;
    Ok((raw.id, Arc::new(Source { name: raw.name.into(), path: raw.path, text: raw.text.into(), file })))
}

fn problems(source: &Source, words: &dyn Vocabulary) -> Option<ScenarioErrors> {
    let found = check(&source.file, words);
    (!found.is_empty()).then(|| ScenarioErrors::new(&source.name, &source.text, found))
}

fn collect_embedded(folder: &Dir<'_>, into: &mut Vec<Raw>) {
    for file in folder.files() {
        let path = file.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION)
            && let Some(text) = file.contents_utf8()
        {
            let name = slashed(path);
            let id = slashed(&path.with_extension(""));
            into.push(Raw { id, path: None, name, text: text.to_owned() });
        }
    }
    for folder in folder.dirs() {
        collect_embedded(folder, into);
    }
}

fn collect_files(path: &Path, into: &mut Vec<PathBuf>) -> Result<(), SuiteError> {
    let unreadable = |problem| SuiteError::Unreadable { path: path.to_owned(), problem };
    if path.is_file() {
        into.push(path.to_owned());
        return Ok(());
    }
    let entries = std::fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries: Vec<_> = entries.map_err(unreadable)?.into_iter().map(|entry| entry.path()).collect();
    entries.sort();
    for entry in entries {
        let is_scenario = entry.extension().is_some_and(|extension| extension == EXTENSION);
        if entry.is_dir() || is_scenario {
            collect_files(&entry, into)?;
        }
    }
    Ok(())
}

fn read(path: &Path, root: &Path) -> Result<Raw, SuiteError> {
    let text = read_text(path)?;
    let below = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let below = below.strip_prefix(root).map(Path::to_owned).unwrap_or(below);
    let id = slashed(&below.with_extension(""));
    Ok(Raw { id, path: Some(path.to_owned()), name: path.display().to_string(), text })
}

/// The nearest folder at or above `path` that holds the mark, else the folder itself; canonical.
pub(crate) fn root_of(path: &Path) -> PathBuf {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = if path.is_dir() { path.as_path() } else { path.parent().unwrap_or(&path) };
    let marked = folder.ancestors().find(|ancestor| ancestor.join(ROOT_MARK).is_file());
    marked.unwrap_or(folder).to_owned()
}

fn slashed(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}
