//! Steps that open a connection and make it ready for frames.

use super::connection::{Conn, ConnectError, Item};
use super::judge::{Line, Stop};
use super::play::{Player, came};
use super::value::Datum;
use crate::scenario::syntax::{Assignment, Claims, Entry, Handshake, Step};
use rand_core::RngCore;
use std::rc::Rc;
use std::sync::Arc;
use sv2_wire::noise::{ACT_ONE_LEN, Initiator, StaticKeypair};

impl Player {
    pub(super) async fn connect(&mut self, step: &Step, entry: Entry) -> Result<(), Stop> {
        let name = self.connection_name(step).to_owned();
        let none = Claims::default();
        let source = Arc::clone(&self.source);
        let line = Line::of_step(&none, &source, step.line);
        let Some(conn) = self.dial(&name, line).await? else { return Ok(()) };
        match entry {
            Entry::Whole => self.enter(conn, line).await.map(|_| ()),
            Entry::Tcp => Ok(()),
            Entry::Plain => {
                self.conns[conn].go_plain();
                let note = self.conns[conn].note("frames without encryption from here on");
                self.report.trace.push(note);
                Ok(())
            }
        }
    }

    /// Opens a TCP connection of this name; the newest connection of a name is the one that the name means.
    /// Nothing when there is none and `line` lets that pass.
    pub(super) async fn dial(&mut self, name: &str, line: Line<'_>) -> Result<Option<usize>, Stop> {
        let deadline = self.deadline(self.plan.profile.reply_within);
        match Conn::open(name, Rc::clone(&self.world), Rc::clone(&self.all), deadline).await {
            Ok(conn) => {
                self.report.trace.push(conn.note("connected"));
                self.conns.push(conn);
                Ok(Some(self.conns.len() - 1))
            }
            Err(error) => {
                let came = match error {
                    ConnectError::Refused(reason) => {
                        self.refused = true;
                        format!("it was refused: {reason}")
                    }
                    // A program that is gone refuses; one that hangs lets the system's queue run full.
                    ConnectError::TimedOut => {
                        self.unanswered = true;
                        "there was none in time".to_owned()
                    }
                    ConnectError::Ours(reason) => {
                        return Err(Stop::Error(format!("no connection: {reason}")));
                    }
                };
                self.report.broken(line, "a TCP connection".to_owned(), came).map(|()| None)
            }
        }
    }

    /// Makes a connection ready for frames. A certificate that is not the authority's, or out of its time, is refused, as
    /// a client with a key has to: "the initiator MUST verify" (spec section 4.5.3). `false` when it is not ready and
    /// `line` lets that pass.
    pub(super) async fn enter(&mut self, conn: usize, line: Line<'_>) -> Result<bool, Stop> {
        let identity = match self.greet(conn, &[], line).await? {
            Some(Datum::Identity(identity)) => identity,
            other => return Ok(other.is_some()),
        };
        let Some(refused) = identity.refused else { return Ok(true) };
        let certificate = &identity.server.certificate;
        let (from, until) = (certificate.valid_from, certificate.not_valid_after);
        let allowed =
            format!("a certificate by the key of the target's URL, valid at {}", self.world.now().unix);
        self.report.broken(line, allowed, format!("{refused}; it is valid from {from} to {until}"))?;
        Ok(false)
    }

    /// Does the Noise handshake where the target speaks Noise. Nothing when it fails and `line` lets that pass.
    async fn greet(
        &mut self,
        conn: usize,
        fields: &[Assignment],
        line: Line<'_>,
    ) -> Result<Option<Datum>, Stop> {
        if !self.plan.peer.encrypted {
            self.conns[conn].go_plain();
            return Ok(Some(Datum::Unknown));
        }
        let act_one = self.act_one(fields)?;
        let deadline = self.deadline(self.plan.profile.reply_within);
        let allowed = || "act two of the Noise handshake, 234 bytes".to_owned();
        let trace = &mut self.report.trace;
        let identity = match self.conns[conn].shake_hands(&self.plan.peer, act_one, deadline, trace).await {
            Ok(identity) => identity,
            Err(item) => {
                self.unanswered |= matches!(item, Item::Nothing);
                return self.report.broken(line, allowed(), came(&item)).map(|()| None);
            }
        };
        let note = self.conns[conn].note("handshake done");
        self.report.trace.push(note);
        Ok(Some(Datum::Identity(Box::new(identity))))
    }

    /// Our side of the handshake, and how many bytes of act one the scenario has sent itself.
    fn act_one(&mut self, fields: &[Assignment]) -> Result<(Initiator, usize), Stop> {
        let mut seed = [0; 64];
        self.rng.fill_bytes(&mut seed);
        let given =
            |name: &str| fields.iter().find(|field| field.field.node == name).map(|field| &field.value);
        let already_sent = match given("already-sent") {
            Some(count) => usize::try_from(self.env.integer(count)?).unwrap_or(usize::MAX),
            None => 0,
        };
        if already_sent > ACT_ONE_LEN {
            return Err(Stop::Error(format!("act one has {ACT_ONE_LEN} bytes")));
        }
        let Some(secret) = given("secret") else {
            return match given("encoding") {
                Some(_) => Err(Stop::Error("an encoding is of no use without its secret".to_owned())),
                None => Ok((Initiator::new(seed), already_sent)),
            };
        };
        let secret = key_bytes("secret", &self.env.eval(secret)?)?;
        let key = match given("encoding") {
            Some(encoding) => {
                StaticKeypair::with_encoding(secret, key_bytes("encoding", &self.env.eval(encoding)?)?)
            }
            None => StaticKeypair::new(secret, seed.first_chunk().copied().unwrap_or_default()),
        };
        let key = key.map_err(|error| Stop::Error(error.to_string()))?;
        Ok((Initiator::with_ephemeral(&key), already_sent))
    }

    pub(super) async fn handshake(&mut self, step: &Step, handshake: &Handshake) -> Result<(), Stop> {
        let conn = self.connection(step, None)?;
        self.refuse_unread(conn)?;
        let source = Arc::clone(&self.source);
        let line = Line::of_step(&handshake.claims, &source, step.line);
        let Some(identity) = self.greet(conn, &handshake.fields, line).await? else { return Ok(()) };
        if let Datum::Identity(_) = identity {
            self.report.held(line);
        }
        if let Some(capture) = &handshake.capture {
            self.env.bind(&capture.node, identity.clone());
        }
        let subject = |name: &str| match &identity {
            Datum::Unknown => Some(Datum::Unknown),
            identity => identity.member(name),
        };
        self.report.judge(&mut self.env, &handshake.judgements, &subject, &handshake.claims, &source)
    }
}

fn key_bytes<const N: usize>(name: &str, value: &Datum) -> Result<[u8; N], Stop> {
    match value {
        Datum::Bytes(bytes) => <[u8; N]>::try_from(bytes.as_slice()).ok(),
        _ => None,
    }
    .ok_or_else(|| Stop::Error(format!("{name} has {N} bytes, and this is {}", value.describe())))
}
