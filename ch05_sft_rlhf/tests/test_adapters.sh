#!/bin/sh
# sh test_adapters.sh PROGRAM BUILD: --lora, merge, grpo and best-of-n, on the assistant of the repository.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tools/check_commands.sh"
cp "$here/../assistant.ckpt" "$work/sft.ckpt"
cd "$work" || exit 1

# ---- adapters: small files, that say what they belong to
printf 'prompt\tanswer\nSay the first of: ball kite\tball.\nSay the first of: hat kite\that.\n' >own.tsv
"$program" sft --checkpoint sft.ckpt --data own.tsv --steps 2 --batch 2 --lora 4 --alpha 16 -o a.ckpt >t
check "sft --lora: $(cat t)"
[ "$(wc -c <a.ckpt)" -lt $(($(wc -c <sft.ckpt) / 10)) ] && head -c 400 a.ckpt | grep -qa '^note adapter rank 4 alpha 16 places 127 dora no int8 no'
check 'an adapter is a small file, and says its rank and alpha'
"$program" merge --checkpoint sft.ckpt --adapter a.ckpt -o m.ckpt >t && [ "$(wc -c <m.ckpt)" -gt $(($(wc -c <sft.ckpt) * 9 / 10)) ]
check 'merge: a whole model'
"$program" eval --checkpoint m.ckpt --count 2 >t
check 'a merged model answers'
"$program" sft --checkpoint sft.ckpt --data own.tsv --steps 2 --batch 2 --lora 4 --alpha 16 --threads 2 -o b.ckpt >t && cmp -s a.ckpt b.ckpt
check 'sft --lora: the same bits with two threads'
"$program" sft --checkpoint sft.ckpt --data own.tsv --steps 1 --batch 2 --lora 2 --dora --int8 -o d.ckpt >t && "$program" merge --checkpoint sft.ckpt --adapter d.ckpt -o n.ckpt >t
check 'dora beside int8: trained and merged'
printf 'prompt\tchosen\trejected\nSay the first of: ball kite\tball.\tkite.\n' >pairs.tsv
"$program" dpo --checkpoint sft.ckpt --data pairs.tsv --steps 1 --batch 1 --lora 2 -o e.ckpt 2>t && "$program" merge --checkpoint sft.ckpt --adapter e.ckpt -o n.ckpt >t
check 'dpo --lora'
"$program" ppo --checkpoint sft.ckpt --steps 1 --answers 4 --lora 2 -o e.ckpt 2>t && "$program" merge --checkpoint sft.ckpt --adapter e.ckpt -o n.ckpt >t
check 'ppo --lora'

# ---- a reward model beside adapters: its head is in their file
{
    printf 'prompt\tchosen\trejected\n'
    for i in 1 2 3 4 5 6 7 8; do printf 'Say the first of: ball kite hat %s\tball.\tkite.\n' $i; done
} >prefs.tsv
reward() { "$program" reward --checkpoint sft.ckpt --data prefs.tsv --epochs 4 --batch 4 --held-out 0 --lora "$@"; }
reward 4 --alpha 16 -o r.ckpt >t && head -c 400 r.ckpt | grep -qa '^note stage reward' && [ "$(wc -c <r.ckpt)" -lt $(($(wc -c <sft.ckpt) / 10)) ]
check "reward --lora: $(grep learnt t)"
reward 4 --alpha 16 --threads 2 -o rb.ckpt >t && cmp -s r.ckpt rb.ckpt
check 'reward --lora: the same bits with two threads'
"$program" merge --checkpoint sft.ckpt --adapter r.ckpt -o rm.ckpt >t && "$program" reward --checkpoint rm.ckpt --score prefs.tsv >t &&
    awk -F '\t' 'NR > 1 && $4 <= 0.5 { exit 1 }' t
check "merge: a reward model that scores the chosen ones higher: $(tail -1 t)"
"$program" best-of-n --checkpoint sft.ckpt --reward rm.ckpt --n 2 --count 2 >t && "$program" ppo --checkpoint sft.ckpt --reward rm.ckpt --steps 1 --answers 4 -o e.ckpt 2>t
check 'best-of-n and ppo are judged by it'
reward 2 --dora --int8 -o rd.ckpt >t && "$program" merge --checkpoint sft.ckpt --adapter rd.ckpt -o rm.ckpt >t && "$program" reward --checkpoint rm.ckpt --score prefs.tsv >t
check 'reward --lora --dora --int8: trained, merged, scores'

# ---- grpo
"$program" grpo --checkpoint sft.ckpt --task last --steps 2 --prompts 2 --group 4 --lora 2 --log g.tsv -o g.ckpt 2>t
[ "$(head -1 g.tsv)" = "$(printf 'step\treward\tequal_groups\tkl\tentropy\tlength\tclip_fraction')" ] && [ "$(wc -l <g.tsv)" -eq 3 ]
check 'grpo --log'
head -c 400 g.ckpt | grep -qa '^note stage grpo' && "$program" merge --checkpoint sft.ckpt --adapter g.ckpt -o mg.ckpt >t && grep -qa '^note stage grpo' mg.ckpt
check 'grpo: its stage has its name, merged too'
"$program" eval --checkpoint mg.ckpt --count 1 >t && "$program" grpo --checkpoint mg.ckpt --task last --steps 1 --prompts 1 --group 2 -o mh.ckpt 2>t && "$program" best-of-n --checkpoint mh.ckpt --n 2 --count 2 >t
check "a model of stage grpo answers and goes on: $(tail -1 t)"
printf 'prompt\tanswer\nSay the first of: ball kite\tBut this is not it.\n' >never.tsv
"$program" grpo --checkpoint sft.ckpt --data never.tsv --steps 3 --prompts 2 --group 4 -o h.ckpt --log h.tsv 2>t
awk -F '\t' 'NR > 1 && ($2 != 0 || $3 != 1 || $4 != 0) { exit 1 }' h.tsv
check 'grpo: where no answer is right nothing moves'

# ---- best of n: more is better, and what is best can be learnt from
"$program" best-of-n --checkpoint sft.ckpt --n 6 --count 12 -o best.tsv >t && awk -F '\t' 'NR > 1 { if ($1 != (NR < 5 ? 2 ^ (NR - 2) : 6) || $3 < last) exit 1; last = $3 }' t
check "best-of-n: $(tail -1 t)"
[ "$(head -1 best.tsv)" = "$(printf 'prompt\tanswer')" ] && [ "$(wc -l <best.tsv)" -eq 13 ] && "$program" sft --checkpoint sft.ckpt --data best.tsv --steps 1 --batch 2 -o i.ckpt >t
check 'best-of-n -o: a table for sft --data'

# ---- refused
refuses 'merge: another model' 'an adapter of model' merge --checkpoint m.ckpt --adapter a.ckpt -o x.ckpt
refuses 'merge: no adapter' 'no adapter' merge --checkpoint sft.ckpt --adapter sft.ckpt -o x.ckpt
refuses 'merge over its adapter' 'the file of --adapter' merge --checkpoint sft.ckpt --adapter a.ckpt -o a.ckpt
head -c 2000 a.ckpt >cut.ckpt
refuses 'merge: half a file' 'cut.ckpt' merge --checkpoint sft.ckpt --adapter cut.ckpt -o x.ckpt
refuses 'sft --lora 65' 'expected 1 to 64' sft --checkpoint sft.ckpt --lora 65 -o x.ckpt
refuses 'reward --lora 65' 'expected 1 to 64' reward --checkpoint sft.ckpt --data prefs.tsv --lora 65 -o x.ckpt
refuses 'reward --lora 0' '--lora 0' reward --checkpoint sft.ckpt --data prefs.tsv --lora 0 -o x.ckpt
refuses 'reward --dora alone' 'expected --lora RANK' reward --checkpoint sft.ckpt --data prefs.tsv --dora -o x.ckpt
refuses 'reward --score with --lora' 'trains nothing' reward --checkpoint rm.ckpt --score prefs.tsv --lora 2
refuses 'an adapter that is to score' 'an adapter: expected a model' reward --checkpoint r.ckpt --score prefs.tsv
refuses 'an adapter that is to answer' 'an adapter: expected a model' eval --checkpoint a.ckpt
refuses 'merge: beside a reward model' 'expected one that answers' merge --checkpoint rm.ckpt --adapter r.ckpt -o x.ckpt
refuses 'merge: the reward of another model' 'an adapter of model' merge --checkpoint m.ckpt --adapter r.ckpt -o x.ckpt
refuses 'sft --lora 0' '--lora 0' sft --checkpoint sft.ckpt --lora 0 -o x.ckpt
refuses 'ppo --enumerate --lora 4' 'no --lora' ppo --enumerate --lora 4
refuses 'sft --dora alone' 'expected --lora RANK' sft --checkpoint sft.ckpt --dora -o x.ckpt
refuses 'sft --int8 alone' 'expected --lora RANK' sft --checkpoint sft.ckpt --int8 -o x.ckpt
refuses 'best-of-n --n 0' '--n 0' best-of-n --checkpoint sft.ckpt --n 0
refuses 'best-of-n --task whom' '--task whom' best-of-n --checkpoint sft.ckpt --task whom
refuses 'grpo --group 1' '--group 1' grpo --checkpoint sft.ckpt --group 1 -o x.ckpt
refuses 'grpo --task and --data' 'one of them' grpo --checkpoint sft.ckpt --task who --data own.tsv -o x.ckpt
refuses 'grpo --data pairs.tsv' 'preferences' grpo --checkpoint sft.ckpt --data pairs.tsv -o x.ckpt
refuses 'grpo without -o' '-o FILE' grpo --checkpoint sft.ckpt
[ ! -e x.ckpt ]
check 'refused: nothing is written'
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
