//! Turns the rows of `table.rs` into code. No message is named here.

/// Makes one struct per row, the [`crate::Message`] enum over them, and `MESSAGES`, the run-time view.
macro_rules! define_messages {
    ($(
        $(#[doc = $doc:literal])+
        [$protocol:ident $extension:literal $number:literal $channel:ident $sender:ident $section:literal]
        $ident:ident $name:literal {
            $( $(#[doc = $field_doc:literal])+ $field:ident $([$field_name:literal])? : $ty:ty, )*
        }
    )+) => {
        $(
            $(#[doc = $doc])+
            #[doc = concat!("\nSpec section ", $section, ".")]
            #[derive(Clone, Debug, Default, PartialEq, Eq, arbitrary::Arbitrary)]
            pub struct $ident {
                $( $(#[doc = $field_doc])+ pub $field: $ty, )*
            }

            impl From<$ident> for Message {
                fn from(message: $ident) -> Self {
                    Self::$ident(message)
                }
            }
        )+

        /// Any message of the table.
        #[derive(Clone, Debug, PartialEq, Eq, arbitrary::Arbitrary)]
        pub enum Message {
            $( #[doc = concat!("`", $name, "` of spec section ", $section, ".")] $ident($ident), )+
        }

        $(
            impl $ident {
                /// The message's row.
                pub const SPEC: &'static crate::MessageSpec = &crate::MessageSpec {
                    name: $name,
                    kind: crate::Kind { extension_type: $extension, msg_type: $number },
                    channel_msg: define_messages!(@channel $channel),
                    sender: crate::Sender::$sender,
                    protocol: crate::Protocol::$protocol,
                    section: $section,
                    doc: concat!($($doc),+),
                    fields: &[$(
                        crate::FieldSpec {
                            name: define_messages!(@name $field $($field_name)?),
                            ty: <$ty as crate::Field>::TYPE,
                            doc: concat!($($field_doc),+),
                        },
                    )*],
                    payload_min: 0usize $(.saturating_add(<$ty as crate::Field>::MIN_LEN))*,
                    payload_max: 0usize $(.saturating_add(<$ty as crate::Field>::MAX_LEN))*,
                };
            }
        )+

        /// Every row of the table, in the order of the specification.
        pub const MESSAGES: &[crate::MessageSpec] = &[$( *$ident::SPEC, )+];

        impl Message {
            /// Decodes the payload of a message; what is left behind its last field is the tail.
            ///
            /// # Errors
            /// A [`crate::DecodeError`] that names message, field, offset and problem; the number is unknown, or the
            /// bytes do not hold its fields.
            pub fn decode(kind: crate::Kind, payload: &[u8]) -> Result<crate::Decoded<'_>, crate::DecodeError> {
                let mut reader = crate::Reader::new(payload);
                let message = match (kind.extension_type, kind.msg_type) {
                    $( ($extension, $number) => Self::$ident($ident {
                        $( $field: crate::Field::decode(&mut reader).map_err(|error: crate::DecodeError| {
                            error.in_field($name, define_messages!(@name $field $($field_name)?))
                        })?, )*
                    }), )+
                    (extension_type, msg_type) => {
                        let problem = crate::Problem::UnknownMessage { extension_type, msg_type };
                        return Err(crate::DecodeError::at(0, problem).in_field("message", ""));
                    }
                };
                Ok(crate::Decoded { message, tail: reader.rest() })
            }

            /// Appends the payload, without the header.
            pub fn encode(&self, out: &mut Vec<u8>) {
                match self {
                    $( Self::$ident(message) => { $( crate::Field::encode(&message.$field, out); )* } )+
                }
            }

            /// The message's row.
            pub fn spec(&self) -> &'static crate::MessageSpec {
                match self {
                    $( Self::$ident(_) => $ident::SPEC, )+
                }
            }

            /// The message of that number with every field zero or empty.
            pub fn zero(kind: crate::Kind) -> Option<Self> {
                match (kind.extension_type, kind.msg_type) {
                    $( ($extension, $number) => Some(Self::$ident($ident::default())), )+
                    _ => None,
                }
            }

            pub(crate) fn value_at(&self, index: usize) -> Option<crate::Value> {
                match self {
                    $( Self::$ident(message) => {
                        let values: &[&dyn Fn() -> crate::Value] =
                            &[$( &|| crate::Field::to_value(&message.$field) ),*];
                        values.get(index).map(|value| value())
                    } )+
                }
            }

            pub(crate) fn set_at(&mut self, index: usize, value: &crate::Value) -> Result<(), crate::ValueError> {
                match self {
                    $( Self::$ident(message) => {
                        let mut at = 0usize;
                        $(
                            if at == index {
                                message.$field = crate::Field::from_value(value)?;
                            }
                            at = at.saturating_add(1);
                        )*
                        let _ = at;
                        Ok(())
                    } )+
                }
            }
        }
    };
    (@channel channel) => { true };
    (@channel connection) => { false };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $name:literal) => { $name };
}
pub(crate) use define_messages;
