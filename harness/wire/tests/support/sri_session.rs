//! One of our links against the codec of the Stratum Reference Implementation, in either Noise role.

use codec_sv2::{
    Decrypted, Handshake, NoiseDecoder, NoiseEncoder, TransportDecryptState, TransportEncryptState,
};
use framing_sv2::framing::SerializedFrame;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use sv2_wire::frame::MAX_PAYLOAD_LEN;
use sv2_wire::link::{Event, Link};
use sv2_wire::noise::{AuthoritySecretKey, Certificate, Initiator, Responder, StaticKeypair, Terms};

pub(crate) struct Sri {
    encrypt: TransportEncryptState,
    /// Gone after a failure.
    decrypt: Option<TransportDecryptState>,
    /// Kept for the whole session, as SRI's own applications do.
    encoder: NoiseEncoder,
    decoder: NoiseDecoder,
}

impl Sri {
    fn new(transport: codec_sv2::Transport) -> Self {
        let (encrypt, decrypt) = transport.split();
        Self { encrypt, decrypt: Some(decrypt), encoder: NoiseEncoder::new(), decoder: NoiseDecoder::new() }
    }

    /// A frame, header included, as SRI puts it on the connection.
    pub(crate) fn seal(&mut self, frame: Vec<u8>) -> Vec<u8> {
        let frame = SerializedFrame::from_bytes(frame).expect("a whole frame");
        let sealed = self.encoder.encode_transport(frame, &mut self.encrypt).expect("encodes");
        let bytes: &[u8] = sealed.as_ref();
        bytes.to_vec()
    }

    /// The frame, header included, that SRI makes out of these bytes; all of them must be used.
    pub(crate) fn open(&mut self, mut bytes: &[u8]) -> Result<Vec<u8>, String> {
        loop {
            let state = self.decrypt.take().ok_or("the session is over")?;
            match self.decoder.next_transport_frame(state).map_err(|error| format!("{error:?}"))? {
                Decrypted::Frame(frame, state) => {
                    self.decrypt = Some(state);
                    assert!(bytes.is_empty(), "{} bytes are left", bytes.len());
                    return Ok(frame.as_bytes().to_vec());
                }
                Decrypted::Incomplete(_, state) => {
                    self.decrypt = Some(state);
                    let room = self.decoder.writable();
                    let (now, later) = bytes.split_at_checked(room.len()).ok_or("bytes are missing")?;
                    room.copy_from_slice(now);
                    bytes = later;
                }
            }
        }
    }
}

fn authority() -> AuthoritySecretKey {
    AuthoritySecretKey::from_bytes([5; 32]).expect("below the order")
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

/// Our client, SRI's server.
pub(crate) fn with_sri_server() -> (Link, Sri) {
    let (mut link, act_one) = Link::initiator(Initiator::new([7; 64]), MAX_PAYLOAD_LEN);
    let (public, secret) = (authority().public_key(), authority().to_bytes());
    let role = noise_sv2::Responder::from_authority_kp(&public.to_bytes(), &secret, Duration::from_secs(60));
    let (act_two, transport) =
        Handshake::responder(role.expect("a pair")).step_1(act_one).expect("any act one is answered");
    link.receive(act_two.payload());
    match link.poll() {
        Ok(Some(Event::Established { identity: Some(identity), reply })) => {
            assert!(reply.is_empty());
            identity.verify(&public, now(), 10).expect("certified by the authority");
        }
        other => panic!("no session: {other:?}"),
    }
    (link, Sri::new(transport))
}

/// Our server, SRI's client.
pub(crate) fn with_sri_client() -> (Link, Sri) {
    let keypair = StaticKeypair::new([9; 32], [10; 32]).expect("below the order");
    let terms = Terms { version: 0, valid_from: 1_700_000_000, not_valid_after: 1_700_000_060 };
    let certificate = Certificate::issue(&authority(), &keypair.x_only(), terms, &[1; 32]);
    let mut link = Link::responder(Responder::new(&keypair, certificate.encode(), [11; 64]), MAX_PAYLOAD_LEN);
    let role = noise_sv2::Initiator::from_raw_k(authority().public_key().to_bytes()).expect("a key");
    let (act_one, waiting) = Handshake::initiator(role).step_0().expect("starts");
    link.receive(act_one.payload());
    let reply = match link.poll() {
        Ok(Some(Event::Established { identity: None, reply })) => reply,
        other => panic!("no session: {other:?}"),
    };
    let act_two = reply.try_into().expect("234 bytes");
    let transport = waiting.step_2_with_now(act_two, 1_700_000_030).expect("certified by the authority");
    (link, Sri::new(transport))
}
