//! Targets: what a channel is granted, and what its shares are worth.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

pub use bitcoin::Network;
use bitcoin::params::Params;
use bitcoin::{Target, Work};
use std::fmt;
use sv2_wire::{F32, U256};

/// Why no target can be granted (spec sections 5.3.2 and 5.3.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// The hash rate is negative, infinite or no number.
    NominalHashRate,
    /// The largest target that the device takes is 0, which no hash meets.
    MaxTarget,
}

impl GrantError {
    /// The error code on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::NominalHashRate => "invalid-nominal-hashrate",
            Self::MaxTarget => "max-target-out-of-range",
        }
    }
}

impl fmt::Display for GrantError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Decides the target of a channel: the one at which `hash_rate` (hashes per second) gives `shares_per_minute`, but
/// never above the device's `max_target`: "Server MUST accept the target or respond by sending
/// OpenMiningChannel.Error" (spec section 5.3.2).
///
/// # Errors
/// [`GrantError`]; a hash rate of 0 and of -0 are fine and mean that nothing mines yet.
pub fn grant(hash_rate: F32, max_target: U256, shares_per_minute: f64) -> Result<Target, GrantError> {
    let rate = f64::from(hash_rate.0);
    if !rate.is_finite() || rate < 0.0 {
        return Err(GrantError::NominalHashRate);
    }
    let max_target = from_wire(max_target);
    if max_target == Target::ZERO {
        return Err(GrantError::MaxTarget);
    }
    // A float that is too large becomes u128::MAX: no device comes near 2^128 hashes a share.
    let hashes_per_share = (rate * 60.0 / shares_per_minute) as u128;
    let mut work = [0; 32];
    for (to, from) in work.iter_mut().zip(hashes_per_share.to_le_bytes()) {
        *to = from;
    }
    Ok(Work::from_le_bytes(work).to_target().min(max_target))
}

/// A target from its wire form.
pub fn from_wire(number: U256) -> Target {
    Target::from_le_bytes(number.to_le_bytes())
}

/// The wire form of a target.
pub fn to_wire(target: Target) -> U256 {
    U256::from_le_bytes(target.to_le_bytes())
}

/// The target that has difficulty 1 on a network: the easiest that its blocks may have. On the main network it is
/// 0xffff * 2^208 (nbits 0x1d00ffff).
pub fn difficulty_one(network: Network) -> Target {
    Target::from_compact(Params::new(network).max_attainable_target.to_compact_lossy())
}

/// A sum of difficulties with 64 binary places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Difficulty(u128);

impl Difficulty {
    /// What `count` shares are worth at one target, if shares at the target `one` are worth 1: `count * one / target`.
    /// The last binary place is rounded up, so that quotients which add up to a whole number do so here; too large a
    /// value stays at the maximum.
    pub fn of(count: u32, target: Target, one: Target) -> Self {
        let dividend = product(one, count);
        let divisor = halves(target);
        let (mut remainder, mut quotient) = ((0u128, 0u128), 0u128);
        // 288 places in front of the point, 64 behind it.
        for place in (0..352usize).rev() {
            let whole = place.checked_sub(64);
            let limb = whole.and_then(|place| dividend.get(place / 32)).copied().unwrap_or_default();
            let bit = limb >> (place % 32) & 1;
            let carry = remainder.0 >> 127 == 1;
            remainder = (remainder.0 << 1 | remainder.1 >> 127, remainder.1 << 1 | u128::from(bit));
            if quotient >> 127 == 1 {
                return Self(u128::MAX);
            }
            quotient <<= 1;
            if carry || remainder >= divisor {
                let (lower, borrow) = remainder.1.overflowing_sub(divisor.1);
                remainder = (remainder.0.wrapping_sub(divisor.0).wrapping_sub(u128::from(borrow)), lower);
                quotient |= 1;
            }
        }
        Self(quotient.saturating_add(u128::from(remainder != (0, 0))))
    }

    /// The sum of two.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The whole number below, as `SubmitShares.Success.new_shares_sum` carries it.
    pub fn truncated(self) -> u64 {
        (self.0 >> 64) as u64
    }
}

/// The product in limbs of 32 bits, the lowest first.
fn product(target: Target, count: u32) -> [u32; 9] {
    let mut limbs = [0; 9];
    let mut carry = 0u64;
    let bytes = target.to_le_bytes();
    let parts = bytes.as_chunks().0.iter().map(|part| u32::from_le_bytes(*part)).chain([0]);
    for (limb, part) in limbs.iter_mut().zip(parts) {
        // (2^32 - 1)^2 + 2^32 - 1 is below 2^64.
        let sum = u64::from(part).wrapping_mul(u64::from(count)).wrapping_add(carry);
        (*limb, carry) = (sum as u32, sum >> 32);
    }
    limbs
}

fn halves(target: Target) -> (u128, u128) {
    let bytes = target.to_be_bytes();
    let number = |half: &[u8]| half.iter().fold(0u128, |number, byte| number << 8 | u128::from(*byte));
    let (upper, lower) = bytes.split_at(16);
    (number(upper), number(lower))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitcoin::CompactTarget;

    fn of(count: u32, target: Target) -> Difficulty {
        Difficulty::of(count, target, difficulty_one(Network::Bitcoin))
    }

    fn max() -> U256 {
        U256::MAX
    }

    fn difficulty_1() -> Target {
        Target::from_compact(CompactTarget::from_consensus(0x1d00_ffff))
    }

    #[test]
    fn difficulty_1_is_the_target_of_nbits_1d00ffff() {
        // https://en.bitcoin.it/wiki/Difficulty names this number.
        let text = "00000000ffff0000000000000000000000000000000000000000000000000000";
        assert_eq!(to_wire(difficulty_1()).to_string(), text);
        assert_eq!(of(1, difficulty_1()), Difficulty(1 << 64));
        assert_eq!(of(7, difficulty_1()).truncated(), 7);
    }

    #[test]
    fn difficulty_agrees_with_the_bitcoin_crate() {
        // 0x1b0404cb is the wiki's example (16307.42); the rest are nbits of mainnet blocks 100000, 400000, 800000.
        for (nbits, known) in [
            (0x1b04_04cb, 16307),
            (0x1b04_864c, 14484),
            (0x1806_b99f, 163_491_654_908),
            (0x1705_3894, 53_911_173_001_054),
        ] {
            let target = Target::from_compact(CompactTarget::from_consensus(nbits));
            assert_eq!(of(1, target).truncated(), known);
            assert_eq!(u128::from(of(1, target).truncated()), target.difficulty(Network::Bitcoin));
        }
    }

    #[test]
    fn another_network_has_another_unit() {
        let one = difficulty_one(Network::Regtest);
        assert_eq!(one, Target::from_compact(CompactTarget::from_consensus(0x207f_ffff)));
        assert_eq!(Difficulty::of(u32::MAX, one, one).truncated(), u64::from(u32::MAX));
        // 0x7fffff * 2^232 / 2^240.
        let mut bytes = [0; 32];
        bytes[1] = 1;
        let target = from_wire(U256::from_be_bytes(bytes));
        assert_eq!(Difficulty::of(1, target, one).truncated(), 0x7f_ffff >> 8);
    }

    #[test]
    fn fractions_add_up() {
        assert_eq!(of(u32::MAX, Target::MAX).truncated(), u64::from(u32::MAX));
        assert_eq!(of(u32::MAX, from_wire(max())).truncated(), 0, "2^256 - 1 is difficulty 2^-32");
        assert_eq!(of(1, from_wire(U256::from(1))), Difficulty(u128::MAX));
        let third = from_wire({
            // 3 * difficulty 1, so that a share is worth a third.
            let mut bytes = [0; 32];
            bytes[3] = 2;
            bytes[4] = 0xff;
            bytes[5] = 0xfd;
            U256::from_be_bytes(bytes)
        });
        assert_eq!(of(3, third).truncated(), 1);
        let one_by_one = of(1, third).plus(of(1, third)).plus(of(1, third));
        assert_eq!(one_by_one.truncated(), 1);
        assert_eq!(of(2, third).truncated(), 0);
    }

    /// Computed with Python's integers: above 2^255 the remainder of the division needs 257 bits.
    #[test]
    fn targets_above_half_the_range_divide() {
        let mut bytes = [0; 32];
        (bytes[0], bytes[6], bytes[31]) = (0x80, 1, 7);
        let target = from_wire(U256::from_be_bytes(bytes));
        let one = difficulty_one(Network::Regtest);
        assert_eq!(Difficulty::of(u32::MAX, target, one), Difficulty(0xffff_fdff_0000_0000_0004_0200));
    }

    #[test]
    fn the_hash_rate_sets_the_target_and_the_device_bounds_it() {
        // 2^32 hashes a share: one share of difficulty 1 in a minute at 2^32 / 60 hashes a second.
        let target = grant(F32(4_294_967_296.0 / 60.0), max(), 1.0).unwrap();
        let ratio = target.difficulty_float();
        assert!((0.999..1.001).contains(&ratio), "{ratio}");
        let small = U256::from(12345);
        assert_eq!(grant(F32(1.0), small, 6.0), Ok(from_wire(small)));
        assert_eq!(grant(F32(0.0), max(), 6.0), Ok(from_wire(max())));
        assert_eq!(grant(F32(-0.0), max(), 6.0), Ok(from_wire(max())));
        assert!(grant(F32(f32::MAX), max(), 6.0).unwrap() > Target::ZERO);
    }

    #[test]
    fn impossible_requests_are_refused() {
        for rate in [f32::NAN, -f32::NAN, -1.0, -f32::MIN_POSITIVE, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(grant(F32(rate), max(), 6.0), Err(GrantError::NominalHashRate));
        }
        assert_eq!(grant(F32(1.0), U256::ZERO, 6.0), Err(GrantError::MaxTarget));
    }
}
