//! Records after the handshake (spec section 4.6): one Noise message in, one out.

use super::cipher::AeadKey;
use super::{MAC_LEN, MAX_MESSAGE_LEN, MAX_PLAINTEXT_LEN, NoiseError};

/// Both directions of an encrypted connection, as one side has them.
#[derive(Debug)]
pub struct Transport {
    sealer: Sealer,
    opener: Opener,
}

impl Transport {
    pub(super) fn new(ours: AeadKey, theirs: AeadKey) -> Self {
        Self { sealer: Sealer { key: ours, nonce: 0 }, opener: Opener { key: Some(theirs), nonce: 0 } }
    }

    /// A session without a handshake, out of the keys of our direction and of the peer's.
    #[cfg(feature = "fuzz")]
    pub(crate) fn of_keys(ours: &[u8; 32], theirs: &[u8; 32]) -> Result<Self, NoiseError> {
        let key = |bytes| AeadKey::new(bytes).map_err(|_| NoiseError::Engine("no key".to_owned()));
        Ok(Self::new(key(ours)?, key(theirs)?))
    }

    /// [`Sealer::seal`].
    ///
    /// # Errors
    /// As there.
    pub fn seal(&mut self, plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), NoiseError> {
        self.sealer.seal(plaintext, out)
    }

    /// [`Opener::open`].
    ///
    /// # Errors
    /// As there.
    pub fn open(&mut self, ciphertext: &[u8], out: &mut Vec<u8>) -> Result<(), NoiseError> {
        self.opener.open(ciphertext, out)
    }

    /// [`Opener::open_in_place`].
    ///
    /// # Errors
    /// As there.
    pub fn open_in_place<'r>(&mut self, record: &'r mut [u8]) -> Result<&'r mut [u8], NoiseError> {
        self.opener.open_in_place(record)
    }

    /// One record of any length, also above [`MAX_PLAINTEXT_LEN`]. For tests of a client only: it has to refuse such a record.
    ///
    /// # Errors
    /// [`NoiseError::NonceExhausted`].
    pub fn seal_unbounded(&mut self, plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), NoiseError> {
        let mut record = plaintext.to_vec();
        let code = self.sealer.seal_any(&mut record)?;
        out.extend_from_slice(&record);
        out.extend_from_slice(&code);
        Ok(())
    }

    /// Exchanges the keys of the two directions. For tests of the other side only.
    pub fn swap_directions(&mut self) {
        if let Some(theirs) = &mut self.opener.key {
            std::mem::swap(&mut self.sealer.key, theirs);
        }
    }

    /// The two directions apart, for a writer and a reader that know nothing of each other.
    #[must_use]
    pub fn split(self) -> (Sealer, Opener) {
        (self.sealer, self.opener)
    }
}

/// Our direction: plaintext becomes records.
#[derive(Debug)]
pub struct Sealer {
    key: AeadKey,
    nonce: u64,
}

impl Sealer {
    /// Appends one record, ciphertext and authentication code, to `out`.
    ///
    /// # Errors
    /// [`NoiseError::PlaintextTooLong`] above [`MAX_PLAINTEXT_LEN`] bytes, [`NoiseError::NonceExhausted`]; `out` is then
    /// as it was, and the session goes on.
    pub fn seal(&mut self, plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), NoiseError> {
        check_plaintext(plaintext.len())?;
        let start = out.len();
        out.reserve(plaintext.len().saturating_add(MAC_LEN));
        out.extend_from_slice(plaintext);
        match self.seal_in_place(out.split_at_mut(start).1) {
            Ok(code) => out.extend_from_slice(&code),
            Err(error) => {
                out.truncate(start);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Encrypts `data` where it stands and hands back the authentication code that belongs behind it. Saves the copy of
    /// [`seal`](Self::seal).
    ///
    /// # Errors
    /// As [`seal`](Self::seal).
    pub fn seal_in_place(&mut self, data: &mut [u8]) -> Result<[u8; MAC_LEN], NoiseError> {
        check_plaintext(data.len())?;
        self.seal_any(data)
    }

    fn seal_any(&mut self, data: &mut [u8]) -> Result<[u8; MAC_LEN], NoiseError> {
        let next = next_nonce(self.nonce)?;
        let code = self
            .key
            .seal(self.nonce, &[], data)
            .map_err(|_| NoiseError::Engine("the cipher refused to encrypt".to_owned()))?;
        self.nonce = next;
        Ok(code)
    }
}

/// The peer's direction: records become plaintext. After one that fails, all are refused and the key is gone.
#[derive(Debug)]
pub struct Opener {
    /// `None` once the session is over.
    key: Option<AeadKey>,
    nonce: u64,
}

impl Opener {
    /// Appends the plaintext of one record to `out`.
    ///
    /// # Errors
    /// The record is shorter than its code, above [`MAX_MESSAGE_LEN`], or not authentic; `out` is then as it was, and from
    /// then on the answer is [`NoiseError::SessionTerminated`].
    pub fn open(&mut self, ciphertext: &[u8], out: &mut Vec<u8>) -> Result<(), NoiseError> {
        let start = out.len();
        out.extend_from_slice(ciphertext);
        let opened = self.open_in_place(out.split_at_mut(start).1).map(|plaintext| plaintext.len());
        out.truncate(start.saturating_add(*opened.as_ref().unwrap_or(&0)));
        opened.map(drop)
    }

    /// Decrypts one record where it stands and hands back the part of it that is the plaintext. Saves the copy of
    /// [`open`](Self::open).
    ///
    /// # Errors
    /// As [`open`](Self::open); the record's bytes are then meaningless.
    pub fn open_in_place<'r>(&mut self, record: &'r mut [u8]) -> Result<&'r mut [u8], NoiseError> {
        match self.try_open(record) {
            Ok((plaintext, next)) => {
                self.nonce = next;
                Ok(plaintext)
            }
            Err(error) => {
                self.key = None;
                Err(error)
            }
        }
    }

    /// The plaintext, and the nonce of the record after it.
    fn try_open<'r>(&self, record: &'r mut [u8]) -> Result<(&'r mut [u8], u64), NoiseError> {
        let key = self.key.as_ref().ok_or(NoiseError::SessionTerminated)?;
        let next = next_nonce(self.nonce)?;
        let length = record.len();
        if length < MAC_LEN {
            return Err(NoiseError::MessageTooShort { length });
        }
        if length > MAX_MESSAGE_LEN {
            return Err(NoiseError::MessageTooLong { length });
        }
        let plaintext = key.open(self.nonce, &[], record);
        plaintext
            .map(|plaintext| (plaintext, next))
            .map_err(|_| NoiseError::DecryptionFailed { nonce: self.nonce })
    }
}

/// The record that a plaintext becomes under a key and a nonce, apart from any session.
#[cfg(feature = "fuzz")]
pub(crate) fn record_of(key: &[u8; 32], nonce: u64, plaintext: &[u8]) -> Option<Vec<u8>> {
    let mut record = plaintext.to_vec();
    let code = AeadKey::new(key).and_then(|key| key.seal(nonce, &[], &mut record)).ok()?;
    record.extend_from_slice(&code);
    Some(record)
}

fn check_plaintext(length: usize) -> Result<(), NoiseError> {
    if length > MAX_PLAINTEXT_LEN { Err(NoiseError::PlaintextTooLong { length }) } else { Ok(()) }
}

/// 2^64 - 1 itself is reserved (Noise revision 34, section 5.1), so the step past it never has to be taken.
fn next_nonce(nonce: u64) -> Result<u64, NoiseError> {
    nonce.checked_add(1).ok_or(NoiseError::NonceExhausted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(nonce: u64) -> (Sealer, Opener) {
        let key = || AeadKey::new(&[3; 32]).unwrap();
        (Sealer { key: key(), nonce }, Opener { key: Some(key()), nonce })
    }

    #[test]
    fn last_nonce_is_reserved() {
        let (mut sealer, mut opener) = pair(u64::MAX - 1);
        let mut record = Vec::new();
        sealer.seal(b"last", &mut record).unwrap();
        let sealed = record.clone();
        assert_eq!(sealer.seal(b"one more", &mut record), Err(NoiseError::NonceExhausted));
        assert_eq!(record, sealed);

        let mut plaintext = Vec::new();
        opener.open(&record, &mut plaintext).unwrap();
        assert_eq!(plaintext, b"last");
        assert_eq!(opener.open(&record, &mut plaintext), Err(NoiseError::NonceExhausted));
        assert_eq!(opener.open(&record, &mut plaintext), Err(NoiseError::SessionTerminated));
    }

    #[test]
    fn key_is_dropped_with_the_first_failure() {
        let (_, mut opener) = pair(0);
        assert!(opener.open(&[0; 16], &mut Vec::new()).is_err());
        assert!(opener.key.is_none());
    }
}
