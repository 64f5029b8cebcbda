#!/bin/bash -eu
# Builds every target and puts it into $OUT with its corpus, the dictionary and its options. $SRC and $OUT are the image's; on any
# machine with cargo-fuzz: SRC=/some/folder OUT=/some/other .clusterfuzzlite/build.sh, with the project in $SRC/sv2-conform.
cd "$SRC/sv2-conform"
cargo +nightly fuzz build -O --debug-assertions
# Prints the names of the targets and writes TARGET.dict and TARGET.options.
fuzz/campaign package "$OUT" | while read -r target; do
    cp "fuzz/target/x86_64-unknown-linux-gnu/release/$target" "$OUT/$target"
    if [ -d "corpus/$target" ]; then
        (cd "corpus/$target" && zip -q -r "$OUT/${target}_seed_corpus.zip" .)
    fi
done
