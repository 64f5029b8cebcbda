//! ChaCha20-Poly1305 with Noise's nonces (spec section 4.4.1).

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

use super::MAC_LEN;

/// The bytes do not authenticate, or are too short or too long to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused;

/// One AEAD key. The only copy lives in memory of aws-lc, which wipes what it frees.
pub(super) struct AeadKey(LessSafeKey);

impl AeadKey {
    pub(super) fn new(key: &[u8; 32]) -> Result<Self, Refused> {
        UnboundKey::new(&CHACHA20_POLY1305, key).map(|key| Self(LessSafeKey::new(key))).map_err(|_| Refused)
    }

    /// Turns plaintext into ciphertext where it stands; the authentication code is handed back.
    pub(super) fn seal(&self, nonce: u64, ad: &[u8], data: &mut [u8]) -> Result<[u8; MAC_LEN], Refused> {
        let tag = self.0.seal_in_place_separate_tag(noise_nonce(nonce), Aad::from(ad), data);
        tag.ok().and_then(|tag| tag.as_ref().try_into().ok()).ok_or(Refused)
    }

    /// Turns ciphertext and code into plaintext where it stands, code cut off.
    pub(super) fn open<'r>(
        &self,
        nonce: u64,
        ad: &[u8],
        record: &'r mut [u8],
    ) -> Result<&'r mut [u8], Refused> {
        self.0.open_in_place(noise_nonce(nonce), Aad::from(ad), record).map_err(|_| Refused)
    }
}

impl std::fmt::Debug for AeadKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AeadKey(..)")
    }
}

/// 32 zero bits, then the counter, little-endian.
fn noise_nonce(counter: u64) -> Nonce {
    let mut bytes = [0; 12];
    bytes[4..].copy_from_slice(&counter.to_le_bytes());
    Nonce::assume_unique_for_key(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8439, appendix A.5: the published vector whose nonce begins with 32 zero bits, as Noise's do.
    const KEY: &str = "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0";
    const NONCE: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
    const AD: &str = "f33388860000000000004e91";
    const CIPHERTEXT: &str = "64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb2\
        4c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf\
        332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c855\
        9797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4\
        b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523e\
        af4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a\
        0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a10\
        49e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29\
        a6ad5cb4022b02709b";
    const TAG: &str = "eead9d67890cbb22392336fea1851f38";
    const PLAINTEXT: &str = "Internet-Drafts are draft documents valid for a maximum of six months and may be \
        updated, replaced, or obsoleted by other documents at any time. It is inappropriate to use Internet-Drafts \
        as reference material or to cite them other than as /\u{201c}work in progress./\u{201d}";

    fn key() -> AeadKey {
        AeadKey::new(&hex::decode(KEY).unwrap().try_into().unwrap()).unwrap()
    }

    #[test]
    fn rfc_8439_vector_opens() {
        let mut record = hex::decode(CIPHERTEXT).unwrap();
        record.extend(hex::decode(TAG).unwrap());
        let plaintext =
            key().open(u64::from_le_bytes(NONCE), &hex::decode(AD).unwrap(), &mut record).unwrap();
        assert_eq!(std::str::from_utf8(plaintext), Ok(PLAINTEXT));
    }

    #[test]
    fn rfc_8439_vector_seals() {
        let mut data = PLAINTEXT.as_bytes().to_vec();
        let tag = key().seal(u64::from_le_bytes(NONCE), &hex::decode(AD).unwrap(), &mut data).unwrap();
        assert_eq!((hex::encode(data), hex::encode(tag)), (CIPHERTEXT.to_owned(), TAG.to_owned()));
    }

    #[test]
    fn other_nonce_or_associated_data_is_refused() {
        let mut record = vec![7; 40];
        let tag = key().seal(1, b"ad", &mut record).unwrap();
        record.extend(tag);
        assert_eq!(key().open(2, b"ad", &mut record.clone()), Err(Refused));
        assert_eq!(key().open(1, b"da", &mut record.clone()), Err(Refused));
        assert_eq!(key().open(1, b"ad", &mut record).unwrap(), [7; 40]);
    }
}
