#!/bin/sh
# A chapter in which one function is yours to write:  make blank F=softmax_backward
#
#   sh tools/blank.sh [FILE:]FUNCTION [OUTDIR]
#
# OUTDIR, by default blank/ch02_softmax_backward, gets a copy of the function's chapter (what else it needs is
# linked), without the function's body. The tests that need the function are those that fail then: `make -sC OUTDIR`
# runs them. BUILD is where tools/blank/blank.c and perhaps more is built; CC the compiler. Exit status 2 where
# there is no such function, or several; 1 where no test needs it.
set -u

say() { echo "blank: $*" >&2; }
if [ $# -lt 1 ] || [ $# -gt 2 ] || [ -z "$1" ]; then
    say "which function? make blank F=softmax_backward, or F=attention.c:softmax_backward"
    exit 2
fi
called_from=$PWD
cd "$(dirname "$0")/.." || exit 2
root=$PWD
build=${BUILD:?where the programs are built}
file=${1%:*} function=${1##*:}
[ "$file" != "$1" ] || file=

# ---- which one: "chapter/file.c:line"
sources=$(ls ch[0-9][0-9]_*/*.[ch] | grep -v '/main\.c$')
# shellcheck disable=SC2086 # names of the course's own sources: no blanks
places=$("$build/blank" find "$function" $sources | sort -u -t: -k1,1)
if [ -n "$file" ]; then
    places=$(printf '%s\n' "$places" | awk -v file="$file" -F: '$1 == file || $1 ~ ("/" file "$")')
fi
# Names that differ in few letters, or have this one in them.
similar() {
    # shellcheck disable=SC2086
    cat $sources | sed -n 's/^[A-Za-z_][A-Za-z0-9_ *]*[ *]\([a-z_0-9]*\)(.*/\1/p' | sort -u | awk -v name="$function" '
        function least(a, b) { return a < b ? a : b }
        function distance(a, b,    i, j, row, left, above) {
            for (j = 0; j <= length(b); j++) row[j] = j
            for (i = 1; i <= length(a); i++) {
                left = row[0]
                row[0] = i
                for (j = 1; j <= length(b); j++) {
                    above = row[j]
                    row[j] = least(left + (substr(a, i, 1) != substr(b, j, 1)), least(above, row[j - 1]) + 1)
                    left = above
                }
            }
            return row[length(b)]
        }
        index($0, name) || distance($0, name) <= 2 { if (count++ < 5) printf "%s%s", (count > 1 ? ", " : ""), $0 }'
}
if [ -z "$places" ]; then
    others=$(similar)
    say "there is no function ${file:+$file:}$function in a chapter's sources${others:+; there is $others}"
    exit 2
fi
if [ "$(printf '%s\n' "$places" | wc -l)" -gt 1 ]; then
    say "$function is in $(printf '%s\n' "$places" | sed 's/:[0-9]*$//' | paste -sd, - | sed 's/,/, /g'): say F=FILE:$function"
    exit 2
fi
source=${places%:*} line=${places##*:}
chapter=${source%%/*}

# ---- the folder
out=${2:-blank/$(expr "$chapter" : '\(ch[0-9]*\)')_$function}
shown=$out
case $out in
/*) ;;
*) [ $# -eq 1 ] && out=$root/$out || out=$called_from/$out ;;
esac
if [ -e "$out" ]; then
    say "$shown is there already: go on in it, or remove it"
    exit 2
fi
partial=$out.partial.$$
trap 'rm -rf "$partial"' EXIT
trap 'exit 2' HUP INT TERM
mkdir -p "$partial" || exit 2
for needed in Makefile common tools ch[0-9][0-9]_*; do
    [ "$needed" != "$chapter" ] || break
    ln -s "$root/$needed" "$partial/$needed"
done
cp -Rp "$chapter" "$partial/$chapter" || exit 2
rm -rf "$partial/$chapter/plots" "$partial/$chapter/homework" "${partial:?}/$chapter/$chapter"
# where the contract is: the chapter's header that declares it, if one does
header=$(grep -l "[ *]$function(" "$chapter"/*.h | head -n 1)
"$build/blank" cut "$function" "$source" ${header:+"$header"} >"$partial/$source" || exit 2
# What is built already for the tests need not be built again; make sees what is old.
if [ -d "$build/double" ]; then
    mkdir -p "$partial/$build"
    for made in double flags setup-test; do
        [ ! -e "$build/$made" ] || cp -Rp "$build/$made" "$partial/$build/"
    done
fi

# Without its body a function may make others run for ever: each test has 10 seconds of a processor's time.
makefile() { # makefile TESTS: a pattern of Criterion's
    cat <<END
# make: builds $chapter with your $function and runs the tests that need it.
MAKECMDGOALS := test
ifeq (\$(origin CC),default)
CC := ${CC:-cc}
endif
include Makefile
.DEFAULT_GOAL := try
.PHONY: try all-tests
try: \$(BUILD)/double/test-$chapter
	@ulimit -t \$(if \$(SANITIZE),60,10); \$< --jobs 1 --filter '$1'
	@echo 'done; compare with $source:$line'
all-tests: \$(BUILD)/double/test-$chapter
	@ulimit -t \$(if \$(SANITIZE),60,10); \$< --jobs 2 --quiet --tap=all-tests.tap >all-tests.log 2>&1 || true
END
}
# make, without what a make above this one passes on
plain_make() { MAKEFLAGS='' MFLAGS='' MAKELEVEL='' make --no-print-directory -C "$partial" "$@"; }

# ---- the tests that need it
echo "finding the tests that need $function ..."
makefile '*' >"$partial/GNUmakefile"
if ! plain_make all-tests >"$partial/all-tests.make" 2>&1; then
    say "without the body of $function the chapter's tests do not build:"
    grep -v '^  [a-z]' "$partial/all-tests.make" | head -n 5 >&2
    exit 1
fi
tests=$(sed -n 's/^not ok - \([^: ]*\)::\([^: ]*\).*/\1\/\2/p' "$partial/all-tests.tap" | sort -u)
if [ -z "$tests" ]; then
    say "no test of $chapter fails without $function: there is nothing to tell you when you are done"
    exit 1
fi
rm -f "$partial"/all-tests.*
makefile "@($(printf '%s\n' "$tests" | paste -sd'|' -))" >"$partial/GNUmakefile"
mv "$partial" "$out"
count=$(printf '%s\n' "$tests" | wc -l | tr -d ' ')
echo "edit   $shown/$source, line $line: $function"
echo "then   make -sC $shown   ($count of the chapter's tests need it)"
