#!/bin/sh
# sh test_pages.sh PROGRAM BUILD: page tables that a user gives, right and wrong.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tools/check_commands.sh"
cd "$work" || exit 1
"$program" paged-cache --texts 30 --order 7,6,5,4,3,2,1,0 >said && grep -q '8 claims, 0 failed' said
check 'pages from the last to the first'
# A lab's heading is printed already.
gives 'a page that is not there' 2 '~' 'entry 1: expected a page from 0 to 15, not 99' '"$program" paged-cache --order 0,99,2,3,4,5,6,7'
gives 'a page before the first' 2 '~' 'entry 7: expected a page from 0 to 15, not -1' '"$program" paged-cache --order 0,1,2,3,4,5,6,-1'
gives 'a page twice' 2 '~' 'page 3 is there twice' '"$program" paged-cache --order 3,1,2,3,4,5,6,7'
gives 'too few pages' 2 '~' 'expected 8 pages' '"$program" paged-cache --order 0,1'
gives 'half a page' 2 '~' 'expected' '"$program" paged-cache --order 0.5,1,2,3,4,5,6,7'
gives 'a ring that does not close' 2 '~' 'expected a multiple of 8' '"$program" ring --tokens 50'
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
