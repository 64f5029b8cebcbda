//! Servers on loopback sockets that do exactly what a test says, right or wrong.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use sv2_conform::drive;
use sv2_conform::suite::Scenario;
use sv2_conform::target::Target;
use sv2_conform::verdict::Outcome;
use sv2_reference_pool::node::{NoiseConfig, Validity};
use sv2_wire::Message;
use sv2_wire::frame::{Frame, MAX_PAYLOAD_LEN};
use sv2_wire::link::{Event, Link};
use sv2_wire::noise::Responder;

use crate::plans;

/// No test needs a server for longer.
const BOUND: Duration = Duration::from_secs(20);
/// What the bounds of waiting are multiplied by: replies have half a second, silence a tenth.
const SCALE: f64 = 0.1;

/// The server's end of one connection.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    link: Link,
}

impl Client {
    /// Answers act one; `change` has a look at act two first.
    pub(crate) fn greet(stream: TcpStream, noise: &NoiseConfig, change: fn(&mut Vec<u8>)) -> Option<Self> {
        let certificate = noise.certificate(unix_now()).encode();
        let link =
            Link::responder(Responder::new(&noise.static_keypair, certificate, [7; 64]), MAX_PAYLOAD_LEN);
        let mut client = Self { stream, link };
        let mut reply = loop {
            match client.link.poll().ok()? {
                Some(Event::Established { reply, .. }) => break reply,
                Some(Event::Frame(_)) => return None,
                None => client.read()?,
            }
        };
        change(&mut reply);
        client.write(&reply);
        Some(client)
    }

    /// The next message, or nothing when the client is gone.
    pub(crate) fn receive(&mut self) -> Option<Message> {
        loop {
            match self.link.poll().ok()? {
                Some(Event::Frame(frame)) => return Some(frame.decode().ok()?.message),
                Some(Event::Established { .. }) => {}
                None => self.read()?,
            }
        }
    }

    pub(crate) fn send(&mut self, message: impl Into<Message>) {
        let frame = Frame::of(&message.into()).unwrap();
        self.send_frame(&frame);
    }

    pub(crate) fn send_frame(&mut self, frame: &Frame) {
        let bytes = self.seal(frame);
        self.write(&bytes);
    }

    pub(crate) fn seal(&mut self, frame: &Frame) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.link.seal(frame, &mut bytes).unwrap();
        bytes
    }

    /// A client that has gone away does not matter to the server.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Reads until the client closes.
    pub(crate) fn linger(mut self) {
        while self.read().is_some() {}
    }

    fn read(&mut self) -> Option<()> {
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer) {
            Ok(0) | Err(_) => None,
            Ok(count) => {
                self.link.receive(buffer.get(..count)?);
                Some(())
            }
        }
    }
}

/// Serves every connection in turn, for as long as the test runs.
pub(crate) fn serve(mut conversation: impl FnMut(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            stream.set_read_timeout(Some(BOUND)).unwrap();
            stream.set_nodelay(true).unwrap();
            conversation(stream);
        }
    });
    address
}

/// Serves a conversation behind a good handshake.
pub(crate) fn serve_noise(mut conversation: impl FnMut(Client) + Send + 'static) -> SocketAddr {
    serve(move |stream| {
        if let Some(client) = Client::greet(stream, &noise(), |_| {}) {
            conversation(client);
        }
    })
}

/// The keys of all servers here.
pub(crate) fn noise() -> NoiseConfig {
    NoiseConfig::seeded(0)
}

/// Keys whose certificates are valid relative to now as given, in seconds.
pub(crate) fn noise_valid(from: i64, until: i64) -> NoiseConfig {
    NoiseConfig { validity: Validity { from, until }, ..noise() }
}

/// Plays a scenario against the server at an address; the URL has the authority's key.
pub(crate) fn play(address: SocketAddr, steps: &str) -> Outcome {
    play_at(&format!("stratum2+tcp://{address}/{}", noise().authority_public_key()), plans::scenario(steps))
}

pub(crate) fn play_at(url: &str, scenario: Scenario) -> Outcome {
    let target = Target::Foreign { url: url.parse().unwrap(), templates: None };
    let plan = plans::plan(scenario, target.peer(), target.profile(), SCALE);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outcome = runtime.block_on(async { tokio::time::timeout(BOUND, drive::play(plan, &target)).await });
    outcome.expect("a scenario hangs past its bounds")
}

fn unix_now() -> u32 {
    u32::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}
