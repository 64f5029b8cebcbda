//! Why SRI differs, as functions: our outcome in, SRI's out.

use super::Certificate;
use sv2_wire::Message;
use sv2_wire::frame::{Frame, Header};
use sv2_wire::tlv::{ByteOrder, Tlv};

/// What comes of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It does not decode.
    Refused,
    /// It decodes, and is written again as these bytes.
    Written(Vec<u8>),
}

/// What comes of the bytes behind the fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// The TLV fields.
    pub fields: Vec<Tlv>,
    /// Whether something is seen behind them that is none.
    pub has_rest: bool,
}

/// What a client thinks of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Trusts,
    /// It ends the connection.
    Refuses,
    /// It goes on and leaves the judgement to its user.
    DoesNotJudge,
}

impl Verdict {
    /// In a word or two.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trusts => "trusts",
            Self::Refuses => "refuses",
            Self::DoesNotJudge => "does not judge",
        }
    }
}

/// The fields at the front of a tail in our byte order, and whether that is all. Walked here apart from [`Tlv::parse_all`],
/// which refuses a tail as a whole.
pub fn tail_of(mut bytes: &[u8]) -> Tail {
    let mut fields = Vec::new();
    while let Some(([e0, e1, field_type, l0, l1], behind)) = bytes.split_first_chunk() {
        let Some((value, rest)) = behind.split_at_checked(usize::from(u16::from_le_bytes([*l0, *l1]))) else {
            break;
        };
        let extension_type = u16::from_le_bytes([*e0, *e1]);
        fields.push(Tlv { extension_type, field_type: *field_type, value: value.to_vec() });
        bytes = rest;
    }
    Tail { fields, has_rest: !bytes.is_empty() }
}

impl Tail {
    /// What our parser makes of a tail, if it takes it.
    pub fn ours(bytes: &[u8]) -> Option<Vec<Tlv>> {
        Tlv::parse_all(bytes, ByteOrder::Little).ok()
    }
}

/// SRI's type for the protocol has three values.
pub(super) fn refuses_protocol(message: &Message, outcome: Outcome) -> Outcome {
    match message {
        Message::SetupConnection(setup) if setup.protocol > 2 => Outcome::Refused,
        _ => outcome,
    }
}

/// SRI's messages do not carry what is behind their fields.
pub(super) fn drops_tail(message: &Message, outcome: Outcome) -> Outcome {
    let Outcome::Written(mut bytes) = outcome else { return outcome };
    let mut payload = Vec::new();
    message.encode(&mut payload);
    if let Some(header) = bytes.first_chunk() {
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        let header = Header { length, ..Header::decode(*header) };
        bytes = Frame { header, payload }.to_bytes();
    }
    Outcome::Written(bytes)
}

/// SRI's messages do not carry the bit that came; what is written has the message's own.
pub(super) fn writes_own_bit(message: &Message, outcome: Outcome) -> Outcome {
    let Outcome::Written(mut bytes) = outcome else { return outcome };
    if let Some((head, _)) = bytes.split_first_chunk_mut() {
        *head = Header { channel_msg: message.spec().channel_msg, ..Header::decode(*head) }.encode();
    }
    Outcome::Written(bytes)
}

/// SRI stops reading fields without a word.
pub(super) fn drops_rest(tail: Tail, _: &[u16]) -> Tail {
    Tail { has_rest: false, ..tail }
}

/// SRI gives only fields of negotiated extensions.
pub(super) fn drops_unnegotiated(mut tail: Tail, negotiated: &[u16]) -> Tail {
    tail.fields.retain(|field| negotiated.contains(&field.extension_type));
    tail
}

/// SRI's client knows version 0 alone, with and without a key.
pub(super) fn refuses_version(certificate: &Certificate, verdict: Verdict) -> Verdict {
    if certificate.version == 0 { verdict } else { Verdict::Refuses }
}

/// SRI's client allows ten seconds on either side, no less and no more. Says nothing of a certificate that is wrong otherwise.
pub(super) fn allows_ten_seconds(certificate: &Certificate, verdict: Verdict) -> Verdict {
    const LEEWAY: i64 = 10;
    if certificate.version != 0 || !certificate.has_key || !certificate.right_key {
        return verdict;
    }
    let since_begin = certificate.after_end.saturating_add(certificate.lasts);
    match since_begin >= -LEEWAY && certificate.after_end <= LEEWAY {
        true => Verdict::Trusts,
        false => Verdict::Refuses,
    }
}

/// SRI's client asks nothing of time and signature where it has no key.
pub(super) fn trusts_blindly(certificate: &Certificate, verdict: Verdict) -> Verdict {
    if certificate.has_key || verdict != Verdict::DoesNotJudge { verdict } else { Verdict::Trusts }
}
