//! What a shim is asked, in which order, and what is made of its answers.

use super::codec::ShimCodec;
use super::talk::{Bounds, Exchange, ShimError, Talk};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use sv2_wire::frame::MAX_PAYLOAD_LEN;
use sv2_wire::fuzz::{Finding, Oracle, Random, Target, frame_stream, message_decode, vectors};

/// How much is asked behind the vectors and the seeds.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Seed of the inputs that are made up.
    pub seed: u64,
    /// Inputs that are made up.
    pub runs: u64,
    /// Bound on the whole; when it is over nothing more is asked.
    pub within: Duration,
    /// After so many flaws nothing more is asked.
    pub flaws: usize,
}

/// Something wrong about the codec, or about the shim in front of it.
#[derive(Clone, Debug)]
pub struct Flaw {
    /// The oracle that found it, and its text.
    pub finding: Finding,
    /// What must hold, and the clauses that demand it.
    pub oracle: Option<&'static Oracle>,
    /// Where the input is from.
    pub input: String,
    /// The request that showed it, and its answer.
    pub exchange: Exchange,
}

/// What came of it all.
#[derive(Debug, Default)]
pub struct Report {
    /// One of each kind: by oracle, message and field.
    pub flaws: Vec<Flaw>,
    /// Vectors and seeds that were judged.
    pub given: u64,
    /// Inputs that were made up.
    pub made_up: u64,
    /// Lines that were asked.
    pub asked: u64,
    /// Whether it broke so often that it was given up.
    pub is_given_up: bool,
}

/// Judges the codec behind a command line.
///
/// # Errors
/// [`ShimError`]: there is nothing to judge.
pub fn judge(command: &str, bounds: Bounds, budget: Budget) -> Result<Report, ShimError> {
    let mut campaign = Campaign {
        codec: ShimCodec { talk: Talk::start(command, bounds)? },
        report: Report::default(),
        kinds: BTreeSet::new(),
        deadline: Instant::now().checked_add(budget.within),
        most: budget.flaws,
    };
    campaign.give();
    campaign.make_up(budget);
    let Campaign { codec, mut report, .. } = campaign;
    report.asked = codec.talk.asked();
    report.is_given_up = !codec.talk.is_alive();
    match report.flaws.first() {
        Some(flaw) if codec.talk.answered() == 0 => {
            let how = flaw.finding.what.clone();
            Err(ShimError::NeverAnswered { command: command.to_owned(), how })
        }
        _ => Ok(report),
    }
}

/// Longer vectors are judged as messages alone.
const LONGEST_STREAM: usize = 4096;

struct Campaign {
    codec: ShimCodec,
    report: Report,
    /// Oracle and subject of the flaws so far.
    kinds: BTreeSet<(&'static str, String)>,
    deadline: Option<Instant>,
    most: usize,
}

impl Campaign {
    /// The vectors, then the boundary values of every message.
    fn give(&mut self) {
        for vector in vectors() {
            let input = format!("vector {:?}", vector.label);
            if vector.frame.len() <= LONGEST_STREAM {
                self.frames(7, &vector.frame, &input);
            }
            if let Some((header, payload)) = vector.frame.split_first_chunk() {
                let kind = sv2_wire::frame::Header::decode(*header).kind;
                self.message(&message_decode::Input { kind, payload }, &input);
            }
            self.report.given = self.report.given.saturating_add(1);
        }
        for seed in (message_decode::TARGET.seeds)() {
            if !seed.name.starts_with("vector-") {
                self.message(&message_decode::Input::of(&seed.bytes), &format!("seed {}", seed.name));
                self.report.given = self.report.given.saturating_add(1);
            }
        }
    }

    /// Seeds that are changed a little, a frame's and a message's in turn.
    fn make_up(&mut self, budget: Budget) {
        let targets = [&message_decode::TARGET, &frame_stream::TARGET];
        let seeds = targets.map(|target| (target.seeds)());
        let mut random = Random::new(budget.seed);
        for run in 0..budget.runs {
            if self.is_over() {
                return;
            }
            let turn = usize::from(run % 4 == 3);
            let (Some(target), Some(seeds)) = (targets.get(turn), seeds.get(turn)) else { return };
            let Some(seed) = random.pick(seeds) else { return };
            let mut bytes = seed.bytes.clone();
            for _ in 0..=random.below(3) {
                (target.mutate)(&mut bytes, &mut random, target.max_len);
            }
            let input = format!("made up, seed {} run {run}", budget.seed);
            if turn == 0 {
                self.message(&message_decode::Input::of(&bytes), &input);
            } else {
                let of = frame_stream::Input::of(&bytes);
                self.frames(of.plan, of.stream, &input);
            }
            self.report.made_up = self.report.made_up.saturating_add(1);
        }
    }

    fn is_over(&self) -> bool {
        self.report.flaws.len() >= self.most
            || !self.codec.talk.is_alive()
            || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// A shim has no memory, so each chunk asks again for all that has come: the chunks are not too many.
    fn frames(&mut self, plan: u8, stream: &[u8], input: &str) {
        const CHUNKS: usize = 32;
        let longer = u8::try_from(stream.len().div_ceil(CHUNKS)).unwrap_or(u8::MAX);
        let stream = frame_stream::Input { plan: plan.max(longer), max_payload: MAX_PAYLOAD_LEN, stream };
        if !self.is_over() {
            let outcome = frame_stream::judge(&mut self.codec, &stream);
            self.take(outcome, &frame_stream::TARGET, input);
        }
    }

    fn message(&mut self, payload: &message_decode::Input<'_>, input: &str) {
        if !self.is_over() {
            let outcome = message_decode::judge(&mut self.codec, payload);
            self.take(outcome, &message_decode::TARGET, input);
        }
    }

    fn take(&mut self, outcome: Result<(), Finding>, target: &Target, input: &str) {
        let Err(finding) = outcome else { return };
        if !self.kinds.insert((finding.oracle, subject(&finding.what))) {
            return;
        }
        self.report.flaws.push(Flaw {
            oracle: target.oracle(finding.oracle),
            input: input.to_owned(),
            exchange: self.codec.talk.last().clone(),
            finding,
        });
    }
}

/// The message, and field, that a finding's text begins with; of frames the oracle says enough.
fn subject(what: &str) -> String {
    let word = what.split([' ', ':', ',']).next().unwrap_or_default();
    let is_message = sv2_wire::MESSAGES.iter().any(|spec| word.starts_with(spec.name));
    if is_message { word.to_owned() } else { String::new() }
}
