//! What a profile may say: one row per key, and everything else about keys is derived from the rows.

use super::{CAPABILITIES, Controls, Profile};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use toml::de::DeValue;

/// What stands in front of the keys that map error symbols to spellings.
pub(crate) const ERROR_CODES: &str = "error_codes.";
/// The longest wait that a profile may ask for, in seconds.
const LONGEST_WAIT: f64 = 3600.0;
/// The longest STR0_255.
const LONGEST_TEXT: usize = 255;

/// Why the wire does not show what stands in a key, where it never does.
const OURS: &str = "says what this program does, not what the pool does";
const NOT_ON_THE_WIRE: &str = "is nothing that the wire shows";
const NOT_SEEN: &str = "was not seen";

/// One thing that a profile may say.
#[derive(Clone, Copy)]
pub struct Key {
    /// Its name; keys of a table with the table's name and a dot in front.
    pub name: &'static str,
    /// What it says.
    pub doc: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// Why `profile verify` may not see it.
    pub unseen: &'static str,
    put: fn(&mut Profile, &Value),
}

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Takes {
    /// Text of at most this many bytes.
    Text(usize),
    /// `true` only; what is not so is left out.
    True,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Capabilities that a profile says.
    Capabilities,
    /// Seconds above 0.
    Seconds,
    /// A number above 0.
    Rate,
    /// A whole number between these, both included.
    Count(u64, u64),
    /// A word of 32 flags.
    Flags,
    /// Whole numbers up to this, each once.
    Numbers(u64),
}

/// What a profile says under one key.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text, or a word.
    Text(String),
    /// `true`.
    True,
    /// Seconds, or a rate.
    Number(f64),
    /// A whole number.
    Count(u64),
    /// Flags.
    Flags(u32),
    /// Whole numbers.
    Numbers(BTreeSet<u64>),
    /// Capabilities.
    Words(BTreeSet<String>),
}

/// Every key but those of the spellings, in the order in which profiles are written.
#[rustfmt::skip]
pub const KEYS: &[Key] = &[
    Key { name: "name", doc: "how the profile is called", takes: Takes::Text(80), unseen: NOT_ON_THE_WIRE, put: |_, _| {} },
    Key { name: "about", doc: "what it is for", takes: Takes::Text(4000), unseen: NOT_ON_THE_WIRE, put: |_, _| {} },
    Key { name: "tested", doc: "the version that it was verified against", takes: Takes::Text(80), unseen: NOT_ON_THE_WIRE, put: |_, _| {} },
    Key { name: "untested", doc: "true: nobody has verified it yet", takes: Takes::True, unseen: NOT_ON_THE_WIRE, put: |_, _| {} },
    Key { name: "access", doc: "local or remote: whether it is reached over open networks, where encryption is an obligation (AMB-20)", takes: Takes::Word(&["local", "remote"]), unseen: NOT_ON_THE_WIRE, put: put_access },
    Key { name: "capabilities", doc: "what it can do", takes: Takes::Capabilities, unseen: NOT_SEEN, put: put_capabilities },
    Key { name: "user_identity", doc: "the identity that channels are opened with", takes: Takes::Text(LONGEST_TEXT), unseen: NOT_SEEN, put: |profile, value| profile.user_identity = value.to_string() },
    Key { name: "setup.versions", doc: "protocol versions that it speaks", takes: Takes::Numbers(0xffff), unseen: NOT_SEEN, put: |_, _| {} },
    Key { name: "setup.refused_flags", doc: "flags that it refuses when all 32 are asked for", takes: Takes::Flags, unseen: NOT_SEEN, put: |_, _| {} },
    Key { name: "setup.extensions", doc: "extensions that it negotiates", takes: Takes::Numbers(0xffff), unseen: NOT_SEEN, put: |_, _| {} },
    Key { name: "acknowledgements.batch", doc: "most valid shares for one SubmitShares.Success", takes: Takes::Count(1, 1 << 20), unseen: NOT_SEEN, put: put_batch },
    Key { name: "acknowledgements.within", doc: "seconds after which a smaller batch is acknowledged too", takes: Takes::Seconds, unseen: "would take that long for each share", put: |profile, value| profile.ack_within = Some(value.duration()) },
    Key { name: "limits.hash_rate", doc: "hashes per second that channels declare", takes: Takes::Rate, unseen: OURS, put: |profile, value| profile.nominal_hash_rate = value.rate() },
    Key { name: "limits.hash_budget", doc: "most hashes that one share may cost", takes: Takes::Count(1, u64::MAX >> 1), unseen: NOT_SEEN, put: |profile, value| profile.hash_budget = value.count() },
    Key { name: "waiting.reply_within", doc: "seconds for what has to be answered at once", takes: Takes::Seconds, unseen: OURS, put: |profile, value| profile.reply_within = value.duration() },
    Key { name: "waiting.quiet", doc: "seconds of silence where nothing proves it sooner", takes: Takes::Seconds, unseen: OURS, put: |profile, value| profile.quiet = value.duration() },
    Key { name: "start.exec", doc: "command line that starts it, as run --exec", takes: Takes::Text(4000), unseen: NOT_ON_THE_WIRE, put: |_, _| {} },
    Key { name: "start.ready", doc: "when it is ready, as run --ready", takes: Takes::Text(4000), unseen: NOT_ON_THE_WIRE, put: |_, _| {} },
    Key { name: "start.target", doc: "its URL once it is started, as run --target", takes: Takes::Text(4000), unseen: NOT_ON_THE_WIRE, put: |_, _| {} },
    Key { name: "start.serve_templates", doc: "address of a template provider of ours, as run --serve-templates", takes: Takes::Text(LONGEST_TEXT), unseen: NOT_ON_THE_WIRE, put: |_, _| {} },
    Key { name: "control.block", doc: "command line that makes it see a new block", takes: Takes::Text(4000), unseen: NOT_SEEN, put: |profile, value| put_control(profile, "control.block", |controls| &mut controls.block, value) },
    Key { name: "control.template", doc: "command line that makes it see a new template", takes: Takes::Text(4000), unseen: NOT_SEEN, put: |profile, value| put_control(profile, "control.template", |controls| &mut controls.template, value) },
];

/// How this pool spells an error code; the key is the symbol that scenarios use.
#[rustfmt::skip]
const SPELLING: Key = Key { name: "error_codes", doc: "how it spells an error code", takes: Takes::Text(LONGEST_TEXT), unseen: "could not be provoked safely", put: |_, _| {} };

fn put_access(profile: &mut Profile, value: &Value) {
    profile.capabilities.retain(|known| !known.starts_with("access."));
    let said = format!("access.{value}");
    profile.capabilities.extend(CAPABILITIES.iter().map(|row| row.name).filter(|name| *name == said));
}

fn put_capabilities(profile: &mut Profile, value: &Value) {
    let Value::Words(words) = value else { return };
    for row in CAPABILITIES.iter().filter(|row| row.by_profile) {
        if words.contains(row.name) {
            profile.capabilities.insert(row.name);
        } else {
            profile.capabilities.remove(row.name);
        }
    }
}

fn put_batch(profile: &mut Profile, value: &Value) {
    // Twice the batch: whoever counts a little differently is not to be inconclusive.
    profile.ack_batch_bound = u32::try_from(value.count().saturating_mul(2)).unwrap_or(u32::MAX);
}

fn put_control(
    profile: &mut Profile,
    capability: &'static str,
    line: fn(&mut Controls) -> &mut Option<String>,
    value: &Value,
) {
    *line(&mut profile.controls) = Some(value.to_string());
    profile.capabilities.insert(capability);
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Key {
    /// The key of a name: a row, or the spelling of any symbol.
    pub fn find(name: &str) -> Option<&'static Self> {
        if name.starts_with(ERROR_CODES) {
            return Some(&SPELLING);
        }
        KEYS.iter().find(|key| key.name == name)
    }

    /// Makes a profile say so. `name` is the key's full name.
    pub(crate) fn put(&self, name: &str, profile: &mut Profile, value: &Value) {
        match name.strip_prefix(ERROR_CODES) {
            Some(symbol) => {
                _ = Arc::make_mut(&mut profile.error_codes).insert(symbol.to_owned(), value.to_string());
            }
            None => (self.put)(profile, value),
        }
    }
}

impl Takes {
    /// What is taken, for people.
    pub fn describe(self) -> String {
        match self {
            Self::Text(most) => format!("text of at most {most} bytes"),
            Self::True => "`true`, or nothing at all".to_owned(),
            Self::Word(words) => words.join(" or "),
            Self::Capabilities => format!("a list of {}", capabilities().collect::<Vec<_>>().join(", ")),
            Self::Seconds => format!("seconds above 0, at most {LONGEST_WAIT}"),
            Self::Rate => "a number above 0".to_owned(),
            Self::Count(least, most) => format!("a whole number from {least} to {most}"),
            Self::Flags => "32 flags as one number, such as 0x4".to_owned(),
            Self::Numbers(most) => format!("a list of whole numbers up to {most}"),
        }
    }

    /// The value in a file, if it is one that is taken.
    pub(crate) fn read(self, value: &DeValue<'_>) -> Option<Value> {
        match (self, value) {
            (Self::Text(most), DeValue::String(text)) => {
                (text.len() <= most).then(|| Value::Text(text.to_string()))
            }
            (Self::True, DeValue::Boolean(true)) => Some(Value::True),
            (Self::Word(words), DeValue::String(text)) => {
                words.contains(&text.as_ref()).then(|| Value::Text(text.to_string()))
            }
            (Self::Capabilities, DeValue::Array(items)) => {
                let word = |item: &DeValue<'_>| {
                    item.as_str().filter(|text| capabilities().any(|known| known == *text)).map(str::to_owned)
                };
                items.iter().map(|item| word(item.get_ref())).collect::<Option<_>>().map(Value::Words)
            }
            (Self::Seconds, value) => {
                number(value).filter(|seconds| *seconds > 0.0 && *seconds <= LONGEST_WAIT).map(Value::Number)
            }
            (Self::Rate, value) => {
                number(value).filter(|rate| *rate > 0.0 && *rate <= 1e30).map(Value::Number)
            }
            (Self::Count(least, most), value) => {
                whole(value).filter(|count| (least..=most).contains(count)).map(Value::Count)
            }
            (Self::Flags, value) => {
                whole(value).and_then(|flags| u32::try_from(flags).ok()).map(Value::Flags)
            }
            (Self::Numbers(most), DeValue::Array(items)) => {
                let item = |item: &DeValue<'_>| whole(item).filter(|number| *number <= most);
                items.iter().map(|one| item(one.get_ref())).collect::<Option<_>>().map(Value::Numbers)
            }
            _ => None,
        }
    }
}

/// The capabilities that profiles say.
pub(crate) fn capabilities() -> impl Iterator<Item = &'static str> {
    CAPABILITIES.iter().filter(|row| row.by_profile).map(|row| row.name)
}

fn whole(value: &DeValue<'_>) -> Option<u64> {
    let integer = value.as_integer()?;
    u64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Float(float) => float.as_str().parse().ok().filter(|number: &f64| number.is_finite()),
        other => whole(other).and_then(|count| u32::try_from(count).ok()).map(f64::from),
    }
}

impl Value {
    fn duration(&self) -> Duration {
        match self {
            Self::Number(seconds) => Duration::try_from_secs_f64(*seconds).unwrap_or(Duration::MAX),
            _ => Duration::ZERO,
        }
    }

    #[allow(clippy::cast_possible_truncation, reason = "a hash rate is an F32 on the wire")]
    fn rate(&self) -> f32 {
        match self {
            Self::Number(rate) => *rate as f32,
            _ => 0.0,
        }
    }

    pub(crate) fn count(&self) -> u64 {
        match self {
            Self::Count(count) => *count,
            _ => 0,
        }
    }

    /// As it stands in a TOML file.
    pub fn to_toml(&self) -> String {
        match self {
            Self::Text(text) => toml::Value::String(text.clone()).to_string(),
            Self::True => "true".to_owned(),
            Self::Number(number) => format!("{number:?}"),
            Self::Count(count) => count.to_string(),
            Self::Flags(flags) => format!("{flags:#x}"),
            Self::Numbers(numbers) => format!("{numbers:?}").replace('{', "[").replace('}', "]"),
            Self::Words(words) => format!("{words:?}").replace('{', "[").replace('}', "]"),
        }
    }
}

/// Text without quotes, everything else as in TOML.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            other => f.write_str(&other.to_toml()),
        }
    }
}
