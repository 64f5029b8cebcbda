//! The flags of SetupConnection and of its answers.

use crate::{Kind, Protocol};

/// One defined flag bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlagSpec {
    /// Name as in the specification.
    pub name: &'static str,
    /// The protocol that the connection is set up for.
    pub protocol: Protocol,
    /// The message that carries it; SetupConnection.Error has the bits of SetupConnection.
    pub message: Kind,
    /// Bit number; bit 0 is the least significant.
    pub bit: u8,
    /// Section of the specification.
    pub section: &'static str,
}

impl FlagSpec {
    /// The flag as a number to be or-ed.
    pub fn mask(&self) -> u32 {
        1u32.checked_shl(u32::from(self.bit)).unwrap_or(0)
    }

    /// The flag of a name.
    pub fn find(name: &str) -> Option<&'static Self> {
        FLAGS.iter().find(|flag| flag.name == name)
    }
}

const REQUEST: Kind = crate::SetupConnection::SPEC.kind;
const SUCCESS: Kind = crate::SetupConnectionSuccess::SPEC.kind;

/// Every defined flag.
#[rustfmt::skip]
pub const FLAGS: &[FlagSpec] = &[
    FlagSpec { name: "REQUIRES_STANDARD_JOBS",     protocol: Protocol::Mining,         message: REQUEST, bit: 0, section: "5.3.1" },
    FlagSpec { name: "REQUIRES_WORK_SELECTION",    protocol: Protocol::Mining,         message: REQUEST, bit: 1, section: "5.3.1" },
    FlagSpec { name: "REQUIRES_VERSION_ROLLING",   protocol: Protocol::Mining,         message: REQUEST, bit: 2, section: "5.3.1" },
    FlagSpec { name: "REQUIRES_FIXED_VERSION",     protocol: Protocol::Mining,         message: SUCCESS, bit: 0, section: "5.3.1" },
    FlagSpec { name: "REQUIRES_EXTENDED_CHANNELS", protocol: Protocol::Mining,         message: SUCCESS, bit: 1, section: "5.3.1" },
    FlagSpec { name: "DECLARE_TX_DATA",            protocol: Protocol::JobDeclaration, message: REQUEST, bit: 0, section: "6.4.1" },
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers as the tables of spec section 5.3.1 have them.
    #[test]
    fn a_flag_is_its_bit() {
        let mask = |name| FlagSpec::find(name).map(FlagSpec::mask);
        assert_eq!(mask("REQUIRES_STANDARD_JOBS"), Some(0b001));
        assert_eq!(mask("REQUIRES_WORK_SELECTION"), Some(0b010));
        assert_eq!(mask("REQUIRES_VERSION_ROLLING"), Some(0b100));
        assert_eq!(mask("REQUIRES_EXTENDED_CHANNELS"), Some(0b10));
        assert_eq!(mask("REQUIRES_NOTHING"), None);
    }
}
