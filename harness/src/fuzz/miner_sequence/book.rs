//! What a server has said about work, message by message. Where the specification leaves room, the book is the milder reader: it
//! only knows what is certainly over.

use std::collections::{BTreeMap, BTreeSet};
use sv2_wire::Message;

/// Channels by id.
#[derive(Debug, Default)]
pub(super) struct Book {
    channels: BTreeMap<u32, Entry>,
    /// Jobs by the address that they were sent to, on all channels that it may mean.
    addressed: BTreeMap<u32, BTreeSet<u32>>,
}

#[derive(Debug, Default)]
struct Entry {
    /// Every group that the channel may have belonged to.
    groups: BTreeSet<u32>,
    /// Jobs that a SetNewPrevHash for this very channel has ended, and that were not sent again.
    ended: BTreeSet<u32>,
}

impl Book {
    pub(super) fn received(&mut self, message: &Message) {
        match message {
            Message::OpenStandardMiningChannelSuccess(open) => {
                self.open(open.channel_id, open.group_channel_id)
            }
            Message::OpenExtendedMiningChannelSuccess(open) => {
                self.open(open.channel_id, open.group_channel_id)
            }
            Message::SetGroupChannel(group) => {
                for id in group.channel_ids.as_slice() {
                    if let Some(entry) = self.channels.get_mut(id) {
                        entry.groups.insert(group.group_channel_id);
                    }
                }
            }
            Message::CloseChannel(close) => _ = self.channels.remove(&close.channel_id),
            Message::NewMiningJob(job) => self.sent(job.channel_id, job.job_id),
            Message::NewExtendedMiningJob(job) => self.sent(job.channel_id, job.job_id),
            Message::SetCustomMiningJobSuccess(success) => {
                // It names the request, whose channel may be another one.
                let ids: Vec<u32> = self.channels.keys().copied().collect();
                ids.into_iter().for_each(|id| self.sent(id, success.job_id));
            }
            Message::SetNewPrevHash(tip) => {
                let sent = self.all_sent(tip.channel_id);
                if let Some(entry) = self.channels.get_mut(&tip.channel_id) {
                    entry.ended.extend(sent.into_iter().filter(|job| *job != tip.job_id));
                }
            }
            _ => {}
        }
    }

    pub(super) fn is_open(&self, channel: u32) -> bool {
        self.channels.contains_key(&channel)
    }

    pub(super) fn was_sent(&self, channel: u32, job: u32) -> bool {
        self.all_sent(channel).contains(&job)
    }

    pub(super) fn is_stale(&self, channel: u32, job: u32) -> bool {
        self.channels.get(&channel).is_some_and(|entry| entry.ended.contains(&job))
    }

    fn open(&mut self, channel: u32, group: u32) {
        self.channels.insert(channel, Entry { groups: BTreeSet::from([group]), ended: BTreeSet::new() });
    }

    fn sent(&mut self, address: u32, job: u32) {
        self.addressed.entry(address).or_default().insert(job);
        for (id, entry) in &mut self.channels {
            if *id == address || entry.groups.contains(&address) {
                entry.ended.remove(&job);
            }
        }
    }

    fn all_sent(&self, channel: u32) -> BTreeSet<u32> {
        let groups = self.channels.get(&channel).into_iter().flat_map(|entry| entry.groups.iter().copied());
        let addresses = groups.chain([channel]);
        addresses.filter_map(|address| self.addressed.get(&address)).flatten().copied().collect()
    }
}
