//! What the faults of handshake and records do.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::{Certifier, Records};
use crate::service::ConnId;
use bitcoin::secp256k1::PublicKey;
use bitcoin::secp256k1::ellswift::ElligatorSwift;
use std::collections::{BTreeMap, BTreeSet};
use sv2_wire::frame::{Frame, Header};
use sv2_wire::noise::{ACT_ONE_LEN, MAC_LEN};

/// The generator of NIST P-256, both coordinates, as the key of who speaks that curve might be.
const P256_KEY: [u8; 64] = [
    0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77,
    0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3,
    0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33,
    0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
];
/// Where the static key of act two begins.
const STATIC_AT: usize = 64;
/// Where its certificate begins.
const CERTIFICATE_AT: usize = 144;

/// Act one of a pattern in which the client sends a static key and a tag too.
const LONGER_ACT_ONE: usize = 144;

/// Changes act two on its way out.
pub(super) struct OtherActTwo(pub(super) fn(&[u8]) -> Vec<u8>);

impl Certifier for OtherActTwo {
    fn act_two(&mut self, right: Vec<u8>) -> Vec<u8> {
        (self.0)(&right)
    }
}

/// A key of another curve in front.
pub(super) fn with_other_curve(act_two: &[u8]) -> Vec<u8> {
    [&P256_KEY, act_two.get(STATIC_AT..).unwrap_or_default()].concat()
}

/// Keys of 32 bytes, the x-coordinate only: 170 bytes altogether.
pub(super) fn with_short_keys(act_two: &[u8]) -> Vec<u8> {
    let (keys, certificate) = parted(act_two, CERTIFICATE_AT);
    let (ephemeral, fixed) = parted(keys, STATIC_AT);
    let x_only = ephemeral.first_chunk().map(|key| public_key(key).x_only_public_key().0.serialize());
    let (half, _) = parted(fixed, 32);
    let (_, tag) = parted(fixed, 64);
    [&x_only.unwrap_or_default(), half, tag, certificate].concat()
}

/// A certificate whose version takes 4 bytes: 236 bytes altogether.
pub(super) fn with_long_certificate(act_two: &[u8]) -> Vec<u8> {
    let (before, tag) = parted(act_two, act_two.len().saturating_sub(MAC_LEN));
    [before, &[0, 0], tag].concat()
}

/// The certificate in front of the static key.
pub(super) fn with_certificate_first(act_two: &[u8]) -> Vec<u8> {
    let (keys, certificate) = parted(act_two, CERTIFICATE_AT);
    let (ephemeral, fixed) = parted(keys, STATIC_AT);
    [ephemeral, certificate, fixed].concat()
}

fn parted(bytes: &[u8], at: usize) -> (&[u8], &[u8]) {
    bytes.split_at_checked(at).unwrap_or((bytes, &[]))
}

fn public_key(encoding: &[u8; ACT_ONE_LEN]) -> PublicKey {
    PublicKey::from_ellswift(ElligatorSwift::from_array(*encoding))
}

/// Does not answer clients whose key it takes for wrong.
pub(super) struct RefusedKeys {
    come: BTreeMap<ConnId, Vec<u8>>,
    refuses: fn(&[u8; ACT_ONE_LEN]) -> bool,
}

impl RefusedKeys {
    pub(super) fn new(refuses: fn(&[u8; ACT_ONE_LEN]) -> bool) -> Self {
        Self { come: BTreeMap::new(), refuses }
    }
}

impl Records for RefusedKeys {
    fn received(&mut self, right: Vec<u8>, conn: ConnId) -> Vec<u8> {
        let come = self.come.entry(conn).or_default();
        let is_later = come.len() >= ACT_ONE_LEN;
        if !is_later {
            come.extend_from_slice(&right);
        }
        match come.first_chunk() {
            Some(key) if (self.refuses)(key) => Vec::new(),
            Some(_) if is_later => right,
            Some(_) => come.clone(),
            None => Vec::new(),
        }
    }
}

/// Whether one of the halves of an encoding is zero, or not below the field prime.
pub(super) fn has_odd_half(key: &[u8; ACT_ONE_LEN]) -> bool {
    key.chunks(32).any(|half| half.iter().all(|byte| *byte == 0) || half.starts_with(&[0xff; 28]))
}

/// Whether the Y of a key is odd.
pub(super) fn has_odd_y(key: &[u8; ACT_ONE_LEN]) -> bool {
    public_key(key).serialize().first() == Some(&3)
}

/// Waits for more than act one before it answers.
#[derive(Default)]
pub(super) struct LongerActOne(BTreeMap<ConnId, Vec<u8>>);

impl Records for LongerActOne {
    fn received(&mut self, right: Vec<u8>, conn: ConnId) -> Vec<u8> {
        let come = self.0.entry(conn).or_default();
        let is_later = come.len() >= LONGER_ACT_ONE;
        if !is_later {
            come.extend_from_slice(&right);
        }
        match come.len() {
            _ if is_later => right,
            LONGER_ACT_ONE.. => come.clone(),
            _ => Vec::new(),
        }
    }
}

/// Takes what the first read gives for act one, and zeros for the rest.
#[derive(Default)]
pub(super) struct ShorterActOne(BTreeSet<ConnId>);

impl Records for ShorterActOne {
    fn received(&mut self, mut right: Vec<u8>, conn: ConnId) -> Vec<u8> {
        if self.0.insert(conn) && right.len() < ACT_ONE_LEN {
            right.resize(ACT_ONE_LEN, 0);
        }
        right
    }
}

/// Frames, of two records each, after which the nonce is not the one that is due.
const COUNTED: u32 = 128;

/// Counts records in 8 bits.
#[derive(Default)]
pub(super) struct ShortCounter(BTreeMap<ConnId, u32>);

impl Records for ShortCounter {
    fn skipped(&mut self, right: u32, conn: ConnId, _: &Frame) -> u32 {
        let sent = self.0.entry(conn).or_default();
        *sent = sent.saturating_add(1);
        right.saturating_add(u32::from(*sent == COUNTED))
    }
}

/// Cuts frames into other pieces than the header and as much payload as a record holds.
pub(super) struct OtherPieces(pub(super) fn(Vec<u8>) -> Vec<Vec<u8>>);

impl Records for OtherPieces {
    fn pieces(&mut self, right: Vec<Vec<u8>>, _: ConnId) -> Vec<Vec<u8>> {
        (self.0)(right.concat())
    }
}

/// The header with the payload.
pub(super) fn all_in_one(frame: Vec<u8>) -> Vec<Vec<u8>> {
    vec![frame]
}

/// The header, and the payload in pieces of so many bytes.
pub(super) fn cut_at<const SIZE: usize>(frame: Vec<u8>) -> Vec<Vec<u8>> {
    let (header, payload) = parted(&frame, Header::LEN);
    std::iter::once(header).chain(payload.chunks(SIZE)).map(<[u8]>::to_vec).collect()
}
