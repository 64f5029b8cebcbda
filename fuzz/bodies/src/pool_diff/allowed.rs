//! What the two may differ in, with the clause. A row sees both verdicts and what was asked.

use super::theirs::{Asked, Said};

/// One difference.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What differs.
    pub case: &'static str,
    /// Clause or ambiguity that leaves it open, or decides for one side.
    pub because: &'static str,
    /// Whether this is it: ours, then SRI's.
    pub is_it: fn(&Asked, Said, Said) -> bool,
}

/// The rows.
pub static ROWS: &[Row] = &[
    Row {
        case: "the hash rate is -0",
        because: "5.3.2 names no bound; -0 is 0, and SRI asks for the sign",
        is_it: |asked, ours, theirs| {
            let is_minus_zero = |rate: f32| rate.to_bits() == 0x8000_0000;
            matches!(asked, Asked::Channel { rate, .. } if is_minus_zero(*rate))
                && ours != theirs
                && theirs == Said::Refuses("invalid-nominal-hashrate")
        },
    },
    Row {
        case: "hash rate and target are both wrong",
        because: "5.3.6: one code, whichever is looked at first",
        is_it: |asked, ours, theirs| {
            let codes = [ours, theirs].map(|said| match said {
                Said::Refuses(code) => code,
                Said::Takes => "",
            });
            matches!(asked, Asked::Channel { max_target_is_zero: true, .. })
                && codes == ["invalid-nominal-hashrate", "max-target-out-of-range"]
        },
    },
    Row {
        case: "the time of a share is beyond the job's time by more than two hours, and within two hours of now",
        because: "5.3.11 bounds ntime by the seconds since the job; SRI's channels have no clock and anchor at min_ntime",
        is_it: |asked, ours, theirs| {
            matches!(asked, Asked::Share { is_beyond_job: true, .. })
                && theirs == Said::Refuses("invalid-share")
                && ours != theirs
        },
    },
    Row {
        case: "several things about a share are wrong",
        because: "5.3.14: one code, whichever is looked at first; version comes before ntime for us and behind it for SRI",
        is_it: |_, ours, theirs| {
            let version = ["version-rolling-not-allowed", "invalid-non-rollable-version-bit"];
            let is_version = matches!(ours, Said::Refuses(code) if version.contains(&code));
            is_version && theirs == Said::Refuses("invalid-share")
        },
    },
    Row {
        case: "a block above the job's target",
        because: "5.3.21: hashes above the target are rejected; SRI credits what is a block, and knows it again",
        is_it: |asked, ours, theirs| {
            matches!(asked, Asked::Share { is_block: true, .. })
                && ours == Said::Refuses("difficulty-too-low")
                && matches!(theirs, Said::Takes | Said::Refuses("duplicate-share"))
        },
    },
];
