//! Openings, ids, addresses, groups.

use crate::Traces;

pub(crate) const TRACES: &[Traces] = &[
    Traces {
        rule: "opening-answer",
        keeps: &[
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=5000
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=9 group_channel_id=7 extranonce_prefix=0202",
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=5000
             > OpenStandardMiningChannel request_id=2
             < OpenMiningChannel.Error request_id=2
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=9 group_channel_id=7 extranonce_prefix=0202",
            "setup
             > garbage
             < OpenMiningChannel.Error request_id=9",
        ],
        breaks: &[
            (
                "opening-answer strict SV2-05-034",
                "setup
                 > OpenStandardMiningChannel request_id=1 max_target=5000
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=9 group_channel_id=7 extranonce_prefix=0202
                 < OpenMiningChannel.Error request_id=1",
            ),
            (
                "opening-answer strict SV2-05-045",
                "setup
                 > OpenStandardMiningChannel request_id=1 max_target=5000
                 < OpenStandardMiningChannel.Success request_id=8 channel_id=2 target=9 group_channel_id=7 extranonce_prefix=0202",
            ),
            (
                "opening-answer strict SV2-05-056",
                "setup
                 > OpenStandardMiningChannel request_id=1 max_target=5000
                 < OpenMiningChannel.Error request_id=8",
            ),
        ],
    },
    Traces {
        rule: "opening-kind",
        keeps: &[
            "setup
             standard 2 7
             extended 3 7",
        ],
        breaks: &[
            (
                "opening-kind strict SV2-05-046",
                "setup
                 > OpenExtendedMiningChannel request_id=1 max_target=5000 min_extranonce_size=0
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=9 group_channel_id=7 extranonce_prefix=0202",
            ),
        ],
    },
    Traces {
        rule: "opening-target",
        keeps: &[
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=5000
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=5000 group_channel_id=7 extranonce_prefix=0202",
        ],
        breaks: &[
            (
                "opening-target strict SV2-05-043",
                "setup
                 > OpenStandardMiningChannel request_id=1 max_target=5000
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=5001 group_channel_id=7 extranonce_prefix=0202",
            ),
            (
                "opening-target strict SV2-05-047",
                "setup
                 > OpenStandardMiningChannel request_id=1 max_target=5000
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=0 group_channel_id=7 extranonce_prefix=0202",
            ),
            (
                "opening-target lenient AMB-47 SV2-05-047",
                "setup
                 > OpenStandardMiningChannel request_id=1
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=0 group_channel_id=7 extranonce_prefix=0202",
            ),
        ],
    },
    Traces {
        rule: "opening-extranonce",
        keeps: &[
            "setup
             > OpenExtendedMiningChannel request_id=1 max_target=5000 min_extranonce_size=8
             < OpenExtendedMiningChannel.Success request_id=1 channel_id=2 target=9 group_channel_id=7 extranonce_prefix=000000000000000000000000000000000000000000000000 extranonce_size=8",
        ],
        breaks: &[
            (
                "opening-extranonce strict SV2-05-051",
                "setup
                 > OpenExtendedMiningChannel request_id=1 max_target=5000 min_extranonce_size=9
                 < OpenExtendedMiningChannel.Success request_id=1 channel_id=2 target=9 group_channel_id=7 extranonce_prefix=00 extranonce_size=8",
            ),
            (
                "opening-extranonce strict SV2-05-053",
                "setup
                 > OpenExtendedMiningChannel request_id=1 max_target=5000 min_extranonce_size=9
                 < OpenExtendedMiningChannel.Success request_id=1 channel_id=2 target=9 group_channel_id=7 extranonce_prefix=00 extranonce_size=33",
            ),
            (
                "opening-extranonce lenient AMB-146 SV2-05-053",
                "setup
                 > OpenExtendedMiningChannel request_id=1 max_target=5000 min_extranonce_size=9
                 < OpenExtendedMiningChannel.Success request_id=1 channel_id=2 target=9 group_channel_id=7 extranonce_prefix=00 extranonce_size=32",
            ),
            (
                "opening-extranonce strict SV2-05-053",
                "setup flags=2
                 > OpenExtendedMiningChannel request_id=1 max_target=5000 min_extranonce_size=9
                 < OpenExtendedMiningChannel.Success request_id=1 channel_id=2 target=9 group_channel_id=7 extranonce_prefix=00 extranonce_size=32",
            ),
        ],
    },
    Traces {
        rule: "opening-refused",
        keeps: &[
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=5000
             < OpenMiningChannel.Error request_id=1
             standard 2 7
             + 60
             < close",
        ],
        breaks: &[
            (
                "opening-refused lenient AMB-142 SV2-05-057",
                "setup
                 > OpenStandardMiningChannel request_id=1 max_target=5000
                 < OpenMiningChannel.Error request_id=1
                 < close",
            ),
        ],
    },
    Traces {
        rule: "channel-ids",
        keeps: &[
            "setup
             standard 2 7
             standard 3 7",
        ],
        breaks: &[
            (
                "channel-ids strict SV2-05-013",
                "setup
                 standard 2 7
                 standard 2 7",
            ),
            (
                "channel-ids info AMB-143 SV2-05-013",
                "setup
                 standard 2 7
                 > CloseChannel channel_id=2
                 standard 2 7",
            ),
        ],
    },
    Traces {
        rule: "id-space",
        keeps: &[
            "setup
             standard 2 7
             extended 3 7
             < SetGroupChannel group_channel_id=8 channel_ids=[2]",
            "setup
             standard 2 7
             standard 3 8",
        ],
        breaks: &[
            (
                "id-space strict SV2-05-021",
                "setup
                 standard 2 7
                 standard 3 2",
            ),
            (
                "id-space strict SV2-05-021",
                "setup
                 standard 2 7
                 standard 7 8",
            ),
            (
                "id-space strict SV2-05-021",
                "setup
                 standard 2 2",
            ),
            (
                "id-space info AMB-36 SV2-05-021",
                "setup flags=1
                 standard 2 2",
            ),
            (
                "id-space strict SV2-05-173",
                "setup
                 standard 2 7
                 > CloseChannel channel_id=2
                 standard 7 8",
            ),
            (
                "id-space strict SV2-05-173",
                "setup
                 standard 2 7
                 > CloseChannel channel_id=2
                 standard 3 2",
            ),
        ],
    },
    Traces {
        rule: "membership",
        keeps: &[
            "setup
             standard 2 7",
        ],
        breaks: &[
            (
                "membership lenient AMB-140 SV2-05-022",
                "setup
                 standard 2 0",
            ),
        ],
    },
    Traces {
        rule: "custom-job-answer",
        keeps: &[
            "setup flags=2
             extended 3 7
             > SetCustomMiningJob channel_id=3 request_id=5
             < SetCustomMiningJob.Success channel_id=3 request_id=5 job_id=1",
            "setup flags=2
             extended 3 7
             > SetCustomMiningJob channel_id=3 request_id=5
             < SetCustomMiningJob.Error channel_id=3 request_id=5",
        ],
        breaks: &[
            (
                "custom-job-answer strict SV2-05-157",
                "setup flags=2
                 extended 3 7
                 > SetCustomMiningJob channel_id=3 request_id=5
                 < SetCustomMiningJob.Success channel_id=3 request_id=6 job_id=1",
            ),
            (
                "custom-job-answer strict SV2-05-163",
                "setup flags=2
                 extended 3 7
                 > SetCustomMiningJob channel_id=3 request_id=5
                 < SetCustomMiningJob.Error channel_id=3 request_id=6",
            ),
            (
                "custom-job-answer strict SV2-05-163",
                "setup flags=2
                 extended 3 7
                 > SetCustomMiningJob channel_id=3 request_id=5
                 < SetCustomMiningJob.Success channel_id=3 request_id=5 job_id=1
                 < SetCustomMiningJob.Error channel_id=3 request_id=5",
            ),
        ],
    },
    Traces {
        rule: "known-address",
        keeps: &[
            "setup
             standard 2 7
             < SetTarget channel_id=7 maximum_target=9
             > SubmitSharesStandard channel_id=99 sequence_number=4
             < SubmitShares.Error channel_id=99 sequence_number=4",
        ],
        breaks: &[
            (
                "known-address strict SV2-05-014 SV2-03-026",
                "setup
                 standard 2 7
                 < SetTarget channel_id=3 maximum_target=9",
            ),
            (
                "payload-layout strict SV2-05-165 SV2-03-025;known-address strict SV2-03-026",
                "setup
                 standard 2 7
                 < SetTarget channel_id=2 | cut 33",
            ),
        ],
    },
    Traces {
        rule: "closed-channel",
        keeps: &[
            "setup
             standard 2 7
             standard 3 7
             > CloseChannel channel_id=2
             < SetTarget channel_id=2 maximum_target=9
             standard 4 7
             < SetTarget channel_id=3 maximum_target=9",
        ],
        breaks: &[
            (
                "closed-channel strict SV2-05-075",
                "setup
                 standard 2 7
                 > CloseChannel channel_id=7
                 standard 4 8
                 < SetTarget channel_id=2 maximum_target=9",
            ),
            (
                "closed-channel strict SV2-05-068",
                "setup
                 standard 2 7
                 > CloseChannel channel_id=2
                 standard 4 7
                 < SetTarget channel_id=2 maximum_target=9",
            ),
        ],
    },
    Traces {
        rule: "job-address",
        keeps: &[
            "setup
             standard 2 7
             extended 3 7
             job 2 1 none
             xjob 3 1 none
             xjob 7 1 none",
        ],
        breaks: &[
            (
                "job-address strict SV2-05-004",
                "setup
                 extended 3 7
                 job 3 1 none",
            ),
            (
                "job-address strict SV2-05-004",
                "setup
                 standard 2 7
                 job 7 1 none",
            ),
            (
                "job-address strict SV2-05-005",
                "setup
                 standard 2 7
                 xjob 2 1 none",
            ),
        ],
    },
    Traces {
        rule: "prefix-address",
        keeps: &[
            "setup
             extended 3 7
             < SetExtranoncePrefix channel_id=3 extranonce_prefix=04040404",
        ],
        breaks: &[
            (
                "prefix-address strict SV2-05-080",
                "setup
                 extended 3 7
                 < SetExtranoncePrefix channel_id=7 extranonce_prefix=04040404",
            ),
        ],
    },
    Traces {
        rule: "prev-hash-address",
        keeps: &[
            "setup
             standard 2 7
             standard 3 7
             job 2 1 none
             tip 2 1 77
             job 3 1 none
             tip 3 1 77
             xjob 7 2 none
             tip 7 2 78",
        ],
        breaks: &[
            (
                "prev-hash-address info - SV2-05-140",
                "setup
                 standard 2 7
                 job 2 1 none
                 tip 2 1 77
                 job 2 2 none
                 tip 2 2 77",
            ),
        ],
    },
    Traces {
        rule: "extranonce-sizes",
        keeps: &[
            "setup
             standard 2 7
             extended 3 7
             < SetExtranoncePrefix channel_id=2 extranonce_prefix=0909090909090909
             < SetExtranoncePrefix channel_id=3 extranonce_prefix=0808080808080808
             < SetExtranoncePrefix channel_id=2 extranonce_prefix=09090909090909090909090909090909
             < SetGroupChannel group_channel_id=8 channel_ids=[2;3]",
        ],
        breaks: &[
            (
                "extranonce-sizes strict SV2-05-007",
                "setup
                 standard 2 7
                 > OpenExtendedMiningChannel request_id=1 max_target=5000 min_extranonce_size=8
                 < OpenExtendedMiningChannel.Success request_id=1 channel_id=3 target=9 group_channel_id=7 extranonce_prefix=0303 extranonce_size=8",
            ),
            (
                "extranonce-sizes strict SV2-05-176",
                "setup
                 standard 2 7
                 > OpenExtendedMiningChannel request_id=1 max_target=5000 min_extranonce_size=8
                 < OpenExtendedMiningChannel.Success request_id=1 channel_id=3 target=9 group_channel_id=8 extranonce_prefix=0303 extranonce_size=8
                 < SetGroupChannel group_channel_id=9 channel_ids=[2;3]",
            ),
            (
                "extranonce-sizes strict SV2-05-081;coinbase-parts strict SV2-05-008",
                "setup
                 extended 2 7
                 extended 3 7
                 < SetExtranoncePrefix channel_id=3 extranonce_prefix=0808080808
                 xjob 7 1 none",
            ),
        ],
    },
    Traces {
        rule: "group-prefixes",
        keeps: &[
            "setup
             standard 2 7
             standard 3 7
             extended 4 7",
        ],
        breaks: &[
            (
                "group-prefixes strict SV2-05-048",
                "setup
                 standard 2 7
                 > OpenStandardMiningChannel request_id=1 max_target=9
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=3 target=9 group_channel_id=7 extranonce_prefix=020202020202020202020202",
            ),
            (
                "group-prefixes strict SV2-05-048",
                "setup
                 extended 2 7
                 > OpenStandardMiningChannel request_id=1 max_target=9
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=3 target=9 group_channel_id=7 extranonce_prefix=020202020202020202020202",
            ),
        ],
    },
    Traces {
        rule: "group-members",
        keeps: &[
            "setup
             standard 2 7
             extended 3 7
             > CloseChannel channel_id=2
             < SetGroupChannel group_channel_id=8 channel_ids=[2;3]",
        ],
        breaks: &[
            (
                "group-members strict SV2-05-174",
                "setup
                 standard 2 7
                 < SetGroupChannel group_channel_id=8 channel_ids=[2;3]",
            ),
            (
                "group-members strict SV2-05-174",
                "setup
                 standard 2 7
                 > CloseChannel channel_id=2
                 standard 4 7
                 < SetGroupChannel group_channel_id=8 channel_ids=[2;4]",
            ),
        ],
    },
];
