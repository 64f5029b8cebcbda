//! Single values of the data types, by `binary_sv2` alone.

use super::values::ToValue;
use binary_sv2::{
    B016MOwned, B032Owned, B064KOwned, B0255Owned, Deserialize, Error, GetSize, Seq064KOwned, Seq0255Owned,
    Serialize, Str0255Owned, Sv2OptionOwned, U256Owned,
};
use sv2_wire::{
    B0_16M, B0_32, B0_64K, B0_255, F32, Field, FieldType, Opt, Seq0_64K, Seq0_255, Str0_255, U256, Value,
};

/// What SRI makes of one value.
#[derive(Clone, Debug)]
pub struct ReadValue {
    /// The value; SRI has one type for strings and bytes, so text comes as [`Value::Bytes`].
    pub value: Value,
    /// Bytes that SRI says it takes.
    pub used: usize,
    /// What it is written as.
    pub written: Result<Vec<u8>, String>,
}

/// A data type of ours, and SRI's function for it.
struct Datatype {
    ty: FieldType,
    read: fn(&mut [u8]) -> Result<ReadValue, Error>,
}

const fn row<Ours: Field, Theirs>() -> Datatype
where
    Theirs: for<'a> Deserialize<'a> + GetSize + Serialize + ToValue,
{
    Datatype { ty: Ours::TYPE, read: read::<Theirs> }
}

fn read<T>(bytes: &mut [u8]) -> Result<ReadValue, Error>
where
    T: for<'a> Deserialize<'a> + GetSize + Serialize + ToValue,
{
    let read: T = binary_sv2::from_bytes(bytes)?;
    let (value, used) = (read.to_value(), read.get_size());
    let written = binary_sv2::to_bytes(read).map_err(|error| error.to_string());
    Ok(ReadValue { value, used, written })
}

/// Every type of `sv2_wire::fuzz::datatype`; a test holds the two against each other.
static DATATYPES: &[Datatype] = &[
    row::<bool, bool>(),
    row::<u8, u8>(),
    row::<u16, u16>(),
    row::<u32, u32>(),
    row::<u64, u64>(),
    row::<U256, U256Owned>(),
    row::<F32, f32>(),
    row::<Str0_255, Str0255Owned>(),
    row::<B0_32, B032Owned>(),
    row::<B0_255, B0255Owned>(),
    row::<B0_64K, B064KOwned>(),
    row::<B0_16M, B016MOwned>(),
    row::<Opt<u32>, Sv2OptionOwned<u32>>(),
    row::<Opt<B0_32>, Sv2OptionOwned<B032Owned>>(),
    row::<Seq0_255<bool>, Seq0255Owned<bool>>(),
    row::<Seq0_255<U256>, Seq0255Owned<U256Owned>>(),
    row::<Seq0_255<u32>, Seq0255Owned<u32>>(),
    row::<Seq0_255<Str0_255>, Seq0255Owned<Str0255Owned>>(),
    row::<Seq0_64K<u16>, Seq064KOwned<u16>>(),
    row::<Seq0_64K<u32>, Seq064KOwned<u32>>(),
    row::<Seq0_64K<U256>, Seq064KOwned<U256Owned>>(),
    row::<Seq0_64K<B0_64K>, Seq064KOwned<B064KOwned>>(),
    row::<Seq0_64K<B0_16M>, Seq064KOwned<B016MOwned>>(),
];

/// Reads a value from the front of bytes. Nothing where SRI has no such type.
///
/// # Errors
/// SRI's words, when it refuses.
pub fn read_value(ty: FieldType, bytes: &[u8]) -> Option<Result<ReadValue, String>> {
    let row = DATATYPES.iter().find(|row| row.ty == ty)?;
    Some((row.read)(&mut bytes.to_vec()).map_err(|error| error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sv2_wire::fuzz::datatype::input_of;

    #[test]
    fn sri_reads_every_type_that_is_fuzzed() {
        for tag in 0..=u8::MAX {
            let data = [tag];
            let (ty, bytes) = input_of(&data).expect("a type");
            assert!(matches!(read_value(ty, bytes), Some(Err(_))), "{ty} of no bytes");
            let zeros = read_value(ty, &[0; 64]).expect("a type of SRI's").expect("zeros are a value");
            assert_eq!(zeros.written.as_deref(), Ok(&vec![0; zeros.used][..]), "{ty}");
        }
    }
}
