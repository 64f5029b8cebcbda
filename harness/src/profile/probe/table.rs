//! The probes: one row per question, in the order of asking.

use crate::profile::keys::ERROR_CODES;

/// One question.
#[derive(Debug)]
pub(super) struct Probe {
    /// A short name.
    pub(super) name: &'static str,
    /// What is done, for the remark beside what is learned. A part in parentheses is left out where several probes answer one
    /// question.
    pub(super) asks: &'static str,
    /// What it needs.
    pub(super) wants: Wants,
    /// The steps. `{kind}` becomes standard or extended, `{open}` the name of that kind's message, `{flags}` what set-up takes
    /// for it, `{extensions}` the extensions to ask for.
    pub(super) steps: &'static str,
    /// What is read from its outcome.
    pub(super) reads: &'static [Reads],
}

/// What a probe needs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wants {
    /// A connection.
    Connection,
    /// A channel of any kind.
    Channel,
    /// A capability, and a channel of any kind.
    Capability(&'static str),
}

/// What an outcome says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reads {
    /// Whether this version is spoken.
    Version(u64),
    /// The flags that were refused.
    Flags,
    /// The extensions that were negotiated.
    Extensions,
    /// How the negotiation of extensions goes, as this capability says.
    Negotiates(&'static str),
    /// Whether channels of the kind of this capability are opened.
    Opens(&'static str),
    /// What a share costs on the channel that was opened.
    Cost,
    /// How many shares one acknowledgement has.
    Batch,
    /// Whether a message whose name ends so comes after a trigger.
    Sees(&'static str),
    /// How the error of this symbol is spelt.
    Spelling(&'static str),
}

impl Reads {
    /// The claim that it decides.
    pub(super) fn claim(&self) -> String {
        match *self {
            Self::Version(_) => "setup.versions".to_owned(),
            Self::Flags => "setup.refused_flags".to_owned(),
            Self::Extensions => "setup.extensions".to_owned(),
            Self::Opens(capability) | Self::Negotiates(capability) => capability.to_owned(),
            Self::Cost => "limits.hash_budget".to_owned(),
            Self::Batch => "acknowledgements.batch".to_owned(),
            Self::Sees("SetNewPrevHash") => "control.block".to_owned(),
            Self::Sees(_) => "control.template".to_owned(),
            Self::Spelling(symbol) => format!("{ERROR_CODES}{symbol}"),
        }
    }
}

/// Every probe. None waits for silence, since that takes a ping, which would be the last request. What a probe provokes is what ordinary mistakes of a miner look like, and nothing that floods or breaks frames.
pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "version-1",
        asks: "SetupConnection for one version only, each of 1, 2, 3 (1)",
        wants: Wants::Connection,
        steps: "
connect
send SetupConnection -> $request
  min_version = 1, max_version = 1
expect reply to $request
  | SetupConnection.Success
  | SetupConnection.Error
  | close",
        reads: &[Reads::Version(1)],
    },
    Probe {
        name: "version-2",
        asks: "SetupConnection for one version only, each of 1, 2, 3 (2)",
        wants: Wants::Connection,
        steps: "
connect
send SetupConnection -> $request
  min_version = 2, max_version = 2
expect reply to $request
  | SetupConnection.Success
  | SetupConnection.Error
  | close",
        reads: &[Reads::Version(2)],
    },
    Probe {
        name: "version-3",
        asks: "SetupConnection for one version only, each of 1, 2, 3 (3)",
        wants: Wants::Connection,
        steps: "
connect
send SetupConnection -> $request
  min_version = 3, max_version = 3
expect reply to $request
  | SetupConnection.Success
  | SetupConnection.Error
  | close",
        reads: &[Reads::Version(3), Reads::Spelling("protocol-version-mismatch")],
    },
    Probe {
        name: "flags",
        asks: "SetupConnection with all 32 flags",
        wants: Wants::Connection,
        steps: "
connect
send SetupConnection -> $request
  flags = 0xffffffff
expect reply to $request
  | SetupConnection.Success
  | SetupConnection.Error
  | close",
        reads: &[Reads::Flags, Reads::Spelling("unsupported-feature-flags")],
    },
    Probe {
        name: "protocol",
        asks: "SetupConnection for the Template Distribution Protocol",
        wants: Wants::Connection,
        steps: "
connect
send SetupConnection -> $request
  protocol = 2
expect reply to $request
  | SetupConnection.Success
  | SetupConnection.Error
  | close",
        reads: &[Reads::Spelling("unsupported-protocol")],
    },
    Probe {
        name: "extensions",
        asks: "RequestExtensions",
        wants: Wants::Connection,
        steps: "
connect
setup()
send RequestExtensions -> $request
  requested_extensions = [{extensions}]
expect reply to $request
  | RequestExtensions.Success
  | RequestExtensions.Error
  | close",
        reads: &[
            Reads::Extensions,
            Reads::Negotiates("extension.worker"),
            Reads::Negotiates("extension.ignored"),
        ],
    },
    Probe {
        name: "no-extensions",
        asks: "RequestExtensions for none",
        wants: Wants::Connection,
        steps: "
connect
setup()
send RequestExtensions -> $request
  requested_extensions = []
expect reply to $request
  | RequestExtensions.Success
  | RequestExtensions.Error
  | close",
        reads: &[Reads::Negotiates("extension.required")],
    },
    Probe {
        name: "extended",
        asks: "OpenExtendedMiningChannel for 4 bytes of extranonce",
        wants: Wants::Connection,
        steps: "
connect
setup()
send OpenExtendedMiningChannel -> $request
expect reply to $request
  | OpenExtendedMiningChannel.Success
  | OpenMiningChannel.Error
  | close",
        reads: &[Reads::Opens("channel.extended"), Reads::Cost],
    },
    Probe {
        name: "standard",
        asks: "OpenStandardMiningChannel",
        wants: Wants::Connection,
        steps: "
connect
setup()
send OpenStandardMiningChannel -> $request
expect reply to $request
  | OpenStandardMiningChannel.Success
  | OpenMiningChannel.Error
  | close",
        reads: &[Reads::Opens("channel.standard"), Reads::Cost],
    },
    Probe {
        name: "batch",
        asks: "valid shares until one was acknowledged",
        wants: Wants::Channel,
        steps: "
{kind}-miner() -> $chan, $job
settle $chan
  credited == 0",
        reads: &[Reads::Batch],
    },
    Probe {
        name: "max-target",
        asks: "a channel with max_target = 0",
        wants: Wants::Channel,
        steps: "
connect
setup(flags: {flags})
send {open} -> $request
  max_target = 0
expect reply to $request
  | {open}.Success
  | OpenMiningChannel.Error
  | close",
        reads: &[Reads::Spelling("max-target-out-of-range")],
    },
    Probe {
        name: "hash-rate",
        asks: "a channel with nominal_hash_rate = -1",
        wants: Wants::Channel,
        steps: "
connect
setup(flags: {flags})
send {open} -> $request
  nominal_hash_rate = -1.0
expect reply to $request
  | {open}.Success
  | OpenMiningChannel.Error
  | close",
        reads: &[Reads::Spelling("invalid-nominal-hashrate")],
    },
    Probe {
        name: "extranonce-wish",
        asks: "an extended channel with min_extranonce_size = 65535",
        wants: Wants::Capability("channel.extended"),
        steps: "
connect
setup()
send OpenExtendedMiningChannel -> $request
  min_extranonce_size = 65535
expect reply to $request
  | OpenExtendedMiningChannel.Success
  | OpenMiningChannel.Error
  | close",
        reads: &[Reads::Spelling("min-extranonce-size-too-large")],
    },
    Probe {
        name: "duplicate",
        asks: "the same share twice",
        wants: Wants::Channel,
        steps: "
{kind}-miner() -> $chan, $job
mine $job -> $share
submit $share
submit $share -> $request
expect reply to $request
  | SubmitShares.Success
  | SubmitShares.Error
  | close",
        reads: &[Reads::Spelling("duplicate-share")],
    },
    Probe {
        name: "weak",
        asks: "a share above the target",
        wants: Wants::Channel,
        steps: "
{kind}-miner() -> $chan, $job
mine $job -> $share
  hash > $job.target
submit $share -> $request
expect reply to $request
  | SubmitShares.Success
  | SubmitShares.Error
  | close",
        reads: &[Reads::Spelling("difficulty-too-low")],
    },
    Probe {
        name: "unknown-job",
        asks: "a share for a job that there is not",
        wants: Wants::Channel,
        steps: "
{kind}-miner() -> $chan, $job
mine $job -> $share
submit $share -> $request
  job_id = $job.job_id + 1000
expect reply to $request
  | SubmitShares.Success
  | SubmitShares.Error
  | close",
        reads: &[Reads::Spelling("invalid-job-id")],
    },
    Probe {
        name: "unknown-channel",
        asks: "a share for a channel that is not open",
        wants: Wants::Channel,
        steps: "
{kind}-miner() -> $chan, $job
mine $job -> $share
submit $share -> $request
  channel_id = 0xfffffff0
expect reply to $request
  | SubmitShares.Success
  | SubmitShares.Error
  | close",
        reads: &[Reads::Spelling("invalid-channel-id")],
    },
    Probe {
        name: "version-bit",
        asks: "a share with version bit 0 changed",
        wants: Wants::Channel,
        steps: "
{kind}-miner() -> $chan, $job
mine $job -> $share
  version = $job.version ^ 1
submit $share -> $request
expect reply to $request
  | SubmitShares.Success
  | SubmitShares.Error
  | close",
        reads: &[Reads::Spelling("invalid-non-rollable-version-bit")],
    },
    Probe {
        name: "extranonce",
        asks: "a share with an extranonce of one byte",
        wants: Wants::Capability("channel.extended"),
        steps: "
extended-miner() -> $chan, $job
mine $job -> $share
  extranonce = x\"01\"
submit $share -> $request
expect reply to $request
  | SubmitShares.Success
  | SubmitShares.Error
  | close",
        reads: &[Reads::Spelling("bad-extranonce-size")],
    },
    Probe {
        name: "block",
        asks: "the command of control.block, then a share for the job before",
        wants: Wants::Capability("control.block"),
        steps: "
{kind}-miner() -> $chan, $job
mine $job -> $share
block
expect SetNewPrevHash within 10s
submit $share -> $request
expect reply to $request
  | SubmitShares.Success
  | SubmitShares.Error
  | close",
        reads: &[Reads::Sees("SetNewPrevHash"), Reads::Spelling("stale-share")],
    },
    Probe {
        name: "template",
        asks: "the command of control.template",
        wants: Wants::Capability("control.template"),
        steps: "
{kind}-miner() -> $chan, $job
template
expect one-of within 10s
  | NewMiningJob
  | NewExtendedMiningJob",
        reads: &[Reads::Sees("MiningJob")],
    },
];
