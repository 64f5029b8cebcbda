//! One of our links against SRI's codec, in either Noise role. The same bytes every time.

use codec_sv2::{
    Decrypted, Handshake, NoiseDecoder, NoiseEncoder, TransportDecryptState, TransportEncryptState,
};
use framing_sv2::framing::SerializedFrame;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::fmt::Debug;
use std::time::Duration;
use sv2_wire::frame::MAX_PAYLOAD_LEN;
use sv2_wire::link::{Event, Link};
use sv2_wire::noise::{AuthoritySecretKey, Certificate, Initiator, Responder, StaticKeypair, Terms};

const NOW: u32 = 1_700_000_030;

/// SRI's end of an encrypted connection.
pub struct Sri {
    encrypt: TransportEncryptState,
    /// Gone after a failure.
    decrypt: Option<TransportDecryptState>,
    /// Kept for the whole session, as SRI's own applications do.
    encoder: NoiseEncoder,
    decoder: NoiseDecoder,
    /// Bytes of the window that SRI asked for last that have come.
    window: Vec<u8>,
}

impl Sri {
    fn new(transport: codec_sv2::Transport) -> Self {
        let (encrypt, decrypt) = transport.split();
        let (encoder, decoder) = (NoiseEncoder::new(), NoiseDecoder::new());
        Self { encrypt, decrypt: Some(decrypt), encoder, decoder, window: Vec::new() }
    }

    /// A frame, header included, as SRI puts it on the connection.
    ///
    /// # Errors
    /// The bytes are not one frame, or SRI does not encode it.
    pub fn seal(&mut self, frame: Vec<u8>) -> Result<Vec<u8>, String> {
        let frame = SerializedFrame::from_bytes(frame).map_err(|hint| hint.to_string())?;
        let sealed = self.encoder.encode_transport(frame, &mut self.encrypt).map_err(text)?;
        let bytes: &[u8] = sealed.as_ref();
        Ok(bytes.to_vec())
    }

    /// Takes bytes in, however they were cut, and gives the frames, header included, that are whole then.
    ///
    /// # Errors
    /// The bytes are not authentic, or the session is over since an earlier failure.
    pub fn receive(&mut self, mut bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        const OVER: &str = "the session is over";
        let mut frames = Vec::new();
        self.decrypt.as_ref().ok_or(OVER)?;
        loop {
            let wanted = self.decoder.writable_len();
            let Some((now, later)) = bytes.split_at_checked(wanted.saturating_sub(self.window.len())) else {
                self.window.extend_from_slice(bytes);
                return Ok(frames);
            };
            bytes = later;
            self.window.extend_from_slice(now);
            self.decoder.writable().copy_from_slice(&self.window);
            self.window.clear();
            let state = self.decrypt.take().ok_or(OVER)?;
            let (frame, state) = match self.decoder.next_transport_frame(state).map_err(text)? {
                Decrypted::Frame(frame, state) => (Some(frame.as_bytes().to_vec()), state),
                Decrypted::Incomplete(0, _) => return Err("asks for no bytes".to_owned()),
                Decrypted::Incomplete(_, state) => (None, state),
            };
            self.decrypt = Some(state);
            frames.extend(frame);
        }
    }

    /// The frame, header included, that SRI makes out of these bytes; all of them must be used.
    ///
    /// # Errors
    /// The bytes are not authentic, too few or too many, or the session is over since an earlier failure.
    pub fn open(&mut self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        let frames = self.receive(bytes)?;
        match <[_; 1]>::try_from(frames) {
            Ok([frame]) if self.window.is_empty() => Ok(frame),
            Ok(_) => Err(format!("{} bytes are left", self.window.len())),
            Err(frames) => Err(format!("{} frames", frames.len())),
        }
    }
}

fn text(error: impl Debug) -> String {
    format!("{error:?}")
}

/// Our client, SRI's server.
///
/// # Errors
/// The handshake fails.
pub fn with_sri_server() -> Result<(Link, Sri), String> {
    let (mut link, act_one) = Link::initiator(Initiator::new([7; 64]), MAX_PAYLOAD_LEN);
    let authority = AuthoritySecretKey::from_bytes([5; 32]).map_err(text)?;
    let (public, secret) = (authority.public_key(), authority.to_bytes());
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let role = noise_sv2::Responder::from_authority_kp_with_rng(
        &public.to_bytes(),
        &secret,
        Duration::from_secs(60),
        &mut rng,
    );
    let (act_two, transport) = Handshake::responder(role.map_err(text)?)
        .step_1_with_now_rng(act_one, NOW, &mut rng)
        .map_err(text)?;
    link.receive(act_two.payload());
    match link.poll() {
        Ok(Some(Event::Established { identity: Some(identity), reply })) if reply.is_empty() => {
            identity.verify(&public, u64::from(NOW), 10).map_err(|error| error.to_string())?;
        }
        other => return Err(format!("no session: {other:?}")),
    }
    Ok((link, Sri::new(transport)))
}

/// Our server, SRI's client.
///
/// # Errors
/// The handshake fails.
pub fn with_sri_client() -> Result<(Link, Sri), String> {
    let authority = AuthoritySecretKey::from_bytes([5; 32]).map_err(text)?;
    let keypair = StaticKeypair::new([9; 32], [10; 32]).map_err(text)?;
    let terms = Terms { version: 0, valid_from: 1_700_000_000, not_valid_after: 1_700_000_060 };
    let certificate = Certificate::issue(&authority, &keypair.x_only(), terms, &[1; 32]);
    let mut link = Link::responder(Responder::new(&keypair, certificate.encode(), [11; 64]), MAX_PAYLOAD_LEN);
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let role = noise_sv2::Initiator::from_raw_k_with_rng(authority.public_key().to_bytes(), &mut rng)
        .map_err(text)?;
    let (act_one, waiting) = Handshake::initiator(role).step_0().map_err(text)?;
    let act_one: [u8; 64] = act_one.payload().try_into().map_err(text)?;
    link.receive(&act_one);
    let reply = match link.poll() {
        Ok(Some(Event::Established { identity: None, reply })) => reply,
        other => return Err(format!("no session: {other:?}")),
    };
    let act_two = reply.try_into().map_err(|_| "act two has another length")?;
    let transport = waiting.step_2_with_now(act_two, NOW).map_err(text)?;
    Ok((link, Sri::new(transport)))
}
