//! Words that inputs are made of, derived from the tables of this crate.

use crate::frame::Header;
use crate::tlv::TLVS;
use crate::{FLAGS, MESSAGES};
use std::collections::BTreeSet;

/// Lengths at which something changes: of types, of prefixes, of Noise records, of frames.
pub const LENGTHS: &[usize] =
    &[0, 1, 32, 33, 254, 255, 256, 65518, 65519, 65520, 65535, 65536, 131_038, 0xff_ffff];

/// IEEE 754 binary32 by their bits: zeros, subnormals, one, largest, infinities, NaNs.
pub(crate) const FLOATS: &[u32] = &[
    0,
    0x8000_0000,
    1,
    0x007f_ffff,
    0x0080_0000,
    0x3f80_0000,
    0xbf80_0000,
    0x7f7f_ffff,
    0x7f80_0000,
    0xff80_0000,
    0x7fc0_0000,
    0x7f80_0001,
    0xffc0_0001,
];

/// Versions of block headers: none, BIP 9's, and what BIP 320 lets roll.
const VERSIONS: &[u32] = &[1, 2, 0x2000_0000, 0x1fff_e000, 0x3fff_e000];

/// Extension types: core, the two that are defined, the first of the ranges, and each with the channel bit.
const EXTENSIONS: &[u16] = &[0, 1, 2, 0x4000, 0x7fff, 0x8000, 0x8001, 0x8002, 0xffff];

/// One word of the dictionary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Where it comes from; letters, digits and `_` only.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Word {
    /// A word; other characters of the name become `_`.
    pub fn new(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let fit = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
        Self { name: name.chars().map(fit).collect(), bytes: bytes.into() }
    }
}

/// As libFuzzer's and AFL's dictionaries have it: `name="\x00\x01"`.
impl std::fmt::Display for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}=\"", self.name)?;
        self.bytes.iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
        f.write_str("\"")
    }
}

/// All words, each bytes once: headers with and without the channel bit, numbers, flags, lengths, floats, TLVs.
pub fn dictionary() -> Vec<Word> {
    let mut words = Vec::new();
    for spec in MESSAGES {
        let name = spec.unique_name();
        for (suffix, channel_msg) in [("", spec.channel_msg), ("_other_bit", !spec.channel_msg)] {
            let length = u32::try_from(spec.payload_min).unwrap_or(0);
            let header = Header { kind: spec.kind, channel_msg, length };
            words.push(Word::new(&format!("header_{name}{suffix}"), header.encode()));
        }
        let [e0, e1] = spec.kind.extension_type.to_le_bytes();
        words.push(Word::new(&format!("kind_{name}"), [e0, e1, spec.kind.msg_type]));
    }
    for flag in FLAGS {
        words.push(Word::new(&format!("flag_{}", flag.name), flag.mask().to_le_bytes()));
    }
    for tlv in TLVS {
        let name = format!("tlv_{}", tlv.name);
        let [le0, le1] = tlv.extension_type.to_le_bytes();
        words.push(Word::new(&format!("{name}_little"), [le0, le1, tlv.field_type, 1, 0, b'a']));
        words.push(Word::new(&format!("{name}_big"), [le1, le0, tlv.field_type, 0, 1, b'a']));
    }
    numbers(&mut words);
    let mut seen = BTreeSet::new();
    words.retain(|word| seen.insert(word.bytes.clone()));
    words
}

fn numbers(words: &mut Vec<Word>) {
    for length in LENGTHS {
        let bytes = length.to_le_bytes();
        for width in 1usize..=3 {
            let fits =
                length.checked_shr(u32::try_from(width).unwrap_or(0).wrapping_mul(8)).unwrap_or(0) == 0;
            if let Some(bytes) = bytes.get(..width).filter(|_| fits) {
                words.push(Word::new(&format!("length_{length}_of_{width}"), bytes));
            }
        }
    }
    for extension in EXTENSIONS {
        words.push(Word::new(&format!("extension_{extension:04x}"), extension.to_le_bytes()));
    }
    for bits in FLOATS {
        words.push(Word::new(&format!("float_{bits:08x}"), bits.to_le_bytes()));
    }
    for version in VERSIONS {
        words.push(Word::new(&format!("version_{version:08x}"), version.to_le_bytes()));
    }
    words.push(Word::new("u32_max", [0xff; 4]));
    words.push(Word::new("u64_max", [0xff; 8]));
    words.push(Word::new("u256_max", [0xff; 32]));
    words.push(Word::new("u256_one", crate::U256::from(1).to_le_bytes()));
}
