#!/usr/bin/env bash
# Builds the fuzz targets from $SRC/assay into $OUT, each with its seeds, its dictionary and its options. $SANITIZER is
# `address` where OSS-Fuzz builds, with its nightly compiler; `none` works with a stable one. $WORK holds what is needed
# meanwhile. `tests/oss_fuzz.rs` runs this file; where $FUZZ_PROFILE is `dev`, on a build that is there already, without
# sanitizer and without cargo-fuzz.
set -euo pipefail
shopt -s nullglob

sanitizer="${SANITIZER:-address}"
triple="$(rustc -vV | sed -n 's/^host: //p')"
targets="${CARGO_TARGET_DIR:-$WORK/target}"
cd "$SRC/assay/fuzz"
if [ "${FUZZ_PROFILE:-}" = dev ]; then
    cargo build --locked --target-dir "$targets"
    programs="$targets/debug"
else
    CARGO_TARGET_DIR="$targets" cargo fuzz build -O --debug-assertions --fuzz-dir . --sanitizer "$sanitizer" --target "$triple"
    programs="$targets/$triple/release"
fi

pack() { # archive, files …
    local archive="$1"
    shift
    if command -v zip > /dev/null; then zip -jq "$archive" "$@"; else python3 -m zipfile -c "$archive" "$@"; fi
}

for source in fuzz_targets/*.rs; do
    name="$(basename "$source" .rs)"
    cp "$programs/$name" "$OUT/$name"
    case "$name" in
        differential | compile | instantiate) kind=modules ;;
        *) kind="$name" ;;
    esac
    inputs=()
    for folder in "seeds/$kind" "crashes/$name"; do
        [ -d "$folder" ] && inputs+=("$folder"/*)
    done
    [ "${#inputs[@]}" -gt 0 ] && pack "$OUT/${name}_seed_corpus.zip" "${inputs[@]}"
    [ -f "dictionaries/$kind.dict" ] && cp "dictionaries/$kind.dict" "$OUT/$name.dict"
    # Hardware faults in compiled code belong to the runtime, which passes on all others.
    cat > "$OUT/$name.options" << OPTIONS
[libfuzzer]
max_len = 4096
len_control = 0
[asan]
allow_user_segv_handler = 1
OPTIONS
done
