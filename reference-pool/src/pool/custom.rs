//! Custom jobs of a connection: decided on, made active, answered.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::Shared;
use super::connection::{Connection, Replies};
use crate::channel::Kind;
use crate::custom::{CustomError, MAX_COINBASE_PREFIX, work};
use crate::job::Starts;
use crate::service::Now;
use std::sync::Arc;
use sv2_wire::{SetCustomMiningJob, SetCustomMiningJobError, SetCustomMiningJobSuccess};

impl Connection {
    /// Answers a request. The job is active from the success on, beside the pool's own (AMB-69): "After receiving it, the
    /// miner can start submitting shares for this job immediately" (spec section 5.3.19).
    pub(super) fn custom_job(
        &mut self,
        request: &SetCustomMiningJob,
        now: Now,
        shared: &mut Shared,
        replies: &mut Replies<'_>,
    ) {
        let outcome = self.try_custom_job(request, now, shared);
        let channel_id = request.channel_id;
        let request_id = shared.rules.custom(request.request_id, |rules, right| rules.request_id(right));
        if !shared.rules.custom(true, |rules, right| rules.is_answered(right)) {
            return;
        }
        match outcome {
            Ok(job_id) => replies.send(SetCustomMiningJobSuccess { channel_id, request_id, job_id }),
            Err(error) => replies.send(SetCustomMiningJobError {
                channel_id,
                request_id,
                error_code: error.code().into(),
            }),
        }
    }

    /// The order of the checks: offered, announced at set-up, channel, token, then the fields as in [`work`]. Only a job
    /// that is taken uses its token up.
    fn try_custom_job(
        &mut self,
        request: &SetCustomMiningJob,
        now: Now,
        shared: &mut Shared,
    ) -> Result<u32, CustomError> {
        let is_announced = self.work_selection;
        let is_announced = shared.rules.custom(is_announced, |rules, right| rules.is_announced(right));
        if shared.config.custom_jobs.is_none() || !is_announced {
            return Err(CustomError::NotOffered);
        }
        let members = self.custom_members(request.channel_id, shared);
        if members.is_empty() {
            return Err(CustomError::Channel);
        }
        let token = request.mining_job_token.as_slice();
        let is_known = shared.tokens.contains(token);
        if !shared.rules.custom(is_known, |rules, right| rules.is_token_known(right)) {
            return Err(CustomError::Token);
        }
        let script_head = request.coinbase_prefix.as_slice().to_vec();
        let script_head = shared.rules.custom(script_head, |rules, right| rules.coinbase_prefix(right));
        let longest =
            shared.rules.custom(MAX_COINBASE_PREFIX, |rules, right| rules.longest_coinbase_prefix(right));
        let work = work(request, script_head, &shared.work, &shared.config.payout, longest, now)?;
        shared.tokens.remove(token);
        let (work, job_id) = (Arc::new(work), self.take_job_id());
        let job_id = shared.rules.custom(job_id, |rules, right| rules.job_id(right));
        let of_tip = shared.work.template.tip.min_ntime;
        let min_ntime = shared.rules.custom(request.min_ntime, |rules, right| rules.min_ntime(right, of_tip));
        let starts = Starts { min_ntime, is_immediate: false };
        for id in members {
            if let Some(channel) = self.channels.get_mut(&id) {
                channel.take_job(job_id, &work, starts, &mut shared.rules);
            }
        }
        Ok(job_id)
    }

    /// The channels that a custom job is for. "Can be sent only on extended or group channel. If the group channel contains
    /// standard channels, the server MUST ignore those" (spec section 5.3.18).
    fn custom_members(&mut self, id: u32, shared: &mut Shared) -> Vec<u32> {
        let takes = |kind: Kind, shared: &mut Shared| {
            shared.rules.custom(kind == Kind::Extended, |rules, right| rules.takes_channel(right))
        };
        self.addressed(id).filter(|channel| takes(channel.kind, shared)).map(|channel| channel.id).collect()
    }
}
