use crate::job::{Job, JobState, Work};
use crate::shares::Account;
use std::collections::BTreeMap;
use std::time::Duration;
use sv2_wire::{NewExtendedMiningJob, NewMiningJob, SetNewPrevHash, U256};

/// Retired jobs that a channel remembers; older ones are forgotten.
const KEPT_RETIRED_JOBS: usize = 64;

/// The kind of a channel (spec section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelKind {
    /// Mines headers only.
    Standard,
    /// Rolls an extranonce.
    Extended {
        /// Bytes of extranonce that the client may roll.
        extranonce_size: u16,
    },
}

impl ChannelKind {
    /// Bytes of extranonce that a share brings along.
    pub fn extranonce_size(self) -> u16 {
        match self {
            Self::Standard => 0,
            Self::Extended { extranonce_size } => extranonce_size,
        }
    }
}

/// A previous hash as one channel knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// Previous hash.
    pub prev_hash: U256,
    /// Smallest ntime.
    pub min_ntime: u32,
    /// Compact network target.
    pub nbits: u32,
    /// Which SetNewPrevHash of the connection, counted from 1.
    pub serial: u64,
    /// When it came.
    pub received: Duration,
}

/// One open channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// Id given by the server.
    pub id: u32,
    /// Standard or extended.
    pub kind: ChannelKind,
    /// The group it belongs to; 0 may mean none (AMB-36, AMB-140).
    pub group_channel_id: u32,
    /// Target in force for jobs to come.
    pub target: U256,
    /// Prefix in force for jobs to come.
    pub extranonce_prefix: Vec<u8>,
    /// Largest target that the client declared, at opening or by the latest UpdateChannel.
    pub declared_max_target: U256,
    /// Latest previous hash.
    pub tip: Option<Tip>,
    /// Jobs by their id, retired ones included.
    pub jobs: BTreeMap<u32, Job>,
    /// What was submitted and credited.
    pub account: Account,
}

impl Channel {
    /// The newest job that can be mined.
    pub fn newest_job(&self) -> Option<&Job> {
        self.jobs.values().filter(|job| job.is_active()).max_by_key(|job| job.order)
    }

    pub(crate) fn standard_job(&mut self, message: &NewMiningJob, order: u64, now: Duration) {
        let work = Work::MerkleRoot(message.merkle_root);
        self.add_job(message.job_id, message.version, true, work, message.min_ntime.0, order, now);
    }

    pub(crate) fn extended_job(&mut self, message: &NewExtendedMiningJob, order: u64, now: Duration) {
        let work = Work::Coinbase {
            prefix: message.coinbase_tx_prefix.as_slice().to_vec(),
            suffix: message.coinbase_tx_suffix.as_slice().to_vec(),
            merkle_path: message.merkle_path.as_slice().to_vec(),
        };
        let rolling = message.version_rolling_allowed;
        self.add_job(message.job_id, message.version, rolling, work, message.min_ntime.0, order, now);
    }

    #[expect(clippy::too_many_arguments, reason = "one value per field of the two job messages")]
    fn add_job(
        &mut self,
        job_id: u32,
        version: u32,
        version_rolling_allowed: bool,
        work: Work,
        min_ntime: Option<u32>,
        order: u64,
        now: Duration,
    ) {
        let state = match (min_ntime, self.tip) {
            (Some(own), Some(tip)) => tip.activate(own, now),
            // Without a SetNewPrevHash there is nothing to mine on; an active job is then as good as a future one.
            (Some(_) | None, _) => JobState::Future,
        };
        let job = Job {
            channel_id: self.id,
            job_id,
            order,
            version,
            version_rolling_allowed,
            work,
            extranonce_prefix: self.extranonce_prefix.clone(),
            extranonce_size: self.kind.extranonce_size(),
            state,
            hardest_target: self.target,
            easiest_target: self.target,
            came_as_future: min_ntime.is_none(),
        };
        self.jobs.insert(job_id, job);
        self.forget_old_jobs();
    }

    /// "When a client receives this message, only the job referenced by Job ID is valid" (spec section 5.3.17).
    pub(crate) fn new_prev_hash(&mut self, message: &SetNewPrevHash, serial: u64, now: Duration) {
        let tip = Tip {
            prev_hash: message.prev_hash,
            min_ntime: message.min_ntime,
            nbits: message.nbits,
            serial,
            received: now,
        };
        self.tip = Some(tip);
        for job in self.jobs.values_mut() {
            job.state = match job.state {
                JobState::Future if job.job_id == message.job_id => tip.activate(tip.min_ntime, now),
                _ => JobState::Retired,
            };
        }
    }

    pub(crate) fn retarget(&mut self, target: U256) {
        self.target = target;
        for job in self.jobs.values_mut() {
            job.retarget(target);
        }
    }

    fn forget_old_jobs(&mut self) {
        let retired = self.jobs.values().filter(|job| job.state == JobState::Retired);
        if retired.clone().count() <= KEPT_RETIRED_JOBS {
            return;
        }
        if let Some(oldest) = retired.min_by_key(|job| job.order).map(|job| job.job_id) {
            self.jobs.remove(&oldest);
        }
    }
}

impl Tip {
    fn activate(self, own_min_ntime: u32, now: Duration) -> JobState {
        JobState::Active {
            prev_hash: self.prev_hash,
            nbits: self.nbits,
            min_ntime: own_min_ntime.max(self.min_ntime),
            tip: self.serial,
            since: now,
        }
    }
}
