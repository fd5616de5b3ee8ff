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
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
