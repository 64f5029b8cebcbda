//! The server's certificate (spec section 4.5.3), in words.

use super::findings::Diagnosis;
use super::words::{date, span};
use super::{Condition, Now};
use sv2_reference_pool::node::NoiseConfig;
use sv2_wire::noise::{AuthorityPublicKey, CertificateError, ServerIdentity};
use sv2_wire::url::Security;

/// Seconds by which a certificate may seem too young or too old (AMB-18).
const LEEWAY: u64 = 10;
/// A certificate that ends within this many seconds is worth a note.
const SOON: u64 = 300;
/// The key that the example configurations of the Stratum Reference Implementation publish with its secret half.
const SRI_EXAMPLE: &str = "9auqWEzQDVyd2oe1JVGFLMLHZtCo2FFqZwtKA5gd9xbuEu7PH72";

/// Judges a certificate as a client does that has the URL's key. The diagnosis is there when it must not be trusted.
pub fn judge(
    identity: &ServerIdentity,
    security: Security,
    now: Now,
) -> (Condition, String, Option<Diagnosis>) {
    let judged = match security {
        Security::Authority(key) => identity.verify(&key, now.unix, LEEWAY),
        _ => times(identity, now.unix),
    };
    let error = match judged {
        Ok(()) => {
            let signer = match security {
                Security::Authority(_) => "signed by the authority of the URL".to_owned(),
                _ => format!("the URL has no key, so any certificate is accepted; {}", guess(identity)),
            };
            let left = u64::from(identity.certificate.not_valid_after).saturating_sub(now.unix);
            let is_sure = matches!(security, Security::Authority(_)) && left > SOON;
            let condition = if is_sure { Condition::Ok } else { Condition::Note };
            return (condition, format!("{signer}; {}", validity(identity, now.unix)), None);
        }
        Err(error) => error,
    };
    let diagnosis = match error {
        CertificateError::BadSignature => not_signed(identity, security, now.unix),
        CertificateError::NotYetValid { valid_from, now } => not_yet(valid_from, now),
        CertificateError::Expired { not_valid_after, now } => expired(not_valid_after, now),
    };
    (Condition::Trouble, diagnosis.problem.clone(), Some(diagnosis))
}

fn times(identity: &ServerIdentity, now: u64) -> Result<(), CertificateError> {
    let (valid_from, not_valid_after) =
        (identity.certificate.valid_from, identity.certificate.not_valid_after);
    if now.saturating_add(LEEWAY) < u64::from(valid_from) {
        return Err(CertificateError::NotYetValid { valid_from, now });
    }
    if now > u64::from(not_valid_after).saturating_add(LEEWAY) {
        return Err(CertificateError::Expired { not_valid_after, now });
    }
    Ok(())
}

fn validity(identity: &ServerIdentity, now: u64) -> String {
    let from = u64::from(identity.certificate.valid_from);
    let until = u64::from(identity.certificate.not_valid_after);
    let began = if now >= from {
        format!("valid since {}", span(now - from))
    } else {
        format!("valid in {} (its clock is ahead of ours, within the leeway)", span(from - now))
    };
    let ends = if until >= now {
        format!("for another {}", span(until - now))
    } else {
        format!("until {} ago (within the leeway)", span(now - until))
    };
    format!("{began}, {ends}")
}

fn not_signed(identity: &ServerIdentity, security: Security, now: u64) -> Diagnosis {
    let expected = match security {
        Security::Authority(key) => key.to_string(),
        _ => "none".to_owned(),
    };
    Diagnosis {
        problem: "the certificate is not signed by the authority key in the URL".to_owned(),
        known: vec![
            format!("key in the URL: {expected}"),
            guess(identity),
            format!("server's own static key, x-coordinate: {}", hex::encode(identity.static_key_x_only)),
            format!("by its own account {}", validity(identity, now)),
        ],
        advice: "take the authority key from the pool's operator or from its configuration (it changes when the pool \
                 is set up anew); if the key is right, somebody stands between this machine and the pool. Without \
                 /KEY in the URL any certificate is accepted, which protects against nobody"
            .to_owned(),
    }
}

/// Who signed. A signature does not tell its key, so only keys that are known beforehand can be tried.
fn guess(identity: &ServerIdentity) -> String {
    let signed = |key: &AuthorityPublicKey| {
        identity.verify(key, u64::from(identity.certificate.valid_from), 0)
            != Err(CertificateError::BadSignature)
    };
    let own = AuthorityPublicKey::from_bytes(identity.static_key_x_only).ok();
    let candidates = [
        (own, "the server's own static key (self-signed)"),
        (SRI_EXAMPLE.parse().ok(), "the key pair in the example configurations of SRI, which everybody has"),
        (Some(NoiseConfig::seeded(0).authority_public_key()), "the default key of sv2-reference-pool"),
    ];
    let found = candidates.iter().find(|(key, _)| key.as_ref().is_some_and(signed));
    match found {
        Some((Some(key), whose)) => format!("it is signed by {whose}: {key}"),
        _ => {
            "who signed it cannot be read from a certificate; it is none of the keys that we know".to_owned()
        }
    }
}

fn not_yet(valid_from: u32, now: u64) -> Diagnosis {
    let from = u64::from(valid_from);
    Diagnosis {
        problem: format!("the certificate is not valid yet: it begins in {}", span(from.saturating_sub(now))),
        known: clocks(&format!("valid from {}", date(from)), now),
        advice: format!(
            "compare the clocks: this machine is at least {} behind the one that issued the certificate, or that one \
             is ahead; time synchronisation (NTP) on the wrong one mends it",
            span(from.saturating_sub(now))
        ),
    }
}

fn expired(not_valid_after: u32, now: u64) -> Diagnosis {
    let until = u64::from(not_valid_after);
    Diagnosis {
        problem: format!("the certificate expired {} ago", span(now.saturating_sub(until))),
        known: clocks(&format!("valid until {}", date(until)), now),
        advice: format!(
            "let the pool issue a new certificate (most make one per connection or at start); if it is fresh, this \
             machine's clock is {} ahead, or the pool's is behind by as much",
            span(now.saturating_sub(until))
        ),
    }
}

fn clocks(term: &str, now: u64) -> Vec<String> {
    vec![term.to_owned(), format!("this machine's clock: {}", date(now))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use sv2_wire::noise::{AuthoritySecretKey, Certificate, StaticKeypair, Terms};

    const NOW: Now = Now { elapsed: Duration::ZERO, unix: 1_800_000_000 };

    fn identity(authority: &AuthoritySecretKey, from: i64, until: i64) -> ServerIdentity {
        let keypair = StaticKeypair::new([9; 32], [1; 32]).unwrap();
        let at = |offset: i64| u32::try_from(1_800_000_000 + offset).unwrap();
        let terms = Terms { version: 0, valid_from: at(from), not_valid_after: at(until) };
        let certificate = Certificate::issue(authority, &keypair.x_only(), terms, &[0; 32]);
        ServerIdentity {
            static_key: keypair.ellswift(),
            static_key_x_only: keypair.x_only(),
            ephemeral_key_x_only: keypair.x_only(),
            certificate,
        }
    }

    fn key(byte: u8) -> AuthoritySecretKey {
        AuthoritySecretKey::from_bytes([byte; 32]).unwrap()
    }

    #[test]
    fn a_good_certificate_says_how_long_it_is_good() {
        let (condition, text, none) =
            judge(&identity(&key(3), -3600, 7200), Security::Authority(key(3).public_key()), NOW);
        assert_eq!((condition, none), (Condition::Ok, None));
        assert_eq!(text, "signed by the authority of the URL; valid since 1 h, for another 2 h");
    }

    #[test]
    fn without_a_key_the_signer_is_only_guessed() {
        let (condition, text, none) = judge(&identity(&key(3), 0, 7200), Security::AnyCertificate, NOW);
        assert_eq!((condition, none), (Condition::Note, None));
        assert!(text.contains("none of the keys that we know"), "{text}");
    }

    #[test]
    fn a_self_signed_certificate_names_its_key() {
        let own = key(9);
        let (_, _, diagnosis) = judge(&identity(&own, 0, 60), Security::Authority(key(4).public_key()), NOW);
        let known = diagnosis.unwrap().known.join("\n");
        assert!(known.contains(&format!("self-signed): {}", own.public_key())), "{known}");
        assert!(known.contains(&format!("key in the URL: {}", key(4).public_key())), "{known}");
    }

    #[test]
    fn the_default_keys_are_recognised() {
        let default = NoiseConfig::seeded(0).authority;
        let (_, text, _) = judge(&identity(&default, 0, 60), Security::AnyCertificate, NOW);
        assert!(text.contains("the default key of sv2-reference-pool"), "{text}");
        assert!(SRI_EXAMPLE.parse::<AuthorityPublicKey>().is_ok());
    }

    #[test]
    fn clocks_that_differ_are_told_by_how_much() {
        let authority = Security::Authority(key(3).public_key());
        let (_, _, diagnosis) = judge(&identity(&key(3), 3600, 7200), authority, NOW);
        assert_eq!(diagnosis.unwrap().problem, "the certificate is not valid yet: it begins in 1 h");
        let (_, _, diagnosis) = judge(&identity(&key(3), -7200, -90), authority, NOW);
        let diagnosis = diagnosis.unwrap();
        assert_eq!(diagnosis.problem, "the certificate expired 1 min 30 s ago");
        assert!(diagnosis.advice.contains("clock is 1 min 30 s ahead"), "{}", diagnosis.advice);
        let (condition, text, _) = judge(&identity(&key(3), 5, 7200), authority, NOW);
        assert_eq!(condition, Condition::Ok);
        assert!(text.contains("valid in 5 s"), "{text}");
        let (_, _, expired) = judge(&identity(&key(3), -7200, -90), Security::AnyCertificate, NOW);
        assert!(expired.is_some());
    }
}
