//! What the faults in custom jobs, jobs, targets and their shares do.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::{ChannelRules, CustomRules, JobRules, Reach, ShareRules};
use sv2_wire::{Message, SetNewPrevHash, U256};

pub(super) struct ForgottenCustomRequest;

impl CustomRules for ForgottenCustomRequest {
    fn request_id(&mut self, right: u32) -> u32 {
        right.wrapping_add(1)
    }
}

pub(super) struct UnansweredCustomJob;

impl CustomRules for UnansweredCustomJob {
    fn is_answered(&mut self, _: bool) -> bool {
        false
    }
}

pub(super) struct AnyToken;

impl CustomRules for AnyToken {
    fn is_token_known(&mut self, _: bool) -> bool {
        true
    }
}

pub(super) struct StandardCustomJob;

impl CustomRules for StandardCustomJob {
    fn takes_channel(&mut self, _: bool) -> bool {
        true
    }
}

pub(super) struct ReusedCustomId;

impl CustomRules for ReusedCustomId {
    fn job_id(&mut self, _: u32) -> u32 {
        1
    }
}

pub(super) struct DroppedCoinbasePrefix;

impl CustomRules for DroppedCoinbasePrefix {
    fn coinbase_prefix(&mut self, _: Vec<u8>) -> Vec<u8> {
        Vec::new()
    }
}

pub(super) struct UnannouncedCustomJob;

impl CustomRules for UnannouncedCustomJob {
    fn is_announced(&mut self, _: bool) -> bool {
        true
    }
}

pub(super) struct UnknownCustomJob;

impl ShareRules for UnknownCustomJob {
    fn is_known(&mut self, right: bool, is_custom: bool) -> bool {
        right && !is_custom
    }
}

pub(super) struct AnyVersion;

impl ShareRules for AnyVersion {
    fn is_version_wrong(&mut self, _: bool, _: u32) -> bool {
        false
    }
}

pub(super) struct LowExtranonces;

impl ShareRules for LowExtranonces {
    fn is_extranonce_wrong(&mut self, right: bool, extranonce: &[u8]) -> bool {
        right || extranonce.first().is_some_and(|first| *first >= 0x80)
    }
}

pub(super) struct BackwardTarget;

impl ChannelRules for BackwardTarget {
    fn reach(&mut self, _: Reach) -> Reach {
        Reach::AllJobs
    }
}

pub(super) struct TargetNeverKept;

impl ChannelRules for TargetNeverKept {
    fn reach(&mut self, _: Reach) -> Reach {
        Reach::Nothing
    }
}

pub(super) struct GroupTargetForOne;

impl ChannelRules for GroupTargetForOne {
    fn is_member_retargeted(&mut self, right: bool, index: usize) -> bool {
        right && index == 0
    }
}

pub(super) struct ReversedMerkleRoot;

impl JobRules for ReversedMerkleRoot {
    fn job(&mut self, mut right: Message) -> Message {
        if let Message::NewMiningJob(job) = &mut right {
            job.merkle_root = reversed(job.merkle_root);
        }
        right
    }
}

pub(super) struct ReversedPrevHash;

impl JobRules for ReversedPrevHash {
    fn prev_hash(&mut self, right: SetNewPrevHash) -> SetNewPrevHash {
        SetNewPrevHash { prev_hash: reversed(right.prev_hash), ..right }
    }
}

pub(super) struct GroupJobForOne;

impl JobRules for GroupJobForOne {
    fn reaches_member(&mut self, right: bool, index: usize) -> bool {
        right && index == 0
    }
}

fn reversed(number: U256) -> U256 {
    U256::from_be_bytes(number.to_le_bytes())
}
