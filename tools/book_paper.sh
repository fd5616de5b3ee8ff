#!/bin/sh
# sh tools/book_paper.sh BOOK FILE.pdf|FILE.epub: the book on paper, by the print of a headless Chromium, from the pages that
# tools/book.sh made; or the lectures as one EPUB, by pandoc. Where the program is missing, a line says so; status 1.
# shellcheck disable=SC2016  # dollars and backticks in quotes are meant
set -eu

die() { printf 'book: %s\n' "$1" >&2; exit "$2"; }

[ $# -eq 2 ] && [ -f "$1/index.html" ] || die 'usage: sh tools/book_paper.sh BOOK FILE.pdf|FILE.epub' 2
book=$(cd "$1" && pwd -P)
file=$(cd "$(dirname "$2")" && pwd -P)/$(basename "$2")
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# The pages in the order of their "next" links, without translations.
pages() {
    set -- "$book"/ch*.html
    page=$(basename "$1")
    while [ -n "$page" ]; do
        echo "$page"
        page=$(sed -n 's/.*class="next" href="\([^"]*\)".*/\1/p' "$book/$page" | head -n 1)
    done
}

# One page of all: what was an anchor of a page becomes PAGE--ANCHOR.
one_page() {
    sed '/<main>/,$d' "$book/index.html"
    echo '<style>section { break-before: page } .turn, .contents { display: none } main { max-width: none }</style><main>'
    for page in index.html $(pages); do
        name=${page%.html}
        echo "<section id=\"$name\">"
        sed '1,/<main>/d; /<\/main>/,$d' "$book/$page" |
            sed -e "s| id=\"| id=\"$name--|g; s|href=\"#|href=\"#$name--|g" \
                -e 's|href="\([A-Za-z0-9_]*\)\.html#|href="#\1--|g; s|href="\([A-Za-z0-9_]*\)\.html"|href="#\1"|g'
        echo '</section>'
    done
    echo '</main></body></html>'
}

paper() {
    for browser in "${CHROMIUM:-}" chromium chromium-browser google-chrome ''; do
        [ -z "$browser" ] || ! command -v "$browser" >/dev/null || break
    done
    [ -n "$browser" ] || die 'no PDF without Chromium (the package is named chromium)' 1
    cp -R "$book/." "$work/"
    one_page >"$work/paper.html"
    "$browser" --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-sync \
        --user-data-dir="$work/browser" --no-pdf-header-footer --virtual-time-budget=60000 \
        --print-to-pdf="$work/paper.pdf" "file://$work/paper.html" >/dev/null 2>&1 || true
    [ -s "$work/paper.pdf" ] || die 'the browser made no PDF' 1
    mv "$work/paper.pdf" "$file"
}

# gfm has $`x`$ for $x$; pandoc reads only the latter.
epub() {
    command -v pandoc >/dev/null || die 'no EPUB without pandoc; `sh tools/setup.sh docs` installs it' 1
    BOOK_PAGES=$(for page in docs/ch*.md; do basename "$page" .md; done | LC_ALL=C sort
        [ ! -f docs/glossary.md ] || echo glossary)
    for name in $BOOK_PAGES; do
        grep -o '\*\*\[[0-9]*\.[0-9]*\]\*\*' "docs/$name.md" | sed "s/[]*[]//g; s/$/ $name/" || true
    done >"$work/derived"
    for name in $BOOK_PAGES; do cat "docs/$name.md"; echo; done | sed 's/\$`\([^`]*\)`\$/$\1$/g' >"$work/all.md"
    mkdir "$work/drawings"
    for drawing in docs/drawings/*.svg; do
        [ ! -f "$drawing" ] || awk -f tools/book_drawing.awk "$drawing" >"$work/drawings/$(basename "$drawing")"
    done
    export BOOK_PAGES BOOK_EPUB=yes BOOK_UP='' BOOK_DERIVED="$work/derived" BOOK_HERE=book
    pandoc -f gfm+tex_math_dollars -t epub3 --mathml --toc --toc-depth=2 --resource-path="$work:docs" \
        --css=docs/epub.css --highlight-style=monochrome --lua-filter=tools/book.lua \
        -M title="$(sed -n '1s/^# *//p' README.md)" -M lang=en -M toc-title=Contents -M identifier=language-models-in-c \
        -o "$work/book.epub" "$work/all.md"
    mv "$work/book.epub" "$file"
}

case $file in
    *.pdf) paper ;;
    *.epub) epub ;;
    *) die 'expected a name that ends in .pdf or .epub' 2 ;;
esac
echo "book: $file"
