//! From what stands on the command line to scenarios.

use super::Failure;
use super::filter::Filter;
use crate::ledger::Ledger;
use crate::suite::{self, Suite};
use clap::Args;
use std::path::PathBuf;
use std::str::FromStr;

/// Which of the scenarios.
#[derive(Debug, Args)]
pub(super) struct Selection {
    /// Only these: globs over ids, tag(GLOB), checks(GLOB), joined by & | ! and parentheses; may be repeated, then all
    /// must hold.
    #[arg(short = 'E', long = "filter", value_name = "EXPR")]
    filter: Vec<Filter>,
    /// Only every N-th, beginning with the I-th, such as 2/3: N machines share the work.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
}

impl Selection {
    /// Whether scenarios of a tag are asked for by its name.
    pub(super) fn asks_for(&self, tag: &str) -> bool {
        self.filter.iter().any(|filter| filter.asks_for(tag))
    }

    /// Whether nothing is left out.
    pub(super) fn is_everything(&self) -> bool {
        self.filter.is_empty() && self.shard.is_none()
    }

    /// Leaves out what is not meant.
    pub(super) fn narrow(&self, suite: &mut Suite) {
        suite.scenarios.retain(|scenario| self.filter.iter().all(|filter| filter.selects(scenario)));
        if let Some(Shard { number, of }) = self.shard {
            let mut at = 0;
            suite.scenarios.retain(|_| {
                at += 1;
                (at - 1) % of == number - 1
            });
        }
    }
}

/// One of several parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shard {
    /// From 1.
    number: usize,
    of: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers =
            text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Self { number, of }),
            _ => Err("expected I/N with I from 1 to N, such as 2/3".to_owned()),
        }
    }
}

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
            let rows = format!("{id}[");
            let found = embedded.scenarios.iter().filter(|known| {
                known.id == id || known.id.starts_with(&prefix) || known.id.starts_with(&rows)
            });
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Call {
        #[command(flatten)]
        selection: Selection,
    }

    fn ids(arguments: &[&str]) -> Vec<String> {
        let words = ["x"].iter().chain(arguments).copied();
        let selection = Call::try_parse_from(words).unwrap().selection;
        let mut suite = suite(&[], &suite::embedded_ledger().unwrap()).unwrap();
        selection.narrow(&mut suite);
        suite.scenarios.into_iter().map(|scenario| scenario.id).collect()
    }

    #[test]
    fn shards_are_disjoint_and_together_everything() {
        let all = ids(&[]);
        let mut parts: Vec<String> =
            ["1/3", "2/3", "3/3"].iter().flat_map(|part| ids(&["--shard", part])).collect();
        assert!(ids(&["--shard", "1/3"]).len().abs_diff(all.len() / 3) <= 1);
        parts.sort();
        assert_eq!(parts, all);
        assert!(["0/3", "4/3", "1/0", "1", "a/b"].iter().all(|bad| bad.parse::<Shard>().is_err()));
    }

    #[test]
    fn filters_narrow_what_was_named() {
        let shares = ids(&["-E", "mining/share/*"]);
        assert!(!shares.is_empty() && shares.iter().all(|id| id.starts_with("mining/share/")));
        assert_eq!(ids(&["-E", "mining/share/*", "-E", "!mining/share/*"]), Vec::<String>::new());
        assert!(ids(&["-E", "tag(slow)"]).contains(&"robustness/deadline/setup".to_owned()));
        assert!(!ids(&["-E", "tag(slow)"]).contains(&"mining/share/duplicate".to_owned()));
        assert!(ids(&["-E", "checks(SV2-05-112)"]).contains(&"mining/share/duplicate".to_owned()));
        assert!(Call::try_parse_from(["x", "-E", "a &"]).is_err());
    }
}
