//! The client's side of a connection, without sockets.

use sv2_wire::Message;
use sv2_wire::frame::{Frame, MAX_PAYLOAD_LEN};
use sv2_wire::link::{Event, Link, LinkError};
use sv2_wire::noise::{Initiator, ServerIdentity};

/// The client's side.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) link: Link,
    /// Bytes to be sent before anything else: act one, or nothing.
    pub(crate) opening: Vec<u8>,
    pub(crate) frames: Vec<Frame>,
    pub(crate) failure: Option<LinkError>,
}

impl Client {
    pub(crate) fn plain() -> Self {
        Self { link: Link::plain(MAX_PAYLOAD_LEN), opening: Vec::new(), frames: Vec::new(), failure: None }
    }

    pub(crate) fn noise(seed: u8) -> Self {
        let (link, act_one) = Link::initiator(Initiator::new([seed; 64]), MAX_PAYLOAD_LEN);
        Self { link, opening: act_one.to_vec(), frames: Vec::new(), failure: None }
    }

    /// Takes what the server sent. Gives back who the server says it is, when that is just known.
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> Option<Box<ServerIdentity>> {
        let mut known = None;
        self.link.receive(bytes);
        loop {
            match self.link.poll() {
                Ok(Some(Event::Frame(frame))) => self.frames.push(frame),
                Ok(Some(Event::Established { identity, .. })) => known = identity,
                Ok(None) => return known,
                Err(error) => {
                    self.failure = Some(error);
                    return known;
                }
            }
        }
    }

    pub(crate) fn seal(&mut self, message: &Message) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.link.seal(&Frame::of(message).unwrap(), &mut bytes).unwrap();
        bytes
    }
}
