#!/bin/sh
# Builds the module from its source. Needs `zig` 0.17.1 (`pip install ziglang` has it: `ZIG="python -m ziglang"`).
set -eu
cd "$(dirname "$0")"
${ZIG:-zig} cc -target wasm32-freestanding -g -O1 -std=c11 -Wall -Wextra -nostdlib -Wl,--no-entry \
    -fdebug-compilation-dir=. -o fault.wasm fault.c
chmod 644 fault.wasm
