//! What the wire shows of a pool: small scenarios, and what their outcomes say.
//!
//! An [`Interview`] hands out one scenario after the other and takes their outcomes in; whoever plays them has the sockets.
//! A probe asks one thing, on connections of its own, and reads only the answer to its last request.

mod seen;
mod table;

use super::Profile;
use super::file::ProfileFile;
use super::keys::Value;
use crate::ledger::Ledger;
use crate::scenario;
use crate::scenario::diagnostic::ScenarioErrors;
use crate::suite::{Scenario, Source};
use crate::verdict::Outcome;
use crate::vocabulary::Words;
use seen::{Came, Seen, batch, cost, negotiates};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use sv2_wire::Message;
use table::{PROBES, Probe, Reads, Wants};

/// Fewest valid shares that are sent to see one acknowledgement.
const ACK_BOUND: u32 = 40;
/// How long silence has to last, where the profile says nothing.
const QUIET: Duration = Duration::from_millis(500);
/// The extension that is always asked for: Worker-Specific Hashrate Tracking.
const WORKER_EXTENSION: u16 = 2;

/// The name of a message and its frame, header and payload.
pub type Evidence = (String, Vec<u8>);

/// Something that the wire showed, by the name of the claim that it decides: a key of profiles, or a capability.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// What it is.
    pub shown: Shown,
    /// How it was asked for.
    pub how: String,
    /// What decided it.
    pub frame: Option<Evidence>,
}

/// What the wire showed.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    /// Whether it can do something.
    Can(bool),
    /// Those of the numbers that were asked about.
    Numbers {
        /// What was asked about.
        asked: BTreeSet<u64>,
        /// What holds.
        held: BTreeSet<u64>,
    },
    /// Flags.
    Flags(u32),
    /// Most shares in one acknowledgement.
    Batch(u64),
    /// No acknowledgement for so many shares.
    NoneFor(u64),
    /// Hashes that a share is expected to cost.
    Cost(u64),
    /// The spelling of an error code.
    Spelling(String),
}

impl Shown {
    /// The value that a profile would have; nothing for what a profile says otherwise.
    pub fn value(&self) -> Option<Value> {
        match self {
            Self::Can(_) | Self::NoneFor(_) | Self::Cost(_) => None,
            Self::Numbers { held, .. } => Some(Value::Numbers(held.clone())),
            Self::Flags(flags) => Some(Value::Flags(*flags)),
            Self::Batch(count) => Some(Value::Count(*count)),
            Self::Spelling(text) => Some(Value::Text(text.clone())),
        }
    }

    /// For people.
    pub fn describe(&self) -> String {
        match self {
            Self::Can(true) => "yes".to_owned(),
            Self::Can(false) => "no".to_owned(),
            Self::Numbers { asked, held } => {
                format!("{held:?} of {asked:?}").replace('{', "[").replace('}', "]")
            }
            Self::Flags(flags) => format!("{flags:#x}"),
            Self::Batch(count) => format!("{count} shares"),
            Self::NoneFor(count) => format!("nothing for {count} shares"),
            Self::Cost(hashes) => format!("{hashes} hashes a share"),
            Self::Spelling(text) => format!("{text:?}"),
        }
    }
}

/// What was learned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Learned {
    /// What the wire showed.
    pub facts: BTreeMap<String, Fact>,
    /// What was asked for and not shown, and why.
    pub unseen: BTreeMap<String, String>,
}

/// Asks a pool one thing after the other.
pub struct Interview<'a> {
    ledger: &'a Ledger,
    fragments: &'a BTreeMap<String, Arc<Source>>,
    probes: std::slice::Iter<'static, Probe>,
    now: Option<&'static Probe>,
    can: BTreeSet<&'static str>,
    extensions: BTreeSet<u64>,
    learned: Learned,
}

impl<'a> Interview<'a> {
    /// About everything that the wire shows, and the claims of a profile. `can` is what the target's profile has: probes that
    /// steer it need it. `fragments` are those of the embedded suite.
    pub fn new(
        claims: &ProfileFile,
        can: &BTreeSet<&'static str>,
        ledger: &'a Ledger,
        fragments: &'a BTreeMap<String, Arc<Source>>,
    ) -> Self {
        let mut extensions = BTreeSet::from([u64::from(WORKER_EXTENSION)]);
        if let Some(Value::Numbers(claimed)) = claims.get("setup.extensions") {
            extensions.extend(claimed);
        }
        // What channels it opens is asked anew.
        let can = can.iter().copied().filter(|name| !name.starts_with("channel.")).collect();
        let (probes, now, learned) = (PROBES.iter(), None, Learned::default());
        Self { ledger, fragments, probes, now, can, extensions, learned }
    }

    /// The next scenario to play.
    ///
    /// # Errors
    /// A probe is no scenario; our own fault.
    pub fn ask(&mut self) -> Result<Option<Scenario>, ScenarioErrors> {
        while let Some(probe) = self.probes.next() {
            let lacks = match probe.wants {
                Wants::Connection => None,
                Wants::Channel if self.kind().is_some() => None,
                Wants::Channel => Some("no channel could be opened".to_owned()),
                Wants::Capability(name) if self.can.contains(name) && self.kind().is_some() => None,
                Wants::Capability(name) => Some(format!("nothing here gives {name}")),
            };
            let Some(reason) = lacks else {
                self.now = Some(probe);
                return self.scenario(probe).map(Some);
            };
            for claim in probe.reads.iter().map(Reads::claim) {
                self.learned.unseen.entry(claim).or_insert_with(|| reason.clone());
            }
        }
        Ok(None)
    }

    /// Takes in how the scenario went that was handed out last.
    pub fn take(&mut self, outcome: &Outcome) {
        let Some(probe) = self.now.take() else { return };
        for reads in probe.reads {
            let claim = reads.claim();
            match self.read(probe, reads, outcome) {
                Ok(fact) => {
                    if let (Reads::Opens(name), Shown::Can(true)) = (reads, &fact.shown) {
                        self.can.insert(name);
                    }
                    self.learned.unseen.remove(&claim);
                    self.learned.facts.insert(claim, fact);
                }
                Err(reason) if !self.learned.facts.contains_key(&claim) => {
                    self.learned.unseen.insert(claim, reason);
                }
                Err(_) => {}
            }
        }
    }

    /// What was learned.
    pub fn learned(self) -> Learned {
        self.learned
    }

    /// The kind of channel that probes use.
    fn kind(&self) -> Option<&'static str> {
        let kinds = [("channel.standard", "standard"), ("channel.extended", "extended")];
        kinds.iter().find(|(capability, _)| self.can.contains(capability)).map(|(_, kind)| *kind)
    }

    fn scenario(&self, probe: &Probe) -> Result<Scenario, ScenarioErrors> {
        let (kind, open, flags) = match self.kind() {
            Some("extended") => ("extended", "OpenExtendedMiningChannel", "0"),
            _ => ("standard", "OpenStandardMiningChannel", "REQUIRES_STANDARD_JOBS"),
        };
        let extensions: Vec<String> = self.extensions.iter().map(u64::to_string).collect();
        let steps = probe.steps.replace("{kind}", kind).replace("{open}", open).replace("{flags}", flags);
        let steps = steps.replace("{extensions}", &extensions.join(", "));
        let name = format!("probe {}", probe.name);
        let text = format!("sv2t 1\ntitle {:?}\n\n{}\n", probe.asks, steps.trim());
        let file = scenario::load(&name, &text, &Words::new(self.ledger, self.fragments))?;
        let source = Source { name: name.as_str().into(), path: None, text: text.into(), file };
        Ok(Scenario { id: name, source: Arc::new(source), row: Vec::new() })
    }

    fn read(&self, probe: &Probe, reads: &Reads, outcome: &Outcome) -> Result<Fact, String> {
        let seen = Seen::of(outcome);
        let nothing = || seen.nothing(outcome);
        let fact = |shown, frame| Fact { shown, how: probe.asks.to_owned(), frame };
        match *reads {
            Reads::Batch => batch(&seen).map(|(shown, frame)| fact(shown, frame)).ok_or_else(nothing),
            Reads::Sees(message) if seen.is_triggered() => {
                let came = seen.after_trigger(message);
                Ok(fact(Shown::Can(came.is_some()), came.map(Came::evidence)))
            }
            Reads::Sees(_) => Err(nothing()),
            Reads::Negotiates(capability) => {
                let (can, came) = negotiates(capability, &seen).ok_or_else(nothing)?;
                Ok(fact(Shown::Can(can), came.map(Came::evidence)))
            }
            Reads::Version(version) => self.version(probe, version, &seen).ok_or_else(nothing),
            _ => {
                let came = seen.answer().ok_or_else(nothing)?;
                Ok(fact(self.of_answer(reads, &came.message)?, Some(came.evidence())))
            }
        }
    }

    /// What an answer shows.
    fn of_answer(&self, reads: &Reads, answer: &Message) -> Result<Shown, String> {
        let other = || format!("answered with {}", answer.spec().name);
        match (reads, answer) {
            (
                Reads::Opens(_),
                Message::OpenStandardMiningChannelSuccess(_) | Message::OpenExtendedMiningChannelSuccess(_),
            ) => Ok(Shown::Can(true)),
            (Reads::Opens(_), Message::OpenMiningChannelError(_)) => Ok(Shown::Can(false)),
            (Reads::Opens(_), _) => Err(other()),
            (Reads::Cost, answer) => cost(answer).map(Shown::Cost).ok_or_else(other),
            (Reads::Flags, Message::SetupConnectionError(error)) => Ok(Shown::Flags(error.flags)),
            (Reads::Flags, _) => Ok(Shown::Flags(0)),
            (Reads::Extensions, answer) => {
                let held = match answer {
                    Message::RequestExtensionsSuccess(success) => {
                        success.supported_extensions.as_slice().iter().map(|id| u64::from(*id)).collect()
                    }
                    _ => BTreeSet::new(),
                };
                Ok(Shown::Numbers { asked: self.extensions.clone(), held })
            }
            (_, answer) => match answer.get("error_code") {
                Some(sv2_wire::Value::Text(code)) => {
                    Ok(Shown::Spelling(String::from_utf8_lossy(&code).into_owned()))
                }
                _ => Err(other()),
            },
        }
    }

    /// Versions are asked for one by one, and what was learned before counts.
    fn version(&self, probe: &Probe, version: u64, seen: &Seen<'_>) -> Option<Fact> {
        let known = self.learned.facts.get(&Reads::Version(version).claim());
        let (mut asked, mut held, mut frame) = match known {
            Some(Fact { shown: Shown::Numbers { asked, held }, frame, .. }) => {
                (asked.clone(), held.clone(), frame.clone())
            }
            _ => (BTreeSet::new(), BTreeSet::new(), None),
        };
        match seen.answer() {
            Some(came) => {
                let is_used = matches!(&came.message, Message::SetupConnectionSuccess(success)
                    if u64::from(success.used_version) == version);
                if is_used {
                    held.insert(version);
                }
                if is_used || frame.is_none() {
                    frame = Some(came.evidence());
                }
            }
            // A close is a refusal too (AMB-25), once something was said at all.
            None if seen.is_closed_after_request() => {}
            None => return None,
        }
        asked.insert(version);
        let how = probe.asks.split(" (").next().unwrap_or(probe.asks).to_owned();
        Some(Fact { shown: Shown::Numbers { asked, held }, how, frame })
    }
}

/// The profile to play probes with: patient enough, and never longer than needed.
pub fn patience(mut profile: Profile, claims: &ProfileFile) -> Profile {
    profile.ack_batch_bound = match claims.get("acknowledgements.batch") {
        Some(_) => profile.ack_batch_bound.max(ACK_BOUND),
        None => ACK_BOUND,
    };
    if claims.get("waiting.quiet").is_none() {
        profile.quiet = QUIET;
    }
    profile
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_probe_is_a_scenario() {
        let ledger = crate::suite::embedded_ledger().unwrap();
        let suite = crate::suite::load_embedded(&ledger).unwrap();
        let mut interview =
            Interview::new(&ProfileFile::default(), &BTreeSet::new(), &ledger, &suite.fragments);
        for kind in ["channel.standard", "channel.extended"] {
            interview.can = BTreeSet::from([kind]);
            for probe in PROBES {
                if let Err(errors) = interview.scenario(probe) {
                    panic!("{}: {:?}", probe.name, errors.errors());
                }
            }
        }
    }

    #[test]
    fn a_spelling_is_of_a_symbol_that_scenarios_know() {
        let ledger = crate::suite::embedded_ledger().unwrap();
        for reads in PROBES.iter().flat_map(|probe| probe.reads) {
            if let Reads::Spelling(symbol) = reads {
                assert!(ledger.symbols().any(|known| known.name == *symbol), "{symbol}");
            }
        }
    }
}
