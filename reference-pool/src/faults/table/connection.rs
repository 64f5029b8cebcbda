//! Faults of SetupConnection and of what holds the connections, one row each.

use super::super::Fate;
use super::super::catalogue::{EchoedFlags, LowestFlagOnly};
use super::super::catalogue_decisions::{
    AnyProtocol, AnyVersionRange, BegunAnew, FixedDespiteRolling, NoSetupNeeded, NothingGivenBack,
    OpenAfterError, ServedWithoutExtensions, SwappedVersionRange,
};
use super::super::frames::{accompanied, cut_short, dropped, felled, twice, with_end};
use super::super::made_up::{holds, is_malformed, is_servers, is_unassigned, work_behind_refusal};
use super::super::process::{
    AwaitedHandshake, AwaitedReader, ClosedByOpening, HungByOpening, KilledByOpening, PatientForEver,
    ResetByOpening, Trusting, UnboundedQueue,
};
use super::edited;
use super::faults;
use sv2_wire::{Message, SetupConnection, SetupConnectionError, SetupConnectionSuccess, UpdateChannel};

faults! {
    "F07" "flags-echoed" Setup "SetupConnection.Success.flags" ["SV2-03-074"]
        when "a client that sets a flag" seen "sv2-apps#265" => Setup(EchoedFlags);
    "F321" "work-behind-refusal" Setup "NewMiningJob" ["SV2-03-077"]
        when "each set-up that is refused" seen "no report known" => Frames(accompanied(false, work_behind_refusal));
    "F08" "lowest-flag-only" Setup "SetupConnection.Error.flags" ["SV2-03-079"]
        when "two unsupported flags at once" seen "no report known" => Setup(LowestFlagOnly);
    "F25" "closed-by-extension" Process "the connection" ["SV2-03-041"]
        when "a frame of an unknown extension" seen "stratum#2390, goPool" => Process(felled(Fate::Close, |frame| frame.header.kind.extension_type > 1));
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
    "F48" "setup-success-cut" Setup "SetupConnection.Success: payload" ["SV2-03-073" "SV2-03-025"]
        when "each set-up" seen "no report known" => Frames(cut_short(SetupConnectionSuccess::SPEC.kind));
    "F49" "setup-error-cut" Setup "SetupConnection.Error: payload" ["SV2-03-083" "SV2-03-025"]
        when "each set-up that is refused" seen "no report known" => Frames(cut_short(SetupConnectionError::SPEC.kind));
    "F50" "setup-error-with-newline" Setup "SetupConnection.Error.error_code" ["SV2-03-057" "SV2-03-056"]
        when "each set-up that is refused" seen "no report known" => Frames(edited!(SetupConnectionError: error => error.error_code = with_end(&error.error_code, b"\n")));
    "F67" "undefined-server-flag" Setup "SetupConnection.Success.flags" ["SV2-05-031" "SV2-03-074"]
        when "each set-up" seen "no report known" => Frames(edited!(SetupConnectionSuccess: success => success.flags |= 0x100));
    "F68" "flags-on-version-mismatch" Setup "SetupConnection.Error.flags" ["SV2-03-081"]
        when "a set-up that is refused for another cause than flags" seen "blitzpool" => Frames(edited!(SetupConnectionError: error => error.flags |= 1));
    "F69" "offending-flag-unnamed" Setup "SetupConnection.Error.flags" ["SV2-03-109" "SV2-03-079"]
        when "a set-up that is refused for its flags" seen "goPool: always 0" => Frames(edited!(SetupConnectionError: error => error.flags = 0));
    "F70" "terminated-string" Setup "SetupConnection.Error.error_code" ["SV2-03-011"]
        when "each set-up that is refused" seen "no report known" => Frames(edited!(SetupConnectionError: error => error.error_code = with_end(&error.error_code, &[0])));
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
    "F121" "nothing-given-back" Process "the program" ["ROB-12"]
        when "a connection that ends" seen "BLVM: no clean-up at the end" => Channel(NothingGivenBack);
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
    "F148" "closed-by-hash-rate-0" Process "the connection" ["SV2-05-042"]
        when "a standard channel for a hash rate of 0" seen "no report known" => Process(felled(Fate::Close, |frame| holds(frame, |message|
            matches!(message, Message::OpenStandardMiningChannel(open) if open.nominal_hash_rate.0 == 0.0))));
    "F149" "closed-by-update" Process "the connection" ["SV2-05-058" "SV2-05-066"]
        when "each UpdateChannel" seen "goPool" => Process(felled(Fate::Close, |frame| frame.header.kind == UpdateChannel::SPEC.kind));
    "F250" "announced-believed" Process "memory" ["ROB-04"]
        when "a payload that is announced" seen "sv2-apps#815" => Process(Trusting);
    "F251" "reader-awaited" Process "other connections" ["ROB-05"]
        when "a client that asks and does not read" seen "no report known" => Process(AwaitedReader);
    "F252" "begun-anew" Setup "SetupConnection" ["SV2-05-097"]
        when "a second SetupConnection: the channels are gone" seen "BLVM, goPool" => Setup(BegunAnew);
    "F302" "killed-by-malformed" Process "the program" ["ROB-07" "ROB-08"]
        when "a known message that does not decode: the program ends" seen "sv2-apps#391, by a client that leaves early" => Process(felled(Fate::Die, is_malformed));
}
