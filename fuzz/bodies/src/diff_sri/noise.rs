//! Encrypted frames, both ways.

use super::{Opinion, SEALED, TAMPERED, hex_of};
use crate::diff_sri::input::{Op, Session};
use sv2_wire::Kind;
use sv2_wire::frame::{Frame, Header};
use sv2_wire::fuzz::Finding;
use sv2_wire::link::{Event, Link};

/// Plays a session; behind the first altered record nothing may pass any more.
pub(super) fn session<O: Opinion>(other: &mut O, session: &Session) -> Result<(), Finding> {
    let (mut link, mut end) =
        other.session(session.we_are_client).map_err(|error| SEALED.found(format!("handshake: {error}")))?;
    for (index, op) in session.ops.iter().enumerate() {
        let frame = frame_of(op);
        let failed = |what: String| SEALED.found(format!("record {index}, {op:?}: {what}"));
        let mut sealed = Vec::new();
        if op.from_us {
            link.seal(&frame, &mut sealed).map_err(|error| failed(error.to_string()))?;
        } else {
            sealed =
                other.seal(&mut end, frame.to_bytes()).map_err(|error| failed(format!("sri: {error}")))?;
        }
        let expected = sealed_len(frame.payload.len());
        if sealed.len() != expected {
            return Err(failed(format!("{} bytes, the specification says {expected}", sealed.len())));
        }
        let is_altered = op.flip.is_some_and(|at| flip(&mut sealed, at));
        let opened = match op.from_us {
            true => other.open(&mut end, &sealed),
            false => receive(&mut link, &sealed),
        };
        if is_altered {
            return ended(other, &mut link, &mut end, op, opened);
        }
        match opened {
            Ok(bytes) if bytes == frame.to_bytes() => {}
            Ok(bytes) => return Err(failed(format!("opened as {}", hex_of(&bytes)))),
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(())
}

/// The receiver must have refused, and must go on refusing even what nobody altered.
fn ended<O: Opinion>(
    other: &mut O,
    link: &mut Link,
    end: &mut crate::sri::session::Sri,
    op: &Op,
    opened: Result<Vec<u8>, String>,
) -> Result<(), Finding> {
    if let Ok(bytes) = opened {
        return Err(TAMPERED.found(format!("{op:?}: opened as {}", hex_of(&bytes))));
    }
    let frame = frame_of(op);
    let again = if op.from_us {
        let mut sealed = Vec::new();
        link.seal(&frame, &mut sealed).map_err(|error| SEALED.found(error.to_string()))?;
        other.open(end, &sealed)
    } else {
        let sealed = other.seal(end, frame.to_bytes()).map_err(|error| SEALED.found(error))?;
        receive(link, &sealed)
    };
    match again {
        Ok(bytes) => Err(TAMPERED.found(format!("behind {op:?}: opened as {}", hex_of(&bytes)))),
        Err(_) => Ok(()),
    }
}

fn receive(link: &mut Link, sealed: &[u8]) -> Result<Vec<u8>, String> {
    link.receive(sealed);
    match link.poll().map_err(|error| error.to_string())? {
        Some(Event::Frame(frame)) if link.pending() == 0 => Ok(frame.to_bytes()),
        Some(Event::Frame(_)) => Err(format!("{} bytes are left", link.pending())),
        other => Err(format!("no frame: {other:?}")),
    }
}

/// Spec section 4.6: the header has its own code, and so has each piece of up to 65519 bytes.
pub(crate) fn sealed_len(payload: usize) -> usize {
    let pieces = payload.div_ceil(65_519);
    payload.saturating_add(pieces.saturating_mul(16)).saturating_add(22)
}

fn flip(bytes: &mut [u8], at: u32) -> bool {
    let place = usize::try_from(at >> 3).ok().and_then(|at| at.checked_rem(bytes.len()));
    match place.and_then(|place| bytes.get_mut(place)) {
        Some(byte) => {
            *byte ^= 1 << (at & 7);
            true
        }
        None => false,
    }
}

fn frame_of(op: &Op) -> Frame {
    let kind = Kind { extension_type: 0x0abc, msg_type: 0xfe };
    let length = u32::try_from(op.size).unwrap_or(u32::MAX);
    let payload = (0..=250).cycle().take(op.size).collect();
    Frame { header: Header { kind, channel_msg: true, length }, payload }
}
