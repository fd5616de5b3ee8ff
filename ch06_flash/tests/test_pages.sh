#!/bin/sh
# sh test_pages.sh PROGRAM BUILD: page tables that a user gives, right and wrong.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tools/check_commands.sh"
cd "$work" || exit 1
"$program" paged-cache --texts 30 --order 7,6,5,4,3,2,1,0 >said && grep -q '7 claims, 0 failed' said
check 'pages from the last to the first'
refuses 'a page that is not there' 'entry 1: expected a page from 0 to 15, not 99' paged-cache --order 0,99,2,3,4,5,6,7
refuses 'a page before the first' 'entry 7: expected a page from 0 to 15, not -1' paged-cache --order 0,1,2,3,4,5,6,-1
refuses 'a page twice' 'page 3 is there twice' paged-cache --order 3,1,2,3,4,5,6,7
refuses 'too few pages' 'expected 8 pages' paged-cache --order 0,1
refuses 'half a page' 'expected' paged-cache --order 0.5,1,2,3,4,5,6,7
refuses 'a ring that does not close' 'expected a multiple of 8' ring --tokens 50
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
