//! What SRI's typed messages hold, field by field, by SRI's own names.

use binary_sv2::{
    B016MOwned, B032Owned, B064KOwned, B0255Owned, Seq064KOwned, Seq0255Owned, Sv2OptionOwned, U256Owned,
};
use common_messages_sv2::Protocol;
use parsers_sv2::{
    AnyMessageOwned, CommonMessagesOwned, ExtensionsNegotiationOwned, ExtensionsOwned, JobDeclarationOwned,
    MiningOwned, TemplateDistributionOwned,
};
use sv2_wire::{F32, U256, Value};

/// The fields of a message in the order in which SRI declares them. SRI has one type for strings and short bytes, so text
/// comes as [`Value::Bytes`] too.
pub fn fields(message: &AnyMessageOwned) -> Vec<(&'static str, Value)> {
    match message {
        AnyMessageOwned::Common(message) => common(message),
        AnyMessageOwned::Mining(message) => mining(message),
        AnyMessageOwned::JobDeclaration(message) => job_declaration(message),
        AnyMessageOwned::TemplateDistribution(message) => template_distribution(message),
        AnyMessageOwned::Extensions(ExtensionsOwned::ExtensionsNegotiation(message)) => negotiation(message),
    }
}

macro_rules! rows {
    ($family:ident in $function:ident { $( $variant:ident { $( $field:ident ),* } )* }) => {
        fn $function(message: &$family) -> Vec<(&'static str, Value)> {
            match message {
                $( $family::$variant(message) =>
                    vec![$( (stringify!($field), ToValue::to_value(&message.$field)) ),*], )*
            }
        }
    };
}

rows! { CommonMessagesOwned in common {
    SetupConnection {
        protocol, min_version, max_version, flags, endpoint_host, endpoint_port, vendor, hardware_version, firmware,
        device_id
    }
    SetupConnectionSuccess { used_version, flags }
    SetupConnectionError { flags, error_code }
    ChannelEndpointChanged { channel_id }
    Reconnect { new_host, new_port }
} }

rows! { MiningOwned in mining {
    OpenStandardMiningChannel { request_id, user_identity, nominal_hash_rate, max_target }
    OpenStandardMiningChannelSuccess { request_id, channel_id, target, extranonce_prefix, group_channel_id }
    OpenMiningChannelError { request_id, error_code }
    OpenExtendedMiningChannel { request_id, user_identity, nominal_hash_rate, max_target, min_extranonce_size }
    OpenExtendedMiningChannelSuccess {
        request_id, channel_id, target, extranonce_size, extranonce_prefix, group_channel_id
    }
    NewMiningJob { channel_id, job_id, min_ntime, version, merkle_root }
    UpdateChannel { channel_id, nominal_hash_rate, maximum_target }
    UpdateChannelError { channel_id, error_code }
    CloseChannel { channel_id, reason_code }
    SetExtranoncePrefix { channel_id, extranonce_prefix }
    SubmitSharesStandard { channel_id, sequence_number, job_id, nonce, ntime, version }
    SubmitSharesExtended { channel_id, sequence_number, job_id, nonce, ntime, version, extranonce }
    SubmitSharesSuccess { channel_id, last_sequence_number, new_submits_accepted_count, new_shares_sum }
    SubmitSharesError { channel_id, sequence_number, error_code }
    NewExtendedMiningJob {
        channel_id, job_id, min_ntime, version, version_rolling_allowed, merkle_path, coinbase_tx_prefix,
        coinbase_tx_suffix
    }
    SetNewPrevHash { channel_id, job_id, prev_hash, min_ntime, nbits }
    SetTarget { channel_id, maximum_target }
    SetCustomMiningJob {
        channel_id, request_id, token, version, prev_hash, min_ntime, nbits, coinbase_tx_version, coinbase_prefix,
        coinbase_tx_input_n_sequence, coinbase_tx_outputs, coinbase_tx_locktime, merkle_path
    }
    SetCustomMiningJobSuccess { channel_id, request_id, job_id }
    SetCustomMiningJobError { channel_id, request_id, error_code }
    SetGroupChannel { group_channel_id, channel_ids }
} }

rows! { JobDeclarationOwned in job_declaration {
    AllocateMiningJobToken { user_identifier, request_id }
    AllocateMiningJobTokenSuccess { request_id, mining_job_token, coinbase_outputs }
    ProvideMissingTransactions { request_id, unknown_tx_position_list }
    ProvideMissingTransactionsSuccess { request_id, transaction_list }
    DeclareMiningJob {
        request_id, mining_job_token, version, coinbase_tx_prefix, coinbase_tx_suffix, wtxid_list, excess_data
    }
    DeclareMiningJobSuccess { request_id, new_mining_job_token }
    DeclareMiningJobError { request_id, error_code, error_details }
    PushSolution { extranonce, prev_hash, nonce, ntime, nbits, version }
} }

rows! { TemplateDistributionOwned in template_distribution {
    CoinbaseOutputConstraints { coinbase_output_max_additional_size, coinbase_output_max_additional_sigops }
    NewTemplate {
        template_id, future_template, version, coinbase_tx_version, coinbase_prefix, coinbase_tx_input_sequence,
        coinbase_tx_value_remaining, coinbase_tx_outputs_count, coinbase_tx_outputs, coinbase_tx_locktime, merkle_path
    }
    SetNewPrevHash { template_id, prev_hash, header_timestamp, n_bits, target }
    RequestTransactionData { template_id }
    RequestTransactionDataSuccess { template_id, excess_data, transaction_list }
    RequestTransactionDataError { template_id, error_code }
    SubmitSolution { template_id, version, header_timestamp, header_nonce, coinbase_tx }
} }

rows! { ExtensionsNegotiationOwned in negotiation {
    RequestExtensions { request_id, requested_extensions }
    RequestExtensionsSuccess { request_id, supported_extensions }
    RequestExtensionsError { request_id, unsupported_extensions, required_extensions }
} }

/// SRI's value as one of ours.
pub(super) trait ToValue {
    fn to_value(&self) -> Value;
}

macro_rules! numbers {
    ($($ty:ident)*) => {$(
        impl ToValue for $ty {
            fn to_value(&self) -> Value {
                Value::Uint(u64::from(*self))
            }
        }
    )*};
}
numbers!(u8 u16 u32 u64);

macro_rules! byte_types {
    ($($ty:ident)*) => {$(
        impl ToValue for $ty {
            fn to_value(&self) -> Value {
                Value::Bytes(self.as_bytes().to_vec())
            }
        }
    )*};
}
byte_types!(B032Owned B0255Owned B064KOwned B016MOwned);

impl ToValue for Protocol {
    fn to_value(&self) -> Value {
        // Without a wildcard: a protocol that SRI learns does not go by unnoticed.
        Value::Uint(match self {
            Self::MiningProtocol => 0,
            Self::JobDeclarationProtocol => 1,
            Self::TemplateDistributionProtocol => 2,
        })
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
}

impl ToValue for f32 {
    fn to_value(&self) -> Value {
        Value::F32(F32(*self))
    }
}

impl ToValue for U256Owned {
    fn to_value(&self) -> Value {
        Value::U256(U256::from_le_bytes(self.to_array()))
    }
}

impl<T: ToValue + Clone> ToValue for Sv2OptionOwned<T> {
    fn to_value(&self) -> Value {
        Value::Option(self.clone().into_inner().map(|value| Box::new(value.to_value())))
    }
}

impl<T: ToValue> ToValue for Seq0255Owned<T> {
    fn to_value(&self) -> Value {
        Value::List(self.iter().map(ToValue::to_value).collect())
    }
}

impl<T: ToValue> ToValue for Seq064KOwned<T> {
    fn to_value(&self) -> Value {
        Value::List(self.iter().map(ToValue::to_value).collect())
    }
}
