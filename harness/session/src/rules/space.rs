//! The rule about search spaces, over all connections of a conversation.

use super::{Ending, Rule, Say, Seen};
use crate::bounds::KEPT_IDS;
use crate::channel::ChannelKind;
use crate::history::History;
use crate::job::{Job, JobState, Work};
use crate::watch::Moment;
use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use sv2_wire::{Message, U256};

/// The bits of the version that BIP323 lets a miner roll.
const ROLLABLE: u32 = 0x1fff_ffe0;

/// No two devices are given the same work (5.1): on one previous hash no two standard jobs have the same merkle root, and no two
/// extended channels can build the same coinbase from what they got (5.3.5). Prefixes as such decide nothing (AMB-144).
#[derive(Default)]
pub(super) struct Disjoint {
    /// Work by what it has in common with the work that it may meet.
    by_kind: BTreeMap<u64, Vec<Given>>,
    /// The oldest is forgotten first.
    order: VecDeque<u64>,
}

/// The work of one channel.
struct Given {
    owner: (usize, u32),
    prefix: Vec<u8>,
    version: u32,
    rolls: bool,
    is_extended: bool,
}

impl Rule for Disjoint {
    fn sent(&mut self, seen: &Seen<'_>) {
        self.forget_closed(seen);
    }

    fn before(&mut self, seen: &Seen<'_>, _: &mut Say<'_>) {
        self.forget_closed(seen);
    }

    fn after(&mut self, seen: &Seen<'_>, say: &mut Say<'_>) {
        let (id, job_id) = match seen.message() {
            Some(Message::NewMiningJob(job)) => (job.channel_id, job.job_id),
            Some(Message::NewExtendedMiningJob(job)) => (job.channel_id, job.job_id),
            Some(Message::SetNewPrevHash(tip)) => (tip.channel_id, tip.job_id),
            _ => return,
        };
        for channel in seen.addressed(id) {
            if let Some(job) = channel.jobs.get(&job_id)
                && let JobState::Active { prev_hash, .. } = job.state
            {
                let is_extended = channel.kind != ChannelKind::Standard;
                self.give((seen.connection, channel.id), job, prev_hash, is_extended, say);
            }
        }
    }

    fn ended(&mut self, connection: usize, _: Ending, _: &History, _: Moment, _: &mut Say<'_>) {
        self.forget(|owner| owner.0 == connection);
    }
}

impl Disjoint {
    fn give(
        &mut self,
        owner: (usize, u32),
        job: &Job,
        prev_hash: U256,
        is_extended: bool,
        say: &mut Say<'_>,
    ) {
        let mut hasher = DefaultHasher::new();
        (prev_hash.to_be_bytes(), job.version & !ROLLABLE).hash(&mut hasher);
        let prefix = match &job.work {
            Work::MerkleRoot(root) => {
                root.to_be_bytes().hash(&mut hasher);
                Vec::new()
            }
            Work::Coinbase { prefix, suffix, merkle_path } => {
                let size = job.extranonce_prefix.len().saturating_add(usize::from(job.extranonce_size));
                (prefix, suffix, size).hash(&mut hasher);
                merkle_path.iter().for_each(|hash| hash.to_be_bytes().hash(&mut hasher));
                job.extranonce_prefix.clone()
            }
        };
        let (version, rolls) = (job.version, job.version_rolling_allowed);
        let new = Given { owner, prefix, version, rolls, is_extended };
        let kind = hasher.finish();
        let given = self.by_kind.entry(kind).or_default();
        match given.iter().find(|other| other.owner != owner && other.meets(&new)) {
            Some(other) => {
                let came = format!(
                    "job {} of channel {} can be that of channel {}",
                    job.job_id, owner.1, other.owner.1
                );
                match other.is_extended && is_extended {
                    true => say.breach(&["SV2-05-054"], came),
                    false => say.breach(&["SV2-05-002"], came),
                }
            }
            None if is_extended => say.kept(&["SV2-05-002", "SV2-05-054"]),
            None => say.kept(&["SV2-05-002"]),
        }
        given.retain(|known| known.owner != owner);
        given.push(new);
        self.order.push_back(kind);
        if self.order.len() > KEPT_IDS
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_kind.remove(&oldest);
        }
    }

    /// What is closed by the frame that goes by is nobody's any more.
    fn forget_closed(&mut self, seen: &Seen<'_>) {
        let Some(Message::CloseChannel(close)) = seen.message() else { return };
        let closed: Vec<u32> = seen.addressed(close.channel_id).iter().map(|channel| channel.id).collect();
        self.forget(|(connection, id)| connection == seen.connection && closed.contains(&id));
    }

    fn forget(&mut self, is_over: impl Fn((usize, u32)) -> bool) {
        for given in self.by_kind.values_mut() {
            given.retain(|given| !is_over(given.owner));
        }
    }
}

impl Given {
    fn meets(&self, other: &Self) -> bool {
        let versions = self.rolls || other.rolls || self.version == other.version;
        versions && (self.prefix.starts_with(&other.prefix) || other.prefix.starts_with(&self.prefix))
    }
}
