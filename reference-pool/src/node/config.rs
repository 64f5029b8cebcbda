//! How a node is set up: keys, certificate, bounds, deadlines.

use std::net::SocketAddr;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use sv2_wire::link::Link;
use sv2_wire::noise::{AuthorityPublicKey, AuthoritySecretKey, Certificate, Responder, StaticKeypair, Terms};
use sv2_wire::url::{Security, Sv2Url, UrlError};

use crate::endpoint::{Deadlines, Limits};
use crate::faults::{Fault, Rules};
use crate::service::{ConnId, Now};

/// The stream of a seed's generator that keys come from; connection `n` has stream `n`.
const KEY_STREAM: u64 = u64::MAX;

/// Everything that a node needs besides its service.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// Noise or plaintext.
    pub transport: TransportConfig,
    /// How much a peer may take.
    pub limits: Limits,
    /// How long a peer may take.
    pub deadlines: Deadlines,
    /// Where the ephemeral keys of the handshakes come from. Equal seeds give equal bytes; nothing is secret from who
    /// knows the seed.
    pub seed: u64,
    /// Ways to be wrong on purpose; those that concern the pool belong into `PoolConfig`. Default none.
    pub faults: Vec<Fault>,
}

impl Default for NodeConfig {
    /// [`NodeConfig::seeded`] with 0.
    fn default() -> Self {
        Self::seeded(0)
    }
}

impl NodeConfig {
    /// Noise with keys from the seed, and the default limits and deadlines.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        let transport = TransportConfig::Noise(Box::new(NoiseConfig::seeded(seed)));
        let (limits, deadlines) = (Limits::default(), Deadlines::default());
        Self { transport, limits, deadlines, seed, faults: Vec::new() }
    }

    /// Without Noise, and the default limits and deadlines.
    #[must_use]
    pub fn plain() -> Self {
        Self { transport: TransportConfig::Plain, ..Self::default() }
    }

    /// The server's side of connection `conn`. The certificate is issued for the time that it is now.
    pub(super) fn link(&self, conn: ConnId, now: Now, rules: &mut Rules) -> Link {
        match &self.transport {
            TransportConfig::Plain => Link::plain(self.limits.max_payload),
            TransportConfig::Noise(noise) => {
                let mut ephemeral = [0; 64];
                rng(self.seed, conn.0).fill_bytes(&mut ephemeral);
                let ephemeral = rules.certifier(ephemeral, |rules, right| rules.ephemeral(right));
                let certificate = noise.certificate(now.unix);
                let certificate =
                    rules.certifier(certificate, |rules, right| rules.certificate(right, noise, now.unix));
                let responder = Responder::new(&noise.static_keypair, certificate.encode(), ephemeral);
                Link::responder(responder, self.limits.max_payload)
            }
        }
    }
}

/// What secures the connections.
#[derive(Clone, Debug)]
pub enum TransportConfig {
    /// Nothing, as spec chapter 4 allows on a local network.
    Plain,
    /// Noise (spec chapter 4).
    Noise(Box<NoiseConfig>),
}

impl TransportConfig {
    /// How clients name a server at this address.
    ///
    /// # Errors
    /// [`UrlError::Port`] for port 0: bind first.
    pub fn url(&self, address: SocketAddr) -> Result<Sv2Url, UrlError> {
        let security = match self {
            Self::Plain => Security::Plaintext,
            Self::Noise(noise) => Security::Authority(noise.authority_public_key()),
        };
        Sv2Url::new(&address.ip().to_string(), address.port(), security)
    }
}

/// The server's identity.
#[derive(Clone, Debug)]
pub struct NoiseConfig {
    /// Signs the certificates.
    pub authority: AuthoritySecretKey,
    /// The server's own key.
    pub static_keypair: StaticKeypair,
    /// When the certificates are valid.
    pub validity: Validity,
}

/// A certificate's times in seconds relative to the moment of the handshake; negative ones lie before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// Start of validity.
    pub from: i64,
    /// End of validity, itself included.
    pub until: i64,
}

impl Default for Validity {
    /// From an hour ago, for clocks differ, until tomorrow.
    fn default() -> Self {
        Self { from: -3600, until: 86400 }
    }
}

impl NoiseConfig {
    /// Authority and static key from the seed, and the default validity.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        let mut rng = rng(seed, KEY_STREAM);
        let authority = draw(&mut rng, |secret, _| AuthoritySecretKey::from_bytes(secret).ok());
        let static_keypair = draw(&mut rng, |secret, aux| StaticKeypair::new(secret, aux).ok());
        Self { authority, static_keypair, validity: Validity::default() }
    }

    /// What clients are to be given.
    #[must_use]
    pub fn authority_public_key(&self) -> AuthorityPublicKey {
        self.authority.public_key()
    }

    /// The certificate for a handshake at this Unix time in seconds. Times outside 32 bits are held at their ends.
    #[must_use]
    pub fn certificate(&self, unix: u32) -> Certificate {
        let at = |offset: i64| {
            let time = i64::from(unix).saturating_add(offset).clamp(0, i64::from(u32::MAX));
            u32::try_from(time).unwrap_or(u32::MAX)
        };
        let terms = Terms {
            version: 0,
            valid_from: at(self.validity.from),
            not_valid_after: at(self.validity.until),
        };
        Certificate::issue(&self.authority, &self.static_keypair.x_only(), terms, &[0; 32])
    }
}

fn rng(seed: u64, stream: u64) -> ChaCha20Rng {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

/// Draws until a secret is in range, which but for 1 in 2^128 it is at once.
fn draw<T>(rng: &mut ChaCha20Rng, make: impl Fn([u8; 32], [u8; 32]) -> Option<T>) -> T {
    loop {
        let (mut secret, mut aux) = ([0; 32], [0; 32]);
        rng.fill_bytes(&mut secret);
        rng.fill_bytes(&mut aux);
        if let Some(made) = make(secret, aux) {
            return made;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_ephemerals_follow_from_the_seed() {
        let key = |seed| NoiseConfig::seeded(seed).authority_public_key();
        assert_eq!(key(7), key(7));
        assert_ne!(key(7), key(8));
        let noise = NoiseConfig::seeded(7);
        assert_ne!(noise.static_keypair.x_only(), noise.authority_public_key().to_bytes());
    }

    #[test]
    fn certificates_are_relative_to_the_handshake_and_never_wrap() {
        let mut noise = NoiseConfig::seeded(1);
        let times = |noise: &NoiseConfig, unix| {
            let certificate = noise.certificate(unix);
            (certificate.valid_from, certificate.not_valid_after)
        };
        assert_eq!(times(&noise, 1_000_000), (996_400, 1_086_400));
        assert_eq!(times(&noise, 10), (0, 86410));
        assert_eq!(times(&noise, u32::MAX), (u32::MAX - 3600, u32::MAX));
        noise.validity = Validity { from: -7200, until: -3600 };
        assert_eq!(times(&noise, 10_000), (2800, 6400));
    }

    #[test]
    fn the_url_names_the_authority_and_brackets_ipv6() {
        let transport = NodeConfig::seeded(3).transport;
        let url = transport.url("[::1]:34254".parse().unwrap()).unwrap().to_string();
        let key = NoiseConfig::seeded(3).authority_public_key();
        assert_eq!(url, format!("stratum2+tcp://[::1]:34254/{key}"));
        let plain = TransportConfig::Plain.url("127.0.0.1:5".parse().unwrap()).unwrap().to_string();
        assert_eq!(plain, "tcp://127.0.0.1:5");
    }
}
