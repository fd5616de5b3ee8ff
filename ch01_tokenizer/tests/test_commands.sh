#!/bin/sh
# sh test_commands.sh PROGRAM BUILD: the commands on real files, and what they say to bad input.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tools/check_commands.sh"
cp "$here"/../../docs/ch01_tokenizer.md "$work/text" 2>/dev/null || cat "$here"/../*.c >"$work/text"
cat "$here"/../*.c >"$work/code"
cd "$work" || exit 1
# ---- what works
"$program" train --vocab 1000 --special '<|endoftext|>' -o m.bpe text code 2>/dev/null
check 'train'
"$program" encode --model m.bpe text >ids && "$program" decode --model m.bpe ids | cmp -s - text
check 'encode, decode: the same bytes'
"$program" encode --model m.bpe <text | cmp -s - ids && "$program" encode --model m.bpe - <text | cmp -s - ids
check 'standard input'
[ "$("$program" encode --model m.bpe text code | wc -l)" -eq 2 ]
check 'a line a file'
tr ' ' '\t' <ids | "$program" decode --model m.bpe | cmp -s - text
check 'any white space between ids'
head -c 100000 /dev/urandom >random
"$program" encode --model m.bpe random | "$program" decode --model m.bpe | cmp -s - random
check 'broken UTF-8 loses no byte'
: >empty
[ "$("$program" encode --model m.bpe empty)" = '' ] && "$program" decode --model m.bpe empty | cmp -s - empty
check 'empty text'
tr -d '\n' <code >line && "$program" encode --model m.bpe --threads 2 line | "$program" decode --model m.bpe | cmp -s - line
check 'one huge line'
[ "$(printf 'a<|endoftext|>' | "$program" encode --model m.bpe --allow-special)" = '97 999' ]
check 'special tokens'
[ "$("$program" inspect --model m.bpe | grep -vc '^#')" -eq 1000 ]
check 'inspect'
"$program" export --model m.bpe --format tiktoken -o m.tiktoken &&
    "$program" encode --model m.tiktoken --special '<|endoftext|>' text | cmp -s - ids
check 'export to tiktoken, the same ids'
"$program" export --model m.bpe --format gpt2 -o merges.txt &&
    "$program" encode --model merges.txt text | "$program" decode --model merges.txt | cmp -s - text &&
    [ "$("$program" encode --model merges.txt text | wc -w)" -eq "$(wc -w <ids)" ]
check 'export to GPT-2, as many tokens'
"$program" train --vocab 300 --pattern none -o n.bpe text 2>/dev/null && "$program" encode --model n.bpe text |
    "$program" decode --model n.bpe | cmp -s - text
check 'pattern none'
cat text | "$program" train --vocab 1000 --special '<|endoftext|>' -o p.bpe - code 2>/dev/null && cmp -s m.bpe p.bpe
check 'training twice gives the same file'
"$program" train --vocab 600 -o - text 2>/dev/null | head -1 | grep -q course-bpe
check 'a model on standard output'

# ---- what is refused
refuses 'missing file' 'nofile: No such file' encode --model m.bpe nofile
refuses 'missing model' 'nomodel: No such file' encode --model nomodel text
refuses 'no model named' 'model is needed' encode text
refuses 'a folder' 'Is a directory' encode --model m.bpe .
refuses 'empty model' 'empty: empty: expected\|empty:0: empty' encode --model empty text
refuses 'binary model' 'random:1: expected' encode --model random text
head -c 3000 m.bpe >cut.bpe
refuses 'model cut short' 'cut.bpe:[0-9]*: ' encode --model cut.bpe text
refuses 'bad pattern' 'pattern: missing .*<-- here' train --pattern '(a' -o x text
printf 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' >backtracks
refuses 'pattern that backtracks' 'pattern: gave up' train --pattern '(x+x+)+y|(a|aa)+$' -o x backtracks
refuses 'vocabulary too small' 'expected at least 257' train --vocab 256 --special a -o x text
refuses 'vocabulary not a number' 'expected a whole number' train --vocab many -o x text
refuses 'training on nothing' 'nothing to train on' train -o x empty
refuses 'no output named' '-o FILE' train text
refuses 'cannot be written' 'cannot be written' train -o none/x text
refuses 'unknown command' 'no lab or command' encoed
refuses 'unknown option' 'unknown option' encode --modell m.bpe
echo '97 5000' >bad
refuses 'id out of range' 'bad:1: id 5000' decode --model m.bpe bad
printf '97\n98 -1\n' >bad
refuses 'negative id' 'bad:2: expected ids' decode --model m.bpe bad
echo '97 99999999999999999999999' >bad
refuses 'absurd id' 'id 99999999999999999999' decode --model m.bpe bad
refuses 'not ids' 'text:1: expected ids' decode --model m.bpe text
[ ! -e x ] && [ -z "$(ls x.* 2>/dev/null)" ]
check 'nothing half-written'
if [ -w /dev/full ]; then
    "$program" encode --model m.bpe text >/dev/full 2>err
    [ $? -eq 2 ] && grep -q 'standard output: No space' err
    check 'full disk'
fi
# SIGPIPE: the reader has gone, and so do we, without a word
{ "$program" encode --model m.bpe random random random; echo $? >status; } 2>err | head -c 1 >/dev/null
[ "$(cat status)" -gt 128 ] && [ ! -s err ]
check 'closed pipe'
"$program" --data empty --out plots >out 2>err
[ $? -eq 2 ] && grep -q 'at least 1000 bytes' err
check 'a tour of too little text'

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
