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
"$program" export --model m.bpe --format tiktoken -o m.tiktoken 2>/dev/null &&
    "$program" encode --model m.tiktoken --special '<|endoftext|>' text 2>/dev/null | cmp -s - ids
check 'export to tiktoken, the same ids'
"$program" export --model m.bpe --format gpt2 -o merges.txt &&
    "$program" encode --model merges.txt text | "$program" decode --model merges.txt | cmp -s - text &&
    [ "$("$program" encode --model merges.txt text | wc -w)" -eq "$(wc -w <ids)" ]
check 'export to GPT-2, as many tokens'
"$program" train --vocab 300 --pattern gpt2 -o g.bpe text 2>/dev/null
"$program" export --model g.bpe --format gpt2 -o g.txt 2>err &&
    [ "$(cat err)" = 'ch01_tokenizer: 256 of the 256 bytes have other ids in this format: byte 97 has 64, in the model 97' ]
check "export to GPT-2 says that it renumbers bytes: $(cat err)"
[ "$(echo abc | "$program" encode --model g.txt)" = "$(echo abc | "$program" encode --model g.bpe |
    sed 's/97 98 99 10/64 65 66 198/')" ] && "$program" export --model g.txt --format gpt2 -o h.txt 2>err && [ ! -s err ]
check "export to GPT-2 of what has its order: $(cat err)"
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
refuses 'empty model' 'empty: empty: expected' encode --model empty text
refuses 'binary model' 'random.*: expected' encode --model random text
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

# ---- special tokens of the training text are no text
i=0
while [ $i -lt 1000 ]; do printf 'ab<|endoftext|>'; i=$((i + 1)); done >special
"$program" train --vocab 300 --special '<|endoftext|>' -o s.bpe special 2>/dev/null &&
    [ "$(grep '^merge' s.bpe)" = 'merges 1
merge 97 98 1000 256 "ab"' ]
check 'special tokens are not merged'

# ---- command lines: name, status, stdout, stderr, command
m='"$program" encode --model m.bpe'
printf '97\n\n98\n\n\n99 x\n' >lines
printf '98' >good
gives 'the file that failed, not the first' 2 '' '^ch01_tokenizer: lines:6: expected ids' \
    '"$program" decode --model m.bpe good lines'
gives 'the missing file, not the first' 2 '' '^ch01_tokenizer: nofile: ' "$m text nofile"
gives 'the text that the pattern gives up on' 2 '' '^ch01_tokenizer: backtracks: pattern' \
    "$m --pattern '(x+x+)+y|(a|aa)+\$' good backtracks"
gives 'training: the file that failed' 2 '' '^ch01_tokenizer: backtracks: pattern' \
    '"$program" train --pattern "(x+x+)+y|(a|aa)+$" -o x good backtracks'
printf 'course-bpe 1\n\npattern gpt2\n\n\nmerges x\n' >gaps
gives 'empty lines are counted' 2 '' 'gaps:6: expected .merges NUMBER' '"$program" encode --model gaps text'
for id in 4294967393 18446744073709551713 99999999999999999999999999999999 2097152; do
    gives "id $id does not wrap" 2 '' "standard input:1: id ${id%"${id#????????????????????}"}" \
        "echo $id | \"\$program\" decode --model m.bpe"
done
gives 'leading zeros' 0 a - 'echo 00000000000000000000000000097 | "$program" decode --model m.bpe'
if [ -w /dev/full ]; then
    for command in 'encode --model m.bpe text' 'decode --model m.bpe ids' 'inspect --model m.bpe' \
        'export --model m.bpe --special x -o -' 'show --model m.bpe word'; do
        gives "full disk: $command" 2 '' 'standard output: ' "\"\$program\" $command >/dev/full"
    done
fi
gives 'the pattern of unknown ranks' 0 '97' 'm.tiktoken: .* gpt2, which --pattern' \
    'printf a | "$program" encode --model m.tiktoken'
gives 'no word when it is chosen' 0 '97' - 'printf a | "$program" encode --model m.tiktoken --pattern cl100k_base'
gives 'a pattern that is not there' 2 '' 'cl100k, o200k, none' "$m --pattern o300k text"
gives 'version' 0 '~' - '"$program" --version'
"$program" --version | grep -q 'Unicode [1-9][0-9]*\.'
check 'the version of Unicode is named'

gives 'ids of lines that end as on Windows' 0 ab - 'printf "97\r\n98\r\n" | "$program" decode --model m.bpe'
gives 'the last id is named' 2 '' 'id 1000: .* 0 to 999' 'echo 1000 | "$program" decode --model m.bpe'
gives 'special tokens in every file' 0 '999
999' - 'printf "<|endoftext|>" >s1; cp s1 s2; "$program" encode --model m.bpe --allow-special s1 s2'
"$program" inspect --model s.bpe | tail -n 2 >out
[ "$(tr '\t' ' ' <out)" = '256 97 98 1000 "ab"
257 - - - "<|endoftext|>" special' ]
check 'inspect: parts, count, text'
refuses 'inspect: a file' "unexpected 'text'" inspect --model m.bpe text
refuses 'export: a file' "unexpected 'text'" export --model m.bpe -o x text
refuses 'a vocabulary too large' 'from 1 to 2097152' train --vocab 2097153 -o x text
printf 'course-bpe 1\npattern gpt2\nmerges 1\nmerge 97 98 9223372036854775807\nend\n' >huge &&
    [ "$("$program" inspect --model huge | tail -n 1 | cut -f 4)" = 9223372036854775807 ]
check 'a count of 63 bits'
for line in 'merge 97 98 9223372036854775808' 'merge 97x98 3' 'merge 97 98 3x' 'merge 97 98' 'merge 97  98 3' 'merge -1 98 3'; do
    printf 'course-bpe 1\npattern gpt2\nmerges 1\n%s\nend\n' "$line" >damaged
    refuses "our own: $line" "damaged:4: expected 'merge LEFT RIGHT COUNT'" encode --model damaged text
done
refuses 'a special token of two lines' 'on one line' train --special 'a
b' -o x text
refuses 'an empty special token' 'on one line' train --special '' -o x text
printf abab >short
gives 'fewer merges than were asked for' 0 '' 'a vocabulary of 258, not 300' \
    '"$program" train --vocab 300 -o x short 2>err3; grep vocabulary err3 >&2'
gives 'bytes of all files' 0 '' ' from 12 bytes' '"$program" train --vocab 257 -o x short short short'
gives 'as many as were asked for' 0 '' '^ch01_tokenizer: 257 ids from 4 bytes: 2.000 bytes per token' \
    '"$program" train --vocab 257 -o x short'
rm -f x
sed "s/\$/$(printf '\r')/" m.bpe >windows.bpe && sed "s/\$/$(printf '\r')/" m.tiktoken >windows.tiktoken
"$program" encode --model windows.bpe text | cmp -s - ids &&
    "$program" encode --model windows.tiktoken text 2>/dev/null | cmp -s - ids
check 'vocabularies whose lines end as on Windows'

# ---- what is no vocabulary
model() { # model NAME MESSAGE: the file `foreign` as a model
    refuses "$1" "foreign.*$2" encode --model foreign text
}
printf '\357\273\277IQ== 0\n' >foreign && model 'a byte-order mark' 'byte-order mark'
printf 'version https://git-lfs.github.com/spec/v1\n' >foreign && model 'a Git LFS pointer' 'Git LFS pointer'
printf '<!DOCTYPE html>\n' >foreign && model 'a web page' 'HTML'
for page in '<?xml version="1.0"?>' '<html>' '<HTML><BODY>' '<!-- x -->'; do
    printf '%s\n' "$page" >foreign && model "a web page, $page" 'HTML'
done
for json in '{"a": 1}' '{  "a": 1}' '[{"a": 1}]' '[
1]'; do
    printf '%s\n' "$json" >foreign && model "JSON, $json" 'JSON.*merges.txt'
done
printf 'PK\003\004x' >foreign && model 'ZIP' 'ZIP archive'
printf 'I\000Q\000' | sed 's/^/\xfe\xff/' >foreign && model 'UTF-16, the other way round' 'UTF-16'
printf '{\n  "version": "1.0"\n' >foreign && model 'JSON' 'JSON.*merges.txt'
printf '\037\213\010x' >foreign && model 'gzip' 'gunzip'
printf 'I\000Q\000' | sed 's/^/\xff\xfe/' >foreign && model 'UTF-16' 'UTF-16'
printf 'IQ==\t0\n' >foreign && model 'a tab' ':1: .*a tab'
printf 'IQ==  0\n' >foreign && model 'two blanks' ':1: .*two blanks'
printf 'IQ 0\n' >foreign && model 'base64 without padding' ':1: .*padding'
printf 'IQ== 0\nIg== 1\nIw 2\n' >foreign && model 'padding missing further on' ':3: .*padding'
printf 'IQ== 0\nIg== 1x\n' >foreign && model 'no whole number' ':2: expected .BASE64 RANK'
printf 'IQ== 0\nIg== 1 x\n' >foreign && model 'more than a rank' ':2: expected .BASE64 RANK'
printf '\n\016\n\005<unk>\025\000\000\000\000\030\002\n\012' >foreign && model 'SentencePiece' 'SentencePiece'
printf 'YWI= 0\n' >foreign && model 'a vocabulary without a byte' ': the byte 0x00 has no token'
printf 'A dark night it was.\n' >foreign && model 'a story that begins with one letter' ':1: expected a vocabulary'
printf 'It was a dark night.\n' >foreign && model 'a story' ':1: expected a vocabulary'

# ---- export's advice, followed
advice() { # advice NAME FORMAT MODEL: the ids of `text` and the special token, by the written file
    "$program" export --model "$3" --format "$2" -o out.model 2>err
    options=$(sed -n 's/.*pass with it://p' err)
    "$program" encode --model "$3" --allow-special tricky | wc -w >want
    eval "\"\$program\" encode --model out.model --allow-special $options tricky" 2>err2 | wc -w | cmp -s - want
    check "$1 ($options: $(cat err2))"
}
cat text code >both
quoted="'s| ?[a-z]+|\\d\$(echo)|\"| |[^a-z]"
for special in '<|endoftext|>' "<|x'y|>" 'endoftext'; do
    printf '%s' "it's $special a \\d" >tricky
    "$program" train --vocab 700 --special "$special" --pattern "$quoted" -o q.bpe both 2>/dev/null
    advice "export: $special to tiktoken" tiktoken q.bpe
    "$program" train --vocab 700 --special "$special" -o q.bpe both 2>/dev/null
    advice "export: $special to GPT-2" gpt2 q.bpe
done

# what the file has already is not listed again
"$program" train --vocab 700 --special '<|endoftext|>' --special '<|more|>' -o q.bpe both 2>/dev/null
"$program" export --model q.bpe --format gpt2 -o out.model 2>err && grep -q "pass with it: --special '<|more|>'\$" err
check 'export: only what is missing'
gives 'two special tokens follow each other' 0 '699 700' - \
    'printf "<a><b>" | "$program" encode --model out.model --special "<a>" --special "<b>" --allow-special'

# ---- show
NO_COLOR=1
export NO_COLOR
gives 'show' 0 "i·t|'·s
105·116|39·115" - '"$program" train --vocab 256 -o b.bpe text 2>/dev/null
    "$program" show --model b.bpe "it'"'"'s"'
"$program" show --model m.bpe --file text | sed -n 'n;p' | tr '|\n' '  ' | sed 's/·/ /g' | tr -s ' ' | sed 's/ $//' >shown
tr '\n' ' ' <ids | sed 's/ $//' | cmp -s - shown
check 'show: the ids of encode'
gives 'show: special tokens' 0 'a|<|endoftext|>
97|999' - '"$program" show --model m.bpe --allow-special "a<|endoftext|>"'
gives 'show: words of the command line' 0 "$("$program" show --model m.bpe 'two words')" - \
    '"$program" show --model m.bpe two words'
gives 'show: standard input' 0 "$("$program" show --model m.bpe word)" - 'printf word | "$program" show --model m.bpe'
gives 'show: nothing' 0 '' - 'printf "" | "$program" show --model m.bpe'
gives 'show: two rows for each line' 0 '8' - 'printf "a b\n\nc\nd" | "$program" show --model m.bpe | wc -l | tr -d " "'
gives 'show: a text and a file' 2 '' 'not both' '"$program" show --model m.bpe --file text word'
gives 'show: merges' 0 'ab
256
  "ab":
    "a" + "b" -> "ab" (256)' - '"$program" show --model s.bpe --merges ab'

# On a terminal a token's shade is its place in the piece, whatever stood before.
if script -qec true /dev/null >/dev/null 2>&1; then
    shades() { # shades TEXT: the codes of its last three tokens
        TERM=xterm NO_COLOR='' script -qec "'$program' show --model b.bpe '$1'" /dev/null |
            head -n 1 | tr '\033' '\n' | grep '48;5' | sed 's/m.*//' | tail -n 3
    }
    [ "$(shades 'a it')" = "$(shades 'bb it')" ] && [ "$(shades 'a it' | sort -u | wc -l)" -eq 2 ]
    check 'show: shades of colour'
fi

# ---- labs on one's own text
printf 'to be or not to be' >own
for lab in byte-fallback merges train-cost encode-cost word-bpe wordpiece; do
    "$program" $lab --data own --out plots >out 2>err
    check "$lab on 18 bytes ($(cat err))"
done
for lab in embedding longest-match compression zipf bits-per-byte unigram; do
    refuses "$lab measures no text of yours" 'unknown option --data' $lab --data own
done
gives 'encode-cost on 7 bytes' 2 '~' 'encode-cost needs its shortest piece, at least 8' \
    'printf 1234567 >seven; "$program" encode-cost --data seven --out plots'
gives 'a tour of no text' 2 '~' 'empty: 0 bytes of text' '"$program" --data empty --out plots'

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
