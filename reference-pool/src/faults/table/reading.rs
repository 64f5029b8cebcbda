//! Faults of reading: what comes is taken for something else, one row each.

use super::super::Fate;
use super::super::catalogue_decisions::{NtimeBoundFixed, NtimeFixed};
use super::super::frames::{felled, flipped_bit, misheard, reframed, rewritten};
use super::super::made_up::flags_by_turns;
use super::super::misread::{
    ExtranonceCut, HungByMissingName, OutOfStep, core_only, has_other_tlv, is_beyond_ascii,
    is_long_in_big_endian, is_malformed, is_name_later, is_negotiation, is_tagged, option_of_two, padded,
    request_id_reversed, string_padded, tails, with_channel_bit,
};
use super::edited;
use super::faults;
use sv2_wire::{NewMiningJob, SetupConnectionError, SubmitSharesSuccess};

faults! {
    "F210" "request-id-reversed" Frame "RequestExtensions.request_id" ["EXT-0001-004"]
        when "a request for extensions under a number of two different bytes" seen "no report known" => Frames(misheard(request_id_reversed));
    "F211" "closed-by-negotiation" Process "the connection" ["EXT-0001-017"]
        when "a request for extensions, where they are not negotiated" seen "goPool, on any extension" => Process(felled(Fate::Close, is_negotiation));
    "F212" "negotiation-unseen" Frame "RequestExtensions" ["SV2-03-040"]
        when "a request for extensions" seen "stratum#2355: frames of type 0 only" => Frames(misheard(core_only));
    "F213" "tlv-length-reversed" Frame "SubmitSharesExtended: TLV" ["EXT-0002-005"]
        when "a share with a worker's name" seen "no report known" => Frames(tails(|agreed, tail| agreed && is_long_in_big_endian(tail)));
    "F214" "ascii-names" Frame "SubmitSharesExtended: user_identity" ["EXT-0002-006"]
        when "a worker's name beyond ASCII" seen "no report known" => Frames(tails(|agreed, tail| agreed && is_beyond_ascii(tail)));
    "F215" "hung-by-missing-name" Process "the program" ["EXT-0002-009"]
        when "a share without the worker's name that was agreed on" seen "no report known" => Process(HungByMissingName::default());
    "F216" "unexpected-tlv-refused" Frame "SubmitSharesExtended: TLV" ["EXT-0002-011"]
        when "a share with a TLV on a connection without extensions" seen "no report known" => Frames(tails(|agreed, tail| !agreed && !tail.is_empty()));
    "F217" "closed-by-tlv" Process "the connection" ["EXT-0002-011"]
        when "a share with a TLV" seen "no report known" => Process(felled(Fate::Close, is_tagged));
    "F218" "name-in-front-only" Frame "SubmitSharesExtended: TLV" ["EXT-0002-012"]
        when "a TLV of another extension in front of the worker's name" seen "no report known" => Frames(tails(|agreed, tail| agreed && is_name_later(tail)));
    "F219" "tlv-not-counted" Frame "SubmitSharesExtended: msg_length" ["EXT-0002-013"]
        when "everything behind a share with a TLV" seen "no report known" => Frames(OutOfStep::default());
    "F220" "tlv-refused" Frame "SubmitSharesExtended: TLV" ["SV2-03-051"]
        when "a share with the TLV that was agreed on" seen "no report known" => Frames(tails(|agreed, tail| agreed && !tail.is_empty()));
    "F221" "unknown-tlv-refused" Frame "SubmitSharesExtended: TLV" ["SV2-03-106"]
        when "a share with a TLV that nobody has" seen "no report known" => Frames(tails(|agreed, tail| agreed && has_other_tlv(tail)));
    "F222" "extranonce-cut" Share "SubmitSharesExtended.extranonce" ["SV2-03-012"]
        when "an extranonce of 33 bytes that begins with the right ones" seen "no report known" => Frames(ExtranonceCut::default());
    "F223" "option-of-two" Job "NewMiningJob.min_ntime" ["SV2-03-016"]
        when "each future job of a standard channel" seen "no report known" => Frames(reframed(NewMiningJob::SPEC.kind, option_of_two));
    "F224" "string-padded" Frame "the payload" ["SV2-03-020"]
        when "a string whose length exceeds the payload" seen "no report known" => Frames(misheard(string_padded));
    "F225" "payload-padded" Frame "the payload" ["SV2-03-027" "SV2-04-051"]
        when "a payload that ends too early" seen "no report known" => Frames(misheard(padded));
    "F226" "bit-in-extension-type" Frame "frame header: extension_type" ["SV2-03-030"]
        when "each frame with the channel bit" seen "no report known" => Frames(misheard(with_channel_bit));
    "F227" "channel-bit-on-setup-error" Setup "SetupConnection.Error: channel_msg" ["SV2-03-032"]
        when "each set-up that is refused" seen "no report known" => Frames(flipped_bit(SetupConnectionError::SPEC.kind));
    "F228" "flags-by-turns" Setup "SetupConnection.Error.flags" ["SV2-03-080"]
        when "every other set-up that is refused" seen "no report known" => Frames(rewritten(flags_by_turns()));
    "F229" "all-flags-named" Setup "SetupConnection.Error.flags" ["SV2-03-082"]
        when "each set-up that is refused for its flags" seen "no report known" => Frames(edited!(SetupConnectionError: error => if error.flags != 0 { error.flags |= 7 }));
    "F230" "unassigned-number" Frame "SubmitShares.Success: msg_type" ["SV2-08-004" "SV2-08-001"]
        when "each acknowledgement" seen "ChimeraPool: numbers of its own" => Frames(reframed(SubmitSharesSuccess::SPEC.kind, |frame| frame.header.kind.msg_type = 0x4f));
    "F231" "ntime-fixed" Share "SubmitShares.Error" ["SV2-10-004"]
        when "a share whose ntime is not min_ntime" seen "no report known" => Share(NtimeFixed);
    "F232" "ntime-bound-fixed" Share "SubmitShares.Error" ["SV2-10-004"]
        when "an ntime more than two hours above min_ntime" seen "pool_sv2 0.7.0; ckpool: 7000 s" => Share(NtimeBoundFixed);
    "F233" "killed-by-malformed-payload" Process "the program" ["ROB-07" "ROB-08"]
        when "a payload that does not decode" seen "stratum#2259: a client" => Process(felled(Fate::Die, is_malformed));
}
