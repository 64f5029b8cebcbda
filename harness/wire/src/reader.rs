use crate::error::{DecodeError, Problem};

/// A cursor over bytes that a peer sent. Never reads past the end and never allocates.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    /// Starts at offset 0 of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, offset: 0 }
    }

    /// Bytes consumed so far.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Bytes not consumed yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Takes the next `count` bytes.
    ///
    /// # Errors
    /// [`Problem::Truncated`] when fewer are left; nothing is consumed then.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            return Err(self.error(Problem::Truncated { needed: count, left: self.rest.len() }));
        };
        self.rest = rest;
        self.offset = self.offset.saturating_add(count);
        Ok(taken)
    }

    /// Takes the next `N` bytes as an array.
    ///
    /// # Errors
    /// [`Problem::Truncated`] when fewer are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let Some((taken, rest)) = self.rest.split_first_chunk::<N>() else {
            return Err(self.error(Problem::Truncated { needed: N, left: self.rest.len() }));
        };
        self.rest = rest;
        self.offset = self.offset.saturating_add(N);
        Ok(*taken)
    }

    /// Takes a little-endian length of 1, 2 or 3 bytes, whichever `max` needs, and checks it against `max`.
    ///
    /// # Errors
    /// [`Problem::Truncated`], or [`Problem::TooLong`] at the offset of the length.
    pub fn length(&mut self, max: usize) -> Result<usize, DecodeError> {
        let start = self.offset;
        let got = match prefix_len(max) {
            1 => usize::from(u8::from_le_bytes(self.array()?)),
            2 => usize::from(u16::from_le_bytes(self.array()?)),
            _ => {
                let [a, b, c] = self.array()?;
                u32::from_le_bytes([a, b, c, 0]) as usize
            }
        };
        if got > max {
            return Err(DecodeError::at(start, Problem::TooLong { got, max }));
        }
        Ok(got)
    }

    fn error(&self, problem: Problem) -> DecodeError {
        DecodeError::at(self.offset, problem)
    }
}

/// Width in bytes of the length prefix of a type that holds up to `max` bytes or elements (spec section 3.1).
pub(crate) const fn prefix_len(max: usize) -> usize {
    match max {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        _ => 3,
    }
}

/// Appends a length in the width that `max` needs.
pub(crate) fn write_length(out: &mut Vec<u8>, length: usize, max: usize) {
    let bytes = length.to_le_bytes();
    out.extend(bytes.iter().take(prefix_len(max)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_the_width_of_their_bound() {
        let mut reader = Reader::new(&[5, 1, 2, 1, 2, 3]);
        assert_eq!(reader.length(255), Ok(5));
        assert_eq!(reader.length(65535), Ok(0x0201));
        assert_eq!(reader.length(0xff_ffff), Ok(0x03_0201));
        assert_eq!(reader.length(255), Err(DecodeError::at(6, Problem::Truncated { needed: 1, left: 0 })));
    }

    #[test]
    fn a_length_above_its_bound_is_refused_where_it_stands() {
        let mut reader = Reader::new(&[9, 33]);
        reader.take(1).unwrap();
        assert_eq!(reader.length(32), Err(DecodeError::at(1, Problem::TooLong { got: 33, max: 32 })));
    }
}
