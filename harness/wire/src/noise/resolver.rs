//! snow, taught SV2's primitives. Everything that is peculiar to snow is in this file.
//!
//! snow 0.10.0 must be built with its feature `p256`: its key buffers then hold 65 bytes instead of 56, and ours need 64.
//! Its `Dh` is not told which side it plays, but BIP324's ECDH depends on that; so the resolver carries the side, and
//! there is one resolver for each handshake.

use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest;
use secp256k1::SecretKey;
use secp256k1::ellswift::{ElligatorSwift, ElligatorSwiftParty};
use snow::params::{
    BaseChoice, CipherChoice, DHChoice, HandshakeChoice, HandshakeModifierList, HandshakePattern, HashChoice,
    NoiseParams,
};
use snow::resolvers::CryptoResolver;
use snow::types::{Cipher, Dh, Hash, Random};
use snow::{Builder, HandshakeState};
use zeroize::{Zeroize, Zeroizing};

use super::cipher::AeadKey;
use super::key::{StaticKeypair, encode_public};
use super::{ACT_ONE_LEN, ACT_TWO_LEN, Certificate, MAC_LEN, NoiseError};

/// Hashed as the first thing of every handshake (spec section 4.5.1).
const PROTOCOL_NAME: &str = "Noise_NX_Secp256k1+EllSwift_ChaChaPoly_SHA256";

/// The keys that one side brings along.
#[derive(Clone, Copy)]
enum Keys<'a> {
    /// None: the ephemeral one is drawn.
    Drawn,
    /// The static one; the ephemeral one is drawn.
    Static(&'a StaticKeypair),
    /// The ephemeral one.
    Ephemeral(&'a StaticKeypair),
}

/// One side of one handshake.
pub(super) struct Handshake {
    state: HandshakeState,
    /// The transport keys, once snow has derived them: initiator's direction, responder's direction.
    transport: [CipherSlot; 2],
}

impl Handshake {
    /// The client's side, with act one written.
    pub(super) fn initiate(seed: [u8; 64]) -> (Self, [u8; ACT_ONE_LEN]) {
        Self::new(ElligatorSwiftParty::A, Keys::Drawn, seed).write_act_one()
    }

    /// The client's side with an ephemeral key that is given, with act one written.
    pub(super) fn initiate_with(ephemeral: &StaticKeypair) -> (Self, [u8; ACT_ONE_LEN]) {
        Self::new(ElligatorSwiftParty::A, Keys::Ephemeral(ephemeral), [0; 64]).write_act_one()
    }

    #[expect(
        clippy::expect_used,
        reason = "a fresh initiator writes, and 80 bytes are the room that snow asks for"
    )]
    fn write_act_one(self) -> (Self, [u8; ACT_ONE_LEN]) {
        let mut handshake = self;
        let mut buffer = [0; ACT_ONE_LEN + MAC_LEN];
        handshake.state.write_message(&[], &mut buffer).expect("a fresh initiator can write act one");
        let mut act_one = [0; ACT_ONE_LEN];
        act_one.copy_from_slice(&buffer[..ACT_ONE_LEN]);
        (handshake, act_one)
    }

    /// The server's side.
    pub(super) fn respond(keypair: &StaticKeypair, seed: [u8; 64]) -> Self {
        Self::new(ElligatorSwiftParty::B, Keys::Static(keypair), seed)
    }

    #[expect(
        clippy::expect_used,
        reason = "every argument is fixed here, the resolver knows all that it is asked for"
    )]
    fn new(party: ElligatorSwiftParty, keys: Keys<'_>, seed: [u8; 64]) -> Self {
        let transport = [CipherSlot::default(), CipherSlot::default()];
        let resolver = Sv2Resolver::new(party, Zeroizing::new(seed), &transport);
        let mut builder = Builder::with_resolver(params(), Box::new(resolver));
        let secret = match keys {
            Keys::Drawn => None,
            Keys::Static(key) | Keys::Ephemeral(key) => Some(key.for_resolver()),
        };
        if let Some(secret) = &secret {
            builder = match keys {
                Keys::Ephemeral(_) => builder.fixed_ephemeral_key_for_testing_only(&**secret),
                _ => builder.local_private_key(&**secret).expect("it is given once"),
            };
        }
        let state = match party {
            ElligatorSwiftParty::A => builder.build_initiator(),
            ElligatorSwiftParty::B => builder.build_responder(),
        };
        Self { state: state.expect("parameters are complete"), transport }
    }

    /// The client's side: static key and certificate of the server.
    pub(super) fn read_act_two(
        &mut self,
        act_two: &[u8; ACT_TWO_LEN],
    ) -> Result<([u8; 64], [u8; Certificate::LEN]), NoiseError> {
        let mut certificate = [0; Certificate::LEN];
        let read = self.state.read_message(act_two, &mut certificate);
        let static_key = self.state.get_remote_static();
        match read {
            Ok(_) => {}
            // snow keeps a static key that it could authenticate, even if what followed was refused.
            Err(snow::Error::Decrypt) if static_key.is_none() => {
                return Err(NoiseError::StaticKeyNotAuthentic);
            }
            Err(snow::Error::Decrypt) => return Err(NoiseError::CertificateNotAuthentic),
            Err(error) => return Err(engine(&error)),
        }
        let static_key = static_key.and_then(|key| key.try_into().ok());
        Ok((static_key.ok_or_else(|| NoiseError::Engine("no static key".to_owned()))?, certificate))
    }

    /// The server's side: act one in, act two out.
    pub(super) fn answer_act_one(
        &mut self,
        act_one: &[u8; ACT_ONE_LEN],
        certificate: &[u8; Certificate::LEN],
    ) -> Result<[u8; ACT_TWO_LEN], NoiseError> {
        let mut act_two = [0; ACT_TWO_LEN];
        self.state.read_message(act_one, &mut []).map_err(|error| engine(&error))?;
        match self.state.write_message(certificate, &mut act_two) {
            Ok(ACT_TWO_LEN) => Ok(act_two),
            Ok(length) => Err(NoiseError::Engine(format!("act two has {length} bytes"))),
            Err(error) => Err(engine(&error)),
        }
    }

    /// The transport keys, initiator's direction first. The handshake must be over.
    pub(super) fn split(self) -> Result<(AeadKey, AeadKey), NoiseError> {
        let [initiator, responder] = self.transport.map(|slot| slot.take());
        initiator.zip(responder).ok_or_else(|| NoiseError::Engine("no transport keys".to_owned()))
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handshake(..)")
    }
}

fn engine(error: &snow::Error) -> NoiseError {
    NoiseError::Engine(error.to_string())
}

/// By hand, because snow's parser does not know the curve. `Curve448` reaches nothing but our own resolver.
fn params() -> NoiseParams {
    let modifiers = HandshakeModifierList { list: Vec::new() };
    NoiseParams::new(
        PROTOCOL_NAME.to_owned(),
        BaseChoice::Noise,
        HandshakeChoice { pattern: HandshakePattern::NX, modifiers },
        DHChoice::Curve448,
        CipherChoice::ChaChaPoly,
        HashChoice::SHA256,
    )
}

struct Sv2Resolver {
    party: ElligatorSwiftParty,
    seed: Zeroizing<[u8; 64]>,
    /// Handed out from the back. snow asks for the handshake's own cipher first, then for the initiator's direction, then
    /// for the responder's.
    ciphers: RefCell<Vec<CipherSlot>>,
}

impl Sv2Resolver {
    fn new(party: ElligatorSwiftParty, seed: Zeroizing<[u8; 64]>, transport: &[CipherSlot; 2]) -> Self {
        let [initiator, responder] = transport.clone();
        Self { party, seed, ciphers: RefCell::new(vec![responder, initiator, CipherSlot::default()]) }
    }
}

impl CryptoResolver for Sv2Resolver {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Seed(Some(self.seed.clone()))))
    }

    fn resolve_dh(&self, _: &DHChoice) -> Option<Box<dyn Dh>> {
        Some(Box::new(EllSwiftDh { party: self.party, secret: Zeroizing::new([0; 32]), public: [0; 64] }))
    }

    fn resolve_hash(&self, _: &HashChoice) -> Option<Box<dyn Hash>> {
        Some(Box::new(Sha256(digest::Context::new(&digest::SHA256))))
    }

    fn resolve_cipher(&self, _: &CipherChoice) -> Option<Box<dyn Cipher>> {
        self.ciphers.borrow_mut().pop().map(|slot| Box::new(slot) as Box<dyn Cipher>)
    }
}

/// Randomness for exactly one ephemeral key.
struct Seed(Option<Zeroizing<[u8; 64]>>);

impl Random for Seed {
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), snow::Error> {
        let seed = self.0.take().ok_or(snow::Error::Rng)?;
        if dest.len() != seed.len() {
            return Err(snow::Error::Rng);
        }
        dest.copy_from_slice(&*seed);
        Ok(())
    }
}

/// BIP324's `v2_ecdh` for one side (spec section 4.4.2). A secret of zero stands for none.
struct EllSwiftDh {
    party: ElligatorSwiftParty,
    secret: Zeroizing<[u8; 32]>,
    public: [u8; 64],
}

impl Dh for EllSwiftDh {
    fn name(&self) -> &'static str {
        "Secp256k1+EllSwift"
    }

    fn pub_len(&self) -> usize {
        64
    }

    fn priv_len(&self) -> usize {
        32
    }

    fn dh_len(&self) -> usize {
        32
    }

    /// Takes secret and encoding behind one another; anything else leaves it without a key.
    fn set(&mut self, key: &[u8]) {
        if let Ok(key) = <&[u8; 96]>::try_from(key) {
            self.secret.copy_from_slice(&key[..32]);
            self.public.copy_from_slice(&key[32..]);
        }
    }

    fn generate(&mut self, rng: &mut dyn Random) -> Result<(), snow::Error> {
        let mut drawn = Zeroizing::new([0; 64]);
        rng.try_fill_bytes(&mut *drawn)?;
        let (secret, aux) = drawn.split_at(32);
        self.secret.copy_from_slice(secret);
        let aux: [u8; 32] = aux.try_into().map_err(|_| snow::Error::Rng)?;
        self.public = loop {
            if let Some(public) = encode_public(&self.secret, aux) {
                break public;
            }
            let hashed = digest::digest(&digest::SHA256, &*self.secret);
            self.secret.copy_from_slice(hashed.as_ref());
        };
        Ok(())
    }

    fn pubkey(&self) -> &[u8] {
        &self.public
    }

    fn privkey(&self) -> &[u8] {
        &*self.secret
    }

    /// Both slices are snow's 65-byte buffers, of which 64 and 32 bytes are ours.
    fn dh(&self, theirs: &[u8], out: &mut [u8]) -> Result<(), snow::Error> {
        let theirs = *theirs.first_chunk::<64>().ok_or(snow::Error::Dh)?;
        let out = out.first_chunk_mut::<32>().ok_or(snow::Error::Dh)?;
        let mut secret = SecretKey::from_slice(&*self.secret).map_err(|_| snow::Error::Dh)?;
        let (ours, theirs) = (ElligatorSwift::from_array(self.public), ElligatorSwift::from_array(theirs));
        let (a, b) = match self.party {
            ElligatorSwiftParty::A => (ours, theirs),
            ElligatorSwiftParty::B => (theirs, ours),
        };
        let mut shared = ElligatorSwift::shared_secret(a, b, secret, self.party, None).to_secret_bytes();
        out.copy_from_slice(&shared);
        shared.zeroize();
        secret.non_secure_erase();
        Ok(())
    }
}

struct Sha256(digest::Context);

impl Hash for Sha256 {
    fn name(&self) -> &'static str {
        "SHA256"
    }

    fn block_len(&self) -> usize {
        64
    }

    fn hash_len(&self) -> usize {
        32
    }

    fn reset(&mut self) {
        self.0 = digest::Context::new(&digest::SHA256);
    }

    fn input(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn result(&mut self, out: &mut [u8]) {
        let context = std::mem::replace(&mut self.0, digest::Context::new(&digest::SHA256));
        for (out, byte) in out.iter_mut().zip(context.finish().as_ref()) {
            *out = *byte;
        }
    }
}

/// A cipher that snow keys and that we can get back from it, so that records need none of snow's buffers.
#[derive(Clone, Default)]
struct CipherSlot(Arc<Mutex<Option<AeadKey>>>);

impl CipherSlot {
    fn take(&self) -> Option<AeadKey> {
        self.with(Option::take)
    }

    fn with<T>(&self, f: impl FnOnce(&mut Option<AeadKey>) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Cipher for CipherSlot {
    fn name(&self) -> &'static str {
        "ChaChaPoly"
    }

    fn set(&mut self, key: &[u8; 32]) {
        self.with(|slot| *slot = AeadKey::new(key).ok());
    }

    /// The trait has no error; the length 0, which no ciphertext has, makes [`Handshake`] refuse.
    fn encrypt(&self, nonce: u64, ad: &[u8], plaintext: &[u8], out: &mut [u8]) -> usize {
        let Some((data, rest)) = out.split_at_mut_checked(plaintext.len()) else { return 0 };
        let Some(code) = rest.first_chunk_mut::<MAC_LEN>() else { return 0 };
        data.copy_from_slice(plaintext);
        let sealed = self.with(|slot| slot.as_ref().and_then(|key| key.seal(nonce, ad, data).ok()));
        sealed.map_or(0, |sealed| {
            *code = sealed;
            plaintext.len().saturating_add(MAC_LEN)
        })
    }

    fn decrypt(&self, nonce: u64, ad: &[u8], record: &[u8], out: &mut [u8]) -> Result<usize, snow::Error> {
        let mut buffer = record.to_vec();
        let opened = self.with(|slot| slot.as_ref().and_then(|key| key.open(nonce, ad, &mut buffer).ok()));
        let plaintext = opened.ok_or(snow::Error::Decrypt)?;
        out.get_mut(..plaintext.len()).ok_or(snow::Error::Decrypt)?.copy_from_slice(plaintext);
        Ok(plaintext.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the test vectors published with BIP324 (packet encoding: `in_priv_ours`, `in_ellswift_ours`,
    /// `in_ellswift_theirs`, `in_initiating`, `mid_shared_secret`).
    struct Vector {
        initiating: bool,
        secret: &'static str,
        ours: &'static str,
        theirs: &'static str,
        shared: &'static str,
    }

    const BIP324: [Vector; 4] = [
        Vector {
            initiating: true,
            secret: "61062ea5071d800bbfd59e2e8b53d47d194b095ae5a4df04936b49772ef0d4d7",
            ours: "ec0adff257bbfe500c188c80b4fdd640f6b45a482bbc15fc7cef5931deff0aa1\
                86f6eb9bba7b85dc4dcc28b28722de1e3d9108b985e2967045668f66098e475b",
            theirs: "a4a94dfce69b4a2a0a099313d10f9f7e7d649d60501c9e1d274c300e0d89aafa\
                ffffffffffffffffffffffffffffffffffffffffffffffffffffffff8faf88d5",
            shared: "c6992a117f5edbea70c3f511d32d26b9798be4b81a62eaee1a5acaa8459a3592",
        },
        Vector {
            initiating: false,
            secret: "1f9c581b35231838f0f17cf0c979835baccb7f3abbbb96ffcc318ab71e6e126f",
            ours: "a1855e10e94e00baa23041d916e259f7044e491da6171269694763f018c7e636\
                93d29575dcb464ac816baa1be353ba12e3876cba7628bd0bd8e755e721eb0140",
            theirs: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f\
                0000000000000000000000000000000000000000000000000000000000000000",
            shared: "a0138f564f74d0ad70bc337dacc9d0bf1d2349364caf1188a1e6e8ddb3b7b184",
        },
        Vector {
            initiating: true,
            secret: "0286c41cd30913db0fdff7a64ebda5c8e3e7cef10f2aebc00a7650443cf4c60d",
            ours: "d1ee8a93a01130cbf299249a258f94feb5f469e7d0f2f28f69ee5e9aa8f9b54a\
                60f2c3ff2d023634ec7f4127a96cc11662e402894cf1f694fb9a7eaa5f1d9244",
            theirs: "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff22d5e441\
                524d571a52b3def126189d3f416890a99d4da6ede2b0cde1760ce2c3f98457ae",
            shared: "250b93570d411149105ab8cb0bc5079914906306368c23e9d77c2a33265b994c",
        },
        Vector {
            initiating: false,
            secret: "6c77432d1fda31e9f942f8af44607e10f3ad38a65f8a4bddae823e5eff90dc38",
            ours: "d2685070c1e6376e633e825296634fd461fa9e5bdf2109bcebd735e5a91f3e58\
                7c5cb782abb797fbf6bb5074fd1542a474f2a45b673763ec2db7fb99b737bbb9",
            theirs: "56bd0c06f10352c3a1a9f4b4c92f6fa2b26df124b57878353c1fc691c51abea7\
                7c8817daeeb9fa546b77c8daf79d89b22b0e1b87574ece42371f00237aa9d83a",
            shared: "1918b741ef5f9d1d7670b050c152b4a4ead2c31be9aecb0681c0cd4324150853",
        },
    ];

    fn dh_with(party: ElligatorSwiftParty, key: &[u8]) -> Box<dyn Dh> {
        let slots = [CipherSlot::default(), CipherSlot::default()];
        let resolver = Sv2Resolver::new(party, Zeroizing::new([1; 64]), &slots);
        let mut dh = resolver.resolve_dh(&DHChoice::Curve448).unwrap();
        dh.set(key);
        dh
    }

    #[test]
    fn ecdh_follows_bip324() {
        for Vector { initiating, secret, ours, theirs, shared } in BIP324 {
            let party = if initiating { ElligatorSwiftParty::A } else { ElligatorSwiftParty::B };
            let dh = dh_with(party, &hex::decode(format!("{secret}{ours}")).unwrap());
            let mut out = [0; 65];
            dh.dh(&hex::decode(theirs).unwrap(), &mut out).unwrap();
            assert_eq!(hex::encode(&out[..32]), shared);
        }
    }

    #[test]
    fn ecdh_depends_on_the_side() {
        let Vector { secret, ours, theirs, shared, .. } = &BIP324[0];
        let dh = dh_with(ElligatorSwiftParty::B, &hex::decode(format!("{secret}{ours}")).unwrap());
        let mut out = [0; 65];
        dh.dh(&hex::decode(theirs).unwrap(), &mut out).unwrap();
        assert_ne!(hex::encode(&out[..32]), *shared);
    }

    #[test]
    fn ecdh_without_a_valid_key_or_room_is_an_error() {
        for key in [vec![], vec![1; 32], vec![0; 96], vec![0xff; 96]] {
            let dh = dh_with(ElligatorSwiftParty::A, &key);
            assert_eq!(dh.dh(&[5; 65], &mut [0; 65]), Err(snow::Error::Dh));
        }
        let dh = dh_with(ElligatorSwiftParty::A, &[1; 96]);
        assert_eq!(dh.dh(&[5; 65], &mut [0; 65]), Ok(()));
        assert_eq!(dh.dh(&[5; 63], &mut [0; 65]), Err(snow::Error::Dh));
        assert_eq!(dh.dh(&[5; 65], &mut [0; 31]), Err(snow::Error::Dh));
    }

    #[test]
    fn seed_is_used_once() {
        let mut seed = Seed(Some(Zeroizing::new([9; 64])));
        let mut drawn = [0; 64];
        assert_eq!(seed.try_fill_bytes(&mut drawn), Ok(()));
        assert_eq!(drawn, [9; 64]);
        assert_eq!(seed.try_fill_bytes(&mut drawn), Err(snow::Error::Rng));
    }

    #[test]
    fn hash_is_sha256_and_starts_afresh() {
        let mut hash = Sha256(digest::Context::new(&digest::SHA256));
        for _ in 0..2 {
            let mut out = [0; 64];
            hash.input(b"a");
            hash.input(b"bc");
            hash.result(&mut out);
            assert_eq!(
                hex::encode(&out[..32]),
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-2, "abc"
            );
        }
    }

    #[test]
    fn cipher_without_key_or_room_refuses() {
        let mut slot = CipherSlot::default();
        assert_eq!(slot.encrypt(0, &[], b"data", &mut [0; 20]), 0);
        slot.set(&[1; 32]);
        assert_eq!(slot.encrypt(0, &[], b"data", &mut [0; 19]), 0);
        let mut record = [0; 20];
        assert_eq!(slot.encrypt(0, &[], b"data", &mut record), 20);
        assert_eq!(slot.decrypt(0, &[], &record, &mut [0; 3]), Err(snow::Error::Decrypt));
        let mut plaintext = [0; 4];
        assert_eq!(slot.decrypt(0, &[], &record, &mut plaintext), Ok(4));
        assert_eq!(&plaintext, b"data");
        assert!(slot.take().is_some());
        assert_eq!(slot.decrypt(0, &[], &record, &mut plaintext), Err(snow::Error::Decrypt));
    }
}
