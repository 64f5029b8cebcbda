//! Faults of channels: their opening, ids, prefixes, targets and groups; one row each.

use super::super::Fate;
use super::super::catalogue::{BigEndianTarget, ForgottenRequest, IgnoredMaximum, SameChannelId, SamePrefix};
use super::super::catalogue_channels::{
    AnyExtranonceSize, BackwardPrefix, OrphanedMembers, StandardAllTheSame, UpdateIgnored,
};
use super::super::catalogue_decisions::{CloseIgnored, NoExtendedChannel, RefusedForGood, UntoldTarget};
use super::super::catalogue_mining::{
    AllClosedByOne, AnyHashRate, NoStandardChannel, OneChannelOnly, RegroupedOnPaper,
};
use super::super::catalogue_work::{BackwardTarget, GroupTargetForOne, TargetNeverKept};
use super::super::frames::{accompanied, cut_short, dropped, felled, reframed, rewritten, twice, with_end};
use super::super::made_up::{
    earlier_request_named, group_of_one, holds, length_as_zero, more, opened_as_standard,
};
use super::super::reordered::{reread, target_before_rate};
use super::edited;
use super::faults;
use sv2_wire::{
    B0_32, CloseChannel, Message, OpenExtendedMiningChannelSuccess, OpenMiningChannelError,
    OpenStandardMiningChannelSuccess, SetExtranoncePrefix, SetGroupChannel, SetTarget, U256,
    UpdateChannelError,
};

faults! {
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
    "F60" "target-reaches-back" Channel "SetTarget" ["SV2-05-168"]
        when "a share on an active job after SetTarget" seen "no report known" => Channel(BackwardTarget);
    "F61" "target-not-kept" Channel "SetTarget" ["SV2-05-167" "SV2-05-171"]
        when "a share on a later job after SetTarget" seen "no report known" => Channel(TargetNeverKept);
    "F62" "group-target-for-one" Channel "SetTarget" ["SV2-05-171"]
        when "SetTarget for a group of two" seen "no report known" => Channel(GroupTargetForOne);
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
    "F114" "no-extended-channel" Channel "OpenMiningChannel.Error" ["SV2-05-018"]
        when "each extended channel" seen "ChimeraPool" => Channel(NoExtendedChannel);
    "F116" "closed-by-refusal" Channel "the connection" ["SV2-05-057"]
        when "each channel that is refused" seen "goPool" => Channel(RefusedForGood);
    "F117" "target-untold" Channel "SetTarget" ["SV2-05-061"]
        when "an update that changes the target" seen "stratum#681" => Channel(UntoldTarget);
    "F118" "close-ignored" Channel "CloseChannel" ["SV2-05-068" "SV2-05-076"]
        when "a channel or a group that the client closes" seen "sv2-apps#164" => Channel(CloseIgnored);
    "F147" "request-0-unheard" Channel "OpenStandardMiningChannel.request_id" ["SV2-05-037"]
        when "a standard channel asked for under number 0" seen "no report known" => Process(felled(Fate::Close, |frame| holds(frame, |message|
            matches!(message, Message::OpenStandardMiningChannel(open) if open.request_id == 0))));
    "F170" "prefix-for-group" Channel "SetExtranoncePrefix.channel_id" ["SV2-05-080"]
        when "each new prefix" seen "no report known" => Frames(edited!(SetExtranoncePrefix: prefix => prefix.channel_id = 1));
    "F171" "longer-prefix" Channel "SetExtranoncePrefix.extranonce_prefix" ["SV2-05-081"]
        when "each new prefix" seen "no report known" => Frames(edited!(SetExtranoncePrefix: prefix =>
            prefix.extranonce_prefix = B0_32::new([prefix.extranonce_prefix.as_slice(), &[0]].concat()).unwrap_or_default()));
    "F187" "length-255-as-0" Channel "CloseChannel.reason_code" ["SV2-05-067" "SV2-03-101"]
        when "a reason of 255 bytes" seen "no report known" => Frames(reframed(CloseChannel::SPEC.kind, length_as_zero));
    "F193" "earlier-request-named" Channel "OpenStandardMiningChannel.Success.request_id" ["SV2-05-045"]
        when "each opening but the first" seen "blitzpool: requests are handled side by side" => Frames(rewritten(earlier_request_named()));
    "F194" "extranonce-of-0" Channel "OpenExtendedMiningChannel.Success.extranonce_size" ["SV2-05-051"]
        when "each extended channel" seen "ESP-Miner#1780" => Frames(edited!(OpenExtendedMiningChannelSuccess: success => success.extranonce_size = 0));
    "F260" "standard-refused" Channel "OpenMiningChannel.Error" ["SV2-05-019"]
        when "each standard channel, and nothing was said of extended ones only" seen "no report known" => Channel(NoStandardChannel);
    "F261" "one-channel-only" Process "the connection" ["SV2-05-016"]
        when "a second channel on a connection" seen "goPool: one target a connection; ChimeraPool: channel 1 always" => Process(OneChannelOnly::default());
    "F262" "all-closed-by-one" Channel "CloseChannel" ["SV2-05-015"]
        when "a channel that is closed, by either side" seen "no report known" => Channel(AllClosedByOne);
    "F263" "standard-request-misread" Channel "OpenStandardMiningChannel.nominal_hash_rate" ["SV2-05-035"]
        when "each standard channel: max_target is read in front of the hash rate" seen "no report known" => Frames(reread(|message|
            if let Message::OpenStandardMiningChannel(open) = message { target_before_rate(&mut open.nominal_hash_rate, &mut open.max_target) }));
    "F264" "extended-request-misread" Channel "OpenExtendedMiningChannel.min_extranonce_size" ["SV2-05-049"]
        when "each extended channel: the size is read in big-endian order" seen "stratum PR#302: as bits, not bytes" => Frames(reread(|message|
            if let Message::OpenExtendedMiningChannel(open) = message { open.min_extranonce_size = open.min_extranonce_size.swap_bytes() }));
    "F265" "group-0" Channel "OpenStandardMiningChannel.Success.group_channel_id" ["SV2-05-022"]
        when "each standard channel" seen "ckpool, blitzpool-server" => Frames(edited!(OpenStandardMiningChannelSuccess: success => success.group_channel_id = 0));
    "F266" "unequal-regrouped" Channel "SetGroupChannel.channel_ids" ["SV2-05-176" "SV2-05-007"]
        when "a new group of channels of which every other has a shorter extranonce" seen "no report known" => Frames(edited!(OpenExtendedMiningChannelSuccess: success =>
            success.extranonce_size -= (success.channel_id % 2) as u16));
    "F267" "regrouped-on-paper" Channel "SetGroupChannel" ["SV2-05-196"]
        when "each new group: jobs still go to the one before" seen "no report known" => Channel(RegroupedOnPaper);
    "F268" "any-hash-rate" Channel "OpenStandardMiningChannel.Success.target" ["SV2-05-043"]
        when "a hash rate that is negative, infinite or no number: the greatest target there is" seen "stratum#799, stratum PR#2239" => Channel(AnyHashRate);
    "F269" "channel-renumbered" Channel "SetTarget.channel_id" ["SV2-05-014"]
        when "each SetTarget: the channel has another number than at its opening" seen "no report known" => Frames(edited!(SetTarget: target => target.channel_id ^= 0x0100_0000));
}
