//! From what stands on the command line to scenarios.

use super::Failure;
use crate::ledger::Ledger;
use crate::suite::{self, Suite};
use std::path::PathBuf;

/// Loads what the arguments name: files and folders that exist, else ids of the embedded suite.
pub(super) fn suite(arguments: &[PathBuf], ledger: &Ledger) -> Result<Suite, Failure> {
    if arguments.is_empty() {
        return Ok(suite::load_embedded(ledger)?);
    }
    let (paths, ids): (Vec<_>, Vec<_>) = arguments.iter().cloned().partition(|argument| argument.exists());
    let mut chosen = if paths.is_empty() { Suite::default() } else { suite::load(&paths, ledger)? };
    if !ids.is_empty() {
        let embedded = suite::load_embedded(ledger)?;
        if let Some((name, own)) = replaced(&chosen, &embedded) {
            let text = format!("{own} replaces the fragment {name} of the embedded suite; run them apart");
            return Err(Failure::usage(text));
        }
        chosen.fragments.extend(embedded.fragments.clone());
        for id in ids {
            let id = id.to_string_lossy();
            let prefix = format!("{}/", id.trim_end_matches('/'));
            let found =
                embedded.scenarios.iter().filter(|known| known.id == id || known.id.starts_with(&prefix));
            let found: Vec<_> = found.cloned().collect();
            if found.is_empty() {
                return Err(unknown(&id, &embedded));
            }
            chosen.scenarios.extend(found);
        }
    }
    chosen.scenarios.sort_by(|a, b| a.id.cmp(&b.id));
    chosen.scenarios.dedup_by(|a, b| a.id == b.id && a.source.name == b.source.name);
    Ok(chosen)
}

/// A fragment that means something else to the chosen files than to the embedded suite.
fn replaced(chosen: &Suite, embedded: &Suite) -> Option<(String, String)> {
    let (name, own) = chosen.fragments.iter().find(|(name, own)| {
        embedded.fragments.get(*name).is_some_and(|embedded| embedded.text != own.text)
    })?;
    Some((name.clone(), own.name.to_string()))
}

fn unknown(id: &str, embedded: &Suite) -> Failure {
    let nearest = embedded
        .scenarios
        .iter()
        .max_by(|a, b| strsim::jaro_winkler(&a.id, id).total_cmp(&strsim::jaro_winkler(&b.id, id)));
    let hint = match nearest {
        Some(near) if strsim::jaro_winkler(&near.id, id) > 0.8 => format!("; did you mean {}?", near.id),
        _ => "; `sv2-conform list` shows the ids".to_owned(),
    };
    Failure::usage(format!(
        "{id}: no such file or folder, and no scenario of the embedded suite has this id{hint}"
    ))
}
