//! What the bytes of an input mean, how they are changed and what they begin with.

use super::super::{Random, Seed, Server, mutate};
use crate::noise::{
    ACT_ONE_LEN, ACT_TWO_LEN, AuthorityPublicKey, AuthoritySecretKey, Certificate, StaticKeypair, Terms,
};

/// What the bytes of an input mean; where they end, zeros follow.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The client's ephemeral key, as in [`Initiator::new`](crate::noise::Initiator::new).
    pub client: [u8; 64],
    /// The server's.
    pub server: [u8; 64],
    /// Another than either.
    pub(super) other: [u8; 64],
    key: [u8; 64],
    authority: [u8; 32],
    /// The client trusts another authority.
    pub is_other_authority: bool,
    /// The certificate is for another server's key.
    pub is_other_key: bool,
    /// What the certificate says.
    pub terms: Terms,
    /// The client's clock, in seconds of Unix time.
    pub now: u64,
    /// Seconds that the client's clock may be wrong.
    pub leeway: u64,
    /// How much of either act comes at first.
    pub(super) cut: usize,
    /// Bits of act one, then of act two, that somebody flips.
    flips: Vec<usize>,
}

const BITS: usize = (ACT_ONE_LEN + ACT_TWO_LEN) * 8;
/// Most bits that are flipped.
const MOST_FLIPS: usize = 8;

impl Plan {
    /// Reads an input; any bytes are one.
    pub fn of(data: &[u8]) -> Self {
        let mut rest = data;
        let mut byte = || {
            let (first, after) = rest.split_first().unwrap_or((&0, &[]));
            rest = after;
            *first
        };
        let mut bytes =
            |count: usize| (0..count).map(|_| u64::from(byte())).fold(0, |sum, byte| (sum << 8) | byte);
        let [client, server, key, authority] = [bytes(4), bytes(4), bytes(4), bytes(4)];
        let choices = bytes(1);
        let version = u16::try_from(bytes(2)).unwrap_or(0);
        let valid_from = u32::try_from(bytes(4)).unwrap_or(0);
        let not_valid_after = u32::try_from(bytes(4)).unwrap_or(0);
        let now = bytes(4);
        let leeway = bytes(1);
        let flips = rest.chunks_exact(2).take(MOST_FLIPS).filter_map(|pair| match pair {
            [high, low] => usize::from(u16::from_be_bytes([*high, *low])).checked_rem(BITS),
            _ => None,
        });
        Self {
            client: expand(client, 1),
            server: expand(server, 2),
            other: expand(client ^ server ^ 0xffff_ffff, 5),
            key: expand(key, 3),
            authority: halves(expand(authority, 4)).0,
            is_other_authority: choices & 1 != 0,
            is_other_key: choices & 2 != 0,
            terms: Terms { version, valid_from, not_valid_after },
            now,
            leeway,
            cut: usize::try_from(choices >> 2).unwrap_or(0),
            flips: flips.collect(),
        }
    }

    /// The server and the authority that certifies it; a key of zeros or above the order is none, and there is nobody.
    pub fn parties(&self) -> Option<(Server, AuthoritySecretKey)> {
        let (secret, aux) = halves(self.key);
        let keypair = StaticKeypair::new(secret, aux).ok()?;
        let authority = AuthoritySecretKey::from_bytes(self.authority).ok()?;
        let mut certified = keypair.x_only();
        if self.is_other_key {
            let (secret, aux) = halves(self.other);
            certified = StaticKeypair::new(secret, aux).ok()?.x_only();
        }
        let certificate = Certificate::issue(&authority, &certified, self.terms, &aux).encode();
        Some((Server { keypair, certificate, seed: self.server }, authority))
    }

    /// The key of the authority that the client trusts; nothing where another is wanted and its key is none.
    pub fn trusted(&self, authority: &AuthoritySecretKey) -> Option<AuthorityPublicKey> {
        if !self.is_other_authority {
            return Some(authority.public_key());
        }
        let (secret, _) = halves(self.other);
        AuthoritySecretKey::from_bytes(secret).ok().map(|other| other.public_key())
    }

    /// Whether the client has to trust the server: the authority signed these terms for this key, and it is their time.
    pub fn is_good(&self) -> bool {
        let Terms { valid_from, not_valid_after, .. } = self.terms;
        let is_early = self.now.saturating_add(self.leeway) < u64::from(valid_from);
        let is_late = self.now > u64::from(not_valid_after).saturating_add(self.leeway);
        !self.is_other_authority && !self.is_other_key && !is_early && !is_late
    }

    /// Flips the bits of act one that somebody alters.
    pub fn alter_act_one(&self, act: &mut [u8; ACT_ONE_LEN]) {
        flip(act, &self.altered(), 0);
    }

    /// Flips the bits of act two that somebody alters.
    pub fn alter_act_two(&self, act: &mut [u8; ACT_TWO_LEN]) {
        flip(act, &self.altered(), ACT_ONE_LEN.saturating_mul(8));
    }

    /// Bits of act one, then of act two, that are altered in the end: a bit that is flipped twice is as it was.
    pub fn altered(&self) -> Vec<usize> {
        let times = |bit: &usize| self.flips.iter().filter(|other| *other == bit).count();
        let mut altered = self.flips.iter().copied().filter(|bit| times(bit) & 1 == 1).collect::<Vec<_>>();
        altered.sort_unstable();
        altered.dedup();
        altered
    }
}

/// 64 bytes out of a number: all zeros, all ones, or drawn.
fn expand(number: u64, purpose: u64) -> [u8; 64] {
    let mut bytes = [0; 64];
    match number {
        0 => {}
        1 => bytes = [0xff; 64],
        _ => {
            let mut random = Random::new((number << 8) | purpose);
            for byte in &mut bytes {
                *byte = random.byte();
            }
        }
    }
    bytes
}

fn halves(bytes: [u8; 64]) -> ([u8; 32], [u8; 32]) {
    let mut halves = ([0; 32], [0; 32]);
    let (first, second) = bytes.split_at(32);
    halves.0.copy_from_slice(first);
    halves.1.copy_from_slice(second);
    halves
}

fn flip(act: &mut [u8], bits: &[usize], first: usize) {
    for bit in bits {
        let Some(bit) = bit.checked_sub(first) else { continue };
        if let Some(byte) = act.get_mut(bit >> 3) {
            *byte ^= 1u8.checked_shl(u32::try_from(bit & 7).unwrap_or(0)).unwrap_or(0);
        }
    }
}

/// Flips a bit more or fewer, moves the clock to a bound, or edits bytes.
pub(super) fn mutate_input(data: &mut Vec<u8>, random: &mut Random, max_len: usize) {
    const HEAD: usize = 32;
    match random.below(6) {
        0 => data.extend(random.bytes(2)),
        1 => data.truncate(HEAD),
        2 => {
            let choices = random.byte() & if random.one_in(2) { 0xfc } else { 0xff };
            mutate::splice(data, 16, 1, &[choices]);
        }
        3 => {
            // The clock takes a bound's place, or one second beside it.
            let from = if random.one_in(2) { 19 } else { 23 };
            let bound = data.get(from..).and_then(<[u8]>::first_chunk::<4>).copied().unwrap_or([0; 4]);
            let step = u32::try_from(random.below(3)).unwrap_or(0);
            let now = u32::from_be_bytes(bound).wrapping_add(step).wrapping_sub(1);
            mutate::splice(data, 27, 4, &now.to_be_bytes());
        }
        _ => mutate::mutate_bytes(data, random, max_len),
    }
    data.truncate(max_len);
}

pub(super) fn seeds() -> Vec<Seed> {
    let (from, after) = (1_700_000_000u32, 1_800_000_000u32);
    let input = |choices: u8, now: u32, flips: &[u16]| {
        let mut bytes = Vec::new();
        for number in [2u32, 3, 4, 5] {
            bytes.extend(number.to_be_bytes());
        }
        bytes.push(choices);
        bytes.extend([0, 0]);
        for number in [from, after, now] {
            bytes.extend(number.to_be_bytes());
        }
        bytes.push(0);
        bytes.extend(flips.iter().flat_map(|flip| flip.to_be_bytes()));
        bytes
    };
    let mut seeds = vec![
        Seed::new("plain", input(0, from, &[])),
        Seed::new("other-authority", input(1, from, &[])),
        Seed::new("other-key", input(2, from, &[])),
        Seed::new("one-second-early", input(0, from.wrapping_sub(1), &[])),
        Seed::new("last-second", input(0, after, &[])),
        Seed::new("one-second-late", input(0, after.wrapping_add(1), &[])),
        Seed::new("flipped-and-back", input(0, from, &[700, 700])),
    ];
    let parts = [
        ("act-one", 0u16),
        ("ephemeral", 512),
        ("static", 1024),
        ("static-mac", 1600),
        ("certificate", 1700),
        ("certificate-mac", 2300),
    ];
    for (name, bit) in parts {
        seeds.push(Seed::new(format!("flip-{name}"), input(0, from, &[bit])));
    }
    for cut in [1u8, 32, 63] {
        seeds.push(Seed::new(format!("cut-{cut}"), input(cut << 2, from, &[])));
    }
    for special in [0u8, 1] {
        let mut bytes = input(0, from, &[]);
        mutate::splice(&mut bytes, 0, 8, &[0, 0, 0, special, 0, 0, 0, special]);
        seeds.push(Seed::new(format!("ephemerals-of-{special}"), bytes));
    }
    seeds
}
