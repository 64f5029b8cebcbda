//! Faults of the handshake's acts, and of how frames become records, one row each.

use super::super::catalogue_decisions::{BannerFirst, CodeInFront, PlainIfItLooksSo, SwappedDirections};
use super::super::catalogue_noise::{
    LongerActOne, OtherActTwo, OtherPieces, RefusedKeys, ShortCounter, ShorterActOne, all_in_one, cut_at,
    has_odd_half, has_odd_y, with_certificate_first, with_long_certificate, with_other_curve,
    with_short_keys,
};
use super::super::frames::reframed;
use super::faults;
use sv2_wire::SetupConnectionSuccess;

faults! {
    "F235" "plaintext-served" Record "the connection" ["SV2-04-002"]
        when "a connection that begins with a frame" seen "goPool, ChimeraPool" => Records(PlainIfItLooksSo);
    "F236" "other-curve" Noise "act two: ephemeral key" ["SV2-04-004"]
        when "every handshake" seen "no report known" => Certifier(OtherActTwo(with_other_curve));
    "F237" "keys-of-32-bytes" Noise "act two: keys" ["SV2-04-006" "SV2-04-030"]
        when "every handshake: 170 bytes" seen "sv2-spec#65, sv2-spec#66, sv2-spec#220" => Certifier(OtherActTwo(with_short_keys));
    "F238" "odd-encodings-refused" Noise "act one: ephemeral key" ["SV2-04-007"]
        when "a key one half of which is zero or not below the prime" seen "no report known" => Records(RefusedKeys::new(has_odd_half));
    "F239" "odd-y-refused" Noise "act one: ephemeral key" ["SV2-04-010"]
        when "a key with an odd Y" seen "no report known" => Records(RefusedKeys::new(has_odd_y));
    "F240" "code-in-front" Record "record: authentication code" ["SV2-04-012"]
        when "each record" seen "no report known" => Records(CodeInFront);
    "F241" "more-than-act-one" Noise "act one" ["SV2-04-021"]
        when "every handshake: a key of the client's own is awaited" seen "no report known" => Records(LongerActOne::default());
    "F242" "banner-first" Noise "the connection" ["SV2-04-026"]
        when "every connection" seen "no report known" => Records(BannerFirst);
    "F243" "less-than-act-one" Noise "act one" ["SV2-04-028"]
        when "act one in two pieces" seen "blitzpool: act one in one read only" => Records(ShorterActOne::default());
    "F244" "long-certificate" Noise "act two: version" ["SV2-04-029"]
        when "every handshake: a version of 4 bytes" seen "no report known" => Certifier(OtherActTwo(with_long_certificate));
    "F245" "certificate-first" Noise "act two" ["SV2-04-030"]
        when "every handshake: the certificate in front of the static key" seen "no report known" => Certifier(OtherActTwo(with_certificate_first));
    "F246" "directions-swapped" Record "record: key" ["SV2-04-032"]
        when "every record" seen "no report known" => Certifier(SwappedDirections);
    "F247" "pieces-of-65535" Record "record: length" ["SV2-04-045" "SV2-04-048"]
        when "a payload of more than 65519 bytes" seen "goPool, stratum#687: one record" => Records(OtherPieces(cut_at::<65535>));
    "F248" "header-with-payload" Record "record: header" ["SV2-04-046"]
        when "each frame" seen "no report known" => Records(OtherPieces(all_in_one));
    "F249" "pieces-of-32768" Record "record: length" ["SV2-04-048"]
        when "a payload of more than 32768 bytes" seen "no report known" => Records(OtherPieces(cut_at::<32768>));
    "F253" "counter-of-8-bits" Record "record: nonce" ["SV2-04-014"]
        when "the 128th frame and those behind it" seen "no report known" => Records(ShortCounter::default());
    "F254" "setup-length-with-header" Frame "SetupConnection.Success: msg_length" ["SV2-03-021"]
        when "each set-up" seen "sv2-spec#31" => Frames(reframed(SetupConnectionSuccess::SPEC.kind, |frame| frame.header.length += 6));
}
