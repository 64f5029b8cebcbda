//! What the faults of the table do.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::{AckRules, Certifier, ChannelRules, Frames, JobRules, Records, SetupRules, ShareRules};
use crate::node::{NoiseConfig, Validity};
use crate::service::ConnId;
use crate::target::from_wire;
use bitcoin::Target;
use sv2_wire::frame::Frame;
use sv2_wire::noise::Certificate;
use sv2_wire::{Kind, Message, SetNewPrevHash, SetupConnection, SubmitSharesSuccess, U256};

pub(super) struct ExpiredCertificate;

impl Certifier for ExpiredCertificate {
    fn certificate(&mut self, _: Certificate, noise: &NoiseConfig, unix: u32) -> Certificate {
        let validity = Validity { from: -7200, until: -3600 };
        NoiseConfig { validity, ..noise.clone() }.certificate(unix)
    }
}

pub(super) struct FutureCertificate;

impl Certifier for FutureCertificate {
    fn certificate(&mut self, _: Certificate, noise: &NoiseConfig, unix: u32) -> Certificate {
        let validity = Validity { from: 3600, until: 7200 };
        NoiseConfig { validity, ..noise.clone() }.certificate(unix)
    }
}

pub(super) struct FlippedBit;

impl Records for FlippedBit {
    fn sealed(&mut self, mut right: Vec<u8>, _: ConnId, frame: &Frame) -> Vec<u8> {
        match right.last_mut() {
            Some(last) if is::<{ SubmitSharesSuccess::SPEC.kind.msg_type }>(frame) => *last ^= 1,
            _ => {}
        }
        right
    }
}

pub(super) struct SkippedNonce;

impl Records for SkippedNonce {
    fn skipped(&mut self, right: u32, _: ConnId, frame: &Frame) -> u32 {
        right.saturating_add(u32::from(is::<{ SetNewPrevHash::SPEC.kind.msg_type }>(frame)))
    }
}

pub(super) struct ClearChannelBit;

impl Frames for ClearChannelBit {
    fn outgoing(&mut self, mut right: Vec<Frame>, _: ConnId) -> Vec<Frame> {
        for frame in &mut right {
            if is::<{ SubmitSharesSuccess::SPEC.kind.msg_type }>(frame) {
                frame.header.channel_msg = false;
            }
        }
        right
    }
}

pub(super) struct BlindToExtensions;

impl Frames for BlindToExtensions {
    fn incoming(&mut self, mut right: Vec<Frame>, _: ConnId, _: usize) -> Vec<Frame> {
        for frame in &mut right {
            if frame.header.kind.extension_type != 1 {
                frame.header.kind.extension_type = 0;
            }
        }
        right
    }
}

pub(super) struct EchoedFlags;

impl SetupRules for EchoedFlags {
    fn success_flags(&mut self, _: u32, request: &SetupConnection) -> u32 {
        request.flags
    }
}

pub(super) struct LowestFlagOnly;

impl SetupRules for LowestFlagOnly {
    fn unsupported_flags(&mut self, right: u32) -> u32 {
        right & right.wrapping_neg()
    }
}

pub(super) struct ForgottenRequest;

impl ChannelRules for ForgottenRequest {
    fn request_id(&mut self, right: u32) -> u32 {
        right.wrapping_add(1)
    }
}

pub(super) struct SameChannelId;

impl ChannelRules for SameChannelId {
    fn channel_id(&mut self, right: u32, open: &[u32]) -> u32 {
        open.first().copied().unwrap_or(right)
    }
}

pub(super) struct SamePrefix;

impl ChannelRules for SamePrefix {
    fn extranonce_prefix(&mut self, right: Vec<u8>, latest: Option<&[u8]>) -> Vec<u8> {
        match latest {
            Some(latest) if latest.len() == right.len() => latest.to_vec(),
            _ => right,
        }
    }
}

pub(super) struct IgnoredMaximum;

impl ChannelRules for IgnoredMaximum {
    fn target(&mut self, right: Target, max_target: Target) -> Target {
        if right < max_target { right } else { from_wire(U256::MAX) }
    }
}

pub(super) struct BigEndianTarget;

impl ChannelRules for BigEndianTarget {
    fn target_on_wire(&mut self, right: U256) -> U256 {
        U256::from_be_bytes(right.to_le_bytes())
    }
}

pub(super) struct PrevHashFirst;

impl JobRules for PrevHashFirst {
    fn sequence(&mut self, [job, prev_hash]: [Message; 2]) -> [Message; 2] {
        [prev_hash, job]
    }
}

pub(super) struct UnknownJobNamed;

impl JobRules for UnknownJobNamed {
    fn named_job(&mut self, right: u32) -> u32 {
        right.wrapping_add(1_000_000)
    }
}

pub(super) struct ActiveFutureJob;

impl JobRules for ActiveFutureJob {
    fn min_ntime(&mut self, right: Option<u32>, tip_ntime: u32) -> Option<u32> {
        Some(right.unwrap_or(tip_ntime))
    }
}

pub(super) struct DuplicateCredited;

impl ShareRules for DuplicateCredited {
    fn is_duplicate(&mut self, _: bool, _: bool) -> bool {
        false
    }
}

pub(super) struct StaleCredited;

impl ShareRules for StaleCredited {
    fn is_stale(&mut self, _: bool) -> bool {
        false
    }
}

pub(super) struct TargetIgnored;

impl ShareRules for TargetIgnored {
    fn is_above_target(&mut self, _: bool) -> bool {
        false
    }
}

pub(super) struct RunningCount;

impl AckRules for RunningCount {
    fn accepted_count(&mut self, _: u32, since_opening: u32) -> u32 {
        since_opening
    }
}

fn is<const MSG_TYPE: u8>(frame: &Frame) -> bool {
    frame.header.kind == Kind { extension_type: 0, msg_type: MSG_TYPE }
}
