//! Rules about what stands behind the last field of a message.

use super::frames::HEADER;
use super::{Say, Seen};
use sv2_wire::tlv::{ByteOrder, Tlv};
use sv2_wire::{Message, Reader};

/// What a tail consists of.
pub(super) enum Tail {
    Empty,
    Tlvs(Vec<Tlv>),
    /// TLVs as the printed examples have them (AMB-01).
    BigEndian,
    Garbage,
}

pub(super) fn tail(seen: &Seen<'_>) -> Tail {
    if seen.tail.is_empty() {
        return Tail::Empty;
    }
    let is_confirmed = |tlv: &Tlv| seen.history.has_confirmed(tlv.extension_type);
    match (Tlv::parse_all(seen.tail, ByteOrder::Little), Tlv::parse_all(seen.tail, ByteOrder::Big)) {
        (_, Ok(tlvs)) if tlvs.iter().all(is_confirmed) => Tail::BigEndian,
        (Ok(tlvs), _) => Tail::Tlvs(tlvs),
        (Err(_), _) => Tail::Garbage,
    }
}

/// The payload length does not count the header (3.2). The fields of a core message stay as they are, whatever is
/// negotiated: only TLVs may follow (3.2).
pub(super) fn length(seen: &Seen<'_>, say: &mut Say<'_>) {
    if seen.message().is_none() {
        return;
    }
    let count = seen.tail.len();
    match tail(seen) {
        Tail::Empty if seen.history.has_extensions() => say.kept(&["SV2-03-024", "SV2-03-101"]),
        Tail::Empty => say.kept(&["SV2-03-024"]),
        Tail::Tlvs(_) | Tail::BigEndian => {}
        Tail::Garbage if count == HEADER => {
            say.breach(&["SV2-03-024"], "6 bytes too many, as if the header were counted");
        }
        Tail::Garbage if seen.history.has_extensions() => {
            say.breach(&["SV2-03-101"], format!("{count} bytes behind the last field that are no TLVs"));
        }
        Tail::Garbage => {}
    }
}

/// Before an extension is negotiated nothing of it is sent (3.4.2).
pub(super) fn negotiated(seen: &Seen<'_>, say: &mut Say<'_>) {
    let tlvs = match tail(seen) {
        Tail::Tlvs(tlvs) => tlvs,
        // Every message is an occasion to append what nobody agreed on.
        Tail::Empty if seen.message().is_some() && !seen.history.has_extensions() => {
            return say.kept(&["SV2-03-043"]);
        }
        Tail::Empty | Tail::BigEndian | Tail::Garbage => return,
    };
    match tlvs.iter().find(|tlv| !seen.history.has_confirmed(tlv.extension_type)) {
        None => say.kept(&["SV2-03-042", "SV2-03-043"]),
        Some(tlv) => {
            let came = format!("a TLV of extension 0x{:04x}, which was not negotiated", tlv.extension_type);
            say.breach(&["SV2-03-042", "SV2-03-043"], came);
        }
    }
}

/// TLVs come behind all regular fields, those of different extensions sorted by extension type (3.4.3), ascending (AMB-121).
pub(super) fn order(seen: &Seen<'_>, say: &mut Say<'_>) {
    if is_in_front(seen) {
        return say.breach(&["SV2-03-046"], "a TLV in front of the message's fields");
    }
    let tlvs = match tail(seen) {
        Tail::Tlvs(tlvs) => tlvs,
        Tail::BigEndian => {
            let came = "a big-endian TLV, as in the printed example";
            return say.lenient(&["SV2-03-046"], Some("AMB-01"), came);
        }
        Tail::Empty | Tail::Garbage => return,
    };
    say.kept(&["SV2-03-046"]);
    let types: Vec<u16> = tlvs.iter().map(|tlv| tlv.extension_type).collect();
    match (types.is_sorted(), types.first() == types.last()) {
        (true, false) => say.kept(&["SV2-03-047"]),
        (true, true) => {}
        (false, _) => {
            say.breach(&["SV2-03-047"], format!("TLVs of the extensions {types:04x?} in this order"))
        }
    }
}

/// Whether the payload begins with a TLV of a negotiated extension, and the rest of it is the message.
fn is_in_front(seen: &Seen<'_>) -> bool {
    // Fields may read like a TLV: who finds all in its place looks no further.
    let is_in_place = match tail(seen) {
        Tail::Empty | Tail::BigEndian => true,
        Tail::Tlvs(tlvs) => tlvs.iter().all(|tlv| seen.history.has_confirmed(tlv.extension_type)),
        Tail::Garbage => false,
    };
    if seen.message().is_some() && is_in_place {
        return false;
    }
    let mut reader = Reader::new(&seen.frame.payload);
    let header: Result<[u8; 5], _> = reader.array();
    let Ok([low, high, _, length_low, length_high]) = header else { return false };
    if !seen.history.has_confirmed(u16::from_le_bytes([low, high])) {
        return false;
    }
    let length = usize::from(u16::from_le_bytes([length_low, length_high]));
    reader.take(length).is_ok() && Message::decode_exact(seen.frame.header.kind, reader.rest()).is_ok()
}
