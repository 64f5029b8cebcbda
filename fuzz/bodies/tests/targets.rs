//! SRI's crates against the oracles, and each oracle of this package against a fault of its own.

use sv2_fuzz_bodies::diff_sri::{self, Input, Opinion, Reading, Sri};
use sv2_fuzz_bodies::differences::{Certificate, Verdict};
use sv2_fuzz_bodies::sri::session::Sri as SriEnd;
use sv2_fuzz_bodies::sri::{self, SriCodec};
use sv2_wire::Value;
use sv2_wire::frame::Frame;
use sv2_wire::fuzz::{Finding, Random, frame_stream, message_decode};
use sv2_wire::tlv::Tlv;

/// What `judge` says of seeds and of inputs that grew out of them, until it finds something.
fn search(mut judge: impl FnMut(&[u8]) -> Result<(), Finding>, rounds: usize) -> Option<Finding> {
    let seeds = (diff_sri::TARGET.seeds)();
    if let Some(finding) = seeds.iter().find_map(|seed| judge(&seed.bytes).err()) {
        return Some(finding);
    }
    let mut random = Random::new(7);
    (0..rounds).find_map(|_| {
        let mut bytes = random.pick(&seeds)?.bytes.clone();
        for _ in 0..=random.below(4) {
            (diff_sri::TARGET.mutate)(&mut bytes, &mut random, diff_sri::TARGET.max_len);
        }
        judge(&bytes).err()
    })
}

#[test]
fn seeds_and_what_grows_out_of_them_show_no_unlisted_difference() {
    assert_eq!(search(diff_sri::TARGET.run, 3000), None);
}

#[test]
fn sri_passes_the_oracles_of_the_codec() {
    for seed in (message_decode::TARGET.seeds)() {
        let found = message_decode::judge(&mut SriCodec, &message_decode::Input::of(&seed.bytes));
        assert_eq!(found, Ok(()), "{}", seed.name);
    }
    for seed in (frame_stream::TARGET.seeds)() {
        let found = frame_stream::judge(&mut SriCodec, &frame_stream::Input::of(&seed.bytes));
        assert_eq!(found, Ok(()), "{}", seed.name);
    }
}

/// An opinion that is wrong in one thing.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wrong {
    LosesEmptyFrames,
    TakesAnything,
    CountsTheTail,
    SwapsWords,
    WritesBigEndian,
    FindsNoFields,
    LosesAByte,
    SkipsTheCode,
    TrustsAll,
}

impl Opinion for Wrong {
    fn frames(&mut self, chunks: &mut dyn Iterator<Item = &[u8]>) -> Result<Vec<Frame>, String> {
        let mut frames = Sri.frames(chunks)?;
        if *self == Self::LosesEmptyFrames {
            frames.retain(|frame| !frame.payload.is_empty());
        }
        Ok(frames)
    }

    fn read(&mut self, frame: &[u8]) -> Result<Reading, String> {
        let mut reading = match Sri.read(frame) {
            Err(_) if *self == Self::TakesAnything => {
                return Ok(Reading { used: 0, values: Vec::new(), written: Ok(Vec::new()) });
            }
            other => other?,
        };
        match self {
            Self::CountsTheTail => reading.used = frame.len() - 6,
            Self::SwapsWords => {
                let words = reading.values.iter_mut().filter(|value| matches!(value, Value::Uint(_)));
                if let [one, other, ..] = words.collect::<Vec<_>>().as_mut_slice() {
                    std::mem::swap(*one, *other);
                }
            }
            Self::WritesBigEndian => {
                if let Ok([_, _, _, _, _, _, payload @ ..]) = reading.written.as_deref_mut() {
                    payload.reverse();
                }
            }
            _ => {}
        }
        Ok(reading)
    }

    fn tail(&mut self, tail: &[u8], negotiated: &[u16]) -> Result<Vec<Tlv>, String> {
        if *self == Self::FindsNoFields { Ok(Vec::new()) } else { sri::tail(tail, negotiated) }
    }

    fn certificate(&mut self, certificate: &Certificate) -> Result<Verdict, String> {
        if *self == Self::TrustsAll { Ok(Verdict::Trusts) } else { certificate.sri() }
    }

    fn open(&mut self, end: &mut SriEnd, bytes: &[u8]) -> Result<Vec<u8>, String> {
        let opened = end.open(bytes);
        match (self, opened) {
            (Self::LosesAByte, Ok(mut bytes)) => {
                bytes.pop();
                Ok(bytes)
            }
            (Self::SkipsTheCode, Err(_)) => Ok(bytes.to_vec()),
            (_, opened) => opened,
        }
    }
}

#[test]
fn every_oracle_fires_on_the_fault_that_is_its_own() {
    let faults = [
        (Wrong::LosesEmptyFrames, diff_sri::FRAMES),
        (Wrong::TakesAnything, diff_sri::VERDICT),
        (Wrong::CountsTheTail, diff_sri::LENGTH),
        (Wrong::SwapsWords, diff_sri::VALUES),
        (Wrong::WritesBigEndian, diff_sri::REENCODE),
        (Wrong::FindsNoFields, diff_sri::TAIL),
        (Wrong::LosesAByte, diff_sri::SEALED),
        (Wrong::SkipsTheCode, diff_sri::TAMPERED),
        (Wrong::TrustsAll, diff_sri::CERTIFICATE),
    ];
    for (fault, oracle) in faults {
        let found = search(|bytes| diff_sri::judge(&mut { fault }, &Input::of(bytes)), 1000);
        assert_eq!(found.map(|finding| finding.oracle), Some(oracle.name), "{fault:?}");
    }
    let proved: Vec<&str> = faults.iter().map(|(_, oracle)| oracle.name).collect();
    let named: Vec<&str> = diff_sri::TARGET.oracles.iter().map(|oracle| oracle.name).collect();
    assert_eq!(proved, named);
}
