//! Who may run beside whom.

use std::sync::{PoisonError, RwLock};

/// Lets many through at a time, or one that is exclusive.
#[derive(Debug, Default)]
pub(super) struct Gate(RwLock<()>);

impl Gate {
    /// Does the work as soon as it may be done.
    pub(super) fn pass<T>(&self, is_exclusive: bool, work: impl FnOnce() -> T) -> T {
        if is_exclusive {
            let _alone = self.0.write().unwrap_or_else(PoisonError::into_inner);
            return work();
        }
        let _beside = self.0.read().unwrap_or_else(PoisonError::into_inner);
        work()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    #[test]
    fn exclusive_work_is_alone_and_the_rest_is_not() {
        let (gate, inside, most) = (Gate::default(), AtomicUsize::new(0), AtomicUsize::new(0));
        let both = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            for number in 0..8 {
                let (gate, inside, most) = (&gate, &inside, &most);
                scope.spawn(move || {
                    gate.pass(number % 2 == 0, || {
                        let count = inside.fetch_add(1, Ordering::SeqCst) + 1;
                        if number % 2 == 0 {
                            std::thread::sleep(Duration::from_millis(5));
                            most.fetch_max(count.max(inside.load(Ordering::SeqCst)), Ordering::SeqCst);
                        }
                        inside.fetch_sub(1, Ordering::SeqCst);
                    });
                });
            }
        });
        assert_eq!(most.load(Ordering::SeqCst), 1);
        // Two that are not exclusive meet inside; with one at a time this would never end.
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| gate.pass(false, || both.wait()));
            }
        });
    }
}
