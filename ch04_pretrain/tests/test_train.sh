#!/bin/sh
# sh test_train.sh PROGRAM BUILD: train, killed and resumed, interrupted, and with all that can be wrong.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tools/check_commands.sh"
cd "$work" || exit 1
"$program" source story --sample 150 --seed 3 >text
# Small, and saved after each step.
small='--vocab 300 --layers 1 --heads 2 --channels 16 --context 16 --batch 2 --threads 1'
train() { "$program" train --data text $small "$@"; }
# ---- a whole run
train -o whole --steps 60 --dropout 0.1 --accumulate 2 --log whole.tsv >out 2>err && [ ! -s err ]
check 'a run'
grep -q 'held out: .* bits per byte' out && grep -q 'whole: the model with its tokenizer' out
check 'what it says at the end'
[ -f whole_loss.tsv ] && [ ! -f loss.tsv ]
check 'a figure beside the model'
[ "$(head -1 whole.tsv)" = "$(printf 'step\ttokens\trate\tloss\tvalidation\tcounted\tgrad_norm\tseconds')" ] &&
    [ "$(awk -F '\t' 'NR > 1 && NF == 8 && $1 == NR - 1' whole.tsv | wc -l)" -eq 60 ]
check 'the log: a row a step'
# the peak is 3e-3, warm-up 0.02 of 60 steps; the last rate a tenth of the peak
[ "$(sed -n '2s/^1\t64\t\([^\t]*\).*/\1/p;$s/^60\t3840\t\([^\t]*\).*/\1/p' whole.tsv | tr '\n' ' ')" = '0.003 0.0003 ' ]
check 'the rates of the first and the last step'
"$program" sample --checkpoint whole --tokens 5 >out 2>err && [ ! -s err ]
check 'a sample'
train -o again --steps 60 --dropout 0.1 --accumulate 2 >/dev/null && cmp -s whole again
check 'the same bits again'
"$program" train --data text $small --threads 2 -o again --steps 60 --dropout 0.1 --accumulate 2 >/dev/null && cmp -s whole again
check 'the same bits with two threads'
train -o again --steps 60 --dropout 0.1 --accumulate 2 --recompute 1 >/dev/null && cmp -s whole again
check 'the same bits with activations computed again'
for how in '--batch 4' '--batch 2 --accumulate 2'; do
    # shellcheck disable=SC2086
    train -o parts --steps 20 $how --log parts.tsv | grep '^held out: ' >>ends
    awk -F '\t' 'END { printf "%.4f\n", $5 }' parts.tsv >>last
done
[ "$(wc -l <ends)" -eq 2 ] && [ "$(uniq ends | wc -l)" -eq 1 ] && [ "$(uniq last | wc -l)" -eq 1 ]
check "the held-out loss knows nothing of a step's parts: $(cut -d ' ' -f 3 ends | tr '\n' ' ')$(tr '\n' ' ' <last)"
train -o other --steps 60 --dropout 0.1 --accumulate 2 --seed 2 >/dev/null && ! cmp -s whole other
check 'other bits with another seed'

# ---- killed and resumed
# Several times, wherever it happens to be; every step is saved.
seeds='--steps 400 --dropout 0.1 --accumulate 2 --save-every 0'
train -o straight $seeds --log straight.tsv >/dev/null
"$program" train --data text $small -o killed $seeds --log killed.tsv >/dev/null 2>&1 &
kills=0
for pause in 0.13 0.21 0.08 0.17 0.11; do
    sleep $pause
    kill -9 $! 2>/dev/null && kills=$((kills + 1))
    wait $! 2>/dev/null
    if [ -f killed.state ]; then again=--resume; else again=; fi
    "$program" train --data text $small -o killed $seeds --log killed.tsv $again >/dev/null 2>&1 &
done
wait $!
[ "$kills" -ge 2 ] && cmp -s straight killed
check "the same bits after $kills kills"
cut -f 1-4,6,7 straight.tsv >a && cut -f 1-4,6,7 killed.tsv >b && cmp -s a b
check 'and the same log'
[ -z "$(ls | grep -v -e '^killed' -e '^straight' | grep -i -e tmp -e '\.part')" ]
check 'nothing half-written'

# ---- a resumed run is the run that was begun
refuses 'another seed' 'begun with --seed 1, not 9' train -o whole --resume --seed 9
refuses 'another batch' 'begun with --batch 2, not 3' train -o whole --resume --batch 3
refuses 'another text' 'begun with --data text, not other.txt' train -o whole --resume --data other.txt
cp text kept && echo 'One more line.' >>text
refuses 'a text that has changed' 'text is not the one that whole.state was begun with' train -o whole --resume
mv kept text
refuses 'nothing to resume' 'none.state' train -o none --resume
cp whole broken.state && cp whole broken
refuses 'a model is no state' 'broken.state: not the state of a training run' train -o broken --resume
"$program" train -o whole --resume >out 2>err && grep -q 'resumed at step 60 of 60' out
check 'a finished run is resumed, and is finished'

# ---- interrupted
: >out # what it says is of the run to come
"$program" train --data text $small -o stopped --steps 1000000 >out 2>err &
until_true grep -q 'tokens/s' out # the table's head: it trains
kill -INT $!
wait $!
status=$?
[ $status -eq 1 ] && grep -q 'interrupted at step [0-9]* of 1000000; to go on: the same command with --resume' out && [ -f stopped ] &&
    "$program" sample --checkpoint stopped --tokens 2 >/dev/null
check "an interrupt saves and says how to go on (status $status: $(tail -1 out))"

# ---- a loss that is not finite, a full disk
train -o hot --steps 400 --rate 1e6 >out 2>err
[ $? -eq 2 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q 'step [0-9]*: the \(loss\|gradient\|held-out loss\) is .*; nothing was saved yet: a smaller --rate' err && [ ! -e hot ]
check "a loss that is not finite: $(cat err)"
train -o hot --steps 3 >/dev/null
train -o hot --steps 400 --rate 1e6 --save-every 0 >out 2>err
[ $? -eq 2 ] && grep -q 'hot and hot.state are as they were last saved: a smaller --rate' err &&
    "$program" sample --checkpoint hot --tokens 2 >/dev/null
check "and the model before it stays: $(cat err)"
cp whole before && cp whole.state before.state
(ulimit -f 8 && train -o before --resume >out 2>err)
status=$?
[ $status -eq 2 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q 'what was saved before is still there' err && cmp -s whole before
check "a full disk leaves what was there (status $status: $(cat err))"

# ---- texts
: >empty && printf ' \n\n \n' >blank && printf 'Once upon a time.\n' >short
refuses 'no text' '--data FILE is needed' train -o m
refuses 'no such text' 'nowhere: ' train --data nowhere -o m
refuses 'a misspelt language' 'storry: No such file or directory; did you mean story?' train --data storry -o m
refuses 'a folder' 'directory' train --data . -o m
refuses 'an empty text' 'expected a text, found nothing but white space' train --data empty -o m
refuses 'a blank text' 'expected a text, found nothing but white space' train --data blank -o m
refuses 'a short text' 'too short: .* tokens to train on, expected at least' train --data short -o m
refuses 'a long context' 'text: too short: .* expected at least 131072 (twice the context)' train --data text --context 65536 -o m
refuses 'a context beyond all' '--context 9999999: expected a whole number from 0 to 65536' train --data text --context 9999999 -o m
refuses 'no model' '-o FILE is needed' train --data text
refuses 'a model without a name' 'expected the name of a file' train --data text -o -
refuses 'a folder that is not there' 'nowhere' train --data text -o nowhere/m
refuses 'a model over its text' 'not the text it is trained on' train --data text -o ./text
refuses 'an objective for another family' '--objective mlm needs another family' train --data text --objective mlm --model llama -o m
{ head -c 3000 text; head -c 3000 /dev/zero; printf '\377\376\300\200'; head -c 9000 text | tail -c 3000; } >bytes
for objective in clm prefix mlm span glm nsp sop; do
    "$program" train --data bytes $small --objective $objective --steps 3 -o m >out 2>err && [ ! -s err ]
    check "$objective on NULs and broken UTF-8: $(cat err)"
done
# One line of 100 MB. Ten seconds of processor time: reading it anew for each part took that alone.
awk 'BEGIN { for (i = 0; i < 2000000; i++) printf "%s", (i % 1000 ? "" : " ") "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvw" i % 7919 }' | head -c 100000000 >line
case ${2:-} in *sanitize*) seconds=100 ;; *) seconds=10 ;; esac
(ulimit -t $seconds && exec "$program" train --data line $small --steps 3 -o m) >out 2>err && [ ! -s err ]
check "one line of 100 MB (status $?: $(cat err))"
rm -f line
for language in story markov hmm chains glossary; do
    "$program" train --data $language $small --steps 3 -o m >out 2>err && [ ! -s err ] && grep -q "the language's own loss on them: .* excess .* +- " out
    check "$language: $(cat err)"
done
"$program" train --data markov --order 1 --objective mlm $small --steps 3 -o m >out 2>err && grep -q "excess .* +- " out
check 'mlm against its own floor'
refuses 'too many contexts' 'at most 1024 contexts' train --data markov --symbols 9 --order 9 -o m
for precision in bf16 fp16; do
    train --precision $precision --smoothing 0.1 --steps 20 -o m >out 2>err && [ ! -s err ]
    check "$precision with smoothing: $(cat err)"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
