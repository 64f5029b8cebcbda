//! Shares of a connection: judged, counted, answered.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::Shared;
use super::connection::{Connection, Replies};
use crate::channel::Kind;
use crate::service::Now;
use crate::share::{Judged, ShareError, Submit, judge};
use sv2_wire::{SubmitSharesError, SubmitSharesSuccess};

impl Connection {
    /// "An error is immediately submitted for every incorrect submit attempt" (spec section 5.3.14).
    pub(super) fn submit(
        &mut self,
        kind: Kind,
        submit: &Submit<'_>,
        worker: Result<Option<String>, ShareError>,
        now: Now,
        shared: &mut Shared,
        replies: &mut Replies<'_>,
    ) {
        if self.seen.len() >= shared.config.max_seen {
            self.close(replies);
            return;
        }
        let (name, outcome) = match worker {
            Ok(name) => (name, self.try_submit(kind, submit, now, shared)),
            Err(error) => (None, Err(error)),
        };
        shared.count_worker(name, outcome.is_ok());
        match outcome {
            Ok(Some(success)) => replies.send(success),
            Ok(None) => {}
            Err(error) => {
                shared.reject(error.code());
                replies.send(SubmitSharesError {
                    channel_id: submit.channel_id,
                    sequence_number: submit.sequence_number,
                    error_code: error.code().into(),
                });
                if !shared.rules.share(true, |rules, right| rules.survives_error(right)) {
                    self.close(replies);
                }
            }
        }
    }

    fn try_submit(
        &mut self,
        kind: Kind,
        submit: &Submit<'_>,
        now: Now,
        shared: &mut Shared,
    ) -> Result<Option<SubmitSharesSuccess>, ShareError> {
        let rules = &mut shared.rules;
        let id = rules.share(submit.channel_id, |rules, right| {
            let open: Vec<u32> = self.channels.keys().copied().collect();
            rules.channel(right, &open)
        });
        let channel = self
            .channels
            .get_mut(&id)
            .filter(|channel| rules.share(channel.kind == kind, |rules, right| rules.fits_channel(right)));
        let channel = channel.ok_or(ShareError::ChannelId)?;
        let Judged { job, header, hash, is_block, credit } =
            judge(&channel.jobs, submit, shared.tip_age(now), &self.seen, &mut shared.rules)?;
        let new_block = is_block && self.seen.publish(hash);
        if new_block {
            shared.publish(job.work.block(header, &job.prefix, submit.extranonce));
        }
        let target = credit?;
        self.seen.accept(hash);
        shared.statistics.accepted = shared.statistics.accepted.saturating_add(1);
        channel.meter.count(target);
        let target = shared.rules.ack(target, |rules, right| rules.worth(right, channel.target));
        Ok(channel.batch.add(submit, target, &shared.config, new_block, &mut shared.rules))
    }
}
