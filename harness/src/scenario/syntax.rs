//! The tree of one `.sv2t` file; its types are the grammar.
//!
//! Every node carries the [`Span`] of bytes that it was read from, so that diagnostics point at it and a
//! rewriter can splice it.
//!
//! ```text
//! file      = "sv2t 1" header* step*
//! header    = title TEXT | needs NAME,.. | tags NAME,.. | pool(ARGUMENT,..) | matrix NAME in [EXPR,..]
//!           | exclusive
//!           | fragment NAME(NAME[: EXPR],..) [-> $CAP,..]
//! step      = [UPPER:] verb, lines below it indented
//! verb      = connect [tcp | plain] | handshake TAIL (set | judged)* | send MESSAGE TAIL (set | modifier)* | raw EXPR
//!           | corrupt record N (header | payload | tag) bit K | await job on REF TAIL
//!           | expect (MESSAGE | close | silence) TAIL judged* | expect (reply to REF | one-of) TAIL arm+
//!           | mine [N] REF TAIL (set | hash OP EXPR)* | submit REF TAIL set* | settle REF TAIL judged*
//!           | await jobs on REF, REF.. at one tip -> $CAP, $CAP.. [within DURATION]
//!           | never (MESSAGE | close) [until (VERB | NAME | $CAP)] TAIL | expect all-of TAIL arm+
//!           | assert EXPR OP EXPR [UNLESS] TAIL | assert disjoint work(REF), work(REF).. [UNLESS] TAIL | alive TAIL | block TAIL | template TAIL | elapse DURATION
//!           | provoke MESSAGE set*
//!           | assume EXPR [OP EXPR] | chunk N | coalesce | flush | stop-reading | read-again | close | reset | half-close | reconnect | NAME(ARGUMENT,..) [-> $CAP,..]
//! arm       = "|" (MESSAGE | close | silence | bytes N) TAIL judged*
//! judged    = PATH [& EXPR] OP EXPR TAIL | PATH -> $CAP
//! set       = NAME = EXPR
//! modifier  = truncate N | append BYTES | length N | type N | extension N | channel-bit (0 | 1)
//! TAIL      = [reply to REF] [-> $CAP] [within DURATION] [checks ID..] [(lenient | info) AMB], in any order, as far
//!             as the verb has a use for them
//! UNLESS    = unless EXPR [OP EXPR]
//! OP        = == | != | < | <= | > | >= | ~ | in
//! EXPR      = operands joined by | ^ & ++ + - * / (loosest first; + and - bind alike, * and / too)
//! REF       = $CAP(.NAME | [N])*        PATH = NAME(.NAME | [N])*        ARGUMENT = NAME: EXPR
//! ```

mod expr;
mod step;

pub use self::expr::{BinaryOperator, Expr, ExprKind, Member, Operator, Path, Reference, Test};
pub use super::number::{Float, U256};

/// A range of bytes in the source text, end excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The smallest span that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

impl From<Span> for miette::SourceSpan {
    fn from(span: Span) -> Self {
        (span.start, span.end.saturating_sub(span.start)).into()
    }
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub node: T,
    /// Where it was read.
    pub span: Span,
}

/// A name; for captures and symbols without their `$` or `@`, which the span includes.
pub type Ident = Spanned<String>;

/// One file: `sv2t 1`, header entries, steps.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// Whether this is a scenario or a fragment.
    pub kind: FileKind,
    /// `needs WORD, ...`: capabilities without which the file is not applicable.
    pub needs: Vec<Ident>,
    /// `tags WORD, ...`: words to select scenarios by.
    pub tags: Vec<Ident>,
    /// `pool(name: value, ...)`: settings of the embedded pool.
    pub pool: Vec<Argument>,
    /// `matrix name in [a, b]`: the file is one scenario for each combination of values.
    pub matrix: Vec<Axis>,
    /// `exclusive`: never runs beside another scenario. Where it says so.
    pub exclusive: Option<Span>,
    /// The conversation, in order.
    pub steps: Vec<Step>,
    /// The whole text.
    pub span: Span,
}

/// `matrix name in [a, b]`: inside the scenario the name is a capture that holds one of the values.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// The name.
    pub name: Ident,
    /// The values, one at least.
    pub values: Vec<Expr>,
}

/// What the header declares.
#[derive(Debug, Clone, PartialEq)]
pub enum FileKind {
    /// `title "..."`.
    Scenario {
        /// What the scenario proves, in one sentence.
        title: Ident,
    },
    /// `fragment name(parameter, parameter: default) -> $result, $result`.
    Fragment(Signature),
}

/// The header line of a fragment.
#[derive(Debug, Clone, PartialEq)]
pub struct Signature {
    /// The name that steps call it by.
    pub name: Ident,
    /// Its parameters; inside the fragment each is the capture of that name.
    pub parameters: Vec<Parameter>,
    /// The captures handed to the caller, in order.
    pub results: Vec<Ident>,
    /// The line.
    pub span: Span,
}

/// `name` or `name: default`.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The name.
    pub name: Ident,
    /// What it is when the caller leaves it out; without it the parameter is mandatory.
    pub default: Option<Expr>,
}

/// `name: value`, given to a fragment or to `pool(...)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// The name.
    pub name: Ident,
    /// The value.
    pub value: Expr,
}

/// One verb with the lines below it.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// `A:`, the connection that the step is about; without it the default connection, or the one that the
    /// step's channel belongs to.
    pub connection: Option<Ident>,
    /// What to do.
    pub kind: StepKind,
    /// The verb line, without its comment.
    pub line: Span,
    /// The verb line and the lines below it.
    pub span: Span,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
pub enum StepKind {
    /// `connect`, `connect tcp`, `connect plain`.
    Connect {
        /// How far the connection is brought.
        entry: Entry,
    },
    /// `handshake [-> $cap] [checks ..]`: the Noise handshake on a bare TCP connection.
    Handshake(Handshake),
    /// `send MESSAGE [-> $cap]`.
    Send(Send),
    /// `raw EXPR`: bytes straight to TCP, under the Noise layer.
    Raw {
        /// The bytes.
        bytes: Expr,
    },
    /// `corrupt record N header|payload|tag bit K`.
    Corrupt(Corrupt),
    /// `expect ...`, in all its forms.
    Expect(Expect),
    /// `await job on $chan -> $job [within DUR]`.
    AwaitJob(AwaitJob),
    /// `await jobs on $a, $b at one tip -> $x, $y`.
    AwaitJobs(AwaitJobs),
    /// `never MESSAGE|close [until STEP]`.
    Never(Never),
    /// `assert disjoint work($x), work($y)`.
    Disjoint(Disjoint),
    /// `mine [N] $job [-> $share]`.
    Mine(Mine),
    /// `submit $share [-> $cap]`.
    Submit(Submit),
    /// `settle $chan [within DUR]`.
    Settle(Settle),
    /// `assert EXPR OP EXPR [checks ..]`.
    Assert(Assert),
    /// `assume EXPR [OP EXPR]`: where this does not hold, the scenario is not applicable.
    Assume {
        /// What the rest of the scenario needs.
        condition: Condition,
    },
    /// `alive [checks ..]`: this connection answers, and a fresh one completes set-up.
    Alive {
        /// What being alive decides.
        claims: Claims,
    },
    /// `block [-> $cap]`: a new block is found on the network.
    Block {
        /// The name for the new tip.
        capture: Option<Ident>,
    },
    /// `template [-> $cap]`: a new template on the same tip.
    Template {
        /// The name for the new template.
        capture: Option<Ident>,
    },
    /// `provoke MESSAGE`: the server is made to send a message of its own accord.
    Provoke(Provoke),
    /// `measure -> $cap`: what the server holds of connections, channels and memory.
    Measure {
        /// The name for what it holds.
        capture: Ident,
    },
    /// `elapse DUR`: protocol time moves on.
    Elapse {
        /// By how much: a duration or a parameter.
        duration: Expr,
    },
    /// `chunk N`: what is sent from here on goes in writes of N bytes.
    Chunk {
        /// How many bytes, 1 at least.
        size: Expr,
    },
    /// `coalesce`: what is sent from here on is held back, and then goes in one write.
    Coalesce,
    /// `flush`: what was held back is sent.
    Flush,
    /// `stop-reading`: what the peer sends stays with the network, and soon with the peer.
    StopReading,
    /// `read-again`: what has waited is taken.
    ReadAgain,
    /// `close`: an orderly close of both directions.
    Close,
    /// `reset`: a TCP reset.
    Reset,
    /// `half-close`: our direction is closed, the peer's stays open.
    HalfClose,
    /// `reconnect`: close where still open, and connect anew.
    Reconnect,
    /// `name(parameter: expr, ...) [-> $cap, $cap]`; `repeat N name(...)`.
    Call(Call),
}

/// How far `connect` brings a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Entry {
    /// `connect`: ready for frames, through Noise where the target's URL says so.
    Whole,
    /// `connect tcp`: TCP only.
    Tcp,
    /// `connect plain`: ready for frames without encryption, whatever the URL says.
    Plain,
}

/// `handshake [-> $cap] [checks ..]` with `field = expr` lines and judged lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Handshake {
    /// The name for what was learned (certificate, keys).
    pub capture: Option<Ident>,
    /// What completing the handshake decides.
    pub claims: Claims,
    /// `secret`, `encoding`, `already-sent`: what act one is made of.
    pub fields: Vec<Assignment>,
    /// Judgements over what was learned.
    pub judgements: Vec<Judgement>,
}

/// `send MESSAGE [-> $cap]` with `field = expr` lines and modifiers.
#[derive(Debug, Clone, PartialEq)]
pub struct Send {
    /// The message; fields that are not set get valid defaults.
    pub message: Ident,
    /// The name for what was sent, for `reply to` and comparisons.
    pub capture: Option<Ident>,
    /// Fields that are set.
    pub fields: Vec<Assignment>,
    /// What is done to the encoded frame, one of each kind at most.
    pub modifiers: Vec<Modifier>,
}

/// `provoke MESSAGE` with `field = expr` lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Provoke {
    /// The message.
    pub message: Ident,
    /// Fields that are set; what the server decides by itself is not looked at.
    pub fields: Vec<Assignment>,
}

/// A line such as `truncate 3`: the frame is changed after encoding.
#[derive(Debug, Clone, PartialEq)]
pub struct Modifier {
    /// Which change.
    pub kind: Spanned<ModifierKind>,
    /// Its operand.
    pub value: Expr,
}

/// The changes to an encoded frame. They apply in the order of this list, whatever the order of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModifierKind {
    /// `truncate N`: keep the first N bytes of the payload; the announced length follows.
    Truncate,
    /// `append x".."`: bytes after the payload; the announced length follows.
    Append,
    /// `length N`: announce this payload length instead of the real one.
    Length,
    /// `type N`: put this number into `msg_type`.
    Type,
    /// `extension N`: put this number into the low 15 bits of `extension_type`.
    Extension,
    /// `channel-bit 0|1`: put this into the high bit of `extension_type`.
    ChannelBit,
}

/// `corrupt record N header|payload|tag bit K`: flips a bit of the next frame sent on the connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Corrupt {
    /// Which Noise record of the frame, from 0 (the frame header).
    pub record: Expr,
    /// Which part of it.
    pub part: Spanned<RecordPart>,
    /// Which bit of that part, from 0: bit K % 8 of byte K / 8.
    pub bit: Expr,
}

/// Parts of an encrypted record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordPart {
    /// The ciphertext of a frame header.
    Header,
    /// The ciphertext of a payload.
    Payload,
    /// The authentication tag.
    Tag,
}

/// `expect ...`.
#[derive(Debug, Clone, PartialEq)]
pub struct Expect {
    /// How it is written.
    pub form: ExpectForm,
    /// `reply to $x`: choose the frame that answers `$x` by its pairing key, then judge it.
    pub reply_to: Option<Reference>,
    /// `within DUR`: a duration or a parameter.
    pub within: Option<Expr>,
    /// What the step decides, whichever arm came.
    pub claims: Claims,
    /// What may happen, never empty. In [`ExpectForm::One`] there is one, whose own claims are empty.
    pub arms: Vec<Arm>,
}

/// How an `expect` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExpectForm {
    /// `expect MESSAGE ...`, `expect close ...`, `expect silence ...`.
    One,
    /// `expect reply to $x ...` or `expect one-of ...` with `|` arms.
    Arms,
    /// `expect all-of ...`: every arm must come, in any order.
    All,
}

/// `| OUTCOME [-> $cap] [lenient AMB-n | info AMB-n] [checks ID...]` with judged lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// What happens.
    pub outcome: Spanned<Outcome>,
    /// `reply to $x`, below `expect all-of` only: the frame must answer `$x`.
    pub reply_to: Option<Reference>,
    /// The name for the message that came.
    pub capture: Option<Ident>,
    /// What this arm decides.
    pub claims: Claims,
    /// Judgements over the fields of the message.
    pub judgements: Vec<Judgement>,
    /// The arm's line and the lines below it.
    pub span: Span,
}

/// What an `expect` waits for.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A message of this name, possibly qualified: `template-distribution.SetNewPrevHash`.
    Message(String),
    /// The peer closes the connection.
    Close,
    /// Nothing comes, proved by a barrier.
    Silence,
    /// So many bytes come on a bare TCP connection.
    Bytes(u64),
}

/// `await job on $chan -> $job [within DUR]`: the newest minable job of a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct AwaitJob {
    /// The channel.
    pub channel: Reference,
    /// The name for the job.
    pub capture: Ident,
    /// How long to wait: a duration or a parameter.
    pub within: Option<Expr>,
}

/// `await jobs on $a, $b at one tip -> $x, $y [within DUR]`: the newest minable jobs of several channels, all on one
/// previous hash.
#[derive(Debug, Clone, PartialEq)]
pub struct AwaitJobs {
    /// The channels, two at least.
    pub channels: Vec<Reference>,
    /// As many names for the jobs.
    pub captures: Vec<Ident>,
    /// How long to wait: a duration or a parameter.
    pub within: Option<Expr>,
}

/// `never MESSAGE|close [until STEP] [checks ..]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Never {
    /// What must not come: a message or the end of the connection.
    pub outcome: Spanned<Outcome>,
    /// Where it ends; without it at the end of the scenario.
    pub until: Option<Spanned<StepName>>,
    /// What it decides.
    pub claims: Claims,
}

/// A later step of the same file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepName {
    /// The next step with this verb, or that calls this fragment.
    Verb(String),
    /// The next step that binds this capture.
    Capture(String),
}

/// `assert disjoint work($x), work($y) [unless ..] [checks ..]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Disjoint {
    /// The jobs, two at least.
    pub jobs: Vec<Reference>,
    /// When it does not apply.
    pub unless: Option<Condition>,
    /// What it decides.
    pub claims: Claims,
}

/// `EXPR` (a boolean) or `EXPR OP EXPR`.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Left side.
    pub left: Expr,
    /// The comparison and the right side.
    pub test: Option<Test>,
}

/// `mine [N] $job [-> $share]` with settings and limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Mine {
    /// How many different shares; without it one share and no list.
    pub count: Option<Expr>,
    /// The job.
    pub job: Reference,
    /// The name for the share, or for the list of shares when a count is given.
    pub capture: Option<Ident>,
    /// `version`, `ntime`, `extranonce`, `extranonce_prefix`, and `nonce` (where the search starts).
    pub fields: Vec<Assignment>,
    /// `hash > $job.target`; without any: `hash <=` the job's target.
    pub limits: Vec<HashLimit>,
}

/// `hash OP expr`, OP one of `<`, `<=`, `>`, `>=`.
#[derive(Debug, Clone, PartialEq)]
pub struct HashLimit {
    /// The comparison.
    pub operator: Spanned<Operator>,
    /// What the hash is compared with, as a 256-bit number.
    pub operand: Expr,
    /// The item.
    pub span: Span,
}

/// `submit $share [-> $cap]` with `field = expr` lines that override the share's own values.
#[derive(Debug, Clone, PartialEq)]
pub struct Submit {
    /// A share or a list of shares.
    pub share: Reference,
    /// The name for what was sent.
    pub capture: Option<Ident>,
    /// Fields that differ from the share's.
    pub fields: Vec<Assignment>,
}

/// `settle $chan [within DUR]` with judged lines over the channel's account.
#[derive(Debug, Clone, PartialEq)]
pub struct Settle {
    /// The channel.
    pub channel: Reference,
    /// How long to wait for acknowledgements: a duration or a parameter.
    pub within: Option<Expr>,
    /// Judgements over the account, such as `credited == 1`.
    pub judgements: Vec<Judgement>,
}

/// `assert EXPR OP EXPR [checks ..]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Assert {
    /// Left side.
    pub left: Expr,
    /// The comparison and the right side.
    pub test: Test,
    /// When it does not apply.
    pub unless: Option<Condition>,
    /// What it decides.
    pub claims: Claims,
}

/// A fragment call.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// How often, behind `repeat`.
    pub times: Option<Expr>,
    /// The fragment.
    pub fragment: Ident,
    /// Named arguments.
    pub arguments: Vec<Argument>,
    /// Names for the fragment's results.
    pub results: Vec<Ident>,
}

/// `field = expr`.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The field.
    pub field: Ident,
    /// Its value.
    pub value: Expr,
    /// The item.
    pub span: Span,
}

/// `path [& mask] OP expr [-> $cap] [checks ..]` or `path -> $cap`; at least one of test and capture is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// What is looked at.
    pub path: Path,
    /// `& mask`: which bits of it.
    pub mask: Option<Expr>,
    /// What must hold.
    pub test: Option<Test>,
    /// The name for the value.
    pub capture: Option<Ident>,
    /// What it decides.
    pub claims: Claims,
    /// The item.
    pub span: Span,
}

/// `checks ID...` and `lenient AMB-n` or `info AMB-n`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Claims {
    /// The clauses that get a verdict.
    pub checks: Vec<Ident>,
    /// How a deviation is graded; `None` is strict.
    pub grade: Option<Grade>,
}

/// How an item that the specification leaves open is graded.
#[derive(Debug, Clone, PartialEq)]
pub struct Grade {
    /// The position.
    pub position: Position,
    /// The ambiguity that is the reason.
    pub ambiguity: Ident,
}

/// The positions of the ambiguity register that a line can take; strict is the absence of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Position {
    /// `lenient`: passes, and is reported as a reading.
    Lenient,
    /// `info`: recorded only.
    Info,
}
