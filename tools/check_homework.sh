#!/bin/sh
# Proves a chapter's homework:  sh tools/check_homework.sh CHAPTER BUILD...
#
#   CHAPTER   the folder, such as ch02_attention
#   BUILD...  a command that, given two more arguments FILE.c and OUT, builds the grader with that homework
#             file into OUT. One word is taken as a line of shell. In a Makefile:
#
#       sh tools/check_homework.sh ch02_attention sh -c '$(CC) $(CFLAGS) -o "$$1" grader.o "$$0" $(LIBS)'
#
#   solution.c    must get full marks, without a hint
#   hw02.c        (the stubs) must get 0 points, every problem "not done yet"
#   mistakes/*.c  each loses exactly its problem's points, and is named. Its first line says which and how:
#                     // loses: 2, says: unscaled
#                     // loses: 2, says: unscaled, keeps: 15
#
# Prints a line a file, then "N passed, N failed"; exit status 1 if any failed, 2 if it could not start.
# How a mistake is written: common/program/homework.h.
set -u

if [ $# -lt 2 ]; then
    echo "usage: sh tools/check_homework.sh CHAPTER BUILD..." >&2
    exit 2
fi
chapter=${1%/}
shift
number=$(basename "$chapter" | sed -n 's/^ch\([0-9][0-9]\)_.*/\1/p')
homework=$chapter/homework
if [ -z "$number" ] || [ ! -d "$homework" ]; then
    echo "check_homework: $chapter: not a chapter with a homework folder" >&2
    exit 2
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/homework.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM
passed=0
failed=0

# build FILE: into $work/grader; what the compiler says is shown if it fails.
build() {
    file=$1
    shift
    rm -f "$work/grader"
    if [ $# -eq 1 ]; then
        sh -c "$1 \"\$@\"" build "$file" "$work/grader" >"$work/built" 2>&1
    else
        "$@" "$file" "$work/grader" >"$work/built" 2>&1
    fi && [ -x "$work/grader" ]
}

# A grader's line is: id, title, earned/points, hint. Titles hold no '/', so the first such field is it.
# This makes "id TAB earned TAB points TAB hint" of it.
lines() {
    awk '{
        for (i = 2; i <= NF; i++) if ($i ~ /^[0-9]+\/[0-9]+$/) break
        if (i > NF || $1 ~ /:$/) next
        split($i, points, "/")
        hint = ""
        for (j = i + 1; j <= NF; j++) hint = hint (j > i + 1 ? " " : "") $j
        printf "%s\t%s\t%s\t%s\n", $1, points[1], points[2], hint
    }' "$work/printed"
}

# What is wrong with the lines of a solution, of stubs, of a mistake; nothing if all is as it should be.
judge() {
    lines | awk -F '\t' -v kind="$1" -v loses="$2" -v says="$3" -v keeps="$4" '
        function wrong(what) { print "    problem " $1 ": " $2 "/" $3 "  " $4 "  <- " what }
        kind == "stubs" {
            if ($2 != 0) wrong("a stub must get no points")
            else if (index($4, "not done yet") != 1) wrong("a stub must be \"not done yet\"")
        }
        kind == "mistake" && $1 == loses {
            found = 1
            if (keeps + 0 >= $3) wrong("a mistake must lose points")
            else if ($2 != keeps) wrong("must get " keeps)
            else if (index($4, says) == 0) wrong("must say \"" says "\"")
            next
        }
        kind != "stubs" {
            if ($2 != $3) wrong("must get full points")
            else if ($4 != "") wrong("must not have a hint")
        }
        END {
            if (NR == 0) print "    the grader printed no problem"
            else if (kind == "mistake" && !found) print "    there is no problem " loses
        }'
}

fail() {
    failed=$((failed + 1))
    echo "FAIL $file: $1"
}

# check KIND LOSES SAYS KEEPS FILE BUILD...: builds, runs and judges one file.
check() {
    kind=$1 loses=$2 says=$3 keeps=$4 file=$5
    shift 5
    if ! build "$file" "$@"; then
        fail "does not build"
        sed 's/^/    /' "$work/built" | head -n 20
        return
    fi
    "$work/grader" >"$work/printed" 2>"$work/errors" </dev/null
    status=$?
    expected=1
    [ "$kind" = solution ] && expected=0
    wrong=$(judge "$kind" "$loses" "$says" "$keeps")
    total=$(tail -n 1 "$work/printed")
    if [ -n "$wrong" ]; then
        fail "$total"
        echo "$wrong"
    elif [ "$status" -ne "$expected" ]; then
        fail "the grader's exit status is $status, not $expected"
        sed 's/^/    /' "$work/errors"
    else
        passed=$((passed + 1))
        said=$(lines | awk -F '\t' -v id="$loses" '$1 == id { print "  (" $1 ": " $4 ")" }')
        echo "ok   $file: $total$said"
    fi
}

check solution "" "" 0 "$homework/solution.c" "$@"
check stubs "" "" 0 "$homework/hw$number.c" "$@"

mistakes=0
for mistake in "$homework"/mistakes/*.c; do
    [ -f "$mistake" ] || continue
    mistakes=$((mistakes + 1))
    file=$mistake
    first=$(head -n 1 "$mistake" | tr -d '\r')
    keeps=$(printf '%s\n' "$first" | sed -n 's/.*, keeps: *\([0-9][0-9]*\) *$/\1/p')
    first=$(printf '%s\n' "$first" | sed 's/, keeps: *[0-9][0-9]* *$//')
    loses=$(printf '%s\n' "$first" | sed -n 's|^// loses: *\([^, ]*\), says: .*|\1|p')
    says=$(printf '%s\n' "$first" | sed -n 's|^// loses: *[^, ]*, says: *\(.*[^ ]\) *$|\1|p')
    if [ -z "$loses" ] || [ -z "$says" ]; then
        fail "the first line must read: // loses: 2, says: unscaled"
        continue
    fi
    check mistake "$loses" "$says" "${keeps:-0}" "$mistake" "$@"
done
if [ "$mistakes" -eq 0 ]; then
    file=$homework/mistakes
    fail "no planted mistakes"
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
