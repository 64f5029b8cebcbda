//! Numbers as scenarios write them: unsigned to 256 bits, and floats that compare by their bits.

use std::fmt;

/// An unsigned number of 256 bits, big-endian, so that the derived order is the numeric one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct U256(pub [u8; 32]);

impl U256 {
    /// Reads digits of the given radix (10 or 16); `_` between digits is skipped.
    /// `None` when there is no digit, a character is none, or the value needs more than 256 bits.
    #[must_use]
    pub fn from_digits(digits: &str, radix: u32) -> Option<Self> {
        let mut value = Self::default();
        let mut any = false;
        for digit in digits.chars().filter(|&digit| digit != '_') {
            value = value.shift_in(radix, digit.to_digit(radix)?)?;
            any = true;
        }
        any.then_some(value)
    }

    /// The value when it fits 64 bits.
    #[must_use]
    pub fn to_u64(self) -> Option<u64> {
        let (high, low) = self.0.split_at(24);
        let low = low.try_into().ok()?;
        high.iter().all(|&byte| byte == 0).then(|| u64::from_be_bytes(low))
    }

    /// value * radix + digit.
    fn shift_in(mut self, radix: u32, digit: u32) -> Option<Self> {
        let mut carry = digit;
        for byte in self.0.iter_mut().rev() {
            let wide = u32::from(*byte).checked_mul(radix)?.checked_add(carry)?;
            let [low, ..] = wide.to_le_bytes();
            *byte = low;
            carry = wide >> 8;
        }
        (carry == 0).then_some(self)
    }
}

impl From<u64> for U256 {
    fn from(value: u64) -> Self {
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().rev().zip(value.to_le_bytes()) {
            *to = from;
        }
        Self(bytes)
    }
}

impl fmt::Display for U256 {
    /// Decimal up to 64 bits, hexadecimal with `0x` above.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(small) = self.to_u64() {
            return write!(f, "{small}");
        }
        write!(f, "0x{}", hex::encode(self.0).trim_start_matches('0'))
    }
}

impl fmt::Debug for U256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "U256({self})")
    }
}

/// A float that equals another when the bits do, so that trees with `nan` can be compared.
#[derive(Debug, Clone, Copy)]
pub struct Float(pub f64);

impl PartialEq for Float {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Float {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_value_is_read_and_one_more_is_not() {
        let largest = U256([0xff; 32]);
        assert_eq!(U256::from_digits(&"f".repeat(64), 16), Some(largest));
        assert_eq!(U256::from_digits(&format!("1{}", "0".repeat(64)), 16), None);
        let decimal = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
        assert_eq!(U256::from_digits(decimal, 10), Some(largest));
        assert_eq!(U256::from_digits(&decimal.replace("935", "936"), 10), None);
    }

    #[test]
    fn separators_and_leading_zeros_change_nothing() {
        assert_eq!(U256::from_digits("1_000", 10), Some(U256::from(1000)));
        assert_eq!(U256::from_digits(&format!("{}7", "0".repeat(500)), 10), Some(U256::from(7)));
        assert_eq!(U256::from_digits("_", 10), None);
        assert_eq!(U256::from_digits("12a", 10), None);
    }

    #[test]
    fn numbers_print_so_that_they_can_be_read_again() {
        assert_eq!(U256::from(u64::MAX).to_string(), "18446744073709551615");
        assert_eq!(
            U256::from_digits("1_0000_0000_0000_0000", 16).unwrap().to_string(),
            "0x10000000000000000"
        );
        assert_eq!(U256::from_digits("10000000000000000", 16).unwrap().to_u64(), None);
    }
}
