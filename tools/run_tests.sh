#!/bin/sh
# sh tools/run_tests.sh BUILD FOLDER [HOMEWORK-COMPILER...]: every test of one folder, quietly unless it fails.
#   1. the Criterion tests, in float and in double
#   2. the program's tour, with two seeds and different numbers of threads: every claim must hold, and the same
#      seed must give the same output
#   3. the folder's own tests/test_*.sh (arguments: the program, the build folder)
#   4. the homework: solution, stubs and planted mistakes (tools/check_homework.sh)
set -u
build=$1 folder=$2
shift 2
log=$build/$folder.log
failed=0

step() { # step NAME COMMAND...: one line, and the whole output if it failed
    name=$1
    shift
    if "$@" >"$log" 2>&1; then
        printf '%-18s %-28s %s\n' "$folder" "$name" "$(grep -E '(^|[^0-9])[0-9]+ (passed|claims)|Synthesis' "$log" | tail -n 1 | sed 's/\[[^]]*\] *//; s/; figures.*//')"
    else
        cat "$log"
        printf '%-18s %-28s FAILED\n' "$folder" "$name"
        failed=1
    fi
}

tour() { # tour SEED THREADS
    "./$folder/$folder" --seed "$1" --threads "$2" --out "$build/plots-$folder-$1"
}

same_bits() {
    tour 1 1 >"$build/$folder.one" && tour 1 2 >"$build/$folder.two" && cmp "$build/$folder.one" "$build/$folder.two" &&
        echo 'the same output for 1 and 2 threads: 1 passed, 0 failed'
}
seed_2() { # what it printed, and its status
    wait "$seed_2_process"
    status=$?
    cat "$build/$folder.seed2"
    return $status
}

for precision in float double; do
    if [ -x "$build/$precision/test-$folder" ]; then
        step "tests, $precision" "$build/$precision/test-$folder" --jobs 2
    fi
done
if [ -x "$folder/$folder" ]; then
    tour 2 1 >"$build/$folder.seed2" 2>&1 & # beside the others: one thread, one core
    seed_2_process=$!
    step 'tour, seed 1, bits' same_bits
    step 'tour, seed 2' seed_2
fi
for script in "$folder"/tests/test_*.sh; do
    [ -f "$script" ] && step "$(basename "$script")" sh "$script" "./$folder/$folder" "$build"
done
if [ -f "$folder/homework/solution.c" ]; then
    step 'homework' sh tools/check_homework.sh "$folder" "$@"
fi
exit $failed
