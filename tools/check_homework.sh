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
#   mistakes/*.c  each loses exactly its problem's points, and is named: the cause says so and has a code,
#                 the symptom is there and does not say it. Its first line says which and how:
#                     // loses: 2, says: unscaled
#                     // loses: 2, says: unscaled, keeps: 15
#                 A crash or a time-out has no cause but a symptom; then `says` is looked for there.
#                 With SANITIZED in the environment those with a line "// (Not under sanitizers: ...)" are left out:
#                 these have no limit of memory, and end a program that reads what was freed.
#   README.md     has each problem's difficulty, time and points as the grader has them
#
# Prints a line for each file, then "N passed, N failed"; exit status 1 if any failed, 2 if it could not start.
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

# Of the grader's JSON, "id TAB earned TAB points TAB symptom TAB cause TAB codes" for each problem.
lines() {
    sed 's/{"id":/\
&/g' "$work/printed" | awk '
        function text(key,    at) { # the string of a key, its escapes undone
            if (!match($0, "\"" key "\":\"([^\"\\\\]|\\\\.)*\"")) return ""
            at = RSTART + length(key) + 4
            at = substr($0, at, RSTART + RLENGTH - 1 - at)
            gsub(/\\"/, "\"", at)
            gsub(/\\\\/, "\\", at)
            return at
        }
        function number(key) {
            match($0, "\"" key "\":[0-9]+")
            return substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3)
        }
        /^{"id":/ {
            match($0, /"codes":\[[^]]*\]/)
            codes = substr($0, RSTART + 9, RLENGTH - 10)
            gsub(/"/, "", codes)
            printf "%s\t%s\t%s\t%s\t%s\t%s\n", text("id"), number("earned"), number("points"),
                text("symptom"), text("cause"), codes
        }'
}

# What is wrong with the lines of a solution, of stubs, of a mistake; nothing if all is as it should be.
judge() {
    awk -F '\t' -v kind="$1" -v loses="$2" -v says="$3" -v keeps="$4" '
        function wrong(what) { print "    problem " $1 ": " $2 "/" $3 "  " $4 " | " $5 " [" $6 "]  <- " what }
        kind == "stubs" {
            if ($2 != 0) wrong("a stub must get no points")
            else if (index($4, "not done yet") != 1 || $6 != "todo") wrong("a stub must be \"not done yet\"")
        }
        kind == "mistake" && $1 == loses {
            found = 1
            if (keeps + 0 >= $3) wrong("a mistake must lose points")
            else if ($2 != keeps) wrong("must get " keeps)
            else if (index($5 != "" ? $5 : $4, says) == 0) wrong("must say \"" says "\"")
            else if ($4 == "" || ($5 != "" && index($4, says))) wrong("the symptom must not be the cause")
            else if ($6 == "" || $6 ~ /wrong|todo/) wrong("a mistake must have a code")
            next
        }
        kind != "stubs" {
            if ($2 != $3) wrong("must get full points")
            else if ($4 != "" || $5 != "") wrong("must not have a hint")
        }
        END {
            if (NR == 0) print "    the grader printed no problem"
            else if (kind == "mistake" && !found) print "    there is no problem " loses
        }' "$work/lines"
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
    "$work/grader" --json >"$work/printed" 2>"$work/errors" </dev/null
    status=$?
    expected=1
    [ "$kind" = solution ] && expected=0
    lines >"$work/lines"
    wrong=$(judge "$kind" "$loses" "$says" "$keeps")
    # "65/100", and for a mistake "  (2: what is said of it)"
    said=$(awk -F '\t' -v id="$loses" '
        { earned += $2; points += $3 }
        $1 == id { said = "  (" $1 ": " ($5 != "" ? $5 : $4) ")" }
        END { print earned + 0 "/" points + 0 said }' "$work/lines")
    if [ -n "$wrong" ]; then
        fail "${said%%  *}"
        echo "$wrong"
    elif [ "$status" -ne "$expected" ]; then
        fail "the grader's exit status is $status, not $expected"
        sed 's/^/    /' "$work/errors"
    else
        passed=$((passed + 1))
        echo "ok   $file: $said"
    fi
}

# README.md has a row for each problem: | 1 | title | ... | difficulty | 40 min | points |
check_readme() {
    file=$homework/README.md
    # "  1        Attention sink: 15 points, easy, 40 min"
    missing=$("$work/grader" --help | sed -n 's/^  \([0-9a-z]*\)  *\(.*\): \([0-9]*\) points, \(.*\), \([0-9]*\) min$/| \1 | \2 |\t| \4 | \5 min | \3 |/p' |
        while IFS='	' read -r begins ends; do
            grep -F "$begins" "$file" | grep -qF "$ends" || echo "    no row $begins ... $ends"
        done)
    if [ -n "$missing" ]; then
        fail "its table is not the grader's"
        echo "$missing"
    else
        passed=$((passed + 1))
    fi
}

check solution "" "" 0 "$homework/solution.c" "$@"
check_readme
check stubs "" "" 0 "$homework/hw$number.c" "$@"

return=$(printf '\r') # at the end of a line that was written elsewhere
mistakes=0
for mistake in "$homework"/mistakes/*.c; do
    [ -f "$mistake" ] || continue
    mistakes=$((mistakes + 1))
    if [ -n "${SANITIZED:-}" ] && grep -q '^// (Not under sanitizers' "$mistake"; then
        echo "left $mistake: not under sanitizers"
        continue
    fi
    file=$mistake
    # "2 unscaled, keeps: 15"
    read -r first <"$mistake" # without the blanks around it
    first=${first%"$return"} keeps=0 loses='' says=''
    case $first in *', keeps: '*[0-9]) keeps=${first##*, keeps: } first=${first%, keeps: *} ;; esac
    case $first in '// loses: '*', says: '*) first=${first#// loses: } loses=${first%%,*} says=${first#*, says: } ;; esac
    if [ -z "$loses" ] || [ -z "$says" ]; then
        fail "the first line must read: // loses: 2, says: unscaled"
        continue
    fi
    check mistake "$loses" "$says" "$keeps" "$mistake" "$@"
done
if [ "$mistakes" -eq 0 ]; then
    file=$homework/mistakes
    fail "no planted mistakes"
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
