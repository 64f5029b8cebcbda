//! Header, number, layout, TLVs, characters.

use crate::Traces;
use crate::notation::judged;
use sv2_session::rules::Ruling;

pub(crate) const TRACES: &[Traces] = &[
    Traces {
        rule: "channel-bit",
        keeps: &["setup\nstandard 2 7"],
        breaks: &[
            ("channel-bit strict SV2-08-002 SV2-03-029", "> SetupConnection\n< SetupConnection.Success | bit"),
            ("channel-bit strict SV2-08-002 SV2-03-029", "setup\nstandard 2 7\n< SetTarget channel_id=2 | bit"),
            (
                "channel-bit strict SV2-08-002 SV2-03-029 SV2-03-032",
                "> SetupConnection protocol=2\n< SetupConnection.Error error_code=no | bit",
            ),
            (
                "channel-bit strict EXT-0001-011 SV2-03-029",
                "setup\n> RequestExtensions\n< RequestExtensions.Success | bit",
            ),
        ],
    },
    Traces {
        rule: "known-number",
        keeps: &["setup"],
        breaks: &[
            ("known-number strict SV2-08-003", "setup\n< SetTarget channel_id=2 | type 0x1e"),
            ("known-number strict SV2-08-001 SV2-08-004", "setup\n< SetTarget channel_id=2 | type 0x7f"),
        ],
    },
    Traces {
        rule: "direction",
        keeps: &["setup"],
        breaks: &[("direction strict SV2-08-006", "setup\n< OpenStandardMiningChannel request_id=1")],
    },
    Traces {
        rule: "subprotocol",
        keeps: &["setup\nstandard 2 7"],
        breaks: &[("subprotocol strict SV2-08-005", "setup\n< NewTemplate")],
    },
    Traces {
        rule: "payload-layout",
        keeps: &["setup\nstandard 2 7"],
        breaks: &LAYOUTS,
    },
    Traces {
        rule: "bounded-lengths",
        keeps: &["setup\nstandard 2 7\njob 2 1 none\ntip 2 1 77"],
        breaks: &[
            (
                "payload-layout strict SV2-05-078 SV2-03-025; bounded-lengths strict SV2-03-012",
                "setup\nstandard 2 7\n< SetExtranoncePrefix channel_id=2 | cut 1, more 21",
            ),
            (
                "payload-layout strict SV2-05-114 SV2-03-025; bounded-lengths strict SV2-03-016",
                "setup\nstandard 2 7\n< NewMiningJob channel_id=2 job_id=1 version=4 | cut 37, more 02",
            ),
        ],
    },
    Traces {
        rule: "payload-length",
        keeps: &["setup\n> RequestExtensions\n< RequestExtensions.Success supported_extensions=[2]\nstandard 2 7"],
        breaks: &[
            ("payload-length strict SV2-03-024", "> SetupConnection\n< SetupConnection.Success | more 010002060000"),
            (
                "payload-length strict SV2-03-101",
                "setup\n> RequestExtensions\n< RequestExtensions.Success supported_extensions=[2]\nstandard 2 7
                < SetTarget channel_id=2 maximum_target=1000 | more 020001ff",
            ),
        ],
    },
    Traces {
        rule: "tlv-negotiated",
        keeps: &[
            "setup\nstandard 2 7",
            "setup\n> RequestExtensions\n< RequestExtensions.Success supported_extensions=[2]\nstandard 2 7
                < SetTarget channel_id=2 maximum_target=1000 | more 0200010100ff",
        ],
        breaks: &[(
            "tlv-negotiated strict SV2-03-042 SV2-03-043",
            "setup\nstandard 2 7\n< SetTarget channel_id=2 maximum_target=1000 | more 0200010100ff",
        )],
    },
    Traces {
        rule: "tlv-order",
        keeps: &["setup\n> RequestExtensions\n< RequestExtensions.Success supported_extensions=[2;3]\nstandard 2 7
                < SetTarget channel_id=2 maximum_target=1000 | more 0200010100ff0300010100ff"],
        breaks: &[
            (
                "tlv-order strict SV2-03-047",
                "setup\n> RequestExtensions\n< RequestExtensions.Success supported_extensions=[2;3]\nstandard 2 7
                < SetTarget channel_id=2 maximum_target=1000 | more 0300010100ff0200010100ff",
            ),
            (
                "tlv-order lenient AMB-01 SV2-03-046",
                "setup\n> RequestExtensions\n< RequestExtensions.Success supported_extensions=[2]\nstandard 2 7
                < SetTarget channel_id=2 maximum_target=1000 | more 0002010001ff",
            ),
            (
                "payload-length strict SV2-03-101; tlv-order strict SV2-03-046",
                "setup\n> RequestExtensions\n< RequestExtensions.Success supported_extensions=[2]
                > SetupConnection\n< SetupConnection.Error error_code=abc | front 020001040000000000",
            ),
        ],
    },
    Traces {
        rule: "extension-type",
        keeps: &[
            "setup\nstandard 2 7",
            "setup\n> RequestExtensions\n< RequestExtensions.Success supported_extensions=[2]
                < SetupConnection.Error | ext 2, type 0x77",
        ],
        breaks: &[
            (
                "extension-type strict SV2-03-042 SV2-03-043",
                "setup\n< SetupConnection.Error | ext 2, type 0x77",
            ),
            (
                "extension-type strict SV2-03-022 SV2-09-001",
                "setup\n< SetupConnection.Error | ext 7",
            ),
            (
                "extension-type strict SV2-03-023",
                "setup\n> RequestExtensions request_id=7\n< RequestExtensions.Success request_id=7 supported_extensions=[2] | ext 2",
            ),
        ],
    },
    Traces {
        rule: "readable-stream",
        keeps: &["setup"],
        breaks: &[
            ("readable-stream strict SV2-04-044", "setup\n< unreadable"),
            ("readable-stream strict SV2-03-021", "setup\n< endless"),
        ],
    },
    Traces {
        rule: "error-code-characters",
        keeps: &["> SetupConnection\n< SetupConnection.Error error_code=flag-not-known"],
        breaks: &[
            ("error-code-characters strict SV2-03-057", "> SetupConnection\n< SetupConnection.Error error_code=flag\\x0anot"),
            ("error-code-characters strict SV2-03-056", "> SetupConnection\n< SetupConnection.Error error_code=fl\\xc3\\xa4g"),
        ],
    },
    Traces {
        rule: "reason-code-characters",
        keeps: &["setup\nstandard 2 7\n< CloseChannel channel_id=2 reason_code=maintenance"],
        breaks: &[
            ("reason-code-characters strict SV2-05-073", "setup\nstandard 2 7\n< CloseChannel channel_id=2 reason_code=\\x7f"),
            ("reason-code-characters strict SV2-05-074", "setup\nstandard 2 7\n< CloseChannel channel_id=2 reason_code=\\xff"),
        ],
    },
    Traces {
        rule: "string-terminator",
        keeps: &["setup\n< Reconnect new_host=pool.example"],
        breaks: &[("string-terminator lenient - SV2-03-011", "setup\n< Reconnect new_host=pool.example\\x00")],
    },
];

/// One frame of each layout, a byte short or a byte too long.
const LAYOUTS: [(&str, &str); 20] = [
    ("payload-layout strict SV2-03-073 SV2-03-025", "> SetupConnection\n< SetupConnection.Success | more 00"),
    ("payload-layout strict SV2-03-083 SV2-03-025", "> SetupConnection\n< SetupConnection.Error | cut 1"),
    (
        "payload-layout strict SV2-05-044 SV2-03-025",
        "setup\n> OpenStandardMiningChannel\n< OpenStandardMiningChannel.Success target=1 | cut 1",
    ),
    (
        "payload-layout strict SV2-05-050 SV2-03-025",
        "setup\n> OpenExtendedMiningChannel\n< OpenExtendedMiningChannel.Success target=1 | cut 4",
    ),
    (
        "payload-layout strict SV2-05-055 SV2-03-025",
        "setup\n> OpenExtendedMiningChannel\n< OpenMiningChannel.Error error_code=no | cut 1",
    ),
    (
        "payload-layout strict SV2-05-064 SV2-03-025",
        "setup\nstandard 2 7\n> UpdateChannel channel_id=2\n< UpdateChannel.Error channel_id=2 error_code=no | cut 1",
    ),
    (
        "payload-layout strict SV2-05-067 SV2-03-025",
        "setup\nstandard 2 7\n< CloseChannel channel_id=2 | cut 1",
    ),
    (
        "payload-layout strict SV2-05-078 SV2-03-025",
        "setup\nstandard 2 7\n< SetExtranoncePrefix channel_id=2 | cut 1",
    ),
    (
        "payload-layout strict SV2-05-096 SV2-03-025",
        "setup\nstandard 2 7\n> SubmitSharesStandard channel_id=2\n< SubmitShares.Success channel_id=2 | cut 4",
    ),
    (
        "payload-layout strict SV2-05-106 SV2-03-025",
        "setup\nstandard 2 7\n> SubmitSharesStandard channel_id=2\n< SubmitShares.Error channel_id=2 | cut 1",
    ),
    (
        "payload-layout strict SV2-05-114 SV2-03-025",
        "setup\nstandard 2 7\n< NewMiningJob channel_id=2 | cut 1",
    ),
    (
        "payload-layout strict SV2-05-126 SV2-03-025",
        "setup\nextended 2 7\n< NewExtendedMiningJob channel_id=2 | cut 1",
    ),
    (
        "payload-layout strict SV2-05-138 SV2-03-025",
        "setup\nstandard 2 7\n< SetNewPrevHash channel_id=2 | cut 1",
    ),
    (
        "payload-layout strict SV2-05-156 SV2-03-025",
        "setup\nextended 2 7\n> SetCustomMiningJob channel_id=2\n< SetCustomMiningJob.Success channel_id=2 | cut 1",
    ),
    (
        "payload-layout strict SV2-05-162 SV2-03-025",
        "setup\nextended 2 7\n> SetCustomMiningJob channel_id=2\n< SetCustomMiningJob.Error channel_id=2 | cut 1",
    ),
    ("payload-layout strict SV2-05-165 SV2-03-025", "setup\nstandard 2 7\n< SetTarget channel_id=2 | cut 1"),
    (
        "payload-layout strict SV2-05-172 SV2-03-025",
        "setup\nstandard 2 7\n< SetGroupChannel group_channel_id=7 channel_ids=[2] | cut 1",
    ),
    ("payload-layout strict SV2-03-093 SV2-03-025", "setup\n< Reconnect | cut 1"),
    (
        "payload-layout strict EXT-0001-005 SV2-03-025",
        "setup\n> RequestExtensions\n< RequestExtensions.Success supported_extensions=[2] | cut 1",
    ),
    (
        "payload-layout strict EXT-0001-006 SV2-03-025",
        "setup\n> RequestExtensions\n< RequestExtensions.Error | cut 1",
    ),
];

#[test]
fn the_layout_before_2026_is_told_from_other_faults() {
    let came = |frame: &str| {
        let said = judged(&format!("setup\n{frame}"), |rule| rule.name == "payload-layout");
        match said.last().map(|judgement| &judgement.ruling) {
            Some(Ruling::Breach { came, .. }) => came.clone(),
            other => panic!("{other:?}"),
        }
    };
    let is_older = |frame: &str| came(frame).contains("AMB-55");
    assert!(is_older("< OpenExtendedMiningChannel.Success | cut 4"));
    assert!(!is_older("< OpenExtendedMiningChannel.Success | cut 3"), "half of the field is there");
    assert!(!is_older("< OpenExtendedMiningChannel.Success | cut 5"), "another field is missing");
    assert!(!is_older("< OpenStandardMiningChannel.Success | cut 4"), "another message");
}
