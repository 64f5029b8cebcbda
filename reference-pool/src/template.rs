//! Block templates: where they come from and what follows from them. The arithmetic is the bitcoin crate's.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

pub mod fixed;
pub mod provider;

use crate::service::Now;
use bitcoin::hashes::{Hash, sha256d};
use bitcoin::script::{Builder, PushBytesBuf};
use bitcoin::{
    Amount, Block, BlockHash, CompactTarget, OutPoint, ScriptBuf, Sequence, Target, Transaction, TxIn,
    TxMerkleNode, TxOut, Txid, Witness, WitnessMerkleNode, absolute, block, merkle_tree, opcodes,
    transaction,
};
use std::sync::Arc;

/// Where templates come from. A pool takes the current one and asks for another when it is told to.
pub trait TemplateSource {
    /// The template that is best now.
    fn current(&self) -> Arc<Template>;

    /// A new block was found on the network, or the best template on the present one has changed.
    fn advance(&mut self, change: Change, now: Now) -> Arc<Template>;
}

/// Why there is another template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new block was found on the network.
    Block,
    /// The best template on the present block is another one.
    Template,
}

/// What a block is built on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// Height of the block to be mined.
    pub height: u32,
    /// Hash of the block before it.
    pub prev_hash: BlockHash,
    /// Smallest header time in Unix seconds.
    pub min_ntime: u32,
    /// Target of the network.
    pub nbits: CompactTarget,
}

impl Tip {
    /// The largest hash that makes a block.
    pub fn target(&self) -> Target {
        Target::from_compact(self.nbits)
    }
}

/// Everything of a block but what its miner adds: outputs that pay, the rest of the coinbase script, the nonce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Rises with every template of a source.
    pub id: u64,
    /// The block before.
    pub tip: Tip,
    /// Header version.
    pub version: block::Version,
    /// Version of the coinbase transaction.
    pub coinbase_version: transaction::Version,
    /// Start of the coinbase script: the height as BIP34 demands.
    pub coinbase_prefix: ScriptBuf,
    /// Sequence of the coinbase input.
    pub sequence: Sequence,
    /// What the miner's outputs may pay in total: subsidy and fees.
    pub value: Amount,
    /// Last outputs of the coinbase: the witness commitment.
    pub outputs: Vec<TxOut>,
    /// Lock time of the coinbase.
    pub lock_time: absolute::LockTime,
    /// The transactions behind the coinbase.
    pub transactions: Arc<[Transaction]>,
    /// Hashes beside the coinbase, the deepest first.
    pub merkle_path: Vec<TxMerkleNode>,
}

impl Template {
    /// The coinbase with a script and outputs of the miner's, in front of those of the template. Its witness is the
    /// reserved value of 32 zero bytes (spec section 7.2).
    pub fn coinbase(&self, script_sig: ScriptBuf, mut outputs: Vec<TxOut>) -> Transaction {
        outputs.extend(self.outputs.iter().cloned());
        Transaction {
            version: self.coinbase_version,
            lock_time: self.lock_time,
            input: vec![TxIn {
                previous_output: OutPoint::null(),
                script_sig,
                sequence: self.sequence,
                witness: Witness::from_slice(&[WITNESS_RESERVED_VALUE]),
            }],
            output: outputs,
        }
    }

    /// The whole block.
    pub fn block(&self, header: block::Header, coinbase: Transaction) -> Block {
        Block { header, txdata: std::iter::once(coinbase).chain(self.transactions.iter().cloned()).collect() }
    }
}

/// What the witness commitment covers beside the witnesses (BIP141).
pub const WITNESS_RESERVED_VALUE: [u8; 32] = [0; 32];

/// New coins of the block at a height: 50 BTC, halved every 210 000 blocks.
pub fn subsidy(height: u32) -> Amount {
    let halvings = height / 210_000;
    Amount::from_sat(Amount::from_int_btc(50).to_sat().checked_shr(halvings).unwrap_or(0))
}

/// The push of a height that BIP34 demands at the start of the coinbase script.
pub fn height_push(height: u32) -> ScriptBuf {
    Builder::new().push_int(i64::from(height)).into_script()
}

/// The merkle path of the first leaf, the coinbase, given the ids of the other leaves in order.
pub fn merkle_path(others: &[Txid]) -> Vec<TxMerkleNode> {
    // The coinbase is unknown; its place on each level is what the path leaves open, so only its siblings are kept.
    let mut level: Vec<sha256d::Hash> = others.iter().map(|id| id.to_raw_hash()).collect();
    let mut path = Vec::new();
    while let Some((sibling, rest)) = level.split_first() {
        path.push(TxMerkleNode::from_raw_hash(*sibling));
        level = rest.chunks(2).filter_map(|pair| merkle_pair(pair.first()?, pair.last()?)).collect();
    }
    path
}

/// The merkle root over a coinbase and its path (spec section 5.3.16).
pub fn merkle_root(coinbase: Txid, path: &[TxMerkleNode]) -> TxMerkleNode {
    let root = path.iter().fold(coinbase.to_raw_hash(), |node, sibling| {
        merkle_pair(&node, &sibling.to_raw_hash()).unwrap_or(node)
    });
    TxMerkleNode::from_raw_hash(root)
}

fn merkle_pair(left: &sha256d::Hash, right: &sha256d::Hash) -> Option<sha256d::Hash> {
    merkle_tree::calculate_root([*left, *right].into_iter())
}

/// The output that commits to the witnesses of a block's transactions, coinbase excluded (BIP141).
pub fn witness_commitment(transactions: &[Transaction]) -> TxOut {
    let ids = transactions.iter().map(|transaction| transaction.compute_wtxid().to_raw_hash());
    let coinbase = sha256d::Hash::all_zeros();
    let root = merkle_tree::calculate_root(std::iter::once(coinbase).chain(ids)).unwrap_or(coinbase);
    let commitment =
        Block::compute_witness_commitment(&WitnessMerkleNode::from_raw_hash(root), &WITNESS_RESERVED_VALUE);
    let mut data = PushBytesBuf::from([0xaa, 0x21, 0xa9, 0xed]);
    // Thirty-six bytes are far below the limit of a push.
    let _ = data.extend_from_slice(commitment.as_byte_array());
    let script_pubkey = Builder::new().push_opcode(opcodes::all::OP_RETURN).push_slice(data).into_script();
    TxOut { value: Amount::ZERO, script_pubkey }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitcoin::consensus::deserialize;

    #[test]
    fn the_subsidy_halves() {
        // https://en.bitcoin.it/wiki/Controlled_supply
        for (height, satoshis) in [
            (0, 5_000_000_000),
            (209_999, 5_000_000_000),
            (210_000, 2_500_000_000),
            (840_000, 312_500_000),
            (6_930_000, 0),
            (u32::MAX, 0),
        ] {
            assert_eq!(subsidy(height).to_sat(), satoshis, "{height}");
        }
    }

    #[test]
    fn heights_are_pushed_as_in_known_blocks() {
        // Testnet block 100 000 begins its coinbase script with 03a08601; mainnet block 227 931 with 035b7a03.
        for (height, push) in
            [(100_000, "03a08601"), (227_931, "035b7a03"), (128, "028000"), (16, "60"), (0, "00")]
        {
            assert_eq!(height_push(height).to_hex_string(), push);
        }
    }

    #[test]
    fn a_real_block_has_the_root_that_the_path_gives() {
        // Mainnet block 00000000b0c5a240b2a61d2e75692224efd4cbecdf6eaf4cc2cf477ca7c270e7 and testnet block 100 000.
        for text in [include_str!("template/block_b0c5.hex"), include_str!("template/block_100k.hex")] {
            let block: Block = deserialize(&hex::decode(text.trim()).unwrap()).unwrap();
            let ids: Vec<Txid> = block.txdata.iter().map(Transaction::compute_txid).collect();
            assert_eq!(merkle_root(ids[0], &merkle_path(&ids[1..])), block.header.merkle_root);
        }
    }

    #[test]
    fn a_path_agrees_with_the_whole_tree_for_every_size() {
        for count in 1..40u8 {
            let ids: Vec<Txid> = (0..count).map(|number| Txid::from_byte_array([number; 32])).collect();
            let root = merkle_tree::calculate_root(ids.iter().copied()).unwrap();
            let path = merkle_path(&ids[1..]);
            assert_eq!(merkle_root(ids[0], &path).to_raw_hash(), root.to_raw_hash(), "{count}");
        }
    }
}
