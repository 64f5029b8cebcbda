//! A frame goes over an encrypted connection: sealed on one side, opened on the other.

use crate::handshakes;
use crate::measure::{Effort, Row, duel, seen};
use codec_sv2::{Decrypted, NoiseDecoder, NoiseEncoder, TransportDecryptState, TransportEncryptState};
use framing_sv2::framing::SerializedFrame;
use sv2_wire::Kind;
use sv2_wire::frame::{Frame, Header};
use sv2_wire::link::{Event, Link};

pub(crate) fn rows(effort: Effort) -> Vec<Row> {
    [(64, "64 B"), (1024, "1 KiB"), (65536, "64 KiB")].map(|(size, name)| row(size, name, effort)).into()
}

fn row(size: u32, name: &str, effort: Effort) -> Row {
    let header =
        Header { kind: Kind { extension_type: 0, msg_type: 0x71 }, channel_msg: false, length: size };
    let frame = Frame { header, payload: (0..=250).cycle().take(size as usize).collect() };
    duel(format!("frame of {name}, seal + open"), effort, || {
        let (frame, mut bytes) = (frame.clone(), frame.to_bytes());
        let (mut ours, mut theirs) = (Ours::new(), Theirs::new());
        ours.carry(&frame, |opened| assert!(*opened == frame, "{name}"));
        theirs.carry(&mut bytes, |opened| assert!(opened == frame.to_bytes(), "{name}"));
        (
            move || ours.carry(&frame, |opened| seen(opened)),
            move || theirs.carry(&mut bytes, |opened| seen(opened)),
        )
    })
}

struct Ours {
    client: Link,
    server: Link,
    /// What is on the way.
    wire: Vec<u8>,
}

impl Ours {
    fn new() -> Self {
        let (client, server) = handshakes::ours(handshakes::authority());
        Self { client, server, wire: Vec::new() }
    }

    fn carry(&mut self, frame: &Frame, then: impl FnOnce(&Frame)) {
        self.wire.clear();
        self.client.seal(frame, &mut self.wire).expect("established");
        self.server.receive(&self.wire);
        let Ok(Some(Event::Frame(opened))) = self.server.poll() else { panic!("no frame") };
        then(&opened);
    }
}

/// Encoder and decoder are kept for the whole session, as SRI's own applications do.
struct Theirs {
    encoder: NoiseEncoder,
    encrypt: TransportEncryptState,
    decoder: NoiseDecoder,
    decrypt: Option<TransportDecryptState>,
}

impl Theirs {
    fn new() -> Self {
        let (client, server) = handshakes::theirs(handshakes::authority());
        let ((encrypt, _), (_, decrypt)) = (client.split(), server.split());
        Self { encoder: NoiseEncoder::new(), encrypt, decoder: NoiseDecoder::new(), decrypt: Some(decrypt) }
    }

    fn carry(&mut self, frame: &mut [u8], then: impl FnOnce(&[u8])) {
        // Over borrowed bytes, so that nothing is copied to give the frame away.
        let frame = SerializedFrame::from_bytes(frame).expect("a whole frame");
        let sealed = self.encoder.encode_transport(frame, &mut self.encrypt).expect("encodes");
        let mut wire: &[u8] = sealed.as_ref();
        loop {
            let state = self.decrypt.take().expect("put back each time");
            match self.decoder.next_transport_frame(state).expect("authentic") {
                Decrypted::Frame(opened, state) => {
                    self.decrypt = Some(state);
                    return then(opened.as_bytes());
                }
                Decrypted::Incomplete(_, state) => {
                    self.decrypt = Some(state);
                    let room = self.decoder.writable();
                    let (now, later) = wire.split_at(room.len());
                    room.copy_from_slice(now);
                    wire = later;
                }
            }
        }
    }
}
