//! Extensions: their negotiation (EXT-0001), and the worker behind a share (EXT-0002).
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::share::ShareError;
use std::collections::BTreeSet;
use sv2_wire::tlv::{ByteOrder, TLVS, Tlv};
use sv2_wire::{RequestExtensions, RequestExtensionsError, RequestExtensionsSuccess, Seq0_64K};

/// Worker-specific hash rate tracking (EXT-0002).
pub const WORKER_IDENTITY: u16 = 0x0002;

/// What a server has to say about extensions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    /// Those that it speaks.
    pub supported: BTreeSet<u16>,
    /// Those without which it serves nobody; supported ones.
    pub required: BTreeSet<u16>,
}

impl Extensions {
    /// Decides on a request. Granted is what was asked for and is supported; a request for nothing is granted.
    ///
    /// # Errors
    /// "Servers MUST respond with `RequestExtensions.Error` if none of the requested extensions are supported"; and "if
    /// the server requires certain extensions but they were not included in the request, it MUST list them" (EXT-0001 4.1).
    pub fn answer(
        &self,
        request: &RequestExtensions,
    ) -> Result<RequestExtensionsSuccess, RequestExtensionsError> {
        let request_id = request.request_id;
        let requested: BTreeSet<u16> = request.requested_extensions.as_slice().iter().copied().collect();
        let granted = list(requested.intersection(&self.supported));
        let missing = list(self.required.difference(&requested));
        let is_pointless = !requested.is_empty() && granted.as_slice().is_empty();
        if is_pointless || !missing.as_slice().is_empty() {
            return Err(RequestExtensionsError {
                request_id,
                unsupported_extensions: list(requested.difference(&self.supported)),
                required_extensions: missing,
            });
        }
        Ok(RequestExtensionsSuccess { request_id, supported_extensions: granted })
    }
}

/// The worker's name behind the last field of `SubmitSharesExtended`, once EXT-0002 is negotiated; nothing if the client
/// left it out (AMB-101).
///
/// # Errors
/// "If a TLV field exceeds the maximum length allowed by its specification, the recipient MUST reject the message" (spec
/// section 3.4.3). A tail that does not consist of TLVs, and a name that is no UTF-8, are refused too.
pub(crate) fn worker(tail: &[u8]) -> Result<Option<String>, ShareError> {
    let fields = Tlv::parse_all(tail, ByteOrder::Little).map_err(|_| ShareError::Tlv)?;
    let Some(spec) = TLVS.iter().find(|spec| spec.extension_type == WORKER_IDENTITY) else { return Ok(None) };
    // "The receiver MUST scan for TLV fields corresponding to known negotiated extensions" (EXT-0002 1.3).
    let field = fields.into_iter().find(|field| field.spec() == Some(spec));
    match field {
        None => Ok(None),
        Some(field) if field.value.len() > spec.max_len => Err(ShareError::UserIdentity),
        Some(field) => String::from_utf8(field.value).map(Some).map_err(|_| ShareError::UserIdentity),
    }
}

/// Whatever was asked for in one list fits into another.
fn list<'a>(numbers: impl Iterator<Item = &'a u16>) -> Seq0_64K<u16> {
    Seq0_64K::new(numbers.copied().collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(extensions: &Extensions, requested: &[u16]) -> (bool, Vec<u16>, Vec<u16>) {
        let requested_extensions = Seq0_64K::new(requested.to_vec()).unwrap();
        match extensions.answer(&RequestExtensions { request_id: 9, requested_extensions }) {
            Ok(success) => {
                assert_eq!(success.request_id, 9);
                (true, success.supported_extensions.as_slice().to_vec(), vec![])
            }
            Err(error) => {
                assert_eq!(error.request_id, 9);
                let unsupported = error.unsupported_extensions.as_slice().to_vec();
                (false, unsupported, error.required_extensions.as_slice().to_vec())
            }
        }
    }

    #[test]
    fn the_examples_of_the_extension() {
        let two = Extensions { supported: BTreeSet::from([2]), required: BTreeSet::new() };
        assert_eq!(ask(&two, &[2, 3]), (true, vec![2], vec![]), "EXT-0001 4.4");
        assert_eq!(ask(&Extensions::default(), &[2]), (false, vec![2], vec![]), "EXT-0001 4.5");
        let five = Extensions { supported: BTreeSet::from([2, 5]), required: BTreeSet::from([5]) };
        assert_eq!(ask(&five, &[2, 3]), (false, vec![3], vec![5]), "EXT-0001 4.6");
        assert_eq!(ask(&five, &[2, 5]), (true, vec![2, 5], vec![]));
        assert_eq!(ask(&five, &[]), (false, vec![], vec![5]));
        assert_eq!(ask(&two, &[]), (true, vec![], vec![]));
        assert_eq!(ask(&two, &[3, 3]), (false, vec![3], vec![]));
    }

    #[test]
    fn a_worker_is_found_among_other_fields() {
        let tlv = |extension_type, value: &[u8]| {
            let mut out = Vec::new();
            Tlv { extension_type, field_type: 1, value: value.to_vec() }.encode(ByteOrder::Little, &mut out);
            out
        };
        assert_eq!(worker(&[]), Ok(None));
        assert_eq!(worker(&tlv(2, b"Worker_001")), Ok(Some("Worker_001".to_owned())));
        assert_eq!(worker(&[tlv(7, b"?"), tlv(2, b"w")].concat()), Ok(Some("w".to_owned())));
        assert_eq!(worker(&tlv(7, &[0; 99])), Ok(None));
        assert_eq!(worker(&tlv(2, &[b'x'; 32])), Ok(Some("x".repeat(32))));
        assert_eq!(worker(&tlv(2, &[b'x'; 33])), Err(ShareError::UserIdentity));
        assert_eq!(worker(&tlv(2, &[0xff])), Err(ShareError::UserIdentity));
        assert_eq!(worker(&[2, 0, 1, 9, 0, b'x']), Err(ShareError::Tlv));
        assert_eq!(worker(&[0]), Err(ShareError::Tlv));
    }
}
