#!/bin/sh
# Writes a student's tree:  sh tools/handout.sh OUTDIR
#
# Everything git knows here (without git: everything but what is built), in its present state, except
#
#   chNN_*/homework/solution.c     the solutions
#   chNN_*/homework/mistakes/      the planted mistakes
#   chNN_*/tests/*homework*        the tests that need these
#
# OUTDIR must not exist or be empty. It appears whole or not at all.
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

if [ -e "$out" ] && { [ ! -d "$out" ] || [ -n "$(ls -A "$out")" ]; }; then
    echo "handout: $1: exists and is not an empty folder" >&2
    exit 2
fi

# What git does not track (.gitignore), for a tree without git.
all_files() {
    find . \( -name .git -o -name build -o -name data -o -name plots -o -name handout -o -name '*.dSYM' \) \
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
    ch[0-9][0-9]_*/tests/*homework*) continue ;;
    esac
    [ -e "$file" ] || [ -L "$file" ] || continue # tracked, but deleted here
    case $file in
    */*) mkdir -p "$partial/${file%/*}" ;;
    esac
    cp -pP "$file" "$partial/$file"
done

[ ! -d "$out" ] || rmdir "$out"
mv "$partial" "$out"
echo "handout: a student's tree of $(find "$out" -type f | wc -l | tr -d ' ') files is in $out"
