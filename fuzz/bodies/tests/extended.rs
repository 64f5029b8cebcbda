//! Each oracle that SRI's crates add to a target fires on an opinion that is wrong in one way, and it alone.

use noise_sv2::NoiseEngine;
use std::cell::RefCell;
use std::collections::BTreeSet;
use sv2_fuzz_bodies::diff_sri::{Opinion, Reading, Sri};
use sv2_fuzz_bodies::extended::share_validate::{self, Channels};
use sv2_fuzz_bodies::extended::{datatype, message_arbitrary, noise_handshake, noise_transport};
use sv2_fuzz_bodies::pool_diff::{Asked, Said};
use sv2_fuzz_bodies::sri::ReadValue;
use sv2_fuzz_bodies::sri::handshake::{self, Client};
use sv2_fuzz_bodies::sri::session::Sri as SriEnd;
use sv2_fuzz_bodies::{TARGETS, own, targets};
use sv2_reference_pool::faults::FAULTS;
use sv2_wire::fuzz::noise_handshake::Plan;
use sv2_wire::fuzz::{Finding, Random, Target};
use sv2_wire::noise::{ACT_ONE_LEN, ACT_TWO_LEN, AuthoritySecretKey};
use sv2_wire::{FieldType, Message, Value};

/// In which way an opinion is wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wrong {
    Nothing,
    RefusesLongMessages,
    CountsTooFew,
    SwapsWords,
    WritesBackwards,
    TakesAnyValue,
    CountsTooMany,
    InvertsNumbers,
    WritesLonger,
    SkipsARecord,
    TakesAnyActTwo,
    TrustsAll,
    ServerSkipsARecord,
    AnswersLate,
    SealsLonger,
    SealsWrongly,
    LosesAByte,
    SkipsTheCode,
    CreditsTwice,
    RefusesAll,
}
use Wrong::*;

/// Target, oracle, and the flaw that it alone finds.
const PROOFS: &[(&str, &str, Wrong)] = &[
    ("message_arbitrary", "sri_reads", RefusesLongMessages),
    ("message_arbitrary", "sri_reads", CountsTooFew),
    ("message_arbitrary", "sri_values", SwapsWords),
    ("message_arbitrary", "sri_writes", WritesBackwards),
    ("datatype", "sri_verdict", TakesAnyValue),
    ("datatype", "sri_length", CountsTooMany),
    ("datatype", "sri_values", InvertsNumbers),
    ("datatype", "sri_reencode", WritesLonger),
    ("noise_handshake", "sri_agreement", SkipsARecord),
    ("noise_handshake", "sri_tamper", TakesAnyActTwo),
    ("noise_handshake", "sri_certificate", TrustsAll),
    ("noise_handshake", "sri_agreement", ServerSkipsARecord),
    ("noise_handshake", "sri_certificate", AnswersLate),
    ("noise_transport", "sri_length", SealsLonger),
    ("noise_transport", "sri_delivery", LosesAByte),
    ("noise_transport", "sri_delivery", SealsWrongly),
    ("noise_transport", "sri_tamper", SkipsTheCode),
    ("share_validate", "sri_share", CreditsTwice),
    ("share_validate", "sri_share", RefusesAll),
];

impl Opinion for Wrong {
    fn read(&mut self, frame: &[u8]) -> Result<Reading, String> {
        let mut reading = Sri.read(frame)?;
        match self {
            RefusesLongMessages if frame.len() > 300 => return Err("too long".to_owned()),
            CountsTooFew => reading.used = reading.used.saturating_sub(1),
            SwapsWords => {
                let words = reading.values.iter_mut().filter(|value| matches!(value, Value::Uint(_)));
                if let [one, other, ..] = words.collect::<Vec<_>>().as_mut_slice() {
                    std::mem::swap(*one, *other);
                }
            }
            WritesBackwards => {
                if let Ok([_, _, _, _, _, _, payload @ ..]) = reading.written.as_deref_mut() {
                    payload.reverse();
                }
            }
            _ => {}
        }
        Ok(reading)
    }

    fn read_value(&mut self, ty: FieldType, bytes: &[u8]) -> Option<Result<ReadValue, String>> {
        let mut read = match Sri.read_value(ty, bytes)? {
            Err(_) if *self == TakesAnyValue => {
                Ok(ReadValue { value: Value::Uint(0), used: 0, written: Ok(Vec::new()) })
            }
            read => read,
        };
        if let Ok(read) = &mut read {
            match (self, &mut read.value, &mut read.written) {
                (CountsTooMany, ..) => read.used += 1,
                (InvertsNumbers, Value::Uint(number), _) => *number = !*number,
                (WritesLonger, _, Ok(bytes)) => bytes.push(0),
                _ => {}
            }
        }
        Some(read)
    }

    fn finish(
        &mut self,
        client: Client,
        act_two: [u8; ACT_TWO_LEN],
        now: u32,
    ) -> Result<Option<NoiseEngine>, String> {
        match (self, Sri.finish(client, act_two, now)) {
            (SkipsARecord, Ok(Some(mut engine))) => {
                engine.encrypt(&mut Vec::new()).expect("seals");
                Ok(Some(engine))
            }
            (TakesAnyActTwo, Err(_)) | (TrustsAll, Ok(None)) => Ok(Some(some_engine())),
            (_, finished) => finished,
        }
    }

    fn answer(
        &mut self,
        authority: &AuthoritySecretKey,
        seed: [u8; 32],
        act_one: [u8; ACT_ONE_LEN],
        now: u32,
    ) -> Result<([u8; ACT_TWO_LEN], NoiseEngine), String> {
        // So that the certificate is not valid yet when it comes.
        let now = if *self == AnswersLate { now.saturating_add(1) } else { now };
        let (act_two, mut engine) = Sri.answer(authority, seed, act_one, now)?;
        if *self == ServerSkipsARecord {
            engine.encrypt(&mut Vec::new()).expect("seals");
        }
        Ok((act_two, engine))
    }

    fn seal(&mut self, end: &mut SriEnd, frame: Vec<u8>) -> Result<Vec<u8>, String> {
        let mut sealed = end.seal(frame)?;
        match self {
            SealsLonger => sealed.push(0),
            // No bit that somebody flips on the line makes it right again.
            SealsWrongly => sealed.iter_mut().for_each(|byte| *byte ^= 1),
            _ => {}
        }
        Ok(sealed)
    }

    fn receive(&mut self, end: &mut SriEnd, bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        match (self, end.receive(bytes)) {
            (LosesAByte, Ok(mut frames)) => {
                for frame in &mut frames {
                    frame.pop();
                }
                Ok(frames)
            }
            (SkipsTheCode, Err(_)) => Ok(vec![bytes.to_vec()]),
            (_, received) => received,
        }
    }
}

/// Of a session with nobody.
fn some_engine() -> NoiseEngine {
    let authority = AuthoritySecretKey::from_bytes([5; 32]).expect("a key");
    let (_, engine) = handshake::answer(&authority, [1; 32], [2; ACT_ONE_LEN], 0).expect("an answer");
    engine
}

impl Wrong {
    fn say(self, channels: &mut Channels, share: &Message) -> Option<(Asked, Said)> {
        let (asked, said) = channels.say(share)?;
        let said = match (self, said) {
            (CreditsTwice, Said::Refuses("duplicate-share")) => Said::Takes,
            (RefusesAll, Said::Takes) => Said::Refuses("difficulty-too-low"),
            (_, said) => said,
        };
        Some((asked, said))
    }
}

fn judge(target: &str, mut opinion: Wrong, data: &[u8]) -> Result<(), Finding> {
    match target {
        "message_arbitrary" => message_arbitrary::judge(&mut opinion, data),
        "datatype" => datatype::judge(&mut opinion, data),
        "noise_handshake" => noise_handshake::judge(&mut opinion, &Plan::of(data)),
        "noise_transport" => noise_transport::judge(&mut opinion, data),
        "share_validate" => share_validate::judge(data, &[], |channels, share| opinion.say(channels, share)),
        other => panic!("no judge for {other}"),
    }
}

/// The oracles that fire on the seeds of a target and on what grows out of them.
fn fired(target: &Target, rounds: usize, judge: impl Fn(&[u8]) -> Result<(), Finding>) -> BTreeSet<String> {
    let seeds = (target.seeds)();
    let mut random = Random::new(7);
    let mutated = (0..rounds).map(|_| {
        let mut input = random.pick(&seeds).expect("seeds").bytes.clone();
        (0..3).for_each(|_| (target.mutate)(&mut input, &mut random, target.max_len));
        input
    });
    let inputs = seeds.iter().map(|seed| seed.bytes.clone()).chain(mutated);
    let found = inputs.filter_map(|input| judge(&input).err().map(|finding| (input, finding)));
    // The name alone says which oracle; of an unexpected one the rest is wanted.
    found
        .map(|(input, finding)| {
            println!("{finding}: {input:?}");
            finding.oracle.to_owned()
        })
        .collect()
}

fn extended() -> impl Iterator<Item = &'static Target> {
    let own: Vec<_> = own().map(|target| target.name).collect();
    TARGETS.iter().filter(move |target| !own.contains(&target.name))
}

/// More with ROUNDS=100000.
fn rounds(target: &Target) -> usize {
    let asked = std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    asked.unwrap_or_else(|| if target.name.starts_with("noise") { 100 } else { 1000 })
}

#[test]
fn each_flaw_is_found_by_its_oracle_alone() {
    for (name, oracle, flaw) in PROOFS {
        let target = extended().find(|target| target.name == *name).expect("a target");
        let fired = fired(target, 1000, |data| judge(name, *flaw, data));
        assert_eq!(fired, BTreeSet::from([(*oracle).to_owned()]), "{name}, {flaw:?}");
    }
}

#[test]
fn sri_is_of_our_opinion_save_for_the_list() {
    for target in extended() {
        assert_eq!(fired(target, rounds(target), target.run), BTreeSet::new(), "{}", target.name);
        let unwronged = fired(target, 10, |data| judge(target.name, Nothing, data));
        assert_eq!(unwronged, BTreeSet::new(), "{}", target.name);
    }
}

#[test]
fn every_added_oracle_is_proved_and_none_is_lost() {
    for target in extended() {
        let base = sv2_conform::fuzz::target(target.name).expect("a target of the crates below");
        assert_eq!((target.format, target.max_len), (base.format, base.max_len), "{}", target.name);
        let (kept, added) = target.oracles.split_at(base.oracles.len());
        assert_eq!(kept, base.oracles, "{}", target.name);
        let added: BTreeSet<_> = added.iter().map(|oracle| oracle.name).collect();
        let proved = PROOFS.iter().filter(|(name, ..)| *name == target.name).map(|(_, oracle, _)| *oracle);
        assert_eq!(added, proved.collect(), "{}", target.name);
        assert!(added.iter().all(|name| name.starts_with("sri_")), "{}: {added:?}", target.name);
    }
}

/// The pool's own clock is told, so that the allow-list excuses no time that is late by it.
#[test]
fn a_pool_that_credits_late_shares_is_found_by_sri() {
    let target = extended().find(|target| target.name == "share_validate").expect("a target");
    let late: Vec<_> = FAULTS.iter().filter(|fault| fault.name == "late-credited").copied().collect();
    assert_eq!(late.len(), 1);
    let fired =
        fired(target, 3000, |data| share_validate::judge(data, &late, |channels, share| channels.say(share)));
    assert_eq!(fired, BTreeSet::from(["sri_share".to_owned()]));
}

/// Agreement means something only where SRI's channels get to see shares of every kind.
#[test]
fn shares_of_every_kind_come_before_sri() {
    let target = extended().find(|target| target.name == "share_validate").expect("a target");
    let seen = RefCell::new(BTreeSet::new());
    let fired = fired(target, 3000, |data| {
        share_validate::judge(data, &[], |channels, share| {
            let said = channels.say(share)?;
            let is_standard = matches!(share, Message::SubmitSharesStandard(_));
            seen.borrow_mut().insert((is_standard, format!("{:?}", said.1)));
            Some(said)
        })
    });
    assert_eq!(fired, BTreeSet::new());
    let codes = [
        "stale-share",
        "invalid-job-id",
        "invalid-share",
        "invalid-non-rollable-version-bit",
        "difficulty-too-low",
        "duplicate-share",
    ];
    let mut wanted: BTreeSet<_> =
        [true, false].map(|is_standard| (is_standard, format!("{:?}", Said::Takes))).into();
    for code in codes {
        wanted.extend([true, false].map(|is_standard| (is_standard, format!("{:?}", Said::Refuses(code)))));
    }
    for code in ["bad-extranonce-size", "version-rolling-not-allowed"] {
        wanted.insert((false, format!("{:?}", Said::Refuses(code))));
    }
    assert_eq!(*seen.borrow(), wanted);
}

#[test]
fn every_target_is_listed_once() {
    let names: Vec<_> = targets().map(|target| target.name).collect();
    let unique: BTreeSet<_> = names.iter().copied().collect();
    assert_eq!(names.len(), unique.len(), "{names:?}");
    let below = sv2_conform::fuzz::targets().map(|target| target.name);
    assert_eq!(unique, below.chain(TARGETS.iter().map(|target| target.name)).collect());
    for target in TARGETS {
        let listed = targets().find(|other| other.name == target.name).expect("listed");
        assert_eq!(listed.oracles, target.oracles, "{}", target.name);
    }
}
