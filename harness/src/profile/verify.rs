//! Holds what a profile says against what the wire showed.

use super::file::ProfileFile;
use super::keys::{Key, Value, capabilities};
use super::probe::{Fact, Learned, Shown};

/// More than its negotiation is needed to have this capability.
const WORKER: &str = "extension.worker";

/// One thing that a profile says, and how it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The key, or the capability.
    pub name: String,
    /// What the profile says.
    pub says: String,
    /// How it stands.
    pub standing: Standing,
}

/// How a claim stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// The wire showed it.
    Holds(Fact),
    /// The wire showed something else.
    Contradicted(Fact),
    /// The wire does not show it, for this reason.
    Unverified(String),
}

/// Everything that a profile says, in the order of its keys. What it does not say is no claim, except that a list of capabilities
/// says that it lacks the others.
pub fn judge(file: &ProfileFile, learned: &Learned) -> Vec<Claim> {
    let mut claims = Vec::new();
    for (name, value) in file.values() {
        match value {
            Value::Words(words) => {
                for capability in capabilities() {
                    let can = words.contains(capability);
                    let says = if can { "yes" } else { "no" };
                    let holds = |shown: &Shown| *shown == Shown::Can(can);
                    let mut claim = claim(capability, name, says.to_owned(), learned, &holds);
                    if capability == WORKER && !can && matches!(claim.standing, Standing::Contradicted(_)) {
                        let text = "it is negotiated; the byte order of its TLVs decides (AMB-01)";
                        claim.standing = Standing::Unverified(text.to_owned());
                    }
                    claims.push(claim);
                }
            }
            value if name == "user_identity" => claims.push(identity(value, learned)),
            value => {
                let holds = |shown: &Shown| agrees(file, value, shown);
                claims.push(claim(name, name, value.to_toml(), learned, &holds));
            }
        }
    }
    claims
}

fn claim(name: &str, key: &str, says: String, learned: &Learned, holds: &dyn Fn(&Shown) -> bool) -> Claim {
    let standing = match learned.facts.get(name) {
        Some(fact) if holds(&fact.shown) => Standing::Holds(fact.clone()),
        Some(fact) => Standing::Contradicted(fact.clone()),
        None => {
            let known = Key::find(key).map_or("", |key| key.unseen).to_owned();
            Standing::Unverified(learned.unseen.get(name).cloned().unwrap_or(known))
        }
    };
    Claim { name: name.to_owned(), says, standing }
}

/// An identity is good when it opened a channel; why none was opened may have other reasons.
fn identity(value: &Value, learned: &Learned) -> Claim {
    let opened = capabilities().filter_map(|name| learned.facts.get(name));
    let standing = match opened.into_iter().find(|fact| fact.shown == Shown::Can(true)) {
        Some(fact) => Standing::Holds(fact.clone()),
        None => Standing::Unverified("no channel could be opened".to_owned()),
    };
    Claim { name: "user_identity".to_owned(), says: value.to_toml(), standing }
}

fn agrees(file: &ProfileFile, value: &Value, shown: &Shown) -> bool {
    match (value, shown) {
        // What was not asked about cannot be contradicted.
        (Value::Numbers(says), Shown::Numbers { asked, held }) => says.intersection(asked).eq(held.iter()),
        (Value::Flags(says), Shown::Flags(flags)) => says == flags,
        // A pool that also acknowledges by time may do so with fewer.
        (Value::Count(says), Shown::Batch(count)) => {
            count == says || (count < says && file.get("acknowledgements.within").is_some())
        }
        (Value::Count(says), Shown::NoneFor(count)) => says > count,
        (Value::Count(says), Shown::Cost(hashes)) => says >= hashes,
        (Value::Text(says), Shown::Spelling(code)) => says == code,
        // Commands: the wire showed what they are to cause.
        (Value::Text(_), Shown::Can(can)) => *can,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::embedded_ledger;
    use std::collections::{BTreeMap, BTreeSet};

    fn standing(line: &str, name: &str, shown: Shown) -> &'static str {
        let text = format!("name = \"x\"\nabout = \"y\"\nuntested = true\n{line}");
        let file = ProfileFile::parse("x", &text, &embedded_ledger().unwrap()).unwrap();
        let fact = Fact { shown, how: String::new(), frame: None };
        let learned = Learned { facts: BTreeMap::from([(name.to_owned(), fact)]), unseen: BTreeMap::new() };
        let claims = judge(&file, &learned);
        match claims.iter().find(|claim| claim.name == name).unwrap().standing {
            Standing::Holds(_) => "holds",
            Standing::Contradicted(_) => "contradicted",
            Standing::Unverified(_) => "unverified",
        }
    }

    #[test]
    fn a_claim_holds_as_far_as_it_was_asked_about() {
        let numbers = |asked: &[u64], held: &[u64]| Shown::Numbers {
            asked: asked.iter().copied().collect(),
            held: held.iter().copied().collect::<BTreeSet<_>>(),
        };
        for (line, name, shown, wanted) in [
            ("setup.versions = [2, 9]", "setup.versions", numbers(&[1, 2], &[2]), "holds"),
            ("setup.versions = [1, 2]", "setup.versions", numbers(&[1, 2], &[2]), "contradicted"),
            ("setup.versions = [2]", "setup.versions", numbers(&[1, 2], &[1, 2]), "contradicted"),
            ("setup.refused_flags = 0", "setup.refused_flags", Shown::Flags(0), "holds"),
            ("setup.refused_flags = 0", "setup.refused_flags", Shown::Flags(4), "contradicted"),
            ("acknowledgements.batch = 10", "acknowledgements.batch", Shown::Batch(10), "holds"),
            ("acknowledgements.batch = 10", "acknowledgements.batch", Shown::Batch(1), "contradicted"),
            (
                "acknowledgements = { batch = 10, within = 1 }",
                "acknowledgements.batch",
                Shown::Batch(1),
                "holds",
            ),
            ("acknowledgements.batch = 10", "acknowledgements.batch", Shown::Batch(11), "contradicted"),
            ("acknowledgements.batch = 10", "acknowledgements.batch", Shown::NoneFor(40), "contradicted"),
            ("acknowledgements.batch = 100", "acknowledgements.batch", Shown::NoneFor(40), "holds"),
            ("limits.hash_budget = 10", "limits.hash_budget", Shown::Cost(10), "holds"),
            ("limits.hash_budget = 10", "limits.hash_budget", Shown::Cost(11), "contradicted"),
            ("capabilities = []", "channel.standard", Shown::Can(true), "contradicted"),
            ("capabilities = []", "channel.standard", Shown::Can(false), "holds"),
            ("capabilities = []", "channel.extended", Shown::Can(false), "holds"),
            ("control.block = \"true\"", "control.block", Shown::Can(false), "contradicted"),
        ] {
            assert_eq!(standing(line, name, shown), wanted, "{line}");
        }
    }
}
