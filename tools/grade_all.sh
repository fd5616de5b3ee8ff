#!/bin/sh
# sh tools/grade_all.sh MAKE SUBMISSIONS HOMEWORK...: grades a class.
#
#   SUBMISSIONS/anna/hw02.c      a folder per student, with any of the homework files in it
#   SUBMISSIONS/ben/hw02.c
#
# Writes SUBMISSIONS/grades.csv: a row per student, a column per problem and one for each homework's total, empty where a
# student handed nothing in. HOMEWORK... are the names, hw01 and so on. Each submission is compiled and run in a folder
# and a process of its own, each problem with the limits of time and memory that `make hwNN` has, and without a network
# where the system lets us take it away. A file that does not compile gets zeros, and is named on stderr. One whose grader
# did not get to its end has no marks, and is named too; the status is then 1.
set -u
if [ $# -lt 3 ]; then
    echo "usage: sh tools/grade_all.sh MAKE SUBMISSIONS HOMEWORK..." >&2
    exit 2
fi
make=$1 submissions=${2%/}
shift 2
if [ ! -d "$submissions" ]; then
    printf 'make grade: SUBMISSIONS=%s: expected a folder with a folder per student\n' "$submissions" >&2
    exit 2
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/grade.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM
mkdir "$work/marks" # STUDENT TAB HOMEWORK TAB PROBLEM TAB EARNED TAB POINTS, a file per submission

alone=
if unshare -rn true 2>/dev/null; then alone='unshare -rn'
else echo 'make grade: submissions can reach the network: unshare is missing or not permitted here' >&2; fi

# grade_one STUDENT HOMEWORK FILE
cat >"$work/grade_one" <<'EOF'
set -u
student=$1 homework=$2 file=$3
here=$(mktemp -d "$WORK/one.XXXXXX") || exit 1
$ALONE "$MAKE_PROGRAM" -s --no-print-directory "$homework" HW="$file" ARGS=--json GRADED_IN="$here" >"$here/json" 2>"$here/said" </dev/null
grep -q '^{"homework".*"points":[0-9]*}$' "$here/json" || {
    printf 'make grade: %s: no marks: %s\n' "$file" "$(tail -n 1 "$here/said")" >&2
    rm -rf "$here"
    exit 1
}
grep -q '"does-not-compile"' "$here/json" && printf 'make grade: %s: does not compile\n' "$file" >&2
sed 's/{"id":/\
&/g' "$here/json" | awk -v OFS='\t' -v student="$student" -v homework="$homework" '
    function number(key) {
        if (!match($0, "\"" key "\":[0-9]+")) return 0
        return substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3)
    }
    /^{"id":/ {
        match($0, /"id":"[^"]*"/)
        print student, homework, substr($0, RSTART + 6, RLENGTH - 7), number("earned"), number("points")
    }' >"$here/marks" && mv "$here/marks" "$WORK/marks/$student.$homework"
rm -rf "$here"
EOF
export WORK="$work" ALONE="$alone" MAKE_PROGRAM="$make"

: >"$work/jobs"
for folder in "$submissions"/*/; do
    [ -d "$folder" ] || continue
    student=$(basename "$folder")
    case $student in *[\"\'\\,\	]*)
        printf 'make grade: %s: no quotes, commas or tabs in the name of a folder\n' "$folder" >&2
        exit 2 ;;
    esac
    echo "$student" >>"$work/students"
    for homework in "$@"; do
        [ -f "$folder$homework.c" ] || continue
        file=$(cd "$folder" && pwd)/$homework.c
        printf '"%s" "%s" "%s"\n' "$student" "$homework" "$file" >>"$work/jobs"
    done
done
if [ ! -s "$work/jobs" ]; then
    printf 'make grade: %s: expected a folder per student with files such as %s.c\n' "$submissions" "$1" >&2
    exit 2
fi
xargs -P "$(getconf _NPROCESSORS_ONLN)" -n 3 sh "$work/grade_one" <"$work/jobs"

sort "$work/students" >"$work/order"
{ cat "$work"/marks/* 2>/dev/null | awk -F '\t' -v order="$work/order" -v names="$*" '
    {
        key = $2 "." $3
        if (!(key in seen)) { seen[key] = 1; problems[$2] = problems[$2] " " $3 }
        earned[$1, key] = $4; total[$1, $2] += $4; handed[$1, $2] = 1
    }
    END {
        count = split(names, homework, " ")
        line = "student"
        for (h = 1; h <= count; h++) {
            n[h] = split(problems[homework[h]], id, " ")
            for (p = 1; p <= n[h]; p++) { column[h, p] = homework[h] "." id[p]; line = line "," column[h, p] }
            if (n[h]) line = line "," homework[h]
        }
        print line
        while ((getline student < order) > 0) {
            line = student
            for (h = 1; h <= count; h++) {
                for (p = 1; p <= n[h]; p++) line = line "," earned[student, column[h, p]]
                if (n[h]) line = line "," (handed[student, homework[h]] ? total[student, homework[h]] + 0 : "")
            }
            print line
        }
    }' >"$submissions/grades.csv.new" && mv "$submissions/grades.csv.new" "$submissions/grades.csv"; } || {
    rm -f "$submissions/grades.csv.new"
    printf 'make grade: %s/grades.csv: not written\n' "$submissions" >&2
    exit 2
}
echo "make grade: $(wc -l <"$work/jobs") submissions of $(wc -l <"$work/order") students: $submissions/grades.csv"
marked=$(find "$work/marks" -type f | wc -l)
[ "$marked" -eq "$(wc -l <"$work/jobs")" ] || {
    echo "make grade: only $marked of them have marks: what is named above has empty columns" >&2
    exit 1
}
