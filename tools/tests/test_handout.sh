#!/bin/sh
# A student's tree (tools/handout.sh): it holds no solution, in no form, and it grades. Run by make test-homework.
# BUILD: what is built already, so that the tree need not compile everything again; CC: the compiler.
set -u

cd "$(dirname "$0")/../.."
work=$(mktemp -d "${TMPDIR:-/tmp}/handout.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM
tree=$work/tree
passed=0
failed=0
ok() { # ok WHAT: the last command's status
    if [ $? -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL handout: $1"
    fi
}

sh tools/handout.sh "$tree" >"$work/said" 2>&1
ok "handout.sh: $(cat "$work/said")"

none() { # none PATTERN: no such file in the tree
    [ -z "$(find "$tree" -path "$1" -print)" ]
    ok "there must be no $1"
}
none '*/homework/solution.c'
none '*/homework/mistakes*'
none '*/homework/grade*'
! grep -rqi 'for whoever teaches' "$tree"/ch*/homework
ok "a README has the teacher's part"
grep -q 'SANITIZE=1 hw01' "$tree/ch01_tokenizer/homework/README.md"
ok "the README does not tell of SANITIZE=1"

# Lines of the bodies in solutions and graders, long enough to mean something.
for source in ch*/homework/solution.c ch*/homework/grade_*.c; do
    grep '^ ' "$source" | sed 's/^ *//' | grep -v '^//\|^"' | awk 'length >= 36' |
        grep -vE '^(const|void|int|bool|real|double|struct) .*(,|\) \{)$' # the rest of a wrapped signature
done | sort -u >"$work/lines"
[ "$(wc -l <"$work/lines")" -gt 500 ]
ok "lines of the solutions were found"
# Stubs and contracts share signatures with them, and nothing else.
cat ch*/homework/hw*.[ch] | sed 's/^ *//' | sort -u >"$work/given"
comm -23 "$work/lines" "$work/given" >"$work/secret"
grep -rlIFf "$work/secret" "$tree"/ch*/homework >"$work/leaks"
[ ! -s "$work/leaks" ]
ok "lines of a solution are in $(head -n 3 "$work/leaks")"
# Elsewhere a chapter has a few lines that a solution has too; a whole function would have more.
grep -roIFf "$work/secret" --include='*.[ch]' --include='*.md' "$tree" | sort -u | cut -d : -f 1 | uniq -c |
    awk '$1 > 4 { print $2 }' >"$work/leaks"
[ ! -s "$work/leaks" ]
ok "much of a solution is in $(head -n 3 "$work/leaks")"

# As a student: the stubs, then a file of one's own.
[ -z "${BUILD:-}" ] || { mkdir -p "$tree/build" && cp -a "$BUILD" "$tree/build/"; }
grade() { # grade NN ARGUMENTS: what make says, without its own steps
    # from within make, its flags and targets must not reach this one
    (cd "$tree" && MAKEFLAGS='' MAKELEVEL='' make --no-print-directory CC="${CC:-cc}" "hw$1" "${2:-X=}" "ARGS=${3:-}" 2>&1) |
        grep -v '^  [a-z]'
}
mine="my homework's \$1.c"
for chapter in ch*; do
    [ -f "$chapter/homework/solution.c" ] || continue
    number=$(expr "$chapter" : 'ch\([0-9]*\)')
    grade "$number" >"$work/said"
    grep -q "^hw$number: 0/[1-9]" "$work/said" && grep -q 'not done yet' "$work/said"
    ok "hw$number with the stubs: $(cat "$work/said")"
    sed "s/^\/\/ The solution of/\/\/ mine:/" "$chapter/homework/solution.c" >"$tree/$mine"
    grade "$number" "HW=$mine" >"$work/said"
    grep -q "^hw$number: \([1-9][0-9]*\)/\1\$" "$work/said"
    ok "hw$number with a student's file: $(cat "$work/said")"
    grade "$number" "HW=$mine" --json | tail -n 1 >"$work/said"
    if command -v python3 >/dev/null; then
        python3 -c 'import json, sys; said = json.load(sys.stdin); sys.exit(said["earned"] != said["points"])' <"$work/said"
        ok "hw$number --json: $(cat "$work/said")"
    fi
done

# Marks are not the student's to print: not before main, not from within the C library; and what does not compile
# has a line for scripts, too.
said='{"homework":"hw01","problems":[],"earned":100,"points":100}'
quoted=$(printf '%s' "$said" | sed 's/"/\\"/g')
cat >"$work/early.c" <<END
#include <stdio.h>
#include <unistd.h>
__attribute__((constructor)) static void forge(void) { puts("$quoted"), fflush(stdout), _exit(0); }
#include "ch01_tokenizer/homework/hw01.c"
END
cat >"$work/instead.c" <<END
#include <stdio.h>
#include <unistd.h>
pid_t fork(void) { puts("$quoted"), fflush(NULL), _exit(0); }
pid_t waitpid(pid_t child, int *status, int options) { (void)child, (void)status, (void)options; return fork(); }
#include "ch01_tokenizer/homework/hw01.c"
END
echo 'int broken(' >"$work/broken.c"
for forged in early instead broken; do
    grade 01 "HW=$work/$forged.c" --json >"$work/said"
    [ "$(grep -c '^{"homework".*"earned":0,"points":[1-9][0-9]*}$' "$work/said")" -eq 1 ] && ! grep -qxF "$said" "$work/said"
    ok "hw01 --json of $forged.c: $(cat "$work/said")"
done
grep -q '"codes":\["does-not-compile"\]' "$work/said"
ok "a file that does not compile: $(cat "$work/said")"

# In a student's tree there is nothing to hand out, and nothing says that there is.
! grep -n 'make handout' "$tree/README.md" "$tree"/ch*/homework/README.md
ok "a page tells of make handout"
! (cd "$tree" && MAKEFLAGS='' make help) | grep 'make handout'
ok "make help tells of make handout"
MAKEFLAGS='' make help | grep -q 'make handout'
ok "make help does not tell the teacher of make handout"
cp tools/handout.sh "$tree/tools/"
sh "$tree/tools/handout.sh" "$work/again" >"$work/said" 2>&1
[ $? -eq 2 ] && grep -q "student's tree already" "$work/said" && [ ! -e "$work/again" ]
ok "a handout of a handout: $(cat "$work/said")"

printf 'handout            %-28s %d passed, %d failed\n' test_handout.sh "$passed" "$failed"
[ "$failed" -eq 0 ]
