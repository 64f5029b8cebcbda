//! The one form of everything that clients and operators do to a pool: a list of operations with symbolic references.
//!
//! A [`Program`] means something whatever it says: a reference is an index into what exists when its turn has come (the
//! connections, channels, jobs and shares so far), modulo how many there are, and an operation on something that does not exist
//! does nothing. So any bytes behind the format byte are a program, and one stays meaningful when a part is cut out.
//!
//! * bytes: [`Program::from_bytes`], [`Program::to_bytes`] and `Arbitrary`; the first byte is [`FORMAT`];
//! * text: `Display` and `FromStr`, one operation a line, equal after a round trip;
//! * [`Program::mutate`] and [`minimised`];
//! * [`super::clients`] says what each operation does.

mod minimise;
mod mutate;
mod operand;
mod text;

pub use minimise::minimised;
pub use operand::{
    Blob, ChannelRef, ClientRef, Extensions, JobRef, MAX_BLOB, MAX_EXTENSIONS, Rate, Settings, ShareKind,
    ShareRef, Versions, Zeros,
};
pub use text::ProgramTextError;

use arbitrary::{Arbitrary, Unstructured};
use operand::Operand;
use sv2_wire::fuzz::Random;

/// The first byte of a program. It changes whenever the same bytes would come to mean something else, so that no stored
/// input is silently read as another one.
pub const FORMAT: u8 = 1;

/// Operations that a program may have; what follows is not read.
pub const MAX_OPS: usize = 64;

/// Connections that a program may make; further ones are not made.
pub const MAX_CLIENTS: usize = 4;

/// Channels that a program may ask for.
pub const MAX_CHANNELS: usize = 8;

/// Bytes of another format, or none at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a program of format {FORMAT}")]
pub struct FormatError;

/// What the pool is like, and what happens to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// The pool.
    pub settings: Settings,
    /// What happens, in this order; [`MAX_OPS`] at most.
    pub ops: Vec<Op>,
}

/// One row per operation: its word, its name, its operands in the order of bytes and text. The place of a row is its number in
/// the bytes, so a new row changes [`FORMAT`].
macro_rules! operations {
    ($($(#[doc = $doc:literal])+ $word:literal $op:ident { $($field:ident: $operand:ty),* })+) => {
        /// What a client or the operator of the pool does.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Op {
            $(
                $(#[doc = $doc])+
                $op {
                    $(
                        #[doc = concat!("Operand `", stringify!($field), "`.")]
                        $field: $operand,
                    )*
                },
            )+
        }

        impl Op {
            /// The words of all operations, in the order of their numbers.
            pub const WORDS: &[&str] = &[$($word),+];

            /// The operation's word.
            pub fn word(&self) -> &'static str {
                match self {
                    $(Self::$op { .. } => $word,)+
                }
            }

            /// The operation of a word, with operands as they come.
            fn take(word: &str, bytes: &mut Unstructured<'_>) -> arbitrary::Result<Self> {
                Ok(match word {
                    $($word => Self::$op { $($field: <$operand as Operand>::take(bytes)?),* },)+
                    _ => return Err(arbitrary::Error::IncorrectFormat),
                })
            }

            #[allow(unused_variables, reason = "an operation may have no operands")]
            fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$op { $($field),* } => {
                        $(Operand::put($field, out);)*
                    })+
                }
            }

            /// Name and text of each operand.
            fn operands(&self) -> Vec<(&'static str, String)> {
                match self {
                    $(Self::$op { $($field),* } => vec![$((stringify!($field), Operand::print($field))),*],)+
                }
            }

            /// The operation of a word, each operand read by `value` from its name.
            #[allow(unused_variables, reason = "an operation may have no operands")]
            fn parse(word: &str, value: &mut dyn FnMut(&str) -> Option<String>) -> Option<Self> {
                match word {
                    $($word => Some(Self::$op {
                        $($field: <$operand as Operand>::parse(&value(stringify!($field))?)?),*
                    }),)+
                    _ => None,
                }
            }

            /// Changes operand `index` of the operation, if there is one, by `change`.
            #[allow(unused_variables, unused_assignments, unused_mut, reason = "an operation may have no operands")]
            fn change(&mut self, index: usize, change: &mut dyn FnMut(&mut dyn Literal)) {
                match self {
                    $(Self::$op { $($field),* } => {
                        let mut number = 0_usize;
                        $(
                            if number == index {
                                change($field);
                            }
                            number = number.saturating_add(1);
                        )*
                    })+
                }
            }
        }
    };
}

operations! {
    /// A client connects.
    "connect" Connect {}
    /// SetupConnection.
    "setup" Setup { client: ClientRef, versions: Versions, flags: u32 }
    /// RequestExtensions.
    "extensions" Extensions { client: ClientRef, ids: Extensions }
    /// OpenStandardMiningChannel.
    "open-standard" OpenStandard { client: ClientRef, rate: Rate, zeros: Zeros }
    /// OpenExtendedMiningChannel.
    "open-extended" OpenExtended { client: ClientRef, rate: Rate, zeros: Zeros, extranonce: u16 }
    /// UpdateChannel.
    "update" Update { channel: ChannelRef, rate: Rate, zeros: Zeros }
    /// CloseChannel for the channel.
    "close" Close { channel: ChannelRef }
    /// CloseChannel for the group that the channel belongs to.
    "close-group" CloseGroup { channel: ChannelRef }
    /// SetCustomMiningJob: the channel's newest job under one of the pool's tokens.
    "custom" Custom { channel: ChannelRef, token: u8 }
    /// A share: mined, and then made wrong in the way that `kind` says. Equal `roll`s give equal work.
    "submit" Submit { channel: ChannelRef, job: JobRef, kind: ShareKind, roll: u8 }
    /// A share that was sent before, under the next sequence number.
    "again" Again { share: ShareRef }
    /// The network finds a block.
    "block" Block {}
    /// A new template on the same block.
    "template" Template {}
    /// Time passes.
    "elapse" Elapse { seconds: u16 }
    /// The operator sets a channel's target.
    "target" Target { channel: ChannelRef, zeros: Zeros }
    /// The operator sets the target of the channel's group.
    "group-target" GroupTarget { channel: ChannelRef, zeros: Zeros }
    /// The operator gives a channel another prefix.
    "prefix" Prefix { channel: ChannelRef }
    /// The operator puts two channels into a group of their own.
    "regroup" Regroup { channel: ChannelRef, other: ChannelRef }
    /// The operator ends a channel.
    "end" End { channel: ChannelRef }
    /// The operator sends a client elsewhere.
    "reconnect" Reconnect { client: ClientRef }
    /// A whole frame of any number and payload; bit 15 of `extension` is the channel bit.
    "frame" Frame { client: ClientRef, extension: u16, number: u8, payload: Blob }
    /// Bytes that need be no frame, or only the beginning of one.
    "bytes" Bytes { client: ClientRef, bytes: Blob }
    /// A client ends its side.
    "finish" Finish { client: ClientRef }
    /// A client is gone.
    "drop" Drop { client: ClientRef }
}

/// An operand that mutators and minimisers change without knowing which it is.
pub(super) trait Literal {
    /// Puts a value of its boundary in.
    fn to_boundary(&mut self, dice: &mut Random);
    /// Puts the plainest value in.
    fn to_default(&mut self);
}

impl Program {
    /// Reads a program. Operations beyond [`MAX_OPS`] are not read, and a last one that is cut short goes on with zeros.
    ///
    /// # Errors
    /// [`FormatError`] when the first byte is not [`FORMAT`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        match bytes.split_first() {
            Some((&FORMAT, rest)) => {
                Self::take(&mut Unstructured::new(rest)).map_err(|_: arbitrary::Error| FormatError)
            }
            _ => Err(FormatError),
        }
    }

    /// Writes a program, so that reading gives the same.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![FORMAT];
        self.settings.put(&mut out);
        for op in self.ops.iter().take(MAX_OPS) {
            let number = Op::WORDS.iter().position(|word| *word == op.word()).unwrap_or_default();
            out.push(u8::try_from(number).unwrap_or_default());
            op.put(&mut out);
        }
        out
    }

    fn take(bytes: &mut Unstructured<'_>) -> arbitrary::Result<Self> {
        let (settings, mut ops) = (Settings::take(bytes)?, Vec::new());
        while !bytes.is_empty() && ops.len() < MAX_OPS {
            let number = usize::from(u8::take(bytes)?) % Op::WORDS.len();
            let word = Op::WORDS.get(number).ok_or(arbitrary::Error::IncorrectFormat)?;
            ops.push(Op::take(word, bytes)?);
        }
        Ok(Self { settings, ops })
    }
}

/// The bytes of [`Program::from_bytes`] without the format byte: whoever draws programs has no old ones to misread.
impl<'a> Arbitrary<'a> for Program {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        Self::take(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_program() -> impl Strategy<Value = Program> {
        proptest::collection::vec(any::<u8>(), 0..600).prop_map(|mut bytes| {
            bytes.insert(0, FORMAT);
            Program::from_bytes(&bytes).unwrap()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn bytes_and_text_give_the_same_program_back(program in any_program()) {
            prop_assert_eq!(Program::from_bytes(&program.to_bytes()), Ok(program.clone()));
            let text = program.to_string();
            prop_assert_eq!(text.parse::<Program>(), Ok(program));
        }

        #[test]
        fn a_mutant_is_a_program_within_the_bounds(program in any_program(), seed: u64) {
            let (mut mutant, mut dice) = (program.clone(), Random::new(seed));
            (0..8).for_each(|_| mutant.mutate(&program, &mut dice));
            prop_assert!(mutant.ops.len() <= MAX_OPS);
            prop_assert_eq!(Program::from_bytes(&mutant.to_bytes()), Ok(mutant));
        }
    }

    #[test]
    fn another_format_is_not_read() {
        assert_eq!(Program::from_bytes(&[]), Err(FormatError));
        assert_eq!(Program::from_bytes(&[FORMAT + 1, 0, 0, 0]), Err(FormatError));
        assert_eq!(Program::from_bytes(&[FORMAT]), Ok(Program::default()));
    }

    #[test]
    fn the_numbers_of_operations_are_those_of_this_format() {
        // A new row in front of the end, or another operand, asks for another FORMAT: then this list changes too.
        let numbers: Vec<_> = Op::WORDS
            .iter()
            .map(|word| (*word, Op::take(word, &mut Unstructured::new(&[])).unwrap()))
            .map(|(word, op)| {
                let mut bytes = Vec::new();
                op.put(&mut bytes);
                format!("{word} {}", bytes.len())
            })
            .collect();
        assert_eq!(
            numbers.join(", "),
            "connect 0, setup 6, extensions 2, open-standard 6, open-extended 8, update 6, close 1, close-group 1, \
             custom 2, submit 4, again 1, block 0, template 0, elapse 2, target 2, group-target 2, prefix 1, regroup 2, \
             end 1, reconnect 1, frame 5, bytes 2, finish 1, drop 1"
        );
    }
}
