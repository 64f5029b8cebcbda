//! The first exchange of a connection (spec section 3.6).
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use sv2_wire::{SetupConnection, SetupConnectionError, SetupConnectionSuccess};

/// The protocol version that is spoken here.
pub const VERSION: u16 = 2;

/// `SetupConnection.protocol` of the Mining Protocol.
pub const MINING: u8 = 0;
/// `SetupConnection.protocol` of the Template Distribution Protocol.
pub const TEMPLATE_DISTRIBUTION: u8 = 2;

/// Mining flag: the client cannot process extended jobs (spec section 5.3.1).
pub const REQUIRES_STANDARD_JOBS: u32 = 1 << 0;
/// Mining flag: the client will send its own jobs (spec section 5.3.1).
pub const REQUIRES_WORK_SELECTION: u32 = 1 << 1;
/// Mining flag: the client rolls version bits (spec section 5.3.1).
pub const REQUIRES_VERSION_ROLLING: u32 = 1 << 2;

/// Mining flag of the success: no change of the header version is accepted (spec section 5.3.1).
pub const REQUIRES_FIXED_VERSION: u32 = 1 << 0;
/// Mining flag of the success: no standard channel is opened (spec section 5.3.1).
pub const REQUIRES_EXTENDED_CHANNELS: u32 = 1 << 1;

/// What a server offers to those who connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The one protocol that is served.
    pub protocol: u8,
    /// Flags of `SetupConnection` that are supported.
    pub flags: u32,
    /// Flags of `SetupConnection.Success`.
    pub success_flags: u32,
}

impl Offer {
    /// The pool without restrictions and without custom jobs, which add REQUIRES_WORK_SELECTION to the flags.
    pub const POOL: Self =
        Self { protocol: MINING, flags: REQUIRES_STANDARD_JOBS | REQUIRES_VERSION_ROLLING, success_flags: 0 };
    /// The template provider: its protocol defines no flags.
    pub const TEMPLATE_PROVIDER: Self = Self { protocol: TEMPLATE_DISTRIBUTION, flags: 0, success_flags: 0 };

    /// The pool with its restrictions. "if REQUIRES_VERSION_ROLLING was set in the SetupConnection::flags field, this bit
    /// MUST NOT be set" (spec section 5.3.1): who needs to roll versions is refused where none may be changed, and who
    /// needs standard jobs is refused where no standard channel is opened.
    pub fn pool(fixed_version: bool, extended_channels_only: bool) -> Self {
        let mut offer = Self::POOL;
        if fixed_version {
            offer.flags &= !REQUIRES_VERSION_ROLLING;
            offer.success_flags |= REQUIRES_FIXED_VERSION;
        }
        if extended_channels_only {
            offer.flags &= !REQUIRES_STANDARD_JOBS;
            offer.success_flags |= REQUIRES_EXTENDED_CHANNELS;
        }
        offer
    }

    /// The flags that the specification gives a meaning to.
    fn defined(&self) -> u32 {
        match self.protocol {
            MINING => REQUIRES_STANDARD_JOBS | REQUIRES_WORK_SELECTION | REQUIRES_VERSION_ROLLING,
            _ => 0,
        }
    }

    /// Decides on a set-up.
    ///
    /// # Errors
    /// The message to be sent before the connection is closed (spec section 3.6.3). Its flags are 0 when flags are not the
    /// cause; else all defined ones that are not supported, asked for or not, and those of the request that nobody has
    /// defined (AMB-23).
    pub fn answer(&self, request: &SetupConnection) -> Result<SetupConnectionSuccess, SetupConnectionError> {
        let refuse = |flags, code: &str| Err(SetupConnectionError { flags, error_code: code.into() });
        if request.protocol != self.protocol {
            return refuse(0, "unsupported-protocol");
        }
        if !(request.min_version..=request.max_version).contains(&VERSION) {
            return refuse(0, "protocol-version-mismatch");
        }
        match request.flags & !self.flags {
            0 => Ok(SetupConnectionSuccess { used_version: VERSION, flags: self.success_flags }),
            unsupported => refuse(unsupported | (self.defined() & !self.flags), "unsupported-feature-flags"),
        }
    }
}

/// Decisions of a set-up that a fault can get wrong.
pub trait SetupRules: Send {
    /// "flags indicating optional protocol features the server supports" (spec section 3.6.2), not those of the request.
    fn success_flags(&mut self, right: u32, _request: &SetupConnection) -> u32 {
        right
    }

    /// The request, as it is read.
    fn understood(&mut self, right: SetupConnection) -> SetupConnection {
        right
    }

    /// "This MUST be the first message sent by the client" (spec section 3.6.1).
    fn comes_first(&mut self, right: bool) -> bool {
        right
    }

    /// Whether a connection that is set up begins anew with another SetupConnection; right is that nothing changes (AMB-26).
    fn restarts(&mut self, right: bool) -> bool {
        right
    }

    /// Whether the connection ends behind SetupConnection.Error: it is sent "prior to closing the connection" (spec section
    /// 3.6.3).
    fn closes_after_error(&mut self, right: bool) -> bool {
        right
    }

    /// Whether nobody is served without the extensions that are required: "the server MUST disconnect the client" (EXT-0001
    /// 4.6).
    fn demands_extensions(&mut self, right: bool) -> bool {
        right
    }

    /// "The Server MUST provide the full set of flags which it does not support" (spec section 3.6.3); 0 for another cause.
    fn unsupported_flags(&mut self, right: u32) -> u32 {
        right
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> SetupConnection {
        SetupConnection { min_version: 2, max_version: 2, ..SetupConnection::default() }
    }

    fn refusal(request: &SetupConnection) -> (u32, String) {
        let error = Offer::POOL.answer(request).unwrap_err();
        (error.flags, error.error_code.to_text().into_owned())
    }

    #[test]
    fn a_range_that_includes_2_is_served_with_2() {
        for (min_version, max_version) in [(2, 2), (0, 2), (2, 9), (1, u16::MAX)] {
            let answer = Offer::POOL.answer(&SetupConnection { min_version, max_version, ..request() });
            assert_eq!(answer, Ok(SetupConnectionSuccess { used_version: 2, flags: 0 }));
        }
        for (min_version, max_version) in [(0, 1), (3, 3), (3, 2), (3, 1), (2, 1)] {
            let found = refusal(&SetupConnection { min_version, max_version, flags: u32::MAX, ..request() });
            assert_eq!(found, (0, "protocol-version-mismatch".to_owned()));
        }
    }

    #[test]
    fn every_unsupported_flag_is_named() {
        for flags in [0, 1, 4, 5] {
            assert!(Offer::POOL.answer(&SetupConnection { flags, ..request() }).is_ok());
        }
        for (flags, unsupported) in [(2, 2), (7, 2), (8, 10), (u32::MAX, !5), (0xff00_0001, 0xff00_0002)] {
            let found = refusal(&SetupConnection { flags, ..request() });
            assert_eq!(found, (unsupported, "unsupported-feature-flags".to_owned()));
        }
    }

    #[test]
    fn restrictions_are_announced_and_exclude_what_contradicts_them() {
        for (fixed, extended, flags) in
            [(false, false, 0), (true, false, 1), (false, true, 2), (true, true, 3)]
        {
            let offer = Offer::pool(fixed, extended);
            assert_eq!(offer.answer(&request()).unwrap().flags, flags);
            let refused = |flags| offer.answer(&SetupConnection { flags, ..request() }).err();
            let all = 2 | (u32::from(fixed) * 4) | u32::from(extended);
            assert_eq!(refused(REQUIRES_VERSION_ROLLING).map(|error| error.flags), fixed.then_some(all));
            assert_eq!(refused(REQUIRES_STANDARD_JOBS).map(|error| error.flags), extended.then_some(all));
        }
    }

    #[test]
    fn other_protocols_are_refused() {
        for protocol in [1, 2, 3, 255] {
            let found = refusal(&SetupConnection { protocol, min_version: 9, ..request() });
            assert_eq!(found, (0, "unsupported-protocol".to_owned()));
        }
        let request = SetupConnection { protocol: 2, ..request() };
        assert!(Offer::TEMPLATE_PROVIDER.answer(&request).is_ok());
        assert_eq!(
            Offer::TEMPLATE_PROVIDER.answer(&SetupConnection { flags: 1, ..request }).unwrap_err().flags,
            1
        );
    }
}
