#!/bin/sh
# sh test_model_commands.sh PROGRAM BUILD: what is done with trained models (sample, eval, fill, next), and show-batch and plot.
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$2" && pwd)
. "$here/../../tools/check_commands.sh"
cat "$here"/../*.[ch] >"$work/text.txt"
cd "$work" || exit 1
tiny="--steps 30 --layers 1 --channels 16 --heads 2 --context 32 --batch 4 --threads 1"
# shellcheck disable=SC2086
{
    "$program" train --data text.txt -o text.ckpt --vocab 300 $tiny --log a.tsv &&
        "$program" train --data story -o story.ckpt $tiny --log b.tsv &&
        "$program" train --data story -o mask.ckpt --objective mlm $tiny &&
        "$program" train --data markov --order 1 --symbols 4 --concentration 2 -o markov.ckpt $tiny
} >train 2>&1
check "four small models: $(tail -1 train)"
# sums COLUMN: of a table on standard input, its numbers' sum to 6 digits
sums() { awk -F '\t' -v c="$1" 'NR > 1 { s += $c } END { printf "%.6f", s }'; }

# ---- sample
"$program" sample --checkpoint text.ckpt --prompt 'static int' --tokens 20 >one && grep -q '^static int' one
check 'sample begins with the prompt'
"$program" sample --checkpoint text.ckpt --prompt 'static int' --tokens 20 --threads 2 | cmp -s - one
check 'the same seed, the same text'
! "$program" sample --checkpoint text.ckpt --prompt 'static int' --tokens 20 --seed 2 | cmp -s - one
check 'another seed, another text'
"$program" sample --checkpoint text.ckpt --tokens 12 --temperature 0 >greedy
for way in '--top-k 1' '--top-p 0' '--min-p 1' '--beam 1'; do
    # shellcheck disable=SC2086
    "$program" sample --checkpoint text.ckpt --tokens 12 $way | cmp -s - greedy
    check "sample $way is greedy"
done
"$program" sample --checkpoint text.ckpt --tokens 9 --samples 3 --format tsv >t &&
    [ "$(head -1 t)" = "$(printf 'sample\tposition\ttoken\ttext\tlog_prob\tshare')" ] &&
    [ "$(tail -n +2 t | cut -f 1 | sort -u | tr -d '\n')" = 012 ] &&
    awk -F '\t' 'NR > 1 && (NF != 6 || $5 > 0 || $6 <= 0 || $6 > 1) { exit 1 }' t
check 'sample --format tsv'
"$program" sample --checkpoint text.ckpt --prompt 'static int' --tokens 20 --samples 3 >three && [ "$(head -n "$(wc -l <one)" three)" = "$(cat one)" ]
check 'three texts written together: the first is the one written alone'
"$program" sample --checkpoint text.ckpt --tokens 9 --temperature 1 --top-p 1 --format tsv |
    awk -F '\t' 'NR > 1 { d = log($6) - $5; if (d * d > 1e-8) exit 1 }'
check 'at temperature 1 from all tokens the share is the probability'
# the sum of log_prob along a text is what its beam says
"$program" sample --checkpoint text.ckpt --tokens 6 --temperature 0 --format tsv | sums 5 >along
"$program" sample --checkpoint text.ckpt --tokens 6 --beam 1 --format tsv | sums 3 >beam
awk 'NR == 1 { a = $1 } NR == 2 { d = a - $1; exit !(d * d < 1e-8) }' along beam
check "beam and sample agree: $(cat along beam | tr '\n' ' ')"
"$program" sample --checkpoint text.ckpt --tokens 8 --beam 5 --samples 5 --length-power 0 --format tsv >t &&
    [ "$(tail -n +2 t | cut -f 3 | sort -gr)" = "$(tail -n +2 t | cut -f 3)" ] && [ "$(wc -l <t)" -eq 6 ]
check 'beams, the best first'
"$program" sample --checkpoint text.ckpt --tokens 24 --temperature 0 --presence-penalty 100 --format tsv >t &&
    [ "$(tail -n +2 t | cut -f 3 | sort | uniq -d | wc -l)" -eq 0 ]
check 'a large presence penalty: no token twice'
"$program" sample --checkpoint story.ckpt --prompt 'Anna and Tom' --tokens 10 | grep -q '^Anna and Tom '
check 'sample a language'
"$program" sample --checkpoint markov.ckpt --prompt 'a d' --tokens 10 | grep -qE '^a d( [a-d])+$'
check 'sample another one: the checkpoint knows its symbols'

# ---- eval
"$program" eval --checkpoint text.ckpt --data text.txt --format tsv >t &&
    [ "$(head -1 t)" = "$(printf 'tokens\tbytes\tnats\tnats_per_token\tbpb\tfloor\texcess\tse')" ] &&
    awk -F '\t' 'NR == 2 { a = $3 / $1 - $4; b = $3 / $2 / log(2) - $5; exit !(a * a < 1e-12 && b * b < 1e-12 && $6 == "-") }' t
check "eval of a text: $(tail -1 t)"
awk 'BEGIN { for (i = 0; i < 9000; i++) printf "%c%c%s", i * 7 % 256, i * 13 % 256, i % 50 ? "" : "\n" }' >bytes
head -c 100 /dev/zero >>bytes
[ "$("$program" eval --checkpoint text.ckpt --data bytes --format tsv | tail -1 | cut -f 2)" -eq "$(wc -c <bytes)" ]
check 'eval counts every byte, whatever it is'
"$program" eval --checkpoint story.ckpt --data story --rows 32 --format tsv |
    awk -F '\t' 'NR == 2 { d = $4 - $6 - $7; exit !(d * d < 1e-12 && $1 == 1024 && $7 > 0 && $8 > 0) }'
check 'eval of a language: the excess beyond its floor'
"$program" eval --checkpoint story.ckpt --data story --rows 32 --by position --format tsv >t && [ "$(wc -l <t)" -eq 33 ] && [ "$(sums 2 <t)" = 1024.000000 ]
check 'eval --by position'
"$program" eval --checkpoint story.ckpt --data story --rows 32 --by class --format tsv >t && [ "$(sums 2 <t)" = 1024.000000 ] &&
    awk -F '\t' '$1 == "structure" || $1 == "answer" { d = $4; if (d * d > 1e-12) exit 1 }' t
check 'eval --by class: only a choice has a floor'
# the loss of the source of order 1 that it was trained on, and not that of the default
"$program" eval --checkpoint markov.ckpt --data markov --rows 8 --format tsv | tail -1 | cut -f 6 >a
"$program" source markov --order 1 --symbols 4 --concentration 2 --sample 200 --length 31 --format tsv |
    awk -F '\t' 'NR > 1 { n += $2; s -= $3 } END { print s / n }' >b
paste a b | awk '{ d = $1 - $2; exit !(d * d < 0.01) }'
check "eval: the floor of the model's own source: $(cat a b | tr '\n' ' ')"
"$program" eval --checkpoint mask.ckpt --data story --rows 8 --format tsv | awk -F '\t' 'NR == 2 { exit !($1 > 0 && $1 < 100) }'
check 'eval of a masked model counts what was selected'

# ---- fill, next
"$program" fill --checkpoint mask.ckpt 'Tom [MASK] the red [MASK] .' --top 2 >t && [ "$(cut -c 1-8 t | tr '\n' ' ')" = '[MASK] 1 [MASK] 1 [MASK] 2 [MASK] 2 ' ]
check 'fill: two gaps'
[ "$("$program" fill --checkpoint mask.ckpt '[MASK]' --top 100000 --format tsv | sums 5)" = 1.000000 ]
check 'fill: probabilities of all candidates'
[ "$("$program" next --checkpoint story.ckpt --prompt 'Anna and' --top 0 --format tsv | sums 2)" = 1.000000 ]
check "next of a model sums to 1"
"$program" next --checkpoint story.ckpt --prompt 'Anna and' --exact --top 0 --format tsv >t && [ "$(head -1 t)" = "$(printf 'token\tprobability\tmodel')" ] &&
    [ "$(sums 2 <t)" = 1.000000 ] && [ "$(sums 3 <t)" = 1.000000 ]
check 'next: the true and the model'
"$program" next --checkpoint markov.ckpt --prompt 'a d' --data markov --exact --order 1 --top 0 --format tsv >t && [ "$(sums 2 <t)" = 1.000000 ]
check "next: the language of the checkpoint"

# ---- classify: a label for each text, of a word that is in it
printf 'yes\tAnna has the red kite.\nno\tTom has the red ball.\nyes\tTom took the kite.\r\nno\tAnna took the ball.\n' >learn.tsv
printf 'yes\tAnna took the kite.\nno\tAnna has the red ball.' >say.tsv
"$program" classify --checkpoint mask.ckpt learn.tsv say.tsv --threads 1 >out 2>err && [ ! -s err ] && grep -q '^2 of 2 as in the file, after 4 texts of 2 labels$' out
check "classify: $(tail -1 out)"
"$program" classify --checkpoint mask.ckpt learn.tsv say.tsv --format tsv >t && [ "$(head -1 t)" = "$(printf 'text\tlabel\tgiven\tprobability')" ] &&
    awk -F '\t' 'NR > 1 && (NF != 4 || $2 != $3 || $4 < 0.5 || $4 > 1) { exit 1 } END { exit NR != 3 }' t
check 'classify --format tsv'
"$program" classify --checkpoint mask.ckpt learn.tsv say.tsv --format tsv --threads 2 | cmp -s - t
check 'classify: the same for two threads'
! "$program" classify --checkpoint mask.ckpt learn.tsv say.tsv --format tsv --scratch | cmp -s - t
check 'classify --scratch is another model'
"$program" classify --checkpoint mask.ckpt learn.tsv - --format tsv <say.tsv | cmp -s - t
check 'classify: standard input'
awk 'BEGIN { printf "yes\t"; for (i = 0; i < 20; i++) printf "Anna has the kite. "; print ""; print "no\tTom." }' >long.tsv
"$program" classify --checkpoint mask.ckpt long.tsv say.tsv --steps 5 >out 2>err && grep -q "1 texts are longer than the model's 32 tokens" err
check 'classify: a text that is too long'
# a label for each word: of two kinds of words that are easily told apart
printf 'who - - - what\tAnna has the red kite.\nwho - - what\tTom took the ball.\nwho - - what\tAnna took the kite.\n' >words.tsv
printf 'who - - - what\tTom has the red ball.\nwho - - what\tAnna took the ball.\n' >saywords.tsv
"$program" classify --checkpoint mask.ckpt words.tsv saywords.tsv --labels tokens >out 2>err && [ ! -s err ] && grep -q '^Tom/who has/- the/- red/- ball./what ' out &&
    grep -q '^9 of 9 as in the file, after 3 texts of 3 labels$' out
check "classify --labels tokens: $(cat out err)"
"$program" classify --checkpoint mask.ckpt words.tsv saywords.tsv --labels tokens --format tsv >t && [ "$(head -1 t)" = "$(printf 'text\tword\tlabel\tgiven\tprobability')" ] &&
    awk -F '\t' 'NR > 1 && (NF != 5 || $3 != $4 || $5 < 0.5 || $5 > 1) { exit 1 } END { exit NR != 10 }' t
check 'classify --labels tokens --format tsv'
printf 'who -\tAnna has the kite.\n' >few.tsv
printf 'yes Anna\n' >notab.tsv
printf 'yes\tAnna\nno\t\n' >notext.tsv
printf 'yes\tAnna\n\tTom\n' >nolabel.tsv
printf 'yes\tAnna\nyes\tTom\n' >one.tsv
printf 'perhaps\tAnna\n' >new.tsv
printf 'yes\tAnna klingon\n' >word.tsv
: >none.tsv

# ---- show-batch: every token of a row is a target or is read by the other side
for o in clm prefix mlm span glm nsp sop; do
    "$program" show-batch --objective $o --data text.txt --vocab 300 --rows 2 --context 16 --format tsv >t &&
        [ "$(head -1 t)" = "$(printf 'sequence\tposition\tinput\ttext\ttarget\tcounted\tsegment\tposition_ids')" ] &&
        awk -F '\t' 'NR > 1 && (NF != 8 || ($5 == "-") == $6) { exit 1 }' t && "$program" show-batch --objective $o --data story >u && grep -q '^target ' u
    check "show-batch --objective $o"
done
"$program" show-batch --data text.txt --vocab 300 --rows 2 --context 16 --format tsv | awk -F '\t' 'NR > 2 && $1 == s && $3 != target { exit 1 } NR > 1 { s = $1; target = $5 }'
check 'clm: the target is the next input'
"$program" show-batch --checkpoint text.ckpt --data text.txt --rows 1 --format tsv >t && [ "$(wc -l <t)" -eq 25 ]
check "show-batch with a model's tokens"

# ---- plot
"$program" plot --log a.tsv,b.tsv --out figures --as both >out && [ -s figures/both.tsv ] &&
    [ "$(head -1 figures/both.tsv)" = "$(printf 'step\tloss_1\theld_out_1\tloss_2\theld_out_2')" ]
check 'plot two logs'

# ---- chapter 3 runs what was trained here
if [ -x "$build/ch03_transformer" ]; then
    "$build/ch03_transformer" run --checkpoint text.ckpt --prompt 'static int' --steps 5 | grep -q '^static int'
    check "chapter 3's run finds the tokens in the checkpoint"
    [ "$("$build/ch03_transformer" run --checkpoint text.ckpt --prompt-ids '1 2' --steps 5 | wc -w)" -eq 5 ]
    check "chapter 3's run with ids"
    "$build/ch03_transformer" run --checkpoint story.ckpt --prompt 'Tom has' --steps 8 >t && grep -qE '^Tom has( [a-zA-Z]|[.,?])' t && [ "$(wc -l <t)" -eq 1 ]
    check "chapter 3's run finds a language's words: $(cat t)"
    "$build/ch03_transformer" run --checkpoint story.ckpt --steps 8 --greedy >t && "$program" sample --checkpoint story.ckpt --tokens 8 --temperature 0 | cmp -s t -
    check "and writes what sample writes"
    "$build/ch03_transformer" run --checkpoint markov.ckpt --prompt 'a b' --steps 8 | grep -qE '^a b( [a-d])*$'
    check "chapter 3's run: letters"
    "$build/ch03_transformer" run --checkpoint story.ckpt --prompt 'Tom zebra' >out 2>err
    [ $? -eq 2 ] && grep -q "'zebra' is none of the model's words" err
    check "chapter 3's run: a word nobody knows"
fi

# ---- what is refused
head -c 2000 text.ckpt >cut.ckpt
printf 'a\tb\n1\t2\n' >no.tsv
printf 'step\tloss\tvalidation\n1\t2\t3\n2\t3\n' >ragged.tsv
: >empty.txt
for command in sample eval fill next; do
    text=
    [ $command = fill ] && text='a [MASK]'
    [ $command = eval ] && text='--data story'
    # shellcheck disable=SC2086
    for file in missing:'No such file' text.txt:'expected .course-checkpoint' cut.ckpt:'cut short' a.tsv:'not a checkpoint'; do
        if [ $command = fill ]; then refuses "fill: ${file%%:*}" "${file#*:}" fill "$text" --checkpoint "${file%%:*}"
        else refuses "$command: ${file%%:*}" "${file#*:}" $command $text --checkpoint "${file%%:*}"; fi
    done
done
while IFS='|' read -r name pattern arguments; do
    # shellcheck disable=SC2086
    eval "refuses \"$name\" \"$pattern\" $arguments"
done <<'EOF'
sample without a model|--checkpoint FILE is needed|sample
sample: a spare word|unexpected 'x'|sample --checkpoint text.ckpt x
sample: temperature|expected a number|sample --checkpoint text.ckpt --temperature -1
sample: top-p|expected a number|sample --checkpoint text.ckpt --top-p 1.5
sample: min-p|expected a number|sample --checkpoint text.ckpt --min-p 2
sample: top-k|expected a whole number|sample --checkpoint text.ckpt --top-k -1
sample: repetition|expected a number|sample --checkpoint text.ckpt --repetition-penalty 0
sample: beam|expected a whole number|sample --checkpoint text.ckpt --beam -2
sample: format|expected one of text, tsv|sample --checkpoint text.ckpt --format json
sample: a masked model|not a plain decoder|sample --checkpoint mask.ckpt
sample: a word nobody knows|'zebra' is no word|sample --checkpoint story.ckpt --prompt zebra
sample: a long prompt|the model has 32 positions|sample --checkpoint text.ckpt --prompt 'a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8s9t0u1v2w3x4y5z6'
sample: a long prompt, beams|the model has 32 positions|sample --beam 2 --checkpoint text.ckpt --prompt 'a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8s9t0u1v2w3x4y5z6'
eval without data|--data FILE is needed|eval --checkpoint text.ckpt
eval: no such text|No such file|eval --checkpoint text.ckpt --data missing
eval: an empty text|empty.txt|eval --checkpoint text.ckpt --data empty.txt
eval: another language|those of the language story|eval --checkpoint story.ckpt --data markov
eval: another objective|a model for objective clm, not mlm|eval --checkpoint story.ckpt --data story --objective mlm
eval: by|expected one of all, position, class|eval --checkpoint story.ckpt --data story --by word
eval: classes of a text|expected a model trained by clm on --data story|eval --checkpoint text.ckpt --data text.txt --by class
fill without a gap|expected \[MASK\] in it|fill --checkpoint mask.ckpt 'Tom has it'
fill without a text|expected one text|fill --checkpoint mask.ckpt
fill: a causal model|of objective clm: expected one of mlm|fill --checkpoint story.ckpt 'Tom [MASK]'
fill: a word nobody knows|'zebra' is no word|fill --checkpoint mask.ckpt 'zebra [MASK]'
next: exact, of a text|a model of a text|next --checkpoint text.ckpt --exact
next: another language|is a model of story|next --checkpoint story.ckpt --exact --data markov
next: another order|--order 2: the model's language has --order 1|next --checkpoint markov.ckpt --exact --data markov --order 2
show-batch: another number of symbols|--symbols 3: the model's language has --symbols 4|show-batch --checkpoint markov.ckpt --data markov --symbols 3
show-batch without data|--data FILE is needed|show-batch
show-batch: objective|expected one of clm, prefix|show-batch --data story --objective gpt
show-batch: context|expected a whole number|show-batch --data story --context 1
show-batch: no such text|No such file|show-batch --data missing
show-batch: a misspelt language|did you mean story?|show-batch --data storry
show-batch: another model|those of the language story|show-batch --checkpoint story.ckpt --data text.txt
classify: no file|expected two files|classify --checkpoint mask.ckpt learn.tsv
classify: no model|--checkpoint FILE is needed|classify learn.tsv say.tsv
classify: a decoder|objective clm: expected one of mlm|classify --checkpoint story.ckpt learn.tsv say.tsv
classify: no such file|No such file|classify --checkpoint mask.ckpt missing say.tsv
classify: no tab|notab.tsv:1: expected LABEL, a tab|classify --checkpoint mask.ckpt notab.tsv say.tsv
classify: no text|notext.tsv:2: expected a text|classify --checkpoint mask.ckpt notext.tsv say.tsv
classify: no label|nolabel.tsv:2: expected a label|classify --checkpoint mask.ckpt nolabel.tsv say.tsv
classify: one label|expected two labels|classify --checkpoint mask.ckpt one.tsv say.tsv
classify: words without labels|few.tsv:1: expected a label for each word: 2 labels, 4 words|classify --checkpoint mask.ckpt few.tsv saywords.tsv --labels tokens
classify: a new label of a word|new.tsv:1: label perhaps|classify --checkpoint mask.ckpt words.tsv new.tsv --labels tokens
classify: another place|expected one of text, tokens|classify --checkpoint mask.ckpt learn.tsv say.tsv --labels word
classify: a new label|new.tsv:1: label perhaps|classify --checkpoint mask.ckpt learn.tsv new.tsv
classify: an unknown word|word.tsv:1: 'klingon'|classify --checkpoint mask.ckpt word.tsv say.tsv
classify: nothing|none.tsv: expected lines|classify --checkpoint mask.ckpt none.tsv say.tsv
plot without logs|--log A.tsv|plot
plot: no such log|No such file|plot --log missing
plot: another table|expected a column step|plot --log no.tsv
plot: a cut row|ragged.tsv:3: expected 3 columns|plot --log ragged.tsv
plot: too many|at most 8 tables|plot --log a.tsv,a.tsv,a.tsv,a.tsv,a.tsv,a.tsv,a.tsv,a.tsv,a.tsv
EOF
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
