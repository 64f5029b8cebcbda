//! The rule about the targets that a server sets.

use super::{Rule, Say, Seen};
use crate::bounds::{KEPT_CHANNELS, KEPT_JOBS};
use std::collections::{BTreeMap, VecDeque};
use sv2_wire::{Message, U256};

/// The server sets no target above the maximum that the client declared (5.3.21): at opening, or by an update that was not refused.
/// Updates in flight count with either value (AMB-46, AMB-47); after UpdateChannel.Error it may be the target from before
/// (AMB-181).
#[derive(Default)]
pub(super) struct WithinMaximum {
    by_channel: BTreeMap<u32, Declared>,
}

#[derive(Default)]
struct Declared {
    /// Maxima, each with the client's frame that declared it, in order.
    maxima: VecDeque<(u64, U256)>,
    /// An update was refused, and it is open which, or it is open whether one was for this channel.
    is_open: bool,
}

impl Rule for WithinMaximum {
    fn sent(&mut self, seen: &Seen<'_>) {
        let Some(Message::UpdateChannel(update)) = seen.message() else { return };
        for channel in seen.addressed(update.channel_id) {
            if let Some(declared) = self.by_channel.get_mut(&channel.id) {
                // What an update for a group means is open (AMB-46).
                declared.is_open |= update.channel_id != channel.id;
                declared.maxima.push_back((seen.history.serial(), update.maximum_target));
                declared.forget_oldest();
            }
        }
    }

    fn before(&mut self, seen: &Seen<'_>, say: &mut Say<'_>) {
        match seen.message() {
            Some(Message::OpenStandardMiningChannelSuccess(open)) => {
                self.opened(seen, open.request_id, open.channel_id)
            }
            Some(Message::OpenExtendedMiningChannelSuccess(open)) => {
                self.opened(seen, open.request_id, open.channel_id)
            }
            Some(Message::UpdateChannelError(error)) => {
                for channel in seen.addressed(error.channel_id) {
                    if let Some(declared) = self.by_channel.get_mut(&channel.id) {
                        declared.is_open = true;
                    }
                }
            }
            Some(Message::SetTarget(target)) => {
                for channel in seen.addressed(target.channel_id) {
                    let Some(declared) = self.by_channel.get(&channel.id) else { continue };
                    let maximum = declared.maximum(seen);
                    if target.maximum_target > maximum && target.maximum_target != channel.target {
                        let came = format!("target {} above the maximum {maximum}", target.maximum_target);
                        say.breach(&["SV2-05-170"], came);
                    } else {
                        say.kept(&["SV2-05-170"]);
                    }
                }
            }
            _ => {}
        }
    }
}

impl WithinMaximum {
    fn opened(&mut self, seen: &Seen<'_>, request_id: u32, channel_id: u32) {
        let maximum = seen.history.openings.get(&request_id).map_or(U256::MAX, |opening| opening.max_target);
        // A channel that had the id before had other maxima.
        self.by_channel.remove(&channel_id);
        if self.by_channel.len() < KEPT_CHANNELS {
            let declared = Declared { maxima: VecDeque::from([(0, maximum)]), is_open: false };
            self.by_channel.insert(channel_id, declared);
        }
    }
}

impl Declared {
    /// One maximum too many joins the next, so that it goes on to count for as long.
    fn forget_oldest(&mut self) {
        if self.maxima.len() > KEPT_JOBS
            && let Some((_, oldest)) = self.maxima.pop_front()
            && let Some((_, next)) = self.maxima.front_mut()
        {
            *next = oldest.max(*next);
        }
    }

    /// The greatest of the maxima that may be the latest for the server.
    fn maximum(&self, seen: &Seen<'_>) -> U256 {
        let is_sure = |(serial, _): &(u64, U256)| seen.history.is_past(*serial);
        let from = self.maxima.iter().rposition(is_sure).filter(|_| !self.is_open).unwrap_or(0);
        self.maxima.iter().skip(from).map(|(_, maximum)| *maximum).max().unwrap_or(U256::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maxima_are_bounded_and_the_oldest_counts_on() {
        let first = (0, U256::from(9));
        let rest = (1..=KEPT_JOBS as u64).map(|serial| (serial, U256::from(serial % 3)));
        let mut declared = Declared { maxima: [first].into_iter().chain(rest).collect(), is_open: false };
        declared.forget_oldest();
        assert_eq!(declared.maxima.len(), KEPT_JOBS);
        assert_eq!(declared.maxima.front(), Some(&(1, U256::from(9))));
        declared.forget_oldest();
        assert_eq!(declared.maxima.len(), KEPT_JOBS);
    }
}
