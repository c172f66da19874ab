#!/usr/bin/env bash
# One way to build the targets: the one of OSS-Fuzz.
set -euo pipefail
exec bash "$SRC/assay/fuzz/oss-fuzz/build.sh"
