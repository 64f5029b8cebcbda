//! A program as a scenario, so that what a campaign has found can be read, played against any pool and kept.
//!
//! The program is played against the right pool; what came there is what the scenario expects. Ids and hashes of that game mean
//! nothing elsewhere, so channels, jobs and shares become captures, and shares are mined anew. What the language cannot say
//! stands in a comment.

mod shares;

use super::clients::{Action, OWN_FIELDS};
use super::pool::{EASIEST_NBITS, Game, Told, node};
use super::program::{Op, Program, Rate};
use crate::scenario::format::format;
use shares::{Noted, Share, is_too_low};
use std::collections::BTreeMap;
use std::fmt::Write;
use sv2_reference_pool::service::Control;
use sv2_session::{Job, JobState, Session, answers, tells_apart};
use sv2_wire::{Message, Value};

/// A program as a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// The scenario, in canonical form.
    pub text: String,
    /// What it does not say. Without any of it, [`super::lower`] reads the program back.
    pub unsaid: Vec<String>,
}

/// Prints a program.
pub fn as_scenario(program: &Program, title: &str) -> Printed {
    let game = Game::new(node(program.settings, &[]), program.settings);
    let (finds_blocks, reviews_targets) =
        (program.settings.is_on("easy-blocks"), program.settings.is_on("vardiff"));
    let mut writer = Writer {
        game: Some(game),
        finds_blocks,
        reviews_targets,
        is_plain: speaks_bytes(program),
        ..Writer::default()
    };
    for op in &program.ops {
        writer.op(op);
    }
    let text = format!("{}{}", head(program, title, &mut writer.unsaid), writer.text());
    Printed { text: format("program", &text).unwrap_or(text), unsaid: writer.unsaid }
}

/// Bytes below the layer of messages need a connection without encryption.
fn speaks_bytes(program: &Program) -> bool {
    program.ops.iter().any(|op| matches!(op, Op::Bytes { .. } | Op::Frame { .. }))
}

fn head(program: &Program, title: &str, unsaid: &mut Vec<String>) -> String {
    let settings = program.settings;
    let transport = if speaks_bytes(program) { "transport: plain, " } else { "" };
    let mut pool = format!("{transport}difficulty-one: regtest, ack-batch: {}", settings.batch);
    let mut comments = String::new();
    for word in super::program::Settings::SWITCHES.iter().filter(|word| settings.is_on(word)) {
        match *word {
            "required-extensions" => pool.push_str(", extensions: required"),
            "fixed-version" | "extended-channels-only" | "custom-jobs" => _ = write!(pool, ", {word}: true"),
            "easy-blocks" => _ = write!(pool, ", nbits: {EASIEST_NBITS:#x}"),
            other => {
                let what = format!("the program's pool has {other}, which a scenario cannot ask for");
                _ = writeln!(comments, "# {what}");
                unsaid.push(what);
            }
        }
    }
    let title = title.replace(['"', '\\', '\n'], " ");
    format!("sv2t 1\ntitle \"{title}\"\ntags fuzz\npool({pool})\n\n{comments}")
}

#[derive(Default)]
struct Writer {
    game: Option<Game>,
    lines: Vec<Line>,
    /// Captures of channels by client and id, those that know a group's id, and of jobs by client, channel and id.
    channels: BTreeMap<(usize, u32), String>,
    groups: BTreeMap<(usize, u32), String>,
    jobs: BTreeMap<(usize, u32, u32), Noted>,
    unsaid: Vec<String>,
    shares: Vec<Option<Share>>,
    count: usize,
    /// Shares may be blocks, which are acknowledged at once; one that is mined anew in the scenario need not be one there.
    finds_blocks: bool,
    /// Connections are without encryption.
    is_plain: bool,
    /// The program's pool changes targets by itself, and the scenario's does not.
    reviews_targets: bool,
}

/// Lines of one step; left out where nobody reads the capture that they are for.
struct Line {
    text: String,
    only_for: Option<String>,
}

impl Writer {
    fn text(&self) -> String {
        let is_read = |capture: &String| {
            let reads = [format!("{capture}."), format!("mine {capture} ")];
            self.lines.iter().any(|line| reads.iter().any(|read| line.text.contains(read)))
        };
        let is_needed = |line: &&Line| line.only_for.as_ref().is_none_or(is_read);
        self.lines.iter().filter(is_needed).map(|line| line.text.as_str()).collect()
    }

    fn say(&mut self, text: String) {
        self.lines.push(Line { text, only_for: None });
    }

    fn fresh(&mut self, letter: char) -> String {
        self.count = self.count.saturating_add(1);
        format!("${letter}{}", self.count)
    }

    fn op(&mut self, op: &Op) {
        let ground = self.game.as_ref().and_then(|game| game.ground(op));
        let Some(Told { action, came, closed }) = self.game.as_mut().and_then(|game| game.tell(op)) else {
            return;
        };
        let request = self.act(op, &action, &came, ground.as_ref());
        for (client, message) in &came {
            let last = came.iter().rfind(|(of, _)| of == client);
            let is_last = last.is_some_and(|(_, last)| last.spec().name == message.spec().name);
            self.expect(*client, message, request.as_ref(), is_last);
        }
        for client in closed {
            self.say(format!("{}: expect close\n", letter(client)));
        }
        self.note_jobs();
    }

    /// Says what is done. Gives what was asked and the capture of it.
    fn act(
        &mut self,
        op: &Op,
        action: &Action,
        came: &[(usize, Message)],
        ground: Option<&Job>,
    ) -> Option<(Message, String)> {
        match action {
            Action::Connect => {
                let client = self
                    .game
                    .as_ref()
                    .map_or(0, |game| (0..).take_while(|it| game.session(*it).is_some()).count());
                let how = if self.is_plain { " plain" } else { "" };
                self.say(format!("{}: connect{how}\n", letter(client.saturating_sub(1))));
            }
            Action::Send(client, message) => {
                let sent = self.fresh('r');
                let is_low = came.iter().any(|(_, answer)| is_too_low(answer));
                self.send(op, *client, message, &sent, (ground, is_low));
                return Some((message.clone(), sent));
            }
            Action::Bytes(client, bytes) if !bytes.is_empty() => {
                self.say(format!("{}: raw x\"{}\"\n", letter(*client), hex::encode(bytes)));
            }
            Action::Bytes(..) => {}
            Action::Finish(client) => self.say(format!("{}: half-close\n", letter(*client))),
            Action::Drop(client) => self.say(format!("{}: close\n", letter(*client))),
            Action::Elapse(time) => self.say(format!("elapse {}s\n", time.as_secs())),
            Action::Control(control) => self.control(control),
        }
        None
    }

    fn control(&mut self, control: &Control) {
        let at = |writer: &mut Self, address: &sv2_reference_pool::service::Address| {
            let client = address.conn.and_then(|conn| usize::try_from(conn.0).ok()).unwrap_or_default();
            (letter(client), writer.address(client, address.channel_id))
        };
        let text = match control {
            Control::Block => "block\n".to_owned(),
            Control::Template => "template\n".to_owned(),
            Control::SetTarget { channel, maximum_target } => {
                let (client, id) = at(self, channel);
                format!(
                    "{client}: provoke SetTarget\n  channel_id = {id}, maximum_target = 0x{maximum_target}\n"
                )
            }
            Control::SetExtranoncePrefix { channel } => {
                let (client, id) = at(self, channel);
                format!("{client}: provoke SetExtranoncePrefix\n  channel_id = {id}\n")
            }
            Control::Regroup { channels } => {
                let ids: Vec<(char, String)> = channels.iter().map(|channel| at(self, channel)).collect();
                let Some((client, _)) = ids.first().filter(|_| {
                    ids.windows(2).all(|two| two.first().map(|it| it.0) == two.last().map(|it| it.0))
                }) else {
                    return self.leave_out("the operator regroups channels of two connections at once");
                };
                let ids: Vec<&str> = ids.iter().map(|(_, id)| id.as_str()).collect();
                format!("{client}: provoke SetGroupChannel\n  channel_ids = [{}]\n", ids.join(", "))
            }
            Control::CloseChannel { channel, reason } => {
                let (client, id) = at(self, channel);
                let reason = reason.to_text();
                format!("{client}: provoke CloseChannel\n  channel_id = {id}, reason_code = \"{reason}\"\n")
            }
            Control::Reconnect { conn, new_host, new_port } => {
                let client = letter(conn.and_then(|conn| usize::try_from(conn.0).ok()).unwrap_or_default());
                let host = new_host.to_text();
                format!("{client}: provoke Reconnect\n  new_host = \"{host}\", new_port = {new_port}\n")
            }
        };
        self.say(text);
    }

    /// Says in a comment what the scenario does not say.
    fn leave_out(&mut self, what: &str) {
        self.say(format!("# {what}\n"));
        self.unsaid.push(what.to_owned());
    }

    fn send(&mut self, op: &Op, client: usize, message: &Message, sent: &str, met: (Option<&Job>, bool)) {
        let name = message.spec().name;
        if let Op::OpenStandard { rate, .. } | Op::OpenExtended { rate, .. } | Op::Update { rate, .. } = op
            && is_odd_nan(*rate)
        {
            self.leave_out("a hash rate that is no number, by other bits than those of nan");
        }
        let share = match op {
            Op::Submit { kind, roll, .. } => self.mined(client, message, *kind, *roll, met),
            Op::Again { share } => {
                let index = usize::from(share.0).checked_rem(self.shares.len());
                index.and_then(|index| self.shares.get(index).cloned()).flatten()
            }
            _ => {
                let fields = self.fields(client, message);
                self.say(format!("{}: send {name} -> {sent}\n{fields}", letter(client)));
                return;
            }
        };
        if let Some(Share { verb, below }) = &share {
            self.say(format!("{}: {verb} -> {sent}\n{below}", letter(client)));
        }
        self.shares.push(share);
    }

    /// Waits for a message. Of those that may come at any time, the last ones of each step are enough: what follows rests on them.
    fn expect(
        &mut self,
        client: usize,
        message: &Message,
        request: Option<&(Message, String)>,
        is_last: bool,
    ) {
        let name = message.spec().name;
        let opened = match message {
            Message::OpenStandardMiningChannelSuccess(open) => Some((open.channel_id, open.group_channel_id)),
            Message::OpenExtendedMiningChannelSuccess(open) => Some((open.channel_id, open.group_channel_id)),
            _ => None,
        };
        if let Message::SetGroupChannel(group) = message {
            let capture = self.fresh('g');
            self.groups.insert((client, group.group_channel_id), capture.clone());
            return self.say(format!("{}: expect SetGroupChannel -> {capture}\n", letter(client)));
        }
        let is_unsure = match message {
            Message::SubmitSharesSuccess(_) => self.finds_blocks,
            // Whoever did not ask for a target gets one from the operator, or from a pool that reviews them by itself.
            Message::SetTarget(_) => self.reviews_targets,
            _ => false,
        };
        if Session::is_ambient(message) && (is_unsure || !is_last) {
            return;
        }
        // What does not tell for which request it is could be for another one of the program.
        let answered = request.filter(|(asked, _)| answers(asked, message) && tells_apart(message));
        let sent = answered.map(|(_, sent)| sent);
        let mut line = format!("{}: expect {name}", letter(client));
        if let Some(sent) = sent {
            _ = write!(line, " reply to {sent}");
        }
        if let Some((id, group)) = opened {
            let channel = self.fresh('c');
            _ = write!(line, " -> {channel}");
            self.groups.entry((client, group)).or_insert_with(|| channel.clone());
            self.channels.insert((client, id), channel);
        }
        line.push('\n');
        self.say(line);
    }

    /// Names the newest job of each channel, for the shares that will be mined on it.
    fn note_jobs(&mut self) {
        let Some(game) = &self.game else { return };
        let mut fresh = Vec::new();
        for (&(client, id), channel) in &self.channels {
            let job =
                game.session(client).and_then(|session| session.channel(id)).and_then(|it| it.newest_job());
            if let Some(job) = job.filter(|job| !self.jobs.contains_key(&(client, id, job.job_id)))
                && let JobState::Active { min_ntime, .. } = job.state
            {
                fresh.push(((client, id, job.job_id), channel.clone(), (job.version, min_ntime)));
            }
        }
        for (key, channel, (version, min_ntime)) in fresh {
            let capture = self.fresh('j');
            self.lines.push(Line {
                text: format!("await job on {channel} -> {capture}\n"),
                only_for: Some(capture.clone()),
            });
            self.jobs.insert(key, Noted { capture, version, min_ntime });
        }
    }

    /// A channel's or a group's id, in the words of the scenario.
    fn address(&self, client: usize, id: u32) -> String {
        if let Some(channel) = self.channels.get(&(client, id)) {
            return format!("{channel}.channel_id");
        }
        // Of what was never seen, the number is all that there is.
        let group = self.groups.get(&(client, id));
        group.map_or_else(|| id.to_string(), |capture| format!("{capture}.group_channel_id"))
    }

    /// The fields of a message; those that say nothing about the conversation are left to their defaults.
    fn fields(&self, client: usize, message: &Message) -> String {
        let is_custom = matches!(message, Message::SetCustomMiningJob(_));
        let mut text = String::new();
        for field in message.spec().fields.iter().filter(|field| !OWN_FIELDS.contains(&field.name)) {
            let Some(value) = message.get(field.name) else { continue };
            let value = match (field.name, &value) {
                ("channel_id", Value::Uint(id)) => {
                    self.address(client, u32::try_from(*id).unwrap_or_default())
                }
                ("prev_hash" | "version" | "min_ntime" | "nbits", _) if is_custom => {
                    match self.newest_job(client, message) {
                        Some(job) => format!("{job}.{}", field.name),
                        None => continue,
                    }
                }
                // The profile has the outputs that the pool wants.
                ("coinbase_tx_outputs" | "merkle_path", _) if is_custom => continue,
                (_, value) => match literal(value) {
                    Some(literal) => literal,
                    None => continue,
                },
            };
            _ = writeln!(text, "  {} = {value}", field.name);
        }
        text
    }

    fn newest_job(&self, client: usize, message: &Message) -> Option<String> {
        let channel = message.uint("channel_id")?;
        // The job behind the request may be there already: the newest one that is named is the one before.
        let of_channel = self.jobs.iter().filter(|((of, id, _), _)| (*of, *id) == (client, channel));
        of_channel.max_by_key(|((_, _, job), _)| *job).map(|(_, noted)| noted.capture.clone())
    }
}

fn is_odd_nan(rate: Rate) -> bool {
    rate.number().is_nan() && rate.0 != f32::NAN.to_bits()
}

fn letter(client: usize) -> char {
    char::from(b'A'.saturating_add(u8::try_from(client).unwrap_or_default()))
}

fn literal(value: &Value) -> Option<String> {
    Some(match value {
        Value::Bool(flag) => flag.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::U256(number) => format!("0x{number}"),
        Value::F32(float) if float.0.is_nan() => "nan".to_owned(),
        Value::F32(float) if float.0.is_infinite() => if float.0 > 0.0 { "inf" } else { "-inf" }.to_owned(),
        Value::F32(float) => format!("{:?}", float.0),
        Value::Bytes(bytes) => format!("x\"{}\"", hex::encode(bytes)),
        Value::Text(text) => format!("x\"{}\"", hex::encode(text)),
        Value::Option(None) => "none".to_owned(),
        Value::Option(Some(inner)) => literal(inner)?,
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(literal).collect::<Option<_>>()?;
            format!("[{}]", items.join(", "))
        }
    })
}

#[cfg(test)]
mod tests;
