//! The table: one row per message, in the order of the specification. Everything else about messages is derived from
//! it by `define.rs`.
//!
//! A row: protocol, extension type, message type, whether the channel bit is set, sender, spec section; Rust name, name in
//! the specification; fields in the order of the wire, each with a line on its meaning (and its name in the
//! specification, where that is no Rust name).

use crate::define::define_messages;
use crate::{B0_16M, B0_32, B0_64K, B0_255, F32, Opt, Seq0_64K, Seq0_255, Str0_255, U256};

define_messages! {
    /// Starts a connection; the client's first message.
    [Common 0x0000 0x00 connection Client "3.6.1"]
    SetupConnection "SetupConnection" {
        /// 0 mining, 1 job declaration, 2 template distribution.
        protocol: u8,
        /// Smallest protocol version that the client speaks.
        min_version: u16,
        /// Largest protocol version that the client speaks.
        max_version: u16,
        /// Features that the client needs; the bits depend on `protocol`.
        flags: u32,
        /// Host name or address that was dialled, in ASCII.
        endpoint_host: Str0_255,
        /// Port that was dialled.
        endpoint_port: u16,
        /// Maker of the device.
        vendor: Str0_255,
        /// Model of the device.
        hardware_version: Str0_255,
        /// Software of the device.
        firmware: Str0_255,
        /// Identifier of the device; empty without telemetry.
        device_id: Str0_255,
    }

    /// The server accepts the connection.
    [Common 0x0000 0x01 connection Server "3.6.2"]
    SetupConnectionSuccess "SetupConnection.Success" {
        /// Version chosen from the client's range.
        used_version: u16,
        /// Features that the server has; the bits depend on the protocol and are not those of the request.
        flags: u32,
    }

    /// The server refuses the connection and is about to close it.
    [Common 0x0000 0x02 connection Server "3.6.3"]
    SetupConnectionError "SetupConnection.Error" {
        /// Flags of the request that the server does not support; 0 when flags are not the cause.
        flags: u32,
        /// Reason, for people; no code is standardised (spec section 3.5).
        error_code: Str0_255,
    }

    /// A channel has another endpoint than before: extension state starts anew.
    [Common 0x0000 0x03 channel Server "3.6.4"]
    ChannelEndpointChanged "ChannelEndpointChanged" {
        /// The channel.
        channel_id: u32,
    }

    /// Sends the client to another server of the same authority.
    [Common 0x0000 0x04 connection Server "3.6.5"]
    Reconnect "Reconnect" {
        /// Host to go to; empty means the present one.
        new_host: Str0_255,
        /// Port to go to; 0 means the present one.
        new_port: u16,
    }

    /// Asks for a channel whose device mines headers only.
    [Mining 0x0000 0x10 connection Client "5.3.2"]
    OpenStandardMiningChannel "OpenStandardMiningChannel" {
        /// Chosen by the client; the answer carries it back.
        request_id: u32,
        /// Who is mining, as the pool wants it; any bytes, preferably UTF-8.
        user_identity: Str0_255,
        /// Expected hash rate in hashes per second.
        nominal_hash_rate: F32,
        /// Largest target that the device can work with.
        max_target: U256,
    }

    /// A standard channel is open.
    [Mining 0x0000 0x11 connection Server "5.3.3"]
    OpenStandardMiningChannelSuccess "OpenStandardMiningChannel.Success" {
        /// Chosen by the client; the answer carries it back.
        request_id: u32,
        /// The channel.
        channel_id: u32,
        /// Largest hash that counts as a share.
        target: U256,
        /// Bytes that the server puts in front of the extranonce.
        extranonce_prefix: B0_32,
        /// The group that the channel belongs to.
        group_channel_id: u32,
    }

    /// A channel of either kind is refused.
    [Mining 0x0000 0x12 connection Server "5.3.6"]
    OpenMiningChannelError "OpenMiningChannel.Error" {
        /// Chosen by the client; the answer carries it back.
        request_id: u32,
        /// Reason, for people; no code is standardised (spec section 3.5).
        error_code: Str0_255,
    }

    /// Asks for a channel that rolls its own extranonce.
    [Mining 0x0000 0x13 connection Client "5.3.4"]
    OpenExtendedMiningChannel "OpenExtendedMiningChannel" {
        /// Chosen by the client; the answer carries it back.
        request_id: u32,
        /// Who is mining, as the pool wants it; any bytes, preferably UTF-8.
        user_identity: Str0_255,
        /// Expected hash rate in hashes per second.
        nominal_hash_rate: F32,
        /// Largest target that the device can work with.
        max_target: U256,
        /// Fewest bytes of extranonce that the client needs.
        min_extranonce_size: u16,
    }

    /// An extended channel is open.
    [Mining 0x0000 0x14 connection Server "5.3.5"]
    OpenExtendedMiningChannelSuccess "OpenExtendedMiningChannel.Success" {
        /// Chosen by the client; the answer carries it back.
        request_id: u32,
        /// The channel.
        channel_id: u32,
        /// Largest hash that counts as a share.
        target: U256,
        /// Bytes of extranonce that the client may roll.
        extranonce_size: u16,
        /// Bytes that the server puts in front of the extranonce.
        extranonce_prefix: B0_32,
        /// The group that the channel belongs to.
        group_channel_id: u32,
    }

    /// A job for one standard channel.
    [Mining 0x0000 0x15 channel Server "5.3.15"]
    NewMiningJob "NewMiningJob" {
        /// The channel.
        channel_id: u32,
        /// The job.
        job_id: u32,
        /// Smallest ntime of an active job in Unix seconds; absent in a future job.
        min_ntime: Opt<u32>,
        /// Header version; the bits of BIP323 may be rolled where the job allows it.
        version: u32,
        /// Merkle root of the header.
        merkle_root: U256,
    }

    /// Tells of a channel's new hash rate or target.
    [Mining 0x0000 0x16 channel Client "5.3.7"]
    UpdateChannel "UpdateChannel" {
        /// The channel.
        channel_id: u32,
        /// Expected hash rate in hashes per second.
        nominal_hash_rate: F32,
        /// Largest target that the device can work with.
        maximum_target: U256,
    }

    /// An update is invalid.
    [Mining 0x0000 0x17 channel Server "5.3.8"]
    UpdateChannelError "UpdateChannel.Error" {
        /// The channel.
        channel_id: u32,
        /// Reason, for people; no code is standardised (spec section 3.5).
        error_code: Str0_255,
    }

    /// Ends a channel, or all channels of a group.
    [Mining 0x0000 0x18 channel Both "5.3.9"]
    CloseChannel "CloseChannel" {
        /// The channel.
        channel_id: u32,
        /// Reason, for people.
        reason_code: Str0_255,
    }

    /// Changes the prefix for the jobs that follow.
    [Mining 0x0000 0x19 channel Server "5.3.10"]
    SetExtranoncePrefix "SetExtranoncePrefix" {
        /// The channel.
        channel_id: u32,
        /// Bytes that the server puts in front of the extranonce.
        extranonce_prefix: B0_32,
    }

    /// A share on a standard channel.
    [Mining 0x0000 0x1a channel Client "5.3.11"]
    SubmitSharesStandard "SubmitSharesStandard" {
        /// The channel.
        channel_id: u32,
        /// Number of the share within its channel.
        sequence_number: u32,
        /// The job.
        job_id: u32,
        /// Header nonce.
        nonce: u32,
        /// Header time in Unix seconds.
        ntime: u32,
        /// Header version; the bits of BIP323 may be rolled where the job allows it.
        version: u32,
    }

    /// A share on an extended channel.
    [Mining 0x0000 0x1b channel Client "5.3.12"]
    SubmitSharesExtended "SubmitSharesExtended" {
        /// The channel.
        channel_id: u32,
        /// Number of the share within its channel.
        sequence_number: u32,
        /// The job.
        job_id: u32,
        /// Header nonce.
        nonce: u32,
        /// Header time in Unix seconds.
        ntime: u32,
        /// Header version; the bits of BIP323 may be rolled where the job allows it.
        version: u32,
        /// Extranonce bytes, of the size that was granted.
        extranonce: B0_32,
    }

    /// Acknowledges one share or several.
    [Mining 0x0000 0x1c channel Server "5.3.13"]
    SubmitSharesSuccess "SubmitShares.Success" {
        /// The channel.
        channel_id: u32,
        /// Newest sequence number with a correct result.
        last_sequence_number: u32,
        /// Shares in this batch.
        new_submits_accepted_count: u32,
        /// Sum of the difficulty of the shares in this batch.
        new_shares_sum: u64,
    }

    /// Refuses one share.
    [Mining 0x0000 0x1d channel Server "5.3.14"]
    SubmitSharesError "SubmitShares.Error" {
        /// The channel.
        channel_id: u32,
        /// Number of the share within its channel.
        sequence_number: u32,
        /// Reason, for people; no code is standardised (spec section 3.5).
        error_code: Str0_255,
    }

    /// A job for an extended channel or a group.
    [Mining 0x0000 0x1f channel Server "5.3.16"]
    NewExtendedMiningJob "NewExtendedMiningJob" {
        /// The channel.
        channel_id: u32,
        /// The job.
        job_id: u32,
        /// Smallest ntime of an active job in Unix seconds; absent in a future job.
        min_ntime: Opt<u32>,
        /// Header version; the bits of BIP323 may be rolled where the job allows it.
        version: u32,
        /// Whether the BIP323 bits of the version may be changed.
        version_rolling_allowed: bool,
        /// Hashes beside the coinbase, the deepest first.
        merkle_path: Seq0_255<U256>,
        /// Coinbase transaction before the extranonce, without BIP141 fields.
        coinbase_tx_prefix: B0_64K,
        /// Coinbase transaction behind the extranonce, without BIP141 fields.
        coinbase_tx_suffix: B0_64K,
    }

    /// A new block was found: one future job becomes active, the other jobs end.
    [Mining 0x0000 0x20 channel Server "5.3.17"]
    SetNewPrevHash "SetNewPrevHash" {
        /// The channel.
        channel_id: u32,
        /// The job.
        job_id: u32,
        /// Hash of the previous block.
        prev_hash: U256,
        /// Smallest ntime in Unix seconds.
        min_ntime: u32,
        /// Compact target of the network.
        nbits: u32,
    }

    /// Changes a channel's target for the jobs that follow.
    [Mining 0x0000 0x21 channel Server "5.3.21"]
    SetTarget "SetTarget" {
        /// The channel.
        channel_id: u32,
        /// Largest hash that counts as a share.
        maximum_target: U256,
    }

    /// Announces a job that the miner has composed.
    [Mining 0x0000 0x22 channel Client "5.3.18"]
    SetCustomMiningJob "SetCustomMiningJob" {
        /// The channel.
        channel_id: u32,
        /// Chosen by the client; the answer carries it back.
        request_id: u32,
        /// Token that names the job.
        mining_job_token: B0_255,
        /// Header version; the bits of BIP323 may be rolled where the job allows it.
        version: u32,
        /// Hash of the previous block.
        prev_hash: U256,
        /// Smallest ntime in Unix seconds.
        min_ntime: u32,
        /// Compact target of the network.
        nbits: u32,
        /// Version of the coinbase transaction.
        coinbase_tx_version: u32,
        /// Start of the coinbase script, up to 8 bytes.
        coinbase_prefix: B0_255,
        /// Sequence number of the coinbase input.
        coinbase_tx_input_n_sequence ["coinbase_tx_input_nSequence"]: u32,
        /// Outputs of the coinbase, serialised.
        coinbase_tx_outputs: B0_64K,
        /// Lock time of the coinbase transaction.
        coinbase_tx_locktime: u32,
        /// Hashes beside the coinbase, the deepest first.
        merkle_path: Seq0_255<U256>,
    }

    /// The pool will pay for a custom job.
    [Mining 0x0000 0x23 channel Server "5.3.19"]
    SetCustomMiningJobSuccess "SetCustomMiningJob.Success" {
        /// The channel.
        channel_id: u32,
        /// Chosen by the client; the answer carries it back.
        request_id: u32,
        /// The job.
        job_id: u32,
    }

    /// The pool will not pay for a custom job.
    [Mining 0x0000 0x24 channel Server "5.3.20"]
    SetCustomMiningJobError "SetCustomMiningJob.Error" {
        /// The channel.
        channel_id: u32,
        /// Chosen by the client; the answer carries it back.
        request_id: u32,
        /// Reason, for people; no code is standardised (spec section 3.5).
        error_code: Str0_255,
    }

    /// Puts channels into a group.
    [Mining 0x0000 0x25 connection Server "5.3.22"]
    SetGroupChannel "SetGroupChannel" {
        /// The group that the channel belongs to.
        group_channel_id: u32,
        /// Channels that join the group.
        channel_ids: Seq0_64K<u32>,
    }

    /// Asks for a token that names a future declaration.
    [JobDeclaration 0x0000 0x50 connection Client "6.4.2"]
    AllocateMiningJobToken "AllocateMiningJobToken" {
        /// Who is mining, as the pool wants it.
        user_identifier: Str0_255,
        /// Chosen by the client; the answer carries it back.
        request_id: u32,
    }

    /// Grants a token and names the outputs that the coinbase must carry.
    [JobDeclaration 0x0000 0x51 connection Server "6.4.3"]
    AllocateMiningJobTokenSuccess "AllocateMiningJobToken.Success" {
        /// Chosen by the client; the answer carries it back.
        request_id: u32,
        /// Token that names the job.
        mining_job_token: B0_255,
        /// Outputs of the coinbase, serialised.
        coinbase_tx_outputs: B0_64K,
    }

    /// Asks for declared transactions that the server does not know.
    [JobDeclaration 0x0000 0x55 connection Server "6.4.7"]
    ProvideMissingTransactions "ProvideMissingTransactions" {
        /// Chosen by the client; the answer carries it back.
        request_id: u32,
        /// Positions of the unknown transactions in the declared list.
        unknown_tx_position_list: Seq0_64K<u16>,
    }

    /// Delivers the transactions that were asked for.
    [JobDeclaration 0x0000 0x56 connection Client "6.4.8"]
    ProvideMissingTransactionsSuccess "ProvideMissingTransactions.Success" {
        /// Chosen by the client; the answer carries it back.
        request_id: u32,
        /// Full transactions, serialised.
        transaction_list: Seq0_64K<B0_16M>,
    }

    /// Declares a block template.
    [JobDeclaration 0x0000 0x57 connection Client "6.4.4"]
    DeclareMiningJob "DeclareMiningJob" {
        /// Chosen by the client; the answer carries it back.
        request_id: u32,
        /// Token that names the job.
        mining_job_token: B0_255,
        /// Header version; the bits of BIP323 may be rolled where the job allows it.
        version: u32,
        /// Coinbase transaction before the extranonce, BIP141 fields included.
        coinbase_tx_prefix: B0_64K,
        /// Coinbase transaction behind the extranonce, BIP141 fields included.
        coinbase_tx_suffix: B0_64K,
        /// Witness ids of the transactions, coinbase excluded.
        wtxid_list: Seq0_64K<U256>,
        /// Extra data that validation may need.
        excess_data: B0_64K,
    }

    /// The declared template is accepted.
    [JobDeclaration 0x0000 0x58 connection Server "6.4.5"]
    DeclareMiningJobSuccess "DeclareMiningJob.Success" {
        /// Chosen by the client; the answer carries it back.
        request_id: u32,
        /// Token to be used for the custom job.
        new_mining_job_token: B0_255,
    }

    /// The declared template is refused.
    [JobDeclaration 0x0000 0x59 connection Server "6.4.6"]
    DeclareMiningJobError "DeclareMiningJob.Error" {
        /// Chosen by the client; the answer carries it back.
        request_id: u32,
        /// Reason, for people; no code is standardised (spec section 3.5).
        error_code: Str0_255,
        /// More on the reason; may be empty.
        error_details: B0_64K,
    }

    /// Reports a block that was found on a declared template.
    [JobDeclaration 0x0000 0x60 connection Client "6.4.9"]
    PushSolution "PushSolution" {
        /// Extranonce bytes, of the size that was granted.
        extranonce: B0_32,
        /// Hash of the previous block.
        prev_hash: U256,
        /// Header nonce.
        nonce: u32,
        /// Header time in Unix seconds.
        ntime: u32,
        /// Compact target of the network.
        nbits: u32,
        /// Header version; the bits of BIP323 may be rolled where the job allows it.
        version: u32,
    }

    /// Says how much room the client needs in the coinbase.
    [TemplateDistribution 0x0000 0x70 connection Client "7.1"]
    CoinbaseOutputConstraints "CoinbaseOutputConstraints" {
        /// Bytes that the client's outputs will add at most.
        coinbase_output_max_additional_size: u32,
        /// Signature operations that the client's outputs will add at most.
        coinbase_output_max_additional_sigops: u16,
    }

    /// A block template.
    [TemplateDistribution 0x0000 0x71 connection Server "7.2"]
    NewTemplate "NewTemplate" {
        /// The template.
        template_id: u64,
        /// Whether the template waits for a SetNewPrevHash.
        future_template: bool,
        /// Header version; the bits of BIP323 may be rolled where the job allows it.
        version: u32,
        /// Version of the coinbase transaction.
        coinbase_tx_version: u32,
        /// Start of the coinbase script, up to 8 bytes.
        coinbase_prefix: B0_255,
        /// Sequence number of the coinbase input.
        coinbase_tx_input_sequence: u32,
        /// Satoshis that are left for the client's outputs.
        coinbase_tx_value_remaining: u64,
        /// Number of outputs in `coinbase_tx_outputs`.
        coinbase_tx_outputs_count: u32,
        /// Outputs of the coinbase, serialised.
        coinbase_tx_outputs: B0_64K,
        /// Lock time of the coinbase transaction.
        coinbase_tx_locktime: u32,
        /// Hashes beside the coinbase, the deepest first.
        merkle_path: Seq0_255<U256>,
    }

    /// A new block was found: a future template becomes the current one.
    [TemplateDistribution 0x0000 0x72 connection Server "7.3"]
    TemplateSetNewPrevHash "SetNewPrevHash" {
        /// The template.
        template_id: u64,
        /// Hash of the previous block.
        prev_hash: U256,
        /// Header time in Unix seconds.
        header_timestamp: u32,
        /// Compact target of the network.
        nbits ["nBits"]: u32,
        /// Largest hash that counts as a share.
        target: U256,
    }

    /// Asks for the transactions of a template.
    [TemplateDistribution 0x0000 0x73 connection Client "7.4"]
    RequestTransactionData "RequestTransactionData" {
        /// The template.
        template_id: u64,
    }

    /// The transactions of a template.
    [TemplateDistribution 0x0000 0x74 connection Server "7.5"]
    RequestTransactionDataSuccess "RequestTransactionData.Success" {
        /// The template.
        template_id: u64,
        /// Extra data that validation may need.
        excess_data: B0_64K,
        /// Full transactions, serialised.
        transaction_list: Seq0_64K<B0_16M>,
    }

    /// The transactions of a template cannot be given.
    [TemplateDistribution 0x0000 0x75 connection Server "7.6"]
    RequestTransactionDataError "RequestTransactionData.Error" {
        /// The template.
        template_id: u64,
        /// Reason, for people; no code is standardised (spec section 3.5).
        error_code: Str0_255,
    }

    /// Reports a block that was found on a template.
    [TemplateDistribution 0x0000 0x76 connection Client "7.7"]
    SubmitSolution "SubmitSolution" {
        /// The template.
        template_id: u64,
        /// Header version; the bits of BIP323 may be rolled where the job allows it.
        version: u32,
        /// Header time in Unix seconds.
        header_timestamp: u32,
        /// Header nonce.
        header_nonce: u32,
        /// The whole coinbase transaction, BIP141 fields included.
        coinbase_tx: B0_64K,
    }

    /// Asks which of these extensions the server supports.
    [ExtensionsNegotiation 0x0001 0x00 connection Client "EXT-0001 2"]
    RequestExtensions "RequestExtensions" {
        /// Chosen by the client; the answer carries it back.
        request_id: u16,
        /// Extensions that the client wants.
        requested_extensions: Seq0_64K<u16>,
    }

    /// Names the requested extensions that are supported.
    [ExtensionsNegotiation 0x0001 0x01 connection Server "EXT-0001 2"]
    RequestExtensionsSuccess "RequestExtensions.Success" {
        /// Chosen by the client; the answer carries it back.
        request_id: u16,
        /// Extensions that will be used.
        supported_extensions: Seq0_64K<u16>,
    }

    /// Names extensions that are not supported, and those that the server demands.
    [ExtensionsNegotiation 0x0001 0x02 connection Server "EXT-0001 2"]
    RequestExtensionsError "RequestExtensions.Error" {
        /// Chosen by the client; the answer carries it back.
        request_id: u16,
        /// Requested extensions that the server lacks.
        unsupported_extensions: Seq0_64K<u16>,
        /// Extensions that the server demands.
        required_extensions: Seq0_64K<u16>,
    }
}
