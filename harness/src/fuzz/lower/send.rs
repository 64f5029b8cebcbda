//! What clients send, and what the operator does to channels.

use super::{Lowerer, MOST_PIECES, Unsaid};
use crate::custom::CustomJobAccess;
use crate::fuzz::clients::{Action, OWN_FIELDS};
use crate::fuzz::program::{MAX_BLOB, Zeros};
use crate::runner::Control;
use crate::runner::send::{altered_frame, assign, declare_custom_job, valid_message};
use crate::runner::value::Datum;
use crate::scenario::syntax::{Assignment, Expr, Provoke, Send, Step};
use crate::target::embedded_control;
use sv2_wire::frame::Frame;
use sv2_wire::{Message, Value};

/// Fields that operations fill in by themselves beside [`OWN_FIELDS`], where the scenario leaves that to whoever plays it.
const FILLED_IN: [&str; 3] = ["request_id", "reason_code", "coinbase_tx_locktime"];

/// The target below which every other hash is.
const EVERY_OTHER: Zeros = Zeros(1);

/// Ids of messages that go as frames begin here, so that those of operations are not used twice.
const FIRST_ID: u32 = 0x4000;

impl Lowerer<'_> {
    pub(super) fn send(&mut self, step: &Step, send: &Send) -> Result<(), Unsaid> {
        let client = self.speaker(step, None)?;
        self.afford_all(&send.fields, &send.modifiers)?;
        let mut message = self.message(&send.message.node)?;
        let access = CustomJobAccess::embedded();
        declare_custom_job(&mut message, &send.fields, &access, || self.take_token())
            .map_err(|stop| stop.reason())?;
        assign(&self.env, &mut message, &send.fields).map_err(|stop| stop.reason())?;
        let op = match send.modifiers.is_empty() {
            true => self.game.operation(&Action::Send(client, message.clone()), &filled_in(&send.fields)),
            false => None,
        };
        let sent = match op {
            Some(op) => match self.say(op)? {
                Action::Send(_, sent) => sent,
                _ => message,
            },
            None => {
                self.number(&mut message, &send.fields);
                let frame =
                    altered_frame(&self.env, &message, &send.modifiers).map_err(|stop| stop.reason())?;
                self.bytes(client, &frame.to_bytes())?;
                message
            }
        };
        if let Some(capture) = &send.capture {
            self.env.bind(&capture.node, Datum::Message(client, Box::new(sent)));
        }
        Ok(())
    }

    /// A message as it is without further lines. The clients of a program are slow, and every other hash is a share of theirs, so
    /// that shares and what is none are found at once.
    fn message(&self, name: &str) -> Result<Message, Unsaid> {
        let mut message = valid_message(name, &self.profile, &self.peer).map_err(|stop| stop.reason())?;
        match &mut message {
            Message::OpenStandardMiningChannel(open) => open.max_target = EVERY_OTHER.target(),
            Message::OpenExtendedMiningChannel(open) => open.max_target = EVERY_OTHER.target(),
            Message::UpdateChannel(update) => update.maximum_target = EVERY_OTHER.target(),
            _ => {}
        }
        Ok(message)
    }

    fn take_token(&mut self) -> usize {
        let token = self.tokens;
        self.tokens = self.tokens.saturating_add(1);
        token
    }

    /// Numbers a message that goes as a frame, unless the scenario does.
    pub(super) fn number(&mut self, message: &mut Message, fields: &[Assignment]) {
        self.frames = self.frames.saturating_add(1);
        let id = Value::Uint(FIRST_ID.saturating_add(self.frames).into());
        for name in ["request_id", "sequence_number"] {
            let is_said = fields.iter().any(|assignment| assignment.field.node == name);
            if !is_said && message.spec().field(name).is_some() {
                // Both kinds of ids hold this number, so that nothing can be wrong with it.
                _ = message.set(name, &id);
            }
        }
    }

    /// Sends a message as a frame.
    pub(super) fn frame(&mut self, client: usize, message: &Message) -> Result<(), Unsaid> {
        let frame = Frame::of(message).map_err(|error| error.to_string())?;
        self.bytes(client, &frame.to_bytes())
    }

    pub(super) fn raw(&mut self, step: &Step, bytes: &Expr) -> Result<(), Unsaid> {
        let client = self.speaker(step, None)?;
        let name = self.connection_name(step);
        if !self.connections.iter().any(|connection| connection.name == name && connection.is_plain) {
            return Err("a program says nothing beneath Noise".to_owned());
        }
        match self.eval(bytes)? {
            Datum::Bytes(bytes) => self.bytes(client, &bytes),
            other => Err(format!("expected bytes, got {}", other.describe())),
        }
    }

    /// Sends bytes: a frame where they are one, else in pieces.
    fn bytes(&mut self, client: usize, bytes: &[u8]) -> Result<(), Unsaid> {
        if let Some(op) = self.game.operation(&Action::Bytes(client, bytes.to_vec()), &[]) {
            return self.say(op).map(|_| ());
        }
        if bytes.len().div_ceil(MAX_BLOB) > MOST_PIECES {
            return Err(format!("{} bytes are more than a program says at once", bytes.len()));
        }
        bytes
            .chunks(MAX_BLOB)
            .try_for_each(|piece| self.act(&Action::Bytes(client, piece.to_vec())).map(|_| ()))
    }

    pub(super) fn provoke(&mut self, step: &Step, provoke: &Provoke) -> Result<(), Unsaid> {
        let client = self.client(step, None)?;
        self.afford_all(&provoke.fields, &[])?;
        let mut message = self.message(&provoke.message.node)?;
        assign(&self.env, &mut message, &provoke.fields).map_err(|stop| stop.reason())?;
        let asked = message.clone();
        match &mut message {
            Message::CloseChannel(close) => close.reason_code = "maintenance".into(),
            Message::Reconnect(reconnect) => {
                reconnect.new_host = "127.0.0.1".into();
                reconnect.new_port = 34254;
            }
            _ => {}
        }
        let is_as_asked = message == asked;
        let control = embedded_control(&Control::Provoke(client, Box::new(message)));
        self.act(&Action::Control(control.ok_or("no operation does this")?))?;
        let is_said = |name: &str| provoke.fields.iter().any(|assignment| assignment.field.node == name);
        match ["reason_code", "new_host", "new_port"].into_iter().find(|name| is_said(name)) {
            Some(name) if !is_as_asked => Err(format!("with a {name} of the program's own")),
            _ => Ok(()),
        }
    }
}

/// The fields that need not be as they are in the message.
pub(super) fn filled_in(fields: &[Assignment]) -> Vec<&'static str> {
    let is_said = |name: &&str| fields.iter().any(|assignment| assignment.field.node == **name);
    OWN_FIELDS.into_iter().chain(FILLED_IN).filter(|name| !is_said(name)).collect()
}
