#!/bin/sh
# sh tools/book.sh OUTDIR: the lectures as an offline book, OUTDIR/index.html; one page a lecture. Needs
# pandoc; the pages need no network, no script and no font that the system has not got.
#
# Maths is read as where the repository is hosted: $...$, $$...$$, $`...`$ and ```math. A formula that
# cannot become MathML is an error. Links between lectures become links between pages; links to code lead
# into the repository while the book stands inside it, and are plain text elsewhere.
# shellcheck disable=SC2016,SC2094  # dollars and backticks in quotes are meant; no file is read and written
set -eu

die() { printf 'book: %s\n' "$1" >&2; exit "$2"; }

[ $# -eq 1 ] || die 'usage: sh tools/book.sh OUTDIR' 2
command -v pandoc >/dev/null || die 'pandoc is missing; `sh tools/setup.sh docs` installs it' 2
mkdir -p "$1" || exit 2
out=$(cd "$1" && pwd -P)
cd "$(dirname "$0")/.."
root=$(pwd -P)
set -- docs/ch*.md
[ -f "$1" ] || die 'there are no lectures docs/ch*.md' 1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

case $out in
    "$root"/*) up=$(echo "${out#"$root"/}" | sed 's|[^/][^/]*|..|g')/ ;;
    *) up= ;;
esac

# ---- what GitHub's Markdown means in HTML ---------------------------------------------------------------

cat >"$work/book.lua" <<END
local up, page_of = "$up", {}
$(for each; do
    page=$(basename "$each" .md)
    echo "page_of[tonumber(('$page'):match('^ch(%d+)'))] = '$page.html'"
done)
END
cat >>"$work/book.lua" <<'END'
local function is_comment(el) if el.format:match("html") and el.text:match("^<!%-%-") then return {} end end

local function link(el)
    local page, anchor = el.target:match("^(ch%d%d[^/#]*)%.md(.*)$")
    if page then el.target = page .. ".html" .. anchor return el end
    if el.target:match("^%.%./README%.md") then el.target = "index.html" return el end
    if el.target:match("^#") or el.target:match("^%a[%w+.-]*:") then return nil end
    if up == "" then return el.content end
    el.target = up .. ("docs/" .. el.target):gsub("^docs/%.%./", "")
    return el
end

-- A reference [2.3] leads to the place where **[2.3]** is derived.
local function reference(el)
    local before, chapter, number, after = el.text:match("^(.-)%[(%d+)%.(%d+)%](.*)$")
    local page = chapter and page_of[tonumber(chapter)]
    if not page then return nil end
    local id = chapter .. "." .. number
    local to = pandoc.Link("[" .. id .. "]", page .. "#claim-" .. id, "", {class = "claim"})
    return {pandoc.Str(before), to, pandoc.Str(after)}
end

local seen = {}
local function derivation(el)
    local id = pandoc.utils.stringify(el):match("^%[(%d+%.%d+)%]$")
    if not id then return nil end
    local anchor = seen[id] and "" or "claim-" .. id
    seen[id] = true
    return pandoc.Span("[" .. id .. "]", {id = anchor, class = "claim"})
end

-- Browsers ignore the upright style that pandoc gives to \mathrm{softmax}; \text they respect.
local function maths(el)
    el.text = el.text:gsub("\\mathrm(%b{})", "\\text%1")
    if el.mathtype == "DisplayMath" then return pandoc.Span(el, {class = "maths"}) end
    return el
end

local function block_of_maths(el)
    if el.classes[1] == "math" then return pandoc.Para {pandoc.Math("DisplayMath", el.text)} end
end

local function wide(el) return pandoc.Div(el, {class = "table"}) end

return {
    {RawBlock = is_comment, RawInline = is_comment, Link = link, CodeBlock = block_of_maths},
    {Str = reference, Math = maths, Table = wide}, {Strong = derivation},
}
END

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

convert() {  # convert LECTURE TEMPLATE [OPTION...] <markdown >html
    name=$1 template=$2
    shift 2
    plain_maths | pandoc -f gfm+tex_math_dollars -t html5 --mathml --wrap=preserve --standalone \
        --template="$template" --lua-filter="$work/book.lua" "$@" >"$work/page.html" 2>"$work/complaints" ||
        die "$name: $(cat "$work/complaints")" 1
    ! grep -q 'Could not convert TeX' "$work/complaints" || die "$name: $(cat "$work/complaints")" 1
    cat "$work/complaints" >&2
    # \Big( is twice as high as the line: pandoc leaves out the unit, and browsers then ignore it.
    sed 's/minsize="\([0-9.]*\)" maxsize="[0-9.]*" stretchy="false"/minsize="\1em" maxsize="\1em" stretchy="true" symmetric="true"/g' \
        "$work/page.html"
}

# ---- the pages ------------------------------------------------------------------------------------------

book='' intro=''
if [ -f README.md ]; then
    book=$(sed -n '/^# /{s/^# *//;p;q;}' README.md)
    intro=$(awk '/^# / { on = 1; next } on && /^[A-Za-z*`]/ { said = 1; print; next }
                 said { exit }' README.md)
fi
: "${book:=Lectures}"

# Each lecture's contents, as a list; its first entry is the lecture's own title.
echo '$toc$' >"$work/toc.html"
for lecture; do
    page=$(basename "$lecture" .md)
    convert "$lecture" "$work/toc.html" --toc --toc-depth=2 -M pagetitle=x <"$lecture" >"$work/list"
    sed "s|href=\"#|href=\"$page.html#|g; s| id=\"toc-[^\"]*\"||g" "$work/list" >"$work/$page.toc"
    sed -n 's/^# *//p' "$lecture" | sed -n '1{s/[`*]//g;p;}' >"$work/$page.title"
done

mkdir "$work/book"
turn() {  # turn CLASS WORD LECTURE: a link to the page before or after this one
    page=$(basename "$3" .md)
    echo "<a class=\"$1\" href=\"$page.html\"><small>$2</small>$(cat "$work/$page.title")</a>"
}

previous=
for lecture; do
    shift
    here=$(basename "$lecture" .md)
    sidebar=$(for toc in "$work"/*.toc; do
        other=$(basename "$toc" .toc)
        if [ "$other" = "$here" ]; then sed '1s/<ul>/<ul class="now">/; 2s/<li>/<li class="here">/' "$toc"
        else echo "<ul><li><a href=\"$other.html\">$(cat "$work/$other.title")</a></li></ul>"; fi
    done)
    turn=$([ -z "$previous" ] || turn previous Previous "$previous"; [ $# -eq 0 ] || turn next Next "$1")
    convert "$lecture" docs/template.html -M pagetitle="$(cat "$work/$here.title")" \
        -V book="$book" -V sidebar="$sidebar" -V turn="$turn" <"$lecture" >"$work/book/$here.html"
    previous=$lecture
done

printf '# %s\n\n%s\n' "$book" "$intro" >"$work/index.md"
convert README.md docs/template.html -M pagetitle="$book" -V contents="$(cat "$work"/*.toc)" \
    <"$work/index.md" >"$work/book/index.html"

[ ! -d docs/figures ] || cp -R docs/figures "$work/book/"
cp -R "$work/book/." "$out/"
echo "book: $out/index.html"
