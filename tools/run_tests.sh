#!/bin/sh
# sh tools/run_tests.sh BUILD FOLDER PART [COMPILER...]: one part of a folder's tests, a line of output, and all
# that it printed if it failed. The Makefile runs the parts side by side.
#
#   float, double   the Criterion tests
#   tour            the program's tour, one thread: every claim must hold
#   bits            the same with two threads, after it: the output must be the same, bit for bit
#   seed-2          the tour with another seed
#   test_NAME.sh    FOLDER/tests/test_NAME.sh PROGRAM BUILD
#   test_lecture.sh tools/tests/test_lecture.sh: the program that checks the lectures
#   homework        solution, stubs and planted mistakes (tools/check_homework.sh), built with COMPILER
set -u
build=$1 folder=$2 part=$3
shift 3
program=./$folder/$folder
log=$build/$folder.$part.log

# As many threads as a test asks for, whatever else the machine does (common/numeric/contention.h).
export OMP_DYNAMIC=false

tour() { # tour SEED THREADS
    "$program" --seed "$1" --threads "$2" --out "$build/plots-$folder-$1"
}

# The words ok and FAIL end a claim's row, once, and occur nowhere else; and the table of --claim knows
# which lab states what.
rows_in_order() { # rows_in_order TOUR CLAIMS.c
    awk -F'"' 'NR == FNR { known[$2 " " $4] = 1; next }
        { words = split($0, word, " "); marks = 0 }
        /^[0-9]+\.[0-9]+  .*\([a-z0-9-]+\)$/ { lab = word[words]; gsub(/[()]/, "", lab) }
        { for (i = 1; i <= words; i++) marks += word[i] == "ok" || word[i] == "FAIL" }
        marks && !(marks == 1 && /^  \[[0-9.]+\] .* (ok|FAIL)$/) { print "not a row of a claim: " $0; bad = 1 }
        marks { id = word[1]; gsub(/[][]/, "", id)
                if (!known[id " " lab]) { print "--claim " id " does not know the lab " lab; bad = 1 } }
        END { exit bad }' "$2" "$1"
}

run() {
    case $part in
    float | double) "$build/$part/test-$folder" --jobs 2 ;;
    tour) tour 1 1 && rows_in_order "$log" "$build/$folder-claims.c" ;;
    seed-2) tour 2 1 ;;
    bits) tour 1 2 >"$log.two" && cmp "$build/$folder.tour.log" "$log.two" &&
        echo 'the same output for 1 and 2 threads: 1 passed, 0 failed' ;;
    homework) sh tools/check_homework.sh "$folder" "$@" ;;
    test_lecture.sh) sh tools/tests/test_lecture.sh "$build/lecture" ;;
    *) sh "$folder/tests/$part" "$program" "$build" ;;
    esac
}

# Sanitizers look at memory: one tour shows it all, and takes its time.
case $build:$part in
*-sanitize*:bits | *-sanitize*:seed-2) run() { echo 'skipped: not under sanitizers'; } ;;
esac

run "$@" >"$log" 2>&1
status=$?
# Criterion does not look at how a test's process ends, where leaks are found.
if grep -q 'ERROR: LeakSanitizer' "$log"; then status=1; fi
last=$(grep -E '(^|[^0-9])[0-9]+ (passed|claims)|Synthesis|^skipped' "$log" | tail -n 1 |
    sed 's/\[[^]]*\] *//; s/; figures.*//')
if [ $status -ne 0 ]; then
    cat "$log"
    last=FAILED
fi
printf '%-18s %-24s %s\n' "$folder" "$part" "$last"
exit $status
