# awk -v page=ch02_attention -v title=... -f tools/book_formulas.awk NOTES HEADER.h...: the index of formulas of a
# chapter, as Markdown. NOTES (from tools/book.lua) are lines "section", "formula", "claim", "figure" and "code",
# in the lecture's order; a header says in its first lines which section it computes: "Lecture, section 2.5".
function join(list, item) { return list == "" ? item : list ", " item }
function before(a, b,   x, y) {  # 2.9 is before 2.10
    split(a, x, "."); split(b, y, ".")
    return x[1] != y[1] ? x[1] + 0 < y[1] + 0 : x[2] + 0 < y[2] + 0
}
function sorted_claims(   i, j, list) {
    for (i = 2; i <= claims; i++)
        for (j = i; j > 1 && before(claim[j], claim[j - 1]); j--) {
            list = claim[j]; claim[j] = claim[j - 1]; claim[j - 1] = list
        }
    list = ""
    for (i = 1; i <= claims; i++) list = list (i > 1 ? " " : "") "[" claim[i] "]"
    return list
}
function flush_formula(   line) {
    if (tex == "") return
    line = claims ? "claims beside it: " sorted_claims() : ""
    if (figures != "") line = (line == "" ? "" : line " · ") figures
    if (code != "") line = (line == "" ? "" : line " · ") code
    printf "$$%s$$\n\n<div class=\"entry\">\n\n[%s](%s.html#formula-%s)%s\n\n</div>\n\n", \
        tex, id, page, id, line == "" ? "" : " · " line
    tex = figures = code = ""
    claims = 0
    for (one_said in told) delete told[one_said]
}
function fresh(item) { return !told[item]++ }
BEGIN { FS = "\t"; printf "## %s\n\n", title }
FILENAME ~ /\.h$/ {
    if (FNR == 1) { text = ""; done = 0 }
    if (!done && $0 ~ /^\/\//) { line = $0; sub(/^\/\/ ?/, "", line); text = text " " line }
    else done = 1
    if (match(text, /Lecture, +sections? [0-9]+\.[0-9]+( (to|and) [0-9]+\.[0-9]+)?/)) {
        said = substr(text, RSTART, RLENGTH); text = ""; done = 1
        name = FILENAME; sub(/^.*\//, "", name)
        n = split(said, word, " ")
        from = word[3]; to = n > 3 ? word[5] : from
        split(from, a, "."); split(to, b, ".")
        for (i = a[2] + 0; i <= b[2] + 0; i++)
            files[a[1] "." i] = join(files[a[1] "." i], "[`" name "`](../" FILENAME ")")
    }
    next
}
{ kind[++lines] = $1; one[lines] = $2; two[lines] = $3; three[lines] = $4 }
END {
    for (i = 1; i <= lines; i++) {
        k = kind[i]
        if (k == "section") {
            flush_formula()
            section = one[i]; heading = "### [" three[i] "](" page ".html#" two[i] ")\n"
            if (files[section] != "")
                heading = heading "\n<div class=\"entry\">\n\ncomputed in " files[section] "\n\n</div>\n"
        } else if (k == "formula") {
            flush_formula()
            if (heading != "") print heading
            heading = ""
            id = one[i]; tex = two[i]
        } else if (tex != "" && k == "claim" && fresh(one[i])) claim[++claims] = one[i]
        else if (tex != "" && k == "figure" && fresh(two[i])) figures = join(figures, "[`" two[i] "`](" one[i] ")")
        else if (tex != "" && k == "code") {
            n = split(one[i], word, " "); names = ""
            for (j = 2; j <= n; j++) names = join(names, "`" word[j] "`")
            code = join(code, names)
        }
    }
    flush_formula()
}
