#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use sv2_fuzz_bodies::extended::message_arbitrary::TARGET;
use sv2_wire::fuzz::{check, mutate_in_place};

fuzz_target!(|data: &[u8]| check(&TARGET, data));

// Half of the changes know the layout of the input, the other half is libFuzzer's own.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    match seed % 2 {
        0 => mutate_in_place(&TARGET, data, size, max_size, seed),
        _ => fuzzer_mutate(data, size, max_size),
    }
});
