//! The messages of the Stratum Reference Implementation, as an oracle: bytes in, bytes back.

use framing_sv2::framing::{EncodableFrame, MessageFrame, SerializedFrame};
use parsers_sv2::{AnyMessage, AnyMessageOwned};

/// Decodes one frame.
pub(crate) fn decode(frame: &[u8]) -> Result<AnyMessageOwned, String> {
    let mut frame = SerializedFrame::from_bytes(frame.to_vec()).map_err(|hint| format!("{hint:?}"))?;
    let header = frame.header();
    let message = AnyMessage::try_from((header, frame.payload())).map_err(|error| format!("{error:?}"))?;
    Ok(message.into_owned())
}

/// Encodes a frame; number and channel bit are SRI's own.
pub(crate) fn encode(message: impl Into<AnyMessageOwned>) -> Vec<u8> {
    let frame: MessageFrame<AnyMessageOwned> = message.into().try_into().expect("fits into a frame");
    let mut bytes = vec![0; frame.encoded_length()];
    frame.encode_into(&mut bytes).expect("as long as it says");
    bytes
}
