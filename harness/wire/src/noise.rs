//! The Noise layer of spec chapter 4: `Noise_NX_Secp256k1+EllSwift_ChaChaPoly_SHA256`.
//!
//! ```text
//! initiator (client)                                responder (server)
//!     |  act one:  64 bytes, ephemeral key              |
//!     |------------------------------------------------>|
//!     |  act two: 234 bytes, ephemeral key,             |
//!     |           static key + MAC, certificate + MAC   |
//!     |<------------------------------------------------|
//!     |  records of at most 65535 bytes, both ways      |
//! ```
//!
//! Nothing here reads a clock or draws randomness: seeds and times come in as arguments, and equal arguments give equal
//! bytes. This module is the only user of snow, secp256k1 and aws-lc-rs in the crate.
//!
//! Keys held by these types are wiped when they are dropped. What snow itself copies during the handshake (chaining key,
//! handshake hash, derived keys on the stack) is not: snow offers no way to do so.

mod certificate;
mod cipher;
mod key;
mod resolver;
mod text;
mod transport;

pub use certificate::{Certificate, CertificateError, Terms};
pub use key::{AuthorityPublicKey, AuthoritySecretKey, KeyError, StaticKeypair};
pub use text::KeyTextError;
pub use transport::{Opener, Sealer, Transport};

#[cfg(feature = "fuzz")]
pub(crate) use transport::record_of;

use resolver::Handshake;

/// Length in bytes of act one: the initiator's ephemeral key (spec section 4.5.1).
pub const ACT_ONE_LEN: usize = 64;
/// Length in bytes of act two (spec section 4.5.2): ephemeral key 64, static key 64 + 16, certificate 74 + 16.
/// The "170 bytes" that the section states is left over from 32-byte keys.
pub const ACT_TWO_LEN: usize = 234;
/// Length in bytes of the authentication code behind every ciphertext (spec section 4.6).
pub const MAC_LEN: usize = 16;
/// Greatest length in bytes of one Noise message, the authentication code included (spec section 4.6).
pub const MAX_MESSAGE_LEN: usize = 65535;
/// Greatest number of plaintext bytes in one Noise message (spec section 4.6).
pub const MAX_PLAINTEXT_LEN: usize = MAX_MESSAGE_LEN - MAC_LEN;

/// What is wrong with the bytes of a handshake or of a record.
///
/// [`PlaintextTooLong`](Self::PlaintextTooLong) and [`Engine`](Self::Engine) are the two that the peer has no part in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoiseError {
    /// The code over the server's static key does not fit: somebody altered act one, or the first 144 bytes of act two.
    #[error("act two: the server's static key (bytes 64..144) fails its authentication")]
    StaticKeyNotAuthentic,
    /// The code over the certificate does not fit: somebody altered the last 90 bytes of act two.
    #[error("act two: the certificate (bytes 144..234) fails its authentication")]
    CertificateNotAuthentic,
    /// A record that cannot even hold its authentication code.
    #[error("noise message of {length} bytes is shorter than its 16-byte authentication code")]
    MessageTooShort {
        /// Length of the record in bytes.
        length: usize,
    },
    /// A record above [`MAX_MESSAGE_LEN`].
    #[error("noise message of {length} bytes exceeds 65535")]
    MessageTooLong {
        /// Length of the record in bytes.
        length: usize,
    },
    /// A record that its key and nonce do not authenticate. The session is over (spec section 4.5).
    #[error("noise message {nonce} fails its authentication")]
    DecryptionFailed {
        /// How many records had been opened before this one.
        nonce: u64,
    },
    /// An earlier record failed; "the session must be terminated" (spec section 4.5).
    #[error("the session ended with an earlier noise message that failed")]
    SessionTerminated,
    /// 2^64 - 1 messages went through; the last nonce is reserved by Noise.
    #[error("all nonces of this direction are used")]
    NonceExhausted,
    /// The caller gave more than [`MAX_PLAINTEXT_LEN`] bytes to seal into one record.
    #[error("{length} bytes of plaintext exceed the 65519 of one noise message")]
    PlaintextTooLong {
        /// Length of the plaintext in bytes.
        length: usize,
    },
    /// The cryptography below refused what it can never refuse: a defect of ours.
    #[error("noise engine: {0}")]
    Engine(String),
}

/// Who the server says it is, as act two carried it. Authentic to the handshake, but not yet vouched for by anybody:
/// that is [`ServerIdentity::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerIdentity {
    /// The server's static key as sent: 64 bytes, ElligatorSwift (spec section 4.3.1.1).
    pub static_key: [u8; 64],
    /// The same key as the certificate signs it: 32 bytes, x-coordinate only.
    pub static_key_x_only: [u8; 32],
    /// The server's ephemeral key of this handshake: 32 bytes, x-coordinate only. One key has many encodings, and only
    /// the coordinate shows whether it is fresh (spec section 4.5.1.1).
    pub ephemeral_key_x_only: [u8; 32],
    /// The certificate as sent (spec section 4.5.2).
    pub certificate: Certificate,
}

impl ServerIdentity {
    /// Judges the certificate over this server's key: [`Certificate::verify`].
    ///
    /// # Errors
    /// Not signed by `authority`, or outside its time of validity.
    pub fn verify(
        &self,
        authority: &AuthorityPublicKey,
        now_unix: u64,
        leeway_seconds: u64,
    ) -> Result<(), CertificateError> {
        self.certificate.verify(&self.static_key_x_only, authority, now_unix, leeway_seconds)
    }
}

/// The x-coordinate that 64 bytes of ElligatorSwift encode, for the oracles.
#[cfg(feature = "fuzz")]
pub(crate) fn x_only(ellswift: [u8; 64]) -> [u8; 32] {
    key::x_only_of(ellswift)
}

/// The client's side of the handshake, act one ready to be sent.
#[derive(Debug)]
pub struct Initiator {
    handshake: Handshake,
    act_one: [u8; ACT_ONE_LEN],
}

impl Initiator {
    /// Starts a handshake. `seed` is the ephemeral key's secret (32 bytes) and the randomness of its ElligatorSwift
    /// encoding (32 bytes); a secret that is no valid scalar is replaced by its SHA-256, so every seed works.
    #[must_use]
    pub fn new(seed: [u8; 64]) -> Self {
        let (handshake, act_one) = Handshake::initiate(seed);
        Self { handshake, act_one }
    }

    /// Starts a handshake with this ephemeral key, whose secret and encoding are known, instead of a fresh one. For tests of
    /// a server only: a key that is used twice protects nothing.
    #[must_use]
    pub fn with_ephemeral(key: &StaticKeypair) -> Self {
        let (handshake, act_one) = Handshake::initiate_with(key);
        Self { handshake, act_one }
    }

    /// The 64 bytes of act one (spec section 4.5.1.1).
    #[must_use]
    pub fn act_one(&self) -> [u8; ACT_ONE_LEN] {
        self.act_one
    }

    /// Reads act two (spec section 4.5.2.2). The certificate is reported, not judged: see [`ServerIdentity::verify`].
    ///
    /// # Errors
    /// [`NoiseError::StaticKeyNotAuthentic`] or [`NoiseError::CertificateNotAuthentic`].
    pub fn finish(self, act_two: &[u8; ACT_TWO_LEN]) -> Result<(Transport, ServerIdentity), NoiseError> {
        let mut handshake = self.handshake;
        let (static_key, certificate) = handshake.read_act_two(act_two)?;
        let mut ephemeral = [0; 64];
        ephemeral.copy_from_slice(&act_two[..64]);
        let identity = ServerIdentity {
            static_key,
            static_key_x_only: key::x_only_of(static_key),
            ephemeral_key_x_only: key::x_only_of(ephemeral),
            certificate: Certificate::decode(&certificate),
        };
        let (from_initiator, from_responder) = handshake.split()?;
        Ok((Transport::new(from_initiator, from_responder), identity))
    }
}

/// The server's side of the handshake, waiting for act one.
#[derive(Debug)]
pub struct Responder {
    handshake: Handshake,
    certificate: [u8; Certificate::LEN],
}

impl Responder {
    /// Prepares the answer to one client. `certificate` goes out as given, right or wrong; [`Certificate::issue`] makes a
    /// right one. `seed` is as in [`Initiator::new`].
    #[must_use]
    pub fn new(keypair: &StaticKeypair, certificate: [u8; Certificate::LEN], seed: [u8; 64]) -> Self {
        Self { handshake: Handshake::respond(keypair, seed), certificate }
    }

    /// Answers act one with act two (spec section 4.5.2.1). Any 64 bytes encode a valid key, so no client can make this
    /// fail; one that sent something else will refuse act two.
    ///
    /// # Errors
    /// Only [`NoiseError::Engine`].
    pub fn answer(self, act_one: &[u8; ACT_ONE_LEN]) -> Result<([u8; ACT_TWO_LEN], Transport), NoiseError> {
        let mut handshake = self.handshake;
        let act_two = handshake.answer_act_one(act_one, &self.certificate)?;
        let (from_initiator, from_responder) = handshake.split()?;
        Ok((act_two, Transport::new(from_responder, from_initiator)))
    }
}
