//! How many times as fast as the Stratum Reference Implementation this crate is, as a Markdown table.
//!
//! Both sides do the same work on the same bytes, in turns within one run, so that a busy machine slows both. Every row
//! is checked before it is timed. Without `--bench` (that is, under `cargo test --benches`) everything is checked and hardly timed.

mod frames;
mod handshakes;
mod measure;
mod messages;

use measure::{Effort, Row};

fn main() {
    let effort =
        if std::env::args().any(|argument| argument == "--bench") { Effort::FULL } else { Effort::GLANCE };
    println!("| | times as fast as SRI | middle half of the rounds |");
    println!("|---|---|---|");
    let groups: [fn(Effort) -> Vec<Row>; 3] = [messages::rows, frames::rows, handshakes::rows];
    for row in groups.iter().flat_map(|rows| rows(effort)) {
        println!("{row}");
    }
}
