//! The work that is measured: the oracles of a target over a codec, ours or SRI's. Inputs, chunks, limits and checks are the
//! same; only the codec differs. `fuzz/execs` makes libFuzzer targets of it, `fuzz/execs.sh` measures them.

use sv2_wire::frame::MAX_PAYLOAD_LEN;
use sv2_wire::fuzz::{Codec, Finding, frame_stream, message_decode};

/// `frame_stream` without a limit of payload: SRI has none.
///
/// # Panics
/// When an oracle finds something, as libFuzzer wants it.
pub fn frames<C: Codec>(codec: &mut C, data: &[u8]) {
    let input = frame_stream::Input { max_payload: MAX_PAYLOAD_LEN, ..frame_stream::Input::of(data) };
    told(frame_stream::judge(codec, &input));
}

/// `message_decode`.
///
/// # Panics
/// When an oracle finds something, as libFuzzer wants it.
pub fn messages<C: Codec>(codec: &mut C, data: &[u8]) {
    told(message_decode::judge(codec, &message_decode::Input::of(data)));
}

fn told(outcome: Result<(), Finding>) {
    if let Err(finding) = outcome {
        panic!("{finding}");
    }
}
