//! Jobs and what they rest on.

use crate::Traces;

pub(crate) const TRACES: &[Traces] = &[
    Traces {
        rule: "first-message",
        keeps: &[
            // Without required standard jobs anything may come first.
            "setup
             standard 2 7
             < SetTarget channel_id=2 maximum_target=9",
            "setup flags=2
             standard 2 7
             < SetTarget channel_id=2 maximum_target=9",
            "setup flags=1
             standard 2 7
             job 2 1 none
             < SetTarget channel_id=2 maximum_target=9",
            // It may be an answer to what the client said.
            "setup flags=1
             standard 2 7
             > UpdateChannel channel_id=2 maximum_target=9
             < SetTarget channel_id=2 maximum_target=9",
            "setup flags=1
             standard 2 7
             > UpdateChannel channel_id=7 maximum_target=9
             < SetTarget channel_id=2 maximum_target=9",
            // Only the first job must be a future one.
            "setup flags=1
             standard 2 7
             job 2 1 none
             tip 2 1 77
             job 2 2 9
             job 2 3 9",
        ],
        breaks: &[
            // What was said to another group is no excuse.
            (
                "first-message strict SV2-05-115",
                "setup flags=1
                 standard 2 7
                 > UpdateChannel channel_id=8 maximum_target=9
                 < SetTarget channel_id=2 maximum_target=9",
            ),
        ],
    },
    Traces {
        rule: "job-ids",
        keeps: &[
            // A job that a SetNewPrevHash did not name is over.
            "setup
             standard 2 7
             job 2 1 none
             job 2 2 none
             tip 2 2 77
             job 2 1 none merkle_root=99",
            "setup
             extended 3 7
             xjob 3 1 none
             xjob 7 2 none
             tip 7 2 77
             xjob 3 1 none version=5",
            "setup
             extended 3 7
             extended 4 7
             xjob 7 1 none
             xjob 3 2 none
             tip 3 2 77
             xjob 7 1 none version=5",
            // Of two jobs of one id, one for the channel and one for its group, one alone can be what stays valid (AMB-39).
            "setup
             extended 3 7
             extended 4 7
             xjob 7 2 none
             xjob 3 2 none version=5
             tip 3 2 77
             xjob 7 2 none version=6",
            // Who joins a group has none of its earlier jobs.
            "setup
             extended 3 7
             xjob 7 1 none
             > CloseChannel channel_id=7
             extended 4 7
             xjob 7 1 none version=5",
            // Custom jobs end with their previous hash.
            "setup flags=2
             extended 3 7
             > SetCustomMiningJob channel_id=3 request_id=5 prev_hash=1
             < SetCustomMiningJob.Success channel_id=3 request_id=5 job_id=1
             > SetCustomMiningJob channel_id=3 request_id=6 prev_hash=2
             < SetCustomMiningJob.Success channel_id=3 request_id=6 job_id=1",
        ],
        breaks: &[
            // Others do not end with it.
            (
                "job-ids strict SV2-05-161",
                "setup flags=2
                 extended 3 7
                 xjob 3 1 none
                 > SetCustomMiningJob channel_id=3 request_id=5 prev_hash=1
                 < SetCustomMiningJob.Success channel_id=3 request_id=5 job_id=2
                 > SetCustomMiningJob channel_id=3 request_id=6 prev_hash=2
                 < SetCustomMiningJob.Success channel_id=3 request_id=6 job_id=1",
            ),
            (
                "job-ids strict SV2-05-131",
                "setup
                 extended 3 7
                 xjob 3 1 none
                 xjob 7 2 none
                 tip 3 1 77
                 xjob 3 1 none version=5",
            ),
        ],
    },
    Traces {
        rule: "channel-ids",
        keeps: &[],
        breaks: &[
            // A channel that was opened again has no jobs yet, so that their ids are free.
            (
                "channel-ids info AMB-143 SV2-05-013",
                "setup
                 standard 2 7
                 job 2 1 none
                 > CloseChannel channel_id=2
                 standard 2 7
                 job 2 1 none merkle_root=99",
            ),
            (
                "channel-ids info AMB-143 SV2-05-013",
                "setup
                 extended 3 7
                 xjob 3 1 none
                 > CloseChannel channel_id=3
                 extended 3 7
                 xjob 3 1 none version=5",
            ),
        ],
    },
    Traces {
        rule: "prev-hash-first",
        keeps: &[],
        breaks: &[
            // Whether the group's previous hash is that of a late member too is open (AMB-145).
            (
                "prev-hash-first lenient AMB-145 SV2-05-122",
                "setup
                 extended 3 7
                 xjob 7 1 none
                 tip 7 1 77
                 extended 4 7
                 xjob 7 2 9",
            ),
            // The member's own is none of the group's, and a job for the channel itself needs one for the channel.
            (
                "prev-hash-first strict SV2-05-122",
                "setup
                 extended 3 7
                 xjob 3 1 none
                 tip 3 1 77
                 extended 4 7
                 xjob 7 2 9",
            ),
            (
                "channel-ids info AMB-143 SV2-05-013;prev-hash-first strict SV2-05-122",
                "setup
                 extended 3 7
                 xjob 3 1 none
                 tip 3 1 77
                 > CloseChannel channel_id=3
                 extended 3 7
                 xjob 3 2 9",
            ),
        ],
    },
    Traces {
        rule: "names-future-job",
        keeps: &[
            // To each member what is due to the group.
            "setup
             extended 3 7
             extended 4 7
             xjob 3 1 none
             xjob 4 1 none version=5
             tip 7 1 77",
        ],
        breaks: &[
            // What is over waits for no previous hash.
            (
                "names-future-job strict SV2-05-145",
                "setup
                 standard 2 7
                 job 2 1 none
                 job 2 2 none
                 tip 2 2 77
                 + 2
                 tip 2 1 78",
            ),
            // The same once more, and for one member or one who joins what the group had (AMB-145).
            (
                "prev-hash-address info - SV2-05-140;names-future-job info AMB-145 SV2-05-145",
                "setup
                 extended 3 7
                 xjob 7 1 none
                 tip 7 1 77
                 tip 3 1 77",
            ),
            (
                "names-future-job info AMB-145 SV2-05-145",
                "setup
                 extended 3 7
                 xjob 7 1 none
                 tip 7 1 77
                 extended 4 7
                 tip 4 1 77",
            ),
            (
                "prev-hash-address info - SV2-05-140;names-future-job info AMB-145 SV2-05-145",
                "setup
                 standard 2 7
                 job 2 1 none
                 tip 2 1 77
                 tip 2 1 77",
            ),
            // Not the job of another group or of a channel that had the id before, and not with another job.
            (
                "channel-ids info AMB-143 SV2-05-013;names-future-job strict SV2-05-145",
                "setup
                 standard 2 7
                 job 2 1 none
                 tip 2 1 77
                 > CloseChannel channel_id=2
                 standard 2 7
                 tip 2 1 77",
            ),
            (
                "channel-ids info AMB-143 SV2-05-013;names-future-job strict SV2-05-145",
                "setup
                 extended 2 7
                 xjob 2 1 none
                 tip 2 1 77
                 > CloseChannel channel_id=2
                 extended 2 7
                 tip 2 1 77",
            ),
            (
                "names-future-job strict SV2-05-145",
                "setup
                 extended 3 7
                 xjob 7 1 none
                 tip 7 1 77
                 extended 4 8
                 tip 4 1 77",
            ),
            (
                "prev-hash-address info - SV2-05-140;names-future-job strict SV2-05-145",
                "setup
                 extended 3 7
                 xjob 7 1 none
                 tip 7 1 77
                 tip 3 2 77",
            ),
            // A group's job with min_ntime is no future job either, nor one that waits for want of a previous hash.
            (
                "names-future-job strict SV2-05-145",
                "setup
                 extended 3 7
                 xjob 3 1 none
                 tip 3 1 77
                 xjob 7 2 9
                 tip 7 2 78",
            ),
            (
                "prev-hash-first strict SV2-05-122;first-message lenient AMB-35 SV2-05-116;names-future-job strict SV2-05-145",
                "setup
                 standard 2 7
                 job 2 1 9
                 tip 2 1 77",
            ),
            (
                "names-future-job strict SV2-05-145",
                "setup
                 standard 2 7
                 job 2 1 none
                 tip 2 1 77
                 tip 2 1 78",
            ),
        ],
    },
    Traces {
        rule: "min-ntime",
        keeps: &["setup
             standard 2 7
             job 2 1 none
             tip 2 1 77 min_ntime=1700007800"],
        breaks: &[(
            "min-ntime strict SV2-05-146",
            "setup
             standard 2 7
             job 2 1 none
             tip 2 1 77 min_ntime=1700007801",
        )],
    },
    Traces {
        rule: "nbits",
        keeps: &[
            "setup\nstandard 2 7\njob 2 1 none\ntip 2 1 77 nbits=0x2100ffff",
            "setup\nstandard 2 7\njob 2 1 none\ntip 2 1 77 nbits=0x220000ff",
            "setup\nstandard 2 7\njob 2 1 none\ntip 2 1 77 nbits=0x207fffff",
            "setup\nstandard 2 7\njob 2 1 none\ntip 2 1 77 nbits=0x03000001",
            "setup\nstandard 2 7\njob 2 1 none\ntip 2 1 77 nbits=0x02000100",
            "setup\nstandard 2 7\njob 2 1 none\ntip 2 1 77 nbits=0x01010000",
        ],
        breaks: &[
            ("nbits strict SV2-05-147", "setup\nstandard 2 7\njob 2 1 none\ntip 2 1 77 nbits=0x21010000"),
            ("nbits strict SV2-05-147", "setup\nstandard 2 7\njob 2 1 none\ntip 2 1 77 nbits=0x22000100"),
            ("nbits strict SV2-05-147", "setup\nstandard 2 7\njob 2 1 none\ntip 2 1 77 nbits=0x23000001"),
            ("nbits strict SV2-05-147", "setup\nstandard 2 7\njob 2 1 none\ntip 2 1 77 nbits=0xff7fffff"),
            ("nbits strict SV2-05-147", "setup\nstandard 2 7\njob 2 1 none\ntip 2 1 77 nbits=0x020000ff"),
            ("nbits strict SV2-05-147", "setup\nstandard 2 7\njob 2 1 none\ntip 2 1 77 nbits=0x0100ffff"),
            ("nbits strict SV2-05-147", "setup\nstandard 2 7\njob 2 1 none\ntip 2 1 77 nbits=0x007fffff"),
            ("nbits strict SV2-05-147", "setup\nstandard 2 7\njob 2 1 none\ntip 2 1 77 nbits=0x03800001"),
        ],
    },
];
