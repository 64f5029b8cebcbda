//! What stands behind the last field of a message, in words.

use super::LONGEST_FRAME;
use sha2::{Digest, Sha256};
use sv2_wire::tlv::{ByteOrder, Tlv};

/// So many TLVs are told one by one; a tail of more is bytes.
const MOST_TLVS: usize = 16;

/// One text for each TLV, or one for bytes that are none; nothing for an empty tail.
pub(super) fn behind(tail: &[u8]) -> Vec<String> {
    if tail.is_empty() {
        return Vec::new();
    }
    let parsed = |order| {
        let few = |tlvs: &Vec<Tlv>| tlvs.len() <= MOST_TLVS;
        Tlv::parse_all(tail, order).ok().filter(few)
    };
    let is_known = |tlvs: &Vec<Tlv>| tlvs.iter().all(|tlv| tlv.spec().is_some());
    match (parsed(ByteOrder::Little), parsed(ByteOrder::Big)) {
        // As the worked examples of the specification are printed (AMB-01).
        (little, Some(big)) if is_known(&big) && !little.as_ref().is_some_and(is_known) => {
            big.iter().map(|tlv| format!("big-endian {}", words(tlv))).collect()
        }
        (Some(little), _) => little.iter().map(words).collect(),
        (None, _) => vec![value(tail)],
    }
}

/// Type, name, length and value.
fn words(tlv: &Tlv) -> String {
    let name = tlv.spec().map_or(String::new(), |spec| format!(" {}", spec.name));
    let text = match std::str::from_utf8(&tlv.value) {
        Ok(text) if tlv.spec().is_some() && tlv.value.len() <= LONGEST_FRAME => format!(" {text:?}"),
        _ => String::new(),
    };
    format!("TLV 0x{:04x} 0x{:02x}{name}, {}{text}", tlv.extension_type, tlv.field_type, value(&tlv.value))
}

fn value(bytes: &[u8]) -> String {
    match bytes.len() {
        0 => "0 bytes".to_owned(),
        length if length > LONGEST_FRAME => {
            format!("{length} bytes, sha256 {}", hex::encode(Sha256::digest(bytes)))
        }
        length => format!("{length} bytes: {}", hex::encode(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(tail: &str) -> Vec<String> {
        behind(&hex::decode(tail.replace(' ', "")).unwrap())
    }

    #[test]
    fn tlvs_are_told_by_type_length_and_value() {
        assert_eq!(told(""), [""; 0]);
        let worker = "TLV 0x0002 0x01 user_identity, 3 bytes: 616263 \"abc\"";
        assert_eq!(told("0200 01 0300 616263"), [worker]);
        assert_eq!(told("0002 01 0003 616263"), [format!("big-endian {worker}")]);
        assert_eq!(told("0300 07 0000 0200 01 0300 616263"), ["TLV 0x0003 0x07, 0 bytes", worker]);
        assert_eq!(told("0200 01 0100 ff"), ["TLV 0x0002 0x01 user_identity, 1 bytes: ff"]);
    }

    #[test]
    fn other_bytes_are_hex_and_many_are_a_digest() {
        assert_eq!(told("0200 01 ffff 61"), ["6 bytes: 020001ffff61"]);
        let long = told(&"0300 07 0000".repeat(200));
        assert!(matches!(long.as_slice(), [one] if one.starts_with("1000 bytes, sha256 ")), "{long:?}");
    }
}
