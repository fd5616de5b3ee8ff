#!/bin/sh
# sh test_commands.sh PROGRAM BUILD: pipeline, sft, chat and eval on a model that has learnt next to nothing.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tools/check_commands.sh"
cd "$work" || exit 1
tiny="--pretrain-steps 3 --sft-steps 2 --stories 300 --layers 1 --channels 16 --heads 2 --count 5 --questions 20 --ppo-steps 1"

# ---- pipeline: each stage kept, and skipped when it is there
# shellcheck disable=SC2086
"$program" pipeline --folder p $tiny >one 2>&1 && [ -s p/pretrain.ckpt ] && [ -s p/sft.ckpt ] && [ -s p/pipeline.tsv ]
check "pipeline: $(tail -1 one)"
# one row per look, as many as there were steps here; a column per kind and story, shares
[ "$(head -1 p/learning.tsv | tr '\t' '\n' | wc -l)" -eq 18 ] && [ "$(wc -l <p/learning.tsv)" -eq 3 ] && awk -F '\t' 'NR > 1 && ($2 < 0 || $2 > 1 || $18 < 0 || $18 > 1) { exit 1 }' p/learning.tsv && grep -q '^story 3' one
check 'pipeline: right answers while it learnt'
cksum p/*.ckpt >before
# shellcheck disable=SC2086
"$program" pipeline --folder p $tiny >two 2>&1 && [ "$(grep -c 'is there already' two)" -eq "$(ls p/*.ckpt | wc -l)" ] && cksum p/*.ckpt | cmp -s - before
check 'a second time: nothing is made again'
rm p/sft.ckpt
# shellcheck disable=SC2086
"$program" pipeline --folder p $tiny --threads 1 >three 2>&1 && cksum p/*.ckpt | cmp -s - before
check 'the same seed, the same bits, whatever the threads'
# shellcheck disable=SC2086
"$program" pipeline --folder p $tiny --sft-steps 1 >four 2>&1 && grep -q 'pretrain.*is there already' four && ! grep -q 'sft .*is there already' four
check 'another fine-tuning: made again, on the same base'

# ---- sft
"$program" sft --checkpoint p/pretrain.ckpt -o my.ckpt --steps 2 --log my.tsv >out 2>&1 && [ "$(head -1 my.tsv)" = "$(printf 'step\tloss')" ] && [ "$(wc -l <my.tsv)" -eq 3 ]
check "sft: $(cat out)"
"$program" sft --checkpoint p/pretrain.ckpt --show-mask >mask && [ "$(head -1 mask)" = "$(printf 'position\ttoken\ttext\ttarget\ttarget_text\tcounted\tdocument')" ] &&
    awk -F '\t' 'NR > 2 && counted && $2 != target { exit 1 } NR > 1 { counted = $6; target = $4 } NR > 1 && ($6 == 1) != ($4 >= 0) { exit 1 }' mask
check 'show-mask: a target is the next token'
# the first target comes where the assistant's mark is read, END is the last of an answer, and nothing counts after it
awk -F '\t' 'NR > 1 { if ($6 && !before && $3 != "<|assistant|>") exit 1; if (before && !$6 && $3 != "<|endoftext|>") exit 1; if ($5 == "<|endoftext|>") ends++; before = $6 } END { exit !(ends > 0) }' mask
check 'show-mask: from the assistant mark to the end'
targets() { # targets RULE: of four first rows together
    for seed in 1 2 3 4; do "$program" sft --checkpoint p/pretrain.ckpt --show-mask --loss-on "$1" --seed $seed; done | awk -F '\t' '$6 == 1' | wc -l
}
[ "$(targets last)" -lt "$(targets all)" ]
check 'loss on the last answer: fewer targets'

printf 'answer\tprompt\nTom has it.\tWho has the kite?\nHello.\tHello!\n' >my.tsv
"$program" sft --checkpoint p/pretrain.ckpt --data my.tsv --show-mask >mask && grep -q 'Hello' mask && [ "$(awk -F '\t' '$3 == "<|user|>"' mask | wc -l)" -gt 3 ]
check 'sft on a table of my own: its conversations, as often as fit'
"$program" sft --checkpoint p/pretrain.ckpt --data my.tsv -o my.ckpt --steps 2 >out 2>&1
check "sft on a table of my own: $(cat out)"
printf 'prompt\tchosen\trejected\nHello.\tHello!\tWhat?\n' >pairs.tsv
{ printf 'prompt\tanswer\nHello.\tHello!\nSay:\t'; awk 'BEGIN { for (i = 0; i < 300; i++) printf "kite " }'; echo; } >long.tsv

# ---- eval
"$program" eval --checkpoint p/sft.ckpt --count 3 --format tsv >t && [ "$(head -1 t)" = "$(printf 'kind\ttrained\tasked\tright\tended\treward')" ] && [ "$(wc -l <t)" -eq 15 ]
check 'eval: a row a kind'
"$program" eval --checkpoint p/sft.ckpt --by story --count 3 --format tsv >t && [ "$(head -1 t)" = "$(printf 'story\tasked\tright\tended\treward')" ] && [ "$(cut -f 1,2 t | tail -3 | tr '\n\t' '  ')" = '1 3 2 3 3 3 ' ]
check 'eval: a row a story'
"$program" eval --checkpoint p/sft.ckpt --against p/sft.ckpt --count 40 --format tsv |
    awk -F '\t' 'NR == 2 { d = $4 - 0.5; exit !($1 + $2 + $3 == 40 && d * d <= 16 * $5 * $5 + 1e-12 && $8 * $8 < 1e-6) }'
check 'a model against itself: one half, and no KL'

# ---- chat: anything a person types
printf 'Hello.\n\n/help\n/new\n/system Be brief.\n/what\nWho has\\\nthe kite?\n' | "$program" chat --checkpoint p/sft.ckpt >out && [ "$(grep -c '^\[' out)" -eq 3 ]
check 'chat: commands'
head -c 20000 /dev/urandom | "$program" chat --checkpoint p/sft.ckpt >out 2>err && [ ! -s err ]
check 'chat: any bytes'
awk 'BEGIN { for (i = 0; i < 4000; i++) printf "kite "; print "" }' | "$program" chat --checkpoint p/sft.ckpt | grep -q '^\[too long: '
check 'chat: a line longer than the context'
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do echo "Anna met Tom in the park. Anna had a red kite. Who has the kite? $i"; done | "$program" chat --checkpoint p/sft.ckpt | grep -q '^\[no more room: I forget "Anna met Tom'
check 'chat: says what it forgets'
"$program" chat --checkpoint p/sft.ckpt </dev/null >out
check 'chat: the end of the input'
mkfifo typed
: >out # what it says is of the chat to come
"$program" chat --checkpoint p/sft.ckpt <typed >out &
chat=$!
exec 3>typed
echo 'Who has the kite?' >&3
answered() { [ "$(sed '1,/help says more/d' out | wc -l)" -ge 1 ]; }
until_true answered && sleep 0.3 # and it waits for the next line
kill -INT "$chat"
wait "$chat"
status=$?
exec 3>&-
[ $status -eq 0 ] && grep -q '/help says more' out
check 'chat: an interrupt at the prompt'

# ---- what is refused
head -c 2000 p/sft.ckpt >cut.ckpt
echo text >text.txt
while IFS='|' read -r name pattern arguments; do
    # shellcheck disable=SC2086
    eval "refuses \"$name\" \"$pattern\" $arguments"
done <<'EOT'
chat without a model|--checkpoint FILE is needed|chat
chat: no such file|No such file|chat --checkpoint missing
chat: no checkpoint|expected .course-checkpoint|chat --checkpoint text.txt
chat: cut short|cut short|chat --checkpoint cut.ckpt
chat: another stage|a model of stage pretrain: expected sft or ppo or dpo|chat --checkpoint p/pretrain.ckpt
chat: a spare word|unexpected 'x'|chat --checkpoint p/sft.ckpt x
chat: a long system line|--system: a system line of|chat --checkpoint p/sft.ckpt --system "$(printf '%05000d' 7)"
eval without a model|--checkpoint FILE is needed|eval
eval: another stage|a model of stage pretrain|eval --checkpoint p/pretrain.ckpt
eval: by story, and shown|expected no --against|eval --checkpoint p/sft.ckpt --by story --show 3
eval: by what|by|eval --checkpoint p/sft.ckpt --by turn
eval: against nothing|No such file|eval --checkpoint p/sft.ckpt --against missing
sft without a model|--checkpoint FILE is needed|sft
sft without an output|-o FILE is needed|sft --checkpoint p/pretrain.ckpt
sft: rows beyond the context|the model has 256 positions|sft --checkpoint p/pretrain.ckpt -o x.ckpt --time 300
sft: preferences|pairs.tsv:2: preferences: expected answers|sft --checkpoint p/pretrain.ckpt -o x.ckpt --data pairs.tsv
sft: an answer longer than a row|long.tsv:3: [0-9]* tokens: a row has room for 256|sft --checkpoint p/pretrain.ckpt -o x.ckpt --data long.tsv
sft: no such table|No such file|sft --checkpoint p/pretrain.ckpt -o x.ckpt --data missing
sft: a reward model|stage reward|sft --checkpoint p/reward.ckpt -o x.ckpt
chat: a reward model|stage reward|chat --checkpoint p/reward.ckpt
pipeline: a context for less than three stories|expected a whole number|pipeline --folder p --context 160
pipeline: beta|expected a number|pipeline --folder p --beta 0
sft: steps|expected a whole number|sft --checkpoint p/pretrain.ckpt -o x.ckpt --steps 0
pipeline: a file as folder|--folder: |pipeline --folder text.txt
EOT
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
