//! What the two may differ in, with the clause. A row sees both verdicts and what was asked, and is no wider than its reason.

use super::theirs::{Asked, Said, Share};
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
            let is_no_rate = |rate: f32| !rate.is_finite() || rate < 0.0;
            let is_both = |rate: f32, max: U256| is_no_rate(rate) && max == U256::ZERO;
            matches!(asked, Asked::Channel { rate, max_target } if is_both(*rate, *max_target))
                && ours == Said::Refuses("invalid-nominal-hashrate")
                && theirs == Said::Refuses("max-target-out-of-range")
        },
    },
    Row {
        case: "the time of a share is beyond the job's time by more than two hours, and within two hours of now",
        because: "5.3.11 bounds ntime by the seconds since the job; SRI's channels have no clock and anchor at min_ntime",
        is_it: |asked, ours, theirs| {
            is_share(asked, |share| share.is_beyond_job() && share.is_by_the_clock())
                && theirs == Said::Refuses("invalid-share")
                && matches!(ours, Said::Takes | Said::Refuses("difficulty-too-low" | "duplicate-share"))
        },
    },
    Row {
        case: "time and version of a share are both wrong: before the job's time or more than two hours beyond, and in bits that it \
               does not allow",
        because: "5.3.14: one code, whichever is looked at first; version comes before ntime for us and behind it for SRI",
        is_it: |asked, ours, theirs| {
            let is_it = |share: &Share| {
                let is_odd = share.is_early() || share.is_beyond_job();
                is_odd && share.version_code().is_some_and(|code| ours == Said::Refuses(code))
            };
            is_share(asked, is_it) && theirs == Said::Refuses("invalid-share")
        },
    },
    Row {
        case: "a standard channel's version is rolled at a pool of fixed version",
        because: "5.3.1: with REQUIRES_FIXED_VERSION \"Upstream node will not accept any changes to the version field\"; SRI's \
                  standard channels always allow it",
        is_it: |asked, ours, _| {
            let is_it = |share: &Share| {
                let code = "version-rolling-not-allowed";
                share.is_standard && share.is_fixed && share.version_code() == Some(code)
            };
            is_share(asked, is_it) && ours == Said::Refuses("version-rolling-not-allowed")
        },
    },
    Row {
        case: "a job that ended with the tip before the last, or earlier",
        because: "5.3.17 ends such jobs, and 5.3.14 has no code for it: SRI keeps those that ended with the last tip, we \
                  remember longer",
        is_it: |asked, ours, theirs| {
            let is_it =
                |share: &Share| share.job.is_some_and(|job| job.min_ntime.is_some() && job.tips_since >= 2);
            is_share(asked, is_it) && is_old(ours, theirs)
        },
    },
    Row {
        case: "a future job that a tip has passed by",
        because: "5.3.17: SetNewPrevHash makes one of the future jobs active; SRI drops the others, we remember them as ended",
        is_it: |asked, ours, theirs| {
            let is_it =
                |share: &Share| share.job.is_some_and(|job| job.min_ntime.is_none() && job.tips_since >= 1);
            is_share(asked, is_it) && is_old(ours, theirs)
        },
    },
    Row {
        case: "a block above the job's target",
        because: "5.3.21: hashes above the target are rejected; SRI credits what is a block, and knows it again",
        is_it: |asked, ours, theirs| {
            is_share(asked, |share| share.is_block)
                && ours == Said::Refuses("difficulty-too-low")
                && matches!(theirs, Said::Takes | Said::Refuses("duplicate-share"))
        },
    },
];

/// Whether the verdicts are the same, or differ by a row of the list: ours, then SRI's.
pub fn is_alike(asked: &Asked, ours: Said, theirs: Said) -> bool {
    ours == theirs || ROWS.iter().any(|row| (row.is_it)(asked, ours, theirs))
}

fn is_share(asked: &Asked, is_it: impl FnOnce(&Share) -> bool) -> bool {
    matches!(asked, Asked::Share(share) if is_it(share))
}

fn is_old(ours: Said, theirs: Said) -> bool {
    ours == Said::Refuses("stale-share") && theirs == Said::Refuses("invalid-job-id")
}

/// Whether two targets are what the two make of one hash rate. Section 5.3.2 has no formula: with `n` whole hashes for a share it
/// is `2^256 / (n + 1)` for both, which we round up and SRI down; for one hash the bitcoin crate takes every hash for good, SRI
/// half of them. The device's largest target bounds either.
pub fn is_granted_alike(asked: (f32, U256), per_minute: f32, ours: U256, theirs: U256) -> bool {
    let (rate, max) = asked;
    let hashes = (f64::from(rate) * 60.0 / f64::from(per_minute)).floor();
    if hashes == 1.0 {
        return ours == max && theirs == max.min(HALF);
    }
    ours == theirs || (theirs < ours && ours == one_more(theirs))
}

/// 2^255 - 1.
const HALF: U256 = {
    let mut bytes = [0xff; 32];
    bytes[31] = 0x7f;
    U256::from_le_bytes(bytes)
};

/// The next number; of the largest one 0.
fn one_more(number: U256) -> U256 {
    let mut bytes = number.to_le_bytes();
    for byte in &mut bytes {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            break;
        }
    }
    U256::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::theirs::Job;
    use super::*;

    const VERSION: u32 = 0x2000_0000;
    const MIN_NTIME: u32 = 1_700_000_000;
    /// A job that has just become active.
    const JOB: Job = Job { version: VERSION, rolls: true, min_ntime: Some(MIN_NTIME), tips_since: 0 };
    /// Nothing about it is wrong.
    const SHARE: Share = Share {
        is_standard: true,
        ntime: MIN_NTIME,
        version: VERSION,
        job: Some(JOB),
        latest: Some(MIN_NTIME + 9000),
        is_fixed: false,
        is_block: false,
    };
    const BIT: Said = Said::Refuses("invalid-non-rollable-version-bit");
    const ROLLED: Said = Said::Refuses("version-rolling-not-allowed");
    const TIME: Said = Said::Refuses("invalid-share");
    const STALE: Said = Said::Refuses("stale-share");
    const UNKNOWN: Said = Said::Refuses("invalid-job-id");
    const LOW: Said = Said::Refuses("difficulty-too-low");

    fn may_differ(share: Share, ours: Said, theirs: Said) -> bool {
        is_alike(&Asked::Share(share), ours, theirs)
    }

    /// The least that a row allows, and its neighbours, each of which is a finding.
    #[test]
    fn early_and_of_a_wrong_version_are_both_needed() {
        let both = Share { ntime: MIN_NTIME - 1, version: VERSION | 1 << 31, ..SHARE };
        assert!(may_differ(both, BIT, TIME));
        assert!(!may_differ(Share { ntime: MIN_NTIME, ..both }, BIT, TIME), "in time");
        assert!(!may_differ(Share { ntime: MIN_NTIME + 7200, ..both }, BIT, TIME), "in time for SRI too");
        assert!(may_differ(Share { ntime: MIN_NTIME + 7201, ..both }, BIT, TIME));
        assert!(may_differ(Share { ntime: MIN_NTIME + 9001, ..both }, BIT, TIME), "late for both");
        assert!(
            !may_differ(Share { version: VERSION | 1 << 28, ..both }, BIT, TIME),
            "a bit that may be rolled"
        );
        assert!(!may_differ(both, ROLLED, TIME), "the code of a job that allows no rolling");
        assert!(!may_differ(both, TIME, BIT), "the other way round");
        assert!(!may_differ(Share { job: None, ..both }, BIT, TIME), "no job");
        let fixed = Share { job: Some(Job { rolls: false, ..JOB }), version: VERSION | 1 << 28, ..both };
        assert!(may_differ(fixed, ROLLED, TIME));
        assert!(!may_differ(Share { version: VERSION, ..fixed }, ROLLED, TIME), "the job's own version");
    }

    #[test]
    fn two_hours_beyond_the_job_count_and_no_less_as_long_as_the_clock_allows() {
        let late = Share { ntime: MIN_NTIME + 7201, ..SHARE };
        for ours in [Said::Takes, LOW, Said::Refuses("duplicate-share")] {
            assert!(may_differ(late, ours, TIME), "{ours:?}");
            assert!(may_differ(Share { ntime: MIN_NTIME + 9000, ..late }, ours, TIME), "{ours:?}");
            assert!(may_differ(Share { latest: None, ..late }, ours, TIME), "{ours:?}, without a clock");
            assert!(!may_differ(Share { ntime: MIN_NTIME + 9001, ..late }, ours, TIME), "{ours:?}, too late");
            assert!(
                !may_differ(Share { ntime: MIN_NTIME + 7200, ..late }, ours, TIME),
                "{ours:?}, not beyond"
            );
            assert!(!may_differ(late, TIME, ours), "{ours:?}, the other way round");
        }
        for ours in [STALE, UNKNOWN, BIT, ROLLED] {
            assert!(!may_differ(late, ours, TIME), "{ours:?} is not about what SRI would look at next");
        }
    }

    #[test]
    fn only_jobs_that_sri_has_dropped_have_two_codes() {
        let behind = |tips_since| Share { job: Some(Job { tips_since, ..JOB }), ..SHARE };
        assert!(may_differ(behind(2), STALE, UNKNOWN));
        assert!(!may_differ(behind(1), STALE, UNKNOWN), "it ended with the last tip");
        assert!(!may_differ(behind(0), STALE, UNKNOWN), "it is valid");
        assert!(!may_differ(behind(2), UNKNOWN, STALE), "the other way round");
        assert!(!may_differ(Share { job: None, ..SHARE }, STALE, UNKNOWN), "no such job");
        let future = |tips_since| Share { job: Some(Job { min_ntime: None, tips_since, ..JOB }), ..SHARE };
        assert!(may_differ(future(1), STALE, UNKNOWN));
        assert!(!may_differ(future(0), STALE, UNKNOWN), "it may still become active");
    }

    #[test]
    fn a_fixed_version_is_that_of_the_connection_and_of_a_standard_channel() {
        let fixed = Job { rolls: false, ..JOB };
        let rolled = Share { job: Some(fixed), is_fixed: true, version: VERSION | 1 << 28, ..SHARE };
        assert!(may_differ(rolled, ROLLED, Said::Takes));
        assert!(!may_differ(Share { is_fixed: false, ..rolled }, ROLLED, Said::Takes));
        assert!(!may_differ(Share { is_standard: false, ..rolled }, ROLLED, Said::Takes));
        assert!(!may_differ(Share { version: VERSION, ..rolled }, ROLLED, Said::Takes));
    }

    #[test]
    fn what_is_no_block_has_one_verdict() {
        let block = Share { is_block: true, ..SHARE };
        assert!(may_differ(block, LOW, Said::Takes));
        assert!(!may_differ(SHARE, LOW, Said::Takes));
        assert!(!may_differ(SHARE, LOW, Said::Refuses("duplicate-share")));
        assert!(!may_differ(block, Said::Takes, LOW));
    }

    #[test]
    fn hash_rate_and_target_have_to_be_wrong_both() {
        let (rate_code, target_code) = ("invalid-nominal-hashrate", "max-target-out-of-range");
        let differ = |rate, max_target| {
            let asked = Asked::Channel { rate, max_target };
            is_alike(&asked, Said::Refuses(rate_code), Said::Refuses(target_code))
        };
        assert!(differ(-1.0, U256::ZERO) && differ(f32::NAN, U256::ZERO));
        assert!(!differ(1.0, U256::ZERO) && !differ(-1.0, U256::MAX));
    }

    #[test]
    fn targets_differ_by_one_at_most() {
        let number = |last: u8| U256::from_le_bytes([last; 32]);
        let alike = |rate, max, ours, theirs| is_granted_alike((rate, max), 60.0, ours, theirs);
        let (ours, max) = (number(9), U256::MAX);
        assert!(alike(28.0, max, ours, ours) && alike(28.0, max, one_more(ours), ours));
        assert!(!alike(28.0, max, ours, one_more(ours)), "SRI's is never the larger");
        assert!(!alike(28.0, max, one_more(one_more(ours)), ours), "two more");
        assert!(!alike(28.0, max, U256::ZERO, max), "the largest has none after it");
        // One hash for a share.
        assert!(alike(1.0, max, max, HALF) && alike(1.0, number(9), number(9), number(9)));
        assert!(!alike(1.0, max, HALF, HALF) && !alike(1.0, max, max, max) && !alike(2.0, max, max, HALF));
        assert!(!alike(1.0, number(9), number(8), number(8)), "half of what the device takes");
        assert_eq!(one_more(number(0xff)), U256::ZERO);
        assert_eq!(one_more(HALF).to_be_bytes()[..2], [0x80, 0]);
    }
}
