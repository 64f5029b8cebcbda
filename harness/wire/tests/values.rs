//! What goes into a value comes out of it, in the words and in the order that its documentation says.

use arbitrary::{Arbitrary, Unstructured};
use sv2_wire::{
    B0_32, B0_255, F32, FieldType, Message, MessageSpec, Seq0_255, SetTarget, SetupConnection, Str0_255,
    U256, Value, ValueError,
};

/// Hash of block 0 of the main network: the leading zeros stand last on the wire (spec section 3.1).
const GENESIS: &str = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";

#[test]
fn a_number_of_256_bits_is_little_endian_on_the_wire() {
    let big: [u8; 32] = hex::decode(GENESIS).unwrap().try_into().unwrap();
    let little: Vec<u8> = big.iter().rev().copied().collect();
    let number = U256::from_be_bytes(big);
    assert_eq!((number.to_be_bytes(), number.to_le_bytes().to_vec()), (big, little.clone()));
    assert_eq!(U256::from_le_bytes(little.try_into().unwrap()), number);
    assert_eq!(number.to_string(), GENESIS);
}

#[test]
fn what_is_put_in_comes_out() {
    assert_eq!(B0_32::new(vec![1, 2, 3]).unwrap().as_slice(), [1, 2, 3]);
    assert_eq!(Str0_255::from("pool").as_bytes(), b"pool");
    let hashes = Seq0_255::new(vec![U256::from(1), U256::from(2)]).unwrap();
    assert_eq!(hashes.as_slice(), [U256::from(1), U256::from(2)]);
    assert_eq!(hashes.into_vec(), [U256::from(1), U256::from(2)]);
}

#[test]
fn arbitrary_bytes_are_more_than_none() {
    let mut input = Unstructured::new(&[7; 64]);
    let all: Vec<B0_255> = (0..8).filter_map(|_| Arbitrary::arbitrary(&mut input).ok()).collect();
    assert!(all.iter().any(|bytes| bytes.as_slice().contains(&7)), "{all:?}");
}

#[test]
fn a_value_of_the_wrong_kind_is_named() {
    let mut target = Message::from(SetTarget::default());
    for (value, kind) in [
        (Value::Bool(true), "a boolean"),
        (Value::F32(F32(1.0)), "a float"),
        (Value::Bytes(vec![1]), "bytes"),
        (Value::Text(vec![b'1']), "a string"),
        (Value::Option(None), "an option"),
        (Value::List(Vec::new()), "a list"),
    ] {
        let error = target.set("maximum_target", &value).unwrap_err();
        assert_eq!(error, ValueError::Kind { expected: FieldType::U256, got: kind });
    }
    let mut setup = Message::from(SetupConnection::default());
    let error = setup.set("vendor", &Value::Uint(1)).unwrap_err();
    assert_eq!(error, ValueError::Kind { expected: FieldType::Str0_255, got: "an integer" });
    let error = setup.set("protocol", &Value::U256(U256::ZERO)).unwrap_err();
    assert_eq!(error, ValueError::Kind { expected: FieldType::U8, got: "a 256-bit integer" });
}

#[test]
fn fields_are_known_by_name() {
    let message = Message::from(SetTarget { channel_id: 0xfeed, maximum_target: U256::from(9) });
    assert_eq!((message.channel_id(), message.uint("channel_id")), (Some(0xfeed), Some(0xfeed)));
    assert_eq!((message.uint("maximum_target"), message.uint("nothing")), (None, None));
    assert_eq!(message.get("maximum_target"), Some(Value::U256(U256::from(9))));
    assert_eq!(Message::from(SetupConnection::default()).channel_id(), None);
    assert_eq!(MessageSpec::find("SetTarget").map(|spec| spec.kind), Some(message.spec().kind));
}
