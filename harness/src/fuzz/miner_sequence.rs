//! `miner_sequence`: whatever a server sends, the virtual miner sends shares of work that it was given and may still do.
//!
//! The miner is what the runner mines with: the model of the connection ([`Session`]) chooses the job, [`miner::search`] finds a
//! share, and [`Session::basis_holds`] says whether it is still what it was when it is sent. It is held against a book of raw
//! messages that knows nothing of the model.

mod book;
mod server;

use crate::miner::{self, SearchError, Settings, Wanted};
use arbitrary::Unstructured;
use book::Book;
use server::Event;
use std::time::Duration;
use sv2_session::bounds::{KEPT_CHANNELS, KEPT_JOB_BYTES, KEPT_JOBS, KEPT_SHARES};
use sv2_session::{Basis, Channel, Conversation, Job, JobState, Moment, Session, Watch};
use sv2_wire::U256;
use sv2_wire::fuzz::{Finding, Oracle, Target};

/// The target.
pub const TARGET: Target = Target {
    name: "miner_sequence",
    about: "whatever a server sends, the virtual miner does only work that it was given and may still do",
    format: server::FORMAT as u32,
    max_len: 2048,
    oracles: &[KNOWN_JOB, NOT_STALE, NOT_CLOSED, STILL_VALID, CONSISTENT, BOUNDED],
    run,
    mutate: server::mutate,
    seeds: server::seeds,
};

/// Jobs that were given.
pub const KNOWN_JOB: Oracle = Oracle {
    name: "known-job",
    about: "a share names a job that the server sent for its channel, or for the group of it",
    clauses: &["SV2-05-004"],
};
/// Jobs that are over.
pub const NOT_STALE: Oracle = Oracle {
    name: "not-stale",
    about: "a share names no job that a later SetNewPrevHash of its channel did not name",
    clauses: &["SV2-05-139", "SV2-05-144"],
};
/// Channels that are over.
pub const NOT_CLOSED: Oracle = Oracle {
    name: "not-closed",
    about: "a share is for no channel that was never opened, or closed since",
    clauses: &["SV2-05-068"],
};
/// Shares that are not what they were.
pub const STILL_VALID: Oracle = Oracle {
    name: "still-valid",
    about: "a share that is sent is within the target that is in force for its job, with the prefix that the job has",
    clauses: &["SV2-05-168", "SV2-05-079"],
};
/// The model.
pub const CONSISTENT: Oracle = Oracle {
    name: "consistent",
    about: "jobs stand under their own ids and channels, and the newest job is active and a basis that holds",
    clauses: &[],
};
/// Memory.
pub const BOUNDED: Oracle =
    Oracle { name: "bounded", about: "the model holds no more than its bounds say", clauses: &[] };

/// Hashes that one search may cost.
const SEARCH_BUDGET: u64 = 16;
/// Events that an input may have.
const MOST_EVENTS: usize = 200;

/// How a miner chooses.
pub trait Miner {
    /// The job to be mined on a channel.
    fn work<'a>(&self, channel: &'a Channel) -> Option<&'a Job> {
        channel.newest_job()
    }

    /// Whether a share that was mined may still be sent.
    fn holds(&self, session: &Session, basis: &Basis) -> bool {
        session.basis_holds(basis).is_ok()
    }

    /// The job that a share names.
    fn names(&self, job: &Job) -> u32 {
        job.job_id
    }
}

/// The virtual miner.
#[derive(Clone, Copy, Debug)]
pub struct Ours;

impl Miner for Ours {}

fn run(data: &[u8]) -> Result<(), Finding> {
    match data.split_first() {
        Some((&server::FORMAT, rest)) => judge(&Ours, &mut Unstructured::new(rest)),
        _ => Ok(()),
    }
}

/// A share that was mined and not sent yet.
struct Mined {
    job: Job,
    basis: Basis,
    settings: Settings,
}

/// Plays a server's messages to a miner.
///
/// # Errors
/// What the first oracle found.
pub fn judge(miner: &impl Miner, bytes: &mut Unstructured<'_>) -> Result<(), Finding> {
    let (mut watch, mut all, mut book) = (Watch::new(0), Conversation::default(), Book::default());
    let (mut now, mut sequence, mut mined) = (Moment::default(), 0_u32, Vec::<Mined>::new());
    for _ in 0..MOST_EVENTS {
        if bytes.is_empty() {
            break;
        }
        let Ok(event) = server::event(bytes, watch.session()) else { break };
        match event {
            Event::Server(frame) => {
                if let Ok(decoded) = frame.decode() {
                    book.received(&decoded.message);
                }
                watch.received(&frame, now, &mut all);
            }
            Event::Client(frame) => watch.sent(&frame, now, &mut all),
            Event::Elapse(seconds) => {
                now.elapsed = now.elapsed.saturating_add(Duration::from_secs(seconds.into()));
                now.unix = now.unix.saturating_add(seconds);
            }
            Event::Mine { channel, roll } => {
                mined.extend(mine(miner, watch.session(), channel, roll)?);
            }
            Event::Submit(index) => {
                let index = index.checked_rem(mined.len());
                let Some(share) = index.map(|index| mined.swap_remove(index)) else { continue };
                if !miner.holds(watch.session(), &share.basis) {
                    continue;
                }
                let (job, job_id) = (&share.job, miner.names(&share.job));
                let is_extended = job.extranonce_size > 0;
                let Ok(message) = share.settings.share((job.channel_id, job_id), sequence, is_extended)
                else {
                    continue;
                };
                sequence = sequence.wrapping_add(1);
                judge_share(&book, watch.session(), &share, job_id)?;
                if let Ok(frame) = sv2_wire::frame::Frame::of(&message) {
                    watch.sent(&frame, now, &mut all);
                }
            }
        }
        judge_model(watch.session())?;
    }
    Ok(())
}

fn mine(miner: &impl Miner, session: &Session, index: usize, roll: u8) -> Result<Option<Mined>, Finding> {
    let count = session.channels().count();
    let Some(channel) = index.checked_rem(count).and_then(|index| session.channels().nth(index)) else {
        return Ok(None);
    };
    let Some(job) = miner.work(channel) else { return Ok(None) };
    let Some(basis) = session.basis(job) else {
        return Err(CONSISTENT
            .found(format!("job {} of channel {} is chosen, and not active", job.job_id, channel.id)));
    };
    let JobState::Active { min_ntime, .. } = job.state else { return Ok(None) };
    let settings = Settings {
        version: job.version,
        ntime: min_ntime,
        extranonce: vec![roll; usize::from(job.extranonce_size).min(32)],
        nonce: u32::from(roll),
    };
    let wanted = Wanted::within(job.hardest_target);
    Ok(match miner::search(job, &settings, wanted, SEARCH_BUDGET) {
        Ok(found) => Some(Mined { job: job.clone(), basis, settings: found.settings }),
        Err(SearchError::Budget(_) | SearchError::NotActive) => None,
    })
}

fn judge_share(book: &Book, session: &Session, share: &Mined, job_id: u32) -> Result<(), Finding> {
    let channel_id = share.job.channel_id;
    let what = format!("a share on job {job_id} of channel {channel_id}");
    if !book.is_open(channel_id) {
        return Err(NOT_CLOSED.found(what));
    }
    if !book.was_sent(channel_id, job_id) {
        return Err(KNOWN_JOB.found(what));
    }
    if book.is_stale(channel_id, job_id) {
        return Err(NOT_STALE.found(what));
    }
    let channel = session.channel(channel_id);
    let Some(job) = channel.and_then(|channel| channel.jobs.get(&job_id)) else {
        return Err(KNOWN_JOB.found(format!("{what}, which the model has not")));
    };
    let hash = miner::header(job, &share.settings).map(|header| header.hash());
    match hash {
        Some(hash) if hash <= job.hardest_target => Ok(()),
        hash => {
            let hash = hash.unwrap_or(U256::MAX);
            Err(STILL_VALID.found(format!("{what} has the hash {hash}, above {}", job.hardest_target)))
        }
    }
}

fn judge_model(session: &Session) -> Result<(), Finding> {
    let count = session.channels().count();
    if count > KEPT_CHANNELS {
        return Err(BOUNDED.found(format!("{count} channels")));
    }
    for channel in session.channels() {
        judge_channel(channel)?;
        if let Some(job) = channel.newest_job() {
            let holds = session.basis(job).map(|basis| session.basis_holds(&basis));
            if holds != Some(Ok(())) {
                let what = format!("the newest job of channel {} is no basis: {holds:?}", channel.id);
                return Err(CONSISTENT.found(what));
            }
        }
    }
    Ok(())
}

fn judge_channel(channel: &Channel) -> Result<(), Finding> {
    let id = channel.id;
    let (mut weight, mut counts) = (0_usize, [0_usize; 3]);
    for (job_id, job) in &channel.jobs {
        if (job.channel_id, job.job_id) != (id, *job_id) {
            let what = format!("job {} of channel {} is number {job_id} of {id}", job.job_id, job.channel_id);
            return Err(CONSISTENT.found(what));
        }
        if job.hardest_target > job.easiest_target {
            return Err(CONSISTENT.found(format!("the hardest target of job {job_id} is above the easiest")));
        }
        if let JobState::Active { tip, .. } = job.state
            && channel.tip.is_some_and(|latest| tip > latest.serial)
        {
            return Err(CONSISTENT.found(format!("job {job_id} rests on a tip that has not come")));
        }
        weight = weight.saturating_add(job.weight());
        let [future, active, retired] = &mut counts;
        let count = match job.state {
            JobState::Future => future,
            JobState::Active { .. } => active,
            JobState::Retired => retired,
        };
        *count = count.saturating_add(1);
    }
    // The newest job is kept whatever it weighs, and no message is above this.
    let is_heavy = weight > KEPT_JOB_BYTES && channel.jobs.len() > 1;
    if is_heavy || counts.iter().any(|count| *count > KEPT_JOBS) || channel.account.shares.len() > KEPT_SHARES
    {
        return Err(BOUNDED.found(format!("channel {id} has {counts:?} jobs of {weight} bytes")));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
