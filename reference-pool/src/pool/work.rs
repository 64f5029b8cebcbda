//! How jobs reach the channels of a connection.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::Shared;
use super::connection::{Connection, Replies};
use crate::job::Starts;
use crate::service::Now;
use crate::template::Change;
use std::sync::Arc;

impl Connection {
    /// Passes a new block or template on: once to each group (spec section 5.2.3), or to each channel where the client
    /// takes standard jobs only, which go to "a standard channel" (spec section 5.3.15).
    pub(super) fn distribute(
        &mut self,
        change: Change,
        now: Now,
        shared: &mut Shared,
        replies: &mut Replies<'_>,
    ) {
        if shared.rules.share(change == Change::Block, |rules, right| rules.forgets(right)) {
            self.seen.clear();
        }
        let addressees: Vec<u32> = match self.standard_jobs {
            true => self.channels.keys().copied().collect(),
            false => self.groups().into_iter().collect(),
        };
        for id in addressees {
            self.send_work(id, change, now, shared, replies);
        }
    }

    /// Sends the present work to a channel or a group. For a block: "The server MUST NOT send this message referencing a
    /// `job_id` that was not previously sent as a future job" (spec section 5.3.17), so the future job comes first and
    /// SetNewPrevHash behind it. For a template: a job that is active at once.
    pub(super) fn send_work(
        &mut self,
        id: u32,
        change: Change,
        now: Now,
        shared: &mut Shared,
        replies: &mut Replies<'_>,
    ) {
        let (work, job_id) = (Arc::clone(&shared.work), self.take_job_id());
        let job_id = shared.rules.job(job_id, |rules, right| rules.job_id(right));
        let tip_ntime = work.template.tip.min_ntime;
        let announced = match change {
            Change::Block => None,
            Change::Template => Some(now.unix.max(tip_ntime)),
        };
        let starts = Starts { min_ntime: announced.unwrap_or(tip_ntime), is_immediate: announced.is_some() };
        let retires = shared.rules.job(change == Change::Block, |rules, right| rules.retires(right));
        for (index, member) in self.addressed(id).enumerate() {
            let is_first = member.jobs.is_empty();
            if retires {
                member.jobs.retire_all();
            }
            if shared.rules.job(true, |rules, right| rules.reaches_member(right, index)) {
                member.take_job(job_id, &work, starts, &mut shared.rules);
            }
            let is_named = change == Change::Block;
            if is_named && !shared.rules.job(true, |rules, right| rules.keeps_named(right, is_first)) {
                member.jobs.retire_all();
            }
        }
        let announced = shared.rules.job(announced, |rules, right| rules.min_ntime(right, tip_ntime));
        let is_extended = shared.rules.job(false, |rules, right| rules.is_sent_extended(right));
        let job = match self.channels.get(&id) {
            Some(channel) if !is_extended => channel.job_message(job_id, &work, announced),
            _ => work.extended_job(id, job_id, announced).into(),
        };
        let job = shared.rules.job(job, |rules, right| rules.job(right));
        match change {
            Change::Block => {
                let named = shared.rules.job(job_id, |rules, right| rules.named_job(right));
                let tip = work.prev_hash(id, named);
                let tip = shared.rules.job(tip, |rules, right| rules.prev_hash(right));
                let both = [job, tip.into()];
                let both = shared.rules.job(both, |rules, right| rules.sequence(right));
                both.into_iter().for_each(|message| replies.send(message));
            }
            Change::Template => replies.send(job),
        }
    }
}
