//! What a target can do, and how the suite is to treat it.

pub mod draft;
pub mod file;
pub mod keys;
pub mod library;
pub mod probe;
pub mod verify;

use crate::custom::CustomJobAccess;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use sv2_reference_pool::extensions::{Extensions, WORKER_IDENTITY};
use sv2_reference_pool::faults::Fault;
use sv2_reference_pool::node::{NodeConfig, TransportConfig, Validity};
use sv2_reference_pool::pool::PoolConfig;
use sv2_reference_pool::target::{self, Network};

/// Something that a scenario may need of its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability {
    /// The word behind `needs`.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// Whether a profile's `capabilities` say so. The others follow from the URL, and from what can steer the target.
    pub by_profile: bool,
}

/// Every capability.
#[rustfmt::skip]
pub const CAPABILITIES: &[Capability] = &[
    Capability { name: "access.local",     doc: "is reached over a local network only, says its profile", by_profile: false },
    Capability { name: "access.remote",    doc: "is reached over open networks, says its profile", by_profile: false },
    Capability { name: "channel.standard", doc: "opens standard channels", by_profile: true },
    Capability { name: "channel.extended", doc: "opens extended channels", by_profile: true },
    Capability { name: "control.block",    doc: "can be made to see a new block", by_profile: false },
    Capability { name: "control.template", doc: "can be made to see a new template", by_profile: false },
    Capability { name: "control.custom-job", doc: "takes custom jobs, and there are tokens for them", by_profile: false },
    Capability { name: "control.messages", doc: "can be made to send a message of its own accord", by_profile: false },
    Capability { name: "control.time",     doc: "has a clock that can be moved", by_profile: false },
    Capability { name: "extension.ignored",  doc: "does not know extension 0x0001, the negotiation of extensions", by_profile: true },
    Capability { name: "extension.required", doc: "demands extension 0x0002 of every client", by_profile: true },
    Capability { name: "extension.worker",   doc: "speaks extension 0x0002, with little-endian TLVs (AMB-01), and demands no other", by_profile: true },
    Capability { name: "noise",            doc: "is reached through Noise", by_profile: false },
    Capability { name: "plaintext",        doc: "is reached without encryption", by_profile: false },
    Capability { name: "statistics",       doc: "shows what it holds: the embedded pool, or a process that --exec started on Linux", by_profile: false },
];

/// What the embedded pool is made of.
#[derive(Clone, Debug, Default)]
pub struct EmbeddedConfig {
    /// The pool.
    pub pool: PoolConfig,
    /// Its connections: transport, bounds, deadlines.
    pub node: NodeConfig,
}

/// A setting of the embedded pool that a scenario's `pool(...)` line may change.
#[derive(Clone, Copy, Debug)]
pub struct PoolSetting {
    /// The name in the header.
    pub name: &'static str,
    /// What it takes, and how that is put into the configuration.
    pub kind: SettingKind,
}

/// A word that a setting takes, and what it does.
pub type Choice = (&'static str, fn(&mut EmbeddedConfig));

/// What a setting takes.
#[derive(Clone, Copy, Debug)]
pub enum SettingKind {
    /// A number.
    Number(fn(&mut EmbeddedConfig, u64) -> Result<(), String>),
    /// `true` or `false`.
    Boolean(fn(&mut EmbeddedConfig, bool)),
    /// One of these words.
    Word(&'static [Choice]),
}

/// A value that a header gives to a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingValue {
    /// A number.
    Number(u64),
    /// `true` or `false`.
    Boolean(bool),
    /// A bare word.
    Word(String),
}

/// Every setting.
#[rustfmt::skip]
pub const POOL_SETTINGS: &[PoolSetting] = &[
    PoolSetting { name: "ack-batch",    kind: SettingKind::Number(|config, value| set(&mut config.pool.ack_batch, value)) },
    PoolSetting { name: "max-channels", kind: SettingKind::Number(|config, value| set(&mut config.pool.max_channels, value)) },
    PoolSetting { name: "certificate",  kind: SettingKind::Word(CERTIFICATES) },
    PoolSetting { name: "custom-jobs",  kind: SettingKind::Boolean(|config, on| config.pool.custom_jobs = on.then(|| CustomJobAccess::embedded().pool())) },
    PoolSetting { name: "difficulty-one", kind: SettingKind::Word(DIFFICULTY_ONE) },
    PoolSetting { name: "extended-channels-only", kind: SettingKind::Boolean(|config, on| config.pool.extended_channels_only = on) },
    PoolSetting { name: "fixed-version", kind: SettingKind::Boolean(|config, on| config.pool.fixed_version = on) },
    PoolSetting { name: "inactivity",   kind: SettingKind::Number(|config, seconds| { config.pool.inactivity = Some(Duration::from_secs(seconds)); Ok(()) }) },
    PoolSetting { name: "send-queue",   kind: SettingKind::Number(|config, bytes| set(&mut config.node.limits.max_send_queue, bytes)) },
    PoolSetting { name: "signature",    kind: SettingKind::Number(sign) },
    PoolSetting { name: "extensions",   kind: SettingKind::Word(EXTENSIONS) },
    PoolSetting { name: "nbits",        kind: SettingKind::Number(|config, value| set(&mut config.pool.templates.nbits, value)) },
    PoolSetting { name: "refuse-flags", kind: SettingKind::Number(|config, value| set(&mut config.pool.refused_flags, value)) },
    PoolSetting { name: "transport",    kind: SettingKind::Word(TRANSPORTS) },
    PoolSetting { name: "transactions", kind: SettingKind::Number(|config, value| set(&mut config.pool.templates.transactions, value)) },
];

/// Certificates whose validity is over, runs, or is still to come.
#[rustfmt::skip]
const CERTIFICATES: &[Choice] = &[
    ("expired", |config| certify(config, Validity { from: -86400, until: -3600 })),
    ("future",  |config| certify(config, Validity { from: 3600, until: 86400 })),
    ("valid",   |config| certify(config, Validity::default())),
];

/// Targets whose shares count as difficulty 1: the easiest one of a network.
#[rustfmt::skip]
const DIFFICULTY_ONE: &[Choice] = &[
    ("mainnet", |config| config.pool.difficulty_one = target::difficulty_one(Network::Bitcoin)),
    ("regtest", |config| config.pool.difficulty_one = target::difficulty_one(Network::Regtest)),
];

/// What is spoken beside the core: no other extension than the negotiation, the worker behind a share, that as a demand,
/// or not even the negotiation.
#[rustfmt::skip]
const EXTENSIONS: &[Choice] = &[
    ("negotiation", |config| config.pool.extensions = Extensions::default()),
    ("worker",      |config| config.pool.extensions = worker(false)),
    ("required",    |config| config.pool.extensions = worker(true)),
    ("ignored",     |config| config.pool.ignores_extensions = true),
];

/// How the pool is reached.
#[rustfmt::skip]
const TRANSPORTS: &[Choice] = &[
    ("noise", |config| config.node.transport = NodeConfig::default().transport),
    ("plain", |config| config.node.transport = TransportConfig::Plain),
];

fn worker(is_required: bool) -> Extensions {
    let one = BTreeSet::from([WORKER_IDENTITY]);
    Extensions { required: if is_required { one.clone() } else { BTreeSet::new() }, supported: one }
}

fn certify(config: &mut EmbeddedConfig, validity: Validity) {
    if let TransportConfig::Noise(noise) = &mut config.node.transport {
        noise.validity = validity;
    }
}

/// A mark in the coinbase script of so many bytes.
fn sign(config: &mut EmbeddedConfig, length: u64) -> Result<(), String> {
    let length = usize::try_from(length).ok().filter(|length| *length <= 100);
    config.pool.signature = vec![b's'; length.ok_or("a coinbase script has 100 bytes at most")?];
    Ok(())
}

fn set<T: TryFrom<u64>>(field: &mut T, value: u64) -> Result<(), String> {
    *field = T::try_from(value).map_err(|_| format!("{value} is too large"))?;
    Ok(())
}

impl PoolSetting {
    /// The setting of a name.
    pub fn find(name: &str) -> Option<&'static Self> {
        POOL_SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// What the setting takes, for people.
    pub fn takes(&self) -> String {
        match self.kind {
            SettingKind::Number(_) => "a number".to_owned(),
            SettingKind::Boolean(_) => "`true` or `false`".to_owned(),
            SettingKind::Word(words) => {
                format!("one of {}", words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// Puts a value into the configuration.
    ///
    /// # Errors
    /// It is not of the setting's kind, not one of its words, or out of range.
    pub fn apply(&self, config: &mut EmbeddedConfig, value: &SettingValue) -> Result<(), String> {
        match (self.kind, value) {
            (SettingKind::Number(apply), SettingValue::Number(number)) => return apply(config, *number),
            (SettingKind::Boolean(apply), SettingValue::Boolean(flag)) => {
                apply(config, *flag);
                return Ok(());
            }
            (SettingKind::Word(words), SettingValue::Word(given)) => {
                if let Some((_, apply)) = words.iter().find(|(word, _)| word == given) {
                    apply(config);
                    return Ok(());
                }
            }
            _ => {}
        }
        Err(format!("takes {}", self.takes()))
    }
}

/// A target's profile.
#[derive(Clone, Debug)]
pub struct Profile {
    /// What the embedded pool does wrong on purpose.
    pub faults: Vec<Fault>,
    /// Whether more than 10 s may really pass where no clock can be moved.
    pub waits_long: bool,
    /// What it can do.
    pub capabilities: BTreeSet<&'static str>,
    /// What `user_identity` says unless a scenario says otherwise.
    pub user_identity: String,
    /// Hash rate in hashes per second that channels declare unless a scenario says otherwise. It sets the targets, and so
    /// the work per share.
    pub nominal_hash_rate: f32,
    /// Most hashes that one share may cost before the search is given up as inconclusive.
    pub hash_budget: u64,
    /// How long the target may take for what it has to do at once.
    pub reply_within: Duration,
    /// Most valid shares that are sent to see one acknowledgement (AMB-58).
    pub ack_batch_bound: u32,
    /// How long an acknowledgement may be held back after a share before the next one is sent to force it; without it
    /// [`Profile::quiet`].
    pub ack_within: Option<Duration>,
    /// How long silence has to last where nothing proves it sooner.
    pub quiet: Duration,
    /// How the target spells error codes, by symbol; the symbol itself where there is none. No spelling is standardised
    /// (spec section 3.5), so another one is only reported.
    pub error_codes: Arc<BTreeMap<String, String>>,
    /// Commands that steer the target.
    pub controls: Controls,
    /// What custom jobs take.
    pub custom_jobs: Option<CustomJobAccess>,
}

/// Command lines that steer a target which is neither the embedded pool nor behind our template provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Controls {
    /// Makes it see a new block.
    pub block: Option<String>,
    /// Makes it see a new template on the same previous hash.
    pub template: Option<String>,
}

impl Profile {
    /// The embedded pool.
    pub fn embedded() -> Self {
        let capabilities = CAPABILITIES.iter().map(|capability| capability.name).collect();
        Self { capabilities, custom_jobs: Some(CustomJobAccess::embedded()), ..Self::foreign() }
    }

    /// A pool that nothing is known about: it can do what every pool has to, and cannot be steered.
    pub fn foreign() -> Self {
        Self {
            faults: Vec::new(),
            waits_long: false,
            capabilities: BTreeSet::from(["channel.standard", "channel.extended"]),
            user_identity: "sv2-conform.worker".to_owned(),
            nominal_hash_rate: 1000.0,
            hash_budget: 1 << 24,
            reply_within: Duration::from_secs(5),
            ack_batch_bound: 100,
            ack_within: None,
            quiet: Duration::from_secs(1),
            error_codes: Arc::default(),
            controls: Controls::default(),
            custom_jobs: None,
        }
    }

    /// The first of the needs that this target does not meet.
    pub fn missing<'a>(&self, needs: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        needs.into_iter().find(|need| !self.capabilities.contains(need))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_takes_values_of_its_kind_only() {
        let switch = PoolSetting {
            name: "x",
            kind: SettingKind::Boolean(|config, on| config.node.seed = u64::from(on)),
        };
        let certificate = PoolSetting::find("certificate").unwrap();
        let number = PoolSetting::find("ack-batch").unwrap();
        let mut config = EmbeddedConfig::default();
        assert_eq!(switch.apply(&mut config, &SettingValue::Boolean(true)), Ok(()));
        assert_eq!(config.node.seed, 1);
        assert!(
            switch.apply(&mut config, &SettingValue::Number(1)).unwrap_err().contains("`true` or `false`")
        );
        let word = |word: &str| SettingValue::Word(word.to_owned());
        assert_eq!(certificate.apply(&mut config, &word("expired")), Ok(()));
        let TransportConfig::Noise(noise) = &config.node.transport else { panic!("no noise") };
        assert!(noise.validity.until < 0);
        assert!(certificate.apply(&mut config, &word("old")).unwrap_err().contains("expired, future, valid"));
        assert!(certificate.apply(&mut config, &SettingValue::Boolean(true)).is_err());
        assert_eq!(number.apply(&mut config, &SettingValue::Number(7)), Ok(()));
        assert!(number.apply(&mut config, &SettingValue::Number(u64::MAX)).is_err());
        assert!(number.apply(&mut config, &word("many")).is_err());
    }
}
