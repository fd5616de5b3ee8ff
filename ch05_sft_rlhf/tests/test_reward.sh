#!/bin/sh
# sh test_reward.sh PROGRAM BUILD: the command reward: training, scoring, and what it refuses.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tools/check_commands.sh"
cd "$work" || exit 1
"$program" pipeline --folder p --layers 1 --channels 16 --heads 2 --pretrain-steps 5 --sft-steps 1 --stories 200 \
    --count 1 --questions 20 --ppo-steps 1 >made 2>&1 && [ -f p/sft.ckpt ]
check "a small model: $(tail -1 made)"
tab=$(printf '\t')
header="prompt${tab}chosen${tab}rejected${tab}strength"
{
    echo "$header"
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        echo "Hello, I am Tom. $i${tab}Hello, Tom.${tab}I am not sure.${tab}$((i % 3 + 1))"
    done
} >prefs.tsv

# ---- training
"$program" reward --checkpoint p/sft.ckpt --data prefs.tsv -o r.ckpt --epochs 2 --batch 4 --log r.tsv >out && [ -s r.ckpt ]
check "a reward model: $(tail -1 out)"
[ "$(sed -n 2p r.tsv | cut -f 2 | cut -c 1-7)" = 0.69314 ]
check "the first loss is ln 2: $(sed -n 2p r.tsv)"
# 18 pairs to train on, in batches of 4, twice
[ "$(wc -l <r.tsv)" -eq 11 ]
check '10 steps are logged'
OMP_NUM_THREADS=1 "$program" reward --checkpoint p/sft.ckpt --data prefs.tsv -o again.ckpt --epochs 2 --batch 4 >/dev/null &&
    cmp -s r.ckpt again.ckpt
check 'the same seed, the same bytes'

# ---- scoring
"$program" reward --checkpoint r.ckpt --score prefs.tsv >scores && [ "$(head -1 scores)" = "line${tab}chosen${tab}rejected${tab}p_chosen" ] &&
    [ "$(wc -l <scores)" -eq 21 ] &&
    awk -F '\t' 'NR > 1 { d = 1 / (1 + exp($3 - $2)) - $4; if (d * d > 1e-12 || $4 <= 0.5) exit 1 }' scores
check 'preferences are scored, the chosen one higher'
printf 'answer\tprompt\nHello, Tom.\tHello, I am Tom. 1\n' >answers.tsv
"$program" reward --checkpoint r.ckpt --score answers.tsv -o one && [ "$(head -1 one)" = "line${tab}score" ] &&
    [ "$(sed -n 2p one | cut -f 2)" = "$(sed -n 2p scores | cut -f 2)" ]
check 'an answer has the score it has in a pair'

# ---- refused: one line, status 2, nothing written
refuse() { # refuse WHAT EXPECTED ARGUMENT...
    what=$1 expected=$2
    shift 2
    refuses "$what" "$expected" reward "$@"
    [ ! -e x.ckpt ]
    check "$what: nothing is written"
}
train() { refuse "$1" "$2" --checkpoint p/sft.ckpt --data "$3" -o x.ckpt; }
printf 'prompt\tchosen\nA\tB\n' >bad.tsv && train 'a missing column' 'bad.tsv:1: expected the names of columns' bad.tsv
printf '%s\nWho?\tTom.\tTom.\t1\n' "$header" >bad.tsv && train 'equal answers' 'bad.tsv:2: chosen and rejected are the same' bad.tsv
printf '%s\n\tTom.\tAnna.\t1\n' "$header" >bad.tsv && train 'an empty prompt' 'bad.tsv:2: an empty prompt' bad.tsv
printf '%s\nWho?\tTom.\tAnna.\n' "$header" >bad.tsv && train 'a missing field' 'bad.tsv:2: 3 columns: expected 4' bad.tsv
{
    echo "$header"
    printf 'Who?'
    i=0
    while [ $i -lt 300 ]; do printf ' Tom' && i=$((i + 1)); done
    printf '\tTom.\tAnna.\t1\n'
} >bad.tsv && train 'a prompt longer than the context' 'bad.tsv:2: a prompt of' bad.tsv
printf '%s\nWho?\tTom.\tAn\377na.\t1\n' "$header" >bad.tsv && train 'broken UTF-8' 'bad.tsv:2: byte' bad.tsv
printf '%s\nWho?\tTom.\tAn\000na.\t1\n' "$header" >bad.tsv && train 'a zero byte' 'bad.tsv:2: a zero byte' bad.tsv
head -c 2000000 /dev/zero | tr '\0' a >bad.tsv && train 'a huge line' 'bad.tsv:1: a line of 2000000 bytes' bad.tsv
: >bad.tsv && train 'an empty file' 'bad.tsv: no examples in it' bad.tsv
train 'no such file' 'none.tsv' none.tsv
train 'answers' 'answers.tsv: answers: expected preferences' answers.tsv
train 'a strength of 0' 'bad.tsv:2: strength 0' "$(printf '%s\nWho?\tTom.\tAnna.\t0\n' "$header" >bad.tsv && echo bad.tsv)"
refuse 'a reward model to begin with' 'r.ckpt: a model of stage reward' --checkpoint r.ckpt --data prefs.tsv -o x.ckpt
refuse 'a language model that is to score' 'p/sft.ckpt: a model of stage sft: expected reward' --checkpoint p/sft.ckpt --score prefs.tsv
refuse 'nothing to do' 'reward: --data FILE is needed' --checkpoint p/sft.ckpt -o x.ckpt
refuse 'no output' 'reward: -o FILE is needed' --checkpoint p/sft.ckpt --data prefs.tsv
refuse 'all held out' '--held-out 1' --checkpoint p/sft.ckpt --data prefs.tsv -o x.ckpt --held-out 1
refuse 'an epoch of 0' '--epochs 0' --checkpoint p/sft.ckpt --data prefs.tsv -o x.ckpt --epochs 0
head -c 1000 r.ckpt >cut.ckpt && refuse 'half a file' 'cut.ckpt' --checkpoint cut.ckpt --score prefs.tsv

# ---- what editors write
{
    printf '\357\273\277'
    sed 's/$/\r/' prefs.tsv
} >windows.tsv && "$program" reward --checkpoint r.ckpt --score windows.tsv | cmp -s - scores
check 'a byte order mark and \r\n change nothing'
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
