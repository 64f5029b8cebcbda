use std::collections::BTreeMap;
use sv2_wire::U256;

/// What a mined share rests on. While it holds, the share is as valid as it was when it was mined; afterwards an answer
/// says nothing about the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    /// The channel.
    pub channel_id: u32,
    /// The job.
    pub job_id: u32,
    /// The job's position among those of the connection.
    pub order: u64,
    /// The SetNewPrevHash that the job rested on, counted from 1.
    pub tip: u64,
    /// The job's hardest target.
    pub target: U256,
    /// The channel's prefix.
    pub extranonce_prefix: Vec<u8>,
}

/// Why a [`Basis`] holds no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Voided {
    /// The channel was closed.
    #[error("the channel was closed")]
    Channel,
    /// Another previous hash came.
    #[error("a new previous hash came")]
    Tip,
    /// The job was replaced under the same id.
    #[error("the job is no longer there")]
    Job,
    /// The target changed.
    #[error("the target changed")]
    Target,
    /// The extranonce prefix changed.
    #[error("the extranonce prefix changed")]
    Prefix,
}

/// What became of a submitted share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShareState {
    /// No answer yet.
    InFlight,
    /// A SubmitShares.Success named it, or a later one of the channel, before any error did.
    Acknowledged,
    /// A SubmitShares.Error named it.
    Refused {
        /// The error code's bytes.
        error_code: Vec<u8>,
    },
}

/// What a channel was credited with, by the server's own counting (spec section 5.3.13).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Sum of `new_submits_accepted_count` since the channel opened.
    pub credited: u64,
    /// Sum of `new_shares_sum` since the channel opened; saturates.
    pub shares_sum: u64,
    /// Every `last_sequence_number` that came, in order.
    pub acked_numbers: Vec<u32>,
    /// Submitted shares by sequence number; a repeated number has the state of the last.
    pub shares: BTreeMap<u32, ShareState>,
    /// Shares submitted.
    pub submitted: u64,
    /// Shares refused by a SubmitShares.Error.
    pub refused: u64,
}

impl Account {
    pub(crate) fn submit(&mut self, sequence_number: u32) {
        self.shares.insert(sequence_number, ShareState::InFlight);
        self.submitted = self.submitted.saturating_add(1);
    }

    pub(crate) fn acknowledge(&mut self, last_sequence_number: u32, count: u32, sum: u64) {
        self.credited = self.credited.saturating_add(u64::from(count));
        self.shares_sum = self.shares_sum.saturating_add(sum);
        self.acked_numbers.push(last_sequence_number);
        for (_, state) in self.shares.range_mut(..=last_sequence_number) {
            if *state == ShareState::InFlight {
                *state = ShareState::Acknowledged;
            }
        }
    }

    pub(crate) fn refuse(&mut self, sequence_number: u32, error_code: &[u8]) {
        self.refused = self.refused.saturating_add(1);
        // A number that was never submitted is the rules' business, not the model's.
        if let Some(state) = self.shares.get_mut(&sequence_number) {
            *state = ShareState::Refused { error_code: error_code.to_vec() };
        }
    }
}
