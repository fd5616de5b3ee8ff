#!/bin/sh
# sh test_run.sh PROGRAM BUILD: params, memory and run on real files, and what they say to bad input.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tools/check_commands.sh"
cat "$here"/../*.c "$here"/../*.h >"$work/text"
cd "$work" || exit 1
LC_ALL=C
export LC_ALL
# numbers N: N floats of about 0.05, with either sign: three letters of a text, and an exponent.
numbers() {
    tr -cd 'a-zA-Z0-9' <text | fold -w 3 | awk 'length($0) == 3 { printf "%s%s", $0, (NR * NR % 7 > 2 ? "=" : "\275") }' |
        head -c $((4 * $1))
}
int32() { # int32 N...: little-endian
    for n in "$@"; do
        [ "$n" -lt 0 ] && n=$((n + 4294967296))
        printf "\\$(printf %o $((n % 256)))\\$(printf %o $((n / 256 % 256)))\\$(printf %o $((n / 65536 % 256)))\\$(printf %o $((n / 16777216)))"
    done
}

# ---- params
[ "$("$program" params | awk '$1 == "llama-7b" { print $2 }')" = 6738415616 ] && [ "$("$program" params | awk '$1 == "gpt2" { print $2 }')" = 124439808 ]
check 'params: totals'
[ "$("$program" params | grep -cvE '^[a-z0-9-]+ [0-9]+$')" -eq 0 ]
check 'params: a name and an integer a line'
"$program" params bert-base | grep -qE '^total +109482240$' && [ "$("$program" params GPT-2 | awk '/%$/ { s += $(NF - 1) } END { print s }')" = 124439808 ]
check 'params MODEL: the rows add up'
"$program" params llama2-70b | grep -q ' 64 heads (8 key/value heads), ' && ! "$program" params llama-7b | grep -q 'key/value'
check 'params: key/value heads where they differ'
refuses 'params: no such model' "no such model" params gpt2 nothing

# ---- memory
"$program" memory --model llama-7b >m && grep -q 'together  *107.815 GB  *16.00' m && grep -q 'stored fully  *30.602 GB' m &&
    grep -q 'without score matrices  *9.127 GB' m && grep -q 'with full recomputation  *0.537 GB' m && grep -q '16 bytes per parameter.* 107.8 GB' m && grep -q 'here 0.54 to 30.6 GB' m
check 'memory: 7B'
"$program" memory --method zero3 --ranks 8 --precision fp32 | grep -q 'together  *13.477 GB'
check 'memory: sharded'
"$program" memory --batch 8 --accumulate 4 | grep -q 'together  *134.768 GB  *20.00'
check 'memory: accumulation'
"$program" memory --model llama-7b --seq 4194304 | grep -q '27836388.657 TFLOP  *99.40 %'
check 'memory: more operations than 2^63'
for m in full lora zero1 zero2 zero3; do "$program" memory --method $m >m && "$program" memory --help | grep -q "$m"; check "memory: --method $m"; done
"$program" memory --help | grep -q 'fp32 or mixed'
check 'memory: precisions in the help'
"$program" memory --batch 8 --accumulate 4 | grep -q 'activations, 2 sequences' && "$program" memory --batch 8 --accumulate 4 >m && "$program" memory --batch 2 >n &&
    [ "$(grep -A3 '^activations' m | tail -n 3)" = "$(grep -A3 '^activations' n | tail -n 3)" ]
check 'memory: accumulation divides the activations'
tflop() { "$program" memory "$@" | awk '/counted/ { for (i = 2; i <= NF; i++) if ($i == "TFLOP") print $(i - 1) }' | tr '\n' ' '; }
[ "$(tflop --batch 1 | awk '{ printf "%.2f %.2f", 8 * $1, 8 * $2 }')" = "$(tflop --batch 8 | awk '{ printf "%.2f %.2f", $1, $2 }')" ]
check 'memory: operations of all sequences'
# LoRA needs no gradients of the frozen weights: two products of three, but for attention
tflop --method lora >lora && tflop --method full | paste -d ' ' - lora | awk '{ exit !($3 / $1 > 2 / 3 && $3 / $1 < 0.72 && $4 / $2 > 2 / 3 && $4 / $2 < $3 / $1) }'
check 'memory: operations of LoRA'
for r in 512 256; do "$program" memory --method lora --lora-rank $r; done | awk '/^  moments/ { if (last) exit !(last / $5 > 1.99 && last / $5 < 2.01); last = $5 }'
check 'memory: the rank of LoRA'
"$program" memory --method zero1 --ranks 3 | grep -c 'zero[123] over 3 ranks, ' | grep -qx 6 && [ "$("$program" memory --method zero3 --ranks 5 |
    awk '/^  together/ { print $2 } /^  zero3 over 5 ranks, mixed/ { print $6 }' | sort -u | wc -l)" -eq 1 ]
check 'memory: the same number of ranks throughout'
refuses 'memory: method' "method" memory --method zero4
refuses 'memory: model' "no such model" memory --model x
refuses 'memory: accumulate' "divisor" memory --batch 3 --accumulate 2
refuses 'memory: ranks' "ranks" memory --ranks 0
refuses 'memory: a file' "unexpected" memory x

# ---- run: LLaMA, dim 16, hidden 24, 2 layers, 4 heads, 2 kv heads, vocabulary 40, 32 positions
llama() { int32 16 24 2 4 2 "$1" 32 && numbers $((40 * 16 * $2 + 2 * (2 * 16 + 2 * 256 + 2 * 16 * 8 + 3 * 16 * 24) + 16 + 32 * 4)); }
llama 40 1 >l.bin
"$program" run --checkpoint l.bin --prompt-ids "1 2 3" --steps 20 --greedy >ids && [ "$(wc -w <ids)" -eq 20 ] && [ "$(wc -l <ids)" -eq 1 ] &&
    grep -qE '^[0-9]+( [0-9]+)*$' ids
check 'run: as many ids as steps, on one line'
"$program" run --checkpoint l.bin --prompt-ids 1,2,3 --steps 20 --temperature 0 --threads 2 | cmp -s - ids
check 'run: temperature 0 is greedy'
[ "$("$program" run --checkpoint l.bin --prompt-ids "1 2 3 $(cut -d' ' -f1-5 ids)" --steps 15 --greedy)" = "$(cut -d' ' -f6-20 ids)" ]
check 'run: going on from what was generated'
[ "$("$program" run --checkpoint l.bin --steps 30 --seed 5 --top-p 1)" = "$("$program" run --checkpoint l.bin --steps 30 --seed 5 --top-p 1 --threads 2)" ] &&
    [ "$("$program" run --checkpoint l.bin --steps 30 --seed 5 --top-p 1)" != "$("$program" run --checkpoint l.bin --steps 30 --seed 6 --top-p 1)" ]
check 'run: samples follow the seed'
[ "$("$program" run --checkpoint l.bin --steps 30 --seed 5 --top-p 1)" != "$("$program" run --checkpoint l.bin --steps 30 --seed 4294967301 --top-p 1)" ]
check 'run: all bits of the seed'
[ "$("$program" run --checkpoint l.bin --steps 32 --greedy | wc -w)" -eq 32 ] && [ "$("$program" run --checkpoint l.bin --steps 0)" = '' ]
check 'run: all positions, and none'
llama -40 2 >u.bin && "$program" run --checkpoint u.bin --prompt-ids 7 --steps 5 --greedy >out && [ "$(wc -w <out)" -eq 5 ]
check 'run: an untied classifier'

[ "$("$program" run --checkpoint l.bin --greedy | wc -w)" -eq 32 ] && [ "$("$program" run --checkpoint l.bin --greedy --prompt-ids "1 2 3" | wc -w)" -eq 30 ]
check 'run: the default is shortened to the positions there are'
refuses 'run: the default, wished for' "32 positions" run --checkpoint l.bin --steps 64
mkfifo pipe && refuses 'run: a pipe' "expected a file" run --checkpoint pipe

# 100,000 positions: a reader who has gone ends the program, long before the last of them
{ int32 16 24 2 4 2 40 100000 && numbers $((40 * 16 + 2 * (2 * 16 + 2 * 256 + 2 * 16 * 8 + 3 * 16 * 24) + 16)) && head -c 1600000 /dev/zero; } >endless
if command -v timeout >/dev/null; then
    [ "$(timeout 30 sh -c '"$0" run --checkpoint endless --steps 90000 --greedy | head -c 3 | wc -c' "$program")" -eq 3 ]
    check 'run: a closed pipe ends it'
fi

# finite weights that overflow: all of W_V and W_O of layer 2 are 3.4e38
huge() { # huge FIRST COUNT: standard input, those of its numbers replaced
    cat >before
    head -c $((28 + 4 * $1)) before && awk -v n="$2" 'BEGIN { for (i = 0; i < n; i++) printf "\177\177\177\177" }' &&
        tail -c +$((28 + 4 * ($1 + $2) + 1)) before
}
weights=$((40 * 16 + 2 * 16 + 2 * 256))
huge $((weights + 3 * 128)) 128 <l.bin >first && huge $((weights + 4 * 128 + 256)) 256 <first >huge
refuses 'run: numbers that overflow' "huge: a NaN or infinity after layer 2 of 2, at position 1" run --checkpoint huge --prompt-ids "1 2 3" --greedy
refuses 'run: the same when sampling' "layer 2 of 2" run --checkpoint huge

# llama2.c's tokenizer: 40 tokens, of which letters from id 3
{
    int32 7
    for t in '<unk>' '<s>' '</s>' a b c d e f g h i j k l m n o p q r s t u v w x y z A B C D E F G H I J K; do
        printf '\0\0\0\0' && int32 ${#t} && printf %s "$t"
    done
} >tokenizer.bin
"$program" run --checkpoint l.bin --tokenizer tokenizer.bin --prompt abc --steps 5 --greedy >out && grep -qE '^abc[a-zA-Z<>/]*$' out
check 'run: text'
# all logits 0, so that every id is as likely: text ends where ids 1 or 2 come
{ head -c $((28 + 4 * (40 * 16 + 2 * (2 * 16 + 2 * 256 + 2 * 16 * 8 + 3 * 16 * 24)))) l.bin && head -c 64 /dev/zero && tail -c 512 l.bin; } >even.bin
name='0 1 2 a b c d e f g h i j k l m n o p q r s t u v w x y z A B C D E F G H I J K'
for seed in 1 2 3 4 5 6; do
    "$program" run --checkpoint even.bin --prompt-ids 1 --steps 30 --top-p 1 --seed $seed | tr ' ' '\n' |
        awk -v names="$name" 'BEGIN { split(names, name, " ") } $1 == 1 || $1 == 2 { exit } { printf "%s", $1 ? name[$1 + 1] : "<unk>" } END { print "" }' >want
    "$program" run --checkpoint even.bin --tokenizer tokenizer.bin --steps 30 --top-p 1 --seed $seed | cmp -s - want
    check "run: text ends with BOS or EOS, seed $seed: $(cat want)"
done
# with a token for the blank, which is put before the prompt, and not shown
{ head -c $(($(wc -c <tokenizer.bin) - 1)) tokenizer.bin && printf ' '; } >blank.bin
"$program" run --checkpoint l.bin --tokenizer blank.bin --prompt abc --steps 5 --greedy >out && grep -q '^abc' out
check 'run: no blank before the prompt'
refuses 'run: a tokenizer of another size' "damaged" run --checkpoint l.bin --tokenizer l.bin --prompt abc
refuses 'run: a byte without a token' "no token" run --checkpoint l.bin --tokenizer tokenizer.bin --steps 5 --prompt 'abc~'
refuses 'run: text without a tokenizer' "tokenizer" run --checkpoint l.bin --prompt abc
refuses 'run: both prompts' "one of them" run --checkpoint l.bin --tokenizer tokenizer.bin --prompt abc --prompt-ids 1
refuses 'run: id too large' "^ch03_transformer: --prompt-ids: '40': expected ids from 0 to 39" run --checkpoint l.bin --prompt-ids "1 40"
refuses 'run: id negative' "0 to 39" run --checkpoint l.bin --prompt-ids "1 -2"
refuses 'run: not an id' "'x'" run --checkpoint l.bin --prompt-ids "x"
refuses 'run: a huge id' "0 to 39" run --checkpoint l.bin --prompt-ids "99999999999999999999"
refuses 'run: too many steps' "32 positions" run --checkpoint l.bin --steps 33
refuses 'run: too long a prompt' "32 positions" run --checkpoint l.bin --steps 1 --prompt-ids "1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8 9 1 2 3 4 5 6"
refuses 'run: no checkpoint' "checkpoint" run
refuses 'run: a wrong number before a missing file' "steps x: expected a whole number" run --checkpoint nothing.bin --steps x
refuses 'run: no such file' "nothing.bin" run --checkpoint nothing.bin
refuses 'run: a folder' "expected a file" run --checkpoint .
refuses 'run: top-p' "top-p" run --checkpoint l.bin --top-p 2
refuses 'run: temperature' "temperature" run --checkpoint l.bin --temperature nan
: >empty && refuses 'run: empty' "not a checkpoint" run --checkpoint empty
{ int32 1634415666 1 16 24 2 4 2 && numbers 100; } >new && refuses 'run: the newer format' "legacy" run --checkpoint new
refuses 'run: text' "not a llama2.c checkpoint" run --checkpoint text
head -c 3000 l.bin >cut && refuses 'run: cut short' "cut short" run --checkpoint cut
{ cat l.bin && printf 1234; } >long && refuses 'run: too long' "too long" run --checkpoint long
{ head -c 1000 l.bin && printf '\377\377\377\377' && tail -c +1005 l.bin; } >nan && refuses 'run: NaN' "NaN" run --checkpoint nan
{ int32 65536 65536 16384 1 1 65536 65536 && numbers 100; } >absurd
refuses 'run: absurd sizes' "cut short" run --checkpoint absurd
{ int32 16 24 2 3 1 40 32 && numbers 3000; } >heads && refuses 'run: heads' "do not divide" run --checkpoint heads

# ---- run: GPT-2, 2 layers, 2 heads, 16 channels, vocabulary 40 of 64, 32 positions
zeros() { head -c "$1" /dev/zero; }
gpt2() { int32 20240326 3 32 "$1" 2 2 16 "$2" && zeros 992 && numbers $(($2 * 16 + 32 * 16 + 2 * (12 * 256 + 13 * 16) + 32)); }
gpt2 40 64 >g.bin
"$program" run --checkpoint g.bin --prompt-ids "1 2 3" --steps 20 --greedy >ids && [ "$(wc -w <ids)" -eq 20 ] &&
    [ "$(tr ' ' '\n' <ids | awk '$1 > 39' | wc -l)" -eq 0 ]
check 'run: GPT-2, no id of the padding'
[ "$("$program" run --checkpoint g.bin --steps 9 --greedy)" = "$("$program" run --checkpoint g.bin --prompt-ids 39 --steps 9 --greedy)" ] &&
    [ "$("$program" run --checkpoint l.bin --steps 9 --greedy)" = "$("$program" run --checkpoint l.bin --prompt-ids 1 --steps 9 --greedy)" ]
check 'run: without a prompt, what texts begin with'
{ int32 20240326 5 32 40 2 2 16 64 && zeros 992 && gpt2 40 64 | tail -c +1025 | od -An -v -tx1 -w4 | awk '{ print $3 $4 }' | xxd -r -p; } >h.bin 2>/dev/null
if command -v xxd >/dev/null; then
    [ "$("$program" run --checkpoint h.bin --prompt-ids "1 2 3" --steps 5 --greedy | wc -w)" -eq 5 ]
    check 'run: GPT-2 in bf16'
fi
{ int32 20240326 1 && tail -c +9 g.bin; } >v1 && refuses 'run: GPT-2, version' "expected 3" run --checkpoint v1
{ int32 20240326 5 && tail -c +9 g.bin; } >v5 && refuses 'run: GPT-2, fp32 called bf16' "bytes" run --checkpoint v5
head -c 1000 g.bin >cut && refuses 'run: GPT-2, cut header' "cut short" run --checkpoint cut
head -c 9000 g.bin >cut && refuses 'run: GPT-2, cut' "cut short" run --checkpoint cut
printf '#version: 0.2\nh e\n' >merges.txt && gpt2 258 320 >w.bin &&
    "$program" run --checkpoint w.bin --tokenizer merges.txt --prompt 'the sea' --steps 4 --greedy >out && grep -qa '^the sea' out
check 'run: GPT-2, text'
refuses 'run: GPT-2, vocabulary too large' "258 tokens" run --checkpoint g.bin --tokenizer merges.txt --prompt x
refuses 'run: GPT-2, not a vocabulary' "text:1" run --checkpoint g.bin --tokenizer text --prompt x

# ---- run: our own checkpoints, LLaMA-like, 1 layer, 2 heads, 1 kv head, 8 channels, hidden 12, vocabulary 40, 16 positions
# own FILE: the header's lines on standard input, before the checksum; the numbers they ask for are in `own_numbers`
own() {
    cat >header
    # FNV-1a, as checkpoint.h says: a unit a byte of the header, then a unit a number; arithmetic wraps at 64 bits
    h=-3750763034362895579
    for unit in $(od -An -v -tu1 header) $(od -An -v -tu4 own_numbers); do h=$(((h ^ unit) * 1099511628211)); done
    { cat header && printf 'checksum %016x%*s\n' "$h" $(((128 - ($(wc -c <header) + 26) % 64) % 64)) '' && cat own_numbers; } >"$1"
}
own_lines() {
    cat <<END
course-checkpoint 1
note family decoder
note vocabulary 40
note context 16
note channels 8
note layers 1
note decoder_layers 0
note heads 2
note kv_heads 1
note head_dim 4
note hidden 12
note ffn swiglu
note norm rms
note place pre
note norm_epsilon 1e-5
note final_norm yes
note position rope
note rope.base 10000
note rope.pairing interleaved
note rope.scaling none
note rope.factor 1
note rope.trained 0
note buckets 32
note furthest 128
note position_offset 0
note segments 0
note embedding_channels 8
note embedding_norm no
note embedding_scale 1
note logit_scale 1
note attention_scale 0
note attention_bias no
note ffn_bias no
note norm_bias no
note tied yes
note shared_layers no
note head linear
note pooler no
note init normal
note dropout 0
tensor token.weight 40 8
tensor block.0.norm1.gain 1 8
tensor block.0.attention.query.weight 8 8
tensor block.0.attention.key.weight 8 4
tensor block.0.attention.value.weight 8 4
tensor block.0.attention.out.weight 8 8
tensor block.0.norm2.gain 1 8
tensor block.0.ffn.gate.weight 8 12
tensor block.0.ffn.up.weight 8 12
tensor block.0.ffn.down.weight 12 8
tensor final_norm.gain 1 8
END
}
numbers $((40 * 8 + 3 * 8 + 2 * 64 + 2 * 32 + 3 * 96)) >own_numbers
own_lines | own o.bin
"$program" run --checkpoint o.bin --prompt-ids "1 2 3" --steps 12 --greedy >ids && [ "$(wc -w <ids)" -eq 12 ]
check 'run: our own checkpoint'
[ "$("$program" run --checkpoint o.bin --prompt-ids "1 2 3 $(cut -d' ' -f1-5 ids)" --steps 7 --greedy)" = "$(cut -d' ' -f6-12 ids)" ]
check 'run: our own, going on from what was generated'
printf 'course-bpe 1\npattern gpt2\nmerges 0\nend\n' >bytes.bpe
refuses 'run: our own, a vocabulary too large' "256 tokens" run --checkpoint o.bin --tokenizer bytes.bpe --prompt x
refuses 'run: our own, too many steps' "16 positions" run --checkpoint o.bin --steps 17
head -c 3000 o.bin >cut && refuses 'run: our own, cut short' "cut short" run --checkpoint cut
{ head -c 2100 o.bin && printf x && tail -c +2102 o.bin; } >damaged && refuses 'run: our own, damaged' "damaged" run --checkpoint damaged
own_lines | sed '/note hidden/d' | own bad && refuses 'run: our own, a note missing' "'hidden'" run --checkpoint bad
own_lines | sed 's/vocabulary 40/vocabulary 16777216/' | own bad && refuses 'run: our own, absurd vocabulary' "expected 16777216" run --checkpoint bad
own_lines | sed 's/context 16/context 16777216/' | own bad && refuses 'run: our own, absurd context' "table of positions" run --checkpoint bad
own_lines | sed 's/context 16/context 16777217/' | own bad && refuses 'run: our own, too long a context' "context" run --checkpoint bad
own_lines | sed 's/layers 1/layers 9999999/' | own bad && refuses 'run: our own, absurd layers' "tensors" run --checkpoint bad
own_lines | sed 's/final_norm.gain 1 8/final_norm.gain 4294967297 8/' | own bad && refuses 'run: our own, a size beyond int' "ROWS COLUMNS" run --checkpoint bad
own_lines | sed 's/rope.scaling none/rope.scaling yarn/' | own bad && refuses 'run: our own, YaRN without a trained length' "bad: .*trained" run --checkpoint bad
own_lines | sed 's/position rope/position xpos/; s/context 16/context 4000000/' | own bad && refuses 'run: our own, xPos over too many positions' "bad: " run --checkpoint bad
own_lines | sed 's/place pre/place post/' | own bad && refuses 'run: our own, Post-LN' "cannot be run: norms" run --checkpoint bad
own_lines | sed 's/rope.base 10000/rope.base 500000/' | own bad && refuses 'run: our own, another base' "bad: this model cannot be run: RoPE" run --checkpoint bad

# The model that the repository carries, with its tokenizer inside: a story begins at once.
"$program" run --checkpoint "$here/../stories.ckpt" --prompt 'One sunny morning' --steps 60 >story 2>err &&
    grep -q '^One sunny morning .*\.$' story && [ "$(wc -w <story)" -ge 15 ]
check "run: stories.ckpt tells a story ($(cat story))"
# The lecture's sentence, section 3.12.
"$program" run --checkpoint "$here/../stories.ckpt" --greedy --steps 24 \
    --prompt 'Tom took the kite from Anna. Then he hid it under the' >hidden 2>err &&
    grep -q 'hid it under the bed\. Where is the kite? It is under the bed\.' hidden
check "run: stories.ckpt finds what was hidden ($(cat hidden))"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
