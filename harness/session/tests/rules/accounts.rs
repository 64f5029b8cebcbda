//! Acknowledgements and targets.

use crate::Traces;

pub(crate) const TRACES: &[Traces] = &[
    Traces {
        rule: "target-maximum",
        keeps: &[
            "setup
             standard 2 7
             < SetTarget channel_id=2 maximum_target=5000",
            "setup
             standard 2 7
             > UpdateChannel channel_id=2 maximum_target=9
             < SetTarget channel_id=2 maximum_target=5000
             < SetTarget channel_id=7 maximum_target=9",
            "setup
             standard 2 7
             > UpdateChannel channel_id=2 maximum_target=9
             < UpdateChannel.Error channel_id=2
             standard 3 7
             < SetTarget channel_id=2 maximum_target=4000",
        ],
        breaks: &[
            (
                "target-maximum strict SV2-05-170",
                "setup
                 standard 2 7
                 < SetTarget channel_id=2 maximum_target=5001",
            ),
            (
                "target-maximum strict SV2-05-170",
                "setup
                 standard 2 7
                 > UpdateChannel channel_id=2 maximum_target=9
                 standard 3 7
                 < SetTarget channel_id=2 maximum_target=10",
            ),
        ],
    },
    Traces {
        rule: "accounting",
        keeps: &[
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff group_channel_id=7
             > SubmitSharesStandard channel_id=2 sequence_number=1
             > SubmitSharesStandard channel_id=2 sequence_number=2
             < SubmitShares.Success channel_id=2 last_sequence_number=2 new_submits_accepted_count=2 new_shares_sum=0",
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff group_channel_id=7
             > SubmitSharesStandard channel_id=2 sequence_number=1
             > SubmitSharesStandard channel_id=2 sequence_number=2
             < SubmitShares.Success channel_id=2 last_sequence_number=1 new_submits_accepted_count=1 new_shares_sum=0
             < SubmitShares.Error channel_id=2 sequence_number=2 error_code=no",
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff group_channel_id=7
             > SubmitSharesStandard channel_id=2 sequence_number=1
             > SubmitSharesStandard channel_id=2 sequence_number=2
             < SubmitShares.Error channel_id=2 sequence_number=1 error_code=no
             < SubmitShares.Success channel_id=2 last_sequence_number=2 new_submits_accepted_count=1 new_shares_sum=0",
        ],
        breaks: &[
            (
                "accounting strict SV2-05-097 SV2-05-100",
                "setup
                 > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff group_channel_id=7
                 > SubmitSharesStandard channel_id=2 sequence_number=1
                 > SubmitSharesStandard channel_id=2 sequence_number=2
                 < SubmitShares.Success channel_id=2 last_sequence_number=1 new_submits_accepted_count=1 new_shares_sum=0
                 < SubmitShares.Success channel_id=2 last_sequence_number=2 new_submits_accepted_count=2 new_shares_sum=0",
            ),
            (
                "accounting strict SV2-05-103 SV2-05-111",
                "setup
                 > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff group_channel_id=7
                 > SubmitSharesStandard channel_id=2 sequence_number=1
                 > SubmitSharesStandard channel_id=2 sequence_number=2
                 < SubmitShares.Error channel_id=2 sequence_number=1 error_code=no
                 < SubmitShares.Success channel_id=2 last_sequence_number=2 new_submits_accepted_count=2 new_shares_sum=0",
            ),
            (
                "accounting strict SV2-05-103 SV2-05-111",
                "setup
                 > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff group_channel_id=7
                 > SubmitSharesStandard channel_id=2 sequence_number=1
                 > SubmitSharesStandard channel_id=2 sequence_number=2
                 < SubmitShares.Success channel_id=2 last_sequence_number=2 new_submits_accepted_count=2 new_shares_sum=0
                 < SubmitShares.Error channel_id=2 sequence_number=2 error_code=no",
            ),
        ],
    },
    Traces {
        rule: "acknowledged-number",
        keeps: &[
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff group_channel_id=7
             > SubmitSharesStandard channel_id=2 sequence_number=1
             > SubmitSharesStandard channel_id=2 sequence_number=2
             < SubmitShares.Success channel_id=2 last_sequence_number=2 new_submits_accepted_count=2 new_shares_sum=0",
        ],
        breaks: &[
            (
                "acknowledged-number strict SV2-05-099",
                "setup
                 > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff group_channel_id=7
                 > SubmitSharesStandard channel_id=2 sequence_number=1
                 > SubmitSharesStandard channel_id=2 sequence_number=2
                 < SubmitShares.Success channel_id=2 last_sequence_number=3 new_submits_accepted_count=1 new_shares_sum=0",
            ),
            (
                "acknowledged-number lenient AMB-59 SV2-05-099",
                "setup
                 > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff group_channel_id=7
                 > SubmitSharesStandard channel_id=2 sequence_number=1
                 > SubmitSharesStandard channel_id=2 sequence_number=2
                 < SubmitShares.Error channel_id=2 sequence_number=2 error_code=no
                 < SubmitShares.Success channel_id=2 last_sequence_number=2 new_submits_accepted_count=1 new_shares_sum=0",
            ),
        ],
    },
    Traces {
        rule: "one-error-per-share",
        keeps: &[
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff group_channel_id=7
             > SubmitSharesStandard channel_id=2 sequence_number=1
             > SubmitSharesStandard channel_id=2 sequence_number=2
             < SubmitShares.Error channel_id=2 sequence_number=1 error_code=no
             < SubmitShares.Error channel_id=2 sequence_number=2 error_code=no",
            "setup
             > garbage
             < SubmitShares.Error channel_id=2 sequence_number=7 error_code=no",
        ],
        breaks: &[
            (
                "one-error-per-share strict SV2-05-107",
                "setup
                 > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff group_channel_id=7
                 > SubmitSharesStandard channel_id=2 sequence_number=1
                 > SubmitSharesStandard channel_id=2 sequence_number=2
                 < SubmitShares.Error channel_id=2 sequence_number=1 error_code=no
                 < SubmitShares.Error channel_id=2 sequence_number=1 error_code=no",
            ),
            (
                "one-error-per-share strict SV2-05-107",
                "setup
                 > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff group_channel_id=7
                 > SubmitSharesStandard channel_id=2 sequence_number=1
                 > SubmitSharesStandard channel_id=2 sequence_number=2
                 < SubmitShares.Error channel_id=2 sequence_number=9 error_code=no",
            ),
        ],
    },
    Traces {
        rule: "difficulty-sum",
        keeps: &[
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=x0000000003fffc00000000000000000000000000000000000000000000000000 group_channel_id=7
             > SubmitSharesStandard channel_id=2 sequence_number=1
             > SubmitSharesStandard channel_id=2 sequence_number=2
             < SubmitShares.Success channel_id=2 last_sequence_number=1 new_submits_accepted_count=1 new_shares_sum=64
             < SubmitShares.Success channel_id=2 last_sequence_number=2 new_submits_accepted_count=1 new_shares_sum=65",
            "setup
             > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
             < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff group_channel_id=7
             > SubmitSharesStandard channel_id=2 sequence_number=1
             > SubmitSharesStandard channel_id=2 sequence_number=2
             < SubmitShares.Success channel_id=2 last_sequence_number=2 new_submits_accepted_count=2 new_shares_sum=900",
        ],
        breaks: &[
            (
                "difficulty-sum strict SV2-05-101",
                "setup
                 > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=x0000000003fffc00000000000000000000000000000000000000000000000000 group_channel_id=7
                 > SubmitSharesStandard channel_id=2 sequence_number=1
                 > SubmitSharesStandard channel_id=2 sequence_number=2
                 < SubmitShares.Success channel_id=2 last_sequence_number=1 new_submits_accepted_count=1 new_shares_sum=64
                 < SubmitShares.Success channel_id=2 last_sequence_number=2 new_submits_accepted_count=1 new_shares_sum=128",
            ),
            (
                "difficulty-sum strict SV2-05-102",
                "setup
                 > OpenStandardMiningChannel request_id=1 max_target=xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
                 < OpenStandardMiningChannel.Success request_id=1 channel_id=2 target=x0000000003fffc00000000000000000000000000000000000000000000000000 group_channel_id=7
                 > SubmitSharesStandard channel_id=2 sequence_number=1
                 > SubmitSharesStandard channel_id=2 sequence_number=2
                 < SubmitShares.Success channel_id=2 last_sequence_number=2 new_submits_accepted_count=2 new_shares_sum=500",
            ),
        ],
    },
];
