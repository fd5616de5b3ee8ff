#!/bin/sh
# sh tools/live.sh: whether the labs can be built for the book's pages: clang, lld, wasi-libc and clang's runtime for
# wasm32. Status 1 where they cannot; one line then says what is missing. The book is whole without.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
without() { printf 'docs: a book without live labs: %s\n' "$1" >&2; exit 1; }

missing=
command -v clang >/dev/null || missing="$missing clang"
command -v wasm-ld >/dev/null || missing="$missing lld"
command -v llvm-ar >/dev/null || missing="$missing llvm"
[ -z "$missing" ] || without "missing here:$missing (Debian: clang lld llvm wasi-libc libclang-rt-dev-wasm32)"
printf '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n' >"$work/a.c"
clang --target=wasm32-wasi -c "$work/a.c" -o "$work/a.o" 2>/dev/null || without 'wasi-libc is missing here'
clang --target=wasm32-wasi "$work/a.o" -o "$work/a.wasm" 2>/dev/null ||
    without "clang's runtime for wasm32 is missing here (Debian: libclang-rt-dev-wasm32)"
