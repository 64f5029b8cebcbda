//! What a target can do, and how the suite is to treat it.

use std::collections::BTreeSet;
use std::time::Duration;
use sv2_reference_pool::pool::PoolConfig;

/// Something that a scenario may need of its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability {
    /// The word behind `needs`.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
}

/// Every capability.
#[rustfmt::skip]
pub const CAPABILITIES: &[Capability] = &[
    Capability { name: "channel.standard", doc: "opens standard channels" },
    Capability { name: "channel.extended", doc: "opens extended channels" },
    Capability { name: "control.block",    doc: "can be made to see a new block" },
    Capability { name: "control.template", doc: "can be made to see a new template" },
    Capability { name: "control.time",     doc: "has a clock that can be moved" },
    Capability { name: "noise",            doc: "is reached through Noise" },
];

/// A setting of the embedded pool that a scenario's `pool(...)` line may change.
pub struct PoolSetting {
    /// The name in the header.
    pub name: &'static str,
    /// Puts the value into the configuration.
    pub apply: fn(&mut PoolConfig, u64) -> Result<(), String>,
}

/// Every setting.
#[rustfmt::skip]
pub const POOL_SETTINGS: &[PoolSetting] = &[
    PoolSetting { name: "ack-batch",    apply: |config, value| set(&mut config.ack_batch, value) },
    PoolSetting { name: "transactions", apply: |config, value| set(&mut config.templates.transactions, value) },
];

fn set<T: TryFrom<u64>>(field: &mut T, value: u64) -> Result<(), String> {
    *field = T::try_from(value).map_err(|_| format!("{value} is too large"))?;
    Ok(())
}

/// A target's profile.
#[derive(Clone, Debug)]
pub struct Profile {
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
    /// How long silence has to last where nothing proves it sooner.
    pub quiet: Duration,
}

impl Profile {
    /// The embedded pool.
    pub fn embedded() -> Self {
        let capabilities = CAPABILITIES.iter().map(|capability| capability.name).collect();
        Self { capabilities, ..Self::foreign() }
    }

    /// A pool that nothing is known about: it can do what every pool has to, and cannot be steered.
    pub fn foreign() -> Self {
        Self {
            capabilities: BTreeSet::from(["channel.standard", "channel.extended"]),
            user_identity: "sv2-conform.worker".to_owned(),
            nominal_hash_rate: 1000.0,
            hash_budget: 1 << 24,
            reply_within: Duration::from_secs(5),
            ack_batch_bound: 100,
            quiet: Duration::from_secs(1),
        }
    }

    /// The first of the needs that this target does not meet.
    pub fn missing<'a>(&self, needs: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        needs.into_iter().find(|need| !self.capabilities.contains(need))
    }
}
