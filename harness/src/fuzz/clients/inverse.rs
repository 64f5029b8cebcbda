//! The way back: from what is done to the operation that does it.

use super::{Action, Age, Clients, NO_CHANNEL, SEARCH_BUDGET, UNKNOWN_JOB, chosen_job, first_nonce};
use crate::custom::CustomJobAccess;
use crate::fuzz::program::{
    Blob, ChannelRef, ClientRef, Extensions, JobRef, MAX_BLOB, MAX_EXTENSIONS, Op, Rate, ShareKind, ShareRef,
    Versions, Zeros,
};
use std::cmp::Reverse;
use sv2_reference_pool::service::{Address, Control};
use sv2_session::{Job, Session};
use sv2_wire::frame::Header;
use sv2_wire::{F32, Message, U256};

impl Clients {
    /// The first operation that does this now, in the least numbers, or nothing where none does: [`Clients::resolve`] gives
    /// this action for it. Fields of a message that are in `free` may have any value.
    pub fn operation<'a>(
        &self,
        action: &Action,
        free: &[&str],
        age: Age,
        session: &impl Fn(usize) -> Option<&'a Session>,
    ) -> Option<Op> {
        let does = |op: &Op| self.would(op, age, session).is_some_and(|done| is_like(&done, action, free));
        self.candidates(action, session).into_iter().find(does)
    }

    /// What an operation would do now.
    pub fn would<'a>(
        &self,
        op: &Op,
        age: Age,
        session: &impl Fn(usize) -> Option<&'a Session>,
    ) -> Option<Action> {
        self.clone().resolve(op, age, session)
    }

    /// The job that a share of this operation rests on.
    pub fn ground<'a>(&self, op: &Op, session: &impl Fn(usize) -> Option<&'a Session>) -> Option<Job> {
        let Op::Submit { channel, job, .. } = op else { return None };
        let (client, id) = self.channel(*channel)?;
        chosen_job(session(client)?.channel(id)?, *job).cloned()
    }

    /// The operations that might do this, the plainest first.
    fn candidates<'a>(&self, action: &Action, session: &impl Fn(usize) -> Option<&'a Session>) -> Vec<Op> {
        let client = |client| self.client_reference(client);
        let one = match action {
            Action::Connect => Some(Op::Connect {}),
            Action::Elapse(time) => u16::try_from(time.as_secs()).ok().map(|seconds| Op::Elapse { seconds }),
            Action::Finish(index) => client(*index).map(|client| Op::Finish { client }),
            Action::Drop(index) => client(*index).map(|client| Op::Drop { client }),
            Action::Bytes(index, bytes) => client(*index).and_then(|client| of_bytes(client, bytes)),
            Action::Control(control) => self.of_control(control, session),
            Action::Send(client, message) => return self.of_message(*client, message, session),
        };
        one.into_iter().collect()
    }

    fn client_reference(&self, client: usize) -> Option<ClientRef> {
        let before = (0..client).filter(|client| self.is_open(*client)).count();
        let reference = u8::try_from(before).ok().map(ClientRef);
        reference.filter(|_| self.is_open(client))
    }

    /// The channels that operations may name, with their references.
    fn reachable(&self) -> impl Iterator<Item = (ChannelRef, (usize, u32))> {
        let open = self.channels.iter().filter(|(client, _)| self.is_open(*client));
        (0..=u8::MAX).map(ChannelRef).zip(open.copied())
    }

    fn channel_reference(&self, channel: (usize, u32)) -> Option<ChannelRef> {
        self.reachable().find(|(_, of)| *of == channel).map(|(reference, _)| reference)
    }

    /// The first channel of a group.
    fn member_of<'a>(
        &self,
        (client, group): (usize, u32),
        session: &impl Fn(usize) -> Option<&'a Session>,
    ) -> Option<ChannelRef> {
        let group_of = |id| Some(session(client)?.channel(id)?.group_channel_id);
        let mut members =
            self.reachable().filter(|(_, (of, id))| *of == client && group_of(*id) == Some(group));
        members.next().map(|(reference, _)| reference)
    }

    fn of_control<'a>(
        &self,
        control: &Control,
        session: &impl Fn(usize) -> Option<&'a Session>,
    ) -> Option<Op> {
        let at = |address: &Address| {
            let client = usize::try_from(address.conn?.0).ok()?;
            Some((client, address.channel_id))
        };
        let named = |address: &Address| self.channel_reference(at(address)?);
        Some(match control {
            Control::Block => Op::Block {},
            Control::Template => Op::Template {},
            Control::SetTarget { channel, maximum_target } => {
                let zeros = zeros_of(*maximum_target)?;
                match named(channel) {
                    Some(channel) => Op::Target { channel, zeros },
                    None => Op::GroupTarget { channel: self.member_of(at(channel)?, session)?, zeros },
                }
            }
            Control::SetExtranoncePrefix { channel } => Op::Prefix { channel: named(channel)? },
            Control::Regroup { channels } => {
                let [channel, other] = &**channels else { return None };
                Op::Regroup { channel: named(channel)?, other: named(other)? }
            }
            Control::CloseChannel { channel, .. } => Op::End { channel: named(channel)? },
            Control::Reconnect { conn, .. } => {
                let client = usize::try_from(conn.as_ref()?.0).ok()?;
                Op::Reconnect { client: self.client_reference(client)? }
            }
        })
    }

    fn of_message<'a>(
        &self,
        client: usize,
        message: &Message,
        session: &impl Fn(usize) -> Option<&'a Session>,
    ) -> Vec<Op> {
        let Some(reference) = self.client_reference(client) else { return Vec::new() };
        let rate = |rate: F32| Rate(rate.0.to_bits());
        let channel = |id| self.channel_reference((client, id));
        let one = match message {
            Message::SetupConnection(setup) => of_versions(setup.min_version, setup.max_version)
                .map(|versions| Op::Setup { client: reference, versions, flags: setup.flags }),
            Message::RequestExtensions(request) => {
                let ids = request.requested_extensions.as_slice();
                let is_short = ids.len() <= MAX_EXTENSIONS;
                is_short.then(|| Op::Extensions { client: reference, ids: Extensions(ids.to_vec()) })
            }
            Message::OpenStandardMiningChannel(open) => zeros_of(open.max_target).map(|zeros| {
                Op::OpenStandard { client: reference, rate: rate(open.nominal_hash_rate), zeros }
            }),
            Message::OpenExtendedMiningChannel(open) => zeros_of(open.max_target).map(|zeros| {
                let (rate, extranonce) = (rate(open.nominal_hash_rate), open.min_extranonce_size);
                Op::OpenExtended { client: reference, rate, zeros, extranonce }
            }),
            Message::UpdateChannel(update) => zeros_of(update.maximum_target)
                .zip(channel(update.channel_id))
                .map(|(zeros, channel)| Op::Update { channel, rate: rate(update.nominal_hash_rate), zeros }),
            Message::CloseChannel(close) => match channel(close.channel_id) {
                Some(channel) => Some(Op::Close { channel }),
                None => self
                    .member_of((client, close.channel_id), session)
                    .map(|channel| Op::CloseGroup { channel }),
            },
            Message::SetCustomMiningJob(job) => {
                let tokens = tokens_of(job.mining_job_token.as_slice()).into_iter();
                let channel = channel(job.channel_id);
                return tokens.filter_map(|token| Some(Op::Custom { channel: channel?, token })).collect();
            }
            Message::SubmitSharesStandard(_) | Message::SubmitSharesExtended(_) => {
                return self.of_share(client, message, session);
            }
            _ => None,
        };
        one.into_iter().collect()
    }

    /// Shares are found by trying: each one that was sent before, and each kind on each job that may be meant.
    fn of_share<'a>(
        &self,
        client: usize,
        message: &Message,
        session: &impl Fn(usize) -> Option<&'a Session>,
    ) -> Vec<Op> {
        let field = |name| message.uint(name);
        let (Some(id), Some(job_id), Some(nonce)) = (field("channel_id"), field("job_id"), field("nonce"))
        else {
            return Vec::new();
        };
        let before = (0..=u8::MAX).map(ShareRef).zip(&self.shares);
        let before = before.filter(|(_, (of, _))| *of == client).map(|(share, _)| Op::Again { share });
        let mut all: Vec<Op> = before.collect();
        let is_start = |roll: &u8| u64::from(nonce.wrapping_sub(first_nonce(*roll))) < SEARCH_BUDGET;
        let rolls: Vec<u8> = (0..=u8::MAX).filter(is_start).collect();
        for (channel, (of, of_channel)) in self.reachable() {
            if of != client || (of_channel != id && id != NO_CHANNEL) {
                continue;
            }
            let open = session(client).and_then(|session| session.channel(of_channel));
            let mut jobs: Vec<_> = open.map(|open| open.jobs.values().collect()).unwrap_or_default();
            jobs.sort_unstable_by_key(|job| Reverse(job.order));
            let is_meant = |named: u32| [named, named.wrapping_add(UNKNOWN_JOB)].contains(&job_id);
            // Where there is no job, every reference means the one that is made up.
            let back: Vec<u8> = match jobs.is_empty() {
                true => vec![0],
                false => {
                    (0..=u8::MAX).zip(jobs).filter(|(_, job)| is_meant(job.job_id)).map(|it| it.0).collect()
                }
            };
            for job in back.into_iter().map(JobRef) {
                for kind in ShareKind::ALL {
                    all.extend(rolls.iter().map(|roll| Op::Submit {
                        channel,
                        job,
                        kind: *kind,
                        roll: *roll,
                    }));
                }
            }
        }
        all
    }
}

/// Bytes that are one whole frame are that.
fn of_bytes(client: ClientRef, bytes: &[u8]) -> Option<Op> {
    let blob = |bytes: &[u8]| (bytes.len() <= MAX_BLOB).then(|| Blob(bytes.to_vec()));
    let frame = bytes.split_first_chunk().map(|(header, payload)| (Header::decode(*header), payload));
    let whole = |(header, payload): &(Header, &[u8])| {
        usize::try_from(header.length).is_ok_and(|length| length == payload.len())
    };
    Some(match frame.filter(whole) {
        Some((header, payload)) => {
            let channel_bit = if header.channel_msg { 0x8000 } else { 0 };
            let extension = header.kind.extension_type | channel_bit;
            Op::Frame { client, extension, number: header.kind.msg_type, payload: blob(payload)? }
        }
        None => Op::Bytes { client, bytes: blob(bytes)? },
    })
}

fn of_versions(min: u16, max: u16) -> Option<Versions> {
    let small = |version: u16| u8::try_from(version).ok().filter(|version| *version < 16);
    let versions = Versions { min: small(min)?, max: small(max)? };
    ((min, max) != (0, 0)).then_some(versions)
}

fn zeros_of(target: U256) -> Option<Zeros> {
    (0..=u8::MAX).map(Zeros).find(|zeros| zeros.target() == target)
}

/// The references to a token, all around; the locktime of the job tells them apart.
fn tokens_of(token: &[u8]) -> Vec<u8> {
    let tokens = CustomJobAccess::embedded().tokens;
    let all = (0..=u8::MAX).zip(tokens.iter().cycle());
    all.filter(|(_, of)| *of == token).map(|(reference, _)| reference).collect()
}

/// Whether two actions are the same, whatever the fields in `free` say.
fn is_like(done: &Action, action: &Action, free: &[&str]) -> bool {
    let (Action::Send(client, sent), Action::Send(of, wanted)) = (done, action) else {
        return done == action;
    };
    let is_same = |name: &str| free.contains(&name) || sent.get(name) == wanted.get(name);
    client == of
        && sent.spec().kind == wanted.spec().kind
        && sent.spec().fields.iter().all(|field| is_same(field.name))
}
