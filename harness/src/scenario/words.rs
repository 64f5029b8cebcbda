//! The words that the language keeps for itself, and what each looks like.

/// Verbs, in the order of the reference.
pub(super) const VERBS: &[&str] = &[
    "connect",
    "handshake",
    "send",
    "raw",
    "corrupt",
    "expect",
    "await",
    "mine",
    "submit",
    "settle",
    "assert",
    "assume",
    "never",
    "measure",
    "repeat",
    "alive",
    "block",
    "template",
    "provoke",
    "elapse",
    "chunk",
    "coalesce",
    "flush",
    "stop-reading",
    "read-again",
    "close",
    "reset",
    "half-close",
    "reconnect",
];

/// Words of the header.
pub(super) const HEADER: &[&str] = &["title", "needs", "tags", "pool", "matrix", "exclusive", "fragment"];

/// Whether a fragment must not be called so.
pub(super) fn reserved(word: &str) -> bool {
    word == "sv2t" || VERBS.contains(&word) || HEADER.contains(&word)
}

/// `AMB-43`, `SV2-05-112`, `ROB-01`: begins with a capital and has a number behind a dash.
pub(super) fn is_id(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_uppercase())
        && word.rsplit_once('-').is_some_and(|(_, number)| number.chars().all(|digit| digit.is_ascii_digit()))
}

/// `REQUIRES_STANDARD_JOBS`, `A`.
pub(super) fn is_upper(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_uppercase())
        && word.chars().all(|other| other.is_ascii_uppercase() || other.is_ascii_digit() || other == '_')
}

/// `open-standard`, `expired`.
pub(super) fn is_lower(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_lowercase())
        && word
            .chars()
            .all(|other| other.is_ascii_lowercase() || other.is_ascii_digit() || "-_".contains(other))
}
