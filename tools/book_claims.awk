# awk -v page=ch02_attention -v derived=DERIVED -f tools/book_claims.awk TOUR: the rows of a tour's output as the book's
# index of claims. DERIVED has a line for each claim, "2.1 ch02_attention": the lecture that derives it, of several the
# first. A lab's heading is "2.1  Title  (lab)", a row "  [2.1]   what   predicted measured tolerance ok".
function html(text) { gsub(/&/, "\\&amp;", text); gsub(/</, "\\&lt;", text); gsub(/>/, "\\&gt;", text); return text }
function close_table() { if (open) print "</tbody></table></div>\n"; open = 0 }
function open_table() {
    print "<div class=\"table\"><table class=\"claims\"><thead><tr><th></th><th>claim</th><th>predicted</th>" \
          "<th>measured</th><th>tolerance</th></tr></thead><tbody>"
    open = 1
}
BEGIN { while (derived != "" && (getline line < derived) > 0) { split(line, word, " "); if (!(word[1] in at)) at[word[1]] = word[2] } }
NR == 1 { printf "## %s\n\n", $0 }
/^[0-9]+\.[0-9]+  .*\([a-z0-9-]+\)$/ {
    close_table()
    lab = $NF; gsub(/[()]/, "", lab)
    title = $0; sub(/^[0-9.]+ +/, "", title); sub(/ +\([a-z0-9-]+\)$/, "", title)
    printf "### %s %s\n\n<p class=\"lab\"><code>./%s %s</code></p>\n\n", $1, html(title), page, lab
}
/^  \[[0-9]+\.[0-9]+\] / && $NF ~ /^(ok|FAIL)$/ {
    if (!open) open_table()
    id = $1; gsub(/[][]/, "", id)
    first = $(NF - 4) == "<=" || $(NF - 4) == ">=" ? NF - 4 : NF - 3
    what = $2
    for (i = 3; i < first; i++) what = what " " $i
    predicted = first == NF - 4 ? $(NF - 4) " " $(NF - 3) : $(NF - 3)
    anchor = seen[id]++ ? "" : " id=\"claim-" id "\""
    printf "<tr%s%s><td><a class=\"claim\" href=\"%s.html#claim-%s\">[%s]</a></td>" \
           "<td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>\n", \
        anchor, $NF == "FAIL" ? " class=\"failed\"" : "", id in at ? at[id] : page, id, id, html(what), html(predicted), $(NF - 2), \
        $NF == "FAIL" ? "FAIL" : $(NF - 1) == "bound" ? "" : $(NF - 1)
}
END { close_table() }
