//! The always-on rules: what a server keeps on every connection, whatever the conversation is about.
//!
//! A rule is one row of [`RULES`] and one small function or state below `rules/`, with the rule's sentence of the
//! specification (in our words) above the check. A [`Watch`](crate::Watch) feeds the frames of one connection to all of them, in the order in which
//! the client saw them; what they say are [`Judgement`]s. Rules whose matter are several connections live in a
//! [`Conversation`](crate::Conversation), which all watches of a conversation share.
//!
//! Rules judge the server's frames only. What the client sends is what they judge by; where it was garbage, the rules about
//! reactions are silent from then on ([`Watch::spoil`](crate::Watch::spoil)).

mod accounts;
mod address;
mod coinbase;
mod frames;
mod groups;
mod jobs;
mod opening;
mod pace;
mod setup;
mod space;
mod targets;
mod text;
mod tips;
mod tlv;

use crate::channel::Channel;
use crate::history::History;
use crate::session::Session;
use crate::watch::Moment;
use sv2_wire::frame::Frame;
use sv2_wire::link::LinkError;
use sv2_wire::{DecodeError, Message, MessageSpec};

/// Clauses of the ledger, by their ids.
pub type Clauses = &'static [&'static str];

/// One rule.
#[derive(Clone, Copy, Debug)]
pub struct RuleSpec {
    /// The name in reports.
    pub name: &'static str,
    /// The clauses that it decides, each on its own.
    pub clauses: Clauses,
    /// What is allowed, in one sentence.
    pub doc: &'static str,
    /// What it looks at.
    pub scope: Scope,
    /// Whether it is silent once the client itself has sent what no client may send, since the server's reaction to that is open.
    pub excused: bool,
    make: fn() -> Box<dyn Rule>,
}

/// What one instance of a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One connection.
    Connection,
    /// All connections of a conversation.
    Conversation,
}

/// What a rule says about a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The rule.
    pub rule: &'static RuleSpec,
    /// What it says it about; a part of the rule's clauses.
    pub clauses: Clauses,
    /// What it says.
    pub ruling: Ruling,
}

/// Kept or broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// The clauses had an occasion to be broken, and were not.
    Kept,
    /// They were broken.
    Breach {
        /// What came.
        came: String,
        /// How it weighs.
        stance: Stance,
    },
}

/// How a breach weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stance {
    /// By the level of the clause.
    Strict,
    /// Tolerated, because of this ambiguity if one is named; to be reported as a warning.
    Lenient(Option<&'static str>),
    /// Only recorded, because of this ambiguity if one is named.
    Info(Option<&'static str>),
}

impl PartialEq for RuleSpec {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for RuleSpec {}

impl RuleSpec {
    /// The rule of a name.
    pub fn find(name: &str) -> Option<&'static Self> {
        RULES.iter().find(|rule| rule.name == name)
    }

    pub(crate) fn start(&'static self) -> Running {
        Running { spec: self, rule: (self.make)() }
    }
}

/// A rule at work.
pub(crate) struct Running {
    pub(crate) spec: &'static RuleSpec,
    pub(crate) rule: Box<dyn Rule>,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.spec.name)
    }
}

/// What there is to see when a frame goes by.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    /// Which connection of the conversation.
    pub(crate) connection: usize,
    pub(crate) now: Moment,
    pub(crate) frame: &'a Frame,
    /// The row of the frame's number.
    pub(crate) spec: Option<&'static MessageSpec>,
    pub(crate) decoded: Result<&'a Message, &'a DecodeError>,
    /// What stands behind the last field.
    pub(crate) tail: &'a [u8],
    pub(crate) session: &'a Session,
    pub(crate) history: &'a History,
}

impl<'a> Seen<'a> {
    pub(crate) fn message(&self) -> Option<&'a Message> {
        self.decoded.ok()
    }

    /// The open channels that an id addresses: the channel of that id, or the members of the group of that id.
    pub(crate) fn addressed(&self, id: u32) -> Vec<&'a Channel> {
        let session = self.session;
        let members = session.group(id).filter(|member| *member != id).filter_map(|id| session.channel(id));
        session.channel(id).into_iter().chain(members).collect()
    }
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By the client.
    ByClient,
    /// By the server.
    ByServer,
}

/// A rule's code. A frame of the client is shown before the model has taken it in; one of the server before and after.
pub(crate) trait Rule {
    fn sent(&mut self, _seen: &Seen<'_>) {}
    fn before(&mut self, _seen: &Seen<'_>, _say: &mut Say<'_>) {}
    fn after(&mut self, _seen: &Seen<'_>, _say: &mut Say<'_>) {}
    fn unreadable(&mut self, _error: &LinkError, _say: &mut Say<'_>) {}
    fn ended(
        &mut self,
        _connection: usize,
        _ending: Ending,
        _history: &History,
        _now: Moment,
        _say: &mut Say<'_>,
    ) {
    }
}

/// A rule without a memory, over each frame of the server before the model has taken it in.
struct Each(fn(&Seen<'_>, &mut Say<'_>));

impl Rule for Each {
    fn before(&mut self, seen: &Seen<'_>, say: &mut Say<'_>) {
        (self.0)(seen, say);
    }
}

/// Takes down what one rule says.
pub(crate) struct Say<'a> {
    pub(crate) rule: &'static RuleSpec,
    pub(crate) is_muted: bool,
    pub(crate) out: &'a mut Vec<Judgement>,
}

impl Say<'_> {
    pub(crate) fn kept(&mut self, clauses: Clauses) {
        self.say(clauses, Ruling::Kept);
    }

    pub(crate) fn breach(&mut self, clauses: Clauses, came: impl Into<String>) {
        self.say(clauses, Ruling::Breach { came: came.into(), stance: Stance::Strict });
    }

    pub(crate) fn lenient(&mut self, clauses: Clauses, amb: Option<&'static str>, came: impl Into<String>) {
        self.say(clauses, Ruling::Breach { came: came.into(), stance: Stance::Lenient(amb) });
    }

    pub(crate) fn info(&mut self, clauses: Clauses, amb: Option<&'static str>, came: impl Into<String>) {
        self.say(clauses, Ruling::Breach { came: came.into(), stance: Stance::Info(amb) });
    }

    fn say(&mut self, clauses: Clauses, ruling: Ruling) {
        debug_assert!(
            clauses.iter().all(|id| self.rule.clauses.contains(id)),
            "{} does not list all of {clauses:?}",
            self.rule.name
        );
        if !self.is_muted {
            self.out.push(Judgement { rule: self.rule, clauses, ruling });
        }
    }
}

macro_rules! rules {
    ($($name:literal [$($clause:literal)+] $scope:ident $excused:literal $doc:literal => $make:expr;)+) => {
        /// Every rule, by family.
        pub const RULES: &[RuleSpec] = &[$(RuleSpec {
            name: $name,
            clauses: &[$($clause),+],
            doc: $doc,
            scope: Scope::$scope,
            excused: $excused,
            make: || Box::new($make),
        }),+];
    };
}

// A row: name, clauses, scope, whether it is excused by garbage of the client, what is allowed, the code.
rules! {
    "channel-bit" ["SV2-08-002" "SV2-03-029" "SV2-03-032" "EXT-0001-011"] Connection false
        "bit 15 of the extension type is as the table says for the message" => Each(frames::channel_bit);
    "known-number" ["SV2-08-001" "SV2-08-003" "SV2-08-004"] Connection false
        "core frames have a message type that the table assigns" => Each(frames::known_number);
    "direction" ["SV2-08-006"] Connection false
        "messages that a server sends" => Each(frames::direction);
    "subprotocol" ["SV2-08-005"] Connection false
        "common messages and those of the subprotocol that the connection was set up for" => Each(frames::subprotocol);
    "payload-layout" ["SV2-03-025" "SV2-03-073" "SV2-03-083" "SV2-05-044" "SV2-05-050" "SV2-05-055" "SV2-05-064" "SV2-05-067" "SV2-05-078"
        "SV2-05-096" "SV2-05-106" "SV2-05-114" "SV2-05-126" "SV2-05-138" "SV2-05-156" "SV2-05-162" "SV2-05-165" "SV2-05-172" "SV2-03-093"
        "EXT-0001-005" "EXT-0001-006"] Connection false
        "a payload of the layout that its message type has" => Each(frames::layout);
    "bounded-lengths" ["SV2-03-012" "SV2-03-016"] Connection false
        "B0_32 of at most 32 bytes, and OPTIONs of at most one value" => Each(frames::bounds);
    "payload-length" ["SV2-03-024" "SV2-03-101"] Connection false
        "msg_length without the header, and nothing but TLVs behind the last field" => Each(tlv::length);
    "tlv-negotiated" ["SV2-03-042" "SV2-03-043"] Connection false
        "TLVs of extensions that RequestExtensions.Success has confirmed" => Each(tlv::negotiated);
    "tlv-order" ["SV2-03-046" "SV2-03-047"] Connection false
        "TLVs behind all regular fields, sorted by extension type" => Each(tlv::order);
    "extension-type" ["SV2-03-022" "SV2-03-023" "SV2-03-042" "SV2-03-043" "SV2-09-001"] Connection false
        "extension type 0 on core messages, and frames of an extension only after its negotiation" => Each(frames::extension_type);
    "readable-stream" ["SV2-03-021" "SV2-04-044"] Connection false
        "records that decrypt, and frames whose header can be followed" => frames::Readable;
    "error-code-characters" ["SV2-03-056" "SV2-03-057"] Connection false
        "error codes of printable ASCII, without control characters" => Each(text::error_code);
    "reason-code-characters" ["SV2-05-073" "SV2-05-074"] Connection false
        "a reason_code of printable ASCII, without control characters" => Each(text::reason_code);
    "string-terminator" ["SV2-03-011"] Connection false
        "strings that do not end with a zero byte" => Each(text::terminator);
    "setup-answer" ["SV2-03-060"] Connection true
        "one answer to SetupConnection, before anything else" => Each(setup::answer);
    "setup-version" ["SV2-03-071"] Connection false
        "a used_version from the range that the client offered" => Each(setup::version);
    "setup-refusal" ["SV2-03-077"] Connection true
        "nothing but a close after SetupConnection.Error" => setup::Refusal::default();
    "server-flags" ["SV2-03-074" "SV2-05-031"] Connection false
        "flags that are defined for the server's success" => Each(setup::server_flags);
    "flags-not-echoed" ["SV2-03-074"] Conversation true
        "the server's own features, whatever the client asked for" => setup::NotEchoed::default();
    "fixed-version" ["SV2-05-026"] Connection false
        "an error, or a success without REQUIRES_FIXED_VERSION, for a client that requires version rolling" => Each(setup::fixed_version);
    "version-rolling" ["SV2-05-025" "SV2-05-027"] Connection false
        "version_rolling_allowed as both sides' flags promise" => Each(setup::rolling_in_jobs);
    "extended-channels-only" ["SV2-05-029"] Connection false
        "OpenMiningChannel.Error for a standard channel once REQUIRES_EXTENDED_CHANNELS was announced" => Each(setup::extended_channels);
    "standard-jobs-only" ["SV2-05-023" "SV2-05-175"] Connection false
        "neither extended jobs nor SetGroupChannel for a client that requires standard jobs" => Each(setup::standard_jobs);
    "opening-answer" ["SV2-05-034" "SV2-05-045" "SV2-05-056"] Connection true
        "one answer to each channel request, with its request_id" => Each(opening::pairing);
    "opening-kind" ["SV2-05-046"] Connection true
        "a success of the kind that was asked for" => Each(opening::kind);
    "opening-target" ["SV2-05-043" "SV2-05-047"] Connection true
        "a target above zero and within the client's max_target" => Each(opening::target);
    "opening-extranonce" ["SV2-05-051" "SV2-05-053"] Connection true
        "an extranonce_size from what was asked for up to 32, with the prefix 32 at most" => Each(opening::extranonce);
    "opening-refused" ["SV2-05-057"] Connection true
        "a connection that goes on after OpenMiningChannel.Error" => opening::RefusalIsHarmless::default();
    "channel-ids" ["SV2-05-013"] Connection false
        "channel ids that no other channel of the connection has" => Each(opening::channel_ids);
    "id-space" ["SV2-05-021" "SV2-05-173"] Connection false
        "group ids that are no channel's, and channel ids that are no group's" => Each(opening::id_space);
    "membership" ["SV2-05-022"] Connection false
        "a group for each channel" => Each(opening::membership);
    "custom-job-answer" ["SV2-05-157" "SV2-05-163"] Connection true
        "request_id and channel_id of a custom job sent back, once" => Each(opening::custom_pairing);
    "known-address" ["SV2-03-026" "SV2-05-014"] Connection true
        "a channel_id of a channel that was opened or of a group, or in an error one that the client named" => Each(address::known);
    "closed-channel" ["SV2-05-068" "SV2-05-075"] Connection true
        "nothing more for a channel that the client has closed" => Each(address::closed);
    "job-address" ["SV2-05-004" "SV2-05-005"] Connection false
        "NewMiningJob for standard channels, NewExtendedMiningJob for extended channels and groups" => Each(address::of_jobs);
    "prefix-address" ["SV2-05-080"] Connection false
        "SetExtranoncePrefix for a channel" => Each(address::of_prefix);
    "prev-hash-address" ["SV2-05-140"] Connection false
        "a previous hash once, for a channel or its group" => Each(address::of_prev_hash);
    "extranonce-sizes" ["SV2-05-007" "SV2-05-081" "SV2-05-176"] Connection false
        "the same length of prefix and extranonce together on all channels of a group" => groups::EqualSizes::default();
    "group-prefixes" ["SV2-05-048"] Connection false
        "prefixes that keep the coinbases of a group's channels apart" => groups::DistinctPrefixes;
    "group-members" ["SV2-05-174"] Connection false
        "open channels in SetGroupChannel" => Each(groups::open_members);
    "first-message" ["SV2-05-115" "SV2-05-116"] Connection true
        "a future job as the first message on a new standard channel" => jobs::FirstMessage::default();
    "prev-hash-first" ["SV2-05-122"] Connection false
        "SetNewPrevHash before the first job with min_ntime" => jobs::PrevHashFirst::default();
    "job-version" ["SV2-05-124"] Connection false
        "a version of at least 4 as a signed number" => Each(jobs::version);
    "job-ids" ["SV2-05-120" "SV2-05-131" "SV2-05-161"] Connection false
        "job ids that no other valid job of the channel has" => jobs::UniqueIds::default();
    "names-future-job" ["SV2-05-145"] Connection false
        "SetNewPrevHash with the id of a job that was sent as a future job since the one before" => jobs::NamesFutureJob::default();
    "min-ntime" ["SV2-05-146"] Connection false
        "a min_ntime not more than two hours ahead of the clock" => Each(tips::min_ntime);
    "nbits" ["SV2-05-147"] Connection false
        "nbits that are a positive target of at most 256 bits" => Each(tips::nbits);
    "coinbase-parts" ["SV2-03-095" "SV2-05-008" "SV2-05-135" "SV2-05-137"] Connection false
        "coinbase parts that form a stripped coinbase transaction with every channel's extranonce in its script" => coinbase::Parts;
    "target-maximum" ["SV2-05-170"] Connection true
        "a target within the maximum that the client declared last" => targets::WithinMaximum::default();
    "accounting" ["SV2-05-097" "SV2-05-098" "SV2-05-100" "SV2-05-103" "SV2-05-111"] Connection true
        "as many shares credited and refused as were sent, or less" => accounts::Conserved;
    "acknowledged-number" ["SV2-05-099"] Connection true
        "a last_sequence_number that was sent on the channel, of a share that was not refused" => Each(accounts::named_number);
    "one-error-per-share" ["SV2-05-107"] Connection true
        "one SubmitShares.Error for a share, with its number" => Each(accounts::one_error);
    "difficulty-sum" ["SV2-05-101" "SV2-05-102"] Connection true
        "a new_shares_sum that is the difficulty of the batch's shares" => accounts::Sums::default();
    "disjoint-work" ["SV2-05-002" "SV2-05-054"] Conversation false
        "work that no other channel can do" => space::Disjoint::default();
    "speculation" ["SV2-05-009" "SV2-05-011"] Connection false
        "jobs ahead of their previous hash, followed by fresh ones" => pace::Speculation::default();
    "fresh-work" ["SV2-05-003"] Connection false
        "jobs as fast as the client's hash rate uses them up" => pace::FreshWork::default();
}
