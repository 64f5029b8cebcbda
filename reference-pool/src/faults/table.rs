//! The table of faults, one row each.

use super::catalogue::{
    ActiveFutureJob, BigEndianTarget, BlindToExtensions, ClearChannelBit, DuplicateCredited, EchoedFlags,
    ExpiredCertificate, FlippedBit, ForgottenRequest, FutureCertificate, IgnoredMaximum, LowestFlagOnly,
    PrevHashFirst, RunningCount, SameChannelId, SamePrefix, SkippedNonce, StaleCredited, TargetIgnored,
    UnknownJobNamed,
};
use super::catalogue_channels::{
    AnyExtranonceSize, BackwardPrefix, OrphanedMembers, RunningSum, StandardAllTheSame, SumOfShares,
    UpdateIgnored,
};
use super::catalogue_extensions::{TLV_IN_FRONT, UninvitedFrame, UninvitedTlv};
use super::catalogue_work::{
    AnyToken, AnyVersion, BackwardTarget, DroppedCoinbasePrefix, ForgottenCustomRequest, GroupJobForOne,
    GroupTargetForOne, LowExtranonces, ReusedCustomId, ReversedMerkleRoot, ReversedPrevHash,
    StandardCustomJob, TargetNeverKept, UnannouncedCustomJob, UnansweredCustomJob, UnknownCustomJob,
};
use super::process::{
    AwaitedHandshake, ClosedByOpening, HungByOpening, KilledByOpening, PatientForEver, ResetByOpening,
    UnboundedQueue,
};
use super::{Deviation, Fault, Layer};

macro_rules! faults {
    ($($id:literal $name:literal $layer:ident $field:literal [$($clause:literal)+]
        when $trigger:literal seen $seen_in:literal => $kind:ident($rules:ident);)+) => {
        /// Every built-in fault. `seen_in` names an issue or pull request, or says that there is none known.
        pub const FAULTS: &[Fault] = &[$(Fault {
            id: $id,
            name: $name,
            layer: Layer::$layer,
            field: $field,
            clauses: &[$($clause),+],
            trigger: $trigger,
            seen_in: $seen_in,
            make: || Deviation::$kind(Box::new($rules)),
        }),+];
    };
}

faults! {
    "F01" "certificate-expired" Noise "act two: not_valid_after" ["SV2-04-041" "SV2-04-040"]
        when "every handshake: the certificate ended an hour ago" seen "ESP-Miner#1786: a client that took it" => Certifier(ExpiredCertificate);
    "F02" "certificate-not-yet-valid" Noise "act two: valid_from" ["SV2-04-041" "SV2-04-039"]
        when "every handshake: the certificate begins in an hour" seen "stratum#1269, by seconds" => Certifier(FutureCertificate);
    "F03" "record-bit-flipped" Record "record: authentication code" ["SV2-04-022" "SV2-04-044"]
        when "the last byte of each SubmitShares.Success" seen "no report known" => Records(FlippedBit);
    "F04" "nonce-skipped" Record "record: nonce" ["SV2-04-014" "SV2-04-044"]
        when "in front of each SetNewPrevHash" seen "stratum PR#729: a nonce that stood still" => Records(SkippedNonce);
    "F05" "channel-bit-clear" Frame "SubmitShares.Success: channel_msg" ["SV2-08-002" "SV2-03-029"]
        when "each SubmitShares.Success" seen "stratum#2094, on other messages" => Frames(ClearChannelBit);
    "F06" "blind-to-extensions" Frame "frame header: extension_type" ["SV2-03-041"]
        when "frames of unknown extensions are taken for core messages" seen "stratum#2325" => Frames(BlindToExtensions);
    "F07" "flags-echoed" Setup "SetupConnection.Success.flags" ["SV2-03-074"]
        when "a client that sets a flag" seen "sv2-apps#265" => Setup(EchoedFlags);
    "F08" "lowest-flag-only" Setup "SetupConnection.Error.flags" ["SV2-03-079"]
        when "two unsupported flags at once" seen "no report known" => Setup(LowestFlagOnly);
    "F09" "request-id-not-echoed" Channel "OpenStandardMiningChannel.Success.request_id" ["SV2-05-045"]
        when "each opening, of either kind" seen "no report known" => Channel(ForgottenRequest);
    "F10" "channel-id-reused" Channel "OpenStandardMiningChannel.Success.channel_id" ["SV2-05-013"]
        when "each opening but the first, of either kind" seen "no report known" => Channel(SameChannelId);
    "F11" "prefix-reused" Channel "OpenStandardMiningChannel.Success.extranonce_prefix" ["SV2-05-048" "SV2-05-002"]
        when "two openings of one kind in a row, on any connections" seen "stratum#2261" => Channel(SamePrefix);
    "F12" "max-target-ignored" Channel "OpenStandardMiningChannel.Success.target" ["SV2-05-043" "SV2-05-047" "SV2-05-170"]
        when "the device takes less than the pool would grant" seen "no report known" => Channel(IgnoredMaximum);
    "F13" "target-big-endian" Channel "OpenStandardMiningChannel.Success.target" ["SV2-03-008"]
        when "each target that is no palindrome" seen "ESP-Miner#1758, stratum PR#488" => Channel(BigEndianTarget);
    "F14" "prev-hash-before-job" Job "SetNewPrevHash" ["SV2-05-145" "SV2-05-115"]
        when "each opening and each new block" seen "sv2-spec#34" => Job(PrevHashFirst);
    "F15" "unknown-job-named" Job "SetNewPrevHash.job_id" ["SV2-05-145"]
        when "each opening and each new block" seen "sv2-spec#208" => Job(UnknownJobNamed);
    "F16" "future-job-with-ntime" Job "NewMiningJob.min_ntime" ["SV2-05-116" "SV2-05-145"]
        when "each opening and each new block" seen "no report known" => Job(ActiveFutureJob);
    "F17" "duplicate-credited" Share "SubmitShares.Success" ["SV2-05-112"]
        when "a share that was credited before" seen "stratum#2096" => Share(DuplicateCredited);
    "F18" "stale-credited" Share "SubmitShares.Success" ["SV2-05-144" "SV2-05-142"]
        when "a share on a job of an earlier block" seen "no report known" => Share(StaleCredited);
    "F19" "target-ignored" Share "SubmitShares.Success" ["SV2-05-166"]
        when "a share above its target" seen "no report known" => Share(TargetIgnored);
    "F20" "count-not-reset" Ack "SubmitShares.Success.new_submits_accepted_count" ["SV2-05-100"]
        when "each batch but the first" seen "stratum#1967, stratum#2101" => Ack(RunningCount);
    "F31" "killed-by-opening" Process "the program" ["SV2-05-034"]
        when "an OpenExtendedMiningChannel: the program ends" seen "no report known" => Process(KilledByOpening);
    "F32" "hung-by-opening" Process "the program" ["SV2-05-034"]
        when "an OpenExtendedMiningChannel: nobody is answered any more" seen "no report known" => Process(HungByOpening);
    "F33" "reset-by-opening" Process "the connection" ["SV2-05-034"]
        when "an OpenExtendedMiningChannel: the connection is reset" seen "no report known" => Process(ResetByOpening);
    "F34" "closed-by-opening" Process "the connection" ["SV2-05-034"]
        when "an OpenExtendedMiningChannel: the connection is closed" seen "no report known" => Process(ClosedByOpening);
    "F35" "no-deadlines" Process "the connection" ["ROB-01" "ROB-02" "ROB-03"]
        when "a client that says nothing, or nothing more" seen "no report known" => Process(PatientForEver);
    "F36" "unbounded-queue" Process "memory" ["ROB-05"]
        when "a client that asks and does not read" seen "no report known" => Process(UnboundedQueue);
    "F37" "handshake-awaited" Process "other connections" ["ROB-09"]
        when "a client that has sent half of act one" seen "no report known" => Process(AwaitedHandshake);
    "F41" "sum-not-reset" Ack "SubmitShares.Success.new_shares_sum" ["SV2-05-101"]
        when "each batch but the first" seen "no report known" => Ack(RunningSum);
    "F42" "sum-of-shares" Ack "SubmitShares.Success.new_shares_sum" ["SV2-05-102"]
        when "each batch: its shares count the same whatever their target" seen "no report known" => Ack(SumOfShares);
    "F43" "standard-channel-all-the-same" Channel "OpenStandardMiningChannel.Success" ["SV2-05-029"]
        when "a standard channel, where extended ones only were announced" seen "no report known" => Channel(StandardAllTheSame);
    "F44" "any-extranonce-size" Channel "OpenExtendedMiningChannel.Success.extranonce_size" ["SV2-05-051" "SV2-05-052"]
        when "a request for more than is granted" seen "no report known" => Channel(AnyExtranonceSize);
    "F45" "update-ignored" Channel "UpdateChannel.Error" ["SV2-05-065"]
        when "an update of a channel that is not open" seen "no report known" => Channel(UpdateIgnored);
    "F46" "members-outlive-group" Channel "CloseChannel" ["SV2-05-075"]
        when "a group is closed" seen "no report known" => Channel(OrphanedMembers);
    "F47" "prefix-reaches-back" Channel "SetExtranoncePrefix" ["SV2-05-079"]
        when "a share on a job from before the change" seen "no report known" => Channel(BackwardPrefix);
    "F51" "custom-request-id-not-echoed" Job "SetCustomMiningJob.Success.request_id" ["SV2-05-155" "SV2-05-157" "SV2-05-163"]
        when "each custom job, taken or refused" seen "no report known" => Custom(ForgottenCustomRequest);
    "F52" "custom-job-unanswered" Job "SetCustomMiningJob.Success" ["SV2-05-155"]
        when "each custom job, taken or refused" seen "no report known" => Custom(UnansweredCustomJob);
    "F53" "custom-token-unchecked" Job "SetCustomMiningJob.Success" ["SV2-05-164"]
        when "a token that was never given out" seen "no report known" => Custom(AnyToken);
    "F54" "custom-job-on-standard-channel" Job "SetCustomMiningJob.Success" ["SV2-05-150" "SV2-05-151"]
        when "a standard channel, or a group with one" seen "no report known" => Custom(StandardCustomJob);
    "F55" "custom-job-id-reused" Job "SetCustomMiningJob.Success.job_id" ["SV2-05-161"]
        when "each custom job is number 1" seen "no report known" => Custom(ReusedCustomId);
    "F56" "coinbase-prefix-dropped" Job "SetCustomMiningJob.coinbase_prefix" ["SV2-05-185" "SV2-05-160"]
        when "shares on each custom job" seen "no report known" => Custom(DroppedCoinbasePrefix);
    "F57" "work-selection-not-asked" Job "SetCustomMiningJob.Success" ["SV2-05-152"]
        when "a custom job without REQUIRES_WORK_SELECTION" seen "no report known" => Custom(UnannouncedCustomJob);
    "F58" "custom-job-unknown" Share "SubmitShares.Error" ["SV2-05-160" "SV2-05-185"]
        when "a share on a custom job" seen "no report known" => Share(UnknownCustomJob);
    "F59" "version-unchecked" Share "SubmitShares.Success" ["SV2-05-133"]
        when "a share with another version than its job allows" seen "no report known" => Share(AnyVersion);
    "F60" "target-reaches-back" Channel "SetTarget" ["SV2-05-168"]
        when "a share on an active job after SetTarget" seen "no report known" => Channel(BackwardTarget);
    "F61" "target-not-kept" Channel "SetTarget" ["SV2-05-167" "SV2-05-171"]
        when "a share on a later job after SetTarget" seen "no report known" => Channel(TargetNeverKept);
    "F62" "group-target-for-one" Channel "SetTarget" ["SV2-05-171"]
        when "SetTarget for a group of two" seen "no report known" => Channel(GroupTargetForOne);
    "F63" "merkle-root-reversed" Job "NewMiningJob.merkle_root" ["SV2-05-125"]
        when "each standard job" seen "no report known" => Job(ReversedMerkleRoot);
    "F64" "prev-hash-reversed" Job "SetNewPrevHash.prev_hash" ["SV2-05-148"]
        when "each SetNewPrevHash" seen "no report known" => Job(ReversedPrevHash);
    "F65" "group-job-for-one" Job "NewExtendedMiningJob" ["SV2-05-128"]
        when "a job for a group of two" seen "no report known" => Job(GroupJobForOne);
    "F66" "high-extranonce-refused" Share "SubmitShares.Error" ["SV2-05-180"]
        when "an extranonce with the highest bit set" seen "no report known" => Share(LowExtranonces);
    "F91" "tlv-uninvited" Frame "SubmitShares.Success: TLV" ["SV2-03-043"]
        when "each SubmitShares.Success has a TLV of extension 0x0002" seen "no report known" => Frames(UninvitedTlv);
    "F92" "extension-frame-uninvited" Frame "frame header: extension_type" ["SV2-03-043"]
        when "behind each SubmitShares.Success comes a frame of extension 0x0002" seen "no report known" => Frames(UninvitedFrame);
    "F93" "tlv-expected-in-front" Frame "SubmitSharesExtended: TLV" ["SV2-03-046"]
        when "a share on a connection that has extension 0x0002" seen "no report known" => Frames(TLV_IN_FRONT);
}
