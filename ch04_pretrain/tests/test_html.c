// HTML to text, by cases made by hand.
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/html.h"

static void is(const char *html, const char *expected) {
    Text t = {0};
    html_to_text(&t, html, strlen(html));
    cr_assert_str_eq(t.data ? t.data : "", expected, "%s", html);
    free(t.data);
}

Test(html, tags) {
    is("<p>Tom &amp; <b>Anna</b><br>play.</p><script>x()</script>",
       "Tom & Anna\nplay.\n");
    is("a<i>b</i>c  \n d", "abc d\n");
    is("<h1>One</h1>\n<p>two<p>three", "One\n\ntwo\n\nthree\n");
    is("<ul><li>a<li>b</ul>", "a\nb\n");
    is("<a title=\"1 > 0\" href='x>y'>z</a>", "z\n");
    is("<a title=\"never closed", "");
    is("<p>", "");
    is("", "");
}

Test(html, what_is_no_tag) {
    is("1 < 2 and a<3", "1 < 2 and a<3\n");
    is("x <", "x <\n");
    is("<", "<\n");
}

// A < inside a script, a closing tag of another name, and one that never comes.
Test(html, hidden) {
    is("a<style>p > b {}</style>b<!-- <p>not</p> -->c", "abc\n");
    is("<script>if (a<b) '</b>'</script>x", "x\n");
    is("<head><title>t</title></head><body>x", "x\n");
    is("x<script>never closed", "x\n");
    is("x<!-- never closed", "x\n");
    is("x<!--", "x\n");
}

Test(html, entities) {
    is("&lt;b&gt; &quot;&#65;&#x42;&quot;&eacute;", "<b> \"AB\"\xc3\xa9\n");
    is("a&nbsp;&nbsp;b&#160;c", "a b c\n");
    is("AT&T; &unknown; &#0; &#xd800; &#1114112; &",
       "AT&T; &unknown; &#0; &#xd800; "
       "&#1114112; &\n");
    is("&#8212;&mdash;", "\xe2\x80\x94\xe2\x80\x94\n");
    is("&amp;lt;", "&lt;\n");  // once, not twice
}

Test(html, pre) {
    is("<pre>if (x)\n    y;\n\n\n\nz</pre>end   of  it",
       "if (x)\n    y;\n\nz\n\nend of it\n");
}

Test(html, after_what_was_there) {
    Text t = {0};
    text_append(&t, "before ", 7);
    html_to_text(&t, "<p>x", 4);
    cr_assert_str_eq(t.data, "before x\n");
    free(t.data);
}

Test(html, recognised) {
    const char *pages[] = {"<!DOCTYPE html>\n<p>", " \n<HTML lang=en>", "<body >"},
               *texts[] = {"Tags such as <b> are no page", "", "<htm"};
    for (int i = 0; i < 3; i++) {
        cr_assert(html_is(pages[i], strlen(pages[i])));
        cr_assert(!html_is(texts[i], strlen(texts[i])));
    }
}
