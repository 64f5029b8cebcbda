//! The handshake of spec section 4.5, with keys, certificate and clock out of the input, and with somebody on the line.

mod plan;

pub use plan::Plan;

use super::{ANSWERS, CodecError, Finding, Oracle, Ours, Secure, Server, Target, show};
use crate::noise::{ACT_ONE_LEN, ACT_TWO_LEN, AuthoritySecretKey, Certificate, ServerIdentity};

/// The target.
pub const TARGET: Target = Target {
    name: "noise_handshake",
    about: "a handshake gives both sides one session if and only if nobody altered it, and certificates are judged right",
    format: 1,
    max_len: 128,
    oracles: &[ANSWERS, AGREEMENT, IDENTITY, TAMPER, CERTIFICATE, FRESH, WAITS],
    run: |data| judge(&mut Ours, &Plan::of(data)),
    mutate: plan::mutate_input,
    seeds: plan::seeds,
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

/// Holds an implementation against every oracle of the target.
///
/// # Errors
/// The first finding.
pub fn judge<S: Secure>(noise: &mut S, plan: &Plan) -> Result<(), Finding> {
    // A key of zeros or above the order is none; then there is no server, or no authority.
    let Some((server, authority)) = plan.parties() else { return Ok(()) };
    let (initiator, act_one) = match noise.act_one(plan.client) {
        Ok(begun) => begun,
        Err(error) => return failed(&AGREEMENT, "act one", &error),
    };
    let mut altered_one = act_one;
    let altered = plan.altered();
    plan.alter_act_one(&mut altered_one);
    let (act_two, mut server_side) = match noise.act_two(&server, &altered_one) {
        Ok(answered) => answered,
        Err(error) => return failed(&AGREEMENT, "act two", &error),
    };
    let mut altered_two = act_two;
    plan.alter_act_two(&mut altered_two);
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
    let Some(trusted) = plan.trusted(authority) else { return Ok(()) };
    let is_good = plan.is_good();
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
