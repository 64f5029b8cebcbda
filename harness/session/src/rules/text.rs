//! Rules about the characters of strings.

use super::{Clauses, Say, Seen};
use sv2_wire::{FieldType, Message, Value};

/// Error codes have no control characters, and keep to printable ASCII where feasible (3.5).
pub(super) fn error_code(seen: &Seen<'_>, say: &mut Say<'_>) {
    let Some(text) = seen.message().and_then(|message| text_of(message, "error_code")) else { return };
    characters("error_code", &text, &["SV2-03-057"], &["SV2-03-056"], say);
}

/// The same for the reason of CloseChannel (5.3.9).
pub(super) fn reason_code(seen: &Seen<'_>, say: &mut Say<'_>) {
    let Some(text) = seen.message().and_then(|message| text_of(message, "reason_code")) else { return };
    characters("reason_code", &text, &["SV2-05-073"], &["SV2-05-074"], say);
}

/// A string carries no terminating zero byte; one would count as content (3.1). That is odd, but nothing forbids it.
pub(super) fn terminator(seen: &Seen<'_>, say: &mut Say<'_>) {
    let Some(message) = seen.message() else { return };
    let strings = message.spec().fields.iter().filter(|field| field.ty == FieldType::Str0_255);
    for field in strings {
        match text_of(message, field.name) {
            Some(text) if text.last() == Some(&0) => {
                say.lenient(&["SV2-03-011"], None, format!("{} ends with a zero byte", field.name));
            }
            _ => say.kept(&["SV2-03-011"]),
        }
    }
}

fn text_of(message: &Message, field: &str) -> Option<Vec<u8>> {
    match message.get(field)? {
        Value::Text(bytes) => Some(bytes),
        _ => None,
    }
}

fn characters(field: &str, text: &[u8], control: Clauses, printable: Clauses, say: &mut Say<'_>) {
    match text.iter().find(|byte| byte.is_ascii_control()) {
        Some(byte) => return say.breach(control, format!("{field} with the control character 0x{byte:02x}")),
        None => say.kept(control),
    }
    match text.iter().find(|byte| !(b' '..=b'~').contains(byte)) {
        Some(byte) => say.breach(printable, format!("{field} with the byte 0x{byte:02x}")),
        None => say.kept(printable),
    }
}
