//! Openings, ids, addresses.

use crate::Traces;

pub(crate) const TRACES: &[Traces] = &[
    Traces {
        rule: "opening-answer",
        keeps: &[
            // The same id twice has two answers, of either kind.
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=5000
             > OpenExtendedMiningChannel request_id=1 max_target=4000 min_extranonce_size=4
             < OpenExtendedMiningChannel.Success request_id=1 channel_id=3 target=5000 group_channel_id=7 extranonce_prefix=03 extranonce_size=3
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=5000 group_channel_id=7 extranonce_prefix=02020202",
            "setup
             > OpenExtendedMiningChannel request_id=1 max_target=4000 min_extranonce_size=4
             > OpenStandardMiningChannel request_id=1 max_target=5000
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=5000 group_channel_id=7 extranonce_prefix=02020202
             < OpenExtendedMiningChannel.Success request_id=1 channel_id=3 target=5000 group_channel_id=7 extranonce_prefix=03 extranonce_size=3",
            // What only a server sends is garbage when the client sends it.
            "setup
             > SetTarget channel_id=2
             < OpenMiningChannel.Error request_id=9",
            "setup
             > SetTarget | type 0x7f
             < OpenMiningChannel.Error request_id=9",
            "setup
             > RequestExtensions | cut 1
             < OpenMiningChannel.Error request_id=9",
        ],
        breaks: &[
            (
                "opening-answer strict SV2-05-034",
                "setup
                 > OpenStandardMiningChannel request_id=1 max_target=5000
                 < OpenMiningChannel.Error request_id=1
                 < OpenMiningChannel.Error request_id=1",
            ),
            // What does not belong to an open request is of no wrong kind, size or target.
            (
                "opening-answer strict SV2-05-034",
                "setup
                 > OpenStandardMiningChannel request_id=1 max_target=5000
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=9 group_channel_id=7 extranonce_prefix=020202020202020202
                 < OpenExtendedMiningChannel.Success request_id=1 channel_id=3 target=9000 group_channel_id=7 extranonce_prefix=03 extranonce_size=8",
            ),
            (
                "opening-answer strict SV2-05-034",
                "setup
                 > OpenExtendedMiningChannel request_id=1 max_target=5000 min_extranonce_size=8
                 < OpenExtendedMiningChannel.Success request_id=1 channel_id=2 target=9 group_channel_id=7 extranonce_prefix=02 extranonce_size=8
                 < OpenExtendedMiningChannel.Success request_id=1 channel_id=3 target=9000 group_channel_id=8 extranonce_prefix=03 extranonce_size=7",
            ),
            (
                "opening-answer strict SV2-05-056",
                "setup
                 > RequestExtensions | ext 2, type 0x77
                 < OpenMiningChannel.Error request_id=9",
            ),
        ],
    },
    Traces {
        rule: "opening-kind",
        keeps: &[],
        breaks: &[(
            "opening-kind strict SV2-05-046",
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=5000
             < OpenExtendedMiningChannel.Success request_id=1 channel_id=2 target=9 group_channel_id=7 extranonce_prefix=02 extranonce_size=8",
        )],
    },
    Traces {
        rule: "opening-target",
        keeps: &[],
        breaks: &[
            (
                "opening-answer strict SV2-05-045;opening-target strict SV2-05-047",
                "setup
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=0 group_channel_id=7 extranonce_prefix=0202",
            ),
        ],
    },
    Traces {
        rule: "opening-extranonce",
        keeps: &["setup
             > OpenExtendedMiningChannel request_id=1 max_target=5000 min_extranonce_size=8
             < OpenExtendedMiningChannel.Success request_id=1 channel_id=2 target=9 group_channel_id=7 extranonce_size=32"],
        breaks: &[],
    },
    Traces {
        rule: "opening-refused",
        keeps: &[
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=5000
             < OpenMiningChannel.Error request_id=1
             + 5
             < close",
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=5000
             < OpenMiningChannel.Error request_id=1
             > close",
            // A close may have to do with whatever the client said last.
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=5000
             < OpenMiningChannel.Error request_id=1
             > UpdateChannel channel_id=3
             < close",
        ],
        breaks: &[
            (
                "opening-refused lenient AMB-142 SV2-05-057",
                "setup
                 > OpenStandardMiningChannel request_id=1 max_target=5000
                 < OpenMiningChannel.Error request_id=1
                 + 4
                 < close",
            ),
            (
                "opening-refused lenient AMB-142 SV2-05-057",
                "setup
                 > OpenStandardMiningChannel request_id=1 max_target=5000
                 < OpenMiningChannel.Error request_id=1
                 > OpenExtendedMiningChannel request_id=2 max_target=5000
                 < close",
            ),
        ],
    },
    Traces {
        rule: "channel-ids",
        keeps: &[],
        breaks: &[(
            "channel-ids info AMB-143 SV2-05-013",
            "setup
             standard 2 7
             < CloseChannel channel_id=2
             standard 2 7",
        ),
        (
            "channel-ids info AMB-143 SV2-05-013",
            "setup
             standard 2 7
             > CloseChannel channel_id=7
             standard 2 7",
        ),
        // The opening itself is nothing for the channel that was closed.
        (
            "channel-ids info AMB-143 SV2-05-013",
            "setup
             standard 2 7
             > CloseChannel channel_id=2
             standard 3 7
             standard 2 7",
        )],
    },
    Traces {
        rule: "id-space",
        keeps: &["setup
             extended 0 7
             extended 3 7"],
        breaks: &[
            (
                "id-space strict SV2-05-021",
                "setup
                 standard 2 7
                 extended 3 7
                 < SetGroupChannel group_channel_id=2 channel_ids=[3]",
            ),
            (
                "id-space strict SV2-05-173",
                "setup
                 standard 2 7
                 extended 3 7
                 > CloseChannel channel_id=2
                 < SetGroupChannel group_channel_id=2 channel_ids=[3]",
            ),
            // A channel that is its own group gets jobs for groups.
            (
                "id-space strict SV2-05-021",
                "setup
                 standard 2 2
                 xjob 2 1 none",
            ),
        ],
    },
    Traces {
        rule: "membership",
        keeps: &[],
        breaks: &[
            // 0 as a group is nothing that ids could clash with (AMB-140).
            ("membership lenient AMB-140 SV2-05-022", "setup\nextended 0 0"),
            ("membership lenient AMB-140 SV2-05-022", "setup\nextended 0 7\nextended 3 0"),
            ("membership lenient AMB-140 SV2-05-022", "setup\nextended 3 0\nextended 0 7"),
            // The server closes the group, and its members with it.
            (
                "membership lenient AMB-140 SV2-05-022;channel-ids info AMB-143 SV2-05-013;membership lenient AMB-140 SV2-05-022",
                "setup
                 standard 2 0
                 < CloseChannel channel_id=0
                 standard 2 0",
            ),
            // Whether closing it closes its members is open, so that nothing is held against what comes for them.
            (
                "membership lenient AMB-140 SV2-05-022",
                "setup
                 standard 2 0
                 < SetTarget channel_id=0 maximum_target=9
                 > CloseChannel channel_id=0
                 standard 4 7
                 < SetTarget channel_id=2 maximum_target=9
                 < SetGroupChannel group_channel_id=8 channel_ids=[2]",
            ),
        ],
    },
    Traces {
        rule: "custom-job-answer",
        keeps: &[
            // The same id twice has two answers, and it is open which is for which.
            "setup flags=2
             extended 3 7
             extended 4 7
             > SetCustomMiningJob channel_id=3 request_id=5
             > SetCustomMiningJob channel_id=4 request_id=5
             < SetCustomMiningJob.Error channel_id=3 request_id=5
             < SetCustomMiningJob.Error channel_id=4 request_id=5",
            "setup flags=2
             > garbage
             < SetCustomMiningJob.Error channel_id=3 request_id=6",
        ],
        breaks: &[
            (
                "custom-job-answer strict SV2-05-163",
                "setup flags=2
                 extended 3 7
                 > SetCustomMiningJob channel_id=3 request_id=5
                 < SetCustomMiningJob.Error channel_id=3 request_id=5
                 < SetCustomMiningJob.Error channel_id=3 request_id=5",
            ),
            (
                "custom-job-answer strict SV2-05-163",
                "setup flags=2
                 extended 3 7
                 > SetCustomMiningJob channel_id=3 request_id=5
                 < SetCustomMiningJob.Error channel_id=3 request_id=5
                 > SetCustomMiningJob channel_id=3 request_id=5
                 < SetCustomMiningJob.Error channel_id=3 request_id=5
                 < SetCustomMiningJob.Error channel_id=3 request_id=5",
            ),
            (
                "custom-job-answer strict SV2-05-157",
                "setup flags=2
                 extended 3 7
                 extended 4 7
                 > SetCustomMiningJob channel_id=3 request_id=5
                 < SetCustomMiningJob.Success channel_id=4 request_id=5 job_id=1",
            ),
            // What a server answers for a group is open.
            (
                "custom-job-answer lenient AMB-67 SV2-05-157",
                "setup flags=2
                 extended 3 7
                 > SetCustomMiningJob channel_id=7 request_id=5
                 < SetCustomMiningJob.Success channel_id=3 request_id=5 job_id=1",
            ),
            (
                "custom-job-answer lenient AMB-67 SV2-05-157;custom-job-answer lenient AMB-67 SV2-05-157",
                "setup flags=2
                 extended 3 7
                 extended 4 7
                 > SetCustomMiningJob channel_id=7 request_id=5
                 < SetCustomMiningJob.Success channel_id=3 request_id=5 job_id=1
                 < SetCustomMiningJob.Success channel_id=4 request_id=5 job_id=1",
            ),
        ],
    },
    Traces {
        rule: "known-address",
        keeps: &["setup
             standard 2 7
             < SetGroupChannel group_channel_id=8 channel_ids=[2]
             < SetTarget channel_id=8 maximum_target=9"],
        breaks: &[
            (
                "known-address strict SV2-05-014 SV2-03-026",
                "setup
                 standard 2 7
                 < SetGroupChannel group_channel_id=8 channel_ids=[2]
                 < SetTarget channel_id=9 maximum_target=9",
            ),
            // Only a reaction may come for what the client alone has named, and only for that.
            (
                "known-address strict SV2-05-014 SV2-03-026",
                "setup
                 > UpdateChannel channel_id=99
                 < SetTarget channel_id=99 maximum_target=9",
            ),
            (
                "known-address strict SV2-05-014 SV2-03-026",
                "setup
                 > UpdateChannel channel_id=99
                 < UpdateChannel.Error channel_id=98",
            ),
            // Of what kind an unknown channel would be is nothing to quarrel about.
            ("known-address strict SV2-05-014 SV2-03-026", "setup\njob 99 1 none"),
            ("known-address strict SV2-05-014 SV2-03-026", "setup\nxjob 99 1 none"),
            ("known-address strict SV2-05-014 SV2-03-026", "setup\ntip 99 1 77"),
            ("known-address strict SV2-05-014 SV2-03-026", "setup\n< SetExtranoncePrefix channel_id=99"),
        ],
    },
    Traces {
        rule: "closed-channel",
        keeps: &[
            // Where standard jobs are required it is open whether a group can be closed (AMB-36).
            "setup flags=1
             standard 2 7
             job 2 1 none
             > CloseChannel channel_id=7
             standard 4 8
             < SetTarget channel_id=2 maximum_target=9",
            // An error may be about anything that came after.
            "setup
             standard 2 7
             > CloseChannel channel_id=2
             standard 4 7
             < UpdateChannel.Error channel_id=2",
            // What has a wrong channel bit or surplus bytes may be ignored (AMB-03, AMB-06).
            "setup
             standard 2 7
             > CloseChannel channel_id=2 | bit
             standard 3 7
             < SetTarget channel_id=2 maximum_target=900
             < SetGroupChannel group_channel_id=8 channel_ids=[2]",
            "setup
             standard 2 7
             > CloseChannel channel_id=2 | more ffffff
             standard 3 7
             < SetTarget channel_id=2 maximum_target=900
             < SetGroupChannel group_channel_id=8 channel_ids=[2]",
            // What went out twice may have been answered before the close.
            "setup
             standard 2 7
             standard 3 7
             > SubmitSharesStandard channel_id=3 sequence_number=1
             > CloseChannel channel_id=2
             > SubmitSharesStandard channel_id=3 sequence_number=1
             < SubmitShares.Error channel_id=3 sequence_number=1 error_code=stale
             < SetTarget channel_id=2 maximum_target=900",
            "setup flags=2
             standard 2 7
             extended 3 7
             > SetCustomMiningJob channel_id=3 request_id=5
             > CloseChannel channel_id=2
             > SetCustomMiningJob channel_id=3 request_id=5
             < SetCustomMiningJob.Error channel_id=3 request_id=5 error_code=no
             < SetTarget channel_id=2 maximum_target=900",
        ],
        breaks: &[
            // TLVs of an extension are no surplus.
            (
                "closed-channel strict SV2-05-068",
                "setup
                 > RequestExtensions requested_extensions=[2]
                 < RequestExtensions.Success supported_extensions=[2]
                 standard 2 7
                 > CloseChannel channel_id=2 | more 0200010100ff
                 standard 3 7
                 < SetTarget channel_id=2 maximum_target=900",
            ),
            (
                "closed-channel strict SV2-05-068",
                "setup flags=1
                 standard 2 7
                 job 2 1 none
                 > CloseChannel channel_id=2
                 standard 4 7
                 < SetTarget channel_id=2 maximum_target=9",
            ),
            // The answer to a share, to a refused share, to a channel request or to a custom job tells that the server must know.
            (
                "closed-channel strict SV2-05-068",
                "setup
                 standard 2 7
                 standard 3 7
                 > CloseChannel channel_id=2
                 > SubmitSharesStandard channel_id=3 sequence_number=1
                 < SubmitShares.Success channel_id=3 last_sequence_number=1
                 < SetTarget channel_id=2 maximum_target=9",
            ),
            (
                "closed-channel strict SV2-05-068",
                "setup
                 standard 2 7
                 standard 3 7
                 > CloseChannel channel_id=2
                 > SubmitSharesStandard channel_id=3 sequence_number=1
                 < SubmitShares.Error channel_id=3 sequence_number=1
                 < SetTarget channel_id=2 maximum_target=9",
            ),
            (
                "closed-channel strict SV2-05-068",
                "setup
                 standard 2 7
                 > CloseChannel channel_id=2
                 > OpenStandardMiningChannel request_id=1
                 < OpenMiningChannel.Error request_id=1
                 < SetTarget channel_id=2 maximum_target=9",
            ),
            (
                "closed-channel strict SV2-05-068",
                "setup flags=2
                 standard 2 7
                 extended 3 7
                 > CloseChannel channel_id=2
                 > SetCustomMiningJob channel_id=3 request_id=5
                 < SetCustomMiningJob.Error channel_id=3 request_id=5
                 < SetTarget channel_id=2 maximum_target=9",
            ),
        ],
    },
];
