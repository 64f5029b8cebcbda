//! Templates on a chain that really grows.

use bitcoin::hashes::Hash;
use bitcoin::{
    Amount, Block, BlockHash, CompactTarget, Network, OutPoint, ScriptBuf, Sequence, Transaction, TxIn,
    TxOut, Witness, absolute, block, constants, transaction,
};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use sv2_reference_pool::service::Now;
use sv2_reference_pool::template::{
    Change, Template, TemplateSource, Tip, height_push, merkle_path, subsidy, witness_commitment,
};

/// Blocks that have to stand on a coinbase before it can be spent: those from its own height to this many further.
pub const COINBASE_MATURITY: u32 = 100;

/// Regtest halves the subsidy every 150 blocks; [`subsidy`] counts in the main network's halvings, so this is where the
/// two part.
const LAST_HEIGHT: u32 = 149;

/// How many transactions the templates hold in turn, once there is something to spend.
const SIZES: [usize; 6] = [0, 1, 2, 3, 5, 8];

/// What each transaction leaves to the miner.
const FEE: Amount = Amount::from_sat(1000);

/// The chain that the templates build on, shared with whoever hands in blocks.
pub type SharedChain = Arc<Mutex<Chain>>;

/// The part of a regtest chain that a template maker has to know.
#[derive(Debug)]
pub struct Chain {
    tip: BlockHash,
    height: u32,
    /// Header times of the last eleven blocks, oldest first.
    times: VecDeque<u32>,
    /// Outputs of coinbases that anyone may spend, oldest first, with their height.
    coins: VecDeque<(u32, OutPoint, Amount)>,
    /// What the next templates say that is not so.
    pub lie: Option<Lie>,
}

/// Something wrong with a template, so that a block made from it must be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// One satoshi more than subsidy and fees.
    Value,
    /// The height before the right one in the coinbase script (BIP34).
    Height,
    /// A commitment to other witnesses (BIP141).
    Commitment,
    /// A merkle path with one bit flipped, or one hash too many where there is none.
    MerklePath,
    /// The time of the median of the last eleven blocks, which has to be exceeded.
    Time,
    /// Another network target.
    Bits,
    /// A previous block that nobody knows.
    PreviousHash,
    /// A transaction that spends an output which does not exist.
    MissingInput,
    /// A transaction that spends a coinbase too early.
    ImmatureInput,
    /// A header version that was given up long ago (BIP65).
    Version,
}

impl Lie {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Value,
        Self::Height,
        Self::Commitment,
        Self::MerklePath,
        Self::Time,
        Self::Bits,
        Self::PreviousHash,
        Self::MissingInput,
        Self::ImmatureInput,
        Self::Version,
    ];
}

impl Chain {
    /// Regtest's first block alone.
    pub fn new() -> Self {
        let genesis = constants::genesis_block(Network::Regtest);
        Self {
            tip: genesis.block_hash(),
            height: 0,
            times: VecDeque::from([genesis.header.time]),
            coins: VecDeque::new(),
            lie: None,
        }
    }

    /// Takes in a block that was accepted. What pays to anyone can be spent by later templates.
    pub fn extend(&mut self, block: &Block) {
        self.tip = block.block_hash();
        self.height += 1;
        self.times.push_back(block.header.time);
        if self.times.len() > 11 {
            self.times.pop_front();
        }
        let spent: Vec<_> =
            block.txdata.iter().flat_map(|tx| tx.input.iter().map(|input| input.previous_output)).collect();
        self.coins.retain(|(_, coin, _)| !spent.contains(coin));
        if let Some(coinbase) = block.txdata.first() {
            let txid = coinbase.compute_txid();
            let paid = (0..).zip(&coinbase.output).filter(|(_, output)| output.script_pubkey == anyone());
            self.coins
                .extend(paid.map(|(vout, output)| (self.height, OutPoint { txid, vout }, output.value)));
        }
    }

    /// The median time of the last eleven blocks.
    fn median_time(&self) -> u32 {
        let mut times: Vec<u32> = self.times.iter().copied().collect();
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    }

    /// Transactions in a row, each on the one before, the first on the oldest ripe coin.
    fn transactions(&self, height: u32) -> Vec<Transaction> {
        let (mut coin, mut left) = match (self.lie, self.coins.front(), self.coins.back()) {
            (Some(Lie::MissingInput), ..) => {
                (OutPoint { txid: bitcoin::Txid::from_byte_array([7; 32]), vout: 0 }, Amount::ONE_BTC)
            }
            (Some(Lie::ImmatureInput), _, Some((_, coin, value))) => (*coin, *value),
            (_, Some((born, coin, value)), _) if height - born >= COINBASE_MATURITY => (*coin, *value),
            _ => return Vec::new(),
        };
        let wanted = SIZES[height as usize % SIZES.len()].max(usize::from(self.lie.is_some()));
        let mut transactions = Vec::new();
        for _ in 0..wanted {
            left -= FEE;
            let transaction = spend(coin, left);
            coin = OutPoint { txid: transaction.compute_txid(), vout: 0 };
            transactions.push(transaction);
        }
        transactions
    }
}

impl Default for Chain {
    fn default() -> Self {
        Self::new()
    }
}

/// Makes templates for the reference pool out of the state of a [`Chain`].
#[derive(Debug)]
pub struct RegtestTemplates {
    chain: SharedChain,
    current: Arc<Template>,
}

impl RegtestTemplates {
    /// A source on a chain.
    pub fn new(chain: SharedChain) -> Self {
        let current = Arc::new(template(1, &lock(&chain)));
        Self { chain, current }
    }
}

impl TemplateSource for RegtestTemplates {
    fn current(&self) -> Arc<Template> {
        Arc::clone(&self.current)
    }

    fn advance(&mut self, _: Change, _: Now) -> Arc<Template> {
        self.current = Arc::new(template(self.current.id + 1, &lock(&self.chain)));
        self.current()
    }
}

fn lock(chain: &SharedChain) -> MutexGuard<'_, Chain> {
    chain.lock().unwrap_or_else(PoisonError::into_inner)
}

fn template(id: u64, chain: &Chain) -> Template {
    let height = chain.height + 1;
    assert!(
        height <= LAST_HEIGHT,
        "beyond height {LAST_HEIGHT} regtest pays less than is reckoned with here"
    );
    let transactions = chain.transactions(height);
    let ids: Vec<_> = transactions.iter().map(Transaction::compute_txid).collect();
    let mut template = Template {
        id,
        tip: Tip {
            height,
            prev_hash: chain.tip,
            min_ntime: chain.median_time() + 1,
            nbits: CompactTarget::from_consensus(0x207f_ffff),
        },
        version: block::Version::from_consensus(0x2000_0000),
        coinbase_version: transaction::Version::TWO,
        coinbase_prefix: height_push(height),
        sequence: Sequence::MAX,
        value: subsidy(height) + FEE * transactions.len() as u64,
        outputs: vec![witness_commitment(&transactions)],
        lock_time: absolute::LockTime::ZERO,
        merkle_path: merkle_path(&ids),
        transactions: transactions.into(),
    };
    if let Some(lie) = chain.lie {
        tell(lie, &mut template);
    }
    template
}

fn tell(lie: Lie, template: &mut Template) {
    match lie {
        Lie::Value => template.value += Amount::ONE_SAT,
        Lie::Height => template.coinbase_prefix = height_push(template.tip.height - 1),
        Lie::Commitment => template.outputs = vec![witness_commitment(&[spend(OutPoint::null(), FEE)])],
        Lie::MerklePath => template.merkle_path.push(bitcoin::TxMerkleNode::from_byte_array([1; 32])),
        Lie::Time => template.tip.min_ntime -= 1,
        Lie::Bits => template.tip.nbits = CompactTarget::from_consensus(0x207f_fffe),
        Lie::PreviousHash => template.tip.prev_hash = BlockHash::from_byte_array([9; 32]),
        Lie::Version => template.version = block::Version::from_consensus(3),
        Lie::MissingInput | Lie::ImmatureInput => {}
    }
}

/// What the reference pool pays to when nothing else is configured: P2WSH of `OP_TRUE`.
fn anyone() -> ScriptBuf {
    ScriptBuf::new_p2wsh(&op_true().wscript_hash())
}

fn op_true() -> ScriptBuf {
    ScriptBuf::from(vec![0x51])
}

fn spend(coin: OutPoint, value: Amount) -> Transaction {
    Transaction {
        version: transaction::Version::TWO,
        lock_time: absolute::LockTime::ZERO,
        input: vec![TxIn {
            previous_output: coin,
            script_sig: ScriptBuf::new(),
            sequence: Sequence::MAX,
            witness: Witness::from_slice(&[op_true().as_bytes()]),
        }],
        output: vec![TxOut { value, script_pubkey: anyone() }],
    }
}
