#!/bin/sh
# sh tools/check_book.sh BOOK: looks at every page of the book in a headless Chromium, 390 and 1280 pixels wide, light
# and dark; a line per problem, "page (width): what" or "page (width, dark): what", exit 1 if there is one. Without
# Chromium it says so and passes.
#
# Problems: what is wider than the page and does not scroll by itself; a figure that does not load; maths that
# did not become MathML; a link to a page, a figure or an anchor that is not there; text that hardly differs from its
# ground (a contrast below 3); a light ground on a dark page, or a figure without colours for one.
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
// Luminance of a colour as the browser says it, "rgb(r, g, b)" or with an opacity; null: it is transparent.
function luminance(colour) {
    const [r, g, b, a] = colour.match(/[\d.]+/g).map(Number);
    if (a === 0) return null;
    const linear = v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}
function ground(e) {
    for (; e; e = e.parentElement) {
        const l = luminance(getComputedStyle(e).backgroundColor);
        if (l !== null) return l;
    }
    return matchMedia("(prefers-color-scheme: dark)").matches ? 0 : 1;
}
function colour_problems(name) {
    const problems = [], dark = matchMedia("(prefers-color-scheme: dark)").matches;
    for (const e of document.querySelectorAll("main, main *")) {
        if (e.closest("math") || !e.getClientRects().length) continue;
        const back = luminance(getComputedStyle(e).backgroundColor);
        if (dark && back !== null && back > 0.4 && !e.matches(".claim:target")) problems.push("light ground: " + name(e));
        if (![...e.childNodes].some(c => c.nodeType === Node.TEXT_NODE && c.textContent.trim())) continue;
        const text = luminance(getComputedStyle(e).color), below = ground(e);
        if (text === null) continue;
        const contrast = (Math.max(text, below) + 0.05) / (Math.min(text, below) + 0.05);
        if (contrast < 3) problems.push("contrast " + contrast.toFixed(1) + ": " + name(e));
    }
    return problems;
}
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
    problems.push(...colour_problems(name));
    parent.postMessage([...new Set(problems)], "*");
});
END
# The frames come one after the other, each as wide as the screen that it stands for.
{
    echo '<!DOCTYPE html><meta charset="utf-8"><pre id="said"></pre><script>'
    echo 'const frames = ['
    for page in $pages; do echo "  [\"$page\", 390], [\"$page\", 1280],"; done
    cat <<'END'
]; let now = null;
const dark = matchMedia("(prefers-color-scheme: dark)").matches ? ", dark" : "";
addEventListener("message", m => {
    for (const what of m.data) said.append(`${now[0]} (${now[1]}${dark}): ${what}\n`);
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

# Chromium's name for a page's colours: 1 is light, 0 dark.
for colours in 1 0; do
    "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --user-data-dir="$work/browser" --window-size=1400,1000 \
        --blink-settings=preferredColorScheme=$colours \
        --virtual-time-budget=120000 --dump-dom "file://$work/all-pages.html" 2>/dev/null |
        sed -n '/<pre id="said">/,/<\/pre>/p' |
        sed 's|.*<pre id="said">||; s|</pre>.*||; s|&lt;|<|g; s|&gt;|>|g; s|&amp;|\&|g' |
        grep . || true
done >"$work/said"
[ "$(grep -c '^all seen$' "$work/said")" -eq 2 ] || { echo 'check-book: the browser gave up' >&2; exit 1; }

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
done
# Figures bring their colours for a dark page along.
for figure in figures/*.svg drawings/*.svg; do
    [ ! -f "$figure" ] || grep -q 'prefers-color-scheme: dark' "$figure" || echo "$figure: no colours for a dark page"
done) >"$work/links"

grep -v '^all seen$' "$work/said" | cat - "$work/links" >"$work/problems" || true
cat "$work/problems"
[ ! -s "$work/problems" ] || exit 1
echo "check-book: $(echo "$pages" | wc -w) pages at two widths in two colours, all well"
