//! What further faults of channels, jobs, custom jobs and shares do.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::catalogue_decisions::decided;
use super::{AckRules, ChannelRules, CustomRules, Fate, Frames, JobRules, Process, ShareRules};
use crate::service::ConnId;
use bitcoin::hashes::Hash;
use bitcoin::{BlockHash, Target, TxMerkleNode};
use std::collections::BTreeSet;
use sv2_wire::frame::Frame;
use sv2_wire::{
    Message, NewExtendedMiningJob, NewMiningJob, OpenExtendedMiningChannel, OpenStandardMiningChannel,
    SetNewPrevHash, U256,
};

decided! {
    NoStandardChannel: ChannelRules::opens_standard(_: bool) -> bool = false;
    AllClosedByOne: ChannelRules::closes_members(_: bool) -> bool = true;
    RegroupedOnPaper: ChannelRules::regroups(_: bool) -> bool = false;
    AnyHashRate: ChannelRules::is_hash_rate_refused(_: bool) -> bool = false;
    HardLaterJobs: ChannelRules::job_target(right: Target, is_first: bool) -> Target =
        if is_first { right } else { hard() };

    NamedJobStale: JobRules::keeps_named(_: bool, is_first: bool) -> bool = is_first;

    ShortCoinbasePrefix: CustomRules::longest_coinbase_prefix(_: usize) -> usize = 4;
    NtimeOfTip: CustomRules::min_ntime(_: u32, of_tip: u32) -> u32 = of_tip;

    AnyForm: ShareRules::fits_channel(_: bool) -> bool = true;
    ExtranonceFirst: ShareRules::is_prefix_first(_: bool) -> bool = false;
    LonelyCoinbaseDoubled: ShareRules::merkle_root(right: TxMerkleNode, path: usize) -> TxMerkleNode =
        if path == 0 { paired_with_itself(right) } else { right };
    ImmediateJobAdrift: ShareRules::prev_hash(right: BlockHash, is_immediate: bool) -> BlockHash =
        if is_immediate { BlockHash::all_zeros() } else { right };
    BlockCreditedAgain: ShareRules::is_duplicate(right: bool, is_block: bool) -> bool = right && !is_block;

    WorthByLatestTarget: AckRules::worth(_: Target, latest: Target) -> Target = latest;
}

/// A target that no hash meets in practice.
fn hard() -> Target {
    Target::from_le_bytes(U256::from(1).to_le_bytes())
}

/// The root of a tree whose only leaf is taken twice, as the last one of an odd level is.
fn paired_with_itself(leaf: TxMerkleNode) -> TxMerkleNode {
    let leaf = leaf.to_byte_array();
    TxMerkleNode::hash(&[leaf, leaf].concat())
}

/// Closes a connection that asks for a second channel.
#[derive(Default)]
pub(super) struct OneChannelOnly(BTreeSet<ConnId>);

impl Process for OneChannelOnly {
    fn fate(&mut self, right: Fate, conn: ConnId, frame: &Frame) -> Fate {
        let opens = [OpenStandardMiningChannel::SPEC.kind, OpenExtendedMiningChannel::SPEC.kind];
        let is_second = opens.contains(&frame.header.kind) && !self.0.insert(conn);
        if is_second { Fate::Close } else { right }
    }
}

/// Says nothing of any previous block but the first that it had.
#[derive(Default)]
pub(super) struct LaterBlocksUnsaid(Option<U256>);

impl Frames for LaterBlocksUnsaid {
    fn outgoing(&mut self, right: Vec<Frame>, _: ConnId) -> Vec<Frame> {
        let mut is_said = |frame: &Frame| match frame.decode().map(|decoded| decoded.message) {
            Ok(Message::SetNewPrevHash(tip)) => *self.0.get_or_insert(tip.prev_hash) == tip.prev_hash,
            _ => true,
        };
        right.into_iter().filter(|frame| is_said(frame)).collect()
    }
}

/// Has work for its first connection only.
#[derive(Default)]
pub(super) struct WorkForOneConnection(Option<ConnId>);

impl Frames for WorkForOneConnection {
    fn outgoing(&mut self, mut right: Vec<Frame>, conn: ConnId) -> Vec<Frame> {
        let work = [NewMiningJob::SPEC.kind, NewExtendedMiningJob::SPEC.kind, SetNewPrevHash::SPEC.kind];
        if *self.0.get_or_insert(conn) != conn {
            right.retain(|frame| !work.contains(&frame.header.kind));
        }
        right
    }
}
