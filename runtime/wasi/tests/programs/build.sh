#!/bin/sh
# Builds the programs from their sources. Needs `zig` 0.17.1 (`pip install ziglang` has it: `ZIG="python -m ziglang"`).
set -eu
cd "$(dirname "$0")"
for source in *.c; do
    ${ZIG:-zig} cc -target wasm32-wasi -Oz -s -std=c11 -Wall -Wextra -o "${source%.c}.wasm" "$source"
done
