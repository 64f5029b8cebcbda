//! `sv2-conform fuzz replay`.

use super::tell;
use crate::cli::{Exit, Failure, print};
use crate::fuzz;
use crate::fuzz::corpus::{Corpus, MANIFEST};
use clap::Args;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use sv2_wire::fuzz::Target;

#[derive(Debug, Args)]
pub(in crate::cli) struct ReplayArgs {
    /// Inputs, or folders to look for them in; `corpus` without any. An input's target is the name of its folder.
    paths: Vec<PathBuf>,
    /// The target of all of them, whatever their folders are called.
    #[arg(long, value_name = "NAME", value_parser = super::target)]
    target: Option<&'static Target>,
}

/// Inputs by the names of their targets.
#[derive(Default)]
struct Found {
    inputs: BTreeMap<&'static str, Vec<PathBuf>>,
    /// Folders whose name is no target of this program.
    others: BTreeSet<String>,
}

pub(super) fn replay(args: &ReplayArgs) -> Result<Exit, Failure> {
    let here = [PathBuf::from("corpus")];
    let paths = if args.paths.is_empty() { here.as_slice() } else { &args.paths };
    let mut found = Found::default();
    for path in paths {
        gather(path, args.target, true, &mut found)?;
    }
    for name in &found.others {
        print(&format!("{name}: not replayed, {}\n", reason(paths, name)));
    }
    let mut findings = 0usize;
    for (name, paths) in &found.inputs {
        let Some(target) = fuzz::target(name) else { continue };
        for path in paths {
            let input = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
            if let Err(finding) = fuzz::judge(target, &input) {
                findings = findings.saturating_add(1);
                print(&format!("{}  input: {}\n\n", tell(target, &finding), path.display()));
            }
        }
    }
    let inputs = found.inputs.values().map(Vec::len).sum::<usize>();
    let targets = found.inputs.len();
    print(&format!("{inputs} inputs of {targets} targets replayed, {findings} findings\n"));
    Ok(match (inputs, findings) {
        (0, _) => Exit::Nothing,
        (_, 0) => Exit::Fine,
        _ => Exit::Failed,
    })
}

fn gather(
    path: &Path,
    target: Option<&'static Target>,
    is_named: bool,
    found: &mut Found,
) -> Result<(), Failure> {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
        let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>();
        let mut paths = paths.map_err(|error| unreadable(path, &error))?;
        paths.sort();
        return paths.iter().try_for_each(|path| gather(path, target, false, found));
    }
    let folder = path.canonicalize().map_err(|error| unreadable(path, &error))?;
    let folder = folder.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let folder = folder.unwrap_or_default();
    if !is_named && path.file_name().is_some_and(|name| name == MANIFEST) {
        return Ok(());
    }
    match target.or_else(|| fuzz::target(&folder)) {
        Some(target) => found.inputs.entry(target.name).or_default().push(path.to_owned()),
        None if is_named => {
            let text = format!("{}: its folder {folder} is no target; say which by --target", path.display());
            return Err(Failure::usage(text));
        }
        None => {
            found.others.insert(folder);
        }
    }
    Ok(())
}

/// Why inputs of a folder are left out.
fn reason(paths: &[PathBuf], name: &str) -> String {
    let corpora = paths.iter().filter_map(|path| Corpus::load(path).ok());
    let package = corpora.into_iter().find_map(|corpus| Some(corpus.entry(name)?.replayed_by.clone()));
    match package {
        Some(package) => format!("`cargo test -p {package}` does that"),
        None => "no target has this name".to_owned(),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("{} cannot be read: {error}", path.display()))
}
