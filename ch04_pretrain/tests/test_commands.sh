#!/bin/sh
# sh test_commands.sh PROGRAM BUILD: source and next, and what they say to bad input.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tools/check_commands.sh"
cd "$work" || exit 1
# ---- what works
[ "$("$program" source story --sample 3 | wc -l)" -eq 3 ]
check 'a line a story'
"$program" source story --sample 4 --format tsv >four && [ "$(head -1 four)" = "$(printf 'sample\ttokens\tlog_prob\ttext')" ] &&
    [ "$(awk -F '\t' 'NR > 1 && NF == 4 && $3 < 0' four | wc -l)" -eq 4 ]
check 'tsv'
"$program" source story --sample 4 --format tsv | cmp -s - four
check 'the same seed, the same stories'
"$program" source story --sample 2 --format tsv | cmp -s - <<EOF
$(head -3 four)
EOF
check 'fewer stories are the first of more'
! "$program" source story --sample 4 --seed 2 --format tsv | cmp -s - four
check 'another seed, other stories'
for l in markov hmm chains glossary; do
    fields=11
    [ $l = glossary ] && fields=8 # three full stops are no fields
    [ "$("$program" source $l --sample 2 --length 10 --logprob | awk -v n=$fields 'NF == n && $1 < 0' | wc -l)" -eq 2 ]
    check "$l with log-probabilities"
    prompt='a b a'
    [ $l = glossary ] && prompt='dax kite. wug'
    "$program" next --data $l --prompt "$prompt" --format tsv | awk 'NR > 1 { sum += $2 } END { exit !(sum > 0.999999 && sum < 1.000001) }'
    check "$l: next sums to 1"
done
# a first symbol of three is uniform here: ln 1/3
[ "$("$program" source hmm --sample 1 --length 1 --logprob | cut -c1-9)" = '-1.098612' ]
check 'the log-probability of one symbol'
# the product of next along a text is its log-probability
"$program" source markov --sample 1 --length 6 --format tsv | tail -1 | cut -f 3,4 >row
sum=$(p=''; for w in $(cut -f 2 row); do
    "$program" next --data markov --prompt "$p" --format tsv | awk -v w="$w" '$1 == w { printf "%.12f\n", log($2) }'; p="$p $w"; done |
    awk '{ s += $1 } END { printf "%.9f", s }')
[ "$sum" = "$(cut -f 1 row | awk '{ printf "%.9f", $1 }')" ]
check "next along a text: $sum"
"$program" next --exact --prompt 'Anna and Tom played in the' | grep -q '0.083333  *garden'
check 'twelve places, equally likely'
[ "$("$program" next --prompt 'anna and tom played in the barn . Anna had a red ball. Anna gave the ball to Tom. Who has the ball?')" = ' 1.000000  Tom' ]
check 'who has the ball'
# ---- what is refused
refuses 'no language' 'expected one language' source
refuses 'an unknown language' "'klingon': expected a language: story, markov, hmm, chains, glossary" source klingon
refuses 'two languages' 'expected one language' source story hmm
refuses 'no samples' 'expected a whole number' source story --sample 0
refuses 'a format' 'expected one of text, tsv' source story --format json
refuses 'too many contexts' 'at most 1024 contexts' source markov --order 10 --symbols 9
refuses 'a word nobody knows' "'zebra' is no word of the language story" next --prompt 'Anna zebra'
refuses 'a word out of place' "word 2, 'gave', cannot stand there" next --prompt 'Anna gave'
refuses 'a mask' 'cannot be read here' next --prompt 'Anna [MASK]'
refuses 'a symbol beyond the alphabet' "'d' is no word" next --data hmm --prompt 'a d'
refuses 'a spare word' "unexpected 'x'" next --prompt Anna x
"$program" source story --sample 100000000 | head -c 3 >/dev/null
check 'a closed pipe ends it'
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
