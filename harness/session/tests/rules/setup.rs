//! Set-up and what both sides promised there.

use crate::Traces;

pub(crate) const TRACES: &[Traces] = &[
    Traces {
        rule: "setup-answer",
        keeps: &[
            "setup",
            "> SetupConnection min_version=2 max_version=2
             > SetupConnection min_version=2 max_version=2
             < SetupConnection.Success used_version=2
             < SetupConnection.Error",
        ],
        breaks: &[
            (
                "setup-answer strict SV2-03-060",
                "setup
                 < SetupConnection.Success used_version=2",
            ),
            (
                "setup-answer info AMB-127 SV2-03-060",
                "> SetupConnection min_version=2 max_version=2
                 < Reconnect
                 < SetupConnection.Success used_version=2",
            ),
        ],
    },
    Traces {
        rule: "setup-version",
        keeps: &[
            "setup",
            "> SetupConnection min_version=2 max_version=9
             < SetupConnection.Success used_version=3",
        ],
        breaks: &[(
            "setup-version strict SV2-03-071",
            "> SetupConnection min_version=2 max_version=2
                 < SetupConnection.Success used_version=3",
        )],
    },
    Traces {
        rule: "setup-refusal",
        keeps: &["> SetupConnection
             < SetupConnection.Error
             < close"],
        breaks: &[(
            "setup-refusal strict SV2-03-077",
            "> SetupConnection
                 < SetupConnection.Error
                 > OpenStandardMiningChannel max_target=9
                 < OpenStandardMiningChannel.Success target=9 channel_id=2 group_channel_id=7",
        )],
    },
    Traces {
        rule: "server-flags",
        keeps: &["> SetupConnection min_version=2 max_version=2 flags=0
             < SetupConnection.Success used_version=2 flags=3"],
        breaks: &[
            (
                "server-flags lenient AMB-29 SV2-03-074 SV2-05-031",
                "> SetupConnection min_version=2 max_version=2 flags=0
                 < SetupConnection.Success used_version=2 flags=4",
            ),
            (
                "server-flags lenient AMB-29 SV2-03-074",
                "> SetupConnection protocol=1 min_version=2 max_version=2
                 < SetupConnection.Success used_version=2 flags=1",
            ),
        ],
    },
    Traces {
        rule: "flags-not-echoed",
        keeps: &["A > SetupConnection min_version=2 max_version=2 flags=1
             < SetupConnection.Success used_version=2 flags=1
             B > SetupConnection min_version=2 max_version=2 flags=2
             B < SetupConnection.Success used_version=2 flags=1"],
        breaks: &[(
            "flags-not-echoed strict SV2-03-074",
            "A > SetupConnection min_version=2 max_version=2 flags=1
                 A < SetupConnection.Success used_version=2 flags=1
                 B > SetupConnection min_version=2 max_version=2 flags=2
                 B < SetupConnection.Success used_version=2 flags=2",
        )],
    },
    Traces {
        rule: "fixed-version",
        keeps: &["> SetupConnection min_version=2 max_version=2 flags=4
             < SetupConnection.Success used_version=2 flags=0"],
        breaks: &[(
            "fixed-version strict SV2-05-026",
            "> SetupConnection min_version=2 max_version=2 flags=4
                 < SetupConnection.Success used_version=2 flags=1",
        )],
    },
    Traces {
        rule: "version-rolling",
        keeps: &[
            "> SetupConnection min_version=2 max_version=2 flags=4
             < SetupConnection.Success used_version=2 flags=0
             extended 3 7
             xjob 3 1 none",
            "> SetupConnection min_version=2 max_version=2 flags=0
             < SetupConnection.Success used_version=2 flags=1
             extended 3 7
             xjob 3 1 none version_rolling_allowed=false",
        ],
        breaks: &[
            (
                "version-rolling strict SV2-05-025",
                "> SetupConnection min_version=2 max_version=2 flags=4
                 < SetupConnection.Success used_version=2 flags=0
                 extended 3 7
                 xjob 3 1 none version_rolling_allowed=false",
            ),
            (
                "version-rolling strict SV2-05-027",
                "> SetupConnection min_version=2 max_version=2 flags=0
                 < SetupConnection.Success used_version=2 flags=1
                 extended 3 7
                 xjob 3 1 none",
            ),
        ],
    },
    Traces {
        rule: "extended-channels-only",
        keeps: &["> SetupConnection min_version=2 max_version=2 flags=0
             < SetupConnection.Success used_version=2 flags=2
             > OpenStandardMiningChannel request_id=1
             < OpenMiningChannel.Error request_id=1
             extended 3 7"],
        breaks: &[(
            "extended-channels-only strict SV2-05-029",
            "> SetupConnection min_version=2 max_version=2 flags=0
                 < SetupConnection.Success used_version=2 flags=2
                 standard 2 7",
        )],
    },
    Traces {
        rule: "standard-jobs-only",
        keeps: &["setup flags=1
             standard 2 7
             job 2 1 none
             tip 2 1 77"],
        breaks: &[
            (
                "standard-jobs-only strict SV2-05-023",
                "setup flags=1
                 extended 3 7
                 xjob 3 1 none",
            ),
            (
                "standard-jobs-only strict SV2-05-175",
                "setup flags=1
                 standard 2 7
                 job 2 1 none
                 < SetGroupChannel group_channel_id=8 channel_ids=[2]",
            ),
        ],
    },
];
