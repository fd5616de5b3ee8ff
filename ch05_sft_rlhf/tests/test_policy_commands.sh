#!/bin/sh
# sh test_policy_commands.sh PROGRAM BUILD: ppo and dpo, on the small problem and on a model that has learnt next to nothing.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tools/check_commands.sh"
cd "$work" || exit 1

# ---- the small problem: the table says what its last line says
# awk: sums of pi, pi_ref and pi_star, total variation, KL and J over two prompts
sums='
    /^#/ { if ($2 == "KL") { kl = $3; tv = $5; j = $7 }; next }
    NR > 1 { ref += $3; star += $4; pi += $5; v += ($4 > $5 ? $4 - $5 : $5 - $4) / 4
        k += $5 * log($5 / $3) / 2; r += $5 * $2 / 2; b = beta * log($4 / $3) - $2
        p = substr($1, 1, 1); if (p in z && (b - z[p]) ^ 2 > 1e-12) exit 1; z[p] = b }
    function near(a, b) { return (a - b) ^ 2 < 1e-12 }
    END { exit !(near(ref, 2) && near(star, 2) && near(pi, 2) && near(v, tv) && near(k, kl) && near(r - beta * k, j) && (limit == "" || tv < limit)) }'
"$program" ppo --enumerate --beta 0.7 --longest 3 --steps 20 --log p.tsv >t && awk -F '\t' '{ gsub(/^# /, "#\t"); if (/^#/) gsub(/ /, "\t"); print }' OFS='\t' t >u && awk -F '\t' -v beta=0.7 "$sums" u
check 'ppo --enumerate: the table says what its last line says, and pi* is ref e^(r/beta) / Z'
[ "$(head -1 p.tsv)" = "$(printf 'step\treward\tkl\tentropy\tlength\tclip_fraction\texplained_variance\ttv')" ] && [ "$(wc -l <p.tsv)" -eq 21 ] &&
    awk -F '\t' 'NR == 2 { exit !($3 == 0 && $6 == 0 && $8 > 0.1) }' p.tsv
check 'ppo --log: it begins at the reference'
"$program" ppo --enumerate --steps 0 --log /nowhere/p.tsv 2>err >/dev/null; [ $? -eq 2 ] && grep -q /nowhere/p.tsv err
check 'ppo --log: a table that cannot be written is named'
"$program" ppo --enumerate --beta 0.7 --longest 3 --steps 20 --threads 2 | cmp -s - t
check 'ppo: the same bits with two threads'
"$program" dpo --enumerate --beta 0.7 --longest 3 --steps 300 --log d.tsv >t && awk -F '\t' '{ gsub(/^# /, "#\t"); if (/^#/) gsub(/ /, "\t"); print }' OFS='\t' t >u && awk -F '\t' -v beta=0.7 -v limit=0.02 "$sums" u
check "dpo --enumerate: near pi*: $(tail -1 t)"
[ "$(head -1 d.tsv)" = "$(head -1 p.tsv)$(printf '\tmargin')" ] && awk -F '\t' 'NR > 1 && ($6 != "-" || $7 != "-" || $9 == "-") { exit 1 } NR == 2 && $9 != 0 { exit 1 } END { exit !($9 > 0.1) }' d.tsv
check 'dpo --log: no clip, no critic, and a margin that grows from 0'
"$program" dpo --enumerate --loss orpo --longest 3 --steps 3 --log o.tsv >t && awk -F '\t' 'NR > 1 && $9 != "-" { exit 1 }' o.tsv && tail -1 t | awk '{ exit !($3 > 0) }'
check "dpo --enumerate --loss orpo: $(tail -2 t | head -1)"
"$program" dpo --enumerate --steps 0 | grep -q '^# loss 0.69314718'
check 'dpo --enumerate --steps 0: ln 2'
"$program" ppo --enumerate --steps 0 | awk -F '\t' 'NR > 1 && !/^#/ && $3 != $5 { exit 1 }'
check 'ppo --enumerate --steps 0: the policy is the reference'

# ---- an assistant
tiny="--pretrain-steps 3 --sft-steps 1 --stories 300 --layers 1 --channels 16 --heads 2 --count 5 --questions 20 --ppo-steps 1"
# shellcheck disable=SC2086
"$program" pipeline --folder p $tiny >out 2>&1
check "pipeline: $(tail -1 out)"
"$program" ppo --checkpoint p/sft.ckpt --reward p/reward.ckpt -o a.ckpt --steps 2 --answers 8 --log r.tsv 2>err && [ "$(wc -l <r.tsv)" -eq 3 ] && awk -F '\t' 'NR == 2 && $3 != 0 { exit 1 }' r.tsv
check "ppo by a reward model: $(cat err)"
"$program" ppo --checkpoint p/sft.ckpt -o b.ckpt --steps 1 --answers 8 2>err && echo | "$program" chat --checkpoint b.ckpt >out
check "ppo by the gold reward, and then chat: $(cat err)"
printf 'prompt\tchosen\trejected\nHello.\tHello!\tWhat?\nWho has the kite?\tTom has it.\tNobody.\n' >pairs.tsv
"$program" dpo --checkpoint p/sft.ckpt --data pairs.tsv --steps 0 | awk '{ d = $2 - 0.69314718; exit !($1 == "loss" && d * d < 1e-12) }'
check 'dpo --steps 0: ln 2'
"$program" dpo --checkpoint p/sft.ckpt --data pairs.tsv -o c.ckpt --steps 5 --rate 1e-3 --log q.tsv 2>err && [ "$(wc -l <q.tsv)" -eq 6 ] && awk -F '\t' 'NR > 1 && ($2 $3 $4 $5 $6 $7 $8) != "-------" || NR == 2 && $9 != 0 || NR == 6 && $9 <= 0 { exit 1 }' q.tsv
check "dpo: the margin grows: $(cat err)"

# ---- bad input: one line, status 2, nothing written
printf 'prompt\tchosen\nHello.\tHello!\n' >missing.tsv
printf 'prompt\tchosen\trejected\nHello.\tHello!\tHello!\n' >equal.tsv
head -c 3000 p/sft.ckpt >cut.ckpt
refuses "ppo --enumerate --beta 0" '--beta 0' ppo --enumerate --beta 0
refuses "dpo --checkpoint p/sft.ckpt --data pairs.tsv -o new.ckpt --beta 0" '--beta 0' dpo --checkpoint p/sft.ckpt --data pairs.tsv -o new.ckpt --beta 0
refuses "ppo -o new.ckpt" 'checkpoint FILE is needed' ppo -o new.ckpt
refuses "ppo --checkpoint p/sft.ckpt" 'o FILE is needed' ppo --checkpoint p/sft.ckpt
refuses "dpo --checkpoint p/sft.ckpt -o new.ckpt" 'data FILE is needed' dpo --checkpoint p/sft.ckpt -o new.ckpt
refuses "ppo --checkpoint p/pretrain.ckpt -o new.ckpt" 'stage pretrain' ppo --checkpoint p/pretrain.ckpt -o new.ckpt
refuses "ppo --checkpoint p/sft.ckpt --reward p/sft.ckpt -o new.ckpt" 'stage' ppo --checkpoint p/sft.ckpt --reward p/sft.ckpt -o new.ckpt
refuses "ppo --checkpoint cut.ckpt -o new.ckpt" 'cut.ckpt' ppo --checkpoint cut.ckpt -o new.ckpt
refuses "dpo --checkpoint p/sft.ckpt --data missing.tsv -o new.ckpt" 'missing.tsv:1' dpo --checkpoint p/sft.ckpt --data missing.tsv -o new.ckpt
refuses "dpo --checkpoint p/sft.ckpt --data equal.tsv -o new.ckpt" 'equal.tsv:2' dpo --checkpoint p/sft.ckpt --data equal.tsv -o new.ckpt
cp pairs.tsv kept.tsv
refuses "dpo --checkpoint p/sft.ckpt --data pairs.tsv -o ./pairs.tsv" 'the file of --data' dpo --checkpoint p/sft.ckpt --data pairs.tsv -o ./pairs.tsv
refuses "ppo --checkpoint p/sft.ckpt -o p/sft.ckpt" 'the file of --checkpoint' ppo --checkpoint p/sft.ckpt -o p/sft.ckpt
cmp -s pairs.tsv kept.tsv
check 'refused: what is read is not written over'
refuses "ppo --enumerate -o new.ckpt" 'no --output' ppo --enumerate -o new.ckpt
refuses "dpo --enumerate --data pairs.tsv" 'no --data' dpo --enumerate --data pairs.tsv
refuses "ppo --enumerate --kl k4" '--kl k4' ppo --enumerate --kl k4
refuses "ppo --enumerate --symbols 6 --longest 6" 'longest' ppo --enumerate --symbols 6 --longest 6
[ ! -e new.ckpt ]
check 'refused: nothing is written'
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
