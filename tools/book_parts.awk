# awk -v part=notation -v page=ch02_attention -v title=... -f tools/book_parts.awk LECTURE: a part of a lecture for
# a page of the book that has this part of every lecture. notation: the first table whose heading has "symbol" and
# "meaning". sources: what is below the heading that begins with "Sources".
function begin() {
    if (!begun) printf "## [%s](%s.md)\n\n", title, page
    begun = 1
}
/^```/ { fenced = !fenced }
part == "notation" && /^\|.*symbol *\| *meaning *\|/ && !begun { begin(); on = 1 }
part == "notation" && on && !/^\|/ { on = 0 }
part == "sources" && /^## / && !fenced {
    on = /^## Sources/
    if (on) { begin(); next }
}
on { print }
END { if (begun) print "" }
