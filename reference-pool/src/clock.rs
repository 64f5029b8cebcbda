//! Where the shells take the time from.

use std::time::{Duration, Instant, SystemTime};

use crate::service::Now;

/// A clock that runs by itself, or one that is moved by hand.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    System { start: Instant },
    Manual { elapsed: Duration, unix_start: u32 },
}

/// Only a manual clock can be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system clock cannot be advanced; use a manual clock")]
pub struct NotManualError;

impl Clock {
    /// The machine's clock. The node's time starts now.
    #[must_use]
    pub fn system() -> Self {
        Self(Kind::System { start: Instant::now() })
    }

    /// A clock that stands at `unix_start` (Unix time in seconds) until [`advance`](Self::advance) moves it.
    #[must_use]
    pub fn manual(unix_start: u32) -> Self {
        Self(Kind::Manual { elapsed: Duration::ZERO, unix_start })
    }

    /// The time. Unix time is held at the ends of its 32 bits.
    #[must_use]
    pub fn now(&self) -> Now {
        match self.0 {
            Kind::System { start } => {
                let unix = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
                Now { elapsed: start.elapsed(), unix: u32::try_from(unix).unwrap_or(u32::MAX) }
            }
            Kind::Manual { elapsed, unix_start } => {
                let seconds = u32::try_from(elapsed.as_secs()).unwrap_or(u32::MAX);
                Now { elapsed, unix: unix_start.saturating_add(seconds) }
            }
        }
    }

    /// Moves a manual clock forward.
    ///
    /// # Errors
    /// [`NotManualError`] on the system clock.
    pub fn advance(&mut self, by: Duration) -> Result<Now, NotManualError> {
        match &mut self.0 {
            Kind::System { .. } => return Err(NotManualError),
            Kind::Manual { elapsed, .. } => *elapsed = elapsed.saturating_add(by),
        }
        Ok(self.now())
    }

    /// The instant at which a clock that runs by itself will show `elapsed`; a manual clock gives nothing, and neither
    /// does a time beyond what the machine can count.
    pub(crate) fn instant_of(&self, elapsed: Duration) -> Option<Instant> {
        match self.0 {
            Kind::System { start } => start.checked_add(elapsed),
            Kind::Manual { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_stands_still_until_it_is_moved() {
        let mut clock = Clock::manual(1_700_000_000);
        assert_eq!(clock.now(), Now { elapsed: Duration::ZERO, unix: 1_700_000_000 });
        clock.advance(Duration::from_millis(2600)).unwrap();
        assert_eq!(clock.now(), Now { elapsed: Duration::from_millis(2600), unix: 1_700_000_002 });
        assert_eq!(clock.instant_of(Duration::ZERO), None);
    }

    #[test]
    fn the_system_clock_runs_and_cannot_be_moved() {
        let mut clock = Clock::system();
        let before = clock.now();
        assert!(before.unix > 1_700_000_000);
        assert!(clock.now().elapsed >= before.elapsed);
        assert_eq!(clock.advance(Duration::from_secs(1)), Err(NotManualError));
    }
}
