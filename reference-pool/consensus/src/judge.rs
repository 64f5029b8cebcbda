//! Bitcoin Core's validation code behind two questions: is this block good, and what is the tip.

use bitcoin::hashes::Hash;
use bitcoin::{Block, BlockHash, consensus};
use bitcoinkernel::prelude::{BlockHashExt, BlockValidationStateExt};
use bitcoinkernel::{
    BlockValidationResult, BlockValidationStateRef, ChainType, ChainstateManager, ContextBuilder,
    KernelError, ValidationMode,
};
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::TempDir;

/// Why there is no judge. Ours to mend.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// No folder for the block files.
    #[error("no folder for the block files: {0}")]
    Folder(#[from] std::io::Error),
    /// Bitcoin Core's code did not start.
    #[error("the validation code did not start: {0}")]
    Kernel(#[from] KernelError),
}

/// A block that Bitcoin Core does not build on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The bytes are no block.
    #[error("the bytes are no block")]
    Unreadable,
    /// Validation says no.
    #[error("invalid: {0:?}")]
    Invalid(BlockValidationResult),
    /// No complaint, but the block is not the tip either: it is known, or builds on something else.
    #[error("not the tip")]
    NotTheTip,
}

/// A regtest chain, its databases in memory.
pub struct Judge {
    chain: ChainstateManager,
    /// What was said about the last block that was checked.
    said: Arc<Mutex<Option<(ValidationMode, BlockValidationResult)>>>,
    /// Block files cannot be kept in memory; they go with the judge.
    _folder: TempDir,
}

impl Judge {
    /// A chain that has only regtest's first block.
    ///
    /// # Errors
    /// [`JudgeError`].
    pub fn new() -> Result<Self, JudgeError> {
        let said = Arc::new(Mutex::new(None));
        let heard = Arc::clone(&said);
        let context = ContextBuilder::new()
            .chain_type(ChainType::Regtest)
            .with_block_checked_validation(
                move |_: bitcoinkernel::Block, state: BlockValidationStateRef<'_>| {
                    *heard.lock().unwrap_or_else(PoisonError::into_inner) =
                        Some((state.mode(), state.result()));
                },
            )
            .build()?;
        let folder = tempfile::tempdir()?;
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let chain = ChainstateManager::builder(&context, &path("data"), &path("blocks"))?
            .block_tree_db_in_memory(true)
            .chainstate_db_in_memory(true)
            .build()?;
        // Makes the first block the tip of the still empty state.
        chain.import_blocks()?;
        Ok(Self { chain, said, _folder: folder })
    }

    /// Hands a block in.
    ///
    /// `process_block` alone would not do: it calls a block new whose fault shows only when it is connected to the tip.
    /// So what counts is what the check said, and that the block has become the tip.
    ///
    /// # Errors
    /// The block is refused, and why.
    pub fn submit(&self, block: &Block) -> Result<(), Refused> {
        *self.said() = None;
        let bytes = consensus::serialize(block);
        let parsed = bitcoinkernel::Block::new(&bytes).map_err(|_| Refused::Unreadable)?;
        self.chain.process_block(&parsed);
        if let Some((mode, result)) = *self.said()
            && mode != ValidationMode::Valid
        {
            return Err(Refused::Invalid(result));
        }
        if self.tip() == block.block_hash() { Ok(()) } else { Err(Refused::NotTheTip) }
    }

    /// Height of the tip; 0 for the first block.
    pub fn height(&self) -> u32 {
        u32::try_from(self.chain.active_chain().height()).unwrap_or_default()
    }

    /// Hash of the tip.
    pub fn tip(&self) -> BlockHash {
        BlockHash::from_byte_array(self.chain.active_chain().tip().block_hash().to_bytes())
    }

    fn said(&self) -> std::sync::MutexGuard<'_, Option<(ValidationMode, BlockValidationResult)>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
