#!/bin/sh
# sh tools/tests/test_grade.sh: a student's file may be called anything. It reaches the compiler by that name,
# and is itself never touched.
# shellcheck disable=SC2016  # dollars in quotes are meant
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
tree=$(mktemp -d) || exit 2
trap 'rm -rf "$tree"' EXIT
trap 'exit 1' HUP INT TERM
cd "$tree" || exit 2
passed=0 failed=0
mkdir -p ch01_tiny/homework 'else where'
echo grader >ch01_tiny/homework/grade_hw01.c
echo stubs >ch01_tiny/homework/hw01.c

verdict() { # verdict STATUS WHAT
    if [ "$1" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); printf "failed: %s\\n" "$2"; cat output; fi
}
grade() { sh "$root/tools/grade.sh" ch01_tiny grader grader-marks sh -c 'cp -- "$0" "$1"' >output 2>&1; }

# What make hands on is what was typed; then the compiler gets that file, whole.
for name in 'my hw01.c' "it's.c" 'a"b.c' 'a$b.c' 'a$(shell touch hit)$$b.c' 'a;touch hit;.c' 'a`touch hit`.c' \
    '-x.c' 'a*?[b].c' 'noending' 'a\b.c' '#a.c'; do
    env -u MAKEFLAGS -u MFLAGS make -s -C "$root" BUILD="$tree" --eval 'show-homework: ; @printf "%s\n" "$$HOMEWORK"' \
        show-homework HW="$name" >said 2>output
    [ "$(grep -vc '^make' said)" -eq 1 ] && [ "$(grep -v '^make' said)" = "$name" ]
    verdict $? "make hands on $name: $(cat said)"
    printf 'mine, %s\n' "$name" >"./$name"
    HOMEWORK=$name grade && [ "$(cat grader)" = "mine, $name" ] && [ "$(cat "./$name")" = "mine, $name" ]
    verdict $? "$name"
    printf 'there, %s\n' "$name" >"else where/$name"
    HOMEWORK=$name COURSE_FOLDER="$tree/else where" grade && [ "$(cat grader)" = "there, $name" ]
    verdict $? "$name, from another folder"
    HOMEWORK="$tree/else where/$name" COURSE_FOLDER=/nowhere grade && [ "$(cat grader)" = "there, $name" ]
    verdict $? "$name, from the root"
done
[ ! -e hit ] && [ ! -e "$root/hit" ]
verdict $? 'a name is not run'
HOMEWORK='' grade && [ "$(cat grader)" = stubs ]
verdict $? 'without a name, the stubs'
HOMEWORK=none.c grade
[ $? -eq 1 ] && [ ! -e grader ] && grep -q 'none.c: there is no such file' output
verdict $? 'a missing file: one line, and no old grader is left to run'
HOMEWORK='else where' grade
[ $? -eq 1 ] && grep -q 'no such file' output
verdict $? 'a folder'
rm ch01_tiny/homework/grade_hw01.c; HOMEWORK='' grade
[ $? -eq 1 ] && grep -q 'no homework yet' output
verdict $? 'a chapter without homework'

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
