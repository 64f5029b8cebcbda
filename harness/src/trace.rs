//! A trace as text: per connection, without time and without ciphertext. The same on every driver, so that it can be kept
//! as a snapshot; a changed byte shows as a changed field.

use crate::verdict::{Outcome, TraceEvent, TraceLine};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;
use sv2_wire::Message;
use sv2_wire::frame::Header;

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
    if frame.len() > LONGEST_FRAME {
        let digest = hex::encode(Sha256::digest(frame));
        return add(text, format_args!("    {} bytes, sha256 {digest}", frame.len()));
    }
    match decoded {
        Ok(decoded) => {
            if let Some(fields) = decoded.message.to_json().as_object() {
                for (field, value) in fields {
                    add(text, format_args!("    {field}: {value}"));
                }
            }
            if !decoded.tail.is_empty() {
                add(text, format_args!("    + {}", hex::encode(decoded.tail)));
            }
        }
        Err(_) => add(text, format_args!("    {}", hex::encode(payload))),
    }
}

fn add(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(arguments);
    text.push('\n');
}
