use crate::share::{MAX_FUTURE, ROLLABLE_VERSION_BITS};
use crate::template::{Template, WITNESS_RESERVED_VALUE, merkle_root};
use bitcoin::{Amount, Block, Transaction, block, consensus};
use std::time::Duration;
use sv2_wire::SubmitSolution;

/// Why a solution makes no block (spec section 7.7), in the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SolutionError {
    /// The template was never sent, or is forgotten.
    #[error("unknown template")]
    UnknownTemplate,
    /// The template's previous block is no longer the tip.
    #[error("the template is stale")]
    StaleTemplate,
    /// A version bit outside of BIP323 differs from the template's.
    #[error("a version bit that may not be rolled was changed")]
    VersionBit,
    /// The header time is before the template's or too far ahead.
    #[error("the header time is out of range")]
    Time,
    /// `coinbase_tx` is no serialised transaction, or bytes follow it.
    #[error("the coinbase does not decode")]
    Coinbase,
    /// The coinbase is another one than the template asks for: version, input, script start, sequence, witness, lock time,
    /// last outputs.
    #[error("the coinbase does not follow the template")]
    CoinbaseFields,
    /// The coinbase pays more than subsidy and fees.
    #[error("the coinbase pays too much")]
    Value,
    /// The hash is above the network's target.
    #[error("the hash is above the target")]
    Target,
}

/// Rebuilds the block of a solution and decides whether it may go to the network.
pub(super) fn block(
    template: &Template,
    message: &SubmitSolution,
    tip_age: Duration,
) -> Result<Block, SolutionError> {
    let version = template.version.to_consensus().cast_unsigned();
    if (message.version ^ version) & !ROLLABLE_VERSION_BITS != 0 {
        return Err(SolutionError::VersionBit);
    }
    let earliest = u64::from(template.tip.min_ntime);
    let latest = earliest.saturating_add(tip_age.as_secs()).saturating_add(MAX_FUTURE);
    if !(earliest..=latest).contains(&u64::from(message.header_timestamp)) {
        return Err(SolutionError::Time);
    }
    let coinbase: Transaction =
        consensus::deserialize(message.coinbase_tx.as_slice()).map_err(|_| SolutionError::Coinbase)?;
    check_coinbase(template, &coinbase)?;
    let header = block::Header {
        version: block::Version::from_consensus(message.version.cast_signed()),
        prev_blockhash: template.tip.prev_hash,
        merkle_root: merkle_root(coinbase.compute_txid(), &template.merkle_path),
        time: message.header_timestamp,
        bits: template.tip.nbits,
        nonce: message.header_nonce,
    };
    if !template.tip.target().is_met_by(header.block_hash()) {
        return Err(SolutionError::Target);
    }
    Ok(template.block(header, coinbase))
}

fn check_coinbase(template: &Template, coinbase: &Transaction) -> Result<(), SolutionError> {
    let [input] = coinbase.input.as_slice() else { return Err(SolutionError::CoinbaseFields) };
    let script = input.script_sig.as_bytes();
    let witness: Vec<&[u8]> = input.witness.iter().collect();
    let follows = coinbase.is_coinbase()
        && coinbase.version == template.coinbase_version
        && coinbase.lock_time == template.lock_time
        && input.sequence == template.sequence
        && script.starts_with(template.coinbase_prefix.as_bytes())
        && (2..=crate::job::MAX_SCRIPT_LEN).contains(&script.len())
        && witness == [WITNESS_RESERVED_VALUE]
        && coinbase.output.ends_with(&template.outputs);
    if !follows {
        return Err(SolutionError::CoinbaseFields);
    }
    let paid = coinbase.output.iter().try_fold(Amount::ZERO, |sum, output| sum.checked_add(output.value));
    match paid {
        Some(paid) if paid <= template.value => Ok(()),
        _ => Err(SolutionError::Value),
    }
}
