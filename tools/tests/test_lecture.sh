#!/bin/sh
# sh tools/tests/test_lecture.sh path/to/lecture: a small repository that is in order passes; then one
# problem at a time is planted, and must be reported at its line.
# shellcheck disable=SC2016  # dollars and backticks in quotes are meant
set -u
case $1 in /*) lecture=$1 ;; *) lecture=$PWD/$1 ;; esac
tree=$(mktemp -d) || exit 2
trap 'rm -rf "$tree"' EXIT
trap 'exit 1' HUP INT TERM
cd "$tree" || exit 2
passed=0 failed=0

verdict() {  # verdict STATUS WHAT
    if [ "$1" -eq 0 ]; then
        passed=$((passed + 1)); echo "passed: $2"
    else
        failed=$((failed + 1)); echo "failed: $2"; sed 's/^/      | /' output
    fi
}

clean_tree() {
    rm -rf docs ch01_tiny ch02_next common README.md
    mkdir -p docs/figures ch01_tiny/labs ch02_next/labs
    touch docs/figures/ch01_one.svg
    cat >ch01_tiny/tiny.c <<'END'
#include <stdio.h>
// A comment that belongs to nobody.

static int twice(int x);
#define LIMIT 8  // at most
#define CLAMP(x) \
    ((x) > LIMIT ? LIMIT : (x))

/* Two lines
   of comment. */
typedef struct Pair {
    int left, right;  // { not a bracket
} Pair;
typedef int (*Visit)(Pair *pair, void *context);
enum Colour { RED, GREEN = LIMIT };
enum { WIDTH = 3 };
static const char *const names[] = {"}", "a;b", "'"};

__attribute__((noinline))
static int once(void) { return '}' == '{' ? names[0][0] : 1; }

// Doubles x.
// Never overflows: x is small.
static int twice(int x) {
    if (x > LIMIT) {
        return 2 * LIMIT;
    }
    return once() * 2 * x;  /* } */
}

int last(void)
{
    return twice(WIDTH);
}
END
    cat >ch01_tiny/labs/one.c <<'END'
// claim_near(lab, "1.9", "in a comment");
void lab_one(Lab *lab) {
    const char *text = "claim_near(lab, \"1.8\")";
    claim_near(lab, "1.1", "twice", 4, twice(2), 0);
    claim_equal(other(lab, 1),
                "1.2", text, 1, 1);
}
END
    echo 'void lab_two(Lab *lab) { claim_near(lab, "2.1", "x", 1, 1, 0); }' >ch02_next/labs/two.c
    cat >docs/ch01_tiny.md <<'END'
# Chapter 1: a *tiny* one

<!-- code: ch01_tiny/tiny.c LIMIT twice -->
```c
#define LIMIT 8  // at most

// Doubles x.
// Never overflows: x is small.
static int twice(int x) {
    if (x > LIMIT) {
        return 2 * LIMIT;
    }
    return once() * 2 * x;  /* } */
}
```

Twice costs \$2: $x + x = 2x$, so **[1.1]** holds; `$HOME` and `[9.9]` are code, $[7.7]$ is maths.
$$
y = x \\
$$
Also **[1.2]**, by [1.1]. See [chapter 2](ch02_next.md#two--again-x_i-1 "a title"),
[above](#chapter-1-a-tiny-one), [the code](../ch01_tiny/tiny.c#L3),
[elsewhere](https://nowhere.invalid/x#y), and [2.1].

    indented $code is [8.8]

- a list

    with $maths$ in **it**

## A heading

![one figure, with `code` [in brackets]](figures/ch01_one.svg)

*Look at it. `./ch01_tiny one`*

```sh
echo $one [5.5] ![](none.svg)
<!-- code: none.c none -->
```
END
    cat >docs/ch02_next.md <<'END'
# Next
## Two & again: `x_i`
## Two & again: `x_i`
Here **[2.1]**, as in [chapter 1](ch01_tiny.md#a-heading). <!-- [3.3] $ -->
END
    echo '[The first chapter](docs/ch01_tiny.md) and [all](docs/) claim [1.1].' >README.md
    printf 'The map.\n\n| `tiny.c` | `one.c`, `labs/one.c` | `../docs/ch01_tiny.md`, `*.c`, llama2.c |\n' >ch01_tiny/README.md
    echo 'Nothing but `labs/two.c`.' >ch02_next/README.md
}

check() { "$lecture" check docs/ch*.md README.md >output 2>&1; }

# planted WHAT EXPECTED: the tree has one problem, reported by exactly this line.
planted() {
    check
    status=$?
    [ $status -eq 1 ] && [ "$(cat output)" = "$2" ]
    verdict $? "$1"
    clean_tree
}

# append TEXT: planted at the end of a lecture, at line $line.
append() { printf '\n%s\n' "$1" >>docs/ch01_tiny.md; }

clean_tree
line=$(($(wc -l <docs/ch01_tiny.md) + 2))
at=docs/ch01_tiny.md:$line
check && [ ! -s output ]; verdict $? 'a tree in order passes, silently'

sed -i.bak 's/2 \* LIMIT/3 * LIMIT/' ch01_tiny/tiny.c
planted 'a stale snippet' 'docs/ch01_tiny.md:3: stale snippet: make docs-refresh mends it'
sed -i.bak 's/tiny.c LIMIT/tiny.c LIMITS/' docs/ch01_tiny.md
planted 'a snippet of no definition' "docs/ch01_tiny.md:3: ch01_tiny/tiny.c has no 'LIMITS'"
sed -i.bak 's/tiny.c LIMIT/none.c LIMIT/' docs/ch01_tiny.md
planted 'a snippet of no file' 'docs/ch01_tiny.md:3: ch01_tiny/none.c: No such file or directory'
append '<!-- code: ch01_tiny/tiny.c -->'
planted 'a snippet of no names' "$at: expected <!-- code: file name... -->"
append '<!-- code: ch01_tiny/tiny.c once -->'
planted 'a snippet without its fence' "$at: stale snippet: make docs-refresh mends it"

printf '\n- a list\n\n    with [1.3]\n' >>docs/ch01_tiny.md
planted 'an unknown claim in a list' "docs/ch01_tiny.md:$((line + 2)): no code claims [1.3]"
append 'So [1.3] holds.'
planted 'a claim that no code makes' "$at: no code claims [1.3]"
append 'So [1.9] and **[1.8]** hold.'
planted 'claims in comments and literals are none' "$at: no code claims [1.9]
$at: no code claims [1.8]"
sed -i.bak 's/\*\*\[1.2\]\*\*/[1.2]/' docs/ch01_tiny.md
planted 'a claim that is not derived' \
    'ch01_tiny/labs/one.c:6: claim 1.2: docs/ch01_tiny.md does not derive it'
sed -i.bak 's/\*\*\[1.2\]\*\*/[1.2]/' docs/ch01_tiny.md; echo 'So **[1.2]**.' >docs/ch01_tiny_2.md; check
verdict $? "a claim that the chapter's second lecture derives"; rm -f docs/ch01_tiny_2.md; clean_tree
echo 'So **[1.4]**.' >docs/ch01_tiny_2.md
planted 'a claim of the second lecture that no code makes' 'docs/ch01_tiny_2.md:1: no code claims [1.4]'
rm -f docs/ch01_tiny_2.md
sed -i.bak 's/"1.2"/"2.1"/; s/1, 1);/1, 1); claim_near(lab, "1.2");/' ch01_tiny/labs/one.c
planted "another chapter's claim" 'ch01_tiny/labs/one.c:6: claim 2.1 is not of chapter 1'
echo 'And [2.2].' >>README.md
planted 'an unknown claim in the README' 'README.md:2: no code claims [2.2]'

append '![a figure](figures/ch01_two.svg)

*Look at it. `./ch01_tiny one`*'
planted 'a missing figure' "$at: missing figure figures/ch01_two.svg"
append '![ ](figures/ch01_one.svg)

*Look at it. `./ch01_tiny one`*'
planted 'a figure without alt text' "$at: a figure without alt text"
append '![a figure](figures/ch01_one.svg)

*Look at it. `./ch01_tiny one` (not the last word)*'
planted 'a caption that does not end with its command' "$at: no caption in italics that ends with a command"
append '[x](../ch09/none.c)'
planted 'a link to no file' "$at: dead link: ../ch09/none.c"
append '[x](#no-such-heading)'
planted 'a link to no heading here' "$at: dead link: docs/ch01_tiny.md has no heading #no-such-heading"
append '[x](ch02_next.md#two--again-x_i-2)'
planted 'a link to no heading there' "$at: dead link: docs/ch02_next.md has no heading #two--again-x_i-2"
append '[![alt](figures/ch01_one.svg)](none.md)'
planted 'a figure in a dead link' "$at: dead link: none.md"
append '[label]: none.md'
planted 'a dead link by label' "$at: dead link: none.md"

append 'It costs $5 a day.'
planted 'a lone $' "$at: unbalanced \$: the paragraph ends"
append 'So $x $ is.'
planted 'a space before a closing $' "$at: \$ ends no maths: a space precedes"
append 'The $n$th.'
planted 'a letter after a closing $' "$at: \$ ends no maths: a letter follows"
append '$$x$ and so on.'
planted '$$ closed by $' "$at: unbalanced \$\$: \$ follows"
append '$$'; append 'x$$'
planted 'an empty line in maths' "$at: unbalanced \$\$: the paragraph ends
docs/ch01_tiny.md:$((line + 2)): unbalanced \$\$: the paragraph ends"
append '$$ a
- b $$'
planted 'maths that begins a list' "docs/ch01_tiny.md:$((line + 1)): maths breaks: \
this line begins a list, a quotation or a heading"
append 'So $\{\frac{1}{2\}$.'
planted 'maths with a brace too many' "$at: unbalanced braces in maths"
append '| $|x|$ |'
planted 'a | in maths in a table' "$at: a | in maths splits the cell: \\vert
$at: a | in maths splits the cell: \\vert"

# Maps and long lines.
echo >ch01_tiny/other.c
planted 'a file that is not on the map' 'ch01_tiny/README.md:1: other.c is not on the map'
touch ch01_tiny/tiny_other.c
planted 'a longer name is another file' 'ch01_tiny/README.md:1: tiny_other.c is not on the map'
touch ch01_tiny/other.c ch01_tiny/other.h; echo 'See `other.[ch]`.' >>ch01_tiny/README.md; check
verdict $? 'a pair on the map'; clean_tree
touch ch01_tiny/other.c; echo 'See `other.[ch]`.' >>ch01_tiny/README.md
planted 'half a pair' 'ch01_tiny/README.md:4: no file other.h'
echo '`labs/gone.c`: gone' >>ch01_tiny/README.md
planted 'a map of what is gone' 'ch01_tiny/README.md:4: no file labs/gone.c'
mkdir -p common/numeric; touch common/numeric/mat.c common/error.c; echo '`error.[ch]`' >common/README.md; touch common/error.h
planted 'a file of a floor that is not on the map' 'common/README.md:1: mat.c is not on the map'
rm ch02_next/README.md
planted 'no map' "ch02_next/README.md:1: no map of the folder's files"
wide() { printf "%$1s" '' | sed 's/ /\xc3\xa4/g'; }  # so many columns, twice as many bytes
echo "// $(wide 107)" >>ch01_tiny/labs/one.c; check
verdict $? 'a source line of 110 columns'; clean_tree
echo "// $(wide 108)" >>ch01_tiny/labs/one.c
planted 'a source line too long' "ch01_tiny/labs/one.c:8: 111 columns, at most 110"
printf '\n```sh\n%s\n```\n' "$(wide 88)" >>docs/ch01_tiny.md; check
verdict $? 'a listing of 88 columns'; clean_tree
printf '\n```sh\n%s\n```\n' "$(wide 89)" >>docs/ch01_tiny.md
planted 'a listing too wide' "docs/ch01_tiny.md:$((line + 1)): a listing of 89 columns, at most 88"

# Translations: what the original has, and nothing else.
translate() { mkdir -p docs/zh; sed 's|](\([a-z.]\)|](../\1|g' docs/ch01_tiny.md >docs/zh/ch01_tiny.md; }
lacks() {  # lacks WHAT PATTERN
    "$lecture" check docs/ch*.md docs/zh/*.md >output 2>&1
    [ $? -eq 1 ] && grep -qF "docs/zh/ch01_tiny.md:$2" output
    verdict $? "a translation: $1"
}
translate; "$lecture" check docs/ch*.md docs/zh/*.md >output 2>&1
verdict $? 'a translation in order'
sed -i.bak 's/\*\*\[1\.1\]\*\*/[1.1]/' docs/zh/ch01_tiny.md
lacks 'a claim that it lacks' '1: the original has this claim: **[1.1'
translate; echo 'More: **[1.9]**' >>docs/zh/ch01_tiny.md
lacks 'a claim of its own' "$(wc -l <docs/zh/ch01_tiny.md): the original has no claim: **[1.9"
translate; sed -i.bak 's|^!.*(../figures/.*||' docs/zh/ch01_tiny.md
lacks 'a figure that it lacks' '1: the original has this figure: figures/'
translate; sed -i.bak 's/^<!-- code: .*//' docs/zh/ch01_tiny.md
lacks 'a snippet that it lacks' '1: the original has this snippet: <!-- code: '
translate; mv docs/zh/ch01_tiny.md docs/zh/ch09_none.md
"$lecture" check docs/ch*.md docs/zh/*.md >output 2>&1
grep -qF 'docs/zh/ch09_none.md:1: there is no docs/ch09_none.md that this translates' output
verdict $? 'a translation of nothing'
clean_tree

# Snippets: each kind of definition, whole, with its comment and nothing else.
snippet() {  # snippet NAME LINES: the lines of tiny.c that define NAME
    printf '<!-- code: ch01_tiny/tiny.c %s -->\nafter\n' "$1" >docs/ch03.md
    { echo "<!-- code: ch01_tiny/tiny.c $1 -->"; echo '```c'; sed -n "$2p" ch01_tiny/tiny.c
      echo '```'; echo after; } >expected
    "$lecture" refresh docs/ch03.md >output 2>&1 && diff expected docs/ch03.md >output
    verdict $? "snippet: $1"
    rm -f docs/ch03.md expected
}
snippet LIMIT 5
snippet CLAMP 6,7
snippet Pair 9,13
snippet Visit 14
snippet Colour 15
snippet GREEN 15
snippet WIDTH 16
snippet names 17
snippet once 19,20
snippet twice 22,29
snippet last 31,34

"$lecture" refresh docs/ch*.md >output 2>&1 && check
verdict $? 'refresh changes nothing where all is fresh'
touch -t 200001010000 docs/ch01_tiny.md; touch -t 200001020000 docs/old
"$lecture" refresh docs/ch*.md >output 2>&1; [ -z "$(find docs/ch01_tiny.md -newer docs/old)" ]
verdict $? 'and does not write the file'
sed -i.bak 's/return 2 \* LIMIT/return 0/' ch01_tiny/tiny.c
"$lecture" refresh docs/ch*.md >output 2>&1 && check && grep -q '^        return 0;$' docs/ch01_tiny.md
verdict $? 'refresh mends a stale snippet'
clean_tree
sed -i.bak 's/return 2 \* LIMIT/return 0/; s/LIMIT 8/LIMITS 8/' ch01_tiny/tiny.c
cp docs/ch01_tiny.md before
"$lecture" refresh docs/ch*.md >output 2>&1
[ $? -eq 1 ] && [ "$(cat output)" = "lecture: docs/ch01_tiny.md:3: ch01_tiny/tiny.c has no 'LIMIT'" ]
verdict $? 'refresh says which name is missing'
cmp -s before docs/ch01_tiny.md && [ "$(echo docs/*)" = 'docs/ch01_tiny.md docs/ch02_next.md docs/figures' ]
verdict $? 'and leaves the lecture as it was'
clean_tree

"$lecture" check docs/none.md >output 2>&1
[ $? -eq 2 ] && [ "$(cat output)" = 'lecture: docs/none.md: No such file or directory' ]
verdict $? 'a missing lecture: one line, status 2'
"$lecture" nonsense docs/ch01_tiny.md >output 2>&1; [ $? -eq 2 ]; verdict $? 'an unknown command: status 2'
printf 'One *two* $x + y$ three.\n\n$$\nno\n$$\n```\nno no\n```\n| four | `no` | - |\n' >words.md
[ "$("$lecture" words words.md)" = 4 ]; verdict $? 'words are those of the prose'

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
