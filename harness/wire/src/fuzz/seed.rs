//! The inputs to begin with: the hand-written vectors, and boundary values of every message.

use super::dictionary::FLOATS;
use super::mutate::prefix;
use crate::{FieldType, MessageSpec};
use serde_json::Value as Json;

/// A first input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seed {
    /// File name: lower-case letters, digits, `-`, `.` and `_` only.
    pub name: String,
    /// The input.
    pub bytes: Vec<u8>,
}

impl Seed {
    /// A seed; other characters of the name become `-`.
    pub fn new(name: impl AsRef<str>, bytes: Vec<u8>) -> Self {
        let mut fitting = String::new();
        for c in name.as_ref().chars() {
            match c {
                'a'..='z' | '0'..='9' | '.' | '_' => fitting.push(c),
                'A'..='Z' => fitting.push(c.to_ascii_lowercase()),
                _ if fitting.ends_with('-') => {}
                _ => fitting.push('-'),
            }
        }
        Self { name: fitting.trim_matches('-').to_owned(), bytes }
    }
}

/// A frame of `harness/wire/vectors/`, written from the specification by hand.
#[derive(Clone, Debug, PartialEq)]
pub struct Vector {
    /// Message and what is special about the frame.
    pub label: String,
    /// The whole frame.
    pub frame: Vec<u8>,
    /// Whether it has to be refused.
    pub is_malformed: bool,
    /// The entry as it stands in the file.
    pub entry: Json,
}

const FILES: [&str; 6] = [
    include_str!("../../vectors/common.json"),
    include_str!("../../vectors/mining.json"),
    include_str!("../../vectors/job-declaration.json"),
    include_str!("../../vectors/template-distribution.json"),
    include_str!("../../vectors/extensions.json"),
    include_str!("../../vectors/malformed.json"),
];
const DATATYPES: &str = include_str!("../../vectors/datatypes.json");

/// The vectors that are frames, in the order of the files.
pub fn vectors() -> Vec<Vector> {
    FILES.iter().flat_map(|file| entries(file)).filter_map(vector).collect()
}

/// Type and bytes of the vectors that are single values.
pub(super) fn value_vectors() -> Vec<(String, Vec<u8>)> {
    let pair =
        |entry: Json| Some((entry.get("type")?.as_str()?.to_owned(), bytes_of(entry.get("hex")?.as_str()?)?));
    entries(DATATYPES).into_iter().filter_map(pair).collect()
}

fn entries(file: &str) -> Vec<Json> {
    match serde_json::from_str(file) {
        Ok(Json::Array(entries)) => entries,
        _ => Vec::new(),
    }
}

fn vector(entry: Json) -> Option<Vector> {
    let mut frame = Vec::new();
    for piece in entry.get("frame")?.as_array()? {
        frame.extend(bytes_of(piece.get(1)?.as_str()?)?);
    }
    let label = format!("{} {}", entry.get("message")?.as_str()?, entry.get("note")?.as_str()?);
    let is_malformed = entry.get("error").is_some();
    Some(Vector { label, frame, is_malformed, entry })
}

/// Hex with spaces, and with repeats such as `(ff)*32`.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for word in text.split_whitespace() {
        match word.strip_prefix('(').and_then(|rest| rest.split_once(")*")) {
            Some((unit, times)) => bytes.extend(hex::decode(unit).ok()?.repeat(times.parse().ok()?)),
            None => bytes.extend(hex::decode(word).ok()?),
        }
    }
    Some(bytes)
}

/// As many of the pieces from the front as stay within so many bytes.
pub(super) fn up_to(pieces: &[Vec<u8>], most: usize) -> Vec<Vec<u8>> {
    let mut sum = 0usize;
    let fits = pieces.iter().take_while(|piece| {
        sum = sum.saturating_add(piece.len());
        sum <= most
    });
    fits.cloned().collect()
}

/// The payload of a message whose fields are all as large as their types allow within about `room` bytes altogether.
pub(super) fn largest_payload(spec: &MessageSpec, room: usize) -> Vec<u8> {
    let share = room.checked_div(spec.fields.len().max(1)).unwrap_or(room).min(300);
    let fields = spec.fields.iter().enumerate();
    fields.flat_map(|(index, field)| value(field.ty, index, share)).collect()
}

/// A value of the type: 0 for the smallest, else the largest with about `size` bytes.
pub(super) fn value(ty: FieldType, index: usize, size: usize) -> Vec<u8> {
    let fill = |count: usize| vec![if size == 0 { 0 } else { 0xff }; count];
    match ty {
        FieldType::Bool => vec![u8::from(size > 0)],
        FieldType::U8 => fill(1),
        FieldType::U16 => fill(2),
        FieldType::U32 => fill(4),
        FieldType::U64 => fill(8),
        FieldType::U256 => fill(32),
        FieldType::F32 => {
            let bits = if size == 0 { None } else { FLOATS.get(index.saturating_add(size) & 7) };
            bits.copied().unwrap_or(0).to_le_bytes().to_vec()
        }
        FieldType::Str0_255 | FieldType::Bytes(_) => {
            let max = if let FieldType::Bytes(max) = ty { max } else { 0xff };
            let count = max.min(size);
            [prefix(count, max), vec![b'a'; count]].concat()
        }
        FieldType::Option(_) if size == 0 => vec![0],
        FieldType::Option(inner) => [vec![1], value(*inner, index, size)].concat(),
        FieldType::Seq(max, inner) => {
            let element = value(*inner, index, size.min(2));
            let count = if size <= 2 { size } else { size.checked_div(element.len().max(1)).unwrap_or(0) };
            let count = count.min(max);
            [prefix(count, max), element.repeat(count)].concat()
        }
    }
}
