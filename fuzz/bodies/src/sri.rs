//! The published crates of the Stratum Reference Implementation (SRI), as another opinion: bytes in, values and bytes out.

mod codec;
mod datatypes;
pub mod handshake;
pub mod session;
mod values;

pub use codec::{Held, SriCodec};
pub use datatypes::{ReadValue, read_value};
pub use values::fields;

use crate::differences::Outcome;
use binary_sv2::GetSize;
use framing_sv2::framing::{EncodableFrame, MessageFrame, SerializedFrame, SizeHint};
use parsers_sv2::{AnyMessage, AnyMessageOwned, ParserError, TlvList, parse_message_frame_with_tlvs};
use sv2_wire::SubmitSharesExtended;
use sv2_wire::frame::{Frame, FrameRef, Header};
use sv2_wire::tlv::Tlv;

/// Why SRI gives no message.
#[derive(Debug, thiserror::Error)]
pub enum SriError {
    /// The bytes are not one whole frame.
    #[error("{0}")]
    Length(SizeHint),
    /// The payload does not parse.
    #[error("{0:?}")]
    Parse(ParserError),
    /// A message that was parsed cannot be written.
    #[error("{0:?}")]
    Frame(framing_sv2::Error),
}

/// What SRI makes of one frame.
#[derive(Clone, Debug)]
pub struct Read {
    /// The message, in SRI's types.
    pub message: AnyMessageOwned,
    /// Bytes of the payload that SRI says the message takes.
    pub used: usize,
}

/// Decodes one frame, header included.
///
/// # Errors
/// [`SriError::Length`] unless the bytes are one whole frame, [`SriError::Parse`] for what SRI refuses.
pub fn decode(frame: &[u8]) -> Result<Read, SriError> {
    let mut frame = SerializedFrame::from_bytes(frame.to_vec()).map_err(SriError::Length)?;
    let header = frame.header();
    let message = AnyMessage::try_from((header, frame.payload())).map_err(SriError::Parse)?;
    let used = message.get_size();
    Ok(Read { message: message.into_owned(), used })
}

/// Encodes a frame; number and channel bit are SRI's own.
///
/// # Errors
/// [`SriError::Frame`] when the message does not fit into a frame.
pub fn encode(message: impl Into<AnyMessageOwned>) -> Result<Vec<u8>, SriError> {
    let frame: MessageFrame<AnyMessageOwned> = message.into().try_into().map_err(SriError::Parse)?;
    let mut bytes = vec![0; frame.encoded_length()];
    frame.encode_into(&mut bytes).map_err(SriError::Frame)?;
    Ok(bytes)
}

/// What comes of one frame.
pub fn outcome(frame: &[u8]) -> Outcome {
    let written = decode(frame).and_then(|read| encode(read.message));
    written.map_or(Outcome::Refused, Outcome::Written)
}

/// The TLV fields that SRI finds behind the fields of a SubmitSharesExtended, while these extensions are negotiated: through
/// the whole of its parser and through its list of fields alone.
///
/// # Errors
/// When the message itself is refused, or the two ways differ.
pub fn tail(tail: &[u8], negotiated: &[u16]) -> Result<Vec<Tlv>, String> {
    const FIELDS: [u8; 25] = [0; 25];
    let payload = [&FIELDS[..], tail].concat();
    let kind = SubmitSharesExtended::SPEC.kind;
    let length = u32::try_from(payload.len()).map_err(|error| error.to_string())?;
    let frame = Frame { header: Header { kind, channel_msg: true, length }, payload };
    let mut frame = SerializedFrame::from_bytes(frame.to_bytes()).map_err(|hint| hint.to_string())?;
    let header = frame.header();
    let (_, found) = parse_message_frame_with_tlvs(header, frame.payload(), negotiated)
        .map_err(|error| format!("{error:?}"))?;
    let found = found.unwrap_or_default();
    let alone = TlvList::from_bytes(tail).for_extensions(negotiated);
    if found != alone {
        return Err(format!("the parser finds {found:?}, the list {alone:?}"));
    }
    let ours = |tlv: parsers_sv2::Tlv| Tlv {
        extension_type: tlv.r#type.extension_type,
        field_type: tlv.r#type.field_type,
        value: tlv.value,
    };
    Ok(found.into_iter().map(ours).collect())
}

/// Cuts a stream without encryption into frames by SRI's decoder, which takes only as many bytes at a time as it asks for.
#[derive(Default)]
pub struct Deframer {
    decoder: codec_sv2::Decoder,
    /// Bytes of the window that SRI asked for last that have come.
    window: Vec<u8>,
}

impl Deframer {
    /// Takes bytes in and gives the frames that are whole then.
    ///
    /// # Errors
    /// Whatever SRI says; its text.
    pub fn push(&mut self, mut bytes: &[u8], take: &mut dyn FnMut(FrameRef<'_>)) -> Result<(), String> {
        loop {
            let wanted = self.decoder.writable_len();
            let Some((now, later)) = bytes.split_at_checked(wanted.saturating_sub(self.window.len())) else {
                self.window.extend_from_slice(bytes);
                return Ok(());
            };
            bytes = later;
            let room = self.decoder.writable();
            if self.window.is_empty() {
                room.copy_from_slice(now);
            } else {
                self.window.extend_from_slice(now);
                room.copy_from_slice(&self.window);
                self.window.clear();
            }
            match self.decoder.next_frame().map_err(|error| format!("{error:?}"))? {
                codec_sv2::Decoded::Frame(frame) => take(ours(&frame)),
                codec_sv2::Decoded::Incomplete(0) => return Err("asks for no bytes".to_owned()),
                codec_sv2::Decoded::Incomplete(_) => {}
            }
        }
    }
}

/// SRI's frame as one of ours, by SRI's own reading of the header.
fn ours<B: AsRef<[u8]> + AsMut<[u8]>>(frame: &SerializedFrame<B>) -> FrameRef<'_> {
    let header = frame.header();
    let kind =
        sv2_wire::Kind { extension_type: header.ext_type_without_channel_msg(), msg_type: header.msg_type() };
    let length = u32::try_from(header.payload_length()).unwrap_or(u32::MAX);
    let header = Header { kind, channel_msg: header.channel_msg(), length };
    FrameRef { header, payload: frame.as_bytes().get(Header::LEN..).unwrap_or_default() }
}
