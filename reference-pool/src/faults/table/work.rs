//! Faults of jobs, custom jobs and previous hashes, one row each.

use super::super::catalogue::{ActiveFutureJob, PrevHashFirst, UnknownJobNamed};
use super::super::catalogue_decisions::{
    ExtendedAllTheSame, FixedForRollers, LongScript, OneJobId, RetiredByTemplate, ReversedPath,
    RollingAllTheSame, RootWithoutPrefix, UnstrippedCoinbase,
};
use super::super::catalogue_mining::{
    HardLaterJobs, ImmediateJobAdrift, LaterBlocksUnsaid, NamedJobStale, NtimeOfTip, ShortCoinbasePrefix,
    WorkForOneConnection,
};
use super::super::catalogue_work::{
    AnyToken, DroppedCoinbasePrefix, ForgottenCustomRequest, GroupJobForOne, ReusedCustomId,
    ReversedMerkleRoot, ReversedPrevHash, StandardCustomJob, UnannouncedCustomJob, UnansweredCustomJob,
};
use super::super::frames::{counted, cut_short, dropped, rewritten};
use super::super::made_up::{header_only, spend};
use super::super::reordered::{counted_again, reread};
use super::edited;
use super::faults;
use sv2_wire::{
    Message, NewExtendedMiningJob, NewMiningJob, SetCustomMiningJobError, SetCustomMiningJobSuccess,
    SetNewPrevHash,
};

faults! {
    "F14" "prev-hash-before-job" Job "SetNewPrevHash" ["SV2-05-145" "SV2-05-115"]
        when "each opening and each new block" seen "sv2-spec#34" => Job(PrevHashFirst);
    "F15" "unknown-job-named" Job "SetNewPrevHash.job_id" ["SV2-05-145"]
        when "each opening and each new block" seen "sv2-spec#208" => Job(UnknownJobNamed);
    "F16" "future-job-with-ntime" Job "NewMiningJob.min_ntime" ["SV2-05-116" "SV2-05-145" "SV2-05-122"]
        when "each opening and each new block" seen "no report known" => Job(ActiveFutureJob);
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
    "F63" "merkle-root-reversed" Job "NewMiningJob.merkle_root" ["SV2-05-125"]
        when "each standard job" seen "no report known" => Job(ReversedMerkleRoot);
    "F64" "prev-hash-reversed" Job "SetNewPrevHash.prev_hash" ["SV2-05-148"]
        when "each SetNewPrevHash" seen "no report known" => Job(ReversedPrevHash);
    "F65" "group-job-for-one" Job "NewExtendedMiningJob" ["SV2-05-128"]
        when "a job for a group of two" seen "no report known" => Job(GroupJobForOne);
    "F89" "job-cut" Job "NewMiningJob: payload" ["SV2-05-114" "SV2-03-025"]
        when "each standard job" seen "ChimeraPool: without merkle_root and min_ntime" => Frames(cut_short(NewMiningJob::SPEC.kind));
    "F90" "extended-job-cut" Job "NewExtendedMiningJob: payload" ["SV2-05-126" "SV2-03-025"]
        when "each extended job" seen "no report known" => Frames(cut_short(NewExtendedMiningJob::SPEC.kind));
    "F120" "root-without-prefix" Job "NewMiningJob.merkle_root" ["SV2-05-002" "SV2-05-006"]
        when "each standard job" seen "goPool" => Channel(RootWithoutPrefix);
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
    "F163" "future-job-unsaid" Job "NewMiningJob" ["SV2-05-115" "SV2-05-145"]
        when "each standard channel and each new block" seen "BLVM, ChimeraPool" => Frames(counted(|message|
            usize::from(!matches!(message, Message::NewMiningJob(job) if job.min_ntime.0.is_none()))));
    "F164" "prev-hash-unsaid" Job "SetNewPrevHash" ["SV2-05-139"]
        when "each opening and each new block" seen "ChimeraPool: no work behind the first" => Frames(dropped(SetNewPrevHash::SPEC.kind));
    "F166" "version-of-1" Job "NewMiningJob.version" ["SV2-05-124"]
        when "each standard job" seen "no report known" => Frames(edited!(NewMiningJob: job => job.version = 1));
    "F167" "min-ntime-ahead" Job "SetNewPrevHash.min_ntime" ["SV2-05-146"]
        when "each SetNewPrevHash: three hours ahead" seen "no report known" => Frames(edited!(SetNewPrevHash: tip => tip.min_ntime = tip.min_ntime.wrapping_add(86_400 * 3650)));
    "F168" "negative-nbits" Job "SetNewPrevHash.nbits" ["SV2-05-147"]
        when "each SetNewPrevHash" seen "no report known" => Frames(edited!(SetNewPrevHash: tip => tip.nbits |= 0x0080_0000));
    "F169" "header-only-for-extended" Job "NewMiningJob" ["SV2-05-004"]
        when "each extended job" seen "goPool" => Frames(rewritten(header_only));
    "F201" "prev-hash-cut" Job "SetNewPrevHash: payload" ["SV2-05-138" "SV2-03-025"]
        when "each SetNewPrevHash" seen "no report known" => Frames(cut_short(SetNewPrevHash::SPEC.kind));
    "F202" "custom-success-cut" Job "SetCustomMiningJob.Success: payload" ["SV2-05-156" "SV2-03-025"]
        when "each custom job that is taken" seen "no report known" => Frames(cut_short(SetCustomMiningJobSuccess::SPEC.kind));
    "F203" "custom-error-cut" Job "SetCustomMiningJob.Error: payload" ["SV2-05-162" "SV2-03-025"]
        when "each custom job that is refused" seen "no report known" => Frames(cut_short(SetCustomMiningJobError::SPEC.kind));
    "F280" "group-job-for-member" Job "NewExtendedMiningJob.channel_id" ["SV2-05-005"]
        when "each job for a group: it names the first channel of the connection" seen "no report known" => Frames(edited!(NewExtendedMiningJob: job => if job.channel_id == 1 { job.channel_id = 2 }));
    "F281" "immediate-job-adrift" Job "NewMiningJob.min_ntime" ["SV2-05-121"]
        when "a share on a job that came with a min_ntime: it is held to another block" seen "stratum#2164, for custom jobs" => Share(ImmediateJobAdrift);
    "F282" "named-job-stale" Job "SetNewPrevHash.job_id" ["SV2-05-142"]
        when "a share on the job of a new block" seen "stratum#2254: the tip moves and the job does not" => Job(NamedJobStale);
    "F283" "later-blocks-unsaid" Job "SetNewPrevHash" ["SV2-05-181"]
        when "each new block" seen "ChimeraPool: no work behind the first; stratum#2301" => Frames(LaterBlocksUnsaid::default());
    "F284" "custom-request-misread" Job "SetCustomMiningJob.version" ["SV2-05-149"]
        when "each custom job: nbits is read in front of min_ntime" seen "no report known" => Frames(reread(|message|
            if let Message::SetCustomMiningJob(job) = message { std::mem::swap(&mut job.min_ntime, &mut job.nbits) }));
    "F285" "short-coinbase-prefix" Job "SetCustomMiningJob.coinbase_prefix" ["SV2-05-153"]
        when "a custom job whose coinbase_prefix is of 5 to 8 bytes" seen "no report known" => Custom(ShortCoinbasePrefix);
    "F286" "outputs-without-count" Job "SetCustomMiningJob.coinbase_tx_outputs" ["SV2-05-154"]
        when "each custom job: its outputs are read as one, from the first byte on" seen "no report known" => Frames(reread(|message|
            if let Message::SetCustomMiningJob(job) = message { job.coinbase_tx_outputs = counted_again(&job.coinbase_tx_outputs) }));
    "F287" "custom-ntime-of-tip" Job "SetCustomMiningJob.min_ntime" ["SV2-05-195"]
        when "a share below its custom job's min_ntime and not below the tip's" seen "channels_sv2: held to the tip's min_ntime" => Custom(NtimeOfTip);
    "F288" "hard-later-jobs" Job "SetTarget" ["SV2-05-169"]
        when "a share on any job but the first of its channel" seen "no report known" => Channel(HardLaterJobs);
    "F315" "coinbase-that-spends" Job "NewExtendedMiningJob.coinbase_tx_prefix" ["SV2-05-137"]
        when "each extended job" seen "no report known" => Frames(edited!(NewExtendedMiningJob: job => spend(job)));
    "F289" "no-work-behind-reconnect" Job "NewMiningJob" ["SV2-05-115" "SV2-05-139"]
        when "each connection but the first" seen "stratum#264" => Frames(WorkForOneConnection::default());
}
