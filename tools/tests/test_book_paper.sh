#!/bin/sh
# sh tools/tests/test_book_paper.sh: a small book becomes an EPUB whose links stay inside it, and a PDF where there is a
# Chromium; without the program a line says so.
# shellcheck disable=SC2016  # dollars in quotes are meant
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
command -v pandoc >/dev/null || { echo 'no pandoc here: 0 passed, 0 failed'; exit 0; }
tree=$(mktemp -d) || exit 2
trap 'rm -rf "$tree"' EXIT
trap 'exit 1' HUP INT TERM
cd "$tree" || exit 2
passed=0 failed=0
verdict() {  # verdict STATUS WHAT
    if [ "$1" -eq 0 ]; then passed=$((passed + 1)); echo "passed: $2"
    else failed=$((failed + 1)); echo "failed: $2"; fi
}

mkdir -p docs/figures docs/drawings tools ch01_tiny
cp "$root"/tools/book* tools/
cp "$root"/docs/template.html "$root"/docs/search.js "$root"/docs/epub.css docs/
echo '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>' >docs/figures/ch01_one.svg
cat >docs/drawings/box.svg <<'END'
<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">
<style>
  text { font: 14px Arial, sans-serif; fill: #222 }
  .box { fill: none; stroke: #333 } .soft { fill: #666 }
  @media (prefers-color-scheme: dark) { .box { stroke: #ddd } }
</style>
<rect class="box" width="9" height="9"/><text x="1" class="soft">a</text>
</svg>
END
printf '# A title\n' >README.md
printf '# A title\n\nSee [chapter 1](ch01_tiny.md).\n' >docs/README.md
printf '// Squares. Lecture, section 1.1.\nint square(int x);\n' >ch01_tiny/square.h
cat >docs/ch01_tiny.md <<'END'
# Chapter 1

## 1.1 Squares

It is **[1.1]**, see [here](ch01_tiny.md#11-squares), [all](ch01_tiny.md) and [there](../ch01_tiny/square.h).

$$y = x^2 \Big/ \ln x$$

$$f(a - r) = \left( a + b \right) + (1 - c)\,d - e, \qquad g(x) \leftarrow \lVert x \rVert = [x = 1].$$

![A box](drawings/box.svg)

*A square.*

![A parabola](figures/ch01_one.svg)

*Bent. `./ch01_tiny square`*
END
sh tools/book.sh book >said 2>&1 && sh tools/book_paper.sh book small.epub >said 2>&1
verdict $? 'an EPUB is made'
if command -v unzip >/dev/null; then
    unzip -p small.epub 'EPUB/text/*.xhtml' | tr '\n' ' ' >text
    grep -q 'href="[a-z0-9]*\.xhtml#11-squares"' text || grep -q 'href="#11-squares"' text
    verdict $? 'a link leads to its place'
    grep -q 'href="[a-z0-9]*\.xhtml#ch01_tiny"' text && grep -q 'id="ch01_tiny"' text
    verdict $? 'one to a page leads to its title'
    ! grep -q 'square\.h"' text
    verdict $? 'one to the code is text'
    grep -q '<math' text
    verdict $? 'formulas are MathML'
    grep -q '<mo minsize="1.8em"[^>]*>/</mo>' text && grep -q '<mo lspace="0.1em" rspace="0.17em">ln</mo>' text
    verdict $? 'what is wrong with them is mended'
    ! grep -q '<annotation' text && grep -q '<math alttext="y = x^2' text
    verdict $? 'their TeX is for voices'
    # f(a - r) | = (a + b) | + (1 - c) d | - e, || g(x) | <- ||x|| | = [x = 1].
    [ "$(tr '>' '\n' <text | grep -c '<mo form="infix" lspace')" -eq 5 ] && [ "$(grep -o 'class="gap"' text | wc -l)" -eq 1 ]
    verdict $? 'a long one is in parts, between which a line may end'
    grep -q '‖' text && ! grep -q '∥' text
    verdict $? "a norm's sign has no gaps"
    mkdir out && (cd out && unzip -q ../small.epub) && cat out/EPUB/media/*.svg >drawings
    grep -q '<rect fill="none" stroke="#333" class="box"' drawings &&
        grep -q '<text fill="#666" font-size="14px" font-family="Arial, sans-serif" x="1"' drawings
    verdict $? 'a drawing has its colours without its style sheet, too'
fi
if epubcheck --version >/dev/null 2>&1; then
    epubcheck small.epub >said 2>&1
    verdict $? 'epubcheck finds nothing'
fi
CHROMIUM=chromium; command -v chromium >/dev/null || CHROMIUM=google-chrome
if command -v $CHROMIUM >/dev/null; then
    sh tools/book_paper.sh book small.pdf >said 2>&1 && head -c 5 small.pdf | grep -q '%PDF-'
    verdict $? 'a PDF is made'
fi
mkdir empty
for each in sh sed grep mktemp rm dirname basename cp head ls; do ln -s "$(command -v $each)" empty/; done
said=$(PATH=$PWD/empty CHROMIUM='' sh tools/book_paper.sh book none.pdf 2>&1)
[ $? -eq 1 ] && [ "$said" = 'book: no PDF without Chromium (the package is named chromium)' ] && [ ! -e none.pdf ]
verdict $? 'without Chromium a line says so'
sh tools/book_paper.sh book book.txt >said 2>&1
[ $? -eq 2 ]
verdict $? 'another ending is refused'
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
