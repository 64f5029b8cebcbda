//! Conversations as text, one frame a line:
//!
//! ```text
//! > SetupConnection flags=1                the client sends; fields that are not named are zero or empty
//! < SetupConnection.Success used_version=2 the server sends
//! B> SetupConnection                       on another connection than A
//! < SetTarget channel_id=2 | bit           header and payload altered: bit, type N, ext N, cut N, more HEX, front HEX
//! > garbage                                what no client may send
//! < unreadable                             bytes that do not decrypt; `endless`: a header that announces too much
//! < close                                  the end, by the side that the arrow says
//! + 30                                     seconds pass
//! ...                                      what was said so far is set aside
//! setup flags=1                            SetupConnection and its success
//! standard 2 7                             channel 2 of group 7 is opened: target 1000, 12 bytes of prefix
//! extended 3 7                             the same with 4 bytes of prefix and 8 of extranonce
//! job 2 1 none                             NewMiningJob: channel, job, min_ntime
//! xjob 7 1 none                            NewExtendedMiningJob for 12 bytes of extranonce: address, job, min_ntime
//! tip 2 1 77                               SetNewPrevHash: address, job, previous hash
//! ```

use std::collections::BTreeMap;
use std::time::Duration;
use sv2_session::rules::{Ending, Judgement, RuleSpec, Ruling, Stance};
use sv2_session::{Conversation, Moment, Watch};
use sv2_wire::frame::Frame;
use sv2_wire::link::LinkError;
use sv2_wire::{DecodeError, FieldType, Message, MessageSpec, Problem, U256, Value};

/// Unix time at the beginning.
const START: u32 = 1_700_000_000;

/// Version, one input that spends nothing, and a script of 4 bytes and 12 of extranonce.
const COINBASE_PREFIX: &str =
    "02000000010000000000000000000000000000000000000000000000000000000000000000ffffffff1003aabbcc";
/// Sequence, one output, lock time.
const COINBASE_SUFFIX: &str = "ffffffff0100f2052a01000000015100000000";

/// What the rules that `wanted` lets through say about a conversation.
pub(crate) fn judged(trace: &str, wanted: impl Fn(&RuleSpec) -> bool + Copy) -> Vec<Judgement> {
    let mut all = Conversation::with(wanted);
    let mut watches: BTreeMap<char, Watch> = BTreeMap::new();
    let (mut seconds, mut said) = (0, Vec::new());
    for line in trace.lines().flat_map(|line| expanded(line.trim())) {
        let now = Moment {
            elapsed: Duration::from_secs(seconds),
            unix: START + u32::try_from(seconds).expect("small"),
        };
        if let Some(pause) = line.strip_prefix('+') {
            seconds += pause.trim().parse::<u64>().expect("seconds");
            continue;
        }
        if line == "..." {
            said.clear();
            continue;
        }
        let name = line.chars().next().filter(char::is_ascii_uppercase).unwrap_or('A');
        let line = line.trim_start_matches(|letter: char| letter.is_ascii_uppercase()).trim_start();
        let number = watches.len();
        let watch = watches.entry(name).or_insert_with(|| Watch::with(number, wanted));
        let (arrow, what) = line.split_at_checked(1).expect("an arrow");
        said.extend(match (arrow, what.trim()) {
            (">", "garbage") => {
                watch.spoil();
                Vec::new()
            }
            (">", "close") => watch.ended(Ending::ByClient, now, &mut all),
            ("<", "close") => watch.ended(Ending::ByServer, now, &mut all),
            ("<", "endless") => {
                let problem = Problem::TooLong { got: 1 << 30, max: 1 << 24 };
                let (what, field) = ("frame header", "msg_length");
                let error = DecodeError { what, field, index: None, offset: 3, problem };
                watch.unreadable(&LinkError::Frame(error), &mut all)
            }
            ("<", "unreadable") => watch.unreadable(&LinkError::NotEstablished, &mut all),
            (">", what) => {
                watch.sent(&frame(what), now, &mut all);
                Vec::new()
            }
            ("<", what) => watch.received(&frame(what), now, &mut all),
            _ => panic!("{line}"),
        });
    }
    said
}

fn expanded(line: &str) -> Vec<String> {
    let (name, rest) = match line.split_once(' ') {
        Some((name, rest)) if name.len() == 1 && name.chars().all(|letter| letter.is_ascii_uppercase()) => {
            (name, rest)
        }
        _ => ("", line),
    };
    let words: Vec<&str> = rest.split_whitespace().collect();
    let lines = match words.as_slice() {
        [] => Vec::new(),
        ["setup", fields @ ..] => vec![
            format!("> SetupConnection min_version=2 max_version=2 {}", fields.join(" ")),
            "< SetupConnection.Success used_version=2".to_owned(),
        ],
        [kind @ ("standard" | "extended"), id, group] => {
            let (what, prefix, rest) = match *kind {
                "standard" => ("OpenStandardMiningChannel", 12, ""),
                _ => ("OpenExtendedMiningChannel", 4, " extranonce_size=8"),
            };
            let prefix = format!("{:02x}", uint(id)).repeat(prefix);
            vec![
                format!("> {what} request_id=10{id} max_target=5000"),
                format!(
                    "< {what}.Success request_id=10{id} channel_id={id} target=1000 group_channel_id={group} extranonce_prefix={prefix}{rest}"
                ),
            ]
        }
        ["job", id, job, min_ntime, rest @ ..] => {
            let (root, rest) = (format!("{id}{job:0>3}"), rest.join(" "));
            vec![format!(
                "< NewMiningJob channel_id={id} job_id={job} min_ntime={min_ntime} version=0x20000000 merkle_root={root} {rest}"
            )]
        }
        ["xjob", id, job, min_ntime, rest @ ..] => vec![format!(
            "< NewExtendedMiningJob channel_id={id} job_id={job} min_ntime={min_ntime} version=0x20000000 version_rolling_allowed=true coinbase_tx_prefix={COINBASE_PREFIX} coinbase_tx_suffix={COINBASE_SUFFIX} {}",
            rest.join(" ")
        )],
        ["tip", id, job, prev_hash, rest @ ..] => vec![format!(
            "< SetNewPrevHash channel_id={id} job_id={job} prev_hash={prev_hash} min_ntime={START} nbits=0x207fffff {}",
            rest.join(" ")
        )],
        _ => return vec![line.to_owned()],
    };
    lines.into_iter().map(|line| format!("{name} {line}").trim().to_owned()).collect()
}

/// The breaches among what was said, one line each: rule, stance, clauses.
pub(crate) fn breaches(said: &[Judgement]) -> Vec<String> {
    let breach = |judgement: &Judgement| {
        let Ruling::Breach { stance, .. } = judgement.ruling else { return None };
        let stance = match stance {
            Stance::Strict => "strict".to_owned(),
            Stance::Lenient(ambiguity) => format!("lenient {}", ambiguity.unwrap_or("-")),
            Stance::Info(ambiguity) => format!("info {}", ambiguity.unwrap_or("-")),
        };
        Some(format!("{} {stance} {}", judgement.rule.name, judgement.clauses.join(" ")))
    };
    said.iter().filter_map(breach).collect()
}

fn frame(what: &str) -> Frame {
    let (what, alterations) = what.split_once('|').unwrap_or((what, ""));
    let mut words = what.split_whitespace();
    let name = words.next().expect("a message");
    let spec = MessageSpec::find(name).unwrap_or_else(|| panic!("no message {name}"));
    let mut message = Message::zero(spec.kind).expect("it is in the table");
    for word in words {
        let (field, text) = word.split_once('=').unwrap_or_else(|| panic!("{word} is no field"));
        let ty = spec.field(field).unwrap_or_else(|| panic!("{name} has no {field}")).ty;
        message.set(field, &value(ty, text)).unwrap_or_else(|error| panic!("{word}: {error}"));
    }
    let mut frame = Frame::of(&message).expect("small");
    for alteration in alterations.split(',').map(str::trim).filter(|text| !text.is_empty()) {
        alter(&mut frame, alteration);
    }
    frame.header.length = u32::try_from(frame.payload.len()).expect("small");
    frame
}

fn alter(frame: &mut Frame, alteration: &str) {
    match alteration.split_once(' ') {
        None if alteration == "bit" => frame.header.channel_msg = !frame.header.channel_msg,
        Some(("type", number)) => frame.header.kind.msg_type = u8::try_from(uint(number)).expect("8 bits"),
        Some(("ext", number)) => {
            frame.header.kind.extension_type = u16::try_from(uint(number)).expect("16 bits");
        }
        Some(("cut", count)) => {
            let left = frame.payload.len() - usize::try_from(uint(count)).expect("small");
            frame.payload.truncate(left);
        }
        Some(("more", bytes)) => frame.payload.extend(hex(bytes)),
        Some(("front", bytes)) => _ = frame.payload.splice(0..0, hex(bytes)),
        _ => panic!("{alteration}"),
    }
}

fn value(ty: FieldType, text: &str) -> Value {
    match ty {
        FieldType::Bool => Value::Bool(text == "true"),
        FieldType::U256 => Value::U256(match text.strip_prefix("x") {
            Some(digits) => U256::from_be_bytes(hex(&format!("{digits:0>64}")).try_into().expect("32 bytes")),
            None => U256::from(uint(text)),
        }),
        FieldType::F32 => Value::F32(sv2_wire::F32(text.parse().expect("a float"))),
        FieldType::Str0_255 => Value::Text(unescaped(text)),
        FieldType::Bytes(_) => Value::Bytes(hex(text)),
        FieldType::Option(_) if text == "none" => Value::Option(None),
        FieldType::Option(inner) => Value::Option(Some(Box::new(value(*inner, text)))),
        FieldType::Seq(_, inner) => {
            let items = text.trim_matches(['[', ']']).split(';').filter(|item| !item.is_empty());
            Value::List(items.map(|item| value(*inner, item)).collect())
        }
        _ => Value::Uint(uint(text)),
    }
}

fn uint(text: &str) -> u64 {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.unwrap_or_else(|_| panic!("{text} is no number"))
}

/// `x` and two digits behind a backslash stand for a byte.
fn unescaped(text: &str) -> Vec<u8> {
    let mut pieces = text.split("\\x");
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        bytes.extend(hex(&piece[..2]));
        bytes.extend_from_slice(&piece.as_bytes()[2..]);
    }
    bytes
}

fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<char> = digits.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).expect("hex digits");
    digits.chunks(2).map(byte).collect()
}
