//! What holds between operations: work, state, prefixes.

use super::game::Game;
use super::{BOUNDED_STATE, FRESH_WORK, PREFIXES_APART};
use std::collections::BTreeMap;
use sv2_reference_pool::service::Control;
use sv2_wire::Message;
use sv2_wire::fuzz::Finding;

/// The newest job of each channel by client and channel: its position, and its tip's serial.
pub(super) type Newest = BTreeMap<(usize, u32), (u64, u64)>;

/// Every extranonce prefix that was given.
#[derive(Debug, Default)]
pub(super) struct Prefixes(Vec<Vec<u8>>);

impl Prefixes {
    /// A message of the pool.
    pub(super) fn note(&mut self, message: &Message, found: &mut Vec<Finding>) {
        let prefix = match message {
            Message::OpenStandardMiningChannelSuccess(open) => &open.extranonce_prefix,
            Message::OpenExtendedMiningChannelSuccess(open) => &open.extranonce_prefix,
            Message::SetExtranoncePrefix(set) => &set.extranonce_prefix,
            _ => return,
        };
        let prefix = prefix.as_slice();
        if let Some(other) =
            self.0.iter().find(|other| other.starts_with(prefix) || prefix.starts_with(other))
        {
            let (one, two) = (hex::encode(other), hex::encode(prefix));
            found.push(PREFIXES_APART.found(format!("{one} was given, and now {two} is")));
        }
        self.0.push(prefix.to_vec());
    }
}

impl Game {
    /// The newest jobs, before an operation.
    pub(super) fn newest(&self) -> Newest {
        let mut newest = Newest::new();
        for (client, side) in self.sides.iter().enumerate().filter(|(_, side)| !side.is_closed) {
            for channel in side.session().channels() {
                let tip = channel.tip.map_or(0, |tip| tip.serial);
                newest.insert((client, channel.id), (channel.newest_job().map_or(0, |job| job.order), tip));
            }
        }
        newest
    }

    /// Work that is due has come.
    pub(super) fn judge_work(&mut self, before: &Newest, control: Option<&Control>) {
        let mut tips = Vec::new();
        for (client, side) in self.sides.iter().enumerate().filter(|(_, side)| !side.is_closed) {
            for channel in side.session().channels() {
                let Some(job) = channel.newest_job() else {
                    let what = format!("channel {} of client {client} is open and has no work", channel.id);
                    self.findings.push(FRESH_WORK.found(what));
                    continue;
                };
                let tip = channel.tip.map_or(0, |tip| tip.serial);
                let (old, old_tip) = before.get(&(client, channel.id)).copied().unwrap_or_default();
                let is_due = match control {
                    Some(Control::Block) => old_tip >= tip || old >= job.order,
                    Some(Control::Template) => old >= job.order || old_tip != tip,
                    _ => false,
                };
                if is_due {
                    let what = format!("channel {} of client {client} has no new work", channel.id);
                    self.findings.push(FRESH_WORK.found(what));
                }
                tips.extend(channel.tip.map(|tip| (tip.prev_hash, tip.min_ntime, tip.nbits)));
            }
        }
        if tips.windows(2).any(|two| two.first() != two.last()) {
            self.findings.push(FRESH_WORK.found("channels work on different tips"));
        }
    }

    /// What is held is what is open.
    pub(super) fn judge_state(&mut self) {
        let open = self.sides.iter().filter(|side| !side.is_closed);
        let connections = open.clone().count();
        let channels: usize = open.clone().map(|side| side.session().channels().count()).sum();
        let partial: usize = open.map(|side| side.held()).sum();
        let (node, pool) = (self.node.statistics(), self.node.service().statistics());
        let mut check = |what: &str, is: usize, most: usize, least: usize| {
            if is > most || is < least {
                self.findings.push(BOUNDED_STATE.found(format!("{is} {what}, and {most} are open")));
            }
        };
        let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        check("connections in the node", number(node.open), connections, connections);
        check("connections in the pool", pool.connections, connections, connections);
        check("channels in the pool", pool.channels, channels, channels);
        check("bytes of unfinished frames", number(node.held.saturating_sub(node.unsent)), partial, 0);
        check("unsent bytes", number(node.unsent), 0, 0);
    }
}
