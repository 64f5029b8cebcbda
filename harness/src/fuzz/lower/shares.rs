//! Shares: what is mined, and what is submitted.

use super::send::filled_in;
use super::{Lowerer, MAX_OPS, Unsaid};
use crate::fuzz::clients::{Action, SEARCH_BUDGET, first_nonce, rolled_bits};
use crate::miner::{self, Settings, Solution, Wanted};
use crate::runner::mine::{Fixed, fixed, limits, share_message};
use crate::runner::send::assign;
use crate::runner::value::{Datum, Share};
use crate::scenario::syntax::{Assignment, Mine, Step, Submit};
use sv2_session::{Job, JobState};
use sv2_wire::{Message, U256};

/// Hashes that a share with a hash of its own may cost.
const LONG_SEARCH: u64 = 1 << 12;

/// How a share was mined. The `epoch` of a [`Share`] is its number among all.
pub(super) struct Mined {
    client: usize,
    channel: u32,
    job: u32,
    start: Settings,
    aim: Aim,
    /// Whether the scenario has set the time.
    is_timed: bool,
}

/// Which hashes are wanted.
#[derive(Clone, Copy, PartialEq)]
enum Aim {
    Valid,
    Low,
    /// Others, or with a prefix that is not the channel's: what was found is all that there is.
    Special(Wanted),
}

/// A share that was submitted.
pub(super) struct Sent {
    mined: u64,
    /// The message that the scenario's lines make of it.
    asked: Message,
    /// The message that was sent.
    sent: Message,
}

impl Lowerer<'_> {
    pub(super) fn mine(&mut self, mine: &Mine) -> Result<(), Unsaid> {
        self.afford_all(&mine.fields, &[])?;
        let value = self.reference(&mine.job)?;
        let Datum::Job(client, job) = &value else { return Err(format!("{} is no job", value.describe())) };
        let client = *client;
        let fixed = fixed(&self.env, job, mine).map_err(|stop| stop.reason())?;
        let aim = self.aim(mine, &fixed)?;
        let count = mine.count.as_ref().map_or(Ok(1), |count| self.integer(count))?;
        let most = MAX_OPS as u64;
        let (mut shares, mut after) = (Vec::new(), fixed.nonce);
        for _ in 0..count.min(most) {
            let share = self.share(client, job, &fixed, aim, after)?;
            after = fixed.nonce.map(|_| share.solution.settings.nonce.wrapping_add(1));
            shares.push(Datum::Share(client, Box::new(share)));
        }
        if let Some(capture) = &mine.capture {
            let value = if mine.count.is_some() { Datum::List(shares) } else { Datum::of_many(shares) };
            self.env.bind(&capture.node, value);
        }
        if count > most { Err(format!("{most} shares instead of {count}")) } else { Ok(()) }
    }

    fn aim(&self, mine: &Mine, fixed: &Fixed) -> Result<Aim, Unsaid> {
        mine.limits.iter().try_for_each(|limit| self.afford(&limit.operand))?;
        let wanted = limits(&self.env, mine).map_err(|stop| stop.reason())?;
        Ok(match wanted {
            _ if fixed.extranonce_prefix.is_some() => {
                Aim::Special(wanted.unwrap_or_else(|| Wanted::within(U256::MAX)))
            }
            None => Aim::Valid,
            Some(Wanted { above: Some(_), at_most: U256::MAX }) => Aim::Low,
            Some(wanted) => Aim::Special(wanted),
        })
    }

    /// Mines one share, from `after` on where the scenario says where to begin.
    fn share(
        &mut self,
        client: usize,
        job: &Job,
        fixed: &Fixed,
        aim: Aim,
        after: Option<u32>,
    ) -> Result<Share, Unsaid> {
        let JobState::Active { min_ntime, .. } = job.state else { return Err("the job is over".to_owned()) };
        let version = fixed.version.unwrap_or(job.version);
        let start = |roll: u8| Settings {
            version,
            ntime: fixed.ntime.unwrap_or(min_ntime),
            nonce: after.unwrap_or_else(|| first_nonce(roll)),
            extranonce: fixed
                .extranonce
                .clone()
                .unwrap_or_else(|| vec![roll; usize::from(job.extranonce_size)]),
        };
        let of =
            |mined: &Mined| (mined.client, mined.channel, mined.job) == (client, job.channel_id, job.job_id);
        let is_fresh = |roll: &u8| !self.mined.iter().any(|mined| of(mined) && mined.start == start(*roll));
        let roll = roll_of(fixed, job, version).filter(is_fresh);
        let roll = roll.unwrap_or_else(|| {
            self.rolls = self.rolls.wrapping_add(1);
            self.rolls
        });
        let start = start(roll);
        let mut job = job.clone();
        if let Some(prefix) = &fixed.extranonce_prefix {
            job.extranonce_prefix.clone_from(prefix);
        }
        let solution = found(&job, &start, aim)?;
        let epoch = self.mined.len() as u64;
        let (channel, number) = (job.channel_id, job.job_id);
        let is_timed = fixed.ntime.is_some();
        self.mined.push(Mined { client, channel, job: number, start, aim, is_timed });
        Ok(Share { epoch, job, solution, basis: None })
    }

    pub(super) fn submit(&mut self, step: &Step, submit: &Submit) -> Result<(), Unsaid> {
        self.afford_all(&submit.fields, &[])?;
        let value = self.reference(&submit.share)?;
        let client = self.speaker(step, Some(&value))?;
        let mut sent = Vec::new();
        for share in value.into_shares()? {
            sent.push(Datum::Message(client, Box::new(self.submit_one(client, &share, &submit.fields)?)));
        }
        if let Some(capture) = &submit.capture {
            self.env.bind(&capture.node, Datum::of_many(sent));
        }
        Ok(())
    }

    /// Says a share: again, if it went out like this before; else as it would be mined now; else as it was mined.
    fn submit_one(&mut self, client: usize, share: &Share, fields: &[Assignment]) -> Result<Message, Unsaid> {
        let message = |this: &Self, settings: &Settings| {
            let session = this.game.session(client);
            let mut message =
                share_message(session, &share.job, settings, 0).map_err(|stop| stop.reason())?;
            assign(&this.env, &mut message, fields).map_err(|stop| stop.reason())?;
            Ok::<_, Unsaid>(message)
        };
        let mut asked = message(self, &share.solution.settings)?;
        let before = self.sent.iter().find(|sent| sent.mined == share.epoch && sent.asked == asked);
        let mut free = filled_in(fields);
        let now = match before {
            Some(before) => before.sent.clone(),
            None => {
                // On a job that is over, it makes no difference when a share was looked for.
                free.extend(self.is_untimely(client, share).then_some("ntime"));
                message(self, &self.settings_now(client, share))?
            }
        };
        let mut sent = asked.clone();
        match self.game.operation(&Action::Send(client, now), &free) {
            Some(op) => {
                if let Action::Send(_, said) = self.say(op)? {
                    sent = said;
                }
                self.sent.push(Sent { mined: share.epoch, asked, sent: sent.clone() });
            }
            None => {
                self.number(&mut asked, fields);
                self.frame(client, &asked)?;
                sent = asked;
            }
        }
        Ok(sent)
    }

    /// Whether the share's job is over, and the scenario has set no time.
    fn is_untimely(&self, client: usize, share: &Share) -> bool {
        let mined = usize::try_from(share.epoch).ok().and_then(|index| self.mined.get(index));
        let is_over = self.job_now(client, &share.job).is_some_and(|job| !job.is_active());
        is_over && mined.is_some_and(|mined| !mined.is_timed)
    }

    fn job_now(&self, client: usize, job: &Job) -> Option<&Job> {
        self.game.session(client)?.channel(job.channel_id)?.jobs.get(&job.job_id)
    }

    /// The share as an operation would mine it now.
    fn settings_now(&self, client: usize, share: &Share) -> Settings {
        let mined = usize::try_from(share.epoch).ok().and_then(|index| self.mined.get(index));
        let own = || share.solution.settings.clone();
        let (Some(mined), Some(job)) = (mined, self.job_now(client, &share.job)) else { return own() };
        match mined.aim {
            Aim::Special(_) => own(),
            aim => found(job, &mined.start, aim).map_or_else(|_| own(), |found| found.settings),
        }
    }
}

/// The roll that an operation would have to have.
fn roll_of(fixed: &Fixed, job: &Job, version: u32) -> Option<u8> {
    let changed = version ^ job.version;
    let rolled = |roll: &u8| rolled_bits(*roll) == changed;
    let filling = fixed.extranonce.as_ref().and_then(|bytes| bytes.first().copied());
    filling.or_else(|| (0..=u8::MAX).find(rolled))
}

/// Searches as operations do: what is not found is the share with which the search began.
fn found(job: &Job, start: &Settings, aim: Aim) -> Result<Solution, Unsaid> {
    let target = job.hardest_target;
    let (wanted, budget) = match aim {
        Aim::Valid => (Wanted::within(target), SEARCH_BUDGET),
        Aim::Low => (Wanted::beyond(target), SEARCH_BUDGET),
        Aim::Special(wanted) => (wanted, LONG_SEARCH),
    };
    match miner::search(job, start, wanted, budget) {
        Ok(solution) => Ok(solution),
        Err(error) if matches!(aim, Aim::Special(_)) => Err(error.to_string()),
        Err(_) => {
            let hash = miner::header(job, start).map_or(U256::MAX, miner::Header::hash);
            Ok(Solution { settings: start.clone(), hash, hashes: 0 })
        }
    }
}
