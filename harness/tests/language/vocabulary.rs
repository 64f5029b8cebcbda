//! A vocabulary just large enough for the samples.

use sv2_conform::scenario::check::{FragmentParameter, FragmentSignature, Vocabulary};

/// The samples' world.
pub(super) struct Small;

const MESSAGES: &[(&str, &[&str])] = &[
    ("SetupConnection", &["protocol", "min_version", "max_version", "flags", "vendor"]),
    ("SetupConnection.Success", &["used_version", "flags"]),
    ("SetupConnection.Error", &["flags", "error_code"]),
    ("SubmitSharesStandard", &["channel_id", "sequence_number", "job_id", "nonce", "ntime", "version"]),
    (
        "SubmitSharesExtended",
        &["channel_id", "sequence_number", "job_id", "nonce", "ntime", "version", "extranonce"],
    ),
    ("SubmitShares.Success", &["channel_id", "last_sequence_number", "new_submits_accepted_count"]),
    ("SubmitShares.Error", &["channel_id", "sequence_number", "error_code"]),
    ("CloseChannel", &["channel_id", "reason_code"]),
    ("template-distribution.SetNewPrevHash", &["template_id", "prev_hash", "target"]),
];

/// Name, parameters with whether they are mandatory, number of results.
type Fragment = (&'static str, &'static [(&'static str, bool)], usize);

const FRAGMENTS: &[Fragment] = &[
    ("setup", &[("flags", false)], 0),
    ("open-standard", &[("user", false)], 1),
    ("open-both", &[("rate", true)], 2),
];

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

impl Vocabulary for Small {
    fn message_names(&self) -> Vec<String> {
        MESSAGES.iter().map(|(name, _)| (*name).to_owned()).collect()
    }

    fn fields(&self, message: &str) -> Vec<String> {
        MESSAGES
            .iter()
            .find(|(name, _)| *name == message)
            .map(|(_, fields)| words(fields))
            .unwrap_or_default()
    }

    fn clause_ids(&self) -> Vec<String> {
        words(&["SV2-03-010", "SV2-04-020", "SV2-05-097", "SV2-05-099", "SV2-05-100", "SV2-05-112", "ROB-01"])
    }

    fn ambiguity_ids(&self) -> Vec<String> {
        words(&["AMB-03", "AMB-43"])
    }

    fn constant_names(&self) -> Vec<String> {
        words(&["REQUIRES_STANDARD_JOBS", "REQUIRES_VERSION_ROLLING"])
    }

    fn error_symbols(&self) -> Vec<String> {
        words(&["duplicate-share", "stale-share"])
    }

    fn fragment_names(&self) -> Vec<String> {
        FRAGMENTS.iter().map(|(name, ..)| (*name).to_owned()).collect()
    }

    fn fragment(&self, name: &str) -> Option<FragmentSignature> {
        let (_, parameters, results) = FRAGMENTS.iter().find(|(known, ..)| *known == name)?;
        let parameters = parameters
            .iter()
            .map(|&(name, mandatory)| FragmentParameter { name: name.to_owned(), mandatory });
        Some(FragmentSignature { parameters: parameters.collect(), results: *results })
    }

    fn pool_settings(&self) -> Vec<String> {
        words(&["ack-batch", "certificate"])
    }

    fn capabilities(&self) -> Vec<String> {
        words(&["channel.standard", "channel.extended"])
    }

    fn handshake_facts(&self) -> Vec<String> {
        words(&["version", "valid_from", "not_valid_after"])
    }

    fn settle_facts(&self) -> Vec<String> {
        words(&["credited", "acked-numbers"])
    }

    fn provocable_messages(&self) -> Vec<String> {
        words(&["CloseChannel"])
    }

    fn settle_words(&self) -> Vec<String> {
        words(&["submitted"])
    }
}
