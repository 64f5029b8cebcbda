//! Panics of targets, with their place.

use std::cell::Cell;
use std::panic::UnwindSafe;
use std::sync::Once;

/// A panic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Panic {
    /// Its words.
    pub(super) text: String,
    /// File, line and column.
    pub(super) place: Option<String>,
}

/// What comes of a function, or its panic.
pub(super) fn caught<T>(run: impl FnOnce() -> T + UnwindSafe) -> Result<T, Panic> {
    HOOK.call_once(remember_places);
    std::panic::catch_unwind(run).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Panic { text: text.unwrap_or_else(|| "a panic without words".to_owned()), place: PLACE.take() }
    })
}

static HOOK: Once = Once::new();

thread_local! {
    /// Of the latest panic on this thread.
    static PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

/// The place is told to the hook alone, of which a program has one: what was there before is called as well.
fn remember_places() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // A thread that is about to end has no place to put it, and nobody who asks for it.
        let _ = PLACE.try_with(|place| place.set(panic.location().map(ToString::to_string)));
        before(panic);
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_with_its_place() {
        assert_eq!(caught(|| 7), Ok(7));
        let Panic { text, place } = caught(|| assert_eq!(1, 2, "no")).unwrap_err();
        let place = place.unwrap();
        assert!(text.contains("no") && place.contains("panics.rs:"), "{text}, {place}");
        let other = caught(|| std::panic::panic_any(7)).unwrap_err();
        assert_eq!(other.text, "a panic without words");
        assert_ne!(other.place, Some(place));
    }
}
