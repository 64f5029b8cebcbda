//! What is said on fresh connections to a peer that did not speak as its URL says.

use super::speech::Speech;
use super::visit::setup_connection;
use super::{Ending, Patient};
use sv2_wire::frame::{Frame, MAX_PAYLOAD_LEN};
use sv2_wire::link::{Event, Link};
use sv2_wire::noise::Initiator;
use sv2_wire::url::Security;

/// The first request of a Stratum V1 miner.
const SUBSCRIBE: &[u8] = b"{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"sv2-conform\"]}\n";
/// The shortest request.
const GET: &[u8] = b"GET / HTTP/1.0\r\n\r\n";

/// One question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// SetupConnection without encryption.
    PlainSetup,
    /// Act one of the Noise handshake.
    ActOne,
    /// `mining.subscribe` of Stratum V1.
    Subscribe,
    /// A setup in the framing of blvm-stratum-v2.
    LengthTagValue,
    /// A TLS 1.2 ClientHello.
    ClientHello,
    /// An HTTP request.
    Get,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The question.
    pub probe: Probe,
    /// The bytes.
    pub came: Vec<u8>,
    /// How it ended.
    pub ending: Ending,
}

impl Probe {
    /// What is worth asking, in this order, after a conversation as the URL says has failed.
    pub fn after(security: Security) -> impl Iterator<Item = Self> {
        let is_plain = security == Security::Plaintext;
        let other = if is_plain { Self::ActOne } else { Self::PlainSetup };
        [other, Self::Subscribe, Self::LengthTagValue, Self::ClientHello, Self::Get].into_iter()
    }

    /// What it asks for, in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::PlainSetup => "Stratum V2 without Noise",
            Self::ActOne => "Noise",
            Self::Subscribe => "Stratum V1",
            Self::LengthTagValue => "length-tag-value frames",
            Self::ClientHello => "TLS",
            Self::Get => "HTTP",
        }
    }

    /// The bytes to send.
    pub fn bytes(self, patient: &Patient) -> Vec<u8> {
        match self {
            Self::PlainSetup => {
                Frame::of(&setup_connection(patient)).map(|frame| frame.to_bytes()).unwrap_or_default()
            }
            Self::ActOne => Initiator::new(patient.seed).act_one().to_vec(),
            Self::Subscribe => SUBSCRIBE.to_vec(),
            Self::LengthTagValue => length_tag_value(),
            Self::ClientHello => client_hello(patient.seed),
            Self::Get => GET.to_vec(),
        }
    }

    /// What the answer is, if that is beyond doubt.
    pub fn recognise(self, patient: &Patient, came: &[u8]) -> Option<Speech> {
        match self {
            Self::ActOne if is_act_two(patient, came) => Some(Speech::Noise),
            _ => Speech::of(came),
        }
    }
}

fn is_act_two(patient: &Patient, came: &[u8]) -> bool {
    let (mut link, _) = Link::initiator(Initiator::new(patient.seed), MAX_PAYLOAD_LEN);
    link.receive(came);
    matches!(link.poll(), Ok(Some(Event::Established { .. })))
}

/// Tag 1 with version 2, the name `sv2-conform`, no capabilities; strings and lists have a length of 8 bytes.
fn length_tag_value() -> Vec<u8> {
    let name = b"sv2-conform";
    let mut value = 2u16.to_le_bytes().to_vec();
    value.extend((name.len() as u64).to_le_bytes());
    value.extend(name);
    value.extend(0u64.to_le_bytes());
    let length = u32::try_from(value.len()).unwrap_or_default();
    let mut frame = length.saturating_add(6).to_le_bytes().to_vec();
    frame.extend(1u16.to_le_bytes());
    frame.extend(length.to_le_bytes());
    frame.extend(value);
    frame
}

/// RFC 5246 section 7.4.1.2, with two cipher suites and no extensions: enough for a ServerHello or for an alert.
fn client_hello(seed: [u8; 64]) -> Vec<u8> {
    let mut hello = vec![3, 3];
    hello.extend(seed.iter().rev().take(32));
    hello.push(0);
    hello.extend([0, 4, 0xc0, 0x2f, 0x00, 0x9c]);
    hello.extend([1, 0]);
    let length = u8::try_from(hello.len()).unwrap_or_default();
    let mut record = vec![22, 3, 1, 0, length.saturating_add(4), 1, 0, 0, length];
    record.extend(hello);
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::visit::tests::patient;
    use sv2_wire::noise::{Responder, StaticKeypair};

    #[test]
    fn our_own_frames_are_what_they_claim() {
        assert_eq!(Speech::of(&length_tag_value()), Some(Speech::LengthTagValue { tag: 1 }));
        let hello = client_hello([7; 64]);
        assert_eq!(usize::from(hello[4]), hello.len() - 5);
        assert_eq!(usize::from(hello[8]), hello.len() - 9);
        let plain = patient(Security::AnyCertificate);
        let setup = Probe::PlainSetup.bytes(&plain);
        assert_eq!(setup[..3], [0, 0, 0]);
        // A Noise server reads it as act one: it must be long enough to be answered.
        assert!(setup.len() >= 64, "only {} bytes", setup.len());
    }

    #[test]
    fn an_act_two_is_recognised_by_its_authentication_alone() {
        let patient = patient(Security::Plaintext);
        let act_one: [u8; 64] = Probe::ActOne.bytes(&patient).try_into().unwrap();
        let keypair = StaticKeypair::new([9; 32], [1; 32]).unwrap();
        let (act_two, _) = Responder::new(&keypair, [0; 74], [5; 64]).answer(&act_one).unwrap();
        assert_eq!(Probe::ActOne.recognise(&patient, &act_two), Some(Speech::Noise));
        let mut altered = act_two;
        altered[100] ^= 1;
        assert_eq!(Probe::ActOne.recognise(&patient, &altered), None);
        assert_eq!(Probe::Get.recognise(&patient, &act_two), None);
    }

    #[test]
    fn the_questions_depend_on_what_has_failed_already() {
        let asked: Vec<_> = Probe::after(Security::Plaintext).collect();
        assert!(asked.contains(&Probe::ActOne) && !asked.contains(&Probe::PlainSetup));
        let asked: Vec<_> = Probe::after(Security::AnyCertificate).collect();
        assert!(!asked.contains(&Probe::ActOne) && asked.contains(&Probe::PlainSetup));
    }
}
