//! One connection, as the judges see it.

use super::grants::Requests;
use super::shares::Tally;
use std::time::Duration;
use sv2_session::{Session, Watch};
use sv2_wire::Problem;
use sv2_wire::frame::{Deframer, Frame, Header, MAX_PAYLOAD_LEN};
use sv2_wire::{DecodeError, Message};

/// One connection.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) watch: Watch,
    pub(super) requests: Requests,
    pub(super) tally: Tally,
    /// What the pool sent.
    pub(super) incoming: Deframer,
    /// Bytes of a frame that is not whole yet; the pool has them.
    partial: Vec<u8>,
    /// The pool has closed it, or the client is gone.
    pub(super) is_closed: bool,
    /// The client gave a reason to end it.
    pub(super) may_close: bool,
    /// Time passes, and the client did nothing for so long that it may be asked to leave.
    pub(super) is_idle: bool,
    /// When the latest whole frame of the client came.
    pub(super) heard: Duration,
    /// What came of the pool since the client's latest frame.
    pub(super) said: Vec<Message>,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    New,
    Ready { flags: u32, has_extensions: bool },
    Refused,
}

impl Side {
    pub(super) fn new(client: usize, now: Duration) -> Self {
        Self {
            watch: Watch::new(client),
            requests: Requests::default(),
            tally: Tally::default(),
            incoming: Deframer::new(MAX_PAYLOAD_LEN),
            partial: Vec::new(),
            is_closed: false,
            may_close: false,
            is_idle: false,
            heard: now,
            said: Vec::new(),
            phase: Phase::New,
        }
    }

    pub(super) fn session(&self) -> &Session {
        self.watch.session()
    }

    /// Cuts off what belongs to the frame that comes next: those bytes, the rest, and the frame if it is whole with them.
    pub(super) fn cut<'a>(&mut self, bytes: &'a [u8]) -> (&'a [u8], &'a [u8], Option<Frame>) {
        let header_rest = Header::LEN.saturating_sub(self.partial.len());
        if bytes.len() < header_rest {
            self.partial.extend_from_slice(bytes);
            return (bytes, &[], None);
        }
        let mut head = self.partial.iter().chain(bytes).copied();
        let header = Header::decode(std::array::from_fn(|_| head.next().unwrap_or_default()));
        let whole = Header::LEN.saturating_add(header.length as usize);
        let part = whole.saturating_sub(self.partial.len()).min(bytes.len());
        let (part, rest) = bytes.split_at_checked(part).unwrap_or((bytes, &[]));
        self.partial.extend_from_slice(part);
        if self.partial.len() < whole {
            return (part, rest, None);
        }
        let payload = self.partial.split_off(Header::LEN);
        self.partial.clear();
        (part, rest, Some(Frame { header, payload }))
    }

    /// Bytes that the pool holds of an unfinished frame.
    pub(super) fn held(&self) -> usize {
        self.partial.len()
    }

    /// Whether SetupConnection was answered with success, and what the client asked for then.
    pub(super) fn flags(&self) -> Option<u32> {
        match self.phase {
            Phase::Ready { flags, .. } => Some(flags),
            _ => None,
        }
    }

    /// Whether requests are answered: the connection is set up, and whatever extension is required was granted.
    pub(super) fn is_served(&self, requires_extensions: bool) -> bool {
        let Phase::Ready { has_extensions, .. } = self.phase else { return false };
        !self.is_closed && (has_extensions || !requires_extensions)
    }

    pub(super) fn is_new(&self) -> bool {
        self.phase == Phase::New
    }

    /// A whole frame of the client: whether it is a reason to end the connection.
    pub(super) fn note(&mut self, decoded: Result<&Message, &DecodeError>, requires_extensions: bool) {
        let is_reason = match (self.phase, decoded) {
            (Phase::New, Ok(Message::SetupConnection(_))) => false,
            (Phase::New, _) | (Phase::Refused, _) => true,
            (_, Err(error)) => !matches!(error.problem, Problem::UnknownMessage { .. }),
            (Phase::Ready { .. }, Ok(Message::RequestExtensions(_))) => false,
            (Phase::Ready { has_extensions, .. }, Ok(_)) => requires_extensions && !has_extensions,
        };
        self.may_close |= is_reason;
    }

    /// A message of the pool.
    pub(super) fn heard_of(&mut self, message: &Message) {
        match message {
            Message::SetupConnectionSuccess(_) => {
                let flags = match self.session().setup() {
                    sv2_session::Setup::Accepted { flags, .. } => flags,
                    _ => 0,
                };
                self.phase = Phase::Ready { flags, has_extensions: false };
            }
            Message::SetupConnectionError(_) => {
                self.phase = Phase::Refused;
                self.may_close = true;
            }
            Message::RequestExtensionsSuccess(success) => {
                if let Phase::Ready { has_extensions, .. } = &mut self.phase {
                    *has_extensions = success.supported_extensions.as_slice().contains(&2);
                }
            }
            _ => {}
        }
        self.said.push(message.clone());
    }
}
