#!/bin/bash
# Builds every target and puts it into $OUT with its corpus, the dictionary and its options. $SRC and $OUT are the image's; on any
# machine with cargo-fuzz: SRC=/some/folder OUT=/some/other .clusterfuzzlite/build.sh, with the project in $SRC/sv2-conform.
# Set here and not on the first line, which `bash build.sh` does not read.
set -eu
cd "$SRC/sv2-conform"
# The image names its nightly in RUSTUP_TOOLCHAIN, and has no toolchain that is called `nightly`.
cargo "+${RUSTUP_TOOLCHAIN:-nightly}" fuzz build -O --debug-assertions
# Prints the names of the targets and writes TARGET.dict and TARGET.options. A program of its own, which runs here: the image's flags
# for sanitizers are not for it, and without --target they would reach build scripts too. A failure ends the build at this line.
targets=$(env -u RUSTFLAGS -u CFLAGS -u CXXFLAGS fuzz/campaign package "$OUT")
for target in $targets; do
    cp "fuzz/target/x86_64-unknown-linux-gnu/release/$target" "$OUT/$target"
    if [ -d "corpus/$target" ]; then
        (cd "corpus/$target" && zip -q -r "$OUT/${target}_seed_corpus.zip" .)
    fi
done
