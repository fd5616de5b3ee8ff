# awk -f tools/book_drawing.awk DRAWING.svg: the same drawing with its colours and fonts as attributes, too. Readers of
# EPUBs that do not know of style sheets in a picture would paint it black. For the others the style sheet, which
# stays, is stronger; it has the colours of dark pages.
BEGIN {
    split("fill stroke stroke-width stroke-dasharray fill-opacity stroke-opacity opacity " \
          "text-anchor font-size font-family font-weight", known, " ")
}

function trimmed(s) {
    sub(/^[ \t\n]+/, "", s)
    sub(/[ \t\n]+$/, "", s)
    return s
}

# font: 14px Helvetica, Arial
function declare(rule, name, value) {
    if (name == "font") {
        declare(rule, "font-size", substr(value, 1, index(value, " ") - 1))
        declare(rule, "font-family", substr(value, index(value, " ") + 1))
    } else {
        has[rule, name] = 1
        value_of[rule, name] = value
    }
}

# The rules before those for dark pages: an element's name, or a class.
function learn(style,    rule, body, n, i, k, m, colon, each, pair) {
    sub(/@media.*/, "", style)
    while (match(style, /[^{}]+\{[^{}]*\}/)) {
        rule = substr(style, RSTART, RLENGTH)
        style = substr(style, RSTART + RLENGTH)
        body = substr(rule, index(rule, "{") + 1)
        sub(/\}$/, "", body)
        n = split(substr(rule, 1, index(rule, "{") - 1), each, ",")
        for (i = 1; i <= n; i++) {
            selector[++rules] = trimmed(each[i])
            m = split(body, pair, ";")
            for (k = 1; k <= m; k++) {
                colon = index(pair[k], ":")
                if (colon) declare(rules, trimmed(substr(pair[k], 1, colon - 1)), trimmed(substr(pair[k], colon + 1)))
            }
        }
    }
}

# A tag with what its class and, more weakly, its name say of it.
function dressed(tag,    name, classes, i, k, added, found) {
    name = substr(tag, 2)
    sub(/[ \t\n\/>].*/, "", name)
    classes = match(tag, / class="[^"]*"/) ? " " substr(tag, RSTART + 8, RLENGTH - 9) " " : ""
    for (k = 1; k in known; k++) {
        if (index(tag, " " known[k] "=\"")) continue
        found = ""
        for (i = 1; i <= rules; i++)
            if (has[i, known[k]] && selector[i] == name) found = value_of[i, known[k]]
        for (i = 1; i <= rules; i++)
            if (has[i, known[k]] && selector[i] ~ /^\./ && index(classes, " " substr(selector[i], 2) " "))
                found = value_of[i, known[k]]
        if (found != "") added = added " " known[k] "=\"" found "\""
    }
    return "<" name added substr(tag, length(name) + 2)
}

{ all = all $0 "\n" }

END {
    from = index(all, "<style>")
    to = index(all, "</style>")
    if (from) learn(substr(all, from + 7, to - from - 7))
    out = from ? substr(all, 1, to + 7) : ""
    all = from ? substr(all, to + 8) : all
    while (match(all, /<[a-z][^>]*>/)) {
        from = RSTART
        to = RSTART + RLENGTH
        out = out substr(all, 1, from - 1) dressed(substr(all, from, to - from))
        all = substr(all, to)
    }
    printf "%s%s", out, all
}
