//! The other opinion. Its methods are SRI's crates; the tests override single ones to plant a fault.

use crate::differences::{Certificate, Verdict};
use crate::sri::handshake::{self, Client};
use crate::sri::session::{Sri as SriEnd, with_sri_client, with_sri_server};
use crate::sri::{self, Deframer, ReadValue};
use noise_sv2::NoiseEngine;
use sv2_wire::frame::Frame;
use sv2_wire::link::Link;
use sv2_wire::noise::{ACT_ONE_LEN, ACT_TWO_LEN, AuthoritySecretKey};
use sv2_wire::tlv::Tlv;
use sv2_wire::{FieldType, Value};

/// What came of one message.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Bytes that the fields took.
    pub used: usize,
    /// The values in the order of the fields.
    pub values: Vec<Value>,
    /// The frame that it is written as.
    pub written: Result<Vec<u8>, String>,
}

/// Another implementation of what the target compares.
pub trait Opinion {
    /// Cuts a stream that comes in chunks into frames.
    ///
    /// # Errors
    /// Its words.
    fn frames(&mut self, chunks: &mut dyn Iterator<Item = &[u8]>) -> Result<Vec<Frame>, String> {
        let mut deframer = Deframer::default();
        let mut frames = Vec::new();
        for chunk in chunks {
            deframer.push(chunk, &mut |frame| frames.push(frame.to_frame()))?;
        }
        Ok(frames)
    }

    /// Reads the message in one frame.
    ///
    /// # Errors
    /// It is refused; its words.
    fn read(&mut self, frame: &[u8]) -> Result<Reading, String> {
        let read = sri::decode(frame).map_err(|error| error.to_string())?;
        let values = sri::fields(&read.message).into_iter().map(|(_, value)| value).collect();
        let written = sri::encode(read.message).map_err(|error| error.to_string());
        Ok(Reading { used: read.used, values, written })
    }

    /// Reads a single value of a data type from the front of bytes. Nothing where it has no such type.
    ///
    /// # Errors
    /// It is refused; its words.
    fn read_value(&mut self, ty: FieldType, bytes: &[u8]) -> Option<Result<ReadValue, String>> {
        sri::read_value(ty, bytes)
    }

    /// The TLV fields of negotiated extensions in a tail.
    ///
    /// # Errors
    /// Its words.
    fn tail(&mut self, tail: &[u8], negotiated: &[u16]) -> Result<Vec<Tlv>, String> {
        sri::tail(tail, negotiated)
    }

    /// What its client makes of a server.
    ///
    /// # Errors
    /// Its words, if that is neither trust nor refusal.
    fn certificate(&mut self, certificate: &Certificate) -> Result<Verdict, String> {
        certificate.sri()
    }

    /// What its client, which has sent act one, has after act two; nothing where it does not trust the certificate.
    ///
    /// # Errors
    /// Act two is not authentic; its words.
    fn finish(
        &mut self,
        client: Client,
        act_two: [u8; ACT_TWO_LEN],
        now: u32,
    ) -> Result<Option<NoiseEngine>, String> {
        client.finish(act_two, now)
    }

    /// What its server, certified now, answers to act one.
    ///
    /// # Errors
    /// Its words.
    fn answer(
        &mut self,
        authority: &AuthoritySecretKey,
        seed: [u8; 32],
        act_one: [u8; ACT_ONE_LEN],
        now: u32,
    ) -> Result<([u8; ACT_TWO_LEN], NoiseEngine), String> {
        handshake::answer(authority, seed, act_one, now)
    }

    /// A link of ours that has shaken hands with it; we are the client or the server.
    ///
    /// # Errors
    /// The handshake fails.
    fn session(&mut self, we_are_client: bool) -> Result<(Link, SriEnd), String> {
        if we_are_client { with_sri_server() } else { with_sri_client() }
    }

    /// Encrypts a frame.
    ///
    /// # Errors
    /// Its words.
    fn seal(&mut self, end: &mut SriEnd, frame: Vec<u8>) -> Result<Vec<u8>, String> {
        end.seal(frame)
    }

    /// Takes bytes of an encrypted stream in, and gives the frames that are whole then.
    ///
    /// # Errors
    /// Its words.
    fn receive(&mut self, end: &mut SriEnd, bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        end.receive(bytes)
    }

    /// Decrypts a frame.
    ///
    /// # Errors
    /// Its words.
    fn open(&mut self, end: &mut SriEnd, bytes: &[u8]) -> Result<Vec<u8>, String> {
        end.open(bytes)
    }
}

/// SRI's published crates.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sri;

impl Opinion for Sri {}
