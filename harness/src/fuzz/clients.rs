//! What each operation of a [`Program`](super::program::Program) does, given what exists: the clients of a pool.
//!
//! [`Clients::resolve`] turns an operation into one [`Action`] at most. It asks the model of each connection
//! ([`sv2_session::Session`]) for jobs and targets, so that a share is really mined, by the miner's own arithmetic. What the
//! pool says goes in by [`Clients::saw`]. Nothing here judges.

mod inverse;
mod work;

pub(super) use work::{first_nonce, rolled_bits};

use super::program::{ChannelRef, ClientRef, JobRef, MAX_CHANNELS, MAX_CLIENTS, Op, ShareKind};
use crate::custom::CustomJobAccess;
use std::time::Duration;
use sv2_reference_pool::service::{Address, ConnId, Control};
use sv2_session::{Channel, Job, JobState, Session};
use sv2_wire::frame::{Frame, Header};
use sv2_wire::{
    B0_64K, B0_255, CloseChannel, F32, Kind, Message, OpenExtendedMiningChannel, OpenStandardMiningChannel,
    RequestExtensions, Seq0_64K, Seq0_255, SetCustomMiningJob, SetupConnection, SubmitSharesStandard,
    UpdateChannel,
};
use work::{Work, share};

/// Hashes that one share may cost. A search that finds nothing gives the work with which it began.
pub const SEARCH_BUDGET: u64 = 48;

/// Fields that are the client's own affair: operations fill them in, and nothing that is judged depends on them.
pub(super) const OWN_FIELDS: [&str; 8] = [
    "sequence_number",
    "user_identity",
    "endpoint_host",
    "endpoint_port",
    "vendor",
    "hardware_version",
    "firmware",
    "device_id",
];

/// How far beyond the time on the wire an ntime may lie, in seconds (MAX_FUTURE_BLOCK_TIME of Bitcoin).
const MAX_FUTURE: u32 = 7200;

/// What is added to a job's id to have one that was never sent.
pub(super) const UNKNOWN_JOB: u32 = 0x4000_0000;

/// The id of a channel that no pool of a program gives away.
const NO_CHANNEL: u32 = 0x0bad_0bad;

/// What is to be done for one operation. Clients are counted from 0 in the order in which they connect, as the node of a
/// program counts its connections.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A client connects.
    Connect,
    /// A client sends a message.
    Send(usize, Message),
    /// A client sends bytes, below the layer of messages.
    Bytes(usize, Vec<u8>),
    /// A client ends its side.
    Finish(usize),
    /// A client is gone.
    Drop(usize),
    /// The operator does something.
    Control(Control),
    /// Time passes.
    Elapse(Duration),
}

/// The connections that a program has made, and what it can refer to.
#[derive(Clone, Debug, Default)]
pub struct Clients {
    clients: Vec<Client>,
    /// Every channel that was opened, with its client.
    channels: Vec<(usize, u32)>,
    /// Channels that were asked for.
    asked: usize,
    /// Every share that was sent, with its client.
    shares: Vec<(usize, Message)>,
    next_request: u32,
    next_sequence: u32,
}

#[derive(Clone, Debug)]
struct Client {
    is_open: bool,
}

/// When the latest tip came, which bounds the time of shares.
#[derive(Clone, Copy, Debug, Default)]
pub struct Age {
    /// Seconds since the pool learnt of its present tip.
    pub of_tip: u32,
}

impl Clients {
    /// What an operation does; nothing where it refers to what does not exist, or exceeds a bound of programs. `session` is
    /// the model of each client's connection.
    pub fn resolve<'a>(
        &mut self,
        op: &Op,
        age: Age,
        session: impl Fn(usize) -> Option<&'a Session>,
    ) -> Option<Action> {
        match op {
            Op::Connect {} => {
                if self.clients.len() >= MAX_CLIENTS {
                    return None;
                }
                self.clients.push(Client { is_open: true });
                Some(Action::Connect)
            }
            Op::Block {} => Some(Action::Control(Control::Block)),
            Op::Template {} => Some(Action::Control(Control::Template)),
            Op::Elapse { seconds } => Some(Action::Elapse(Duration::from_secs(u64::from(*seconds)))),
            Op::Frame { client, extension, number, payload } => {
                let client = self.client(*client)?;
                let kind = Kind { extension_type: extension & 0x7fff, msg_type: *number };
                let length = u32::try_from(payload.0.len()).ok()?;
                let header = Header { kind, channel_msg: extension & 0x8000 != 0, length };
                Some(Action::Bytes(client, Frame { header, payload: payload.0.clone() }.to_bytes()))
            }
            Op::Bytes { client, bytes } => Some(Action::Bytes(self.client(*client)?, bytes.0.clone())),
            Op::Finish { client } => Some(Action::Finish(self.client(*client)?)),
            Op::Drop { client } => {
                let client = self.client(*client)?;
                self.ended(client);
                Some(Action::Drop(client))
            }
            Op::Setup { .. } | Op::Extensions { .. } | Op::OpenStandard { .. } | Op::OpenExtended { .. } => {
                self.request(op)
            }
            Op::Submit { channel, job, kind, roll } => {
                self.submit(*channel, *job, *kind, *roll, age, session)
            }
            Op::Again { share } => self.again(usize::from(share.0)),
            Op::Update { .. } | Op::Close { .. } | Op::CloseGroup { .. } | Op::Custom { .. } => {
                self.on_channel(op, session)
            }
            Op::Target { .. }
            | Op::GroupTarget { .. }
            | Op::Prefix { .. }
            | Op::Regroup { .. }
            | Op::End { .. }
            | Op::Reconnect { .. } => self.control(op, session).map(Action::Control),
        }
    }

    /// A message of the pool came to a client.
    pub fn saw(&mut self, client: usize, message: &Message) {
        let opened = match message {
            Message::OpenStandardMiningChannelSuccess(open) => Some(open.channel_id),
            Message::OpenExtendedMiningChannelSuccess(open) => Some(open.channel_id),
            _ => None,
        };
        if let Some(id) = opened.filter(|_| self.channels.len() < MAX_CHANNELS) {
            self.channels.push((client, id));
        }
    }

    /// A client's connection is no more.
    pub fn ended(&mut self, client: usize) {
        if let Some(client) = self.clients.get_mut(client) {
            client.is_open = false;
        }
    }

    /// Whether a client is still connected.
    pub fn is_open(&self, client: usize) -> bool {
        self.clients.get(client).is_some_and(|client| client.is_open)
    }

    fn client(&self, reference: ClientRef) -> Option<usize> {
        let open = || (0..self.clients.len()).filter(|client| self.is_open(*client));
        let index = usize::from(reference.0).checked_rem(open().count())?;
        open().nth(index)
    }

    /// A channel of a client that is still connected, whether the channel is or not.
    fn channel(&self, reference: ChannelRef) -> Option<(usize, u32)> {
        let reachable = || self.channels.iter().filter(|(client, _)| self.is_open(*client));
        let index = usize::from(reference.0).checked_rem(reachable().count())?;
        reachable().nth(index).copied()
    }

    fn request_id(&mut self) -> u32 {
        self.next_request = self.next_request.wrapping_add(1);
        self.next_request
    }

    fn request(&mut self, op: &Op) -> Option<Action> {
        let (Op::Setup { client, .. }
        | Op::Extensions { client, .. }
        | Op::OpenStandard { client, .. }
        | Op::OpenExtended { client, .. }) = op
        else {
            return None;
        };
        let client = self.client(*client)?;
        let is_opening = matches!(op, Op::OpenStandard { .. } | Op::OpenExtended { .. });
        if is_opening && self.asked >= MAX_CHANNELS {
            return None;
        }
        self.asked = self.asked.saturating_add(usize::from(is_opening));
        let message = match op {
            Op::Setup { versions, flags, .. } => SetupConnection {
                min_version: versions.min.into(),
                max_version: versions.max.into(),
                flags: *flags,
                endpoint_host: "127.0.0.1".into(),
                endpoint_port: 34254,
                vendor: "sv2-conform".into(),
                ..SetupConnection::default()
            }
            .into(),
            Op::Extensions { ids, .. } => RequestExtensions {
                request_id: self.request_id() as u16,
                requested_extensions: Seq0_64K::new(ids.0.clone()).ok()?,
            }
            .into(),
            Op::OpenStandard { rate, zeros, .. } => OpenStandardMiningChannel {
                request_id: self.request_id(),
                user_identity: "fuzz".into(),
                nominal_hash_rate: F32(rate.number()),
                max_target: zeros.target(),
            }
            .into(),
            Op::OpenExtended { rate, zeros, extranonce, .. } => OpenExtendedMiningChannel {
                request_id: self.request_id(),
                user_identity: "fuzz".into(),
                nominal_hash_rate: F32(rate.number()),
                max_target: zeros.target(),
                min_extranonce_size: *extranonce,
            }
            .into(),
            _ => return None,
        };
        Some(Action::Send(client, message))
    }

    fn on_channel<'a>(&mut self, op: &Op, session: impl Fn(usize) -> Option<&'a Session>) -> Option<Action> {
        let (Op::Update { channel, .. }
        | Op::Close { channel }
        | Op::CloseGroup { channel }
        | Op::Custom { channel, .. }) = op
        else {
            return None;
        };
        let (client, id) = self.channel(*channel)?;
        let open = session(client).and_then(|session| session.channel(id));
        let message = match op {
            Op::Update { rate, zeros, .. } => UpdateChannel {
                channel_id: id,
                nominal_hash_rate: F32(rate.number()),
                maximum_target: zeros.target(),
            }
            .into(),
            Op::Close { .. } => CloseChannel { channel_id: id, reason_code: "done".into() }.into(),
            Op::CloseGroup { .. } => {
                CloseChannel { channel_id: open?.group_channel_id, reason_code: "done".into() }.into()
            }
            Op::Custom { token, .. } => self.custom(open?, *token)?,
            _ => return None,
        };
        Some(Action::Send(client, message))
    }

    fn control<'a>(&self, op: &Op, session: impl Fn(usize) -> Option<&'a Session>) -> Option<Control> {
        let address = |(client, channel_id): (usize, u32)| Address { conn: Some(conn(client)), channel_id };
        Some(match op {
            Op::Target { channel, zeros } => Control::SetTarget {
                channel: address(self.channel(*channel)?),
                maximum_target: zeros.target(),
            },
            Op::GroupTarget { channel, zeros } => {
                let (client, id) = self.channel(*channel)?;
                let group = session(client)?.channel(id)?.group_channel_id;
                Control::SetTarget { channel: address((client, group)), maximum_target: zeros.target() }
            }
            Op::Prefix { channel } => {
                Control::SetExtranoncePrefix { channel: address(self.channel(*channel)?) }
            }
            Op::Regroup { channel, other } => {
                let channels = [self.channel(*channel)?, self.channel(*other)?];
                Control::Regroup { channels: channels.map(address).to_vec() }
            }
            Op::End { channel } => Control::CloseChannel {
                channel: address(self.channel(*channel)?),
                reason: "maintenance".into(),
            },
            Op::Reconnect { client } => Control::Reconnect {
                conn: Some(conn(self.client(*client)?)),
                new_host: "127.0.0.1".into(),
                new_port: 34254,
            },
            _ => return None,
        })
    }

    /// The newest job of a channel as a job of the client's own.
    fn custom(&mut self, channel: &Channel, token: u8) -> Option<Message> {
        let job = channel.newest_job()?;
        let JobState::Active { prev_hash, nbits, min_ntime, .. } = job.state else { return None };
        let access = CustomJobAccess::embedded();
        let index = usize::from(token).checked_rem(access.tokens.len())?;
        let request = SetCustomMiningJob {
            channel_id: channel.id,
            request_id: self.request_id(),
            mining_job_token: B0_255::new(access.tokens.get(index)?.clone()).ok()?,
            version: job.version,
            prev_hash,
            min_ntime,
            nbits,
            coinbase_tx_version: 2,
            coinbase_prefix: B0_255::new(vec![3, 0xa0, 0xbb, 0x0d]).ok()?,
            coinbase_tx_input_n_sequence: u32::MAX,
            coinbase_tx_outputs: B0_64K::new(access.coinbase_tx_outputs).ok()?,
            coinbase_tx_locktime: u32::from(token),
            merkle_path: Seq0_255::default(),
        };
        Some(request.into())
    }

    fn submit<'a>(
        &mut self,
        channel: ChannelRef,
        job: JobRef,
        kind: ShareKind,
        roll: u8,
        age: Age,
        session: impl Fn(usize) -> Option<&'a Session>,
    ) -> Option<Action> {
        let (client, id) = self.channel(channel)?;
        let open = session(client).and_then(|session| session.channel(id));
        let sequence_number = self.next_sequence;
        self.next_sequence = self.next_sequence.wrapping_add(1);
        let Some(open) = open else {
            let share =
                SubmitSharesStandard { channel_id: id, sequence_number, job_id: 1, ..Default::default() };
            return Some(self.sent(client, share.into()));
        };
        let share = match chosen_job(open, job) {
            Some(job) => share(open, job, kind, roll, age),
            None => Work::made_up(open),
        };
        Some(self.sent(client, share.message(sequence_number)?))
    }

    fn again(&mut self, index: usize) -> Option<Action> {
        let (client, mut message) = self.shares.get(index.checked_rem(self.shares.len())?)?.clone();
        if !self.is_open(client) {
            return None;
        }
        match &mut message {
            Message::SubmitSharesStandard(share) => share.sequence_number = self.next_sequence,
            Message::SubmitSharesExtended(share) => share.sequence_number = self.next_sequence,
            _ => return None,
        }
        self.next_sequence = self.next_sequence.wrapping_add(1);
        Some(self.sent(client, message))
    }

    fn sent(&mut self, client: usize, share: Message) -> Action {
        self.shares.push((client, share.clone()));
        Action::Send(client, share)
    }
}

/// How the node of a program numbers its clients.
pub fn conn(client: usize) -> ConnId {
    ConnId(client as u64)
}

/// Counted from the newest back.
fn chosen_job(channel: &Channel, reference: JobRef) -> Option<&Job> {
    let back = usize::from(reference.0).checked_rem(channel.jobs.len())?;
    if back == 0 {
        return channel.jobs.values().max_by_key(|job| job.order);
    }
    let mut jobs: Vec<&Job> = channel.jobs.values().collect();
    jobs.sort_unstable_by_key(|job| std::cmp::Reverse(job.order));
    jobs.get(back).copied()
}
