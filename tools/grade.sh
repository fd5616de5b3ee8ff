#!/bin/sh
# sh tools/grade.sh CHAPTER GRADER MARKS COMPILER...: compiles the student's file with its grader into GRADER. Where that
# fails and ARGS in the environment has --json, MARKS, the program that prints marks, says so to the script.
# The file's name comes from the environment, HOMEWORK, so that no shell and no make reads what is in it;
# without it, it is the chapter's own. In COURSE_FOLDER is where it was typed, if not here.
set -u
chapter=$1 grader=$2 marks=$3
shift 3
rm -f "$grader"
number=$(echo "$chapter" | cut -c3-4)
# a student's tree has the grader compiled
if [ ! -f "$chapter/homework/grade_hw$number.c" ] && [ ! -f "$chapter/homework/libgrader.a" ]; then
    echo "make hw$number: $chapter has no homework yet" >&2
    exit 1
fi
file=${HOMEWORK:-}
case $file in
'') file=$chapter/homework/hw$number.c ;;
/*) ;;
*) file=${COURSE_FOLDER:-.}/$file ;;
esac
if [ ! -f "$file" ] || [ ! -r "$file" ]; then
    printf 'make hw%s: %s: there is no such file\n' "$number" "$file" >&2
    exit 1
fi
"$@" "$file" "$grader" && exit 0
status=$?
rm -f "$grader"
case " ${ARGS:-} " in
*' --json '*)
    # shellcheck disable=SC2086 # they are words
    HOMEWORK_PROGRAM=$grader "$marks" $ARGS
    ;;
esac
exit "$status"
