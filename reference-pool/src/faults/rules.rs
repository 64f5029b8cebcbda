//! The faults of one pool or node at work.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::{
    AckRules, Certifier, ChannelRules, CustomRules, Deviation, Fault, Frames, JobRules, Process, Records,
    SetupRules, ShareRules,
};
use std::collections::BTreeMap;
use std::fmt;

/// The faults that are armed; a right decision passes through all of one kind, one after the other.
#[derive(Default)]
pub(crate) struct Rules(Vec<Armed>);

struct Armed {
    fault: Fault,
    deviation: Deviation,
    fired: u64,
}

/// One method per kind of decision: hands `right` to every fault of that kind and counts those that change it.
macro_rules! decide {
    ($($method:ident $variant:ident $rules:ident;)+) => {
        $(
            pub(crate) fn $method<T: PartialEq + Clone>(
                &mut self,
                right: T,
                mut decide: impl FnMut(&mut dyn $rules, T) -> T,
            ) -> T {
                let mut decision = right;
                for armed in &mut self.0 {
                    let Deviation::$variant(rules) = &mut armed.deviation else { continue };
                    let before = decision.clone();
                    decision = decide(rules.as_mut(), decision);
                    armed.fired = armed.fired.saturating_add(u64::from(decision != before));
                }
                decision
            }
        )+
    };
}

impl Rules {
    /// Arms those faults that concern the pool, or those that concern the connections.
    pub(crate) fn arm(faults: &[Fault], of_pool: bool) -> Self {
        let armed = faults.iter().filter(|fault| fault.concerns_pool() == of_pool);
        Self(armed.map(|&fault| Armed { fault, deviation: (fault.make)(), fired: 0 }).collect())
    }

    /// Whether nothing is armed, so that nobody has to be asked.
    pub(crate) fn is_clean(&self) -> bool {
        self.0.is_empty()
    }

    /// How often each fault changed a decision.
    pub(crate) fn fired(&self) -> BTreeMap<&'static str, u64> {
        self.0.iter().map(|armed| (armed.fault.id, armed.fired)).collect()
    }

    decide! {
        certifier Certifier Certifier;
        records Records Records;
        frames Frames Frames;
        setup Setup SetupRules;
        channel Channel ChannelRules;
        job Job JobRules;
        custom Custom CustomRules;
        share Share ShareRules;
        ack Ack AckRules;
        process Process Process;
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|armed| armed.fault)).finish()
    }
}
