//! What the two may differ in, with the clause. A row sees both verdicts and what was asked.

use super::theirs::{Asked, Said};
use sv2_wire::U256;

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
        case: "a standard channel's version is rolled at a pool of fixed version",
        because: "5.3.1: with REQUIRES_FIXED_VERSION \"Upstream node will not accept any changes to the version field\"; SRI's \
                  standard channels always allow it",
        is_it: |asked, ours, _| {
            matches!(asked, Asked::Share { is_standard: true, .. })
                && ours == Said::Refuses("version-rolling-not-allowed")
        },
    },
    Row {
        case: "a job that went with the tip before the last",
        because: "5.3.17 ends such jobs, and 5.3.14 has no code for it: SRI knows them no more, we remember longer",
        is_it: |_, ours, theirs| {
            ours == Said::Refuses("stale-share") && theirs == Said::Refuses("invalid-job-id")
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

/// Whether two targets are one by either formula. Section 5.3.2 has none: with `n` hashes for a share ours is about
/// `2^256 / n`, SRI's `2^256 / (n + 1)`.
pub fn is_granted_alike(rate: f32, per_minute: f32, ours: U256, theirs: U256) -> bool {
    const ROUNDING: f64 = 1e-9;
    let number =
        |target: U256| target.to_be_bytes().iter().fold(0.0, |sum, byte| sum * 256.0 + f64::from(*byte));
    let hashes = (f64::from(rate) * 60.0 / f64::from(per_minute)).floor();
    let ratio = number(theirs) / number(ours);
    let least = if hashes < 1.0 { 1.0 } else { hashes / (hashes + 1.0) };
    (least - ROUNDING..=1.0 + ROUNDING).contains(&ratio)
}
