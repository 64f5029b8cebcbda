//! Two pieces of work in turns, and the ratio of their times.

use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long to look.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    /// How many times both sides are set up anew.
    places: usize,
    /// Rounds for each of them.
    rounds: usize,
    /// What the slower side is to take in one round: long against the clock's grain, short against a time slice.
    block: Duration,
}

impl Effort {
    pub(crate) const FULL: Self = Self { places: 15, rounds: 201, block: Duration::from_micros(200) };
    pub(crate) const GLANCE: Self = Self { places: 2, rounds: 3, block: Duration::ZERO };
}

/// One line of the table.
pub(crate) struct Row {
    name: String,
    /// Their time over ours, one per round, in ascending order.
    ratios: Vec<f64>,
}

impl Row {
    fn quantile(&self, part: f64) -> f64 {
        let last = self.ratios.len().saturating_sub(1);
        // Both are far below 2^52, and `part` is between 0 and 1.
        self.ratios.get((last as f64 * part) as usize).copied().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [low, median, high] = [0.25, 0.5, 0.75].map(|part| self.quantile(part));
        write!(f, "| {} | {median:.1} | {low:.1} to {high:.1} |", self.name)
    }
}

/// Measures what `set_up` gives, ours and theirs, in turns.
///
/// Sets up more than once, each time elsewhere in memory: copying is slower between addresses that lie badly to each
/// other, which is luck and not to be measured.
pub(crate) fn duel<O: FnMut(), T: FnMut()>(
    name: String,
    effort: Effort,
    mut set_up: impl FnMut() -> (O, T),
) -> Row {
    let mut spacers = Vec::new();
    let mut ratios = Vec::new();
    for place in 1..=effort.places {
        spacers.push(black_box(vec![0_u8; place.wrapping_mul(1237)]));
        let (ours, theirs) = set_up();
        ratios.extend(rounds(effort, ours, theirs));
    }
    ratios.sort_by(f64::total_cmp);
    Row { name, ratios }
}

/// In each round both do the same number of repetitions, and each goes first as often as the other.
fn rounds(effort: Effort, mut ours: impl FnMut(), mut theirs: impl FnMut()) -> Vec<f64> {
    let mut repeat = 1_u32;
    while timed(repeat, &mut theirs).max(timed(repeat, &mut ours)) < effort.block {
        repeat = repeat.saturating_mul(2);
    }
    let round = |index: usize| {
        let (ours, theirs) = if index.is_multiple_of(2) {
            let ours = timed(repeat, &mut ours);
            (ours, timed(repeat, &mut theirs))
        } else {
            let theirs = timed(repeat, &mut theirs);
            (timed(repeat, &mut ours), theirs)
        };
        theirs.as_secs_f64() / ours.as_secs_f64()
    };
    (0..effort.rounds).map(round).collect()
}

fn timed(repeat: u32, work: &mut impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..repeat {
        work();
    }
    start.elapsed()
}

/// Keeps the compiler from leaving out what nobody looks at.
pub(crate) fn seen<T>(result: T) {
    black_box(result);
}
