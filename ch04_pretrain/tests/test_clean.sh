#!/bin/sh
# sh test_clean.sh PROGRAM BUILD: clean, what it reports, and what it says to bad input.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tools/check_commands.sh"
cd "$work" || exit 1
stories() { "$program" source story --sample "$1" --seed "$2" | sed 's/$/<|endoftext|>/'; }
count() { awk -F '\t' -v f="$1" -v r="$2" '$1 == f && $2 == r { print $3 }' report; }
stories 60 1 >a && stories 37 2 >b
# ---- what works
"$program" clean a b -o clean.txt --format tsv >report && [ "$(head -1 report)" = "$(printf 'file\treason\tdocuments\tbytes')" ] &&
    [ "$(awk -F '\t' 'NR > 1 { sum += $3 } END { print sum }' report)" -eq 97 ] && [ "$(count a kept)" -eq 60 ]
check 'every document has one reason'
"$program" clean a a -o clean.txt --format tsv >report && [ "$(awk -F '\t' '$2 == "equal" { sum += $3 } END { print sum }' report)" -eq 60 ]
check 'the same file twice: all of it goes once'
"$program" clean a b -o clean.txt >/dev/null && "$program" clean clean.txt -o again >/dev/null && cmp -s clean.txt again
check 'what is clean stays as it is'
"$program" clean a b -o two --threads 2 >/dev/null 2>&1 || "$program" clean a b -o two >/dev/null
cmp -s clean.txt two
check 'the same bytes again'
# two documents exchanged: the same ones go
{ sed -n '2p;1p' a; sed 1,2d a; } >swapped
"$program" clean a b -o clean.txt --format tsv | cut -f 2- >x && "$program" clean swapped b -o clean.txt --format tsv | cut -f 2- | cmp -s x -
check 'the order of documents does not matter'
# Near-duplicates on both sides of the split: train counts what is shared; clean leaves none.
for i in 1 2 3 4 5 6; do sed "s/<|endoftext|>/ That was story $i.<|endoftext|>/" b; done >near
"$program" train --data near --steps 1 --layers 1 --channels 8 --heads 1 --vocab 300 --context 16 -o m | grep -q '; [1-9][0-9]* runs of 13 words in both'
check 'copies with another end are on both sides of the split'
"$program" clean near -o clean.txt --near 0.5 --format tsv >report && [ "$(count near near)" -eq 185 ]
check "and are found: $(cat report)"
printf '<!DOCTYPE html><html><p>%s &amp; more</p><script>1 < 2</script></html>' "$(head -3 a | sed 's/<|endoftext|>//')" >page
"$program" clean page -o clean.txt | grep -q '1 were pages of HTML' && grep -q '& more' clean.txt && ! grep -q '<p>' clean.txt
check 'a page'
"$program" clean a b -o clean.txt --weights 0.25,0.75 >report && awk '$3 == "a" { exit !($1 > 0.23 && $1 < 0.27) }' report && grep -q '^ *0.7.* 1.0000  b' report
check 'weights'
sed 's/<|endoftext|>//; s/[a-z][a-z]*/buy/g; s/$/<|endoftext|>/' b >spam
"$program" clean a spam -o clean.txt --trusted b --runs 1 --near 1 --format tsv >report && [ "$(count spam kept)" -le 2 ] && [ "$(count a kept)" -ge 45 ]
check "a trusted text: $(tr '\n' ' ' <report)"
# ---- what is refused
printf 'kept' >before && cp before clean.txt
head -c 2000 a | gzip >a.gz && printf '\377\376a\0b\0' >utf16 && printf ' \n' >blank
printf 'a\0 \0b\0.\0' >little && printf '\0a\0 \0b\0.' >big # without a mark
for case in 'a.gz|found a gzip file' 'utf16|found UTF-16' 'little|iconv -f UTF-16LE' 'big|iconv -f UTF-16BE' '.|directory' 'blank|found nothing but white space' 'none|No such file'; do
    refuses "${case%%|*}" "${case##*|}" clean a "${case%%|*}" -o clean.txt
done
refuses 'a compressed file to train on' 'found a gzip file' train --data a.gz -o m
"$program" clean a -o clean.txt --words 10000 >report 2>err
[ $? -eq 2 ] && grep -q '^words  *60 ' report && grep -q 'clean.txt: not written: nothing is left of 60 documents' err
check 'nothing left, and why'
refuses 'weights that do not add up' 'these add up to 0.9' clean a b -o clean.txt --weights 0.5,0.4
refuses 'weights of other files' 'expected 2 numbers, one for each file, found 3' clean a b -o clean.txt --weights 0.5,0.4,0.1
refuses 'a weight below 0' 'expected' clean a b -o clean.txt --weights 1.5,-0.5
refuses 'no file' 'expected files' clean -o clean.txt
refuses 'no output' '-o FILE is needed' clean a
refuses 'an output that is read' 'expected another file' clean a b -o ./b
refuses 'a script' 'expected one of any, latin' clean a -o clean.txt --script klingon
refuses 'a trusted text that is none' 'found a gzip file' clean a -o clean.txt --trusted a.gz
cmp -s before clean.txt
check 'and what was there stays'
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
