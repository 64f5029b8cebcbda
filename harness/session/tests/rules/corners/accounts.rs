//! Acknowledgements, sums, targets.

use crate::Traces;

pub(crate) const TRACES: &[Traces] = &[
    Traces {
        rule: "target-maximum",
        keeps: &[
            // The target that is in force may be sent again.
            "setup
             standard 2 7
             > UpdateChannel channel_id=2 maximum_target=9
             standard 3 7
             < SetTarget channel_id=2 maximum_target=1000",
            // Of several updates in flight each counts.
            "setup
             standard 2 7
             > UpdateChannel channel_id=2 maximum_target=9000
             > UpdateChannel channel_id=2 maximum_target=6000
             < SetTarget channel_id=2 maximum_target=9000",
            // What has a wrong channel bit or surplus bytes may be ignored (AMB-03, AMB-06).
            "setup
             standard 2 7
             > UpdateChannel channel_id=2 maximum_target=9 | bit
             standard 3 7
             < SetTarget channel_id=2 maximum_target=900",
            "setup
             standard 2 7
             > UpdateChannel channel_id=2 maximum_target=9 | more ffffff
             standard 3 7
             < SetTarget channel_id=2 maximum_target=900",
            // So may an update for a group (AMB-46).
            "setup
             standard 2 7
             > UpdateChannel channel_id=7 maximum_target=9
             standard 3 7
             < SetTarget channel_id=2 maximum_target=900",
            // Which of two shares of one number was answered is open.
            "setup
             standard 2 7
             > SubmitSharesStandard channel_id=2 sequence_number=1
             > UpdateChannel channel_id=2 maximum_target=9
             > SubmitSharesStandard channel_id=2 sequence_number=1
             < SubmitShares.Error channel_id=2 sequence_number=1 error_code=stale
             < SetTarget channel_id=2 maximum_target=900",
        ],
        breaks: &[
            (
                "target-maximum strict SV2-05-170",
                "setup
                 extended 3 7
                 < SetTarget channel_id=3 maximum_target=5001",
            ),
            (
                "target-maximum strict SV2-05-170",
                "setup
                 standard 2 7
                 > UpdateChannel channel_id=2 maximum_target=9000
                 > UpdateChannel channel_id=2 maximum_target=6000
                 standard 3 7
                 < SetTarget channel_id=2 maximum_target=6001",
            ),
            (
                "target-maximum strict SV2-05-170",
                "setup
                 standard 2 7
                 > UpdateChannel channel_id=7 maximum_target=6000
                 standard 3 7
                 < SetTarget channel_id=2 maximum_target=6001
                 < SetTarget channel_id=3 maximum_target=5000",
            ),
        ],
    },
    Traces {
        rule: "acknowledged-number",
        keeps: &[
            "setup
             > OpenExtendedMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
             < OpenExtendedMiningChannel.Success request_id=1 channel_id=3 target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff group_channel_id=7 extranonce_size=8
             > SubmitSharesExtended channel_id=3 sequence_number=1
             < SubmitShares.Success channel_id=3 last_sequence_number=1 new_submits_accepted_count=1 new_shares_sum=0",
            // Of two shares of one number either may be the refused one.
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff group_channel_id=7
             > SubmitSharesStandard channel_id=2 sequence_number=1
             > SubmitSharesStandard channel_id=2 sequence_number=1
             < SubmitShares.Error channel_id=2 sequence_number=1 error_code=no
             < SubmitShares.Success channel_id=2 last_sequence_number=1 new_submits_accepted_count=1 new_shares_sum=0",
        ],
        breaks: &[],
    },
    Traces {
        rule: "one-error-per-share",
        keeps: &["setup
             extended 3 7
             > SubmitSharesExtended channel_id=3 sequence_number=1
             > SubmitSharesExtended channel_id=3 sequence_number=1
             < SubmitShares.Error channel_id=3 sequence_number=1 error_code=no
             < SubmitShares.Error channel_id=3 sequence_number=1 error_code=no"],
        breaks: &[],
    },
    Traces {
        rule: "difficulty-sum",
        keeps: &[
            // Difficulty 64000: 0.1 % of two shares are 128, and each may be off by one.
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=x0000000000010623d70a3d70a3d70a3d70a3d70a3d70a3d70a3d70a3d70a3d70 group_channel_id=7
             > SubmitSharesStandard channel_id=2 sequence_number=1
             > SubmitSharesStandard channel_id=2 sequence_number=2
             > SubmitSharesStandard channel_id=2 sequence_number=3
             > SubmitSharesStandard channel_id=2 sequence_number=4
             < SubmitShares.Success channel_id=2 last_sequence_number=2 new_submits_accepted_count=2 new_shares_sum=127871
             < SubmitShares.Success channel_id=2 last_sequence_number=4 new_submits_accepted_count=2 new_shares_sum=128129",
            // While the target changes, each one counts: 64 and 128.
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=x0000000003fffc00000000000000000000000000000000000000000000000000 group_channel_id=7
             < SetTarget channel_id=2 maximum_target=x0000000001fffe00000000000000000000000000000000000000000000000000
             > SubmitSharesStandard channel_id=2 sequence_number=1
             > SubmitSharesStandard channel_id=2 sequence_number=2
             < SubmitShares.Success channel_id=2 last_sequence_number=1 new_submits_accepted_count=1 new_shares_sum=64
             < SubmitShares.Success channel_id=2 last_sequence_number=2 new_submits_accepted_count=1 new_shares_sum=128",
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=x0000000001fffe00000000000000000000000000000000000000000000000000 group_channel_id=7
             < SetTarget channel_id=7 maximum_target=x0000000003fffc00000000000000000000000000000000000000000000000000
             > SubmitSharesStandard channel_id=2 sequence_number=1
             < SubmitShares.Success channel_id=2 last_sequence_number=1 new_submits_accepted_count=1 new_shares_sum=64",
            // A block on an easy network counts as what the network demands (AMB-147): next to nothing, or 16.
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=x0000000003fffc00000000000000000000000000000000000000000000000000 group_channel_id=7
             job 2 1 none
             tip 2 1 77
             > SubmitSharesStandard channel_id=2 sequence_number=1 job_id=1
             < SubmitShares.Success channel_id=2 last_sequence_number=1 new_submits_accepted_count=1 new_shares_sum=0",
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=x0000000003fffc00000000000000000000000000000000000000000000000000 group_channel_id=7
             job 2 1 none
             tip 2 1 77 nbits=0x1c0ffff0
             > SubmitSharesStandard channel_id=2 sequence_number=1 job_id=1
             < SubmitShares.Success channel_id=2 last_sequence_number=1 new_submits_accepted_count=1 new_shares_sum=15",
            // Below difficulty 1 nothing is judged.
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=x00000000ffff0001000000000000000000000000000000000000000000000000 group_channel_id=7
             > SubmitSharesStandard channel_id=2 sequence_number=1
             < SubmitShares.Success channel_id=2 last_sequence_number=1 new_submits_accepted_count=1 new_shares_sum=9",
        ],
        breaks: &[
            (
                "difficulty-sum strict SV2-05-102",
                "setup
                 > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=x0000000000010623d70a3d70a3d70a3d70a3d70a3d70a3d70a3d70a3d70a3d70 group_channel_id=7
                 > SubmitSharesStandard channel_id=2 sequence_number=1
                 > SubmitSharesStandard channel_id=2 sequence_number=2
                 < SubmitShares.Success channel_id=2 last_sequence_number=2 new_submits_accepted_count=2 new_shares_sum=127868",
            ),
            (
                "difficulty-sum strict SV2-05-102",
                "setup
                 > OpenExtendedMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
                 < OpenExtendedMiningChannel.Success request_id=1 channel_id=2 target=x0000000000010623d70a3d70a3d70a3d70a3d70a3d70a3d70a3d70a3d70a3d70 group_channel_id=7 extranonce_size=8
                 > SubmitSharesExtended channel_id=2 sequence_number=1
                 > SubmitSharesExtended channel_id=2 sequence_number=2
                 < SubmitShares.Success channel_id=2 last_sequence_number=2 new_submits_accepted_count=2 new_shares_sum=128132",
            ),
            // The second batch is wrong, but not as if the first one counted.
            (
                "difficulty-sum strict SV2-05-102",
                "setup
                 > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=x0000000003fffc00000000000000000000000000000000000000000000000000 group_channel_id=7
                 > SubmitSharesStandard channel_id=2 sequence_number=1
                 > SubmitSharesStandard channel_id=2 sequence_number=2
                 < SubmitShares.Success channel_id=2 last_sequence_number=1 new_submits_accepted_count=1 new_shares_sum=64
                 < SubmitShares.Success channel_id=2 last_sequence_number=2 new_submits_accepted_count=1 new_shares_sum=900",
            ),
            // No more than the channel demands, no less than the network does, and no less than both where the network demands more.
            ("difficulty-sum strict SV2-05-102", "setup
                 > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=x0000000003fffc00000000000000000000000000000000000000000000000000 group_channel_id=7
                 job 2 1 none
                 tip 2 1 77
                 > SubmitSharesStandard channel_id=2 sequence_number=1 job_id=1
                 < SubmitShares.Success channel_id=2 last_sequence_number=1 new_submits_accepted_count=1 new_shares_sum=66"),
            ("difficulty-sum strict SV2-05-102", "setup
                 > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=x0000000003fffc00000000000000000000000000000000000000000000000000 group_channel_id=7
                 job 2 1 none
                 tip 2 1 77 nbits=0x1c0ffff0
                 > SubmitSharesStandard channel_id=2 sequence_number=1 job_id=1
                 < SubmitShares.Success channel_id=2 last_sequence_number=1 new_submits_accepted_count=1 new_shares_sum=14"),
            ("difficulty-sum strict SV2-05-102", "setup
                 > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=x0000000003fffc00000000000000000000000000000000000000000000000000 group_channel_id=7
                 job 2 1 none
                 tip 2 1 77 nbits=0x1b00ffff
                 > SubmitSharesStandard channel_id=2 sequence_number=1 job_id=1
                 < SubmitShares.Success channel_id=2 last_sequence_number=1 new_submits_accepted_count=1 new_shares_sum=62"),
            // Difficulty 1 itself is judged.
            (
                "difficulty-sum strict SV2-05-102",
                "setup
                 > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=x00000000ffff0000000000000000000000000000000000000000000000000000 group_channel_id=7
                 > SubmitSharesStandard channel_id=2 sequence_number=1
                 < SubmitShares.Success channel_id=2 last_sequence_number=1 new_submits_accepted_count=1 new_shares_sum=4",
            ),
        ],
    },
    Traces {
        rule: "opening-target",
        keeps: &[],
        breaks: &[
            // Where nothing can be a share, nothing is what no shares are worth.
            (
                "opening-target lenient AMB-47 SV2-05-047",
                "setup
                 > OpenStandardMiningChannel request_id=1
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 group_channel_id=7 extranonce_prefix=0202
                 > SubmitSharesStandard channel_id=2 sequence_number=1
                 < SubmitShares.Success channel_id=2 last_sequence_number=1",
            ),
        ],
    },
];
