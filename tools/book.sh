#!/bin/sh
# sh tools/book.sh OUTDIR [TOURS]: the lectures as an offline book, OUTDIR/index.html; one page per lecture.
# Needs pandoc; the pages need no network, no script and no font that the system has not got.
#
# TOURS is a folder with each tour's output, chNN_name.txt; with it the book has an index of claims.
#
# A lecture is Markdown as the hosting site renders it; tools/book.lua says what becomes of it here:
#
#     ![What a reader who cannot see it should know](figures/ch02_variance.svg)
#
#     *What to see, in a sentence. `./ch02_attention variance`*
#
# is a figure: its caption is the paragraph in italics below, whose last word is the command that draws it.
# A drawing, ![...](drawings/x.svg), may have a caption, without a command. Paragraphs that begin with
# **By hand.**, **Try** or **Questions** are boxes, <details> is a folded answer, open in print.
#
# Maths is read as where the repository is hosted: $...$, $$...$$, $`...`$ and ```math. A formula that
# cannot become MathML is an error. Links between lectures become links between pages; links to code lead
# into the repository while the book stands inside it, and are plain text elsewhere.
# shellcheck disable=SC2016,SC2094  # dollars and backticks in quotes are meant; no file is read and written
set -eu

die() { printf 'book: %s\n' "$1" >&2; exit "$2"; }

[ $# -ge 1 ] && [ $# -le 3 ] || die 'usage: sh tools/book.sh OUTDIR [TOURS [LIVE]]' 2
command -v pandoc >/dev/null || die 'pandoc is missing; `sh tools/setup.sh docs` installs it' 2
mkdir -p "$1" || exit 2
out=$(cd "$1" && pwd -P)
tours=
[ $# -eq 1 ] || tours=$(cd "$2" && pwd -P) || exit 2
modules=
[ $# -lt 3 ] || [ ! -f "$3/ch01.js" ] || modules=$(cd "$3" && pwd -P) || exit 2
cd "$(dirname "$0")/.."
root=$(pwd -P)
set -- docs/ch*.md
[ -f "$1" ] || die 'there are no lectures docs/ch*.md' 1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

case $out in
    "$root"/*) BOOK_UP=$(echo "${out#"$root"/}" | sed 's|[^/][^/]*|..|g')/ ;;
    *) BOOK_UP= ;;
esac
BOOK_PAGES=$(for each; do basename "$each" .md; done)
BOOK_CLAIMS=$([ -z "$tours" ] || echo yes)
export BOOK_UP BOOK_PAGES BOOK_CLAIMS

# A chapter may have two lectures, chNN_name.md and chNN_name_2.md, of one folder and one tour. Which of them derives
# a claim: a line "2.3 ch02_attention" each.
folder_of() { echo "$1" | sed 's/_[0-9]*$//'; }
export BOOK_DERIVED="$work/derived"
for name in $BOOK_PAGES; do
    grep -o '\*\*\[[0-9]*\.[0-9]*\]\*\*' "docs/$name.md" | sed "s/[]*[]//g; s/$/ $name/" || true
done >"$BOOK_DERIVED"

# ---- one page -------------------------------------------------------------------------------------------

# $`x`$ is $x$ with its edges marked.
plain_maths() {
    awk '/^ *(```|~~~)/ { fenced = !fenced }
         { rest = $0; line = "" }
         !fenced {
             while (match(rest, /\$`[^`]*`\$/)) {
                 line = line substr(rest, 1, RSTART) substr(rest, RSTART + 2, RLENGTH - 4) "$"
                 rest = substr(rest, RSTART + RLENGTH)
             }
         }
         { print line rest }'
}

# What pandoc's MathML leaves undone in browsers: sizes without a unit (\Big|), the bar of \overline, which
# is drawn as a border since the sign for it does not stretch everywhere.
mend_mathml() {
    sed -e 's/minsize="\([0-9.]*\)" maxsize="[0-9.]*" stretchy="false"/minsize="\1em" maxsize="\1em" stretchy="true" symmetric="true"/g' \
        -e 's|<mover>\(<msub><mi>[^<]*</mi><mrow>[^/]*\(</m[ion]>[^/]*\)*</mrow></msub>\)<mo accent="true">[¯‾]</mo></mover>|<mrow class="bar">\1</mrow>|g' \
        -e 's|<mover><mi>\([^<]*\)</mi><mo accent="true">[¯‾]</mo></mover>|<mrow class="bar"><mi>\1</mi></mrow>|g'
}

convert() {  # convert LECTURE TEMPLATE [OPTION...] <markdown >html
    name=$1 template=$2
    shift 2
    plain_maths | BOOK_HERE=$name pandoc -f gfm+tex_math_dollars -t html5 --mathml --wrap=preserve --standalone \
        --template="$template" --lua-filter=tools/book.lua "$@" >"$work/page.html" 2>"$work/complaints" ||
        die "$name: $(cat "$work/complaints")" 1
    ! grep -q 'Could not convert TeX' "$work/complaints" || die "$name: $(cat "$work/complaints")" 1
    cat "$work/complaints" >&2
    mend_mathml <"$work/page.html"
}

# ---- what the pages are ---------------------------------------------------------------------------------

book=$(sed -n '/^# /{s/^# *//;p;q;}' README.md 2>/dev/null || true)
: "${book:=Lectures}"

# Each lecture's contents, as a list; its first entry is the lecture's own title. On the way, its formulas.
echo '$toc$' >"$work/toc.html"
for lecture; do
    page=$(basename "$lecture" .md)
    export BOOK_NOTES="$work/$page.notes"
    convert "$lecture" "$work/toc.html" --toc --toc-depth=2 -M pagetitle=x <"$lecture" >"$work/list"
    sed "s|href=\"#|href=\"$page.html#|g; s| id=\"toc-[^\"]*\"||g" "$work/list" >"$work/$page.toc"
    sed -n 's/^# *//p' "$lecture" | sed -n '1{s/[`*]//g;p;}' >"$work/$page.title"
done
unset BOOK_NOTES
echo 'Index of claims' >"$work/claims.title"
echo 'Index of formulas' >"$work/formulas.title"
indexes=$([ -z "$tours" ] || echo claims; echo formulas)

# Labs in the page: the scripts in docs/live/, a script file for each chapter's program, and pages of their own.
scripts= lives=
if [ -n "$modules" ] && [ -n "$tours" ]; then
    scripts=$(for each in wasi worker live figure form page explore bpe next chat; do echo "-V live=$each.js"; done)
    lives=$(for each in docs/live/pages/*.md; do [ ! -f "$each" ] || basename "$each" .md; done; echo labs)
    {
        printf '# All labs, in the page\n\n'
        cat docs/live/labs.txt
        for name in $(for page in $BOOK_PAGES; do folder_of "$page"; done | uniq); do
            sed -n '/^Chapter/s/^/\n## /p' "$tours/$name.txt"
            sed -n "s|^\([0-9]*\.[0-9]*\)  \(.*\)  (\([a-z0-9-]*\))\$|\n<p class=\"live-here\">\1 \2. <code>./$name \3</code></p>|p" "$tours/$name.txt"
        done
    } >"$work/labs.md"
    for each in $lives; do
        [ "$each" = labs ] || cp "docs/live/pages/$each.md" "$work/$each.md"
        sed -n 's/^# *//p' "$work/$each.md" | head -n 1 >"$work/$each.title"
    done
fi

title_of() { cat "$work/$1.title"; }

sidebar() {  # sidebar PAGE: the contents of the page, and the other pages' titles
    for other in $BOOK_PAGES $lives $indexes; do
        if [ "$other" = "$1" ] && [ -f "$work/$1.toc" ]; then
            sed '1s/<ul>/<ul class="now">/; 2s/<li>/<li class="here">/' "$work/$1.toc"
        else
            here=$([ "$other" != "$1" ] || echo ' class="here"')
            echo "<ul><li$here><a href=\"$other.html\">$(title_of "$other")</a></li></ul>"
        fi
    done
}

turn() {  # turn CLASS WORD PAGE: a link to the page before or after this one
    [ -z "$3" ] || echo "<a class=\"$1\" href=\"$3.html\"><small>$2</small>$(title_of "$3")</a>"
}

mkdir "$work/book"
page() {  # page PAGE SOURCE PREVIOUS NEXT
    # shellcheck disable=SC2086  # options are words
    convert "$2" docs/template.html $scripts -M pagetitle="$(title_of "$1")" -V book="$book" -V sidebar="$(sidebar "$1")" \
        -V turn="$(turn previous Previous "$3"; turn next Next "$4")" <"$2" >"$work/book/$1.html"
}

# ---- the lectures, the indexes, the cover -----------------------------------------------------------------

# A chapter may have two lectures, chNN_name.md and chNN_name_2.md, of one folder and one tour.
folder_of() { echo "$1" | sed 's/_[0-9]*$//'; }
for name in $BOOK_PAGES; do
    grep -o '\*\*\[[0-9]*\.[0-9]*\]\*\*' "docs/$name.md" | sed "s/[]*[]//g; s/$/ $name/" || true
done >"$work/derived"
if [ -n "$tours" ]; then
    for name in $(for page in $BOOK_PAGES; do folder_of "$page"; done | uniq); do
        [ -f "$tours/$name.txt" ] || die "$tours has no $name.txt" 1
        awk -v page="$name" -v derived="$BOOK_DERIVED" -f tools/book_claims.awk "$tours/$name.txt"
    done | { printf '# Index of claims\n\n'; cat tools/book_claims.md; cat; } >"$work/claims.md"
fi
for name in $BOOK_PAGES; do
    awk -v page="$name" -v title="$(title_of "$name")" -f tools/book_formulas.awk "$work/$name.notes" "$(folder_of "$name")"/*.h
done | { printf '# Index of formulas\n\n'; cat tools/book_formulas.md; cat; } >"$work/formulas.md"

previous='' current=''
for next in $BOOK_PAGES $lives $indexes ''; do
    source=$work/$current.md
    [ ! -f "docs/$current.md" ] || source=docs/$current.md
    [ -z "$current" ] || page "$current" "$source" "$previous" "$next"
    previous=$current current=$next
done

contents=$(cat "$work"/*.toc; for i in $lives $indexes; do echo "<ul><li><a href=\"$i.html\">$(title_of "$i")</a></li></ul>"; done)
convert docs/README.md docs/template.html -M pagetitle="$book" -V contents="$contents" \
    <docs/README.md >"$work/book/index.html"

for folder in figures drawings; do [ ! -d "docs/$folder" ] || cp -R "docs/$folder" "$work/book/"; done
if [ -n "$scripts" ]; then
    mkdir "$work/book/live"
    cp docs/live/*.js docs/live/live.css "$modules"/ch[0-9][0-9].js "$work/book/live/"
fi
cp -R "$work/book/." "$out/"
echo "book: $out/index.html"
