//! Fuzz targets of the pool's arithmetic. Behind the cargo feature `fuzz`, as in `sv2_wire::fuzz`.

pub mod naive;
pub mod target_math;

use bitcoin::{Block, consensus};
use sv2_wire::fuzz::Target;

/// The targets of this crate.
pub static TARGETS: &[Target] = &[target_math::TARGET];

/// The 80 bytes of a block's header, as they are hashed.
pub fn header_bytes(block: &Block) -> [u8; 80] {
    let mut bytes = [0; 80];
    bytes.iter_mut().zip(consensus::serialize(&block.header)).for_each(|(to, from)| *to = from);
    bytes
}
