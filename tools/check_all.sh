#!/bin/sh
# sh tools/check_all.sh MAKE [STEP...]: the course on every kind of machine and compiler that this one can play.
# Without STEPs, all of them, which takes about an hour and a half on two processors:
#
#   gcc, clang     make test with that compiler
#   long           what make test does in short: every lab with another seed, and with one and two threads in full
#   serial         make test without OpenMP
#   sanitize       make test under AddressSanitizer and UBSan
#   O0             the tests of common and of chapters 1 to 3, not optimised
#   v2, v3         the same at ARCH=x86-64-v2 and -v3, and what a small model says is what it says here
#   valgrind       some labs of each chapter under valgrind: no bad read, no leak
#   m32            the tests of common and of chapters 1 and 2 as a 32-bit program
#   s390x          the same on a big-endian machine, in qemu
#   fuzz           make fuzz, FUZZ_SECONDS for each target
#
# A line per step: ok, FAIL and why, or skipped and what is missing. The last says how many of each; status 1 if any
# failed, 2 if it could not begin. What a step printed is in build/check-all/STEP.log. The programs in the chapters'
# folders are in the end what `make` builds.
set -u
make=${1:?usage: sh tools/check_all.sh MAKE [STEP...]}
shift
all='gcc clang long serial sanitize O0 v2 v3 valgrind m32 s390x fuzz'
# shellcheck disable=SC2086 # words
[ $# -gt 0 ] || set -- $all
for name; do
    case " $all " in *" $name "*) continue ;; esac
    echo "check-all: no step $name: expected some of $all" >&2
    exit 2
done
logs=build/check-all
{ mkdir -p "$logs" && true >"$logs/said"; } 2>/dev/null || { echo "check-all: $logs cannot be written: is the disk full?" >&2; exit 2; }
passed=0 failed=0 skipped=0
small='-Itools/small_criterion' # where there is no Criterion for the machine

missing=
have() { command -v "$1" >/dev/null 2>&1 || { missing=$2; return 1; }; }
compiles() { echo 'int main(void) { return 0; }' | "$@" -x c - -o /dev/null 2>/dev/null; }
suites() { # suites BUILD CHAPTER...: names of test programs
    for folder in common "$@"; do printf '%s/float/test-%s %s/double/test-%s ' "$build" "$folder" "$build" "$folder"; done
}
# in_parallel COMMAND WORDS...: runs COMMAND with each of the WORDS as its $1, as many at once as there are processors. Fails if
# any does; what one says stays together.
in_parallel() {
    command=$1
    shift
    # shellcheck disable=SC2016 # for the shell within
    printf '%s\0' "$@" | command=$command xargs -0 -n 1 -P "$(getconf _NPROCESSORS_ONLN)" \
        sh -c 'said=$(eval "$command" 2>&1); status=$?; printf "== %s\n%s\n" "$1" "$said"; exit $status' check-all
}
all_pass() { # all_pass RUNNER OPTIONS PROGRAM...
    tested="$1 \$1 $2"
    shift 2
    in_parallel "$tested" "$@"
}

# foreign VARIANT FOLDER RUNNER COMPILER INCLUDES ARCH FLAGS OPTIONS: builds our tests for a machine without libraries of ours,
# and runs them.
foreign() {
    build=build/$1 folder=build/$2 runner=$3 compiler=$4 includes=$5 arch=$6 flags=$7
    # shellcheck disable=SC2086 # a command and its options
    sh tools/pcre2.sh "$folder" $compiler
    case $? in 0) ;; 3) missing="the source of PCRE2, see $logs/$name.log"; return 1 ;; *) return 1 ;; esac
    ar rcs "$folder/libcriterion.a" && mkdir -p "$build" && touch "$build/setup-run" || return 1
    # shellcheck disable=SC2046 # words
    "$make" CC="$compiler" OPENMP=0 JSON='' MPI=0 ARCH="$arch" CPPFLAGS="$small -I$folder $includes" LDFLAGS="-L$folder" \
        EXTRA_CFLAGS="$flags" $(suites ch01_tokenizer ch02_attention) &&
        all_pass "$runner" "$8" $(suites ch01_tokenizer ch02_attention)
}

step() {
    case $1 in
    gcc) have gcc gcc && "$make" CC=gcc WERROR=1 test ;;
    clang) have clang clang && "$make" CC=clang WERROR=1 test ;;
    long)
        # shellcheck disable=SC2046 # words
        SEEDS=full BITS=full "$make" $(for c in ch[0-9][0-9]_*; do echo "row-${c%%_*}-seed-2 row-${c%%_*}-bits"; done) ;;
    serial) "$make" OPENMP=0 test ;;
    sanitize) "$make" SANITIZE=1 test ;;
    O0) "$make" OPT=-O0 test-common test-ch01 test-ch02 test-ch03 ;;
    v2 | v3)
        compiles "${CC:-cc}" "-march=x86-64-$1" || { missing="a compiler that knows x86-64-$1"; return 1; }
        "$make" ARCH="x86-64-$1" test-common test-ch01 test-ch02 test-ch03 && agree "x86-64-$1" ;;
    valgrind) have valgrind valgrind && under_valgrind ;;
    m32)
        compiles gcc -m32 || { missing='gcc-multilib, or gcc-12-multilib'; return 1; }
        foreign gcc-m32-x86-64-v3-serial m32 '' 'gcc -m32' '-idirafter /usr/include/x86_64-linux-gnu' x86-64-v3 -mfpmath=sse '' ;;
    s390x)
        cross=
        for version in '' -15 -14 -13 -12; do
            [ -n "$cross" ] || cross=$(command -v "s390x-linux-gnu-gcc$version")
        done
        [ -n "$cross" ] || { missing='a compiler for s390x (gcc-s390x-linux-gnu)'; return 1; }
        # what a crash looks like is the emulator's affair: not the suite about crashes
        have qemu-s390x qemu-user && foreign "$(basename "$cross")-z14-serial" s390x 'qemu-s390x -L /usr/s390x-linux-gnu' \
            "$(basename "$cross")" '' z14 '' '--without homework/' ;;
    fuzz) have clang clang && "$make" fuzz ;;
    esac
}

# The words that a trained model says do not depend on the processor's vectors.
agree() {
    "$make" ch03 && ch03_transformer/ch03_transformer run --checkpoint ch03_transformer/stories.ckpt --prompt 'One sunny morning' >"$logs/here" &&
        "$make" ARCH="$1" ch03 && ch03_transformer/ch03_transformer run --checkpoint ch03_transformer/stories.ckpt --prompt 'One sunny morning' >"$logs/there" &&
        cmp "$logs/here" "$logs/there"
}

under_valgrind() {
    # without OpenMP: its runtime keeps memory to the end. Valgrind knows no AVX-512.
    arch=native
    [ "$(uname -m)" != x86_64 ] || arch=x86-64-v3
    "$make" OPENMP=0 ARCH=$arch ch01 ch02 ch03 ch04 ch05 ch06 || return 1
    # shellcheck disable=SC2016 # for the shell within
    in_parallel 'valgrind -q --error-exitcode=9 --leak-check=full "./${1%% *}/${1%% *}" ${1#* }' \
        'ch01_tokenizer merges' 'ch01_tokenizer word-memory' 'ch02_attention backward' 'ch02_attention rope-relativity' \
        'ch03_transformer tape' 'ch03_transformer run --checkpoint ch03_transformer/stories.ckpt --steps 20' \
        'ch04_pretrain source markov --sample 3 --logprob' 'ch04_pretrain accumulation' 'ch05_sft_rlhf gae' \
        'ch05_sft_rlhf bradley-terry' 'ch06_flash recompute' 'ch06_flash paged-cache'
}

# why STATUS LOG: of a step that failed, what its log cannot say as well.
why() {
    if [ "$1" -gt 128 ]; then echo "ended by signal $(($1 - 128)), "
    elif grep -qs 'rror: .*No space left on device' "$2" || ! { date >"$logs/said"; } 2>/dev/null; then echo 'the disk is full, '
    elif grep -qsE '^Killed|Killed signal terminated' "$2"; then echo 'something was killed: out of memory? '; fi
}

trap 'echo "check-all: interrupted in $name, see $logs/$name.log" >&2; exit 130' HUP INT TERM
for name; do
    missing=
    begin=$(date +%s)
    step "$name" >"$logs/$name.log" 2>&1
    status=$?
    if [ $status -eq 0 ]; then result=ok passed=$((passed + 1))
    elif [ -n "$missing" ]; then result="skipped: $missing" skipped=$((skipped + 1))
    else result="FAIL: $(why $status "$logs/$name.log")see $logs/$name.log" failed=$((failed + 1)); fi
    printf 'check-all  %-10s %5d s  %s\n' "$name" $(($(date +%s) - begin)) "$result"
done
# shellcheck disable=SC2046 # words
"$make" $(for c in ch[0-9][0-9]_*; do echo "${c%%_*}"; done) >"$logs/said" 2>&1 || echo "check-all: the programs do not build, see $logs/said"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
