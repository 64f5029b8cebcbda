//! Which protocol bytes belong to, when they are not the Stratum V2 that was expected.

use super::words;
use std::ops::RangeInclusive;
use sv2_wire::frame::{Frame, Header};
use sv2_wire::{MESSAGES, Sender};

/// Longest frame without encryption that is taken for an answer to SetupConnection.
const LONGEST_ANSWER: usize = 1024;
/// Shortest line that counts as text: random bytes are one in a hundred million times.
const SHORTEST_TEXT: usize = 12;
/// TLS versions in a record header: SSL 3.0 to TLS 1.3, second byte.
const TLS_MINOR: RangeInclusive<u8> = 0..=4;

/// A protocol that was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Speech {
    /// JSON lines of Stratum V1, or of its kind.
    StratumV1 {
        /// The first line.
        line: String,
    },
    /// `u32 total | u16 tag | u32 length | payload`, little-endian, as blvm-stratum-v2 speaks with bincode.
    LengthTagValue {
        /// The first tag.
        tag: u16,
    },
    /// TLS, or SSL.
    Tls {
        /// The alert's description, when it is one.
        alert: Option<u8>,
    },
    /// HTTP.
    Http {
        /// The status line.
        line: String,
    },
    /// Frames of Stratum V2 without encryption.
    PlainSv2 {
        /// The first message.
        message: &'static str,
    },
    /// The handshake of Stratum V2, where none was expected.
    Noise,
    /// Text of something else, such as the greeting of a mail or SSH server.
    Text {
        /// The first line.
        line: String,
    },
}

impl Speech {
    /// What the bytes from a peer are, if that is beyond doubt: never by a first byte alone, since Noise bytes are random.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        tls(bytes)
            .or_else(|| http(bytes))
            .or_else(|| json_line(bytes))
            .or_else(|| length_tag_value(bytes))
            .or_else(|| plain_sv2(bytes))
            .or_else(|| text(bytes))
    }
}

/// How a peer ended a conversation that never became Stratum V2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It said no more until our patience ended.
    Silence,
    /// An orderly end of stream.
    Closed,
    /// A reset.
    Reset,
    /// What came cannot be what was expected.
    Unfit,
}

/// A peer that did not speak as its URL says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// The first bytes that came; none, perhaps.
    pub came: Vec<u8>,
    /// How it ended.
    pub ending: Ending,
}

/// A record of an alert (21) or of a handshake (22), with a length that such a record has.
fn tls(bytes: &[u8]) -> Option<Speech> {
    let [kind, 3, minor, high, low, rest @ ..] = bytes else { return None };
    if !TLS_MINOR.contains(minor) {
        return None;
    }
    match (kind, u16::from_be_bytes([*high, *low]), rest) {
        (21, 2, [1 | 2, alert, ..]) => Some(Speech::Tls { alert: Some(*alert) }),
        // ServerHello is message 2 and has 38 bytes at least.
        (22, 42..=16_384, [2, 0, ..]) => Some(Speech::Tls { alert: None }),
        _ => None,
    }
}

fn http(bytes: &[u8]) -> Option<Speech> {
    let is_whole = bytes.starts_with(b"HTTP/1.") && bytes.contains(&b'\n');
    is_whole.then(|| Speech::Http { line: words::line(bytes, 80) })
}

/// A whole line that is a JSON object; Stratum V1 has nothing else.
fn json_line(bytes: &[u8]) -> Option<Speech> {
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let line = bytes.get(start..)?.split(|byte| *byte == b'\n').next()?;
    let value: serde_json::Value = serde_json::from_slice(line).ok()?;
    value.is_object().then(|| Speech::StratumV1 { line: words::line(line, 100) })
}

/// The outer length counts tag, inner length and value, so that the two lengths must agree.
fn length_tag_value(bytes: &[u8]) -> Option<Speech> {
    let (outer, rest) = bytes.split_first_chunk()?;
    let (tag, rest) = rest.split_first_chunk()?;
    let (inner, value) = rest.split_first_chunk()?;
    let (outer, inner) = (u32::from_le_bytes(*outer), u32::from_le_bytes(*inner));
    let agrees = inner.checked_add(6) == Some(outer) && inner as usize <= value.len();
    (agrees && inner > 0).then(|| Speech::LengthTagValue { tag: u16::from_le_bytes(*tag) })
}

/// A whole frame of a message that a server sends.
fn plain_sv2(bytes: &[u8]) -> Option<Speech> {
    let (head, rest) = bytes.split_first_chunk()?;
    let header = Header::decode(*head);
    let length = header.length as usize;
    let spec = MESSAGES.iter().find(|spec| spec.kind == header.kind && spec.sender != Sender::Client)?;
    if length > LONGEST_ANSWER || header.channel_msg != spec.channel_msg {
        return None;
    }
    let frame = Frame { header, payload: rest.get(..length)?.to_vec() };
    let decoded = frame.decode().ok()?;
    decoded.tail.is_empty().then_some(Speech::PlainSv2 { message: spec.name })
}

/// A line of at least [`SHORTEST_TEXT`] characters that are all printable.
fn text(bytes: &[u8]) -> Option<Speech> {
    let line = bytes.split(|byte| *byte == b'\n').next()?;
    let is_whole = line.len() < bytes.len();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let is_text =
        line.len() >= SHORTEST_TEXT && line.iter().all(|byte| *byte == b' ' || byte.is_ascii_graphic());
    (is_whole && is_text).then(|| Speech::Text { line: words::line(line, 100) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sv2_wire::{SetupConnection, SetupConnectionSuccess};

    #[test]
    fn each_foreign_protocol_is_recognised() {
        let line = "{\"id\":1,\"result\":null,\"error\":[20,\"x\",null]}";
        let json = format!("{line}\n{{\"id\"");
        assert_eq!(Speech::of(json.as_bytes()), Some(Speech::StratumV1 { line: line.to_owned() }));
        let tlv = [9, 0, 0, 0, 2, 0, 3, 0, 0, 0, 7, 7, 7];
        assert_eq!(Speech::of(&tlv), Some(Speech::LengthTagValue { tag: 2 }));
        let alert = [0x15, 3, 1, 0, 2, 2, 70];
        assert_eq!(Speech::of(&alert), Some(Speech::Tls { alert: Some(70) }));
        let hello = [0x16, 3, 3, 0, 80, 2, 0, 0, 76, 3, 3];
        assert_eq!(Speech::of(&hello), Some(Speech::Tls { alert: None }));
        let http = b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n";
        assert_eq!(Speech::of(http), Some(Speech::Http { line: "HTTP/1.1 400 Bad Request".to_owned() }));
        let greeting = Some(Speech::Text { line: "SSH-2.0-Open_9".to_owned() });
        assert_eq!(Speech::of(b"SSH-2.0-Open_9\r\n"), greeting);
    }

    #[test]
    fn plain_frames_are_recognised_when_a_server_sends_them() {
        let answer = Frame::of(&SetupConnectionSuccess { used_version: 2, flags: 0 }.into()).unwrap();
        let expected = Speech::PlainSv2 { message: "SetupConnection.Success" };
        assert_eq!(Speech::of(&answer.to_bytes()), Some(expected));
        let echo = Frame::of(&SetupConnection::default().into()).unwrap();
        assert_eq!(Speech::of(&echo.to_bytes()), None);
    }

    #[test]
    fn what_only_begins_like_one_is_none() {
        assert_eq!(Speech::of(b""), None);
        assert_eq!(Speech::of(b"{\"id\":1"), None);
        assert_eq!(Speech::of(b"HTTP/1.1 "), None);
        assert_eq!(Speech::of(&[0x15, 3, 1]), None);
        assert_eq!(Speech::of(&[0x15, 3, 9, 0, 2, 2, 70]), None);
        assert_eq!(Speech::of(&[0xff; 40]), None);
    }

    proptest! {
        #[test]
        fn an_act_two_is_never_taken_for_anything(bytes in proptest::collection::vec(any::<u8>(), 64..234)) {
            prop_assert_eq!(Speech::of(&bytes), None);
        }
    }
}
