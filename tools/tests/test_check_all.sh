#!/bin/sh
# sh tools/tests/test_check_all.sh: what make check-all, which takes an hour, would only say at its end. The names that it
# knows are there: Criterion's in our small one, labs and commands under valgrind.
set -u
passed=0 failed=0
ok() { passed=$((passed + 1)); }
bad() { echo "$1"; failed=$((failed + 1)); }

small=tools/small_criterion/criterion/criterion.h
for name in $(grep -rhoE '\bcr_[a-z_]+' common/tests ch01_tokenizer/tests ch02_attention/tests | sort -u); do
    if grep -q "#define $name\b" $small; then ok; else bad "$small: no $name"; fi
done

# 'CHAPTER NAME ...' in quotes: each lab and command has a file of its name
for run in $(grep -oE "'ch[0-9]+_[a-z_]+ [a-z-]+" tools/check_all.sh | tr -d "'" | tr ' ' ':'); do
    chapter=${run%%:*} name=${run#*:}
    file=$(echo "$name" | tr - _).c
    if [ -f "$chapter/labs/$file" ] || [ -f "$chapter/commands/$file" ]; then ok
    else bad "tools/check_all.sh: $chapter has no $name"; fi
done
# What it says when a step goes wrong, in a folder of its own, with a make that does as its name says.
root=$PWD tree=$(mktemp -d) || exit 2
trap 'rm -rf "$tree"' EXIT
trap 'exit 1' HUP INT TERM
cd "$tree" || exit 2
printf '#!/bin/sh\necho "$@" >>asked\n' >works
printf '#!/bin/sh\ncase $* in *ch01*) ;; *) exit 1 ;; esac\n' >fails
printf '#!/bin/sh\ncase $* in *ch01*) ;; *) kill -9 $$ ;; esac\n' >dies
chmod +x works fails dies
mkdir ch01_tiny
says() { # says MAKE STATUS PATTERN STEP...
    with=$1 expected=$2 pattern=$3
    shift 3
    sh "$root/tools/check_all.sh" "./$with" "$@" >said 2>&1
    status=$?
    if [ $status -eq "$expected" ] && grep -q "$pattern" said; then ok; else bad "make $with, $*: status $status, $(cat said)"; fi
}
says works 0 '^check-all  serial  *[0-9]* s  ok$' serial
if [ "$(tail -n 1 asked)" = ch01 ]; then ok; else bad "the programs are not built again: $(cat asked)"; fi
says works 2 '^check-all: no step seriel: expected some of gcc clang ' serial seriel
if [ "$(wc -l <asked)" -eq 2 ]; then ok; else bad 'steps were begun before a name was looked at'; fi
says fails 1 '^check-all  serial  *[0-9]* s  FAIL: see build/check-all/serial.log$' serial
says dies 1 ' s  FAIL: ended by signal 9, see build/check-all/serial.log$' serial
rm -r build && : >build
says works 2 'build/check-all' serial

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
