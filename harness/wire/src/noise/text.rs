//! Keys as base58check text (spec section 4.7).

use zeroize::Zeroizing;

use super::KeyError;

/// Prefix of an authority's public key: version 1, U16 little-endian (spec section 4.7).
const PUBLIC_VERSION: [u8; 2] = [1, 0];
/// Longest text that is looked at. Keys have at most 52 characters, and base58 takes quadratic time.
const MAX_TEXT_LEN: usize = 64;

/// What is wrong with the text of a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyTextError {
    /// More characters than any key has.
    #[error("{length} bytes of text are too long for a key")]
    TooLong {
        /// Length of the text in bytes.
        length: usize,
    },
    /// A character outside the base58 alphabet (which lacks 0, O, I and l).
    #[error("{character:?} at byte {position} is no base58 character")]
    Character {
        /// The character.
        character: char,
        /// Where it stands, in bytes from the start of the key.
        position: usize,
    },
    /// The last four bytes are not the checksum of those before: a mistyped or cut key.
    #[error("checksum does not match: the key is mistyped or cut short")]
    Checksum,
    /// The checksum is right, but the key is of another kind.
    #[error("{actual} bytes instead of {expected} without the checksum")]
    Length {
        /// Length of what was encoded, in bytes.
        actual: usize,
        /// Length that this kind of key has, version prefix included.
        expected: usize,
    },
    /// The version prefix is not `[1, 0]`.
    #[error("version prefix is {actual:?} instead of [1, 0]")]
    Version {
        /// The first two bytes.
        actual: [u8; 2],
    },
    /// Well-formed text of something that is no key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

pub(super) fn encode_public(x_only: [u8; 32]) -> String {
    let mut bytes = PUBLIC_VERSION.to_vec();
    bytes.extend(x_only);
    base58ck::encode_check(&bytes)
}

pub(super) fn decode_public(text: &str) -> Result<[u8; 32], KeyTextError> {
    let [v0, v1, x_only @ ..] = *decode::<34>(text)?;
    if [v0, v1] == PUBLIC_VERSION { Ok(x_only) } else { Err(KeyTextError::Version { actual: [v0, v1] }) }
}

pub(super) fn encode_secret(secret: &[u8; 32]) -> Zeroizing<String> {
    Zeroizing::new(base58ck::encode_check(secret))
}

pub(super) fn decode_secret(text: &str) -> Result<Zeroizing<[u8; 32]>, KeyTextError> {
    decode::<32>(text)
}

/// The `N` bytes that base58check text stands for.
fn decode<const N: usize>(text: &str) -> Result<Zeroizing<[u8; N]>, KeyTextError> {
    if text.len() > MAX_TEXT_LEN {
        return Err(KeyTextError::TooLong { length: text.len() });
    }
    if let Some((position, character)) = text.char_indices().find(|&(_, character)| !is_base58(character)) {
        return Err(KeyTextError::Character { character, position });
    }
    let bytes = Zeroizing::new(base58ck::decode_check(text).map_err(|_| KeyTextError::Checksum)?);
    let wrong_length = KeyTextError::Length { actual: bytes.len(), expected: N };
    bytes.as_slice().try_into().map(Zeroizing::new).map_err(|_| wrong_length)
}

/// Whether base58 has this character.
fn is_base58(character: char) -> bool {
    character.is_ascii_alphanumeric() && !matches!(character, '0' | 'O' | 'I' | 'l')
}
