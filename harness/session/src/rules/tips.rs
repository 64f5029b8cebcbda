//! Rules about the values of SetNewPrevHash.

use super::{Say, Seen};
use sv2_wire::Message;

/// How far ahead of the clock consensus lets a block be, in seconds.
const TWO_HOURS: u32 = 7200;
/// How far two clocks may be apart, in seconds.
const CLOCK_MARGIN: u32 = 600;

/// min_ntime is the least time that the block may have (5.3.17), so not more than two hours ahead. A value that is hours old is
/// right on a channel that was opened late.
pub(super) fn min_ntime(seen: &Seen<'_>, say: &mut Say<'_>) {
    let Some(Message::SetNewPrevHash(tip)) = seen.message() else { return };
    let latest = seen.now.unix.saturating_add(TWO_HOURS).saturating_add(CLOCK_MARGIN);
    if tip.min_ntime <= latest {
        say.kept(&["SV2-05-146"]);
    } else {
        say.breach(&["SV2-05-146"], format!("min_ntime {}, and it is {}", tip.min_ntime, seen.now.unix));
    }
}

/// nbits is a valid compact target (5.3.17): positive, and within 256 bits.
pub(super) fn nbits(seen: &Seen<'_>, say: &mut Say<'_>) {
    let Some(Message::SetNewPrevHash(tip)) = seen.message() else { return };
    match invalid(tip.nbits) {
        None => say.kept(&["SV2-05-147"]),
        Some(why) => say.breach(&["SV2-05-147"], format!("nbits 0x{:08x}, which is {why}", tip.nbits)),
    }
}

fn invalid(nbits: u32) -> Option<&'static str> {
    let [exponent, high, middle, low] = nbits.to_be_bytes();
    let mantissa = u32::from_be_bytes([0, high & 0x7f, middle, low]);
    // The mantissa's three bytes are the top of `exponent` bytes.
    let shift = u32::from(exponent).saturating_sub(3).saturating_mul(8);
    let lost = 3_u32.saturating_sub(u32::from(exponent)).saturating_mul(8);
    let significant = mantissa.checked_shr(lost).unwrap_or(0);
    let bits = shift.saturating_add(32_u32.saturating_sub(significant.leading_zeros()));
    match (significant, high & 0x80) {
        (0, _) => Some("zero"),
        (_, 0x80) => Some("negative"),
        _ if bits > 256 => Some("above 256 bits"),
        _ => None,
    }
}
