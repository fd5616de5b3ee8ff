#!/bin/sh
# sh test_commands.sh PROGRAM BUILD: io and check, and what they say to bad input.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tools/check_commands.sh"
cd "$work" || exit 1
# ---- io: the formulas, by the shell's own arithmetic
N=128 d=8 M=512
for a in standard fa1 fa2; do
    "$program" io --algorithm $a --n $N --d $d --m $M --format tsv | tail -1 >row
    B=$((M / (4 * d))) T=$((N * 4 * d / M))
    case $a in
    standard) want=$((4 * N * N + 4 * N * d)) ;;
    fa1) want=$((2 * N * d + T * (3 * N * d + 4 * N) + N * d + 2 * N)) ;;
    fa2) want=$((2 * N * d + N + 2 * T * N * d)) ;;
    esac
    [ "$(cut -f 9 row)" = $want ] && [ "$(cut -f 10 row)" = $want ] &&
        [ $(($(cut -f 7 row) + $(cut -f 8 row))) = $want ]
    check "$a moves $want words: $(cat row)"
done
"$program" io --algorithm fa1 --n 128 --d 8 --m 512 --blocks fit --format tsv | tail -1 | awk -F '\t' '$11 <= 512 && $9 == $10' | grep -q fa1
check 'blocks that fit'
"$program" io --algorithm fa2 --memory lru --n 64 --d 16 --m 2048 | grep -q 'moved'
check 'a cache'
refuses 'blocks that do not fit' '20736 words of tiles at a time, more than --m 16384' io --algorithm fa1 --n 256 --d 64 --m 16384 --blocks 64,64
refuses 'nothing fits' 'not one row' io --algorithm fa2 --n 64 --d 64 --m 100 --blocks fit
refuses 'no tokens' 'expected a whole number' io --n 0
refuses 'no memory' 'expected a whole number' io --m 0
refuses 'a block of nothing' 'expected paper, fit or ROWS,COLS' io --blocks 0,4
refuses 'half a block' 'expected paper, fit or ROWS,COLS' io --blocks 4
refuses 'three blocks' 'expected paper, fit or ROWS,COLS' io --blocks 4,4,4
refuses 'an algorithm' 'expected one of standard, fa1, fa2' io --algorithm fa3
refuses 'too much' 'every word is moved' io --n 65536 --d 1024
refuses 'a spare word' "unexpected 'x'" io x
# ---- check
for options in '--t 5 --s 5' '--t 2 --s 5 --causal' '--t 5 --s 2 --causal' '--t 70 --s 130 --d 40 --causal --window 50' '--t 33 --s 65 --softcap 2'; do
    [ "$("$program" check $options --format tsv | awk -F '\t' 'NR > 1 && $2 < 2e-6 && $3 < 2e-5' | wc -l)" -eq 6 ]
    check "six versions, $options"
done
# five queries, two keys, causal: three rows see nothing, the fourth one key
"$program" check --t 5 --s 2 --causal --d 1 --dump . >/dev/null && [ "$(sed -n '2,4p' out.tsv | tr '\n' ' ')" = '0 0 0 ' ] &&
    [ "$(sed -n 2p lse.tsv)" = -inf ] && [ "$(sed -n 5p out.tsv)" = "$(sed -n 2p v.tsv)" ] &&
    [ "$(cat q.tsv | wc -l)" -eq 6 ]
check 'rows that see nothing'
refuses 'a folder that is not there' 'nowhere' check --dump nowhere
refuses 'no keys' 'expected a whole number' check --s 0
refuses 'one block' 'expected two numbers' check --blocks 4
# ---- bench: a line per version and pass, all of them right; what the versions need, in order
"$program" bench --n 200 --heads 4 --kv-heads 2 --dim 16 --causal --backward --rounds 1 --format tsv >rows
[ "$(cut -f 1,2 rows | tr '\t\n' '- ')" = 'version-pass table-forward table-backward blocked-forward fa1-forward fa2-forward fa2-backward fast-forward fast-backward ' ]
check "versions and passes: $(cut -f 1,2 rows | tr '\n' ' ')"
awk -F '\t' 'NR > 1 && !($3 > 0 && $4 > 0 && $5 >= 0 && $6 > 0 && $7 > 0 && $7 < 2e-6) { bad = 1 } END { exit bad || NR != 9 }' rows
check 'times, speeds, bytes and errors'
[ "$(awk -F '\t' '$1 == "table" && $2 == "forward" { print ($6 >= 4 * 4 * 200 * 200) }' rows)" = 1 ]
check 'the table is counted'
"$program" bench --n 100 --heads 2 --dim 8 --rounds 1 --most 0 | grep -q 'table     left out: its weights would be more than --most'
check 'a table that is too large'
[ "$("$program" bench --n 100 --heads 2 --dim 8 --rounds 1 --most 0 --format tsv | grep -c table)" = 0 ]
check 'nor is it in the tsv'
refuses 'heads that share nothing' 'expected a divisor of --heads 8' bench --kv-heads 3
refuses 'no tokens' 'expected a whole number' bench --n 0
refuses 'too many numbers' 'expected N H d below' bench --n 131072 --heads 256 --dim 512
refuses 'a spare word' "unexpected 'x'" bench x
# ---- sweep-blocks
[ "$("$program" sweep-blocks --n 48 --dim 8 --rounds 1 --format tsv --out . 2>/dev/null | cut -f 1,2 | head -4 | tr '\t\n' '- ')" = "block-bytes 4-$((4 * (4 * 4 * 8 + 16 + 16))) 6-$((4 * (4 * 6 * 8 + 36 + 24))) 8-$((4 * (4 * 8 * 8 + 64 + 32))) " ] &&
    [ "$(wc -l <sweep_blocks.tsv)" -eq 9 ]
check 'blocks and the bytes of their tiles'
refuses 'a folder that cannot be' '/dev/null' sweep-blocks --n 16 --rounds 1 --out /dev/null/x
refuses 'no rounds' 'expected a whole number' sweep-blocks --rounds 0
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
