//! Faults that are one decision each, taken wrong in a line.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::{Certifier, ChannelRules, Frames, JobRules, Records, SetupRules, ShareRules};
use crate::node::{NoiseConfig, Validity};
use crate::service::ConnId;
use crate::share::{MAX_FUTURE, ROLLABLE_VERSION_BITS};
use bitcoin::Target;
use sv2_wire::frame::Frame;
use sv2_wire::noise::{Certificate, MAC_LEN};
use sv2_wire::{B0_64K, Message, Seq0_255, SetupConnection};

/// A row: the fault, the decision with its arguments, and the wrong answer.
macro_rules! decided {
    ($($name:ident: $rules:ident::$method:ident($($argument:tt: $type:ty),*) -> $answer:ty = $wrong:expr;)+) => {$(
        pub(super) struct $name;

        impl $rules for $name {
            fn $method(&mut self, $($argument: $type),*) -> $answer {
                $wrong
            }
        }
    )+};
}

pub(super) use decided;

decided! {
    OtherAuthority: Certifier::certificate(_: Certificate, noise: &NoiseConfig, unix: u32) -> Certificate =
        NoiseConfig { authority: NoiseConfig::seeded(0xfa17).authority, ..noise.clone() }.certificate(unix);
    BrokenSignature: Certifier::certificate(right: Certificate, _: &NoiseConfig, _: u32) -> Certificate =
        Certificate { signature: [7; 64], ..right };
    OtherStaticKey: Certifier::certificate(_: Certificate, noise: &NoiseConfig, unix: u32) -> Certificate =
        NoiseConfig { static_keypair: NoiseConfig::seeded(0xfa17).static_keypair, ..noise.clone() }.certificate(unix);
    InvertedPeriod: Certifier::certificate(_: Certificate, noise: &NoiseConfig, unix: u32) -> Certificate =
        NoiseConfig { validity: Validity { from: 60, until: -60 }, ..noise.clone() }.certificate(unix);
    OneEphemeral: Certifier::ephemeral(_: [u8; 64]) -> [u8; 64] = [9; 64];
    SessionGoesOn: Records::ends_session(_: bool) -> bool = false;
    FirstOfEachRead: Frames::incoming(right: Vec<Frame>, _: ConnId, before: usize) -> Vec<Frame> =
        if before > 0 { Vec::new() } else { right };
    WholeReadsOnly: Records::received(right: Vec<u8>, _: ConnId) -> Vec<u8> =
        if right.len() < 22 { Vec::new() } else { right };

    SwappedDirections: Certifier::has_keys_in_order(_: bool) -> bool = false;
    CodeInFront: Records::record(right: Vec<u8>, _: ConnId) -> Vec<u8> = with_code_in_front(&right);
    BannerFirst: Records::greeting(_: Vec<u8>) -> Vec<u8> = b"SV2 pool\r\n".to_vec();
    PlainIfItLooksSo: Records::goes_plain(_: bool, first: &[u8]) -> bool = first.starts_with(&[0, 0, 0]);

    AnyVersionRange: SetupRules::understood(right: SetupConnection) -> SetupConnection =
        SetupConnection { min_version: 2, max_version: 2, ..right };
    SwappedVersionRange: SetupRules::understood(right: SetupConnection) -> SetupConnection = SetupConnection {
        min_version: right.min_version.min(right.max_version),
        max_version: right.max_version.max(right.min_version),
        ..right
    };
    AnyProtocol: SetupRules::understood(right: SetupConnection) -> SetupConnection =
        SetupConnection { protocol: 0, ..right };
    NoSetupNeeded: SetupRules::comes_first(_: bool) -> bool = false;
    BegunAnew: SetupRules::restarts(_: bool) -> bool = true;
    OpenAfterError: SetupRules::closes_after_error(_: bool) -> bool = false;
    ServedWithoutExtensions: SetupRules::demands_extensions(_: bool) -> bool = false;
    FixedDespiteRolling: SetupRules::success_flags(right: u32, request: &SetupConnection) -> u32 =
        if request.flags & 4 != 0 { right | 1 } else { right };

    NoExtendedChannel: ChannelRules::opens_extended(_: bool) -> bool = false;
    RefusedForGood: ChannelRules::ends_behind_refusal(_: bool) -> bool = true;
    UntoldTarget: ChannelRules::tells_target(_: bool) -> bool = false;
    CloseIgnored: ChannelRules::closes(_: bool) -> bool = false;
    RootWithoutPrefix: ChannelRules::root_prefix(right: Vec<u8>) -> Vec<u8> = vec![0; right.len()];
    NothingGivenBack: ChannelRules::gives_back(_: bool) -> bool = false;

    OneJobId: JobRules::job_id(_: u32) -> u32 = 1;
    ExtendedAllTheSame: JobRules::is_sent_extended(_: bool) -> bool = true;
    RetiredByTemplate: JobRules::retires(_: bool) -> bool = true;
    ReversedPath: JobRules::job(right: Message) -> Message = with_reversed_path(right);
    UnstrippedCoinbase: JobRules::job(right: Message) -> Message = with_witness(right);
    LongScript: JobRules::job(right: Message) -> Message = with_longer_script(right);
    FixedForRollers: JobRules::job(right: Message) -> Message = with_rolling(right, false);
    RollingAllTheSame: JobRules::job(right: Message) -> Message = with_rolling(right, true);

    EarlyCredited: ShareRules::is_too_early(_: bool) -> bool = false;
    LateCredited: ShareRules::is_too_late(_: bool, _: u64) -> bool = false;
    NtimeFixed: ShareRules::is_too_late(right: bool, rolled: u64) -> bool = right || rolled > 0;
    NtimeBoundFixed: ShareRules::is_too_late(right: bool, rolled: u64) -> bool = right || rolled > MAX_FUTURE;
    AnyChannel: ShareRules::channel(right: u32, open: &[u32]) -> u32 =
        if open.contains(&right) { right } else { open.first().copied().unwrap_or(right) };
    AnyJob: ShareRules::job_id(_: u32, newest: Option<u32>) -> u32 = newest.unwrap_or_default();
    EndedByError: ShareRules::survives_error(_: bool) -> bool = false;
    RolledBitsOnly: ShareRules::version(right: u32, of_job: u32) -> u32 =
        if right & !ROLLABLE_VERSION_BITS == 0 { right ^ of_job } else { right };
    RollingRefused: ShareRules::is_version_wrong(right: bool, changed: u32) -> bool = right || changed != 0;
    NarrowMask: ShareRules::is_version_wrong(right: bool, changed: u32) -> bool = right || changed & !0x1fff_e000 != 0;
    OneTargetForAll: ShareRules::target(_: Target) -> Target = Target::MAX;
    AnyExtranonce: ShareRules::is_extranonce_wrong(_: bool, _: &[u8]) -> bool = false;
    ForgottenByTemplate: ShareRules::forgets(_: bool) -> bool = true;
}

/// The authentication code in front of the ciphertext, where other libraries have it.
fn with_code_in_front(record: &[u8]) -> Vec<u8> {
    let (text, code) = record.split_at_checked(record.len().saturating_sub(MAC_LEN)).unwrap_or_default();
    [code, text].concat()
}

fn with_reversed_path(mut message: Message) -> Message {
    if let Message::NewExtendedMiningJob(job) = &mut message {
        let path = job.merkle_path.as_slice().iter().rev().copied().collect();
        job.merkle_path = Seq0_255::new(path).unwrap_or_default();
    }
    message
}

fn with_rolling(mut message: Message, is_allowed: bool) -> Message {
    if let Message::NewExtendedMiningJob(job) = &mut message {
        job.version_rolling_allowed = is_allowed;
    }
    message
}

/// Marker and flag of BIP141 behind the version, and a witness in front of the lock time.
fn with_witness(mut message: Message) -> Message {
    if let Message::NewExtendedMiningJob(job) = &mut message {
        let (version, rest) = job.coinbase_tx_prefix.as_slice().split_at_checked(4).unwrap_or_default();
        let prefix = B0_64K::new([version, &[0, 1], rest].concat());
        let suffix = job.coinbase_tx_suffix.as_slice();
        let (outputs, lock_time) =
            suffix.split_at_checked(suffix.len().saturating_sub(4)).unwrap_or_default();
        let witness = [&[1, 32][..], &[0; 32]].concat();
        let suffix = B0_64K::new([outputs, &witness, lock_time].concat());
        if let (Ok(prefix), Ok(suffix)) = (prefix, suffix) {
            (job.coinbase_tx_prefix, job.coinbase_tx_suffix) = (prefix, suffix);
        }
    }
    message
}

/// A script that announces one byte more than it has.
fn with_longer_script(mut message: Message) -> Message {
    if let Message::NewExtendedMiningJob(job) = &mut message {
        let mut prefix = job.coinbase_tx_prefix.as_slice().to_vec();
        if let Some(length) = prefix.get_mut(41) {
            *length = length.saturating_add(1);
        }
        job.coinbase_tx_prefix = B0_64K::new(prefix).unwrap_or_default();
    }
    message
}
