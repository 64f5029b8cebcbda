//! Groups: sizes, prefixes, members.

use crate::Traces;

pub(crate) const TRACES: &[Traces] = &[
    Traces {
        rule: "extranonce-sizes",
        keeps: &[
            // While prefixes are being changed one after the other, others may join.
            "setup
             extended 2 7
             extended 3 7
             < SetExtranoncePrefix channel_id=3 extranonce_prefix=0808080808
             extended 4 7",
            // A change that leaves the sizes equal.
            "setup
             extended 2 7
             extended 3 7
             < SetExtranoncePrefix channel_id=3 extranonce_prefix=08080808
             xjob 7 1 none",
            // 0 may stand for no group (AMB-140).
            "setup
             standard 2 7
             > OpenExtendedMiningChannel request_id=1 max_target=5000
             < OpenExtendedMiningChannel.Success request_id=1 channel_id=3 target=1000 group_channel_id=8 extranonce_prefix=0303 extranonce_size=8
             < SetGroupChannel group_channel_id=0 channel_ids=[2;3]",
            // Where standard jobs are required, groups mean nothing (AMB-36), and neither sizes nor prefixes matter.
            "setup flags=1
             > OpenStandardMiningChannel request_id=1 max_target=9
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=9 group_channel_id=7 extranonce_prefix=0202
             > OpenStandardMiningChannel request_id=2 max_target=9
             < OpenStandardMiningChannel.Success request_id=2 channel_id=3 target=9 group_channel_id=7 extranonce_prefix=020202
             > OpenStandardMiningChannel request_id=3 max_target=9
             < OpenStandardMiningChannel.Success request_id=3 channel_id=4 target=9 group_channel_id=7 extranonce_prefix=0202",
        ],
        breaks: &[
            (
                "extranonce-sizes strict SV2-05-007",
                "setup
                 extended 3 7
                 > OpenStandardMiningChannel request_id=1 max_target=5000
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=9 group_channel_id=7 extranonce_prefix=0202",
            ),
            // SetGroupChannel brings a channel to others of another size.
            (
                "extranonce-sizes strict SV2-05-007",
                "setup
                 extended 3 7
                 > OpenStandardMiningChannel request_id=1 max_target=5000
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=9 group_channel_id=8 extranonce_prefix=0202
                 < SetGroupChannel group_channel_id=7 channel_ids=[2]",
            ),
            // That sizes have always differed is not for the rule on changes.
            (
                "extranonce-sizes strict SV2-05-007;coinbase-parts strict SV2-05-008",
                "setup
                 extended 3 7
                 > OpenStandardMiningChannel request_id=1 max_target=5000
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=9 group_channel_id=7 extranonce_prefix=0202
                 xjob 7 1 none",
            ),
            // Coinbases of different lengths cannot meet, whatever their prefixes.
            (
                "extranonce-sizes strict SV2-05-007",
                "setup
                 standard 2 7
                 > OpenExtendedMiningChannel request_id=1 max_target=9
                 < OpenExtendedMiningChannel.Success request_id=1 channel_id=3 target=9 group_channel_id=7 extranonce_prefix=02020202 extranonce_size=9",
            ),
            (
                "extranonce-sizes strict SV2-05-007",
                "setup
                 extended 2 7
                 > OpenStandardMiningChannel request_id=1 max_target=9
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=3 target=9 group_channel_id=7 extranonce_prefix=02020202020202020202020202",
            ),
            // A channel that was opened again has not been changed.
            (
                "channel-ids info AMB-143 SV2-05-013;extranonce-sizes strict SV2-05-007",
                "setup
                 extended 3 7
                 extended 4 7
                 extended 5 8
                 < SetExtranoncePrefix channel_id=4 extranonce_prefix=0808080808
                 > CloseChannel channel_id=4
                 < SetExtranoncePrefix channel_id=5 extranonce_prefix=0808080808
                 > OpenStandardMiningChannel request_id=1 max_target=5000
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=4 target=9 group_channel_id=7 extranonce_prefix=0202",
            ),
        ],
    },
    Traces {
        rule: "standard-jobs-only",
        keeps: &[],
        breaks: &[(
            "standard-jobs-only strict SV2-05-023;coinbase-parts strict SV2-05-008",
            "setup flags=1
             extended 2 7
             extended 3 7
             < SetExtranoncePrefix channel_id=3 extranonce_prefix=0808080808
             xjob 7 1 none",
        )],
    },
    Traces {
        rule: "membership",
        keeps: &[],
        breaks: &[(
            "membership lenient AMB-140 SV2-05-022;membership lenient AMB-140 SV2-05-022;membership lenient AMB-140 SV2-05-022",
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=9
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=9 extranonce_prefix=0202
             < SetTarget channel_id=0 maximum_target=9
             > OpenStandardMiningChannel request_id=2 max_target=9
             < OpenStandardMiningChannel.Success request_id=2 channel_id=3 target=9 extranonce_prefix=020202
             > OpenStandardMiningChannel request_id=3 max_target=9
             < OpenStandardMiningChannel.Success request_id=3 channel_id=4 target=9 extranonce_prefix=0202",
        )],
    },
    Traces {
        rule: "group-prefixes",
        keeps: &[],
        breaks: &[
            (
                "group-prefixes strict SV2-05-048",
                "setup
                 standard 2 7
                 > OpenExtendedMiningChannel request_id=1 max_target=9
                 < OpenExtendedMiningChannel.Success request_id=1 channel_id=3 target=9 group_channel_id=7 extranonce_prefix=02020202 extranonce_size=8",
            ),
            (
                "group-prefixes strict SV2-05-048",
                "setup
                 standard 2 7
                 standard 3 7
                 standard 4 7
                 > OpenStandardMiningChannel request_id=1 max_target=9
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=5 target=9 group_channel_id=7 extranonce_prefix=040404040404040404040404",
            ),
        ],
    },
    Traces {
        rule: "group-members",
        keeps: &[],
        breaks: &[
            // Who closes a channel itself knows of it.
            (
                "group-members strict SV2-05-174",
                "setup
                 standard 2 7
                 < CloseChannel channel_id=2
                 < SetGroupChannel group_channel_id=8 channel_ids=[2]",
            ),
            (
                "group-members strict SV2-05-174",
                "setup
                 standard 2 7
                 < CloseChannel channel_id=7
                 < SetGroupChannel group_channel_id=8 channel_ids=[2]",
            ),
        ],
    },
];
