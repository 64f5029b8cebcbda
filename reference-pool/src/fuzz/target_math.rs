//! `target_math`: targets and difficulties, held against arithmetic bit by bit.

use super::naive::{Wide, compact_target};
use crate::target::{Difficulty, GrantError, from_wire, grant, to_wire};
use bitcoin::CompactTarget;
use sv2_wire::fuzz::{Finding, Oracle, Random, Seed, Target, mutate_bytes};
use sv2_wire::{F32, U256};

/// The target.
pub const TARGET: Target = Target {
    name: "target_math",
    about: "targets and difficulties are what slow arithmetic says",
    format: 1,
    max_len: Input::LEN,
    oracles: &[REFUSAL, WITHIN_MAXIMUM, MONOTONE, QUOTIENT, WIRE, COMPACT, DIFFICULTY],
    run: |data| judge(&Ours, &Input::of(data)),
    mutate,
    seeds,
};

/// What is refused.
pub const REFUSAL: Oracle = Oracle {
    name: "refusal",
    about: "a target is refused if and only if the hash rate is negative, infinite or no number, or the maximum is 0",
    clauses: &["SV2-05-047"],
};
/// The device's maximum.
pub const WITHIN_MAXIMUM: Oracle = Oracle {
    name: "within-maximum",
    about: "a target is above 0 and never above what the device takes",
    clauses: &["SV2-05-043", "SV2-05-047"],
};
/// Faster is harder.
pub const MONOTONE: Oracle =
    Oracle { name: "monotone", about: "a greater hash rate never gives an easier target", clauses: &[] };
/// The number itself.
pub const QUOTIENT: Oracle = Oracle {
    name: "quotient",
    about: "a target that the device does not bound is 2^256 / (hashes per share + 1), as work is counted in Bitcoin",
    clauses: &[],
};
/// The wire form.
pub const WIRE: Oracle = Oracle {
    name: "wire",
    about: "a number keeps its bytes and its order between wire and target",
    clauses: &["SV2-03-008"],
};
/// The compact form.
pub const COMPACT: Oracle = Oracle {
    name: "compact",
    about: "compact numbers mean what three bytes of mantissa and one of exponent say",
    clauses: &["SV2-05-147"],
};
/// Difficulties.
pub const DIFFICULTY: Oracle = Oracle {
    name: "difficulty",
    about: "shares are worth count * unit / target, without the remainder, and parts of a batch add up",
    clauses: &["SV2-05-101", "SV2-05-102"],
};

/// What is judged.
pub trait Arithmetic {
    /// [`grant`].
    ///
    /// # Errors
    /// As [`grant`].
    fn grant(&self, rate: F32, max_target: U256, shares_per_minute: f64) -> Result<U256, GrantError> {
        grant(rate, max_target, shares_per_minute).map(to_wire)
    }

    /// A number that has been a target.
    fn through_target(&self, number: U256) -> U256 {
        to_wire(from_wire(number))
    }

    /// Whether the first is the smaller target.
    fn is_less(&self, left: U256, right: U256) -> bool {
        from_wire(left) < from_wire(right)
    }

    /// A compact number's target.
    fn expand(&self, nbits: u32) -> U256 {
        to_wire(bitcoin::Target::from_compact(CompactTarget::from_consensus(nbits)))
    }

    /// What batches of shares at one target are worth together.
    fn difficulty(&self, counts: &[u32], target: U256, one: U256) -> u64 {
        let parts = counts.iter().map(|count| Difficulty::of(*count, from_wire(target), from_wire(one)));
        parts.fold(Difficulty::default(), Difficulty::plus).truncated()
    }
}

/// The pool's own.
#[derive(Clone, Copy, Debug)]
pub struct Ours;

impl Arithmetic for Ours {}

/// One input; what is missing is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Input {
    rates: [F32; 2],
    /// Shares a minute, above 0.
    pace: u8,
    max_target: U256,
    nbits: u32,
    counts: [u32; 2],
    one: u32,
}

impl Input {
    const LEN: usize = 4 * 6 + 1 + 32;

    fn of(data: &[u8]) -> Self {
        let mut rest = data;
        let mut word = || {
            let (head, tail) = rest.split_at_checked(4).unwrap_or((rest, &[]));
            rest = tail;
            let mut bytes = [0; 4];
            bytes.iter_mut().zip(head).for_each(|(to, from)| *to = *from);
            u32::from_le_bytes(bytes)
        };
        let rates = [word(), word()].map(|bits| F32(f32::from_bits(bits)));
        let (nbits, counts, one) = (word(), [word(), word()], word());
        let (pace, rest) = rest.split_first().unwrap_or((&0, &[]));
        let mut max_target = [0; 32];
        max_target.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        Self { rates, pace: (*pace).max(1), max_target: U256::from_le_bytes(max_target), nbits, counts, one }
    }
}

/// Holds an arithmetic against the slow one.
///
/// # Errors
/// What the first oracle found.
pub fn judge(of: &impl Arithmetic, input: &Input) -> Result<(), Finding> {
    judge_grants(of, input)?;
    let Input { max_target, nbits, counts, one, .. } = *input;
    if of.through_target(max_target) != max_target {
        return Err(WIRE.found(format!("{max_target} becomes {}", of.through_target(max_target))));
    }
    let expanded = compact_target(nbits);
    if of.is_less(max_target, expanded) != (max_target < expanded) {
        return Err(WIRE.found(format!("{max_target} and {expanded} are ordered otherwise")));
    }
    // A negative target, or one beyond 256 bits, is none, and whoever reads it has said so before.
    if expanded != U256::ZERO && of.expand(nbits) != expanded {
        return Err(COMPACT.found(format!("{nbits:#010x} is {expanded}, and becomes {}", of.expand(nbits))));
    }
    judge_difficulty(of, counts, max_target, compact_target(one))
}

fn judge_grants(of: &impl Arithmetic, input: &Input) -> Result<(), Finding> {
    let Input { rates, pace, max_target, .. } = *input;
    let pace = f64::from(pace);
    let mut granted = Vec::new();
    for rate in rates {
        let is_mined = rate.0.is_finite() && rate.0 >= 0.0;
        let target = of.grant(rate, max_target, pace);
        if target.is_ok() != (is_mined && max_target != U256::ZERO) {
            return Err(REFUSAL.found(format!("{rate:?} within {max_target} gives {target:?}")));
        }
        let Ok(target) = target else { continue };
        if target > max_target || target == U256::ZERO {
            return Err(WITHIN_MAXIMUM.found(format!("{rate:?} gives {target}, the maximum is {max_target}")));
        }
        granted.push((rate.0, target));
    }
    judge_order(&granted)?;
    for (rate, target) in granted {
        let slow = quotient(rate, pace).min(max_target);
        if target != slow {
            return Err(QUOTIENT.found(format!("{rate:?}, {pace} a minute, gives {target}; that is {slow}")));
        }
    }
    Ok(())
}

fn judge_order(granted: &[(f32, U256)]) -> Result<(), Finding> {
    match *granted {
        [(a, at_a), (b, at_b)] if a < b && at_a < at_b || b < a && at_b < at_a => {
            Err(MONOTONE.found(format!("{a} hashes a second give {at_a}, {b} give {at_b}")))
        }
        _ => Ok(()),
    }
}

/// 2^256 / (hashes per share + 1), or all hashes where a share takes one at most. A number of hashes of 2^128 or more counts as
/// 2^128 - 1.
fn quotient(rate: f32, pace: f64) -> U256 {
    let hashes = f64::from(rate) * 60.0 / pace;
    let hashes = match hashes >= 2_f64.powi(128) {
        true => Wide::power(128).plus(&Wide::MAX),
        false => whole(hashes),
    };
    if hashes.low_64() <= 1 {
        return U256::MAX;
    }
    let quotient = Wide::power(256).divided_by(&hashes.plus(&Wide::power(0)));
    quotient.map_or(U256::MAX, |(quotient, _)| quotient.number())
}

/// The whole number below a float of 0 or more and below 2^200, from its exponent and mantissa.
fn whole(float: f64) -> Wide {
    let bits = float.to_bits();
    let (exponent, mantissa) = ((bits >> 52) & 0x7ff, bits & 0x000f_ffff_ffff_ffff | 0x0010_0000_0000_0000);
    // The value is mantissa * 2^(exponent - 1075); below 1 nothing is left.
    let exponent = usize::try_from(exponent).unwrap_or_default();
    let mut whole = Wide::ZERO;
    for place in 0..200_usize {
        let of_mantissa = place.saturating_add(1075).checked_sub(exponent);
        if of_mantissa.is_some_and(|bit| bit < 53 && mantissa >> bit & 1 == 1) {
            whole = whole.plus(&Wide::power(place));
        }
    }
    whole
}

fn judge_difficulty(of: &impl Arithmetic, counts: [u32; 2], target: U256, one: U256) -> Result<(), Finding> {
    let [a, b] = counts;
    let (sum, Some(count)) = (of.difficulty(&counts, target, one), a.checked_add(b)) else { return Ok(()) };
    let target_wide = Wide::of(target);
    let Some((quotient, remainder)) = Wide::of(one).times(count).divided_by(&target_wide) else {
        return Ok(());
    };
    let whole = quotient.low_64();
    // The 64th binary place is rounded up, once for each part: two steps of 2^-64 of a whole at most.
    let two_steps = (0..63).fold(remainder, |rest, _| rest.plus(&rest));
    let rest = two_steps.divided_by(&target_wide).map_or(0, |(rest, _)| rest.low_64());
    let most = if rest >= (1 << 63) - 1 { whole.saturating_add(1) } else { whole };
    if !(whole..=most).contains(&sum) {
        return Err(
            DIFFICULTY.found(format!("{a} and {b} shares at {target}, of {one}, are {whole}; came {sum}"))
        );
    }
    Ok(())
}

/// Floats and compact numbers at which something happens.
const WORDS: [u32; 24] = [
    0,
    1,
    0x8000_0000,
    0x0080_0000,
    0x007f_ffff,
    0x3f80_0000,
    0x3dcc_cccd,
    0x7f7f_ffff,
    0x7f80_0000,
    0xff80_0000,
    0x7fc0_0000,
    0xffc0_0000,
    0xbf80_0000,
    0x5f80_0000,
    0x5f7f_ffff,
    0x4f80_0000,
    0x1d00_ffff,
    0x207f_ffff,
    0x2100_ffff,
    0x2200_00ff,
    0x0100_0001,
    0x0300_0001,
    0x1b04_04cb,
    0xffff_ffff,
];

fn mutate(data: &mut Vec<u8>, random: &mut Random, max_len: usize) {
    let most = Input::LEN.min(max_len);
    if random.one_in(2) {
        data.resize(most, 0);
        let at = random.below(6).saturating_mul(4);
        let word = random.pick(&WORDS).copied().unwrap_or_default().to_le_bytes();
        data.iter_mut().skip(at).zip(word).for_each(|(to, from)| *to = from);
    } else if random.one_in(3) {
        data.resize(most, 0);
        let (zeros, byte) = (random.below(33), random.byte());
        let target = data.iter_mut().skip(25).take(32);
        target
            .enumerate()
            .for_each(|(place, to)| *to = if place < 32_usize.saturating_sub(zeros) { byte } else { 0 });
    } else {
        mutate_bytes(data, random, most);
    }
}

fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (index, pair) in WORDS.windows(2).enumerate() {
        let mut bytes = Vec::new();
        for word in [pair, &[0x1d00_ffff, 1, 3, 0x207f_ffff]].concat() {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes.push(6);
        bytes.extend_from_slice(&[0xff; 32]);
        seeds.push(Seed::new(format!("word-{index:02}"), bytes));
    }
    seeds
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Wrong<F>(F);

    type Grant = fn(F32, U256) -> Result<U256, GrantError>;
    type Worth = fn(&[u32], U256, U256) -> u64;

    /// What goes wrong, by the place where it does.
    #[derive(Default)]
    struct Bent {
        grant: Option<Grant>,
        wire: Option<fn(U256) -> U256>,
        expand: Option<fn(u32) -> U256>,
        worth: Option<Worth>,
    }

    impl Arithmetic for Wrong<Bent> {
        fn grant(&self, rate: F32, max_target: U256, pace: f64) -> Result<U256, GrantError> {
            self.0.grant.map_or_else(|| Ours.grant(rate, max_target, pace), |bent| bent(rate, max_target))
        }

        fn through_target(&self, number: U256) -> U256 {
            self.0.wire.map_or_else(|| Ours.through_target(number), |bent| bent(number))
        }

        fn expand(&self, nbits: u32) -> U256 {
            self.0.expand.map_or_else(|| Ours.expand(nbits), |bent| bent(nbits))
        }

        fn difficulty(&self, counts: &[u32], target: U256, one: U256) -> u64 {
            self.0
                .worth
                .map_or_else(|| Ours.difficulty(counts, target, one), |bent| bent(counts, target, one))
        }
    }

    fn found(bent: Bent, input: Input) -> String {
        judge(&Ours, &input).unwrap();
        judge(&Wrong(bent), &input).unwrap_err().oracle.to_owned()
    }

    fn input() -> Input {
        Input {
            rates: [F32(1e6), F32(2e6)],
            pace: 6,
            max_target: U256::MAX,
            nbits: 0x1b04_04cb,
            counts: [2, 3],
            one: 0x207f_ffff,
        }
    }

    #[test]
    fn every_oracle_fires_on_its_fault() {
        let bent = Bent::default;
        // Twice the unit, so that a share is worth a half.
        let double =
            U256::from_be_bytes(std::array::from_fn(|at| [0xff, 0xff, 0xfe].get(at).copied().unwrap_or(0)));
        let small = Input { max_target: U256::from(12), ..input() };
        let faults = [
            // A pool that takes NaN for no hash rate at all (sv2-apps#799).
            (
                Bent { grant: Some(|_, max| Ok(max)), ..bent() },
                Input { rates: [F32(f32::NAN); 2], ..input() },
                REFUSAL,
            ),
            (Bent { grant: Some(|_, _| Ok(U256::MAX)), ..bent() }, small, WITHIN_MAXIMUM),
            (
                Bent { grant: Some(|rate, _| grant(rate, U256::MAX, 7.0).map(to_wire)), ..bent() },
                input(),
                QUOTIENT,
            ),
            (Bent { wire: Some(|it| U256::from_be_bytes(it.to_le_bytes())), ..bent() }, small, WIRE),
            (Bent { expand: Some(|nbits| Ours.expand(nbits & 0xff00_ffff)), ..bent() }, input(), COMPACT),
            // Batches that are rounded one by one.
            (
                Bent {
                    worth: Some(|counts, target, one| {
                        counts.iter().map(|it| Ours.difficulty(&[*it], target, one)).sum()
                    }),
                    ..bent()
                },
                Input { counts: [1, 1], max_target: double, ..input() },
                DIFFICULTY,
            ),
        ];
        for (bent, input, oracle) in faults {
            assert_eq!(found(bent, input), oracle.name);
        }
    }

    #[test]
    fn a_target_that_grows_with_the_rate_is_found() {
        let granted = |rate: F32| U256::from(rate.0 as u64);
        struct Backward<F>(F);
        impl<F: Fn(F32) -> U256> Arithmetic for Backward<F> {
            fn grant(&self, rate: F32, _: U256, _: f64) -> Result<U256, GrantError> {
                Ok((self.0)(rate))
            }
        }
        assert_eq!(judge(&Backward(granted), &input()).unwrap_err().oracle, MONOTONE.name);
    }

    #[test]
    fn seeds_and_mutants_hold() {
        let mut random = Random::new(5);
        for seed in seeds() {
            let mut data = seed.bytes;
            for _ in 0..20 {
                judge(&Ours, &Input::of(&data)).unwrap();
                mutate(&mut data, &mut random, Input::LEN);
                assert!(data.len() <= Input::LEN);
            }
        }
    }
}
