use crate::bounds::{KEPT_JOB_BYTES, KEPT_JOBS};
use crate::job::{Job, JobState, Work};
use crate::shares::Account;
use std::collections::BTreeMap;
use std::time::Duration;
use sv2_wire::{NewExtendedMiningJob, NewMiningJob, SetCustomMiningJob, SetNewPrevHash, U256};

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
    /// Largest target that the client declared, at opening or by the latest UpdateChannel that was not refused;
    /// [`U256::MAX`] when the server opened the channel unasked.
    pub declared_max_target: U256,
    pub(crate) declared_before: Option<U256>,
    /// Latest previous hash, whether it came under the channel's id or its group's (AMB-185).
    pub tip: Option<Tip>,
    /// Jobs by their id, retired ones included; at most [`KEPT_JOBS`] of each state and [`KEPT_JOB_BYTES`] in all. Ids are
    /// the channel's own: jobs of its group are among them (AMB-39). A new job takes the place of an old one of its id.
    pub jobs: BTreeMap<u32, Job>,
    /// What was submitted and credited.
    pub account: Account,
    /// A job that was not retired did not fit any more.
    pub(crate) has_forgotten_jobs: bool,
}

impl Channel {
    /// The newest job that can be mined. An older job of the same previous hash stays active beside it (AMB-40).
    pub fn newest_job(&self) -> Option<&Job> {
        self.jobs.values().filter(|job| job.is_active()).max_by_key(|job| job.order)
    }

    /// The message itself does not tell whether the version `rolls`.
    pub(crate) fn standard_job(&mut self, message: &NewMiningJob, rolls: bool, order: u64, now: Duration) {
        let work = Work::MerkleRoot(message.merkle_root);
        self.add_job(message.job_id, message.version, rolls, work, message.min_ntime.0, order, now);
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

    /// The server accepted a custom job. It can be mined at once, on the previous hash of the request (spec section 5.3.19);
    /// its version may be rolled (5.3.18).
    pub(crate) fn custom_job(
        &mut self,
        request: &SetCustomMiningJob,
        job_id: u32,
        order: u64,
        now: Duration,
    ) {
        let ChannelKind::Extended { extranonce_size } = self.kind else { return };
        let full_len = self.extranonce_prefix.len().saturating_add(usize::from(extranonce_size));
        let job = Job {
            channel_id: self.id,
            job_id,
            order,
            version: request.version,
            version_rolling_allowed: true,
            work: Work::custom(request, full_len),
            extranonce_prefix: self.extranonce_prefix.clone(),
            extranonce_size,
            state: JobState::Active {
                prev_hash: request.prev_hash,
                nbits: request.nbits,
                min_ntime: request.min_ntime,
                tip: self.tip_serial(),
                since: now,
            },
            hardest_target: self.target,
            easiest_target: self.target,
            came_as_future: false,
        };
        self.jobs.insert(job_id, job);
        self.forget_surplus();
    }

    /// Serial of the latest SetNewPrevHash; 0 before the first.
    pub(crate) fn tip_serial(&self) -> u64 {
        self.tip.map_or(0, |tip| tip.serial)
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
            (Some(_), None) | (None, _) => JobState::Future,
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
        self.forget_surplus();
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
        self.forget_surplus();
    }

    pub(crate) fn retarget(&mut self, target: U256) {
        self.target = target;
        for job in self.jobs.values_mut() {
            job.retarget(target);
        }
    }

    /// Whether an extended job under this id is for this channel: addressed to an extended channel itself or to a group
    /// (spec section 5.3.16), and not to a device that cannot process extended jobs (5.3.1).
    pub(crate) fn takes_extended(&self, addressed: u32, requires_standard_jobs: bool) -> bool {
        match self.kind {
            ChannelKind::Extended { .. } => true,
            ChannelKind::Standard => addressed == self.group_channel_id && !requires_standard_jobs,
        }
    }

    /// The client asks for another target.
    pub(crate) fn declare(&mut self, max_target: U256) {
        self.declared_before = Some(self.declared_max_target);
        self.declared_max_target = max_target;
    }

    /// The server refuses the latest request for another target.
    pub(crate) fn undeclare(&mut self) {
        if let Some(before) = self.declared_before.take() {
            self.declared_max_target = before;
        }
    }

    /// Keeps the jobs within the bounds. The newest job is never among those that are over the bounds.
    fn forget_surplus(&mut self) {
        let mut jobs: Vec<Kept> = self.jobs.values().map(Kept::of).collect();
        let mut bytes = jobs.iter().fold(0_usize, |sum, job| sum.saturating_add(job.weight));
        if jobs.len() <= KEPT_JOBS && bytes <= KEPT_JOB_BYTES {
            return;
        }
        jobs.sort_unstable_by_key(|job| job.order);
        for stage in [Stage::Retired, Stage::Active, Stage::Future] {
            let of_stage = jobs.iter().filter(|job| job.stage == stage);
            let surplus = of_stage.clone().count().saturating_sub(KEPT_JOBS);
            for job in of_stage.take(surplus) {
                bytes = bytes.saturating_sub(job.weight);
                self.jobs.remove(&job.job_id);
                self.has_forgotten_jobs |= stage != Stage::Retired;
            }
        }
        jobs.sort_by_key(|job| job.stage != Stage::Retired);
        for job in jobs {
            if bytes <= KEPT_JOB_BYTES {
                return;
            }
            if self.jobs.remove(&job.job_id).is_some() {
                self.has_forgotten_jobs |= job.stage != Stage::Retired;
                bytes = bytes.saturating_sub(job.weight);
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Retired,
    Active,
    Future,
}

struct Kept {
    job_id: u32,
    order: u64,
    stage: Stage,
    weight: usize,
}

impl Kept {
    fn of(job: &Job) -> Self {
        let stage = match job.state {
            JobState::Retired => Stage::Retired,
            JobState::Active { .. } => Stage::Active,
            JobState::Future => Stage::Future,
        };
        Self { job_id: job.job_id, order: job.order, stage, weight: job.weight() }
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
