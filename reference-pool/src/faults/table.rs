//! The table of faults: a file for each part of the protocol, in it one row for each fault.

mod channel;
mod connection;
mod noise;
mod reading;
mod share;
mod wire;
mod work;

use super::Fault;

/// Every built-in fault, in the order of their numbers. `seen_in` names an issue or pull request, or says that there is none
/// known.
pub const FAULTS: &[Fault] = &IN_ORDER;

const PARTS: [&[Fault]; 7] =
    [wire::ROWS, connection::ROWS, channel::ROWS, work::ROWS, share::ROWS, reading::ROWS, noise::ROWS];
const COUNT: usize = count();
static IN_ORDER: [Fault; COUNT] = in_order();

const fn count() -> usize {
    let (mut sum, mut part) = (0, 0);
    while part < PARTS.len() {
        sum += PARTS[part].len();
        part += 1;
    }
    sum
}

/// All rows by number: each is put in front of the ones with greater numbers.
const fn in_order() -> [Fault; COUNT] {
    let mut rows = [PARTS[0][0]; COUNT];
    let (mut filled, mut part) = (0, 0);
    while part < PARTS.len() {
        let mut next = 0;
        while next < PARTS[part].len() {
            let row = PARTS[part][next];
            let mut place = filled;
            while place > 0 && number(rows[place - 1].id) > number(row.id) {
                rows[place] = rows[place - 1];
                place -= 1;
            }
            rows[place] = row;
            filled += 1;
            next += 1;
        }
        part += 1;
    }
    rows
}

/// The digits behind the letter of an id.
const fn number(id: &str) -> u32 {
    let (digits, mut place, mut number) = (id.as_bytes(), 1, 0);
    while place < digits.len() {
        number = number * 10 + (digits[place] - b'0') as u32;
        place += 1;
    }
    number
}

/// A row's messages of one kind with something else in a field.
macro_rules! edited {
    ($kind:ident : $message:ident => $change:expr) => {
        crate::faults::frames::rewritten(|message: &mut sv2_wire::Message| {
            if let sv2_wire::Message::$kind($message) = message {
                $change;
            }
        })
    };
}

macro_rules! faults {
    ($($id:literal $name:literal $layer:ident $field:literal [$($clause:literal)+]
        when $trigger:literal seen $seen_in:literal => $kind:ident($rules:expr);)+) => {
        pub(super) const ROWS: &[crate::faults::Fault] = &[$(crate::faults::Fault {
            id: $id,
            name: $name,
            layer: crate::faults::Layer::$layer,
            field: $field,
            clauses: &[$($clause),+],
            trigger: $trigger,
            seen_in: $seen_in,
            make: || crate::faults::Deviation::$kind(Box::new($rules)),
        }),+];
    };
}
use {edited, faults};
