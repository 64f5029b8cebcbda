use std::time::Duration;
use sv2_wire::{SetCustomMiningJob, U256};

/// One job as one channel sees it. A job that is addressed to a group is one such job for each member.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The channel that would mine it; not the group it may have been addressed to.
    pub channel_id: u32,
    /// Id given by the server; unique among the channel's valid jobs (spec section 5.3.15).
    pub job_id: u32,
    /// Position among all jobs of the connection, in order of arrival. The job with the greatest is the newest.
    pub order: u64,
    /// Header version as sent.
    pub version: u32,
    /// Whether the BIP323 bits of the version may be rolled.
    pub version_rolling_allowed: bool,
    /// The coinbase, or what became of it.
    pub work: Work,
    /// The prefix in force when the job came: a later SetExtranoncePrefix does not reach back (spec section 5.3.10).
    pub extranonce_prefix: Vec<u8>,
    /// Bytes of extranonce that a share brings along; 0 on standard channels.
    pub extranonce_size: u16,
    /// Whether it can be mined.
    pub state: JobState,
    /// The hardest of the targets that could be in force for the job: a hash at or below it is a share in every reading.
    pub hardest_target: U256,
    /// The easiest of them: a hash above it is a share in no reading (AMB-48, AMB-141).
    pub easiest_target: U256,
    /// Whether it came as a future job.
    pub came_as_future: bool,
}

/// What the merkle root is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// NewMiningJob: the root itself.
    MerkleRoot(U256),
    /// NewExtendedMiningJob: coinbase parts and path.
    Coinbase {
        /// Coinbase transaction before the extranonce.
        prefix: Vec<u8>,
        /// Coinbase transaction behind it.
        suffix: Vec<u8>,
        /// Hashes beside the coinbase, the deepest first.
        merkle_path: Vec<U256>,
    },
}

impl Work {
    /// The coinbase of a custom job with an extranonce of so many bytes, `extranonce_prefix` included. It follows
    /// `coinbase_prefix` at once (spec section 5.3.18, AMB-68).
    pub fn custom(request: &SetCustomMiningJob, extranonce_len: usize) -> Self {
        let head = request.coinbase_prefix.as_slice();
        let mut prefix = request.coinbase_tx_version.to_le_bytes().to_vec();
        prefix.push(1);
        prefix.extend([0; 32]);
        prefix.extend([0xff; 4]);
        prefix.extend(compact_size(head.len().saturating_add(extranonce_len)));
        prefix.extend(head);
        let mut suffix = request.coinbase_tx_input_n_sequence.to_le_bytes().to_vec();
        suffix.extend(request.coinbase_tx_outputs.as_slice());
        suffix.extend(request.coinbase_tx_locktime.to_le_bytes());
        Self::Coinbase { prefix, suffix, merkle_path: request.merkle_path.as_slice().to_vec() }
    }
}

/// A length as transactions write it. A coinbase script that is longer than 64 KiB does not exist.
fn compact_size(length: usize) -> Vec<u8> {
    match u8::try_from(length) {
        Ok(short) if short < 0xfd => vec![short],
        _ => {
            let [low, high] = u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes();
            vec![0xfd, low, high]
        }
    }
}

/// Whether a job can be mined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// Waits for a SetNewPrevHash that names it. So does a job that came with `min_ntime` before the channel had any
    /// previous hash: there is nothing else to mine it on.
    Future,
    /// Can be mined now.
    Active {
        /// Previous hash.
        prev_hash: U256,
        /// Compact network target.
        nbits: u32,
        /// Smallest ntime: the larger of the job's own and that of the SetNewPrevHash (AMB-56).
        min_ntime: u32,
        /// The latest SetNewPrevHash of the channel when it became active, counted on the connection from 1; 0 for a
        /// custom job before any.
        tip: u64,
        /// When it became active.
        since: Duration,
    },
    /// A SetNewPrevHash that did not name it came since. Never minable again (AMB-41).
    Retired,
}

impl Job {
    /// Whether shares on it count now.
    pub fn is_active(&self) -> bool {
        matches!(self.state, JobState::Active { .. })
    }

    /// Bytes that the job takes in memory, about.
    pub fn weight(&self) -> usize {
        let work = match &self.work {
            Work::MerkleRoot(_) => 0,
            Work::Coinbase { prefix, suffix, merkle_path } => {
                let path = merkle_path.len().saturating_mul(size_of::<U256>());
                prefix.len().saturating_add(suffix.len()).saturating_add(path)
            }
        };
        size_of::<Self>().saturating_add(self.extranonce_prefix.len()).saturating_add(work)
    }

    /// A SetTarget came (spec section 5.3.21). Future jobs take the new target in every reading.
    ///
    /// By the text, jobs that came active keep theirs, and those that came as future jobs and are active by now can be
    /// read both ways (AMB-141). By the figure in 5.3.13 the new target counts at once for all (AMB-48). The two limits
    /// leave room for each of these; a judge who takes sides knows the targets that it set itself.
    pub(crate) fn retarget(&mut self, target: U256) {
        match self.state {
            JobState::Future if self.came_as_future => {
                self.hardest_target = target;
                self.easiest_target = target;
            }
            JobState::Future | JobState::Active { .. } => {
                self.hardest_target = self.hardest_target.min(target);
                self.easiest_target = self.easiest_target.max(target);
            }
            JobState::Retired => {}
        }
    }
}
