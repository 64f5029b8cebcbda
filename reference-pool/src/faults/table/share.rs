//! Faults of shares and their acknowledgement, one row each.

use super::super::catalogue::{DuplicateCredited, RunningCount, StaleCredited, TargetIgnored};
use super::super::catalogue_channels::{RunningSum, SumOfShares};
use super::super::catalogue_decisions::{
    AnyChannel, AnyExtranonce, AnyJob, EarlyCredited, EndedByError, ForgottenByTemplate, LateCredited,
    NarrowMask, OneTargetForAll, RolledBitsOnly, RollingRefused,
};
use super::super::catalogue_mining::{
    AnyForm, BlockCreditedAgain, ExtranonceFirst, LonelyCoinbaseDoubled, WorthByLatestTarget,
};
use super::super::catalogue_work::{AnyVersion, LowExtranonces, UnknownCustomJob};
use super::super::frames::{accompanied, counted, cut_short, rewritten, twice, with_end};
use super::super::made_up::{refusals_counted, refused_number_named, refused_too, unsaid};
use super::super::reordered::reread;
use super::edited;
use super::faults;
use sv2_wire::{Message, SubmitSharesError, SubmitSharesSuccess};

faults! {
    "F17" "duplicate-credited" Share "SubmitShares.Success" ["SV2-05-112"]
        when "a share that was credited before" seen "stratum#2096" => Share(DuplicateCredited);
    "F18" "stale-credited" Share "SubmitShares.Success" ["SV2-05-144"]
        when "a share on a job of an earlier block" seen "no report known" => Share(StaleCredited);
    "F19" "target-ignored" Share "SubmitShares.Success" ["SV2-05-166"]
        when "a share above its target" seen "no report known" => Share(TargetIgnored);
    "F20" "count-not-reset" Ack "SubmitShares.Success.new_submits_accepted_count" ["SV2-05-100"]
        when "each batch but the first" seen "stratum#1967, stratum#2101" => Ack(RunningCount);
    "F41" "sum-not-reset" Ack "SubmitShares.Success.new_shares_sum" ["SV2-05-101"]
        when "each batch but the first" seen "no report known" => Ack(RunningSum);
    "F42" "sum-of-shares" Ack "SubmitShares.Success.new_shares_sum" ["SV2-05-102"]
        when "each batch: its shares count the same whatever their target" seen "no report known" => Ack(SumOfShares);
    "F58" "custom-job-unknown" Share "SubmitShares.Error" ["SV2-05-160" "SV2-05-185"]
        when "a share on a custom job" seen "no report known" => Share(UnknownCustomJob);
    "F59" "version-unchecked" Share "SubmitShares.Success" ["SV2-05-133" "SV2-05-089" "SV2-05-028"]
        when "a share with another version than its job allows" seen "stratum#2236, blitzpool" => Share(AnyVersion);
    "F66" "high-extranonce-refused" Share "SubmitShares.Error" ["SV2-05-180"]
        when "an extranonce with the highest bit set" seen "no report known" => Share(LowExtranonces);
    "F71" "bell-in-share-error" Share "SubmitShares.Error.error_code" ["SV2-03-057" "SV2-03-056"]
        when "each share that is refused" seen "no report known" => Frames(edited!(SubmitSharesError: error => error.error_code = with_end(&error.error_code, &[7])));
    "F87" "success-cut" Ack "SubmitShares.Success: payload" ["SV2-05-096" "SV2-03-025"]
        when "each acknowledgement: the sum is one byte short" seen "no report known" => Frames(cut_short(SubmitSharesSuccess::SPEC.kind));
    "F88" "share-error-cut" Share "SubmitShares.Error: payload" ["SV2-05-106" "SV2-03-025"]
        when "each share that is refused" seen "no report known" => Frames(cut_short(SubmitSharesError::SPEC.kind));
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
    "F191" "forgotten-by-template" Share "SubmitShares.Success" ["SV2-05-112"]
        when "a share that was credited before a new template" seen "stratum#2329" => Share(ForgottenByTemplate);
    "F192" "refused-number-acknowledged" Ack "SubmitShares.Success.last_sequence_number" ["SV2-05-099"]
        when "an acknowledgement behind a share that was refused" seen "no report known" => Frames(rewritten(refused_number_named()));
    "F195" "sum-of-1" Ack "SubmitShares.Success.new_shares_sum" ["SV2-05-102"]
        when "each acknowledgement" seen "goPool" => Frames(edited!(SubmitSharesSuccess: success => success.new_shares_sum = 1));
    "F295" "standard-share-misread" Share "SubmitSharesStandard.ntime" ["SV2-05-082"]
        when "each standard share: ntime is read in front of the nonce" seen "no report known" => Frames(reread(|message|
            if let Message::SubmitSharesStandard(share) = message { std::mem::swap(&mut share.nonce, &mut share.ntime) }));
    "F296" "extended-share-misread" Share "SubmitSharesExtended.version" ["SV2-05-093"]
        when "each extended share: the version is read in front of ntime" seen "no report known" => Frames(reread(|message|
            if let Message::SubmitSharesExtended(share) = message { std::mem::swap(&mut share.ntime, &mut share.version) }));
    "F297" "any-form" Share "SubmitShares.Success" ["SV2-05-091"]
        when "a share in the form of the other kind of channel" seen "no report known" => Share(AnyForm);
    "F298" "extranonce-first" Share "SubmitShares.Error" ["SV2-05-095"]
        when "each extended share: the extranonce stands in front of its prefix" seen "BLVM: the extranonce in front of the height" => Share(ExtranonceFirst);
    "F299" "lonely-coinbase-doubled" Share "SubmitShares.Error" ["SV2-05-136"]
        when "a share on a job with an empty merkle path" seen "no report known" => Share(LonelyCoinbaseDoubled);
    "F300" "worth-by-latest-target" Ack "SubmitShares.Success.new_shares_sum" ["SV2-05-102"]
        when "a share on a job from before the latest SetTarget" seen "no report known" => Ack(WorthByLatestTarget);
    "F301" "block-credited-again" Share "SubmitShares.Success" ["SV2-05-112"]
        when "a share that was credited before and is a block" seen "stratum#2096" => Share(BlockCreditedAgain);
}
