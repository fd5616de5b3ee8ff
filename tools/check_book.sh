#!/bin/sh
# sh tools/check_book.sh BOOK: looks at every page of the book in a headless Chromium, 390 and 1280 pixels wide;
# a line per problem, "page (width): what", exit 1 if there is one. Without Chromium it says so and passes.
#
# Problems: what is wider than the page and does not scroll by itself; a figure that does not load; maths that
# did not become MathML; a link to a page, a figure or an anchor that is not there.
# shellcheck disable=SC2016  # dollars in quotes are meant
set -eu
if [ $# -ne 1 ] || [ ! -f "$1/index.html" ]; then echo 'usage: sh tools/check_book.sh BOOK' >&2; exit 2; fi
for browser in "${CHROMIUM:-}" chromium chromium-browser google-chrome ''; do
    [ -z "$browser" ] || ! command -v "$browser" >/dev/null || break
done
[ -n "$browser" ] || { echo 'check-book: no Chromium here, nothing was looked at'; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cp -R "$1/." "$work/"
pages=$(cd "$work" && ls -- *.html)

# Each page gets a script that tells the page around it what it sees.
cat >"$work/look.js" <<'END'
addEventListener("load", () => {
    const problems = [], width = document.documentElement.clientWidth;
    const scrolls = e => { for (; e && e !== document.body; e = e.parentElement)
        if (getComputedStyle(e).overflowX !== "visible") return true; return false; };
    const name = e => e.tagName.toLowerCase() + " \"" + e.textContent.trim().replace(/\s+/g, " ").slice(0, 50) + "\"";
    const wide = [...document.querySelectorAll("main *")].filter(e =>
        (e.tagName === "math" || !e.closest("math")) && !scrolls(e) &&
        e.getBoundingClientRect().left + Math.max(e.getBoundingClientRect().width, e.scrollWidth) > width + 1);
    for (const e of wide)
        if (!wide.some(inner => inner !== e && e.contains(inner))) problems.push("wider than the page: " + name(e));
    if (document.documentElement.scrollWidth > width + 1) problems.push("the page scrolls sideways");
    for (const i of document.images) if (!i.naturalWidth) problems.push("does not load: " + i.getAttribute("src"));
    for (const e of document.querySelectorAll("merror, .math")) problems.push("unrendered maths: " + name(e));
    for (const e of document.querySelectorAll("main p, main li, main td, figcaption")) {
        const copy = e.cloneNode(true);
        copy.querySelectorAll("code, math").forEach(c => c.remove());
        if (/\$[^\s]|\\[a-z]{3}/.test(copy.textContent)) problems.push("unrendered maths: " + name(copy));
    }
    for (const a of document.querySelectorAll("a[href^='#']"))
        if (a.hash.length > 1 && !document.getElementById(decodeURIComponent(a.hash.slice(1))))
            problems.push("dead anchor: " + a.hash);
    parent.postMessage(problems, "*");
});
END
# The frames come one after the other, each as wide as the screen that it stands for.
{
    echo '<!DOCTYPE html><meta charset="utf-8"><pre id="said"></pre><script>'
    echo 'const frames = ['
    for page in $pages; do echo "  [\"$page\", 390], [\"$page\", 1280],"; done
    cat <<'END'
]; let now = null;
addEventListener("message", m => {
    for (const what of m.data) said.append(`${now[0]} (${now[1]}): ${what}\n`);
    document.querySelector("iframe").remove();
    next();
});
function next() {
    now = frames.shift();
    if (!now) { said.append("all seen\n"); return; }
    const f = document.createElement("iframe");
    f.style = `width: ${now[1]}px; height: 900px; border: 0`;
    f.src = now[0];
    document.body.append(f);
}
next();
</script>
END
} >"$work/all-pages.html"
for page in $pages; do
    { sed 's|</body>||; s|</html>||' "$work/$page"; echo '<script src="look.js"></script></body></html>'; } >"$work/new"
    mv "$work/new" "$work/$page"
done

"$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --user-data-dir="$work/browser" --window-size=1400,1000 \
    --virtual-time-budget=120000 --dump-dom "file://$work/all-pages.html" 2>/dev/null |
    sed -n '/<pre id="said">/,/<\/pre>/p' |
    sed 's|.*<pre id="said">||; s|</pre>.*||; s|&lt;|<|g; s|&gt;|>|g; s|&amp;|\&|g' |
    grep . >"$work/said" || true
grep -q '^all seen$' "$work/said" || { echo 'check-book: the browser gave up' >&2; exit 1; }

# Links between files: page, figure, anchor.
(cd "$1" && for page in $pages; do
    grep -o '\(href\|src\)="[^"]*"' "$page" | sed 's/^[a-z]*="//; s/"$//' | sort -u | while read -r target; do
        case $target in '#'* | *://* | mailto:* | data:* | '') continue ;; esac
        file=${target%%#*}
        if [ ! -e "$file" ]; then echo "$page: dead link $target"; continue; fi
        case $target in
            *.html\#*) grep -q "id=\"${target#*#}\"" "$file" || echo "$page: dead link $target" ;;
        esac
    done
done) >"$work/links"

grep -v '^all seen$' "$work/said" | cat - "$work/links" >"$work/problems" || true
cat "$work/problems"
[ ! -s "$work/problems" ] || exit 1
echo "check-book: $(echo "$pages" | wc -w) pages at two widths, all well"
