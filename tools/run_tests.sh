#!/bin/sh
# sh tools/run_tests.sh BUILD FOLDER PART [COMPILER...]: one part of a folder's tests, a line of output, and all
# that it printed if it failed. The Makefile runs the parts side by side.
#
#   float, double   the Criterion tests
#   tour            the program's tour, one thread: every claim must hold
#   seed-2          the same with another seed, without the labs in FOLDER/tests/long.txt, which take more than
#                   four seconds each, unless SEEDS is full
#   bits            each lab with two threads, after the tour, which has one: the output must be the same, bit for
#                   bit. Labs with a line in FOLDER/tests/short.txt do less, with one and with two, unless BITS is full
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

# Every lab with another seed, or all but the long ones.
seed_2() {
    if [ "${SEEDS:-}" = full ] || [ ! -f "$folder/tests/long.txt" ]; then
        tour 2 1
        return
    fi
    wrong=0 left=0
    for lab in $("$program" --list | awk '{ print $2 }'); do
        if grep -qx "$lab" "$folder/tests/long.txt"; then
            left=$((left + 1))
        else
            "$program" "$lab" --seed 2 --threads 1 --out "$build/plots-$folder-2" || wrong=$?
        fi
    done >"$log.labs" 2>&1
    cat "$log.labs"
    awk -v left=$left '/^[0-9]+ claims, [0-9]+ failed/ { n += $1; failed += $3 }
        END { printf "%d claims, %d failed, %d long labs left to SEEDS=full\n", n, failed, left }' "$log.labs"
    return $wrong
}

# What a lab printed in the tour, without what tells labs apart from a tour.
of_tour() { # of_tour LAB
    awk -v lab="($1)" '/^[0-9]+\.[0-9]+  .*\([a-z0-9-]+\)$/ { in_it = $NF == lab } in_it' "$build/$folder.tour.log"
}
said() { grep -vE '^ *figure: |^[0-9]+ claims, ' "$1" | sed '/^$/d'; }

# A lab in short, with one thread and with two.
bits_in_short() { # bits_in_short LAB OPTION...
    lab=$1
    shift
    for threads in 1 2; do
        (cd "$out/$threads" && "$here/$program" "$lab" "$@" --threads $threads --out . >"$lab.txt" 2>&1)
        [ $? -le 1 ] || { echo "$lab ended badly"; cat "$out/$threads/$lab.txt"; wrong=$((wrong + 1)); }
    done
}
# A whole lab with two threads, against what the tour printed and left, which has one.
bits_of_tour() { # bits_of_tour LAB
    "$program" "$1" --seed 1 --threads 2 --out "$out/lab" >"$out/2/$1" 2>&1 || { echo "$1 failed"; wrong=$((wrong + 1)); }
    of_tour "$1" >"$out/1/$1"
    [ -s "$out/1/$1" ] || { echo "the tour has no $1"; wrong=$((wrong + 1)); }
    for threads in 1 2; do
        said "$out/$threads/$1" >"$out/$threads/$1.txt" && rm "$out/$threads/$1"
    done
    for left in "$out"/lab/*.tsv "$out"/lab/*.json; do
        [ ! -f "$left" ] || cmp "$left" "$build/plots-$folder-1/${left##*/}" || wrong=$((wrong + 1))
    done
    rm -rf "$out/lab"
}

# What a lab prints, and all numbers that it leaves: a last bit that differs shows in these after few steps, too.
bits() {
    out=$PWD/$build/bits-$folder here=$PWD wrong=0 labs=0
    rm -rf "$out"
    mkdir -p "$out/1" "$out/2"
    for lab in $("$program" --list | awk '{ print $2 }'); do
        labs=$((labs + 1)) short=
        if [ "${BITS:-}" != full ] && [ -f "$folder/tests/short.txt" ]; then
            short=$(sed -n "s/^$lab  *//p" "$folder/tests/short.txt")
        fi
        # shellcheck disable=SC2086 # options are words
        if [ -n "$short" ]; then bits_in_short "$lab" $short; else bits_of_tour "$lab"; fi
    done
    diff -r -x '*.svg' -x '*.gp' -I ': built without OpenMP: one thread$' "$out/1" "$out/2" || wrong=$((wrong + 1))
    [ $wrong -eq 0 ] && echo "the same output for 1 and 2 threads: $labs passed, 0 failed"
}

run() {
    case $part in
    float | double) "$build/$part/test-$folder" --jobs 2 ;;
    tour) tour 1 1 && rows_in_order "$log" "$build/$folder-claims.c" ;;
    seed-2) seed_2 ;;
    bits) bits ;;
    homework) sh tools/check_homework.sh "$folder" "$@" ;;
    test_lecture.sh) sh tools/tests/test_lecture.sh "$build/lecture" ;;
    *) sh "$folder/tests/$part" "$program" "$build" ;;
    esac
}

# Sanitizers look at memory: one tour shows it all, and takes its time.
case $build:$part in
*-sanitize*:bits | *-sanitize*:seed-2) run() { echo 'skipped: not under sanitizers'; } ;;
*-sanitize*:homework) export SANITIZED=yes ;;
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
    [ $status -le 128 ] || last="FAILED: ended by signal $((status - 128))"
fi
printf '%-18s %-24s %s\n' "$folder" "$part" "$last"
exit $status
