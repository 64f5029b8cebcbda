//! Arithmetic of 256 and 512 bits the slow way, bit by bit, to hold the fast one against. Shares no code with it.

use sv2_wire::U256;

/// The target that a compact number stands for: three bytes of mantissa, of which the highest bit is a sign, and a byte that
/// says how many bytes the number has. Negative ones and those beyond 256 bits are 0.
pub fn compact_target(nbits: u32) -> U256 {
    let [exponent, m2, m1, m0] = nbits.to_be_bytes();
    if m2 & 0x80 != 0 {
        return U256::ZERO;
    }
    let mut bytes = [0; 32];
    // Byte k of the mantissa, from the lowest, stands at place exponent - 3 + k.
    for (k, byte) in [m0, m1, m2].into_iter().enumerate() {
        let Some(place) = (usize::from(exponent).saturating_add(k)).checked_sub(3) else { continue };
        match bytes.get_mut(place) {
            Some(to) => *to = byte,
            None if byte != 0 => return U256::ZERO,
            None => {}
        }
    }
    U256::from_le_bytes(bytes)
}

/// About the same number.
pub fn number_of(number: U256) -> f64 {
    number.to_be_bytes().iter().fold(0.0, |sum, byte| sum * 256.0 + f64::from(*byte))
}

/// A number of 512 bits in 16 parts, the lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wide([u32; 16]);

impl Wide {
    /// Zero.
    pub const ZERO: Self = Self([0; 16]);
    /// 2^512 - 1, which added takes one away.
    pub const MAX: Self = Self([u32::MAX; 16]);

    /// The same number.
    pub fn of(number: U256) -> Self {
        let mut wide = Self::ZERO;
        for (part, bytes) in wide.0.iter_mut().zip(number.to_le_bytes().as_chunks().0) {
            *part = u32::from_le_bytes(*bytes);
        }
        wide
    }

    /// 2^`place`.
    pub fn power(place: usize) -> Self {
        Self(std::array::from_fn(|part| if part == place / 32 { 1 << (place % 32) } else { 0 }))
    }

    /// The number, or 2^256 - 1 for a greater one.
    pub fn number(&self) -> U256 {
        let (low, high) = self.0.split_at(8);
        if high.iter().any(|part| *part != 0) {
            return U256::MAX;
        }
        let mut bytes = [0_u8; 32];
        for (to, part) in bytes.chunks_mut(4).zip(low) {
            to.copy_from_slice(&part.to_le_bytes());
        }
        U256::from_le_bytes(bytes)
    }

    /// The number, or 2^64 - 1 for a greater one.
    pub fn low_64(&self) -> u64 {
        match self.0 {
            [low, high, rest @ ..] if rest == [0; 14] => u64::from(high) << 32 | u64::from(low),
            _ => u64::MAX,
        }
    }

    /// The bit at a place.
    pub fn bit(&self, place: usize) -> bool {
        self.0.get(place / 32).is_some_and(|part| part >> (place % 32) & 1 == 1)
    }

    /// The sum, without what exceeds 512 bits.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let (mut carry, mut sum) = (0, *self);
        for (part, more) in sum.0.iter_mut().zip(other.0) {
            let whole = u64::from(*part).wrapping_add(u64::from(more)).wrapping_add(carry);
            (*part, carry) = (whole as u32, whole >> 32);
        }
        sum
    }

    /// The product, without what exceeds 512 bits.
    #[must_use]
    pub fn times(&self, factor: u32) -> Self {
        let (mut product, mut shifted) = (Self::ZERO, *self);
        for place in 0..32 {
            if factor >> place & 1 == 1 {
                product = product.plus(&shifted);
            }
            shifted = shifted.plus(&shifted);
        }
        product
    }

    /// Quotient and remainder, or nothing for a division by 0.
    pub fn divided_by(&self, divisor: &Self) -> Option<(Self, Self)> {
        if *divisor == Self::ZERO {
            return None;
        }
        let (mut quotient, mut remainder) = (Self::ZERO, Self::ZERO);
        let negative = Self(divisor.0.map(|part| !part)).plus(&Self::power(0));
        for place in (0..512).rev() {
            remainder = remainder.plus(&remainder);
            if self.bit(place) {
                remainder = remainder.plus(&Self::power(0));
            }
            if remainder.0.iter().rev().ge(divisor.0.iter().rev()) {
                remainder = remainder.plus(&negative);
                quotient = quotient.plus(&Self::power(place));
            }
        }
        Some((quotient, remainder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(number: u64) -> Wide {
        Wide::of(U256::from(number))
    }

    #[test]
    fn small_numbers_are_as_everywhere() {
        assert_eq!(of(u64::MAX).plus(&of(1)), Wide::power(64));
        assert_eq!(of(123_456).times(789).number(), U256::from(123_456 * 789));
        let (quotient, remainder) = of(1_000_007).divided_by(&of(1000)).unwrap();
        assert_eq!((quotient, remainder), (of(1000), of(7)));
        assert_eq!(of(1).divided_by(&of(0)), None);
        assert_eq!(Wide::power(256).plus(&Wide::MAX).number(), U256::MAX, "2^256 - 1");
        assert_eq!((of(77).low_64(), Wide::power(64).low_64()), (77, u64::MAX));
        assert_eq!(number_of(U256::from(1_000_000)), 1e6);
    }

    #[test]
    fn compact_numbers_of_the_wiki() {
        // https://en.bitcoin.it/wiki/Difficulty
        let text = "00000000000404cb000000000000000000000000000000000000000000000000";
        assert_eq!(compact_target(0x1b04_04cb).to_string(), text);
        assert_eq!(compact_target(0x0312_3456), U256::from(0x12_3456));
        assert_eq!(compact_target(0x0112_3456), U256::from(0x12));
        assert_eq!(compact_target(0x0412_3456), U256::from(0x1234_5600));
        assert_eq!(compact_target(0x0492_3456), U256::ZERO, "negative");
        assert_eq!(compact_target(0x2300_0001), U256::ZERO, "2^256");
        assert_eq!(compact_target(0x2200_0001).to_string(), format!("01{}", "0".repeat(62)));
    }
}
