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
use super::catalogue_decisions::{
    AnyChannel, AnyExtranonce, AnyJob, AnyProtocol, AnyVersionRange, BrokenSignature, CloseIgnored,
    EarlyCredited, EndedByError, ExtendedAllTheSame, FirstOfEachRead, FixedDespiteRolling, FixedForRollers,
    ForgottenByTemplate, InvertedPeriod, LateCredited, LongScript, NarrowMask, NoExtendedChannel,
    NoSetupNeeded, NothingGivenBack, OneEphemeral, OneJobId, OneTargetForAll, OpenAfterError, OtherAuthority,
    OtherStaticKey, RefusedForGood, RetiredByTemplate, ReversedPath, RolledBitsOnly, RollingAllTheSame,
    RollingRefused, RootWithoutPrefix, ServedWithoutExtensions, SessionGoesOn, SwappedVersionRange,
    UnstrippedCoinbase, UntoldTarget, WholeReadsOnly,
};
use super::catalogue_extensions::{TLV_IN_FRONT, UninvitedFrame, UninvitedTlv};
use super::catalogue_work::{
    AnyToken, AnyVersion, BackwardTarget, DroppedCoinbasePrefix, ForgottenCustomRequest, GroupJobForOne,
    GroupTargetForOne, LowExtranonces, ReusedCustomId, ReversedMerkleRoot, ReversedPrevHash,
    StandardCustomJob, TargetNeverKept, UnannouncedCustomJob, UnansweredCustomJob, UnknownCustomJob,
};
use super::frames::{
    accompanied, counted, cut_short, dropped, felled, flipped_bit, lengthened, misheard, reframed, rewritten,
    twice, with_end,
};
use super::made_up::{
    clients_message, earlier_request_named, grant_nothing, group_of_one, header_only, holds, is_servers,
    is_unassigned, length_as_zero, more, opened_as_standard, other_protocols_message, refusals_counted,
    refuse_extensions, refused_number_named, refused_too, unsaid, without_tail,
};
use super::process::{
    AwaitedHandshake, ClosedByOpening, HungByOpening, KilledByOpening, PatientForEver, ResetByOpening,
    UnboundedQueue,
};
use super::{Deviation, Fate, Fault, Layer};
use sv2_wire::{
    B0_32, CloseChannel, Message, NewExtendedMiningJob, NewMiningJob, OpenExtendedMiningChannelSuccess,
    OpenMiningChannelError, OpenStandardMiningChannelSuccess, Reconnect, RequestExtensionsError,
    RequestExtensionsSuccess, Seq0_64K, SetCustomMiningJobError, SetCustomMiningJobSuccess,
    SetExtranoncePrefix, SetGroupChannel, SetNewPrevHash, SetTarget, SetupConnection, SetupConnectionError,
    SetupConnectionSuccess, SubmitSharesError, SubmitSharesSuccess, U256, UpdateChannel, UpdateChannelError,
};

/// A row's messages of one kind with something else in a field.
macro_rules! edited {
    ($kind:ident : $message:ident => $change:expr) => {
        rewritten(|message: &mut Message| {
            if let Message::$kind($message) = message {
                $change;
            }
        })
    };
}

macro_rules! faults {
    ($($id:literal $name:literal $layer:ident $field:literal [$($clause:literal)+]
        when $trigger:literal seen $seen_in:literal => $kind:ident($rules:expr);)+) => {
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
    "F11" "prefix-reused" Channel "OpenStandardMiningChannel.Success.extranonce_prefix" ["SV2-05-048" "SV2-05-002" "SV2-05-054"]
        when "two openings of one kind in a row, on any connections" seen "stratum#2261" => Channel(SamePrefix);
    "F12" "max-target-ignored" Channel "OpenStandardMiningChannel.Success.target" ["SV2-05-043" "SV2-05-047" "SV2-05-170"]
        when "the device takes less than the pool would grant" seen "no report known" => Channel(IgnoredMaximum);
    "F13" "target-big-endian" Channel "OpenStandardMiningChannel.Success.target" ["SV2-03-008"]
        when "each target that is no palindrome" seen "ESP-Miner#1758, stratum PR#488" => Channel(BigEndianTarget);
    "F14" "prev-hash-before-job" Job "SetNewPrevHash" ["SV2-05-145" "SV2-05-115"]
        when "each opening and each new block" seen "sv2-spec#34" => Job(PrevHashFirst);
    "F15" "unknown-job-named" Job "SetNewPrevHash.job_id" ["SV2-05-145"]
        when "each opening and each new block" seen "sv2-spec#208" => Job(UnknownJobNamed);
    "F16" "future-job-with-ntime" Job "NewMiningJob.min_ntime" ["SV2-05-116" "SV2-05-145" "SV2-05-122"]
        when "each opening and each new block" seen "no report known" => Job(ActiveFutureJob);
    "F17" "duplicate-credited" Share "SubmitShares.Success" ["SV2-05-112"]
        when "a share that was credited before" seen "stratum#2096" => Share(DuplicateCredited);
    "F18" "stale-credited" Share "SubmitShares.Success" ["SV2-05-144" "SV2-05-142"]
        when "a share on a job of an earlier block" seen "no report known" => Share(StaleCredited);
    "F19" "target-ignored" Share "SubmitShares.Success" ["SV2-05-166"]
        when "a share above its target" seen "no report known" => Share(TargetIgnored);
    "F20" "count-not-reset" Ack "SubmitShares.Success.new_submits_accepted_count" ["SV2-05-100"]
        when "each batch but the first" seen "stratum#1967, stratum#2101" => Ack(RunningCount);
    "F21" "channel-bit-clear-on-targets" Frame "SetTarget: channel_msg" ["SV2-08-002" "SV2-03-029"]
        when "each SetTarget" seen "stratum#2094; goPool, on NewMiningJob" => Frames(flipped_bit(SetTarget::SPEC.kind));
    "F22" "channel-bit-on-openings" Frame "OpenStandardMiningChannel.Success: channel_msg" ["SV2-08-002" "SV2-03-029"]
        when "each standard channel" seen "no report known" => Frames(flipped_bit(OpenStandardMiningChannelSuccess::SPEC.kind));
    "F23" "length-with-header" Frame "NewMiningJob: msg_length" ["SV2-03-021" "SV2-04-044"]
        when "each standard job" seen "sv2-spec#31" => Frames(reframed(NewMiningJob::SPEC.kind, |frame| frame.header.length += 6));
    "F24" "byte-behind-success" Frame "SubmitShares.Success: payload" ["SV2-03-024" "SV2-03-101"]
        when "each SubmitShares.Success" seen "no report known" => Frames(lengthened(SubmitSharesSuccess::SPEC.kind, &[0]));
    "F25" "closed-by-extension" Process "the connection" ["SV2-03-041"]
        when "a frame of an unknown extension" seen "stratum#2390, goPool" => Process(felled(Fate::Close, |frame| frame.header.kind.extension_type > 1));
    "F26" "extension-answer-in-core" Frame "RequestExtensions.Success: extension_type" ["SV2-03-023" "EXT-0001-011" "EXT-0001-002"]
        when "each request for extensions that is granted" seen "stratum#2355: frames of type 0 only"
        => Frames(reframed(RequestExtensionsSuccess::SPEC.kind, |frame| frame.header.kind.extension_type = 0));
    "F27" "extension-not-requested" Frame "RequestExtensions.Success.supported_extensions" ["EXT-0001-008"]
        when "each request for extensions that is granted" seen "no report known" => Frames(edited!(RequestExtensionsSuccess: success =>
            success.supported_extensions = more(&success.supported_extensions, 0x7777)));
    "F28" "no-extension-granted" Frame "RequestExtensions.Error" ["EXT-0001-012"]
        when "a request for unsupported extensions only" seen "no report known" => Frames(rewritten(grant_nothing));
    "F29" "extension-request-id" Frame "RequestExtensions.Success.request_id" ["EXT-0001-007"]
        when "each request for extensions that is granted" seen "no report known" => Frames(edited!(RequestExtensionsSuccess: success => success.request_id ^= 1));
    "F30" "extensions-unanswered" Frame "RequestExtensions.Success" ["EXT-0001-002" "EXT-0001-023"]
        when "each request for extensions that is granted" seen "no report known" => Frames(dropped(RequestExtensionsSuccess::SPEC.kind));
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
    "F38" "version-beyond-range" Setup "SetupConnection.Success.used_version" ["SV2-03-071"]
        when "each set-up" seen "ChimeraPool: the client's greatest" => Frames(edited!(SetupConnectionSuccess: success => success.used_version = 9));
    "F39" "setup-unanswered" Setup "SetupConnection.Success" ["SV2-03-060"]
        when "each set-up" seen "goPool: connects, then silence" => Frames(dropped(SetupConnectionSuccess::SPEC.kind));
    "F40" "setup-answered-twice" Setup "SetupConnection.Success" ["SV2-03-060"]
        when "each set-up" seen "no report known" => Frames(twice(SetupConnectionSuccess::SPEC.kind));
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
    "F48" "setup-success-cut" Setup "SetupConnection.Success: payload" ["SV2-03-073" "SV2-03-025"]
        when "each set-up" seen "no report known" => Frames(cut_short(SetupConnectionSuccess::SPEC.kind));
    "F49" "setup-error-cut" Setup "SetupConnection.Error: payload" ["SV2-03-083" "SV2-03-025"]
        when "each set-up that is refused" seen "no report known" => Frames(cut_short(SetupConnectionError::SPEC.kind));
    "F50" "setup-error-with-newline" Setup "SetupConnection.Error.error_code" ["SV2-03-057" "SV2-03-056"]
        when "each set-up that is refused" seen "no report known" => Frames(edited!(SetupConnectionError: error => error.error_code = with_end(&error.error_code, b"\n")));
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
    "F59" "version-unchecked" Share "SubmitShares.Success" ["SV2-05-133" "SV2-05-089" "SV2-05-028"]
        when "a share with another version than its job allows" seen "stratum#2236, blitzpool" => Share(AnyVersion);
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
    "F67" "undefined-server-flag" Setup "SetupConnection.Success.flags" ["SV2-05-031" "SV2-03-074"]
        when "each set-up" seen "no report known" => Frames(edited!(SetupConnectionSuccess: success => success.flags |= 0x100));
    "F68" "flags-on-version-mismatch" Setup "SetupConnection.Error.flags" ["SV2-03-081"]
        when "a set-up that is refused for another cause than flags" seen "blitzpool" => Frames(edited!(SetupConnectionError: error => error.flags |= 1));
    "F69" "offending-flag-unnamed" Setup "SetupConnection.Error.flags" ["SV2-03-109" "SV2-03-079"]
        when "a set-up that is refused for its flags" seen "goPool: always 0" => Frames(edited!(SetupConnectionError: error => error.flags = 0));
    "F70" "terminated-string" Setup "SetupConnection.Error.error_code" ["SV2-03-011"]
        when "each set-up that is refused" seen "no report known" => Frames(edited!(SetupConnectionError: error => error.error_code = with_end(&error.error_code, &[0])));
    "F71" "bell-in-share-error" Share "SubmitShares.Error.error_code" ["SV2-03-057" "SV2-03-056"]
        when "each share that is refused" seen "no report known" => Frames(edited!(SubmitSharesError: error => error.error_code = with_end(&error.error_code, &[7])));
    "F72" "umlaut-in-opening-error" Channel "OpenMiningChannel.Error.error_code" ["SV2-03-056"]
        when "each channel that is refused" seen "no report known" => Frames(edited!(OpenMiningChannelError: error => error.error_code = with_end(&error.error_code, "ä".as_bytes())));
    "F73" "group-is-channel" Channel "OpenExtendedMiningChannel.Success.group_channel_id" ["SV2-05-021"]
        when "each extended channel" seen "goPool" => Frames(edited!(OpenExtendedMiningChannelSuccess: success => success.group_channel_id = success.channel_id));
    "F74" "unequal-extranonces" Channel "OpenExtendedMiningChannel.Success.extranonce_size" ["SV2-05-007"]
        when "every other extended channel" seen "stratum#1925, in a proxy" => Frames(edited!(OpenExtendedMiningChannelSuccess: success =>
            success.extranonce_size -= (success.channel_id % 2) as u16));
    "F75" "extranonce-of-33" Channel "OpenExtendedMiningChannel.Success.extranonce_size" ["SV2-05-053"]
        when "each extended channel" seen "goPool" => Frames(edited!(OpenExtendedMiningChannelSuccess: success => success.extranonce_size = 33));
    "F76" "target-of-zero" Channel "OpenStandardMiningChannel.Success.target" ["SV2-05-047"]
        when "each standard channel" seen "stratum PR#2239" => Frames(edited!(OpenStandardMiningChannelSuccess: success => success.target = U256::ZERO));
    "F77" "refusal-request-id" Channel "OpenMiningChannel.Error.request_id" ["SV2-05-056" "SV2-05-034"]
        when "each channel that is refused" seen "no report known" => Frames(edited!(OpenMiningChannelError: error => error.request_id ^= 1));
    "F78" "standard-for-extended" Channel "OpenStandardMiningChannel.Success" ["SV2-05-046"]
        when "each extended channel" seen "goPool: standard jobs behind it" => Frames(rewritten(opened_as_standard));
    "F79" "opened-twice" Channel "OpenExtendedMiningChannel.Success" ["SV2-05-034" "SV2-05-013"]
        when "each extended channel" seen "no report known" => Frames(twice(OpenExtendedMiningChannelSuccess::SPEC.kind));
    "F80" "refusal-unsaid" Channel "OpenMiningChannel.Error" ["SV2-05-034"]
        when "each channel that is refused" seen "ckpool, ChimeraPool: silence" => Frames(dropped(OpenMiningChannelError::SPEC.kind));
    "F81" "opening-cut" Channel "OpenStandardMiningChannel.Success: payload" ["SV2-05-044" "SV2-03-025"]
        when "each standard channel" seen "no report known" => Frames(cut_short(OpenStandardMiningChannelSuccess::SPEC.kind));
    "F82" "extended-opening-cut" Channel "OpenExtendedMiningChannel.Success: payload" ["SV2-05-050" "SV2-03-025"]
        when "each extended channel" seen "ChimeraPool: another layout" => Frames(cut_short(OpenExtendedMiningChannelSuccess::SPEC.kind));
    "F83" "refusal-cut" Channel "OpenMiningChannel.Error: payload" ["SV2-05-055" "SV2-03-025"]
        when "each channel that is refused" seen "no report known" => Frames(cut_short(OpenMiningChannelError::SPEC.kind));
    "F84" "update-error-cut" Channel "UpdateChannel.Error: payload" ["SV2-05-064" "SV2-03-025"]
        when "each update that is refused" seen "no report known" => Frames(cut_short(UpdateChannelError::SPEC.kind));
    "F85" "close-cut" Channel "CloseChannel: payload" ["SV2-05-067" "SV2-03-025"]
        when "each channel that the pool closes" seen "no report known" => Frames(cut_short(CloseChannel::SPEC.kind));
    "F86" "prefix-cut" Channel "SetExtranoncePrefix: payload" ["SV2-05-078" "SV2-03-025"]
        when "each new prefix" seen "no report known" => Frames(cut_short(SetExtranoncePrefix::SPEC.kind));
    "F87" "success-cut" Ack "SubmitShares.Success: payload" ["SV2-05-096" "SV2-03-025"]
        when "each acknowledgement: the sum is one byte short" seen "no report known" => Frames(cut_short(SubmitSharesSuccess::SPEC.kind));
    "F88" "share-error-cut" Share "SubmitShares.Error: payload" ["SV2-05-106" "SV2-03-025"]
        when "each share that is refused" seen "no report known" => Frames(cut_short(SubmitSharesError::SPEC.kind));
    "F89" "job-cut" Job "NewMiningJob: payload" ["SV2-05-114" "SV2-03-025"]
        when "each standard job" seen "ChimeraPool: without merkle_root and min_ntime" => Frames(cut_short(NewMiningJob::SPEC.kind));
    "F90" "extended-job-cut" Job "NewExtendedMiningJob: payload" ["SV2-05-126" "SV2-03-025"]
        when "each extended job" seen "no report known" => Frames(cut_short(NewExtendedMiningJob::SPEC.kind));
    "F91" "tlv-uninvited" Frame "SubmitShares.Success: TLV" ["SV2-03-043"]
        when "each SubmitShares.Success has a TLV of extension 0x0002" seen "no report known" => Frames(UninvitedTlv);
    "F92" "extension-frame-uninvited" Frame "frame header: extension_type" ["SV2-03-043"]
        when "behind each SubmitShares.Success comes a frame of extension 0x0002" seen "no report known" => Frames(UninvitedFrame);
    "F93" "tlv-expected-in-front" Frame "SubmitSharesExtended: TLV" ["SV2-03-046"]
        when "a share on a connection that has extension 0x0002" seen "no report known" => Frames(TLV_IN_FRONT);
    "F94" "target-cut" Channel "SetTarget: payload" ["SV2-05-165" "SV2-03-025"]
        when "each SetTarget" seen "no report known" => Frames(cut_short(SetTarget::SPEC.kind));
    "F95" "group-cut" Channel "SetGroupChannel: payload" ["SV2-05-172" "SV2-03-025"]
        when "each new group" seen "no report known" => Frames(cut_short(SetGroupChannel::SPEC.kind));
    "F96" "reason-with-newline" Channel "CloseChannel.reason_code" ["SV2-05-073" "SV2-05-074"]
        when "each channel that the pool closes" seen "no report known" => Frames(edited!(CloseChannel: close => close.reason_code = with_end(&close.reason_code, b"\n")));
    "F97" "member-not-open" Channel "SetGroupChannel.channel_ids" ["SV2-05-174"]
        when "each new group" seen "stratum#2234: an id that stays after a failure" => Frames(edited!(SetGroupChannel: group => group.channel_ids = more(&group.channel_ids, 0x0bad)));
    "F98" "group-named-as-member" Channel "SetGroupChannel.group_channel_id" ["SV2-05-173"]
        when "each new group" seen "goPool, at the opening" => Frames(edited!(SetGroupChannel: group => group.group_channel_id = group.channel_ids.as_slice().first().copied().unwrap_or_default()));
    "F99" "group-for-standard-jobs" Channel "SetGroupChannel" ["SV2-05-175"]
        when "each standard channel" seen "stratum#1788: groups that are not needed" => Frames(accompanied(false, group_of_one));
    "F100" "other-authority" Noise "act two: signature" ["SV2-04-043" "SV2-04-005"]
        when "every handshake: another authority signs" seen "goPool: the server's own key signs" => Certifier(OtherAuthority);
    "F101" "signature-broken" Noise "act two: signature" ["SV2-04-005" "SV2-04-043"]
        when "every handshake: the signature is no signature" seen "stratum#717: over ten bytes only" => Certifier(BrokenSignature);
    "F102" "certificate-for-other-key" Noise "act two: signature" ["SV2-04-043" "SV2-04-005"]
        when "every handshake: the certificate is another server's" seen "Sjors/bitcoin#38: signatures that do not verify" => Certifier(OtherStaticKey);
    "F103" "certificate-ends-before-it-begins" Noise "act two: not_valid_after" ["SV2-04-042" "SV2-04-041"]
        when "every handshake" seen "stratum PR#2104: an end that overflows" => Certifier(InvertedPeriod);
    "F104" "small-reads-lost" Record "the stream" ["SV2-03-028"]
        when "fewer bytes than an encrypted header in one read" seen "blitzpool: act one in one read only" => Records(WholeReadsOnly);
    "F105" "any-version-range" Setup "SetupConnection.Success" ["SV2-03-076"]
        when "a client without version 2" seen "sv2-apps#694, stratum#2287" => Setup(AnyVersionRange);
    "F106" "version-range-swapped" Setup "SetupConnection.Success" ["SV2-03-065"]
        when "a minimum above the maximum" seen "stratum#2375" => Setup(SwappedVersionRange);
    "F107" "any-protocol" Setup "SetupConnection.Success" ["SV2-03-062" "SV2-03-063"]
        when "a client of another protocol" seen "sv2-apps#92" => Setup(AnyProtocol);
    "F108" "no-setup-needed" Setup "the connection" ["SV2-03-059"]
        when "a first message that is not SetupConnection" seen "blitzpool, goPool" => Setup(NoSetupNeeded);
    "F109" "open-after-setup-error" Setup "the connection" ["SV2-03-077"]
        when "a set-up that is refused" seen "goPool, ckpool" => Setup(OpenAfterError);
    "F110" "served-without-extensions" Setup "the connection" ["EXT-0001-022"]
        when "a client that leaves out what is required" seen "no report known" => Setup(ServedWithoutExtensions);
    "F111" "fixed-version-despite-rolling" Setup "SetupConnection.Success.flags" ["SV2-05-026"]
        when "a client that requires version rolling" seen "blitzpool: fixed for others, and not kept" => Setup(FixedDespiteRolling);
    "F114" "no-extended-channel" Channel "OpenMiningChannel.Error" ["SV2-05-018"]
        when "each extended channel" seen "ChimeraPool" => Channel(NoExtendedChannel);
    "F116" "closed-by-refusal" Channel "the connection" ["SV2-05-057"]
        when "each channel that is refused" seen "goPool" => Channel(RefusedForGood);
    "F117" "target-untold" Channel "SetTarget" ["SV2-05-061"]
        when "an update that changes the target" seen "stratum#681" => Channel(UntoldTarget);
    "F118" "close-ignored" Channel "CloseChannel" ["SV2-05-068" "SV2-05-076"]
        when "a channel or a group that the client closes" seen "sv2-apps#164" => Channel(CloseIgnored);
    "F120" "root-without-prefix" Job "NewMiningJob.merkle_root" ["SV2-05-002" "SV2-05-006"]
        when "each standard job" seen "goPool" => Channel(RootWithoutPrefix);
    "F121" "nothing-given-back" Process "the program" ["ROB-12"]
        when "a connection that ends" seen "BLVM: no clean-up at the end" => Channel(NothingGivenBack);
    "F122" "one-job-id" Job "NewMiningJob.job_id" ["SV2-05-120" "SV2-05-131"]
        when "each job is number 1" seen "sv2-spec#208; ChimeraPool: ids from the clock" => Job(OneJobId);
    "F123" "extended-all-the-same" Job "NewExtendedMiningJob" ["SV2-05-023" "SV2-05-004"]
        when "a channel of its own" seen "no report known" => Job(ExtendedAllTheSame);
    "F124" "retired-by-template" Job "SubmitShares.Error" ["SV2-05-189"]
        when "a share on an earlier job of the same tip" seen "goPool" => Job(RetiredByTemplate);
    "F125" "path-reversed" Job "NewExtendedMiningJob.merkle_path" ["SV2-05-134"]
        when "a path of two steps or more" seen "no report known" => Job(ReversedPath);
    "F126" "coinbase-not-stripped" Job "NewExtendedMiningJob.coinbase_tx_prefix" ["SV2-05-135" "SV2-03-095"]
        when "each extended job" seen "stratum#1832" => Job(UnstrippedCoinbase);
    "F127" "script-one-byte-longer" Job "NewExtendedMiningJob.coinbase_tx_prefix" ["SV2-05-137" "SV2-05-008"]
        when "each extended job" seen "BLVM: no room for the extranonce" => Job(LongScript);
    "F128" "fixed-for-rollers" Job "NewExtendedMiningJob.version_rolling_allowed" ["SV2-05-025"]
        when "each extended job" seen "no report known" => Job(FixedForRollers);
    "F129" "rolling-despite-fixed-version" Job "NewExtendedMiningJob.version_rolling_allowed" ["SV2-05-027"]
        when "each extended job of a pool with REQUIRES_FIXED_VERSION" seen "stratum#2341" => Job(RollingAllTheSame);
    "F130" "early-credited" Share "SubmitShares.Success" ["SV2-05-086"]
        when "an ntime below min_ntime" seen "stratum#2240, blitzpool" => Share(EarlyCredited);
    "F131" "late-credited" Share "SubmitShares.Success" ["SV2-05-087"]
        when "an ntime far ahead" seen "stratum#2303, blitzpool, ckpool" => Share(LateCredited);
    "F132" "any-channel" Share "SubmitShares.Success" ["SV2-05-092"]
        when "a share for a channel that is not open" seen "ChimeraPool" => Share(AnyChannel);
    "F133" "any-job" Share "SubmitShares.Success" ["SV2-05-085"]
        when "a share whose job is not the newest" seen "ChimeraPool" => Share(AnyJob);
    "F134" "ended-by-share-error" Share "the connection" ["SV2-05-110"]
        when "each share that is refused" seen "no report known" => Share(EndedByError);
    "F135" "rolled-bits-only" Share "SubmitSharesStandard.version" ["SV2-05-088"]
        when "a version without the bits that stand" seen "goPool: the mask's bits on top" => Share(RolledBitsOnly);
    "F136" "rolling-refused" Share "SubmitShares.Error" ["SV2-05-178"]
        when "a version with rolled bits" seen "stratum#2196" => Share(RollingRefused);
    "F137" "sixteen-bits-roll" Share "SubmitShares.Error" ["SV2-05-178"]
        when "a version with bits of BIP323 that BIP320 has not" seen "goPool" => Share(NarrowMask);
    "F138" "one-target-for-all" Share "SubmitShares.Error" ["SV2-05-097" "SV2-05-166"]
        when "a share between the network's easiest target and its own" seen "goPool: one target a connection" => Share(OneTargetForAll);
    "F139" "any-extranonce" Share "SubmitShares.Success" ["SV2-05-094"]
        when "an extranonce of another size" seen "blitzpool" => Share(AnyExtranonce);
    "F141" "closed-by-unassigned-number" Process "the connection" ["SV2-08-007"]
        when "a core message of a number that is not assigned" seen "goPool, BLVM" => Process(felled(Fate::Close, is_unassigned));
    "F143" "killed-by-servers-message" Process "the program" ["ROB-14"]
        when "a message that only servers send: the program ends" seen "sv2-apps#780: paths that panic" => Process(felled(Fate::Die, is_servers));
    "F145" "closed-by-long-set-up" Process "the connection" ["SV2-03-061"]
        when "a SetupConnection of more than 500 bytes" seen "ESP-Miner PR#1783: a small buffer, in a client" => Process(felled(Fate::Close, |frame|
            frame.header.kind == SetupConnection::SPEC.kind && frame.payload.len() > 500));
    "F146" "closed-by-identity" Process "the connection" ["SV2-05-038"]
        when "a user_identity that is no UTF-8" seen "no report known" => Process(felled(Fate::Close, |frame| holds(frame, |message|
            matches!(message, Message::OpenStandardMiningChannel(open) if std::str::from_utf8(open.user_identity.as_bytes()).is_err()))));
    "F147" "request-0-unheard" Channel "OpenStandardMiningChannel.request_id" ["SV2-05-037"]
        when "a standard channel asked for under number 0" seen "no report known" => Process(felled(Fate::Close, |frame| holds(frame, |message|
            matches!(message, Message::OpenStandardMiningChannel(open) if open.request_id == 0))));
    "F148" "closed-by-hash-rate-0" Process "the connection" ["SV2-05-042"]
        when "a standard channel for a hash rate of 0" seen "no report known" => Process(felled(Fate::Close, |frame| holds(frame, |message|
            matches!(message, Message::OpenStandardMiningChannel(open) if open.nominal_hash_rate.0 == 0.0))));
    "F149" "closed-by-update" Process "the connection" ["SV2-05-058" "SV2-05-066"]
        when "each UpdateChannel" seen "goPool" => Process(felled(Fate::Close, |frame| frame.header.kind == UpdateChannel::SPEC.kind));
    "F151" "tail-unseen" Frame "SubmitSharesExtended: TLV" ["SV2-03-050" "EXT-0002-003"]
        when "a worker's name of more than 32 bytes" seen "stratum#2356" => Frames(misheard(without_tail));
    "F153" "acknowledged-twice" Ack "SubmitShares.Success" ["SV2-05-100" "SV2-05-097"]
        when "each acknowledgement" seen "stratum#2101: shares that count again" => Frames(twice(SubmitSharesSuccess::SPEC.kind));
    "F154" "refused-twice" Share "SubmitShares.Error" ["SV2-05-107"]
        when "each share that is refused" seen "stratum#2013: stale twice" => Frames(twice(SubmitSharesError::SPEC.kind));
    "F155" "unknown-job-unsaid" Share "SubmitShares.Error" ["SV2-05-085" "SV2-05-107"]
        when "a share on an unknown job" seen "no report known" => Frames(counted(unsaid("invalid-job-id")));
    "F156" "unknown-channel-unsaid" Share "SubmitShares.Error" ["SV2-05-092" "SV2-05-107"]
        when "a share for an unknown channel" seen "ckpool: silence" => Frames(counted(unsaid("invalid-channel-id")));
    "F158" "unsent-number-acknowledged" Ack "SubmitShares.Success.last_sequence_number" ["SV2-05-099"]
        when "each acknowledgement" seen "no report known" => Frames(edited!(SubmitSharesSuccess: success => success.last_sequence_number ^= 0x4000));
    "F159" "refusals-counted" Ack "SubmitShares.Success.new_submits_accepted_count" ["SV2-05-103" "SV2-05-100"]
        when "an acknowledgement behind a share that was refused" seen "BLVM: invalid shares acknowledged" => Frames(rewritten(refusals_counted()));
    "F160" "unsent-number-refused" Share "SubmitShares.Error.sequence_number" ["SV2-05-107"]
        when "each share that is refused" seen "BLVM: the first of a batch" => Frames(edited!(SubmitSharesError: error => error.sequence_number ^= 0x4000));
    "F161" "acknowledged-and-refused" Share "SubmitShares.Error" ["SV2-05-111"]
        when "each acknowledgement" seen "no report known" => Frames(accompanied(false, refused_too));
    "F163" "future-job-unsaid" Job "NewMiningJob" ["SV2-05-115" "SV2-05-145"]
        when "each standard channel and each new block" seen "BLVM, ChimeraPool" => Frames(counted(|message|
            usize::from(!matches!(message, Message::NewMiningJob(job) if job.min_ntime.0.is_none()))));
    "F164" "prev-hash-unsaid" Job "SetNewPrevHash" ["SV2-05-139" "SV2-05-181"]
        when "each opening and each new block" seen "ChimeraPool: no work behind the first" => Frames(dropped(SetNewPrevHash::SPEC.kind));
    "F166" "version-of-1" Job "NewMiningJob.version" ["SV2-05-124"]
        when "each standard job" seen "no report known" => Frames(edited!(NewMiningJob: job => job.version = 1));
    "F167" "min-ntime-ahead" Job "SetNewPrevHash.min_ntime" ["SV2-05-146"]
        when "each SetNewPrevHash: three hours ahead" seen "no report known" => Frames(edited!(SetNewPrevHash: tip => tip.min_ntime = tip.min_ntime.wrapping_add(86_400 * 3650)));
    "F168" "negative-nbits" Job "SetNewPrevHash.nbits" ["SV2-05-147"]
        when "each SetNewPrevHash" seen "no report known" => Frames(edited!(SetNewPrevHash: tip => tip.nbits |= 0x0080_0000));
    "F169" "header-only-for-extended" Job "NewMiningJob" ["SV2-05-005" "SV2-05-004"]
        when "each extended job" seen "goPool" => Frames(rewritten(header_only));
    "F170" "prefix-for-group" Channel "SetExtranoncePrefix.channel_id" ["SV2-05-080"]
        when "each new prefix" seen "no report known" => Frames(edited!(SetExtranoncePrefix: prefix => prefix.channel_id = 1));
    "F171" "longer-prefix" Channel "SetExtranoncePrefix.extranonce_prefix" ["SV2-05-081"]
        when "each new prefix" seen "no report known" => Frames(edited!(SetExtranoncePrefix: prefix =>
            prefix.extranonce_prefix = B0_32::new([prefix.extranonce_prefix.as_slice(), &[0]].concat()).unwrap_or_default()));
    "F172" "clients-message" Frame "UpdateChannel" ["SV2-08-006"]
        when "each acknowledgement" seen "no report known" => Frames(accompanied(false, clients_message));
    "F173" "other-protocols-message" Frame "CoinbaseOutputConstraints" ["SV2-08-005"]
        when "each standard channel" seen "ChimeraPool: lines of SV1 between the frames" => Frames(accompanied(false, other_protocols_message));
    "F174" "reserved-number" Frame "SubmitShares.Success: msg_type" ["SV2-08-003" "SV2-08-001"]
        when "each acknowledgement" seen "sv2-spec#185: other numbers" => Frames(reframed(SubmitSharesSuccess::SPEC.kind, |frame| frame.header.kind.msg_type = 0x1e));
    "F176" "core-in-extension" Frame "SubmitShares.Success: extension_type" ["SV2-03-022" "SV2-09-001"]
        when "each acknowledgement" seen "stratum#2150, on other messages" => Frames(reframed(SubmitSharesSuccess::SPEC.kind, |frame| frame.header.kind.extension_type = 0x4000));
    "F177" "tlv-not-negotiated" Frame "NewExtendedMiningJob: TLV" ["SV2-03-042" "SV2-03-043"]
        when "each extended job" seen "no report known" => Frames(lengthened(NewExtendedMiningJob::SPEC.kind, &[2, 0, 1, 1, 0, b'w']));
    "F178" "tlvs-unsorted" Frame "NewExtendedMiningJob: TLV" ["SV2-03-047"]
        when "each extended job" seen "no report known" => Frames(lengthened(NewExtendedMiningJob::SPEC.kind, &[9, 0, 1, 1, 0, b'x', 2, 0, 1, 1, 0, b'w']));
    "F179" "required-extension-unlisted" Frame "RequestExtensions.Error.required_extensions" ["EXT-0001-013"]
        when "a request without what is required" seen "no report known" => Frames(edited!(RequestExtensionsError: error => error.required_extensions = Seq0_64K::default()));
    "F180" "required-was-requested" Frame "RequestExtensions.Error.required_extensions" ["EXT-0001-010"]
        when "a request that is refused" seen "no report known" => Frames(edited!(RequestExtensionsError: error => error.required_extensions = error.unsupported_extensions.clone()));
    "F181" "unsupported-not-requested" Frame "RequestExtensions.Error.unsupported_extensions" ["EXT-0001-009"]
        when "a request that is refused" seen "no report known" => Frames(edited!(RequestExtensionsError: error =>
            error.unsupported_extensions = more(&error.unsupported_extensions, 0x7777)));
    "F182" "supported-extension-refused" Frame "RequestExtensions.Error" ["EXT-0001-014" "EXT-0001-023" "EXT-0002-015"]
        when "each request for extensions that is granted" seen "no report known" => Frames(rewritten(refuse_extensions));
    "F183" "extension-success-cut" Frame "RequestExtensions.Success: payload" ["EXT-0001-005" "SV2-03-025"]
        when "each request for extensions that is granted" seen "no report known" => Frames(cut_short(RequestExtensionsSuccess::SPEC.kind));
    "F184" "extension-error-cut" Frame "RequestExtensions.Error: payload" ["EXT-0001-006" "SV2-03-025"]
        when "each request for extensions that is refused" seen "no report known" => Frames(cut_short(RequestExtensionsError::SPEC.kind));
    "F185" "reconnect-cut" Frame "Reconnect: payload" ["SV2-03-093" "SV2-03-025"]
        when "each Reconnect" seen "no report known" => Frames(cut_short(Reconnect::SPEC.kind));
    "F186" "one-ephemeral-key" Noise "act two: ephemeral key" ["SV2-04-027"]
        when "every handshake" seen "no report known" => Certifier(OneEphemeral);
    "F187" "length-255-as-0" Channel "CloseChannel.reason_code" ["SV2-05-067" "SV2-03-101"]
        when "a reason of 255 bytes" seen "no report known" => Frames(reframed(CloseChannel::SPEC.kind, length_as_zero));
    "F188" "session-goes-on" Record "the connection" ["SV2-04-022" "SV2-04-050"]
        when "a record that does not authenticate" seen "stratum#2342" => Records(SessionGoesOn);
    "F189" "first-frame-of-each-read" Frame "the stream" ["SV2-03-028"]
        when "two frames in one read" seen "no report known" => Frames(FirstOfEachRead);
    "F191" "forgotten-by-template" Share "SubmitShares.Success" ["SV2-05-112"]
        when "a share that was credited before a new template" seen "stratum#2329" => Share(ForgottenByTemplate);
    "F192" "refused-number-acknowledged" Ack "SubmitShares.Success.last_sequence_number" ["SV2-05-099"]
        when "an acknowledgement behind a share that was refused" seen "no report known" => Frames(rewritten(refused_number_named()));
    "F193" "earlier-request-named" Channel "OpenStandardMiningChannel.Success.request_id" ["SV2-05-045"]
        when "each opening but the first" seen "blitzpool: requests are handled side by side" => Frames(rewritten(earlier_request_named()));
    "F194" "extranonce-of-0" Channel "OpenExtendedMiningChannel.Success.extranonce_size" ["SV2-05-051"]
        when "each extended channel" seen "ESP-Miner#1780" => Frames(edited!(OpenExtendedMiningChannelSuccess: success => success.extranonce_size = 0));
    "F195" "sum-of-1" Ack "SubmitShares.Success.new_shares_sum" ["SV2-05-102"]
        when "each acknowledgement" seen "goPool" => Frames(edited!(SubmitSharesSuccess: success => success.new_shares_sum = 1));
    "F196" "length-of-ciphertext" Record "RequestExtensions.Error: msg_length" ["SV2-04-047"]
        when "each request for extensions that is refused" seen "sv2-spec#59" => Frames(reframed(RequestExtensionsError::SPEC.kind, |frame| frame.header.length += 16));
    "F201" "prev-hash-cut" Job "SetNewPrevHash: payload" ["SV2-05-138" "SV2-03-025"]
        when "each SetNewPrevHash" seen "no report known" => Frames(cut_short(SetNewPrevHash::SPEC.kind));
    "F202" "custom-success-cut" Job "SetCustomMiningJob.Success: payload" ["SV2-05-156" "SV2-03-025"]
        when "each custom job that is taken" seen "no report known" => Frames(cut_short(SetCustomMiningJobSuccess::SPEC.kind));
    "F203" "custom-error-cut" Job "SetCustomMiningJob.Error: payload" ["SV2-05-162" "SV2-03-025"]
        when "each custom job that is refused" seen "no report known" => Frames(cut_short(SetCustomMiningJobError::SPEC.kind));
}
