//! Templates out of nothing but a seed: a chain of made-up previous hashes, real transactions, right commitments.

use super::{Change, Template, TemplateSource, Tip, height_push, merkle_path, subsidy, witness_commitment};
use crate::service::Now;
use bitcoin::hashes::Hash;
use bitcoin::{
    Amount, BlockHash, CompactTarget, OutPoint, Sequence, Target, Transaction, absolute, block, consensus,
    transaction,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::collections::HashMap;
use std::sync::Arc;

/// What the templates are like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateConfig {
    /// How many transactions stand behind the coinbase, up to [`MAX_TRANSACTIONS`]. Default 3.
    pub transactions: usize,
    /// Compact target of the network. The default, 0x1d00ffff, is mainnet's difficulty 1, which no test machine meets by
    /// accident; 0x207fffff is regtest's, which every second hash meets.
    pub nbits: u32,
    /// Height of the first block. Default 900 000.
    pub first_height: u32,
    /// Unix time in seconds at which the service's clock stands at zero: smallest ntime of the first block.
    pub start_time: u32,
}

impl Default for TemplateConfig {
    fn default() -> Self {
        Self { transactions: 3, nbits: 0x1d00_ffff, first_height: 900_000, start_time: 1_767_225_600 }
    }
}

/// The most transactions that a fixed template can hold.
pub const MAX_TRANSACTIONS: usize = 8;

/// A configuration that no template can be made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateConfigError {
    /// More transactions than there are.
    #[error("{0} transactions asked for, there are {MAX_TRANSACTIONS}")]
    Transactions(usize),
    /// The compact target is 0 or negative, so that no block can be found.
    #[error("nbits 0x{0:08x} is no target")]
    Nbits(u32),
}

/// A source whose templates follow from its seed, its configuration and the times at which it was told to go on.
#[derive(Debug)]
pub struct FixedTemplates {
    rng: ChaCha20Rng,
    transactions: Arc<[Transaction]>,
    /// Number of the template on its tip; makes coinbases differ.
    revision: u32,
    current: Arc<Template>,
}

impl FixedTemplates {
    /// Makes the first template.
    ///
    /// # Errors
    /// [`TemplateConfigError`].
    pub fn new(seed: u64, config: &TemplateConfig) -> Result<Self, TemplateConfigError> {
        let nbits = CompactTarget::from_consensus(config.nbits);
        if Target::from_compact(nbits) == Target::ZERO {
            return Err(TemplateConfigError::Nbits(config.nbits));
        }
        let mut transactions = known_transactions();
        if config.transactions > transactions.len() {
            return Err(TemplateConfigError::Transactions(config.transactions));
        }
        transactions.truncate(config.transactions);
        let transactions: Arc<[Transaction]> = transactions.into();
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let prev_hash = hash_under(Target::from_compact(nbits), &mut rng);
        let tip = Tip { height: config.first_height, prev_hash, min_ntime: config.start_time, nbits };
        let current = Arc::new(template(1, 0, tip, &transactions));
        Ok(Self { rng, transactions, revision: 0, current })
    }
}

impl TemplateSource for FixedTemplates {
    fn current(&self) -> Arc<Template> {
        Arc::clone(&self.current)
    }

    fn advance(&mut self, change: Change, now: Now) -> Arc<Template> {
        let mut tip = self.current.tip;
        match change {
            Change::Block => {
                self.revision = 0;
                tip = Tip {
                    height: tip.height.saturating_add(1),
                    prev_hash: hash_under(tip.target(), &mut self.rng),
                    min_ntime: now.unix.max(tip.min_ntime.saturating_add(1)),
                    nbits: tip.nbits,
                };
            }
            Change::Template => self.revision = self.revision.wrapping_add(1),
        }
        let id = self.current.id.saturating_add(1);
        self.current = Arc::new(template(id, self.revision, tip, &self.transactions));
        self.current()
    }
}

fn template(id: u64, revision: u32, tip: Tip, transactions: &Arc<[Transaction]>) -> Template {
    let ids: Vec<_> = transactions.iter().map(Transaction::compute_txid).collect();
    let value = subsidy(tip.height).checked_add(known_fees(transactions)).unwrap_or(Amount::ZERO);
    Template {
        id,
        tip,
        version: block::Version::from_consensus(0x2000_0000),
        coinbase_version: transaction::Version::TWO,
        coinbase_prefix: height_push(tip.height),
        sequence: Sequence::MAX,
        value,
        outputs: vec![witness_commitment(transactions)],
        // With a final sequence the lock time binds nobody; it keeps two coinbases of one height apart.
        lock_time: absolute::LockTime::from_consensus(revision),
        transactions: Arc::clone(transactions),
        merkle_path: merkle_path(&ids),
    }
}

/// Fees of the transactions whose inputs are all outputs of other transactions here. The fees of the rest cannot be
/// known without the chain, and a coinbase may claim less than there is.
fn known_fees(transactions: &[Transaction]) -> Amount {
    let outputs: HashMap<OutPoint, Amount> = transactions
        .iter()
        .flat_map(|transaction| {
            let txid = transaction.compute_txid();
            let numbered = (0u32..).zip(&transaction.output);
            numbered.map(move |(vout, output)| (OutPoint { txid, vout }, output.value))
        })
        .collect();
    let fee = |transaction: &Transaction| -> Option<Amount> {
        let amounts = transaction.input.iter().map(|input| outputs.get(&input.previous_output).copied());
        let spent = amounts.collect::<Option<Vec<_>>>()?.into_iter().sum::<Amount>();
        spent.checked_sub(transaction.output.iter().map(|output| output.value).sum())
    };
    transactions.iter().filter_map(fee).sum()
}

/// A hash that could be a block's: random below the target's highest byte, zero above.
fn hash_under(target: Target, rng: &mut ChaCha20Rng) -> BlockHash {
    let zeros = target.to_be_bytes().iter().take_while(|byte| **byte == 0).count();
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    for byte in bytes.iter_mut().rev().take(zeros.saturating_add(1)) {
        *byte = 0;
    }
    BlockHash::from_byte_array(bytes)
}

#[expect(clippy::expect_used, reason = "the file is part of the program and a test reads all of it")]
fn known_transactions() -> Vec<Transaction> {
    let lines = include_str!("transactions.hex").lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let bytes = hex::decode(line).expect("the file holds hex");
            consensus::deserialize(&bytes).expect("the file holds whole transactions")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn now(unix: u32) -> Now {
        Now { elapsed: Duration::ZERO, unix }
    }

    #[test]
    fn the_transactions_are_the_real_ones() {
        let transactions = known_transactions();
        let ids: Vec<_> =
            transactions.iter().map(|transaction| transaction.compute_txid().to_string()).collect();
        // The fourth names the first three; the others are well known or stand in the tests of the bitcoin crate.
        let spent = transactions[3].input.iter().map(|input| input.previous_output.txid.to_string());
        assert_eq!(spent.collect::<Vec<_>>(), ids[..3]);
        assert_eq!(
            ids[4..],
            [
                "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16",
                "f5864806e3565c34d1b41e716f72609d00b55ea5eac5b924c9719a842ef42206",
                "a3b0e9e7cddbbe78270fa4182a7675ff00b92872d8df7d14265a2b1e379a9d33",
                "a6eab3c14ab5272a58a5ba91505ba1a4b6d7a3a9fcbd187b6cd99a7b6d548cb7",
            ]
        );
        assert_eq!(transactions.len(), MAX_TRANSACTIONS);
        let wtxid = transactions[5].compute_wtxid().to_string();
        assert_eq!(wtxid, "80b7d8a82d5d5bf92905b06f2014dd699e03837ca172e3a59d51426ebbe3e7f5");
    }

    #[test]
    fn only_provable_fees_are_claimed() {
        let config = TemplateConfig { transactions: 3, ..TemplateConfig::default() };
        let without = FixedTemplates::new(1, &config).unwrap().current();
        assert_eq!(without.value, subsidy(900_000));
        let config = TemplateConfig { transactions: 4, ..config };
        let with = FixedTemplates::new(1, &config).unwrap().current();
        let (spending, parents) = (&with.transactions[3], &with.transactions[..3]);
        let spent: u64 = spending
            .input
            .iter()
            .zip(parents)
            .map(|(input, parent)| parent.output[input.previous_output.vout as usize].value.to_sat())
            .sum();
        let paid: u64 = spending.output.iter().map(|output| output.value.to_sat()).sum();
        assert!(spent > paid);
        assert_eq!(with.value.to_sat() - subsidy(900_000).to_sat(), spent - paid);
    }

    #[test]
    fn the_same_seed_gives_the_same_chain() {
        let config = TemplateConfig::default();
        let mut sources = [7, 7, 8].map(|seed| FixedTemplates::new(seed, &config).unwrap());
        for change in [Change::Template, Change::Block, Change::Block] {
            let [a, b, c] = sources.each_mut().map(|source| source.advance(change, now(1_800_000_000)));
            assert_eq!(a, b);
            assert_ne!(a.tip.prev_hash, c.tip.prev_hash);
        }
    }

    #[test]
    fn a_block_moves_the_tip_and_a_template_does_not() {
        let mut source = FixedTemplates::new(1, &TemplateConfig::default()).unwrap();
        let first = source.current();
        assert_eq!((first.id, first.tip.height, first.tip.min_ntime), (1, 900_000, 1_767_225_600));
        assert!(first.tip.target().is_met_by(first.tip.prev_hash));
        let second = source.advance(Change::Template, now(1_767_225_700));
        assert_eq!((second.id, second.tip), (2, first.tip));
        assert_ne!(second.lock_time, first.lock_time, "or two jobs would share their headers");
        let third = source.advance(Change::Block, now(1_767_225_700));
        assert_eq!((third.id, third.tip.height, third.tip.min_ntime), (3, 900_001, 1_767_225_700));
        assert_ne!(third.tip.prev_hash, second.tip.prev_hash);
        let fourth = source.advance(Change::Block, now(5));
        assert_eq!(
            fourth.tip.min_ntime, 1_767_225_701,
            "a clock that runs back does not take the chain along"
        );
    }

    #[test]
    fn impossible_configurations_are_refused() {
        let config = TemplateConfig { transactions: 9, ..TemplateConfig::default() };
        assert_eq!(FixedTemplates::new(1, &config).unwrap_err(), TemplateConfigError::Transactions(9));
        let config = TemplateConfig { nbits: 0x1d80_0000, ..TemplateConfig::default() };
        assert_eq!(FixedTemplates::new(1, &config).unwrap_err(), TemplateConfigError::Nbits(0x1d80_0000));
    }
}
