//! Sockets and waiting; everything here is bounded.

use super::findings::{self, Conclusion, ConnectFailure};
use super::probe::{Answer, Probe};
use super::speech::{Ending, Stranger};
use super::visit::{Happening, Patient, Progress, Visit};
use super::{Condition, Now, Stage, Step};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use sv2_wire::url::Sv2Url;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

/// Bytes of an answer to a probe that are read at most.
const ANSWER: usize = 4096;
/// Addresses of one name that are tried at most.
const ADDRESSES: usize = 8;

/// How long each step may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Name resolution, each connection attempt, and each step of the conversation.
    pub step: Duration,
    /// Each question on a fresh connection to a peer that did not speak as its URL says.
    pub probe: Duration,
}

/// Visits a peer. Each step is told as soon as it is done. Must run on a tokio runtime.
pub async fn examine(
    url: &Sv2Url,
    patient: &Patient,
    bounds: Bounds,
    tell: &mut dyn FnMut(&Step),
) -> Conclusion {
    let addresses = match resolve(url, bounds, tell).await {
        Ok(addresses) => addresses,
        Err(conclusion) => return conclusion,
    };
    let (address, stream) = match connect_any(&addresses, bounds, tell).await {
        Ok(connected) => connected,
        Err(conclusion) => return conclusion,
    };
    match converse(stream, patient.clone(), bounds, tell).await {
        Progress::Trouble(diagnosis) => Conclusion::Trouble(diagnosis),
        Progress::Stranger(stranger) => {
            let answers = ask(address, patient, &stranger, bounds).await;
            Conclusion::Trouble(findings::explain(patient, &stranger, &answers))
        }
        Progress::Healthy | Progress::Going => Conclusion::Healthy,
    }
}

async fn resolve(
    url: &Sv2Url,
    bounds: Bounds,
    tell: &mut dyn FnMut(&Step),
) -> Result<Vec<SocketAddr>, Conclusion> {
    let started = Instant::now();
    let found = timeout(bounds.step, tokio::net::lookup_host(url.address())).await;
    let (addresses, why): (Vec<_>, _) = match found {
        Ok(Ok(found)) => (found.take(ADDRESSES).collect(), "the answer was empty".to_owned()),
        Ok(Err(error)) => (Vec::new(), error.to_string()),
        Err(_) => (Vec::new(), format!("no answer within {} s", bounds.step.as_secs())),
    };
    let took = started.elapsed();
    if addresses.is_empty() {
        let diagnosis = findings::no_address(&url.host(), &why);
        tell(&findings::failed_step(Stage::Dns, &diagnosis, took));
        return Err(Conclusion::Unreachable(diagnosis));
    }
    let text = if url.host().parse::<std::net::IpAddr>().is_ok() {
        "an address, nothing to resolve".to_owned()
    } else {
        let ips: Vec<_> = addresses.iter().map(|address| address.ip().to_string()).collect();
        format!("{} is {}", url.host(), ips.join(", "))
    };
    tell(&Step { stage: Stage::Dns, condition: Condition::Ok, text, took });
    Ok(addresses)
}

async fn connect_any(
    addresses: &[SocketAddr],
    bounds: Bounds,
    tell: &mut dyn FnMut(&Step),
) -> Result<(SocketAddr, TcpStream), Conclusion> {
    let started = Instant::now();
    let mut tried = Vec::new();
    for address in addresses {
        match connect(*address, bounds.step).await {
            Ok(stream) => {
                let refused = tried.len();
                let condition = if refused == 0 { Condition::Ok } else { Condition::Note };
                let text = match refused {
                    0 => format!("connected to {address}"),
                    _ => {
                        format!("connected to {address}, after {refused} other addresses of the name failed")
                    }
                };
                tell(&Step { stage: Stage::Tcp, condition, text, took: started.elapsed() });
                return Ok((*address, stream));
            }
            Err(failure) => tried.push((*address, failure)),
        }
    }
    let diagnosis = findings::not_reachable(&tried);
    tell(&findings::failed_step(Stage::Tcp, &diagnosis, started.elapsed()));
    Err(Conclusion::Unreachable(diagnosis))
}

async fn connect(address: SocketAddr, bound: Duration) -> Result<TcpStream, ConnectFailure> {
    match timeout(bound, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => {
            // Without it only the times shown are worse.
            let _ = stream.set_nodelay(true);
            Ok(stream)
        }
        Ok(Err(error)) => Err(match error.kind() {
            io::ErrorKind::ConnectionRefused => ConnectFailure::Refused,
            io::ErrorKind::TimedOut => ConnectFailure::TimedOut,
            kind => ConnectFailure::Other(kind),
        }),
        Err(_) => Err(ConnectFailure::TimedOut),
    }
}

async fn converse(
    mut stream: TcpStream,
    patient: Patient,
    bounds: Bounds,
    tell: &mut dyn FnMut(&Step),
) -> Progress {
    let started = Instant::now();
    let now = || Now { elapsed: started.elapsed(), unix: unix_now() };
    let mut visit = Visit::new(patient, now());
    loop {
        while let Some(step) = visit.take_step() {
            tell(&step);
        }
        if *visit.progress() != Progress::Going {
            return visit.progress().clone();
        }
        let deadline = started + visit.since() + bounds.step;
        let output = visit.take_output();
        let happening = next(&mut stream, &output, deadline).await;
        visit.handle(happening, now());
    }
}

/// Sends, then waits for the next thing. A peer that talks all the time cannot stretch the deadline.
async fn next(stream: &mut TcpStream, output: &[u8], deadline: Instant) -> Happening {
    if Instant::now() >= deadline {
        return Happening::Silence;
    }
    let mut buffer = vec![0; ANSWER];
    let exchange = async {
        // A peer that has closed already may still have said why: what it sent is read before the failure counts.
        let _ = stream.write_all(output).await;
        stream.read(&mut buffer).await
    };
    match timeout_at(deadline, exchange).await {
        Ok(Ok(0)) => Happening::Closed,
        Ok(Ok(count)) => Happening::Bytes(buffer.get(..count).unwrap_or_default().to_vec()),
        Ok(Err(_)) => Happening::Reset,
        Err(_) => Happening::Silence,
    }
}

/// Asks on fresh connections, until an answer says what the peer is.
async fn ask(address: SocketAddr, patient: &Patient, stranger: &Stranger, bounds: Bounds) -> Vec<Answer> {
    let mut answers = Vec::new();
    if super::Speech::of(&stranger.came).is_some() {
        return answers;
    }
    for probe in Probe::after(patient.security) {
        let Ok(mut stream) = connect(address, bounds.probe).await else {
            answers.push(Answer { probe, came: Vec::new(), ending: Ending::Reset });
            continue;
        };
        let deadline = Instant::now() + bounds.probe;
        let (mut output, mut came) = (probe.bytes(patient), Vec::new());
        let ending = loop {
            match next(&mut stream, &std::mem::take(&mut output), deadline).await {
                Happening::Bytes(bytes) => came.extend(bytes),
                Happening::Closed => break Ending::Closed,
                Happening::Reset => break Ending::Reset,
                Happening::Silence => break Ending::Silence,
            }
            if came.len() >= ANSWER || probe.recognise(patient, &came).is_some() {
                break Ending::Unfit;
            }
        };
        let is_known = probe.recognise(patient, &came).is_some();
        answers.push(Answer { probe, came, ending });
        if is_known {
            break;
        }
    }
    answers
}

fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
