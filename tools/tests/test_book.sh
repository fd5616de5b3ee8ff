#!/bin/sh
# sh tools/tests/test_book.sh: a small repository's lectures become a book; what the Markdown says must be there,
# and a figure without its caption must be refused.
# shellcheck disable=SC2016  # dollars and backticks in quotes are meant
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
has() {  # has PAGE TEXT WHAT: the page, on one line, holds the text
    tr '\n' ' ' <"book/$1" | grep -qF -- "$2"
    verdict $? "$3"
}

mkdir -p docs/figures tools ch01_tiny tours
cp "$root"/tools/book* tools/
cp "$root"/docs/template.html "$root"/docs/search.js docs/
echo '<svg xmlns="http://www.w3.org/2000/svg"/>' >docs/figures/ch01_one.svg
printf '# A title\n' >README.md
printf '# A title\n\nFor whom: see [chapter 1](ch01_tiny.md).\n' >docs/README.md
printf '// Squares. Lecture, section 1.1.\nint square(int x);\n' >ch01_tiny/square.h
cat >docs/ch01_tiny.md <<'END'
# Chapter 1: tiny

## 1.1 Squares

Something else is **[1.3]**. So far so good: $z$ **[1.3]**.

With a full stop at its end, $y = x^2$.

$$\Big(a + b\Big)^2 \mathrel{+}= \overline{S_{i+1}}$$

So it is **[1.1]**, see [1.1].

It goes on **[1.2]**: that

$$b = c$$

**[1.1]**. And another thing is **[1.3]**.

The last one is not of a formula **[1.4]**.

<!-- code: ch01_tiny/square.h square -->
```c
int square(int x);
```

![A parabola](figures/ch01_one.svg)

*It is bent. `./ch01_tiny square`*

**Try** another.

<details>
<summary>Answer</summary>

It is 4.

</details>
END
cat >tours/ch01_tiny.txt <<'END'
Chapter 1: tiny

1.1  What squares are  (square)
  [1.1]   2 squared, |x| < 3                                  4              4  exact     ok
  [1.1]   3 squared                                       <= 10              9  bound     ok

1.2  What cubes are  (cube)
  [1.5]   2 cubed                                             8              8  exact     ok
END
printf '# Chapter 1, second lecture\n\n## 1.2 Cubes\n\nThree times **[1.5]**, not **[1.3]** or [1.1].\n' >docs/ch01_tiny_2.md
printf '# Chapter 1, third lecture\n\n## 1.3 More cubes\n\nAs [1.5] and [1.3] have it.\n' >docs/ch01_tiny_3.md

cat >>docs/ch01_tiny.md <<'END'

| symbol | meaning |
|---|---|
| $y$ | a square, "so to say" |

## Sources

- A. Author, *Squares* (2001), arXiv:1706.03762.

## Homework

None.
END
printf '# Teaching\n\nBy [1.1].\n' >docs/teaching.md
printf '# Another page\n\nOf its own.\n' >docs/more.md
printf '# Glossary\n\n## P\n\n**Parabola.** Bent. [1.1](ch01_tiny.md#11-squares)\n' >docs/glossary.md
mkdir docs/zh
cat >docs/zh/ch01_tiny.md <<'END'
# 第一章

## 1.1 平方

**手算。** 见 [1.1] 与 [图](../more.md)。 **[1.1]**

![图](../figures/ch01_one.svg)

*弯的。 `./ch01_tiny square`*
END

sh tools/book.sh book tours >said 2>&1
verdict $? 'a lecture becomes a book'
has ch01_tiny.html '<figure class="figure plot"> <a href="figures/ch01_one.svg" class="enlarge">' 'a figure can be clicked'
has ch01_tiny.html '<figcaption> It is bent. <span class="command"><code class="short">./ch01_tiny square</code></span>' 'its caption has the command'
has ch01_tiny.html 'class="together"' 'a full stop stays with its formula'
has ch01_tiny.html '+=</mtext>' '+= is one sign'
has ch01_tiny.html '<mrow class="bar">' 'a bar is drawn'
! grep -q 'minsize' book/ch01_tiny.html
verdict $? 'large brackets grow by themselves'
has ch01_tiny.html 'id="formula-1.1a"' 'formulas have numbers'
has ch01_tiny.html 'href="claims.html#claim-1.1"' 'a derivation leads to what was measured'
has ch01_tiny.html '<div class="box try">' 'a Try is a box'
has ch01_tiny.html '<summary>' 'an answer is folded'
has claims.html '<td>2 squared, |x| &lt; 3</td><td>4</td><td>4</td><td>exact</td>' 'the index of claims has its rows'
has claims.html '<td>&lt;= 10</td><td>9</td><td></td>' 'and its bounds'
has claims.html 'href="ch01_tiny_2.html#claim-1.5">' "a claim of the chapter's second lecture leads there"
has ch01_tiny_2.html 'href="ch01_tiny.html#claim-1.1"' 'and it refers to claims of the first'
has ch01_tiny_3.html 'href="ch01_tiny_2.html#claim-1.5"' 'the third to those of the second'
has ch01_tiny_3.html 'href="ch01_tiny.html#claim-1.3"' 'of what two lectures have, to the first'
has claims.html '<code>./ch01_tiny cube</code>' 'and its lab is the same program'
has formulas.html 'href="../ch01_tiny/square.h"' 'the index of formulas says what computes one'
has formulas.html 'href="ch01_tiny.html#formula-1.1a"' 'and where it is derived'
claims_of() {  # claims_of FORMULA: the claims that the index lists beside it
    tr '\n' ' ' <book/formulas.html | sed 's|.*#formula-'"$1"'">||; s|</div>.*||; s|<[^>]*>||g'
}
claims_of 1.1a | grep -qx ' *1.1a · claims beside it: \[1.1\] .*'
verdict $? 'a formula has the claims of its sentence, or of the paragraph after it'
claims_of 1.1b | grep -qx ' *1.1b · claims beside it: \[1.1\] \[1.2\] .*'
verdict $? 'before and after it, in their order'
has ch01_tiny.html '</span><span class="measured"><a href="claims.html#claim-1.1"' 'a claim that ends a formula stands on its line'
has ch01_tiny.html '<p>And another' 'and no longer begins the paragraph'
has ch01_tiny.html "goes on$(printf '\302\240')<a" 'a claim stays on the line of the word before it'
tr '\n' ' ' <book/ch01_tiny.html | grep -q "class=\"together\"><math[^z]*<mi>z</mi>.*</math>$(printf '\302\240')<a"
verdict $? 'or of its formula'
has index.html 'href="ch01_tiny.html"' 'the cover leads to the lectures'

has notation.html '>a square,' 'the symbols of all chapters stand on a page'
has sources.html 'href="https://arxiv.org/abs/1706.03762"' 'and the sources, with their links'
! grep -q 'None\.' book/sources.html
verdict $? 'and nothing after them'
order=$(cd book && sed -n 's/.*class="next" href="\([^"]*\)".*/\1/p' ch01_tiny.html ch01_tiny_2.html ch01_tiny_3.html teaching.html more.html glossary.html)
# shellcheck disable=SC2086  # lines become words
[ "$(echo $order)" = 'ch01_tiny_2.html ch01_tiny_3.html teaching.html more.html glossary.html notation.html' ]
verdict $? 'pages come in the declared order, others after the named ones'
has teaching.html 'href="ch01_tiny.html#claim-1.1"' 'every page refers to claims'
has glossary.html 'href="ch01_tiny.html#11-squares"' 'the glossary leads to the section'
has ch01_tiny.html 'href="ch01_tiny.zh.html">中文</a>' 'a lecture leads to its translation'
has ch01_tiny.zh.html '<html lang="zh">' 'which says its language'
has ch01_tiny.zh.html 'href="ch01_tiny.html">English</a>' 'leads back'
has ch01_tiny.zh.html 'href="ch01_tiny.zh.html#claim-1.1"' 'refers to its own derivations'
has ch01_tiny.zh.html '<img src="figures/ch01_one.svg"' 'shows the same figures'
has ch01_tiny.zh.html 'href="more.html"' 'leads to pages that are not translated'
has ch01_tiny.zh.html '<div class="box hand">' 'and has boxes'
has search_index.js '["ch01_tiny.html#11-squares","1.1 Squares","Something else is' 'the search knows the sections'
has search_index.js '["glossary.html#word-parabola","Parabola (Glossary)"' 'each word of the glossary'
has search_index.js 'a square, \"so to say\"' 'and tables, quotes escaped'
has search_index.js ' square ' 'and the functions shown'
! grep -q 'Index of' book/search_index.js
verdict $? 'but not the indexes'
if command -v node >/dev/null; then
    cat >look.js <<'END'
global.document = {querySelectorAll: () => []};
const fs = require("fs"), vm = require("vm");
for (const file of ["book/search.js", "book/search_index.js"]) vm.runInThisContext(fs.readFileSync(file, "utf8"));
vm.runInThisContext('found = word => pages.filter(p => fit(p, [word]) > 0).map(p => p.link)');
if (found("parabola").join() !== "ch01_tiny.html#11-squares,glossary.html#word-parabola" || found("nowhere").length) process.exit(1);
END
    node look.js >said 2>&1
    verdict $? 'the search finds a word'
fi

sed -i.bak '/^\*It is bent/d' docs/ch01_tiny.md
! sh tools/book.sh other tours >said 2>&1 && grep -q 'ch01_one.svg needs a caption' said
verdict $? 'a figure without a caption is refused'

# Chinese: wide marks bring their own space, and do not begin a line.
cat >docs/ch01_tiny.md <<'END'
# 第一章

[English](../ch01_tiny.md)

## 1.1 平方

**手算。** 平方， $x^2$，是
乘积；
两次：*x* 乘 $x$。

$$y = x^2$$

**[1.1]**。好。
END
sh tools/book.sh book >said 2>&1
has ch01_tiny.html '<strong>手算。</strong>平方，<span class="together"><math' 'no gap after a wide mark'
has ch01_tiny.html '是乘积；两次：<em>x</em> 乘 ' 'nor where a line ends between letters'
has ch01_tiny.html '</math>，</span>' 'a wide mark stays with its formula'
has ch01_tiny.html '</span>。</span>' 'or goes with its claim to the line of the formula'
! grep -q 'English' book/ch01_tiny.html
verdict $? 'a link to the other language alone in a paragraph is none of the text'
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
