//! Every oracle of every fuzz target can fire: for each there is a codec, or a Noise layer, that is wrong in one way, and
//! that oracle alone finds it.

#[path = "support/flawed.rs"]
mod flawed;

use flawed::Flaw::{self, *};
use flawed::Flawed;
use std::collections::BTreeSet;
use sv2_wire::fuzz::{
    Finding, Random, TARGETS, Target, datatype, ext_tlv, frame_stream, message_arbitrary, message_decode,
    noise_handshake, noise_transport,
};

/// Target, oracle, and the flaw that it alone finds.
const PROOFS: &[(&str, &str, Flaw)] = &[
    ("frame_stream", "answers", Dies),
    ("frame_stream", "chunking", LosesFrameBetweenChunks),
    ("frame_stream", "header", ReadsChannelBitInverted),
    ("frame_stream", "length", CutsPayload),
    ("frame_stream", "reencode", WritesNoChannelBit),
    ("frame_stream", "limit", KnowsNoLimit),
    ("frame_stream", "prefix", RefusesHalfHeaders),
    ("frame_stream", "memory", ReservesWhatIsAnnounced),
    ("message_decode", "answers", Dies),
    ("message_decode", "layout", TakesTooLong),
    ("message_decode", "tail", SwallowsTail),
    ("message_decode", "values", ReadsBigEndian),
    ("message_decode", "reencode", WritesOneByteMore),
    ("message_decode", "prefix", CallsShortMalformed),
    ("message_arbitrary", "answers", Dies),
    ("message_arbitrary", "bounds", BuildsBeyondBounds),
    ("message_arbitrary", "encoding", WritesFirstByteWrong),
    ("message_arbitrary", "size", WritesFixedMessagesLonger),
    ("message_arbitrary", "round_trip", ReadsOneByteLess),
    ("message_arbitrary", "json", ForgetsInJson),
    ("datatype", "answers", Dies),
    ("datatype", "layout", TakesTooLong),
    ("datatype", "values", ReadsBigEndian),
    ("datatype", "reencode", WritesOneByteMore),
    ("datatype", "prefix", CallsShortMalformed),
    ("datatype", "order", ComparesWireBytes),
    ("ext_tlv", "answers", Dies),
    ("ext_tlv", "base", SwallowsTail),
    ("ext_tlv", "walk", ForgetsFieldType),
    ("ext_tlv", "reencode", ExchangesTlvOrder),
    ("noise_handshake", "answers", Dies),
    ("noise_handshake", "agreement", AgreesOnNothing),
    ("noise_handshake", "identity", ChangesVersion),
    ("noise_handshake", "tamper", TakesAnyActTwo),
    ("noise_handshake", "certificate", TrustsForEver),
    ("noise_handshake", "fresh", HasOneEphemeralKey),
    ("noise_handshake", "waits", AnswersEarly),
    ("noise_transport", "answers", Dies),
    ("noise_transport", "delivery", OpensWrong),
    ("noise_transport", "tamper", OpensAnything),
    ("noise_transport", "sticky", OpensAfterRefusal),
    ("noise_transport", "length", SealsLonger),
    ("noise_transport", "limits", SealsMore),
    ("noise_transport", "nonces", SkipsNonces),
    ("noise_transport", "frames", LosesFrames),
    ("noise_transport", "blocks", SealsEmptyPayload),
];

fn judge(target: &str, flaw: Flaw, data: &[u8]) -> Result<(), Finding> {
    let flawed = &mut Flawed(flaw);
    match target {
        "frame_stream" => frame_stream::judge(flawed, &frame_stream::Input::of(data)),
        "message_decode" => message_decode::judge(flawed, &message_decode::Input::of(data)),
        "message_arbitrary" => message_arbitrary::judge(flawed, data),
        "datatype" => datatype::judge(flawed, data),
        "ext_tlv" => ext_tlv::judge(flawed, &ext_tlv::Input::of(data)),
        "noise_handshake" => noise_handshake::judge(flawed, &noise_handshake::Plan::of(data)),
        "noise_transport" => noise_transport::judge(flawed, data),
        other => panic!("no judge for {other}"),
    }
}

/// The oracles that fire on the seeds of the target and on some mutations of them.
fn fired(target: &Target, flaw: Flaw) -> BTreeSet<&'static str> {
    let seeds = (target.seeds)();
    let mut random = Random::new(7);
    let mutated = (0..if target.name.starts_with("noise") { 100 } else { 1000 }).map(|_| {
        let mut input = random.pick(&seeds).expect("seeds").bytes.clone();
        (0..3).for_each(|_| (target.mutate)(&mut input, &mut random, target.max_len));
        input
    });
    let inputs = seeds.iter().map(|seed| seed.bytes.clone()).chain(mutated);
    inputs.filter_map(|input| judge(target.name, flaw, &input).err()).map(|finding| finding.oracle).collect()
}

#[test]
fn each_flaw_is_found_by_its_oracle_alone() {
    for (name, oracle, flaw) in PROOFS {
        let target = TARGETS.iter().find(|target| target.name == *name).expect("a target");
        assert_eq!(fired(target, *flaw), BTreeSet::from([*oracle]), "{name}, {flaw:?}");
    }
}

#[test]
fn every_oracle_is_proved() {
    let proved = PROOFS.iter().map(|(target, oracle, _)| (*target, *oracle)).collect::<BTreeSet<_>>();
    let declared = TARGETS.iter().flat_map(|target| target.oracles.iter().map(|it| (target.name, it.name)));
    assert_eq!(proved, declared.collect::<BTreeSet<_>>());
}
