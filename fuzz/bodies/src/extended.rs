//! Targets of the crates below with SRI's crates as one more opinion: the same name, inputs, corpus and mutations; judged by the
//! target's own oracles first, and then by those that need SRI, whose names begin with `sri_`.
//!
//! What may differ is in [`crate::differences`], and for shares in [`crate::pool_diff::allowed`].

pub mod datatype;
pub mod message_arbitrary;
pub mod noise_handshake;
pub mod noise_transport;
#[cfg(feature = "pool")]
pub mod share_validate;

use sv2_wire::fuzz::Oracle;

/// The oracles of a target and those that are added; `N` is how many there are of both.
const fn joined<const N: usize>(own: &[Oracle], added: &[Oracle]) -> [Oracle; N] {
    assert!(own.len() + added.len() == N, "another number of oracles");
    let mut all = [added[0]; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < own.len() { own[at] } else { added[at - own.len()] };
        at += 1;
    }
    all
}
