#!/bin/sh
# sh tools/live_module.sh CHAPTER LIVE PROGRAM: a chapter's script file for the book's pages, to standard output: its
# module LIVE/chNN.wasm in base64, what PROGRAM says of its labs, and the files that they read. Pages opened from disk
# may load scripts, and nothing else.
set -eu
chapter=$1 short=${1%%_*} live=$2 program=$3
printf 'live.chapter({name: "%s", program: "%s",\nlabs: ' "$short" "$chapter"
"$program" --list --json
printf ',\nfiles: {'
for file in "docs/$chapter.md" "$chapter"/*.ckpt; do
    case $file in
        docs/ch01_*) ;;
        *.ckpt) [ -f "$file" ] || continue ;;
        *) continue ;;
    esac
    printf '\n"%s": "%s",' "$file" "$(base64 "$file" | tr -d '\n')"
done
printf '},\nmodule: "'
base64 "$live/$short.wasm" | tr -d '\n'
printf '"});\n'
