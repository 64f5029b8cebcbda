//! What the faults about channels and sums do.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::{AckRules, ChannelRules};

pub(super) struct RunningSum;

impl AckRules for RunningSum {
    fn shares_sum(&mut self, _: u64, _: u32, since_opening: u64) -> u64 {
        since_opening
    }
}

pub(super) struct SumOfShares;

impl AckRules for SumOfShares {
    fn shares_sum(&mut self, _: u64, count: u32, _: u64) -> u64 {
        // Enough that a check which passes over small sums looks at it.
        u64::from(count).saturating_mul(1000)
    }
}

pub(super) struct StandardAllTheSame;

impl ChannelRules for StandardAllTheSame {
    fn opens_standard(&mut self, _: bool) -> bool {
        true
    }
}

pub(super) struct AnyExtranonceSize;

impl ChannelRules for AnyExtranonceSize {
    fn max_extranonce_size(&mut self, _: u16) -> u16 {
        u16::MAX
    }
}

pub(super) struct UpdateIgnored;

impl ChannelRules for UpdateIgnored {
    fn is_update_refused(&mut self, _: bool) -> bool {
        false
    }
}

pub(super) struct OrphanedMembers;

impl ChannelRules for OrphanedMembers {
    fn closes_members(&mut self, _: bool) -> bool {
        false
    }
}

pub(super) struct BackwardPrefix;

impl ChannelRules for BackwardPrefix {
    fn reaches_earlier_jobs(&mut self, _: bool) -> bool {
        true
    }
}
