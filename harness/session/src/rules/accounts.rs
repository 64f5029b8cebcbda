//! Rules about acknowledgements: every share counts once, and on one side.

use super::{Rule, Say, Seen};
use crate::bounds::KEPT_CHANNELS;
use crate::shares::ShareState;
use std::collections::BTreeMap;
use sv2_wire::{Message, SubmitSharesSuccess, U256};

/// The counts of all successes together never exceed what was sent (5.3.13), and with the refused shares they do not either:
/// no share is accepted and refused (5.3.14), refused ones add to no count (5.3.13). One success may stand for several shares.
pub(super) struct Conserved;

impl Rule for Conserved {
    fn after(&mut self, seen: &Seen<'_>, say: &mut Say<'_>) {
        let id = match seen.message() {
            Some(Message::SubmitSharesSuccess(success)) => success.channel_id,
            Some(Message::SubmitSharesError(error)) => error.channel_id,
            _ => return,
        };
        let Some(channel) = seen.session.channel(id) else { return };
        let account = &channel.account;
        let (credited, refused, submitted) = (account.credited, account.refused, account.submitted);
        if credited > submitted {
            say.breach(
                &["SV2-05-097", "SV2-05-100"],
                format!("{credited} shares credited on channel {id}, where {submitted} were sent"),
            );
        } else if credited.saturating_add(refused) > submitted {
            let came =
                format!("{credited} shares credited and {refused} refused on channel {id}, of {submitted}");
            say.breach(&["SV2-05-103", "SV2-05-111"], came);
        } else if let Some(Message::SubmitSharesSuccess(success)) = seen.message() {
            say.kept(&["SV2-05-097", "SV2-05-100", "SV2-05-103", "SV2-05-111"]);
            if success.new_submits_accepted_count > 1 {
                say.kept(&["SV2-05-098"]);
            }
        } else {
            say.kept(&["SV2-05-111"]);
        }
    }
}

/// last_sequence_number is one that was sent on the channel (5.3.13), the most recent with a correct result; one of a refused
/// share is a warning (AMB-59).
pub(super) fn named_number(seen: &Seen<'_>, say: &mut Say<'_>) {
    let Some(Message::SubmitSharesSuccess(success)) = seen.message() else { return };
    let (id, number) = (success.channel_id, success.last_sequence_number);
    let known = seen.history.shares.get(&(id, number));
    let state = seen.session.channel(id).and_then(|channel| channel.account.shares.get(&number));
    match (known, state) {
        (None, _) if seen.history.is_complete() => {
            say.breach(&["SV2-05-099"], format!("number {number}, which was never sent on channel {id}"));
        }
        (Some(known), Some(ShareState::Refused { .. })) if known.sent == 1 => {
            let came = format!("number {number}, whose share was refused");
            say.lenient(&["SV2-05-099"], Some("AMB-59"), came);
        }
        (None, _) => {}
        (Some(_), _) => say.kept(&["SV2-05-099"]),
    }
}

/// Each incorrect submission gets one error that names its sequence number (5.3.14).
pub(super) fn one_error(seen: &Seen<'_>, say: &mut Say<'_>) {
    let Some(Message::SubmitSharesError(error)) = seen.message() else { return };
    let (id, number) = (error.channel_id, error.sequence_number);
    match seen.history.shares.get(&(id, number)) {
        Some(share) if share.refused < share.sent => say.kept(&["SV2-05-107"]),
        Some(_) => say.breach(&["SV2-05-107"], format!("one more error for number {number} on channel {id}")),
        None if seen.history.is_complete() => {
            say.breach(&["SV2-05-107"], format!("number {number}, which was never sent on channel {id}"));
        }
        None => {}
    }
}

/// Difficulty 1 as a number.
const DIFFICULTY_ONE: f64 = 65535.0 * ((1_u128 << 104) as f64) * ((1_u128 << 104) as f64);

/// new_shares_sum is the sum of the difficulty of the shares of its batch, the demanded one (5.3.13), and starts afresh with each
/// batch. Judged where the difficulty is above 1, with a tolerance of 1 a share and 0.1 % (AMB-60); while the target
/// changes, every target so far counts (AMB-48). A share that solves a block and is above the channel's target counts as what the
/// network demands, where that is less (AMB-147).
#[derive(Default)]
pub(super) struct Sums {
    by_channel: BTreeMap<u32, Totals>,
}

#[derive(Clone, Copy)]
struct Totals {
    /// Easiest and hardest difficulty that the channel's jobs may have.
    easiest: f64,
    hardest: f64,
    /// The least difficulty of a block so far.
    of_block: f64,
    /// Shares of all earlier batches.
    count: f64,
}

impl Rule for Sums {
    fn before(&mut self, seen: &Seen<'_>, say: &mut Say<'_>) {
        match seen.message() {
            Some(Message::OpenStandardMiningChannelSuccess(open)) => {
                self.opened(open.channel_id, open.target)
            }
            Some(Message::OpenExtendedMiningChannelSuccess(open)) => {
                self.opened(open.channel_id, open.target)
            }
            Some(Message::SetTarget(target)) => {
                let difficulty = difficulty(target.maximum_target);
                for channel in seen.addressed(target.channel_id) {
                    if let Some(totals) = self.by_channel.get_mut(&channel.id) {
                        totals.easiest = totals.easiest.min(difficulty);
                        totals.hardest = totals.hardest.max(difficulty);
                    }
                }
            }
            Some(Message::SetNewPrevHash(tip)) => {
                let difficulty = difficulty_of_block(tip.nbits);
                for channel in seen.addressed(tip.channel_id) {
                    if let Some(totals) = self.by_channel.get_mut(&channel.id) {
                        totals.of_block = totals.of_block.min(difficulty);
                    }
                }
            }
            Some(Message::SubmitSharesSuccess(success)) => self.judge(success, say),
            _ => {}
        }
    }
}

impl Sums {
    fn opened(&mut self, channel_id: u32, target: U256) {
        // A channel that had the id before had other targets.
        self.by_channel.remove(&channel_id);
        if self.by_channel.len() < KEPT_CHANNELS {
            let difficulty = difficulty(target);
            let totals = Totals { easiest: difficulty, hardest: difficulty, of_block: f64::MAX, count: 0.0 };
            self.by_channel.insert(channel_id, totals);
        }
    }

    fn judge(&mut self, success: &SubmitSharesSuccess, say: &mut Say<'_>) {
        let Some(totals) = self.by_channel.get_mut(&success.channel_id) else { return };
        let count = f64::from(success.new_submits_accepted_count);
        let sum = success.new_shares_sum as f64;
        let earlier = totals.count;
        totals.count += count;
        if totals.easiest < 1.0 {
            return;
        }
        let within = |count: f64| {
            let (least, most) = (count * totals.easiest.min(totals.of_block), count * totals.hardest);
            (least * 0.999 - count..=most * 1.001 + count).contains(&sum)
        };
        let came = || format!("{sum} for {count} shares of difficulty {} or so", totals.easiest);
        match (within(count), within(earlier + count)) {
            (true, _) => say.kept(&["SV2-05-101", "SV2-05-102"]),
            (false, true) => {
                say.breach(&["SV2-05-101"], format!("{}, as if earlier batches counted", came()))
            }
            (false, false) => say.breach(&["SV2-05-102"], came()),
        }
    }
}

fn difficulty(target: U256) -> f64 {
    difficulty_of(target.to_be_bytes().iter().fold(0.0, |number, byte| number * 256.0 + f64::from(*byte)))
}

/// What a compact network target demands. Those that are none are for the rule about nbits.
fn difficulty_of_block(nbits: u32) -> f64 {
    let exponent = i32::from(nbits.to_be_bytes()[0]).saturating_sub(3);
    difficulty_of(f64::from(nbits & 0x7f_ffff) * 256_f64.powi(exponent))
}

fn difficulty_of(target: f64) -> f64 {
    // Target 0 has a number too: the sum of no shares is 0 there as elsewhere, where none times infinity is nothing at all.
    if target > 0.0 { DIFFICULTY_ONE / target } else { f64::MAX }
}
