//! Messages out of random bytes.

use arbitrary::{Arbitrary, Unstructured};
use proptest::prelude::*;
use sv2_wire::{MESSAGES, Message};

/// A message of the row `index` with fields out of `bytes`.
pub(crate) fn generate(index: usize, bytes: &[u8]) -> Message {
    // `derive(Arbitrary)` takes the variant from the first four bytes, scaled; the assertion watches that it stays so.
    let rows = u64::try_from(MESSAGES.len()).expect("few");
    let scaled = (u64::try_from(index).expect("few") << 32).div_ceil(rows);
    let mut input = u32::try_from(scaled).expect("below 2^32").to_le_bytes().to_vec();
    input.extend_from_slice(bytes);
    let message =
        Message::arbitrary(&mut Unstructured::new(&input)).expect("zeros are used where bytes are missing");
    assert_eq!(message.spec().kind, MESSAGES[index].kind);
    message
}

pub(crate) fn any_message() -> impl Strategy<Value = Message> {
    let bytes = proptest::collection::vec(any::<u8>(), 0..1500);
    (0..MESSAGES.len(), bytes).prop_map(|(index, bytes)| generate(index, &bytes))
}
