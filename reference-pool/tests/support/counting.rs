//! An allocator that counts, per thread, what is held and how much it ever was.
#![allow(unsafe_code, reason = "a counting allocator cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// What some work held of memory, in bytes; blocks that it got from elsewhere and freed count against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    /// The most that it held at one moment.
    pub(crate) peak: usize,
    /// What it still holds at its end.
    pub(crate) kept: usize,
}

/// Does some work on this thread and says what it took.
pub(crate) fn measure<T>(work: impl FnOnce() -> T) -> (T, Memory) {
    let before = HELD.get();
    PEAK.set(before);
    let result = work();
    let over = |bytes: isize| usize::try_from(bytes - before).unwrap_or(0);
    (result, Memory { peak: over(PEAK.get()), kept: over(HELD.get()) })
}

fn change(bytes: isize) {
    // A thread that is going away has no counter any more, and runs no test either.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
    });
}

fn signed(size: usize) -> isize {
    isize::try_from(size).unwrap_or(isize::MAX)
}

// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        change(signed(layout.size()));
        // SAFETY: the caller's promise is the one that is asked for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        change(-signed(layout.size()));
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both blocks may be there for a moment.
        change(signed(size));
        // SAFETY: as above.
        let moved = unsafe { System.realloc(pointer, layout, size) };
        change(-signed(layout.size()));
        moved
    }
}
