use crate::bounds::{KEPT_ACKS, KEPT_SHARES};
use crate::pairing::is_at_or_before;
use std::collections::{BTreeMap, BTreeSet};
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
    /// Another job took its id, or too many came since for it to be remembered ([`crate::bounds`]).
    #[error("the job is no longer there")]
    Job,
    /// The hardest target that could be in force for the job changed.
    #[error("the target changed")]
    Target,
    /// The channel's extranonce prefix changed. By AMB-50 a job that was sent before keeps its own, but the text has a gap
    /// there, and a share in flight is no place to fight it out.
    #[error("the extranonce prefix changed")]
    Prefix,
}

/// What became of a submitted share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShareState {
    /// No answer yet.
    InFlight,
    /// A SubmitShares.Success named it, or one that was submitted after it, before any error named it.
    Acknowledged,
    /// A SubmitShares.Error named it, before or after a Success: validation may be late (spec section 5.3.14).
    Refused {
        /// The error code's bytes.
        error_code: Vec<u8>,
    },
}

/// What a channel was credited with, by the server's own counting (spec section 5.3.13).
///
/// "Last" in `last_sequence_number` is meant in the order of submission: a server need not check that numbers increase
/// (5.3.13), so they may wrap around, jump or repeat. A Success that names a number which was never submitted settles
/// what comes before it by less than 2^31; whether it may do so is for a judge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Sum of `new_submits_accepted_count` since the channel opened.
    pub credited: u64,
    /// Sum of `new_shares_sum` since the channel opened; saturates.
    pub shares_sum: u64,
    /// Every `last_sequence_number` that came, in order; the first [`KEPT_ACKS`] of them.
    pub acked_numbers: Vec<u32>,
    /// Submitted shares by sequence number; a repeated number has the state of the last, and an error counts for it. At
    /// most [`KEPT_SHARES`], the newest.
    pub shares: BTreeMap<u32, ShareState>,
    /// Shares submitted.
    pub submitted: u64,
    /// Submitted shares that a SubmitShares.Error refused; a second error for one of them does not count.
    pub refused: u64,
    /// Position of each number's latest submission.
    positions: BTreeMap<u32, u64>,
    /// Numbers by that position.
    numbers: BTreeMap<u64, u32>,
    /// Positions of those that are in flight.
    flying: BTreeSet<u64>,
}

impl Account {
    pub(crate) fn submit(&mut self, sequence_number: u32) {
        self.submitted = self.submitted.saturating_add(1);
        let position = self.submitted;
        if let Some(earlier) = self.positions.insert(sequence_number, position) {
            self.numbers.remove(&earlier);
            self.flying.remove(&earlier);
        }
        self.numbers.insert(position, sequence_number);
        self.flying.insert(position);
        self.shares.insert(sequence_number, ShareState::InFlight);
        if self.shares.len() > KEPT_SHARES {
            self.forget_oldest();
        }
    }

    pub(crate) fn acknowledge(&mut self, last_sequence_number: u32, count: u32, sum: u64) {
        self.credited = self.credited.saturating_add(u64::from(count));
        self.shares_sum = self.shares_sum.saturating_add(sum);
        if self.acked_numbers.len() < KEPT_ACKS {
            self.acked_numbers.push(last_sequence_number);
        }
        for position in self.settled_by(last_sequence_number) {
            self.flying.remove(&position);
            let share = self.numbers.get(&position).and_then(|number| self.shares.get_mut(number));
            if let Some(state) = share {
                *state = ShareState::Acknowledged;
            }
        }
    }

    pub(crate) fn refuse(&mut self, sequence_number: u32, error_code: &[u8]) {
        // A number that was never submitted is the rules' business, not the model's.
        let Some(state) = self.shares.get_mut(&sequence_number) else { return };
        if !matches!(state, ShareState::Refused { .. }) {
            self.refused = self.refused.saturating_add(1);
        }
        *state = ShareState::Refused { error_code: error_code.to_vec() };
        if let Some(position) = self.positions.get(&sequence_number) {
            self.flying.remove(position);
        }
    }

    fn settled_by(&self, last: u32) -> Vec<u64> {
        if let Some(position) = self.positions.get(&last) {
            return self.flying.range(..=*position).copied().collect();
        }
        let before = |number: &u32| is_at_or_before(*number, last);
        let flying = self.flying.iter().copied();
        flying.filter(|position| self.numbers.get(position).is_some_and(before)).collect()
    }

    fn forget_oldest(&mut self) {
        if let Some((position, number)) = self.numbers.pop_first() {
            self.flying.remove(&position);
            self.positions.remove(&number);
            self.shares.remove(&number);
        }
    }
}
