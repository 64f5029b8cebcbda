use crate::custom::CustomJobs;
use crate::extensions::{Extensions, WORKER_IDENTITY};
use crate::faults::Fault;
use crate::job::WorkError;
use crate::target::difficulty_one;
use crate::template::fixed::{TemplateConfig, TemplateConfigError};
use crate::vardiff::Vardiff;
use bitcoin::{Network, ScriptBuf, Target};
use std::collections::BTreeSet;
use std::time::Duration;

/// How the pool behaves. Two pools of one configuration that see the same events send the same bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolConfig {
    /// Where everything random comes from. Default 0.
    pub seed: u64,
    /// The templates of the built-in source.
    pub templates: TemplateConfig,
    /// Shares that a channel of the announced hash rate sends in a minute; above 0. Default 6.
    pub shares_per_minute: f64,
    /// Accepted shares that one `SubmitShares.Success` acknowledges. 1, the default, acknowledges each by itself.
    pub ack_batch: u32,
    /// The target whose shares count as 1 in `SubmitShares.Success.new_shares_sum`. The specification does not name it
    /// (AMB-60); default: that of the main network. That of a test network makes sums of easy shares tell something.
    pub difficulty_one: Target,
    /// Open channels that a connection may have. Default 1000.
    pub max_channels: usize,
    /// Jobs on one tip that stay valid on a channel, and ended jobs whose shares are called stale; at least 1. Default 16.
    pub kept_jobs: usize,
    /// Accepted shares and blocks that are remembered per connection and tip; whoever goes on is disconnected.
    /// Default 2^20.
    pub max_seen: usize,
    /// Found blocks that wait to be taken; the oldest is dropped for a new one. Default 256.
    pub max_found: usize,
    /// Workers (EXT-0002) that are counted by name; shares of further ones are only counted with the rest. Default 65536.
    pub max_workers: usize,
    /// How long a connection may go without a channel: "If no channels are opened within a reasonable period the server
    /// SHOULD close the connection for inactivity" (spec section 5.3.2). Default ten minutes; `None` waits for ever.
    pub inactivity: Option<Duration>,
    /// Makes targets follow the rate of accepted shares. Default `None`: a target only changes when the client asks.
    pub vardiff: Option<Vardiff>,
    /// Refuses every change of the header version: REQUIRES_FIXED_VERSION (spec section 5.3.1). Default false.
    pub fixed_version: bool,
    /// Opens no standard channels: REQUIRES_EXTENDED_CHANNELS (spec section 5.3.1). Default false.
    pub extended_channels_only: bool,
    /// Takes custom jobs, and REQUIRES_WORK_SELECTION at set-up (spec section 5.3.1). Default `None`.
    pub custom_jobs: Option<CustomJobs>,
    /// Flags of `SetupConnection` that are refused although they could be served. Default 0.
    pub refused_flags: u32,
    /// Does not know EXT-0001: "Servers that do not support this extension will ignore the RequestExtensions message"
    /// (EXT-0001 4.3). Default false.
    pub ignores_extensions: bool,
    /// Extensions that are spoken and demanded. Default: EXT-0002 is spoken, none is demanded.
    pub extensions: Extensions,
    /// Ways to be wrong on purpose; those that concern connections belong into `NodeConfig`. Default none.
    pub faults: Vec<Fault>,
    /// What the pool writes into the coinbase script. Default `sv2-reference-pool`.
    pub signature: Vec<u8>,
    /// The output script that is paid. Default: P2WSH of `OP_TRUE`, which anyone may spend.
    pub payout: ScriptBuf,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            seed: 0,
            templates: TemplateConfig::default(),
            shares_per_minute: 6.0,
            ack_batch: 1,
            difficulty_one: difficulty_one(Network::Bitcoin),
            max_channels: 1000,
            kept_jobs: 16,
            max_seen: 1 << 20,
            max_found: 256,
            max_workers: 65536,
            inactivity: Some(Duration::from_secs(600)),
            vardiff: None,
            fixed_version: false,
            extended_channels_only: false,
            custom_jobs: None,
            refused_flags: 0,
            ignores_extensions: false,
            extensions: Extensions {
                supported: BTreeSet::from([WORKER_IDENTITY]),
                required: BTreeSet::new(),
            },
            faults: Vec::new(),
            signature: b"sv2-reference-pool".to_vec(),
            payout: ScriptBuf::new_p2wsh(&ScriptBuf::from(vec![0x51]).wscript_hash()),
        }
    }
}

/// A configuration that no pool can run with.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum PoolConfigError {
    /// `shares_per_minute` is not a number above 0.
    #[error("{0} shares per minute make no target")]
    SharesPerMinute(f64),
    /// `difficulty_one` is 0: no share would be worth anything.
    #[error("the target of difficulty 1 is 0")]
    DifficultyOne,
    /// `kept_jobs` is 0: no share could be valid.
    #[error("at least one job has to be kept")]
    KeptJobs,
    /// An extension is demanded that is not spoken.
    #[error("extension 0x{0:04x} is required but not supported")]
    Extension(u16),
    /// `vardiff.interval` is 0.
    #[error("targets cannot be reviewed without a pause")]
    Vardiff,
    /// The templates are impossible.
    #[error(transparent)]
    Templates(#[from] TemplateConfigError),
    /// No job can be made: signature or payout are too long.
    #[error(transparent)]
    Work(#[from] WorkError),
}

impl PoolConfig {
    pub(super) fn check(&self) -> Result<(), PoolConfigError> {
        if !self.shares_per_minute.is_finite() || self.shares_per_minute <= 0.0 {
            return Err(PoolConfigError::SharesPerMinute(self.shares_per_minute));
        }
        if self.difficulty_one == Target::ZERO {
            return Err(PoolConfigError::DifficultyOne);
        }
        if self.kept_jobs == 0 {
            return Err(PoolConfigError::KeptJobs);
        }
        if let Some(unknown) = self.extensions.required.difference(&self.extensions.supported).next() {
            return Err(PoolConfigError::Extension(*unknown));
        }
        if self.vardiff.is_some_and(|vardiff| vardiff.interval.is_zero()) {
            return Err(PoolConfigError::Vardiff);
        }
        Ok(())
    }
}
