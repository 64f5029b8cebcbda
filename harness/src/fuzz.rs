//! Fuzzing: the targets of this crate beside those of `sv2_wire::fuzz`, and what runs them on stable Rust.

pub mod shim;

use sv2_wire::fuzz::Target;

/// The targets of this crate; those of the codec and of Noise are in `sv2_wire::fuzz::TARGETS`.
pub static TARGETS: &[Target] = &[];

/// Every target, those of the lowest layer first.
pub fn targets() -> impl Iterator<Item = &'static Target> {
    sv2_wire::fuzz::TARGETS.iter().chain(TARGETS)
}

/// The target of a name.
pub fn target(name: &str) -> Option<&'static Target> {
    targets().find(|target| target.name == name)
}
