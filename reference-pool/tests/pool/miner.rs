//! A miner that knows only what the messages say: bytes and SHA-256, none of the pool's own arithmetic.

use crate::dialogue::{Dialogue, take};
use bitcoin::hashes::{Hash, sha256d};
use sv2_reference_pool::service::{ConnId, Service};
use sv2_wire::{
    B0_32, F32, Message, NewExtendedMiningJob, NewMiningJob, OpenExtendedMiningChannel,
    OpenStandardMiningChannel, SetNewPrevHash, SubmitSharesExtended, SubmitSharesStandard, U256,
};

/// A channel as its messages show it.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub(crate) conn: ConnId,
    pub(crate) id: u32,
    pub(crate) group: u32,
    pub(crate) target: U256,
    pub(crate) prefix: Vec<u8>,
    /// Bytes to roll; none on a standard channel.
    pub(crate) rolled: Option<usize>,
    pub(crate) job: Job,
    pub(crate) tip: SetNewPrevHash,
}

#[derive(Clone, Debug)]
pub(crate) enum Job {
    Standard(NewMiningJob),
    Extended(NewExtendedMiningJob),
}

/// What a miner found.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    pub(crate) message: SubmitSharesExtended,
    pub(crate) hash: U256,
    standard: bool,
}

pub(crate) fn open_standard() -> OpenStandardMiningChannel {
    OpenStandardMiningChannel {
        request_id: 1,
        user_identity: "miner".into(),
        nominal_hash_rate: F32(0.0),
        max_target: U256::MAX,
    }
}

pub(crate) fn open_extended() -> OpenExtendedMiningChannel {
    OpenExtendedMiningChannel {
        request_id: 2,
        user_identity: "proxy".into(),
        nominal_hash_rate: F32(0.0),
        max_target: U256::MAX,
        min_extranonce_size: 8,
    }
}

impl Channel {
    /// Opens a standard channel and checks the order of what comes.
    pub(crate) fn standard<S: Service>(
        d: &mut Dialogue<S>,
        conn: ConnId,
        open: OpenStandardMiningChannel,
    ) -> Self {
        let request_id = open.request_id;
        d.send(conn, open);
        let success = take!(d, conn, OpenStandardMiningChannelSuccess);
        assert_eq!(success.request_id, request_id);
        let job = take!(d, conn, NewMiningJob);
        assert_eq!((job.channel_id, job.min_ntime.0), (success.channel_id, None));
        let tip = take!(d, conn, SetNewPrevHash);
        assert_eq!((tip.channel_id, tip.job_id), (success.channel_id, job.job_id));
        Self {
            conn,
            id: success.channel_id,
            group: success.group_channel_id,
            target: success.target,
            prefix: success.extranonce_prefix.as_slice().to_vec(),
            rolled: None,
            job: Job::Standard(job),
            tip,
        }
    }

    /// Opens an extended channel and checks the order of what comes.
    pub(crate) fn extended<S: Service>(
        d: &mut Dialogue<S>,
        conn: ConnId,
        open: OpenExtendedMiningChannel,
    ) -> Self {
        let (request_id, asked) = (open.request_id, open.min_extranonce_size);
        d.send(conn, open);
        let success = take!(d, conn, OpenExtendedMiningChannelSuccess);
        assert_eq!(success.request_id, request_id);
        assert!(success.extranonce_size >= asked);
        let job = take!(d, conn, NewExtendedMiningJob);
        assert_eq!((job.channel_id, job.min_ntime.0), (success.channel_id, None));
        assert!(job.version_rolling_allowed);
        let tip = take!(d, conn, SetNewPrevHash);
        assert_eq!((tip.channel_id, tip.job_id), (success.channel_id, job.job_id));
        Self {
            conn,
            id: success.channel_id,
            group: success.group_channel_id,
            target: success.target,
            prefix: success.extranonce_prefix.as_slice().to_vec(),
            rolled: Some(usize::from(success.extranonce_size)),
            job: Job::Extended(job),
            tip,
        }
    }

    pub(crate) fn job_id(&self) -> u32 {
        match &self.job {
            Job::Standard(job) => job.job_id,
            Job::Extended(job) => job.job_id,
        }
    }

    /// Takes a future job and the previous hash that names it.
    pub(crate) fn take_block<S: Service>(&mut self, d: &mut Dialogue<S>) {
        assert_eq!(self.take_job(d), None);
        self.tip = take!(d, self.conn, SetNewPrevHash);
        assert_eq!((self.tip.channel_id, self.tip.job_id), (self.addressee(), self.job_id()));
    }

    /// Takes over what another member of the group was sent for all.
    pub(crate) fn follow(&mut self, member: &Self) {
        assert_eq!((self.conn, self.group), (member.conn, member.group));
        assert_eq!(member.addressee(), self.group, "it was for that channel alone");
        self.job = member.job.clone();
        self.tip = member.tip.clone();
    }

    /// Who the present job was sent to.
    pub(crate) fn addressee(&self) -> u32 {
        match &self.job {
            Job::Standard(job) => job.channel_id,
            Job::Extended(job) => job.channel_id,
        }
    }

    /// Takes a job; gives its min_ntime.
    pub(crate) fn take_job<S: Service>(&mut self, d: &mut Dialogue<S>) -> Option<u32> {
        let (job, channel_id, min_ntime) = match d.receive(self.conn) {
            Message::NewMiningJob(job) => (Job::Standard(job.clone()), job.channel_id, job.min_ntime),
            Message::NewExtendedMiningJob(job) => (Job::Extended(job.clone()), job.channel_id, job.min_ntime),
            other => panic!("expected a job, got {other:?}"),
        };
        let is_for_group = channel_id == self.group;
        assert!(is_for_group || channel_id == self.id);
        assert_eq!(matches!(job, Job::Extended(_)), is_for_group || self.rolled.is_some());
        self.job = job;
        min_ntime.0
    }

    /// The share of one nonce, whatever its hash.
    pub(crate) fn share(&self, sequence_number: u32, nonce: u32) -> Share {
        let (version, extranonce) = match &self.job {
            Job::Standard(job) => (job.version, vec![]),
            Job::Extended(job) => (job.version, vec![0x5a; self.rolled.unwrap_or(0)]),
        };
        self.share_of(SubmitSharesExtended {
            channel_id: self.id,
            sequence_number,
            job_id: self.job_id(),
            nonce,
            ntime: self.tip.min_ntime,
            version,
            extranonce: B0_32::new(extranonce).unwrap(),
        })
    }

    /// A share with the hash that its fields have.
    pub(crate) fn share_of(&self, message: SubmitSharesExtended) -> Share {
        let root = match &self.job {
            Job::Standard(job) => job.merkle_root.to_le_bytes(),
            Job::Extended(job) => {
                let coinbase = [
                    job.coinbase_tx_prefix.as_slice(),
                    &self.prefix,
                    message.extranonce.as_slice(),
                    job.coinbase_tx_suffix.as_slice(),
                ];
                job.merkle_path.as_slice().iter().fold(sha256d(&coinbase.concat()), |root, sibling| {
                    sha256d(&[root, sibling.to_le_bytes()].concat())
                })
            }
        };
        let header = [
            message.version.to_le_bytes().as_slice(),
            &self.tip.prev_hash.to_le_bytes(),
            &root,
            &message.ntime.to_le_bytes(),
            &self.tip.nbits.to_le_bytes(),
            &message.nonce.to_le_bytes(),
        ]
        .concat();
        assert_eq!(header.len(), 80);
        Share { message, hash: U256::from_le_bytes(sha256d(&header)), standard: self.rolled.is_none() }
    }

    /// The first share from a nonce on whose hash the condition takes.
    pub(crate) fn find(&self, sequence_number: u32, from: u32, good: impl Fn(U256) -> bool) -> Share {
        let shares = (from..from + 1_000_000).map(|nonce| self.share(sequence_number, nonce));
        shares.into_iter().find(|share| good(share.hash)).unwrap()
    }
}

impl Share {
    pub(crate) fn send<S: Service>(&self, d: &mut Dialogue<S>, conn: ConnId) {
        let SubmitSharesExtended { channel_id, sequence_number, job_id, nonce, ntime, version, .. } =
            self.message;
        if self.standard {
            d.send(conn, SubmitSharesStandard { channel_id, sequence_number, job_id, nonce, ntime, version });
        } else {
            d.send(conn, self.message.clone());
        }
    }

    /// Sends it and takes the error code of the answer.
    pub(crate) fn refused<S: Service>(&self, d: &mut Dialogue<S>, conn: ConnId) -> String {
        self.send(d, conn);
        let error = take!(d, conn, SubmitSharesError);
        let asked = (self.message.channel_id, self.message.sequence_number);
        assert_eq!((error.channel_id, error.sequence_number), asked);
        error.error_code.to_text().into_owned()
    }

    /// Sends it and takes the success, which acknowledges it alone.
    pub(crate) fn credited<S: Service>(&self, d: &mut Dialogue<S>, conn: ConnId) {
        self.send(d, conn);
        let success = take!(d, conn, SubmitSharesSuccess);
        let asked = (self.message.channel_id, self.message.sequence_number);
        assert_eq!((success.channel_id, success.last_sequence_number), asked);
        assert_eq!(success.new_submits_accepted_count, 1);
    }
}

fn sha256d(bytes: &[u8]) -> [u8; 32] {
    sha256d::Hash::hash(bytes).to_byte_array()
}

#[test]
fn the_genesis_block_hashes_as_everyone_knows() {
    let coinbase_root = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b";
    let channel = Channel {
        conn: ConnId(0),
        id: 2,
        group: 1,
        target: U256::MAX,
        prefix: vec![],
        rolled: None,
        job: Job::Standard(NewMiningJob {
            version: 1,
            merkle_root: U256::from_be_bytes(hex::decode(coinbase_root).unwrap().try_into().unwrap()),
            ..NewMiningJob::default()
        }),
        tip: SetNewPrevHash { min_ntime: 1_231_006_505, nbits: 0x1d00_ffff, ..SetNewPrevHash::default() },
    };
    let hash = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";
    assert_eq!(channel.share(1, 2_083_236_893).hash.to_string(), hash);
}
