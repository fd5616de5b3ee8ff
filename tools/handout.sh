#!/bin/sh
# Writes a student's tree:  sh tools/handout.sh OUTDIR
#
# Everything git knows here (without git: everything but what is built), in its present state, except
#
#   chNN_*/homework/solution.c     the solutions
#   chNN_*/homework/mistakes/      the planted mistakes
#   chNN_*/homework/grade*         the graders' sources, which hold references: they go out compiled, as
#                                  homework/libgrader.a, for this kind of machine and system, with the
#                                  untouched stubs in homework/libstubs.a
#   the last section of chNN_*/homework/README.md, which is for the teacher
#   tools and tests that need these
#
# OUTDIR must not exist or be empty. It appears whole or not at all. CC is the compiler.
set -eu

if [ $# -ne 1 ] || [ -z "$1" ]; then
    echo "usage: sh tools/handout.sh OUTDIR" >&2
    exit 2
fi
case $1 in
/*) out=${1%/} ;;
*) out=$PWD/${1%/} ;;
esac
cd "$(dirname "$0")/.."

if ! ls ch[0-9][0-9]_*/homework/grade_*.c >/dev/null 2>&1; then
    echo "handout: there are no graders' sources here: is this a student's tree already?" >&2
    exit 2
fi
if [ -e "$out" ] && { [ ! -d "$out" ] || [ -n "$(ls -A "$out")" ]; }; then
    echo "handout: $1: exists and is not an empty folder" >&2
    exit 2
fi

# What git does not track (.gitignore), for a tree without git.
all_files() {
    find . \( -name .git -o -name build -o -name data -o -name plots -o -name handout -o -path ./blank -o -name '*.dSYM' \) \
        -prune -o \( -type f -o -type l \) ! -name '*.o' ! -path './docs/*.html' -print |
        sed 's|^\./||' | grep -v '^ch[0-9][0-9]_[^/]*/ch[0-9][0-9]_[^/.]*$'
}

partial=$out.partial.$$
trap 'rm -rf "$partial"' EXIT
trap 'exit 2' HUP INT TERM

files=$(git -c core.quotePath=false ls-files 2>/dev/null) || files=
[ -n "$files" ] || files=$(all_files)

mkdir -p "$partial"
printf '%s\n' "$files" | while IFS= read -r file; do
    case $file in
    ch[0-9][0-9]_*/homework/solution.c | ch[0-9][0-9]_*/homework/mistakes/*) continue ;;
    ch[0-9][0-9]_*/homework/grade* | ch[0-9][0-9]_*/tests/*homework*) continue ;;
    tools/check_homework.sh | tools/tests/test_handout.sh) continue ;;
    esac
    [ -e "$file" ] || [ -L "$file" ] || continue # tracked, but deleted here
    case $file in
    */*) mkdir -p "$partial/${file%/*}" ;;
    esac
    case $file in
    ch[0-9][0-9]_*/homework/README.md) sed '/^## For whoever teaches/,$d' "$file" >"$partial/$file" ;;
    README.md) sed '/make handout/d' "$file" >"$partial/$file" ;; # it refuses there
    *) cp -pP "$file" "$partial/$file" ;;
    esac
done

# A chapter's grader, for any processor of this kind: no -march, no OpenMP (whose absence must not matter to a
# student), no names of local functions.
compile() { # compile FILE.c: into $objects
    # shellcheck disable=SC2086 # CC may be two words, such as ccache gcc
    ${CC:-cc} -std=gnu17 -O2 -fno-math-errno -Wno-unknown-pragmas -Wno-psabi -I. -D_GNU_SOURCE -c "$1" \
        -o "$objects/$(basename "$1" .c).o"
}
compile_grader() {
    objects=$partial/$1/objects
    mkdir "$objects"
    for source in "$1"/homework/grade_*.c; do
        compile "$source"
    done
    strip -x "$objects"/*.o
    ar rc "$partial/$1/homework/libgrader.a" "$objects"/*.o
    ranlib "$partial/$1/homework/libgrader.a"
    # the stubs as they are now, whatever the student writes: the program that prints marks needs the names
    compile "$1/homework/hw$(expr "$1" : 'ch\([0-9]*\)').c"
    mv "$objects"/hw*.o "$partial/$1/homework/stubs.o"
    ar rc "$partial/$1/homework/libstubs.a" "$partial/$1/homework/stubs.o"
    ranlib "$partial/$1/homework/libstubs.a"
    rm -r "$objects" "$partial/$1/homework/stubs.o"
}
for chapter in ch[0-9][0-9]_*; do
    if ls "$chapter"/homework/grade_*.c >/dev/null 2>&1; then compile_grader "$chapter"; fi
done

[ ! -d "$out" ] || rmdir "$out"
mv "$partial" "$out"
echo "handout: a student's tree of $(find "$out" -type f | wc -l | tr -d ' ') files is in $out"
echo "handout: its graders are compiled, for $(uname -s) on $(uname -m)"
