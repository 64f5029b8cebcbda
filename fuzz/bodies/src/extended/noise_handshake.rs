//! Handshakes between `noise_sv2` and us, in both roles.

use super::joined;
use crate::diff_sri::{Opinion, Sri, hex_of};
use crate::differences::{self, Certificate, Verdict};
use crate::sri::handshake;
use noise_sv2::NoiseEngine;
use sv2_wire::fuzz::noise_handshake::{self as base, Plan};
use sv2_wire::fuzz::{Finding, Oracle, Ours, Secure, Server, Target};
use sv2_wire::noise::{AuthorityPublicKey, AuthoritySecretKey, Transport};

/// The target.
pub static TARGET: Target = Target {
    about: "a handshake gives both sides one session if and only if nobody altered it, and certificates are judged right; with SRI \
            on either side too",
    oracles: &joined::<10>(base::TARGET.oracles, &[SRI_AGREEMENT, SRI_TAMPER, SRI_CERTIFICATE]),
    run: |data| (base::TARGET.run)(data).and_then(|()| judge(&mut Sri, &Plan::of(data))),
    ..base::TARGET
};

/// Both sides have the same keys.
pub const SRI_AGREEMENT: Oracle = Oracle {
    name: "sri_agreement",
    about: "an unaltered handshake between SRI and us ends in either role, and then each side opens what the other seals",
    clauses: &["SV2-04-031", "SV2-04-032"],
};
/// Whoever alters an act ends the session.
pub const SRI_TAMPER: Oracle = Oracle {
    name: "sri_tamper",
    about: "if any bit of act one or act two is altered, SRI's client refuses ours, and our client SRI's act two",
    clauses: &["SV2-04-033", "SV2-04-022"],
};
/// Certificates are judged alike.
pub const SRI_CERTIFICATE: Oracle = Oracle {
    name: "sri_certificate",
    about: "SRI's client thinks of our certificate as ours does, save for the list, and ours trusts what SRI's server issues",
    clauses: &["SV2-04-035", "SV2-04-036", "SV2-04-038", "SV2-04-039", "SV2-04-040"],
};

/// Holds another opinion against ours.
///
/// # Errors
/// The first finding.
pub fn judge<O: Opinion>(other: &mut O, plan: &Plan) -> Result<(), Finding> {
    let Some((server, authority)) = plan.parties() else { return Ok(()) };
    let Some(trusted) = plan.trusted(&authority) else { return Ok(()) };
    their_client(other, plan, &server, &trusted)?;
    their_server(other, plan, &authority, &trusted)
}

fn their_client<O: Opinion>(
    other: &mut O,
    plan: &Plan,
    server: &Server,
    trusted: &AuthorityPublicKey,
) -> Result<(), Finding> {
    let failed = |error: String| SRI_AGREEMENT.found(format!("sri's client: {error}"));
    let (client, mut act_one) = handshake::client(trusted, half(plan.client)).map_err(failed)?;
    plan.alter_act_one(&mut act_one);
    let answered = Ours.act_two(server, &act_one).map_err(|error| failed(error.to_string()));
    let (mut act_two, mut session) = answered?;
    plan.alter_act_two(&mut act_two);
    let finished = other.finish(client, act_two, now(plan));
    let is_altered = !plan.altered().is_empty();
    let mut engine = match finished {
        Err(_) if is_altered => return Ok(()),
        Ok(_) if is_altered => {
            return Err(SRI_TAMPER.found(format!("sri's client took act two, altered {:?}", plan.altered())));
        }
        finished => finished.map_err(failed)?,
    };
    let theirs = if engine.is_some() { Verdict::Trusts } else { Verdict::Refuses };
    let certificate = certificate(plan);
    let ours = if plan.is_good() { Verdict::Trusts } else { Verdict::Refuses };
    let expected = differences::judged(&certificate, ours);
    if theirs != expected {
        let (expected, theirs) = (expected.name(), theirs.name());
        let at = format!("{:?} at {}: {certificate:?}", plan.terms, plan.now);
        return Err(SRI_CERTIFICATE.found(format!("{at}: expected {expected}, sri {theirs}")));
    }
    engine.as_mut().map_or(Ok(()), |engine| speak(&mut session, engine, "sri's client"))
}

fn their_server<O: Opinion>(
    other: &mut O,
    plan: &Plan,
    authority: &AuthoritySecretKey,
    trusted: &AuthorityPublicKey,
) -> Result<(), Finding> {
    let failed = |error: String| SRI_AGREEMENT.found(format!("sri's server: {error}"));
    let begun = Ours.act_one(plan.client).map_err(|error| failed(error.to_string()));
    let (client, mut act_one) = begun?;
    plan.alter_act_one(&mut act_one);
    let answered = other.answer(authority, half(plan.server), act_one, now(plan));
    let (mut act_two, mut engine) = answered.map_err(failed)?;
    plan.alter_act_two(&mut act_two);
    let is_altered = !plan.altered().is_empty();
    let (mut session, identity) = match Ours.finish(client, &act_two) {
        Err(_) if is_altered => return Ok(()),
        Ok(_) if is_altered => {
            return Err(SRI_TAMPER.found(format!("we took sri's act two, altered {:?}", plan.altered())));
        }
        finished => finished.map_err(|error| failed(error.to_string()))?,
    };
    let verdict = identity.verify(trusted, plan.now, 0);
    if verdict.is_ok() == plan.is_other_authority {
        let (issued, whose) = (identity.certificate, if plan.is_other_authority { "another" } else { "its" });
        return Err(
            SRI_CERTIFICATE.found(format!("{issued:?} by {whose} authority at {}: {verdict:?}", plan.now))
        );
    }
    speak(&mut session, &mut engine, "sri's server")
}

/// Each side opens what the other seals, record by record.
fn speak(ours: &mut Transport, theirs: &mut NoiseEngine, whose: &str) -> Result<(), Finding> {
    for text in [&b"first"[..], b"", b"third"] {
        let failed = |error: String| SRI_AGREEMENT.found(format!("{whose}, {}: {error}", hex_of(text)));
        let mut from_us = Vec::new();
        ours.seal(text, &mut from_us).map_err(|error| failed(error.to_string()))?;
        theirs.decrypt(&mut from_us).map_err(|error| failed(format!("sri does not open it: {error:?}")))?;
        let mut from_them = text.to_vec();
        theirs.encrypt(&mut from_them).map_err(|error| failed(format!("{error:?}")))?;
        let mut opened = Vec::new();
        ours.open(&from_them, &mut opened).map_err(|error| failed(format!("we do not open it: {error}")))?;
        if from_us != text || opened != text {
            let (sri, we) = (hex_of(&from_us), hex_of(&opened));
            return Err(failed(format!("sri opened {sri}, we {we}")));
        }
    }
    Ok(())
}

/// The certificate of a plan, as the list of differences has it.
fn certificate(plan: &Plan) -> Certificate {
    let seconds = i64::from(plan.terms.not_valid_after);
    Certificate {
        version: plan.terms.version,
        lasts: seconds.saturating_sub(plan.terms.valid_from.into()),
        after_end: i64::from(now(plan)).saturating_sub(seconds),
        has_key: true,
        right_key: !plan.is_other_authority && !plan.is_other_key,
        leeway: plan.leeway,
    }
}

/// The clock of a plan, which is four bytes of its input.
fn now(plan: &Plan) -> u32 {
    u32::try_from(plan.now).unwrap_or(u32::MAX)
}

fn half(seed: [u8; 64]) -> [u8; 32] {
    seed.first_chunk().copied().unwrap_or_default()
}
