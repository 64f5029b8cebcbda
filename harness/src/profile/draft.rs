//! A profile from what the wire showed. Each line says how it was learned.

use super::file::ProfileFile;
use super::keys::{Value, capabilities};
use super::probe::{Fact, Learned, Shown};
use std::collections::{BTreeMap, BTreeSet};

/// The budget is this many times what a share is expected to cost, so that nearly every search succeeds.
const BUDGET: u64 = 64;
/// The least budget that is written; less is not worth a line.
const LEAST_BUDGET: u64 = 1 << 24;

/// What is known without asking.
#[derive(Clone, Debug)]
pub struct Given<'a> {
    /// The name of the profile.
    pub name: &'a str,
    /// The URL that was asked.
    pub url: &'a str,
    /// Whether it is on this machine.
    pub is_local: bool,
    /// The identity that channels were opened with.
    pub user: &'a str,
    /// What the call says of starting and steering the pool.
    pub claims: &'a ProfileFile,
}

/// The text of the profile.
pub fn draft(given: &Given<'_>, learned: &Learned) -> String {
    let mut file = ProfileFile::default();
    let mut remarks = BTreeMap::new();
    let mut say = |name: &str, value: Value, remark: String| {
        file.say(name, value);
        remarks.insert(name.to_owned(), remark);
    };
    let text = |text: &str| Value::Text(text.to_owned());
    say("name", text(given.name), "from the call".to_owned());
    say("about", text(&format!("drafted by sv2-conform from {}", given.url)), "from the call".to_owned());
    say("untested", Value::True, "the wire tells no version; when verified: tested = \"VERSION\"".to_owned());
    let (access, how) = if given.is_local { ("local", "loopback") } else { ("remote", "not loopback") };
    say("access", text(access), format!("guessed: the address is {how}"));
    say("user_identity", text(given.user), "from the call".to_owned());
    let (can, how) = channels(learned);
    say("capabilities", Value::Words(can), how);
    for (name, fact) in &learned.facts {
        match &fact.shown {
            Shown::Cost(hashes) => {
                let budget = hashes.saturating_mul(BUDGET).clamp(LEAST_BUDGET, u64::MAX >> 1);
                let how = format!("a share costs {hashes} hashes at the target that came; {}", remark(fact));
                say(name, Value::Count(budget), how);
            }
            shown => {
                if let Some(value) = shown.value() {
                    say(name, value, remark(fact));
                }
            }
        }
    }
    for (name, value) in given.claims.values() {
        if name.starts_with("start.") || name.starts_with("control.") {
            let seen = learned.facts.get(name).map_or_else(|| "from the call".to_owned(), remark);
            say(name, value.clone(), seen);
        }
    }
    let mut text = file.to_toml(&|name| remarks.get(name).cloned());
    let unseen = learned.unseen.iter().map(|(name, reason)| format!("#   {name}: {}\n", one_line(reason)));
    let unseen: String = unseen.collect();
    if !unseen.is_empty() {
        text.push_str(&format!("\n# Not learned:\n{unseen}"));
    }
    text.push_str("\n# Nothing on the wire says how to start it and steer it: [start] exec, ready, target; [control] block, template.\n");
    text
}

fn channels(learned: &Learned) -> (BTreeSet<String>, String) {
    let mut can = BTreeSet::new();
    let mut hows = Vec::new();
    for name in capabilities() {
        match learned.facts.get(name) {
            Some(fact) => {
                if fact.shown == Shown::Can(true) {
                    can.insert(name.to_owned());
                }
                hows.push(remark(fact));
            }
            None => hows.push(format!("{name} was not seen")),
        }
    }
    (can, hows.join("; "))
}

fn remark(fact: &Fact) -> String {
    let came = fact.frame.as_ref().map_or("nothing came", |(name, _)| name);
    one_line(&format!("{}: {came}", fact.how))
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
