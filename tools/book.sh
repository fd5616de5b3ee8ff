#!/bin/sh
# sh tools/book.sh OUTDIR [TOURS]: the lectures as an offline book, OUTDIR/index.html; one page per lecture.
# Needs pandoc; the pages need no network, no script and no font that the system has not got.
#
# TOURS is a folder with each tour's output, chNN_name.txt; with it the book has an index of claims.
#
# The pages are every docs/*.md with a title: the chapters, then what is around them in the order below, the glossary,
# and what is made from the lectures: notation, formulas, claims, sources. docs/LANGUAGE/*.md are translations: a page
# each, which the original leads to. docs/search.js finds words in the pages, without a server, and nothing needs it.
#
# A lecture is Markdown as the hosting site renders it; tools/book.lua says what becomes of it here:
#
#     ![What a reader who cannot see it should know](figures/ch02_variance.svg)
#
#     *What to see, in a sentence. `./ch02_attention variance`*
#
# is a figure: its caption is the paragraph in italics below, whose last word is the command that draws it.
# A drawing, ![...](drawings/x.svg), may have a caption, without a command. Paragraphs that begin with
# **By hand.**, **Try**, **Questions** or **Question.** are boxes, <details> is a folded answer, open in print.
#
# Maths is read as where the repository is hosted: $...$, $$...$$, $`...`$ and ```math. A formula that
# cannot become MathML is an error. Links between lectures become links between pages; links to code lead
# into the repository while the book stands inside it, and are plain text elsewhere.
# shellcheck disable=SC2016,SC2046,SC2086,SC2094,SC2116  # dollars in quotes are meant, lists become words
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
# docs/*.md in their order; README.md is the cover. A chapter's first lecture comes before its second in every language
# that a shell sorts by.
lectures=$(for each; do basename "$each" .md; done | LC_ALL=C sort)
around='teaching project performance errata'
others=$(for each in docs/[!c]*.md docs/c[!h]*.md; do basename "$each" .md; done |
         grep -vxE "README|glossary|.*\\*.*|$(echo $around | tr ' ' '|')" || true)
course=$(for each in $around $others; do [ ! -f "docs/$each.md" ] || echo "$each"; done)
BOOK_PAGES="$lectures $course $([ ! -f docs/glossary.md ] || echo glossary)"
BOOK_PAGES=$(echo $BOOK_PAGES)
BOOK_CLAIMS=$([ -z "$tours" ] || echo yes)
export BOOK_UP BOOK_PAGES BOOK_CLAIMS

# A chapter has one lecture or several, chNN_name.md, chNN_name_2.md, chNN_name_3.md, of one folder and one tour. Which
# of them derives a claim: a line "2.3 ch02_attention" each.
folder_of() { echo "$1" | sed 's/_[0-9]*$//'; }
export BOOK_DERIVED="$work/derived"
derived_in() {  # derived_in MARKDOWN PAGE
    grep -o '\*\*\[[0-9]*\.[0-9]*\]\*\*' "$1" | sed "s/[]*[]//g; s/$/ $2/" || true
}
for name in $lectures; do derived_in "docs/$name.md" "$name"; done >"$BOOK_DERIVED"

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

# What pandoc's MathML leaves undone in browsers.
mend_mathml() { sed -f tools/book_mathml.sed; }

convert() {  # convert LECTURE TEMPLATE [OPTION...] <markdown >html
    name=$1 template=$2
    shift 2
    plain_maths | BOOK_HERE=$name pandoc -f gfm+tex_math_dollars+east_asian_line_breaks -t html5 --mathml --wrap=preserve --standalone \
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
for page in $BOOK_PAGES; do
    lecture=docs/$page.md
    export BOOK_NOTES="$work/$page.notes"
    convert "$lecture" "$work/toc.html" --toc --toc-depth=2 -M pagetitle=x <"$lecture" >"$work/list"
    letters=$([ "$page" != glossary ] || echo '2,$s/<ul>/<ul class="letters">/')
    sed "s|href=\"#|href=\"$page.html#|g; s| id=\"toc-[^\"]*\"||g; $letters" "$work/list" >"$work/$page.toc"
    sed -n 's/^# *//p' "$lecture" | sed -n '1{s/[`*]//g;p;}' >"$work/$page.title"
done
unset BOOK_NOTES
echo 'Notation' >"$work/notation.title"
echo 'Index of formulas' >"$work/formulas.title"
echo 'Index of claims' >"$work/claims.title"
echo 'Sources' >"$work/sources.title"
indexes=$(echo notation formulas $([ -z "$tours" ] || echo claims) sources)

# Labs in the page: the scripts in docs/live/, a script file for each chapter's program, and pages of their own.
scripts='' lives=''
if [ -n "$modules" ] && [ -n "$tours" ]; then
    scripts=$(for each in team wasi worker live plot figure form page explore bpe next chat; do echo "-V live=$each.js"; done)
    # in the order of the chapters that they send their readers to
    lives=$(for each in docs/live/pages/*.md; do
        [ ! -f "$each" ] || echo "$(grep -o '](ch[0-9]*' "$each" | head -n 1) $(basename "$each" .md)"
    done | sort | cut -d ' ' -f 2; echo labs)
    {
        printf '# All labs, in the page\n\n'
        cat docs/live/labs.txt
        for name in $(for page in $lectures; do folder_of "$page"; done | uniq); do
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

part_before() {  # part_before PAGE: the heading of the part of the book that begins with it
    set -- "$1" $course
    [ "$1" != "${2:-}" ] || echo '<p class="part">The course</p>'
    [ "$1" != "$(echo $([ ! -f docs/glossary.md ] || echo glossary) $indexes | cut -d ' ' -f 1)" ] ||
        echo '<p class="part">To look things up</p>'
    [ "$1" != "$(echo $lives | cut -d ' ' -f 1)" ] || echo '<p class="part">Run in the page</p>'
}

sidebar() {  # sidebar PAGE: the contents of the page, and the other pages' titles
    for other in $BOOK_PAGES $indexes $lives; do
        part_before "$other"
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

# The languages of a lecture: links from each of its pages to the others.
translations() { for each in docs/[a-z][a-z]/"$1.md"; do [ ! -f "$each" ] || basename "$(dirname "$each")"; done; }
tongue() { case $1 in zh) echo 中文 ;; en) echo English ;; *) echo "$1" ;; esac; }
languages() {  # languages PAGE THIS
    for each in en $(translations "$1"); do
        [ "$each" != "$2" ] || continue
        echo "<a lang=\"$each\" href=\"$1$([ "$each" = en ] || echo ".$each").html\">$(tongue "$each")</a>"
    done
}

mkdir "$work/book"
page() {  # page PAGE SOURCE PREVIOUS NEXT
    # shellcheck disable=SC2086  # options are words
    convert "$1" docs/template.html $scripts -V languages="$(languages "$1" en)" -M pagetitle="$(title_of "$1")" -V book="$book" -V sidebar="$(sidebar "$1")" \
        -V turn="$(turn previous Previous "$3"; turn next Next "$4")" <"$2" >"$work/book/$1.html"
}

# ---- the lectures, the indexes, the cover -----------------------------------------------------------------

if [ -n "$tours" ]; then
    for name in $(for page in $lectures; do folder_of "$page"; done | uniq); do
        [ -f "$tours/$name.txt" ] || die "$tours has no $name.txt" 1
        awk -v page="$name" -v derived="$BOOK_DERIVED" -f tools/book_claims.awk "$tours/$name.txt"
    done | { printf '# Index of claims\n\n'; cat tools/book_claims.md; cat; } >"$work/claims.md"
fi
for name in $lectures; do
    awk -v page="$name" -v title="$(title_of "$name")" -f tools/book_formulas.awk "$work/$name.notes" "$(folder_of "$name")"/*.h
done | { printf '# Index of formulas\n\n'; cat tools/book_formulas.md; cat; } >"$work/formulas.md"
# part_of_lectures HEADING-OR-TABLE WORDS: that part of each lecture, below the lecture's title.
part_of_lectures() {
    for name in $lectures; do
        awk -v page="$name" -v title="$(title_of "$name")" -v part="$1" -f tools/book_parts.awk "docs/$name.md"
    done
}
part_of_lectures notation | { printf '# Notation\n\n'; cat tools/book_notation.md; cat; } >"$work/notation.md"
part_of_lectures sources | { printf '# Sources\n\n'; cat tools/book_sources.md; cat; } >"$work/sources.md"

# What search.js searches: the pages that are written, not the indexes that are made from them.
export BOOK_SEARCH="$work/search_rows"
previous='' current=''
for next in $BOOK_PAGES $indexes $lives ''; do
    source=$work/$current.md
    [ ! -f "docs/$current.md" ] || source=docs/$current.md
    case " $indexes " in *" $current "*) unset BOOK_SEARCH ;; esac
    [ -z "$current" ] || page "$current" "$source" "$previous" "$next"
    previous=$current current=$next
done

translation() {  # translation PAGE LANGUAGE
    source=docs/$2/$1.md
    sed -n 's/^# *//p' "$source" | sed -n '1{s/[`*]//g;p;}' >"$work/$1.$2.title"
    { derived_in "$source" "$1.$2"; cat "$work/derived"; } >"$work/derived_here"
    BOOK_DERIVED=$work/derived_here BOOK_LANGUAGE=$2 convert "$1.$2" docs/template.html -V lang="$2" -V book="$book" \
        -M pagetitle="$(title_of "$1.$2")" -V languages="$(languages "$1" "$2")" -V sidebar="$(sidebar "$1")" \
        <"$source" >"$work/book/$1.$2.html"
}
export BOOK_SEARCH="$work/search_rows"
for name in $BOOK_PAGES; do
    for language in $(translations "$name"); do translation "$name" "$language"; done
done

contents=$(for i in $BOOK_PAGES $indexes $lives; do
    part_before "$i"
    # a chapter with its sections, other pages by their titles
    if [ "$i" != "${i#ch[0-9]}" ]; then cat "$work/$i.toc"; else echo "<ul><li><a href=\"$i.html\">$(title_of "$i")</a></li></ul>"; fi
done)
unset BOOK_SEARCH
convert docs/README.md docs/template.html -M pagetitle="$book" -V contents="$contents" \
    <docs/README.md >"$work/book/index.html"

{ echo 'search_pages(['; cat "$work/search_rows"; echo ']);'; } >"$work/book/search_index.js"
cp docs/search.js "$work/book/"
for folder in figures drawings; do [ ! -d "docs/$folder" ] || cp -R "docs/$folder" "$work/book/"; done
if [ -n "$scripts" ]; then
    mkdir "$work/book/live"
    cp docs/live/*.js docs/live/live.css "$modules"/ch[0-9][0-9].js "$work/book/live/"
fi
cp -R "$work/book/." "$out/"
echo "book: $out/index.html"
