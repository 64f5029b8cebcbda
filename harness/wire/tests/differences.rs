//! Every known difference in behaviour between SRI's published crates and this one, as data: the input, what either side
//! makes of it, and the clause or ambiguity (`AMB-..`) by which ours was chosen. Rows marked `Alike` are inputs on which the
//! two might well differ and do not. Each row is executed against both sides.

#[path = "support/hex_text.rs"]
mod hex_text;
#[path = "support/sri.rs"]
mod sri;

use framing_sv2::framing::SerializedFrame;
use hex_text::bytes;
use parsers_sv2::{AnyMessage, TlvField, TlvList, parse_message_frame_with_tlvs};
use std::collections::BTreeSet;
use sv2_wire::frame::{Deframer, Frame, MAX_PAYLOAD_LEN};
use sv2_wire::noise::{AuthoritySecretKey, Certificate, Initiator, Responder, StaticKeypair, Terms};
use sv2_wire::tlv::{ByteOrder, Tlv};
use sv2_wire::{Message, MessageSpec};

struct Row {
    /// What is odd about the input.
    case: &'static str,
    input: Input,
    /// What SRI does: a verdict, and behind `: ` the details.
    sri: &'static str,
    /// What we do, in the same form.
    ours: &'static str,
    likeness: Likeness,
    /// Clause or ambiguity that decides for ours.
    because: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Likeness {
    /// The verdicts are the same; details may be worded differently.
    Alike,
    Differ,
}
use Likeness::{Alike, Differ};

enum Input {
    /// A frame to be decoded, in hex.
    Frame(&'static str),
    /// A header whose payload has not come, in hex, under our limit of this many bytes.
    Announced(&'static str, usize),
    /// What stands behind the fields of a SubmitSharesExtended while extensions 2 and 0x4acd are negotiated; our order.
    Tail(&'static str, ByteOrder),
    /// A TLV value of extension 2, field 1, to be taken as a user identity.
    Identity(&'static str),
    /// A TLV value of this many bytes to be written.
    LongValue(usize),
    /// A certificate to be judged by the client.
    Certificate(Case),
}

#[derive(Clone, Copy)]
struct Case {
    version: u16,
    /// Seconds from the end of validity; the certificate is valid for a minute.
    after_end: i64,
    /// Whether the client has an authority key.
    has_key: bool,
    /// Whether it is the key of the authority that signed.
    right_key: bool,
    /// Our leeway; SRI's is fixed.
    leeway: u64,
}

const CERTIFICATE: Case = Case { version: 0, after_end: -30, has_key: true, right_key: true, leeway: 10 };

const ROWS: &[Row] = &[
    Row {
        case: "SetupConnection.protocol is none that is defined",
        input: Input::Frame("0000 00 100000 03 0200 0200 00000000 00 0000 00 00 00 00"),
        sri: "refuses: BinaryError(ValueIsNotAValidProtocol(3))",
        ours: "reads: SetupConnection",
        likeness: Differ,
        because: "3.6.1 types it U8, and a server is to answer with SetupConnection.Error (AMB-27)",
    },
    Row {
        case: "three bytes behind the last field, nothing negotiated",
        input: Input::Frame("0080 03 070000 01000000 aabbcc"),
        sri: "reads: and says nothing",
        ours: "reads and tells: ChannelEndpointChanged, tail of 3 bytes",
        likeness: Differ,
        because: "3.4.3 has such bytes ignored, the harness has to see them (AMB-06)",
    },
    Row {
        case: "channel bit missing",
        input: Input::Frame("0000 03 040000 01000000"),
        sri: "reads: and says nothing",
        ours: "reads and tells: ChannelEndpointChanged, channel bit is not the table's",
        likeness: Differ,
        because: "3.2.1 and 8 assign the bit, what is sent is judged strictly (AMB-03)",
    },
    Row {
        case: "channel bit on a message of the connection",
        input: Input::Frame("0080 01 060000 0200 00000000"),
        sri: "reads: and says nothing",
        ours: "reads and tells: SetupConnection.Success, channel bit is not the table's",
        likeness: Differ,
        because: "3.2.1 and 8 assign the bit, what is sent is judged strictly (AMB-03)",
    },
    Row {
        case: "channel bit on a message of an extension",
        input: Input::Frame("0180 00 040000 0100 0000"),
        sri: "reads: and says nothing",
        ours: "reads and tells: RequestExtensions, channel bit is not the table's",
        likeness: Differ,
        because: "3.2.1: the bit is no part of the extension type (AMB-03)",
    },
    Row {
        case: "core number under an extension that nobody knows",
        input: Input::Frame("bc4a 1b 020000 beef"),
        sri: "refuses: UnexpectedMessage(27)",
        ours: "refuses: message at offset 0: expected a known message, got type 0x1b of extension 0x4abc",
        likeness: Alike,
        because: "3.4.1 has it ignored, which is not for a decoder to do (AMB-05)",
    },
    Row {
        case: "reserved number",
        input: Input::Frame("0080 1e 000000"),
        sri: "refuses: UnexpectedMessage(30)",
        ours: "refuses: message at offset 0: expected a known message, got type 0x1e of extension 0x0000",
        likeness: Alike,
        because: "8 (AMB-04)",
    },
    Row {
        case: "BOOL with all bits but the lowest",
        input: Input::Frame("0080 1f 130000 01000000 02000000 00 00000020 fe 00 0000 0000"),
        sri: "reads: and says nothing",
        ours: "reads: NewExtendedMiningJob",
        likeness: Alike,
        because: "3.1: only the lowest bit counts",
    },
    Row {
        case: "OPTION with two values",
        input: Input::Frame("0080 15 350000 02000000 01000000 02 01000000 02000000 00000020 (00)*32"),
        sri: "refuses: BinaryError(Sv2OptionHaveMoreThenOneElement(2))",
        ours: "refuses: NewMiningJob.min_ntime at offset 8: expected a length of at most 1, got 2",
        likeness: Alike,
        because: "3.1: OPTION is nothing or one value (AMB-09)",
    },
    Row {
        case: "extranonce of 33 bytes",
        input: Input::Frame("0080 1b 3a0000 (00)*24 21 (00)*33"),
        sri: "refuses: BinaryError(ValueExceedsMaxSize(..))",
        ours: "refuses: SubmitSharesExtended.extranonce at offset 24: expected a length of at most 32, got 33",
        likeness: Alike,
        because: "3.1: B0_32",
    },
    Row {
        case: "hash rate is NaN",
        input: Input::Frame("0000 10 290000 01000000 00 0100c07f (ff)*32"),
        sri: "reads: and says nothing",
        ours: "reads: OpenStandardMiningChannel",
        likeness: Alike,
        because: "3.1 has no word on F32, so any four bytes are one (AMB-08)",
    },
    Row {
        case: "string that is not UTF-8",
        input: Input::Frame("0080 18 070000 01000000 02 fffe"),
        sri: "reads: and says nothing",
        ours: "reads: CloseChannel",
        likeness: Alike,
        because: "3.1 names no encoding (AMB-11)",
    },
    Row {
        case: "min_version above max_version",
        input: Input::Frame("0000 00 100000 00 0300 0200 00000000 00 0000 00 00 00 00"),
        sri: "reads: and says nothing",
        ours: "reads: SetupConnection",
        likeness: Alike,
        because: "3.6.1: a matter of the session, not of decoding (AMB-28)",
    },
    Row {
        case: "payload that ends within a field",
        input: Input::Frame("0000 01 050000 0200 000000"),
        sri: "refuses: BinaryError(ReadError(..))",
        ours: "refuses: SetupConnection.Success.flags at offset 2: expected 4 more bytes, got 3",
        likeness: Alike,
        because: "3.1",
    },
    Row {
        case: "header that announces 16777215 bytes, under a limit of 1 MiB",
        input: Input::Announced("0000 56 ffffff", 1 << 20),
        sri: "waits: for 16777215 bytes",
        ours: "refuses: frame header.msg_length at offset 3: expected a length of at most 1048576, got 16777215",
        likeness: Differ,
        because: "3.2 allows any U24; the limit is the caller's, MAX_PAYLOAD_LEN is none",
    },
    Row {
        case: "header that announces 16777215 bytes, without a limit",
        input: Input::Announced("0000 56 ffffff", MAX_PAYLOAD_LEN),
        sri: "waits: for 16777215 bytes",
        ours: "waits: with 6 bytes",
        likeness: Alike,
        because: "3.2",
    },
    Row {
        case: "user identity in little-endian",
        input: Input::Tail("0200 01 0300 616263", ByteOrder::Little),
        sri: "finds 1",
        ours: "finds 1",
        likeness: Alike,
        because: "3.1 (AMB-01)",
    },
    Row {
        case: "user identity as the worked example prints it",
        input: Input::Tail("0002 01 0003 616263", ByteOrder::Big),
        sri: "finds 0",
        ours: "finds 1",
        likeness: Differ,
        because: "EXT-0002 2 against 3.1: the harness reads either order, as the profile says (AMB-01)",
    },
    Row {
        case: "good field, then bytes that are none",
        input: Input::Tail("0200 01 0300 616263 0200", ByteOrder::Little),
        sri: "finds 1",
        ours: "refuses: TLV at offset 10: expected 1 more bytes, got 0",
        likeness: Differ,
        because: "3.4.3: a tail is TLVs and nothing else, the harness has to see the rest (AMB-06)",
    },
    Row {
        case: "field whose length overruns the payload",
        input: Input::Tail("0200 01 ffff 616263", ByteOrder::Little),
        sri: "finds 0",
        ours: "refuses: TLV at offset 5: expected 65535 more bytes, got 3",
        likeness: Differ,
        because: "3.4.3: a tail is TLVs and nothing else, the harness has to see the rest (AMB-06)",
    },
    Row {
        case: "field of an extension that was not negotiated",
        input: Input::Tail("0700 01 0100 61", ByteOrder::Little),
        sri: "finds 0",
        ours: "finds 1",
        likeness: Differ,
        because: "3.4.3: sending it is the fault, so the codec shows it and the session judges",
    },
    Row {
        case: "user identity of 33 bytes",
        input: Input::Identity("(61)*33"),
        sri: "refuses: ExtensionError(UserIdentity(TooLong(33)))",
        ours: "reads: at most 32 bytes, got 33",
        likeness: Differ,
        because: "EXT-0002 1.1: the bytes are a TLV all the same; the bound is in TLVS for the judge",
    },
    Row {
        case: "user identity that is not UTF-8",
        input: Input::Identity("fffe"),
        sri: "reads: 2 bytes",
        ours: "reads: at most 32 bytes, got 2",
        likeness: Alike,
        because: "EXT-0002 1.1 says UTF-8, neither side checks (AMB-11)",
    },
    Row {
        case: "value of 65536 bytes to be written",
        input: Input::LongValue(65_536),
        sri: "writes length 0 and 65536 bytes",
        ours: "writes length 65535 and 65535 bytes",
        likeness: Differ,
        because: "3.4.3: the length is a U16; SRI's wraps and the tail no longer parses",
    },
    Row {
        case: "certificate within its time",
        input: Input::Certificate(CERTIFICATE),
        sri: "trusts",
        ours: "trusts",
        likeness: Alike,
        because: "4.5.3",
    },
    Row {
        case: "certificate of version 1",
        input: Input::Certificate(Case { version: 1, ..CERTIFICATE }),
        sri: "refuses",
        ours: "trusts",
        likeness: Differ,
        because: "4.5.2 gives no value: any is accepted, another than 0 is reported (AMB-17)",
    },
    Row {
        case: "certificate of version 1, no authority key",
        input: Input::Certificate(Case { version: 1, has_key: false, ..CERTIFICATE }),
        sri: "refuses",
        ours: "does not judge",
        likeness: Differ,
        because: "4.5.2 gives no value, and there is nothing to judge by (AMB-17, AMB-19)",
    },
    Row {
        case: "certificate that ended 10 seconds ago",
        input: Input::Certificate(Case { after_end: 10, ..CERTIFICATE }),
        sri: "trusts",
        ours: "trusts",
        likeness: Alike,
        because: "4.5.3 has no leeway; the harness as client allows 10 s (AMB-18)",
    },
    Row {
        case: "certificate that ended 10 seconds ago, no leeway",
        input: Input::Certificate(Case { after_end: 10, leeway: 0, ..CERTIFICATE }),
        sri: "trusts",
        ours: "refuses: certificate is not valid after 1700000060, it is 1700000070",
        likeness: Differ,
        because: "4.5.3 has no leeway; ours is an argument, SRI's is fixed (AMB-18)",
    },
    Row {
        case: "certificate that ended 11 seconds ago",
        input: Input::Certificate(Case { after_end: 11, ..CERTIFICATE }),
        sri: "refuses",
        ours: "refuses: certificate is not valid after 1700000060, it is 1700000071",
        likeness: Alike,
        because: "4.5.3 (AMB-18)",
    },
    Row {
        case: "certificate that begins in 11 seconds",
        input: Input::Certificate(Case { after_end: -71, ..CERTIFICATE }),
        sri: "refuses",
        ours: "refuses: certificate is valid from 1700000000, it is 1699999989",
        likeness: Alike,
        because: "4.5.3 (AMB-18)",
    },
    Row {
        case: "certificate of another authority",
        input: Input::Certificate(Case { right_key: false, ..CERTIFICATE }),
        sri: "refuses",
        ours: "refuses: certificate is not signed by the authority",
        likeness: Alike,
        because: "4.5.3",
    },
    Row {
        case: "certificate that ended long ago, no authority key",
        input: Input::Certificate(Case { after_end: 1_000_000, has_key: false, ..CERTIFICATE }),
        sri: "trusts",
        ours: "does not judge",
        likeness: Differ,
        because: "4.5.3 is silent on clients without a key: ours leaves it to the caller (AMB-19)",
    },
];

impl Input {
    fn sri(&self) -> String {
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
            Self::Certificate(case) => case.sri(),
        }
    }

    fn ours(&self) -> String {
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
            Self::Certificate(case) => case.ours(),
        }
    }
}

fn sri_frame(bytes: &[u8]) -> String {
    match sri::decode(bytes) {
        Ok(message) => {
            // "Says nothing": what it writes again is what the table says, whatever the header or the tail was.
            let again = sri::encode(message);
            let (kind, message) = parsed(&again);
            assert_eq!(again, Frame::of(&message).expect("fits").to_bytes(), "{}", kind.name);
            "reads: and says nothing".to_owned()
        }
        Err(error) => {
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

/// Through the whole of SRI's parser, and its list of fields on its own, which must agree.
fn sri_tail(tail: &[u8]) -> String {
    let negotiated = [2, 0x4acd];
    let mut payload = vec![0; 25];
    payload.extend_from_slice(tail);
    let mut bytes = vec![0, 0x80, 0x1b, u8::try_from(payload.len()).expect("short"), 0, 0];
    bytes.extend_from_slice(&payload);
    let mut frame = SerializedFrame::from_bytes(bytes).expect("whole");
    let header = frame.header();
    let (message, found) = parse_message_frame_with_tlvs(header, frame.payload(), &negotiated)
        .expect("the message itself is good");
    assert!(matches!(message, AnyMessage::Mining(_)));
    let found = found.map_or(0, |found| found.len());
    assert_eq!(found, TlvList::from_bytes(tail).for_extensions(&negotiated).len());
    format!("finds {found}")
}

fn written(tlv: &[u8]) -> String {
    let length = u16::from_le_bytes([tlv[3], tlv[4]]);
    format!("writes length {length} and {} bytes", tlv.len() - 5)
}

const VALID_FROM: u32 = 1_700_000_000;
const NOT_VALID_AFTER: u32 = VALID_FROM + 60;

impl Case {
    fn server(&self) -> (Responder, AuthoritySecretKey) {
        let signer = AuthoritySecretKey::from_bytes([5; 32]).expect("below the order");
        let other = AuthoritySecretKey::from_bytes([6; 32]).expect("below the order");
        let keypair = StaticKeypair::new([9; 32], [10; 32]).expect("below the order");
        let terms = Terms { version: self.version, valid_from: VALID_FROM, not_valid_after: NOT_VALID_AFTER };
        let certificate = Certificate::issue(&signer, &keypair.x_only(), terms, &[1; 32]);
        let trusted = if self.right_key { signer } else { other };
        (Responder::new(&keypair, certificate.encode(), [11; 64]), trusted)
    }

    fn now(&self) -> u32 {
        u32::try_from(i64::from(NOT_VALID_AFTER) + self.after_end).expect("before 2106")
    }

    fn sri(&self) -> String {
        let (server, trusted) = self.server();
        let mut client = match self.has_key {
            true => noise_sv2::Initiator::from_raw_k(trusted.public_key().to_bytes()).expect("a key"),
            false => noise_sv2::Initiator::without_pk().expect("no key"),
        };
        let act_one = client.step_0().expect("starts");
        let (act_two, _) = server.answer(&act_one).expect("any act one is answered");
        match client.step_2_with_now(act_two, self.now()) {
            Ok(_) => "trusts".to_owned(),
            Err(noise_sv2::Error::InvalidCertificate(_)) => "refuses".to_owned(),
            Err(error) => format!("{error:?}"),
        }
    }

    fn ours(&self) -> String {
        let (server, trusted) = self.server();
        let client = Initiator::new([7; 64]);
        let (act_two, _) = server.answer(&client.act_one()).expect("any act one is answered");
        let (_, identity) = client.finish(&act_two).expect("authentic");
        assert_eq!(identity.certificate.version, self.version);
        if !self.has_key {
            return "does not judge".to_owned();
        }
        match identity.verify(&trusted.public_key(), u64::from(self.now()), self.leeway) {
            Ok(()) => "trusts".to_owned(),
            Err(error) => format!("refuses: {error}"),
        }
    }
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
        let likeness = if verdict(row.sri) == verdict(row.ours) { Alike } else { Differ };
        assert_eq!(likeness, row.likeness, "{}", row.case);
        let clause = row.because.strip_prefix("EXT-").unwrap_or(row.because);
        assert!(clause.starts_with(|c: char| c.is_ascii_digit()), "{}: no clause", row.case);
    }
    let cases: BTreeSet<&str> = ROWS.iter().map(|row| row.case).collect();
    assert_eq!(cases.len(), ROWS.len());
}
