//! A trace as text: per connection, without time and without ciphertext. The same on every driver, so that it can be kept
//! as a snapshot; a changed byte shows as a changed field.

mod behind;

use crate::verdict::{Outcome, TraceEvent, TraceLine};
use behind::behind;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;
use sv2_wire::frame::{Frame, Header};
use sv2_wire::{Decoded, Message};

/// Frames above this many bytes stand in the text by length and digest.
pub(crate) const LONGEST_FRAME: usize = 512;

/// The trace of a scenario.
pub fn text(outcome: &Outcome) -> String {
    let mut connections: BTreeMap<usize, Vec<&TraceLine>> = BTreeMap::new();
    for line in &outcome.trace {
        connections.entry(line.number).or_default().push(line);
    }
    let mut text = String::new();
    for (number, lines) in connections {
        let name = lines.first().map_or("", |line| &line.connection);
        let name = if name.is_empty() { String::new() } else { format!(" ({name})") };
        add(&mut text, format_args!("connection {}{name}", number + 1));
        for line in lines {
            event(&mut text, &line.event);
        }
    }
    text
}

fn event(text: &mut String, event: &TraceEvent) {
    match event {
        TraceEvent::Note(note) => add(text, format_args!("= {note}")),
        TraceEvent::Sent { frame, .. } => frame_lines(text, '>', frame),
        TraceEvent::Received { frame, .. } => frame_lines(text, '<', frame),
    }
}

/// A frame on one line: what stands behind its fields, then the fields.
pub(crate) fn line(frame: &Frame) -> String {
    let bytes = frame.to_bytes();
    let long = (bytes.len() > LONGEST_FRAME).then(|| format!("<{}>", digest(&bytes)));
    match frame.decode() {
        Ok(Decoded { message, tail }) => {
            let behind: String = behind(tail).iter().map(|tail| format!("[+ {tail}] ")).collect();
            let fields = long.unwrap_or_else(|| message.to_json().to_string());
            format!("{} {behind}{fields}", message.spec().unique_name())
        }
        Err(error) => format!("{} {error}", long.unwrap_or_else(|| hex::encode(&bytes))),
    }
}

fn frame_lines(text: &mut String, direction: char, frame: &[u8]) {
    let Some((head, payload)) = frame.split_first_chunk::<{ Header::LEN }>() else {
        return add(text, format_args!("{direction} {}", hex::encode(frame)));
    };
    let header = Header::decode(*head);
    let decoded = Message::decode(header.kind, payload);
    let name = match &decoded {
        Ok(decoded) => decoded.message.spec().unique_name(),
        Err(error) => format!("{:?} {error}", header.kind),
    };
    let is_as_in_table = decoded.as_ref().is_ok_and(|decoded| {
        decoded.message.spec().channel_msg == header.channel_msg && header.length as usize == payload.len()
    });
    let header = if is_as_in_table { String::new() } else { format!(" [header {}]", hex::encode(head)) };
    add(text, format_args!("{direction} {name}{header}"));
    let is_long = frame.len() > LONGEST_FRAME;
    if is_long {
        add(text, format_args!("    {}", digest(frame)));
    }
    match decoded {
        Ok(Decoded { message, tail }) => {
            let json = message.to_json();
            for (field, value) in json.as_object().filter(|_| !is_long).into_iter().flatten() {
                add(text, format_args!("    {field}: {value}"));
            }
            for tail in behind(tail) {
                add(text, format_args!("    + {tail}"));
            }
        }
        Err(_) if is_long => {}
        Err(_) => add(text, format_args!("    {}", hex::encode(payload))),
    }
}

fn digest(frame: &[u8]) -> String {
    format!("{} bytes, sha256 {}", frame.len(), hex::encode(Sha256::digest(frame)))
}

fn add(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(arguments);
    text.push('\n');
}
