#!/bin/sh
# Rebuilds every workload beside its source. Needs Zig (0.17 was used: `pip install ziglang==0.17.1`
# brings it; then ZIG="python3 -m ziglang"). The C runs without a library, so the result depends on the
# compiler alone. WebAssembly 2.0 without vectors is the rule; `simd_*` have vectors, `states` and `bytecode`
# tail calls, and of some sources there is a second module whose memory has 64-bit addresses.
#
#     sh benches/workloads/build.sh            # the .wasm files
#     CC=gcc sh benches/workloads/build.sh native   # prints each checksum as the host computes it
set -eu
cd "$(dirname "$0")"

CPU=mvp+bulk_memory+bulk_memory_opt+sign_ext+nontrapping_fptoint+multivalue+mutable_globals+reference_types

if [ "${1:-}" = native ]; then
    out=$(mktemp -d)
    while read -r name n; do
        cat >"$out/main.c" <<EOF
#include <stdio.h>
long long run(int n);
int main(void) { printf("%-14s n=%-6d %lld\n", "$name", $n, run($n)); }
EOF
        # No contraction: the checksums hold exact bits of doubles.
        "${CC:-cc}" -O1 -foptimize-sibling-calls -fno-math-errno -ffp-contract=off -fwrapv -o "$out/a" "$name.c" "$out/main.c" -lm
        "$out/a"
    done <checks.txt
    rm -r "$out"
    exit
fi

# source, module, target, features
build() {
    ${ZIG:-zig} cc -target "$3-freestanding" -mcpu="$CPU$4" -O2 -ffp-contract=off -fwrapv \
        -fno-strict-aliasing -nostdlib -Wl,--no-entry -Wl,--strip-debug \
        -Wl,-z,stack-size=65536 -Wall -Wextra -o "$2.wasm" "$1.c"
}

for source in *.c; do
    name=${source%.c}
    case $name in
    simd_*) build "$name" "$name" wasm32 +simd128 ;;
    states | bytecode) build "$name" "$name" wasm32 +tail_call ;;
    *) build "$name" "$name" wasm32 "" ;;
    esac
done
for name in mix matmul_f64 sieve sha256; do
    build "$name" "$name.memory64" wasm64 ""
done
