//! Names that `handshake` and `settle` let their lines judge.

/// What a handshake shows. `signed_by_authority` is unknown when the target's URL has no key.
/// The keys are x-coordinates.
pub const HANDSHAKE_FACTS: &[&str] = &[
    "version",
    "valid_from",
    "not_valid_after",
    "valid_now",
    "signed_by_authority",
    "static_key",
    "ephemeral_key",
];

/// What a channel's account shows after settling; fillers are taken out.
pub const SETTLE_FACTS: &[&str] =
    &["credited", "accepted", "refused", "submitted", "acked-numbers", "shares-sum"];

/// Lists that lines below `settle` may compare with.
pub const SETTLE_WORDS: &[&str] = &["submitted"];
