//! Search space: "Mining servers MUST assign a unique subset of the search space to each mining device" (spec section 5.1).
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

/// Bytes of extranonce in every coinbase, whoever fills them: members of a group must agree on it (spec section 5.1.2.1).
pub const FULL_LEN: usize = 20;
/// Bytes that the pool chooses, so that no two channels ever meet.
pub const PREFIX_LEN: usize = 4;
/// Bytes that an extended channel may roll.
pub const ROLLED_LEN: usize = FULL_LEN - PREFIX_LEN;

/// Hands out prefixes, each once in the life of the pool, over all connections. None is a prefix of another, because all
/// differ within their first [`PREFIX_LEN`] bytes.
#[derive(Debug)]
pub(crate) struct Prefixes {
    next: Option<u32>,
    mask: u32,
}

impl Prefixes {
    /// Starts anew; `mask` only makes the prefixes of two pools look different.
    pub(crate) fn new(mask: u32) -> Self {
        Self { next: Some(0), mask }
    }

    /// The next prefix: whole (for a channel that mines headers only) or with room behind it. Nothing after 2^32.
    pub(crate) fn allocate(&mut self, whole: bool) -> Option<Vec<u8>> {
        let number = self.next?;
        self.next = number.checked_add(1);
        let mut prefix = (number ^ self.mask).to_be_bytes().to_vec();
        if whole {
            prefix.resize(FULL_LEN, 0);
        }
        Some(prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn prefixes_are_disjoint_and_run_out() {
        let mut prefixes = Prefixes::new(0xdead_beef);
        let heads: HashSet<_> = (0..1000)
            .map(|number| {
                let prefix = prefixes.allocate(number % 2 == 0).unwrap();
                assert_eq!(prefix.len(), if number % 2 == 0 { FULL_LEN } else { PREFIX_LEN });
                prefix[..PREFIX_LEN].to_vec()
            })
            .collect();
        assert_eq!(heads.len(), 1000);
        prefixes.next = Some(u32::MAX);
        assert!(prefixes.allocate(true).is_some());
        assert_eq!(prefixes.allocate(true), None);
    }
}
