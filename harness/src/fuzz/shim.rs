//! A stranger's codec behind standard input and output: a line is asked, a line is answered.
//!
//! The protocol is in `fuzz/README.md`; [`protocol`] is its other half. [`Talk`] is the process, [`ShimCodec`] makes a codec of
//! it, and [`judge`] holds that against the oracles of `sv2_wire::fuzz`. Who is wrong keeps apart: a [`Flaw`] is the
//! codec's bytes or the shim's manners, a [`ShimError`] is that there is nothing to judge.

pub mod campaign;
mod codec;
pub mod protocol;
mod talk;

pub use campaign::{Budget, Flaw, Report, judge};
pub use codec::ShimCodec;
pub use talk::{Bounds, Exchange, ShimError, Talk};
