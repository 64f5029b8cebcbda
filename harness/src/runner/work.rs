//! Jobs of several channels, and whether their work is disjoint.
//!
//! Work is the set of headers that can be formed (AMB-144): version, previous hash, merkle root and network target, where
//! the merkle root stands for a set of coinbases. Prefixes alone decide nothing.

use super::Control;
use super::connection::Item;
use super::judge::{Line, Stop};
use super::play::{Player, came};
use super::value::Datum;
use crate::miner::{ROLLABLE_VERSION_BITS, coinbase_txid, merkle_root};
use crate::scenario::syntax::{AwaitJobs, Claims, Condition, Disjoint, Step};
use std::sync::Arc;
use std::time::Duration;
use sv2_session::{Job, JobState, Session, Work};
use sv2_wire::U256;

/// Extranonces of up to this many bytes are tried one by one against a merkle root.
const TRIED_EXTRANONCE: usize = 1;

impl Player {
    pub(super) async fn await_jobs(&mut self, step: &Step, await_jobs: &AwaitJobs) -> Result<(), Stop> {
        let mut channels = Vec::new();
        for reference in &await_jobs.channels {
            let channel = self.env.reference(reference)?;
            let id = channel.channel_id();
            let id = id.ok_or_else(|| Stop::Error(format!("{} is no channel", channel.describe())))?;
            channels.push((self.connection(step, Some(&channel))?, id));
        }
        let within = match &await_jobs.within {
            Some(expr) => self.env.duration(expr)?,
            None => self.plan.profile.reply_within,
        };
        let deadline = self.deadline(within);
        let mut conns: Vec<usize> = channels.iter().map(|(conn, _)| *conn).collect();
        conns.sort_unstable();
        conns.dedup();
        conns.iter().for_each(|conn| self.conns[*conn].flush());
        if self.plan.peer.exact_barrier {
            // So that the order of reading does not depend on which connection is faster.
            self.world.control(Control::Barrier).await.map_err(Stop::Error)?;
        }
        let jobs = loop {
            if let Some(jobs) = self.jobs_at_one_tip(&channels) {
                break jobs;
            }
            self.read_any(&conns, deadline, step).await?;
        };
        for (capture, (conn, job)) in await_jobs.captures.iter().zip(jobs) {
            self.job_epochs.entry((conn, job.channel_id, job.order)).or_insert(self.epoch);
            self.env.bind(&capture.node, Datum::Job(conn, Box::new(job)));
        }
        Ok(())
    }

    /// The newest job of each channel, if all have one and on the same previous hash.
    fn jobs_at_one_tip(&self, channels: &[(usize, u32)]) -> Option<Vec<(usize, Job)>> {
        let newest = |(conn, id): &(usize, u32)| {
            let job = self.conns[*conn].session().channel(*id)?.newest_job()?;
            Some((*conn, job.clone()))
        };
        let jobs = channels.iter().map(newest).collect::<Option<Vec<_>>>()?;
        let mut tips = jobs.iter().map(|(_, job)| prev_hash(job));
        let first = tips.next()?;
        tips.all(|tip| tip == first).then_some(jobs)
    }

    /// Reads one thing from any of the connections; those that come before something else are passed over.
    async fn read_any(&mut self, conns: &[usize], deadline: Duration, step: &Step) -> Result<(), Stop> {
        let source = Arc::clone(&self.source);
        let none = Claims::default();
        let line = Line::of_step(&none, &source, step.line);
        for conn in conns {
            let item = self.next(*conn, Duration::ZERO).await?;
            self.refuse_broken(&item, line)?;
            match &item {
                Item::Nothing => {}
                Item::Message(message) if self.conns[*conn].asked.set_aside(message) => return Ok(()),
                Item::Message(message) if Session::is_ambient(message) => return Ok(()),
                _ => {
                    self.refuse_departure(*conn, &item)?;
                    return self.report.broken(line, allowed(), came(&item));
                }
            }
        }
        if self.world.now().elapsed >= deadline {
            self.unanswered = true;
            return self.report.broken(line, allowed(), came(&Item::Nothing));
        }
        let ids: Vec<_> = conns.iter().map(|conn| self.conns[*conn].id).collect();
        self.world.any_event(&ids, deadline).await;
        Ok(())
    }

    pub(super) fn disjoint(&mut self, step: &Step, disjoint: &Disjoint) -> Result<(), Stop> {
        let source = Arc::clone(&self.source);
        let line = Line::of_step(&disjoint.claims, &source, step.line);
        if self.does_not_apply(disjoint.unless.as_ref())? {
            self.report.skipped(line);
            return Ok(());
        }
        let mut jobs = Vec::new();
        for reference in &disjoint.jobs {
            match self.env.reference(reference)? {
                Datum::Job(_, job) => jobs.push(job),
                other => return Err(Stop::Error(format!("{} is no job", other.describe()))),
            }
        }
        for (at, one) in jobs.iter().enumerate() {
            for other in jobs.iter().skip(at + 1) {
                if prev_hash(one) != prev_hash(other) {
                    return Err(Stop::Inconclusive(
                        "the jobs rest on different previous hashes; `await jobs .. at one tip` decides it"
                            .to_owned(),
                    ));
                }
                if let Some(shared) = overlap(one, other) {
                    return self.report.broken(
                        line,
                        "work that only one of the jobs can do".to_owned(),
                        shared,
                    );
                }
            }
        }
        self.report.held(line);
        Ok(())
    }

    pub(super) fn does_not_apply(&self, unless: Option<&Condition>) -> Result<bool, Stop> {
        unless.map_or(Ok(false), |condition| self.env.condition(condition))
    }
}

fn allowed() -> String {
    "jobs on one previous hash for all of the channels".to_owned()
}

fn prev_hash(job: &Job) -> Option<U256> {
    match job.state {
        JobState::Active { prev_hash, .. } => Some(prev_hash),
        JobState::Future | JobState::Retired => None,
    }
}

fn nbits(job: &Job) -> Option<u32> {
    match job.state {
        JobState::Active { nbits, .. } => Some(nbits),
        JobState::Future | JobState::Retired => None,
    }
}

/// What header both jobs can give, in words.
fn overlap(one: &Job, other: &Job) -> Option<String> {
    let free = |job: &Job| if job.version_rolling_allowed { ROLLABLE_VERSION_BITS } else { 0 };
    let same_version = (one.version ^ other.version) & !(free(one) | free(other)) == 0;
    if !same_version || nbits(one) != nbits(other) || !roots_meet(one, other) {
        return None;
    }
    let name = |job: &Job| format!("job {} of channel {}", job.job_id, job.channel_id);
    let prefix = |job: &Job| hex::encode(&job.extranonce_prefix);
    Some(format!(
        "{} and {} can give the same header (extranonce prefixes x\"{}\" and x\"{}\")",
        name(one),
        name(other),
        prefix(one),
        prefix(other)
    ))
}

fn roots_meet(one: &Job, other: &Job) -> bool {
    match (&one.work, &other.work) {
        (Work::MerkleRoot(one), Work::MerkleRoot(other)) => one == other,
        (Work::MerkleRoot(root), Work::Coinbase { .. }) => can_give(other, *root, &one.extranonce_prefix),
        (Work::Coinbase { .. }, Work::MerkleRoot(root)) => can_give(one, *root, &other.extranonce_prefix),
        (
            Work::Coinbase { prefix, suffix, merkle_path },
            Work::Coinbase { prefix: other_prefix, suffix: other_suffix, merkle_path: other_path },
        ) => {
            // Other transactions give another root, whatever the coinbase is.
            merkle_path == other_path
                && patterns_meet(&pattern(one, prefix, suffix), &pattern(other, other_prefix, other_suffix))
        }
    }
}

/// The coinbases of a job: each byte is fixed, or the miner's.
fn pattern(job: &Job, prefix: &[u8], suffix: &[u8]) -> Vec<Option<u8>> {
    let fixed = prefix.iter().chain(&job.extranonce_prefix).copied().map(Some);
    let rolled = std::iter::repeat_n(None, usize::from(job.extranonce_size));
    fixed.chain(rolled).chain(suffix.iter().copied().map(Some)).collect()
}

fn patterns_meet(one: &[Option<u8>], other: &[Option<u8>]) -> bool {
    let meets = |(one, other): (&Option<u8>, &Option<u8>)| one.is_none() || other.is_none() || one == other;
    one.len() == other.len() && one.iter().zip(other).all(meets)
}

/// Whether an extended job gives this root with the extranonce that `whole`, the prefix of a standard channel, spells out,
/// or with any where there are few.
fn can_give(job: &Job, root: U256, whole: &[u8]) -> bool {
    let Work::Coinbase { prefix, suffix, merkle_path } = &job.work else { return false };
    let gives = |extranonce: &[u8]| {
        let txid = coinbase_txid(prefix, &job.extranonce_prefix, extranonce, suffix);
        U256::from_le_bytes(merkle_root(txid, merkle_path)) == root
    };
    let size = usize::from(job.extranonce_size);
    let spelt = whole.strip_prefix(job.extranonce_prefix.as_slice()).filter(|rest| rest.len() == size);
    if spelt.is_some_and(gives) {
        return true;
    }
    match size {
        0 => gives(&[]),
        TRIED_EXTRANONCE => (0..=u8::MAX).any(|byte| gives(&[byte])),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(work: Work, extranonce_prefix: &[u8], extranonce_size: u16) -> Job {
        Job {
            channel_id: 1,
            job_id: 1,
            order: 1,
            version: 0x2000_0000,
            version_rolling_allowed: true,
            work,
            extranonce_prefix: extranonce_prefix.to_vec(),
            extranonce_size,
            state: JobState::Active {
                prev_hash: U256::ZERO,
                nbits: 0x207f_ffff,
                min_ntime: 1,
                tip: 1,
                since: Duration::ZERO,
            },
            hardest_target: U256::MAX,
            easiest_target: U256::MAX,
            came_as_future: false,
        }
    }

    fn coinbase(prefix: &[u8], suffix: &[u8], path: &[u64]) -> Work {
        let merkle_path = path.iter().map(|hash| U256::from(*hash)).collect();
        Work::Coinbase { prefix: prefix.to_vec(), suffix: suffix.to_vec(), merkle_path }
    }

    fn meet(one: &Job, other: &Job) -> bool {
        assert_eq!(overlap(one, other).is_some(), overlap(other, one).is_some());
        overlap(one, other).is_some()
    }

    #[test]
    fn coinbases_that_can_be_formed_decide_and_not_prefixes() {
        let one = job(coinbase(b"pre", b"suf", &[7]), &[1, 2], 4);
        assert!(meet(&one, &one));
        // A longer prefix within the other's room is the same work.
        assert!(meet(&one, &job(coinbase(b"pre", b"suf", &[7]), &[1, 2, 9], 3)));
        assert!(!meet(&one, &job(coinbase(b"pre", b"suf", &[7]), &[1, 3], 4)));
        // One prefix for all, but other outputs, other sizes or other transactions.
        assert!(!meet(&one, &job(coinbase(b"pre", b"other", &[7]), &[1, 2], 4)));
        assert!(!meet(&one, &job(coinbase(b"pre", b"suf", &[7]), &[1, 2], 5)));
        assert!(!meet(&one, &job(coinbase(b"pre", b"suf", &[8]), &[1, 2], 4)));
        // Different prefixes that the coinbase's own bytes make up for.
        assert!(meet(&one, &job(coinbase(b"pre\x01", b"suf", &[7]), &[2], 4)));
    }

    #[test]
    fn versions_are_apart_only_by_bits_that_neither_may_roll() {
        let one = job(coinbase(b"a", b"b", &[]), &[1], 4);
        assert!(meet(&one, &Job { version: 0x2000_0020, ..one.clone() }));
        assert!(!meet(&one, &Job { version: 0x2000_0001, ..one.clone() }));
        let fixed = Job { version_rolling_allowed: false, ..one.clone() };
        assert!(!meet(&fixed, &Job { version: 0x2000_0020, ..fixed.clone() }));
    }

    #[test]
    fn a_merkle_root_meets_the_coinbase_that_gives_it() {
        let extended = job(coinbase(b"pre", b"suf", &[7]), &[1, 2], 4);
        let txid = coinbase_txid(b"pre", &[1, 2], &[3, 4, 5, 6], b"suf");
        let root = U256::from_le_bytes(merkle_root(txid, &[U256::from(7u64)]));
        let standard = job(Work::MerkleRoot(root), &[1, 2, 3, 4, 5, 6], 0);
        assert!(meet(&extended, &standard));
        assert!(!meet(&extended, &job(Work::MerkleRoot(root), &[1, 2, 3, 4, 5, 7], 0)));
        assert!(meet(&standard, &standard));
        assert!(!meet(&standard, &job(Work::MerkleRoot(U256::ZERO), &[1, 2, 3, 4, 5, 6], 0)));
    }
}
