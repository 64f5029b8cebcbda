//! Steps that send.

use super::connection::Corruption;
use super::eval::Env;
use super::judge::Stop;
use super::play::Player;
use super::shares::FlightKind;
use super::value::{Datum, small};
use super::{Control, Peer};
use crate::custom::CustomJobAccess;
use crate::profile::Profile;
use crate::scenario::syntax::{
    Assignment, Corrupt, Expr, Modifier, ModifierKind, Provoke, RecordPart, Send, Step, Submit,
};
use sv2_wire::frame::Frame;
use sv2_wire::{B0_64K, B0_255, F32, Message, MessageSpec, Str0_255, U256, Value, ValueError};

impl Player {
    pub(super) fn send(&mut self, step: &Step, send: &Send) -> Result<(), Stop> {
        let conn = self.connection(step, None)?;
        let mut message = self.default_message(&send.message.node)?;
        if let Some(access) = &self.plan.profile.custom_jobs {
            declare_custom_job(&mut message, &send.fields, access, || self.world.take_token())?;
        }
        assign(&self.env, &mut message, &send.fields)?;
        let frame = altered_frame(&self.env, &message, &send.modifiers)?;
        self.transmit(conn, &frame)?;
        // What is sent to a channel may change on purpose what its shares rest on; a share changes nothing.
        match &message {
            Message::SubmitSharesStandard(_) | Message::SubmitSharesExtended(_) => {
                self.note_share(conn, &message);
            }
            other if other.channel_id().is_some() => self.epoch += 1,
            _ => {}
        }
        if let Some(capture) = &send.capture {
            self.env.bind(&capture.node, Datum::Message(conn, Box::new(message)));
        }
        Ok(())
    }

    pub(super) async fn provoke(&mut self, step: &Step, provoke: &Provoke) -> Result<(), Stop> {
        let conn = self.connection(step, None)?;
        let mut message = self.default_message(&provoke.message.node)?;
        assign(&self.env, &mut message, &provoke.fields)?;
        let connection = self.conns[conn].id;
        self.trigger(Control::Provoke(connection, Box::new(message)), "control.messages", &None).await
    }

    pub(super) fn submit(&mut self, step: &Step, submit: &Submit) -> Result<(), Stop> {
        let value = self.env.reference(&submit.share)?;
        let conn = self.connection(step, Some(&value))?;
        let mut sent = Vec::new();
        for share in value.into_shares().map_err(Stop::Error)? {
            let mut message = self.share_message(conn, &share)?;
            assign(&self.env, &mut message, &submit.fields)?;
            self.launch(conn, &message, &share, FlightKind::Submitted)?;
            sent.push(Datum::Message(conn, Box::new(message)));
        }
        if let Some(capture) = &submit.capture {
            self.env.bind(&capture.node, Datum::of_many(sent));
        }
        Ok(())
    }

    pub(super) fn raw(&mut self, step: &Step, bytes: &Expr) -> Result<(), Stop> {
        let conn = self.connection(step, None)?;
        match self.env.eval(bytes)? {
            Datum::Bytes(bytes) => {
                self.conns[conn].send_raw(bytes, &mut self.report.trace);
                Ok(())
            }
            other => Err(Stop::Error(format!("expected bytes, got {}", other.describe()))),
        }
    }

    pub(super) fn corrupt(&mut self, step: &Step, corrupt: &Corrupt) -> Result<(), Stop> {
        if !self.plan.peer.encrypted {
            return Err(Stop::Inconclusive("there are no records without encryption".to_owned()));
        }
        let conn = self.connection(step, None)?;
        let record = self.index(&corrupt.record)?;
        match corrupt.part.node {
            RecordPart::Header if record != 0 => {
                return Err(Stop::Error("only record 0 has a header".to_owned()));
            }
            RecordPart::Payload if record == 0 => {
                return Err(Stop::Error("record 0 is the header; payload begins with record 1".to_owned()));
            }
            _ => {}
        }
        let in_tag = corrupt.part.node == RecordPart::Tag;
        let bit = self.index(&corrupt.bit)?;
        self.conns[conn].corruption = Some(Corruption { record, in_tag, bit });
        Ok(())
    }

    /// Sends a frame and looks after the trace.
    pub(super) fn transmit(&mut self, conn: usize, frame: &Frame) -> Result<(), Stop> {
        if !self.conns[conn].has_link() {
            return Err(Stop::Blocked("there was no handshake yet".to_owned()));
        }
        self.conns[conn].send(frame, &mut self.report.trace).map_err(Stop::Error)
    }

    /// The message of a name with valid fields.
    pub(super) fn default_message(&mut self, name: &str) -> Result<Message, Stop> {
        let mut message = valid_message(name, &self.plan.profile, &self.plan.peer)?;
        if message.spec().field("request_id").is_some() {
            let id = Value::Uint(u64::from(self.next_request));
            self.next_request += 1;
            message.set("request_id", &id).map_err(|error| Stop::Error(error.to_string()))?;
        }
        Ok(message)
    }

    fn index(&self, expr: &Expr) -> Result<usize, Stop> {
        let number = self.env.integer(expr)?;
        usize::try_from(number).map_err(|_| Stop::Error("the number is too large".to_owned()))
    }
}

/// The message of a name with valid fields, and a request id that is still to be given.
pub(crate) fn valid_message(name: &str, profile: &Profile, peer: &Peer) -> Result<Message, Stop> {
    let spec = MessageSpec::find(name).ok_or_else(|| Stop::Error(format!("no message {name}")))?;
    let mut message =
        Message::zero(spec.kind).ok_or_else(|| Stop::Error(format!("{name} cannot be made")))?;
    match &mut message {
        Message::SetupConnection(setup) => {
            setup.min_version = 2;
            setup.max_version = 2;
            setup.endpoint_host = Str0_255::from(peer.host.as_str());
            setup.endpoint_port = peer.port;
            setup.vendor = Str0_255::from("sv2-conform");
            setup.hardware_version = Str0_255::from("virtual miner");
            setup.firmware = Str0_255::from(env!("CARGO_PKG_VERSION"));
        }
        Message::OpenStandardMiningChannel(open) => {
            open.user_identity = Str0_255::from(profile.user_identity.as_str());
            open.nominal_hash_rate = F32(profile.nominal_hash_rate);
            open.max_target = U256::MAX;
        }
        Message::OpenExtendedMiningChannel(open) => {
            open.user_identity = Str0_255::from(profile.user_identity.as_str());
            open.nominal_hash_rate = F32(profile.nominal_hash_rate);
            open.max_target = U256::MAX;
            open.min_extranonce_size = 4;
        }
        Message::SetCustomMiningJob(job) => {
            job.version = 0x2000_0000;
            job.coinbase_tx_version = 2;
            job.coinbase_tx_input_n_sequence = u32::MAX;
        }
        Message::UpdateChannel(update) => {
            update.nominal_hash_rate = F32(profile.nominal_hash_rate);
            update.maximum_target = U256::MAX;
        }
        _ => {}
    }
    Ok(message)
}

/// A custom job gets the outputs that the pool wants, and a token that is good unless the scenario brings its own.
pub(crate) fn declare_custom_job(
    message: &mut Message,
    fields: &[Assignment],
    access: &CustomJobAccess,
    take_token: impl FnOnce() -> usize,
) -> Result<(), Stop> {
    let Message::SetCustomMiningJob(job) = message else { return Ok(()) };
    let misfit = |error: ValueError| Stop::Error(format!("the profile's custom jobs: {error}"));
    job.coinbase_tx_outputs = B0_64K::new(access.coinbase_tx_outputs.clone()).map_err(misfit)?;
    if fields.iter().any(|assignment| assignment.field.node == "mining_job_token") {
        return Ok(());
    }
    let none_left = || Stop::Inconclusive("more tokens in the profile decide it".to_owned());
    let token = access.tokens.get(take_token()).ok_or_else(none_left)?;
    job.mining_job_token = B0_255::new(token.clone()).map_err(misfit)?;
    Ok(())
}

/// Sets fields of a message.
pub(crate) fn assign(env: &Env, message: &mut Message, fields: &[Assignment]) -> Result<(), Stop> {
    for assignment in fields {
        let name = &assignment.field.node;
        let spec = message.spec().field(name);
        let spec = spec.ok_or_else(|| Stop::Error(format!("{} has no {name}", message.spec().name)))?;
        let value = env.eval(&assignment.value)?.to_wire(spec.ty);
        let value = value.map_err(|problem| Stop::Error(format!("{name}: {problem}")))?;
        message.set(name, &value).map_err(|error| Stop::Error(format!("{name}: {error}")))?;
    }
    Ok(())
}

/// The frame of a message, changed in the order of [`ModifierKind`], whatever the order of the lines.
pub(crate) fn altered_frame(env: &Env, message: &Message, modifiers: &[Modifier]) -> Result<Frame, Stop> {
    let mut frame = Frame::of(message).map_err(|error| Stop::Error(error.to_string()))?;
    let mut modifiers: Vec<_> = modifiers.iter().collect();
    modifiers.sort_by_key(|modifier| modifier.kind.node as usize);
    for modifier in modifiers {
        modify(env, &mut frame, modifier.kind.node, &modifier.value)?;
    }
    Ok(frame)
}

fn modify(env: &Env, frame: &mut Frame, kind: ModifierKind, value: &Expr) -> Result<(), Stop> {
    let value = env.eval(value)?;
    let wrong = || Stop::Error(format!("{} cannot stand here", value.describe()));
    if let (ModifierKind::Append, Datum::Bytes(bytes)) = (kind, &value) {
        frame.payload.extend_from_slice(bytes);
        frame.header.length = u32::try_from(frame.payload.len()).map_err(|_| wrong())?;
        return Ok(());
    }
    let Datum::Number(number) = value else { return Err(wrong()) };
    let number = small(number).and_then(|number| u32::try_from(number).ok()).ok_or_else(wrong)?;
    match kind {
        ModifierKind::Truncate => {
            frame.payload.truncate(usize::try_from(number).map_err(|_| wrong())?);
            frame.header.length = u32::try_from(frame.payload.len()).map_err(|_| wrong())?;
        }
        ModifierKind::Append => return Err(wrong()),
        ModifierKind::Length => frame.header.length = number,
        ModifierKind::Type => frame.header.kind.msg_type = u8::try_from(number).map_err(|_| wrong())?,
        ModifierKind::Extension => {
            frame.header.kind.extension_type = u16::try_from(number).map_err(|_| wrong())?;
        }
        ModifierKind::ChannelBit => frame.header.channel_msg = number == 1,
    }
    Ok(())
}
