//! Writes the inputs to begin with for the targets that only this package has: `cargo run -p sv2-fuzz-bodies --bin seed -- corpus`.
//! `sv2-conform fuzz seed` does it for all others.

use std::path::PathBuf;
use std::process::ExitCode;
use sv2_conform::fuzz::corpus::seed;

fn main() -> ExitCode {
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("corpus"), PathBuf::from);
    let targets: Vec<_> = sv2_fuzz_bodies::own().collect();
    match seed(&folder, &targets, env!("CARGO_PKG_NAME")) {
        Ok(count) => {
            println!("{count} inputs in {}", folder.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("seed: {error}");
            ExitCode::FAILURE
        }
    }
}
