//! `chunk` and `coalesce`, as the writes that a driver is told to make.

#[path = "support/plans.rs"]
mod plans;

use std::time::Duration;
use sv2_conform::runner::{Input, Now, Output, Peer, Runner};
use sv2_conform::target::Target;

const NOW: Now = Now { elapsed: Duration::ZERO, unix: 1_767_225_600 };

/// The lengths of all writes that the steps make on a plaintext connection that nobody answers on.
fn writes(steps: &str) -> Vec<usize> {
    let peer = Peer { encrypted: false, authority: None, exact_barrier: false, ..Target::Embedded.peer() };
    let scenario = plans::scenario(&format!("connect\n{steps}"));
    let plan = plans::plan(scenario, peer, Target::Embedded.profile(), 1.0);
    let mut runner = Runner::new(plan, NOW);
    let mut lengths = Vec::new();
    while let Some(output) = runner.poll() {
        match output {
            Output::Connect(connection) => runner.handle(Input::Connected(connection), NOW),
            Output::Send(_, bytes) => lengths.push(bytes.len()),
            _ => {}
        }
    }
    lengths
}

#[test]
fn a_frame_is_one_write_unless_it_is_cut() {
    assert_eq!(writes("raw \"0123456789\"\nraw \"01\"\n"), [10, 2]);
    assert_eq!(writes("chunk 4\nraw \"0123456789\"\nraw \"01\"\n"), [4, 4, 2, 2]);
    let whole: usize = writes("send SetupConnection\n").iter().sum();
    assert_eq!(writes("chunk 1\nsend SetupConnection\n"), vec![1; whole]);
}

#[test]
fn what_is_held_back_goes_in_one_write() {
    let held = "coalesce\nraw \"0123\"\nraw \"45\"\n";
    assert_eq!(writes(&format!("{held}flush\nraw \"6\"\nraw \"7\"\n")), [6, 1, 1]);
    assert_eq!(writes(&format!("{held}expect close within 1s\n")), [6]);
    assert_eq!(writes(&format!("{held}close\n")), [6]);
    assert_eq!(writes(held), [6]);
    assert_eq!(writes(&format!("chunk 4\n{held}flush\n")), [4, 2]);
}
