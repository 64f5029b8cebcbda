//! Whole frames under Noise against SRI's codec, both ways and in both Noise roles.

use sv2_fuzz_bodies::sri::session::{Sri, with_sri_client, with_sri_server};
use sv2_wire::Kind;
use sv2_wire::frame::{Frame, Header};
use sv2_wire::link::{Event, Link, LinkError};
use sv2_wire::noise::NoiseError;

/// The ends of the range, and both sides of every boundary between one record, two and three.
const SIZES: [usize; 10] = [0, 1, 64, 65_518, 65_519, 65_520, 131_037, 131_038, 131_039, 0xff_ffff];

fn frame_of(size: usize) -> Frame {
    let kind = Kind { extension_type: 0x0abc, msg_type: 0xfe };
    let length = u32::try_from(size).expect("below 2^24");
    Frame {
        header: Header { kind, channel_msg: true, length },
        payload: (0..=250).cycle().take(size).collect(),
    }
}

fn from_us(link: &mut Link, sri: &mut Sri, frame: &Frame) {
    let mut sealed = Vec::new();
    link.seal(frame, &mut sealed).expect("established");
    assert!(
        sri.open(&sealed).expect("authentic") == frame.to_bytes(),
        "{} bytes from us",
        frame.payload.len()
    );
}

/// Cuts SRI's bytes at `cut`, so that they come in pieces.
fn from_sri(link: &mut Link, sri: &mut Sri, frame: &Frame, cut: usize) {
    let sealed = sri.seal(frame.to_bytes()).expect("a whole frame");
    let mut found = Vec::new();
    for piece in sealed.chunks(cut) {
        link.receive(piece);
        while let Some(event) = link.poll().expect("authentic") {
            found.push(event);
        }
    }
    let size = frame.payload.len();
    assert!(matches!(found.as_slice(), [Event::Frame(got)] if got == frame), "{size} bytes from sri");
    assert_eq!(link.pending(), 0, "{size} bytes from sri");
}

fn talk((mut link, mut sri): (Link, Sri)) {
    for size in SIZES {
        let frame = frame_of(size);
        from_us(&mut link, &mut sri, &frame);
        from_sri(&mut link, &mut sri, &frame, usize::MAX);
        from_us(&mut link, &mut sri, &frame);
        from_sri(&mut link, &mut sri, &frame, 60_001);
    }
    for size in [0, 1, 64] {
        from_sri(&mut link, &mut sri, &frame_of(size), 1);
    }
}

#[test]
fn our_client_and_their_server() {
    talk(with_sri_server().expect("a session"));
}

#[test]
fn our_server_and_their_client() {
    talk(with_sri_client().expect("a session"));
}

#[test]
fn the_same_plaintext_has_the_same_length_on_both_sides() {
    let (mut link, mut sri) = with_sri_server().expect("a session");
    for size in SIZES {
        let mut sealed = Vec::new();
        link.seal(&frame_of(size), &mut sealed).expect("established");
        assert_eq!(sealed.len(), sri.seal(frame_of(size).to_bytes()).expect("a whole frame").len(), "{size}");
    }
}

#[test]
fn an_altered_frame_ends_the_session_on_both_sides() {
    for (mut link, mut sri) in [with_sri_server(), with_sri_client()].map(|pair| pair.expect("a session")) {
        let mut sealed = Vec::new();
        link.seal(&frame_of(64), &mut sealed).expect("established");
        sealed[40] ^= 1;
        assert!(sri.open(&sealed).unwrap_err().contains("Aead"), "SRI gives another error than before");
        assert_eq!(sri.open(&sealed).unwrap_err(), "the session is over");

        let mut sealed = sri.seal(frame_of(64).to_bytes()).expect("a whole frame");
        sealed[40] ^= 1;
        link.receive(&sealed);
        assert_eq!(link.poll().unwrap_err(), LinkError::Noise(NoiseError::DecryptionFailed { nonce: 1 }));
        assert_eq!(link.poll().unwrap_err(), LinkError::NotEstablished);
    }
}
