//! Jobs: what a template becomes for miners (spec section 5.1), and which of a channel's jobs still count.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::extranonce::FULL_LEN;
use crate::template::{Template, merkle_root};
use bitcoin::hashes::Hash;
use bitcoin::script::{Builder, PushBytesBuf};
use bitcoin::{ScriptBuf, Target, Transaction, TxMerkleNode, TxOut, Txid, block, consensus};
use std::collections::VecDeque;
use std::sync::Arc;
use sv2_wire::{B0_64K, Message, NewExtendedMiningJob, Opt, Seq0_255, SetNewPrevHash, U256};

/// A template that no job can be made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkError {
    /// Height, pool signature and extranonce exceed the 100 bytes that consensus allows.
    #[error("a coinbase script of {0} bytes is too long")]
    Script(usize),
    /// A part of the coinbase or the merkle path exceeds its wire type.
    #[error("the coinbase or the merkle path does not fit a message")]
    Oversize,
}

/// A template with the pool's own outputs and signature: the coinbase of every channel, but for the extranonce.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) template: Arc<Template>,
    /// Coinbase before the extranonce, stripped of BIP141 fields (spec section 3.7.1).
    pub(crate) coinbase_prefix: B0_64K,
    /// Coinbase behind the extranonce, stripped likewise.
    pub(crate) coinbase_suffix: B0_64K,
    pub(crate) merkle_path: Seq0_255<U256>,
    /// Whether BIP323 bits of the version may be changed.
    pub(crate) version_rolling: bool,
    /// The miner chose the transactions, so that the pool cannot build a block of it (spec section 5.1.4).
    pub(crate) is_custom: bool,
    script_head: Vec<u8>,
    payouts: Vec<TxOut>,
}

impl Work {
    /// Lays out the coinbase script: height, signature, extranonce, each a push.
    pub(crate) fn new(
        template: Arc<Template>,
        signature: &[u8],
        payout: ScriptBuf,
    ) -> Result<Self, WorkError> {
        let signature = PushBytesBuf::try_from(signature.to_vec()).map_err(|_| WorkError::Oversize)?;
        let tag = Builder::new().push_slice(signature).into_script();
        let mut script_head = [template.coinbase_prefix.as_bytes(), tag.as_bytes()].concat();
        script_head.push(FULL_LEN as u8);
        let script_len = script_head.len().saturating_add(FULL_LEN);
        if !(2..=MAX_SCRIPT_LEN).contains(&script_len) {
            return Err(WorkError::Script(script_len));
        }
        let payouts = vec![TxOut { value: template.value, script_pubkey: payout }];
        Self::lay_out(template, script_head, payouts)
    }

    /// The work of a custom job: its coinbase has the extranonce right behind `coinbase_prefix`, and the outputs of the
    /// request (spec section 5.3.18).
    pub(crate) fn custom(
        template: Arc<Template>,
        script_head: Vec<u8>,
        version_rolling: bool,
    ) -> Result<Self, WorkError> {
        let work = Self::lay_out(template, script_head, Vec::new())?;
        Ok(Self { is_custom: true, version_rolling, ..work })
    }

    fn lay_out(
        template: Arc<Template>,
        script_head: Vec<u8>,
        payouts: Vec<TxOut>,
    ) -> Result<Self, WorkError> {
        let mut whole = coinbase(&template, &script_head, &payouts, &[0; FULL_LEN]);
        for input in &mut whole.input {
            input.witness.clear();
        }
        let bytes = consensus::serialize(&whole);
        let (prefix, rest) =
            bytes.split_at_checked(SCRIPT_OFFSET.saturating_add(script_head.len())).unwrap_or_default();
        let (_, suffix) = rest.split_at_checked(FULL_LEN).unwrap_or_default();
        let path = template.merkle_path.iter().map(|node| U256::from_le_bytes(node.to_byte_array()));
        Ok(Self {
            coinbase_prefix: B0_64K::new(prefix.to_vec()).map_err(|_| WorkError::Oversize)?,
            coinbase_suffix: B0_64K::new(suffix.to_vec()).map_err(|_| WorkError::Oversize)?,
            merkle_path: Seq0_255::new(path.collect()).map_err(|_| WorkError::Oversize)?,
            version_rolling: true,
            is_custom: false,
            script_head,
            payouts,
            template,
        })
    }

    /// The job as extended channels and groups get it; without a `min_ntime` it is a future job.
    pub(crate) fn extended_job(
        &self,
        channel_id: u32,
        job_id: u32,
        min_ntime: Option<u32>,
    ) -> NewExtendedMiningJob {
        NewExtendedMiningJob {
            channel_id,
            job_id,
            min_ntime: Opt(min_ntime),
            version: self.version(),
            version_rolling_allowed: self.version_rolling,
            merkle_path: self.merkle_path.clone(),
            coinbase_tx_prefix: self.coinbase_prefix.clone(),
            coinbase_tx_suffix: self.coinbase_suffix.clone(),
        }
    }

    /// What makes a future job active.
    pub(crate) fn prev_hash(&self, channel_id: u32, job_id: u32) -> SetNewPrevHash {
        let tip = &self.template.tip;
        SetNewPrevHash {
            channel_id,
            job_id,
            prev_hash: U256::from_le_bytes(tip.prev_hash.to_byte_array()),
            min_ntime: tip.min_ntime,
            nbits: tip.nbits.to_consensus(),
        }
    }

    pub(crate) fn version(&self) -> u32 {
        self.template.version.to_consensus().cast_unsigned()
    }

    /// The merkle root with an extranonce of [`FULL_LEN`] bytes, in two parts.
    pub(crate) fn merkle_root(&self, prefix: &[u8], rolled: &[u8]) -> TxMerkleNode {
        let parts = [self.coinbase_prefix.as_slice(), prefix, rolled, self.coinbase_suffix.as_slice()];
        merkle_root(Txid::hash(&parts.concat()), &self.template.merkle_path)
    }

    /// The whole block, BIP141 fields included; nothing for a custom job, whose transactions only the miner's side has.
    pub(crate) fn block(
        &self,
        header: block::Header,
        prefix: &[u8],
        rolled: &[u8],
    ) -> Option<bitcoin::Block> {
        let extranonce = [prefix, rolled].concat();
        let coinbase = coinbase(&self.template, &self.script_head, &self.payouts, &extranonce);
        (!self.is_custom).then(|| self.template.block(header, coinbase))
    }
}

fn coinbase(template: &Template, script_head: &[u8], payouts: &[TxOut], extranonce: &[u8]) -> Transaction {
    let script_sig = ScriptBuf::from([script_head, extranonce].concat());
    template.coinbase(script_sig, payouts.to_vec())
}

/// Longest coinbase script that consensus allows, in bytes.
pub(crate) const MAX_SCRIPT_LEN: usize = 100;

/// Bytes before the coinbase script: version, input count, outpoint and one byte of script length.
const SCRIPT_OFFSET: usize = 4 + 1 + 36 + 1;

/// Decisions on jobs that a fault can get wrong.
pub trait JobRules: Send {
    /// A future job has no `min_ntime` (spec section 5.3.15), one that is active at once has.
    fn min_ntime(&mut self, right: Option<u32>, _tip_ntime: u32) -> Option<u32> {
        right
    }

    /// `SetNewPrevHash.job_id`: the future job that was sent before (spec section 5.3.17).
    fn named_job(&mut self, right: u32) -> u32 {
        right
    }

    /// A job as it goes out: NewMiningJob or NewExtendedMiningJob (spec sections 5.3.15 and 5.3.16).
    fn job(&mut self, right: Message) -> Message {
        right
    }

    /// What makes a future job active: the tip of the chain in the header's byte order (spec section 5.3.17).
    fn prev_hash(&mut self, right: SetNewPrevHash) -> SetNewPrevHash {
        right
    }

    /// The id of a job: no other valid job of the channel has it (spec sections 5.3.15 and 5.3.16).
    fn job_id(&mut self, right: u32) -> u32 {
        right
    }

    /// Whether a channel that takes standard jobs gets an extended one (spec section 5.3.1).
    fn is_sent_extended(&mut self, right: bool) -> bool {
        right
    }

    /// Whether the jobs before end, as they do with a new block only (AMB-40).
    fn retires(&mut self, right: bool) -> bool {
        right
    }

    /// Whether the job that SetNewPrevHash names is still valid behind it (spec section 5.3.17); `is_first` for the first of
    /// its channel.
    fn keeps_named(&mut self, right: bool, _is_first: bool) -> bool {
        right
    }

    /// Whether a job for a group is for this member, the `index`-th: it "distributes work to all channels under the same
    /// group" (spec section 5.3.16).
    fn reaches_member(&mut self, right: bool, _index: usize) -> bool {
        right
    }

    /// What a new block makes the pool send, in order: the future job, and the SetNewPrevHash that names it.
    fn sequence(&mut self, right: [Message; 2]) -> [Message; 2] {
        right
    }
}

/// One job of one channel, active on the present tip.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) id: u32,
    pub(crate) work: Arc<Work>,
    /// The channel's prefix when the job was sent.
    pub(crate) prefix: Vec<u8>,
    pub(crate) starts: Starts,
    /// The channel's target when the job became active (spec section 5.3.21, AMB-48).
    pub(crate) target: Target,
    /// The only root that a header-only miner can use.
    pub(crate) fixed_root: Option<TxMerkleNode>,
}

/// From when on a job may be mined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Starts {
    /// Smallest ntime in Unix seconds.
    pub(crate) min_ntime: u32,
    /// It was sent with that, and no SetNewPrevHash has named it.
    pub(crate) is_immediate: bool,
}

/// A channel's jobs by id.
#[derive(Debug)]
pub(crate) struct Jobs {
    active: VecDeque<Job>,
    retired: VecDeque<Job>,
    kept: usize,
}

/// What a job id stands for.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// A job on the present tip.
    Active(&'a Job),
    /// A job that was active once.
    Retired(&'a Job),
    /// No job that is remembered.
    Unknown,
}

impl Jobs {
    /// Keeps so many active jobs and so many retired ones.
    pub(crate) fn new(kept: usize) -> Self {
        Self { active: VecDeque::new(), retired: VecDeque::new(), kept }
    }

    /// Makes a job active; jobs before it on the same tip stay valid (AMB-40) up to the number that is kept.
    pub(crate) fn activate(&mut self, job: Job) {
        self.active.push_back(job);
        while self.active.len() > self.kept {
            self.retire_oldest();
        }
    }

    /// Gives the active jobs another target. No right decision does so: "their maximum target remains stable" (spec section
    /// 5.3.21).
    pub(crate) fn retarget(&mut self, target: Target) {
        self.active.iter_mut().for_each(|job| job.target = target);
    }

    /// "When a client receives this message, only the job referenced by Job ID is valid" (spec section 5.3.17).
    pub(crate) fn retire_all(&mut self) {
        while !self.active.is_empty() {
            self.retire_oldest();
        }
    }

    /// Whether no job has come yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.active.is_empty() && self.retired.is_empty()
    }

    /// The id of the job that came last.
    pub(crate) fn newest(&self) -> Option<u32> {
        self.active.back().map(|job| job.id)
    }

    /// Gives the active jobs another prefix.
    pub(crate) fn set_prefix(&mut self, prefix: &[u8]) {
        self.active.iter_mut().for_each(|job| job.prefix = prefix.to_vec());
    }

    pub(crate) fn find(&self, id: u32) -> Found<'_> {
        let active = self.active.iter().rev().find(|job| job.id == id).map(Found::Active);
        let retired = || self.retired.iter().rev().find(|job| job.id == id).map(Found::Retired);
        active.or_else(retired).unwrap_or(Found::Unknown)
    }

    fn retire_oldest(&mut self) {
        self.retired.extend(self.active.pop_front());
        while self.retired.len() > self.kept {
            self.retired.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::TemplateSource;
    use crate::template::fixed::{FixedTemplates, TemplateConfig};
    use bitcoin::{BlockHash, CompactTarget};

    fn work(transactions: usize, signature: &[u8]) -> Result<Work, WorkError> {
        let config = TemplateConfig { transactions, ..TemplateConfig::default() };
        Work::new(FixedTemplates::new(1, &config).unwrap().current(), signature, ScriptBuf::from(vec![0x51]))
    }

    #[test]
    fn the_stripped_parts_give_the_root_of_the_whole_block() {
        for transactions in [0, 1, 2, 3, 5, 8] {
            let work = work(transactions, b"sv2").unwrap();
            let (prefix, rolled) = ([7; 4], [9; 16]);
            let header = block::Header {
                version: work.template.version,
                prev_blockhash: BlockHash::all_zeros(),
                merkle_root: work.merkle_root(&prefix, &rolled),
                time: 0,
                bits: CompactTarget::from_consensus(0),
                nonce: 0,
            };
            let block = work.block(header, &prefix, &rolled).unwrap();
            assert!(block.check_merkle_root(), "{transactions}");
            assert!(block.check_witness_commitment(), "{transactions}");
            assert_eq!(block.bip34_block_height(), Ok(900_000));
            assert_eq!(block.txdata.len(), transactions + 1);
            assert_eq!(block.txdata[0].output.len(), 2);
            let script = block.txdata[0].input[0].script_sig.as_bytes();
            assert!(script.ends_with(&[[7; 4].as_slice(), &[9; 16]].concat()));
        }
    }

    #[test]
    fn a_signature_that_overflows_the_script_is_refused() {
        // 4 bytes of height, 1 of length for the signature, 1 + 20 of extranonce: 74 bytes are left, and below 76 a
        // push takes one byte of length.
        assert!(work(0, &[b'a'; 74]).is_ok());
        assert_eq!(work(0, &[b'a'; 75]).unwrap_err(), WorkError::Script(101));
    }

    #[test]
    fn jobs_end_in_order_and_are_remembered_for_a_while() {
        let work = Arc::new(work(0, b"").unwrap());
        let mut jobs = Jobs::new(2);
        for id in 1..=3 {
            jobs.activate(Job {
                id,
                work: Arc::clone(&work),
                prefix: Vec::new(),
                starts: Starts { min_ntime: 0, is_immediate: false },
                target: Target::MAX,
                fixed_root: None,
            });
        }
        let state = |jobs: &Jobs| {
            [1, 2, 3, 4].map(|id| match jobs.find(id) {
                Found::Active(job) => {
                    assert_eq!(job.id, id);
                    'a'
                }
                Found::Retired(_) => 'r',
                Found::Unknown => '?',
            })
        };
        assert_eq!(state(&jobs), ['r', 'a', 'a', '?']);
        jobs.retire_all();
        assert_eq!(state(&jobs), ['?', 'r', 'r', '?']);
    }
}
