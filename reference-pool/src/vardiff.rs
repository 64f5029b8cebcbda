//! Targets that follow what a channel really sends (spec section 5.3.21: "The server controls the submission rate by
//! adjusting the difficulty target on a specified channel").
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::target::grant;
use bitcoin::Target;
use std::time::Duration;
use sv2_wire::F32;

/// When the targets of open channels are reviewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vardiff {
    /// From one review to the next; above 0. Channels of a connection are reviewed together.
    pub interval: Duration,
}

/// A channel's work since the latest review.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// Hashes that the accepted shares stand for.
    hashes: f64,
}

/// How far the share rate may be off before the target is changed, as a factor either way.
const TOLERANCE: f64 = 2.0;

impl Meter {
    /// Counts an accepted share.
    pub(crate) fn count(&mut self, target: Target) {
        self.hashes += hashes_per_share(target);
    }

    /// Decides on the target from now on, after `elapsed` since the latest review; nothing if the present one will do.
    /// A channel that sent nothing is taken to be about to send one share.
    pub(crate) fn review(
        &mut self,
        elapsed: Duration,
        present: Target,
        max_target: Target,
        shares_per_minute: f64,
    ) -> Option<Target> {
        let per_share = hashes_per_share(present);
        let hashes = std::mem::take(&mut self.hashes).max(per_share);
        let rate = hashes / elapsed.as_secs_f64();
        let ratio = rate * 60.0 / per_share / shares_per_minute;
        if (1.0 / TOLERANCE..=TOLERANCE).contains(&ratio) {
            return None;
        }
        let target = grant(F32(rate as f32), crate::target::to_wire(max_target), shares_per_minute).ok()?;
        (target != present).then_some(target)
    }
}

/// 2^256 / target: a share of difficulty 1 takes 2^32 hashes, give or take 0.002 %.
fn hashes_per_share(target: Target) -> f64 {
    target.difficulty_float() * 4_294_967_296.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitcoin::CompactTarget;

    const MINUTE: Duration = Duration::from_secs(60);

    fn difficulty_1() -> Target {
        Target::from_compact(CompactTarget::from_consensus(0x1d00_ffff))
    }

    fn review(shares: u32, max_target: Target) -> Option<Target> {
        let mut meter = Meter::default();
        (0..shares).for_each(|_| meter.count(difficulty_1()));
        meter.review(MINUTE, difficulty_1(), max_target, 6.0)
    }

    #[test]
    fn a_rate_near_the_aim_changes_nothing() {
        for shares in [3, 6, 12] {
            assert_eq!(review(shares, Target::MAX), None, "{shares}");
        }
    }

    #[test]
    fn ten_times_the_rate_gives_ten_times_the_difficulty_and_silence_less() {
        let harder = review(60, Target::MAX).unwrap().difficulty_float();
        assert!((9.99..10.01).contains(&harder), "{harder}");
        let easier = review(0, crate::target::from_wire(sv2_wire::U256::MAX)).unwrap().difficulty_float();
        assert!((0.166..0.167).contains(&easier), "{easier}");
        assert_eq!(review(0, difficulty_1()), None, "the device takes no larger target");
    }

    #[test]
    fn a_review_starts_anew() {
        let mut meter = Meter::default();
        (0..60).for_each(|_| meter.count(difficulty_1()));
        assert!(meter.review(MINUTE, difficulty_1(), Target::MAX, 6.0).is_some());
        (0..6).for_each(|_| meter.count(difficulty_1()));
        assert_eq!(meter.review(MINUTE, difficulty_1(), Target::MAX, 6.0), None);
    }
}
