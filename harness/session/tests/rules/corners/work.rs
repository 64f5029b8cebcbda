//! Coinbases, search spaces, pace.

use crate::Traces;

pub(crate) const TRACES: &[Traces] = &[
    Traces {
        rule: "coinbase-parts",
        keeps: &[
            // The extranonce is the whole script.
            "setup
             extended 3 7
             xjob 3 1 none coinbase_tx_prefix=02000000010000000000000000000000000000000000000000000000000000000000000000ffffffff0c",
            // Three outputs, one of them with a script whose length takes three bytes.
            "setup
             extended 3 7
             xjob 3 1 none coinbase_tx_suffix=ffffffff0300f2052a0100000001510000000000000000000000000000000000fd01005100000000",
        ],
        breaks: &[
            // The script's length is a part of the extranonce.
            (
                "coinbase-parts strict SV2-05-008",
                "setup
                 extended 3 7
                 < SetExtranoncePrefix channel_id=3 extranonce_prefix=0b040404
                 xjob 3 1 none coinbase_tx_prefix=02000000010000000000000000000000000000000000000000000000000000000000000000ffffffff",
            ),
            // Too short, too long.
            (
                "coinbase-parts strict SV2-05-008",
                "setup
                 > OpenExtendedMiningChannel request_id=1 max_target=9
                 < OpenExtendedMiningChannel.Success request_id=1 channel_id=3 target=9 group_channel_id=7 extranonce_size=1
                 xjob 3 1 none coinbase_tx_prefix=02000000010000000000000000000000000000000000000000000000000000000000000000ffffffff01",
            ),
            (
                "coinbase-parts strict SV2-05-008",
                "setup
                 extended 3 7
                 xjob 3 1 none coinbase_tx_prefix=02000000010000000000000000000000000000000000000000000000000000000000000000ffffffff6503aabbcc coinbase_tx_suffix=00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000ffffffff0100f2052a01000000015100000000",
            ),
            // Each input that is no coinbase's: by its hash, by its index.
            (
                "coinbase-parts strict SV2-05-137",
                "setup
                 extended 3 7
                 xjob 3 1 none coinbase_tx_prefix=02000000010000000000000000000000000000000000000000000000000000000000000000feffffff1003aabbcc",
            ),
            // Cut off in the middle of each part.
            ("coinbase-parts strict SV2-05-137", "setup\n> OpenExtendedMiningChannel request_id=1 max_target=9
                 < OpenExtendedMiningChannel.Success request_id=1 channel_id=3 target=9 group_channel_id=7 extranonce_size=1
                 xjob 3 1 none coinbase_tx_prefix=0200 coinbase_tx_suffix="),
            ("coinbase-parts strict SV2-05-137", "setup\n> OpenExtendedMiningChannel request_id=1 max_target=9
                 < OpenExtendedMiningChannel.Success request_id=1 channel_id=3 target=9 group_channel_id=7
                 xjob 3 1 none coinbase_tx_prefix=02000000 coinbase_tx_suffix="),
            (
                "coinbase-parts strict SV2-05-137",
                "setup
                 extended 3 7
                 xjob 3 1 none coinbase_tx_prefix=0200000001 coinbase_tx_suffix=",
            ),
            (
                "coinbase-parts strict SV2-05-137",
                "setup
                 extended 3 7
                 > OpenExtendedMiningChannel request_id=1 max_target=9
                 < OpenExtendedMiningChannel.Success request_id=1 channel_id=4 target=9 group_channel_id=8
                 xjob 4 1 none coinbase_tx_prefix=02000000010000000000000000000000000000000000000000000000000000000000000000ffffffff coinbase_tx_suffix=",
            ),
            (
                "coinbase-parts strict SV2-05-008",
                "setup
                 extended 3 7
                 xjob 3 1 none coinbase_tx_suffix=ffffff",
            ),
            (
                "coinbase-parts strict SV2-05-008",
                "setup
                 extended 3 7
                 xjob 3 1 none coinbase_tx_suffix=ffffffff",
            ),
            (
                "coinbase-parts strict SV2-05-008",
                "setup
                 extended 3 7
                 xjob 3 1 none coinbase_tx_suffix=ffffffff0200f2052a01000000015100000000",
            ),
            (
                "coinbase-parts strict SV2-05-008",
                "setup
                 extended 3 7
                 xjob 3 1 none coinbase_tx_suffix=ffffffff0100f2052a010000000151000000",
            ),
        ],
    },
    Traces {
        rule: "disjoint-work",
        keeps: &[
            // Where the server fixes the version, two versions are two jobs.
            "> SetupConnection min_version=2 max_version=2
             < SetupConnection.Success used_version=2 flags=1
             standard 2 7
             standard 3 7
             job 2 1 none merkle_root=5
             tip 2 1 77
             job 3 1 none merkle_root=5 version=0x20000020
             tip 3 1 77",
            // One's own work may come again.
            "setup
             standard 2 7
             job 2 1 none merkle_root=5
             tip 2 1 77
             job 2 2 9 merkle_root=5",
            // A job that waits is no work yet.
            "setup
             standard 2 7
             standard 3 7
             job 2 1 none merkle_root=5
             tip 2 1 77
             job 3 1 none merkle_root=5",
            // What is closed is free for others, whoever closes it.
            "A setup
             A standard 2 7
             A job 2 1 none merkle_root=5
             A tip 2 1 77
             A > CloseChannel channel_id=2
             B setup
             B standard 3 7
             B job 3 1 none merkle_root=5
             B tip 3 1 77",
            "A setup
             A standard 2 7
             A job 2 1 none merkle_root=5
             A tip 2 1 77
             A < CloseChannel channel_id=7
             B setup
             B standard 3 7
             B job 3 1 none merkle_root=5
             B tip 3 1 77",
            // Different versions are different work where neither may be rolled, or where bits differ that may not.
            "setup
             extended 2 7
             extended 3 8
             < SetExtranoncePrefix channel_id=3 extranonce_prefix=02020202
             xjob 2 1 none version_rolling_allowed=false
             tip 2 1 77
             xjob 3 1 none version_rolling_allowed=false version=0x20000020
             tip 3 1 77",
            "setup
             standard 2 7
             standard 3 7
             job 2 1 none merkle_root=5
             tip 2 1 77
             job 3 1 none merkle_root=5 version=0x20000001
             tip 3 1 77",
            // And different paths, or coinbases of different lengths.
            "A setup
             A extended 2 7
             A xjob 2 1 none
             A tip 2 1 77
             B setup
             B extended 2 7
             B xjob 2 1 none merkle_path=[5]
             B tip 2 1 77",
        ],
        breaks: &[
            // Elsewhere rolling makes one of the other, and one version is one job everywhere.
            (
                "disjoint-work strict SV2-05-002",
                "setup
                 standard 2 7
                 standard 3 7
                 job 2 1 none merkle_root=5
                 tip 2 1 77
                 job 3 1 none merkle_root=5 version=0x20000020
                 tip 3 1 77",
            ),
            (
                "disjoint-work strict SV2-05-002",
                "> SetupConnection min_version=2 max_version=2
                 < SetupConnection.Success used_version=2 flags=1
                 standard 2 7
                 standard 3 7
                 job 2 1 none merkle_root=5
                 tip 2 1 77
                 job 3 1 none merkle_root=5
                 tip 3 1 77",
            ),
            // Nobody but the owner gives work back.
            (
                "disjoint-work strict SV2-05-002",
                "A setup
                 A standard 2 7
                 A standard 4 8
                 A job 2 1 none merkle_root=5
                 A tip 2 1 77
                 A > CloseChannel channel_id=4
                 B setup
                 B standard 2 7
                 B > CloseChannel channel_id=2
                 B > close
                 C setup
                 C standard 3 7
                 C job 3 1 none merkle_root=5
                 C tip 3 1 77",
            ),
            // On one connection too.
            (
                "disjoint-work strict SV2-05-002",
                "setup
                 standard 2 7
                 standard 3 7
                 job 2 1 none merkle_root=5
                 tip 2 1 77
                 job 3 1 none merkle_root=5
                 tip 3 1 77",
            ),
            // The versions of standard jobs are rolled.
            (
                "disjoint-work strict SV2-05-002",
                "setup
                 standard 2 7
                 standard 3 7
                 job 2 1 none merkle_root=5
                 tip 2 1 77
                 job 3 1 none merkle_root=5 version=0x20000020
                 tip 3 1 77",
            ),
            // One that may be rolled meets one that may not, and equal ones meet.
            (
                "disjoint-work strict SV2-05-054",
                "setup
                 extended 2 7
                 extended 3 8
                 < SetExtranoncePrefix channel_id=3 extranonce_prefix=02020202
                 xjob 2 1 none version_rolling_allowed=false
                 tip 2 1 77
                 xjob 3 1 none version=0x20000020
                 tip 3 1 77",
            ),
            (
                "disjoint-work strict SV2-05-054",
                "setup
                 extended 2 7
                 extended 3 8
                 < SetExtranoncePrefix channel_id=3 extranonce_prefix=02020202
                 xjob 2 1 none
                 tip 2 1 77
                 xjob 3 1 none version_rolling_allowed=false version=0x20000020
                 tip 3 1 77",
            ),
            (
                "disjoint-work strict SV2-05-054",
                "setup
                 extended 2 7
                 extended 3 8
                 < SetExtranoncePrefix channel_id=3 extranonce_prefix=02020202
                 xjob 2 1 none version_rolling_allowed=false
                 tip 2 1 77
                 xjob 3 1 none version_rolling_allowed=false
                 tip 3 1 77",
            ),
            // A longer prefix lies within the space of a shorter one, and the other way round.
            (
                "disjoint-work strict SV2-05-054",
                "setup
                 extended 2 7
                 > OpenExtendedMiningChannel request_id=1 max_target=9
                 < OpenExtendedMiningChannel.Success request_id=1 channel_id=3 target=9 group_channel_id=8 extranonce_prefix=0202020202020202 extranonce_size=4
                 xjob 2 1 none
                 tip 2 1 77
                 xjob 3 1 none
                 tip 3 1 77",
            ),
            (
                "disjoint-work strict SV2-05-054",
                "setup
                 extended 2 7
                 > OpenExtendedMiningChannel request_id=1 max_target=9
                 < OpenExtendedMiningChannel.Success request_id=1 channel_id=3 target=9 group_channel_id=8 extranonce_prefix=0202020202020202 extranonce_size=4
                 xjob 3 1 none
                 tip 3 1 77
                 xjob 2 1 none
                 tip 2 1 77",
            ),
            // A job that can be mined at once is work at once.
            (
                "disjoint-work strict SV2-05-054",
                "setup
                 extended 2 7
                 extended 3 8
                 < SetExtranoncePrefix channel_id=3 extranonce_prefix=02020202
                 xjob 2 1 none
                 tip 2 1 77
                 xjob 3 1 none version=5
                 tip 3 1 77
                 xjob 3 2 9",
            ),
            // What others got in between changes nothing.
            (
                "disjoint-work strict SV2-05-054",
                "setup
                 extended 2 7
                 extended 3 8
                 extended 4 9
                 < SetExtranoncePrefix channel_id=4 extranonce_prefix=02020202
                 xjob 2 1 none
                 tip 2 1 77
                 xjob 3 1 none
                 tip 3 1 77
                 xjob 4 1 none
                 tip 4 1 77",
            ),
            // A standard channel that mines its group's jobs.
            (
                "disjoint-work strict SV2-05-002",
                "setup
                 standard 2 7
                 extended 3 8
                 < SetExtranoncePrefix channel_id=3 extranonce_prefix=02020202
                 xjob 7 1 none
                 tip 7 1 77
                 xjob 3 1 none
                 tip 3 1 77",
            ),
            (
                "disjoint-work strict SV2-05-002",
                "setup
                 standard 2 7
                 extended 3 8
                 < SetExtranoncePrefix channel_id=3 extranonce_prefix=02020202
                 xjob 3 1 none
                 tip 3 1 77
                 xjob 7 1 none
                 tip 7 1 77",
            ),
        ],
    },
    Traces {
        rule: "speculation",
        keeps: &[
            "setup
             standard 2 7
             job 2 1 none
             + 1
             tip 2 1 77",
        ],
        breaks: &[
            (
                "speculation info - SV2-05-009",
                "setup
                 standard 2 7
                 job 2 1 none
                 + 2
                 tip 2 1 77",
            ),
            // Others wait on.
            (
                "speculation info - SV2-05-009",
                "setup
                 standard 2 7
                 standard 3 7
                 job 2 1 none
                 job 3 1 none
                 tip 2 1 77
                 + 2
                 tip 3 1 77",
            ),
        ],
    },
    Traces {
        rule: "fresh-work",
        keeps: &[
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=9 nominal_hash_rate=1e18
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=9 group_channel_id=7 extranonce_prefix=0202
             job 2 1 none
             + 1
             job 2 2 none",
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=9 nominal_hash_rate=72057594037927936
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=9 group_channel_id=7 extranonce_prefix=0202
             job 2 1 none
             + 2
             job 2 2 none",
        ],
        breaks: &[(
            "fresh-work info - SV2-05-003",
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=9 nominal_hash_rate=73e15
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=9 group_channel_id=7 extranonce_prefix=0202
             job 2 1 none
             + 2
             job 2 2 none",
        )],
    },
];
