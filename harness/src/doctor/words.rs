//! Times, flags and bytes as people read them.

use std::fmt::Write;
use sv2_wire::{FLAGS, Kind, Protocol};

/// Bytes of a dump at most; more are counted.
const DUMPED: usize = 32;

/// A number of seconds in its two largest units.
pub fn span(seconds: u64) -> String {
    const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)];
    let Some(first) = UNITS.iter().position(|(_, size)| seconds >= *size) else { return "0 s".to_owned() };
    let (mut left, mut parts) = (seconds, Vec::new());
    for (name, size) in UNITS.iter().skip(first).take(2) {
        let count = left / size;
        left %= size;
        if count > 0 {
            parts.push(format!("{count} {name}"));
        }
    }
    parts.join(" ")
}

/// Unix seconds as date and time in UTC.
pub fn date(unix: u64) -> String {
    let (days, rest) = (unix / 86_400, unix % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// Year, month and day of a number of days since 1970-01-01, counted in years that begin in March.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days.saturating_add(719_468);
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// The names of the set bits that the message has in the Mining Protocol, and the bits that have none.
pub(super) fn flags(message: Kind, flags: u32) -> String {
    let mut unnamed = flags;
    let mut names = Vec::new();
    for flag in FLAGS.iter().filter(|flag| flag.protocol == Protocol::Mining && flag.message == message) {
        if flags & flag.mask() != 0 {
            unnamed &= !flag.mask();
            names.push(flag.name.to_owned());
        }
    }
    if unnamed != 0 {
        names.push(format!("bits 0x{unnamed:x} that the specification does not define"));
    }
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// Bytes in hex, and as text where they are some; cut where they are many.
pub(super) fn dump(bytes: &[u8]) -> String {
    let shown = bytes.get(..DUMPED).unwrap_or(bytes);
    let mut text = String::new();
    for byte in shown {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x} ");
    }
    let more = if shown.len() < bytes.len() { "... " } else { "" };
    let readable: String = shown.iter().map(|byte| printable(*byte)).collect();
    format!("{text}{more}|{readable}| ({} bytes)", bytes.len())
}

/// Bytes of a peer as one line for a terminal, of at most `limit` characters.
pub(super) fn line(bytes: &[u8], limit: usize) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().next().unwrap_or_default();
    let mut shown: String = line.chars().take(limit).map(|c| if c.is_control() { '.' } else { c }).collect();
    if line.chars().count() > limit {
        shown.push_str("...");
    }
    shown
}

fn printable(byte: u8) -> char {
    if byte == b' ' || byte.is_ascii_graphic() { char::from(byte) } else { '.' }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sv2_wire::{SetupConnection, SetupConnectionSuccess};

    #[test]
    fn spans_have_two_units_at_most() {
        assert_eq!(span(0), "0 s");
        assert_eq!(span(59), "59 s");
        assert_eq!(span(60), "1 min");
        assert_eq!(span(3599), "59 min 59 s");
        assert_eq!(span(86_400 + 7200 + 59), "1 d 2 h");
        assert_eq!(span(86_400 + 59), "1 d");
    }

    #[test]
    fn dates_know_leap_years() {
        assert_eq!(date(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(date(951_782_400), "2000-02-29 00:00:00 UTC");
        assert_eq!(date(1_767_225_599), "2025-12-31 23:59:59 UTC");
        assert_eq!(date(u64::from(u32::MAX)), "2106-02-07 06:28:15 UTC");
    }

    #[test]
    fn flags_are_named_by_the_message_that_carries_them() {
        assert_eq!(flags(SetupConnection::SPEC.kind, 0), "none");
        assert_eq!(flags(SetupConnection::SPEC.kind, 1), "REQUIRES_STANDARD_JOBS");
        let both = "REQUIRES_FIXED_VERSION, bits 0x10 that the specification does not define";
        assert_eq!(flags(SetupConnectionSuccess::SPEC.kind, 0x11), both);
    }

    #[test]
    fn what_a_peer_sends_cannot_steer_the_terminal() {
        assert_eq!(line(b"a\x1b[31mb\nc", 80), "a.[31mb");
        assert_eq!(line(b"abcdef", 3), "abc...");
        assert_eq!(dump(b"{\"\x00"), "7b 22 00 |{\".| (3 bytes)");
    }
}
