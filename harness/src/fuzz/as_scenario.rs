//! A program as a scenario, so that what a campaign has found can be read, played against any pool and kept.
//!
//! The program is played against the right pool; what came there is what the scenario expects. Ids and hashes of that game mean
//! nothing elsewhere, so channels, jobs and shares become captures, and shares are mined anew. What the language cannot say
//! stands in a comment.

use super::clients::Action;
use super::pool::{Game, Told, node};
use super::program::{Op, Program, ShareKind};
use crate::scenario::format::format;
use std::collections::BTreeMap;
use std::fmt::Write;
use sv2_reference_pool::service::Control;
use sv2_session::{JobState, Session, answers};
use sv2_wire::{Message, Value};

/// The scenario, in canonical form.
pub fn as_scenario(program: &Program, title: &str) -> String {
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
    let text = format!("{}{}", head(program, title), writer.text());
    format("program", &text).unwrap_or(text)
}

/// Bytes below the layer of messages need a connection without encryption.
fn speaks_bytes(program: &Program) -> bool {
    program.ops.iter().any(|op| matches!(op, Op::Bytes { .. } | Op::Frame { .. }))
}

fn head(program: &Program, title: &str) -> String {
    let settings = program.settings;
    let transport = if speaks_bytes(program) { "transport: plain, " } else { "" };
    let mut pool = format!("{transport}difficulty-one: regtest, ack-batch: {}", settings.batch);
    let mut unsaid = String::new();
    for word in super::program::Settings::SWITCHES.iter().filter(|word| settings.is_on(word)) {
        match *word {
            "required-extensions" => pool.push_str(", extensions: required"),
            "fixed-version" | "extended-channels-only" | "custom-jobs" => _ = write!(pool, ", {word}: true"),
            other => {
                _ = writeln!(unsaid, "# the program's pool has {other}, which a scenario cannot ask for")
            }
        }
    }
    let title = title.replace(['"', '\\', '\n'], " ");
    format!("sv2t 1\ntitle \"{title}\"\ntags fuzz\npool({pool})\n\n{unsaid}")
}

#[derive(Default)]
struct Writer {
    game: Option<Game>,
    lines: Vec<Line>,
    /// Captures of channels by client and id, and of jobs by client, channel and id.
    channels: BTreeMap<(usize, u32), String>,
    jobs: BTreeMap<(usize, u32, u32), String>,
    shares: Vec<Option<Share>>,
    count: usize,
    /// Shares are blocks in the program and not in the scenario, and blocks are acknowledged at once.
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

/// How a share was sent.
#[derive(Clone)]
struct Share {
    /// The step without its arrow, and the lines below it.
    verb: String,
    below: String,
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
        let Some(Told { action, came, closed }) = self.game.as_mut().and_then(|game| game.tell(op)) else {
            return;
        };
        let request = self.act(op, &action, &came);
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
    fn act(&mut self, op: &Op, action: &Action, came: &[(usize, Message)]) -> Option<(Message, String)> {
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
                self.send(op, *client, message, &sent, came);
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
                    self.say("# the operator regroups channels of two connections at once\n".to_owned());
                    return;
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

    fn send(&mut self, op: &Op, client: usize, message: &Message, sent: &str, came: &[(usize, Message)]) {
        let name = message.spec().name;
        let share = match op {
            Op::Submit { kind, roll, .. } => self.mined(client, message, *kind, *roll, came),
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

    /// Mines the share of an operation anew.
    fn mined(
        &mut self,
        client: usize,
        message: &Message,
        kind: ShareKind,
        roll: u8,
        came: &[(usize, Message)],
    ) -> Option<Share> {
        let (id, named) = (message.uint("channel_id")?, message.uint("job_id")?);
        let named = if kind == ShareKind::UnknownJob { named.wrapping_sub(0x4000_0000) } else { named };
        let channel = match kind {
            ShareKind::UnknownChannel => {
                self.jobs.keys().find(|(of, _, job)| (*of, *job) == (client, named)).map(|key| key.1)?
            }
            _ => id,
        };
        let job = self.jobs.get(&(client, channel, named)).cloned();
        let plain = |writer: &mut Self| {
            let fields = writer.fields(client, message);
            Share { verb: format!("send {}", message.spec().name), below: fields }
        };
        let Some(job) = job.filter(|_| kind != ShareKind::OtherKind) else { return Some(plain(self)) };
        let share = self.fresh('s');
        let extranonce = message.get("extranonce").filter(|_| kind != ShareKind::OtherKind);
        let mut below = format!("  nonce = {}\n", u32::from(roll).wrapping_mul(0x0100_0193));
        if extranonce.is_some() {
            _ = writeln!(below, "  extranonce = {roll}");
        }
        let is_low = came.iter().any(|(_, answer)| match answer {
            Message::SubmitSharesError(error) => error.error_code.as_bytes() == b"difficulty-too-low",
            _ => false,
        });
        if is_low {
            _ = writeln!(below, "  hash > {job}.target");
        }
        below.push_str(&self.settings(client, channel, named, message, &job));
        self.say(format!("mine {job} -> {share}\n{below}"));
        let changed = match kind {
            ShareKind::UnknownJob => format!("  job_id = {job}.job_id + 0x40000000\n"),
            ShareKind::UnknownChannel => format!("  channel_id = {id:#x}\n"),
            ShareKind::ShortExtranonce | ShareKind::LongExtranonce => match &extranonce {
                Some(Value::Bytes(bytes)) => format!("  extranonce = x\"{}\"\n", hex::encode(bytes)),
                _ => String::new(),
            },
            _ => String::new(),
        };
        Some(Share { verb: format!("submit {share}"), below: changed })
    }

    /// Version and time of a share, as far as they are not the job's.
    fn settings(&self, client: usize, channel: u32, job_id: u32, message: &Message, job: &str) -> String {
        let session = self.game.as_ref().and_then(|game| game.session(client));
        let of = session
            .and_then(|session| session.channel(channel))
            .and_then(|channel| channel.jobs.get(&job_id));
        let Some(of) = of else { return String::new() };
        let mut text = String::new();
        match message.uint("version").unwrap_or_default() ^ of.version {
            0 => {}
            changed => _ = writeln!(text, "  version = {job}.version ^ {changed:#x}"),
        }
        let JobState::Active { min_ntime, .. } = of.state else { return text };
        let ntime = message.uint("ntime").unwrap_or_default();
        if let Some(later) = ntime.checked_sub(min_ntime).filter(|later| *later > 0) {
            _ = writeln!(text, "  ntime = {job}.min_ntime + {later}");
        }
        if let Some(earlier) = min_ntime.checked_sub(ntime).filter(|earlier| *earlier > 0) {
            _ = writeln!(text, "  ntime = {job}.min_ntime - {earlier}");
        }
        text
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
            Message::OpenStandardMiningChannelSuccess(open) => Some(open.channel_id),
            Message::OpenExtendedMiningChannelSuccess(open) => Some(open.channel_id),
            _ => None,
        };
        let sent = request.filter(|(asked, _)| answers(asked, message)).map(|(_, sent)| sent);
        let is_unsure = match message {
            Message::SubmitSharesSuccess(_) => self.finds_blocks,
            // Whoever did not ask for a target gets one from the operator, or from a pool that reviews them by itself.
            Message::SetTarget(_) => self.reviews_targets,
            _ => false,
        };
        if Session::is_ambient(message) && (is_unsure || !is_last) {
            return;
        }
        let mut line = format!("{}: expect {name}", letter(client));
        if let Some(sent) = sent {
            _ = write!(line, " reply to {sent}");
        }
        if let Some(id) = opened {
            let channel = self.fresh('c');
            _ = write!(line, " -> {channel}");
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
            if let Some(job) = job.filter(|job| !self.jobs.contains_key(&(client, id, job.job_id))) {
                fresh.push(((client, id, job.job_id), channel.clone()));
            }
        }
        for (key, channel) in fresh {
            let job = self.fresh('j');
            self.lines.push(Line {
                text: format!("await job on {channel} -> {job}\n"),
                only_for: Some(job.clone()),
            });
            self.jobs.insert(key, job);
        }
    }

    /// A channel's or a group's id, in the words of the scenario.
    fn address(&self, client: usize, id: u32) -> String {
        if let Some(channel) = self.channels.get(&(client, id)) {
            return format!("{channel}.channel_id");
        }
        let session = self.game.as_ref().and_then(|game| game.session(client));
        let mut members = session.into_iter().flat_map(|session| session.group(id));
        let member = members.find_map(|member| self.channels.get(&(client, member)));
        // Where it is closed by now, its number is all that is left.
        member.map_or_else(|| id.to_string(), |channel| format!("{channel}.group_channel_id"))
    }

    /// The fields of a message; those that say nothing about the conversation are left to their defaults.
    fn fields(&self, client: usize, message: &Message) -> String {
        const LEFT_OUT: [&str; 8] = [
            "user_identity",
            "endpoint_host",
            "endpoint_port",
            "vendor",
            "hardware_version",
            "firmware",
            "device_id",
            "sequence_number",
        ];
        let is_custom = matches!(message, Message::SetCustomMiningJob(_));
        let mut text = String::new();
        for field in message.spec().fields.iter().filter(|field| !LEFT_OUT.contains(&field.name)) {
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
        of_channel.max_by_key(|((_, _, job), _)| *job).map(|(_, capture)| capture.clone())
    }
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
