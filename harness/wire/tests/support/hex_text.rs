//! Hex as vectors write it: with spaces, and with repeats such as `(ff)*32`.

pub(crate) fn bytes(hex_text: &str) -> Vec<u8> {
    let plain = |digits: &str| hex::decode(digits).unwrap_or_else(|error| panic!("{digits}: {error}"));
    let word = |word: &str| match word.strip_prefix('(').and_then(|rest| rest.split_once(")*")) {
        Some((unit, times)) => plain(unit).repeat(times.parse().expect("a count")),
        None => plain(word),
    };
    hex_text.split_whitespace().flat_map(word).collect()
}
