//! What is needed to have a pool take custom jobs (spec sections 5.3.18 and 6.4.3).

use sv2_reference_pool::custom::CustomJobs;
use sv2_reference_pool::pool::PoolConfig;

/// How many custom jobs one scenario may have on the embedded pool.
const EMBEDDED_TOKENS: u8 = 16;
/// What the coinbase of a custom job pays the embedded pool, in satoshis.
const EMBEDDED_REWARD: u64 = 312_500_000;

/// What a job declarator server would give: tokens, and the outputs that the pool wants in the coinbase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomJobAccess {
    /// `mining_job_token`s, each for one job of one run.
    pub tokens: Vec<Vec<u8>>,
    /// `coinbase_tx_outputs` of a request, with the pool's payout among them.
    pub coinbase_tx_outputs: Vec<u8>,
}

impl CustomJobAccess {
    /// For the embedded pool, once a scenario lets it take custom jobs by `pool(custom-jobs: true)`.
    pub fn embedded() -> Self {
        let tokens =
            (1..=EMBEDDED_TOKENS).map(|number| format!("custom job {number}").into_bytes()).collect();
        let payout = PoolConfig::default().payout;
        let (value, length) = (EMBEDDED_REWARD.to_le_bytes(), u8::try_from(payout.len()).unwrap_or(u8::MAX));
        let coinbase_tx_outputs = [&[1], value.as_slice(), &[length], payout.as_bytes()].concat();
        Self { tokens, coinbase_tx_outputs }
    }

    /// The pool's side of it.
    pub fn pool(&self) -> CustomJobs {
        CustomJobs { tokens: self.tokens.iter().cloned().collect() }
    }
}
