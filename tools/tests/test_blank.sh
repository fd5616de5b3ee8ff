#!/bin/sh
# Every warm-up that a homework page names (make blank F=...): the tests that need the function fail without its
# body, and pass when it is back. Run by make test-homework, with BUILD and CC as for tools/blank.sh: the first one
# of each chapter, or with BLANK=all every one. (blank.sh has run all tests without the body, so that this is done
# again, as a student would, for the first one only.)
set -u

cd "$(dirname "$0")/../.."
work=$(mktemp -d "${TMPDIR:-/tmp}/blank.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM
passed=0
failed=0
ok() { # ok WHAT: the last command's status
    if [ $? -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL blank: $1"
    fi
}
# make as from a shell: what a make above this one passes on is not its concern
try() { MAKEFLAGS='' MFLAGS='' MAKELEVEL='' make -sC "$1" >"$work/tried" 2>&1; }
refused() { # refused STATUS WORDS FUNCTION
    sh tools/blank.sh "$3" "$work/refused" >"$work/said" 2>&1
    [ $? -eq "$1" ] && [ "$(wc -l <"$work/said")" -eq 1 ] && grep -q "$2" "$work/said" && [ ! -e "$work/refused" ]
    ok "$3: $(cat "$work/said")"
}

refused 2 'there is softmax_backward' softmax_bakward
refused 2 'no function zzzzzz' zzzzzz
refused 2 'say F=FILE:backward_row' backward_row
refused 2 'no function attention.c:utf8_decode' attention.c:utf8_decode
mkdir "$work/there"
sh tools/blank.sh softmax_backward "$work/there" >"$work/said" 2>&1
[ $? -eq 2 ] && grep -q 'is there already' "$work/said"
ok "a folder that is there: $(cat "$work/said")"

for chapter in ch[0-9][0-9]_*; do
    [ -f "$chapter/homework/README.md" ] || continue
    warm_ups=$(sed -n 's/.*make blank F=\([A-Za-z0-9_.:]*\).*/\1/p' "$chapter/homework/README.md")
    [ "$(echo "$warm_ups" | wc -w)" -ge 3 ]
    ok "$chapter names at least three warm-ups"
    [ "${BLANK:-}" = all ] || warm_ups=$(echo "$warm_ups" | head -n 1)
    for function in $warm_ups; do
        tree=$work/$function
        sh tools/blank.sh "$function" "$tree" >"$work/said" 2>&1
        ok "$function: $(cat "$work/said")"
        grep -q "^finding the tests that need .* \.\.\.$" "$work/said" && grep -q "^then   make -sC $tree " "$work/said"
        ok "$function: it says what it does, and the quiet command: $(cat "$work/said")"
        source=$(sed -n 's|^edit .*/\(ch[0-9][0-9]_[^/]*/[^,]*\),.*|\1|p' "$work/said")
        [ -n "$source" ] || continue
        contract=$(sed -n 's|^ *// Yours to write: the contract is in \(.*\)\.$|\1|p' "$tree/$source")
        [ -z "$contract" ] || grep -q "[ *]${function#*:}(" "$contract"
        ok "$function: the contract is in $contract"
        if [ "${BLANK:-}" = all ] || [ "$chapter" = "$(echo ch01_*)" ]; then
            ! try "$tree" && ! grep -q 'Passing: [1-9]' "$work/tried" && grep -q 'Tested: [1-9]' "$work/tried"
            ok "$function without its body: $(tail -n 3 "$work/tried")"
        fi
        cp "$source" "$tree/$source"
        try "$tree"
        ok "$function with its body: $(tail -n 3 "$work/tried")"
        tail -n 1 "$work/tried" | grep -q "^done; compare with $source:[0-9][0-9]*$" && ! grep -q directory "$work/tried"
        ok "$function when done: $(cat "$work/tried")"
        rm -rf "$tree"
    done
done

printf 'blank chapters     %-28s %d passed, %d failed\n' test_blank.sh "$passed" "$failed"
[ "$failed" -eq 0 ]
