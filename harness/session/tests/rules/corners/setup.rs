//! Set-up, and what the client's garbage excuses.

use crate::Traces;

pub(crate) const TRACES: &[Traces] = &[
    Traces {
        rule: "setup-answer",
        keeps: &[
            "> SetupConnection min_version=2 max_version=2
             > SetTarget channel_id=2
             < SetupConnection.Success used_version=2
             < SetupConnection.Success used_version=2",
            "setup
             > SetTarget | type 0x7f
             < SetupConnection.Error",
            "setup
             > RequestExtensions | cut 1
             < SetupConnection.Error",
        ],
        breaks: &[
            // Who begins with something else may be told so, and may then ask.
            (
                "setup-answer info AMB-26 SV2-03-060",
                "> OpenStandardMiningChannel request_id=1 max_target=5000
                 < SetupConnection.Error error_code=setup-connection-required
                 < close",
            ),
            (
                "setup-answer info AMB-26 SV2-03-060",
                "> OpenStandardMiningChannel request_id=1 max_target=5000
                 < SetupConnection.Error error_code=setup-connection-required
                 > SetupConnection min_version=2 max_version=2
                 < SetupConnection.Success used_version=2",
            ),
            ("setup-answer strict SV2-03-060", "< SetupConnection.Error error_code=no"),
            // Before the answer no subprotocol is agreed on.
            (
                "setup-answer info AMB-127 SV2-03-060",
                "> SetupConnection min_version=2 max_version=2
                 < NewTemplate
                 < SetupConnection.Success used_version=2",
            ),
            // A frame of an extension that nobody knows is no garbage.
            (
                "setup-answer strict SV2-03-060",
                "setup
                 > RequestExtensions | ext 2, type 0x77
                 < SetupConnection.Success used_version=2",
            ),
        ],
    },
    Traces {
        rule: "setup-version",
        keeps: &[
            "> SetupConnection min_version=3 max_version=2
             < SetupConnection.Success used_version=5",
            // Who was refused asks for something else.
            "> SetupConnection min_version=3 max_version=3
             < SetupConnection.Error error_code=version
             > SetupConnection min_version=2 max_version=2
             < SetupConnection.Success used_version=2",
        ],
        breaks: &[],
    },
    Traces {
        rule: "setup-refusal",
        keeps: &[
            "> SetupConnection min_version=2 max_version=2
             < SetupConnection.Error
             > SetupConnection min_version=2 max_version=2
             < SetupConnection.Success used_version=2
             standard 2 7",
            "setup
             < close",
        ],
        breaks: &[(
            "setup-refusal lenient AMB-26 SV2-03-077",
            "setup flags=1
             standard 2 7
             job 2 1 none
             tip 2 1 77
             > SetupConnection min_version=2 max_version=2 flags=1
             < SetupConnection.Error error_code=already-set-up
             job 2 2 1700000001",
        )],
    },
    Traces {
        rule: "server-flags",
        keeps: &["> SetupConnection protocol=9 min_version=2 max_version=2
             < SetupConnection.Success used_version=2 flags=1"],
        breaks: &[
            (
                "server-flags lenient AMB-29 SV2-03-074",
                "> SetupConnection protocol=2 min_version=2 max_version=2
                 < SetupConnection.Success used_version=2 flags=1",
            ),
            // What REQUIRES_VERSION_ROLLING is on a mining connection, and REQUIRES_FIXED_VERSION, are other things here.
            (
                "server-flags lenient AMB-29 SV2-03-074",
                "> SetupConnection protocol=1 min_version=2 max_version=2 flags=4
                 < SetupConnection.Success used_version=2 flags=1",
            ),
        ],
    },
    Traces {
        rule: "flags-not-echoed",
        keeps: &[
            "A > SetupConnection min_version=2 max_version=2 flags=0
             A < SetupConnection.Success used_version=2 flags=0
             B > SetupConnection min_version=2 max_version=2 flags=1
             B < SetupConnection.Success used_version=2 flags=1
             C > SetupConnection min_version=2 max_version=2 flags=1
             C < SetupConnection.Success used_version=2 flags=1",
            // Which of two requests was answered is open.
            "A > SetupConnection min_version=2 max_version=2 flags=2
             A > SetupConnection min_version=2 max_version=2 flags=2
             A < SetupConnection.Success used_version=2 flags=2
             B > SetupConnection min_version=2 max_version=2 flags=1
             B < SetupConnection.Success used_version=2 flags=1",
        ],
        breaks: &[],
    },
    Traces {
        rule: "fixed-version",
        keeps: &[
            "> SetupConnection min_version=2 max_version=2 flags=1
             < SetupConnection.Success used_version=2 flags=1",
            "> SetupConnection min_version=2 max_version=2 flags=4
             < SetupConnection.Error flags=4 error_code=no
             > SetupConnection min_version=2 max_version=2
             < SetupConnection.Success used_version=2 flags=1",
        ],
        breaks: &[],
    },
    Traces {
        rule: "version-rolling",
        keeps: &[
            "setup
             extended 3 7
             xjob 3 1 none version_rolling_allowed=false",
            "> SetupConnection min_version=2 max_version=2 flags=7
             < SetupConnection.Error flags=2 error_code=no-work-selection
             > SetupConnection min_version=2 max_version=2
             < SetupConnection.Success used_version=2
             extended 3 7
             xjob 3 1 none version_rolling_allowed=false",
        ],
        breaks: &[],
    },
    Traces {
        rule: "subprotocol",
        keeps: &[
            "> SetupConnection protocol=9 min_version=2 max_version=2
             < SetupConnection.Success used_version=2
             < NewTemplate",
            "> SetupConnection protocol=2 min_version=2 max_version=2
             < SetupConnection.Success used_version=2
             < NewTemplate",
            "> SetupConnection protocol=1 min_version=2 max_version=2
             < SetupConnection.Error error_code=no-jd
             > SetupConnection min_version=2 max_version=2
             < SetupConnection.Success used_version=2
             standard 2 7
             job 2 1 none",
        ],
        breaks: &[
            // The flags of job declaration are not those of mining.
            (
                "subprotocol strict SV2-08-005;known-address strict SV2-05-014 SV2-03-026",
                "> SetupConnection protocol=1 flags=4 min_version=2 max_version=2
                 < SetupConnection.Success used_version=2
                 < NewExtendedMiningJob version=4",
            ),
            (
                "subprotocol strict SV2-08-005",
                "> SetupConnection protocol=1 flags=1 min_version=2 max_version=2
                 < SetupConnection.Success used_version=2
                 < SetGroupChannel",
            ),
        ],
    },
    Traces {
        rule: "standard-jobs-only",
        keeps: &["setup flags=4
             extended 3 7
             xjob 3 1 none"],
        breaks: &[],
    },
];
