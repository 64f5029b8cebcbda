//! Blocks that were mined through channels of the reference pool, judged by Bitcoin Core's code.
//!
//! Three hands: the pool assembles with the bitcoin crate, the harness's miner works from bytes and SHA-256 alone, and
//! neither has a say in what is valid.

mod support;

use bitcoinkernel::BlockValidationResult as Result;
use support::{Channel, Mine};
use sv2_consensus::{Lie, Refused};

#[test]
fn every_block_of_a_long_chain_is_accepted() {
    let mut mine = Mine::new();
    let channels =
        [mine.open_standard(true), mine.open_extended(), mine.open_standard(false), mine.open_extended()];
    let mut sizes = std::collections::BTreeSet::new();
    for height in 1..=140u32 {
        let channel = channels[height as usize % channels.len()];
        let block = mine.block(channel);
        mine.judge.submit(&block).unwrap_or_else(|refused| panic!("block {height}: {refused}"));
        assert_eq!((mine.judge.height(), mine.judge.tip()), (height, block.block_hash()));
        sizes.insert(block.txdata.len() - 1);
        assert_eq!(Mine::reward(&block).to_sat(), 5_000_000_000 + 1000 * (block.txdata.len() as u64 - 1));
        mine.extend(&block);
    }
    assert_eq!(sizes.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 5, 8], "empty and full templates");
}

#[test]
fn a_block_that_is_told_twice_is_the_tip_once() {
    let mut mine = Mine::new();
    let channel = mine.open_extended();
    let (first, other) = (mine.block(channel), mine.block(channel));
    assert_ne!(first.block_hash(), other.block_hash());
    assert_eq!(mine.judge.submit(&first), Ok(()));
    assert_eq!(mine.judge.submit(&first), Ok(()), "known, good and still the tip");
    assert_eq!(mine.judge.submit(&other), Err(Refused::NotTheTip), "the second of its height");
}

/// What Bitcoin Core calls each lie.
fn expected(lie: Lie) -> Refused {
    match lie {
        Lie::Value | Lie::Height | Lie::MissingInput | Lie::ImmatureInput => {
            Refused::Invalid(Result::Consensus)
        }
        Lie::Commitment | Lie::MerklePath => Refused::Invalid(Result::Mutated),
        Lie::Time | Lie::Bits | Lie::Version => Refused::Invalid(Result::InvalidHeader),
        Lie::PreviousHash => Refused::Invalid(Result::MissingPrev),
    }
}

#[test]
fn a_block_of_a_lying_template_is_refused_and_the_next_honest_one_is_taken() {
    let mut mine = Mine::new();
    let channels: [Channel; 2] = [mine.open_standard(true), mine.open_extended()];
    for _ in 0..3 {
        mine.accepted(channels[0]);
    }
    for (lie, channel) in Lie::ALL.into_iter().zip(channels.into_iter().cycle()) {
        let tip = mine.judge.tip();
        mine.lie(Some(lie));
        let block = mine.block(channel);
        assert_eq!(mine.judge.submit(&block), Err(expected(lie)), "{lie:?}");
        assert_eq!(mine.judge.tip(), tip, "{lie:?}");
        mine.lie(None);
        mine.accepted(channel);
    }
}

#[test]
fn a_header_without_work_is_refused() {
    let mut mine = Mine::new();
    let channel = mine.open_standard(true);
    let mut block = mine.block(channel);
    while block.header.validate_pow(block.header.target()).is_ok() {
        block.header.nonce = block.header.nonce.wrapping_add(1);
    }
    assert_eq!(mine.judge.submit(&block), Err(Refused::Invalid(Result::InvalidHeader)));
}
