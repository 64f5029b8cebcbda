#!/bin/sh
# Executions per second: the targets frame_stream and message_decode over our codec and over SRI's published crates.
# Same oracles, corpus, flags, -max_len and machine; runs of the two sides alternate. Writes reports/fuzz/execs.md.
#     fuzz/execs.sh [seconds for each run, default 20] [rounds, default 3]
# Needs nightly Rust and cargo-fuzz.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-20}
rounds=${2:-3}
max_len=4096
report=reports/fuzz/execs.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
target_dir=${CARGO_TARGET_DIR:-fuzz/execs/target}
unset CARGO_TARGET_DIR
case $target_dir in
/*) ;;
*) target_dir=$PWD/$target_dir ;;
esac

# EXECS_BUILT=1 measures the programs that are there.
for sanitizer in address none; do
    [ "${EXECS_BUILT:-0}" = 1 ] && continue
    echo "building with the sanitizer $sanitizer" >&2
    cargo +nightly fuzz build --fuzz-dir fuzz/execs --sanitizer "$sanitizer" --target-dir "$target_dir/execs-$sanitizer" >&2
done

# One run over a copy of the corpus, so that no run finds what another has added; gives executions per second.
run() {
    rm -rf "$work/corpus"
    mkdir "$work/corpus"
    cp "corpus/$2/"* "$work/corpus/"
    "$target_dir/execs-$1/x86_64-unknown-linux-gnu/release/$3" "$work/corpus" -max_len=$max_len \
        -max_total_time="$seconds" -seed=1 -rss_limit_mb=4096 -print_final_stats=1 -verbosity=0 2>"$work/log" || {
        cat "$work/log" >&2
        exit 1
    }
    sed -n 's/^stat::average_exec_per_sec: *//p' "$work/log"
}

median() {
    sort -n "$1" | sed -n "$(((rounds + 1) / 2))p"
}

: >"$work/table"
for sanitizer in address none; do
    for target in frame_stream message_decode; do
        : >"$work/ours"
        : >"$work/sri"
        round=0
        while [ "$round" -lt "$rounds" ]; do
            run "$sanitizer" "$target" "$target" >>"$work/ours"
            run "$sanitizer" "$target" "${target}_sri" >>"$work/sri"
            round=$((round + 1))
        done
        ours=$(median "$work/ours")
        sri=$(median "$work/sri")
        ratio=$(awk "BEGIN { printf \"%.2f\", $ours / $sri }")
        all="$(paste -sd' ' "$work/ours") / $(paste -sd' ' "$work/sri")"
        echo "| $target | $sanitizer | $ours | $sri | $ratio | $all |" >>"$work/table"
        echo "$target, sanitizer $sanitizer: $ours against $sri, ratio $ratio" >&2
    done
done

cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
version() {
    sed -n "/^name = \"$1\"\$/{n;s/version = \"\(.*\)\"/\1/p;}" fuzz/execs/Cargo.lock | head -n 1
}
mkdir -p "$(dirname "$report")"
{
    echo '# Executions per second'
    echo
    built=
    [ "${EXECS_BUILT:-0}" = 1 ] && built='EXECS_BUILT=1 '
    echo "Made by \`${built}fuzz/execs.sh $seconds $rounds\` on $cpu, $(nproc) processors, load average $(cut -d' ' -f1-3 /proc/loadavg) at the end."
    echo
    echo "$(rustc +nightly --version); $(cargo fuzz --version); libfuzzer-sys $(version libfuzzer-sys); SRI: codec_sv2 $(version codec_sv2),"
    echo "framing_sv2 $(version framing_sv2), parsers_sv2 $(version parsers_sv2), binary_sv2 $(version binary_sv2)."
    echo
    echo "The same target over either codec: the same oracles, inputs, chunks and limit. \`-max_len=$max_len -seed=1"
    echo "-max_total_time=$seconds\`, each run from a fresh copy of \`corpus/TARGET\`; runs of the two sides alternate. Figures are"
    echo "medians of $rounds runs, in executions per second; the last column has them all, ours / SRI's. SRI's side includes what it"
    echo 'takes to bring its frames and values into the form in which the oracles compare them.'
    echo
    echo '| target | sanitizer | ours | SRI | ratio | all runs |'
    echo '|---|---|---:|---:|---:|---|'
    cat "$work/table"
} >"$report"
cat "$report"
