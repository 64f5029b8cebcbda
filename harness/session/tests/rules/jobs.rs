//! Jobs, previous hashes, search spaces.

use crate::Traces;

pub(crate) const TRACES: &[Traces] = &[
    Traces {
        rule: "first-message",
        keeps: &[
            "setup flags=1
             standard 2 7
             job 2 1 none
             tip 2 1 77
             job 2 2 9",
            "setup flags=3
             standard 2 7
             < SetTarget channel_id=2 maximum_target=9",
        ],
        breaks: &[
            (
                "first-message strict SV2-05-115",
                "setup flags=1
                 standard 2 7
                 < SetTarget channel_id=2 maximum_target=9
                 job 2 1 none",
            ),
            (
                "prev-hash-first strict SV2-05-122;first-message strict SV2-05-116",
                "setup flags=1
                 standard 2 7
                 job 2 1 9",
            ),
            (
                "first-message lenient AMB-35 SV2-05-116",
                "setup
                 extended 3 7
                 standard 2 7
                 xjob 7 1 none
                 tip 7 1 77
                 job 2 2 9",
            ),
        ],
    },
    Traces {
        rule: "prev-hash-first",
        keeps: &[
            "setup
             standard 2 7
             extended 3 7
             job 2 1 none
             tip 2 1 77
             xjob 3 1 none
             tip 3 1 77
             xjob 7 2 9",
        ],
        breaks: &[
            (
                "prev-hash-first strict SV2-05-122",
                "setup
                 extended 3 7
                 xjob 3 1 9",
            ),
            (
                "prev-hash-first strict SV2-05-122",
                "setup
                 standard 2 7
                 extended 3 7
                 xjob 3 1 none
                 tip 3 1 77
                 xjob 7 2 9",
            ),
        ],
    },
    Traces {
        rule: "job-version",
        keeps: &[
            "setup
             standard 2 7
             job 2 1 none version=4",
        ],
        breaks: &[
            (
                "job-version strict SV2-05-124",
                "setup
                 standard 2 7
                 job 2 1 none version=3",
            ),
            (
                "job-version strict SV2-05-124",
                "setup
                 extended 3 7
                 xjob 3 1 none version=0x80000004",
            ),
        ],
    },
    Traces {
        rule: "job-ids",
        keeps: &[
            "setup
             standard 2 7
             job 2 1 none
             tip 2 1 77
             job 2 2 none
             job 2 2 none
             tip 2 2 78
             job 2 1 none",
        ],
        breaks: &[
            (
                "job-ids strict SV2-05-120",
                "setup
                 standard 2 7
                 job 2 1 none
                 job 2 1 none merkle_root=99",
            ),
            (
                "job-ids strict SV2-05-120",
                "setup
                 standard 2 7
                 job 2 1 none
                 tip 2 1 77
                 job 2 1 none merkle_root=99",
            ),
            (
                "job-ids strict SV2-05-131",
                "setup
                 extended 3 7
                 xjob 7 1 none
                 xjob 7 1 none version=5",
            ),
            (
                "job-ids strict SV2-05-161",
                "setup flags=2
                 extended 3 7
                 > SetCustomMiningJob channel_id=3 request_id=5
                 < SetCustomMiningJob.Success channel_id=3 request_id=5 job_id=1
                 > SetCustomMiningJob channel_id=3 request_id=6
                 < SetCustomMiningJob.Success channel_id=3 request_id=6 job_id=1",
            ),
        ],
    },
    Traces {
        rule: "names-future-job",
        keeps: &[
            "setup
             standard 2 7
             job 2 1 none
             tip 2 1 77",
            "setup
             standard 2 7
             extended 3 7
             xjob 7 1 none
             standard 4 7
             tip 7 1 77",
            "setup
             extended 3 7
             xjob 7 1 none
             tip 3 1 77",
        ],
        breaks: &[
            (
                "names-future-job strict SV2-05-145",
                "setup
                 standard 2 7
                 job 2 1 none
                 tip 2 9 77",
            ),
            (
                "names-future-job strict SV2-05-145",
                "setup
                 standard 2 7
                 job 2 1 none
                 tip 2 1 77
                 job 2 2 9
                 tip 2 2 78",
            ),
            (
                "names-future-job strict SV2-05-145",
                "setup
                 standard 2 7
                 job 2 1 none
                 job 2 2 none
                 tip 2 2 77
                 tip 2 1 78",
            ),
            (
                "names-future-job strict SV2-05-145",
                "setup
                 standard 2 7
                 extended 3 7
                 xjob 3 1 none
                 tip 7 1 77",
            ),
        ],
    },
    Traces {
        rule: "min-ntime",
        keeps: &[
            "setup
             standard 2 7
             job 2 1 none
             tip 2 1 77 min_ntime=1700007200",
        ],
        breaks: &[
            (
                "min-ntime strict SV2-05-146",
                "setup
                 standard 2 7
                 job 2 1 none
                 tip 2 1 77 min_ntime=1700010000",
            ),
        ],
    },
    Traces {
        rule: "nbits",
        keeps: &[
            "setup
             standard 2 7
             job 2 1 none
             tip 2 1 77 nbits=0x1d00ffff",
        ],
        breaks: &[
            (
                "nbits strict SV2-05-147",
                "setup
                 standard 2 7
                 job 2 1 none
                 tip 2 1 77 nbits=0x1d000000",
            ),
            (
                "nbits strict SV2-05-147",
                "setup
                 standard 2 7
                 job 2 1 none
                 tip 2 1 77 nbits=0x1d80ffff",
            ),
            (
                "nbits strict SV2-05-147",
                "setup
                 standard 2 7
                 job 2 1 none
                 tip 2 1 77 nbits=0x22010000",
            ),
            (
                "nbits strict SV2-05-147",
                "setup
                 standard 2 7
                 job 2 1 none
                 tip 2 1 77 nbits=0x01003456",
            ),
        ],
    },
    Traces {
        rule: "coinbase-parts",
        keeps: &[
            "setup
             standard 2 7
             extended 3 7
             xjob 7 1 none",
            "setup
             extended 3 7
             xjob 3 1 none coinbase_tx_prefix=02000000010000000000000000000000000000000000000000000000000000000000000000ffffffff6003aabbcc coinbase_tx_suffix=0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000ffffffff0100f2052a01000000015100000000",
        ],
        breaks: &[
            (
                "coinbase-parts strict SV2-03-095 SV2-05-135",
                "setup
                 extended 3 7
                 xjob 3 1 none coinbase_tx_prefix=020000000001010000000000000000000000000000000000000000000000000000000000000000ffffffff1003aabbcc coinbase_tx_suffix=ffffffff0100f2052a01000000015100000000",
            ),
            (
                "coinbase-parts strict SV2-03-095 SV2-05-135",
                "setup
                 extended 3 7
                 xjob 3 1 none coinbase_tx_prefix=02000000010000000000000000000000000000000000000000000000000000000000000000ffffffff1003aabbcc coinbase_tx_suffix=ffffffff0100f2052a0100000001510000000000",
            ),
            (
                "coinbase-parts strict SV2-05-008",
                "setup
                 extended 3 7
                 xjob 3 1 none coinbase_tx_prefix=02000000010000000000000000000000000000000000000000000000000000000000000000ffffffff0f03aabbcc coinbase_tx_suffix=ffffffff0100f2052a01000000015100000000",
            ),
            (
                "coinbase-parts strict SV2-05-008",
                "setup
                 extended 3 7
                 xjob 3 1 none coinbase_tx_prefix=02000000010000000000000000000000000000000000000000000000000000000000000000ffffffff0403aabbcc coinbase_tx_suffix=ffffffff0100f2052a01000000015100000000",
            ),
            (
                "coinbase-parts strict SV2-05-008",
                "setup
                 extended 3 7
                 xjob 3 1 none coinbase_tx_prefix=02000000010000000000000000000000000000000000000000000000000000000000000000ffffffff7003aabbcc coinbase_tx_suffix=000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000ffffffff0100f2052a01000000015100000000",
            ),
            (
                "coinbase-parts strict SV2-05-137",
                "setup
                 extended 3 7
                 xjob 3 1 none coinbase_tx_prefix=02000000020000000000000000000000000000000000000000000000000000000000000000ffffffff1003aabbcc coinbase_tx_suffix=ffffffff0100f2052a01000000015100000000",
            ),
            (
                "coinbase-parts strict SV2-05-137",
                "setup
                 extended 3 7
                 xjob 3 1 none coinbase_tx_prefix=02000000010100000000000000000000000000000000000000000000000000000000000000ffffffff1003aabbcc coinbase_tx_suffix=ffffffff0100f2052a01000000015100000000",
            ),
            (
                "coinbase-parts strict SV2-05-137",
                "setup
                 extended 3 7
                 xjob 3 1 none coinbase_tx_prefix=02000000010000000000000000000000000000000000000000000000000000000000000000ffffffff1003aabbcc coinbase_tx_suffix=ffffffff0000000000",
            ),
        ],
    },
    Traces {
        rule: "disjoint-work",
        keeps: &[
            "A setup
             A standard 2 7
             A job 2 1 none merkle_root=5
             A tip 2 1 77
             B setup
             B standard 2 7
             B job 2 1 none merkle_root=5
             B tip 2 1 78",
            "A setup
             A extended 2 7
             A xjob 2 1 none
             A tip 2 1 77
             B setup
             B extended 3 7
             B xjob 3 1 none
             B tip 3 1 77",
            "A setup
             A extended 2 7
             A xjob 2 1 none
             A tip 2 1 77
              A> close
             B setup
             B extended 2 7
             B xjob 2 1 none
             B tip 2 1 77",
        ],
        breaks: &[
            (
                "disjoint-work strict SV2-05-002",
                "A setup
                 A standard 2 7
                 A job 2 1 none merkle_root=5
                 A tip 2 1 77
                 B setup
                 B standard 2 7
                 B job 2 1 none merkle_root=5
                 B tip 2 1 77",
            ),
            (
                "disjoint-work strict SV2-05-054",
                "A setup
                 A extended 2 7
                 A xjob 2 1 none
                 A tip 2 1 77
                 B setup
                 B extended 2 7
                 B xjob 2 1 none
                 B tip 2 1 77",
            ),
        ],
    },
    Traces {
        rule: "speculation",
        keeps: &[
            "setup
             standard 2 7
             job 2 1 none
             tip 2 1 77",
            "setup
             standard 2 7
             job 2 1 none
             tip 2 1 77
             job 2 2 9",
        ],
        breaks: &[
            (
                "speculation info - SV2-05-009",
                "setup
                 standard 2 7
                 job 2 1 none
                 + 9
                 tip 2 1 77
                 job 2 2 9",
            ),
            (
                "speculation info - SV2-05-009;speculation info - SV2-05-011",
                "setup
                 standard 2 7
                 job 2 1 none
                 + 9
                 tip 2 1 77
                 job 2 2 none
                 tip 2 2 78",
            ),
        ],
    },
    Traces {
        rule: "fresh-work",
        keeps: &[
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=9 nominal_hash_rate=1e12
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=9 group_channel_id=7 extranonce_prefix=0202
             job 2 1 none
             + 60
             job 2 2 none",
        ],
        breaks: &[
            (
                "fresh-work info - SV2-05-003",
                "setup
                 > OpenStandardMiningChannel request_id=1 max_target=9 nominal_hash_rate=1e18
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=9 group_channel_id=7 extranonce_prefix=0202
                 job 2 1 none
                 + 60
                 job 2 2 none",
            ),
        ],
    },
];
