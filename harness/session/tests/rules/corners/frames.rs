//! Header, number, layout, TLVs, characters.

use crate::Traces;

pub(crate) const TRACES: &[Traces] = &[
    Traces {
        rule: "channel-bit",
        keeps: &[],
        breaks: &[(
            "channel-bit strict SV2-08-002 SV2-03-029 SV2-03-032",
            "> SetupConnection protocol=1\n< SetupConnection.Error error_code=no | bit",
        )],
    },
    Traces {
        rule: "payload-layout",
        keeps: &[],
        breaks: &[
            ("payload-layout strict SV2-05-067 SV2-03-025", "setup\nstandard 2 7\n< CloseChannel channel_id=2 reason_code=x | cut 1"),
            ("payload-layout strict SV2-05-067 SV2-03-025", "setup\nstandard 2 7\n< CloseChannel channel_id=2 | more 0200"),
        ],
    },
    Traces {
        rule: "payload-length",
        keeps: &[],
        breaks: &[
            (
                "payload-length strict SV2-03-024",
                "setup\n> RequestExtensions\n< RequestExtensions.Success supported_extensions=[2]\nstandard 2 7
                    < SetTarget channel_id=2 maximum_target=1000 | more 0200ffffffff",
            ),
            // Its fields read like a TLV of extension 2, and what follows is no message.
            (
                "payload-length strict SV2-03-101",
                "setup\n> RequestExtensions\n< RequestExtensions.Success supported_extensions=[2]
                    > SetupConnection\n< SetupConnection.Success used_version=2 flags=1 | more ff",
            ),
        ],
    },
    Traces {
        rule: "tlv-negotiated",
        keeps: &[],
        breaks: &[
            (
                "tlv-negotiated strict SV2-03-042 SV2-03-043",
                "setup\n> RequestExtensions\n< RequestExtensions.Success supported_extensions=[2]\nstandard 2 7
                < SetTarget channel_id=2 maximum_target=1000 | more 0200010100ff0300010100ff",
            ),
            // Little-endian TLVs go before, unless only big-endian ones are of a confirmed extension.
            (
                "tlv-negotiated strict SV2-03-042 SV2-03-043",
                "setup\n> RequestExtensions\n< RequestExtensions.Success supported_extensions=[2]\nstandard 2 7
                < SetTarget channel_id=2 maximum_target=1000 | more 0003010000",
            ),
        ],
    },
    Traces {
        rule: "tlv-order",
        keeps: &[
            // One extension may have several TLVs.
            "setup\n> RequestExtensions\n< RequestExtensions.Success supported_extensions=[2]\nstandard 2 7
                < SetTarget channel_id=2 maximum_target=1000 | more 0200010100ff0200020100ff",
            // The fields read like an empty TLV of the extension, and the message might begin behind it.
            "setup\n> RequestExtensions requested_extensions=[2]\n< RequestExtensions.Success supported_extensions=[2]\nstandard 2 7
                < SetTarget channel_id=2 maximum_target=1024 | more 0200010000",
        ],
        breaks: &[
            // An empty TLV in front leaves zeros behind that read like one of an extension that nobody confirmed.
            (
                "tlv-negotiated strict SV2-03-042 SV2-03-043;tlv-order strict SV2-03-046;known-address strict SV2-05-014 SV2-03-026",
                "setup\n> RequestExtensions requested_extensions=[2]\n< RequestExtensions.Success supported_extensions=[2]\nstandard 2 7
                < SetTarget channel_id=2 maximum_target=900 | front 0200010000",
            ),
        ],
    },
    Traces {
        rule: "extension-type",
        keeps: &[],
        breaks: &[
            // Nobody asked, or another request.
            (
                "extension-type strict SV2-03-042 SV2-03-043",
                "setup\n< RequestExtensions.Success request_id=7 | ext 2",
            ),
            (
                "extension-type strict SV2-03-042 SV2-03-043",
                "setup\n> RequestExtensions request_id=6\n< RequestExtensions.Success request_id=7 | ext 2",
            ),
            (
                "extension-type strict SV2-03-023",
                "setup\n> RequestExtensions request_id=7\n< RequestExtensions.Error request_id=7 unsupported_extensions=[2] | ext 2",
            ),
            // No core message that a server would send.
            (
                "extension-type strict SV2-03-042 SV2-03-043",
                "setup\n< SetupConnection min_version=2 max_version=2 | ext 7",
            ),
        ],
    },
    Traces {
        rule: "known-number",
        keeps: &[],
        breaks: &[
            // 0 belongs to the core, whatever is negotiated.
            (
                "known-number strict SV2-08-001 SV2-08-004",
                "setup\n> RequestExtensions\n< RequestExtensions.Success supported_extensions=[2]\n< SetTarget | type 0x7f, bit",
            ),
        ],
    },
    Traces {
        rule: "error-code-characters",
        keeps: &["> SetupConnection\n< SetupConnection.Error error_code=\\x20~"],
        breaks: &[
            ("error-code-characters strict SV2-03-057", "> SetupConnection\n< SetupConnection.Error error_code=\\x1f"),
            ("error-code-characters strict SV2-03-057", "> SetupConnection\n< SetupConnection.Error error_code=\\x7f"),
            ("error-code-characters strict SV2-03-056", "> SetupConnection\n< SetupConnection.Error error_code=\\x80"),
        ],
    },
];
