//! SRI's Noise layer in either role of a handshake, step by step, with keys and clock that are given.

use noise_sv2::{Initiator, NoiseEngine, Responder};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::fmt::Debug;
use std::time::Duration;
use sv2_wire::noise::{ACT_ONE_LEN, ACT_TWO_LEN, AuthorityPublicKey, AuthoritySecretKey};

/// SRI's client, which has sent act one.
pub struct Client(Box<Initiator>);

/// A client that trusts an authority, and its act one. Equal seeds give equal acts.
///
/// # Errors
/// SRI's words.
pub fn client(authority: &AuthorityPublicKey, seed: [u8; 32]) -> Result<(Client, [u8; ACT_ONE_LEN]), String> {
    let mut rng = ChaCha20Rng::from_seed(seed);
    let mut client = Initiator::from_raw_k_with_rng(authority.to_bytes(), &mut rng).map_err(text)?;
    let act_one = client.step_0().map_err(text)?;
    Ok((Client(client), act_one))
}

impl Client {
    /// Reads act two at a time of Unix; nothing where the client does not trust the certificate.
    ///
    /// # Errors
    /// Act two is not authentic; SRI's words.
    pub fn finish(mut self, act_two: [u8; ACT_TWO_LEN], now: u32) -> Result<Option<NoiseEngine>, String> {
        match self.0.step_2_with_now(act_two, now) {
            Ok(engine) => Ok(Some(engine)),
            Err(noise_sv2::Error::InvalidCertificate(_)) => Ok(None),
            Err(error) => Err(text(error)),
        }
    }
}

/// What a server that the authority certifies now, for a minute, answers to act one. Equal seeds give equal acts.
///
/// # Errors
/// SRI's words.
pub fn answer(
    authority: &AuthoritySecretKey,
    seed: [u8; 32],
    act_one: [u8; ACT_ONE_LEN],
    now: u32,
) -> Result<([u8; ACT_TWO_LEN], NoiseEngine), String> {
    let mut rng = ChaCha20Rng::from_seed(seed);
    let (public, secret) = (authority.public_key().to_bytes(), authority.to_bytes());
    let valid = Duration::from_secs(60);
    let server = Responder::from_authority_kp_with_rng(&public, &secret, valid, &mut rng);
    server.map_err(text)?.step_1_with_now_rng(act_one, now, &mut rng).map_err(text)
}

fn text(error: impl Debug) -> String {
    format!("{error:?}")
}
