//! Rules about single frames: header, number, layout.

use super::tlv::{Tail, tail};
use super::{Clauses, Rule, Say, Seen};
use sv2_wire::frame::Header;
use sv2_wire::link::LinkError;
use sv2_wire::{FieldType, Message, Problem, Protocol, Sender};

/// Messages whose channel bit was changed in 2026 (AMB-03).
const OLDER_TABLE: [&str; 3] = ["NewMiningJob", "SetCustomMiningJob.Success", "SetCustomMiningJob.Error"];

/// The layout of each message that a server sends, and its clauses: its own, and the one on lengths in general.
#[rustfmt::skip]
const LAYOUTS: &[(&str, Clauses)] = &[
    ("SetupConnection.Success",            &["SV2-03-073", "SV2-03-025"]),
    ("SetupConnection.Error",              &["SV2-03-083", "SV2-03-025"]),
    ("OpenStandardMiningChannel.Success",  &["SV2-05-044", "SV2-03-025"]),
    ("OpenExtendedMiningChannel.Success",  &["SV2-05-050", "SV2-03-025"]),
    ("OpenMiningChannel.Error",            &["SV2-05-055", "SV2-03-025"]),
    ("UpdateChannel.Error",                &["SV2-05-064", "SV2-03-025"]),
    ("CloseChannel",                       &["SV2-05-067", "SV2-03-025"]),
    ("SetExtranoncePrefix",                &["SV2-05-078", "SV2-03-025"]),
    ("SubmitShares.Success",               &["SV2-05-096", "SV2-03-025"]),
    ("SubmitShares.Error",                 &["SV2-05-106", "SV2-03-025"]),
    ("NewMiningJob",                       &["SV2-05-114", "SV2-03-025"]),
    ("NewExtendedMiningJob",               &["SV2-05-126", "SV2-03-025"]),
    ("SetNewPrevHash",                     &["SV2-05-138", "SV2-03-025"]),
    ("SetCustomMiningJob.Success",         &["SV2-05-156", "SV2-03-025"]),
    ("SetCustomMiningJob.Error",           &["SV2-05-162", "SV2-03-025"]),
    ("SetTarget",                          &["SV2-05-165", "SV2-03-025"]),
    ("SetGroupChannel",                    &["SV2-05-172", "SV2-03-025"]),
    ("Reconnect",                          &["SV2-03-093", "SV2-03-025"]),
    ("RequestExtensions.Success",          &["EXT-0001-005", "SV2-03-025"]),
    ("RequestExtensions.Error",            &["EXT-0001-006", "SV2-03-025"]),
];

/// Each message has the channel bit, bit 15 of the extension type, set or clear as the table says (3.2.1, 8; extension
/// 0x0001 section 3); where job declaration or template distribution is spoken, clear. What a peer sends is judged strictly (AMB-03).
pub(super) fn channel_bit(seen: &Seen<'_>, say: &mut Say<'_>) {
    let Some(spec) = seen.spec else { return };
    let clauses: Clauses = match (spec.protocol, seen.history.protocol_asked_for()) {
        (Protocol::ExtensionsNegotiation, _) => &["EXT-0001-011", "SV2-03-029"],
        (_, Some(Protocol::JobDeclaration | Protocol::TemplateDistribution)) => {
            &["SV2-08-002", "SV2-03-029", "SV2-03-032"]
        }
        _ => &["SV2-08-002", "SV2-03-029"],
    };
    if spec.channel_msg == seen.frame.header.channel_msg {
        return say.kept(clauses);
    }
    let bit = if spec.channel_msg { "clear" } else { "set" };
    let older =
        if OLDER_TABLE.contains(&spec.name) { ", as in an older table of the specification" } else { "" };
    say.breach(clauses, format!("{} with the channel bit {bit}{older}", spec.unique_name()));
}

/// With extension type 0 only numbers of the table are sent, and 0x1e never (8).
pub(super) fn known_number(seen: &Seen<'_>, say: &mut Say<'_>) {
    let kind = seen.frame.header.kind;
    if kind.extension_type != 0 {
        return;
    }
    let came = || format!("a core frame of type 0x{:02x}", kind.msg_type);
    match (seen.spec, kind.msg_type) {
        (Some(_), _) => say.kept(&["SV2-08-001", "SV2-08-003", "SV2-08-004"]),
        (None, 0x1e) => say.breach(&["SV2-08-003"], format!("{}, which is reserved", came())),
        (None, _) => say.breach(&["SV2-08-001", "SV2-08-004"], came()),
    }
}

/// A message is sent by the side that the specification names as its sender (8).
pub(super) fn direction(seen: &Seen<'_>, say: &mut Say<'_>) {
    let Some(spec) = seen.spec else { return };
    match spec.sender {
        Sender::Client => {
            say.breach(&["SV2-08-006"], format!("{}, which a client sends", spec.unique_name()))
        }
        Sender::Server | Sender::Both => say.kept(&["SV2-08-006"]),
    }
}

/// Apart from common messages only those of the chosen subprotocol are sent on a connection (8).
pub(super) fn subprotocol(seen: &Seen<'_>, say: &mut Say<'_>) {
    let (Some(spec), Some(chosen)) = (seen.spec, seen.history.protocol()) else { return };
    match spec.protocol {
        Protocol::Common | Protocol::ExtensionsNegotiation => {}
        protocol if protocol == chosen => say.kept(&["SV2-08-005"]),
        _ => say
            .breach(&["SV2-08-005"], format!("{} on a connection for {}", spec.unique_name(), chosen.name())),
    }
}

/// A payload holds the fields of its message, in their order, and nothing else; a length that points behind its end makes it
/// malformed (3.1, 3.2). Surplus that has an explanation is for the rules about it.
pub(super) fn layout(seen: &Seen<'_>, say: &mut Say<'_>) {
    let Some(spec) = seen.spec else { return };
    let row = LAYOUTS.iter().find(|(name, _)| *name == spec.unique_name());
    let clauses = row.map_or(&["SV2-03-025"] as Clauses, |(_, clauses)| clauses);
    let error = match (seen.decoded, tail(seen)) {
        (Ok(_), Tail::Empty | Tail::Tlvs(_) | Tail::BigEndian) => return say.kept(clauses),
        (Ok(_), Tail::Garbage) if seen.tail.len() == HEADER || seen.history.has_extensions() => return,
        (Ok(_), Tail::Garbage) => {
            let came = format!("{} with {} bytes behind its last field", spec.unique_name(), seen.tail.len());
            return say.breach(clauses, came);
        }
        (Err(error), _) => error,
    };
    let is_older = spec.name == "OpenExtendedMiningChannel.Success"
        && matches!(error.problem, Problem::Truncated { left: 0, .. })
        && error.field == "group_channel_id";
    let older = if is_older { "; the layout before group_channel_id was added (AMB-55)" } else { "" };
    say.breach(clauses, format!("{error}{older}"));
}

/// No B0_32 has more than 32 bytes, and no OPTION more than one value (3.1). What a peer sends is judged strictly (AMB-09).
pub(super) fn bounds(seen: &Seen<'_>, say: &mut Say<'_>) {
    let Some(spec) = seen.spec else { return };
    for field in spec.fields {
        let clauses: Clauses = match field.ty {
            FieldType::Bytes(32) => &["SV2-03-012"],
            FieldType::Option(_) => &["SV2-03-016"],
            _ => continue,
        };
        match seen.decoded {
            Ok(_) => say.kept(clauses),
            Err(error) if error.field == field.name && matches!(error.problem, Problem::TooLong { .. }) => {
                say.breach(clauses, error.to_string());
            }
            Err(_) => {}
        }
    }
}

/// The extension type names whoever defined the message's own fields: 0 for core messages, the extension's number for
/// its messages (3.2, 9). Before an extension is negotiated nothing of it is sent but what negotiates (3.4.2).
pub(super) fn extension_type(seen: &Seen<'_>, say: &mut Say<'_>) {
    let kind = seen.frame.header.kind;
    match kind.extension_type {
        0 if seen.spec.is_some() && seen.history.has_extensions() => say.kept(&["SV2-03-022", "SV2-09-001"]),
        // A core frame while nothing is confirmed: the server keeps what it speaks beside the core to itself.
        0 if seen.spec.is_some() => say.kept(&["SV2-03-022", "SV2-03-043", "SV2-09-001"]),
        0 => {}
        1 if seen.spec.is_some() => say.kept(&["SV2-03-023", "SV2-03-042", "SV2-09-001"]),
        number if seen.history.has_confirmed(number) => say.kept(&["SV2-03-042", "SV2-03-043"]),
        number => {
            let of = |extension_type| {
                let kind = sv2_wire::Kind { extension_type, ..kind };
                Message::decode_exact(kind, &seen.frame.payload)
            };
            if let Ok(answer) = of(1)
                && seen.history.has_asked_for_extensions(&answer)
            {
                let came = format!("{} with extension type 0x{number:04x}", answer.spec().unique_name());
                return say.breach(&["SV2-03-023"], came);
            }
            match of(0) {
                Ok(message) if message.spec().sender != Sender::Client => {
                    let came = format!("{} with extension type 0x{number:04x}", message.spec().unique_name());
                    say.breach(&["SV2-03-022", "SV2-09-001"], came);
                }
                _ => {
                    let came = format!("a frame of extension 0x{number:04x}, which was not negotiated");
                    say.breach(&["SV2-03-042", "SV2-03-043"], came);
                }
            }
        }
    }
}

/// All bytes behind the handshake are records that decrypt (4.6), and each header is followed by as many bytes of payload as
/// it says (3.2), so that the next one can be found.
pub(super) struct Readable;

impl Rule for Readable {
    fn before(&mut self, _seen: &Seen<'_>, say: &mut Say<'_>) {
        say.kept(&["SV2-03-021"]);
    }

    fn unreadable(&mut self, error: &LinkError, say: &mut Say<'_>) {
        match error {
            LinkError::Noise(_) | LinkError::NotEstablished => say.breach(&["SV2-04-044"], error.to_string()),
            LinkError::Frame(_) => say.breach(&["SV2-03-021"], error.to_string()),
        }
    }
}

/// The length of a frame's header, for whoever looks for one that was counted as payload.
pub(super) const HEADER: usize = Header::LEN;
