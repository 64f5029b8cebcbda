//! Keys of spec sections 4.3.1 and 4.7, checked when made and wiped when dropped.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use secp256k1::ellswift::ElligatorSwift;
use secp256k1::{All, Keypair, Message, PublicKey, Secp256k1, SecretKey, XOnlyPublicKey, schnorr};
use zeroize::Zeroizing;

use super::text::{self, KeyTextError};

/// Why 32 bytes given as a key are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Zero, or not below the group order. The specification lets the order itself pass (section 4.3.1.1: "fail if
    /// d' > n"); it yields no key and is refused here as in BIP340.
    #[error("secret key is zero or not below the order of secp256k1")]
    SecretOutOfRange,
    /// Not the x-coordinate of a point on secp256k1.
    #[error("public key is not the x-coordinate of a point on secp256k1")]
    NotOnCurve,
    /// An ElligatorSwift encoding of some other key.
    #[error("the 64 bytes encode another key than that of the secret")]
    OtherKey,
}

/// The certificate authority's public key: what a client is configured with (spec section 4.7).
///
/// `Display` and `FromStr` use the base58check text with the version prefix `[1, 0]`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AuthorityPublicKey(XOnlyPublicKey);

impl AuthorityPublicKey {
    /// From the 32-byte x-coordinate.
    ///
    /// # Errors
    /// [`KeyError::NotOnCurve`].
    pub fn from_bytes(x_only: [u8; 32]) -> Result<Self, KeyError> {
        XOnlyPublicKey::from_slice(&x_only).map(Self).map_err(|_| KeyError::NotOnCurve)
    }

    /// The 32-byte x-coordinate.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.serialize()
    }

    /// Whether `signature` over the 32-byte `digest` is this key's (BIP340).
    pub(super) fn signed(&self, digest: [u8; 32], signature: [u8; 64]) -> bool {
        let message = Message::from_digest(digest);
        schnorr::Signature::from_slice(&signature)
            .is_ok_and(|signature| secp().verify_schnorr(&signature, &message, &self.0).is_ok())
    }
}

impl fmt::Display for AuthorityPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::encode_public(self.to_bytes()))
    }
}

impl fmt::Debug for AuthorityPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthorityPublicKey({self})")
    }
}

impl FromStr for AuthorityPublicKey {
    type Err = KeyTextError;

    fn from_str(text: &str) -> Result<Self, KeyTextError> {
        Ok(Self::from_bytes(text::decode_public(text)?)?)
    }
}

/// The certificate authority's secret key: signs certificates (spec section 4.5.3).
///
/// `FromStr` takes base58check of the bare 32 bytes, the form in which SV2 pools configure it; the specification has no
/// text form for it. There is no `Display`, and `Debug` shows the public key only.
#[derive(Clone)]
pub struct AuthoritySecretKey(Keypair);

impl AuthoritySecretKey {
    /// From 32 bytes, big-endian.
    ///
    /// # Errors
    /// [`KeyError::SecretOutOfRange`].
    pub fn from_bytes(secret: [u8; 32]) -> Result<Self, KeyError> {
        let secret = Zeroizing::new(secret);
        Keypair::from_seckey_slice(secp(), &*secret).map(Self).map_err(|_| KeyError::SecretOutOfRange)
    }

    /// The 32 bytes, big-endian.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.secret_bytes())
    }

    /// The text that `FromStr` takes.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        text::encode_secret(&self.to_bytes())
    }

    /// What clients are to be given.
    #[must_use]
    pub fn public_key(&self) -> AuthorityPublicKey {
        AuthorityPublicKey(self.0.x_only_public_key().0)
    }

    /// BIP340 signature of the 32-byte `digest`.
    pub(super) fn sign(&self, digest: [u8; 32], aux_randomness: &[u8; 32]) -> [u8; 64] {
        let message = Message::from_digest(digest);
        secp().sign_schnorr_with_aux_rand(&message, &self.0, aux_randomness).serialize()
    }
}

impl fmt::Debug for AuthoritySecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthoritySecretKey(secret of {})", self.public_key())
    }
}

impl Drop for AuthoritySecretKey {
    fn drop(&mut self) {
        self.0.non_secure_erase();
    }
}

impl FromStr for AuthoritySecretKey {
    type Err = KeyTextError;

    fn from_str(text: &str) -> Result<Self, KeyTextError> {
        Ok(Self::from_bytes(*text::decode_secret(text)?)?)
    }
}

/// A key for the handshake: a server's static one, or a client's ephemeral one that is not drawn; with both encodings of its public half (spec section 4.3.1.1).
#[derive(Clone)]
pub struct StaticKeypair {
    secret: Zeroizing<[u8; 32]>,
    ellswift: [u8; 64],
    x_only: [u8; 32],
}

impl StaticKeypair {
    /// From the 32-byte secret and 32 bytes of randomness, which choose one of the many ElligatorSwift encodings.
    ///
    /// # Errors
    /// [`KeyError::SecretOutOfRange`].
    pub fn new(secret: [u8; 32], aux_randomness: [u8; 32]) -> Result<Self, KeyError> {
        let secret = Zeroizing::new(secret);
        let ellswift = encode_public(&secret, aux_randomness).ok_or(KeyError::SecretOutOfRange)?;
        Ok(Self { secret, ellswift, x_only: x_only_of(ellswift) })
    }

    /// From the 32-byte secret and one of the many 64-byte encodings of its public half.
    ///
    /// # Errors
    /// [`KeyError::SecretOutOfRange`]; [`KeyError::OtherKey`] when the encoding is not of this secret.
    pub fn with_encoding(secret: [u8; 32], ellswift: [u8; 64]) -> Result<Self, KeyError> {
        let own = Self::new(secret, [0; 32])?;
        match x_only_of(ellswift) == own.x_only {
            true => Ok(Self { ellswift, ..own }),
            false => Err(KeyError::OtherKey),
        }
    }

    /// The public key as act two sends it: 64 bytes, ElligatorSwift.
    #[must_use]
    pub fn ellswift(&self) -> [u8; 64] {
        self.ellswift
    }

    /// The public key as certificates sign it: 32 bytes, x-coordinate only.
    #[must_use]
    pub fn x_only(&self) -> [u8; 32] {
        self.x_only
    }

    /// Secret and encoding behind one another, the form that the resolver's `Dh::set` takes.
    pub(super) fn for_resolver(&self) -> Zeroizing<[u8; 96]> {
        let mut both = Zeroizing::new([0; 96]);
        let (secret, public) = both.split_at_mut(32);
        secret.copy_from_slice(&*self.secret);
        public.copy_from_slice(&self.ellswift);
        both
    }
}

impl fmt::Debug for StaticKeypair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StaticKeypair(secret of {})", hex::encode(self.x_only))
    }
}

/// The ElligatorSwift encoding of a secret's public key; `None` if the secret is out of range.
pub(super) fn encode_public(secret: &[u8; 32], aux_randomness: [u8; 32]) -> Option<[u8; 64]> {
    let mut secret = SecretKey::from_slice(secret).ok()?;
    let encoding = ElligatorSwift::from_seckey(secp(), secret, Some(aux_randomness));
    secret.non_secure_erase();
    Some(encoding.to_array())
}

/// The x-coordinate that 64 bytes of ElligatorSwift encode. Any 64 bytes encode one.
pub(super) fn x_only_of(ellswift: [u8; 64]) -> [u8; 32] {
    PublicKey::from_ellswift(ElligatorSwift::from_array(ellswift)).x_only_public_key().0.serialize()
}

/// Making a context costs more than half a key operation, so there is one.
fn secp() -> &'static Secp256k1<All> {
    static CONTEXT: LazyLock<Secp256k1<All>> = LazyLock::new(Secp256k1::new);
    &CONTEXT
}
