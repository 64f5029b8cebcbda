//! Certificates, judged by either side's client.

use super::{Certificate, Verdict};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use sv2_wire::noise::{
    AuthoritySecretKey, Certificate as Issued, Initiator, KeyError, Responder, StaticKeypair, Terms,
};

const NOT_VALID_AFTER: u32 = 1_700_000_060;

impl Certificate {
    /// What SRI's client does.
    ///
    /// # Errors
    /// SRI's words, when it ends otherwise than by judging the certificate.
    pub fn sri(&self) -> Result<Verdict, String> {
        let text = |error: KeyError| error.to_string();
        let (server, trusted) = self.server().map_err(text)?;
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let client = match self.has_key {
            true => noise_sv2::Initiator::from_raw_k_with_rng(trusted.public_key().to_bytes(), &mut rng),
            false => noise_sv2::Initiator::without_pk_with_rng(&mut rng),
        };
        let mut client = client.map_err(|error| format!("{error:?}"))?;
        let act_one = client.step_0().map_err(|error| format!("{error:?}"))?;
        let (act_two, _) = server.answer(&act_one).map_err(|error| error.to_string())?;
        match client.step_2_with_now(act_two, self.now()) {
            Ok(_) => Ok(Verdict::Trusts),
            Err(noise_sv2::Error::InvalidCertificate(_)) => Ok(Verdict::Refuses),
            Err(error) => Err(format!("{error:?}")),
        }
    }

    /// What our client does, and its words for a refusal.
    ///
    /// # Errors
    /// When it ends otherwise than by judging the certificate.
    pub fn ours(&self) -> Result<(Verdict, String), String> {
        let (server, trusted) = self.server().map_err(|error| error.to_string())?;
        let client = Initiator::new([7; 64]);
        let (act_two, _) = server.answer(&client.act_one()).map_err(|error| error.to_string())?;
        let (_, identity) = client.finish(&act_two).map_err(|error| error.to_string())?;
        if !self.has_key {
            return Ok((Verdict::DoesNotJudge, String::new()));
        }
        match identity.verify(&trusted.public_key(), u64::from(self.now()), self.leeway) {
            Ok(()) => Ok((Verdict::Trusts, String::new())),
            Err(error) => Ok((Verdict::Refuses, format!(": {error}"))),
        }
    }

    fn server(&self) -> Result<(Responder, AuthoritySecretKey), KeyError> {
        let signer = AuthoritySecretKey::from_bytes([5; 32])?;
        let other = AuthoritySecretKey::from_bytes([6; 32])?;
        let keypair = StaticKeypair::new([9; 32], [10; 32])?;
        let valid_from = clamped(i64::from(NOT_VALID_AFTER).saturating_sub(self.lasts));
        let terms = Terms { version: self.version, valid_from, not_valid_after: NOT_VALID_AFTER };
        let certificate = Issued::issue(&signer, &keypair.x_only(), terms, &[1; 32]);
        let trusted = if self.right_key { signer } else { other };
        Ok((Responder::new(&keypair, certificate.encode(), [11; 64]), trusted))
    }

    fn now(&self) -> u32 {
        clamped(i64::from(NOT_VALID_AFTER).saturating_add(self.after_end))
    }
}

/// Clamped to what a certificate can name.
fn clamped(seconds: i64) -> u32 {
    u32::try_from(seconds.clamp(0, i64::from(u32::MAX))).unwrap_or(0)
}
