use crate::bounds::KEPT_IDS;
use crate::channel::ChannelKind;
use crate::session::Session;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use sv2_wire::{FlagSpec, Message, Protocol, U256};

/// What the rules know of a connection beside its model: what was asked, and what there was before.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// The client has sent what no client may send.
    pub(crate) is_spoiled: bool,
    /// SetupConnections that went out.
    pub(crate) setups: u32,
    /// The first of them; after a refusal, the one that was sent then.
    pub(crate) setup: Option<Setup>,
    /// The latest of their answers is an error, and none was a success.
    is_refused: bool,
    /// One of their answers was a success.
    has_succeeded: bool,
    /// Answers to them.
    pub(crate) setup_answers: u32,
    /// Requests for a channel, by request id.
    pub(crate) openings: BTreeMap<u32, Opening>,
    /// Every channel that was ever opened.
    pub(crate) channels: BTreeMap<u32, Known>,
    /// Every id that was ever used for a group, 0 included.
    pub(crate) groups: BTreeSet<u32>,
    /// Channels that the client's messages named.
    pub(crate) named: BTreeSet<u32>,
    /// Requests for a custom job, by request id: channels, and how many are not answered.
    pub(crate) customs: BTreeMap<u32, Custom>,
    /// Shares by channel and sequence number: how often the number went out, and how often an error named it.
    pub(crate) shares: BTreeMap<(u32, u32), Submission>,
    /// Frames of the client so far.
    sent: u64,
    /// The newest frame of the client that the server has answered.
    confirmed: u64,
    confirmed_extensions: BTreeSet<u16>,
    /// Request ids of RequestExtensions.
    extension_requests: BTreeSet<u16>,
    share_order: VecDeque<(u32, u32)>,
    /// Something did not fit, so that what is not remembered may have been there.
    is_full: bool,
}

/// The client's SetupConnection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) protocol: u8,
    pub(crate) min_version: u16,
    pub(crate) max_version: u16,
    pub(crate) flags: u32,
}

/// A request for a channel.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    /// How often this request id went out; once, if the client keeps the rules.
    pub(crate) asked: u32,
    pub(crate) answered: u32,
    pub(crate) asked_standard: bool,
    pub(crate) asked_extended: bool,
    pub(crate) max_target: U256,
    pub(crate) min_extranonce_size: u16,
    serial: u64,
}

/// A channel that was opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) kind: ChannelKind,
    /// The client's frame that closed it, if one did for sure.
    pub(crate) closed_by_client: Option<u64>,
    /// That frame named its group.
    pub(crate) is_closed_with_group: bool,
    /// It is not open any more.
    pub(crate) is_closed: bool,
    pub(crate) is_closed_by_server: bool,
}

/// Who closes a channel.
#[derive(Clone, Copy, Debug)]
enum Closer {
    /// The client, with this frame if the server must do what it says.
    Client(Option<u64>),
    Server,
}

/// A request for a custom job.
#[derive(Clone, Debug)]
pub(crate) struct Custom {
    pub(crate) channel_id: u32,
    pub(crate) prev_hash: U256,
    pub(crate) asked: u32,
    pub(crate) answered: u32,
    serial: u64,
}

/// A sequence number of a channel.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Submission {
    pub(crate) sent: u32,
    pub(crate) refused: u32,
    serial: u64,
}

impl History {
    /// The subprotocol that was asked for, once the server has accepted.
    pub(crate) fn protocol(&self) -> Option<Protocol> {
        self.protocol_asked_for().filter(|_| self.setup_answers > 0)
    }

    /// The subprotocol that was asked for.
    pub(crate) fn protocol_asked_for(&self) -> Option<Protocol> {
        match self.setup?.protocol {
            0 => Some(Protocol::Mining),
            1 => Some(Protocol::JobDeclaration),
            2 => Some(Protocol::TemplateDistribution),
            _ => None,
        }
    }

    pub(crate) fn has_confirmed(&self, extension: u16) -> bool {
        self.confirmed_extensions.contains(&extension)
    }

    pub(crate) fn has_extensions(&self) -> bool {
        !self.confirmed_extensions.is_empty()
    }

    /// Whether this is an answer to a RequestExtensions.
    pub(crate) fn has_asked_for_extensions(&self, answer: &Message) -> bool {
        match answer {
            Message::RequestExtensionsSuccess(success) => {
                self.extension_requests.contains(&success.request_id)
            }
            Message::RequestExtensionsError(error) => self.extension_requests.contains(&error.request_id),
            _ => false,
        }
    }

    /// Whether the client's SetupConnection has this flag.
    pub(crate) fn asked_for(&self, flag: &str) -> bool {
        let flags = self.setup.map_or(0, |setup| setup.flags);
        FlagSpec::find(flag).is_some_and(|flag| flags & flag.mask() != 0)
    }

    /// Whether an id that is not among those remembered was never there.
    pub(crate) fn is_complete(&self) -> bool {
        !self.is_full
    }

    /// Frames that the client has sent, the present one included: the number of the newest.
    pub(crate) fn serial(&self) -> u64 {
        self.sent
    }

    /// Whether the server has answered something that was sent after this frame of the client: it knows of it.
    pub(crate) fn is_past(&self, serial: u64) -> bool {
        self.confirmed > serial
    }

    /// Whether the client has closed this channel and the server must know by now (AMB-45).
    pub(crate) fn is_closed_for_good(&self, channel_id: u32) -> bool {
        let closed = self.channels.get(&channel_id).and_then(|known| known.closed_by_client);
        closed.is_some_and(|serial| self.is_past(serial))
    }

    /// A frame of the client. `None` is one that is no message; an odd one is a message that the server may ignore.
    pub(crate) fn sent(&mut self, message: Option<&Message>, is_odd: bool, session: &Session) {
        self.sent = self.sent.saturating_add(1);
        self.is_spoiled |= is_odd;
        let Some(message) = message else {
            self.is_spoiled = true;
            return;
        };
        if let Some(id) = message.channel_id() {
            self.is_full |= !bounded_insert(&mut self.named, id);
        }
        match message {
            Message::SetupConnection(setup) => {
                self.setups = self.setups.saturating_add(1);
                let (protocol, flags) = (setup.protocol, setup.flags);
                let (min_version, max_version) = (setup.min_version, setup.max_version);
                let new = Setup { protocol, min_version, max_version, flags };
                let is_anew = self.is_refused && self.setup_answers.saturating_add(1) == self.setups;
                if self.setup.is_none() || is_anew {
                    self.setup = Some(new);
                }
            }
            Message::OpenStandardMiningChannel(open) => self.asked(open.request_id, open.max_target, None),
            Message::OpenExtendedMiningChannel(open) => {
                self.asked(open.request_id, open.max_target, Some(open.min_extranonce_size));
            }
            Message::SubmitSharesStandard(share) => self.submitted((share.channel_id, share.sequence_number)),
            Message::SubmitSharesExtended(share) => self.submitted((share.channel_id, share.sequence_number)),
            Message::SetCustomMiningJob(job) => {
                let serial = self.sent;
                let (channel_id, prev_hash) = (job.channel_id, job.prev_hash);
                let fits = self.customs.len() < KEPT_IDS;
                let new = Custom { channel_id, prev_hash, asked: 0, answered: 0, serial };
                match self.customs.get_mut(&job.request_id) {
                    Some(known) => {
                        let (asked, answered) = (known.asked.saturating_add(1), known.answered);
                        *known = Custom { asked, answered, serial: known.serial, ..new };
                    }
                    None if fits => _ = self.customs.insert(job.request_id, Custom { asked: 1, ..new }),
                    None => self.is_full = true,
                }
            }
            Message::RequestExtensions(request) => {
                bounded_insert(&mut self.extension_requests, request.request_id);
            }
            Message::CloseChannel(close) => {
                let serial = Some(self.sent).filter(|_| !is_odd);
                self.closed(session, close.channel_id, Closer::Client(serial));
            }
            _ => {}
        }
    }

    /// A message of the server, before the model has taken it in.
    pub(crate) fn received(&mut self, message: &Message, session: &Session) {
        match message {
            // It is about something else (AMB-26).
            Message::SetupConnectionError(_) if self.setups == 0 => {}
            Message::SetupConnectionSuccess(_) | Message::SetupConnectionError(_) => {
                self.setup_answers = self.setup_answers.saturating_add(1);
                self.has_succeeded |= matches!(message, Message::SetupConnectionSuccess(_));
                self.is_refused = !self.has_succeeded;
            }
            Message::OpenStandardMiningChannelSuccess(open) => {
                self.answered(open.request_id);
                self.opened(open.channel_id, ChannelKind::Standard, open.group_channel_id);
            }
            Message::OpenExtendedMiningChannelSuccess(open) => {
                self.answered(open.request_id);
                let kind = ChannelKind::Extended { extranonce_size: open.extranonce_size };
                self.opened(open.channel_id, kind, open.group_channel_id);
            }
            Message::OpenMiningChannelError(error) => self.answered(error.request_id),
            Message::SetCustomMiningJobSuccess(success) => self.custom_answered(success.request_id),
            Message::SetCustomMiningJobError(error) => self.custom_answered(error.request_id),
            Message::SubmitSharesSuccess(success) => {
                if let Some(share) = self.shares.get(&(success.channel_id, success.last_sequence_number)) {
                    self.confirmed = self.confirmed.max(share.serial);
                }
            }
            Message::SubmitSharesError(error) => {
                if let Some(share) = self.shares.get_mut(&(error.channel_id, error.sequence_number)) {
                    share.refused = share.refused.saturating_add(1);
                    self.confirmed = self.confirmed.max(share.serial);
                }
            }
            Message::SetGroupChannel(group) => {
                self.is_full |= !bounded_insert(&mut self.groups, group.group_channel_id);
            }
            Message::CloseChannel(close) => self.closed(session, close.channel_id, Closer::Server),
            Message::RequestExtensionsSuccess(success) => {
                for extension in success.supported_extensions.as_slice() {
                    bounded_insert(&mut self.confirmed_extensions, *extension);
                }
            }
            _ => {}
        }
    }

    fn asked(&mut self, request_id: u32, max_target: U256, min_extranonce_size: Option<u16>) {
        let fits = self.openings.len() < KEPT_IDS;
        let is_standard = min_extranonce_size.is_none();
        let new = Opening {
            asked: 1,
            answered: 0,
            asked_standard: is_standard,
            asked_extended: !is_standard,
            max_target,
            min_extranonce_size: min_extranonce_size.unwrap_or(0),
            serial: self.sent,
        };
        match self.openings.get_mut(&request_id) {
            // The same id twice is the client's fault; the easier of the two requests counts.
            Some(known) => {
                known.asked = known.asked.saturating_add(1);
                known.asked_standard |= is_standard;
                known.asked_extended |= !is_standard;
                known.max_target = known.max_target.max(max_target);
                known.min_extranonce_size = known.min_extranonce_size.min(new.min_extranonce_size);
            }
            None if fits => _ = self.openings.insert(request_id, new),
            None => self.is_full = true,
        }
    }

    fn answered(&mut self, request_id: u32) {
        if let Some(opening) = self.openings.get_mut(&request_id) {
            opening.answered = opening.answered.saturating_add(1);
            self.confirmed = self.confirmed.max(opening.serial);
        }
    }

    fn custom_answered(&mut self, request_id: u32) {
        if let Some(custom) = self.customs.get_mut(&request_id) {
            custom.answered = custom.answered.saturating_add(1);
            self.confirmed = self.confirmed.max(custom.serial);
        }
    }

    fn opened(&mut self, channel_id: u32, kind: ChannelKind, group_channel_id: u32) {
        let new = Known {
            kind,
            closed_by_client: None,
            is_closed_with_group: false,
            is_closed: false,
            is_closed_by_server: false,
        };
        if self.channels.len() < KEPT_IDS || self.channels.contains_key(&channel_id) {
            self.channels.insert(channel_id, new);
        } else {
            self.is_full = true;
        }
        self.is_full |= !bounded_insert(&mut self.groups, group_channel_id);
    }

    /// Closes the channel of an id, and the members of a group of that id.
    fn closed(&mut self, session: &Session, id: u32, closer: Closer) {
        let members: Vec<u32> = session.group(id).chain([id]).collect();
        // Whether these are groups at all is open (AMB-36, AMB-140).
        let is_group = id != 0 && !self.asked_for("REQUIRES_STANDARD_JOBS");
        for member in members {
            if let Some(known) = self.channels.get_mut(&member).filter(|known| !known.is_closed) {
                known.is_closed = true;
                (known.is_closed_by_server, known.closed_by_client) = match closer {
                    Closer::Server => (true, None),
                    Closer::Client(serial) => (false, serial.filter(|_| member == id || is_group)),
                };
                known.is_closed_with_group = member != id;
            }
        }
    }

    fn submitted(&mut self, key: (u32, u32)) {
        let serial = self.sent;
        let share = self.shares.entry(key).or_default();
        share.sent = share.sent.saturating_add(1);
        if share.sent == 1 {
            // An answer to a number that went out twice may be to the first.
            share.serial = serial;
            self.share_order.push_back(key);
        }
        if self.share_order.len() > KEPT_IDS
            && let Some(oldest) = self.share_order.pop_front()
        {
            self.shares.remove(&oldest);
            self.is_full = true;
        }
    }
}

/// `false` if it does not fit.
fn bounded_insert<T: Ord>(set: &mut BTreeSet<T>, value: T) -> bool {
    if set.len() >= KEPT_IDS && !set.contains(&value) {
        return false;
    }
    set.insert(value);
    true
}
