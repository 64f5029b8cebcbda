//! The virtual miner's arithmetic: coinbase, merkle root, header and search, from bytes and SHA-256 alone.
//!
//! The reference pool computes the same with the bitcoin crate. The two share no code on purpose: a mistake in one
//! shows as a disagreement with the other.

use sha2::block_api::compress256;
use sha2::{Digest, Sha256};
use sv2_session::{Job, JobState, Work};
use sv2_wire::{B0_32, Message, SubmitSharesExtended, SubmitSharesStandard, U256, ValueError};

/// The version bits that may be rolled: 24 bits, 5 to 28 (BIP323, spec section 5.1).
pub const ROLLABLE_VERSION_BITS: u32 = 0x1fff_ffe0;

/// SHA-256 of SHA-256.
pub fn sha256d(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(Sha256::digest(bytes)).into()
}

/// Id of a coinbase transaction that is put together from its parts (spec section 5.3.16).
pub fn coinbase_txid(prefix: &[u8], extranonce_prefix: &[u8], extranonce: &[u8], suffix: &[u8]) -> [u8; 32] {
    sha256d(&[prefix, extranonce_prefix, extranonce, suffix].concat())
}

/// Folds a merkle path, the deepest hash first, over the coinbase's id (spec section 5.3.16).
pub fn merkle_root(coinbase_txid: [u8; 32], path: &[U256]) -> [u8; 32] {
    path.iter().fold(coinbase_txid, |left, right| sha256d(&[left, right.to_le_bytes()].concat()))
}

/// An 80-byte block header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Version.
    pub version: u32,
    /// Hash of the previous block.
    pub prev_hash: U256,
    /// Merkle root.
    pub merkle_root: [u8; 32],
    /// Time in Unix seconds.
    pub ntime: u32,
    /// Compact network target.
    pub nbits: u32,
    /// Nonce.
    pub nonce: u32,
}

impl Header {
    /// The header's bytes as they are hashed.
    pub fn to_bytes(self) -> [u8; 80] {
        let mut bytes = [0; 80];
        bytes[..4].copy_from_slice(&self.version.to_le_bytes());
        bytes[4..36].copy_from_slice(&self.prev_hash.to_le_bytes());
        bytes[36..68].copy_from_slice(&self.merkle_root);
        bytes[68..72].copy_from_slice(&self.ntime.to_le_bytes());
        bytes[72..76].copy_from_slice(&self.nbits.to_le_bytes());
        bytes[76..].copy_from_slice(&self.nonce.to_le_bytes());
        bytes
    }

    /// The header's hash, as the number that is compared with targets.
    pub fn hash(self) -> U256 {
        U256::from_le_bytes(sha256d(&self.to_bytes()))
    }
}

/// The target that `nbits` stands for (Bitcoin's compact form): its first byte counts the bytes of the number, the others are
/// the first three of them. What is no target is 0.
pub fn network_target(nbits: u32) -> U256 {
    let [length, digits @ ..] = nbits.to_be_bytes();
    let mut number = [0; 32];
    for (place, digit) in (0..32).rev().skip(usize::from(length).saturating_sub(3)).zip(digits.iter().rev()) {
        number[place] = *digit;
    }
    // Three bytes or less are the first of the three; a sign makes no target.
    if length < 3 || digits[0] & 0x80 != 0 { U256::ZERO } else { U256::from_be_bytes(number) }
}

/// What a search may change, and where it begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Header version.
    pub version: u32,
    /// Header time.
    pub ntime: u32,
    /// Extranonce, of the job's size.
    pub extranonce: Vec<u8>,
    /// First nonce to try; the search wraps around.
    pub nonce: u32,
}

impl Settings {
    /// The share that says this: a SubmitSharesExtended, or a SubmitSharesStandard, which has no extranonce.
    ///
    /// # Errors
    /// The extranonce is longer than 32 bytes.
    pub fn share(
        &self,
        (channel_id, job_id): (u32, u32),
        sequence_number: u32,
        is_extended: bool,
    ) -> Result<Message, ValueError> {
        let Self { version, ntime, nonce, .. } = *self;
        if !is_extended {
            let share = SubmitSharesStandard { channel_id, sequence_number, job_id, nonce, ntime, version };
            return Ok(share.into());
        }
        let extranonce = B0_32::new(self.extranonce.clone())?;
        let share =
            SubmitSharesExtended { channel_id, sequence_number, job_id, nonce, ntime, version, extranonce };
        Ok(share.into())
    }
}

/// Which hashes are wanted: those above `above` (if any) and at or below `at_most`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Hashes must be greater than this.
    pub above: Option<U256>,
    /// Hashes must not be greater than this.
    pub at_most: U256,
}

impl Wanted {
    /// Hashes that meet a target.
    pub fn within(target: U256) -> Self {
        Self { above: None, at_most: target }
    }

    /// Hashes that do not.
    pub fn beyond(target: U256) -> Self {
        Self { above: Some(target), at_most: U256::MAX }
    }

    fn contains(self, hash: U256) -> bool {
        hash <= self.at_most && self.above.is_none_or(|bound| hash > bound)
    }
}

/// A solution that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solution {
    /// What it was found with; `nonce` is the solution's.
    pub settings: Settings,
    /// The header's hash.
    pub hash: U256,
    /// Hashes that the search took.
    pub hashes: u64,
}

/// Why a search gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// The job waits for a SetNewPrevHash, or a newer one ended it.
    #[error("the job is not active")]
    NotActive,
    /// Nothing wanted among so many hashes.
    #[error("none of {0} hashes was in the wanted range")]
    Budget(u64),
}

/// The header that a job and the settings give, or nothing unless the job is active.
pub fn header(job: &Job, settings: &Settings) -> Option<Header> {
    let JobState::Active { prev_hash, nbits, .. } = job.state else { return None };
    let merkle_root = match &job.work {
        Work::MerkleRoot(root) => root.to_le_bytes(),
        Work::Coinbase { prefix, suffix, merkle_path } => {
            let txid = coinbase_txid(prefix, &job.extranonce_prefix, &settings.extranonce, suffix);
            merkle_root(txid, merkle_path)
        }
    };
    let Settings { version, ntime, nonce, .. } = *settings;
    Some(Header { version, prev_hash, merkle_root, ntime, nbits, nonce })
}

/// SHA-256 of SHA-256 of one header under many nonces: two compressions each, since the first 64 bytes stay as they are.
struct HeaderHasher {
    /// What is left of the first 64 bytes.
    midstate: [u32; 8],
    /// The last 16 bytes of the header and their padding.
    tail: [u8; 64],
    /// The first hash and its padding.
    inner: [u8; 64],
}

impl HeaderHasher {
    /// SHA-256's state before the first byte (FIPS 180-4, section 5.3.3).
    const INITIAL: [u32; 8] = [
        0x6a09_e667,
        0xbb67_ae85,
        0x3c6e_f372,
        0xa54f_f53a,
        0x510e_527f,
        0x9b05_688c,
        0x1f83_d9ab,
        0x5be0_cd19,
    ];

    fn new(header: &Header) -> Self {
        let bytes = header.to_bytes();
        let (first, last) = bytes.split_first_chunk().expect("a header has 80 bytes");
        let mut midstate = Self::INITIAL;
        compress256(&mut midstate, std::slice::from_ref(first));
        Self { midstate, tail: padded(last, 80), inner: padded(&[0; 32], 32) }
    }

    fn hash(&mut self, nonce: u32) -> U256 {
        self.tail[12..16].copy_from_slice(&nonce.to_le_bytes());
        self.inner[..32].copy_from_slice(&digest(self.midstate, &self.tail));
        U256::from_le_bytes(digest(Self::INITIAL, &self.inner))
    }
}

/// The last block of a message of so many bytes (FIPS 180-4, section 5.1.1); what is left of it has to fit.
fn padded(last: &[u8], message_len: u64) -> [u8; 64] {
    let mut block = [0; 64];
    block[..last.len()].copy_from_slice(last);
    block[last.len()] = 0x80;
    block[56..].copy_from_slice(&message_len.saturating_mul(8).to_be_bytes());
    block
}

/// The digest after one more block, the last one.
fn digest(mut state: [u32; 8], block: &[u8; 64]) -> [u8; 32] {
    compress256(&mut state, std::slice::from_ref(block));
    let mut bytes = [0; 32];
    for (four, word) in bytes.chunks_exact_mut(4).zip(state) {
        four.copy_from_slice(&word.to_be_bytes());
    }
    bytes
}

/// Tries nonces from `settings.nonce` on, `budget` of them at most.
///
/// # Errors
/// The job is not active, or the budget is used up.
pub fn search(job: &Job, settings: &Settings, wanted: Wanted, budget: u64) -> Result<Solution, SearchError> {
    let header = header(job, settings).ok_or(SearchError::NotActive)?;
    let mut hasher = HeaderHasher::new(&header);
    let mut nonce = settings.nonce;
    for hashes in 1..=budget {
        let hash = hasher.hash(nonce);
        if wanted.contains(hash) {
            return Ok(Solution { settings: Settings { nonce, ..settings.clone() }, hash, hashes });
        }
        nonce = nonce.wrapping_add(1);
    }
    Err(SearchError::Budget(budget))
}

/// What a search finds, or else that with which it began.
pub fn search_or_start(job: &Job, start: Settings, wanted: Wanted, budget: u64) -> Settings {
    search(job, &start, wanted, budget).map_or(start, |found| found.settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn array(hex: &str) -> [u8; 32] {
        hex::decode(hex).unwrap().try_into().unwrap()
    }

    fn number(hex: &str) -> U256 {
        U256::from_be_bytes(array(hex))
    }

    /// Block 0 of the main network.
    fn genesis() -> Header {
        let root = number("4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b");
        Header {
            version: 1,
            prev_hash: U256::ZERO,
            merkle_root: root.to_le_bytes(),
            ntime: 1_231_006_505,
            nbits: 0x1d00_ffff,
            nonce: 2_083_236_893,
        }
    }

    #[test]
    fn the_genesis_block_hashes_to_its_hash() {
        let hash = number("000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f");
        assert_eq!(genesis().hash(), hash);
    }

    #[test]
    fn nbits_are_a_target() {
        let difficulty_1 = number("00000000ffff0000000000000000000000000000000000000000000000000000");
        assert_eq!(network_target(genesis().nbits), difficulty_1);
        let regtest = number("7fffff0000000000000000000000000000000000000000000000000000000000");
        assert_eq!(network_target(0x207f_ffff), regtest);
        // Block 900,000 of the main network.
        let hard = number("0000000000000000000248560000000000000000000000000000000000000000");
        assert_eq!(network_target(0x1702_4856), hard);
        assert_eq!(
            (network_target(0x0300_0012), network_target(0x04ff_ffff)),
            (U256::from(0x12), U256::ZERO)
        );
    }

    #[test]
    fn the_genesis_coinbase_gives_the_merkle_root() {
        let raw = "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d\
                   0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66\
                   207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe55\
                   48271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba\
                   0b8d578a4c702b6bf11d5fac00000000";
        let raw = hex::decode(raw.replace(char::is_whitespace, "")).unwrap();
        let txid = coinbase_txid(&raw[..42], &raw[42..50], &raw[50..60], &raw[60..]);
        assert_eq!(merkle_root(txid, &[]), genesis().merkle_root);
    }

    /// Block 170 of the main network: the coinbase and the first payment.
    #[test]
    fn a_path_of_one_gives_the_root_of_block_170() {
        let coinbase = number("b1fea52486ce0c62bb442b530a3f0132b826c74e473d1f2c220bfa78111c5082");
        let payment = number("f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16");
        let root = number("7dac2c5666815c17a3b36427de37bb9d2e2c5ccec3f8633eb91a4205cb4c10ff");
        assert_eq!(merkle_root(coinbase.to_le_bytes(), &[payment]), root.to_le_bytes());
    }

    #[test]
    fn a_search_finds_the_genesis_nonce() {
        let genesis = genesis();
        let job = Job {
            channel_id: 1,
            job_id: 1,
            order: 1,
            version: 1,
            version_rolling_allowed: true,
            work: Work::MerkleRoot(U256::from_le_bytes(genesis.merkle_root)),
            extranonce_prefix: Vec::new(),
            extranonce_size: 0,
            state: JobState::Active {
                prev_hash: U256::ZERO,
                nbits: genesis.nbits,
                min_ntime: genesis.ntime,
                tip: 1,
                since: Duration::ZERO,
            },
            hardest_target: U256::MAX,
            easiest_target: U256::MAX,
            came_as_future: true,
        };
        let start = genesis.nonce - 1000;
        let settings = Settings { version: 1, ntime: genesis.ntime, extranonce: Vec::new(), nonce: start };
        let difficulty_1 = number("00000000ffff0000000000000000000000000000000000000000000000000000");
        let wanted = Wanted::within(difficulty_1);
        let solution = search(&job, &settings, wanted, 2000).unwrap();
        assert_eq!((solution.settings.nonce, solution.hashes), (genesis.nonce, 1001));
        assert_eq!(search(&job, &settings, wanted, 1000), Err(SearchError::Budget(1000)));
        let future = Job { state: JobState::Future, ..job };
        assert_eq!(search(&future, &settings, wanted, 1), Err(SearchError::NotActive));
    }
}
