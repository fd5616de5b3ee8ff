#!/bin/sh
# sh tools/pcre2.sh OUT COMPILER...: PCRE2's 8-bit library for a machine that the distribution has none for here, such as
# a big-endian one or a browser: OUT/pcre2.h and OUT/libpcre2-8.a, from the distribution's own source package, without
# its compiler of patterns (JIT). COMPILER... are a compiler and its flags; AR is the archiver.
#
# PCRE2_SOURCE=FILE.tar.gz is used if it is set; else what an earlier call fetched into build/; else apt fetches it.
# Says in one line what is missing; status 3 where the source cannot be had, 1 where something else fails. OUT and what
# is fetched appear whole or not at all.
set -u
if [ $# -lt 2 ]; then
    echo 'usage: sh tools/pcre2.sh OUT COMPILER...' >&2
    exit 2
fi
out=$1
shift
[ ! -f "$out/libpcre2-8.a" ] || exit 0
cannot() { printf 'pcre2: %s\n' "$1" >&2; exit "${2:-1}"; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# The source package, by lists of its own: the machine's stay as they are.
fetch() {
    command -v apt-get >/dev/null 2>&1 || cannot 'set PCRE2_SOURCE to the archive of its source: there is no apt-get here to fetch it' 3
    mkdir -p "$work/parts" "$work/lists/partial" build
    for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
        [ -f "$list" ] && sed -e 's/^Types: deb$/Types: deb-src/' -e 's/^deb /deb-src /' "$list" >"$work/parts/$(basename "$list")"
    done
    lists="-qq -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=$work/parts -o Dir::State::lists=$work/lists"
    # shellcheck disable=SC2086 # options are words
    (cd "$work" && apt-get $lists update && apt-get $lists source --download-only pcre2) >"$work/said" 2>&1
    # the distribution's patches may be out of reach; the source itself is enough
    archive=$(fetched_in "$work")
    [ -n "$archive" ] || cannot "no source package: $(grep '^E:' "$work/said" | tail -n 1)" 3
    { cp "$archive" build/part && mv build/part "build/${archive##*/}"; } || cannot 'build/ cannot be written'
}

fetched_in() { find "$1" -maxdepth 1 -name 'pcre2_*.orig.tar.*z*' ! -name '*.asc' 2>/dev/null | head -n 1; }
source=${PCRE2_SOURCE:-$(fetched_in build)}
if [ -z "$source" ]; then
    fetch
    source=$(fetched_in build)
fi
tar -xf "$source" -C "$work" --strip-components=1 2>"$work/said" || cannot "$source: not an archive of its source: $(head -n 1 "$work/said")"
cd "$work/src" || cannot "$source: no folder src"
cp config.h.generic config.h && cp pcre2.h.generic pcre2.h && cp pcre2_chartables.c.dist pcre2_chartables.c || exit 1
# Files that others include, tools and tests are no part of the library.
for file in pcre2_*.c; do
    case $file in *_fuzzsupport.c | *_jit_test.c | *_dftables.c | *_printint.c) continue ;; esac
    grep -q "#include \"$file\"" ./pcre2_*.c || echo "$file"
done >files
while read -r file; do
    "$@" -O2 -w -DHAVE_CONFIG_H -DPCRE2_CODE_UNIT_WIDTH=8 -DSUPPORT_UNICODE -DPCRE2_STATIC -I. -c "$file" >said 2>&1 || cannot "$file does not compile: $(grep -m 1 rror said)"
done <files
"${AR:-ar}" rcs libpcre2-8.a ./*.o || exit 1
cd "$OLDPWD" || exit 1
# the library last: it says that all is there
mkdir -p "$out" && cp "$work/src/pcre2.h" "$out/" && cp "$work/src/libpcre2-8.a" "$out/part" && mv "$out/part" "$out/libpcre2-8.a"
