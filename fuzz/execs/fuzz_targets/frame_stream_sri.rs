#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| sv2_fuzz_bodies::execs::frames(&mut sv2_fuzz_bodies::sri::SriCodec, data));
