//! A third reckoning: from the pool's messages, in their order, to 80 bytes of header and a comparison of bytes. It knows neither
//! the model of the connection nor the miner's arithmetic nor the bitcoin crate.

use sha2::{Digest, Sha256};
use sv2_wire::{Message, NewExtendedMiningJob, SetNewPrevHash};

/// A share's fields, of either message.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    pub(super) channel: u32,
    pub(super) job: u32,
    pub(super) nonce: u32,
    pub(super) ntime: u32,
    pub(super) version: u32,
    pub(super) extranonce: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn of(share: &'a Message) -> Option<Self> {
        Some(match share {
            Message::SubmitSharesStandard(share) => Self {
                channel: share.channel_id,
                job: share.job_id,
                nonce: share.nonce,
                ntime: share.ntime,
                version: share.version,
                extranonce: &[],
            },
            Message::SubmitSharesExtended(share) => Self {
                channel: share.channel_id,
                job: share.job_id,
                nonce: share.nonce,
                ntime: share.ntime,
                version: share.version,
                extranonce: share.extranonce.as_slice(),
            },
            _ => return None,
        })
    }
}

/// What it comes to.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) is_valid: bool,
    /// The hash meets the network's target, and nothing but the target of the channel can be wrong.
    pub(super) is_block: bool,
    pub(super) header: Option<[u8; 80]>,
}

impl Verdict {
    const NO: Self = Self { is_valid: false, is_block: false, header: None };
}

/// What the pool said about one job, on a connection with one channel.
#[derive(Default)]
struct Heard<'a> {
    prefix: &'a [u8],
    target: [u8; 32],
    size: usize,
    is_fixed: bool,
    tip: Option<&'a SetNewPrevHash>,
    job: Option<&'a Message>,
}

impl<'a> Heard<'a> {
    fn of(said: &'a [Message], job_id: u32) -> Self {
        let mut heard = Self::default();
        for message in said {
            match message {
                Message::SetupConnectionSuccess(success) => heard.is_fixed = success.flags & 1 == 1,
                Message::OpenStandardMiningChannelSuccess(open) => {
                    heard.prefix = open.extranonce_prefix.as_slice();
                    heard.target = open.target.to_be_bytes();
                }
                Message::OpenExtendedMiningChannelSuccess(open) => {
                    heard.prefix = open.extranonce_prefix.as_slice();
                    heard.target = open.target.to_be_bytes();
                    heard.size = usize::from(open.extranonce_size);
                }
                Message::NewMiningJob(job) if job.job_id == job_id => heard.job = Some(message),
                Message::NewExtendedMiningJob(job) if job.job_id == job_id => heard.job = Some(message),
                Message::SetNewPrevHash(new) => {
                    heard.tip = Some(new);
                    heard.job = heard.job.filter(|_| new.job_id == job_id);
                }
                _ => {}
            }
        }
        heard
    }

    fn root(&self, job: &NewExtendedMiningJob, extranonce: &[u8]) -> [u8; 32] {
        let mut coinbase = job.coinbase_tx_prefix.as_slice().to_vec();
        coinbase.extend_from_slice(self.prefix);
        coinbase.extend_from_slice(extranonce);
        coinbase.extend_from_slice(job.coinbase_tx_suffix.as_slice());
        let mut root = twice(&coinbase);
        for node in job.merkle_path.as_slice() {
            let mut pair = root.to_vec();
            pair.extend_from_slice(&node.to_le_bytes());
            root = twice(&pair);
        }
        root
    }
}

/// Judges a share by what the pool `said`, on a connection with one channel. `age` is how long the tip is known, in seconds.
pub(super) fn takes(said: &[Message], share: &Message, age: u64) -> Option<Verdict> {
    let share = Fields::of(share)?;
    let heard = Heard::of(said, share.job);
    let (Some(job), Some(tip)) = (heard.job, heard.tip) else { return Some(Verdict::NO) };
    let (root, own_ntime, version, rolls) = match job {
        Message::NewMiningJob(job) => {
            (job.merkle_root.to_le_bytes(), job.min_ntime.0, job.version, !heard.is_fixed)
        }
        Message::NewExtendedMiningJob(job) => {
            let root = heard.root(job, share.extranonce);
            (root, job.min_ntime.0, job.version, job.version_rolling_allowed)
        }
        _ => return None,
    };
    let earliest = own_ntime.unwrap_or(tip.min_ntime).max(tip.min_ntime);
    let latest = u64::from(tip.min_ntime).saturating_add(age).saturating_add(2 * 60 * 60);
    // Bits 5 to 28 (BIP323).
    let rollable: u32 = if rolls { (1 << 29) - (1 << 5) } else { 0 };
    let is_in_bounds = share.extranonce.len() == heard.size
        && (share.version | rollable) == (version | rollable)
        && share.ntime >= earliest
        && u64::from(share.ntime) <= latest;
    let mut header = Vec::new();
    header.extend_from_slice(&share.version.to_le_bytes());
    header.extend_from_slice(&tip.prev_hash.to_le_bytes());
    header.extend_from_slice(&root);
    header.extend_from_slice(&share.ntime.to_le_bytes());
    header.extend_from_slice(&tip.nbits.to_le_bytes());
    header.extend_from_slice(&share.nonce.to_le_bytes());
    let header: [u8; 80] = header.try_into().ok()?;
    let mut hash = twice(&header);
    hash.reverse();
    let of_network = sv2_reference_pool::fuzz::naive::compact_target(tip.nbits).to_be_bytes();
    Some(Verdict {
        is_valid: is_in_bounds && hash <= heard.target,
        is_block: is_in_bounds && hash <= of_network,
        header: Some(header),
    })
}

fn twice(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(Sha256::digest(bytes)).into()
}
