//! Executes the rows against both sides.

use super::{Explains, Input, Likeness, Outcome, ROWS, Tail, tail_of};
use crate::hex_text::bytes;
use crate::sri;
use framing_sv2::framing::SerializedFrame;
use parsers_sv2::TlvField;
use std::collections::BTreeSet;
use sv2_wire::frame::{Deframer, Frame, MAX_PAYLOAD_LEN};
use sv2_wire::tlv::{ByteOrder, Tlv};
use sv2_wire::{Message, MessageSpec};

impl Input {
    pub(super) fn sri(&self) -> String {
        match self {
            Self::Frame(hex) => sri_frame(&bytes(hex)),
            Self::Announced(hex, _) => match SerializedFrame::from_bytes(bytes(hex)) {
                Err(framing_sv2::framing::SizeHint::Missing(count)) => format!("waits: for {count} bytes"),
                other => format!("{other:?}"),
            },
            Self::Tail(hex, _) => sri_tail(&bytes(hex)),
            Self::Identity(hex) => {
                let tlv = parsers_sv2::Tlv::new(2, 1, bytes(hex));
                match extensions_sv2::UserIdentity::from_tlv(&tlv) {
                    Ok(identity) => format!("reads: {} bytes", identity.len()),
                    Err(error) => format!("refuses: {error:?}"),
                }
            }
            Self::LongValue(length) => {
                let tlv = parsers_sv2::Tlv::new(2, 1, vec![1; *length]);
                written(&tlv.encode().expect("encodes"))
            }
            Self::Certificate(certificate) => match certificate.sri() {
                Ok(verdict) => verdict.name().to_owned(),
                Err(error) => error,
            },
        }
    }

    pub(super) fn ours(&self) -> String {
        match self {
            Self::Frame(hex) => our_frame(&bytes(hex)),
            Self::Announced(hex, limit) => {
                let mut deframer = Deframer::new(*limit);
                deframer.push(&bytes(hex));
                match deframer.next_frame() {
                    Ok(None) => format!("waits: with {} bytes", deframer.pending()),
                    Ok(Some(frame)) => format!("{frame:?}"),
                    Err(error) => format!("refuses: {error}"),
                }
            }
            Self::Tail(hex, order) => match Tlv::parse_all(&bytes(hex), *order) {
                Ok(found) => format!("finds {}", found.len()),
                Err(error) => format!("refuses: {error}"),
            },
            Self::Identity(hex) => {
                let tlv = Tlv { extension_type: 2, field_type: 1, value: bytes(hex) };
                let mut tail = Vec::new();
                tlv.encode(ByteOrder::Little, &mut tail);
                match Tlv::parse_all(&tail, ByteOrder::Little).as_deref() {
                    Ok([tlv]) => {
                        let spec = tlv.spec().expect("registered");
                        format!("reads: at most {} bytes, got {}", spec.max_len, tlv.value.len())
                    }
                    other => format!("{other:?}"),
                }
            }
            Self::LongValue(length) => {
                let mut out = Vec::new();
                Tlv { extension_type: 2, field_type: 1, value: vec![1; *length] }
                    .encode(ByteOrder::Little, &mut out);
                written(&out)
            }
            Self::Certificate(certificate) => match certificate.ours() {
                Ok((verdict, why)) => format!("{}{why}", verdict.name()),
                Err(error) => error,
            },
        }
    }
}

fn sri_frame(bytes: &[u8]) -> String {
    match sri::decode(bytes) {
        Ok(read) => {
            // "Says nothing": what it writes again is what the table says, whatever the header or the tail was.
            let again = sri::encode(read.message).expect("fits");
            let (kind, message) = parsed(&again);
            assert_eq!(again, Frame::of(&message).expect("fits").to_bytes(), "{}", kind.name);
            "reads: and says nothing".to_owned()
        }
        Err(error) => {
            let error = error.to_string();
            // Offsets, sizes and samples of the payload are left out.
            let error = error.split_once('[').map_or(error.as_str(), |(before, _)| before);
            let long = ["ValueExceedsMaxSize(", "ReadError("]
                .iter()
                .find_map(|name| error.find(name).map(|at| format!("{}..))", &error[..at + name.len()])));
            format!("refuses: {}", long.as_deref().unwrap_or(error))
        }
    }
}

fn parsed(bytes: &[u8]) -> (&'static MessageSpec, Message) {
    let mut deframer = Deframer::new(MAX_PAYLOAD_LEN);
    deframer.push(bytes);
    let frame = deframer.next_frame().expect("a length").expect("whole");
    let message = Message::decode_exact(frame.header.kind, &frame.payload).expect("decodes");
    (message.spec(), message)
}

fn our_frame(bytes: &[u8]) -> String {
    let mut deframer = Deframer::new(MAX_PAYLOAD_LEN);
    deframer.push(bytes);
    let frame = deframer.next_frame().expect("a length").expect("whole");
    let decoded = match frame.decode() {
        Ok(decoded) => decoded,
        Err(error) => return format!("refuses: {error}"),
    };
    let spec = decoded.message.spec();
    let mut notes = String::new();
    if !decoded.tail.is_empty() {
        notes.push_str(&format!(", tail of {} bytes", decoded.tail.len()));
    }
    if frame.header.channel_msg != spec.channel_msg {
        notes.push_str(", channel bit is not the table's");
    }
    let verdict = if notes.is_empty() { "reads" } else { "reads and tells" };
    format!("{verdict}: {}{notes}", spec.name)
}

fn sri_tail(tail: &[u8]) -> String {
    let found = sri::tail(tail, &[2, 0x4acd]).expect("both of its parsers agree");
    format!("finds {}", found.len())
}

fn written(tlv: &[u8]) -> String {
    let length = u16::from_le_bytes([tlv[3], tlv[4]]);
    format!("writes length {length} and {} bytes", tlv.len() - 5)
}

fn verdict(outcome: &str) -> &str {
    outcome.split_once(": ").map_or(outcome, |(verdict, _)| verdict)
}

#[test]
fn rows_hold_on_both_sides() {
    let mut wrong = Vec::new();
    for row in ROWS {
        for (side, stated, found) in [("sri", row.sri, row.input.sri()), ("ours", row.ours, row.input.ours())]
        {
            if stated != found {
                wrong.push(format!("{}\n  {side} stated: {stated}\n  {side} found:  {found}", row.case));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn rows_say_rightly_whether_they_are_differences() {
    for row in ROWS {
        let likeness = if verdict(row.sri) == verdict(row.ours) { Likeness::Alike } else { Likeness::Differ };
        assert_eq!(likeness, row.likeness, "{}", row.case);
        let clause = row.because.strip_prefix("EXT-").unwrap_or(row.because);
        assert!(clause.starts_with(|c: char| c.is_ascii_digit()), "{}: no clause", row.case);
    }
    let cases: BTreeSet<&str> = ROWS.iter().map(|row| row.case).collect();
    assert_eq!(cases.len(), ROWS.len());
}

/// What a target allows because of a row, the row shows.
#[test]
fn rows_that_explain_turn_our_outcome_into_sris() {
    for row in ROWS {
        let (name, turns) = match (row.input, row.explains) {
            (_, Explains::Nothing) => continue,
            (Input::Frame(hex), Explains::Frame(_)) => {
                let (ours, explained, theirs) = frame_outcomes(&bytes(hex), row.explains);
                assert_ne!(ours, theirs, "{}: no difference", row.case);
                (row.case, explained == theirs)
            }
            (Input::Tail(hex, _), Explains::Tail(explain)) => {
                let tail = bytes(hex);
                let explained = explain(tail_of(&tail), &[2, 0x4acd]);
                assert_ne!(explained, tail_of(&tail), "{}: no difference", row.case);
                let theirs = sri::tail(&tail, &[2, 0x4acd]).expect("both of its parsers agree");
                (row.case, explained == Tail { fields: theirs, has_rest: false })
            }
            (Input::Certificate(certificate), Explains::Certificate(explain)) => {
                let (ours, _) = certificate.ours().expect("judges");
                let theirs = certificate.sri().expect("judges");
                assert_ne!(ours, theirs, "{}: no difference", row.case);
                (row.case, explain(&certificate, ours) == theirs)
            }
            (input, explains) => panic!("{}: {input:?} by {explains:?}", row.case),
        };
        assert!(turns, "{name}");
    }
}

/// Ours, ours as the row turns it, and SRI's.
fn frame_outcomes(bytes: &[u8], explains: Explains) -> (Outcome, Outcome, Outcome) {
    let mut deframer = Deframer::new(MAX_PAYLOAD_LEN);
    deframer.push(bytes);
    let frame = deframer.next_frame().expect("a length").expect("whole");
    let message = frame.decode().expect("decodes").message;
    let Explains::Frame(explain) = explains else { panic!("another kind of row") };
    let ours = Outcome::Written(frame.to_bytes());
    (ours.clone(), explain(&message, ours), sri::outcome(bytes))
}
