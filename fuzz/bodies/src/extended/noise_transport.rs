//! Records and frames between our link and SRI's codec, with somebody on the line: of the two directions of an input the first
//! goes from us to SRI, and a record is a frame's.

use super::joined;
use crate::diff_sri::{Opinion, Sri, hex_of, sealed_len};
use crate::sri::session::Sri as SriEnd;
use sv2_wire::frame::Frame;
use sv2_wire::fuzz::noise_transport::{self as base, Input, Op};
use sv2_wire::fuzz::{Finding, Oracle, Target};
use sv2_wire::link::{Event, Link};
use sv2_wire::noise::MAX_PLAINTEXT_LEN;

/// The target.
pub static TARGET: Target = Target {
    about: "records and frames arrive as they were sealed and in their order, or the session is over; SRI at the other end too",
    oracles: &joined::<12>(base::TARGET.oracles, &[SRI_DELIVERY, SRI_TAMPER, SRI_LENGTH]),
    run: |data| (base::TARGET.run)(data).and_then(|()| judge(&mut Sri, data)),
    ..base::TARGET
};

/// What one side seals the other opens.
pub const SRI_DELIVERY: Oracle = Oracle {
    name: "sri_delivery",
    about: "a frame of any size that one side seals the other opens as it was, however the stream is cut",
    clauses: &["SV2-04-012", "SV2-04-014", "SV2-04-046", "SV2-04-050"],
};
/// Nothing else is opened.
pub const SRI_TAMPER: Oracle = Oracle {
    name: "sri_tamper",
    about: "bytes that were altered, repeated, lost or exchanged end the session on either side, and nothing more is opened",
    clauses: &["SV2-04-022"],
};
/// Frames take the same room.
pub const SRI_LENGTH: Oracle = Oracle {
    name: "sri_length",
    about: "SRI needs as many bytes for an encrypted frame as we do",
    clauses: &["SV2-04-046", "SV2-04-047", "SV2-04-048", "SV2-04-049"],
};

/// Bytes of payload that an input may have sealed in frames of boundary sizes: they are slow.
const BUDGET: usize = 300_000;

/// A connection between us and SRI.
struct Line<'o, O: Opinion> {
    other: &'o mut O,
    link: Link,
    end: SriEnd,
    to_sri: Lane,
    to_us: Lane,
    budget: usize,
}

/// What has happened in one direction.
#[derive(Default)]
struct Lane {
    sealed: u64,
    opened: u64,
    /// A record was refused, or will be once it is whole: nothing may arrive any more.
    is_over: bool,
    /// The newest record, which may not have arrived.
    last: Option<Record>,
}

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    ToSri,
    ToUs,
}

/// A frame as one side has sealed it.
#[derive(Clone)]
struct Record {
    /// How many were sealed in its direction before.
    turn: u64,
    frame: Frame,
    bytes: Vec<u8>,
}

/// What has to come of bytes that arrive.
#[derive(Clone, Copy, Debug)]
enum Want<'f> {
    Frame(&'f Frame),
    /// A whole record that has to be refused.
    Refusal,
    /// Too few bytes to be refused.
    Nothing,
}

/// All in one piece.
const WHOLE: usize = usize::MAX;

/// Holds another opinion against ours.
///
/// # Errors
/// The first finding.
pub fn judge<O: Opinion>(other: &mut O, data: &[u8]) -> Result<(), Finding> {
    let Some(input) = Input::of(data) else { return Ok(()) };
    let we_are_client = input.keys.first().is_some_and(|key| key & 2 == 0);
    let session = other.session(we_are_client);
    let (link, end) = session.map_err(|error| SRI_DELIVERY.found(format!("handshake: {error}")))?;
    let (to_sri, to_us) = (Lane::default(), Lane::default());
    let mut line = Line { other, link, end, to_sri, to_us, budget: BUDGET };
    for op in input.ops() {
        let (way, back) = if op.is_back { (Way::ToUs, Way::ToSri) } else { (Way::ToSri, Way::ToUs) };
        // Whoever has refused a record seals nothing any more.
        if !line.lane(back).is_over {
            line.play(way, op)?;
        }
    }
    Ok(())
}

impl<O: Opinion> Line<'_, O> {
    fn lane(&mut self, way: Way) -> &mut Lane {
        match way {
            Way::ToSri => &mut self.to_sri,
            Way::ToUs => &mut self.to_us,
        }
    }

    fn play(&mut self, way: Way, op: Op) -> Result<(), Finding> {
        let small = op.frame(op.small_len());
        match op.code {
            4 => self.seal(way, &small).map(drop),
            5 => {
                let record = self.seal(way, &small)?;
                self.hand_over(way, &record, WHOLE)?;
                self.hand_over(way, &record, WHOLE)
            }
            6 => {
                let first = self.seal(way, &small)?;
                let second = self.seal(way, &small)?;
                self.hand_over(way, &second, WHOLE)?;
                self.hand_over(way, &first, WHOLE)
            }
            3 | 7 | 8 => self.altered(way, op, &small),
            9 => self.arrives(way, &op.garbage(), Want::Nothing, WHOLE),
            10 => match self.lane(way).last.clone() {
                Some(record) => self.hand_over(way, &record, WHOLE),
                None => Ok(()),
            },
            11 => self.large(way, &op.frame(MAX_PLAINTEXT_LEN.saturating_add(op.amount() & 0xff)), WHOLE),
            12 | 13 => {
                let length = op.frame_len();
                self.large(way, &op.frame(length), op.piece_len(length))
            }
            _ => {
                let record = self.seal(way, &small)?;
                self.hand_over(way, &record, WHOLE)
            }
        }
    }

    /// A frame that costs some of the budget.
    fn large(&mut self, way: Way, frame: &Frame, piece: usize) -> Result<(), Finding> {
        let Some(left) = self.budget.checked_sub(frame.payload.len()) else { return Ok(()) };
        self.budget = left;
        let record = self.seal(way, frame)?;
        self.hand_over(way, &record, piece)
    }

    /// A record that arrives altered in a bit, cut, or with a byte too many.
    fn altered(&mut self, way: Way, op: Op, frame: &Frame) -> Result<(), Finding> {
        let mut record = self.seal(way, frame)?;
        match op.code {
            3 => {
                op.flip(&mut record.bytes);
                self.arrives(way, &record.bytes, Want::Refusal, WHOLE)
            }
            7 => {
                op.cut(&mut record.bytes);
                self.arrives(way, &record.bytes, Want::Nothing, WHOLE)
            }
            _ => {
                self.hand_over(way, &record, WHOLE)?;
                self.arrives(way, &[op.b], Want::Nothing, WHOLE)
            }
        }
    }

    fn seal(&mut self, way: Way, frame: &Frame) -> Result<Record, Finding> {
        let length = frame.payload.len();
        let failed =
            |error: String| SRI_DELIVERY.found(format!("{way:?}, {length} bytes: not sealed: {error}"));
        let mut bytes = Vec::new();
        if way == Way::ToSri {
            self.link.seal(frame, &mut bytes).map_err(|error| failed(error.to_string()))?;
        } else {
            bytes = self.other.seal(&mut self.end, frame.to_bytes()).map_err(failed)?;
            let (ours, theirs) = (sealed_len(length), bytes.len());
            if theirs != ours {
                return Err(SRI_LENGTH.found(format!("{length} bytes: {ours} for us, {theirs} for sri")));
            }
        }
        let lane = self.lane(way);
        let record = Record { turn: lane.sealed, frame: frame.clone(), bytes };
        lane.sealed = lane.sealed.saturating_add(1);
        lane.last = Some(record.clone());
        Ok(record)
    }

    /// A record arrives as it was sealed, which has to be opened in its turn.
    fn hand_over(&mut self, way: Way, record: &Record, piece: usize) -> Result<(), Finding> {
        let is_its_turn = record.turn == self.lane(way).opened;
        let want = if is_its_turn { Want::Frame(&record.frame) } else { Want::Refusal };
        self.arrives(way, &record.bytes, want, piece)
    }

    /// Bytes arrive in pieces of at most `piece`. Where there are none nothing has come: what was sealed may still do so.
    fn arrives(&mut self, way: Way, bytes: &[u8], want: Want<'_>, piece: usize) -> Result<(), Finding> {
        if bytes.is_empty() {
            return Ok(());
        }
        let come = bytes.chunks(piece).try_fold(Vec::new(), |mut come, piece| {
            come.extend(match way {
                Way::ToSri => self.other.receive(&mut self.end, piece)?,
                Way::ToUs => receive(&mut self.link, piece)?,
            });
            Ok::<_, String>(come)
        });
        let lane = self.lane(way);
        let want = if lane.is_over { Want::Nothing } else { want };
        let shown = || format!("{way:?}, {} bytes: {}", bytes.len(), hex_of(bytes));
        match (want, come) {
            (Want::Frame(frame), Ok(come)) if come == [frame.to_bytes()] => {
                lane.opened = lane.opened.saturating_add(1);
                return Ok(());
            }
            (Want::Frame(frame), come) => {
                let come = come.map(|frames| frames.iter().map(|frame| hex_of(frame)).collect::<Vec<_>>());
                let frame = hex_of(&frame.to_bytes());
                return Err(SRI_DELIVERY.found(format!("{}: {frame} became {come:?}", shown())));
            }
            (Want::Refusal | Want::Nothing, Err(_)) => {}
            (Want::Nothing, Ok(come)) if come.is_empty() => {}
            (Want::Refusal | Want::Nothing, Ok(come)) => {
                let come: Vec<_> = come.iter().map(|frame| hex_of(frame)).collect();
                return Err(SRI_TAMPER.found(format!("{}: not refused, {come:?} came out", shown())));
            }
        }
        lane.is_over = true;
        Ok(())
    }
}

fn receive(link: &mut Link, bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    link.receive(bytes);
    let mut frames = Vec::new();
    while let Some(event) = link.poll().map_err(|error| error.to_string())? {
        match event {
            Event::Frame(frame) => frames.push(frame.to_bytes()),
            other => return Err(format!("no frame: {other:?}")),
        }
    }
    Ok(frames)
}
