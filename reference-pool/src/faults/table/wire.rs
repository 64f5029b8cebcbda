//! Faults of handshakes, records and frames, one row each.

use super::super::catalogue::{
    BlindToExtensions, ClearChannelBit, ExpiredCertificate, FlippedBit, FutureCertificate, SkippedNonce,
};
use super::super::catalogue_decisions::{
    BrokenSignature, FirstOfEachRead, InvertedPeriod, OneEphemeral, OtherAuthority, OtherStaticKey,
    SessionGoesOn, WholeReadsOnly,
};
use super::super::catalogue_extensions::{TLV_IN_FRONT, UninvitedFrame, UninvitedTlv};
use super::super::frames::{
    accompanied, cut_short, dropped, flipped_bit, lengthened, misheard, reframed, rewritten,
};
use super::super::made_up::{
    clients_message, grant_nothing, more, other_protocols_message, refuse_extensions, without, without_tail,
};
use super::edited;
use super::faults;
use sv2_wire::{
    NewExtendedMiningJob, NewMiningJob, OpenStandardMiningChannelSuccess, Reconnect, RequestExtensionsError,
    RequestExtensionsSuccess, Seq0_64K, SetTarget, SubmitSharesSuccess,
};

faults! {
    "F01" "certificate-expired" Noise "act two: not_valid_after" ["SV2-04-041" "SV2-04-040"]
        when "every handshake: the certificate ended an hour ago" seen "ESP-Miner#1786: a client that took it" => Certifier(ExpiredCertificate);
    "F02" "certificate-not-yet-valid" Noise "act two: valid_from" ["SV2-04-041" "SV2-04-039"]
        when "every handshake: the certificate begins in an hour" seen "stratum#1269, by seconds" => Certifier(FutureCertificate);
    "F03" "record-bit-flipped" Record "record: authentication code" ["SV2-04-022" "SV2-04-044"]
        when "the last byte of each SubmitShares.Success" seen "no report known" => Records(FlippedBit);
    "F04" "nonce-skipped" Record "record: nonce" ["SV2-04-044"]
        when "in front of each SetNewPrevHash" seen "stratum PR#729: a nonce that stood still" => Records(SkippedNonce);
    "F05" "channel-bit-clear" Frame "SubmitShares.Success: channel_msg" ["SV2-08-002" "SV2-03-029"]
        when "each SubmitShares.Success" seen "stratum#2094, on other messages" => Frames(ClearChannelBit);
    "F06" "blind-to-extensions" Frame "frame header: extension_type" ["SV2-03-041"]
        when "frames of unknown extensions are taken for core messages" seen "stratum#2325" => Frames(BlindToExtensions);
    "F21" "channel-bit-clear-on-targets" Frame "SetTarget: channel_msg" ["SV2-08-002" "SV2-03-029"]
        when "each SetTarget" seen "stratum#2094; goPool, on NewMiningJob" => Frames(flipped_bit(SetTarget::SPEC.kind));
    "F22" "channel-bit-on-openings" Frame "OpenStandardMiningChannel.Success: channel_msg" ["SV2-08-002" "SV2-03-029"]
        when "each standard channel" seen "no report known" => Frames(flipped_bit(OpenStandardMiningChannelSuccess::SPEC.kind));
    "F23" "length-with-header" Frame "NewMiningJob: msg_length" ["SV2-03-024" "SV2-04-044"]
        when "each standard job" seen "sv2-spec#31" => Frames(reframed(NewMiningJob::SPEC.kind, |frame| frame.header.length += 6));
    "F24" "byte-behind-success" Frame "SubmitShares.Success: payload" ["SV2-05-096" "SV2-03-025" "SV2-03-101"]
        when "each SubmitShares.Success" seen "no report known" => Frames(lengthened(SubmitSharesSuccess::SPEC.kind, &[0]));
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
    "F91" "tlv-uninvited" Frame "SubmitShares.Success: TLV" ["SV2-03-043"]
        when "each SubmitShares.Success has a TLV of extension 0x0002" seen "no report known" => Frames(UninvitedTlv);
    "F92" "extension-frame-uninvited" Frame "frame header: extension_type" ["SV2-03-043"]
        when "behind each SubmitShares.Success comes a frame of extension 0x0002" seen "no report known" => Frames(UninvitedFrame);
    "F93" "tlv-expected-in-front" Frame "SubmitSharesExtended: TLV" ["SV2-03-046"]
        when "a share on a connection that has extension 0x0002" seen "no report known" => Frames(TLV_IN_FRONT);
    "F100" "other-authority" Noise "act two: signature" ["SV2-04-043" "SV2-04-005"]
        when "every handshake: another authority signs" seen "goPool: the server's own key signs" => Certifier(OtherAuthority);
    "F101" "signature-broken" Noise "act two: signature" ["SV2-04-005" "SV2-04-043"]
        when "every handshake: the signature is no signature" seen "stratum#717: over ten bytes only" => Certifier(BrokenSignature);
    "F102" "certificate-for-other-key" Noise "act two: signature" ["SV2-04-043" "SV2-04-005"]
        when "every handshake: the certificate is another server's" seen "Sjors/bitcoin#38: signatures that do not verify" => Certifier(OtherStaticKey);
    "F103" "certificate-ends-before-it-begins" Noise "act two: not_valid_after" ["SV2-04-042"]
        when "every handshake" seen "stratum PR#2104: an end that overflows" => Certifier(InvertedPeriod);
    "F104" "small-reads-lost" Record "the stream" ["SV2-03-028"]
        when "fewer bytes than an encrypted header in one read" seen "blitzpool: act one in one read only" => Records(WholeReadsOnly);
    "F151" "tail-unseen" Frame "SubmitSharesExtended: TLV" ["SV2-03-050" "EXT-0002-003"]
        when "a worker's name of more than 32 bytes" seen "stratum#2356" => Frames(misheard(without_tail));
    "F172" "clients-message" Frame "UpdateChannel" ["SV2-08-006"]
        when "each acknowledgement" seen "no report known" => Frames(accompanied(false, clients_message));
    "F173" "other-protocols-message" Frame "CoinbaseOutputConstraints" ["SV2-08-005"]
        when "each standard channel" seen "ChimeraPool: lines of SV1 between the frames" => Frames(accompanied(false, other_protocols_message));
    "F174" "reserved-number" Frame "SubmitShares.Success: msg_type" ["SV2-08-003"]
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
    "F320" "reconnect-beside-the-port" Frame "Reconnect.new_port" ["SV2-03-093"]
        when "each Reconnect" seen "no report known" => Frames(edited!(Reconnect: elsewhere => elsewhere.new_port ^= 1));
    "F186" "one-ephemeral-key" Noise "act two: ephemeral key" ["SV2-04-027"]
        when "every handshake" seen "no report known" => Certifier(OneEphemeral);
    "F188" "session-goes-on" Record "the connection" ["SV2-04-022" "SV2-04-050"]
        when "a record that does not authenticate" seen "stratum#2342" => Records(SessionGoesOn);
    "F189" "first-frame-of-each-read" Frame "the stream" ["SV2-03-028"]
        when "two frames in one read" seen "no report known" => Frames(FirstOfEachRead);
    "F196" "length-of-ciphertext" Record "RequestExtensions.Error: msg_length" ["SV2-04-047"]
        when "each request for extensions that is refused" seen "sv2-spec#59" => Frames(reframed(RequestExtensionsError::SPEC.kind, |frame| frame.header.length += 16));
    "F310" "channel-id-last" Frame "SubmitShares.Success.channel_id" ["SV2-03-026" "SV2-05-014"]
        when "each SubmitShares.Success" seen "no report known" => Frames(reframed(SubmitSharesSuccess::SPEC.kind, |frame| frame.payload.rotate_left(4)));
    "F311" "channel-bit-on-extensions" Frame "RequestExtensions.Success: channel_msg" ["EXT-0001-011" "SV2-03-029"]
        when "each request for extensions that is granted" seen "no report known" => Frames(flipped_bit(RequestExtensionsSuccess::SPEC.kind));
    "F312" "answer-in-other-extension" Frame "RequestExtensions.Success: extension_type" ["SV2-03-023"]
        when "each request for extensions that is granted" seen "no report known"
        => Frames(reframed(RequestExtensionsSuccess::SPEC.kind, |frame| frame.header.kind.extension_type = 2));
    "F313" "worker-extension-unconfirmed" Frame "RequestExtensions.Success.supported_extensions" ["EXT-0002-015" "EXT-0001-023"]
        when "each request for extension 0x0002" seen "no report known" => Frames(edited!(RequestExtensionsSuccess: success =>
            success.supported_extensions = without(&success.supported_extensions, 2)));
    "F314" "success-with-header-behind" Frame "SubmitShares.Success: payload" ["SV2-03-024"]
        when "each SubmitShares.Success" seen "sv2-spec#31" => Frames(lengthened(SubmitSharesSuccess::SPEC.kind, &[0; 6]));
}
