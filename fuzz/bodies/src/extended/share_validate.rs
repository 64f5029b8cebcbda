//! One share before the pool and before `channels_sv2`, which is told of the channel what its client was told.

use super::joined;
use crate::pool_diff::allowed::is_alike;
use crate::pool_diff::side::{Side, Theirs, known};
use crate::pool_diff::{Asked, Said};
use sv2_conform::fuzz::share_validate::{self as base, Submitted, submitted};
use sv2_reference_pool::faults::Fault;
use sv2_wire::Message;
use sv2_wire::fuzz::{Finding, Oracle, Target};

/// The target.
pub static TARGET: Target = Target {
    about: "the pool's verdict on a share is the miner's, that of a third reckoning, and that of SRI's channels",
    oracles: &joined::<7>(base::TARGET.oracles, &[SRI_SHARE]),
    run: |data| {
        (base::TARGET.run)(data).and_then(|()| judge(data, &[], |channels, share| channels.say(share)))
    },
    ..base::TARGET
};

/// SRI's verdict.
pub const SRI_SHARE: Oracle = Oracle {
    name: "sri_share",
    about: "channels_sv2 credits a share, and the same share again, if and only if the pool does, or refuses it for the same reason",
    clauses: &[
        "SV2-05-106",
        "SV2-05-111",
        "SV2-05-112",
        "SV2-05-125",
        "SV2-05-134",
        "SV2-05-148",
        "SV2-05-168",
    ],
};

/// The shares a minute of a pool; no share's verdict rests on it.
const PER_MINUTE: f32 = 6.0;

/// SRI's channels, as one client of the pool knows them.
pub struct Channels {
    side: Side,
    /// Seconds that the pool has known its tip.
    age: u32,
}

impl Channels {
    fn told(said: &[Message], age: u32) -> Self {
        let mut side = Side::new(PER_MINUTE);
        said.iter().for_each(|message| side.follow(message));
        Self { side, age }
    }

    /// What SRI says to a share, and what was asked. Nothing where it has no opinion.
    pub fn say(&mut self, share: &Message) -> Option<(Asked, Said)> {
        match self.side.asks(share, self.age)? {
            (asked, Theirs::Says(said)) => Some((asked, said)),
            (_, Theirs::Opens(_)) => None,
        }
    }
}

/// Holds the pool, wrong by `faults`, against SRI's channels. `say` is [`Channels::say`], or a fault in its place.
///
/// # Errors
/// A share that the two do not judge alike.
pub fn judge(
    data: &[u8],
    faults: &[Fault],
    mut say: impl FnMut(&mut Channels, &Message) -> Option<(Asked, Said)>,
) -> Result<(), Finding> {
    let Some(Submitted { said, shares, age }) = submitted(data, faults) else { return Ok(()) };
    let mut channels = Channels::told(&said, age);
    for (share, code) in &shares {
        let Some((asked, theirs)) = say(&mut channels, share) else { continue };
        let ours = match code.as_deref().map(known) {
            None => Said::Takes,
            Some(Some(code)) => Said::Refuses(code),
            Some(None) => continue, // For a reason that is not the channel's.
        };
        if !is_alike(&asked, ours, theirs) {
            return Err(SRI_SHARE.found(format!("{share:?}: ours {ours:?}, sri's {theirs:?}; {asked:?}")));
        }
    }
    Ok(())
}
