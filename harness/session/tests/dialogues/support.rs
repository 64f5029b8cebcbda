//! A conversation of a client (`client`) with a server (`server`). One second passes with each message.

use std::time::Duration;
use sv2_session::{Channel, Direction, Job, JobState, Session};
use sv2_wire::{
    B0_32, CloseChannel, Message, NewExtendedMiningJob, NewMiningJob, OpenExtendedMiningChannel,
    OpenExtendedMiningChannelSuccess, OpenStandardMiningChannel, OpenStandardMiningChannelSuccess, Opt, Seq,
    SetExtranoncePrefix, SetGroupChannel, SetNewPrevHash, SetTarget, SetupConnection, SetupConnectionSuccess,
    SubmitSharesError, SubmitSharesStandard, SubmitSharesSuccess, U256,
};

pub(crate) const STANDARD_ONLY: u32 = 1;

#[derive(Default)]
pub(crate) struct Dialogue {
    pub(crate) session: Session,
    seconds: u64,
}

impl Dialogue {
    /// A connection that is set up with these flags of the client.
    pub(crate) fn with_flags(flags: u32) -> Self {
        let mut dialogue = Self::default();
        dialogue.client(SetupConnection { flags, ..Default::default() });
        dialogue.server(SetupConnectionSuccess { used_version: 2, ..Default::default() });
        dialogue
    }

    pub(crate) fn client(&mut self, message: impl Into<Message>) {
        self.say(Direction::ToServer, &message.into());
    }

    pub(crate) fn server(&mut self, message: impl Into<Message>) {
        self.say(Direction::ToClient, &message.into());
    }

    fn say(&mut self, direction: Direction, message: &Message) {
        self.seconds += 1;
        self.session.observe(direction, message, Duration::from_secs(self.seconds));
    }

    /// Opens a standard channel with target 1000 and the prefix `[id]`.
    pub(crate) fn open_standard(&mut self, channel_id: u32, group_channel_id: u32) {
        let request_id = channel_id + 100;
        let max_target = U256::from(5000);
        self.client(OpenStandardMiningChannel { request_id, max_target, ..Default::default() });
        self.server(OpenStandardMiningChannelSuccess {
            request_id,
            channel_id,
            target: U256::from(1000),
            extranonce_prefix: prefix(&[u8::try_from(channel_id).expect("small")]),
            group_channel_id,
        });
    }

    /// Opens an extended channel with target 1000, the prefix `[id]` and 8 bytes of extranonce.
    pub(crate) fn open_extended(&mut self, channel_id: u32, group_channel_id: u32) {
        let request_id = channel_id + 100;
        let max_target = U256::from(5000);
        self.client(OpenExtendedMiningChannel { request_id, max_target, ..Default::default() });
        self.server(OpenExtendedMiningChannelSuccess {
            request_id,
            channel_id,
            target: U256::from(1000),
            extranonce_size: 8,
            extranonce_prefix: prefix(&[u8::try_from(channel_id).expect("small")]),
            group_channel_id,
        });
    }

    pub(crate) fn job(&mut self, channel_id: u32, job_id: u32, min_ntime: Option<u32>) {
        let min_ntime = Opt(min_ntime);
        self.server(NewMiningJob {
            channel_id,
            job_id,
            min_ntime,
            version: 0x2000_0000,
            ..Default::default()
        });
    }

    pub(crate) fn extended_job(&mut self, channel_id: u32, job_id: u32, min_ntime: Option<u32>) {
        let min_ntime = Opt(min_ntime);
        self.server(NewExtendedMiningJob { channel_id, job_id, min_ntime, ..Default::default() });
    }

    pub(crate) fn tip(&mut self, channel_id: u32, job_id: u32, min_ntime: u32) {
        let prev_hash = U256::from(u64::from(min_ntime));
        self.server(SetNewPrevHash { channel_id, job_id, prev_hash, min_ntime, nbits: 0x207f_ffff });
    }

    pub(crate) fn target(&mut self, channel_id: u32, target: u64) {
        self.server(SetTarget { channel_id, maximum_target: U256::from(target) });
    }

    pub(crate) fn prefix(&mut self, channel_id: u32, bytes: &[u8]) {
        self.server(SetExtranoncePrefix { channel_id, extranonce_prefix: prefix(bytes) });
    }

    pub(crate) fn regroup(&mut self, group_channel_id: u32, channel_ids: &[u32]) {
        let channel_ids = Seq::new(channel_ids.to_vec()).expect("at most 65535");
        self.server(SetGroupChannel { group_channel_id, channel_ids });
    }

    pub(crate) fn submit(&mut self, channel_id: u32, sequence_number: u32) {
        self.client(SubmitSharesStandard { channel_id, sequence_number, ..Default::default() });
    }

    pub(crate) fn acknowledge(&mut self, channel_id: u32, last_sequence_number: u32, count: u32, sum: u64) {
        self.server(SubmitSharesSuccess {
            channel_id,
            last_sequence_number,
            new_submits_accepted_count: count,
            new_shares_sum: sum,
        });
    }

    pub(crate) fn refuse(&mut self, channel_id: u32, sequence_number: u32, error_code: &str) {
        let error_code = sv2_wire::Str0_255::new(error_code).expect("short");
        self.server(SubmitSharesError { channel_id, sequence_number, error_code });
    }

    pub(crate) fn channel(&self, channel_id: u32) -> &Channel {
        self.session.channel(channel_id).expect("it is open")
    }

    pub(crate) fn job_on(&self, channel_id: u32, job_id: u32) -> &Job {
        self.channel(channel_id).jobs.get(&job_id).expect("the channel has it")
    }

    pub(crate) fn open_ids(&self) -> Vec<u32> {
        self.session.channels().map(|channel| channel.id).collect()
    }

    pub(crate) fn members(&self, group_channel_id: u32) -> Vec<u32> {
        self.session.group(group_channel_id).collect()
    }

    /// The id of the job that the channel would mine.
    pub(crate) fn mines(&self, channel_id: u32) -> Option<u32> {
        self.channel(channel_id).newest_job().map(|job| job.job_id)
    }

    /// Hardest and easiest target of a job.
    pub(crate) fn limits(&self, channel_id: u32, job_id: u32) -> (U256, U256) {
        let job = self.job_on(channel_id, job_id);
        (job.hardest_target, job.easiest_target)
    }
}

pub(crate) fn prefix(bytes: &[u8]) -> B0_32 {
    B0_32::new(bytes.to_vec()).expect("at most 32 bytes")
}

pub(crate) fn close(channel_id: u32) -> CloseChannel {
    CloseChannel { channel_id, ..Default::default() }
}

/// `min_ntime` of an active job.
pub(crate) fn min_ntime(job: &Job) -> u32 {
    let JobState::Active { min_ntime, .. } = job.state else { panic!("{:?}", job.state) };
    min_ntime
}

pub(crate) fn both(target: u64) -> (U256, U256) {
    (U256::from(target), U256::from(target))
}
