//! `sv2-conform`: see `sv2-conform --help`.

use clap::Parser;
use std::process::ExitCode;
use sv2_conform::cli::{self, Cli};

fn main() -> ExitCode {
    match cli::main(Cli::parse()) {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(failure) => {
            eprintln!("sv2-conform: {}", failure.text.trim_end());
            ExitCode::from(failure.exit.code())
        }
    }
}
