#!/bin/sh
# sh tools/tests/test_grade_all.sh: a class's submissions, and what becomes of them. The make that grades one is
# played by a script here, which gives the points that a file asks for.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
tree=$(mktemp -d) || exit 2
trap 'rm -rf "$tree"' EXIT
trap 'exit 1' HUP INT TERM
cd "$tree" || exit 2
passed=0 failed=0

verdict() { # verdict STATUS WHAT
    if [ "$1" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); printf "failed: %s\\n" "$2"; cat output; fi
}
cat >fake_make <<'E2'
#!/bin/sh
for word in "$@"; do case $word in HW=*) file=${word#HW=} ;; hw*) homework=$word ;; GRADED_IN=*) folder=${word#GRADED_IN=} ;; esac; done
[ -d "$folder" ] || exit 1
grep -c : /proc/net/dev >>"$TREE/networks"
[ "$(cat "$file")" != silent ] || { echo 'the grader is gone' >&2; exit 2; }
grep -q cut "$file" && { printf '{"homework":"%s","problems":[{"id":"1","points":20,"earned":20,"codes":[]}' "$homework"; exit 2; }
codes='"codes":[]'
[ "$(cat "$file")" != broken ] || codes='"codes":["does-not-compile"]'
printf '{"homework":"%s","problems":[' "$homework"
printf '{"id":"1","title":"One, \\"quoted\\"","points":20,"earned":%d,%s},' "$(sed -n 's/^one //p' "$file")" "$codes"
printf '{"id":"2b","title":"Two","points":15,"earned":%d,%s}],"earned":0,"points":35}\n' "$(sed -n 's/^two //p' "$file")" "$codes"
E2
chmod +x fake_make
export TREE="$tree"
grade() { sh "$root/tools/grade_all.sh" "$tree/fake_make" "$1" hw01 hw02 hw03 >output 2>&1; }

mkdir -p class/anna 'class/ben c' class/dora class/eve
printf 'one 20\ntwo 15\n' >class/anna/hw01.c
printf 'one 3\n' >class/anna/hw02.c
printf 'two 7\n' >'class/ben c/hw02.c'
echo broken >class/dora/hw01.c
echo notes >class/notes.txt
grade class
verdict $? 'a class'
cat >want <<'E2'
student,hw01.1,hw01.2b,hw01,hw02.1,hw02.2b,hw02
anna,20,15,35,3,0,3
ben c,,,,0,7,7
dora,0,0,0,,,
eve,,,,,,
E2
cmp -s want class/grades.csv
verdict $? "a row per student, a column per problem of what was handed in: $(cat class/grades.csv)"
grep -q 'class/dora/hw01.c: does not compile' output && ! grep -q 'anna' output
verdict $? 'what does not compile is named'
grep -q '4 submissions of 4 students' output
verdict $? 'how many there were'
if unshare -rn true 2>/dev/null; then [ "$(sort -u networks)" = 1 ]; else grep -q 'can reach the network' output; fi
verdict $? 'a submission has no network but its own loop, or it is said'

echo silent >class/eve/hw02.c
grade class
[ $? -eq 1 ] && grep -q 'eve/hw02.c: no marks: the grader is gone' output && grep -q 'only 4 of them have marks' output && grep -q '^eve,,,,,,$' class/grades.csv
verdict $? 'a grader that says nothing is not taken for zero points'
echo 'one 20' >class/eve/hw02.c && echo 'cut' >>class/eve/hw02.c
grade class
[ $? -eq 1 ] && grep -q 'eve/hw02.c: no marks' output && grep -q '^eve,,,,,,$' class/grades.csv
verdict $? 'nor one that was cut short'
rm class/eve/hw02.c
mkdir class/grades.csv.new
cp class/grades.csv before
grade class
[ $? -eq 2 ] && cmp -s before class/grades.csv && grep -q 'grades.csv: not written' output
verdict $? 'a table that cannot be written leaves the one before'
rmdir class/grades.csv.new
for none in nowhere fake_make ''; do
    grade "$none"
    [ $? -eq 2 ] && [ "$(wc -l <output)" -eq 1 ] && grep -q 'expected a folder' output
    verdict $? "SUBMISSIONS=$none"
done
mkdir empty
grade empty
[ $? -eq 2 ] && grep -q 'files such as hw01.c' output && [ ! -e empty/grades.csv ]
verdict $? 'nobody handed anything in'
mkdir -p 'odd/a"b' && echo 'one 1' >'odd/a"b/hw01.c'
grade odd
[ $? -eq 2 ] && grep -q 'no quotes' output
verdict $? 'a name that a table cannot hold'

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
