//! Where profiles come from: a file, a folder's own `profiles/`, or those that the program brings along.

use super::file::ProfileFile;
use crate::ledger::Ledger;
use crate::scenario::diagnostic::ScenarioErrors;
use crate::suite::{self, SuiteError};
use std::path::{Path, PathBuf};

/// The folder of profiles below the root of a suite.
const FOLDER: &str = "profiles";
/// The extension of a profile.
const EXTENSION: &str = "toml";

/// Why a profile cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// There is none of this name.
    #[error("{name}: no such file, and no profile of this name; there are {known}")]
    Unknown {
        /// The name.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// The file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] SuiteError),
    /// It is no profile.
    #[error(transparent)]
    Invalid(#[from] ScenarioErrors),
}

/// The names and texts of the profiles that the program brings along.
pub fn embedded() -> impl Iterator<Item = (&'static str, &'static str)> {
    suite::embedded_files(FOLDER).filter_map(|(path, text)| {
        let path = Path::new(path);
        let is_profile = path.extension().is_some_and(|extension| extension == EXTENSION);
        Some((path.file_stem()?.to_str()?, text)).filter(|_| is_profile)
    })
}

/// The profile of a name or file. Names are looked for in the suites that `paths` belong to, then in the embedded one.
///
/// # Errors
/// There is none, or it is wrong.
pub fn find(name: &str, paths: &[PathBuf], ledger: &Ledger) -> Result<ProfileFile, LibraryError> {
    let is_path = Path::new(name).extension().is_some_and(|extension| extension == EXTENSION);
    let below = paths.iter().filter(|path| path.exists());
    let own = below.map(|path| suite::root_of(path).join(FOLDER).join(format!("{name}.{EXTENSION}")));
    let file = if is_path { Some(PathBuf::from(name)) } else { own.into_iter().find(|path| path.is_file()) };
    if let Some(path) = file.filter(|path| path.exists() || is_path) {
        let text = suite::read_text(&path)?;
        return Ok(ProfileFile::parse(&path.display().to_string(), &text, ledger)?);
    }
    let found = embedded().find(|(known, _)| *known == name);
    let (_, text) = found.ok_or_else(|| LibraryError::Unknown {
        name: name.to_owned(),
        known: embedded().map(|(known, _)| known).collect::<Vec<_>>().join(", "),
    })?;
    Ok(ProfileFile::parse(&format!("{name}.{EXTENSION}"), text, ledger)?)
}
