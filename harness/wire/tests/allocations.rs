//! A peer that announces much and sends little must not make us allocate what it announces.
#![allow(unsafe_code, reason = "a counting allocator cannot be written without")]

#[path = "support/session.rs"]
mod session;
#[path = "support/spans.rs"]
mod spans;

use spans::{payload_of, spans};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use sv2_wire::frame::{Deframer, Frame, Header, MAX_PAYLOAD_LEN};
use sv2_wire::link::{Link, LinkError};
use sv2_wire::tlv::{ByteOrder, Tlv};
use sv2_wire::{FieldType, Kind, MESSAGES, Message};

struct Counting;

thread_local! {
    static ALLOCATED: Cell<usize> = const { Cell::new(0) };
}

fn count(bytes: usize) {
    // A thread that is going away has no counter any more, and runs no test either.
    let _ = ALLOCATED.try_with(|total| total.set(total.get() + bytes));
}

// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promise is the one that is asked for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Bytes that this thread asked for during `work`, freed or not.
fn allocated(work: impl FnOnce()) -> usize {
    let before = ALLOCATED.get();
    work();
    ALLOCATED.get() - before
}

#[test]
fn the_counter_counts() {
    let bytes = allocated(|| drop(std::hint::black_box(vec![0_u8; 100_000])));
    assert!((100_000..101_000).contains(&bytes), "{bytes}");
}

/// Every length of every message says as much as it can, and a few bytes follow.
#[test]
fn announced_elements_take_no_room() {
    let mut lengths = 0;
    for spec in MESSAGES {
        let zero = Message::zero(spec.kind).unwrap();
        let payload = payload_of(&zero);
        for (field, ty, start, end) in spans(&zero) {
            if !matches!(ty, FieldType::Seq(..) | FieldType::Bytes(_) | FieldType::Str0_255) {
                continue;
            }
            lengths += 1;
            for (fill, behind) in [(0xff, 0), (0xff, 5), (0, 5), (0, 200), (1, 200), (0, 3000)] {
                let mut bytes = payload[..start].to_vec();
                bytes.resize(end, 0xff);
                bytes.resize(end + behind, fill);
                let mut decoded = true;
                let spent = allocated(|| decoded = Message::decode(spec.kind, &bytes).is_ok());
                // An element of no bytes takes 3 on the wire and the 24 of a `Vec` here; each length may have room for all.
                let limit = 8 * bytes.len() * spec.fields.len() + 256;
                assert!(spent <= limit, "{}.{field}: {spent} for {} bytes", spec.name, bytes.len());
                assert!(!decoded || behind > 200, "{}.{field}: {behind} bytes of {fill:#x}", spec.name);
            }
        }
    }
    assert!(lengths > 40, "{lengths}");
}

#[test]
fn an_announced_tlv_takes_no_room() {
    let spent = allocated(|| drop(Tlv::parse_all(&[2, 0, 1, 0xff, 0xff, 1], ByteOrder::Little)));
    assert!(spent < 256, "{spent}");
}

/// A header that announces 16777215 bytes, and 10 of them.
fn announcing() -> Frame {
    let kind = Kind { extension_type: 0, msg_type: 0x56 };
    Frame { header: Header { kind, channel_msg: false, length: 0xff_ffff }, payload: vec![1; 10] }
}

#[test]
fn an_announced_frame_takes_no_room() {
    let bytes = announcing().to_bytes();
    let spent = allocated(|| {
        let mut deframer = Deframer::new(MAX_PAYLOAD_LEN);
        deframer.push(&bytes);
        assert_eq!(deframer.next_frame(), Ok(None));
        assert_eq!(deframer.pending(), 16);
    });
    assert!(spent < 1024, "{spent}");
}

#[test]
fn an_announced_frame_on_a_link_takes_no_room() {
    let (mut client, server) = session::pair(MAX_PAYLOAD_LEN);
    let mut sealed = Vec::new();
    client.seal(&announcing(), &mut sealed).unwrap();
    for (mut link, bytes, pending) in
        [(server, sealed, 6 + 26), (Link::plain(MAX_PAYLOAD_LEN), announcing().to_bytes(), 16)]
    {
        let spent = allocated(|| {
            link.receive(&bytes);
            assert!(matches!(link.poll(), Ok(None)));
        });
        assert!(spent < 1024, "{spent}");
        assert_eq!(link.pending(), pending);
    }
}

/// The limit holds to the byte, and a header above it is refused before any payload has come.
#[test]
fn a_frame_above_the_limit_is_refused_when_its_header_comes() {
    for (limit, length, refused) in [(0, 0, false), (0, 1, true), (1000, 1000, false), (1000, 1001, true)] {
        let mut frame = announcing();
        frame.header.length = length;
        frame.payload.clear();
        let (mut client, server) = session::pair(limit);
        let mut sealed = Vec::new();
        client.seal(&frame, &mut sealed).unwrap();
        for (mut link, bytes) in [(server, sealed), (Link::plain(limit), frame.to_bytes())] {
            link.receive(&bytes);
            let result = link.poll();
            assert_eq!(
                matches!(result, Err(LinkError::Frame(_))),
                refused,
                "{length} of {limit}: {result:?}"
            );
            if refused {
                assert!(matches!(link.poll(), Err(LinkError::NotEstablished)), "{length} of {limit}");
            }
        }
    }
}

/// One byte at a time costs no more than the bytes themselves, over and over.
#[test]
fn a_slow_peer_takes_no_more_room_than_a_fast_one() {
    let (mut client, mut server) = session::pair(MAX_PAYLOAD_LEN);
    let kind = Kind { extension_type: 0, msg_type: 0x71 };
    let frame = Frame { header: Header { kind, channel_msg: false, length: 4000 }, payload: vec![3; 4000] };
    let mut sealed = Vec::new();
    client.seal(&frame, &mut sealed).unwrap();
    let mut found = Vec::new();
    let spent = allocated(|| {
        for byte in &sealed {
            server.receive(&[*byte]);
            found.extend(server.poll().expect("authentic"));
        }
    });
    assert_eq!(found.len(), 1);
    assert!(spent < 8 * sealed.len(), "{spent} for {} bytes", sealed.len());
}
