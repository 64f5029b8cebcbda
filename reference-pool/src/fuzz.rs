//! Fuzz targets of the pool's arithmetic. Behind the cargo feature `fuzz`, as in `sv2_wire::fuzz`.

pub mod naive;
pub mod target_math;

use sv2_wire::fuzz::Target;

/// The targets of this crate.
pub static TARGETS: &[Target] = &[target_math::TARGET];
