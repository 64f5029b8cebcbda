//! Reads the checked-in vectors.

use crate::hex_text::bytes;
use serde_json::Value as Json;
use std::path::PathBuf;

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// The entries of one file; there are always some.
pub(crate) fn load(file: &str) -> Vec<Json> {
    let path = folder().join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let json: Json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
    let Json::Array(entries) = json else { panic!("{file}: not an array") };
    assert!(!entries.is_empty(), "{file}: no entries");
    entries
}

pub(crate) fn text<'j>(entry: &'j Json, key: &str) -> &'j str {
    entry[key].as_str().unwrap_or_else(|| panic!("no text {key} in {entry}"))
}

/// A label for assertions.
pub(crate) fn label(entry: &Json) -> String {
    let name = entry.get("message").or_else(|| entry.get("type"));
    format!("{}: {}", name.and_then(Json::as_str).unwrap_or("?"), text(entry, "note"))
}

/// The frame of an entry, or only its pieces that `keep` wants.
pub(crate) fn frame(entry: &Json, keep: impl Fn(&str) -> bool) -> Vec<u8> {
    let pieces = entry["frame"].as_array().expect("frame is a list of pieces");
    let pieces = pieces.iter().filter(|piece| keep(piece[0].as_str().expect("a piece has a name")));
    pieces.flat_map(|piece| bytes(piece[1].as_str().expect("a piece has bytes"))).collect()
}
