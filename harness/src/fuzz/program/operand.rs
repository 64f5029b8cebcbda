//! What operations are about: references and literals.

use super::Literal;
use super::mutate::one_of;
use arbitrary::{Arbitrary, Unstructured};
use sv2_wire::U256;
use sv2_wire::fuzz::Random;

/// An operand: in bytes, as text, and its boundary values.
pub(super) trait Operand: Sized + Default {
    fn take(bytes: &mut Unstructured<'_>) -> arbitrary::Result<Self>;
    fn put(&self, out: &mut Vec<u8>);
    fn print(&self) -> String;
    fn parse(text: &str) -> Option<Self>;
    fn boundary(dice: &mut Random) -> Self;
}

impl<T: Operand> Literal for T {
    fn to_boundary(&mut self, dice: &mut Random) {
        *self = T::boundary(dice);
    }

    fn to_default(&mut self) {
        *self = T::default();
    }
}

macro_rules! numbers {
    ($($number:ident [$($boundary:expr),+] $print:literal;)+) => {$(
        impl Operand for $number {
            fn take(bytes: &mut Unstructured<'_>) -> arbitrary::Result<Self> {
                let mut little = [0; size_of::<Self>()];
                bytes.fill_buffer(&mut little)?;
                Ok(Self::from_le_bytes(little))
            }

            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn print(&self) -> String {
                format!($print, self)
            }

            fn parse(text: &str) -> Option<Self> {
                match text.strip_prefix("0x") {
                    Some(digits) => Self::from_str_radix(digits, 16).ok(),
                    None => text.parse().ok(),
                }
            }

            fn boundary(dice: &mut Random) -> Self {
                one_of(dice, &[$($boundary),+])
            }
        }
    )+};
}

numbers! {
    u8 [0, 1, 2, 127, 128, 255] "{}";
    u16 [0, 1, 4, 16, 17, 32, 33, 59, 60, 599, 600, 601, 3600, 7200, 7201, 0x7fff, 0x8000, 0xffff] "{}";
    u32 [0, 1, 2, 3, 4, 7, 8, 0x8000_0000, 0xffff_ffff] "{:#x}";
}

/// A newtype over a number, which it is in bytes and text.
macro_rules! wrapped {
    ($($(#[doc = $doc:literal])+ $name:ident($number:ident);)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name(pub $number);

        impl Operand for $name {
            fn take(bytes: &mut Unstructured<'_>) -> arbitrary::Result<Self> {
                $number::take(bytes).map(Self)
            }

            fn put(&self, out: &mut Vec<u8>) {
                self.0.put(out);
            }

            fn print(&self) -> String {
                self.0.print()
            }

            fn parse(text: &str) -> Option<Self> {
                $number::parse(text).map(Self)
            }

            fn boundary(dice: &mut Random) -> Self {
                Self(dice.below(9) as $number)
            }
        }
    )+};
}

wrapped! {
    /// One of the clients that are connected.
    ClientRef(u8);
    /// One of the channels that were opened so far, closed ones included.
    ChannelRef(u8);
    /// One of the channel's jobs, counted from the newest back; retired ones included.
    JobRef(u8);
    /// One of the shares that were sent so far.
    ShareRef(u8);
}

/// A target by its leading zero bits: 0 is 2^256 - 1, n is 2^(256-n) - 1, and 255 is no hash at all: 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Zeros(pub u8);

impl Zeros {
    /// The target.
    pub fn target(self) -> U256 {
        let mut bytes = [0xff; 32];
        let (whole, rest) = (usize::from(self.0 / 8), self.0 % 8);
        bytes.iter_mut().take(whole).for_each(|byte| *byte = 0);
        if let Some(byte) = bytes.get_mut(whole) {
            *byte >>= rest;
        }
        if self.0 == u8::MAX { U256::ZERO } else { U256::from_be_bytes(bytes) }
    }
}

impl Operand for Zeros {
    fn take(bytes: &mut Unstructured<'_>) -> arbitrary::Result<Self> {
        u8::take(bytes).map(Self)
    }

    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }

    fn print(&self) -> String {
        self.0.print()
    }

    fn parse(text: &str) -> Option<Self> {
        u8::parse(text).map(Self)
    }

    fn boundary(dice: &mut Random) -> Self {
        Self(one_of(dice, &[0, 1, 2, 3, 4, 8, 32, 254, 255]))
    }
}

/// Hashes a second, by the bits of the number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate(pub u32);

impl Rate {
    /// The number.
    pub fn number(self) -> f32 {
        f32::from_bits(self.0)
    }
}

impl Operand for Rate {
    fn take(bytes: &mut Unstructured<'_>) -> arbitrary::Result<Self> {
        u32::take(bytes).map(Self)
    }

    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }

    fn print(&self) -> String {
        let number = self.number();
        if number.is_finite() { format!("{number:?}") } else { self.0.print() }
    }

    fn parse(text: &str) -> Option<Self> {
        match text.starts_with("0x") {
            true => u32::parse(text).map(Self),
            false => text.parse::<f32>().ok().map(|number| Self(number.to_bits())),
        }
    }

    fn boundary(dice: &mut Random) -> Self {
        let specials = [
            0.0,
            -0.0,
            0.1,
            0.5,
            1.0,
            1e3,
            1e20,
            f32::MAX,
            f32::MIN_POSITIVE,
            f32::from_bits(1),
            -1.0,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::NAN,
        ];
        Self(one_of(dice, &specials).to_bits())
    }
}

/// The versions that a client offers; from 2 to 2 unless it says otherwise. Each below 16, and not both 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// Smallest.
    pub min: u8,
    /// Largest.
    pub max: u8,
}

impl Default for Versions {
    fn default() -> Self {
        Self { min: 2, max: 2 }
    }
}

impl Operand for Versions {
    fn take(bytes: &mut Unstructured<'_>) -> arbitrary::Result<Self> {
        let byte = u8::take(bytes)?;
        Ok(if byte == 0 { Self::default() } else { Self { min: byte >> 4, max: byte & 15 } })
    }

    fn put(&self, out: &mut Vec<u8>) {
        out.push(self.min << 4 | self.max & 15);
    }

    fn print(&self) -> String {
        format!("{}..{}", self.min, self.max)
    }

    fn parse(text: &str) -> Option<Self> {
        let (min, max) = text.split_once("..")?;
        let (min, max) = (u8::parse(min)?, u8::parse(max)?);
        (min < 16 && max < 16 && (min, max) != (0, 0)).then_some(Self { min, max })
    }

    fn boundary(dice: &mut Random) -> Self {
        let (min, max) = one_of(dice, &[(2, 2), (0, 15), (1, 2), (2, 3), (3, 4), (0, 1), (3, 2)]);
        Self { min, max }
    }
}

/// Extension types that are asked for; [`MAX_EXTENSIONS`] at most.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions(pub Vec<u16>);

/// Extension types that one request of a program may ask for.
pub const MAX_EXTENSIONS: usize = 4;

impl Operand for Extensions {
    fn take(bytes: &mut Unstructured<'_>) -> arbitrary::Result<Self> {
        let count = usize::from(u8::take(bytes)?) % (MAX_EXTENSIONS + 1);
        (0..count).map(|_| u16::take(bytes)).collect::<Result<_, _>>().map(Self)
    }

    fn put(&self, out: &mut Vec<u8>) {
        let ids = self.0.iter().take(MAX_EXTENSIONS);
        out.push(ids.len() as u8);
        ids.for_each(|id| id.put(out));
    }

    fn print(&self) -> String {
        let ids: Vec<_> = self.0.iter().map(|id| format!("{id:#06x}")).collect();
        if ids.is_empty() { "none".to_owned() } else { ids.join(",") }
    }

    fn parse(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self::default());
        }
        let ids: Vec<_> = text.split(',').map(u16::parse).collect::<Option<_>>()?;
        (ids.len() <= MAX_EXTENSIONS).then_some(Self(ids))
    }

    fn boundary(dice: &mut Random) -> Self {
        let count = dice.below(MAX_EXTENSIONS + 1);
        Self((0..count).map(|_| one_of(dice, &[0, 1, 2, 2, 3, 0x4000, 0x8001, 0xffff])).collect())
    }
}

/// Bytes in a [`Blob`], at most: its length is one byte.
pub const MAX_BLOB: usize = u8::MAX as usize;

/// Bytes, [`MAX_BLOB`] at most.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blob(pub Vec<u8>);

impl Operand for Blob {
    fn take(bytes: &mut Unstructured<'_>) -> arbitrary::Result<Self> {
        let length = usize::from(u8::take(bytes)?).min(bytes.len());
        bytes.bytes(length).map(|bytes| Self(bytes.to_vec()))
    }

    fn put(&self, out: &mut Vec<u8>) {
        let length = self.0.len().min(MAX_BLOB);
        out.push(length as u8);
        out.extend_from_slice(self.0.get(..length).unwrap_or_default());
    }

    fn print(&self) -> String {
        format!("x\"{}\"", hex::encode(&self.0))
    }

    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("x\"")?.strip_suffix('"')?;
        hex::decode(digits).ok().filter(|bytes| bytes.len() <= MAX_BLOB).map(Self)
    }

    fn boundary(dice: &mut Random) -> Self {
        let length = one_of(dice, &[0, 1, 4, 5, 6, 7, 24, 60, 255]);
        let filler = one_of(dice, &[0, 1, 2, 0xff]);
        let mut bytes = vec![filler; length];
        if let Some(byte) = bytes.first_mut().filter(|_| dice.below(2) == 0) {
            *byte = dice.below(256) as u8;
        }
        Self(bytes)
    }
}

/// Named values, each one byte.
macro_rules! choices {
    ($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $of:literal])+ $word:literal $choice:ident,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[doc = $of])+ $choice,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$choice),+];
        }

        impl Default for $name {
            fn default() -> Self {
                Self::ALL[0]
            }
        }

        impl Operand for $name {
            fn take(bytes: &mut Unstructured<'_>) -> arbitrary::Result<Self> {
                let number = usize::from(u8::take(bytes)?) % Self::ALL.len();
                Ok(Self::ALL.get(number).copied().unwrap_or_default())
            }

            fn put(&self, out: &mut Vec<u8>) {
                out.push(*self as u8);
            }

            fn print(&self) -> String {
                match self { $(Self::$choice => $word,)+ }.to_owned()
            }

            fn parse(text: &str) -> Option<Self> {
                match text { $($word => Some(Self::$choice),)+ _ => None }
            }

            fn boundary(dice: &mut Random) -> Self {
                one_of(dice, Self::ALL)
            }
        }
    };
}

choices! {
    /// What is sent as a share. Whether it is valid is for a judge: a search may find nothing, and a job may be over.
    ShareKind {
        /// A hash within the job's target.
        "valid" Valid,
        /// A hash above the job's target.
        "low" Low,
        /// A job that was never sent.
        "unknown-job" UnknownJob,
        /// One byte of extranonce less than the job takes.
        "short-extranonce" ShortExtranonce,
        /// One byte of extranonce more.
        "long-extranonce" LongExtranonce,
        /// Other bits of the version, within those that may be rolled.
        "rolled" Rolled,
        /// Other bits of the version, outside of them.
        "wrong-version" WrongVersion,
        /// A time one second before the job's earliest.
        "early" Early,
        /// The latest time that is allowed.
        "latest" Latest,
        /// One second later.
        "late" Late,
        /// The message of the other kind of channels.
        "other-kind" OtherKind,
        /// A channel that was never opened.
        "unknown-channel" UnknownChannel,
    }
}

/// What the pool is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Shares for one acknowledgement: 1 to [`Settings::MAX_BATCH`].
    pub batch: u8,
    /// Which of [`Settings::SWITCHES`] are on, as bits.
    pub switches: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self { batch: 1, switches: 0 }
    }
}

impl Settings {
    /// Shares for one acknowledgement, at most.
    pub const MAX_BATCH: u8 = 8;

    /// Words of the switches, from the lowest bit up.
    pub const SWITCHES: [&str; 6] = [
        "fixed-version",
        "extended-channels-only",
        "required-extensions",
        "easy-blocks",
        "custom-jobs",
        "vardiff",
    ];

    /// Whether the switch of this word is on.
    pub fn is_on(self, word: &str) -> bool {
        let mut words = Self::SWITCHES.iter().enumerate();
        words.any(|(bit, switch)| *switch == word && self.switches >> bit & 1 == 1)
    }
}

impl Operand for Settings {
    fn take(bytes: &mut Unstructured<'_>) -> arbitrary::Result<Self> {
        let (batch, switches) = (u8::take(bytes)?, u8::take(bytes)?);
        Ok(Self {
            batch: batch % Self::MAX_BATCH + 1,
            switches: switches & ((1 << Self::SWITCHES.len()) - 1),
        })
    }

    fn put(&self, out: &mut Vec<u8>) {
        out.extend([self.batch.clamp(1, Self::MAX_BATCH) - 1, self.switches]);
    }

    fn print(&self) -> String {
        let on = Self::SWITCHES.iter().filter(|word| self.is_on(word)).map(|word| format!(" {word}"));
        format!("batch={}{}", self.batch, on.collect::<String>())
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let batch = u8::parse(words.next()?.strip_prefix("batch=")?)?;
        let switches = words.try_fold(0, |switches, word| {
            Self::SWITCHES.iter().position(|switch| *switch == word).map(|bit| switches | 1 << bit)
        })?;
        (1..=Self::MAX_BATCH).contains(&batch).then_some(Self { batch, switches })
    }

    fn boundary(dice: &mut Random) -> Self {
        Self { batch: one_of(dice, &[1, 2, 3, 8]), switches: 1 << dice.below(Self::SWITCHES.len()) }
    }
}

/// A literal drawn from bytes, for whoever composes programs in tests.
impl<'a> Arbitrary<'a> for Settings {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        Self::take(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_targets() {
        let text = |zeros| Zeros(zeros).target().to_string();
        assert_eq!(Zeros(0).target(), U256::MAX);
        assert!(text(1).starts_with("7fff") && text(4).starts_with("0fff") && text(9).starts_with("007fff"));
        assert_eq!((Zeros(254).target(), Zeros(255).target()), (U256::from(3), U256::ZERO));
    }
}
