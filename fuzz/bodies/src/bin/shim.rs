//! SRI's published crates behind the shim protocol of `fuzz/README.md`:
//! `sv2-conform fuzz codec --shim target/release/shim`.

use std::io::{BufRead, Write};
use sv2_conform::fuzz::shim::protocol::value_text;
use sv2_fuzz_bodies::sri::SriCodec;
use sv2_wire::frame::{FrameRef, MAX_PAYLOAD_LEN};
use sv2_wire::fuzz::{Codec, CodecError};
use sv2_wire::{Kind, MessageSpec};

fn main() -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        writeln!(stdout, "{}", answer(&line?))?;
        stdout.flush()?;
    }
    Ok(())
}

fn answer(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let answered = match words.as_slice() {
        ["frame", bytes] => frame(bytes),
        ["message", extension, number, payload] => message(extension, number, payload),
        _ => return "unknown".to_owned(),
    };
    answered.unwrap_or_else(|refused| refused)
}

fn frame(bytes: &str) -> Result<String, String> {
    let mut first = None;
    let mut keep = |frame: FrameRef<'_>| {
        if first.is_none() {
            let mut bytes = Vec::new();
            frame.write(&mut bytes);
            first = Some(hex::encode(bytes));
        }
    };
    let end = SriCodec.stream(std::iter::once(parse(bytes)?.as_slice()), MAX_PAYLOAD_LEN, &mut keep);
    match (first, end.error) {
        (Some(frame), _) => Ok(format!("ok {frame}")),
        (None, Some(error)) => Err(format!("error {error}")),
        (None, None) => Err("incomplete".to_owned()),
    }
}

fn message(extension: &str, number: &str, payload: &str) -> Result<String, String> {
    let extension_type = u16::from_str_radix(extension, 16).map_err(|error| format!("error {error}"))?;
    let msg_type = u8::from_str_radix(number, 16).map_err(|error| format!("error {error}"))?;
    let kind = Kind { extension_type, msg_type };
    let payload = parse(payload)?;
    let (read, used) = SriCodec.decode(kind, &payload).map_err(|error| refusal(&error))?;
    let mut bytes = Vec::new();
    SriCodec.encode(&read, &mut bytes).map_err(|error| refusal(&error))?;
    let bytes = if bytes.is_empty() { "-".to_owned() } else { hex::encode(bytes) };
    let mut answer = format!("ok {bytes} used={used}");
    let fields = MessageSpec::of(kind).map_or(&[][..], |spec| spec.fields);
    for (index, field) in fields.iter().enumerate() {
        if let Some(value) = SriCodec.value(&read, index) {
            answer.push_str(&format!(" {}={}", field.name, value_text(&value)));
        }
    }
    Ok(answer)
}

/// SRI does not tell a payload that ends too early from one that is wrong.
fn refusal(error: &CodecError) -> String {
    match error {
        CodecError::Unsupported => "unknown".to_owned(),
        other => format!("error {}", other.to_string().replace('\n', " ")),
    }
}

fn parse(text: &str) -> Result<Vec<u8>, String> {
    if text == "-" {
        return Ok(Vec::new());
    }
    hex::decode(text).map_err(|error| format!("error {error}"))
}
