//! A campaign without coverage, on stable Rust: inputs of a corpus, changed by the target's own mutations, and a watch over it.

use super::{HANG, judged};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use sv2_wire::fuzz::{Finding, Random, Target};

/// One input that takes longer hangs.
pub const HANG_AFTER: Duration = Duration::from_secs(20);

/// Most mutations behind one another.
const MOST_CHANGES: usize = 8;

/// Inputs of one target, drawn from a seed. Equal corpus and seed give equal inputs.
#[derive(Debug)]
pub struct Blind {
    target: &'static Target,
    corpus: Vec<Vec<u8>>,
    random: Random,
    played: usize,
}

/// Where a campaign ends that finds nothing: at what comes first; without either it has no end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Inputs.
    pub runs: Option<u64>,
    /// Time on the clock.
    pub time: Option<Duration>,
}

/// How far a campaign came.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Inputs that were judged, the last one perhaps not to its end.
    pub executions: u64,
    /// Time on the clock.
    pub took: Duration,
    /// What ended it early.
    pub found: Option<Found>,
}

/// The finding that ended a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The input that raised it.
    pub input: Vec<u8>,
    /// What an oracle said, [`PANIC`](super::PANIC) or [`HANG`].
    pub finding: Finding,
    /// File, line and column of a panic.
    pub place: Option<String>,
}

impl Blind {
    /// Begins with these inputs, in this order.
    pub fn new(target: &'static Target, corpus: Vec<Vec<u8>>, seed: u64) -> Self {
        Self { target, corpus, random: Random::new(seed), played: 0 }
    }

    /// Puts the next input into `input`: first those of the corpus as they are, then changed ones.
    pub fn next_into(&mut self, input: &mut Vec<u8>) {
        input.clear();
        if let Some(kept) = self.corpus.get(self.played) {
            self.played = self.played.saturating_add(1);
            input.extend_from_slice(kept);
            input.truncate(self.target.max_len);
            return;
        }
        if let Some(kept) = self.random.pick(&self.corpus) {
            input.extend_from_slice(kept);
        }
        if self.random.one_in(16)
            && let Some(other) = self.random.pick(&self.corpus)
        {
            // The front of one and the end of another.
            let cut = self.random.below(input.len().min(other.len()).saturating_add(1));
            input.truncate(cut);
            input.extend(other.iter().skip(cut));
        }
        input.truncate(self.target.max_len);
        let changes = self.random.below(MOST_CHANGES);
        for _ in 0..=changes {
            (self.target.mutate)(input, &mut self.random, self.target.max_len);
        }
    }

    /// Judges inputs up to a limit or to the first finding, on a thread of its own and watched: an input without a verdict within
    /// [`HANG_AFTER`] is a finding as well, and its thread is left to itself.
    pub fn run(self, limits: Limits) -> Outcome {
        let current = Arc::new(Mutex::new(Vec::new()));
        let (tell, told) = sync_channel(1);
        let shared = Arc::clone(&current);
        let begun = Instant::now();
        std::thread::spawn(move || self.campaign(limits, &shared, &tell));
        let (executions, found) = watch(&told, &current, HANG_AFTER);
        Outcome { executions, took: begun.elapsed(), found }
    }

    fn campaign(mut self, limits: Limits, current: &Mutex<Vec<u8>>, tell: &SyncSender<Told>) {
        let begun = Instant::now();
        let mut heard = begun;
        let (mut executions, mut input) = (0u64, Vec::new());
        let is_over = |executions: u64| {
            limits.runs.is_some_and(|runs| executions >= runs)
                || limits.time.is_some_and(|time| begun.elapsed() >= time)
        };
        while !is_over(executions) {
            if heard.elapsed() > Duration::from_secs(1) {
                heard = Instant::now();
                // One that was not heard yet is as good.
                let _ = tell.try_send(Told::Lives(executions));
            }
            self.next_into(&mut input);
            current.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&input);
            executions = executions.saturating_add(1);
            if let Err((finding, place)) = judged(self.target, &input) {
                let _ = tell.send(Told::Ended(executions, Some(Found { input, finding, place })));
                return;
            }
        }
        let _ = tell.send(Told::Ended(executions, None));
    }
}

/// What the campaign's thread says.
enum Told {
    /// It has judged so many inputs.
    Lives(u64),
    /// It is over.
    Ended(u64, Option<Found>),
}

/// Waits for the end, or until nothing was heard for so long.
fn watch(told: &Receiver<Told>, current: &Mutex<Vec<u8>>, patience: Duration) -> (u64, Option<Found>) {
    let mut judged = 0;
    loop {
        match told.recv_timeout(patience) {
            Ok(Told::Lives(executions)) => judged = executions,
            Ok(Told::Ended(executions, found)) => return (executions, found),
            Err(RecvTimeoutError::Disconnected) => return (judged, None),
            Err(RecvTimeoutError::Timeout) => {
                let input = current.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let what = format!("no verdict within {} seconds", patience.as_secs());
                return (judged, Some(Found { input, finding: Finding { oracle: HANG, what }, place: None }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_comes_first_and_a_seed_gives_the_same_inputs_again() {
        let target = crate::fuzz::target("frame_stream").unwrap();
        let corpus = vec![vec![1, 2, 3], vec![4; 5000]];
        let draw = |seed| {
            let mut blind = Blind::new(target, corpus.clone(), seed);
            let mut input = Vec::new();
            let inputs = (0..50).map(|_| {
                blind.next_into(&mut input);
                input.clone()
            });
            inputs.collect::<Vec<_>>()
        };
        let inputs = draw(1);
        assert_eq!(inputs[..2], [vec![1, 2, 3], vec![4; target.max_len]]);
        assert!(inputs.iter().all(|input| input.len() <= target.max_len));
        assert_eq!(inputs, draw(1));
        assert_ne!(inputs, draw(2));
    }

    #[test]
    fn an_input_without_a_verdict_is_a_finding() {
        let (tell, told) = sync_channel(1);
        let current = Mutex::new(vec![1, 2]);
        tell.send(Told::Lives(64)).unwrap();
        let (executions, found) = watch(&told, &current, Duration::from_millis(1));
        let found = found.expect("nothing is heard any more");
        assert_eq!((executions, found.input, found.finding.oracle), (64, vec![1, 2], HANG));
        tell.send(Told::Ended(100, None)).unwrap();
        assert_eq!(watch(&told, &current, Duration::from_secs(60)), (100, None));
    }

    /// Panics where an input's first byte says.
    static BREAKS: Target = Target {
        run: |data| {
            match data.first() {
                Some(1) => panic!("at one"),
                Some(2) => panic!("at two"),
                _ => {}
            }
            Ok(())
        },
        ..sv2_wire::fuzz::datatype::TARGET
    };

    #[test]
    fn panics_are_told_apart_by_their_place() {
        let found = |first: u8| {
            let blind = Blind::new(&BREAKS, vec![vec![0], vec![first, 7]], 1);
            let outcome = blind.run(Limits { runs: Some(2), time: None });
            assert_eq!(outcome.executions, 2);
            let found = outcome.found.expect("a panic");
            assert_eq!((found.input, found.finding.oracle), (vec![first, 7], crate::fuzz::PANIC));
            found.place.expect("a place")
        };
        assert!(found(1).contains("blind.rs:"));
        assert_ne!(found(1), found(2));
        let fine = Blind::new(&BREAKS, vec![vec![0]], 1).run(Limits { runs: Some(1), time: None });
        assert_eq!((fine.executions, fine.found), (1, None));
    }
}
