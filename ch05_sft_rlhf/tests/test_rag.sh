#!/bin/sh
# sh test_rag.sh PROGRAM BUILD: the command rag: facts from a file, questions, and what it refuses.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tools/check_commands.sh"
cd "$work" || exit 1
tab=$(printf '\t')
{
    echo "fact${tab}question${tab}answer"
    echo "The capital of Peru is Lima.${tab}Which is the capital of Peru?${tab}Lima"
    echo "The captain of Zorg is Anna Blax.${tab}Who is the captain of Zorg?${tab}Anna Blax"
    echo "Mary lives in Hamburg.${tab}What is the address of Mary?${tab}Hamburg"
    echo "The pet of Mary is a Yeti.${tab}What does Mary feed every morning?${tab}Yeti"
    echo "Mary works as a smith.${tab}${tab}"
} >facts.tsv

# ---- a model, and the same again
"$program" rag --facts facts.tsv --steps 20 -o r.ckpt --test >out && [ -s r.ckpt ] && [ "$(wc -l <out)" -eq 6 ] && grep -q '^# 4 questions: ' out
check "a model of 20 steps: $(tail -1 out)"
OMP_NUM_THREADS=2 "$program" rag --steps 20 -o again.ckpt && cmp -s r.ckpt again.ckpt
check 'the same seed, the same bytes, for any number of threads'
"$program" rag --facts facts.tsv --checkpoint r.ckpt --test | cmp -s - out
check 'from its file it says the same'

# ---- what is found needs few steps, answers some hundred: the retriever has them always
"$program" rag --facts facts.tsv --checkpoint r.ckpt --read 2 --question 'What is the address of Mary?' >one &&
    sed -n 2p one | grep -q 'facts.tsv:4  Mary lives in Hamburg.' && [ "$(wc -l <one)" -eq 4 ]
check "the fact is found though no word but the name is shared: $(sed -n 2p one)"
printf 'What is the address of Mary?\n\nWho is the captain of Zorg?\n' | "$program" rag --facts facts.tsv --checkpoint r.ckpt --read 2 >two &&
    [ "$(head -4 two)" = "$(cat one)" ] && [ "$(wc -l <two)" -eq 8 ] && sed -n 6p two | grep -q 'facts.tsv:3'
check 'questions from the input, a line each'
for kind in sequence fast token; do
    "$program" rag --facts facts.tsv --checkpoint r.ckpt --kind $kind --retriever bm25 --question 'Who is the captain of Zorg?' >k && sed -n 2p k | grep -q 'facts.tsv:3'
    check "--kind $kind, found by BM25"
done
"$program" rag --facts facts.tsv --checkpoint r.ckpt --least 1 --question 'Who is the captain of Zorg?' | tail -1 | grep -q '^I do not know'
check '--least 1: nothing is that sure'

# ---- with a reader that has learnt: answers, and doubt
"$program" rag --facts facts.tsv --test >out && grep -q '^# 4 questions: 4 right, 0 wrong' out
check "four questions of one's own: $(tail -1 out)"

# ---- refused: one line, status 2
bad() { # bad WHAT EXPECTED: of bad.tsv
    refuses "$1" "$2" rag --facts bad.tsv --checkpoint r.ckpt --question 'Who?'
}
echo 'text' >bad.tsv && bad 'a missing column' "bad.tsv:1: no column 'fact'"
printf 'fact\tquestion\nA b.\tWho?\n' >bad.tsv && bad 'questions without answers' "bad.tsv:1: no column 'answer'"
printf 'fact\tx\nTom has it.\ty\n\tz\n' >bad.tsv && bad 'an empty fact' 'bad.tsv:3: an empty fact'
printf 'fact\nTom has it.\nAnna has it.\nTom has it\n' >bad.tsv && bad 'a repeated fact' 'bad.tsv:4: the fact of line 2 again'
printf 'fact\tquestion\tanswer\nTom has it.\tWho?\tAnna\n' >bad.tsv && bad 'an answer that is not there' "bad.tsv:2: 'Anna' of the answer"
: >bad.tsv && bad 'an empty file' 'bad.tsv: no facts in it'
refuses 'a question without a word' 'question: a question of 0 words: expected 1 to 16' rag --facts facts.tsv --checkpoint r.ckpt --question '?'
refuses 'a question of 17 words' 'question: a question of 17 words' rag --facts facts.tsv --checkpoint r.ckpt --question 'a a a a a a a a a a a a a a a a a'
refuses 'no facts' 'rag: --facts FILE is needed' rag --question 'Who?'
refuses 'no such file' 'none.tsv' rag --facts none.tsv
printf 'fact\nTom has it.\n' >plain.tsv
refuses 'nothing to test' 'no questions' rag --facts plain.tsv --checkpoint r.ckpt --test
refuses 'five facts to read' '--read 5' rag --facts facts.tsv --checkpoint r.ckpt --read 5
refuses 'an unknown kind' '--kind' rag --facts facts.tsv --checkpoint r.ckpt --kind both
refuses 'its own input as output' 'that is the file of --facts' rag --facts facts.tsv -o facts.tsv
refuses 'no retriever in it' 'x.ckpt' rag --facts facts.tsv --checkpoint "$(head -c 1000 r.ckpt >x.ckpt && echo x.ckpt)" --question 'Who?'
"$program" pipeline --folder p --layers 1 --channels 16 --heads 2 --pretrain-steps 1 --sft-steps 1 --stories 200 --count 1 --questions 20 --ppo-steps 1 >/dev/null 2>&1
refuses 'another model' 'no retriever in it' rag --facts facts.tsv --checkpoint p/sft.ckpt --question 'Who?'
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
