//! The handshake of spec section 4.5, with keys, certificate and clock out of the input, and with somebody on the line.

use super::{ANSWERS, CodecError, Finding, Oracle, Ours, Random, Secure, Seed, Server, Target, mutate, show};
use crate::noise::{
    ACT_ONE_LEN, ACT_TWO_LEN, AuthoritySecretKey, Certificate, ServerIdentity, StaticKeypair, Terms,
};

/// The target.
pub const TARGET: Target = Target {
    name: "noise_handshake",
    about: "a handshake gives both sides one session if and only if nobody altered it, and certificates are judged right",
    format: 1,
    max_len: 128,
    oracles: &[ANSWERS, AGREEMENT, IDENTITY, TAMPER, CERTIFICATE, FRESH, WAITS],
    run: |data| judge(&mut Ours, &Plan::of(data)),
    mutate: mutate_input,
    seeds,
};

/// Both sides have the same keys.
pub const AGREEMENT: Oracle = Oracle {
    name: "agreement",
    about: "an unaltered handshake ends, and then each side opens what the other seals, and not what it sealed itself",
    clauses: &["SV2-04-031", "SV2-04-032"],
};
/// The client learns who the server is.
pub const IDENTITY: Oracle = Oracle {
    name: "identity",
    about: "the client is shown the server's static key, its ephemeral key and its certificate as the server has them",
    clauses: &["SV2-04-029", "SV2-04-030"],
};
/// Whoever alters an act ends the session.
pub const TAMPER: Oracle = Oracle {
    name: "tamper",
    about: "if any bit of act one or act two is altered, the client refuses act two",
    clauses: &["SV2-04-033", "SV2-04-022"],
};
/// Certificates are judged.
pub const CERTIFICATE: Oracle = Oracle {
    name: "certificate",
    about: "a certificate is trusted if and only if the authority signed these terms for this key, and it is their time",
    clauses: &["SV2-04-035", "SV2-04-036", "SV2-04-038", "SV2-04-039", "SV2-04-040"],
};
/// Ephemeral keys are those of their seeds.
pub const FRESH: Oracle = Oracle {
    name: "fresh",
    about: "equal seeds give equal acts, and another seed another ephemeral key on either side",
    clauses: &["SV2-04-027"],
};

/// Nobody acts on part of an act.
pub const WAITS: Oracle = Oracle {
    name: "waits",
    about: "the server answers when all of act one has come and no sooner, and the client judges all of act two and no part",
    clauses: &["SV2-04-028", "SV2-04-034"],
};

/// What the bytes of an input mean; where they end, zeros follow.
#[derive(Clone, Debug)]
pub struct Plan {
    client: [u8; 64],
    server: [u8; 64],
    other: [u8; 64],
    key: [u8; 64],
    authority: [u8; 32],
    /// The client trusts another authority.
    is_other_authority: bool,
    /// The certificate is for another server's key.
    is_other_key: bool,
    terms: Terms,
    now: u64,
    leeway: u64,
    /// How much of either act comes at first.
    cut: usize,
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

    /// Bits that are altered in the end: a bit that is flipped twice is as it was.
    fn altered(&self) -> Vec<usize> {
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

/// Holds an implementation against every oracle of the target.
///
/// # Errors
/// The first finding.
pub fn judge<S: Secure>(noise: &mut S, plan: &Plan) -> Result<(), Finding> {
    // A key of zeros or above the order is none; then there is no server, or no authority.
    let Some((server, authority)) = parties(plan) else { return Ok(()) };
    let (initiator, act_one) = match noise.act_one(plan.client) {
        Ok(begun) => begun,
        Err(error) => return failed(&AGREEMENT, "act one", &error),
    };
    let mut altered_one = act_one;
    let altered = plan.altered();
    flip(&mut altered_one, &altered, 0);
    let (act_two, mut server_side) = match noise.act_two(&server, &altered_one) {
        Ok(answered) => answered,
        Err(error) => return failed(&AGREEMENT, "act two", &error),
    };
    let mut altered_two = act_two;
    flip(&mut altered_two, &altered, ACT_ONE_LEN.saturating_mul(8));
    let (mut client_side, identity) = match (noise.finish(initiator, &altered_two), altered.is_empty()) {
        (Ok(finished), true) => finished,
        (Ok(_), false) => {
            return Err(TAMPER.found(format!("bits {altered:?} were flipped, and the client took act two")));
        }
        (Err(CodecError::Malformed(_) | CodecError::Incomplete(_)), false) => return Ok(()),
        (Err(error), _) => return failed(&AGREEMENT, "the client refuses an unaltered act two", &error),
    };
    identified(&server, &act_two, &identity)?;
    speak(noise, &mut client_side, &mut server_side, "client to server")?;
    speak(noise, &mut server_side, &mut client_side, "server to client")?;
    certified(noise, plan, &authority, &identity)?;
    fresh(noise, plan, &server, (act_one, act_two))?;
    waits(noise, plan, &server, (act_one, act_two))
}

fn failed(oracle: &Oracle, at: &str, error: &CodecError) -> Result<(), Finding> {
    match error {
        CodecError::Unsupported => Ok(()),
        CodecError::Broken(how) => Err(ANSWERS.found(how)),
        other => Err(oracle.found(format!("{at}: {other}"))),
    }
}

fn halves(bytes: [u8; 64]) -> ([u8; 32], [u8; 32]) {
    let mut halves = ([0; 32], [0; 32]);
    let (first, second) = bytes.split_at(32);
    halves.0.copy_from_slice(first);
    halves.1.copy_from_slice(second);
    halves
}

fn parties(plan: &Plan) -> Option<(Server, AuthoritySecretKey)> {
    let (secret, aux) = halves(plan.key);
    let keypair = StaticKeypair::new(secret, aux).ok()?;
    let authority = AuthoritySecretKey::from_bytes(plan.authority).ok()?;
    let mut certified = keypair.x_only();
    if plan.is_other_key {
        let (secret, aux) = halves(plan.other);
        certified = StaticKeypair::new(secret, aux).ok()?.x_only();
    }
    let certificate = Certificate::issue(&authority, &certified, plan.terms, &aux).encode();
    Some((Server { keypair, certificate, seed: plan.server }, authority))
}

fn flip(act: &mut [u8], bits: &[usize], first: usize) {
    for bit in bits {
        let Some(bit) = bit.checked_sub(first) else { continue };
        if let Some(byte) = act.get_mut(bit >> 3) {
            *byte ^= 1u8.checked_shl(u32::try_from(bit & 7).unwrap_or(0)).unwrap_or(0);
        }
    }
}

fn identified(
    server: &Server,
    act_two: &[u8; ACT_TWO_LEN],
    identity: &ServerIdentity,
) -> Result<(), Finding> {
    let certificate = Certificate::decode(&server.certificate);
    if identity.static_key != server.keypair.ellswift()
        || identity.static_key_x_only != server.keypair.x_only()
    {
        let (want, got) = (show(&server.keypair.ellswift()), show(&identity.static_key));
        return Err(IDENTITY.found(format!("static key {want}: the client sees {got}")));
    }
    if identity.certificate != certificate {
        return Err(IDENTITY.found(format!("{certificate:?}: the client sees {:?}", identity.certificate)));
    }
    let (ephemeral, _) = act_two.split_first_chunk::<64>().unwrap_or((&[0; 64], &[]));
    let x_only = crate::noise::x_only(*ephemeral);
    if identity.ephemeral_key_x_only != x_only {
        let (want, got) = (show(&x_only), show(&identity.ephemeral_key_x_only));
        return Err(IDENTITY.found(format!("ephemeral key {want}: the client sees {got}")));
    }
    Ok(())
}

fn speak<S: Secure>(
    noise: &mut S,
    from: &mut S::Session,
    to: &mut S::Session,
    way: &str,
) -> Result<(), Finding> {
    for text in [&b"first"[..], b"", b"third"] {
        let (mut record, mut opened) = (Vec::new(), Vec::new());
        let done = noise.seal(from, text, &mut record).and_then(|()| noise.open(to, &record, &mut opened));
        match done {
            Ok(()) if opened == text => {}
            Ok(()) => {
                return Err(AGREEMENT.found(format!(
                    "{way}: {} was sealed, {} was opened",
                    show(text),
                    show(&opened)
                )));
            }
            Err(error) => return failed(&AGREEMENT, way, &error),
        }
    }
    Ok(())
}

fn certified<S: Secure>(
    noise: &mut S,
    plan: &Plan,
    authority: &AuthoritySecretKey,
    identity: &ServerIdentity,
) -> Result<(), Finding> {
    let mut trusted = authority.public_key();
    if plan.is_other_authority {
        let (secret, _) = halves(plan.other);
        let Ok(other) = AuthoritySecretKey::from_bytes(secret) else { return Ok(()) };
        trusted = other.public_key();
    }
    let Terms { valid_from, not_valid_after, .. } = plan.terms;
    let is_early = plan.now.saturating_add(plan.leeway) < u64::from(valid_from);
    let is_late = plan.now > u64::from(not_valid_after).saturating_add(plan.leeway);
    let is_good = !plan.is_other_authority && !plan.is_other_key && !is_early && !is_late;
    let what = || {
        let (key, now, leeway) = (plan.is_other_key, plan.now, plan.leeway);
        let by = if plan.is_other_authority { "another authority" } else { "the authority" };
        let whom = if key { "another key" } else { "this key" };
        format!("{:?} signed by {by} for {whom}, at {now} with {leeway} s of leeway", plan.terms)
    };
    match noise.verify(identity, &trusted, plan.now, plan.leeway) {
        Ok(()) if !is_good => Err(CERTIFICATE.found(format!("{}: trusted", what()))),
        Err(CodecError::Broken(how)) => Err(ANSWERS.found(how)),
        Err(CodecError::Unsupported) | Ok(()) => Ok(()),
        Err(error) if is_good => Err(CERTIFICATE.found(format!("{}: refused: {error}", what()))),
        Err(_) => Ok(()),
    }
}

fn fresh<S: Secure>(
    noise: &mut S,
    plan: &Plan,
    server: &Server,
    acts: ([u8; ACT_ONE_LEN], [u8; ACT_TWO_LEN]),
) -> Result<(), Finding> {
    let mut again = |client: [u8; 64], seed: [u8; 64]| {
        let (_, act_one) = noise.act_one(client).ok()?;
        let (act_two, _) = noise.act_two(&Server { seed, ..server.clone() }, &act_one).ok()?;
        Some((act_one, act_two))
    };
    if again(plan.client, plan.server).is_some_and(|same| same != acts) {
        return Err(FRESH.found("the same seeds gave other acts"));
    }
    let Some((other_one, other_two)) = again(plan.other, plan.other) else { return Ok(()) };
    if plan.other != plan.client && other_one == acts.0 {
        return Err(FRESH.found(format!("two clients' seeds gave one ephemeral key: {}", show(&acts.0))));
    }
    if plan.other != plan.server && other_two.get(..64) == acts.1.get(..64) {
        let key = acts.1.get(..64).unwrap_or_default();
        return Err(FRESH.found(format!("two servers' seeds gave one ephemeral key: {}", show(key))));
    }
    Ok(())
}

fn waits<S: Secure>(
    noise: &mut S,
    plan: &Plan,
    server: &Server,
    (act_one, act_two): ([u8; ACT_ONE_LEN], [u8; ACT_TWO_LEN]),
) -> Result<(), Finding> {
    let part = act_one.get(..plan.cut).unwrap_or_default();
    match (noise.reply(server, part), noise.reply(server, &act_one)) {
        (Ok(None), Ok(Some(reply))) if reply == act_two => {}
        (Err(CodecError::Unsupported), _) => return Ok(()),
        (Ok(Some(_)), _) => {
            return Err(WAITS.found(format!("the server answered {} of {ACT_ONE_LEN} bytes", part.len())));
        }
        (early, whole) => {
            return Err(
                WAITS.found(format!("the server says {early:?} to {} bytes, {whole:?} to all", part.len()))
            );
        }
    }
    // Six bits choose among four times as many places.
    let part =
        act_two.get(..plan.cut.saturating_mul(37).checked_rem(ACT_TWO_LEN).unwrap_or(0)).unwrap_or_default();
    for (bytes, want) in [(part, false), (&act_two[..], true)] {
        let Ok((initiator, _)) = noise.act_one(plan.client) else { return Ok(()) };
        match noise.has_judged(initiator, bytes) {
            Ok(judged) if judged != want => {
                let what = if judged { "judged" } else { "waits after" };
                return Err(WAITS.found(format!("the client {what} {} of {ACT_TWO_LEN} bytes", bytes.len())));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Flips a bit more or fewer, moves the clock to a bound, or edits bytes.
fn mutate_input(data: &mut Vec<u8>, random: &mut Random, max_len: usize) {
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

fn seeds() -> Vec<Seed> {
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
