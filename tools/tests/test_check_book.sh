#!/bin/sh
# sh tools/tests/test_check_book.sh: a small book in order passes; then one of everything that check_book.sh looks
# for is planted, and each must be reported.
# shellcheck disable=SC2016  # dollars in quotes are meant
set -u
check=$(cd "$(dirname "$0")/.." && pwd)/check_book.sh
book=$(mktemp -d) || exit 2
trap 'rm -rf "$book"' EXIT
trap 'exit 1' HUP INT TERM
passed=0 failed=0
cd "$book" || exit 2

verdict() {  # verdict STATUS WHAT
    if [ "$1" -eq 0 ]; then passed=$((passed + 1)); echo "passed: $2"
    else failed=$((failed + 1)); echo "failed: $2"; fi
}

write_page() {  # write_page BODY
    printf '<!DOCTYPE html><html><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"></head><body><main>%s</main></body></html>' "$1" >index.html
}

echo '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>' >good.svg
write_page '<p id="here">In order: <a href="#here">here</a>, <a href="index.html#here">there</a>.</p>
    <img src="good.svg"><pre style="overflow-x: auto">a listing that scrolls ------------------------------------------------------</pre>'
said=$(sh "$check" "$book" 2>&1)
status=$?
case $said in *'no Chromium'*) echo 'no Chromium here: 0 passed, 0 failed'; exit 0 ;; esac
verdict $status 'a book in order'

write_page '<pre>wide ------------------------------------------------------------------------------------</pre>
    <img src="missing.svg"><p>Cost: $x^2$ left over</p><a href="#nowhere">a</a><a href="other.html">b</a><a href="index.html#gone">c</a>'
said=$(sh "$check" "$book" 2>&1)
verdict $((! $?)) 'a book with problems fails'
mkdir figures && cp good.svg figures/plain.svg
write_page '<p style="color: #777; background: #888">grey</p><div style="background: #fff; color: #000">white</div>'
said="$said
$(sh "$check" "$book" 2>&1)"
for what in 'index.html (390): contrast 1.3: p "grey"' 'index.html (390, dark): contrast 1.3: p "grey"' \
    'index.html (1280, dark): light ground: div "white"' 'figures/plain.svg: no colours for a dark page' \
    'index.html (390): wider than the page: pre' 'index.html (390): the page scrolls sideways' 'does not load: missing.svg' \
    'unrendered maths: p' 'dead anchor: #nowhere' 'dead link other.html' 'dead link index.html#gone'; do
    case $said in *"$what"*) verdict 0 "$what" ;; *) verdict 1 "$what"; echo "$said" ;; esac
done
case $said in *'(390): light ground'*) verdict 1 'white is no problem on a light page' ;;
*) verdict 0 'white is no problem on a light page' ;; esac
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
