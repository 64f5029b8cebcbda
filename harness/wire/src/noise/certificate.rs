//! The server's certificate (spec sections 4.5.2 and 4.5.3).

use aws_lc_rs::digest::{SHA256, digest};

use super::{AuthorityPublicKey, AuthoritySecretKey};

/// `SIGNATURE_NOISE_MESSAGE` of spec section 4.5.2: what act two carries of a certificate.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Certificate {
    /// Version of the format. The specification gives no value; 0 is in use everywhere.
    pub version: u16,
    /// Start of validity, Unix time in seconds.
    pub valid_from: u32,
    /// End of validity, Unix time in seconds; this second still counts.
    pub not_valid_after: u32,
    /// The authority's BIP340 signature.
    pub signature: [u8; 64],
}

/// What a certificate states before it is signed. Nothing is checked, so that wrong ones can be issued too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Terms {
    /// As in [`Certificate::version`].
    pub version: u16,
    /// As in [`Certificate::valid_from`].
    pub valid_from: u32,
    /// As in [`Certificate::not_valid_after`].
    pub not_valid_after: u32,
}

/// Why a client must not trust a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The authority did not sign these terms for this server key.
    #[error("certificate is not signed by the authority")]
    BadSignature,
    /// Its time has not come.
    #[error("certificate is valid from {valid_from}, it is {now}")]
    NotYetValid {
        /// Start of validity, Unix time in seconds.
        valid_from: u32,
        /// The time of judging, likewise.
        now: u64,
    },
    /// Its time is over.
    #[error("certificate is not valid after {not_valid_after}, it is {now}")]
    Expired {
        /// End of validity, Unix time in seconds.
        not_valid_after: u32,
        /// The time of judging, likewise.
        now: u64,
    },
}

impl Certificate {
    /// Length in bytes on the wire.
    pub const LEN: usize = 74;

    /// Signs `terms` for the server whose static key has this x-coordinate. `aux_randomness` is BIP340's; equal
    /// arguments give equal certificates.
    #[must_use]
    pub fn issue(
        authority: &AuthoritySecretKey,
        server_static_x_only: &[u8; 32],
        terms: Terms,
        aux_randomness: &[u8; 32],
    ) -> Self {
        let Terms { version, valid_from, not_valid_after } = terms;
        let mut certificate = Self { version, valid_from, not_valid_after, signature: [0; 64] };
        certificate.signature = authority.sign(certificate.digest(server_static_x_only), aux_randomness);
        certificate
    }

    /// Judges this certificate: signature first, for unsigned times mean nothing, then the times, each widened by
    /// `leeway_seconds`. The version is not judged (no value is specified); look at [`Certificate::version`].
    ///
    /// # Errors
    /// See [`CertificateError`].
    pub fn verify(
        &self,
        server_static_x_only: &[u8; 32],
        authority: &AuthorityPublicKey,
        now_unix: u64,
        leeway_seconds: u64,
    ) -> Result<(), CertificateError> {
        let Self { valid_from, not_valid_after, signature, .. } = *self;
        if !authority.signed(self.digest(server_static_x_only), signature) {
            return Err(CertificateError::BadSignature);
        }
        if now_unix.saturating_add(leeway_seconds) < u64::from(valid_from) {
            return Err(CertificateError::NotYetValid { valid_from, now: now_unix });
        }
        if now_unix > u64::from(not_valid_after).saturating_add(leeway_seconds) {
            return Err(CertificateError::Expired { not_valid_after, now: now_unix });
        }
        Ok(())
    }

    /// The 74 bytes of the wire, integers little-endian.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..10].copy_from_slice(&self.encode_terms());
        bytes[10..].copy_from_slice(&self.signature);
        bytes
    }

    /// Reads the 74 bytes of the wire. Any 74 bytes are a certificate; whether a good one, [`verify`](Self::verify) says.
    #[must_use]
    pub fn decode(bytes: &[u8; Self::LEN]) -> Self {
        let [v0, v1, f0, f1, f2, f3, a0, a1, a2, a3, signature @ ..] = *bytes;
        Self {
            version: u16::from_le_bytes([v0, v1]),
            valid_from: u32::from_le_bytes([f0, f1, f2, f3]),
            not_valid_after: u32::from_le_bytes([a0, a1, a2, a3]),
            signature,
        }
    }

    fn encode_terms(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes[..2].copy_from_slice(&self.version.to_le_bytes());
        bytes[2..6].copy_from_slice(&self.valid_from.to_le_bytes());
        bytes[6..].copy_from_slice(&self.not_valid_after.to_le_bytes());
        bytes
    }

    /// `m` of spec section 4.5.3.1.
    fn digest(&self, server_static_x_only: &[u8; 32]) -> [u8; 32] {
        let mut signed = [0; 42];
        signed[..10].copy_from_slice(&self.encode_terms());
        signed[10..].copy_from_slice(server_static_x_only);
        let mut output = [0; 32];
        output.copy_from_slice(digest(&SHA256, &signed).as_ref());
        output
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate")
            .field("version", &self.version)
            .field("valid_from", &self.valid_from)
            .field("not_valid_after", &self.not_valid_after)
            .field("signature", &hex::encode(self.signature))
            .finish()
    }
}
