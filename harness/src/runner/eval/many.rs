//! Values that are long and quickly said.

use super::super::value::Datum;

/// Most bytes that one expression makes: more than any frame has.
const MOST_BYTES: usize = 1 << 25;
/// Most items that one expression makes: as many as the longest list of a message has.
const MOST_ITEMS: usize = 65536;

/// A value so many times behind one another.
pub(super) fn repeat(what: &Datum, count: u64) -> Result<Datum, String> {
    let total = |length: usize, most: usize| {
        let count = usize::try_from(count).ok()?;
        length.max(1).checked_mul(count).filter(|total| *total <= most).map(|_| count)
    };
    let too_long = |most: usize, what: &str| format!("that makes more than {most} {what}");
    match what {
        Datum::Bytes(bytes) => {
            let count = total(bytes.len(), MOST_BYTES).ok_or_else(|| too_long(MOST_BYTES, "bytes"))?;
            Ok(Datum::Bytes(bytes.repeat(count)))
        }
        Datum::List(items) => {
            let count = total(items.len(), MOST_ITEMS).ok_or_else(|| too_long(MOST_ITEMS, "items"))?;
            Ok(Datum::List(vec![items.clone(); count].concat()))
        }
        other => Err(format!("`repeat` takes bytes or a list, not {}", other.describe())),
    }
}

/// All numbers from one to another, both included; nothing when the second is less than the first.
pub(super) fn numbers(from: u64, to: u64) -> Result<Datum, String> {
    let is_long = to.checked_sub(from).is_some_and(|more| more >= MOST_ITEMS as u64);
    if is_long {
        return Err(format!("that makes more than {MOST_ITEMS} numbers"));
    }
    Ok(Datum::List((from..=to).map(Datum::number).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_bounded() {
        let bytes = Datum::Bytes(b"ab".to_vec());
        assert_eq!(repeat(&bytes, 3), Ok(Datum::Bytes(b"ababab".to_vec())));
        assert_eq!(repeat(&bytes, 0), Ok(Datum::Bytes(Vec::new())));
        assert!(repeat(&bytes, 1 << 24).is_ok());
        assert!(repeat(&bytes, (1 << 24) + 1).is_err());
        assert!(repeat(&Datum::Bytes(Vec::new()), u64::MAX).is_err());
        assert!(repeat(&Datum::None, 1).is_err());
        let list = Datum::List(vec![Datum::number(7u64)]);
        assert_eq!(repeat(&list, 2), Ok(Datum::List(vec![Datum::number(7u64), Datum::number(7u64)])));
        assert!(repeat(&list, 65537).is_err());
        assert_eq!(numbers(3, 4), Ok(Datum::List(vec![Datum::number(3u64), Datum::number(4u64)])));
        assert_eq!(numbers(4, 3), Ok(Datum::List(Vec::new())));
        assert!(numbers(0, 65535).is_ok());
        assert!(numbers(0, 65536).is_err());
    }
}
