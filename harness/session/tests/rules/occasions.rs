//! What a rule says about the last frame of a trace while nothing is wrong: the clauses that it could have broken. A clause
//! that is called kept without an occasion makes a report as wrong as a false accusation does.

use crate::notation::judged;
use sv2_session::rules::{Judgement, Ruling};

const EXTENDED: &str = "setup\n> RequestExtensions\n< RequestExtensions.Success supported_extensions=[2;3]\n";
const REFUSED: &str =
    "setup\n> OpenStandardMiningChannel request_id=1\n< OpenMiningChannel.Error request_id=1\n";
const BATCH: &str = "setup
    > OpenStandardMiningChannel request_id=1 max_target=x0000000003fffc00000000000000000000000000000000000000000000000000
    < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=x0000000003fffc00000000000000000000000000000000000000000000000000 group_channel_id=7 extranonce_prefix=02
    > SubmitSharesStandard channel_id=2 sequence_number=1
    > SubmitSharesStandard channel_id=2 sequence_number=2\n";

/// Rule, beginning, last frame, and the clauses that are kept, rulings parted by `;`.
#[rustfmt::skip]
const OCCASIONS: &[(&str, &str, &str, &str)] = &[
    ("subprotocol", "setup\n", "< SetTarget", "SV2-08-005"),
    ("subprotocol", "setup\n", "< Reconnect", ""),
    ("known-number", "setup\n", "< SetTarget | ext 2, type 0x77", ""),
    ("extension-type", "setup\n", "< SetTarget", "SV2-03-022 SV2-03-043 SV2-09-001"),
    ("extension-type", EXTENDED, "< SetTarget", "SV2-03-022 SV2-09-001"),
    ("extension-type", "setup\n", "< SetTarget | type 0x7f", ""),
    ("extension-type", EXTENDED, "< SetTarget | type 0x7f", ""),
    ("extension-type", "setup\n> RequestExtensions\n", "< RequestExtensions.Success", "SV2-03-023 SV2-03-042 SV2-09-001"),
    ("extension-type", EXTENDED, "< SetTarget | ext 2, type 0x77", "SV2-03-042 SV2-03-043"),
    ("extension-type", "setup\n> RequestExtensions\n< RequestExtensions.Success supported_extensions=[1]\n", "< RequestExtensions.Success | type 0x77", "SV2-03-042 SV2-03-043"),
    ("bounded-lengths", "setup\n", "< SetExtranoncePrefix", "SV2-03-012"),
    ("bounded-lengths", "setup\n", "< NewMiningJob", "SV2-03-016"),
    ("bounded-lengths", "setup\n", "< SetExtranoncePrefix | cut 1", ""),
    ("bounded-lengths", "setup\n", "< SetTarget", ""),
    ("payload-length", "setup\n", "< SetTarget", "SV2-03-024"),
    ("payload-length", EXTENDED, "< SetTarget", "SV2-03-024 SV2-03-101"),
    ("payload-length", EXTENDED, "< SetTarget | more 0200010100ff", ""),
    ("payload-length", "setup\n", "< SetTarget | cut 1", ""),
    ("payload-layout", EXTENDED, "< SetTarget | more 0200010100ff", "SV2-05-165 SV2-03-025"),
    ("payload-layout", EXTENDED, "< SetTarget | more 0002010001ff", "SV2-05-165 SV2-03-025"),
    ("tlv-negotiated", "setup\n", "< SetTarget", "SV2-03-043"),
    ("tlv-negotiated", "setup\n", "< SetTarget | cut 1", ""),
    ("tlv-negotiated", EXTENDED, "< SetTarget", ""),
    ("tlv-negotiated", EXTENDED, "< SetTarget | more 0200010100ff", "SV2-03-042 SV2-03-043"),
    ("tlv-order", EXTENDED, "< SetTarget", ""),
    ("tlv-order", EXTENDED, "< SetTarget | more 0200010100ff", "SV2-03-046"),
    ("tlv-order", EXTENDED, "< SetTarget | more 0200010100ff0200020100ff", "SV2-03-046"),
    ("tlv-order", EXTENDED, "< SetTarget | more 0200010100ff0300010100ff", "SV2-03-046;SV2-03-047"),
    ("string-terminator", "setup\n", "< CloseChannel", "SV2-03-011"),
    ("string-terminator", "setup\n", "< SetTarget", ""),
    ("error-code-characters", "setup\n", "< UpdateChannel.Error", "SV2-03-057;SV2-03-056"),
    ("error-code-characters", "setup\n", "< CloseChannel", ""),
    ("reason-code-characters", "setup\n", "< CloseChannel", "SV2-05-073;SV2-05-074"),
    ("reason-code-characters", "setup\n", "< UpdateChannel.Error", ""),
    ("setup-answer", "setup\n", "< SetTarget", ""),
    ("setup-answer", "> SetupConnection\n", "< SetupConnection.Error", "SV2-03-060"),
    ("setup-version", "> SetupConnection min_version=3 max_version=2\n", "< SetupConnection.Success used_version=3", ""),
    ("setup-version", "> SetupConnection min_version=2 max_version=2\n", "< SetupConnection.Success used_version=2", "SV2-03-071"),
    ("setup-refusal", "> SetupConnection\n< SetupConnection.Error\n", "< close", "SV2-03-077"),
    ("setup-refusal", "> SetupConnection\n< SetupConnection.Error\n", "> close", ""),
    ("setup-refusal", "setup\n", "< close", ""),
    ("server-flags", "> SetupConnection\n", "< SetupConnection.Success", "SV2-03-074 SV2-05-031"),
    ("server-flags", "> SetupConnection protocol=1\n", "< SetupConnection.Success", "SV2-03-074"),
    ("server-flags", "> SetupConnection protocol=2\n", "< SetupConnection.Success", "SV2-03-074"),
    ("server-flags", "> SetupConnection protocol=3\n", "< SetupConnection.Success", ""),
    ("flags-not-echoed", "> SetupConnection flags=1\n", "< SetupConnection.Success flags=1", ""),
    ("flags-not-echoed", "> SetupConnection flags=1\n< SetupConnection.Success\nB > SetupConnection flags=2\n", "B < SetupConnection.Success", "SV2-03-074"),
    ("flags-not-echoed", "> SetupConnection flags=1\n< SetupConnection.Success\nB > SetupConnection flags=1\n", "B < SetupConnection.Success", ""),
    ("fixed-version", "> SetupConnection flags=4\n", "< SetupConnection.Success", "SV2-05-026"),
    ("fixed-version", "> SetupConnection flags=3\n", "< SetupConnection.Success", ""),
    ("fixed-version", "> SetupConnection protocol=1 flags=4\n", "< SetupConnection.Success", ""),
    ("version-rolling", "setup flags=4\nextended 3 7\n", "xjob 3 1 none", "SV2-05-025"),
    ("version-rolling", "setup flags=3\nextended 3 7\n", "xjob 3 1 none", ""),
    ("version-rolling", "setup protocol=1 flags=4\n", "xjob 3 1 none", ""),
    ("version-rolling", "> SetupConnection flags=4\n", "xjob 3 1 none version_rolling_allowed=true", "SV2-05-025"),
    ("version-rolling", "> SetupConnection\n< SetupConnection.Success flags=1\n", "xjob 3 1 none version_rolling_allowed=false", "SV2-05-027"),
    ("version-rolling", "> SetupConnection\n< SetupConnection.Success flags=2\n", "xjob 3 1 none version_rolling_allowed=false", ""),
    ("extended-channels-only", "> SetupConnection\n< SetupConnection.Success flags=2\n", "< OpenMiningChannel.Error", "SV2-05-029"),
    ("extended-channels-only", "> SetupConnection\n< SetupConnection.Success flags=2\n", "< OpenExtendedMiningChannel.Success", "SV2-05-029"),
    ("extended-channels-only", "> SetupConnection\n< SetupConnection.Success flags=1\n", "< OpenMiningChannel.Error", ""),
    ("standard-jobs-only", "setup flags=1\n", "< NewMiningJob", "SV2-05-023"),
    ("standard-jobs-only", "setup flags=1\n", "< SetNewPrevHash", "SV2-05-175"),
    ("standard-jobs-only", "setup flags=6\n", "< NewMiningJob", ""),
    ("standard-jobs-only", "setup protocol=1 flags=1\n", "< NewMiningJob", ""),
    ("opening-answer", REFUSED, "> OpenStandardMiningChannel request_id=2\n< OpenMiningChannel.Error request_id=2", "SV2-05-056;SV2-05-034"),
    ("opening-kind", "setup\n", "standard 2 7", "SV2-05-046"),
    ("opening-target", "setup\n", "standard 2 7", "SV2-05-043;SV2-05-047"),
    ("opening-target", "setup\n", "< OpenStandardMiningChannel.Success target=1", "SV2-05-047"),
    ("opening-extranonce", "setup\n", "extended 2 7", "SV2-05-051;SV2-05-053"),
    ("opening-extranonce", "setup\n", "standard 2 7", ""),
    ("opening-extranonce", "setup\n", "< OpenExtendedMiningChannel.Success target=1", "SV2-05-053"),
    ("opening-refused", REFUSED, "standard 2 7", "SV2-05-057"),
    ("opening-refused", REFUSED, "< SetTarget", ""),
    ("opening-refused", "setup\n", "standard 2 7", ""),
    ("id-space", "setup\nstandard 2 7\n", "< SetGroupChannel group_channel_id=8 channel_ids=[2]", "SV2-05-021 SV2-05-173"),
    ("id-space", "setup\nstandard 2 7\n", "< SetTarget channel_id=2", ""),
    ("custom-job-answer", "setup\nextended 3 7\n> SetCustomMiningJob channel_id=3 request_id=5\n", "< SetCustomMiningJob.Success channel_id=3 request_id=5", "SV2-05-157"),
    ("known-address", "setup\nstandard 2 7\n", "< SetTarget channel_id=7", "SV2-05-014 SV2-03-026"),
    ("known-address", "setup\n> UpdateChannel channel_id=9\n", "< UpdateChannel.Error channel_id=9", "SV2-05-014 SV2-03-026"),
    ("known-address", "setup\nstandard 2 7\n", "< Reconnect", ""),
    ("known-address", EXTENDED, "< SetTarget | ext 2", ""),
    ("closed-channel", "setup\nstandard 2 7\nstandard 3 7\n> CloseChannel channel_id=2\nstandard 4 7\n", "< SetTarget channel_id=3", "SV2-05-068"),
    ("closed-channel", "setup\nstandard 2 7\nstandard 3 8\n> CloseChannel channel_id=7\nstandard 4 8\n", "< SetTarget channel_id=3", "SV2-05-075"),
    ("closed-channel", "setup\nstandard 2 7\nstandard 3 8\n> CloseChannel channel_id=7\n", "< SetTarget channel_id=3", ""),
    ("closed-channel", "setup\nstandard 2 7\nstandard 3 8\n< CloseChannel channel_id=7\nstandard 4 8\n", "< SetTarget channel_id=3", ""),
    ("closed-channel", "setup\nstandard 2 7\nstandard 3 8\n> CloseChannel channel_id=7\nstandard 4 8\n", "< UpdateChannel.Error channel_id=3", ""),
    ("job-address", "setup\nstandard 2 7\n", "job 2 1 none", "SV2-05-004"),
    ("job-address", "setup\nstandard 2 7\n", "xjob 7 1 none", "SV2-05-005"),
    ("job-address", "setup\nextended 3 7\n", "xjob 3 1 none", "SV2-05-005"),
    ("job-address", "setup\n", "xjob 3 1 none", ""),
    ("prefix-address", "setup\nextended 3 7\n", "< SetExtranoncePrefix channel_id=3", "SV2-05-080"),
    ("extranonce-sizes", "setup\n", "standard 2 7", ""),
    ("extranonce-sizes", "setup\nstandard 2 7\n", "standard 3 7", "SV2-05-007"),
    ("extranonce-sizes", "setup\nstandard 2 7\nstandard 3 8\n", "< SetGroupChannel group_channel_id=7 channel_ids=[3]", "SV2-05-176;SV2-05-007"),
    ("extranonce-sizes", "setup\nextended 2 7\nextended 3 7\n", "xjob 7 1 none", ""),
    ("extranonce-sizes", "setup\nextended 2 7\nextended 3 7\n< SetExtranoncePrefix channel_id=3 extranonce_prefix=04040404\n", "xjob 7 1 none", "SV2-05-081"),
    ("extranonce-sizes", "setup flags=1\nextended 2 7\nextended 3 7\n< SetExtranoncePrefix channel_id=3 extranonce_prefix=04040404\n", "xjob 7 1 none", ""),
    ("group-prefixes", "setup\n", "standard 2 7", ""),
    ("group-prefixes", "setup\nstandard 2 7\n", "standard 3 7", "SV2-05-048"),
    ("group-prefixes", "setup\nextended 2 7\n", "extended 3 7", "SV2-05-048"),
    ("group-prefixes", "setup flags=1\nstandard 2 7\n", "standard 3 7", ""),
    ("first-message", "setup flags=1\nstandard 2 7\n", "job 2 1 none", "SV2-05-115;SV2-05-116"),
    ("first-message", "setup flags=1\nstandard 2 7\njob 2 1 none\n", "job 2 2 none", ""),
    ("first-message", "setup\nstandard 2 7\n", "job 2 1 none", "SV2-05-116"),
    ("prev-hash-first", "setup\nstandard 2 7\n", "job 2 1 none", ""),
    ("prev-hash-first", "setup\nstandard 2 7\n", "job 3 1 9", ""),
    ("names-future-job", "setup\nstandard 2 7\njob 2 1 none\n", "tip 2 1 77", "SV2-05-145"),
    ("names-future-job", "setup\nstandard 2 7\njob 2 1 none\n", "tip 3 1 77", ""),
    ("coinbase-parts", "setup\nstandard 2 7\n", "xjob 3 1 none", ""),
    ("coinbase-parts", "setup\nstandard 2 7\n", "xjob 7 1 none", "SV2-03-095 SV2-05-135 SV2-05-137 SV2-05-008"),
    ("target-maximum", "setup\nstandard 2 7\nstandard 3 7\n", "< SetTarget channel_id=7", "SV2-05-170;SV2-05-170"),
    ("accounting", BATCH, "< SubmitShares.Success channel_id=2 last_sequence_number=1 new_submits_accepted_count=1 new_shares_sum=64", "SV2-05-097 SV2-05-100 SV2-05-103 SV2-05-111"),
    ("accounting", BATCH, "< SubmitShares.Success channel_id=2 last_sequence_number=2 new_submits_accepted_count=2 new_shares_sum=128", "SV2-05-097 SV2-05-100 SV2-05-103 SV2-05-111;SV2-05-098"),
    ("accounting", BATCH, "< SubmitShares.Success channel_id=2 last_sequence_number=2 new_shares_sum=128", "SV2-05-097 SV2-05-100 SV2-05-103 SV2-05-111"),
    ("accounting", BATCH, "< SubmitShares.Error channel_id=2 sequence_number=2", "SV2-05-111"),
    ("acknowledged-number", BATCH, "< SubmitShares.Success channel_id=2 last_sequence_number=1", "SV2-05-099"),
    ("one-error-per-share", BATCH, "< SubmitShares.Error channel_id=2 sequence_number=2", "SV2-05-107"),
    ("difficulty-sum", BATCH, "< SubmitShares.Success channel_id=2 last_sequence_number=1 new_submits_accepted_count=1 new_shares_sum=64", "SV2-05-101 SV2-05-102"),
    ("difficulty-sum", BATCH, "< SetTarget channel_id=2 maximum_target=x00000001000000000000000000000000000000000000000000000000000000\n< SubmitShares.Success channel_id=2 last_sequence_number=1 new_submits_accepted_count=1 new_shares_sum=64", "SV2-05-101 SV2-05-102"),
    ("disjoint-work", "setup\nstandard 2 7\njob 2 1 none\n", "tip 2 1 77", "SV2-05-002"),
    ("disjoint-work", "setup\nextended 3 7\nxjob 3 1 none\n", "tip 3 1 77", "SV2-05-002 SV2-05-054"),
    ("disjoint-work", "setup\nextended 3 7\n", "xjob 3 1 none", ""),
    ("speculation", "setup\nstandard 2 7\njob 2 1 none\n", "tip 2 1 77", "SV2-05-009"),
    ("speculation", "setup\nstandard 2 7\njob 2 1 none\n+ 9\ntip 2 1 77\n", "job 2 2 9", "SV2-05-011"),
    ("speculation", "setup\nstandard 2 7\njob 2 1 none\ntip 2 1 77\n", "job 2 2 9", ""),
    ("fresh-work", "setup\nstandard 2 7\njob 2 1 none\n", "job 2 2 none", "SV2-05-003"),
    ("fresh-work", "setup\nstandard 2 7\n", "job 2 1 none", ""),
    ("fresh-work", "setup\nextended 3 7\nxjob 3 1 none\n", "xjob 3 2 none", ""),
];

/// The rulings of one rule about what `last` adds to a trace.
pub(crate) fn last_said(rule: &str, begin: &str, last: &str) -> Vec<Judgement> {
    judged(&format!("{begin}...\n{last}"), |other| other.name == rule)
}

#[test]
fn a_clause_is_kept_where_it_could_have_been_broken() {
    for (rule, begin, last, expected) in OCCASIONS {
        let said = last_said(rule, begin, last);
        assert!(
            said.iter().all(|judgement| judgement.ruling == Ruling::Kept),
            "{rule}: {begin}{last}: {said:?}"
        );
        let kept: Vec<String> = said.iter().map(|judgement| judgement.clauses.join(" ")).collect();
        assert_eq!(kept.join(";"), *expected, "{rule}: {begin}{last}");
    }
}
